//! Money that does not come as agreed: whatever was said is booked once and as it was said, and nothing is lost.

use journeys::local::faults::{InjectedFault, Scope};
use journeys::{
    CallbackMessage, DebtPosition, NodeReceipt, PortalUser, PspOutcome, SampleNotice, TestPortal, Value,
    json, said,
};

/// The movements of a debt's account, as its owner may export them.
async fn movements(mario: &PortalUser, notice: &SampleNotice) -> Vec<Value> {
    let export = mario.exports().await;
    let debts = export["debts"].as_array().cloned().unwrap_or_default();
    let debt = debts.into_iter().find(|debt| debt["noticeNumber"] == notice.number.as_str());
    debt.map(|debt| debt["movements"].as_array().cloned().unwrap_or_default()).unwrap_or_default()
}

/// What was written of money under a transaction's name, by kind and cents.
async fn booked(mario: &PortalUser, notices: &[&SampleNotice], transaction: &str) -> Vec<(String, u64)> {
    let mut lines = Vec::new();
    for notice in notices {
        for line in movements(mario, notice).await {
            if line["reference"] == transaction {
                lines.push((line["kind"].as_str().unwrap().to_owned(), line["cents"].as_u64().unwrap()));
            }
        }
    }
    lines
}

#[tokio::test]
async fn mon_01_of_a_cart_what_came_is_written_once_and_not_what_was_agreed() {
    let portal = TestPortal::open();
    let (mario, first) = portal.proven_citizen().await;
    let second = portal.creditor().issues(&mario.person).await;
    let paying = mario.pays_all(&[&first, &second]).await;
    paying.psp_does(&json!({"outcome": "success", "amount": 1})).await;
    let lines = booked(&mario, &[&first, &second], &paying.transaction).await;
    assert_eq!(lines, [("MISMATCH".to_owned(), 1)]);
    // MON-04: nobody is told that nothing was charged, and whoever would pay again is warned.
    let seen = paying.sees().await;
    assert_eq!((&seen["status"], &seen["moneyReceived"]), (&json!("failed"), &json!(true)));
    for notice in [&first, &second] {
        assert_eq!(mario.sees(notice).await["debt"]["moneyReceived"], true);
    }
    assert_eq!(mario.mails_about("È arrivato un importo diverso da quello atteso").await, 1);
}

#[tokio::test]
async fn mon_02_a_correction_pays_every_debt_whatever_was_said_before() {
    let portal = TestPortal::open();
    for wrong in
        [json!([{"amount": 1}]), json!([{"amount": -1}, {"amount": 2}]), json!([{"currency": "USD"}])]
    {
        let (mario, first) = portal.proven_citizen().await;
        let second = portal.creditor().issues(&mario.person).await;
        let paying = mario.pays_all(&[&first, &second]).await;
        let mut callbacks = wrong.as_array().unwrap().clone();
        callbacks.push(json!({}));
        callbacks.push(json!({}));
        paying.psp_does(&json!({"outcome": "success", "callbacks": callbacks})).await;
        assert_eq!(paying.status().await, "succeeded", "{wrong}");
        for notice in [&first, &second] {
            assert_eq!(mario.status(notice).await, "paid", "{wrong}");
            mario.receipt_pdf(notice).await.pdf();
        }
        let seen = paying.sees().await;
        assert_eq!(
            (&seen["moneyReceived"], &seen["paid"]["transactionId"]),
            (&json!(false), &json!(paying.transaction))
        );
    }
}

#[tokio::test]
async fn mon_03_a_debt_that_was_changed_is_paid_by_what_was_agreed_and_shows_what_was_paid() {
    let portal = TestPortal::open();
    let (mario, _) = portal.proven_citizen().await;
    let position = DebtPosition::of(&mario.person, portal.rng());
    let notice = portal.creditor().issues_as(position.clone()).await;
    let paying = mario.pays(&notice).await;
    portal.creditor().sends(&position.with("amount", notice.amount * 100)).await.expect(200);
    paying.at_psp(PspOutcome::Success).await;
    let seen = mario.sees(&notice).await;
    assert_eq!((&seen["debt"]["status"], &seen["debt"]["amount"]), (&json!("paid"), &json!(notice.amount)));
    assert_eq!(mario.timeline(&notice).await.last().map(String::as_str), Some("amount-mismatch"));
    let lines = booked(&mario, &[&notice], &paying.transaction).await;
    assert_eq!(lines, [("CREDIT".to_owned(), notice.amount), ("MISMATCH".to_owned(), 0)]);
}

