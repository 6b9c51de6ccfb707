//! What every action reads before it knows what it is about: path, query, headers, JSON.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Value, json};
use web::{Function, Problem, Reply, Request};
use world::{NotConfigured, World};

use super::portal::{connected, incoming, send};

/// An action that reads everything a request can hold, and says what it read of the body.
struct ReadsAll;

impl Function for ReadsAll {
    const ROUTES: &'static [&'static str] = &["POST /json", "GET /things/{name}", "GET /files/{path+}"];

    fn connect(_: &World) -> Result<Self, NotConfigured> {
        Ok(Self)
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        if request.route == "POST /json" {
            return read_body(&request);
        }
        let _ = (request.cookie("session"), request.language(), request.prefers("text/csv"));
        let _ = (request.has_content_type("text/csv"), request.if_none_match(), request.accept_encoding());
        if let Ok(key) = request.idempotency_key() {
            assert!((1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()), "{key:?}");
        }
        let _ = (request.path("name"), request.path("path"), request.bare());
        let query = request.query(&["limit", "cursor", "q"])?;
        assert!(query.get("q").is_none_or(|text| text.len() <= 2_048));
        Ok(Reply::ok(&query.get("q")))
    }
}

/// A field of every kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EveryField {
    text: Option<String>,
    optional: Option<String>,
    list: Option<Vec<String>>,
    number: Option<u64>,
    ticked: Option<bool>,
    named: Option<web::JsonObject>,
    object: Option<web::Nested<Inside>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inside {
    text: Option<String>,
}

fn read_body(request: &Request) -> Result<Reply, Problem> {
    let (body, form) = request.json::<EveryField>()?;
    form.finish()?;
    let texts = [body.text.unwrap_or_default(), body.optional.unwrap_or_default()];
    let deep = body.object.map(|web::Nested(inside)| inside.text.unwrap_or_default());
    let ticked = body.ticked.unwrap_or_default();
    Ok(Reply::ok(&json!([texts, body.list, body.number, ticked, body.named, deep])))
}

/// A JSON body of every kind of field: what is taken is an object to any other reader too, and taken whole.
pub fn json(bytes: &[u8]) {
    static READS: OnceLock<ReadsAll> = OnceLock::new();
    let headers = [("content-type", b"application/json".as_slice())];
    let served = send(connected(&READS), incoming("POST", "/json", &headers, bytes));
    if served.reply.status.as_u16() != 200 {
        return;
    }
    let sent: Value = serde_json::from_slice(bytes).unwrap();
    let read: Value = serde_json::from_slice(&served.reply.body).unwrap();
    assert!(sent.is_object() && bytes.len() <= 32 * 1_024);
    assert_eq!(read[0][0], sent["text"].as_str().unwrap_or_default());
    assert_eq!(read[2].as_u64(), sent["number"].as_u64());
    assert_eq!(read[3], sent["ticked"].as_bool().unwrap_or_default());
    let inside = sent.get("object").filter(|object| !object.is_null());
    assert_eq!(read[5].as_str(), inside.map(|object| object["text"].as_str().unwrap_or_default()));
}

/// A request in lines: method, path and query, then headers as `name: value`.
pub fn request(bytes: &[u8]) {
    static READS: OnceLock<ReadsAll> = OnceLock::new();
    let mut lines = bytes.split(|b| *b == b'\n');
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let (method, path) = first.split_once(' ').unwrap_or(("GET", &first));
    let headers: Vec<(String, &[u8])> = lines
        .filter_map(|line| {
            let colon = line.iter().position(|b| *b == b':')?;
            Some((String::from_utf8_lossy(&line[..colon]).into_owned(), line[colon + 1..].trim_ascii()))
        })
        .collect();
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let served = send(connected(&READS), incoming(method, path, &headers, &[]));
    assert!(matches!(served.reply.status.as_u16(), 200 | 400 | 403 | 404 | 405 | 413 | 415));
}
