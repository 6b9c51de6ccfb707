//! Callbacks signed as Standard Webhooks 1.0.0. The field's crate reads the system's clock and tells a stale
//! message from a forged one only in prose; our time comes from one clock, so the twenty lines are here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Fault;
use hmac::{Hmac, KeyInit, Mac};
use runtime::metrics::CallbackOutcome;
use runtime::{Clock, ConfigError, Env, Measure, Metrics, Secret};
use sha2::Sha256;
use web::{HttpError, Problem, Request};

use crate::WebhookKeys;

/// Longest callback that is read, in bytes (AB-43).
const MAX_BODY: usize = 128 * 1024;
/// How far the sender's clock may be from ours, in seconds.
const TOLERANCE: i64 = 300;

/// Verifies callbacks.
#[derive(Clone)]
pub struct Webhooks {
    secret: Secret<WebhookKeys>,
    clock: Clock,
    metrics: Metrics,
}

/// A callback whose signature holds.
pub struct VerifiedCallback {
    pub id: String,
    /// As it came; what is no UTF-8 in it is replaced.
    pub body: String,
}

impl Webhooks {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        let (clock, metrics) = (env.clock().clone(), env.metrics().clone());
        Ok(Self { secret: env.secret(&env.config().webhook_secret)?, clock, metrics })
    }

    /// Checks size, signature and time, in this order; nothing is parsed before (AB-38).
    pub async fn verify(&self, request: &Request) -> Result<VerifiedCallback, Problem> {
        let verified = self.checked(request).await;
        if let Err(Problem::Http(HttpError::BadSignature)) = &verified {
            self.metrics.note(Measure::Callback(CallbackOutcome::BadSignature));
        }
        verified
    }

    async fn checked(&self, request: &Request) -> Result<VerifiedCallback, Problem> {
        let body = request.raw_body(MAX_BODY)?;
        let id = request.header("webhook-id").filter(|id| !id.is_empty() && id.len() <= 256);
        let timestamp = request.header("webhook-timestamp").filter(|text| text.len() <= 20);
        let signatures = request.header("webhook-signature").unwrap_or_default();
        let (Some(id), Some(timestamp)) = (id, timestamp) else { return Err(HttpError::BadSignature.into()) };
        let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
        let keys = self.secret.get().await?;
        let mut holds = false;
        for key in &keys.webhook {
            let key = STANDARD.decode(key.trim_start_matches("whsec_"));
            let key = key.map_err(|_| Fault::new("reading a webhook key", "it is not base64"))?;
            for signature in signatures.split(' ').take(8) {
                let Some(signature) = signature.strip_prefix("v1,") else { continue };
                let Ok(signature) = STANDARD.decode(signature) else { continue };
                let mac = Hmac::<Sha256>::new_from_slice(&key);
                let mac = mac.map_err(|e| Fault::new("reading a webhook key", e))?.chain_update(&message);
                // In constant time, over every key (AB-42).
                holds |= mac.verify_slice(&signature).is_ok();
            }
        }
        let seconds = timestamp.parse::<i64>().ok().filter(|_| holds).ok_or(HttpError::BadSignature)?;
        if self.clock.now().as_second().abs_diff(seconds) > TOLERANCE.unsigned_abs() {
            return Err(HttpError::StaleTimestamp.into());
        }
        Ok(VerifiedCallback { id: id.to_owned(), body: String::from_utf8_lossy(body).into_owned() })
    }
}
