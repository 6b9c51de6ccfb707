//! Every route in every form that is refused: where it comes from, how it is written, how long it is.

use crate::answers::decent;
use crate::rows::{RouteCaller, RouteRow, Takes, rows};
use journeys::TestRequest;

use crate::stack::{SendToStack, routes, stack};

fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n  {}", faults.join("\n  "));
}

const FOREIGN: &str = "https://attacker.example";

#[tokio::test]
async fn inv_i30_ab_25_unsafe_requests_from_foreign_pages_are_refused() {
    let mut faults = Vec::new();
    for row in rows() {
        for (name, value) in [
            ("origin", FOREIGN),
            ("origin", "null"),
            ("origin", "http://localhost.attacker.example"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let call = row.call().await.header(name, value);
            faults.extend(match row.is_unsafe() {
                true => row.refuses(&call, 403, "forbidden_origin").await,
                false => row.takes(&call).await,
            });
        }
    }
    none(faults);
}

#[tokio::test]
async fn unsafe_requests_from_our_own_pages_are_taken() {
    let mut faults = Vec::new();
    for row in rows().into_iter().filter(|row| row.is_unsafe()) {
        let call =
            row.call().await.header("origin", stack().address()).header("sec-fetch-site", "same-origin");
        faults.extend(row.takes(&call).await);
    }
    none(faults);
}

/// Nobody is told that a foreign page may read us: neither on asking before nor in the answer.
#[tokio::test]
async fn inv_i30_ab_26_no_foreign_page_is_let_in() {
    for row in rows() {
        let call = row.call().await.header("origin", FOREIGN);
        let asks = TestRequest::new("OPTIONS", &call.path).header("origin", FOREIGN);
        let asks = asks.header("access-control-request-method", row.method());
        let asks = asks.header("access-control-request-headers", "content-type,idempotency-key");
        for call in [call, asks] {
            let answer = call.send().await;
            decent(&answer, &format!("{} {}", call.method, call.path));
            assert!(
                call.method != "OPTIONS" || answer.status >= 400,
                "{}: OPTIONS {}",
                row.route,
                answer.status
            );
        }
    }
}

/// The forms of a row's body that are refused for what they say they are.
fn expected_media(row: &RouteRow) -> Option<(u16, &'static str)> {
    match row.takes {
        Takes::Json | Takes::Table => Some((415, "unsupported_media_type")),
        Takes::Nothing if row.is_unsafe() => Some((415, "unsupported_media_type")),
        // A signature holds whatever the type; the node's schema decides what is XML.
        Takes::CallbackBody | Takes::Soap | Takes::Nothing | Takes::PlainForm => None,
    }
}

#[tokio::test]
async fn inv_x05_another_content_type_is_refused() {
    let mut faults = Vec::new();
    for row in rows() {
        for media in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonx",
        ] {
            let call = row.call().await.header("content-type", media);
            let own = row.takes == Takes::PlainForm && media != "application/x-www-form-urlencoded";
            let expected = expected_media(row).or(own.then_some((415, "unsupported_media_type")));
            faults.extend(match expected {
                Some((status, code)) => row.refuses(&call, status, code).await,
                None => row.takes(&call).await,
            });
        }
        if row.takes == Takes::Json {
            let call = row.call().await.header("content-type", "Application/JSON; charset=UTF-8");
            faults.extend(row.takes(&call).await);
            faults.extend(
                row.refuses(&row.call().await.without("content-type"), 415, "unsupported_media_type").await,
            );
        }
    }
    none(faults);
}

#[tokio::test]
async fn inv_x05_ab_32_unknown_and_duplicate_fields_and_what_is_no_json_are_refused() {
    let mut faults = Vec::new();
    for row in rows() {
        let call = row.call().await;
        let body = String::from_utf8(call.body.clone()).unwrap();
        let with = |text: String| call.clone().body("application/json", text.as_bytes());
        match row.takes {
            Takes::Json => {
                let inside = body.trim_start_matches('{').trim_end_matches('}');
                let comma = if inside.is_empty() { "" } else { "," };
                let unknown = with(format!("{{\"nobodyAskedForThis\":1{comma}{inside}}}"));
                faults.extend(row.refuses(&unknown, 400, "unknown_field").await);
                let twice = with(format!("{{\"x\":1,\"x\":1{comma}{inside}}}"));
                faults.extend(row.refuses(&twice, 400, "malformed_body").await);
                for bad in ["", "{", "[]", "null", "\"text\"", "{} {}", "<a/>", "{\"a\":\"\u{0}\"}"] {
                    faults.extend(row.refuses(&with(bad.to_owned()), 400, "malformed_body").await);
                }
                let not_utf8 = call.clone().body("application/json", b"{\"a\":\"\xff\"}");
                faults.extend(row.refuses(&not_utf8, 400, "malformed_body").await);
            }
            Takes::Nothing if row.is_unsafe() => {
                faults.extend(row.refuses(&with("{\"x\":1}".to_owned()), 400, "unknown_field").await);
            }
            Takes::Nothing | Takes::PlainForm | Takes::Table | Takes::CallbackBody | Takes::Soap => {}
        }
    }
    none(faults);
}

