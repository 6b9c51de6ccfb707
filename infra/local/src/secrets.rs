//! The demonstration secrets, the same in every local stack: nothing real is behind them.
//!
//! | Secret | Value |
//! |---|---|
//! | `PepperSecret` | `{pepper}` |
//! | `SessionSecret` | `{sessions: [{kid: 1, key}]}` |
//! | `LinkSecret` | `{links}` |
//! | `SealSecret` | `{keys: [{kid: 1, key}]}` |
//! | `IndexSecret` | `{index}` |
//! | `WebhookSecret` | `{webhook: ["whsec_…"]}` |
//! | `PspSecret` | `{apiKey: "local-psp-key", checkoutKey: "local-checkout-key"}` |
//! | `AcaSecret` | `{acaKey: "local-aca-key"}` |
//! | `CreditorSecret` | `{keys: [{id, scopes, hashes}]}` of `local-creditor-key`, for everything, and `local-reader-key`, which only reads |
//!
//! A key is the base64 of the SHA-256 of its name.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use simulators::keys::{ACA_KEY, CHECKOUT_KEY, PSP_KEY, derived, webhook_secret};

/// What the creditor's back office shows.
pub const CREDITOR_KEY: &str = "local-creditor-key";

/// What a program shows that only reads: debts, payments, events.
pub const READER_KEY: &str = "local-reader-key";

/// The secret of the back office with these keys: name, values and scopes of each.
pub fn creditor_secret(keys: &[(&str, &[&str], &[&str])]) -> Value {
    let hash =
        |value: &&str| -> String { Sha256::digest(value).iter().map(|b| format!("{b:02x}")).collect() };
    let keys = keys.iter().map(|(id, values, scopes)| {
        json!({"id": id, "scopes": scopes, "hashes": values.iter().map(hash).collect::<Vec<_>>()})
    });
    json!({"keys": keys.collect::<Vec<_>>()})
}

/// Everything that a key can be for.
pub const ALL_SCOPES: [&str; 6] =
    ["debts:write", "debts:read", "payments:read", "reconcile", "webhooks", "catalogue"];

/// All secrets, by local name.
pub fn all() -> BTreeMap<String, Value> {
    let secrets = [
        ("PepperSecret", json!({"pepper": key("pepper")})),
        ("SessionSecret", json!({"sessions": [{"kid": 1, "key": key("session 1")}]})),
        ("LinkSecret", json!({"links": key("links")})),
        ("SealSecret", json!({"keys": [{"kid": 1, "key": key("seal 1")}]})),
        ("IndexSecret", json!({"index": key("index")})),
        ("WebhookSecret", json!({"webhook": [webhook_secret()]})),
        ("PspSecret", json!({"apiKey": PSP_KEY, "checkoutKey": CHECKOUT_KEY})),
        ("AcaSecret", json!({"acaKey": ACA_KEY})),
        (
            "CreditorSecret",
            creditor_secret(&[
                ("local-creditor", &[CREDITOR_KEY], &ALL_SCOPES),
                ("local-reader", &[READER_KEY], &["debts:read", "payments:read"]),
            ]),
        ),
    ];
    secrets.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn key(name: &str) -> String {
    STANDARD.encode(derived(name))
}