#[tokio::test]
async fn mon_05_numbers_are_read_however_they_are_written() {
    let portal = TestPortal::open();
    for asked in [false, true] {
        for (field, value) in [
            ("amount", json!(f64::from(1_000))),
            ("currency", json!("eur")),
            ("paidAt", json!("2026-01-01T10:00:00")),
            ("fee", json!(null)),
            ("unheardOf", json!({"x": [1]})),
        ] {
            let (mario, notice, paying) = portal.payment_under_way().await;
            let value = if field == "amount" { json!(notice.amount as f64) } else { value };
            let callbacks = u32::from(!asked);
            paying
                .psp_does(&json!({"outcome": "success", "callbacks": callbacks, "body": {field: value}}))
                .await;
            if asked {
                // Its callback is lost: the PSP is asked, and says the same.
                paying.tries_to_cancel().await.expect(200);
            }
            assert_eq!(paying.status().await, "succeeded", "{field} {asked}");
            assert_eq!(mario.status(&notice).await, "paid", "{field} {asked}");
        }
    }
}

#[tokio::test]
async fn mon_06_an_answer_about_another_payment_is_not_believed() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    let other = json!({"paymentId": "0123456789abcdef0123456789abcdef"});
    paying.psp_does(&json!({"outcome": "success", "callbacks": 0, "body": other})).await;
    paying.tries_to_cancel().await.refused(502, "psp_unavailable");
    assert_eq!((paying.status().await.as_str(), mario.status(&notice).await.as_str()), ("pending", "to-pay"));
}

#[tokio::test]
async fn mon_07_what_cannot_be_read_is_never_acknowledged_and_what_is_not_for_us_always() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    let psp = portal.psp();
    let broken =
        CallbackMessage::succeeded(&paying).named(&format!("evt-broken-{}", paying.id)).without("amount");
    for _ in 0..3 {
        psp.calls_back(&broken).await.refused(400, "invalid_input");
    }
    // Under the same name, mended.
    let mended = CallbackMessage::succeeded(&paying).named(&broken.id);
    for _ in 0..2 {
        psp.calls_back(&mended).await.expect(200);
    }
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
    let now = portal.clock().now().await.as_second();
    for (n, body) in
        [r#"{"type": "payment.refunded", "data": {"x": 1}}"#, r#"{"type": "ping"}"#].iter().enumerate()
    {
        for _ in 0..2 {
            let id = format!("evt-other-{n}-{}", paying.id);
            psp.signed(&id, now, body.as_bytes()).answer().await.expect(200);
        }
    }
}

#[tokio::test]
async fn mon_08_a_receipt_with_anything_new_in_it_pays() {
    let portal = TestPortal::open();
    let (mario, _) = portal.proven_citizen().await;
    let changes: [fn(String) -> String; 6] = [
        |xml| xml.replace("<outcome>", "<somethingNew><inner a=\"1\">x</inner></somethingNew><outcome>"),
        |xml| xml.replace("</receipt>", "<last>1</last></receipt>"),
        |xml| xml.replace("<receipt>", "<receipt version=\"9\">"),
        |xml| {
            xml.replace(
                "<description>Mensa</description>",
                &format!("<description>{}</description>", "x".repeat(500)),
            )
        },
        |xml| xml.replace("<companyName>Comune di Test</companyName>", ""),
        |xml| xml.replace("<receiptId>", &format!("<receiptId>{}", "\u{e8}".repeat(200))),
    ];
    for change in changes {
        let notice = portal.creditor().issues(&mario.person).await;
        let xml = change(NodeReceipt::of(&notice, "1").xml());
        assert_eq!(said(&journeys::asks_node(&portal, &xml).await), "OK", "{xml}");
        assert_eq!(mario.status(&notice).await, "paid");
        assert_eq!(said(&journeys::asks_node(&portal, &xml).await), "PAA_RECEIPT_DUPLICATA");
    }
}

