//! What a function leaves in the log, by calling one as the local stack does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::Error;
use runtime::metrics::{CallbackOutcome, MailOutcome, PaymentOutcome};
use runtime::{Clock, ConfigError, Env, EnvParts, HttpClient, Measure, Metrics, Random};
use serde_json::{Value, json};
use web::{Function, Problem, Reply, Request};

use crate::log::{MemoryLog, panics_without_words, to};

/// A function that measures things, and fails as its path says.
struct Probe(Metrics);

const CANARY: &str = "canary\n\u{1b}[31m\"},{\"level\":\"ERROR";

impl Function for Probe {
    const ROUTES: &'static [&'static str] = &["GET /api/{how}"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.metrics().clone()))
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        match request.path("how") {
            "panics" => panic!("{CANARY}"),
            "fails" => Err(Error::Unavailable(domain::Fault::new("probing", CANARY)).into()),
            "refuses" => Err(Error::NotAuthenticated.into()),
            _ => {
                request.is_of("pseudonym");
                self.0.note(Measure::ConditionalFailure);
                self.0.note(Measure::ConditionalFailure);
                self.0.note(Measure::Mail(MailOutcome::Sent));
                self.0.note(Measure::Mail(MailOutcome::Sent));
                self.0.note(Measure::Mail(MailOutcome::Failed));
                self.0.note(Measure::Payment(PaymentOutcome::Credited));
                self.0.note(Measure::Callback(CallbackOutcome::Credited));
                self.0.note(Measure::OldestOutbox(Duration::from_secs(30)));
                Ok(Reply::no_content())
            }
        }
    }
}

/// The lines of a function that is asked for some paths, one after the other.
#[expect(
    clippy::disallowed_methods,
    reason = "Lambda starts a function that panicked anew; here its task ends"
)]
async fn lines(namespace: &str, trace: &str, paths: &[&str]) -> Vec<Value> {
    let wire = HttpClient::to_aws(None).unwrap();
    let parts =
        EnvParts { clock: Clock::system(), random: Random::system(), aws: wire.clone(), outside: wire };
    let variables = [("PUBLIC_URL", "https://pay.example"), ("METRICS_NAMESPACE", namespace)];
    let variables: BTreeMap<_, _> = variables.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    let kept = MemoryLog::default();
    let _guard = tracing::subscriber::set_default(to(kept.clone()));
    let probe = crate::in_process::<Probe>(&Env::new(variables, parts)).unwrap();
    for path in paths {
        let event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "isBase64Encoded": false,
            "headers": {"x-amzn-trace-id": trace, "host": "pay.example"},
            "requestContext": {
                "accountId": "1", "apiId": "1", "requestId": "Uq01ZhLnMu8EJ001=", "stage": "$default", "timeEpoch": 0,
                "routeKey": "$default",
                "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.1"},
            },
        });
        let answered = tokio::spawn(probe(event.to_string().into_bytes())).await;
        assert_eq!(answered.is_err(), *path == "/api/panics", "{path}");
    }
    kept.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const TRACE: &str = "Root=1-6b040ea7-252fa3f3d39acf63c97e673b";

#[tokio::test]
async fn a_request_leaves_one_line_that_says_all_and_nothing_personal() {
    let lines = lines("", TRACE, &["/api/works", "/api/refuses", "/nowhere"]).await;
    let [works, refused, nowhere] = &lines[..] else { panic!("{lines:#?}") };
    let names: BTreeSet<&str> = works.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "cold",
        "function",
        "level",
        "message",
        "micros",
        "request_id",
        "route",
        "status",
        "subject",
        "timestamp",
        "trace_id",
    ];
    assert_eq!(names, expected.into());
    assert_eq!(works["function"], "Probe");
    assert_eq!(works["route"], "GET /api/{how}");
    assert_eq!(works["status"], 204);
    assert_eq!(works["request_id"], "Uq01ZhLnMu8EJ001=");
    assert_eq!(works["trace_id"], "1-6b040ea7-252fa3f3d39acf63c97e673b");
    assert_eq!(works["subject"], "pseudonym");
    assert_eq!((&works["cold"], &refused["cold"]), (&json!(true), &json!(false)));
    assert_eq!((&refused["code"], &refused["level"]), (&json!("not_authenticated"), &json!("INFO")));
    assert_eq!((&nowhere["route"], &nowhere["status"]), (&json!("none"), &json!(404)));
}

