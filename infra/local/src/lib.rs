//! The product on one machine. It reads the SAM template and runs every function in this process, behind a
//! gateway that speaks API Gateway's events, with neighbours in place of DynamoDB, SES, the secret store, a PSP and pagoPA.
//!
//! `Stack::start` is what `cargo run -p local` runs and what the tests start.

mod aca;
mod access;
mod checkout;
mod client;
mod clock;
mod core;
mod demo;
pub mod doctor;
mod dynamodb;
mod environment;
pub mod faults;
mod functions;
mod gateway;
mod index;
mod invoke;
mod kept;
mod local;
mod mailbox;
mod neighbours;
mod node;
mod pages;
mod psp;
mod secrets;
mod server;
mod simulated;
mod streams;
pub mod template;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use serde_json::{Value, json};
use world::{Clock, World};

pub use access::{Granted, OPERATOR};
pub use demo::{PASSWORD, USER};
pub use faults::{Fault, Faults, Scope, Usage};
pub use functions::{Connect, Entry};
pub use mailbox::Mail;
pub use simulated::Simulated;

use crate::core::Core;

/// Of everything that runs a stack: the program, the tests, the benchmark. Functions that are deployed keep the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub(crate) type Request = http::Request<Vec<u8>>;
pub(crate) type Response = http::Response<Vec<u8>>;

/// Why the stack does not start, in one sentence.
#[derive(Debug)]
pub struct Problem(String);

impl Problem {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

/// Where citizens pay: the template's `PaymentChannel`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Channel {
    /// At a PSP of the creditor's own.
    #[default]
    Psp,
    /// On pagoPA Checkout.
    Checkout,
}

/// How to start. The default is what tests want: a free port, in memory, demonstration data, a silent log.
pub struct Options {
    /// 0 for any free one.
    pub port: u16,
    /// A folder for data that survive restarts; none: in memory.
    pub data: Option<PathBuf>,
    /// Limits on attempts.
    pub limits: bool,
    /// No gateway and no functions: only what they need around them.
    pub neighbours_only: bool,
    /// Address of Lambda's Invoke API, to run the functions elsewhere.
    pub invoke: Option<String>,
    /// Where citizens pay.
    pub channel: Channel,
    /// The name or address by which functions elsewhere reach this machine; an address is listened to as well.
    pub host: Option<String>,
    /// Where citizens reach the portal, when that is not this stack.
    pub public_url: Option<String>,
    /// Another template than `infra/template.yaml`.
    pub template: Option<PathBuf>,
    /// Values for the template's parameters that differ from the demonstration creditor's.
    pub parameters: BTreeMap<String, String>,
    /// Whether what the template does not grant is refused, or only noted.
    pub enforce_grants: bool,
    /// Whether the demonstration data are put in.
    pub demo: bool,
    /// One line for each request.
    pub log: bool,
    /// Of a simulation: what decides its chance, and when it begins.
    pub simulation: Option<Simulation>,
    /// The functions that run in this process.
    pub functions: &'static [Entry],
}

/// What makes a run of the stack one that can be replayed.
#[derive(Clone, Copy, Debug)]
pub struct Simulation {
    /// Decides the functions' randomness and how wrong their clocks go.
    pub seed: u64,
    /// Where the clock stands at first.
    pub start: Timestamp,
    /// How wrong, at most.
    pub skew: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            data: None,
            limits: true,
            neighbours_only: false,
            invoke: None,
            host: None,
            channel: Channel::Psp,
            public_url: None,
            template: None,
            parameters: BTreeMap::new(),
            enforce_grants: true,
            demo: true,
            log: false,
            simulation: None,
            functions: functions::FUNCTIONS,
        }
    }
}

/// A running stack. It stops when it is dropped.
pub struct Stack {
    core: Arc<Core>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Stack {
    /// Starts, and gives back a stack that answers. It has threads of its own: it can be started and used from
    /// any thread, inside a runtime or outside.
    pub fn start(options: Options) -> Result<Self, Problem> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("local")
            .build()
            .map_err(|e| Problem::new(format!("the runtime does not start: {e}")))?;
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        runtime.spawn(async move {
            let _ = tell.send(server::start(options).await);
        });
        let core = told.recv().unwrap_or_else(|_| Err(Problem::new("the start was interrupted")));
        match core {
            Ok(core) => Ok(Self { core, runtime: Some(runtime) }),
            Err(problem) => {
                runtime.shutdown_background();
                Err(problem)
            }
        }
    }

