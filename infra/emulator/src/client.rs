//! A plain HTTP client for what runs on this machine in a process of its own: functions, the portal.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::exchange::{Request, Response};

/// Sends a request and reads the whole answer. `http://` only: nothing that needs TLS runs locally.
#[expect(
    clippy::disallowed_methods,
    reason = "the connection is driven beside the exchange, and ends with it"
)]
pub async fn send(request: Request) -> Result<Response, String> {
    let uri = request.uri().clone();
    if uri.scheme_str() != Some("http") {
        return Err(format!("the local stack reaches http:// addresses only, not {uri}"));
    }
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let stream = TcpStream::connect((host.as_str(), uri.port_u16().unwrap_or(80)))
        .await
        .map_err(|e| format!("{uri} cannot be reached: {e}"))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
    let connection = tokio::spawn(connection);
    let (mut parts, body) = request.into_parts();
    if !parts.headers.contains_key(http::header::HOST)
        && let Some(authority) = uri.authority()
        && let Ok(host) = authority.as_str().parse()
    {
        parts.headers.insert(http::header::HOST, host);
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = path.parse().map_err(|e: http::uri::InvalidUri| e.to_string())?;
    let request = http::Request::from_parts(parts, Full::new(Bytes::from(body)));
    let answer = async {
        let answer = sender.send_request(request).await?;
        let (parts, body) = answer.into_parts();
        Ok(Response::from_parts(parts, body.collect().await?.to_bytes().to_vec()))
    };
    let answer = answer.await.map_err(|e: hyper::Error| format!("{uri}: {e}"));
    connection.abort();
    answer
}
