//! Everything that knows it runs on Lambda: start-up, events, deadlines, the log line, the last resort. [`run`] is the
//! `main` of a [`web::Function`], [`run_worker`] that of a [`Worker`].

mod access_log;
mod deadline;
mod http_event;
pub mod log;
mod worker;

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use runtime::{ConfigError, Env};

pub use deadline::WorkTime;
pub use http_event::in_process;
pub use worker::{Worker, worker_in_process};

/// A function as the local stack calls it: an event in JSON, an answer in JSON.
pub type InProcess = Arc<dyn Fn(Vec<u8>) -> InvocationAnswer + Send + Sync>;

/// The answer of an invocation, or what Lambda would log as its failure.
pub type InvocationAnswer = Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send>>;

/// The whole of a function's `main`: one thread, the environment, the clients, then events for ever.
pub fn run<F: web::Function>() -> ExitCode {
    start(|env| http_event::run::<F>(env))
}

/// The whole of a worker's `main`.
pub fn run_worker<W: Worker>() -> ExitCode {
    start(|env| worker::run::<W>(env))
}

fn start<S, Fut>(serve: S) -> ExitCode
where
    S: FnOnce(Env) -> Fut,
    Fut: Future<Output = Result<(), lambda_runtime::Error>>,
{
    log::init();
    // One thread: a second one would add memory and context switches to a function that answers one
    // request at a time (measured: 141 MiB against 25 after one password hash).
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&format!("the runtime does not start: {error}")),
    };
    let outcome = runtime.block_on(async {
        let env = Env::of_this_process()?;
        env.prepare().await.map_err(|fault| fault.source)?;
        serve(env).await
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&error.to_string()),
    }
}

fn refuse(why: &str) -> ExitCode {
    tracing::error!(why, "the function does not start");
    ExitCode::FAILURE
}

/// A function that cannot be connected, as its start would report it.
fn not_configured(error: &ConfigError) -> lambda_runtime::Error {
    lambda_runtime::Error::from(error.to_string())
}
