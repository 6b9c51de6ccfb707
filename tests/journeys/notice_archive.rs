//! The central archive of notices hears of every change of a debt.

use journeys::local::faults::{InjectedFault, Scope};
use journeys::{DebtPosition, PspOutcome, SampleNotice, TestPortal, Value, canteen, json};

/// What the central archive holds of a notice.
async fn archived(portal: &TestPortal, notice: &SampleNotice) -> Value {
    let list = portal.browser().get("/_local/aca.json").answer().await.ok();
    let items = list["items"].as_array().expect("positions");
    let held: Vec<&Value> = items.iter().filter(|item| item["nav"] == notice.number.as_str()).collect();
    assert_eq!(held.len(), 1, "each position once");
    held[0].clone()
}

#[tokio::test]
async fn the_central_archive_hears_of_every_change() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    let creditor = portal.creditor();
    let position = DebtPosition::of(&mario.person, portal.rng());
    let notice = creditor.issues_as(position.clone()).await;
    let held = archived(&portal, &notice).await;
    assert_eq!((&held["amount"], &held["iuv"]), (&json!(notice.amount), &json!(notice.iuv())));
    assert_eq!(held["entityFiscalCode"], notice.fiscal_code.as_str());
    // Changed, cancelled.
    creditor.sends(&position.with("amount", 12_345)).await.expect(200);
    assert_eq!(archived(&portal, &notice).await["amount"], 12_345);
    creditor.cancels(&notice).await;
    assert_eq!(archived(&portal, &notice).await["amount"], 0);
    // Paid at a PSP.
    let paid = creditor.issues(&mario.person).await;
    mario.associates(&paid).await;
    assert_eq!(archived(&portal, &paid).await["amount"], paid.amount);
    let paying = mario.pays(&paid).await;
    assert_eq!(archived(&portal, &paid).await["amount"], paid.amount);
    paying.at_psp(PspOutcome::Success).await;
    assert_eq!(archived(&portal, &paid).await["amount"], 0);
    // Of the person's own accord.
    let wished = mario.creates(&canteen(3_000)).await;
    assert_eq!(archived(&portal, &wished).await["amount"], 3_000);
    let page = portal.browser().get("/_local/aca").answer().await.expect(200).text();
    assert!(page.contains(&wished.number) && page.contains("Chiusa"));
}

/// However often somebody looks before that day.
#[tokio::test]
async fn the_archive_hears_of_a_debt_on_the_day_from_which_it_holds() {
    let Some(portal) = TestPortal::alone() else { return };
    let position = DebtPosition::of(&portal.citizen().person, portal.rng());
    let in_two_days = portal.clock().day(2).await;
    let notice = portal.creditor().issues_as(position.with("validFrom", in_two_days)).await;
    portal.stack().settle().await;
    let list = portal.browser().get("/_local/aca.json").answer().await.ok();
    assert_eq!(list["items"], json!([]));
    for _ in 0..16 {
        portal.clock().moves_minutes(3 * 60).await;
    }
    assert_eq!(archived(&portal, &notice).await["amount"], notice.amount);
}

#[tokio::test]
async fn what_the_archive_did_not_take_comes_again() {
    let Some(portal) = TestPortal::alone() else { return };
    let person = portal.citizen().person;
    portal
        .stack()
        .faults()
        .plan(Scope::default().operation("aca:upload"), (1..4).map(|n| (n, InjectedFault::ServerError)));
    let notice = portal.creditor().issues(&person).await;
    let list = portal.browser().get("/_local/aca.json").answer().await.ok();
    assert_eq!(list["items"], json!([]));
    for _ in 0..6 {
        portal.clock().moves_minutes(15).await;
    }
    assert_eq!(archived(&portal, &notice).await["amount"], notice.amount);
}
