//! What every answer has, whatever it says.

use serde_json::Value;

use crate::rows::{RouteRow, Takes};
use journeys::{TestRequest, TestResponse};

use crate::stack::SendToStack;

impl RouteRow {
    /// Sends a request of this route, and looks at the answer's outside.
    pub async fn send(&self, call: &TestRequest) -> TestResponse {
        let answer = call.send().await;
        let place = format!("{} {} → {}", call.method, call.path, answer.status);
        decent(&answer, &place);
        let cache = answer.header("cache-control").unwrap_or_default();
        let kept = self.is_page() && answer.status < 400;
        assert!(cache == "no-store" || kept && !cache.is_empty(), "{place}: Cache-Control is {cache:?}");
        // A SOAP caller gets SOAP answers: see `forms.rs` and the function's own stories. A plain form gets a page.
        let soap = self.takes == Takes::Soap && matches!(answer.status, 413 | 500);
        let page = answer.header("content-type").is_some_and(|media| media.starts_with("text/html"));
        let page = self.is_page() || (page && self.takes == Takes::PlainForm);
        if answer.status >= 400 && !page && !soap {
            problem(&answer, &place);
        }
        answer
    }

    /// Sends a request that must be refused with this status and code.
    pub async fn refuses(&self, call: &TestRequest, status: u16, code: &str) -> Option<String> {
        let answer = self.send(call).await;
        let (got, body) = (answer.code(), answer.text());
        (answer.status != status || got != code)
            .then(|| format!("{}: expected {status} {code}, got {} {body}", self.route, answer.status))
    }

    /// Sends a request that must be answered as one that works.
    pub async fn takes(&self, call: &TestRequest) -> Option<String> {
        let answer = self.send(call).await;
        let text = answer.text();
        (answer.status != self.works)
            .then(|| format!("{}: expected {}, got {} {text}", self.route, self.works, answer.status))
    }
}

/// No version, no foreign pages let in, no sniffing, a name for the support.
pub fn decent(answer: &TestResponse, place: &str) {
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{place}");
    assert!(answer.header("x-request-id").is_some_and(|id| id.len() >= 8), "{place}: no X-Request-Id");
    for name in answer.headers.keys() {
        let banner = matches!(name.as_str(), "server" | "x-powered-by" | "via");
        assert!(!banner && !name.as_str().starts_with("access-control-"), "{place}: header {name}");
    }
    // INV-X17: what happens inside stays inside.
    if answer.header("content-type").is_some_and(|media| media.contains("json")) {
        let text = answer.text().to_lowercase();
        // Whole words: three letters in a row also turn up in an opaque token, now and then.
        let words = || text.split(|c: char| !c.is_ascii_alphanumeric());
        for word in ["panicked", "dynamo", "dynamodb", "aws", "rs", "rust", "conditionalcheckfailed", "serde"]
        {
            assert!(words().all(|said| said != word), "{place}: the answer speaks of {word}: {text}");
        }
    }
}

/// RFC 9457, with our code, and an entry for every field that is wrong.
pub fn problem(answer: &TestResponse, place: &str) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{place}: {}", answer.text());
    let document = answer.json();
    let code = document["code"].as_str().unwrap_or_default();
    let entry = web::CATALOGUE.iter().find(|entry| entry.code == code);
    let entry = entry.unwrap_or_else(|| panic!("{place}: {code:?} is no code of the contract"));
    assert_eq!((entry.status, answer.status), (answer.status, entry.status), "{place}: {code}");
    assert_eq!(document["status"], answer.status, "{place}");
    assert_eq!(document["type"], format!("urn:problem:{code}"), "{place}");
    assert_eq!(document["requestId"].as_str(), answer.header("x-request-id"), "{place}");
    for name in ["title", "detail"] {
        assert!(document[name].as_str().is_some_and(|words| !words.is_empty()), "{place}: no {name}");
    }
    let errors = document["errors"].as_array();
    assert_eq!(errors.is_some(), matches!(code, "invalid_input" | "unknown_field"), "{place}: {document}");
    for error in errors.into_iter().flatten() {
        let text = |name: &str| error[name].as_str().unwrap_or_default();
        assert!(!text("field").is_empty() && !text("message").is_empty(), "{place}: {error}");
        assert!(domain::FieldCode::ALL.iter().any(|code| code.as_str() == text("code")), "{place}: {error}");
    }
    if matches!(answer.status, 429 | 502 | 503) {
        assert!(answer.header("retry-after").is_some(), "{place}: no Retry-After");
    }
}

/// A document without what is different every time.
pub fn without_id(answer: &TestResponse) -> Value {
    let mut document = answer.json();
    if let Some(fields) = document.as_object_mut() {
        fields.remove("requestId");
    }
    document
}
