//! A PSP tells how a payment went: verified, stored, then applied, once.

use domain::movement::Source;
use domain::{Error, Fault};
use psp::{Meaning, Webhooks};
use store::{Channel, Events, Limit, Limits, Recorded, Settlement};
use web::{Function, Problem, Reply, Request};
use world::{NotConfigured, World};

pub struct PspCallback {
    limits: Limits,
    webhooks: Webhooks,
    events: Events,
    settlement: Settlement,
}

impl Function for PspCallback {
    const ROUTES: &'static [&'static str] = &["POST /psp/callback"];

    fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self {
            limits: Limits::connect(world)?,
            webhooks: Webhooks::connect(world)?,
            events: Events::connect(world)?,
            settlement: Settlement::connect(world)?,
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
        if self.events.record(Channel::Psp, &callback.id, &callback.body).await? == Recorded::ToApply {
            let meaning = match Meaning::of(&callback.body) {
                Ok(meaning) => meaning,
                Err(error) => {
                    tracing::error!(event = "webhook.unreadable", "a signed callback that we cannot read");
                    self.events.applied(&callback.id).await?;
                    return Err(error.into());
                }
            };
            let settled =
                psp::apply(&self.settlement, &meaning, Source::PspCallback, Some(&callback.id)).await;
            let settled = settled.map_err(|fault: Fault| Error::Unavailable(fault))?;
            tracing::info!(event = "webhook.applied", outcome = ?settled, "callback");
            if settled == store::Settled::Ignored {
                self.events.applied(&callback.id).await?;
            }
        }
        Ok(Reply::ok(&std::collections::BTreeMap::<(), ()>::new()))
    }
}
