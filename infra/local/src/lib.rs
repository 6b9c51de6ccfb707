//! The product on one machine. It reads the SAM template and runs every function in this process, with AWS emulated and
//! PSP and pagoPA simulated.
//!
//! `Stack::start` is what `cargo run -p local` runs and what the tests start.

mod clock;
mod demo;
mod functions;
mod in_process;
mod index;
mod options;
mod routes;
pub mod secrets;
mod seed;
mod server;
mod simulated;
mod stack;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use emulator::start_error::StartError;
use emulator::{environment, template};
use runtime::{Clock, Env};
use serde_json::Value;

pub use demo::{PASSWORD, USER};
pub use emulator::access::{Granted, OPERATOR};
pub use emulator::faults::{self, Faults, InjectedFault, Scope, Usage};
pub use emulator::mailbox::CapturedMail;
pub use emulator::template::{Grant, Template};
pub use functions::{Connect, FunctionEntry};
pub use options::{Options, Simulation};
pub use runtime::PaymentChannel;
pub use simulated::Simulated;

use crate::stack::StackState;

/// Of everything that runs a stack: the program, the tests, the benchmark. Functions that are deployed keep the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A running stack. It stops when it is dropped.
pub struct Stack {
    state: Arc<StackState>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Stack {
    /// Starts, and gives back a stack that answers. It has threads of its own: it can be started and used from
    /// any thread, inside a runtime or outside.
    pub fn start(options: Options) -> Result<Self, StartError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("local")
            .build()
            .map_err(|e| StartError::new(format!("the runtime does not start: {e}")))?;
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        runtime.spawn(async move {
            let _ = tell.send(server::start(options).await);
        });
        let state = told.recv().unwrap_or_else(|_| Err(StartError::new("the start was interrupted")));
        match state {
            Ok(state) => Ok(Self { state, runtime: Some(runtime) }),
            Err(problem) => {
                runtime.shutdown_background();
                Err(problem)
            }
        }
    }

    /// `http://localhost:3000`
    pub fn address(&self) -> &str {
        &self.state.origin
    }

    /// The clock that everything here shares.
    pub fn clock(&self) -> &Clock {
        &self.state.clock
    }

    /// Trouble below the SDK, and the books of calls and capacity.
    pub fn faults(&self) -> &Faults {
        &self.state.aws.faults
    }

    /// Gives a secret another value, as a rotation does. Functions see it when what they read is five minutes old.
    pub fn put_secret(&self, name: &str, value: Value) {
        self.state.aws.put_secret(name, value);
    }

    /// The mails to an address, or all, newest first. Settle first.
    pub fn mails(&self, to: Option<&str>) -> Vec<CapturedMail> {
        self.state.aws.mailbox.mails(to)
    }

    /// Waits until the streams are drained: everything that a function has asked for is done.
    pub async fn settle(&self) {
        let state = self.state.clone();
        self.on_own_threads(async move { state.settle().await }).await;
    }

    /// Moves the clock and does what is due by then, before it comes back.
    pub async fn advance(&self, by: Duration) {
        let state = self.state.clone();
        state.clock.advance(jiff::SignedDuration::try_from(by).unwrap_or_default());
        self.on_own_threads(async move { state.catch_up().await }).await;
    }

    /// Calls a function with an event, as AWS would.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value, String> {
        let (state, function, event) = (self.state.clone(), function.to_owned(), event.to_string());
        let answer =
            self.on_own_threads(async move { state.functions.invoke(&function, event.into_bytes()).await });
        let answer = answer.await.unwrap_or_else(|| Err("the stack has stopped".to_owned()))?;
        serde_json::from_slice(&answer).map_err(|e| e.to_string())
    }

    /// Puts the demonstration data in, once the functions can be called. Not from inside a runtime.
    pub fn seed(&self) -> Result<(), StartError> {
        let state = self.state.clone();
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        if let Some(runtime) = &self.runtime {
            runtime.spawn(async move {
                let _ = tell.send(seed::seed(&state).await);
            });
        }
        told.recv().unwrap_or_else(|_| Err(StartError::new("the stack has stopped")))
    }

    /// The variables of all functions as `NAME=value` lines, for functions that run elsewhere.
    pub fn environment(&self) -> String {
        environment::file(&self.state.template, &self.state.seen_by_functions)
    }

    /// The variables of each function, as SAM wants them.
    pub fn environment_by_function(&self) -> String {
        environment::by_function(&self.state.template, &self.state.seen_by_functions).to_string()
    }

    async fn on_own_threads<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        self.runtime.as_ref()?.spawn(work).await.ok()
    }

    /// The environment of a function, with its variables and rights; of [`OPERATOR`], with all rights.
    pub fn env(&self, function: &str) -> Option<Env> {
        self.state.env(function)
    }

    /// Grants of the template that nothing has needed so far.
    pub fn unused_grants(&self) -> Vec<Granted> {
        self.state.aws.access.unused()
    }

    /// What functions have needed and the template does not grant.
    pub fn lacking_grants(&self) -> Vec<Granted> {
        self.state.aws.access.lacking()
    }

    /// What the template says.
    pub fn template(&self) -> &template::Template {
        &self.state.template
    }

    /// The repository that this was built from.
    pub fn repository() -> PathBuf {
        options::repository()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests;
