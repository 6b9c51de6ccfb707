//! API Gateway's part: which function a request is for, the event it becomes, the answer it gets.

mod event;
mod routes;

pub use event::{Origin, event, reply};
pub use routes::{Found, Routes};

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
