//! When a session is dead.

use journeys::{SamplePerson, TestPortal};

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

#[tokio::test]
async fn inv_i30_ab_25_another_sites_page_cannot_act_for_a_person() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let new = SamplePerson::new_password(portal.rng());
    for (header, value) in
        [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
    {
        let ask = mario.browser.post("/api/consent/revoke", &journeys::json!({"password": new}));
        ask.header(header, value).answer().await.refused(403, "forbidden_origin");
    }
    let ask = mario.browser.post("/api/logout", &journeys::json!({}));
    ask.header("origin", portal.url()).header("sec-fetch-site", "same-origin").answer().await.expect(204);
}
