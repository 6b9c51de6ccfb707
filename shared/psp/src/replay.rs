use domain::Fault;
use domain::creditor::Creditor;
use domain::movement::MovementSource;
use domain::settlement::Settled;
use store::{AppliedMessage, CallbackChannel, DebtWriter, StoredCallback};

use crate::notification::PspNotification;

/// What became of a stored callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    /// Applied, as on its arrival.
    Settled(Settled),
    /// Nobody can read it: it stays with the differences.
    Unreadable,
}

/// Applies a stored callback again, as on its arrival.
pub async fn replay(
    writer: &DebtWriter,
    callback: &StoredCallback,
    creditor: &Creditor,
) -> Result<Replayed, Fault> {
    let notification = match callback.channel {
        CallbackChannel::Psp => PspNotification::of(&callback.body)
            .ok()
            .and_then(|told| told.notification(MovementSource::PspCallback)),
        CallbackChannel::Node => {
            let received = pagopa::ReceivedReceipt::read(callback.body.as_bytes()).ok();
            received.map(|receipt| receipt.notification(creditor))
        }
    };
    match notification {
        Some(notification) => {
            let message = AppliedMessage { id: &callback.id, was_unreadable: callback.unreadable };
            writer.settle(&notification, Some(message)).await.map(Replayed::Settled)
        }
        None => {
            writer.callbacks().mark_unreadable(&callback.id, callback.channel).await?;
            Ok(Replayed::Unreadable)
        }
    }
}
