//! What the scheduled sweep settles: lost callbacks, abandoned payments, expired debts.

use std::time::Duration;

use jiff::SignedDuration;
use journeys::local::faults::{InjectedFault, Scope};
use journeys::{DebtPosition, PspOutcome, SampleNotice, StartedPayment, TestPortal, Value, json};

#[tokio::test]
async fn an_abandoned_payment_is_pending_then_expires() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice, paying) = portal.payment_under_way().await;
    paying.at_psp(PspOutcome::Abandon).await;
    portal.clock().moves_minutes(18).await;
    assert_eq!(paying.status().await, "pending");
    // The same click leads back to the same page.
    assert_eq!(mario.pays(&notice).await.id, paying.id);
    portal.clock().moves_minutes(15).await;
    portal.clock().moves_minutes(60).await;
    mario.logs_in().await;
    assert_eq!(paying.status().await, "expired");
    let seen = mario.sees(&notice).await;
    assert_eq!((&seen["debt"]["status"], &seen["debt"]["payable"]), (&json!("to-pay"), &json!(true)));
    assert_eq!(seen["payments"][0]["status"], "expired");
    let again = mario.has_paid(&notice).await;
    assert_ne!(again.id, paying.id);
}

#[tokio::test]
async fn inv_m17_a_lost_callback_is_settled_by_asking_the_psp() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    let [refused, left] =
        [portal.creditor().issues(&mario.person).await, portal.creditor().issues(&mario.person).await];
    let (paying, failing) = (mario.pays(&notice).await, mario.pays(&refused).await);
    let leaving = mario.pays(&left).await;
    paying.at_psp(PspOutcome::Success.callbacks(0)).await;
    failing.at_psp(PspOutcome::Failure.callbacks(0)).await;
    leaving.at_psp(PspOutcome::Cancel.callbacks(0)).await;
    for waiting in [&paying, &failing, &leaving] {
        assert_eq!(waiting.status().await, "pending");
    }
    portal.clock().moves_minutes(6).await;
    assert_eq!(paying.status().await, "succeeded");
    assert_eq!(failing.status().await, "failed");
    assert_eq!(leaving.status().await, "cancelled");
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
    mario.receipt_pdf(&notice).await.pdf();
    assert_eq!(mario.mails_about("Pagamento non riuscito").await, 1);
}

#[tokio::test]
async fn a_late_callback_and_the_inquiry_credit_once() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice, paying) = portal.payment_under_way().await;
    // The callback is on its way for ten minutes; the sweep asks before.
    paying.at_psp(PspOutcome::Success.calling_back_after(600)).await;
    portal.clock().moves_minutes(6).await;
    assert_eq!(paying.status().await, "succeeded");
    portal.clock().moves_minutes(6).await;
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
    assert_eq!(mario.receipts_mailed().await, 1);
}

#[tokio::test]
async fn a_debt_past_its_last_day_can_no_longer_be_paid() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    let position = journeys::DebtPosition::of(&mario.person, portal.rng());
    let today = portal.clock().day(0).await;
    let notice =
        portal.creditor().issues_as(position.with("dueDate", today.clone()).with("expiresOn", today)).await;
    mario.associates(&notice).await;
    let paying = mario.pays(&notice).await;
    paying.at_psp(PspOutcome::Abandon).await;
    portal.clock().moves(Duration::from_secs(26 * 60 * 60)).await;
    mario.logs_in().await;
    assert_eq!(paying.status().await, "expired");
    assert_eq!(mario.status(&notice).await, "expired");
    mario.tries_to_pay(&notice).await.refused(409, "debt_not_payable");
    mario.notice_pdf(&notice).await.refused(409, "debt_not_payable");
    assert_eq!(mario.to_pay().await["count"], 0);
    // INV-M25: money that comes all the same is never lost.
    portal.psp().calls_back(&journeys::CallbackMessage::succeeded(&paying)).await.expect(200);
    assert_eq!(mario.status(&notice).await, "paid");
    assert_eq!(mario.timeline(&notice).await.last().unwrap(), "paid-late");
}

/// Debts whose last day is over, and have not been written down as expired.
async fn still_to_expire(portal: &TestPortal) -> usize {
    let (debts, now) = (portal.items("DebtsTable").await, portal.stack().clock().now().to_string());
    let is_due = |item: &&Value| item["due_at"]["S"].as_str().is_some_and(|due| due <= now.as_str());
    debts.iter().filter(|item| item["sk"]["S"] == "STATE").filter(is_due).count()
}

