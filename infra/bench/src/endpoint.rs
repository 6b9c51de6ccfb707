//! The local stack's AWS behind TLS, with a certificate made for this run: an emulator over plain HTTP hides what the
//! first call of a function costs.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1 as client;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::{Failed, in_background};

/// A running endpoint.
pub struct Endpoint {
    pub port: u16,
    /// Whom functions have to trust.
    pub certificate: PathBuf,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A request to DynamoDB, as it came.
#[derive(Clone)]
pub struct Asked {
    /// Logical id of the function.
    pub caller: String,
    /// All of it, ready to be written to a socket again.
    pub text: String,
}

/// How many requests are remembered.
const REMEMBERED: usize = 400;

impl Endpoint {
    /// In front of a stack; the certificate is put into the folder.
    pub async fn open(stack: &str, folder: &Path) -> Result<Self, Failed> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let certificate = folder.join("authority.pem");
        std::fs::write(&certificate, made.cert.pem())?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let asked = Arc::new(Mutex::default());
        let behind = stack.parse::<Uri>()?.port_u16().ok_or("the stack has no port")?;
        in_background(accept(listener, TlsAcceptor::from(Arc::new(config)), behind, asked.clone()));
        Ok(Self { port, certificate, asked })
    }

    /// What a function has asked lately, oldest first; forgotten by being told.
    pub fn asked_by(&self, caller: &str) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = asked.drain(..).filter(|asked| asked.caller == caller);
        of_it.map(|asked| asked.text).collect()
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, behind: u16, asked: Arc<Mutex<Vec<Asked>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let (tls, asked) = (tls.clone(), asked.clone());
        in_background(async move {
            let Ok(stream) = tls.accept(stream).await else { return };
            let stack = Stack { port: behind, sender: tokio::sync::Mutex::default() };
            let service = service_fn(|request| answer(&stack, &asked, request));
            // A function that is stopped breaks its connections off.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// The stack, and a connection to it that is kept while it lasts.
struct Stack {
    port: u16,
    sender: tokio::sync::Mutex<Option<client::SendRequest<Full<Bytes>>>>,
}

impl Stack {
    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Failed> {
        let mut kept = self.sender.lock().await;
        let mut sender = match kept.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => {
                let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
                stream.set_nodelay(true)?;
                let (sender, connection) = client::handshake(TokioIo::new(stream)).await?;
                in_background(async move {
                    let _ = connection.await;
                });
                sender
            }
        };
        sender.ready().await?;
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        *kept = Some(sender);
        Ok(Response::from_parts(parts, Full::new(body)))
    }
}

async fn answer(
    stack: &Stack,
    asked: &Mutex<Vec<Asked>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() == "/ping" {
        return Ok(Response::new(Full::new(Bytes::from_static(b"healthy"))));
    }
    let passed_on = async {
        let (mut parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        remember(asked, &parts, &body);
        parts.uri = Uri::from_static("/_local/aws");
        stack.send(Request::from_parts(parts, Full::new(body))).await
    };
    Ok(passed_on.await.unwrap_or_else(|error: Failed| {
        let mut response = Response::new(Full::new(Bytes::from(error.to_string())));
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        response
    }))
}

fn remember(asked: &Mutex<Vec<Asked>>, parts: &http::request::Parts, body: &Bytes) {
    let header =
        |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !header("x-amz-target").starts_with("DynamoDB") {
        return;
    }
    let caller =
        header("authorization").split_once("Credential=").and_then(|(_, rest)| rest.split('/').next());
    let caller = caller.unwrap_or_default().to_owned();
    let mut text = format!("{} {} HTTP/1.1\r\n", parts.method, parts.uri.path());
    for (name, value) in &parts.headers {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
    }
    text.push_str(&format!("\r\n{}", String::from_utf8_lossy(body)));
    let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
    if asked.len() >= REMEMBERED {
        asked.remove(0);
    }
    asked.push(Asked { caller, text });
}
