//! Every event of `events/` is given to its function as AWS would, on the demonstration data.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::expected::{differences, readable, redacted};
use crate::openapi::Document;
use crate::routes::folder_of;
use journeys::signed;

use crate::stack::{
    CREDITOR_KEY, activated, confirmation_token, contest_token, difference, issue_debt, mailed_token, now,
    owes_another, payment_of, person, receipt_code_of_mario, reference, registered, repository, reset_token,
    routes, session, spontaneous_of, stack,
};

struct EventFile {
    /// `search/by-notice`
    name: String,
    /// `Search`
    function: String,
    file: PathBuf,
    text: String,
}

impl EventFile {
    fn value(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("events/{}.json: {e}", self.name))
    }

    fn reads(&self) -> bool {
        self.value()["requestContext"]["http"]["method"] == "GET"
    }

    fn expected_file(&self) -> PathBuf {
        self.file.with_extension("expected.json")
    }
}

/// All of them, by name; those that only read come first, and find the demonstration data untouched.
fn events() -> Vec<EventFile> {
    let functions: BTreeMap<String, String> = crate::stack::functions_of_the_template()
        .into_keys()
        .map(|function| (folder_of(&function), function))
        .collect();
    let mut events = Vec::new();
    for (folder, function) in functions {
        let listed = std::fs::read_dir(repository().join("events").join(&folder));
        for entry in listed.unwrap_or_else(|e| panic!("events/{folder}: {e}")) {
            let file = entry.unwrap().path();
            let case = file.file_name().unwrap().to_str().unwrap();
            if let Some(case) = case.strip_suffix(".json").filter(|case| !case.ends_with(".expected")) {
                let text = std::fs::read_to_string(&file).unwrap();
                events.push(EventFile {
                    name: format!("{folder}/{case}"),
                    function: function.clone(),
                    text,
                    file,
                });
            }
        }
    }
    events.sort_by_key(|event| (!event.reads(), event.name.clone()));
    events
}

/// `/api/debts/{noticeNumber}` is the route of `/api/debts/301`.
fn fits(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(_)) if part.ends_with("+}") => return true,
            (Some(part), Some(given)) if part == given || (part.starts_with('{') && !given.is_empty()) => {}
            _ => return false,
        }
    }
}

#[test]
fn every_route_has_an_event_and_every_event_a_route() {
    let routes = routes();
    let mut shown = BTreeSet::new();
    for event in events() {
        let value = event.value();
        let Some(key) = value["routeKey"].as_str() else { continue };
        assert_eq!(
            routes.get(key),
            Some(&event.function),
            "events/{}.json: {key} is no route of its",
            event.name
        );
        let (method, pattern) = key.split_once(' ').unwrap();
        assert_eq!(value["requestContext"]["http"]["method"], method, "events/{}.json", event.name);
        assert_eq!(value["requestContext"]["routeKey"], key, "events/{}.json", event.name);
        assert!(
            fits(pattern, value["rawPath"].as_str().unwrap()),
            "events/{}.json: its path is not {key}",
            event.name
        );
        shown.insert(key.to_owned());
    }
    let without: Vec<_> = routes.keys().filter(|route| !shown.contains(*route)).collect();
    assert!(without.is_empty(), "no event in events/<function>/ for {without:?}");
}

/// An event as API Gateway writes it, not as somebody remembers it.
#[test]
fn events_have_every_part_that_the_gateway_sends() {
    for event in events().iter().filter(|event| event.value()["routeKey"].is_string()) {
        let value = event.value();
        let name = &event.name;
        assert_eq!(value["version"], "2.0", "{name}");
        for pointer in [
            "/rawPath",
            "/rawQueryString",
            "/headers/host",
            "/headers/x-amzn-trace-id",
            "/headers/x-forwarded-for",
            "/headers/x-forwarded-port",
            "/headers/x-forwarded-proto",
            "/requestContext/accountId",
            "/requestContext/apiId",
            "/requestContext/domainName",
            "/requestContext/domainPrefix",
            "/requestContext/http/path",
            "/requestContext/http/protocol",
            "/requestContext/http/sourceIp",
            "/requestContext/http/userAgent",
            "/requestContext/requestId",
            "/requestContext/stage",
            "/requestContext/time",
        ] {
            assert!(
                value.pointer(pointer).is_some_and(Value::is_string),
                "events/{name}.json lacks {pointer}"
            );
        }
        assert!(
            value["requestContext"]["timeEpoch"].is_u64() && value["isBase64Encoded"].is_boolean(),
            "{name}"
        );
        let secret =
            |text: &str| text.contains("eyJ") || text.contains("whsec_") || text.contains(CREDITOR_KEY);
        assert!(
            !secret(&event.text),
            "events/{name}.json holds a secret: write a placeholder (events/README.md)"
        );
    }
}

