//! In which order things are done: stored before others hear of it, written before it is acknowledged.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use journeys::local::faults::{InjectedFault, Scope, Storm};
use journeys::{
    CREDITOR, CallbackMessage, DebtPosition, NodeReceipt, PspOutcome, TestPortal, TestResponse, US,
    asks_node, json, question, said,
};

/// The calls that a function makes while something is done, in their order.
async fn calls_of(portal: &TestPortal, function: &str, work: impl Future) -> Vec<String> {
    let faults = portal.stack().faults();
    let before = faults.injected().len();
    // A storm without trouble: every call is entered.
    let calm = Storm { seed: 0, percent: 0, crashes: 0, latency: Duration::ZERO };
    faults.storm(Scope::function(function), calm);
    work.await;
    faults.clear();
    faults.injected().into_iter().skip(before).map(|(call, _)| call.operation).collect()
}

fn meets(portal: &TestPortal, function: &str, operation: &str, trouble: InjectedFault) {
    let scope = Scope::function(function).operation(operation);
    portal.stack().faults().plan(scope, (1..1_000).map(|n| (n, trouble)));
}

#[tokio::test]
async fn inv_m16_an_attempt_is_stored_before_the_psp_hears_of_it_and_asks_under_one_name() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    let calls = calls_of(&portal, "InitiatePayment", mario.tries_to_pay(&notice)).await;
    let place = |operation: &str| calls.iter().position(|call| call == operation).expect(operation);
    assert!(place("dynamodb:TransactWriteItems") < place("psp:open"), "{calls:?}");
    for trouble in [
        InjectedFault::CrashBefore,
        InjectedFault::CrashAfter,
        InjectedFault::LoseRequest,
        InjectedFault::LoseAnswer,
        InjectedFault::ServerError,
    ] {
        let notice = portal.creditor().issues(&mario.person).await;
        meets(&portal, "InitiatePayment", "psp:open", trouble);
        let clicked = mario.tries_to_pay(&notice).await;
        portal.stack().faults().clear();
        assert!(clicked.status >= 500, "{trouble:?}: {}", clicked.status);
        let stored = mario.sees(&notice).await["payments"].take();
        assert_eq!(
            (stored.as_array().unwrap().len(), &stored[0]["status"]),
            (1, &json!("pending")),
            "{trouble:?}"
        );
        // The PSP takes one request under one key only, and the key must be the payment's name.
        let paying = mario.pays(&notice).await;
        assert_eq!(stored[0]["paymentId"], paying.id.as_str(), "{trouble:?}");
        paying.at_psp(PspOutcome::Success).await;
        assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"], "{trouble:?}");
    }
}

#[tokio::test]
async fn inv_m22_nothing_is_acknowledged_before_it_is_written() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, _) = portal.proven_citizen().await;
    for function in ["PspCallback", "PagopaNode"] {
        for trouble in [
            InjectedFault::CrashBefore,
            InjectedFault::ServerError,
            InjectedFault::Throttle,
            InjectedFault::LoseRequest,
            InjectedFault::Conflict,
            InjectedFault::CrashAfter,
        ] {
            let what = format!("{function}, {trouble:?}");
            let notice = portal.creditor().issues(&mario.person).await;
            let paying = mario.pays(&notice).await;
            let sends = async || -> TestResponse {
                match function {
                    "PspCallback" => portal.psp().calls_back(&CallbackMessage::succeeded(&paying)).await,
                    _ => NodeReceipt::of(&notice, "1").arrives(&portal).await,
                }
            };
            meets(&portal, function, "dynamodb:TransactWriteItems", trouble);
            let first = sends().await;
            portal.stack().faults().clear();
            assert!(first.status >= 500, "{what}: acknowledged with {}: {}", first.status, first.text());
            let committed = trouble == InjectedFault::CrashAfter;
            assert_eq!(mario.status(&notice).await, if committed { "paid" } else { "to-pay" }, "{what}");
            sends().await.expect(200);
            assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"], "{what}");
        }
    }
}

/// A receipt whose sender's clock shows this.
fn dated(receipt: &NodeReceipt, says: Timestamp) -> String {
    let rome = domain::time::in_rome(says);
    let (moment, day) = (rome.strftime("%Y-%m-%dT%H:%M:%S"), rome.strftime("%Y-%m-%d"));
    let times = format!(
        "<paymentDateTime>{moment}</paymentDateTime><applicationDate>{day}</applicationDate>\
         <transferDate>{day}</transferDate></receipt>"
    );
    receipt.xml().replace("</receipt>", &times)
}

