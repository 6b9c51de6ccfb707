//! Activation links, and mailed links as such.

use std::time::Duration;

use journeys::{SamplePerson, TestPortal};

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
