//! What answers say, and what they never say.

use journeys::local::faults::{InjectedFault, Scope};
use journeys::{DebtPosition, TestPortal, TestResponse, json};

/// Words of our insides, and of the machines below.
const INSIDES: &[&str] = &[
    "panick",
    "dynamo",
    "conditionalcheck",
    "provisionedthroughput",
    "amazonaws",
    "arn:",
    "serde",
    "src/",
    ".rs:",
    "lambda",
    "stack backtrace",
    "identitytable",
    "debtstable",
    "tablename",
    "claim#",
    "debt#",
    "hyper",
    "reqwest",
    "secretsmanager",
    "at line ",
    "column ",
    "hmac",
    "argon2",
    "invalid type",
    "expected ",
];

fn only_a_code_and_an_id(answer: &TestResponse) {
    let document = answer.json();
    let known = ["type", "title", "status", "detail", "code", "requestId", "errors"];
    for (name, _) in document.as_object().unwrap() {
        assert!(known.contains(&name.as_str()), "{}: {name}", answer.asked);
    }
    // The words are the catalogue's, whatever broke.
    let entry = web::CATALOGUE.iter().find(|entry| entry.code == answer.code()).unwrap();
    let words = (document["title"].as_str().unwrap(), document["detail"].as_str().unwrap());
    assert_eq!(words, entry.text(domain::account::Language::It), "{}", answer.asked);
    let text = answer.text().to_lowercase();
    for word in INSIDES {
        assert!(!text.contains(word), "{}: the answer speaks of {word}: {text}", answer.asked);
    }
    for name in ["server", "via", "x-powered-by", "x-amzn-errortype"] {
        assert!(answer.header(name).is_none(), "{}: {name}", answer.asked);
    }
}

#[tokio::test]
async fn inv_x17_ab_65_errors_say_a_code_and_an_id_and_nothing_of_the_inside() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    let raw = |body: &str| mario.request("POST", "/api/login").body("application/json", body);
    let mut answers = vec![
        raw("{").answer().await,
        raw("{\"username\": 7, \"password\": []}").answer().await,
        raw("[1e400]").answer().await,
        raw("{\"username\":\"\\ud800\"}").answer().await,
        mario.gets("/api/debts?cursor=%00%ff").await,
        mario.gets("/api/debts?limit=99999999999999999999").await,
        mario.gets("/api/debts/%2e%2e%2f").await,
        mario.gets("/api/nothing").await,
        mario.request("TRACE", "/api/login").answer().await,
        mario.posts("/api/debts", &json!({})).await,
        portal.psp().posts(b"\xff\xfe").answer().await,
        mario.gets("/api/receipts/%00").await,
    ];
    // And when what is below breaks, in each of its ways.
    for fault in [
        InjectedFault::Throttle,
        InjectedFault::ServerError,
        InjectedFault::LoseRequest,
        InjectedFault::Conflict,
        InjectedFault::CrashBefore,
    ] {
        let faults = portal.stack().faults();
        for function in ["ListDebts", "Search", "Login"] {
            faults.plan(Scope::function(function), (1..100).map(|n| (n, fault)));
        }
        faults.plan(Scope::function("InitiatePayment").operation("psp:open"), (1..100).map(|n| (n, fault)));
        answers.push(mario.to_pay_answer().await);
        answers.push(mario.searches_for(&notice.fiscal_code, &notice.number).await);
        answers.push(portal.citizen().tries_to_log_in().await);
        answers.push(mario.tries_to_pay(&notice).await);
        faults.clear();
    }
    let troubles = answers.iter().filter(|answer| answer.status >= 500).count();
    assert!(troubles >= 12, "they must have met our trouble: {troubles}");
    for answer in answers {
        assert!(answer.status >= 400, "{} {}", answer.asked, answer.status);
        only_a_code_and_an_id(&answer);
    }
}

#[tokio::test]
async fn ab_51_ab_52_what_people_write_is_data_and_names_of_files_are_ours() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    // Of a citizen, markup and formulas are no punctuation of a reason; the office's text is taken, and stays text.
    for nasty in ["<script>alert(1)</script>", "=cmd()", "x\"; filename=\"evil.html"] {
        let position = DebtPosition::of(&mario.person, portal.rng()).with("reason", nasty);
        assert_eq!(portal.creditor().sends(&position).await.expect(201).json()["debt"]["reason"], nasty);
        let wish = json!({"serviceCode": "TEST1", "reason": nasty, "amount": 100});
        mario.tries_to_create(&wish).await.refused(400, "invalid_input");
    }
    let notice = portal.creditor().issues(&mario.person).await;
    mario.associates(&notice).await;
    let seen = mario.tries_to_see(&notice).await.expect(200);
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("x-content-type-options"), Some("nosniff"));
    let printed = mario.notice_pdf(&notice).await.expect(200);
    let name = format!("attachment; filename=\"avviso-{}.pdf\"", notice.number);
    assert_eq!(printed.header("content-disposition"), Some(name.as_str()));
    assert_eq!(printed.header("content-type"), Some("application/pdf"));
    assert_eq!(printed.header("x-content-type-options"), Some("nosniff"));
    mario.has_paid(&notice).await;
    let receipt = mario.receipt_pdf(&notice).await.expect(200);
    let name = receipt.header("content-disposition").unwrap();
    assert!(name.starts_with("attachment; filename=\"") && name.contains(notice.iuv()), "{name}");
    let table = mario.browser.get("/api/history").header("accept", "text/csv").answer().await.expect(200);
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(table.header("content-disposition").is_some_and(|value| value.starts_with("attachment")));
}

