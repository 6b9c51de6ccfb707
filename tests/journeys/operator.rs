//! What operators ask of the ledger, and what the nightly audit finds.

use admin::cli::{AdminCommand, Cli, LedgerCommand, Replay, VerifyOptions};
use admin::operator::{self, Verdict};
use clap::Parser;
use journeys::local::faults::{InjectedFault, Scope};
use journeys::local::{OPERATOR, Stack};
use journeys::{
    CallbackMessage, DebtPosition, NodeReceipt, PspOutcome, SampleNotice, TestPortal, Value, json, said,
};

async fn says(portal: &TestPortal, command: LedgerCommand) -> (Verdict, String) {
    let env = portal.stack().env(OPERATOR).unwrap();
    let mut out = Vec::new();
    let verdict = operator::run(&env, command, &mut out).await.unwrap();
    (verdict, String::from_utf8(out).unwrap())
}

fn debt(notice: &SampleNotice) -> LedgerCommand {
    LedgerCommand::Debt { notice: notice.number.parse().unwrap() }
}

fn assert_in_order(text: &str, words: &[&str]) {
    let mut rest = text;
    for word in words {
        let Some((_, after)) = rest.split_once(word) else { panic!("{word} is not in its place in\n{text}") };
        rest = after;
    }
}

#[tokio::test]
async fn a_debts_account_is_told_in_plain_words() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice, paying) = portal.payment_under_way().await;
    paying.at_psp(PspOutcome::Success).await;
    let again = CallbackMessage::succeeded(&paying).named("again").with("transactionId", "TX-AGAIN");
    portal.psp().calls_back(&again).await.expect(200);
    let (verdict, text) = says(&portal, debt(&notice)).await;
    assert_eq!(verdict, Verdict::Well);
    let whole = "the chain of 4 movements is whole";
    assert_in_order(
        &text,
        &[
            "paid",
            "created by the creditor",
            "payment started by the citizen",
            "PAID, says the PSP's callback",
            "PAID AGAIN, to refund",
            whole,
        ],
    );
    for personal in [&mario.person.fiscal_code, &mario.person.email] {
        assert!(!text.contains(personal.as_str()), "{text}");
    }
}

#[tokio::test]
async fn inv_m02_inv_m24_money_that_is_not_simply_a_payment_is_listed() {
    let Some(portal) = TestPortal::alone() else { return };
    let (_, twice, paying) = portal.payment_under_way().await;
    paying.at_psp(PspOutcome::Success).await;
    let again = CallbackMessage::succeeded(&paying).named("again").with("transactionId", "TX-AGAIN");
    portal.psp().calls_back(&again).await.expect(200);
    let (_, other, paying) = portal.payment_under_way().await;
    let wrong = CallbackMessage::succeeded(&paying).named("wrong").with("amount", paying.amount() + 1);
    portal.psp().calls_back(&wrong).await.expect(200);
    let unknown = CallbackMessage::succeeded(&paying)
        .named("unknown")
        .with("paymentId", "0".repeat(32))
        .with("transactionId", "TX-UNKNOWN");
    portal.psp().calls_back(&unknown).await.expect(200);
    let (_, text) = says(&portal, LedgerCommand::Differences).await;
    assert_in_order(
        &text,
        &[
            &format!("to refund: debt {}, movement 4, receipt TX-AGAIN", twice.number),
            &format!("of another amount: debt {}, movement 3", other.number),
            "of nothing we know: no debt of ours, receipt TX-UNKNOWN",
            "1 to refund, 1 of another amount, 1 of nothing we know",
        ],
    );
}

#[tokio::test]
async fn a_stored_callback_is_applied_again_by_id_or_by_time() {
    let Some(portal) = TestPortal::alone() else { return };
    for by_id in [true, false] {
        let (mario, notice, paying) = portal.payment_under_way().await;
        let from = portal.clock().now().await;
        // Stored, then nothing more: the transaction that credits is refused for as long as it is tried.
        let credits = Scope::function("PspCallback").operation("dynamodb:TransactWriteItems");
        portal.stack().faults().plan(credits, (1..10).map(|n| (n, InjectedFault::ServerError)));
        let callback = CallbackMessage::succeeded(&paying);
        portal.psp().calls_back(&callback).await.expect(503);
        portal.stack().faults().clear();
        assert_eq!(mario.status(&notice).await, "to-pay");
        let until = portal.clock().now().await + std::time::Duration::from_secs(1);
        let again = || match by_id {
            true => LedgerCommand::Replay(Replay::one(&callback.id)),
            false => LedgerCommand::Replay(Replay::between(from, until)),
        };
        let (_, text) = says(&portal, again()).await;
        assert!(text.contains("a debt was credited") && text.contains("1 callback\n"), "{text}");
        assert_eq!(mario.status(&notice).await, "paid");
        let (_, text) = says(&portal, again()).await;
        assert!(text.contains("known already, nothing changed"), "{text}");
        assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
    }
}

