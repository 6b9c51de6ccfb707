//! What is stored by another version of ourselves, and what is stored of another time.

use std::time::Duration;

use admin::cli::{LedgerCommand, Replay, VerifyOptions};
use admin::operator::{self, Verdict};
use domain::debt::DebtState;
use domain::ledger::{BrokenLedger, verify, verify_chain};
use domain::money::Cents;
use domain::movement::Movement;
use domain::notice::NoticeNumber;
use journeys::local::OPERATOR;
use journeys::{
    CallbackMessage, NodeReceipt, PortalUser, PspOutcome, SampleNotice, TestPortal, Value, json, said,
};
use store::{DebtStatement, Ledger};

async fn operates(portal: &TestPortal, command: LedgerCommand) -> (Verdict, String) {
    let env = portal.stack().env(OPERATOR).unwrap();
    let mut out = Vec::new();
    let verdict = operator::run(&env, command, &mut out).await.unwrap();
    (verdict, String::from_utf8(out).unwrap())
}

/// The same item as a version would write it that knows more than we do: of the row itself, and of what the row holds
/// as a text.
fn of_the_next_version(item: &Value) -> Value {
    let mut item = item.clone();
    for (_, value) in item.as_object_mut().unwrap() {
        let held = value["S"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(mut held) = held.filter(Value::is_object) {
            held["ofTheNextVersion"] = json!({"anything": [1, 2, 3]});
            *value = json!({"S": held.to_string()});
        }
    }
    item["of_the_next_version"] = json!({"M": {"anything": {"N": "1"}}});
    item
}

#[tokio::test]
async fn fm_57_what_the_next_version_has_written_is_read_and_worked_on() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, open) = portal.proven_citizen().await;
    let creditor = portal.creditor();
    let (paid, pending, closed) = (
        creditor.issues(&mario.person).await,
        creditor.issues(&mario.person).await,
        creditor.issues(&mario.person).await,
    );
    mario.has_paid(&paid).await;
    let paying = mario.pays(&pending).await;
    creditor.cancels(&closed).await;
    mario.forgets_password().await;
    portal.stack().settle().await;
    let seen = |notice: SampleNotice| {
        let mario = mario.clone();
        async move { mario.sees(&notice).await }
    };
    let before = (seen(open.clone()).await, seen(paid.clone()).await, seen(closed.clone()).await);
    let receipt = mario.receipt_pdf(&paid).await.pdf();

    let mut written = 0;
    for (table, item) in portal.all_items().await {
        portal.put_item(&table, &of_the_next_version(&item)).await;
        written += 1;
    }
    assert!(written > 30, "{written} rows");

    assert!(mario.is_logged_in().await, "sessions and accounts");
    let after = (seen(open.clone()).await, seen(paid.clone()).await, seen(closed.clone()).await);
    assert_eq!(after, before, "debts, movements, attempts");
    assert_eq!(mario.receipt_pdf(&paid).await.pdf(), receipt, "receipts");
    // What was under way goes on.
    portal.psp().calls_back(&CallbackMessage::succeeded(&paying)).await.expect(200);
    assert_eq!(mario.timeline(&pending).await, ["created", "payment-started", "paid"]);
    portal.psp().calls_back(&CallbackMessage::succeeded(&paying)).await.expect(200);
    mario.has_paid(&open).await;
    mario.clone().resets_password().await;
    assert_eq!(said(&NodeReceipt::of(&closed, "1").arrives(&portal).await), "OK");
    assert_eq!(mario.tries_to_log_in().await.status, 401, "the new password counts");
    let (verdict, text) = operates(&portal, LedgerCommand::Verify(VerifyOptions::default())).await;
    assert_eq!(verdict, Verdict::Well, "{text}");
}

/// Puts every table back to what it was.
async fn restored(portal: &TestPortal, then: &[(String, Value)]) {
    for (table, item) in portal.all_items().await {
        portal.delete_item(&table, &item).await;
    }
    for (table, item) in then {
        portal.put_item(table, item).await;
    }
}

async fn paid_once(mario: &PortalUser, notice: &SampleNotice) {
    let timeline = mario.timeline(notice).await;
    let paid = timeline.iter().filter(|event| *event == "paid").count();
    assert_eq!((paid, timeline.last().map(String::as_str)), (1, Some("paid")), "{timeline:?}");
    mario.receipt_pdf(notice).await.pdf();
}