/// No secret is in an address, and no address is told to others.
#[tokio::test]
async fn ab_54_ab_64_no_secret_in_an_address_and_no_page_in_a_frame() {
    let portal = TestPortal::open();
    let mut mario = portal.citizen();
    mario.registers().await;
    let mails = mario.mails().await;
    for link in mails.iter().flat_map(|mail| &mail.links) {
        let (address, fragment) = link.split_once('#').unwrap_or((link, ""));
        assert!(!address.contains('?') && !address.contains("t="), "{link}: what the server sees");
        assert!(!link.contains("/attiva") || fragment.starts_with("t="), "{link}");
    }
    mario.activates().await;
    mario.logs_in().await;
    mario.person.email.clear();
    for path in ["/", "/attiva", "/reimposta-password", "/pratiche", "/accedi"] {
        let page = mario.gets(path).await.expect(200);
        let policy = page.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(
            policy.contains("form-action 'self'") && policy.contains("base-uri 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe-inline") && !policy.contains('*'), "{path}: {policy}");
        let referrer = page.header("referrer-policy").unwrap_or_default();
        assert!(matches!(referrer, "no-referrer" | "same-origin"), "{path}: {referrer}");
    }
    let answer = mario.gets("/api/account").await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let session = crate::tokens::session_of(&mario);
    for cookie in answer.headers.get_all("set-cookie") {
        assert!(!cookie.to_str().unwrap().contains(&session));
    }
}

/// Filters are values, whatever is written in them.
#[tokio::test]
async fn ab_57_what_is_searched_for_is_never_an_expression() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    mario.has_paid(&notice).await;
    let everything = mario.history("").await["items"].as_array().unwrap().len();
    assert_eq!(everything, 1);
    for text in [
        "x OR 1=1",
        "') OR attribute_exists(pk)",
        ":any",
        "#pk",
        "begins_with(pk, DEBT)",
        "\\u0000",
        "%25",
        "*",
        ".*",
        "{\"S\":\"x\"}",
        "__proto__",
    ] {
        let mut query = String::new();
        for byte in text.bytes() {
            query.push_str(&format!("%{byte:02X}"));
        }
        let found = mario.history(&format!("?q={query}")).await;
        assert_eq!(found["items"], json!([]), "{text}");
        mario.gets(&format!("/api/history?service={query}")).await;
        let answer = mario.gets(&format!("/api/debts?cursor={query}")).await;
        let _refused = answer.refused(400, "invalid_cursor");
        mario.gets(&format!("/api/debts/{query}")).await.refused(404, "debt_not_found");
    }
}

/// Lengths are bounded before anything is matched: no text is worth more work than it is long.
#[tokio::test]
async fn ab_60_long_texts_are_refused_field_by_field() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let form = mario.person.form();
    for (field, value) in form.as_object().unwrap() {
        if !value.is_string() {
            continue;
        }
        let mut long = form.clone();
        long[field] = json!("9a ".repeat(6_000));
        let fields = mario.registers_with(&long).await.refused(400, "invalid_input").fields();
        assert!(fields.iter().any(|(name, _)| name == field), "{field}: {fields:?}");
    }
    let long = "2026-01-".repeat(200);
    for path in [format!("/api/history?from={long}"), format!("/api/history?to={long}")] {
        let answer = mario.gets(&path).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
    }
    let too_long = format!("/api/history?q={}", "a".repeat(2_100));
    assert_eq!(mario.gets(&too_long).await.status, 400);
}

/// A key is of one person: another's answer cannot be had with it.
#[tokio::test]
async fn ab_62_an_idempotency_key_is_of_one_person() {
    let portal = TestPortal::open();
    let (mario, lucia) = (portal.known_citizen().await, portal.known_citizen().await);
    let wish = json!({"serviceCode": "TEST1", "reason": "Prova", "amount": 100});
    let create = |who: &journeys::PortalUser| {
        let ask = who.browser.post("/api/debts", &wish).idempotency_key("the-same-key");
        async move { ask.answer().await.expect(201).json()["debt"].take() }
    };
    let (his, hers) = (create(&mario).await, create(&lucia).await);
    assert_ne!(his["noticeNumber"], hers["noticeNumber"]);
    assert_eq!(hers["debtor"]["fiscalCode"], lucia.person.fiscal_code.as_str());
    assert_eq!(create(&mario).await, his);
}

#[tokio::test]
async fn ab_36_what_is_paid_is_not_paid_again() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    mario.has_paid(&notice).await;
    let before = mario.timeline(&notice).await;
    for _ in 0..3 {
        mario.tries_to_pay(&notice).await.refused(409, "debt_already_paid");
    }
    mario.elsewhere();
    mario.notice_pdf(&notice).await.refused(409, "debt_already_paid");
    portal.creditor().tries_to_cancel(&notice).await.refused(409, "debt_already_paid");
    assert_eq!(mario.timeline(&notice).await, before);
}