    /// `http://localhost:3000`
    pub fn address(&self) -> &str {
        &self.core.origin
    }

    /// The clock that everything here shares.
    pub fn clock(&self) -> &Clock {
        &self.core.clock
    }

    /// Trouble below the SDK, and the books of calls and capacity.
    pub fn faults(&self) -> &Faults {
        &self.core.neighbours.faults
    }

    /// Gives a secret another value, as a rotation does. Functions see it when what they read is five minutes old.
    pub fn put_secret(&self, name: &str, value: Value) {
        let secrets = &self.core.neighbours.secrets;
        secrets.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(name.to_owned(), value);
    }

    /// The mails to an address, or all, newest first. Settle first.
    pub fn mails(&self, to: Option<&str>) -> Vec<Mail> {
        self.core.neighbours.mailbox.mails(to)
    }

    /// Waits until the streams are drained: everything that a function has asked for is done.
    pub async fn settle(&self) {
        let core = self.core.clone();
        self.on_own_threads(async move { core.settle().await }).await;
    }

    /// Moves the clock and does what is due by then, before it comes back.
    pub async fn advance(&self, by: Duration) {
        let core = self.core.clone();
        core.clock.advance(jiff::SignedDuration::try_from(by).unwrap_or_default());
        self.on_own_threads(async move { core.catch_up().await }).await;
    }

    /// Calls a function with an event, as AWS would.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value, String> {
        let (core, function, event) = (self.core.clone(), function.to_owned(), event.to_string());
        let answer = self.on_own_threads(async move { core.invoke(&function, event.into_bytes()).await });
        let answer = answer.await.unwrap_or_else(|| Err("the stack has stopped".to_owned()))?;
        serde_json::from_slice(&answer).map_err(|e| e.to_string())
    }

    /// Puts the demonstration data in, once the functions can be called. Not from inside a runtime.
    pub fn seed(&self) -> Result<(), Problem> {
        let core = self.core.clone();
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        if let Some(runtime) = &self.runtime {
            runtime.spawn(async move {
                let _ = tell.send(demo::seed(&core).await);
            });
        }
        told.recv().unwrap_or_else(|_| Err(Problem::new("the stack has stopped")))
    }

    /// The variables of all functions as `NAME=value` lines, for functions that run elsewhere.
    pub fn environment(&self) -> String {
        environment::file(&self.core.template, &self.core.seen_by_functions)
    }

    /// The variables of each function, as SAM wants them.
    pub fn environment_by_function(&self) -> String {
        environment::by_function(&self.core.template, &self.core.seen_by_functions).to_string()
    }

    async fn on_own_threads<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.runtime.as_ref()?.spawn(work).await.ok()
    }

    /// The world of a function, with its variables and rights; of [`OPERATOR`], with all rights.
    pub fn world(&self, function: &str) -> Option<World> {
        self.core.world(function)
    }

    /// Grants of the template that nothing has needed so far.
    pub fn unused_grants(&self) -> Vec<Granted> {
        self.core.neighbours.access.unused()
    }

    /// What functions have needed and the template does not grant.
    pub fn lacking_grants(&self) -> Vec<Granted> {
        self.core.neighbours.access.lacking()
    }

    /// What the template says.
    pub fn template(&self) -> &template::Template {
        &self.core.template
    }

    /// The repository that this was built from.
    pub fn repository() -> PathBuf {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

pub(crate) fn response(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() =
        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    headers.insert(http::header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    response
}

/// A problem document of the neighbours' own.
pub(crate) fn problem(status: u16, code: &str, title: &str) -> Response {
    let document =
        json!({"type": format!("urn:problem:{code}"), "title": title, "status": status, "code": code});
    let mut response = response(status, "application/problem+json", document.to_string());
    if matches!(status, 429 | 503) {
        response.headers_mut().insert(http::header::RETRY_AFTER, http::HeaderValue::from_static("1"));
    }
    response
}

#[cfg(test)]
mod tests;
