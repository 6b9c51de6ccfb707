//! The states that an account can be in, and that nobody outside can tell one from another.

use std::collections::BTreeMap;

use journeys::local::faults::{InjectedFault, Scope};
use journeys::{PortalUser, TestPortal, TestResponse};

/// What an account can be: unknown, waiting for its activation, active, closed, closed and erased.
pub const STATES: [&str; 5] = ["unknown", "pending", "active", "closed", "erased"];

/// One citizen for each of [`STATES`], on a product of their own.
pub async fn one_of_each(portal: &TestPortal) -> Vec<PortalUser> {
    let pending = portal.citizen();
    pending.registers().await;
    let active = portal.known_citizen().await;
    let erased = portal.known_citizen().await;
    erased.withdraws_consent().await;
    assert_eq!(erased.mails_about("Consenso revocato").await, 1, "the worker has erased it");
    // The worker cannot, from now on: the profile is still there.
    let closed = portal.known_citizen().await;
    let never = (1..10_000).map(|n| (n, InjectedFault::ServerError));
    portal.stack().faults().plan(Scope::function("ProcessOutbox"), never);
    closed.withdraws_consent().await;
    vec![portal.citizen(), pending, active, closed, erased]
}

type Ask = (&'static str, &'static str, AsyncAsk);
type AsyncAsk = fn(TestPortal, PortalUser) -> std::pin::Pin<Box<dyn Future<Output = TestResponse>>>;

/// The questions whose answer must not depend on the account, each with the function that answers.
const QUESTIONS: [Ask; 5] = [
    ("login", "Login", |_, who| Box::pin(async move { who.logs_in_with("not the password at all").await })),
    ("forgot", "Password", |_, who| Box::pin(async move { who.asks_for_reset().await })),
    ("resend", "Activate", |_, who| Box::pin(async move { who.asks_for_activation().await })),
    ("register", "Register", |_, who| Box::pin(async move { who.tries_to_register().await })),
    ("register with the fiscal code", "Register", |portal, who| {
        Box::pin(async move {
            let mut other = portal.citizen();
            other.person.fiscal_code.clone_from(&who.person.fiscal_code);
            other.tries_to_register().await
        })
    }),
];

#[tokio::test]
async fn inv_i03_inv_i04_inv_i05_ab_05_ab_07_every_state_gets_the_same_bytes_for_the_same_calls() {
    let Some(portal) = TestPortal::alone() else { return };
    let citizens = one_of_each(&portal).await;
    for (question, function, ask) in QUESTIONS {
        // Secrets are read once: not by the first of the five.
        let _warm = ask(portal.clone(), portal.citizen()).await;
        let mut seen: Vec<(String, BTreeMap<String, u64>)> = Vec::new();
        for citizen in &citizens {
            let stranger = citizen.elsewhere();
            portal.stack().faults().forget_usage();
            let answer = ask(portal.clone(), stranger).await;
            let calls = portal.stack().faults().usage()[function].calls.clone();
            assert!(!calls.is_empty(), "{question}: nothing was recorded");
            seen.push((answer.seen_by_a_stranger(), calls));
        }
        for (state, (bytes, calls)) in STATES.iter().zip(&seen) {
            assert_eq!(bytes, &seen[0].0, "{question}: {state} answers otherwise than unknown");
            assert_eq!(calls, &seen[0].1, "{question}: {state} makes other calls than unknown");
        }
    }
}

/// INV-I07: which password learns what.
#[tokio::test]
async fn inv_i07_only_the_right_password_of_a_waiting_account_learns_that_it_waits() {
    let Some(portal) = TestPortal::alone() else { return };
    let citizens = one_of_each(&portal).await;
    let mut wrong = Vec::new();
    for (state, citizen) in STATES.iter().zip(&citizens) {
        let stranger = citizen.elsewhere();
        let offered = stranger.tries_to_log_in().await;
        match *state {
            "active" => drop(offered.expect(200)),
            "pending" => drop(offered.refused(403, "account_not_active")),
            _ => wrong.push(offered.refused(401, "invalid_credentials").seen_by_a_stranger()),
        }
        let guess = stranger.logs_in_with("not the password at all").await;
        wrong.push(guess.refused(401, "invalid_credentials").seen_by_a_stranger());
        assert!(*state == "active" || !stranger.is_logged_in().await, "{state}");
    }
    assert!(wrong.iter().all(|answer| *answer == wrong[0]), "{wrong:#?}");
}
