use domain::creditor::Creditor;
use domain::movement::MovementSource;
use domain::payment::{Attempt, AttemptOutcome, PaymentPage, UNKNOWN_ALARM};
use domain::settlement::Notification;
use domain::{Error, Fault, Timestamp};
use runtime::{ConfigError, Env, PaymentChannel};
use store::DebtWriter;

use crate::client::PspClient;
use crate::notification::PspNotification;

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

    /// Returns whether asking twice for a page opens two: Checkout opens a new cart each time, a PSP the same page.
    pub fn opens_anew(&self) -> bool {
        matches!(self, Self::Checkout(..))
    }

    /// Asks for a page to pay at.
    pub async fn open(&self, attempt: &Attempt) -> Result<PaymentPage, Error> {
        match self {
            Self::Psp(psp) => psp.open_checkout(attempt).await,
            Self::Checkout(checkout, creditor) => Ok(checkout.open(attempt, creditor).await?),
        }
    }

    /// Gives an attempt up, as its citizen wishes: the PSP is asked first, and what it says of the payment is settled.
    /// On Checkout there is nobody to ask. Money that comes all the same is settled as any other.
    ///
    /// # Errors
    /// It is being paid just now, or the PSP could not be asked.
    pub async fn cancel(&self, writer: &DebtWriter, attempt: &Attempt) -> Result<(), Error> {
        let told = match self {
            Self::Psp(psp) => match psp.cancel(attempt).await? {
                Some(told) => Some(told),
                None => psp.inquire(attempt).await.map_err(Error::PspUnavailable)?,
            },
            Self::Checkout(..) => None,
        };
        if matches!(told, Some(PspNotification::Processing)) {
            return Err(Error::PaymentInProgress);
        }
        let told = told.and_then(|told| told.notification(MovementSource::PspInquiry));
        let notification = told.unwrap_or_else(|| Notification::Ended {
            payment_id: attempt.id.clone(),
            outcome: AttemptOutcome::Cancelled,
            failure: None,
            source: MovementSource::Citizen,
        });
        writer.settle(&notification, None).await?;
        Ok(())
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
                let told = psp.inquire(attempt).await?;
                if matches!(told, Some(PspNotification::Processing)) {
                    return Ok(None);
                }
                let told = told.and_then(|told| told.notification(MovementSource::PspInquiry));
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
