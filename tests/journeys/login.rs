//! Logging in: the password, the wait after wrong ones, and who is told what.

use std::time::Duration;

use journeys::{SamplePerson, TestPortal, Value, json};

#[tokio::test]
async fn inv_i12_the_password_counts_exactly_as_typed() {
    let portal = TestPortal::open();
    let mut person = SamplePerson::natural(portal.rng());
    person.password = format!("  Ça va? 🦊 {} ", portal.rng().letters(6));
    let mario = portal.citizen_like(person).becomes_known().await;
    for other in [mario.person.password.trim().to_owned(), mario.person.password.to_uppercase()] {
        mario.logs_in_with(&other).await.refused(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn inv_i14_ab_01_guessing_makes_the_right_password_wait_too() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    let guesser = mario.elsewhere();
    for _ in 0..5 {
        guesser.logs_in_with("a guess that is wrong").await.refused(401, "invalid_credentials");
    }
    let wait = guesser.tries_to_log_in().await.refused(429, "too_many_requests").retry_after();
    assert!((1..=30).contains(&wait), "{wait}");
    // There and nowhere else, and for a name that nobody has as well.
    mario.elsewhere().tries_to_log_in().await.expect(200);
    let nobody = portal.citizen();
    for _ in 0..5 {
        nobody.tries_to_log_in().await.refused(401, "invalid_credentials");
    }
    nobody.tries_to_log_in().await.refused(429, "too_many_requests");
    // Sessions go on, and the wait ends with its time.
    assert!(mario.is_logged_in().await);
    portal.clock().moves(Duration::from_secs(wait + 1)).await;
    guesser.logs_in_with("a guess that is wrong").await.refused(401, "invalid_credentials");
    let longer = guesser.tries_to_log_in().await.refused(429, "too_many_requests").retry_after();
    assert!((31..=60).contains(&longer), "{longer}");
    portal.clock().moves(Duration::from_secs(longer + 1)).await;
    guesser.tries_to_log_in().await.expect(200);
    // A success starts afresh.
    guesser.logs_in_with("a guess that is wrong").await.refused(401, "invalid_credentials");
    guesser.tries_to_log_in().await.expect(200);
}

#[tokio::test]
async fn ab_04_whoever_is_locked_out_by_another_recovers_by_mail() {
    let portal = TestPortal::open();
    let mut mario = portal.known_citizen().await;
    let attacker = mario.elsewhere();
    for _ in 0..5 {
        attacker.logs_in_with("a guess that is wrong").await.refused(401, "invalid_credentials");
    }
    attacker.tries_to_log_in().await.refused(429, "too_many_requests");
    mario.forgets_password().await;
    mario.resets_password().await;
    mario.logs_in().await;
}

/// A keyboard that sends an accent apart from its letter types the same word.
#[tokio::test]
async fn idn_13_a_password_is_the_same_however_its_accents_are_composed() {
    let portal = TestPortal::open();
    for (chosen, typed) in [
        ("perché così più là", "perche\u{301} cosi\u{300} piu\u{300} la\u{300}"),
        ("gia\u{300} domani sera", "già domani sera"),
    ] {
        let mut person = SamplePerson::natural(portal.rng());
        let end = portal.rng().letters(6);
        person.password = format!("{chosen} {end}");
        let mario = portal.citizen_like(person).becomes_known().await;
        mario.elsewhere().logs_in_with(&format!("{typed} {end}")).await.expect(200);
        mario.elsewhere().logs_in().await;
        let plain = format!("perche cosi piu la {end}");
        mario.elsewhere().logs_in_with(&plain).await.refused(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn ab_02_one_source_that_tries_many_names_is_stopped() {
    let portal = TestPortal::open();
    let source = portal.citizen();
    for _ in 0..20 {
        let credentials: Value = json!({
            "username": format!("{}@example.it", portal.rng().letters(12)), "password": "Spring is coming 2026"
        });
        source.posts("/api/login", &credentials).await.refused(401, "invalid_credentials");
    }
    source.tries_to_log_in().await.refused(429, "too_many_requests");
    // Another source is not concerned.
    portal.known_citizen().await;
}

#[tokio::test]
async fn inv_i07_a_closed_account_answers_the_right_password_like_a_wrong_one() {
    let portal = TestPortal::open();
    let closed = portal.known_citizen().await;
    closed.withdraws_consent().await;
    let right = closed.elsewhere().tries_to_log_in().await.refused(401, "invalid_credentials");
    let wrong = portal.citizen().tries_to_log_in().await.refused(401, "invalid_credentials");
    assert_eq!(right.seen_by_a_stranger(), wrong.seen_by_a_stranger());
    // Only the right password learns that an account waits for its activation.
    let waiting = portal.citizen();
    waiting.registers().await;
    waiting.tries_to_log_in().await.refused(403, "account_not_active");
    let wrong_too = waiting.elsewhere().logs_in_with("not the password at all").await;
    assert_eq!(wrong_too.seen_by_a_stranger(), wrong.seen_by_a_stranger());
}
