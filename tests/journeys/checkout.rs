//! Paying on pagoPA Checkout, and what the central archive of notices hears.

use std::time::Duration;

use journeys::local::faults::{InjectedFault, Scope};
use journeys::local::{Options, PaymentChannel};
use journeys::{
    DebtPosition, NodeReceipt, SampleNotice, StartedPayment, TestPortal, TestResponse, Value, json, numbers,
    said,
};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// A product of this test alone, whose citizens pay on Checkout.
fn at_checkout() -> Option<TestPortal> {
    TestPortal::alone_with(Options { demo: false, channel: PaymentChannel::Checkout, ..Options::default() })
}

/// What a person or the node does with the cart of a payment.
async fn does(portal: &TestPortal, paying: &StartedPayment, wish: &Value) -> TestResponse {
    portal.browser().post(&format!("/_local/checkout/{}", paying.transaction), wish).answer().await
}

/// The same; gives back where the browser goes.
async fn goes(portal: &TestPortal, paying: &StartedPayment, outcome: &str, receipt: &str) -> String {
    let wish = json!({"outcome": outcome, "receipt": receipt});
    let back = does(portal, paying, &wish).await.ok()["returnUrl"].take();
    back.as_str().expect("a way back").to_owned()
}

/// Where the browser comes back to: with a hint, which proves nothing.
fn way_back(portal: &TestPortal, paying: &StartedPayment, hint: &str) -> String {
    format!("{}/paga/{}/esito?come={hint}", portal.url(), paying.id)
}

#[tokio::test]
async fn a_debt_is_paid_on_checkout() {
    let Some(portal) = at_checkout() else { return };
    let (mario, notice, paying) = portal.payment_under_way().await;
    let page = format!("/_local/checkout/{}", paying.transaction);
    assert_eq!(paying.redirect_url, format!("{}{page}", portal.url()));
    // What a person sees there.
    let shown = portal.browser().get(&page).in_english().answer().await.expect(200);
    let text = shown.text();
    for part in [
        "Simulator: no real money moves",
        &notice.number,
        &notice.reason,
        "Banca Due",
        "fee €",
        "Comune di Test",
    ] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    let policy = shown.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
    assert_eq!(paying.status().await, "pending");
    let wish = json!({"outcome": "success", "methodAndPsp": "CP/BANCADUE"});
    let back = does(&portal, &paying, &wish).await.ok();
    assert_eq!(back["returnUrl"], way_back(&portal, &paying, "ok"));
    let paid = paying.sees().await;
    assert_eq!((&paid["status"], &paid["debts"][0]["status"]), (&json!("succeeded"), &json!("paid")));
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
    assert_eq!(numbers(&mario.history("").await), [notice.number.as_str()]);
    mario.receipt_pdf(&notice).await.pdf();
    assert_eq!(mario.receipts_mailed().await, 1);
    does(&portal, &paying, &wish).await.expect(409);
}

#[tokio::test]
async fn by_the_form_a_person_chooses_and_comes_back() {
    let Some(portal) = at_checkout() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    for (form, hint, status) in [
        ("annulla=1&offerta=CP%2FBANCADUE&esito=riuscito&ricevuta=prima", "annullato", "pending"),
        ("offerta=CP%2FBANCADUE&esito=negato&ricevuta=prima", "errore", "pending"),
        ("offerta=CP%2FBANCADUE&esito=nodo&ricevuta=prima", "errore", "pending"),
        ("offerta=CP%2FBANCADUE&esito=riuscito&ricevuta=prima", "ok", "succeeded"),
    ] {
        let paying = mario.pays(&notice).await;
        let path = format!("/_local/checkout/{}", paying.transaction);
        let ask = portal.browser().request("POST", &path);
        let back = ask.body("application/x-www-form-urlencoded", form).answer().await.expect(303);
        assert_eq!(back.header("location"), Some(way_back(&portal, &paying, hint).as_str()));
        assert_eq!(paying.status().await, status, "{form}");
        // MON-12: whoever comes back without having paid is free at once.
        paying.tries_to_cancel().await.expect(200);
    }
}

