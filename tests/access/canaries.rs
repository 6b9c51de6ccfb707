//! What callers write, and who they are, is in no line of the log: canaries in every input of every route, admitted,
//! refused and while everything around fails; then the whole log is read.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::FiscalCode;
use lambda::log::{MemoryLog, to};
use local::{PASSWORD, Scope, Stack};
use serde_json::{Value, json};

use crate::rows::{RouteCaller, RouteRow, Takes, rows};
use journeys::{TestRequest, TestResponse, together};

use crate::stack::{
    SendToStack, activated, dead_session, debtor, mailed_token, mario, now, options, payment_of, reset_token,
    session, signed_callback, stack, unique,
};

/// The log of all functions in this process, as production writes it.
static LOG: LazyLock<MemoryLog> = LazyLock::new(|| {
    let kept = MemoryLog::default();
    tracing::subscriber::set_global_default(to(kept.clone())).expect("nobody else keeps the log");
    kept
});

/// What must be nowhere, and ends the line, the colour and the JSON for whoever prints it as it is.
const HOSTILE: &str =
    "canary\n{\"level\":\"ERROR\",\"message\":\"canary\"}\r\u{1b}[2J\u{9b}31m\"}\u{2028}'%s${canary}";
/// The same for places that HTTP keeps printable.
const PRINTABLE: &str = "canary\"},{\\'level\\':%s${canary}";
/// The same in an address.
const IN_A_PATH: &str = "canary%0A%22%7D%1B%5B2J";

/// A request with canaries in all the headers that a browser, a proxy or an attacker may send.
fn with_headers(call: TestRequest) -> TestRequest {
    let mut call = call;
    for name in [
        "user-agent",
        "referer",
        "accept-language",
        "if-none-match",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-request-id",
        "x-amzn-trace-id",
        "x-amzn-requestid",
        "traceparent",
        "forwarded",
        "dnt",
    ] {
        call = call.header(name, PRINTABLE);
    }
    call
}

/// Every text of a body replaced.
fn replaced(value: &Value, by: &str) -> Value {
    match value {
        Value::String(_) => json!(by),
        Value::Array(items) => items.iter().map(|item| replaced(item, by)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), replaced(value, by))).collect())
        }
        other => other.clone(),
    }
}

/// A session's token of somebody's own making, and others that are none.
fn forged() -> [String; 3] {
    let part = |text: String| URL_SAFE_NO_PAD.encode(text);
    let header = part(json!({"alg": "HS256", "typ": "session+jwt", "kid": "canary"}).to_string());
    let claims = part(json!({"sub": HOSTILE, "sid": "canary", "exp": 1}).to_string());
    [
        "canary.canary.canary".to_owned(),
        format!("{header}.{claims}.canary"),
        PRINTABLE.replace([';', ',', '"'], ""),
    ]
}

impl RouteRow {
    /// The row's bodies with canaries in every place: as values, as a name, as no JSON, XML or table at all.
    fn hostile_bodies(&self) -> Vec<(&'static str, String)> {
        let json = |text: String| ("application/json", text);
        match self.takes {
            Takes::Nothing => vec![],
            Takes::Json | Takes::CallbackBody => {
                let form = self.form();
                let mut unknown = form.clone();
                if let Some(fields) = unknown.as_object_mut() {
                    fields.insert(HOSTILE.to_owned(), json!(HOSTILE));
                }
                vec![
                    json(replaced(&form, HOSTILE).to_string()),
                    json(unknown.to_string()),
                    json(format!("{{\"canary\": \"{PRINTABLE}\"")),
                    json(HOSTILE.to_owned()),
                ]
            }
            Takes::PlainForm => vec![(
                "application/x-www-form-urlencoded",
                format!("cf={}&codice={}&lingua=it", "canary", "canary%20canary"),
            )],
            Takes::Table => vec![
                ("text/csv; charset=utf-8", format!("noticeNumber,{PRINTABLE}\ncanary,canary\n")),
                (
                    "text/csv; charset=utf-8",
                    "noticeNumber,debtorFiscalCode,debtorPersonType,debtorName,serviceCode,reason,amount\n\
                     canary,canary,natural,canary canary,canary,canary,canary\n"
                        .to_owned(),
                ),
                ("application/x-ndjson", format!("{{\"noticeNumber\":\"{PRINTABLE}\n")),
            ],
            Takes::Soap => ["", "<!DOCTYPE canary [<!ENTITY canary SYSTEM \"file:///canary\">]>"]
                .into_iter()
                .flat_map(|head| {
                    ["paVerifyPaymentNoticeReq", "canary"].map(|operation| {
                        let text = format!(
                            "<?xml version=\"1.0\"?>{head}<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" \
                             xmlns:p=\"http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd\"><e:Body><p:{operation} canary=\"canary\">\
                             <idPA>canary</idPA><canary>canary</canary></p:{operation}></e:Body></e:Envelope>"
                        );
                        ("text/xml; charset=utf-8", text)
                    })
                })
                .collect(),
        }
    }

