//! The node's questions and receipts.

use std::time::Duration;

use journeys::local::faults::{InjectedFault, Scope};
use journeys::{
    Addressee, CREDITOR, DebtPosition, NodeReceipt, PortalUser, SampleNotice, SamplePerson, TestPortal, US,
    Value, asks_node, json, numbers, question, said,
};

/// The same of an answer that the till shows as JSON.
fn heard(answer: &Value) -> String {
    match answer["outcome"].as_str() {
        Some("OK") => "OK".to_owned(),
        _ => answer["fault"]["faultCode"].as_str().expect("a fault's code").to_owned(),
    }
}

fn named(number: &str, like: &SampleNotice) -> SampleNotice {
    SampleNotice { number: number.to_owned(), ..like.clone() }
}

#[tokio::test]
async fn inv_m20_inv_m21_every_state_of_a_debt_has_its_answer_and_asking_changes_nothing() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, open) = portal.proven_citizen().await;
    let creditor = portal.creditor();
    let position = || DebtPosition::of(&mario.person, portal.rng());
    let paid = creditor.issues(&mario.person).await;
    portal.node().pays(&paid).await.ok();
    let cancelled = creditor.issues(&mario.person).await;
    creditor.cancels(&cancelled).await;
    let expired = creditor.issues_as(position().with("expiresOn", portal.clock().day(1).await)).await;
    let unpublished = creditor.issues_as(position().with("validFrom", portal.clock().day(30).await)).await;
    portal.clock().moves(Duration::from_secs(3 * 24 * 60 * 60)).await;
    mario.logs_in().await;
    let unknown = position().notice();
    let probe = named("000000000000000000", &open);
    for (notice, expected, visible) in [
        (&open, "OK", true),
        (&paid, "PAA_PAGAMENTO_DUPLICATO", true),
        (&cancelled, "PAA_PAGAMENTO_ANNULLATO", true),
        (&expired, "PAA_PAGAMENTO_SCADUTO", true),
        (&unpublished, "PAA_PAGAMENTO_SCONOSCIUTO", false),
        (&unknown, "PAA_PAGAMENTO_SCONOSCIUTO", false),
        (&probe, "PAA_PAGAMENTO_SCONOSCIUTO", false),
    ] {
        let before = mario.tries_to_see(notice).await;
        assert_eq!(before.status == 200, visible, "{expected}: {}", before.text());
        let verified = portal.node().verifies(notice).await.ok();
        assert_eq!(heard(&verified), expected, "{verified}");
        let activated = portal.node().activates(notice).await.ok();
        assert_eq!(heard(&activated), expected, "{activated}");
        let first = question("paGetPaymentReq", US, CREDITOR, &notice.number);
        assert_eq!(said(&asks_node(&portal, &first).await), expected);
        if visible {
            assert_eq!(mario.sees(notice).await, before.json(), "{expected}");
        }
        if !matches!(expected, "OK" | "PAA_PAGAMENTO_DUPLICATO") {
            // What was never activated is not paid: the till has nothing to put on a receipt.
            assert_eq!(heard(&portal.node().pays(notice).await.ok()), expected);
        }
    }
    assert_eq!(mario.numbers_to_pay().await, [open.number]);
}

#[tokio::test]
async fn what_the_till_hears_is_what_the_notice_says() {
    let portal = TestPortal::open();
    let mario = portal.citizen();
    let due = portal.clock().day(20).await;
    let position =
        DebtPosition::of(&mario.person, portal.rng()).with("amount", 4_550).with("dueDate", due.clone());
    let notice = portal.creditor().issues_as(position).await;
    let verified = portal.node().verifies(&notice).await.ok();
    let option = &verified["paymentList"]["paymentOptionDescription"];
    assert_eq!(
        (&option["amount"], &option["options"], &option["dueDate"], &option["allCCP"]),
        (&json!("45.50"), &json!("EQ"), &json!(due), &json!("true"))
    );
    assert_eq!(verified["companyName"], "Comune di Test");
    assert_eq!(verified["fiscalCodePA"], CREDITOR);
    assert_eq!(verified["paymentDescription"], notice.reason.as_str());
    let data = portal.node().activates(&notice).await.ok()["data"].take();
    assert_eq!(data["creditorReferenceId"], notice.iuv());
    assert_eq!(data["paymentAmount"], "45.50");
    assert_eq!(data["transferList"]["transfer"]["transferAmount"], "45.50");
    let debtor = &data["debtor"]["uniqueIdentifier"]["entityUniqueIdentifierValue"];
    assert_eq!(debtor, notice.fiscal_code.as_str());
}

