//! Functions invoked on the test's own thread, whose clock can stand still and whose log lines are captured.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use journeys::local::{Options, Stack};
use journeys::{Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// A function's answer.
pub struct DirectAnswer {
    pub status: u16,
    pub body: String,
}

/// A request, as the gateway hands it over.
pub struct DirectCall {
    event: Value,
}

impl DirectCall {
    /// From an address that nobody else calls from.
    pub fn new(method: &str, path: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let [_, b, c, d] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let source = format!("10.{b}.{c}.{d}");
        Self {
            event: json!({
                "version": "2.0", "routeKey": format!("{method} {path}"), "rawPath": path, "rawQueryString": query,
                "headers": {"host": "localhost"}, "isBase64Encoded": false,
                "requestContext": {
                    "accountId": "123456789012", "apiId": "local", "domainName": "localhost", "domainPrefix": "localhost",
                    "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": source, "userAgent": "tests"},
                    "requestId": "abuse-request", "routeKey": format!("{method} {path}"), "stage": "$default",
                    "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1_767_225_600_000_i64
                }
            }),
        }
    }

    pub fn post(path: &str, body: &Value) -> Self {
        Self::new("POST", path).body("application/json", &body.to_string())
    }

    pub fn body(mut self, content_type: &str, body: &str) -> Self {
        self.event["body"] = json!(body);
        self.header("content-type", content_type)
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.event["headers"][name] = json!(value);
        self
    }

    pub fn cookies(mut self, cookies: &str) -> Self {
        self.event["cookies"] = json!(cookies.split("; ").collect::<Vec<_>>());
        self
    }

    pub fn source(mut self, source: &str) -> Self {
        self.event["requestContext"]["http"]["sourceIp"] = json!(source);
        self
    }

    /// The function's answer.
    pub async fn of(self, stack: &Stack, function: &str) -> DirectAnswer {
        let answer = called(stack, function, &self.event).await;
        DirectAnswer {
            status: answer["statusCode"].as_u64().unwrap().try_into().unwrap(),
            body: answer["body"].as_str().unwrap_or_default().to_owned(),
        }
    }
}

/// What a function answers to an event.
pub async fn called(stack: &Stack, function: &str, event: &Value) -> Value {
    let entry = Options::default().functions.iter().find(|entry| entry.name == function).unwrap();
    let connected = (entry.connect)(&stack.env(function).unwrap()).unwrap();
    let answer = connected(event.to_string().into_bytes()).await.unwrap();
    serde_json::from_slice(&answer).unwrap()
}

thread_local! {
    /// The log lines of this thread, field by field, while they are captured.
    static CAPTURED: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Captures this thread's log lines. One subscriber serves all threads: with one for each, a callsite that a thread
/// without any reaches first would be cached as disabled.
pub struct LogCapture;

impl LogCapture {
    /// Captures until it is dropped.
    pub fn start() -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            tracing::subscriber::set_global_default(Registry::default().with(CaptureLayer)).unwrap();
        });
        // Callsites that were reached before there was a subscriber are evaluated again.
        tracing::callsite::rebuild_interest_cache();
        CAPTURED.set(Some(Vec::new()));
        Self
    }

    /// Returns the lines since the last call that contain a text.
    pub fn lines_with(&self, word: &str) -> Vec<String> {
        let lines = CAPTURED.replace(Some(Vec::new())).unwrap();
        lines.into_iter().filter(|line| line.contains(word)).collect()
    }
}

impl Drop for LogCapture {
    fn drop(&mut self) {
        CAPTURED.set(None);
    }
}

/// The layer that all threads share.
struct CaptureLayer;

impl<S: Subscriber> Layer<S> for CaptureLayer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        CAPTURED.with_borrow_mut(|lines_with| {
            if let Some(lines) = lines_with {
                let mut line = LogLine(String::new());
                event.record(&mut line);
                lines.push(line.0);
            }
        });
    }
}

struct LogLine(String);

impl Visit for LogLine {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}
