//! Notice numbers are random: here the random generator repeats itself.

use std::time::Duration;

use journeys::ledger::LedgerView;
use journeys::local::Simulation;
use journeys::{DebtPosition, RetryingUser, Rng, SamplePerson, TestPortal, canteen, json};

/// The creditor issues three debts and cancels the first, Mario creates a spontaneous payment: returns its notice
/// number. The same seed draws the same number each time, until it is taken.
fn drawn(taken: &[String; 3]) -> String {
    fastrand::seed(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(async {
        let start = "2026-11-23T08:00:00Z".parse().unwrap();
        let simulation = Simulation { seed: 1, start, skew: Duration::ZERO };
        let portal = TestPortal::simulated(simulation, true, Rng::of_seed(1));
        let (mario, stack) = (RetryingUser::new(&portal), &portal.harness().stack);
        let creditor = portal.creditor();
        for number in taken {
            creditor.issues_as(DebtPosition::of(&mario.person, portal.rng()).numbered(number)).await;
        }
        creditor.cancels(&DebtPosition::of(&mario.person, portal.rng()).numbered(&taken[0]).notice()).await;
        let issued = |ledger: &LedgerView| taken.each_ref().map(|number| ledger.debt(number));
        let before = issued(&LedgerView::of(stack));
        mario.becomes_known().await;
        let mut pasti = canteen(1_500);
        pasti["reason"] = json!("Pasti");
        let made = mario.tries_to_create_as(&pasti, "wish").await;
        assert_eq!(made.status, 201, "{}", made.text());
        let ledger = LedgerView::of(stack);
        assert_eq!(issued(&ledger), before, "what was issued is as it was");
        assert_eq!((ledger.debts().len(), ledger.faults(false)), (4, Vec::new()));
        made.json()["debt"]["noticeNumber"].as_str().unwrap().to_owned()
    })
}

#[test]
fn inv_m14_a_number_that_was_issued_is_never_drawn_again_not_even_a_cancelled_one() {
    let rng = Rng::of_seed(2);
    let person = SamplePerson::natural(&rng);
    let [a, b, c] = [(); 3].map(|()| DebtPosition::of(&person, &rng).number);
    let first = drawn(&[a.clone(), b.clone(), c.clone()]);
    assert_eq!(drawn(&[b.clone(), a, c.clone()]), first, "chance says the same again");
    let second = drawn(&[first.clone(), b, c.clone()]);
    assert_ne!(second, first, "taken, and cancelled");
    let third = drawn(&[first.clone(), second.clone(), c]);
    assert!(third != first && third != second, "both are taken");
}
