//! The payment service provider's side: its interface (`infra/psp-openapi.yaml`), its callbacks.

mod client;
mod gateway;
mod replay;
mod webhook;

pub use client::Psp;
pub use gateway::{Asking, PaymentGateway};
pub use replay::replay;
pub use webhook::{Callback, PspNotification, PspPayment, Webhooks};

use serde::Deserialize;

/// The `PSP_SECRET`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PspKeys {
    /// Keys of callbacks, `whsec_…`: two during a rotation.
    webhook: Vec<String>,
    /// What we show the PSP.
    api_key: String,
}