#[tokio::test]
async fn every_event_is_answered_as_written() {
    let faults = answered().await;
    assert!(
        faults.is_empty(),
        "answered otherwise than written (UPDATE_EVENTS=1 writes it anew; review what changes):\n  {}",
        faults.join("\n  ")
    );
}

/// Gives every event to its function, once, before anybody else touches the demonstration data: what is not as
/// written or as documented.
pub async fn answered() -> &'static [String] {
    static ANSWERED: OnceCell<Vec<String>> = OnceCell::const_new();
    #[expect(clippy::disallowed_methods, reason = "a wish of the person who runs the test")]
    let update = std::env::var("UPDATE_EVENTS").is_ok_and(|wish| wish == "1");
    let all = ANSWERED.get_or_init(|| async {
        let document = Document::read();
        let mut faults = Vec::new();
        for event in events() {
            faults.extend(differing(&event, &document, update).await);
        }
        faults
    });
    all.await
}

async fn differing(event: &EventFile, document: &Document, update: bool) -> Vec<String> {
    let answer = stack().invoke(&event.function, &filled(event).await).await;
    let answer = answer.unwrap_or_else(|e| panic!("{}: {e}", event.name));
    let mut found = Vec::new();
    let actual = match event.value()["routeKey"].as_str() {
        Some(route) => {
            found = document.differences(route, &answer);
            readable(&answer)
        }
        None => json!({"answer": answer}),
    };
    let before = std::fs::read_to_string(event.expected_file()).unwrap_or_default();
    let before: Value = serde_json::from_str(&before).unwrap_or_default();
    if update {
        let text = serde_json::to_string_pretty(&redacted("", &before, &actual)).unwrap();
        std::fs::write(event.expected_file(), text + "\n").unwrap();
    } else {
        differences("", &before, &actual, &mut found);
    }
    found.into_iter().map(|what| format!("{}{what}", event.name)).collect()
}

/// The event with real things in place of its placeholders.
async fn filled(event: &EventFile) -> Value {
    let mut text = event.text.clone();
    let names: BTreeSet<String> = event
        .text
        .split("{{")
        .skip(1)
        .filter_map(|part| part.split_once("}}").map(|(name, _)| name.to_owned()))
        .collect();
    for name in names.iter().filter(|name| *name != "webhook") {
        text = text.replace(&format!("{{{{{name}}}}}"), &thing(name, event).await);
    }
    if names.contains("webhook") {
        let value: Value = serde_json::from_str(&text).unwrap();
        let header = |name: &str| value["headers"][name].as_str().unwrap().to_owned();
        let body = value["body"].as_str().unwrap();
        let seconds = header("webhook-timestamp").parse().unwrap();
        let [.., (_, signature)] = signed(&header("webhook-id"), seconds, body.as_bytes());
        text = text.replace("{{webhook}}", &signature);
    }
    serde_json::from_str(&text).unwrap()
}

/// What a placeholder stands for (events/README.md has the list).
async fn thing(placeholder: &str, event: &EventFile) -> String {
    match placeholder.split_once(':').unwrap_or((placeholder, "")) {
        ("session", name) => session(&person(name).await).await,
        ("payment", name) => {
            let person = person(name).await;
            let notice = owes_another(&person).await;
            payment_of(&person, &notice).await
        }
        ("debt", name) => issue_debt(&person(name).await.person).await.number,
        ("spontaneous", name) => spontaneous_of(&person(name).await).await,
        ("reference", _) => reference().await,
        ("receipt", _) => receipt_code_of_mario().await,
        ("difference", _) => difference().await,
        ("activation", _) => mailed_token(&registered().await).await,
        ("confirmation", name) => confirmation_token(&person(name).await).await,
        ("contest", _) => contest_token().await,
        ("reset", _) => reset_token(&activated().await).await,
        ("creditor-key", _) => CREDITOR_KEY.to_owned(),
        ("timestamp", _) => now().to_string(),
        ("now", _) => stack().clock().now().to_string(),
        _ => panic!("events/{}.json: nobody knows what {{{{{placeholder}}}}} stands for", event.name),
    }
}
