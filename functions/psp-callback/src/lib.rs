//! A PSP tells how a payment went: verified, stored, then applied, once.

use domain::movement::MovementSource;
use domain::plan::CallbackId;
use domain::{FieldCode, FieldError};
use psp::{PspNotification, UnreadableMessage, VerifiedCallback, Webhooks};
use runtime::metrics::CallbackOutcome as Outcome;
use runtime::{ConfigError, Env, Measure, Metrics};
use store::{AppliedMessage, CallbackChannel, DebtWriter, RateLimit, RateLimits, RecordedCallback};
use web::{Function, HttpError, Problem, Reply, Request};

pub struct PspCallback {
    limits: RateLimits,
    webhooks: Webhooks,
    writer: DebtWriter,
    metrics: Metrics,
}

impl Function for PspCallback {
    const ROUTES: &'static [&'static str] = &["POST /psp/callback"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            limits: RateLimits::connect(env)?,
            webhooks: Webhooks::connect(env)?,
            writer: DebtWriter::connect(env)?,
            metrics: env.metrics().clone(),
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let callback = match self.webhooks.verify(&request).await {
            Ok(callback) => callback,
            Err(problem @ Problem::Http(HttpError::BadSignature)) => {
                tracing::warn!(event = "webhook.badsig", "a callback with a wrong signature");
                // Only forged ones count: a genuine sender is never slowed down.
                self.limits.admit(&[(RateLimit::BAD_SIGNATURE, request.source().as_str())]).await?;
                return Err(problem);
            }
            Err(problem) => return Err(problem),
        };
        // Stored before it is interpreted: a bug of ours loses no evidence.
        let recorded =
            self.writer.callbacks().record(CallbackChannel::Psp, &callback.id, &callback.body).await?;
        match recorded {
            RecordedCallback::ToApply => self.apply(&callback, false).await?,
            RecordedCallback::Unreadable => self.apply(&callback, true).await?,
            RecordedCallback::Applied => self.metrics.note(Measure::Callback(Outcome::Repeated)),
            RecordedCallback::Conflict => self.metrics.note(Measure::Callback(Outcome::Conflict)),
        }
        Ok(Reply::ok(&std::collections::BTreeMap::<(), ()>::new()))
    }
}

impl PspCallback {
    async fn apply(&self, callback: &VerifiedCallback, was_unreadable: bool) -> Result<(), Problem> {
        let id = CallbackId::of(&callback.id);
        let told = PspNotification::of(&callback.body).and_then(|told| {
            // A callback tells an outcome, or of something else.
            let notification = told.notification(MovementSource::PspCallback);
            Ok(notification.ok_or_else(|| FieldError::new("type", FieldCode::NotAllowed))?)
        });
        let notification = match told {
            Ok(notification) => notification,
            // Never acknowledged, at no delivery: it may be money (INV-M02).
            Err(why) => {
                self.metrics.note(Measure::Callback(Outcome::Unreadable));
                tracing::error!(event = "webhook.unreadable", %why, "a signed callback that we cannot read");
                self.writer.callbacks().mark_unreadable(&id, CallbackChannel::Psp).await?;
                return Err(match why {
                    UnreadableMessage::NoObject => HttpError::MalformedBody.into(),
                    UnreadableMessage::Field(error) => error.into(),
                });
            }
        };
        let message = AppliedMessage { id: &id, was_unreadable };
        let settled = self.writer.settle(&notification, Some(message)).await?;
        tracing::info!(event = "webhook.applied", outcome = ?settled, "callback");
        Ok(())
    }
}
