//! What a PSP's word does: the same for a callback and for the answer to an inquiry.

use domain::Fault;
use domain::FiscalCode;
use domain::movement::Source;
use domain::payment::{Attempt, Outcome};
use pagopa::SendRt;
use store::{Channel, Settled, Settlement, StoredCallback};
use world::Measure;

use crate::client::{Inquiry, Psp};
use crate::webhook::Meaning;

/// Applies a callback. `event` is the stored callback that the change is written together with.
pub async fn apply(
    settlement: &Settlement,
    meaning: &Meaning,
    source: Source,
    event: Option<&str>,
) -> Result<Settled, Fault> {
    let settled = match meaning {
        Meaning::Succeeded(word) => {
            let confirmation = word.confirmation(source);
            match &word.payment_id {
                Some(id) => {
                    settlement.succeeded(id, &confirmation, word.amount, &word.currency, event).await?
                }
                None => settlement.unmatched(&confirmation, word.amount, &word.currency, event).await?,
            }
        }
        Meaning::Ended { payment_id: Some(id), outcome, reason } => {
            settlement.ended(id, *outcome, reason.as_deref(), source, event).await?
        }
        // No money moved, and nobody waits for it: there is nothing to keep but the raw message.
        Meaning::Ended { payment_id: None, .. } => Settled::Ignored,
    };
    let outcome = match meaning {
        Meaning::Ended { outcome, .. } => Some(*outcome),
        Meaning::Succeeded(_) => None,
    };
    measure(settlement, settled, outcome, source == Source::PspCallback);
    Ok(settled)
}

/// Counts what a word did to the payment that it speaks of, and what became of the message that brought it.
fn measure(settlement: &Settlement, settled: Settled, outcome: Option<Outcome>, is_message: bool) {
    use world::metrics::{Callback, Payment};
    let (payment, callback) = match settled {
        Settled::Credited => (Some(Payment::Credited), Callback::Credited),
        Settled::Duplicate => (Some(Payment::Duplicate), Callback::Duplicate),
        Settled::Mismatch => (Some(Payment::Mismatch), Callback::Mismatch),
        Settled::Unmatched => (Some(Payment::Unmatched), Callback::Unmatched),
        Settled::Known => (None, Callback::Repeated),
        Settled::Ignored => (None, Callback::Ignored),
        Settled::Ended => {
            let payment = match outcome {
                Some(Outcome::Cancelled) => Payment::Cancelled,
                Some(Outcome::Expired) => Payment::Expired,
                Some(Outcome::Failed | Outcome::Succeeded) | None => Payment::Failed,
            };
            (Some(payment), Callback::Ended)
        }
    };
    if let Some(payment) = payment {
        settlement.metrics().note(Measure::Payment(payment));
    }
    if is_message {
        settlement.metrics().note(Measure::Callback(callback));
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
    let settled = match sent.meaning(creditor) {
        pagopa::Meaning::Paid { notice, amount } => {
            settlement.receipt(&notice, amount, &confirmation, event).await?
        }
        pagopa::Meaning::Unmatched => {
            settlement.unmatched(&confirmation, sent.receipt.amount.get(), "EUR", event).await?
        }
        // A copy of another body's receipt, or one that says that nothing was paid: kept raw, nothing to apply.
        pagopa::Meaning::AnotherBody | pagopa::Meaning::Failed => Settled::Ignored,
    };
    measure(settlement, settled, None, true);
    Ok(settled)
}

/// Applies a stored callback again, as on its arrival; nothing when it holds nothing that can be applied.
pub async fn replay(
    settlement: &Settlement,
    callback: &StoredCallback,
    creditor: &FiscalCode,
) -> Result<Option<Settled>, Fault> {
    let settled = match callback.channel {
        Channel::Psp => match Meaning::of(&callback.body) {
            Ok(meaning) => apply(settlement, &meaning, Source::PspCallback, None).await?,
            Err(_) => return Ok(None),
        },
        Channel::Node => match pagopa::parse(callback.body.as_bytes()) {
            Ok(pagopa::Request::Receipt(sent)) => apply_receipt(settlement, &sent, creditor, None).await?,
            Ok(_) | Err(_) => return Ok(None),
        },
    };
    Ok(Some(settled))
}

/// Ends an attempt that nobody paid in time.
pub(crate) async fn expire(settlement: &Settlement, attempt: &Attempt) -> Result<(), Fault> {
    let outcome = Outcome::Expired;
    let settled = settlement.ended(&attempt.id, outcome, None, Source::Sweep, None).await?;
    measure(settlement, settled, Some(outcome), false);
    Ok(())
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