#[tokio::test]
async fn fm_59_after_a_restore_the_money_that_came_later_comes_back_once() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, told) = portal.proven_citizen().await;
    let asked_for = portal.creditor().issues(&mario.person).await;
    let at_the_till = portal.creditor().issues(&mario.person).await;
    let (first, second) = (mario.pays(&told).await, mario.pays(&asked_for).await);
    portal.stack().settle().await;
    let then = portal.all_items().await;

    first.at_psp(PspOutcome::Success).await;
    second.at_psp(PspOutcome::Success.callbacks(0)).await;
    let receipt = NodeReceipt::of(&at_the_till, "1");
    assert_eq!(said(&receipt.arrives(&portal).await), "OK");
    portal.stack().settle().await;
    paid_once(&mario, &told).await;
    let events: Vec<Value> = portal.items("DebtsTable").await;
    let events: Vec<Value> =
        events.into_iter().filter(|item| item["pk"]["S"].as_str().unwrap().starts_with("EVENT#")).collect();
    assert_eq!(events.len(), 2, "a callback and a receipt, as they came");

    restored(&portal, &then).await;
    for notice in [&told, &asked_for, &at_the_till] {
        assert_eq!(mario.status(notice).await, "to-pay", "as it was then");
    }
    // Whoever was not heard sends again; for the others the sweep asks; what the old table still has is replayed.
    portal.psp().calls_back(&CallbackMessage::succeeded(&first).named("again")).await.expect(200);
    paid_once(&mario, &told).await;
    portal.clock().moves(Duration::from_secs(7 * 60)).await;
    paid_once(&mario, &asked_for).await;
    for event in &events {
        portal.put_item("DebtsTable", event).await;
    }
    let again = || LedgerCommand::Replay(Replay::one(&format!("node {}", receipt.id)));
    let (_, text) = operates(&portal, again()).await;
    assert!(text.contains("a debt was credited"), "{text}");
    // All of it once more changes nothing.
    let (_, text) = operates(&portal, again()).await;
    assert!(text.contains("known already"), "{text}");
    let everything = portal.clock().now().await;
    let from = everything - Duration::from_secs(24 * 60 * 60);
    let until = everything + Duration::from_secs(1);
    operates(&portal, LedgerCommand::Replay(Replay::between(from, until))).await;
    assert_eq!(said(&receipt.arrives(&portal).await), "PAA_RECEIPT_DUPLICATA");
    portal.psp().calls_back(&CallbackMessage::succeeded(&second)).await.expect(200);
    for notice in [&told, &asked_for, &at_the_till] {
        paid_once(&mario, notice).await;
    }
    let (verdict, text) = operates(&portal, LedgerCommand::Verify(VerifyOptions::default())).await;
    assert_eq!(verdict, Verdict::Well, "{text}");
    assert!(text.starts_with("3 debts"), "{text}");
}

/// What a PSP has said can be read again, word by word; also a second body under one name (AB-40), also what changed
/// nothing.
#[tokio::test]
async fn inv_m02_ab_40_every_message_is_kept_as_it_came_and_counts_as_applied() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    let paying = mario.pays(&notice).await;
    let messages = [
        CallbackMessage::failed(&paying).named("evt-one"),
        CallbackMessage::succeeded(&paying).named("evt-one"),
        CallbackMessage::failed(&paying).named("evt-two"),
    ];
    for message in &messages {
        portal.psp().calls_back(message).await.expect(200);
    }
    let all = portal.all_items().await.into_iter().map(|(_, item)| item);
    let kept: Vec<Value> =
        all.filter(|item| item["pk"]["S"].as_str().is_some_and(|key| key.starts_with("EVENT#"))).collect();
    for message in &messages {
        let body = message.body.to_string();
        let one = kept.iter().find(|item| item["body"]["S"] == body.as_str());
        assert_eq!(one.map(|item| &item["applied"]["BOOL"]), Some(&json!(true)), "{body}");
    }
    assert_eq!(kept.len(), messages.len());
}