#[tokio::test]
async fn mon_17_what_operators_list_reads_no_whole_table() {
    let Some(portal) = TestPortal::alone() else { return };
    let from = portal.clock().now().await;
    let (_, _, paying) = portal.payment_under_way().await;
    paying.at_psp(PspOutcome::Success).await;
    let again = CallbackMessage::succeeded(&paying).named("again").with("transactionId", "TX-AGAIN");
    portal.psp().calls_back(&again).await.expect(200);
    let position = DebtPosition::of(&portal.citizen().person, portal.rng());
    assert_eq!(said(&NodeReceipt::of(&position.notice(), "1").arrives(&portal).await), "OK");
    portal.clock().moves(std::time::Duration::from_secs(50 * 60 * 60)).await;
    let until = portal.clock().now().await;
    portal.stack().faults().forget_usage();
    let (_, replayed) = says(&portal, LedgerCommand::Replay(Replay::between(from, until))).await;
    assert!(replayed.ends_with("3 callbacks\n"), "{replayed}");
    let (_, none) = says(&portal, LedgerCommand::Replay(Replay::between(until, until))).await;
    assert_eq!(none, "0 callbacks\n");
    let (_, listed) = says(&portal, LedgerCommand::Differences).await;
    assert!(listed.ends_with("1 to refund, 0 of another amount, 1 of nothing we know\n"), "{listed}");
    let (_, found) = says(&portal, typed("verify --found")).await;
    assert!(
        found.starts_with("Audit of ") && found.contains("finished, 1 debt, 4 movements, 0 broken"),
        "{found}"
    );
    let usage = portal.stack().faults().usage();
    assert!(!format!("{:?}", usage[OPERATOR]).contains("Scan"), "{:?}", usage[OPERATOR]);
}

/// The sentence of a command that is not carried out.
async fn refuses(portal: &TestPortal, command: LedgerCommand) -> String {
    let env = portal.stack().env(OPERATOR).unwrap();
    operator::run(&env, command, &mut Vec::new()).await.expect_err("it is refused").to_string()
}

/// A command line, as it is typed.
fn typed(line: &str) -> LedgerCommand {
    let cli = Cli::try_parse_from(std::iter::once("admin").chain(line.split_whitespace()));
    let Ok(Some(AdminCommand::Ledger(command))) = cli.map(|cli| cli.command) else { panic!("{line}") };
    command
}

