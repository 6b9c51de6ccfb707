//! The payment service provider's side: [`PaymentGateway`] opens pages to pay at and asks for outcomes, [`PspClient`]
//! speaks the interface of `infra/psp-openapi.yaml`, [`Webhooks`] verifies callbacks, [`replay()`] applies stored ones
//! again.

mod client;
mod gateway;
mod notification;
mod replay;
mod webhook;

pub use client::PspClient;
pub use gateway::{Asking, PaymentGateway};
pub use notification::{PspNotification, PspPayment, UnreadableMessage};
pub use replay::{Replayed, replay};
pub use webhook::{VerifiedCallback, Webhooks};

use serde::Deserialize;

/// The `PSP_SECRET`, as far as it is a PSP's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PspKeys {
    /// What we show the PSP.
    api_key: String,
}

/// The `WEBHOOK_SECRET`.
#[derive(Deserialize)]
struct WebhookKeys {
    /// Keys of callbacks, `whsec_…`: two during a rotation.
    webhook: Vec<String>,
}