#[tokio::test]
async fn three_debts_are_paid_with_one_cart() {
    let Some(portal) = at_checkout() else { return };
    let (mario, notices) = portal.citizen_with_debts(3).await;
    let paying = mario.pays_all(&notices.iter().collect::<Vec<_>>()).await;
    assert_eq!(goes(&portal, &paying, "success", "before-return").await, way_back(&portal, &paying, "ok"));
    assert_eq!(paying.status().await, "succeeded");
    for notice in &notices {
        assert_eq!(mario.timeline(notice).await, ["created", "payment-started", "paid"]);
        mario.receipt_pdf(notice).await.pdf();
    }
    assert_eq!(mario.to_pay().await["count"], 0);
}

#[tokio::test]
async fn a_payment_has_succeeded_when_all_its_receipts_are_here() {
    let Some(portal) = at_checkout() else { return };
    let (mario, notices) = portal.citizen_with_debts(3).await;
    let paying = mario.pays_all(&notices.iter().collect::<Vec<_>>()).await;
    goes(&portal, &paying, "success", "lost").await;
    for (at, notice) in notices.iter().enumerate() {
        assert_eq!(paying.status().await, "pending");
        let receipt = NodeReceipt { note: Some(paying.id.clone()), ..NodeReceipt::of(notice, "1") };
        assert_eq!(said(&receipt.arrives(&portal).await), "OK");
        assert_eq!(mario.status(notice).await, "paid");
        assert_eq!(mario.to_pay().await["count"], 2 - at);
    }
    assert_eq!(paying.status().await, "succeeded");
}

#[tokio::test]
async fn coming_back_is_a_hint_and_a_lost_receipt_still_pays() {
    let Some(portal) = at_checkout() else { return };
    let (mario, notice, paying) = portal.payment_under_way().await;
    let back = goes(&portal, &paying, "success", "lost").await;
    mario.gets(back.strip_prefix(portal.url()).expect("back to the portal")).await.expect(200);
    assert_eq!(paying.status().await, "pending");
    assert_eq!(mario.status(&notice).await, "to-pay");
    assert_eq!(mario.receipts_mailed().await, 0);
    // As long as it lives, its cart is offered again; then the node lets nobody pay it again.
    assert_eq!(
        mario.tries_to_pay(&notice).await.expect(201).json()["redirectUrl"],
        paying.redirect_url.as_str()
    );
    portal.clock().moves_minutes(10).await;
    mario.tries_to_pay(&notice).await.refused(409, "debt_not_payable");
    portal.clock().moves(26 * HOUR).await;
    mario.logs_in().await;
    assert_eq!(paying.status().await, "expired");
    assert_eq!(mario.status(&notice).await, "to-pay");
    let receipt = NodeReceipt { note: Some(paying.id.clone()), ..NodeReceipt::of(&notice, "1") };
    assert_eq!(said(&receipt.arrives(&portal).await), "OK");
    assert_eq!(mario.status(&notice).await, "paid");
}

#[tokio::test]
async fn a_receipt_that_comes_an_hour_late_is_in_time() {
    let Some(portal) = at_checkout() else { return };
    let (mario, notice, paying) = portal.payment_under_way().await;
    goes(&portal, &paying, "success", "late").await;
    assert_eq!(paying.status().await, "pending");
    portal.clock().moves_minutes(50).await;
    mario.logs_in().await;
    assert_eq!((paying.status().await.as_str(), mario.status(&notice).await.as_str()), ("pending", "to-pay"));
    portal.clock().moves_minutes(11).await;
    assert_eq!((paying.status().await.as_str(), mario.status(&notice).await.as_str()), ("succeeded", "paid"));
    assert_eq!(mario.receipts_mailed().await, 1);
}

