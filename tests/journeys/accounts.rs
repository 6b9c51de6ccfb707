//! Getting an account, keeping it, and what mailed links can do.

use std::time::Duration;

use journeys::local::faults::{Fault, Scope};
use journeys::{SamplePerson, TestPortal, Value, json};

#[tokio::test]
async fn every_wrong_field_of_a_registration_is_named_at_once() {
    let portal = TestPortal::open();
    let mario = portal.citizen();
    let mut form = mario.person.form();
    form["fiscalCode"] = json!("RSSMRA80A01H501X");
    form["firstName"] = json!("");
    form["email"] = json!("nobody");
    form["province"] = json!("XX");
    form["postalCode"] = json!("1");
    form["phone"] = json!("abc");
    form["password"] = json!("short");
    form["passwordConfirmation"] = json!("other");
    form["termsAccepted"] = json!(false);
    let refused = mario.registers_with(&form).await.refused(400, "invalid_input");
    let fields = refused.fields();
    let said: Vec<(&str, &str)> = fields.iter().map(|(f, c)| (f.as_str(), c.as_str())).collect();
    assert_eq!(
        said,
        [
            ("email", "format"),
            ("firstName", "required"),
            ("fiscalCode", "checksum"),
            ("password", "too_short"),
            ("passwordConfirmation", "mismatch"),
            ("phone", "format"),
            ("postalCode", "format"),
            ("province", "not_allowed"),
            ("termsAccepted", "required"),
        ]
    );
    assert!(mario.mails().await.is_empty());
}

#[tokio::test]
async fn ab_03_a_password_is_refused_for_what_it_is() {
    let portal = TestPortal::open();
    let mario = portal.citizen();
    let local_part = mario.person.email.split('@').next().unwrap().to_owned();
    let long = "ab c".repeat(65);
    let cases = [
        ("password1234", "common"),
        ("aaaaaaaaaaaa", "common"),
        (local_part.as_str(), "personal"),
        ("undicicarat", "too_short"),
        (long.as_str(), "too_long"),
    ];
    for (password, code) in cases {
        let mut form = mario.person.form();
        form["password"] = json!(password);
        form["passwordConfirmation"] = json!(password);
        let fields = mario.registers_with(&form).await.refused(400, "invalid_input").fields();
        assert_eq!(fields, [("password".to_owned(), code.to_owned())], "{password}");
    }
}

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
async fn inv_i26_ab_12_links_in_mails_ignore_what_the_request_says_of_its_host() {
    let portal = TestPortal::open();
    let mario = portal.citizen();
    let form = mario.person.form();
    let forged = mario.browser.post("/api/register", &form);
    forged
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "gopher")
        .answer()
        .await
        .expect(202);
    let mails = mario.mails().await;
    assert!(mails[0].links.iter().all(|link| link.starts_with(portal.url())), "{:?}", mails[0].links);
}

#[tokio::test]
async fn ab_13_line_ends_in_a_name_are_refused() {
    let portal = TestPortal::open();
    let mario = portal.citizen();
    let mut form = mario.person.form();
    form["firstName"] = json!("Mario\r\nBcc: all@example.it");
    mario.registers_with(&form).await.refused(400, "invalid_input");
}

