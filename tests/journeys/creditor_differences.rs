//! What needs a person about money: told, listed, resolved once.

use journeys::{CallbackMessage, SampleNotice, TestPortal, Value, json};

fn only(mut kept: Vec<Value>, kind: &str) -> Value {
    kept.retain(|kept| kept["kind"] == kind);
    assert_eq!(kept.len(), 1, "one {kind}: {kept:?}");
    kept.remove(0)
}

fn refunded() -> Value {
    json!({"resolution": "refunded", "by": "ragioneria", "why": "mandato 118/2026"})
}

/// A debt that was paid at the node, and paid again.
async fn paid_twice(portal: &TestPortal) -> Option<SampleNotice> {
    let mario = portal.known_citizen().await;
    let notice = portal.creditor().issues(&mario.person).await;
    mario.associates(&notice).await;
    // A till has activated it, and takes the money all the same once it is paid elsewhere.
    portal.node().activates(&notice).await;
    mario.has_paid(&notice).await;
    portal.node().has_taken(&notice).await.then_some(notice)
}

#[tokio::test]
async fn money_that_came_twice_is_refunded_once() {
    let portal = TestPortal::open();
    let creditor = portal.creditor();
    let Some(notice) = paid_twice(&portal).await else { return };
    let kept = only(creditor.differences_of(&notice.number).await, "duplicate");
    assert_eq!(
        (&kept["amount"], &kept["currency"], &kept["channel"], &kept["status"]),
        (&json!(notice.amount), &json!("EUR"), &json!("node"), &json!("open"))
    );
    let id = kept["id"].as_str().unwrap();
    let key = portal.rng().letters(20);
    let first = creditor.resolves(id, &refunded(), &key).await.expect(200);
    let resolved = &first.json()["difference"];
    assert_eq!(
        (&resolved["status"], &resolved["resolution"]["resolution"], &resolved["resolution"]["by"]),
        (&json!("resolved"), &json!("refunded"), &json!("ragioneria"))
    );
    // The same again, under the same key, another one, and with another resolution: the first answer.
    assert_eq!(creditor.resolves(id, &refunded(), &key).await.expect(200).json(), first.json());
    let otherwise = json!({"resolution": "reconciled", "by": "altri", "why": "altro"});
    creditor.resolves(id, &otherwise, &key).await.refused(422, "idempotency_key_reused");
    let again = creditor.resolves(id, &otherwise, &portal.rng().letters(20)).await.expect(200);
    assert_eq!(again.json(), first.json());
    // What an operator would have booked is booked, once.
    let debt = creditor.gets(&format!("/creditor/debts/{}", notice.number)).await.ok();
    let kinds: Vec<&str> = debt["debt"]["movements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|movement| movement["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["created", "payment-started", "credit", "duplicate", "refund-noted"]);
    let kept = only(creditor.differences_of(&notice.number).await, "duplicate");
    assert_eq!(&kept, resolved, "it stands among those that are resolved");
}

#[tokio::test]
async fn another_amount_warns_nobody_once_it_is_resolved() {
    let portal = TestPortal::open();
    let creditor = portal.creditor();
    for resolution in ["refunded", "reconciled"] {
        let (mario, notice, paying) = portal.payment_under_way().await;
        paying.psp_does(&json!({"outcome": "success", "amount": notice.amount + 1})).await;
        assert_eq!(mario.sees(&notice).await["debt"]["moneyReceived"], true);
        let kept = only(creditor.differences_of(&notice.number).await, "mismatch");
        assert_eq!(
            (&kept["amount"], &kept["expected"], &kept["channel"], &kept["paymentId"]),
            (&json!(notice.amount + 1), &json!(notice.amount), &json!("psp"), &json!(paying.id))
        );
        let how = json!({"resolution": resolution, "by": "ragioneria", "why": "flusso 12"});
        let id = kept["id"].as_str().unwrap();
        creditor.resolves(id, &how, &portal.rng().letters(20)).await.expect(200);
        assert_eq!(mario.sees(&notice).await["debt"]["moneyReceived"], Value::Null, "{resolution}");
    }
}

#[tokio::test]
async fn money_that_is_no_amount_of_ours_is_shown_in_its_senders_words() {
    let portal = TestPortal::open();
    let (_, notice, paying) = portal.payment_under_way().await;
    let told = CallbackMessage::succeeded(&paying).with("amount", -3).named(&portal.rng().letters(20));
    portal.psp().calls_back(&told).await.expect(200);
    let kept = only(portal.creditor().differences_of(&notice.number).await, "mismatch");
    assert_eq!((&kept["amount"], &kept["amountText"]), (&Value::Null, &json!("-3")));
}

#[tokio::test]
async fn the_list_is_read_page_by_page_and_a_key_reads_or_resolves_by_its_scopes() {
    let portal = TestPortal::open();
    let creditor = portal.creditor();
    for _ in 0..3 {
        let Some(_) = paid_twice(&portal).await else { return };
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = creditor.gets(&format!("/creditor/differences?kind=duplicate&limit=1{cursor}")).await.ok();
        let items = page["items"].as_array().unwrap().clone();
        assert!(items.len() <= 1 && items.iter().all(|kept| kept["kind"] == "duplicate"), "{page}");
        seen.extend(items.into_iter().map(|kept| kept["id"].as_str().unwrap().to_owned()));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert!(seen.len() >= 3, "{seen:?}");
    let mut once = seen.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), seen.len(), "nothing twice");
    for wrong in ["status=closed", "kind=unheard-of", "limit=0", "other=1"] {
        let answer = creditor.gets(&format!("/creditor/differences?{wrong}")).await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
    let id = &seen[0];
    for (how, field, code) in [
        (json!({"resolution": "lost", "by": "x", "why": "y"}), "resolution", "not_allowed"),
        (json!({"by": "x", "why": "y"}), "resolution", "required"),
        (json!({"resolution": "refunded", "why": "y"}), "by", "required"),
        (json!({"resolution": "refunded", "by": "x", "why": "a@b.it"}), "why", "not_allowed"),
        (json!({"resolution": "refunded", "by": "x".repeat(21), "why": "y"}), "by", "too_long"),
    ] {
        let refused = creditor.resolves(id, &how, "wrong").await.refused(400, "invalid_input");
        assert_eq!(refused.fields(), [(field.to_owned(), code.to_owned())]);
    }
    for nobody in ["0".repeat(32), "x".to_owned()] {
        creditor.resolves(&nobody, &refunded(), &portal.rng().letters(20)).await.refused(404, "not_found");
    }
    let reader = |method: &str, path: &str| {
        portal.browser().request(method, path).header("authorization", "Bearer local-reader-key")
    };
    reader("GET", "/creditor/differences").answer().await.expect(200);
    let resolve = reader("POST", &format!("/creditor/differences/{id}/resolve"));
    resolve.json(&refunded()).answer().await.refused(403, "forbidden_scope");
}
