//! The PSP's callbacks: signature, repetition, order, amounts.

use std::time::Duration;

use journeys::local::faults::{InjectedFault, Scope};
use journeys::{CallbackMessage, PspOutcome, StartedPayment, TestPortal, json, together, until};

#[tokio::test]
async fn inv_m04_ab_39_a_callback_repeated_changes_nothing() {
    let portal = TestPortal::open();
    for times in 2..=5 {
        let (mario, notice, paying) = portal.payment_under_way().await;
        paying.at_psp(PspOutcome::Success.callbacks(times)).await;
        assert_eq!(paying.status().await, "succeeded");
        assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
        assert_eq!(mario.receipts_mailed().await, 1);
    }
}

#[tokio::test]
async fn inv_m04_the_same_money_under_another_messages_name_changes_nothing() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    let callback = CallbackMessage::succeeded(&paying);
    for name in ["a", "b", "c"] {
        let named = callback.clone().named(&format!("{name}-{}", paying.id));
        portal.psp().calls_back(&named).await.expect(200);
    }
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
    assert_eq!(mario.receipts_mailed().await, 1);
}

#[tokio::test]
async fn inv_m01_eight_callbacks_at_once_credit_once() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    let calls = (0..8).map(|n| {
        let psp = portal.psp();
        let callback = CallbackMessage::succeeded(&paying).named(&format!("{}-{n}", paying.id));
        async move { psp.calls_back(&callback).await.status }
    });
    let mut statuses = together(calls).await;
    // One that stood in the way of others too often is sent again, as PSPs do.
    if statuses.iter().any(|status| *status != 200) {
        for status in &statuses {
            assert!(matches!(status, 200 | 503), "{statuses:?}");
        }
        portal.psp().calls_back(&CallbackMessage::succeeded(&paying)).await.expect(200);
        statuses.clear();
    }
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
    assert_eq!(mario.receipts_mailed().await, 1);
}

