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

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use simulators::keys::{ACA_KEY, CHECKOUT_KEY, PSP_KEY, derived, webhook_secret};

/// What the creditor's back office shows.
pub const CREDITOR_KEY: &str = "local-creditor-key";

/// All secrets, by local name.
pub fn all() -> BTreeMap<String, Value> {
    let secrets = [
        (
            "IdentitySecret",
            json!({
                "pepper": key("pepper"), "links": key("links"),
                "sessions": [{"kid": 1, "key": key("session 1")}]
            }),
        ),
        ("SealSecret", json!({"keys": [{"kid": 1, "key": key("seal 1")}], "index": key("index")})),
        (
            "PspSecret",
            json!({
                "webhook": [webhook_secret()], "apiKey": PSP_KEY, "checkoutKey": CHECKOUT_KEY, "acaKey": ACA_KEY
            }),
        ),
        ("CreditorSecret", json!({"apiKeys": [CREDITOR_KEY]})),
    ];
    secrets.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn key(name: &str) -> String {
    STANDARD.encode(derived(name))
}
