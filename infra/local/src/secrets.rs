//! The demonstration secrets, the same in every local stack: nothing real is behind them.
//!
//! | Secret | Value |
//! |---|---|
//! | `IdentitySecret` | `{pepper, links, sessions: [{kid: "1", key}]}` |
//! | `SealSecret` | `{keys: [{kid: 1, key}], index}` |
//! | `PspSecret` | `{webhook: ["whsec_…"], apiKey: "local-psp-key", checkoutKey: "local-checkout-key", acaKey: "local-aca-key"}` |
//! | `CreditorSecret` | `{apiKeys: ["local-creditor-key"]}` |
//!
//! A key is the base64 of the SHA-256 of its name.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What the creditor's back office shows.
pub const CREDITOR_KEY: &str = "local-creditor-key";
/// What we show to the PSP.
pub const PSP_KEY: &str = "local-psp-key";
/// What we show to pagoPA's platform.
pub const CHECKOUT_KEY: &str = "local-checkout-key";
pub const ACA_KEY: &str = "local-aca-key";

/// The value of a secret, by its local name.
pub fn value(name: &str) -> Option<Value> {
    Some(match name {
        "IdentitySecret" => json!({
            "pepper": key("pepper"), "links": key("links"), "sessions": [{"kid": 1, "key": key("session 1")}]
        }),
        "SealSecret" => json!({"keys": [{"kid": 1, "key": key("seal 1")}], "index": key("index")}),
        "PspSecret" => json!({
            "webhook": [webhook_secret()], "apiKey": PSP_KEY, "checkoutKey": CHECKOUT_KEY, "acaKey": ACA_KEY
        }),
        "CreditorSecret" => json!({"apiKeys": [CREDITOR_KEY]}),
        _ => return None,
    })
}

/// What the PSP signs its callbacks with, as Standard Webhooks writes it.
pub fn webhook_secret() -> String {
    format!("whsec_{}", key("webhook 1"))
}

/// The same as bytes.
pub fn webhook_key() -> [u8; 32] {
    bytes("webhook 1")
}

fn key(name: &str) -> String {
    STANDARD.encode(bytes(name))
}

fn bytes(name: &str) -> [u8; 32] {
    Sha256::new().chain_update("local ").chain_update(name).finalize().into()
}
