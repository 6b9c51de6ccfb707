//! Changing and resetting the password.

use journeys::local::faults::{InjectedFault, Scope};
use journeys::{SamplePerson, TestPortal};

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
async fn fm_20_a_reset_password_counts_although_the_wait_of_its_username_stays() {
    let Some(portal) = TestPortal::alone() else { return };
    let mut mario = portal.known_citizen().await;
    for _ in 0..5 {
        mario.logs_in_with("non me la ricordo più").await.refused(401, "invalid_credentials");
    }
    mario.tries_to_log_in().await.refused(429, "too_many_requests");
    mario.forgets_password().await;
    // What comes after the change clears the wait.
    let updates = Scope::function("Password").operation("dynamodb:UpdateItem");
    portal.stack().faults().plan(updates, (1..100).map(|n| (n, InjectedFault::ServerError)));
    mario.resets_password().await;
    assert!(!portal.stack().faults().injected().is_empty(), "the trouble came");
    portal.stack().faults().clear();
    portal.clock().moves_minutes(2).await;
    mario.logs_in().await;
}