#[tokio::test]
async fn mon_08_what_cannot_be_read_of_a_receipt_comes_again_and_is_never_a_ko() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    let whole = NodeReceipt::of(&notice, "1").xml();
    let broken: [fn(&str) -> String; 4] = [
        |xml| xml.replace("<paymentAmount>", "<amountPaid>").replace("</paymentAmount>", "</amountPaid>"),
        |xml| xml.replace("receiptId>", "receiptName>"),
        |xml| xml[..xml.len() / 2].to_owned(),
        |xml| xml.replace("<outcome>OK</outcome>", ""),
    ];
    for breaks in broken {
        for _ in 0..2 {
            let answer = journeys::asks_node(&portal, &breaks(&whole)).await.expect(500);
            assert!(answer.text().contains("Fault>"), "{}", answer.text());
        }
    }
    assert_eq!(mario.status(&notice).await, "to-pay");
    assert_eq!(said(&journeys::asks_node(&portal, &whole).await), "OK");
    // Long, and too long: a SOAP caller gets a SOAP answer.
    let padded = |bytes: usize| whole.replace("<paf:", &format!("<!--{}--><paf:", "x".repeat(bytes)));
    assert_eq!(said(&journeys::asks_node(&portal, &padded(200 * 1024)).await), "PAA_RECEIPT_DUPLICATA");
    let long = journeys::asks_node(&portal, &padded(256 * 1024)).await.expect(413);
    assert!(long.text().contains("Fault>"), "{}", long.text());
}

#[tokio::test]
async fn mon_09_a_fee_and_an_instant_that_cannot_be_are_not_shown() {
    let portal = TestPortal::open();
    for body in [json!({"fee": 99_999_999}), json!({"fee": -1}), json!({"paidAt": "2099-01-01T00:00:00Z"})] {
        let (mario, notice, paying) = portal.payment_under_way().await;
        paying.psp_does(&json!({"outcome": "success", "body": body})).await;
        assert_eq!(mario.status(&notice).await, "paid", "{body}");
        let seen = paying.sees().await;
        let paid_at = seen["paidAt"].as_str().unwrap();
        assert!(!paid_at.starts_with("2099"), "{paid_at}");
        assert!(body.get("fee").is_none() || seen["paid"].get("fee").is_none(), "{seen}");
    }
}

#[tokio::test]
async fn mon_11_a_payment_is_taken_up_again_or_given_up() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    paying.at_psp(PspOutcome::Abandon).await;
    let seen = paying.sees().await;
    assert_eq!(seen["resumeUrl"], paying.redirect_url.as_str());
    let other = portal.known_citizen().await;
    other
        .posts(&format!("/api/payments/{}/cancel", paying.id), &json!({}))
        .await
        .refused(404, "payment_not_found");
    for _ in 0..2 {
        assert_eq!(paying.tries_to_cancel().await.ok()["status"], "cancelled");
    }
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "payment-failed"]);
    // Free at once; nobody can pay at the page that was given up.
    let again = mario.pays(&notice).await;
    assert_ne!(again.id, paying.id);
    again.at_psp(PspOutcome::Success).await;
    assert_eq!(mario.status(&notice).await, "paid");
    // What is paid cannot be given up: it is said as it is.
    assert_eq!(again.tries_to_cancel().await.ok()["status"], "succeeded");
}

#[tokio::test]
async fn mon_11_a_payment_whose_callback_is_lost_is_settled_and_not_given_up() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    paying.at_psp(PspOutcome::Success.callbacks(0)).await;
    assert_eq!(paying.tries_to_cancel().await.ok()["status"], "succeeded");
    assert_eq!(mario.status(&notice).await, "paid");
}

#[tokio::test]
async fn mon_11_while_the_psp_cannot_be_asked_a_payment_is_not_given_up() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice, paying) = portal.payment_under_way().await;
    let cancels = || Scope::function("InitiatePayment").operation("psp:cancel");
    for trouble in [InjectedFault::ServerError, InjectedFault::LoseRequest, InjectedFault::LoseAnswer] {
        portal.stack().faults().plan(cancels(), (1..1_000).map(|n| (n, trouble)));
        paying.tries_to_cancel().await.refused(502, "psp_unavailable");
        portal.stack().faults().clear();
        assert_eq!(paying.status().await, "pending");
        assert_eq!(mario.status(&notice).await, "to-pay");
    }
    // The answer was lost, the PSP had heard: asked again it says so.
    assert_eq!(paying.tries_to_cancel().await.ok()["status"], "cancelled");
}

#[tokio::test]
async fn jrn_04_the_address_that_was_given_is_named_and_forgotten_with_the_account() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    let elsewhere = portal.citizen().person.email;
    let paying =
        mario.pays_as(&[&notice], &json!({"noticeNumbers": [notice.number], "email": elsewhere})).await;
    assert_eq!(paying.sees().await["email"], elsewhere.as_str());
    paying.at_psp(PspOutcome::Success).await;
    assert_eq!(paying.sees().await["email"], elsewhere.as_str());
}
