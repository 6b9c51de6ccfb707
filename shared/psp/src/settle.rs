//! What a PSP's word does: the same for a callback and for the answer to an inquiry.

use domain::Fault;
use domain::FiscalCode;
use domain::movement::Source;
use domain::payment::{Attempt, Outcome};
use pagopa::SendRt;
use store::{Settled, Settlement};

use crate::client::{Inquiry, Psp};
use crate::webhook::Meaning;

/// Applies a callback. `event` is the stored callback that the change is written together with.
pub async fn apply(
    settlement: &Settlement,
    meaning: &Meaning,
    source: Source,
    event: Option<&str>,
) -> Result<Settled, Fault> {
    match meaning {
        Meaning::Succeeded(word) => {
            let confirmation = word.confirmation(source);
            match &word.payment_id {
                Some(id) => settlement.succeeded(id, &confirmation, word.amount, &word.currency, event).await,
                None => settlement.unmatched(&confirmation, word.amount, &word.currency, event).await,
            }
        }
        Meaning::Ended { payment_id: Some(id), outcome, reason } => {
            settlement.ended(id, *outcome, reason.as_deref(), source, event).await
        }
        // No money moved, and nobody waits for it: there is nothing to keep but the raw message.
        Meaning::Ended { payment_id: None, .. } => Ok(Settled::Ignored),
    }
}

/// Applies a receipt of the node, by the same path as a PSP's callback.
pub async fn apply_receipt(
    settlement: &Settlement,
    sent: &SendRt,
    creditor: &FiscalCode,
    event: Option<&str>,
) -> Result<Settled, Fault> {
    let confirmation = sent.confirmation();
    match sent.meaning(creditor) {
        pagopa::Meaning::Paid { notice, amount } => {
            settlement.receipt(&notice, amount, &confirmation, event).await
        }
        pagopa::Meaning::Unmatched => {
            settlement.unmatched(&confirmation, sent.receipt.amount.get(), "EUR", event).await
        }
        // A copy of another body's receipt, or one that says that nothing was paid: kept raw, nothing to apply.
        pagopa::Meaning::AnotherBody | pagopa::Meaning::Failed => Ok(Settled::Ignored),
    }
}

/// Ends an attempt that nobody paid in time.
pub(crate) async fn expire(settlement: &Settlement, attempt: &Attempt) -> Result<(), Fault> {
    settlement.ended(&attempt.id, Outcome::Expired, None, Source::Sweep, None).await.map(drop)
}

impl Psp {
    /// Asks the PSP about an attempt whose outcome nobody told us, and applies the answer. Whether the attempt
    /// has ended now.
    pub(crate) async fn settle(&self, settlement: &Settlement, attempt: &Attempt) -> Result<bool, Fault> {
        let payments = settlement.payments();
        let over = attempt.expires_at <= payments.debts().now();
        let answer = match self.inquire(attempt).await {
            Ok(answer) => answer,
            Err(fault) => {
                tracing::warn!(doing = fault.doing, cause = %fault.source, payment = %attempt.id, "asked in vain");
                payments.asked_in_vain(attempt).await?;
                return Ok(false);
            }
        };
        let ended =
            |outcome, reason| Meaning::Ended { payment_id: Some(attempt.id.clone()), outcome, reason };
        let meaning = match answer {
            Inquiry::Succeeded(word) => Meaning::Succeeded(word),
            Inquiry::Ended(outcome, reason) => ended(outcome, reason),
            // Its time is over and nobody paid: nobody can any more.
            Inquiry::Open | Inquiry::Unknown if over => ended(Outcome::Expired, None),
            Inquiry::Open | Inquiry::Unknown => {
                payments.asked_in_vain(attempt).await?;
                return Ok(false);
            }
        };
        apply(settlement, &meaning, Source::PspInquiry, None).await?;
        Ok(true)
    }
}