#[tokio::test]
async fn a_payment_at_a_counter_is_in_the_history_with_its_receipt_and_a_mail() {
    let portal = TestPortal::open();
    let (mario, notice) = with_address(&portal).await;
    assert_eq!(heard(&portal.node().pays(&notice).await.ok()), "OK");
    assert_eq!(mario.status(&notice).await, "paid");
    assert_eq!(mario.timeline(&notice).await, ["created", "paid"]);
    assert_eq!(mario.numbers_to_pay().await, Vec::<String>::new());
    assert_eq!(numbers(&mario.history("").await), [notice.number.as_str()]);
    mario.receipt_pdf(&notice).await.pdf();
    let code = mario.receipt_code(&notice).await;
    let checked = mario.verifies_receipt(&code).await.ok();
    assert_eq!((&checked["valid"], &checked["amount"]), (&json!(true), &json!(notice.amount)));
    assert_eq!(mario.receipts_mailed().await, 1);
    mario.tries_to_pay(&notice).await.refused(409, "debt_already_paid");
}

/// Somebody logged in, whose address the creditor knows.
async fn with_address(portal: &TestPortal) -> (PortalUser, SampleNotice) {
    let mario = portal.known_citizen().await;
    let notice = portal.creditor().issues_as(addressed(&mario, portal)).await;
    mario.associates(&notice).await;
    (mario, notice)
}

fn addressed(citizen: &PortalUser, portal: &TestPortal) -> DebtPosition {
    let mut position = DebtPosition::of(&citizen.person, portal.rng());
    position.body["debtor"]["email"] = json!(citizen.person.email);
    position
}

#[tokio::test]
async fn everybody_in_whose_history_a_payment_at_a_counter_is_hears_of_it_once() {
    let portal = TestPortal::open();
    let (mario, _) = portal.proven_citizen().await;
    let (luigia, elsewhere) = (portal.known_citizen().await, portal.citizen().person.email);
    // The creditor knows nobody's address, or the debtor's own, or another one.
    for named in [None, Some(&mario.person.email), Some(&elsewhere)] {
        let mut position = DebtPosition::of(&mario.person, portal.rng());
        if let Some(address) = named {
            position.body["debtor"]["email"] = json!(address);
        }
        let notice = portal.creditor().issues_as(position).await;
        luigia.associates(&notice).await;
        assert_eq!(heard(&portal.node().pays(&notice).await.ok()), "OK");
        for citizen in [&mario, &luigia] {
            assert_eq!(numbers(&citizen.history("").await)[0], notice.number);
        }
    }
    assert_eq!((mario.receipts_mailed().await, luigia.receipts_mailed().await), (3, 3));
    assert_eq!(portal.mailbox().of(&elsewhere).await.len(), 1);
}

#[tokio::test]
async fn who_has_not_proven_a_fiscal_code_hears_nothing_of_its_payments() {
    let portal = TestPortal::open();
    let claims_to_be_mario = portal.known_citizen().await;
    let notice = portal.creditor().issues(&claims_to_be_mario.person).await;
    assert_eq!(heard(&portal.node().pays(&notice).await.ok()), "OK");
    assert_eq!(claims_to_be_mario.receipts_mailed().await, 0);
}

#[tokio::test]
async fn who_has_withdrawn_consent_is_not_written_to_of_a_payment() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    mario.withdraws_consent().await;
    assert_eq!(heard(&portal.node().pays(&notice).await.ok()), "OK");
    assert_eq!(mario.receipts_mailed().await, 0);
}

#[tokio::test]
async fn a_receipt_that_comes_again_is_refused_and_changes_nothing() {
    let portal = TestPortal::open();
    let (mario, notice) = with_address(&portal).await;
    let receipt = NodeReceipt::of(&notice, "1");
    assert_eq!(said(&receipt.arrives(&portal).await), "OK");
    let (seen, mails) = (mario.sees(&notice).await, mario.mails().await.len());
    let code = mario.receipt_code(&notice).await;
    // Also in the first version of the message, and with another amount: the name alone says that it is known.
    for again in [
        receipt.clone(),
        NodeReceipt { second: false, ..receipt.clone() },
        NodeReceipt { cents: receipt.cents + 1, ..receipt.clone() },
    ] {
        assert_eq!(said(&again.arrives(&portal).await), "PAA_RECEIPT_DUPLICATA");
    }
    assert_eq!(mario.sees(&notice).await, seen);
    assert_eq!(mario.mails().await.len(), mails);
    assert_eq!(mario.receipt_code(&notice).await, code);
}

#[tokio::test]
async fn the_first_version_of_a_receipt_pays_too() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    let receipt = NodeReceipt { second: false, ..NodeReceipt::of(&notice, "1") };
    assert_eq!(said(&receipt.arrives(&portal).await), "OK");
    assert_eq!(mario.timeline(&notice).await, ["created", "paid"]);
}

