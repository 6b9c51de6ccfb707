//! API Gateway's part: which function a request is for, the event it becomes, the answer it gets.

mod event;
mod routes;

use std::net::IpAddr;

use domain::{Fault, Timestamp};
use http::HeaderValue;
use http::header::{ACCEPT_LANGUAGE, HOST};
use web::{HttpError, Problem};

use crate::exchange::{Request, Response};
use crate::invoke::{Functions, MAX_PAYLOAD};
use crate::template::Template;
use event::{EventOrigin, event, reply};
use routes::{FoundRoute, Routes};

/// What the gateway itself refuses, before a function sees anything.
pub const MAX_BODY: usize = 10 * 1024 * 1024;
/// Request line and headers together, in bytes.
pub const MAX_HEADERS: usize = 10_240;

/// The size of a request's line and headers, as they came.
pub fn header_size<B>(request: &http::Request<B>) -> usize {
    let line = request.method().as_str().len() + request.uri().to_string().len() + " HTTP/1.1".len();
    let headers =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + ": ".len());
    line.saturating_add(headers.sum())
}

pub struct Gateway {
    routes: Routes,
}

impl Gateway {
    pub fn new(template: &Template) -> Self {
        Self { routes: Routes::new(template.routes.clone()) }
    }

    /// Answers a request by the function that its route belongs to.
    pub async fn answer(
        &self,
        functions: &Functions,
        request: &Request,
        request_id: &str,
        source: IpAddr,
        now: Timestamp,
    ) -> Response {
        if !host_is_readable(request) {
            return refused(request, request_id, HttpError::MalformedBody);
        }
        let (route, parameters) = match self.routes.find(request.method().as_str(), request.uri().path()) {
            FoundRoute::Route { route, parameters } => (route, parameters),
            FoundRoute::OtherMethods(allow) => {
                return refused(request, request_id, HttpError::MethodNotAllowed(allow));
            }
            FoundRoute::Nothing => return refused(request, request_id, HttpError::NotFound),
        };
        let origin = EventOrigin { source, request_id, now };
        let event = event(request, route, &parameters, &origin).to_string().into_bytes();
        if event.len() > MAX_PAYLOAD {
            return refused(request, request_id, HttpError::PayloadTooLarge);
        }
        let answer = functions.invoke(&route.function, event).await;
        match answer.and_then(|answer| reply(&answer)) {
            Ok(response) => response,
            Err(why) => {
                tracing::error!(function = route.function, why, "the function failed");
                let fault = Fault::new("calling a function", why);
                refused(request, request_id, fault)
            }
        }
    }
}

/// The contract's problem document.
pub fn refused(request: &Request, request_id: &str, why: impl Into<Problem>) -> Response {
    let accepted = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = web::accepted_language(accepted);
    let reply = why.into().reply(language, request_id).with_header("cache-control", "no-store");
    let mut response = Response::new(reply.body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

/// lambda_http builds an address from it, and stops when it cannot.
fn host_is_readable(request: &Request) -> bool {
    match request.headers().get(HOST).map(HeaderValue::to_str) {
        None => true,
        Some(Ok(host)) => url::Url::parse(&format!("http://{host}/")).is_ok_and(|url| url.path() == "/"),
        Some(Err(_)) => false,
    }
}