#[tokio::test]
async fn inv_m03_a_second_payment_is_kept_to_be_refunded() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    paying.at_psp(PspOutcome::Success).await;
    let code = mario.receipt_code(&notice).await;
    let second = CallbackMessage::succeeded(&paying)
        .named(&format!("second-{}", paying.id))
        .with("transactionId", "TX-SECOND");
    for _ in 0..2 {
        portal.psp().calls_back(&second).await.expect(200);
    }
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid", "duplicate-to-refund"]);
    assert_eq!(mario.receipt_code(&notice).await, code, "INV-M12: the receipt never changes");
    assert_eq!(mario.receipts_mailed().await, 1);
    // INV-M29: the account of the debt is whole.
    let export = mario.exports().await;
    let movements = export["debts"][0]["movements"].as_array().unwrap().clone();
    let kinds: Vec<&str> = movements.iter().map(|movement| movement["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["CREATED", "ATTEMPT_STARTED", "CREDIT", "DUPLICATE_TO_REFUND"]);
    let numbers: Vec<u64> = movements.iter().map(|movement| movement["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[tokio::test]
async fn inv_m05_success_counts_whatever_came_before_or_after() {
    let portal = TestPortal::open();
    let psp = portal.psp();
    for others in [CallbackMessage::failed, CallbackMessage::cancelled] {
        let (mario, notice, paying) = portal.payment_under_way().await;
        psp.calls_back(&others(&paying)).await.expect(200);
        assert_eq!(mario.status(&notice).await, "to-pay");
        psp.calls_back(&CallbackMessage::succeeded(&paying)).await.expect(200);
        assert_eq!(
            (paying.status().await.as_str(), mario.status(&notice).await.as_str()),
            ("succeeded", "paid")
        );

        let (lucia, hers, paying) = portal.payment_under_way().await;
        psp.calls_back(&CallbackMessage::succeeded(&paying)).await.expect(200);
        psp.calls_back(&others(&paying)).await.expect(200);
        assert_eq!(
            (paying.status().await.as_str(), lucia.status(&hers).await.as_str()),
            ("succeeded", "paid")
        );
        assert_eq!(lucia.timeline(&hers).await, ["created", "payment-started", "paid"]);
        assert_eq!(lucia.mails_about("Pagamento non riuscito").await, 0);
    }
}

#[tokio::test]
async fn a_success_of_an_older_attempt_while_a_newer_one_is_under_way() {
    let portal = TestPortal::open();
    let (mario, notice, first) = portal.payment_under_way().await;
    first.at_psp(PspOutcome::Failure).await;
    let second = mario.pays(&notice).await;
    // The refused one went through after all; then the second one too.
    portal.psp().calls_back(&CallbackMessage::succeeded(&first)).await.expect(200);
    assert_eq!(mario.status(&notice).await, "paid");
    second.at_psp(PspOutcome::Success).await;
    let timeline = mario.timeline(&notice).await;
    assert_eq!(timeline[timeline.len() - 2..], ["paid", "duplicate-to-refund"]);
    assert_eq!(
        (first.status().await, second.status().await),
        ("succeeded".to_owned(), "succeeded".to_owned())
    );
    mario.tries_to_withdraw_consent(&mario.person.password).await.expect(204);
}

#[tokio::test]
async fn fm_32_f9_a_callback_is_faster_than_our_answer() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    let opens = Scope::function("InitiatePayment").operation("psp:open");
    portal.stack().faults().plan(opens, [(1, InjectedFault::Delay(Duration::from_millis(900)))]);
    let callback = async {
        let id = until("the attempt is stored", async || {
            mario.sees(&notice).await["payments"][0]["paymentId"].as_str().map(str::to_owned)
        })
        .await;
        let paying = mario.paying(&json!({"paymentId": id, "redirectUrl": "/TX-FAST"}), notice.amount);
        portal.psp().calls_back(&CallbackMessage::succeeded(&paying)).await
    };
    let (started, called) = tokio::join!(mario.tries_to_pay(&notice), callback);
    called.expect(200);
    let started = started.expect(201).json();
    let paying = mario.paying(&started, notice.amount);
    assert_eq!(paying.status().await, "succeeded");
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
}

#[tokio::test]
async fn inv_m06_ab_41_another_amount_or_currency_pays_nothing_and_can_be_paid_again() {
    let portal = TestPortal::open();
    let agreed = |paying: &StartedPayment| paying.amount();
    type Tamper = fn(CallbackMessage, u64) -> CallbackMessage;
    let changes: [Tamper; 7] = [
        |callback, agreed| callback.with("amount", agreed + 1),
        |callback, agreed| callback.with("amount", agreed - 1),
        |callback, agreed| callback.with("amount", agreed * 100),
        |callback, _| callback.with("amount", 0),
        |callback, _| callback.with("amount", -5),
        |callback, agreed| callback.with("amount", agreed as f64 + 0.5),
        |callback, _| callback.with("currency", "USD"),
    ];
    let (mario, notice) = portal.proven_citizen().await;
    for (round, change) in changes.into_iter().enumerate() {
        let paying = mario.pays(&notice).await;
        let callback = change(CallbackMessage::succeeded(&paying), agreed(&paying));
        for _ in 0..2 {
            portal.psp().calls_back(&callback).await.expect(200);
        }
        assert_eq!(mario.status(&notice).await, "to-pay", "{}", callback.body);
        assert_ne!(paying.status().await, "succeeded");
        let timeline = mario.timeline(&notice).await;
        assert_eq!(
            timeline.iter().filter(|event| *event == "amount-mismatch").count(),
            round + 1,
            "{timeline:?}"
        );
        mario.receipt_pdf(&notice).await.refused(404, "receipt_not_found");
    }
    mario.has_paid(&notice).await;
    assert_eq!(mario.receipts_mailed().await, 1);
}

#[tokio::test]
async fn inv_m06_the_psps_own_page_collects_another_amount() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    paying.at_psp(PspOutcome::Success.of_amount(notice.amount - 1)).await;
    assert_eq!(mario.status(&notice).await, "to-pay");
    assert!(mario.timeline(&notice).await.contains(&"amount-mismatch".to_owned()));
    mario.has_paid(&notice).await;
}

#[tokio::test]
async fn ab_40_the_same_name_with_another_body_changes_nothing() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    let name = format!("evt-{}", paying.id);
    portal.psp().calls_back(&CallbackMessage::failed(&paying).named(&name)).await.expect(200);
    portal.psp().calls_back(&CallbackMessage::succeeded(&paying).named(&name)).await.expect(200);
    assert_eq!(mario.status(&notice).await, "to-pay");
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "payment-failed"]);
}

