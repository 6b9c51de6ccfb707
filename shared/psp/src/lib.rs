//! The payment service provider's side: its interface (`infra/psp-openapi.yaml`), its callbacks.

mod client;
mod settle;
mod till;
mod webhook;

pub use client::{Inquiry, Psp};
pub use settle::{apply, apply_receipt, replay};
pub use till::Till;
pub use webhook::{Callback, Meaning, Webhooks, Word};

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