    /// Requests with canaries that need nothing of the stack to be made.
    fn planted(&self) -> Vec<TestRequest> {
        let path = self.path_with(IN_A_PATH);
        let plain = with_headers(TestRequest::new(self.method(), &path));
        let mut calls = vec![plain.clone().header("idempotency-key", PRINTABLE)];
        let query = if path.contains('?') { '&' } else { '?' };
        calls.push(with_headers(TestRequest::new(
            self.method(),
            &format!("{path}{query}{IN_A_PATH}={IN_A_PATH}"),
        )));
        calls.extend(
            forged().map(|token| plain.clone().cookie(&format!("session={token}; __Host-session={token}"))),
        );
        calls.push(
            plain.clone().header("authorization", "Bearer canary").header("webhook-signature", "v1,canary"),
        );
        calls.extend(
            self.hostile_bodies().iter().map(|(media, body)| plain.clone().body(media, body.as_bytes())),
        );
        calls
    }

    /// The same by somebody who may.
    async fn admitted_with_canaries(&self) -> Vec<TestRequest> {
        let working = with_headers(self.call().await);
        let query = if working.path.contains('?') { '&' } else { '?' };
        let mut calls = vec![working.clone()];
        calls.push(TestRequest {
            path: format!("{}{query}canary={IN_A_PATH}", working.path),
            ..working.clone()
        });
        for (media, body) in self.hostile_bodies() {
            let call = working.clone().body(media, body.as_bytes()).without("webhook-signature");
            let call = if self.caller == RouteCaller::Psp { signed(call) } else { call };
            calls.push(call);
        }
        calls
    }
}

fn signed(call: TestRequest) -> TestRequest {
    signed_callback(call, now())
}

/// The whole use of an account: everything that a person tells us, and every token that we give.
async fn whole_use() -> Vec<String> {
    let (person, notice) = debtor().await;
    let mut secrets =
        vec![person.person.fiscal_code.clone(), person.person.email.clone(), mailed_token(&person).await];
    let cookie = session(&person).await;
    let payment = payment_of(&person, &notice).await;
    let word = json!({"type": "payment.succeeded", "timestamp": "2026-11-23T10:00:00Z", "data": {
        "paymentId": payment, "transactionId": unique("canary"), "pspId": "canary", "pspName": "canary canary",
        "method": "canary", "amount": 4550, "currency": "EUR", "payer": {"name": "canary", "card": "canary"}
    }});
    let callback = signed(TestRequest::new("POST", "/psp/callback").json(&word));
    callback.send().await;
    // Again, and under a name that is taken.
    callback.send().await;
    signed(callback.clone()).send().await;
    let token = reset_token(&person).await;
    let password = json!({"token": token, "password": PASSWORD, "passwordConfirmation": PASSWORD});
    TestRequest::new("POST", "/api/password/reset").json(&password).send().await;
    let again = session(&person).await;
    TestRequest::new("POST", "/api/consent/revoke")
        .cookie(&again)
        .json(&json!({"password": PASSWORD}))
        .send()
        .await;
    let tokens = [cookie, again].map(|cookie| cookie.split_once('=').unwrap().1.to_owned());
    secrets.extend(tokens);
    secrets.push(token);
    secrets
}

/// Lines with something in them that a log must not hold. Every line is one JSON object, whatever was written in it.
fn leaks(text: &str, secrets: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    for line in text.split_terminator('\n') {
        let sound = serde_json::from_str::<Value>(line).is_ok_and(|line| line["level"].is_string());
        if !sound || line.chars().any(|c| c.is_control()) {
            faults.push(format!("not one line of JSON: {line:?}"));
        }
        let lower = line.to_lowercase();
        // An e-mail address, a signed token, a mailed link.
        let marks = ["canary", "@", "#t=", PASSWORD, "via roma", "333 1234567", "3331234567"];
        let code = |word: &str| word.len() == 16 && FiscalCode::parse(word).is_ok();
        let told = marks.iter().any(|mark| lower.contains(mark))
            || line.contains(".eyJ")
            || secrets.iter().any(|secret| line.contains(secret))
            || line.split(|c: char| !c.is_ascii_alphanumeric()).any(code);
        if told {
            faults.push(line.to_owned());
        }
    }
    faults
}

fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "{} lines:\n  {}", faults.len(), faults.join("\n  "));
}

/// The line that a request left.
fn line_of(answer: &TestResponse) -> Value {
    let id = answer.header("x-request-id").unwrap();
    let lines = LOG.text();
    let mut lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .find(|line| line["request_id"] == id && line["message"] == "request")
        .expect("a request leaves a line")
}

