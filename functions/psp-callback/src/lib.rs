//! A PSP tells how a payment went: verified, stored, then applied, once.

use domain::Error;
use domain::movement::Source;
use domain::plan::CallbackId;
use psp::{Callback, PspNotification, Webhooks};
use store::{Channel, DebtWriter, Limit, Limits, Recorded};
use web::{Function, Problem, Reply, Request};
use world::metrics::Callback as Outcome;
use world::{Measure, Metrics, NotConfigured, World};

pub struct PspCallback {
    limits: Limits,
    webhooks: Webhooks,
    writer: DebtWriter,
    metrics: Metrics,
}

impl Function for PspCallback {
    const ROUTES: &'static [&'static str] = &["POST /psp/callback"];

    fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self {
            limits: Limits::connect(world)?,
            webhooks: Webhooks::connect(world)?,
            writer: DebtWriter::connect(world)?,
            metrics: world.metrics().clone(),
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let callback = match self.webhooks.verify(&request).await {
            Ok(callback) => callback,
            Err(error @ Error::BadSignature) => {
                tracing::warn!(event = "webhook.badsig", "a callback with a wrong signature");
                // Only forged ones count: a genuine sender is never slowed down.
                self.limits.admit(&[(Limit::BAD_SIGNATURE, request.source().as_str())]).await?;
                return Err(error.into());
            }
            Err(error) => return Err(error.into()),
        };
        // Stored before it is interpreted: a bug of ours loses no evidence.
        let recorded = self.writer.callbacks().record(Channel::Psp, &callback.id, &callback.body).await?;
        match recorded {
            Recorded::ToApply => self.apply(&callback).await?,
            Recorded::Applied => self.metrics.note(Measure::Callback(Outcome::Repeated)),
            Recorded::Conflict => self.metrics.note(Measure::Callback(Outcome::Conflict)),
        }
        Ok(Reply::ok(&std::collections::BTreeMap::<(), ()>::new()))
    }
}

impl PspCallback {
    async fn apply(&self, callback: &Callback) -> Result<(), Error> {
        let id = CallbackId::of(&callback.id);
        let notification = match PspNotification::of(&callback.body) {
            Ok(told) => told.notification(Source::PspCallback),
            Err(error) => {
                self.metrics.note(Measure::Callback(Outcome::Unreadable));
                tracing::error!(event = "webhook.unreadable", "a signed callback that we cannot read");
                self.writer.callbacks().mark_applied(&id).await?;
                return Err(error);
            }
        };
        let settled = self.writer.settle(&notification, Some(&id)).await?;
        tracing::info!(event = "webhook.applied", outcome = ?settled, "callback");
        Ok(())
    }
}