#[tokio::test]
async fn inv_m10_what_was_given_back_or_settled_is_noted_once_and_listed_no_more() {
    let Some(portal) = TestPortal::alone() else { return };
    // Paid twice, and paid with another amount at a counter, and by a PSP that collected another amount.
    let (mario, twice, paying) = portal.payment_under_way().await;
    paying.at_psp(PspOutcome::Success).await;
    let again = CallbackMessage::succeeded(&paying).named("again").with("transactionId", "TX-AGAIN");
    portal.psp().calls_back(&again).await.expect(200);
    let (_, differs, _) = portal.payment_under_way().await;
    let receipt = NodeReceipt { cents: differs.amount + 5, ..NodeReceipt::of(&differs, "1") };
    assert_eq!(said(&receipt.arrives(&portal).await), "OK");
    let (lucia, open, paying) = portal.payment_under_way().await;
    let wrong = CallbackMessage::succeeded(&paying).named("wrong").with("amount", paying.amount() + 1);
    portal.psp().calls_back(&wrong).await.expect(200);
    let listed = async || says(&portal, LedgerCommand::Differences).await.1;
    assert!(listed().await.ends_with("1 to refund, 2 of another amount, 0 of nothing we know\n"));

    let refund = |notice: &SampleNotice, movement: u64| {
        typed(&format!("refund {} {movement} --by ragioneria --why mandato-118/2026", notice.number))
    };
    let reconcile = |notice: &SampleNotice, movement: u64| {
        typed(&format!("reconcile {} {movement} --by ragioneria --why flusso-2026-11-23", notice.number))
    };
    // Not everything can be noted of everything.
    let paid = &refuses(&portal, refund(&twice, 3)).await;
    assert!(paid.contains("is CREDIT: no money that waits"), "{paid}");
    let nothing = &refuses(&portal, refund(&twice, 9)).await;
    assert_eq!(nothing, &format!("there is no movement 9 of debt {}", twice.number));
    let unpaid = &refuses(&portal, reconcile(&open, 3)).await;
    assert!(unpaid.contains("is to pay, not paid") && unpaid.contains("refund"), "{unpaid}");

    let before = mario.sees(&twice).await;
    let (_, text) = says(&portal, refund(&twice, 4)).await;
    assert_eq!(text, format!("{}: noted as movement 5: ragioneria: mandato-118/2026\n", twice.number));
    for _ in 0..2 {
        let (_, text) = says(&portal, refund(&twice, 4)).await;
        assert_eq!(text, format!("{}: noted before as movement 5, nothing changed\n", twice.number));
    }
    let otherwise = refuses(&portal, reconcile(&twice, 4)).await;
    assert!(otherwise.contains("was dealt with: movement 5, REFUND_NOTED"), "{otherwise}");
    assert_eq!(mario.sees(&twice).await, before, "the citizen's debt is as it was");
    assert!(listed().await.ends_with("0 to refund, 2 of another amount, 0 of nothing we know\n"));

    says(&portal, reconcile(&differs, 4)).await;
    says(&portal, refund(&open, 3)).await;
    assert!(listed().await.ends_with("0 to refund, 0 of another amount, 0 of nothing we know\n"));
    assert_eq!(lucia.status(&open).await, "to-pay");
    let (_, account) = says(&portal, debt(&twice)).await;
    let entry = "refunded by an operator:";
    assert_in_order(
        &account,
        &["PAID AGAIN, to refund", entry, "(4 ragioneria: mandato-118/2026)", "is whole"],
    );
    let (verdict, text) = says(&portal, LedgerCommand::Verify(VerifyOptions::default())).await;
    assert_eq!(verdict, Verdict::Well, "{text}");
}

#[tokio::test]
async fn inv_x09_a_note_whose_answer_is_lost_is_made_once() {
    let Some(portal) = TestPortal::alone() else { return };
    let (_, notice, paying) = portal.payment_under_way().await;
    paying.at_psp(PspOutcome::Success).await;
    let again = CallbackMessage::succeeded(&paying).named("again").with("transactionId", "TX-AGAIN");
    portal.psp().calls_back(&again).await.expect(200);
    let scope = Scope { function: None, operation: Some("dynamodb:TransactWriteItems".to_owned()) };
    portal.stack().faults().plan(scope, [(1, InjectedFault::LoseAnswer)]);
    let refund = || typed(&format!("refund {} 4 --by ragioneria --why mandato-1", notice.number));
    says(&portal, refund()).await;
    says(&portal, refund()).await;
    let (verdict, account) = says(&portal, debt(&notice)).await;
    assert_eq!(verdict, Verdict::Well);
    assert_eq!(account.matches("refunded by").count(), 1, "{account}");
}

#[tokio::test]
async fn fm_52_a_receipt_that_never_came_is_credited_by_hand_and_known_when_it_comes_after_all() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    let receipt = NodeReceipt::of(&notice, "1");
    let amount = format!("{}.{:02}", notice.amount / 100, notice.amount % 100);
    let correct = |number: &str| {
        typed(&format!(
            "correct {number} --receipt {} --amount {amount} --paid-on 2026-11-23 --psp Banca-Due \
             --by ragioneria --why flusso-2026-11-23",
            receipt.id
        ))
    };
    let nobodys = refuses(&portal, correct("301000000000000144")).await;
    assert_eq!(nobodys, "there is no debt 301000000000000144");
    let (_, text) = says(&portal, correct(&notice.number)).await;
    assert_eq!(text, format!("{}: a debt was credited\n", notice.number));
    assert_eq!(mario.timeline(&notice).await, ["created", "paid"]);
    mario.receipt_pdf(&notice).await.pdf();
    let code = mario.receipt_code(&notice).await;
    assert_eq!(mario.verifies_receipt(&code).await.ok()["amount"], notice.amount);
    // Again by hand, and by the node at last.
    let (_, text) = says(&portal, correct(&notice.number)).await;
    assert!(text.contains("known already, nothing changed"), "{text}");
    assert_eq!(said(&receipt.arrives(&portal).await), "OK");
    assert_eq!(mario.timeline(&notice).await, ["created", "paid"]);
    assert_eq!(mario.receipt_code(&notice).await, code);
    let receipts = mario.subjects().await;
    assert_eq!(receipts.iter().filter(|subject| subject.starts_with("Ricevuta del pagamento")).count(), 1);
    let (verdict, account) = says(&portal, debt(&notice)).await;
    assert_eq!(verdict, Verdict::Well);
    assert_in_order(
        &account,
        &["PAID, says an operator:", "corrected by an operator:", "(2 ragioneria: flusso-2026-11-23)"],
    );
    assert!(
        says(&portal, LedgerCommand::Differences).await.1.starts_with("0 to refund, 0 of another amount")
    );
}