#[tokio::test]
async fn ab_38_a_forged_callback_is_refused_unread() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    let psp = portal.psp();
    let (now, body) =
        (portal.clock().now().await.as_second(), CallbackMessage::succeeded(&paying).body.to_string());
    let body = body.as_bytes();
    let id = "evt-forged";
    let headers = |ask: journeys::ClientRequest, signature: &str| {
        ask.header("webhook-id", id)
            .header("webhook-timestamp", &now.to_string())
            .header("webhook-signature", signature)
    };
    let forged = psp.forged_signature(id, now, body);
    for signature in [forged.as_str(), "", "v1,", "v1,AAAA", "v0,AAAA", "v1a,AAAA", "garbage"] {
        headers(psp.posts(body), signature).answer().await.refused(401, "bad_signature");
    }
    psp.posts(body).answer().await.refused(401, "bad_signature");
    // A right signature of another message, of another name, of another time.
    let other = psp.signed("evt-other", now, body).answer().await;
    assert_eq!(other.status, 200, "the signature itself is right");
    assert_eq!(mario.status(&notice).await, "paid");
    psp.signed(id, now, b"{}").header("x-note", "body differs").answer().await.refused(400, "invalid_input");
}

#[tokio::test]
async fn ab_38_a_signature_is_tied_to_name_time_and_body() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    let psp = portal.psp();
    let now = portal.clock().now().await.as_second();
    let callback = CallbackMessage::succeeded(&paying);
    let body = callback.body.to_string();
    let right = psp.signature("evt-right", now, body.as_bytes());
    let send = |id: &str, at: i64, body: &str| {
        let ask =
            psp.posts(body.as_bytes()).header("webhook-id", id).header("webhook-timestamp", &at.to_string());
        let ask = ask.header("webhook-signature", &right);
        async move { ask.answer().await }
    };
    send("evt-wrong", now, &body).await.refused(401, "bad_signature");
    send("evt-right", now + 1, &body).await.refused(401, "bad_signature");
    send("evt-right", now, &body.replace("EUR", "USD")).await.refused(401, "bad_signature");
    assert_eq!(mario.status(&notice).await, "to-pay");
    // Among several signatures, as during a change of secrets, one right one is enough.
    let forged = psp.forged_signature("evt-right", now, body.as_bytes());
    let ask = psp
        .posts(body.as_bytes())
        .header("webhook-id", "evt-right")
        .header("webhook-timestamp", &now.to_string());
    ask.header("webhook-signature", &format!("v1a,xyz {forged} {right}")).answer().await.expect(200);
    assert_eq!(mario.status(&notice).await, "paid");
}

#[tokio::test]
async fn ab_38_forged_callbacks_are_limited_and_genuine_ones_are_not() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    let psp = portal.psp();
    let mut refused = 0;
    for _ in 0..130 {
        let answer = psp.posts(b"{}").answer().await;
        if answer.status == 429 {
            answer.refused(429, "too_many_requests");
            refused += 1;
            break;
        }
        answer.refused(401, "bad_signature");
    }
    assert_eq!(refused, 1, "sixty a minute are enough");
    psp.calls_back(&CallbackMessage::succeeded(&paying)).await.expect(200);
    assert_eq!(mario.status(&notice).await, "paid");
}

#[tokio::test]
async fn ab_39_a_stale_callback_is_refused() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    let (psp, callback) = (portal.psp(), CallbackMessage::succeeded(&paying));
    let now = portal.clock().now().await.as_second();
    for off in [-86_400, -320, 320, 86_400] {
        psp.calls_back_at(&callback, now + off).await.refused(400, "stale_timestamp");
    }
    assert_eq!(mario.status(&notice).await, "to-pay");
    for off in [-280, 280] {
        psp.calls_back_at(&callback, now + off).await.expect(200);
    }
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
}

