//! Registration: what it refuses, whom it mails, and that it answers alike for every account.

use journeys::{PortalUser, TestPortal, json};

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
async fn a_wrong_address_is_corrected_by_registering_again() {
    let portal = TestPortal::open();
    let mut mario = portal.citizen();
    let right = mario.person.email.clone();
    mario.person.email = format!("typo.{right}");
    mario.person.username.clone_from(&mario.person.email);
    mario.registers().await;
    mario.person.email.clone_from(&right);
    mario.person.username = right;
    mario.registers().await;
    mario.activates().await;
    assert_eq!(mario.account().await["email"], mario.person.email.as_str());
}

#[tokio::test]
async fn idn_01_the_activation_mail_goes_to_the_username_whatever_the_other_address_says() {
    let portal = TestPortal::open();
    let mut thief = portal.citizen();
    let owner = portal.citizen();
    // With a mailbox of their own, and the owner's as username.
    thief.person.username.clone_from(&owner.person.username);
    thief.registers().await;
    assert!(thief.mails().await.is_empty(), "nothing to an address that nobody has confirmed");
    assert_eq!(owner.mails_about("Attiva il tuo account").await, 1);
    // Whoever reads that mail has not the password, and the thief has not the mail.
    let token = owner.token("/attiva").await;
    owner.tries_to_activate(&token).await.refused(401, "invalid_credentials");
}

#[tokio::test]
async fn idn_01_a_fiscal_code_excludes_nobody_before_it_is_proven() {
    let portal = TestPortal::open();
    let first = portal.known_citizen().await;
    let mut second = portal.citizen();
    second.person.fiscal_code.clone_from(&first.person.fiscal_code);
    let mut third = portal.citizen();
    third.person.fiscal_code.clone_from(&first.person.fiscal_code);
    for person in [second.becomes_known().await, third.becomes_known().await] {
        assert_eq!(person.account().await["fiscalCode"], first.person.fiscal_code.as_str());
        assert_eq!(person.account().await["identityProven"], false);
    }
}

#[tokio::test]
async fn idn_07_a_username_that_is_taken_is_told_to_its_mailbox_alone() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    portal.clock().moves_minutes(2).await;
    let mut again = portal.citizen();
    again.person.username.clone_from(&mario.person.username);
    again.person.email.clone_from(&mario.person.email);
    again.registers().await;
    // The same mail as ever; only its link says what is so.
    assert_eq!(mario.mails_about("Attiva il tuo account").await, 2);
    let token = mario.token("/attiva").await;
    again.tries_to_activate(&token).await.refused(409, "username_taken");
    again.tries_to_log_in().await.refused(401, "invalid_credentials");
    mario.logs_in().await;
}

/// One citizen for each state that an account can be in: unknown, waiting, active, closed.
async fn one_of_each_state(portal: &TestPortal) -> Vec<PortalUser> {
    let unknown = portal.citizen();
    let waiting = portal.citizen();
    waiting.registers().await;
    let active = portal.known_citizen().await;
    let closed = portal.known_citizen().await;
    closed.withdraws_consent().await;
    // Wait until the worker has erased it.
    assert_eq!(closed.mails_about("Consenso revocato").await, 1);
    vec![unknown, waiting, active, closed]
}

#[tokio::test]
async fn inv_i03_ab_05_register_forgot_resend_and_login_answer_alike_for_every_account() {
    let portal = TestPortal::open();
    let citizens = one_of_each_state(&portal).await;
    let mut seen: Vec<[String; 5]> = Vec::new();
    for citizen in &citizens {
        let stranger = citizen.elsewhere();
        let mut same_code = portal.citizen();
        same_code.person.fiscal_code.clone_from(&citizen.person.fiscal_code);
        let answers = [
            stranger.logs_in_with("not the password at all").await.refused(401, "invalid_credentials"),
            stranger.asks_for_reset().await.expect(202),
            stranger.asks_for_activation().await.expect(202),
            stranger.tries_to_register().await.expect(202),
            same_code.tries_to_register().await.expect(202),
        ];
        seen.push(answers.map(|answer| answer.seen_by_a_stranger()));
    }
    for (state, other) in seen.iter().enumerate() {
        assert_eq!(other, &seen[0], "state {state}");
    }
}

#[tokio::test]
async fn inv_i06_ab_06_the_first_step_of_a_registration_knows_nobody() {
    let portal = TestPortal::open();
    for citizen in one_of_each_state(&portal).await {
        let code = citizen.person.fiscal_code.clone();
        let checked = citizen.elsewhere().checks_code(&code).await.ok();
        assert_eq!(checked, json!({"fiscalCode": code, "personType": "natural"}));
    }
    portal.citizen().checks_code("RSSMRA80A01H501X").await.refused(400, "invalid_input");
}
