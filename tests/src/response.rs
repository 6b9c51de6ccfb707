use reqwest::header::HeaderMap;
use serde_json::Value;

/// The answer to a request, with the assertions that tests make of it.
#[derive(Clone, Debug)]
pub struct TestResponse {
    /// `POST /api/login`, for the sentence of a failed test.
    pub asked: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl TestResponse {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(why) => panic!("{}: no JSON ({why}): {}", self.asked, self.text()),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns whether the request is worth repeating: a failure of ours, or the same request is still running.
    pub fn is_transient(&self) -> bool {
        self.status >= 500 || (self.status == 409 && self.code() == "request_in_progress")
    }

    /// The same answer, if it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text());
        self
    }

    /// The body of a 200.
    #[track_caller]
    pub fn ok(self) -> Value {
        self.expect(200).json()
    }

    /// The same answer, if it is a problem document with this status and code, complete.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}: {}", self.asked, self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.asked);
        let document = self.json();
        for field in ["type", "title", "detail", "requestId"] {
            let said = document[field].as_str().unwrap_or_default();
            assert!(!said.is_empty(), "{}: {field} is missing: {document}", self.asked);
        }
        assert_eq!(document["status"], status, "{}", self.asked);
        assert_eq!(self.header("x-request-id"), document["requestId"].as_str(), "{}", self.asked);
        let waits = matches!(status, 429 | 503);
        assert!(!waits || self.retry_after() > 0, "{}: {status} without Retry-After", self.asked);
        self
    }

    /// The problem's code; empty when it is none.
    pub fn code(&self) -> String {
        let document: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        document["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Every field that was refused, with its code, in order of their names.
    #[track_caller]
    pub fn fields(&self) -> Vec<(String, String)> {
        let document = self.json();
        let errors = document["errors"].as_array().cloned().unwrap_or_default();
        let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
        let mut fields: Vec<_> = errors.iter().map(|e| (text(e, "field"), text(e, "code"))).collect();
        fields.sort();
        fields
    }

    /// Seconds to wait; 0 when nothing says so.
    pub fn retry_after(&self) -> u64 {
        self.header("retry-after").and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// A PDF to save, and nothing else.
    #[track_caller]
    pub fn pdf(self) -> Vec<u8> {
        let answer = self.expect(200);
        assert_eq!(answer.header("content-type"), Some("application/pdf"), "{}", answer.asked);
        assert!(answer.header("content-disposition").is_some_and(|value| value.starts_with("attachment")));
        assert!(answer.body.starts_with(b"%PDF-") && answer.body.len() > 1_000, "{}", answer.asked);
        answer.body
    }

    /// All that a stranger could tell answers apart by: status, headers and bytes, without the request's own
    /// name and the date.
    pub fn seen_by_a_stranger(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for (name, value) in &self.headers {
            if !matches!(name.as_str(), "date" | "x-request-id") {
                lines.push(format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
            }
        }
        lines.sort();
        let mut body = self.text();
        if let Some(id) = self.header("x-request-id") {
            body = body.replace(id, "…");
        }
        format!("{}\n{}\n\n{body}", self.status, lines.join("\n"))
    }
}
