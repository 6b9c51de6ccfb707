use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

/// What goes back to the caller. Headers that every answer carries are added by [`crate::serve`].
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn ok(value: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, value)
    }

    pub fn created(value: &impl Serialize) -> Self {
        Self::json(StatusCode::CREATED, value)
    }

    pub fn accepted(value: &impl Serialize) -> Self {
        Self::json(StatusCode::ACCEPTED, value)
    }

    pub fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: HeaderMap::new(), body: Vec::new() }
    }

    pub fn json(status: StatusCode, value: &impl Serialize) -> Self {
        // Our own view types always serialise; an empty object would stand in if one did not.
        let body = serde_json::to_vec(value).unwrap_or_else(|_| b"{}".to_vec());
        Self::of(status, "application/json", body)
    }

    /// An answer that was stored as JSON text and is given again.
    pub fn stored(status: u16, body: Vec<u8>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        if body.is_empty() {
            Self { status, headers: HeaderMap::new(), body }
        } else {
            Self::of(status, "application/json", body)
        }
    }

    /// A document to save under a name made of our own identifiers only.
    pub fn pdf(name: &str, body: Vec<u8>) -> Self {
        Self::of(StatusCode::OK, "application/pdf", body).attachment(name)
    }

    pub fn csv(name: &str, body: String) -> Self {
        Self::of(StatusCode::OK, "text/csv; charset=utf-8", body.into_bytes()).attachment(name)
    }

    /// Any other type: pages, assets, SOAP.
    pub fn asset(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        Self::of(status, content_type, body.into())
    }

    pub fn attachment(self, name: &str) -> Self {
        self.with_header("content-disposition", &format!("attachment; filename=\"{name}\""))
    }

    fn of(status: StatusCode, content_type: &str, body: Vec<u8>) -> Self {
        let reply = Self { status, headers: HeaderMap::new(), body };
        reply.with_header("content-type", content_type)
    }

    /// Sets a header. A value that HTTP cannot carry is left out.
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// Adds a `Set-Cookie`.
    pub fn with_cookie(mut self, cookie: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(cookie) {
            self.headers.append(http::header::SET_COOKIE, value);
        }
        self
    }

    /// Sets a header unless the reply has it already.
    pub(crate) fn default_header(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.entry(HeaderName::from_static(name)).or_insert(value);
        }
    }
}
