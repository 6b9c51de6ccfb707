//! Callbacks signed as Standard Webhooks 1.0.0. The field's crate reads the system's clock and tells a stale
//! message from a forged one only in prose; our time comes from one clock, so the twenty lines are here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::movement::MovementSource;
use domain::payment::{AttemptOutcome, Confirmation, PaymentId};
use domain::receipt::PspIdentity;
use domain::settlement::Notification;
use domain::{Cents, Fault, FieldCode, FieldError, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use runtime::metrics::CallbackOutcome;
use runtime::{Clock, ConfigError, Env, Measure, Metrics, Secret};
use serde_json::Value;
use sha2::Sha256;
use web::{HttpError, Problem, Request};

use crate::PspKeys;

/// Longest callback that is read, in bytes (AB-43).
const MAX_BODY: usize = 128 * 1024;
/// How far the sender's clock may be from ours, in seconds.
const TOLERANCE: i64 = 300;

/// Verifies callbacks.
#[derive(Clone)]
pub struct Webhooks {
    secret: Secret<PspKeys>,
    clock: Clock,
    metrics: Metrics,
}

/// A callback whose signature holds.
pub struct VerifiedCallback {
    pub id: String,
    pub body: String,
}

/// What a PSP says of a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PspPayment {
    /// Nothing when the id cannot be one of ours.
    pub payment_id: Option<PaymentId>,
    pub transaction_id: String,
    pub psp_id: String,
    pub psp_name: String,
    pub method: Option<String>,
    pub amount: u64,
    pub currency: String,
    pub fee: Option<u64>,
    pub paid_at: Option<Timestamp>,
}

impl PspPayment {
    /// The payment as settlement takes it.
    pub fn confirmation(&self, source: MovementSource) -> Confirmation {
        let clean =
            |text: &str, max: usize| text.chars().filter(|c| !c.is_control()).take(max).collect::<String>();
        Confirmation {
            source,
            receipt_id: self.transaction_id.clone(),
            payment_id: self.payment_id.clone(),
            psp: PspIdentity {
                id: clean(&self.psp_id, 35),
                name: clean(&self.psp_name, 70),
                fiscal_code: None,
            },
            method: self.method.as_deref().map(|method| clean(method, 35)),
            channel: None,
            fee: self.fee.and_then(|fee| Cents::new(fee).ok()),
            paid_at: self.paid_at,
            applied_on: None,
            payer: None,
        }
    }
}

/// What a PSP says of a payment: in a callback, or when asked.
pub enum PspNotification {
    Succeeded(PspPayment),
    Ended { payment_id: Option<PaymentId>, outcome: AttemptOutcome, reason: Option<String> },
}

impl Webhooks {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        let (clock, metrics) = (env.clock().clone(), env.metrics().clone());
        Ok(Self { secret: env.secret(&env.config().psp_secret)?, clock, metrics })
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
        let body = std::str::from_utf8(body).map_err(|_| HttpError::MalformedBody)?;
        Ok(VerifiedCallback { id: id.to_owned(), body: body.to_owned() })
    }
}

impl PspNotification {
    /// The notification as settlement takes it.
    pub fn notification(&self, source: MovementSource) -> Notification {
        match self {
            PspNotification::Succeeded(payment) => {
                let (confirmation, currency) = (payment.confirmation(source), payment.currency.clone());
                match &payment.payment_id {
                    Some(id) => Notification::Paid {
                        payment_id: id.clone(),
                        confirmation,
                        cents: payment.amount,
                        currency,
                    },
                    None => Notification::Unmatched { confirmation, cents: payment.amount, currency },
                }
            }
            PspNotification::Ended { payment_id: Some(id), outcome, reason } => Notification::Ended {
                payment_id: id.clone(),
                outcome: *outcome,
                failure: reason.clone(),
                source,
            },
            // No money moved, and nobody waits for it: there is nothing to keep but the raw message.
            PspNotification::Ended { payment_id: None, .. } => Notification::Foreign,
        }
    }

    /// Reads a callback's body. Fields that we do not know are the PSP's business.
    pub fn of(body: &str) -> Result<Self, Problem> {
        let event: Value = serde_json::from_str(body).map_err(|_| HttpError::MalformedBody)?;
        let refuse = |field: &str, code| Problem::from(FieldError::new(field, code));
        let data = event.get("data").filter(|data| data.is_object());
        let data = data.ok_or_else(|| refuse("data", FieldCode::Required))?;
        let text = |name: &str| data.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let needed =
            |name: &str| text(name).ok_or_else(|| refuse(&format!("data.{name}"), FieldCode::Required));
        // An id that cannot be ours is a payment that we do not know: its money is kept all the same.
        let payment_id = PaymentId::parse(needed("paymentId")?);
        let reason = text("reason").map(str::to_owned);
        let ended = |outcome| {
            Ok(PspNotification::Ended { payment_id: payment_id.clone(), outcome, reason: reason.clone() })
        };
        match event.get("type").and_then(Value::as_str) {
            Some("payment.succeeded") => {
                let transaction_id = needed("transactionId")?;
                if transaction_id.len() > 100 {
                    return Err(refuse("data.transactionId", FieldCode::TooLong));
                }
                let amount = data.get("amount").filter(|amount| amount.is_number());
                let amount = amount.ok_or_else(|| refuse("data.amount", FieldCode::Required))?;
                Ok(PspNotification::Succeeded(PspPayment {
                    payment_id,
                    transaction_id: transaction_id.to_owned(),
                    psp_id: text("pspId").unwrap_or_default().to_owned(),
                    psp_name: text("pspName").unwrap_or_default().to_owned(),
                    method: text("method").map(str::to_owned),
                    // No number of cents: nobody agreed on it, so it is a mismatch, and the raw message says what.
                    amount: amount.as_u64().unwrap_or(0),
                    currency: needed("currency")?.to_owned(),
                    fee: data.get("fee").and_then(Value::as_u64),
                    paid_at: text("paidAt").and_then(|at| at.parse().ok()),
                }))
            }
            Some("payment.failed") => ended(AttemptOutcome::Failed),
            Some("payment.cancelled") => ended(AttemptOutcome::Cancelled),
            Some(_) => Err(refuse("type", FieldCode::NotAllowed)),
            None => Err(refuse("type", FieldCode::Required)),
        }
    }
}
