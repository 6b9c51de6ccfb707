use domain::movement::Source;
use domain::settlement::Settled;
use domain::{Fault, FiscalCode};
use store::{Channel, DebtWriter, StoredCallback};

use crate::webhook::PspNotification;

/// Applies a stored callback again, as on its arrival; nothing when it holds nothing that can be applied. Either way it
/// counts as applied afterwards.
pub async fn replay(
    writer: &DebtWriter,
    callback: &StoredCallback,
    creditor: &FiscalCode,
) -> Result<Option<Settled>, Fault> {
    let notification = match callback.channel {
        Channel::Psp => {
            PspNotification::of(&callback.body).ok().map(|told| told.notification(Source::PspCallback))
        }
        Channel::Node => match pagopa::parse(callback.body.as_bytes()) {
            Ok(pagopa::Request::Receipt(sent)) => Some(sent.notification(creditor)),
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
