//! Settings: what README says of them, and what is refused.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use runtime::config::{Fallback, SETTINGS};
use runtime::{ConfigError, Env};

const BEGIN: &str =
    "<!-- settings: written by `UPDATE_SNAPSHOTS=1 cargo test -p runtime --test settings` -->\n";
const END: &str = "<!-- settings: end -->";

fn table() -> String {
    let mut table = "\n| Variable | Default | What it is |\n|---|---|---|\n".to_owned();
    for setting in SETTINGS {
        let default = match setting.fallback {
            Fallback::Required => "required".to_owned(),
            Fallback::Optional => "none".to_owned(),
            Fallback::Default(text) => format!("`{text}`"),
        };
        writeln!(table, "| `{}` | {default} | {} |", setting.variable, setting.meaning.trim()).unwrap();
    }
    table.push('\n');
    table
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a person at a desk asks for the new table")]
fn readmes_table_is_that_of_the_settings() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    if std::env::var("UPDATE_SNAPSHOTS").is_ok() {
        std::fs::write(path, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
    } else {
        assert_eq!(written, table(), "README's table of settings is stale: run with UPDATE_SNAPSHOTS=1");
    }
}

#[test]
fn every_setting_has_a_variable_of_its_own() {
    let variables: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.variable).collect();
    assert_eq!(variables.len(), SETTINGS.len());
}

fn env(variables: &[(&str, &str)]) -> Env {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Env::of_this_process_with(variables.collect::<BTreeMap<_, _>>()).unwrap()
}

/// Why a setting is refused when its variable holds a text.
fn refusal(variable: &str, text: &str) -> String {
    let env = env(&[(variable, text)]);
    let config = env.config();
    let error: Option<ConfigError> = match variable {
        "PUBLIC_URL" => config.public_url.get().err(),
        "CREDITOR_FISCAL_CODE" => config.creditor_fiscal_code.get().err(),
        "CREDITOR_POSTAL_IBAN" => config.creditor_postal_iban.optional().err(),
        "SEGREGATION_CODE" => config.segregation_code.get().err(),
        "AUX_DIGIT" => config.aux_digit.get().err(),
        "LANGUAGES" => config.languages.get().err(),
        "SPONTANEOUS_PAYMENTS" => config.spontaneous_payments.get().err(),
        "PAYMENT_CHANNEL" => config.payment_channel.get().err(),
        "CHECKOUT_URL" => config.checkout_url.get().err(),
        "MAIL_FROM" => config.mail_from.get().err(),
        "IDENTITY_PROOF" => config.identity_proof.get().err(),
        "PASSWORD_MIN_LENGTH" => config.password_policy.get().err(),
        "ARGON2_MEMORY_KIB" => config.argon2_memory_kib.get().err(),
        "ARGON2_PASSES" => config.argon2_passes.get().err(),
        "LIMITS" => config.limits.get().err(),
        "ORIGIN_HEADER" => config.origin_header.optional().err(),
        "ORIGIN_HASH" => config.origin_hash.optional().err(),
        other => unreachable!("{other}"),
    };
    error.map_or_else(|| "nothing".to_owned(), |error| error.to_string())
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    for (variable, text, why) in [
        ("PUBLIC_URL", "", "is missing"),
        ("PUBLIC_URL", "pay.example", "must begin with https://, or on this machine with http://localhost"),
        (
            "PUBLIC_URL",
            "http://pay.example",
            "must begin with https://, or on this machine with http://localhost",
        ),
        (
            "PUBLIC_URL",
            "http://localhost.pay.example",
            "must begin with https://, or on this machine with http://localhost",
        ),
        ("PUBLIC_URL", "https://", "is not an absolute address"),
        ("CREDITOR_FISCAL_CODE", "12345678900", "checksum"),
        ("CREDITOR_POSTAL_IBAN", "IT60X0542811101000000123456", "is not an account of Poste Italiane"),
        ("SEGREGATION_CODE", "", "is missing"),
        ("SEGREGATION_CODE", "1", "must be two digits (format)"),
        ("AUX_DIGIT", "4", "must be 0, 1, 2 or 3"),
        ("LANGUAGES", "it,de", "there is no catalogue for de"),
        ("SPONTANEOUS_PAYMENTS", "yes", "cannot be read: provided string was not `true` or `false`"),
        ("PAYMENT_CHANNEL", "cash", "must be psp or checkout"),
        ("CHECKOUT_URL", "checkout.example", "is not an absolute address"),
        ("MAIL_FROM", "nobody", "format"),
        ("IDENTITY_PROOF", "spid", "must be notice or none"),
        ("PASSWORD_MIN_LENGTH", "11", "must be between 12 and 64"),
        ("PASSWORD_MIN_LENGTH", "65", "must be between 12 and 64"),
        ("PASSWORD_MIN_LENGTH", "many", "cannot be read: invalid digit found in string"),
        ("ARGON2_MEMORY_KIB", "19455", "must be 19456 or more"),
        ("ARGON2_PASSES", "1", "must be 2 or more"),
        ("LIMITS", "no", "must be on or off"),
        ("ORIGIN_HEADER", "two words", "is no name of a header"),
        ("ORIGIN_HASH", "secret", "is not 64 digits and small letters a to f"),
    ] {
        assert_eq!(refusal(variable, text), format!("variable {variable}: {why}"));
    }
}

#[test]
fn idn_13_without_tls_and_without_limits_on_the_local_stack_only() {
    let named = |public: &str, variable: &str, text: &str| {
        let env = env(&[("PUBLIC_URL", public), (variable, text)]);
        let config = env.config();
        let refused = [
            config.with_tls(&config.psp_url).err(),
            config.with_tls(&config.checkout_url).err(),
            config.with_tls(&config.aca_url).err(),
            config.with_limits().err(),
        ];
        refused.into_iter().flatten().map(|error| error.variable).collect::<Vec<_>>()
    };
    for (variable, text) in [
        ("PSP_URL", "http://psp.example"),
        ("CHECKOUT_URL", "http://checkout.example"),
        ("ACA_URL", "http://aca.example"),
        ("LIMITS", "off"),
    ] {
        assert_eq!(named("https://pay.example", variable, text), [variable]);
        assert!(named("http://localhost:3000", variable, text).is_empty(), "{variable}");
    }
    assert!(named("https://pay.example", "PSP_URL", "https://psp.example").is_empty());
}

#[test]
fn what_is_not_given_has_its_default() {
    let env = env(&[("CHECKOUT_URL", "https://checkout.example/v1/"), ("LANGUAGES", "en")]);
    let config = env.config();
    assert_eq!(config.password_policy.get().unwrap().min_characters, 12);
    assert_eq!(*config.argon2_memory_kib.get().unwrap(), 19_456);
    assert_eq!(config.checkout_url.get().unwrap(), "https://checkout.example/v1");
    assert_eq!(config.languages.get().unwrap()[0].as_str(), "it");
    assert!(config.aca_url.optional().unwrap().is_none());
}