#[tokio::test]
async fn money_that_comes_twice_is_kept_to_be_refunded() {
    let portal = TestPortal::open();
    let (mario, notice) = with_address(&portal).await;
    portal.node().activates(&notice).await.ok();
    assert_eq!(heard(&portal.node().pays(&notice).await.ok()), "OK");
    let code = mario.receipt_code(&notice).await;
    // Another till had activated it before, and takes the money all the same.
    assert_eq!(heard(&portal.node().pays(&notice).await.ok()), "OK");
    assert_eq!(mario.timeline(&notice).await, ["created", "paid", "duplicate-to-refund"]);
    assert_eq!(mario.status(&notice).await, "paid");
    assert_eq!(mario.receipt_code(&notice).await, code, "the first receipt is the debt's own");
    assert_eq!(mario.receipts_mailed().await, 1);
}

#[tokio::test]
async fn another_amount_pays_and_the_difference_is_kept() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    for (more, less) in [(100, 0), (0, 100)] {
        let notice = portal.creditor().issues(&mario.person).await;
        mario.associates(&notice).await;
        let receipt = NodeReceipt { cents: notice.amount + more - less, ..NodeReceipt::of(&notice, "1") };
        assert_eq!(said(&receipt.arrives(&portal).await), "OK");
        assert_eq!(mario.status(&notice).await, "paid");
        assert_eq!(mario.timeline(&notice).await, ["created", "paid", "amount-mismatch"]);
        let checked = mario.verifies_receipt(&mario.receipt_code(&notice).await).await.ok();
        assert_eq!(checked["amount"], receipt.cents, "the receipt says what was paid");
        assert_eq!(said(&receipt.arrives(&portal).await), "PAA_RECEIPT_DUPLICATA");
        assert_eq!(mario.timeline(&notice).await.len(), 3);
    }
}

#[tokio::test]
async fn inv_m25_cancelled_and_expired_debts_are_paid_late() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    let creditor = portal.creditor();
    let cancelled = creditor.issues_as(addressed(&mario, &portal)).await;
    let position = addressed(&mario, &portal).with("expiresOn", portal.clock().day(1).await);
    let expired = creditor.issues_as(position).await;
    mario.associates(&cancelled).await;
    for notice in [&cancelled, &expired] {
        assert_eq!(heard(&portal.node().activates(notice).await.ok()), "OK");
    }
    creditor.cancels(&cancelled).await;
    portal.clock().moves(Duration::from_secs(3 * 24 * 60 * 60)).await;
    mario.logs_in().await;
    for notice in [&cancelled, &expired] {
        assert_ne!(mario.status(notice).await, "paid");
        assert_eq!(heard(&portal.node().pays(notice).await.ok()), "OK");
        assert_eq!(mario.status(notice).await, "paid");
        assert_eq!(mario.timeline(notice).await.last().map(String::as_str), Some("paid-late"));
        mario.receipt_pdf(notice).await.pdf();
    }
    assert_eq!(mario.receipts_mailed().await, 2);
}

#[tokio::test]
async fn inv_m24_ab_49_money_for_a_notice_that_nobody_knows_is_kept() {
    let portal = TestPortal::open();
    let stranger = DebtPosition::of(&portal.citizen().person, portal.rng()).notice();
    let receipt = NodeReceipt::of(&stranger, "1");
    assert_eq!(said(&receipt.arrives(&portal).await), "OK");
    assert_eq!(said(&receipt.arrives(&portal).await), "PAA_RECEIPT_DUPLICATA");
    // A second one for the same notice is other money.
    assert_eq!(said(&NodeReceipt::of(&stranger, "2").arrives(&portal).await), "OK");
}