#[tokio::test]
async fn inv_i08_inv_i10_ab_10_ab_11_a_link_works_once_and_only_for_its_purpose() {
    let portal = TestPortal::open();
    let mut mario = portal.citizen();
    mario.registers().await;
    let activation = mario.token("/attiva").await;
    let new = SamplePerson::new_password(portal.rng());
    // Each on the other's door.
    mario.tries_to_reset_password(&activation, &new).await.refused(400, "link_not_valid");
    mario.tries_to_activate(&activation).await.expect(200);
    mario.forgets_password().await;
    let reset = mario.token("/reimposta-password").await;
    mario.tries_to_activate(&reset).await.refused(400, "link_not_valid");
    mario.tries_to_reset_password(&reset, &new).await.expect(204);
    mario.person.password = new;
    mario.logs_in().await;
    // Again: the second time it is any link that is not valid.
    let other = SamplePerson::new_password(portal.rng());
    let used = mario.tries_to_reset_password(&reset, &other).await.refused(400, "link_not_valid");
    let unknown = mario.tries_to_reset_password("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &other).await;
    let garbage = mario.tries_to_reset_password("../../etc/passwd", &other).await;
    assert_eq!(used.seen_by_a_stranger(), unknown.seen_by_a_stranger());
    assert_eq!(used.seen_by_a_stranger(), garbage.seen_by_a_stranger());
    assert!(mario.is_logged_in().await, "a link that did nothing ends nothing");
    assert_eq!(mario.mails_about("La password è stata cambiata").await, 1);
}

#[tokio::test]
async fn a_double_click_on_the_activation_link_gets_the_same_answer() {
    let portal = TestPortal::open();
    let mario = portal.citizen();
    mario.registers().await;
    let token = mario.token("/attiva").await;
    let first = mario.tries_to_activate(&token).await.ok();
    let second = mario.tries_to_activate(&token).await.ok();
    assert_eq!(first, second);
    assert_eq!(mario.mails_about("Il tuo account è attivo").await, 1);
}

#[tokio::test]
async fn inv_x07_ab_17_links_and_registrations_end_with_their_time() {
    let Some(portal) = TestPortal::alone() else { return };
    let mut late = portal.citizen();
    late.registers().await;
    let mut mario = portal.known_citizen().await;
    mario.forgets_password().await;
    let reset = mario.token("/reimposta-password").await;
    portal.clock().moves_minutes(31).await;
    let new = SamplePerson::new_password(portal.rng());
    mario.tries_to_reset_password(&reset, &new).await.refused(400, "link_not_valid");
    // A newer link voids the older one.
    mario.forgets_password().await;
    let second = mario.token("/reimposta-password").await;
    portal.clock().moves_minutes(2).await;
    mario.forgets_password().await;
    mario.tries_to_reset_password(&second, &new).await.refused(400, "link_not_valid");
    mario.resets_password().await;
    mario.logs_in().await;

    let token = late.token("/attiva").await;
    portal.clock().moves(Duration::from_secs(24 * 60 * 60)).await;
    late.tries_to_activate(&token).await.refused(400, "link_not_valid");
    late.tries_to_log_in().await.refused(401, "invalid_credentials");
    // The names are free again: the same person registers with another password.
    late.person.password = SamplePerson::new_password(portal.rng());
    late.becomes_known().await;
}

#[tokio::test]
async fn a_wrong_address_is_corrected_by_registering_again() {
    let Some(portal) = TestPortal::alone() else { return };
    let mut mario = portal.citizen();
    let right = mario.person.email.clone();
    mario.person.email = format!("typo.{right}");
    mario.registers().await;
    let stray = portal.mailbox().token(&mario.person.email, "/attiva").await.unwrap();
    portal.clock().moves_minutes(1).await;
    mario.person.email = right;
    mario.registers().await;
    // The stray link leads nowhere any more.
    mario.tries_to_activate(&stray).await.refused(400, "link_not_valid");
    mario.activates().await;
    assert_eq!(mario.logs_in().await["email"], mario.person.email.as_str());
}

#[tokio::test]
async fn the_activation_mail_comes_again_on_request() {
    let portal = TestPortal::open();
    let mario = portal.citizen();
    mario.registers().await;
    let first = mario.token("/attiva").await;
    mario.asks_for_activation().await.expect(202);
    let second = mario.token("/attiva").await;
    assert_ne!(first, second);
    mario.tries_to_activate(&first).await.refused(400, "link_not_valid");
    mario.tries_to_activate(&second).await.expect(200);
    // AB-08: who asks again at once gets nothing more.
    assert_eq!(mario.mails_about("Attiva il tuo account").await, 2);
}

#[tokio::test]
async fn inv_i28_changing_the_password_needs_the_current_one() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let new = SamplePerson::new_password(portal.rng());
    let current = mario.person.password.clone();
    mario.tries_to_change_password("another one entirely", &new).await.refused(401, "invalid_credentials");
    let fields =
        mario.tries_to_change_password(&current, "short").await.refused(400, "invalid_input").fields();
    assert_eq!(fields, [("password".to_owned(), "too_short".to_owned())]);
    assert!(mario.is_logged_in().await);
    assert_eq!(mario.mails_about("La password è stata cambiata").await, 0);
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
    // From anywhere, and for a name that nobody has as well.
    mario.elsewhere().tries_to_log_in().await.refused(429, "too_many_requests");
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
    let elsewhere = mario.elsewhere();
    elsewhere.tries_to_log_in().await.refused(429, "too_many_requests");
    mario.forgets_password().await;
    mario.resets_password().await;
    mario.logs_in().await;
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
async fn inv_i24_who_withdrew_registers_again_under_the_same_names() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    mario.withdraws_consent().await;
    assert_eq!(mario.mails_about("Consenso revocato").await, 1);
    portal.clock().moves_minutes(2).await;
    let again = mario.elsewhere().becomes_known().await;
    let account = again.account().await;
    assert_eq!(account["identityProven"], false);
    assert_eq!(again.to_pay().await["count"], 0);
    again.associates(&notice).await;
    assert_eq!(again.numbers_to_pay().await, [notice.number.as_str()]);
    // The old session stays dead.
    assert!(!mario.is_logged_in().await);
}

#[tokio::test]
async fn fm_20_a_reset_password_counts_although_the_wait_of_its_username_stays() {
    let Some(portal) = TestPortal::alone() else { return };
    let mut mario = portal.known_citizen().await;
    for _ in 0..5 {
        mario.elsewhere().logs_in_with("non me la ricordo più").await.refused(401, "invalid_credentials");
    }
    mario.forgets_password().await;
    // The first update counts the try; what comes after the change clears the wait.
    let updates = Scope::function("Password").operation("dynamodb:UpdateItem");
    portal.stack().faults().plan(updates, (2..100).map(|n| (n, Fault::ServerError)));
    mario.resets_password().await;
    assert!(!portal.stack().faults().injected().is_empty(), "the trouble came");
    portal.stack().faults().clear();
    portal.clock().moves_minutes(2).await;
    mario.logs_in().await;
}
