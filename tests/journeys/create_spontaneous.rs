//! Spontaneous payments.

use journeys::local::Options;
use journeys::{DebtPosition, PspOutcome, TestPortal, canteen, json, numbers};

#[tokio::test]
async fn ab_33_prices_come_from_the_catalogue() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    let cheaper = json!({"noticeNumbers": [notice.number], "amount": 1});
    mario.orders(&cheaper).await.refused(400, "unknown_field");
    for (method, psp) in [("CP", "NOBODY"), ("CASH", "BANCADUE")] {
        let order = json!({"noticeNumbers": [notice.number], "method": method, "pspId": psp});
        mario.orders(&order).await.refused(400, "invalid_input");
    }
    assert_eq!(mario.timeline(&notice).await, ["created"]);

    let mut wish = canteen(2_000);
    wish["beneficiary"] = json!("IT60X0542811101000000123456");
    mario.tries_to_create(&wish).await.refused(400, "unknown_field");
    let fixed = json!({
        "serviceCode": "10.TRASPORTO SCOLASTICO", "reason": "Scuolabus", "amount": 1,
        "fields": {"alunno": "Giulia Neri", "anno": "2026"}
    });
    let fields = mario.tries_to_create(&fixed).await.refused(400, "invalid_input").fields();
    assert_eq!(fields, [("amount".to_owned(), "not_allowed".to_owned())]);
}

#[tokio::test]
async fn ab_34_amounts_and_fields_of_a_spontaneous_debt_are_checked() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let cases = [
        (json!(0), "amount", "min"),
        (json!(99), "amount", "min"),
        (json!(50_001), "amount", "max"),
        (json!(-1), "amount", "format"),
        (json!(10.5), "amount", "format"),
        (json!("1000"), "amount", "format"),
        (json!(null), "amount", "required"),
    ];
    for (amount, field, code) in cases {
        let mut wish = canteen(0);
        wish["amount"] = amount.clone();
        let fields = mario.tries_to_create(&wish).await.refused(400, "invalid_input").fields();
        assert_eq!(fields, [(field.to_owned(), code.to_owned())], "{amount}");
    }
    let tariff = json!({
        "serviceCode": "14.TOSAP TEMPORANEA", "reason": "",
        "fields": {"autorizzazione": "26/1", "metri_quadri": "1001", "giorni": "0", "zona": "Luna", "colore": "blu"}
    });
    let fields = mario.tries_to_create(&tariff).await.refused(400, "invalid_input").fields();
    let said: Vec<(&str, &str)> = fields.iter().map(|(f, c)| (f.as_str(), c.as_str())).collect();
    assert_eq!(
        said,
        [
            ("fields.autorizzazione", "format"),
            ("fields.colore", "not_allowed"),
            ("fields.dal", "required"),
            ("fields.giorni", "min"),
            ("fields.metri_quadri", "max"),
            ("fields.zona", "not_allowed"),
            ("reason", "required"),
        ]
    );
    assert_eq!(mario.to_pay().await["count"], 0);
}

#[tokio::test]
async fn inv_m27_a_spontaneous_debt_is_made_once_for_a_key() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let create = |key: &'static str, cents: u64| {
        let ask = mario.browser.post("/api/debts", &canteen(cents)).idempotency_key(key);
        async move { ask.answer().await }
    };
    let first = create("k1", 1_000).await.expect(201);
    let again = create("k1", 1_000).await.expect(201);
    assert_eq!(first.body, again.body);
    create("k1", 2_000).await.refused(422, "idempotency_key_reused");
    create("k2", 1_000).await.expect(201);
    assert_eq!(mario.to_pay().await["count"], 2);
}

/// A refusal does not use a key up: the same wish is granted once nothing stands in its way.
#[tokio::test]
async fn a_wish_that_was_refused_may_come_again_under_its_key() {
    let portal = TestPortal::open();
    let (mario, _) = portal.proven_citizen().await;
    let position = DebtPosition::of(&mario.person, portal.rng());
    let order = json!({"noticeNumbers": [position.number]});
    mario.orders_as(&order, "k-again").await.refused(404, "debt_not_found");
    portal.creditor().issues_as(position).await;
    mario.orders_as(&order, "k-again").await.expect(201);
}

