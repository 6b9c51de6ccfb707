//! What operators ask of the ledger, and what the nightly audit finds.

use journeys::local::faults::{Fault, Scope};
use journeys::local::{OPERATOR, Stack};
use journeys::{Callback, Citizen, Method, Notice, Outcome, Paying, Portal, Value, json};
use operator::{Command, Verdict};

async fn says(portal: &Portal, command: Command) -> (Verdict, String) {
    let world = portal.stack().world(OPERATOR).unwrap();
    let mut out = Vec::new();
    let verdict = operator::run(&world, command, &mut out).await.unwrap();
    (verdict, String::from_utf8(out).unwrap())
}

fn debt(notice: &Notice) -> Command {
    Command::Debt(notice.number.parse().unwrap())
}

async fn begun(portal: &Portal) -> (Citizen, Notice, Paying) {
    let (mario, notice) = portal.proven_citizen().await;
    let paying = mario.pays(&notice).await;
    (mario, notice, paying)
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
    let Some(portal) = Portal::alone() else { return };
    let (mario, notice, paying) = begun(&portal).await;
    paying.at_psp(Outcome::Success).await;
    let again = Callback::succeeded(&paying).named("again").with("transactionId", "TX-AGAIN");
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
async fn money_that_is_not_simply_a_payment_is_listed() {
    let Some(portal) = Portal::alone() else { return };
    let (_, twice, paying) = begun(&portal).await;
    paying.at_psp(Outcome::Success).await;
    let again = Callback::succeeded(&paying).named("again").with("transactionId", "TX-AGAIN");
    portal.psp().calls_back(&again).await.expect(200);
    let (_, other, paying) = begun(&portal).await;
    let wrong = Callback::succeeded(&paying).named("wrong").with("amount", paying.amount() + 1);
    portal.psp().calls_back(&wrong).await.expect(200);
    let unknown = Callback::succeeded(&paying)
        .named("unknown")
        .with("paymentId", "0".repeat(32))
        .with("transactionId", "TX-UNKNOWN");
    portal.psp().calls_back(&unknown).await.expect(200);
    let (_, text) = says(&portal, Command::Differences).await;
    assert_in_order(
        &text,
        &[
            &format!("to refund: debt {}, receipt TX-AGAIN", twice.number),
            &format!("other amount than agreed: debt {}", other.number),
            "of nothing we know: no debt of ours, receipt TX-UNKNOWN",
            "1 to refund, 1 of another amount, 1 of nothing we know",
        ],
    );
}

#[tokio::test]
async fn a_stored_callback_is_applied_again_by_id_or_by_time() {
    let Some(portal) = Portal::alone() else { return };
    for by_id in [true, false] {
        let (mario, notice, paying) = begun(&portal).await;
        let from = portal.clock().now().await;
        // Stored, then nothing more: the transaction that credits is refused for as long as it is tried.
        let credits = Scope::function("PspCallback").operation("dynamodb:TransactWriteItems");
        portal.stack().faults().plan(credits, (1..10).map(|n| (n, Fault::ServerError)));
        let callback = Callback::succeeded(&paying);
        portal.psp().calls_back(&callback).await.expect(503);
        portal.stack().faults().clear();
        assert_eq!(mario.status(&notice).await, "to-pay");
        let until = portal.clock().now().await + std::time::Duration::from_secs(1);
        let again = || match by_id {
            true => Command::ReplayOne(callback.id.clone()),
            false => Command::ReplayBetween { from, until },
        };
        let (_, text) = says(&portal, again()).await;
        assert!(text.contains("a debt was credited") && text.contains("1 callback\n"), "{text}");
        assert_eq!(mario.status(&notice).await, "paid");
        let (_, text) = says(&portal, again()).await;
        assert!(text.contains("known already, nothing changed"), "{text}");
        assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
    }
}

/// What an administrator with the table in hand could do: no function may.
async fn forges(portal: &Portal, operation: &str, request: Value) {
    let stack: &Stack = portal.stack();
    let table = stack.world(OPERATOR).unwrap().variable("MOVEMENTS_TABLE").unwrap().to_owned();
    let mut request = request;
    request["TableName"] = json!(table);
    let ask = portal.browser().asks(Method::POST, "/_local/aws");
    let ask = ask.header("x-amz-target", &format!("DynamoDB_20120810.{operation}")).header(
        "authorization",
        &format!("AWS4-HMAC-SHA256 Credential={OPERATOR}/20260101/eu-south-1/dynamodb/aws4_request"),
    );
    ask.body("application/x-amz-json-1.0", request.to_string().as_bytes()).answer().await.expect(200);
}

#[tokio::test]
async fn ab_68_inv_m34_a_movement_edited_or_removed_in_the_table_raises_the_alarm() {
    let Some(portal) = Portal::alone() else { return };
    let mut debts = Vec::new();
    for _ in 0..3 {
        let (_, notice, paying) = begun(&portal).await;
        paying.at_psp(Outcome::Success).await;
        debts.push(notice);
    }
    let (verdict, text) = says(&portal, Command::Verify).await;
    assert_eq!(verdict, Verdict::Well, "{text}");
    assert!(text.starts_with("3 debts, 9 movements: every chain is whole"), "{text}");
    let movement = |notice: &Notice, number: u64| json!({"pk": {"S": format!("DEBT#{}", notice.number)}, "sk": {"S": format!("M#{number:012}")}});
    forges(
        &portal,
        "UpdateItem",
        json!({"Key": movement(&debts[0], 3), "UpdateExpression": "SET cents = :less",
               "ExpressionAttributeValues": {":less": {"N": "1"}}}),
    )
    .await;
    forges(&portal, "DeleteItem", json!({"Key": movement(&debts[1], 3)})).await;
    let (verdict, text) = says(&portal, Command::Verify).await;
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