#[tokio::test]
async fn inv_m24_money_of_nothing_we_knew_is_listed_until_it_is_taken_for_a_debt() {
    let Some(portal) = TestPortal::alone() else { return };
    let position = DebtPosition::of(&portal.citizen().person, portal.rng());
    let receipt = NodeReceipt::of(&position.notice(), "1");
    assert_eq!(said(&receipt.arrives(&portal).await), "OK");
    let (_, text) = says(&portal, LedgerCommand::Differences).await;
    assert!(text.contains(&format!("of nothing we know: no debt of ours, receipt {}", receipt.id)), "{text}");
    portal.creditor().sends(&position).await.expect(201);
    let (_, text) = says(&portal, LedgerCommand::Replay(Replay::one(&format!("node {}", receipt.id)))).await;
    assert!(text.contains("a debt was credited"), "{text}");
    assert_eq!(
        says(&portal, LedgerCommand::Differences).await.1,
        "0 to refund, 0 of another amount, 0 of nothing we know\n"
    );
}

/// What an administrator with the table in hand could do: no function may.
async fn forges(portal: &TestPortal, operation: &str, request: Value) {
    let stack: &Stack = portal.stack();
    let table = stack.env(OPERATOR).unwrap().config().movements_table.get().unwrap().clone();
    let mut request = request;
    request["TableName"] = json!(table);
    portal.dynamodb(operation, &request).await;
}

#[tokio::test]
async fn ab_68_inv_m34_a_movement_edited_or_removed_in_the_table_raises_the_alarm() {
    let Some(portal) = TestPortal::alone() else { return };
    let mut debts = Vec::new();
    for _ in 0..3 {
        let (_, notice, paying) = portal.payment_under_way().await;
        paying.at_psp(PspOutcome::Success).await;
        debts.push(notice);
    }
    let (verdict, text) = says(&portal, LedgerCommand::Verify(VerifyOptions::default())).await;
    assert_eq!(verdict, Verdict::Well, "{text}");
    assert!(text.starts_with("3 debts, 9 movements: every chain is whole"), "{text}");
    let movement = |notice: &SampleNotice, number: u64| json!({"pk": {"S": format!("DEBT#{}", notice.number)}, "sk": {"S": format!("M#{number:012}")}});
    forges(
        &portal,
        "UpdateItem",
        json!({"Key": movement(&debts[0], 3), "UpdateExpression": "SET cents = :less",
               "ExpressionAttributeValues": {":less": {"N": "1"}}}),
    )
    .await;
    forges(&portal, "DeleteItem", json!({"Key": movement(&debts[1], 3)})).await;
    let (verdict, text) = says(&portal, LedgerCommand::Verify(VerifyOptions::default())).await;
    assert_eq!(verdict, Verdict::Broken);
    assert!(
        text.contains(&format!("{}: BROKEN, movement 3 does not continue the chain", debts[0].number)),
        "{text}"
    );
    assert!(text.contains(&format!("{}: BROKEN, the chain ends at 2", debts[1].number)), "{text}");
    assert!(!text.contains(&debts[2].number), "{text}");
    assert_eq!(says(&portal, debt(&debts[0])).await.0, Verdict::Broken);
    let nightly = portal.stack().invoke("Audit", &json!({})).await.unwrap();
    assert_eq!(nightly["broken"], 2, "{nightly}");
}
