//! Activation links, and mailed links as such.

use std::time::Duration;

use journeys::{SamplePerson, TestPortal, json, token_of};

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
async fn idn_06_idn_08_the_link_wants_the_password_of_its_registration_and_is_the_first_login() {
    let portal = TestPortal::open();
    let mario = portal.citizen();
    mario.registers().await;
    let token = mario.token("/attiva").await;
    let wrong = mario.tries_to_activate_with(&token, "non la mia password").await;
    wrong.refused(401, "invalid_credentials");
    mario.posts("/api/activate", &json!({"token": token})).await.refused(400, "invalid_input");
    mario.tries_to_log_in().await.refused(403, "account_not_active");
    let mut active = mario.tries_to_activate(&token).await.ok();
    assert_eq!(active["status"], "active");
    assert_eq!(active["account"].take(), mario.account().await, "logged in");
    // Whoever comes again with the password hears that the account is active, and is no nearer to it.
    let again = mario.elsewhere();
    assert_eq!(again.tries_to_activate(&token).await.ok(), json!({"status": "active"}));
    assert!(!again.is_logged_in().await);
    again.tries_to_activate_with(&token, "non la mia password").await.refused(401, "invalid_credentials");
    assert_eq!(mario.mails_about("Il tuo account è attivo").await, 1);
}

#[tokio::test]
async fn idn_08_the_code_of_the_mail_does_what_its_link_does() {
    let portal = TestPortal::open();
    let mut mario = portal.citizen();
    mario.registers().await;
    let code = mario.mails().await[0].code().expect("a code in the mail");
    // Small letters and blanks are no mistake; the code of somebody else's mail is.
    let lucia = portal.citizen();
    lucia.registers().await;
    lucia.tries_to_activate_by_code(&code).await.refused(400, "link_not_valid");
    let typed = code.to_lowercase().replace('-', "  ");
    let active = mario.tries_to_activate_by_code(&typed).await.ok();
    assert_eq!(active["account"]["username"], mario.person.username.as_str());
    assert!(mario.is_logged_in().await);

    mario.forgets_password().await;
    let mail = mario.mails_about_first("Reimposta la password").await;
    let new = SamplePerson::new_password(portal.rng());
    let code = mail.code().expect("a code in the mail");
    mario.tries_to_activate_by_code(&code).await.refused(400, "link_not_valid");
    mario.tries_to_reset_by_code(&code, &new).await.expect(204);
    mario.person.password = new.clone();
    mario.logs_in().await;
    mario.tries_to_reset_by_code(&code, &new).await.refused(400, "link_not_valid");
    let token = token_of(&mail, "/reimposta-password").expect("a link beside it");
    mario.tries_to_reset_password(&token, &new).await.refused(400, "link_not_valid");
}

#[tokio::test]
async fn idn_08_five_wrong_codes_void_the_code_and_not_the_link() {
    let Some(portal) = TestPortal::alone() else { return };
    for (wrong, works) in [(4, true), (5, false), (6, false)] {
        let mario = portal.citizen();
        mario.registers().await;
        let code = mario.mails().await[0].code().expect("a code in the mail");
        for _ in 0..wrong {
            mario.elsewhere().tries_to_activate_by_code("ZZZZ-9999").await.refused(400, "link_not_valid");
        }
        let answer = mario.tries_to_activate_by_code(&code).await;
        assert_eq!(answer.status, if works { 200 } else { 400 }, "after {wrong}: {}", answer.text());
        if works {
            continue;
        }
        // A code that is mailed later has its own five, and the link never cared.
        portal.clock().moves_minutes(2).await;
        mario.asks_for_activation().await.expect(202);
        let newer = mario.mails().await[0].code().expect("a code in the mail");
        assert_ne!(newer, code);
        for _ in 0..4 {
            mario.elsewhere().tries_to_activate_by_code(&code).await.refused(400, "link_not_valid");
        }
        // The right code with a wrong password is no wrong code.
        let mut stranger = mario.elsewhere();
        stranger.person.password = "non la mia password".to_owned();
        stranger.tries_to_activate_by_code(&newer).await.refused(401, "invalid_credentials");
        match wrong {
            5 => mario.tries_to_activate_by_code(&newer).await.expect(200),
            _ => mario.tries_to_activate(&mario.token("/attiva").await).await.expect(200),
        };
    }
}

#[tokio::test]
async fn idn_06_registrations_of_one_address_stand_side_by_side() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.citizen();
    let mut stranger = portal.citizen();
    stranger.person.username.clone_from(&mario.person.username);
    stranger.person.email.clone_from(&mario.person.email);
    mario.registers().await;
    let own = mario.token("/attiva").await;
    portal.clock().moves_minutes(2).await;
    stranger.registers().await;
    let theirs = mario.token("/attiva").await;
    assert_ne!(own, theirs);
    // Each link is of its own registration: the stranger's password does not open the owner's, nor the reverse.
    mario.tries_to_activate(&theirs).await.refused(401, "invalid_credentials");
    stranger.tries_to_activate(&own).await.refused(401, "invalid_credentials");
    // Another mail has a link for each of them, the last registration first.
    portal.clock().moves_minutes(2).await;
    mario.asks_for_activation().await.expect(202);
    let mail = mario.mails().await.remove(0);
    let [newest, own_again] = &mail.links[..] else { panic!("{:?}", mail.links) };
    let token = |link: &str| link.split_once("#t=").expect("a token").1.to_owned();
    mario.tries_to_activate(&token(newest)).await.refused(401, "invalid_credentials");
    mario.tries_to_activate(&token(own_again)).await.expect(200);
    // The username is taken: the others lapse with it, and only the mailbox's holder hears so.
    stranger.tries_to_activate(&token(newest)).await.refused(409, "username_taken");
    stranger.tries_to_log_in().await.refused(401, "invalid_credentials");
    mario.logs_in().await;
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