#[tokio::test]
async fn receipts_that_are_not_as_they_should_be() {
    let Some(portal) = at_checkout() else { return };
    let (mario, first) = portal.proven_citizen().await;
    for (at, (receipt, timeline)) in [
        ("twice", vec!["created", "payment-started", "paid"]),
        ("second-payment", vec!["created", "payment-started", "paid", "duplicate-to-refund"]),
        ("wrong-amount", vec!["created", "payment-started", "paid", "amount-mismatch"]),
    ]
    .into_iter()
    .enumerate()
    {
        let notice = if at == 0 { first.clone() } else { portal.creditor().issues(&mario.person).await };
        let paying = mario.pays(&notice).await;
        goes(&portal, &paying, "success", receipt).await;
        assert_eq!(mario.timeline(&notice).await, timeline, "{receipt}");
        assert_eq!(mario.status(&notice).await, "paid", "{receipt}");
        assert_eq!(paying.status().await, "succeeded", "{receipt}");
        assert_eq!(mario.receipts_mailed().await, at + 1, "{receipt}");
    }
}

#[tokio::test]
async fn mon_12_cancelled_refused_or_out_of_time_the_debt_is_free_and_paid_with_another_cart() {
    let Some(portal) = at_checkout() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    let mut left: Vec<StartedPayment> = Vec::new();
    for (outcome, receipt, hint) in [
        ("cancel", "before-return", "annullato"),
        ("failure", "before-return", "errore"),
        ("success", "node-timeout", "errore"),
    ] {
        let paying = mario.pays(&notice).await;
        assert_eq!(goes(&portal, &paying, outcome, receipt).await, way_back(&portal, &paying, hint));
        // Checkout tells us of none of these; the page of whoever comes back does.
        assert_eq!(paying.status().await, "pending", "{outcome} {receipt}");
        assert_eq!(paying.tries_to_cancel().await.ok()["status"], "cancelled");
        assert!(left.iter().all(|cart| cart.transaction != paying.transaction));
        left.push(paying);
    }
    for cart in &left {
        does(&portal, cart, &json!({"outcome": "success"})).await.expect(409);
    }
    let paying = mario.pays(&notice).await;
    goes(&portal, &paying, "success", "before-return").await;
    assert_eq!(paying.status().await, "succeeded");
    assert_eq!(mario.status(&notice).await, "paid");
}

#[tokio::test]
async fn mon_12_a_receipt_for_a_payment_that_was_given_up_pays_all_the_same() {
    let Some(portal) = at_checkout() else { return };
    let (mario, notice, paying) = portal.payment_under_way().await;
    paying.tries_to_cancel().await.expect(200);
    let receipt = NodeReceipt { note: Some(paying.id.clone()), ..NodeReceipt::of(&notice, "1") };
    assert_eq!(said(&receipt.arrives(&portal).await), "OK");
    assert_eq!((paying.status().await.as_str(), mario.status(&notice).await.as_str()), ("succeeded", "paid"));
    assert_eq!(mario.receipts_mailed().await, 1);
}

#[tokio::test]
async fn mon_13_a_cart_is_offered_again_for_its_life_and_another_counts() {
    let Some(portal) = at_checkout() else { return };
    let (mario, notice, paying) = portal.payment_under_way().await;
    let order = || async { mario.tries_to_pay(&notice).await };
    for _ in 0..30 {
        let again = order().await.expect(201).json();
        assert_eq!(
            (&again["paymentId"], &again["redirectUrl"]),
            (&json!(paying.id), &json!(paying.redirect_url))
        );
    }
    portal.clock().moves_minutes(10).await;
    let page = portal.browser().get(&format!("/_local/checkout/{}", paying.transaction)).answer().await;
    assert!(page.expect(200).text().contains("Questo carrello è scaduto."));
    let another = order().await.expect(201).json();
    assert_eq!(another["paymentId"], json!(paying.id), "it is the same payment all along");
    assert_ne!(another["redirectUrl"], json!(paying.redirect_url));
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started"]);
}

#[tokio::test]
async fn what_was_paid_at_a_counter_meanwhile_is_not_paid_on_checkout() {
    let Some(portal) = at_checkout() else { return };
    let (mario, notice, paying) = portal.payment_under_way().await;
    portal.node().pays(&notice).await.ok();
    // The node asks us again when the person pays, and hears that it is paid.
    assert_eq!(
        goes(&portal, &paying, "success", "before-return").await,
        way_back(&portal, &paying, "errore")
    );
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
    mario.tries_to_pay(&notice).await.refused(409, "debt_already_paid");
}

