//! The one seam: a function is called with an event and gives an answer, here or elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lambda::InProcess;

use crate::client;
use crate::template::{Function, Template};

/// The largest event and answer that Lambda carries.
pub const MAX_PAYLOAD: usize = 6 * 1024 * 1024;

/// Elsewhere, a function's own `Timeout` is kept by who runs it; its first call may have to build it.
const SLOWEST_ELSEWHERE: Duration = Duration::from_secs(600);

/// The template's functions, and who runs them.
pub struct Functions {
    pub template: Arc<Template>,
    pub invoker: Invoker,
}

impl Functions {
    /// Calls a function by its logical id.
    pub async fn invoke(&self, function: &str, event: Vec<u8>) -> Result<Vec<u8>, String> {
        let function = self.template.functions.get(function).ok_or("there is no such function")?;
        self.invoker.invoke(function, event).await
    }

    /// Returns whether functions can be called at all.
    pub fn run_somewhere(&self) -> bool {
        !matches!(self.invoker, Invoker::Nobody)
    }
}

pub enum Invoker {
    InProcess(BTreeMap<String, InProcess>),
    /// Lambda's Invoke API at an address: cargo-lambda knows functions by their binary, SAM by logical id.
    Endpoint {
        url: String,
        by_logical_id: AtomicBool,
    },
    /// Nothing runs functions: they are reached in some other way.
    Nobody,
}

impl Invoker {
    pub fn endpoint(url: &str) -> Self {
        Invoker::Endpoint { url: url.trim_end_matches('/').to_owned(), by_logical_id: AtomicBool::new(false) }
    }

    /// Calls a function. It runs to its end even when nobody waits for the answer any more, and no longer
    /// than its `Timeout`.
    #[expect(clippy::disallowed_methods, reason = "a caller that goes away does not stop a Lambda function")]
    async fn invoke(&self, function: &Function, event: Vec<u8>) -> Result<Vec<u8>, String> {
        if event.len() > MAX_PAYLOAD {
            return Err("the event is over 6 MB".to_owned());
        }
        let work = match self {
            Invoker::InProcess(functions) => {
                let run = functions.get(&function.name).ok_or("it is not in this process")?;
                tokio::spawn(run(event))
            }
            Invoker::Endpoint { url, by_logical_id } => {
                return within(SLOWEST_ELSEWHERE, call(url, by_logical_id, function, event)).await;
            }
            Invoker::Nobody => return Err("no functions run here".to_owned()),
        };
        let abort = work.abort_handle();
        let outcome = within(function.timeout, async {
            match work.await {
                Ok(outcome) => outcome,
                Err(error) if error.is_panic() => Err("it panicked".to_owned()),
                Err(_) => Err("it was stopped".to_owned()),
            }
        });
        let outcome = outcome.await;
        abort.abort();
        outcome.and_then(|answer| match answer.len() {
            0..=MAX_PAYLOAD => Ok(answer),
            _ => Err("the answer is over 6 MB".to_owned()),
        })
    }
}

async fn within(
    limit: Duration,
    work: impl Future<Output = Result<Vec<u8>, String>>,
) -> Result<Vec<u8>, String> {
    let late = |_| format!("Task timed out after {} seconds", limit.as_secs());
    tokio::time::timeout(limit, work).await.map_err(late)?
}

async fn call(
    url: &str,
    by_logical_id: &AtomicBool,
    function: &Function,
    event: Vec<u8>,
) -> Result<Vec<u8>, String> {
    loop {
        let logical = by_logical_id.load(Ordering::Relaxed);
        let name = if logical { &function.name } else { &function.folder };
        let request = http::Request::post(format!("{url}/2015-03-31/functions/{name}/invocations"))
            .header("content-type", "application/json")
            .body(event.clone())
            .map_err(|e| e.to_string())?;
        let answer = client::send(request).await?;
        if answer.status() == 404 && !logical {
            by_logical_id.store(true, Ordering::Relaxed);
            continue;
        }
        if !answer.status().is_success() || answer.headers().contains_key("x-amz-function-error") {
            return Err(format!("{}: {}", answer.status(), String::from_utf8_lossy(answer.body())));
        }
        return Ok(answer.into_body());
    }
}
