//! The codes of errors: what was published is what answers can carry.

use std::collections::BTreeSet;

use domain::account::Language;
use serde_json::Value;

use crate::stack::yaml;

/// Published with the contract: callers decide by them.
const PUBLISHED: &[(&str, u16)] = &[
    ("invalid_input", 400),
    ("unknown_field", 400),
    ("malformed_body", 400),
    ("link_not_valid", 400),
    ("stale_timestamp", 400),
    ("invalid_cursor", 400),
    ("not_authenticated", 401),
    ("invalid_credentials", 401),
    ("bad_signature", 401),
    ("account_not_active", 403),
    ("forbidden_origin", 403),
    ("forbidden_scope", 403),
    ("debt_not_found", 404),
    ("payment_not_found", 404),
    ("receipt_not_found", 404),
    ("not_found", 404),
    ("method_not_allowed", 405),
    ("username_taken", 409),
    ("debt_already_paid", 409),
    ("debt_not_payable", 409),
    ("payment_in_progress", 409),
    ("request_in_progress", 409),
    ("amount_changed", 409),
    ("payload_too_large", 413),
    ("unsupported_media_type", 415),
    ("idempotency_key_reused", 422),
    ("too_many_requests", 429),
    ("psp_unavailable", 502),
    ("temporarily_unavailable", 503),
];

const PUBLISHED_FOR_FIELDS: &[&str] = &[
    "required",
    "format",
    "checksum",
    "too_short",
    "too_long",
    "min",
    "max",
    "range",
    "not_allowed",
    "mismatch",
    "common",
    "personal",
];

#[test]
fn the_catalogue_is_what_was_published() {
    let catalogue: BTreeSet<_> = web::CATALOGUE.iter().map(|entry| (entry.code, entry.status)).collect();
    assert_eq!(
        catalogue,
        PUBLISHED.iter().copied().collect(),
        "left: web::CATALOGUE; right: what was published"
    );
    assert_eq!(web::CATALOGUE.len(), PUBLISHED.len(), "a code is in the catalogue twice");
}

#[test]
fn the_codes_of_fields_are_what_was_published() {
    let codes: BTreeSet<&str> = domain::FieldCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes, PUBLISHED_FOR_FIELDS.iter().copied().collect());
}

#[test]
fn openapi_names_every_code_and_shows_it_in_the_catalogues_words() {
    let document: Value = serde_json::to_value(yaml("infra/openapi.yaml")).unwrap();
    let texts = |pointer: &str| -> BTreeSet<String> {
        let list = document.pointer(pointer).and_then(Value::as_array).unwrap();
        list.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let codes: BTreeSet<String> = PUBLISHED.iter().map(|(code, _)| (*code).to_owned()).collect();
    assert_eq!(texts("/components/schemas/ErrorCode/enum"), codes);
    let fields: BTreeSet<String> = PUBLISHED_FOR_FIELDS.iter().map(|code| (*code).to_owned()).collect();
    assert_eq!(texts("/components/schemas/FieldError/properties/code/enum"), fields);
    for entry in web::CATALOGUE {
        let example = document.pointer(&format!("/components/examples/{}/value", entry.code));
        let example = example.unwrap_or_else(|| panic!("components/examples lacks {}", entry.code));
        let shown = (&example["code"], &example["status"], &example["title"], &example["detail"]);
        let (title, detail) = entry.text(Language::It);
        assert_eq!(shown, (&entry.code.into(), &entry.status.into(), &title.into(), &detail.into()));
        assert_eq!(example["type"], format!("urn:problem:{}", entry.code));
    }
}
