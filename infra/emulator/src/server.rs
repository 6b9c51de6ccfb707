//! The front door: sockets, HTTP/1.1, time limits, the log line.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use runtime::Clock;
use tokio::net::TcpListener;
use web::HttpError;

use crate::exchange::{Request, Response};
use crate::gateway::{MAX_BODY, refused};
use crate::start_error::StartError;

/// How long a client may take to send its headers, and then its body.
const SLOWEST_HEADERS: Duration = Duration::from_secs(10);
const SLOWEST_BODY: Duration = Duration::from_secs(30);

/// Both local addresses: clients that try IPv6 first must not find somebody else there. And the address by which
/// functions elsewhere reach us, when it is not one of them.
pub async fn listen(port: u16, host: Option<&str>) -> Result<Vec<TcpListener>, StartError> {
    let refused = |port: u16, error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AddrInUse => StartError::new(format!(
            "port {port} is in use: stop what uses it, or choose another with --port"
        )),
        _ => StartError::new(format!("port {port} cannot be listened to: {error}")),
    };
    let first = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .await
        .map_err(|e| refused(port, e))?;
    let port = first.local_addr().map_err(|e| refused(port, e))?.port();
    let mut listeners = vec![first];
    match TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port))).await {
        Ok(second) => listeners.push(second),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => return Err(refused(port, error)),
        // No IPv6 on this machine.
        Err(_) => {}
    }
    let ours = |address: &IpAddr| !address.is_loopback();
    if let Some(address) = host.and_then(|host| host.parse::<IpAddr>().ok()).filter(ours) {
        let third = TcpListener::bind((address, port)).await;
        listeners.push(
            third.map_err(|e| StartError::new(format!("{address}:{port} cannot be listened to: {e}")))?,
        );
    }
    Ok(listeners)
}

#[expect(clippy::disallowed_methods, reason = "the stack's own tasks: they end with its runtime")]
pub fn in_background(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}

/// What answers at the door.
pub trait RequestHandler: Send + Sync + 'static {
    fn answer(&self, request: Request, source: IpAddr) -> impl Future<Output = Response> + Send;
}

/// Takes connections for ever; with a clock, writes one line for each request.
pub async fn accept(listener: TcpListener, handler: Arc<impl RequestHandler>, log: Option<Clock>) {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // Out of file handles, mostly: others will be closed.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (handler, log) = (handler.clone(), log.clone());
        in_background(async move {
            let service = service_fn(move |request| {
                let (handler, log) = (handler.clone(), log.clone());
                async move {
                    Ok::<_, std::convert::Infallible>(
                        exchange(&*handler, request, peer.ip(), log.as_ref()).await,
                    )
                }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(SLOWEST_HEADERS)
                .serve_connection(TokioIo::new(stream), service);
            // A client that breaks off or sends no HTTP has been answered as far as it can be.
            let _ = connection.await;
        });
    }
}

async fn exchange(
    handler: &impl RequestHandler,
    request: http::Request<Incoming>,
    source: IpAddr,
    log: Option<&Clock>,
) -> http::Response<Full<Bytes>> {
    let started = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = match read(request).await {
        Ok(request) => handler.answer(request, source).await,
        Err((empty, error)) => {
            let mut refused = refused(&empty, "", error);
            refused.headers_mut().insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
            refused
        }
    };
    if let Some(clock) = log {
        let time = domain::time::in_rome(clock.now()).strftime("%H:%M:%S").to_string();
        let millis = started.elapsed().as_secs_f64() * 1_000.0;
        let status = response.status().as_u16();
        // Nobody may be reading any more.
        let _ = writeln!(std::io::stdout(), "{time}  {method:<6} {path}  {status}  {millis:.0} ms");
    }
    response.map(|body| Full::new(Bytes::from(body)))
}

/// The whole request, or why it cannot be taken.
async fn read(request: http::Request<Incoming>) -> Result<Request, (Request, HttpError)> {
    let (parts, body) = request.into_parts();
    let body = tokio::time::timeout(SLOWEST_BODY, Limited::new(body, MAX_BODY).collect()).await;
    match body {
        Ok(Ok(body)) => Ok(Request::from_parts(parts, body.to_bytes().to_vec())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err((Request::from_parts(parts, Vec::new()), HttpError::PayloadTooLarge))
        }
        // It broke off, or took too long: whoever still listens is told that nothing could be read.
        Ok(Err(_)) | Err(_) => Err((Request::from_parts(parts, Vec::new()), HttpError::MalformedBody)),
    }
}