/// A crowd of debts that expired yesterday, and somebody who pays this morning and whose callback is lost.
async fn a_crowd_and_a_lost_callback(portal: &TestPortal) -> (SampleNotice, StartedPayment) {
    let (mario, notice) = portal.proven_citizen().await;
    let today = portal.clock().day(0).await;
    let position = DebtPosition::of(&mario.person, portal.rng()).with("expiresOn", today);
    let expiring = portal.creditor().issues_as(position).await;
    portal.multiplies(&expiring, CROWD).await;
    // Nothing has been swept since.
    portal.stack().clock().advance(SignedDuration::from_hours(26));
    mario.logs_in().await;
    let paying = mario.pays(&notice).await;
    paying.at_psp(PspOutcome::Success.callbacks(0)).await;
    portal.stack().clock().advance(SignedDuration::from_mins(2));
    (notice, paying)
}

const CROWD: usize = 400;

#[tokio::test]
async fn mon_10_a_crowd_of_expiring_debts_keeps_no_payment_waiting_and_is_gone_in_one_run() {
    let Some(portal) = TestPortal::alone() else { return };
    let (notice, paying) = a_crowd_and_a_lost_callback(&portal).await;
    let swept = portal.stack().invoke("Sweep", &json!({})).await.unwrap();
    assert_eq!(swept["unfinished"], false, "{swept}");
    assert_eq!(paying.status().await, "succeeded");
    assert_eq!(still_to_expire(&portal).await, 0);
    paying.citizen.receipt_pdf(&notice).await.pdf();
}

/// What cannot be done now is passed by, and what stands behind it is done.
#[tokio::test]
async fn mon_10_work_that_fails_keeps_nothing_behind_it_waiting() {
    let Some(portal) = TestPortal::alone() else { return };
    let writes = || Scope::function("Sweep").operation("dynamodb:TransactWriteItems");
    // Until the crowd is there, no sweep does anything; the clock's answer waits for one that is running.
    portal.stack().faults().plan(writes(), (1..10_000).map(|n| (n, InjectedFault::ServerError)));
    let (_, paying) = a_crowd_and_a_lost_callback(&portal).await;
    portal.clock().moves(Duration::from_secs(1)).await;
    portal.stack().faults().clear();
    let before = still_to_expire(&portal).await;
    assert!(before > CROWD, "{before}");
    // Then it fails for more debts than a page holds.
    portal.stack().faults().plan(writes(), (20..420).map(|n| (n, InjectedFault::ServerError)));
    let swept = portal.stack().invoke("Sweep", &json!({})).await.unwrap();
    portal.stack().faults().clear();
    let failures = usize::try_from(swept["failures"].as_u64().unwrap()).unwrap();
    assert!(failures > 100, "{swept}");
    assert_eq!(paying.status().await, "succeeded");
    let left = still_to_expire(&portal).await;
    assert!(left > 0 && left <= failures && left < before, "{left} of {before}: {swept}");
    portal.stack().invoke("Sweep", &json!({})).await.unwrap();
    assert_eq!(still_to_expire(&portal).await, 0);
}

#[tokio::test]
async fn a_debt_past_its_last_day_takes_no_place_in_the_sweep_while_a_payment_of_it_is_open() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, _) = portal.proven_citizen().await;
    let today = portal.clock().day(0).await;
    let position = DebtPosition::of(&mario.person, portal.rng()).with("expiresOn", today);
    let notice = portal.creditor().issues_as(position).await;
    let places = async || {
        let env = portal.stack().env("Sweep").unwrap();
        let writer = store::DebtWriter::connect(&env).unwrap();
        let mut places = 0;
        for shard in store::due_shards() {
            let due = writer.due_work(store::DueQueue::Expiries, shard, None).await.unwrap();
            places += due
                .items
                .iter()
                .filter(|due| matches!(due, store::DueWork::Debt(number) if number.as_str() == notice.number))
                .count();
        }
        places
    };
    mario.pays(&notice).await;
    let asks = Scope::function("Sweep").operation("psp:ask");
    portal.stack().faults().plan(asks, (1..1_000).map(|n| (n, InjectedFault::ServerError)));
    portal.clock().moves(Duration::from_secs(25 * 60 * 60)).await;
    mario.logs_in().await;
    assert_eq!(mario.status(&notice).await, "expired");
    assert_eq!(places().await, 0, "there is nothing to do until the payment has ended");
    // It ends, and the next sweep writes down that the day has passed.
    portal.stack().faults().clear();
    for minutes in [70, 6] {
        portal.clock().moves_minutes(minutes).await;
    }
    mario.logs_in().await;
    let timeline = mario.timeline(&notice).await;
    assert_eq!(timeline.last().map(String::as_str), Some("expired"), "{timeline:?}");
    assert_eq!(places().await, 0);
}
