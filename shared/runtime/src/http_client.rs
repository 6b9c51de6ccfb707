use std::borrow::Cow;
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::http::Headers;
use aws_smithy_types::body::SdkBody;
use domain::Fault;

use crate::ConfigError;

/// A way out: one HTTP connector, shared by the SDK's clients and by our own calls. Tests and the local
/// stack put their own connector here, below everything that production runs.
#[derive(Clone, Debug)]
pub struct HttpClient(SharedHttpConnector);

/// What a server answered.
pub struct HttpResponse {
    pub status: u16,
    pub headers: Headers,
    pub body: Vec<u8>,
}

/// No answer of an HTTP peer is read beyond this many bytes.
const MAX_ANSWER: usize = 256 * 1024;

/// Amazon's root authorities, and no other: loading a system's hundred and forty costs 40 ms of the first
/// call. `infra/runbooks/certificates.md` says how they are renewed.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon_roots.pem");

const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

fn bad_bundle(why: &dyn std::fmt::Display) -> ConfigError {
    ConfigError::because("AWS_CA_BUNDLE", why)
}

impl HttpClient {
    pub fn new(connector: impl HttpConnector + 'static) -> Self {
        Self(SharedHttpConnector::new(connector))
    }

    /// TLS by rustls on ring, trusting Amazon only; or, for the day when Amazon's authorities change before we do,
    /// those in a file (`AWS_CA_BUNDLE`, the name that every SDK knows it by).
    pub fn to_aws(bundle: Option<&str>) -> Result<Self, ConfigError> {
        let roots = match bundle.filter(|path| !path.is_empty()) {
            None => Cow::Borrowed(AMAZON_ROOTS),
            Some(path) => std::fs::read(path).map(Cow::Owned).map_err(|e| bad_bundle(&e))?,
        };
        let found = roots.windows(CERTIFICATE.len()).any(|window| window == CERTIFICATE);
        if !found {
            return Err(bad_bundle(&"it holds no certificate"));
        }
        Self::trusting(TrustStore::empty().with_pem_certificate(roots.into_owned()))
    }

    /// TLS by rustls on ring, trusting the system's authorities.
    pub fn to_everybody() -> Result<Self, ConfigError> {
        Self::trusting(TrustStore::empty().with_native_roots(true))
    }

    fn trusting(store: TrustStore) -> Result<Self, ConfigError> {
        let context = TlsContext::builder()
            .with_trust_store(store)
            .build()
            .map_err(|e| ConfigError::because("TLS", format!("root authorities cannot be read: {e:?}")))?;
        let settings = HttpConnectorSettings::builder().connect_timeout(Duration::from_secs(1)).build();
        let connector = Connector::builder()
            .connector_settings(settings)
            .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .tls_context(context)
            .build();
        Ok(Self::new(connector))
    }

    /// The same wire as the SDK wants it.
    pub fn for_sdk(&self) -> SharedHttpClient {
        let connector = self.0.clone();
        http_client_fn(move |_, _| connector.clone())
    }

    /// Sends a request and reads the answer, all within a time limit. Redirects are not followed.
    pub async fn send(
        &self,
        doing: &'static str,
        method: &str,
        url: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
        limit: Duration,
    ) -> Result<HttpResponse, Fault> {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method(method).map_err(|e| Fault::new(doing, e))?;
        request.set_uri(url).map_err(|e| Fault::new(doing, e))?;
        for (name, value) in headers {
            request.headers_mut().try_insert(*name, value.clone()).map_err(|e| Fault::new(doing, e))?;
        }
        let exchange = async {
            let mut response = self.0.call(request).await.map_err(|e| Fault::new(doing, e))?;
            let mut body = Vec::new();
            while let Some(chunk) = next_chunk(response.body_mut()).await {
                let chunk = chunk.map_err(|e| Fault::new(doing, e))?;
                if body.len().saturating_add(chunk.len()) > MAX_ANSWER {
                    return Err(Fault::new(doing, "the answer is too long"));
                }
                body.extend_from_slice(&chunk);
            }
            let status = response.status().as_u16();
            Ok(HttpResponse { status, headers: std::mem::take(response.headers_mut()), body })
        };
        tokio::time::timeout(limit, exchange).await.map_err(|_| Fault::new(doing, "no answer in time"))?
    }
}

async fn next_chunk(
    body: &mut SdkBody,
) -> Option<Result<impl std::ops::Deref<Target = [u8]>, aws_smithy_types::body::Error>> {
    use http_body::Body;
    use std::future::poll_fn;
    use std::pin::Pin;
    loop {
        let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await?;
        match frame.map(http_body::Frame::into_data) {
            Ok(Ok(bytes)) => return Some(Ok(bytes)),
            Ok(Err(_trailers)) => {}
            Err(e) => return Some(Err(e)),
        }
    }
}
