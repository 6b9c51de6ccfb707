//! Every error code of the contract can be met, and says what it should.

use std::time::Duration;

use journeys::local::faults::{InjectedFault, Scope};
use journeys::{CallbackMessage, DebtPosition, PspOutcome, TestPortal, TestResponse, canteen, json, until};

/// The contract's list, with each code's status.
const CODES: &str = "`invalid_input` 400 · `unknown_field` 400 · `malformed_body` 400 · `link_not_valid` 400 · \
`stale_timestamp` 400 · `invalid_cursor` 400 · `not_authenticated` 401 · `invalid_credentials` 401 · \
`bad_signature` 401 · `account_not_active` 403 · `forbidden_origin` 403 · `forbidden_scope` 403 · `debt_not_found` 404 · \
`payment_not_found` 404 · `receipt_not_found` 404 · `not_found` 404 · `method_not_allowed` 405 · \
`username_taken` 409 · `debt_already_paid` 409 · `debt_not_payable` 409 · `payment_in_progress` 409 · `request_in_progress` 409 · \
`amount_changed` 409 · `payload_too_large` 413 · `unsupported_media_type` 415 · `idempotency_key_reused` 422 · \
`too_many_requests` 429 · `psp_unavailable` 502 · `temporarily_unavailable` 503";

#[tokio::test]
async fn every_error_code_of_the_contract_is_reachable() {
    let Some(portal) = TestPortal::alone() else { return };
    let met = meets_them_all(&portal).await;
    for entry in CODES.split(" · ") {
        let (code, status) = entry.split_once("` ").unwrap();
        let (code, status): (&str, u16) = (code.trim_start_matches('`'), status.trim().parse().unwrap());
        let answer = met.iter().find(|answer| answer.code() == code);
        let answer = answer.unwrap_or_else(|| panic!("nothing leads to {code}"));
        let _checked = answer.clone().refused(status, code);
    }
}

async fn meets_them_all(portal: &TestPortal) -> Vec<TestResponse> {
    let mut met = Vec::new();
    let (mario, notice) = portal.proven_citizen().await;
    let position = portal.creditor().issues(&mario.person).await;
    let browser = &mario.browser;
    met.push(mario.checks_code("").await);
    met.push(mario.posts("/api/login", &json!({"username": "x", "password": "y", "admin": true})).await);
    met.push(browser.request("POST", "/api/login").body("application/json", "{").answer().await);
    met.push(mario.tries_to_activate("nonsense").await);
    met.push(mario.gets("/api/debts?cursor=nonsense").await);
    met.push(portal.citizen().to_pay_answer().await);
    met.push(mario.elsewhere().logs_in_with("not the password at all").await);
    let waiting = portal.citizen();
    waiting.registers().await;
    met.push(waiting.tries_to_log_in().await);
    // Somebody who registered twice, and used the first link.
    portal.clock().moves_minutes(2).await;
    waiting.registers().await;
    waiting.asks_for_activation().await.expect(202);
    let links = waiting.mails().await.remove(0).links;
    let first = links[1].split_once("#t=").unwrap().1;
    waiting.tries_to_activate(first).await.expect(200);
    met.push(waiting.tries_to_activate(links[0].split_once("#t=").unwrap().1).await);
    mario.logs_in().await;
    met.push(browser.post("/api/logout", &json!({})).header("origin", "https://evil.example").answer().await);
    let reads = browser.request("DELETE", &format!("/creditor/debts/{}", notice.number));
    met.push(reads.header("authorization", "Bearer local-reader-key").answer().await);
    met.push(mario.searches_for(&mario.person.fiscal_code, "301999999999999999").await);
    met.push(mario.gets("/api/payments/x").await);
    met.push(mario.receipt_pdf(&notice).await);
    met.push(mario.gets("/api/nothing").await);
    met.push(browser.request("PUT", "/api/login").json(&json!({})).answer().await);
    met.push(
        browser.request("POST", "/api/login").body("application/json", " ".repeat(40_000)).answer().await,
    );
    met.push(browser.request("POST", "/api/login").body("text/plain", "{}").answer().await);

    let paying = mario.pays(&notice).await;
    let now = portal.clock().now().await.as_second();
    met.push(portal.psp().posts(b"{}").answer().await);
    met.push(portal.psp().calls_back_at(&CallbackMessage::succeeded(&paying), now - 1_000).await);
    met.push(mario.tries_to_withdraw_consent(&mario.person.password).await);
    paying.at_psp(PspOutcome::Success).await;
    met.push(mario.tries_to_pay(&notice).await);
    // The page that waits asks for what was agreed before the creditor changed it.
    let changing = DebtPosition::of(&mario.person, portal.rng());
    portal.creditor().sends(&changing).await.expect(201);
    let agreed = changing.notice();
    mario.tries_to_pay(&agreed).await.expect(201);
    portal.creditor().sends(&changing.with("amount", 77_777)).await.expect(200);
    met.push(mario.tries_to_pay(&agreed).await);
    let own = mario.creates(&canteen(1_000)).await;
    mario.tries_to_take_back(&own).await.expect(204);
    met.push(mario.tries_to_pay(&own).await);
    for cents in [1_000, 2_000] {
        met.push(browser.post("/api/debts", &canteen(cents)).idempotency_key("again").answer().await);
    }
    for _ in 0..25 {
        met.push(mario.checks_code("RSSMRA80A01H501U").await);
    }

    let faults = portal.stack().faults();
    let opens = || Scope::function("InitiatePayment").operation("psp:open");
    faults.plan(opens(), [(1, InjectedFault::Delay(Duration::from_millis(700)))]);
    met.extend(the_same_request_twice(&mario, &position).await);
    faults.clear();
    let other = portal.creditor().issues(&mario.person).await;
    faults.plan(opens(), (1..10).map(|n| (n, InjectedFault::ServerError)));
    met.push(mario.tries_to_pay(&other).await);
    faults.clear();
    faults.plan(Scope::function("ListDebts"), (1..50).map(|n| (n, InjectedFault::ServerError)));
    met.push(mario.to_pay_answer().await);
    faults.clear();
    met
}

