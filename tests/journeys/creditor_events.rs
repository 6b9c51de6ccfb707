//! What happened, for the back office: each thing once, in an order that stays.

use journeys::{CallbackMessage, DebtPosition, PspOutcome, TestPortal, Value, json};

/// All events behind a place, and where the next begin.
async fn behind(portal: &TestPortal, after: &str) -> (Vec<Value>, String) {
    let (mut all, mut after) = (Vec::new(), after.to_owned());
    loop {
        let from = if after.is_empty() { String::new() } else { format!("&after={after}") };
        let page = portal.creditor().gets(&format!("/creditor/events?limit=500{from}")).await.ok();
        let items = page["items"].as_array().unwrap().clone();
        page["next"].as_str().unwrap().clone_into(&mut after);
        if items.is_empty() {
            return (all, after);
        }
        all.extend(items);
    }
}

async fn of(portal: &TestPortal, after: &str, number: &str) -> Vec<Value> {
    let (mut events, _) = behind(portal, after).await;
    events.retain(|event| event["noticeNumber"] == number);
    events
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_becomes_of_a_debt_is_told_once_and_in_order() {
    let portal = TestPortal::open();
    let creditor = portal.creditor();
    let (_, start) = behind(&portal, "").await;
    let mario = portal.known_citizen().await;
    let position = DebtPosition::of(&mario.person, portal.rng()).with("reference", "Pratica 7");
    let notice = creditor.issues_as(position.clone()).await;
    creditor.sends(&position).await.expect(200);
    let changed = position.with("amount", 4_321);
    creditor.sends(&changed).await.expect(200);
    let notice = journeys::SampleNotice { amount: 4_321, ..notice };
    mario.associates(&notice).await;
    let paying = mario.has_paid(&notice).await;
    let second = CallbackMessage::succeeded(&paying).with("transactionId", portal.rng().letters(12));
    let second = second.named(&portal.rng().letters(20));
    portal.psp().calls_back(&second).await.expect(200);
    let kept = creditor.differences_of(&notice.number).await;
    let id = kept[0]["id"].as_str().unwrap();
    let how = json!({"resolution": "refunded", "by": "ragioneria", "why": "mandato 118/2026"});
    creditor.resolves(id, &how, &portal.rng().letters(20)).await.expect(200);

    let events = of(&portal, &start, &notice.number).await;
    let expected =
        ["debt.created", "debt.changed", "payment.succeeded", "payment.duplicate", "difference.resolved"];
    assert_eq!(types(&events), expected);
    let data: Vec<&Value> = events.iter().map(|event| &event["data"]).collect();
    assert_eq!((&data[0]["status"], &data[0]["reference"]), (&json!("to-pay"), &json!("Pratica 7")));
    assert_eq!((&data[1]["amount"], &data[1]["movements"]), (&json!(4_321), &Value::Null));
    assert_ne!(data[0]["amount"], data[1]["amount"], "as it was then");
    let payments = creditor.gets("/creditor/payments?limit=50").await.ok();
    let row = payments["items"].as_array().unwrap().iter().find(|row| row["noticeNumber"] == notice.number);
    if let Some(row) = row {
        assert_eq!(data[2], row);
    }
    assert_eq!((&data[2]["amount"], &data[2]["channel"]), (&json!(4_321), &json!("psp")));
    assert_eq!((&data[3]["id"], &data[3]["status"]), (&json!(id), &json!("open")));
    assert_eq!((&data[4]["id"], &data[4]["status"]), (&json!(id), &json!("resolved")));
    assert_eq!(of(&portal, &start, &notice.number).await, events, "it stays as it was told");
    let (_, end) = behind(&portal, &start).await;
    assert!(of(&portal, &end, &notice.number).await.is_empty());
}

#[tokio::test]
async fn what_ends_without_money_and_what_nobody_knows_is_told_too() {
    let portal = TestPortal::open();
    let creditor = portal.creditor();
    let (_, start) = behind(&portal, "").await;
    let (mario, notice, paying) = portal.payment_under_way().await;
    paying.psp_does(&json!({"outcome": "success", "amount": notice.amount + 1})).await;
    let failing = creditor.issues(&mario.person).await;
    mario.associates(&failing).await;
    mario.pays(&failing).await.at_psp(PspOutcome::Failure).await;
    creditor.cancels(&failing).await;
    let wish = json!({"serviceCode": "TEST1", "reason": "Prova", "amount": 100});
    let own = mario.creates(&wish).await;
    let strange = portal.rng().letters(16);
    let unknown = CallbackMessage::succeeded(&paying).with("paymentId", "0".repeat(32));
    let unknown = unknown.with("transactionId", strange.as_str()).named(&portal.rng().letters(20));
    portal.psp().calls_back(&unknown).await.expect(200);

    let events = of(&portal, &start, &notice.number).await;
    assert_eq!(types(&events), ["debt.created", "payment.mismatch"]);
    assert_eq!(events[1]["data"]["expected"], json!(notice.amount));
    let events = of(&portal, &start, &failing.number).await;
    assert_eq!(types(&events), ["debt.created", "debt.cancelled"]);
    assert_eq!(types(&of(&portal, &start, &own.number).await), ["spontaneous.created"]);
    let (all, _) = behind(&portal, &start).await;
    let strange = all.iter().filter(|event| event["data"]["receiptId"] == strange.as_str());
    assert_eq!(
        strange.map(|event| event["type"].as_str().unwrap()).collect::<Vec<_>>(),
        ["payment.unmatched"]
    );
}

#[tokio::test]
async fn the_feed_is_read_from_any_place_by_kind_and_page_by_page() {
    let Some(portal) = TestPortal::alone() else { return };
    let creditor = portal.creditor();
    let mario = portal.known_citizen().await;
    for _ in 0..7 {
        let notice = creditor.issues(&mario.person).await;
        creditor.cancels(&notice).await;
    }
    let (all, end) = behind(&portal, "").await;
    assert!(all.len() >= 14);
    let ids: std::collections::BTreeSet<&str> =
        all.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), all.len(), "each has an id of its own");
    let (mut seen, mut after) = (Vec::new(), String::new());
    while seen.len() < all.len() {
        let page = creditor.gets(&format!("/creditor/events?limit=3{after}")).await.ok();
        seen.extend(page["items"].as_array().unwrap().clone());
        after = format!("&after={}", page["next"].as_str().unwrap());
    }
    assert_eq!((&seen, after), (&all, format!("&after={end}")));
    let page = creditor.gets("/creditor/events?types=debt.cancelled,payment.succeeded&limit=4").await.ok();
    let items = page["items"].as_array().unwrap();
    assert!(items.len() == 4 && items.iter().all(|event| event["type"] != "debt.created"), "{page}");
    let nothing = creditor.gets("/creditor/events?types=flow.reconciled").await.ok();
    assert_eq!((&nothing["items"], &nothing["next"]), (&json!([]), &json!(end)));
    // Another month: what comes then is behind what there was.
    portal.clock().moves_minutes(40 * 24 * 60).await;
    let later = creditor.issues(&mario.person).await;
    let (new, _) = behind(&portal, &end).await;
    assert!(new.iter().any(|event| event["noticeNumber"] == later.number.as_str()), "{new:?}");
    let (whole, _) = behind(&portal, "").await;
    assert_eq!(whole, all.into_iter().chain(new).collect::<Vec<_>>());
    for (wrong, code) in [
        ("types=", "invalid_input"),
        ("types=debt.created,", "invalid_input"),
        ("types=debt.unheard-of", "invalid_input"),
        ("limit=0", "invalid_input"),
        ("limit=501", "invalid_input"),
        ("after=x", "invalid_cursor"),
        ("after=2026-13.1", "invalid_cursor"),
        ("after=2026-11.999999999", "invalid_cursor"),
    ] {
        let refused = creditor.gets(&format!("/creditor/events?{wrong}")).await;
        assert_eq!((refused.status, refused.code().as_str()), (400, code), "{wrong}");
    }
}

#[tokio::test]
async fn two_who_read_at_once_are_told_the_same() {
    let portal = TestPortal::open();
    let creditor = portal.creditor();
    let (_, start) = behind(&portal, "").await;
    let mario = portal.known_citizen().await;
    let notice = creditor.issues(&mario.person).await;
    let (one, other) = tokio::join!(of(&portal, &start, &notice.number), of(&portal, &start, &notice.number));
    assert_eq!((types(&one), &one), (vec!["debt.created"], &other));
}
