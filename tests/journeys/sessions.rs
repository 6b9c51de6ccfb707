//! When a session is dead.

use journeys::{SampleNotice, SamplePerson, TestPortal, canteen, json};

#[tokio::test]
async fn inv_i19_ab_31_what_belongs_to_others_is_like_what_is_not_there() {
    let portal = TestPortal::open();
    let (lucia, hers) = portal.proven_citizen().await;
    let paid = portal.creditor().issues(&lucia.person).await;
    let own = lucia.creates(&canteen(2_500)).await;
    let pending = lucia.pays(&hers).await;
    lucia.has_paid(&paid).await;

    let (mario, _) = portal.proven_citizen().await;
    let missing = SampleNotice { number: "301999999999999999".to_owned(), ..hers.clone() };
    let garbage = SampleNotice { number: "x".to_owned(), ..hers.clone() };
    for path in ["", "/notice.pdf", "/receipt.pdf"] {
        let mut seen = Vec::new();
        for notice in [&missing, &garbage, &hers, &paid, &own] {
            let answer = mario.gets(&format!("/api/debts/{}{path}", notice.number)).await;
            assert_eq!(answer.status, 404);
            seen.push(answer.seen_by_a_stranger());
        }
        assert!(seen.iter().all(|answer| *answer == seen[0]), "{path}: {seen:#?}");
    }
    let mut seen = Vec::new();
    for notice in [&missing, &hers, &paid, &own] {
        let taken_back = mario.tries_to_take_back(notice).await.refused(404, "debt_not_found");
        seen.push(taken_back.seen_by_a_stranger());
        let ordered = mario.tries_to_pay(notice).await.refused(404, "debt_not_found");
        seen.push(ordered.seen_by_a_stranger());
    }
    assert!(seen.iter().all(|answer| *answer == seen[0]), "{seen:#?}");
    let mut seen = Vec::new();
    for id in ["0123456789abcdef0123456789abcdef", "x", &pending.id] {
        let answer = mario.gets(&format!("/api/payments/{id}")).await.refused(404, "payment_not_found");
        seen.push(answer.seen_by_a_stranger());
    }
    assert!(seen.iter().all(|answer| *answer == seen[0]), "{seen:#?}");
    assert_eq!(lucia.status(&hers).await, "to-pay");
    let text = mario.exports().await.to_string();
    assert!(!text.contains(&lucia.person.fiscal_code) && !text.contains(&lucia.person.email));
}

#[tokio::test]
async fn without_a_session_nothing_personal_answers() {
    let portal = TestPortal::open();
    let stranger = portal.citizen();
    let routes = [
        ("GET", "/api/account"),
        ("GET", "/api/account/export"),
        ("GET", "/api/services"),
        ("GET", "/api/debts"),
        ("GET", "/api/debts/301000000000010151"),
        ("GET", "/api/debts/301000000000010151/notice.pdf"),
        ("GET", "/api/debts/301000000000010151/receipt.pdf"),
        ("GET", "/api/payment-methods?amount=100"),
        ("GET", "/api/payments/0123456789abcdef0123456789abcdef"),
        ("GET", "/api/history"),
        ("DELETE", "/api/debts/301000000000010151"),
    ];
    for (method, path) in routes {
        stranger.request(method, path).answer().await.refused(401, "not_authenticated");
    }
    for path in [
        "/api/logout",
        "/api/account/email",
        "/api/account/email/confirm",
        "/api/debts/associate",
        "/api/debts",
        "/api/payments",
        "/api/consent/revoke",
        "/api/password/change",
    ] {
        let answer = stranger.browser.post(path, &json!({})).idempotency_key("k").answer().await;
        answer.refused(401, "not_authenticated");
    }
    stranger.tries_to_change_account(&json!({"language": "en"})).await.refused(401, "not_authenticated");
    let put = stranger.request("PUT", "/creditor/debts/301000000000010151").json(&json!({}));
    put.header("authorization", "Bearer guess").answer().await.refused(401, "not_authenticated");
}

#[tokio::test]
async fn inv_i16_ab_21_a_session_is_dead_once_logged_out() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let stolen = mario.elsewhere();
    stolen.browser.takes_cookies(&mario.browser.cookies());
    assert!(stolen.is_logged_in().await);
    let other = mario.elsewhere();
    other.logs_in().await;
    mario.logs_out().await;
    assert!(!mario.is_logged_in().await && !stolen.is_logged_in().await);
    assert!(other.is_logged_in().await, "only this one was logged out");
}

