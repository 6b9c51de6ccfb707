//! Requests and responses with their whole bodies, and the responses that everything here gives.

use http::{HeaderValue, StatusCode, header};
use serde_json::json;

pub type Request = http::Request<Vec<u8>>;
pub type Response = http::Response<Vec<u8>>;

pub fn response(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A problem document of the emulator's or a simulator's own.
pub fn problem(status: u16, code: &str, title: &str) -> Response {
    let document =
        json!({"type": format!("urn:problem:{code}"), "title": title, "status": status, "code": code});
    let mut response = response(status, "application/problem+json", document.to_string());
    if matches!(status, 429 | 503) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

pub fn redirected(status: u16, to: &str) -> Response {
    let mut response = response(status, "text/plain; charset=utf-8", "");
    match HeaderValue::try_from(to) {
        Ok(to) => {
            response.headers_mut().insert(header::LOCATION, to);
            response
        }
        Err(_) => problem(400, "invalid_input", "The return address cannot be sent"),
    }
}

/// The address exists, for the methods that are allowed.
pub fn other_method(allow: &'static str) -> Response {
    let mut response = problem(405, "method_not_allowed", "This address does not take this method");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}