#[tokio::test]
async fn a_receipt_that_we_could_not_take_comes_again_and_pays_once() {
    let Some(portal) = at_checkout() else { return };
    let (mario, notice, paying) = portal.payment_under_way().await;
    let writes = Scope::function("PagopaNode").operation("dynamodb:TransactWriteItems");
    portal.stack().faults().plan(writes, (1..1_000).map(|n| (n, InjectedFault::ServerError)));
    goes(&portal, &paying, "success", "before-return").await;
    portal.stack().faults().clear();
    assert_eq!(paying.status().await, "pending");
    portal.clock().moves_minutes(1).await;
    assert_eq!(paying.status().await, "succeeded");
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
}

fn cart(notices: &[&SampleNotice]) -> Value {
    let notice = |notice: &&SampleNotice| {
        json!({
            "noticeNumber": notice.number, "fiscalCode": "12345678903", "amount": notice.amount,
            "companyName": "Comune di Test", "description": notice.reason
        })
    };
    let back = "https://portale.example/paga/1/esito";
    json!({
        "paymentNotices": notices.iter().map(notice).collect::<Vec<_>>(),
        "returnUrls": {"returnOkUrl": back, "returnCancelUrl": back, "returnErrorUrl": back}
    })
}

async fn posts(portal: &TestPortal, cart: &Value) -> TestResponse {
    let ask = portal.browser().post("/_local/checkout/v1/carts", cart);
    ask.header("ocp-apim-subscription-key", "local-checkout-key").answer().await
}

#[tokio::test]
async fn checkout_takes_carts_that_can_be_paid_only() {
    // With the demonstration data: they are paid on Checkout, too.
    let Some(portal) =
        TestPortal::alone_with(Options { channel: PaymentChannel::Checkout, ..Options::default() })
    else {
        return;
    };
    let person = portal.citizen().person;
    let mut notices = Vec::new();
    for _ in 0..6 {
        notices.push(portal.creditor().issues(&person).await);
    }
    let all: Vec<&SampleNotice> = notices.iter().collect();
    let opened = posts(&portal, &cart(&all[..5])).await.expect(302);
    assert!(opened.header("location").is_some_and(|page| page.starts_with(portal.url())));
    let mut free = cart(&all[..1]);
    free["paymentNotices"][0]["amount"] = json!(0);
    let mut nowhere = cart(&all[..1]);
    nowhere["returnUrls"].as_object_mut().unwrap().remove("returnErrorUrl");
    for invalid in [json!({}), cart(&[]), cart(&all), free, nowhere] {
        let refused = posts(&portal, &invalid).await.expect(400).json();
        assert_eq!(refused["detail"], "The input request is invalid", "{invalid}");
    }
    let twice = posts(&portal, &cart(&[all[0], all[0]])).await.expect(422).json();
    assert_eq!(twice["detail"], "Duplicate payment notice values found.");
    portal.node().pays(all[0]).await.ok();
    portal.creditor().cancels(all[1]).await;
    let unknown = DebtPosition::of(&person, portal.rng()).notice();
    for notice in [all[0], all[1], &unknown] {
        let refused = posts(&portal, &cart(&[all[2], notice])).await.expect(422).json();
        assert_eq!(refused["detail"], "Invalid payment notice data");
    }
    let keyless = portal.browser().post("/_local/checkout/v1/carts", &cart(&all[2..3])).answer().await;
    assert_eq!(keyless.status, 401);
}

#[tokio::test]
async fn trouble_at_checkout_is_said_and_passes() {
    let Some(portal) = at_checkout() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    let opens = || Scope::function("InitiatePayment").operation("checkout:open");
    for fault in [InjectedFault::ServerError, InjectedFault::LoseRequest, InjectedFault::LoseAnswer] {
        portal.stack().faults().plan(opens(), (1..10).map(|n| (n, fault)));
        mario.tries_to_pay(&notice).await.refused(502, "psp_unavailable");
        portal.stack().faults().clear();
    }
    let paying = mario.pays(&notice).await;
    goes(&portal, &paying, "success", "before-return").await;
    assert_eq!(paying.status().await, "succeeded");
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
}
