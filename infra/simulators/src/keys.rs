//! What the product shows to the simulators, and what the PSP signs its callbacks with: the same in every local stack.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// What we show to the PSP.
pub const PSP_KEY: &str = "local-psp-key";
/// What we show to pagoPA's platform.
pub const CHECKOUT_KEY: &str = "local-checkout-key";
pub const ACA_KEY: &str = "local-aca-key";

/// What the PSP signs its callbacks with, as Standard Webhooks writes it.
pub fn webhook_secret() -> String {
    format!("whsec_{}", STANDARD.encode(webhook_key()))
}

/// The same as bytes.
pub fn webhook_key() -> [u8; 32] {
    derived("webhook 1")
}

/// A key of the local stack: the hash of its name.
pub fn derived(name: &str) -> [u8; 32] {
    Sha256::new().chain_update("local ").chain_update(name).finalize().into()
}