#[tokio::test]
async fn ab_48_fm_46_messages_for_others_are_refused_by_what_is_wrong_first() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    let other = Addressee { body: "98765432103", broker: "11111111115", station: "11111111115_01" };
    let cases = [
        (other, "PAA_ID_DOMINIO_ERRATO"),
        (Addressee { body: CREDITOR, ..other }, "PAA_ID_INTERMEDIARIO_ERRATO"),
        (Addressee { station: other.station, ..US }, "PAA_STAZIONE_INT_ERRATA"),
        (Addressee { body: other.body, ..US }, "PAA_ID_DOMINIO_ERRATO"),
        (Addressee { broker: other.broker, ..US }, "PAA_ID_INTERMEDIARIO_ERRATO"),
    ];
    let questions = ["paVerifyPaymentNoticeReq", "paGetPaymentReq", "paGetPaymentV2Request"];
    for (to, code) in cases {
        // What is asked does not matter: not even whether there is such a notice.
        for number in [notice.number.as_str(), "301999999999999999"] {
            for element in questions {
                assert_eq!(
                    said(&asks_node(&portal, &question(element, to, CREDITOR, number)).await),
                    code,
                    "{element}"
                );
            }
        }
        for second in [true, false] {
            let receipt = NodeReceipt { to, second, ..NodeReceipt::of(&notice, "1") };
            assert_eq!(said(&receipt.arrives(&portal).await), code);
        }
    }
    for element in questions {
        let elsewhere = question(element, US, other.body, &notice.number);
        assert_eq!(said(&asks_node(&portal, &elsewhere).await), "PAA_ID_DOMINIO_ERRATO", "{element}");
        // The schema comes before everything else.
        let malformed = question(element, other, CREDITOR, "30199");
        assert_eq!(said(&asks_node(&portal, &malformed).await), "PAA_SINTASSI_EXTRAXSD", "{element}");
    }
    assert_eq!(mario.timeline(&notice).await, ["created"]);
    // Nothing of it was taken for a receipt that is known.
    assert_eq!(said(&NodeReceipt::of(&notice, "1").arrives(&portal).await), "OK");
}

#[tokio::test]
async fn a_receipt_refused_by_a_wrong_setting_of_ours_is_kept_and_pays_when_it_comes_again() {
    let folder = std::env::temp_dir().join(format!("stations-{}", std::process::id()));
    let Some(portal) = TestPortal::alone_on(&folder, &[("StationId", "11111111115_01")]) else { return };
    let debtor = SamplePerson::natural(portal.rng());
    let notice = portal.creditor().issues(&debtor).await;
    let receipt = NodeReceipt::of(&notice, "1");
    for _ in 0..2 {
        assert_eq!(said(&receipt.arrives(&portal).await), "PAA_STAZIONE_INT_ERRATA");
    }
    drop(portal);
    let Some(portal) = TestPortal::alone_on(&folder, &[("StationId", US.station)]) else { return };
    assert_eq!(said(&receipt.arrives(&portal).await), "OK");
    assert_eq!(said(&receipt.arrives(&portal).await), "PAA_RECEIPT_DUPLICATA");
    drop(portal);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn inv_m23_trouble_of_ours_is_never_a_ko_and_the_receipt_that_comes_again_pays_once() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, _) = portal.proven_citizen().await;
    let troubles = [
        InjectedFault::ServerError,
        InjectedFault::Throttle,
        InjectedFault::LoseRequest,
        InjectedFault::LoseAnswer,
        InjectedFault::Conflict,
        InjectedFault::CrashBefore,
        InjectedFault::CrashAfter,
    ];
    for operation in ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:TransactWriteItems"] {
        for trouble in troubles {
            let notice = portal.creditor().issues(&mario.person).await;
            let receipt = NodeReceipt::of(&notice, "1");
            let scope = Scope::function("PagopaNode").operation(operation);
            portal.stack().faults().plan(scope, (1..1_000).map(|n| (n, trouble)));
            let first = receipt.arrives(&portal).await;
            portal.stack().faults().clear();
            let what = format!("{operation} {trouble:?}: {} {}", first.status, first.text());
            // A crash is the gateway's to answer, with a 5xx of its own.
            match first.status {
                200 => assert_eq!(said(&first), "OK", "{what}"),
                500 => assert!(first.text().contains("Fault>"), "{what}"),
                status => assert!((501..=599).contains(&status), "{what}"),
            }
            if first.status != 200 {
                let again = said(&receipt.arrives(&portal).await);
                assert!(matches!(again.as_str(), "OK" | "PAA_RECEIPT_DUPLICATA"), "{what}: then {again}");
            }
            assert_eq!(mario.timeline(&notice).await, ["created", "paid"], "{what}");
            assert_eq!(said(&receipt.arrives(&portal).await), "PAA_RECEIPT_DUPLICATA", "{what}");
        }
    }
}

#[tokio::test]
async fn trouble_of_ours_with_a_question_is_said_as_the_schema_has_it() {
    let Some(portal) = TestPortal::alone() else { return };
    let (_, notice) = portal.proven_citizen().await;
    let scope = Scope::function("PagopaNode");
    portal.stack().faults().plan(scope, (1..1_000).map(|n| (n, InjectedFault::ServerError)));
    assert_eq!(heard(&portal.node().verifies(&notice).await.ok()), "PAA_SYSTEM_ERROR");
    assert_eq!(heard(&portal.node().activates(&notice).await.ok()), "PAA_SYSTEM_ERROR");
}
