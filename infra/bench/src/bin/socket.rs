//! The same questions to DynamoDB as one of our functions asks, byte for byte, from a bare TLS socket: what is left
//! when everything between the handler and the network is taken away.
//!
//! The event lists the requests as texts; the answer is the last body.

#![expect(clippy::disallowed_methods, reason = "the floor has no World: it has nothing")]

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_rustls::{TlsConnector, rustls};

#[derive(Deserialize)]
struct Asked {
    requests: Vec<String>,
}

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let socket = Arc::new(Mutex::new(connected().await?));
        let answer = async |event: LambdaEvent<Asked>| {
            let mut socket = socket.lock().await;
            let mut last = Vec::new();
            for request in &event.payload.requests {
                last = exchange(&mut socket, request.as_bytes()).await?;
            }
            Ok::<_, Error>(String::from_utf8_lossy(&last).into_owned())
        };
        lambda_runtime::run(service_fn(answer)).await
    })
}

async fn connected() -> Result<TlsStream<TcpStream>, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(std::env::var("AWS_CA_BUNDLE")?)? {
        roots.add(certificate?)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let port: u16 = std::env::var("ENDPOINT_PORT")?.parse()?;
    let socket = TcpStream::connect(("127.0.0.1", port)).await?;
    socket.set_nodelay(true)?;
    let name = ServerName::try_from("localhost").map_err(|e| rustls::Error::General(e.to_string()))?;
    Ok(TlsConnector::from(Arc::new(config)).connect(name, socket).await?)
}

/// Writes a request and reads the answer's body.
async fn exchange(socket: &mut TlsStream<TcpStream>, request: &[u8]) -> Result<Vec<u8>, Error> {
    socket.write_all(request).await?;
    socket.flush().await?;
    let mut read = Vec::with_capacity(4_096);
    loop {
        if socket.read_buf(&mut read).await? == 0 {
            return Err("the connection ended".into());
        }
        if let Some((head, body)) = split(&read)
            && body.len() >= length(head)
        {
            return Ok(body.to_vec());
        }
    }
}

fn split(read: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = read.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((read.get(..end)?, read.get(end.checked_add(4)?..)?))
}

fn length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let value =
        head.lines().find_map(|line| line.strip_prefix("content-length:").map(str::trim).map(str::to_owned));
    value.and_then(|value| value.parse().ok()).unwrap_or(0)
}
