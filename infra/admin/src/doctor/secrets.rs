//! The values to be put into the secret store, before they are put there. Nothing here prints one.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Finding;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentitySecret {
    pepper: String,
    links: String,
    sessions: Vec<SessionKeySecret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SealSecret {
    keys: Vec<SessionKeySecret>,
    index: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionKeySecret {
    kid: u8,
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PspSecret {
    webhook: Vec<String>,
    #[serde(default)]
    api_key: String,
    #[serde(default)]
    checkout_key: String,
    #[serde(default)]
    aca_key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreditorSecret {
    keys: Vec<CreditorKeySecret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreditorKeySecret {
    id: String,
    scopes: Vec<String>,
    hashes: Vec<String>,
}

const MEND: &str = "infra/runbooks/secrets.md says what belongs there.";

/// Looks through the secrets of a file: `{"IdentitySecret": {…}, "SealSecret": {…}, …}`.
pub fn examine(text: &str, values: &BTreeMap<String, String>) -> Vec<Finding> {
    let Ok(all) = serde_json::from_str::<Map<String, Value>>(text) else {
        return vec![Finding::fault("secrets", "the file is no JSON object", MEND)];
    };
    let mut found = Vec::new();
    for name in all.keys().filter(|name| {
        !matches!(name.as_str(), "IdentitySecret" | "SealSecret" | "PspSecret" | "CreditorSecret")
    }) {
        found.push(Finding::fault(name, "is no secret of the template", MEND));
    }
    if let Some(identity) = read::<IdentitySecret>(&all, "IdentitySecret", &mut found) {
        let place = "IdentitySecret";
        bytes(place, "pepper", &identity.pepper, &mut found);
        bytes(place, "links", &identity.links, &mut found);
        keys(place, "sessions", &identity.sessions, &mut found);
        alike(place, [&identity.pepper, &identity.links], &mut found);
    }
    if let Some(seal) = read::<SealSecret>(&all, "SealSecret", &mut found) {
        bytes("SealSecret", "index", &seal.index, &mut found);
        keys("SealSecret", "keys", &seal.keys, &mut found);
    }
    if let Some(psp) = read::<PspSecret>(&all, "PspSecret", &mut found) {
        of_the_psp(&psp, values, &mut found);
    }
    if let Some(creditor) = read::<CreditorSecret>(&all, "CreditorSecret", &mut found) {
        of_the_back_office(&creditor.keys, &mut found);
    }
    found
}

/// One secret's value. What the reader says of it may quote it, and is left out.
fn read<T: DeserializeOwned>(all: &Map<String, Value>, name: &str, found: &mut Vec<Finding>) -> Option<T> {
    let read = all.get(name).map(|value| serde_json::from_value(value.clone()));
    match read {
        Some(Ok(value)) => return Some(value),
        Some(Err(_)) => found.push(Finding::fault(name, "does not have the members that are expected", MEND)),
        None => found.push(Finding::fault(name, "is missing", MEND)),
    }
    None
}

fn bytes(place: &str, member: &str, text: &str, found: &mut Vec<Finding>) {
    if STANDARD.decode(text).map_or(0, |bytes| bytes.len()) < 32 {
        let mend = "Make one: openssl rand -base64 32.";
        found.push(Finding::fault(place, format!("{member} is not 32 bytes or more in base64"), mend));
    }
}

fn keys(place: &str, member: &str, keys: &[SessionKeySecret], found: &mut Vec<Finding>) {
    keys.iter().for_each(|key| bytes(place, member, &key.key, found));
    let kids: BTreeSet<u8> = keys.iter().map(|key| key.kid).collect();
    if keys.is_empty() || keys.len() > 2 || kids.len() != keys.len() || kids.contains(&0) {
        let mend =
            "One key, or two during a rotation, each with a kid of its own from 1 to 255, the newest first.";
        found.push(Finding::fault(
            place,
            format!("{member}: {} keys, {} kids", keys.len(), kids.len()),
            mend,
        ));
    }
    alike(place, keys.iter().map(|key| &key.key), found);
}

const SCOPES: [&str; 6] =
    ["debts:write", "debts:read", "payments:read", "reconcile", "webhooks", "catalogue"];

fn of_the_back_office(keys: &[CreditorKeySecret], found: &mut Vec<Finding>) {
    let mut refuse = |what: &str| found.push(Finding::fault("CreditorSecret", what, MEND));
    if keys.is_empty() {
        refuse("there is no key");
    }
    let ids: BTreeSet<&str> = keys.iter().map(|key| key.id.as_str()).collect();
    if ids.len() != keys.len() || ids.contains("") {
        refuse("each key needs an id of its own");
    }
    for key in keys {
        if key.scopes.is_empty() || !key.scopes.iter().all(|scope| SCOPES.contains(&scope.as_str())) {
            refuse("a key has no scope, or one that does not exist");
        }
        let hash =
            |text: &String| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !(1..=2).contains(&key.hashes.len()) || !key.hashes.iter().all(hash) {
            refuse("a key needs one hash, or two during a rotation: SHA-256 in small hexadecimal");
        }
    }
}

fn alike<'a>(place: &str, texts: impl IntoIterator<Item = &'a String>, found: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    if texts.into_iter().any(|text| !seen.insert(text)) {
        found.push(Finding::fault(
            place,
            "two keys are the same",
            "Make each by itself: openssl rand -base64 32.",
        ));
    }
}

fn of_the_psp(psp: &PspSecret, values: &BTreeMap<String, String>, found: &mut Vec<Finding>) {
    let get = |name: &str| values.get(name).map_or("", String::as_str);
    for key in &psp.webhook {
        let bytes = key.strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok());
        if bytes.is_none_or(|bytes| !(24..=64).contains(&bytes.len())) {
            let mend = "As Standard Webhooks writes it: whsec_ and 24 to 64 bytes in base64.";
            found.push(Finding::fault("PspSecret", "a webhook key cannot be read", mend));
        }
    }
    let channel = get("PaymentChannel");
    if psp.webhook.is_empty() && channel == "psp" {
        found.push(Finding::fault(
            "PspSecret",
            "there is no webhook key",
            "Without one every callback is refused.",
        ));
    }
    let unset = |key: &str| key.is_empty() || key.starts_with("FROM-");
    for (needed, member, key) in [
        (channel == "psp", "apiKey", &psp.api_key),
        (channel == "checkout", "checkoutKey", &psp.checkout_key),
        (!get("AcaUrl").is_empty(), "acaKey", &psp.aca_key),
    ] {
        if needed && unset(key) {
            found.push(Finding::fault(
                "PspSecret",
                format!("{member} is not filled in"),
                "Its issuer gives it to you.",
            ));
        }
    }
}
