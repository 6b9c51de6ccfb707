//! Functions that nobody calls over HTTP: streams and schedules.

use std::future::Future;
use std::sync::Arc;

use domain::Fault;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use world::{NotConfigured, World};

use crate::{Answer, InProcess, not_configured};

/// A function fed by a stream or a schedule.
pub trait Worker: Sized + Send + Sync + 'static {
    type Event: DeserializeOwned + Send;
    type Answer: Serialize + Send;

    /// Builds clients. Calls nobody.
    fn connect(world: &World) -> Result<Self, NotConfigured>;

    /// Works an event off. A fault hands it back: Lambda delivers it again.
    fn handle(&self, event: Self::Event) -> impl Future<Output = Result<Self::Answer, Fault>> + Send;
}

async fn work<W: Worker>(worker: &W, event: W::Event) -> Result<W::Answer, String> {
    worker.handle(event).await.map_err(|fault| {
        tracing::error!(doing = fault.doing, cause = %fault.source, "worker");
        fault.doing.to_owned()
    })
}

pub(crate) async fn run<W: Worker>(world: World) -> Result<(), lambda_runtime::Error> {
    let worker = Arc::new(W::connect(&world).map_err(|e| not_configured(&e))?);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<W::Event>| {
        let worker = worker.clone();
        async move { work(&*worker, event.payload).await.map_err(lambda_runtime::Error::from) }
    }))
    .await
}

/// The same worker in this process.
pub fn worker_in_process<W: Worker>(world: &World) -> Result<InProcess, NotConfigured> {
    let worker = Arc::new(W::connect(world)?);
    Ok(Arc::new(move |event: Vec<u8>| {
        let worker = worker.clone();
        let invocation = async move {
            let event =
                serde_json::from_slice(&event).map_err(|e| format!("the event cannot be read: {e}"))?;
            let answer = work(&*worker, event).await?;
            serde_json::to_vec(&answer).map_err(|e| format!("the answer cannot be written: {e}"))
        };
        Box::pin(invocation) as Answer
    }))
}
