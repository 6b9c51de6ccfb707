//! Another address for mail: a link to the new one, word to the old one, nothing else before the link is used.

use std::time::Duration;

use journeys::{TestPortal, json};

#[tokio::test]
async fn idn_01_another_address_is_written_to_once_its_link_was_used() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, _) = portal.proven_citizen().await;
    let office = format!("ufficio.{}", mario.person.username);
    mario.tries_to_change_email(&office).await.expect(202);
    assert_eq!(mario.mails_about("È stata chiesta un’altra email").await, 1, "word to the old one");
    let token = portal.mailbox().token(&office, "/conferma-email").await.unwrap();
    assert_eq!(mario.account().await["email"], mario.person.email.as_str());
    let notice = portal.creditor().issues(&mario.person).await;
    mario.has_paid(&notice).await;
    assert_eq!(mario.receipts_mailed().await, 1);
    assert_eq!(portal.mailbox().of(&office).await.len(), 1, "nothing but the link before it is used");
    // Opened on another device.
    let device = portal.citizen();
    device.gets("/conferma-email").await.expect(200);
    device.tries_to_confirm_email(&token).await.expect(204);
    assert_eq!(mario.account().await["email"], office.as_str());
    mario.tries_to_confirm_email(&token).await.refused(400, "link_not_valid");
    device.tries_to_confirm_email(&token).await.refused(401, "not_authenticated");
    let second = portal.creditor().issues(&mario.person).await;
    mario.has_paid(&second).await;
    assert_eq!(mario.receipts_mailed().await, 1);
    assert_eq!(portal.mailbox().of(&office).await.len(), 2);
    mario.logs_in().await;
}

#[tokio::test]
async fn idn_01_an_address_given_at_registration_is_confirmed_after_activation() {
    let portal = TestPortal::open();
    let mut mario = portal.citizen();
    let office = format!("ufficio.{}", mario.person.username);
    let mut form = mario.person.form();
    form["email"] = json!(office);
    mario.registers_with(&form).await.expect(202);
    assert!(portal.mailbox().of(&office).await.is_empty());
    mario.activates().await;
    assert_eq!(mario.account().await["email"], mario.person.username.as_str());
    let token = portal.mailbox().token(&office, "/conferma-email").await.unwrap();
    mario.tries_to_confirm_email(&token).await.expect(204);
    assert_eq!(mario.account().await["email"], office.as_str());
    // A forgotten password is set anew from there.
    mario.asks_for_reset().await.expect(202);
    mario.person.email = office;
    mario.resets_password().await;
    mario.logs_in().await;
}

#[tokio::test]
async fn idn_01_only_the_password_asks_and_only_the_last_link_in_time_confirms() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    let (first, second) = (format!("a.{}", mario.person.email), format!("b.{}", mario.person.email));
    let mut thief = mario.clone();
    thief.person.password = "non la mia password".to_owned();
    thief.tries_to_change_email(&first).await.refused(401, "invalid_credentials");
    mario.tries_to_change_email("nobody").await.refused(400, "invalid_input");
    portal.citizen().tries_to_change_email(&first).await.refused(401, "not_authenticated");
    assert!(portal.mailbox().of(&first).await.is_empty());
    mario.tries_to_change_email(&first).await.expect(202);
    let older = portal.mailbox().token(&first, "/conferma-email").await.unwrap();
    mario.tries_to_change_email(&second).await.expect(202);
    let newer = portal.mailbox().token(&second, "/conferma-email").await.unwrap();
    mario.tries_to_confirm_email(&older).await.refused(400, "link_not_valid");
    mario.tries_to_confirm_email("../../etc/passwd").await.refused(400, "link_not_valid");
    mario.tries_to_activate(&newer).await.refused(400, "link_not_valid");
    portal.clock().moves(Duration::from_secs(24 * 60 * 60)).await;
    mario.logs_in().await;
    mario.tries_to_confirm_email(&newer).await.refused(400, "link_not_valid");
    assert_eq!(mario.account().await["email"], mario.person.email.as_str());
    // The same address as before: nothing to do, and nobody is written to.
    let before = mario.subjects().await;
    mario.tries_to_change_email(&mario.person.email).await.expect(202);
    assert_eq!(mario.subjects().await, before);
}
