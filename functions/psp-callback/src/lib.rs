//! A PSP tells how a payment went: verified, stored, then applied, once.

use domain::Error;
use domain::movement::Source;
use psp::{Callback, Meaning, Webhooks};
use store::{Channel, Events, Limit, Limits, Recorded, Settlement};
use web::{Function, Problem, Reply, Request};
use world::metrics::Callback as Outcome;
use world::{Measure, Metrics, NotConfigured, World};

pub struct PspCallback {
    limits: Limits,
    webhooks: Webhooks,
    events: Events,
    settlement: Settlement,
    metrics: Metrics,
}

impl Function for PspCallback {
    const ROUTES: &'static [&'static str] = &["POST /psp/callback"];

    fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self {
            limits: Limits::connect(world)?,
            webhooks: Webhooks::connect(world)?,
            events: Events::connect(world)?,
            settlement: Settlement::connect(world)?,
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
        let recorded = self.events.record(Channel::Psp, &callback.id, &callback.body).await?;
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
        let meaning = match Meaning::of(&callback.body) {
            Ok(meaning) => meaning,
            Err(error) => {
                self.metrics.note(Measure::Callback(Outcome::Unreadable));
                tracing::error!(event = "webhook.unreadable", "a signed callback that we cannot read");
                self.events.applied(&callback.id).await?;
                return Err(error);
            }
        };
        let settled = psp::apply(&self.settlement, &meaning, Source::PspCallback, Some(&callback.id)).await;
        let settled = settled?;
        tracing::info!(event = "webhook.applied", outcome = ?settled, "callback");
        if settled == store::Settled::Ignored {
            self.events.applied(&callback.id).await?;
        }
        Ok(())
    }
}