#[tokio::test]
async fn inv_i16_a_new_password_ends_every_other_session() {
    let portal = TestPortal::open();
    let mut mario = portal.known_citizen().await;
    let (other, old) = (mario.elsewhere(), mario.elsewhere());
    other.logs_in().await;
    old.browser.takes_cookies(&mario.browser.cookies());
    mario.changes_password().await;
    assert!(mario.is_logged_in().await);
    assert!(!other.is_logged_in().await && !old.is_logged_in().await);
    other.tries_to_log_in().await.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn inv_i16_a_reset_ends_every_session() {
    let portal = TestPortal::open();
    let mut mario = portal.known_citizen().await;
    let other = mario.elsewhere();
    other.logs_in().await;
    mario.forgets_password().await;
    assert!(other.is_logged_in().await, "asking for a link changes nothing");
    let session = mario.browser.cookies();
    mario.resets_password().await;
    mario.browser.takes_cookies(&session);
    assert!(!mario.is_logged_in().await && !other.is_logged_in().await);
}

#[tokio::test]
async fn inv_i18_ab_23_logging_in_ends_the_session_that_was_there() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let first = mario.browser.cookies();
    mario.logs_in().await;
    assert_ne!(mario.browser.cookies(), first);
    let fixed = mario.elsewhere();
    fixed.browser.takes_cookies(&first);
    assert!(!fixed.is_logged_in().await);
}

#[tokio::test]
async fn ab_19_a_session_that_was_touched_is_none() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let cookies = mario.browser.cookies();
    let token = cookies.split("; ").find_map(|c| c.strip_prefix("session=")).unwrap_or(&cookies).to_owned();
    let parts: Vec<&str> = token.split('.').collect();
    let forged = mario.elsewhere();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoic2Vzc2lvbitqd3QifQ";
    let cases = [
        format!("{none}.{}.", parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], parts[1], parts[2].chars().rev().collect::<String>()),
        format!("{token}x"),
        "x".repeat(5_000),
        String::new(),
    ];
    for case in cases {
        forged.browser.takes_cookies(&format!("session={case}"));
        assert!(!forged.is_logged_in().await, "{case}");
    }
    forged.browser.takes_cookies(&format!("session={token}"));
    assert!(forged.is_logged_in().await);
}

#[tokio::test]
async fn inv_i17_ab_24_an_idle_session_ends_after_twenty_minutes_and_any_after_eight_hours() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    let idle = mario.elsewhere();
    idle.logs_in().await;
    portal.clock().moves_minutes(19).await;
    assert!(mario.is_logged_in().await);
    portal.clock().moves_minutes(2).await;
    assert!(mario.is_logged_in().await, "it was used two minutes ago");
    assert!(!idle.is_logged_in().await, "nobody used it for twenty-one");
    // In use all day long, it ends all the same: 21 minutes have passed.
    for _ in 0..30 {
        portal.clock().moves_minutes(15).await;
        assert!(mario.is_logged_in().await);
    }
    portal.clock().moves_minutes(10).await;
    assert!(!mario.is_logged_in().await);
    mario.logs_in().await;
}

/// Another site of the same domain sets cookies that come along.
#[tokio::test]
async fn idn_13_a_sister_sites_cookie_may_hold_anything() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let cookies = mario.browser.cookies();
    for sister in ["comune=Città", "x", "=", "a=\u{ff}b"] {
        for together in [format!("{sister}; {cookies}"), format!("{cookies}; {sister}")] {
            let ask = mario.browser.get("/api/account").header("cookie", &together);
            ask.answer().await.expect(200);
        }
    }
}

#[tokio::test]
async fn inv_i30_ab_25_another_sites_page_cannot_act_for_a_person() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let new = SamplePerson::new_password(portal.rng());
    let other_scheme = portal.url().replace("http://", "https://");
    for (header, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", &other_scheme),
        ("sec-fetch-site", "cross-site"),
    ] {
        let ask = mario.browser.post("/api/consent/revoke", &journeys::json!({"password": new}));
        ask.header(header, value).answer().await.refused(403, "forbidden_origin");
    }
    let ask = mario.browser.post("/api/logout", &journeys::json!({}));
    ask.header("origin", portal.url()).header("sec-fetch-site", "same-origin").answer().await.expect(204);
}