#[tokio::test]
async fn ab_53_what_fails_is_one_line_each_whatever_it_says_and_a_panic_loses_its_words() {
    let hook = std::panic::take_hook();
    panics_without_words();
    let lines = lines("", TRACE, &["/api/fails", "/api/panics"]).await;
    // The other tests' panics are to be read.
    std::panic::set_hook(hook);
    let [fails, panic] = &lines[..] else { panic!("{lines:#?}") };
    assert_eq!((&fails["level"], &fails["doing"]), (&json!("ERROR"), &json!("probing")));
    assert_eq!(fails["cause"], CANARY);
    assert_eq!(panic["event"], "panic");
    assert!(panic["place"].as_str().unwrap().contains("tests.rs:"), "{panic}");
    assert!(!panic.to_string().contains("canary"), "{panic}");
}

/// The rules of CloudWatch's specification of the embedded metric format: structure, limits, and that every name
/// leads to a member of the root.
fn embedded(line: &Value) -> BTreeMap<String, (Value, String)> {
    const UNITS: &[&str] = &["Count", "Milliseconds", "Seconds"];
    let aws = &line["_aws"];
    assert!(aws["Timestamp"].is_u64(), "{line}");
    let text = |value: &Value, most: usize| -> String {
        let text = value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned();
        assert!((1..=most).contains(&text.len()), "{line}");
        text
    };
    let mut found = BTreeMap::new();
    for directive in aws["CloudWatchMetrics"].as_array().unwrap() {
        assert_eq!(text(&directive["Namespace"], 1024), "Payments");
        let sets = directive["Dimensions"].as_array().unwrap();
        assert!(!sets.is_empty(), "{line}");
        let mut values = Vec::new();
        for set in sets.iter().map(|set| set.as_array().unwrap()) {
            assert!(set.len() <= 30);
            values.extend(set.iter().map(|name| text(&line[text(name, 250)], 1024)));
        }
        let metrics = directive["Metrics"].as_array().unwrap();
        assert!((1..=100).contains(&metrics.len()));
        for metric in metrics {
            let name = text(&metric["Name"], 1024);
            assert!(UNITS.contains(&metric["Unit"].as_str().unwrap()), "{line}");
            assert!(line[&name].is_number(), "{name} has no value: {line}");
            assert!(
                found.insert(name.clone(), (line[&name].clone(), values.join(","))).is_none(),
                "{name} twice"
            );
        }
    }
    found
}

#[tokio::test]
async fn with_a_namespace_the_line_is_a_metric_document_too_and_each_outcome_has_its_own() {
    let lines = lines("Payments", TRACE, &["/api/works", "/api/refuses"]).await;
    assert!(lines.iter().all(|line| line["version"] == runtime::VERSION), "{lines:#?}");
    let [works, outcomes @ .., refused] = &lines[..] else { panic!("{lines:#?}") };
    let of_works = embedded(works);
    assert_eq!(of_works["Requests"], (json!(1), String::new()));
    assert_eq!(of_works["ColdStarts"], (json!(1), String::new()));
    assert_eq!(of_works["ConditionalFailures"], (json!(2), String::new()));
    assert_eq!(of_works["OldestOutboxSeconds"], (json!(30), String::new()));
    let micros = works["micros"].as_f64().unwrap();
    assert!((of_works["Latency"].0.as_f64().unwrap() - micros / 1_000.0).abs() < 0.001);
    let counted: Vec<(String, Value, String)> = outcomes
        .iter()
        .flat_map(embedded)
        .map(|(name, (value, dimensions))| (name, value, dimensions))
        .collect();
    let expected = [
        ("Payments", 1, "credited"),
        ("Callbacks", 1, "credited"),
        ("Mails", 1, "failed"),
        ("Mails", 2, "sent"),
    ];
    assert_eq!(
        counted,
        expected.map(|(name, value, outcome)| (name.to_owned(), json!(value), outcome.to_owned()))
    );
    // Nothing of the first is left for the second.
    let of_refused: Vec<String> = embedded(refused).into_keys().collect();
    assert_eq!(of_refused, ["Latency", "Requests"]);
}

#[tokio::test]
async fn without_a_namespace_nothing_is_added() {
    let lines = lines("", TRACE, &["/api/works"]).await;
    assert_eq!(lines.len(), 1);
    assert!(lines.iter().all(|line| line.get("_aws").is_none() && line.get("Requests").is_none()));
}

#[test]
fn a_trace_that_a_caller_made_up_is_none() {
    let root = "1-6b040ea7-252fa3f3d39acf63c97e673b";
    assert_eq!(super::trace_id(&format!("Root={root}")), Some(root));
    assert_eq!(
        super::trace_id(&format!("Self=1-2-3; Root={root};Parent=53995c3f42cd8ad8;Sampled=1")),
        Some(root)
    );
    for made_up in [
        "",
        root,
        "Root=",
        "Root=mario.rossi@example.it",
        "Root=1-6b040ea7-RSSMRA80A01H501U00000000",
        "Root=1-6b040ea7-252fa3f3d39acf63c97e673b-x",
    ] {
        assert_eq!(super::trace_id(made_up), None, "{made_up}");
    }
}