/// What a receipt will say for ever: the fee once, how many were paid together, and no payment left open.
#[tokio::test]
async fn inv_m12_of_debts_paid_together_one_receipt_carries_the_fee() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, alone) = portal.proven_citizen().await;
    let ledger = Ledger::connect(&portal.stack().env("Audit").unwrap()).unwrap();
    let debt = async |notice: &SampleNotice| {
        let number = NoticeNumber::parse(&notice.number).unwrap();
        ledger.statement(&number).await.unwrap().unwrap().debt.unwrap()
    };
    let both = [portal.creditor().issues(&mario.person).await, portal.creditor().issues(&mario.person).await];
    let paying = mario.pays_all(&[&both[0], &both[1]]).await;
    assert!(debt(&both[0]).await.attempt.is_some() && debt(&both[1]).await.attempt.is_some());
    portal.psp().calls_back(&CallbackMessage::succeeded(&paying).with("fee", 150)).await.expect(200);
    let single = mario.pays(&alone).await;
    portal.psp().calls_back(&CallbackMessage::succeeded(&single).with("fee", 100)).await.expect(200);
    let mut seen = Vec::new();
    for notice in [&both[0], &both[1], &alone] {
        let debt = debt(notice).await;
        assert_eq!(debt.attempt, None);
        let receipt = debt.receipt.unwrap();
        seen.push((receipt.fee.map(Cents::get), receipt.paid_together));
    }
    assert_eq!(seen, [(Some(150), Some(2)), (None, Some(2)), (Some(100), None)]);
}

/// Who may write into the table can hash anew what he writes, but not what follows it.
#[tokio::test]
async fn inv_m34_no_movement_is_changed_moved_or_left_out_without_breaking_the_chain() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    mario.has_paid(&notice).await;
    let number = NoticeNumber::parse(&notice.number).unwrap();
    let ledger = Ledger::connect(&portal.stack().env("Audit").unwrap()).unwrap();
    let DebtStatement { debt, movements: good, .. } = ledger.statement(&number).await.unwrap().unwrap();
    let debt = debt.unwrap();
    assert_eq!((good.len(), verify(&debt, &good)), (3, Ok(())));

    let broken = |change: &dyn Fn(&mut Vec<Movement>)| {
        let mut movements = good.clone();
        change(&mut movements);
        verify_chain(&number, &movements)
    };
    let sealed = |movement: &mut Movement| movement.hash = movement.chain_hash(&number);
    assert_eq!(broken(&|all| all[1].hash.push('0')), Err(2), "another hash");
    assert_eq!(broken(&|all| all[0].reference = Some("other".to_owned())), Err(1), "other data");
    assert_eq!(
        broken(&|all| {
            all[0].reference = Some("other".to_owned());
            sealed(&mut all[0]);
        }),
        Err(2),
        "hashed anew: what follows does not follow it"
    );
    assert_eq!(
        broken(&|all| {
            all[2].number = 7;
            sealed(&mut all[2]);
        }),
        Err(3),
        "a place left free, hashed anew"
    );
    assert_eq!(broken(&|all| drop(all.remove(1))), Err(2), "one left out");

    let mut unpaid = debt.clone();
    unpaid.state = DebtState::Open;
    let expected = BrokenLedger::State { movements: Some(DebtState::Paid), debt: DebtState::Open };
    assert_eq!(verify(&unpaid, &good), Err(expected), "the debt says what its movements do not");
}

/// A place in a list only says where to look: whoever has an entry for another's debt sees nothing of it.
#[tokio::test]
async fn inv_x08_inv_i19_a_place_that_should_not_be_there_shows_nothing() {
    let Some(portal) = TestPortal::alone() else { return };
    let ((mario, his), (lucia, hers)) = (portal.proven_citizen().await, portal.proven_citizen().await);
    let paid = portal.creditor().issues(&mario.person).await;
    mario.has_paid(&paid).await;
    let all = portal.items("DebtsTable").await;
    let is_place = |item: &&Value| item["pk"]["S"].as_str().is_some_and(|key| key.starts_with("OWNER#"));
    let of = |notice: &SampleNotice| -> Vec<Value> {
        let places = all.iter().filter(is_place);
        places.filter(|item| item["notice"]["S"] == notice.number).cloned().collect()
    };
    let (mut strays, own) = ([of(&his), of(&paid)].concat(), of(&hers));
    assert!(strays.len() == 2 && own.len() == 1, "{strays:?} {own:?}");
    for stray in &mut strays {
        stray["pk"] = own[0]["pk"].clone();
        portal.put_item("DebtsTable", stray).await;
    }
    assert_eq!(lucia.numbers_to_pay().await, [hers.number]);
    assert_eq!(lucia.history("?status=all").await["items"], json!([]));
}