#[tokio::test]
async fn a_spontaneous_debt_is_taken_back_while_nobody_pays_it() {
    let portal = TestPortal::open();
    let (mario, from_creditor) = portal.proven_citizen().await;
    let own = mario.creates(&canteen(1_500)).await;
    let paying = mario.pays(&own).await;
    mario.tries_to_take_back(&own).await.refused(409, "debt_not_payable");
    paying.at_psp(PspOutcome::Cancel).await;
    mario.tries_to_take_back(&own).await.expect(204);
    assert_eq!(mario.status(&own).await, "cancelled");
    assert_eq!(mario.numbers_to_pay().await, [from_creditor.number.as_str()]);
    assert_eq!(numbers(&mario.history("?status=cancelled").await), [own.number.as_str()]);
    mario.tries_to_pay(&own).await.refused(409, "debt_not_payable");
    mario.notice_pdf(&own).await.refused(409, "debt_not_payable");

    // Not what the creditor made, nor what is paid.
    mario.tries_to_take_back(&from_creditor).await.refused(409, "debt_not_payable");
    let paid = mario.creates(&canteen(1_600)).await;
    mario.has_paid(&paid).await;
    mario.tries_to_take_back(&paid).await.refused(409, "debt_not_payable");
}

#[tokio::test]
async fn ab_63_spontaneous_debts_have_a_limit() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    for n in 0..10 {
        mario.creates(&canteen(1_000 + n)).await;
    }
    mario.tries_to_create(&canteen(2_000)).await.refused(429, "too_many_requests");
}

#[tokio::test]
async fn jrn_08_the_price_of_a_tariff_is_seen_before_anything_is_written() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let fields = json!({
        "autorizzazione": "2026/0123", "metri_quadri": "12", "giorni": "2", "dal": "2099-09-01", "zona": "Centro",
    });
    let preview =
        async |body: &serde_json::Value| mario.browser.post("/api/debts?dryRun=true", body).answer().await;
    let told =
        preview(&json!({"serviceCode": "14.TOSAP TEMPORANEA", "fields": fields})).await.expect(200).json();
    assert_eq!(told["amount"], 2_900);
    assert_eq!(told["reason"], "Tosap temporanea – 2026/0123 – Centro");
    assert_eq!(
        told["computation"],
        json!([
            {"text": "Quota fissa", "amount": 500},
            {"text": "Metri quadri occupati: 12 × Giorni di occupazione: 2 × Zona: Centro", "amount": 2_400},
        ])
    );
    let lunch = preview(&canteen(1_000)).await.expect(200).json();
    assert_eq!((&lunch["amount"], lunch.get("computation")), (&json!(1_000), None));
    preview(&json!({"serviceCode": "14.TOSAP TEMPORANEA"})).await.refused(400, "invalid_input");
    let asked = mario.browser.post("/api/debts?dryRun=perhaps", &canteen(1_000)).answer().await;
    asked.refused(400, "invalid_input");
    assert_eq!(mario.to_pay().await["count"], 0, "nothing was written");
}

#[tokio::test]
async fn jrn_10_a_creditor_that_offers_none_refuses_them_to_everybody() {
    let parameters = [("SpontaneousPayments".to_owned(), "false".to_owned())].into();
    let Some(portal) = TestPortal::alone_with(Options { parameters, demo: false, ..Options::default() })
    else {
        return;
    };
    let mario = portal.known_citizen().await;
    assert_eq!(mario.browser.get("/api/services").answer().await.ok()["items"], json!([]));
    let create = mario.browser.post("/api/debts", &canteen(1_000)).idempotency_key("k1").answer().await;
    create.refused(400, "invalid_input");
    mario
        .browser
        .post("/api/debts?dryRun=true", &canteen(1_000))
        .answer()
        .await
        .refused(400, "invalid_input");
    assert_eq!(mario.to_pay().await["count"], 0);
}
