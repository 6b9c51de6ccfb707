//! The way from an unchanged SDK to the emulator: one connector below it, in this process.

use std::error::Error;
use std::fmt;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;
use world::Wire;

use crate::exchange::{Request, Response};

/// Hands each request to a function of ours.
#[derive(Clone)]
struct Connector<F>(F);

impl<F> fmt::Debug for Connector<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

/// A wire that leads to a function of ours; its error is a broken connection.
pub fn wire<F, A>(answer: F) -> Wire
where
    F: Fn(Request) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Response, Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    Wire::new(Connector(answer))
}

impl<F, A> HttpConnector for Connector<F>
where
    F: Fn(Request) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Response, Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self(answer) = self.clone();
        HttpConnectorFuture::new(async move {
            let response = answer(read(request).await?).await.map_err(ConnectorError::io)?;
            HttpResponse::try_from(response.map(SdkBody::from))
                .map_err(|e| ConnectorError::other(e.into(), None))
        })
    }
}

async fn read(request: HttpRequest) -> Result<Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(|e| ConnectorError::user(e.into()))?;
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes().to_vec();
    Ok(Request::from_parts(parts, body))
}