#[tokio::test]
async fn inv_m26_the_senders_clock_decides_nothing() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, _) = portal.proven_citizen().await;
    let creditor = portal.creditor();
    let position = || DebtPosition::of(&mario.person, portal.rng());
    let tomorrow = portal.clock().day(1).await;
    let now = portal.clock().now().await;
    let by_chance = i64::try_from(portal.rng().below(7_300)).unwrap() - 3_650;
    let days = [-3_650, -366, -2, 2, 366, 3_650, by_chance];
    let (mut expiring, mut late) = (Vec::new(), Vec::new());
    for day in days {
        let says = now + SignedDuration::from_hours(24 * day);
        for by_psp in [true, false] {
            // To pay until tomorrow by our clock, cancelled, and to pay until tomorrow but told after it.
            let open = creditor.issues_as(position().with("expiresOn", tomorrow.clone())).await;
            let cancelled = creditor.issues(&mario.person).await;
            let expired = creditor.issues_as(position().with("expiresOn", tomorrow.clone())).await;
            let told = |notice| {
                let (mario, portal) = (mario.clone(), portal.clone());
                async move {
                    let paying = mario.pays(notice).await;
                    let mut callback = CallbackMessage::succeeded(&paying).with("paidAt", says.to_string());
                    callback.body["timestamp"] = json!(says.to_string());
                    (portal, callback, dated(&NodeReceipt::of(notice, "1"), says))
                }
            };
            let messages = (told(&open).await, told(&cancelled).await, told(&expired).await);
            creditor.cancels(&cancelled).await;
            for (message, notice, expected) in
                [(messages.0, &open, "paid"), (messages.1, &cancelled, "paid-late")]
            {
                tells(message, by_psp).await;
                let timeline = mario.timeline(notice).await;
                assert_eq!(timeline.last().map(String::as_str), Some(expected), "{day} days: {timeline:?}");
            }
            expiring.push(expired);
            late.push((messages.2, by_psp));
        }
    }
    portal.clock().moves(Duration::from_secs(3 * 24 * 60 * 60)).await;
    mario.logs_in().await;
    for (message, by_psp) in late {
        tells(message, by_psp).await;
    }
    for notice in &expiring {
        let timeline = mario.timeline(notice).await;
        assert_eq!(timeline.last().map(String::as_str), Some("paid-late"), "{timeline:?}");
    }
}

async fn tells((portal, callback, receipt): (TestPortal, CallbackMessage, String), by_psp: bool) {
    match by_psp {
        true => drop(portal.psp().calls_back(&callback).await.expect(200)),
        false => assert_eq!(said(&asks_node(&portal, &receipt).await), "OK"),
    }
}

#[tokio::test]
async fn fm_45_a_question_that_the_schema_does_not_allow_is_refused_alike_every_time_and_asks_nobody() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    let asked = question("paVerifyPaymentNoticeReq", US, CREDITOR, &notice.number);
    let receipt = NodeReceipt::of(&notice, "1").xml();
    let messages = [
        asked.replace("<noticeNumber>", "<noticeNumber>x"),
        asked.replace("</paf:paVerifyPaymentNoticeReq>", "<more/></paf:paVerifyPaymentNoticeReq>"),
    ];
    for message in messages {
        let mut answers = Vec::new();
        let calls = calls_of(&portal, "PagopaNode", async {
            for _ in 0..2 {
                answers.push(asks_node(&portal, &message).await);
            }
        })
        .await;
        assert_eq!(calls, [""; 0], "nothing is asked of anybody for {message}");
        let code = said(&answers[0]);
        assert!(code.starts_with("PAA_SINTASSI_"), "{code} for {message}");
        assert_eq!(answers[0].text(), answers[1].text());
    }
    assert_eq!(mario.timeline(&notice).await, ["created"]);
    // Receipts are read tolerantly (`mon_08` in money.rs).
    assert_eq!(said(&asks_node(&portal, &receipt).await), "OK");
}

#[tokio::test]
async fn fm_51_an_answer_that_got_lost_brings_the_receipt_again_and_it_is_known() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, _) = portal.proven_citizen().await;
    // Lost on its way after our answer, lost with us after the commit, lost by the store's own silence.
    for trouble in [None, Some(InjectedFault::CrashAfter), Some(InjectedFault::LoseAnswer)] {
        let notice = portal.creditor().issues(&mario.person).await;
        let receipt = NodeReceipt::of(&notice, "1");
        if let Some(trouble) = trouble {
            let commits = Scope::function("PagopaNode").operation("dynamodb:TransactWriteItems");
            portal.stack().faults().plan(commits, [(1, trouble)]);
        }
        let first = receipt.arrives(&portal).await;
        portal.stack().faults().clear();
        assert_eq!(mario.timeline(&notice).await, ["created", "paid"], "{trouble:?}");
        assert_eq!(
            first.status == 200,
            trouble != Some(InjectedFault::CrashAfter),
            "{trouble:?}: {}",
            first.text()
        );
        let code = mario.receipt_code(&notice).await;
        for _ in 0..3 {
            assert_eq!(said(&receipt.arrives(&portal).await), "PAA_RECEIPT_DUPLICATA", "{trouble:?}");
        }
        assert_eq!(mario.timeline(&notice).await, ["created", "paid"], "{trouble:?}");
        assert_eq!(mario.receipt_code(&notice).await, code);
    }
    let mails = mario.subjects().await;
    assert_eq!(mails.iter().filter(|subject| subject.starts_with("Ricevuta del pagamento")).count(), 3);
}
