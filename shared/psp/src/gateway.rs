use domain::creditor::Creditor;
use domain::movement::MovementSource;
use domain::payment::{Attempt, AttemptOutcome, PaymentPage, UNKNOWN_ALARM};
use domain::settlement::Notification;
use domain::{Error, Fault, Timestamp};
use runtime::{ConfigError, Env, PaymentChannel};
use store::DebtWriter;

use crate::client::PspClient;

/// Where a citizen pays, by the creditor's choice: at a PSP of its own, or on pagoPA Checkout.
#[derive(Clone)]
pub enum PaymentGateway {
    Psp(Box<PspClient>),
    /// The cart is posted to Checkout, and the node brings the receipt.
    Checkout(Box<pagopa::checkout::CheckoutClient>, Box<Creditor>),
}

/// Why the outcome of an attempt is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// No notification came in time.
    Overdue,
    /// The citizen wants to begin again, and the attempt's time is over.
    BeginAgain,
}

impl PaymentGateway {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        match env.config().payment_channel.get()? {
            PaymentChannel::Psp => Ok(Self::Psp(Box::new(PspClient::connect(env)?))),
            PaymentChannel::Checkout => {
                let checkout = pagopa::checkout::CheckoutClient::connect(env)?;
                Ok(Self::Checkout(Box::new(checkout), Box::new(creditor::creditor(env)?)))
            }
        }
    }

    /// The attempt's page to pay at, if one that was given before is still good. A cart of Checkout lives ten
    /// minutes: each click gets a new one, which is harmless.
    pub fn page_of(&self, attempt: &Attempt) -> Option<PaymentPage> {
        match self {
            Self::Psp(_) => attempt.checkout.clone(),
            Self::Checkout(..) => None,
        }
    }

    /// Asks for a page to pay at.
    pub async fn open(&self, attempt: &Attempt) -> Result<PaymentPage, Error> {
        match self {
            Self::Psp(psp) => psp.open_checkout(attempt).await,
            Self::Checkout(checkout, creditor) => Ok(checkout.open(attempt, creditor).await?),
        }
    }

    /// Asks for the outcome of an attempt and settles it. Returns whether it has ended now.
    pub async fn resolve(&self, writer: &DebtWriter, attempt: &Attempt, why: Asking) -> Result<bool, Fault> {
        match self.outcome_of(attempt, why, writer.debts().now()).await {
            Ok(Some(notification)) => {
                writer.settle(&notification, None).await?;
                Ok(true)
            }
            Ok(None) => {
                writer.asked_in_vain(attempt).await?;
                Ok(false)
            }
            Err(fault) => {
                tracing::warn!(
                    event = "payment.inquiry_failed",
                    doing = fault.doing, cause = %fault.source, payment = %attempt.id, "an inquiry failed"
                );
                writer.asked_in_vain(attempt).await?;
                Ok(false)
            }
        }
    }

    /// What is known of an attempt now; nothing while that may still change.
    async fn outcome_of(
        &self,
        attempt: &Attempt,
        why: Asking,
        now: Timestamp,
    ) -> Result<Option<Notification>, Fault> {
        let expired = |source| Notification::Ended {
            payment_id: attempt.id.clone(),
            outcome: AttemptOutcome::Expired,
            failure: None,
            source,
        };
        match self {
            Self::Psp(psp) => {
                let told =
                    psp.inquire(attempt).await?.map(|told| told.notification(MovementSource::PspInquiry));
                // Its time is over and nobody paid: nobody can any more.
                let over = attempt.expires_at <= now;
                Ok(told.or_else(|| over.then(|| expired(MovementSource::PspInquiry))))
            }
            // Checkout answers no inquiry: the node brings a receipt or nothing. One that comes after a day still pays
            // its debts, and the circuit itself sees to it that no notice is paid twice at once.
            Self::Checkout(..) => {
                let waited = domain::session::passed(attempt.expires_at, now);
                let over = why == Asking::BeginAgain || waited >= UNKNOWN_ALARM;
                Ok(over.then(|| expired(MovementSource::Sweep)))
            }
        }
    }
}
