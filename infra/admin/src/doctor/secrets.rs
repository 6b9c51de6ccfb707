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
struct PepperSecret {
    pepper: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkSecret {
    links: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexSecret {
    index: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionSecret {
    sessions: Vec<NumberedKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SealSecret {
    keys: Vec<NumberedKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberedKey {
    kid: u8,
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookSecret {
    webhook: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PspSecret {
    #[serde(default)]
    api_key: String,
    #[serde(default)]
    checkout_key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AcaSecret {
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

/// Every secret of the template.
const NAMES: &[&str] = &[
    "PepperSecret",
    "SessionSecret",
    "LinkSecret",
    "SealSecret",
    "IndexSecret",
    "WebhookSecret",
    "PspSecret",
    "AcaSecret",
    "CreditorSecret",
];

const MEND: &str = "infra/runbooks/secrets.md says what belongs there.";

/// Looks through the secrets of a file: `{"PepperSecret": {…}, "SessionSecret": {…}, …}`.
pub fn examine(text: &str, values: &BTreeMap<String, String>) -> Vec<Finding> {
    let Ok(all) = serde_json::from_str::<Map<String, Value>>(text) else {
        return vec![Finding::fault("secrets", "the file is no JSON object", MEND)];
    };
    let mut found = Vec::new();
    for name in all.keys().filter(|name| !NAMES.contains(&name.as_str())) {
        found.push(Finding::fault(name, "is no secret of the template", MEND));
    }
    let mut single = Vec::new();
    if let Some(PepperSecret { pepper }) = read(&all, "PepperSecret", &mut found) {
        single.push(("PepperSecret", "pepper", pepper));
    }
    if let Some(LinkSecret { links }) = read(&all, "LinkSecret", &mut found) {
        single.push(("LinkSecret", "links", links));
    }
    if let Some(IndexSecret { index }) = read(&all, "IndexSecret", &mut found) {
        single.push(("IndexSecret", "index", index));
    }
    single.iter().for_each(|(place, member, key)| bytes(place, member, key, &mut found));
    alike("PepperSecret, LinkSecret, IndexSecret", single.iter().map(|(_, _, key)| key), &mut found);
    if let Some(SessionSecret { sessions }) = read(&all, "SessionSecret", &mut found) {
        keys("SessionSecret", "sessions", &sessions, &mut found);
    }
    if let Some(SealSecret { keys: seal }) = read(&all, "SealSecret", &mut found) {
        keys("SealSecret", "keys", &seal, &mut found);
    }
    of_the_outside(&all, values, &mut found);
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

fn keys(place: &str, member: &str, keys: &[NumberedKey], found: &mut Vec<Finding>) {
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

/// What PSP, Checkout and archive agreed with us.
fn of_the_outside(all: &Map<String, Value>, values: &BTreeMap<String, String>, found: &mut Vec<Finding>) {
    let get = |name: &str| values.get(name).map_or("", String::as_str);
    let channel = get("PaymentChannel");
    if let Some(WebhookSecret { webhook }) = read(all, "WebhookSecret", found) {
        for key in &webhook {
            let bytes = key.strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok());
            if bytes.is_none_or(|bytes| !(24..=64).contains(&bytes.len())) {
                let mend = "As Standard Webhooks writes it: whsec_ and 24 to 64 bytes in base64.";
                found.push(Finding::fault("WebhookSecret", "a webhook key cannot be read", mend));
            }
        }
        if webhook.is_empty() && channel == "psp" {
            let mend = "Without one every callback is refused.";
            found.push(Finding::fault("WebhookSecret", "there is no webhook key", mend));
        }
    }
    let mut filled = |needed: bool, place: &str, member: &str, key: &str| {
        if needed && (key.is_empty() || key.starts_with("FROM-")) {
            let what = format!("{member} is not filled in");
            found.push(Finding::fault(place, what, "Its issuer gives it to you."));
        }
    };
    let mut unread = Vec::new();
    if let Some(PspSecret { api_key, checkout_key }) = read(all, "PspSecret", &mut unread) {
        filled(channel == "psp", "PspSecret", "apiKey", &api_key);
        filled(channel == "checkout", "PspSecret", "checkoutKey", &checkout_key);
    }
    if let Some(AcaSecret { aca_key }) = read(all, "AcaSecret", &mut unread) {
        filled(!get("AcaUrl").is_empty(), "AcaSecret", "acaKey", &aca_key);
    }
    found.extend(unread);
}