/// The second click comes while the first is on its way to the PSP.
async fn the_same_request_twice(
    mario: &journeys::PortalUser,
    notice: &journeys::SampleNotice,
) -> Vec<TestResponse> {
    let order = json!({"noticeNumbers": [notice.number]});
    let second = async {
        until("the first has stored its attempt", async || {
            let begun = mario.sees(notice).await;
            (begun["payments"] != json!([])).then_some(())
        })
        .await;
        mario.orders_as(&order, "slow").await
    };
    let (first, second) = tokio::join!(mario.orders_as(&order, "slow"), second);
    vec![first.expect(201), second]
}

#[tokio::test]
async fn problems_are_written_in_the_language_asked_for() {
    let portal = TestPortal::open();
    let mario = portal.citizen();
    let ask = || mario.browser.post("/api/register/check", &json!({"fiscalCode": ""}));
    let italian = ask().answer().await.refused(400, "invalid_input").json();
    let english = ask().in_english().answer().await.refused(400, "invalid_input").json();
    assert_eq!(italian["errors"][0]["message"], "Inserisci il codice fiscale");
    assert_eq!(english["errors"][0]["message"], "Enter your tax code");
    assert_ne!(italian["title"], english["title"]);
}

#[tokio::test]
async fn inv_x05_bodies_that_are_not_as_agreed_are_refused() {
    let portal = TestPortal::open();
    let mario = portal.citizen();
    let post = |content_type: &str, body: &str| {
        let ask = mario.browser.request("POST", "/api/register/check").body(content_type, body);
        async move { ask.answer().await }
    };
    for body in [
        "",
        "null",
        "[]",
        "\"x\"",
        "{\"fiscalCode\":\"x\"",
        "{\"fiscalCode\":\"a\",\"fiscalCode\":\"b\"}",
        "{} {}",
    ] {
        post("application/json", body).await.refused(400, "malformed_body");
    }
    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "multipart/form-data"]
    {
        post(content_type, "{}").await.refused(415, "unsupported_media_type");
    }
    let deep = format!("{{\"fiscalCode\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    post("application/json", &deep).await.refused(400, "malformed_body");
    post("application/json; charset=utf-8", "{\"fiscalCode\":\"RSSMRA80A01H501U\"}").await.expect(200);
    let at = |n: usize| format!("{{\"fiscalCode\":\"\"{}}}", " ".repeat(n - 17));
    post("application/json", &at(32 * 1024)).await.refused(400, "invalid_input");
    post("application/json", &at(32 * 1024 + 1)).await.refused(413, "payload_too_large");
}

#[tokio::test]
async fn ab_65_other_methods_and_addresses_are_refused_with_what_is_allowed() {
    let Some(portal) = TestPortal::behind_our_gateway() else { return };
    let mario = portal.citizen();
    let answer = mario.request("DELETE", "/api/login").answer().await.refused(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("POST"));
    for path in ["/api/", "/api/admin", "/api/debts/1/2/3", "/creditor", "/psp"] {
        mario.gets(path).await.refused(404, "not_found");
    }
    assert!(answer.header("server").is_none() && answer.header("x-powered-by").is_none());
}

#[tokio::test]
async fn every_answer_carries_the_headers_of_the_contract() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    for answer in [
        mario.gets("/api/account").await.expect(200),
        mario.gets("/api/debts/x").await,
        mario.gets("/api/nothing").await,
        mario.checks_code("").await,
        portal.psp().posts(b"{}").answer().await,
    ] {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", answer.asked);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{}", answer.asked);
        assert!(answer.header("x-request-id").is_some_and(|id| !id.is_empty()), "{}", answer.asked);
        assert!(answer.header("access-control-allow-origin").is_none(), "AB-26: {}", answer.asked);
    }
}

#[tokio::test]
async fn inv_x15_when_the_counters_cannot_be_read_the_request_is_refused() {
    let Some(portal) = TestPortal::alone() else { return };
    let notice = portal.creditor().issues(&portal.citizen().person).await;
    let stranger = portal.citizen();
    let faults = portal.stack().faults();
    faults.plan(
        Scope::function("Search").operation("dynamodb:GetItem"),
        (1..50).map(|n| (n, InjectedFault::Throttle)),
    );
    let refused = stranger.searches_for(&notice.fiscal_code, &notice.number).await;
    refused.refused(503, "temporarily_unavailable");
    faults.clear();
    faults.plan(
        Scope::function("Search").operation("dynamodb:UpdateItem"),
        (1..50).map(|n| (n, InjectedFault::Throttle)),
    );
    let missed = stranger.searches_for(&notice.fiscal_code, "301999999999999968").await;
    missed.refused(503, "temporarily_unavailable");
    faults.clear();
    stranger.searches(&notice).await;
}