#[tokio::test]
async fn ab_43_an_oversized_callback_is_refused() {
    let portal = TestPortal::open();
    let now = portal.clock().now().await.as_second();
    let huge = format!("{{\"x\":\"{}\"}}", "x".repeat(128 * 1024));
    portal.psp().signed("evt-huge", now, huge.as_bytes()).answer().await.refused(413, "payload_too_large");
}

#[tokio::test]
async fn inv_m24_money_of_an_unknown_payment_is_kept_and_acknowledged() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    for id in ["0123456789abcdef0123456789abcdef", "not-one-of-ours"] {
        let callback =
            CallbackMessage::succeeded(&paying).named(&format!("{id}-{}", paying.id)).with("paymentId", id);
        for _ in 0..2 {
            portal.psp().calls_back(&callback).await.expect(200);
        }
        let failed =
            CallbackMessage::failed(&paying).named(&format!("f-{id}-{}", paying.id)).with("paymentId", id);
        portal.psp().calls_back(&failed).await.expect(200);
    }
    assert_eq!((paying.status().await.as_str(), mario.status(&notice).await.as_str()), ("pending", "to-pay"));
}

#[tokio::test]
async fn a_signed_message_that_makes_no_sense_is_refused() {
    let portal = TestPortal::open();
    let (_, _, paying) = portal.payment_under_way().await;
    let psp = portal.psp();
    let now = portal.clock().now().await.as_second();
    psp.signed(&format!("evt-1-{}", paying.id), now, b"{").answer().await.refused(400, "malformed_body");
    psp.signed(&format!("evt-2-{}", paying.id), now, b"[]").answer().await.refused(400, "malformed_body");
    for field in ["paymentId", "transactionId", "amount", "currency"] {
        let callback =
            CallbackMessage::succeeded(&paying).named(&format!("evt-{field}-{}", paying.id)).without(field);
        let fields = psp.calls_back(&callback).await.refused(400, "invalid_input").fields();
        assert_eq!(fields, [(format!("data.{field}"), "required".to_owned())]);
    }
    assert_eq!(paying.status().await, "pending");
    // The longest name of a transaction that a receipt can carry.
    let named = |length: usize| {
        let callback = CallbackMessage::succeeded(&paying).named(&format!("evt-{length}-{}", paying.id));
        callback.with("transactionId", "T".repeat(length))
    };
    let fields = psp.calls_back(&named(129)).await.refused(400, "invalid_input").fields();
    assert_eq!(fields, [("data.transactionId".to_owned(), "too_long".to_owned())]);
    psp.calls_back(&named(128)).await.expect(200);
    assert_eq!(paying.status().await, "succeeded");
}

#[tokio::test]
async fn a_till_of_the_circuit_pays_what_was_paid_online() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    mario.has_paid(&notice).await;
    if !portal.node().has_taken(&notice).await {
        return;
    }
    let timeline = mario.timeline(&notice).await;
    assert_eq!(timeline.iter().filter(|event| *event == "paid").count(), 1, "{timeline:?}");
}

#[tokio::test]
async fn a_till_of_the_circuit_pays_while_somebody_pays_online() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    if !portal.node().has_taken(&notice).await {
        return;
    }
    assert_eq!(mario.status(&notice).await, "paid");
    mario.receipt_pdf(&notice).await.pdf();
    // The till's money is another's: how the payment online went is for its PSP to say.
    assert_eq!(paying.status().await, "pending");
    mario.tries_to_withdraw_consent(&mario.person.password).await.refused(409, "payment_in_progress");
    paying.at_psp(PspOutcome::Success).await;
    assert_eq!(paying.status().await, "succeeded");
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid", "duplicate-to-refund"]);
    assert_eq!(mario.receipts_mailed().await, 1);
}

#[tokio::test]
async fn inv_m17_a_payment_online_that_fails_after_a_tills_receipt_has_failed() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    if !portal.node().has_taken(&notice).await {
        return;
    }
    paying.at_psp(PspOutcome::Failure).await;
    assert_eq!(paying.status().await, "failed");
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
    mario.withdraws_consent().await;
}
