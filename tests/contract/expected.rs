//! What an event is answered with, written so that a person can read it and a test can compare it.
//!
//! `<any>`, `<instant>`, `<day>`, `<id>`, `<notice>`, `<number>`, `<text>`, `<pdf>` and `<html>` stand for what is
//! different every time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// The headers that callers go by. The others are the business of the access tests.
const KEY_HEADERS: &[&str] = &[
    "allow",
    "cache-control",
    "content-disposition",
    "content-language",
    "content-type",
    "location",
    "retry-after",
    "x-content-type-options",
    "x-request-id",
];

/// Lambda's answer to API Gateway, as it is kept in a file.
pub fn readable(answer: &Value) -> Value {
    let mut headers = Map::new();
    for name in KEY_HEADERS {
        if let Some(value) = answer["headers"].get(*name) {
            headers.insert((*name).to_owned(), value.clone());
        }
    }
    let mut readable = json!({"status": answer["statusCode"], "headers": headers});
    let cookies: Vec<Value> = answer["cookies"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|cookie| json!(named(cookie.as_str().unwrap())))
        .collect();
    if !cookies.is_empty() {
        readable["cookies"] = json!(cookies);
    }
    let text = answer["body"].as_str().unwrap_or_default();
    let bytes = match answer["isBase64Encoded"] == true {
        true => STANDARD.decode(text).unwrap(),
        false => text.as_bytes().to_vec(),
    };
    if !bytes.is_empty() {
        let media = answer["headers"]["content-type"].as_str().unwrap_or_default();
        readable["body"] = body(&bytes, media, answer["headers"].get("content-encoding").is_some());
    }
    readable
}

fn body(bytes: &[u8], media: &str, compressed: bool) -> Value {
    if media.contains("json") {
        return serde_json::from_slice(bytes).unwrap();
    }
    if bytes.starts_with(b"%PDF-") {
        return json!("<pdf>");
    }
    if media.starts_with("text/html")
        && (compressed || bytes.to_ascii_lowercase().starts_with(b"<!doctype html"))
    {
        return json!("<html>");
    }
    let text = String::from_utf8_lossy(bytes);
    json!(text.lines().map(without_dates).collect::<Vec<_>>())
}

/// A cookie without its secret.
fn named(cookie: &str) -> String {
    let (name, rest) = cookie.split_once('=').unwrap();
    let (value, attributes) = rest.split_once(';').unwrap_or((rest, ""));
    let value = if value.len() > 8 { "<text>" } else { value };
    let attributes: Vec<&str> = attributes
        .split(';')
        .map(
            |attribute| {
                if attribute.trim().starts_with("Max-Age=2") { " Max-Age=<number>" } else { attribute }
            },
        )
        .collect();
    format!("{name}={value};{}", attributes.join(";"))
}

/// A line with `<day>` and `<instant>` in place of those that are in it.
fn without_dates(line: &str) -> String {
    let (mut out, mut rest) = (String::new(), line);
    while let Some(first) = rest.chars().next() {
        let word: String = rest.chars().take_while(|c| c.is_ascii_digit() || "-:./TZ".contains(*c)).collect();
        if is_instant(&word) {
            out.push_str("<instant>");
        } else if is_day(&word) {
            out.push_str("<day>");
        } else if word.is_empty() {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        } else {
            out.push_str(&word);
        }
        rest = &rest[word.len()..];
    }
    out
}

/// As machines write it, or as Italian offices do.
fn is_day(text: &str) -> bool {
    let from_the_year = text.split('/').rev().collect::<Vec<_>>().join("-");
    text.len() == 10 && from_the_year.parse::<domain::Date>().is_ok()
}

fn is_instant(text: &str) -> bool {
    text.contains('T')
        && (text.parse::<domain::Timestamp>().is_ok() || text.parse::<jiff::civil::DateTime>().is_ok())
}

/// Returns whether a value is what a redaction stands for; nothing when it is no redaction.
fn stands_for(redaction: &str, actual: &Value) -> Option<bool> {
    let text = actual.as_str().unwrap_or_default();
    let digits = |n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    Some(match redaction {
        "<any>" => true,
        "<instant>" => is_instant(text),
        "<day>" => is_day(text),
        "<id>" => text.len() >= 8 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_=+/".contains(&b)),
        "<notice>" => digits(18) || digits(17),
        "<number>" => actual.is_u64(),
        "<text>" => !text.is_empty(),
        "<address>" => text.starts_with("http://") || text.starts_with("https://"),
        "<pdf>" | "<html>" => text == redaction,
        _ => return None,
    })
}

/// Every difference, named by its place.
pub fn differences(place: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::String(redaction), _) if stands_for(redaction, actual) == Some(true) => {}
        (Value::Object(expected), Value::Object(actual)) => {
            for name in expected.keys().chain(actual.keys().filter(|name| !expected.contains_key(*name))) {
                let place = format!("{place}/{name}");
                match (expected.get(name), actual.get(name)) {
                    (Some(expected), Some(actual)) => differences(&place, expected, actual, found),
                    (Some(expected), None) => found.push(format!("{place} is missing: {expected}")),
                    (None, Some(actual)) => found.push(format!("{place} is new: {actual}")),
                    (None, None) => {}
                }
            }
        }
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            for (n, (expected, actual)) in expected.iter().zip(actual).enumerate() {
                differences(&format!("{place}/{n}"), expected, actual, found);
            }
        }
        _ if expected == actual => {}
        _ => found.push(format!("{place} is {actual}, expected {expected}")),
    }
}

/// What to write down: the answer, with what changes every time redacted; redactions of before are kept.
pub fn redacted(name: &str, before: &Value, actual: &Value) -> Value {
    if let Value::String(redaction) = before
        && stands_for(redaction, actual) == Some(true)
    {
        return before.clone();
    }
    match actual {
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), redacted(name, &before[name.as_str()], value)));
            Value::Object(fields.collect())
        }
        Value::Array(items) => {
            let item =
                |(n, item): (usize, &Value)| redacted(name, before.get(n).unwrap_or(&Value::Null), item);
            Value::Array(items.iter().enumerate().map(item).collect())
        }
        Value::String(text) => json!(match name {
            "requestId" | "x-request-id" | "paymentId" | "paymentToken" | "transactionId" | "receiptCode" =>
                "<id>",
            "reference" | "nextCursor" | "code" if text.len() > 25 => "<id>",
            "redirectUrl" | "resumeUrl" => "<address>",
            _ if is_instant(text) => "<instant>",
            _ if is_day(text) => "<day>",
            _ => text,
        }),
        other => other.clone(),
    }
}
