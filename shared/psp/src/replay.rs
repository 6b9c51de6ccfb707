use domain::movement::MovementSource;
use domain::settlement::Settled;
use domain::{Fault, FiscalCode};
use store::{CallbackChannel, DebtWriter, StoredCallback};

use crate::webhook::PspNotification;

/// Applies a stored callback again, as on its arrival; nothing when it holds nothing that can be applied. Either way it
/// counts as applied afterwards.
pub async fn replay(
    writer: &DebtWriter,
    callback: &StoredCallback,
    creditor: &FiscalCode,
) -> Result<Option<Settled>, Fault> {
    let notification = match callback.channel {
        CallbackChannel::Psp => PspNotification::of(&callback.body)
            .ok()
            .map(|told| told.notification(MovementSource::PspCallback)),
        CallbackChannel::Node => match pagopa::parse(callback.body.as_bytes()) {
            Ok(pagopa::NodeRequest::Receipt(sent)) => Some(sent.notification(creditor)),
            Ok(_) | Err(_) => None,
        },
    };
    match notification {
        Some(notification) => writer.settle(&notification, Some(&callback.id)).await.map(Some),
        None => {
            writer.callbacks().mark_applied(&callback.id).await?;
            Ok(None)
        }
    }
}
