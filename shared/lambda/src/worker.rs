//! Functions that nobody calls over HTTP: streams and schedules.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use domain::Fault;
use lambda_runtime::{Context, LambdaEvent, service_fn};
use runtime::{ConfigError, Env};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::access_log::{AccessLog, InvocationRecord, trace_id};
use crate::deadline::WorkTime;
use crate::{InProcess, InvocationAnswer, not_configured};

/// A function fed by a stream or a schedule.
pub trait Worker: Sized + Send + Sync + 'static {
    type Event: DeserializeOwned + Send;
    type Answer: Serialize + Send;

    /// Builds clients. Calls nobody.
    fn connect(env: &Env) -> Result<Self, ConfigError>;

    /// Processes an event, beginning nothing new once its time is used. A fault hands it back: Lambda delivers it again.
    fn handle(
        &self,
        event: Self::Event,
        time: WorkTime,
    ) -> impl Future<Output = Result<Self::Answer, Fault>> + Send;
}

struct WorkerHost<W> {
    worker: W,
    book: AccessLog,
}

impl<W: Worker> WorkerHost<W> {
    fn connect(env: &Env) -> Result<Arc<Self>, ConfigError> {
        Ok(Arc::new(Self { worker: W::connect(env)?, book: AccessLog::of::<W>(env) }))
    }

    async fn work(&self, event: W::Event, context: &Context) -> Result<W::Answer, String> {
        let started = Instant::now();
        let done = self.worker.handle(event, WorkTime::until(context.deadline)).await;
        self.book.close(&InvocationRecord {
            started,
            route: "event",
            status: None,
            request_id: &context.request_id,
            trace_id: context.xray_trace_id.as_deref().and_then(trace_id),
            subject: None,
            code: "",
            fault: done.as_ref().err(),
        });
        done.map_err(|fault| fault.doing.to_owned())
    }
}

pub(crate) async fn run<W: Worker>(env: Env) -> Result<(), lambda_runtime::Error> {
    let host = WorkerHost::<W>::connect(&env).map_err(|e| not_configured(&e))?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<W::Event>| {
        let host = host.clone();
        async move { host.work(event.payload, &event.context).await.map_err(lambda_runtime::Error::from) }
    }))
    .await
}

/// The same worker in this process.
pub fn worker_in_process<W: Worker>(env: &Env) -> Result<InProcess, ConfigError> {
    let host = WorkerHost::<W>::connect(env)?;
    Ok(Arc::new(move |event: Vec<u8>| {
        let host = host.clone();
        let invocation = async move {
            let event =
                serde_json::from_slice(&event).map_err(|e| format!("the event cannot be read: {e}"))?;
            let answer = host.work(event, &Context::default()).await?;
            serde_json::to_vec(&answer).map_err(|e| format!("the answer cannot be written: {e}"))
        };
        Box::pin(invocation) as InvocationAnswer
    }))
}