#[tokio::test]
async fn inv_x02_ab_43_a_body_is_bounded_before_it_is_read() {
    let mut faults = Vec::new();
    for row in rows() {
        let limit = match row.takes {
            Takes::Json => 32 * 1024,
            Takes::PlainForm => 2 * 1024,
            Takes::Nothing if row.is_unsafe() => 32 * 1024,
            Takes::CallbackBody => 128 * 1024,
            Takes::Soap => 256 * 1024,
            Takes::Table => 2 * 1024 * 1024,
            Takes::Nothing => continue,
        };
        let call = row.call().await;
        let media =
            call.headers.iter().find(|(name, _)| name == "content-type").map(|(_, media)| media.clone());
        let media = media.unwrap_or_else(|| "application/json".to_owned());
        let mut longest = call.body.clone();
        longest.resize(limit, b' ');
        // As long as may be: it is read, and what it says decides. A signature is over the whole body.
        let longest = row.admitted(call.clone().body(&media, longest.clone())).await;
        let answer = row.send(&longest).await;
        if answer.status == 413 {
            faults.push(format!("{}: {limit} bytes are too many", row.route));
        }
        let mut longer = call.body.clone();
        longer.resize(limit + 1, b' ');
        let longer = row.admitted(call.clone().body(&media, longer.clone())).await;
        if row.takes == Takes::Soap {
            // A SOAP caller gets a SOAP answer.
            let answer = row.send(&longer).await;
            if answer.status != 413 || !answer.text().contains("Fault>") {
                faults.push(format!("{}: {} {}", row.route, answer.status, answer.text()));
            }
            continue;
        }
        faults.extend(row.refuses(&longer, 413, "payload_too_large").await);
    }
    none(faults);
}

#[tokio::test]
async fn ab_59_unknown_and_repeated_parameters_are_refused() {
    let mut faults = Vec::new();
    for row in rows() {
        let call = row.call().await;
        let with = |parameters: &str| {
            let mark = if call.path.contains('?') { '&' } else { '?' };
            TestRequest { path: format!("{}{mark}{parameters}", call.path), ..call.clone() }
        };
        // Addresses of pages are shared with all kinds of things on them; a signature, a certificate or the schema
        // says all there is to say of the machines' messages.
        if row.is_page() || matches!(row.caller, RouteCaller::Psp | RouteCaller::Node) {
            faults.extend(row.takes(&with("utm_source=mail")).await);
            continue;
        }
        faults.extend(row.refuses(&with("nobodyAskedForThis=1"), 400, "unknown_field").await);
        let repeated = [
            ("GET /api/payment-methods", "amount=200"),
            ("GET /api/debts", "limit=1&limit=2"),
            ("GET /api/history", "q=a&q=b"),
            ("POST /creditor/debts/import", "dryRun=false"),
        ];
        for (_, parameters) in repeated.iter().filter(|(route, _)| *route == row.route) {
            faults.extend(row.refuses(&with(parameters), 400, "invalid_input").await);
        }
    }
    none(faults);
}

#[tokio::test]
async fn ab_65_another_method_is_refused_with_those_that_there_are() {
    let mut faults = Vec::new();
    let routes: Vec<String> = routes().into_keys().collect();
    for row in rows() {
        let call = row.call().await;
        let pattern = row.route.split_once(' ').unwrap().1;
        let mut methods: Vec<&str> = routes
            .iter()
            .filter_map(|route| {
                route.split_once(' ').filter(|(_, path)| *path == pattern).map(|(method, _)| method)
            })
            .collect();
        methods.sort_unstable();
        for other in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"] {
            if methods.contains(&other) {
                continue;
            }
            let mut call = call.clone();
            call.method = other.to_owned();
            call.path = call.path.split('?').next().unwrap().to_owned();
            // Where a form without script is sent, a browser that comes back is led to the page of the form.
            if other == "GET" && call.path == "/ricerca" {
                let answer = call.send().await;
                assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
                continue;
            }
            // `GET /api/debts/associate` is the debt of that name.
            if routes.iter().any(|route| route.starts_with(other) && is_at(route, &call.path)) {
                continue;
            }
            let answer = call.send().await;
            decent(&answer, &format!("{other} {}", call.path));
            let known: Vec<&str> = answer.header("allow").unwrap_or_default().split(", ").collect();
            let told = methods.iter().all(|method| known.contains(method));
            if answer.status != 405 || answer.code() != "method_not_allowed" || !told {
                faults.push(format!("{other} {pattern}: {} {known:?}", answer.status));
            }
        }
    }
    none(faults);
}

/// Returns whether a path is one of a route's with parameters.
fn is_at(route: &str, path: &str) -> bool {
    let pattern: Vec<&str> = route.split_once(' ').unwrap().1.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    let same =
        |(part, given): (&&str, &&str)| part == given || (part.starts_with('{') && !part.ends_with("+}"));
    pattern.len() == path.len() && pattern.iter().zip(&path).all(same)
}

#[tokio::test]
async fn addresses_that_are_none_are_refused_alike() {
    for path in [
        "/api",
        "/api/",
        "/api/nothing",
        "/api/debts/1/2/3",
        "/psp",
        "/pagopa",
        "/creditor/debts",
        "/api/../api/account",
    ] {
        for method in ["GET", "POST"] {
            let answer = TestRequest::new(method, path).send().await;
            decent(&answer, path);
            assert!(matches!(answer.status, 401 | 404 | 405), "{method} {path}: {}", answer.status);
        }
    }
}