/// The detector must see what it is there for, or its silence proves nothing.
#[test]
fn what_is_looked_for_is_found() {
    let line = |cause: &str| json!({"level": "INFO", "cause": cause}).to_string();
    let token = ["a-token-of-forty-three-characters".to_owned()];
    for told in [
        "canary",
        "to mario.rossi@example.it",
        "RSSMRA80A01H501U",
        "code=RSSMRA80A01H501U,",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.x",
        PASSWORD,
        "a-token-of-forty-three-characters",
    ] {
        assert_eq!(leaks(&line(told), &token).len(), 1, "{told}");
    }
    for unsound in
        ["{\"level\":\"INFO\"", "\u{1b}[31mERROR", "{\"level\":\"INFO\",\"cause\":\"\u{7}\"}", "{}"]
    {
        assert_eq!(leaks(unsound, &[]).len(), 1, "{unsound}");
    }
    assert_eq!(leaks(&line("301000000000030266 and 12345678903"), &token), Vec::<String>::new());
}

#[tokio::test]
async fn inv_i25_no_line_of_the_log_holds_what_a_caller_wrote_or_who_it_was() {
    let _ = &*LOG;
    let secrets = whole_use().await;
    for row in rows() {
        for call in row.planted() {
            call.send().await;
        }
        for call in row.admitted_with_canaries().await {
            call.send().await;
        }
    }
    stack().settle().await;
    stack().invoke("Sweep", &json!({})).await.expect("the sweep runs");
    let text = LOG.text();
    none(leaks(&text, &secrets));
    // And the log was there: each route has left lines of both kinds.
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let routes = |refused: bool| -> BTreeSet<&str> {
        let of_the_kind = lines.iter().filter(|line| (line["status"].as_u64() >= Some(400)) == refused);
        of_the_kind.filter_map(|line| line["route"].as_str()).collect()
    };
    let (answered, refused) = (routes(false), routes(true));
    for row in rows() {
        assert!(row.works >= 400 || answered.contains(row.route), "{} left no line", row.route);
        // The pages take anything; the node is answered 200 with a KO inside.
        let takes_anything = row.is_page() || row.takes == Takes::Soap;
        assert!(takes_anything || refused.contains(row.route), "{} has refused nothing", row.route);
    }
    for metric in ["Requests", "ConditionalFailures", "Payments", "Callbacks", "Mails", "OldestOutboxSeconds"]
    {
        assert!(lines.iter().any(|line| line[metric].is_number()), "{metric} was never measured");
    }
}

/// While the store, the secrets, the mail and the PSP fail, in part or wholly, and functions die in the middle.
#[tokio::test]
async fn inv_i25_ab_53_nor_while_everything_around_fails() {
    let _ = &*LOG;
    let alone = Arc::new(Stack::start(options()).unwrap());
    let credentials = json!({"username": mario().person.email, "password": PASSWORD});
    let answer = TestRequest::new("POST", "/api/login").json(&credentials).send_to(&alone).await;
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    for (seed, percent) in [(1, 100), (2, 40)] {
        alone.faults().seeded(Scope::default(), seed, percent);
        let calls = rows().into_iter().flat_map(|row| {
            let known = with_headers(TestRequest::new(row.method(), &row.path_with("301000000000010151")));
            let known = match row.takes {
                Takes::Nothing => known,
                _ => known.json(&row.form()),
            };
            let known = known.header("idempotency-key", &unique("canary")).cookie(&cookie);
            let known = known.header("authorization", "Bearer local-creditor-key");
            row.planted().into_iter().take(2).chain([known])
        });
        together(calls.map(|call| {
            let alone = alone.clone();
            async move { call.send_to(&alone).await }
        }))
        .await;
        let _ = alone.invoke("Sweep", &json!({})).await;
        alone.faults().clear();
    }
    alone.settle().await;
    let text = LOG.text();
    let token = cookie.split_once('=').unwrap().1.to_owned();
    none(leaks(&text, &[token]));
    assert!(
        text.lines().any(|line| line.contains("\"level\":\"ERROR\"") && line.contains("\"cause\"")),
        "nothing failed"
    );
}

#[tokio::test]
async fn a_subject_is_the_same_every_time_nobody_elses_and_no_name_of_the_person() {
    let _ = &*LOG;
    let (one, other) = (activated().await, activated().await);
    let mut subjects = Vec::new();
    for person in [&one, &one, &other] {
        let answer = TestRequest::new("GET", "/api/account").cookie(&session(person).await).send().await;
        let line = line_of(&answer);
        assert_eq!((&line["function"], &line["route"]), (&json!("Account"), &json!("GET /api/account")));
        subjects.push(line["subject"].as_str().expect("a session has a subject").to_owned());
    }
    assert_eq!(subjects[0], subjects[1]);
    assert_ne!(subjects[0], subjects[2]);
    let refused = TestRequest::new("GET", "/api/account").cookie(&dead_session(&one).await).send().await;
    assert!(line_of(&refused).get("subject").is_none(), "a session that has ended is nobody's");
}
