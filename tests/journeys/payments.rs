//! Paying: what a click leads to, and what becomes of what was begun.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use journeys::local::Options;
use journeys::local::faults::{Fault, Scope};
use journeys::{
    DebtPosition, PortalUser, PspOutcome, SampleNotice, TestPortal, Value, canteen, json, numbers, together,
};

#[tokio::test]
async fn five_practices_are_paid_in_one_go() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let mut notices = Vec::new();
    for _ in 0..5 {
        notices.push(portal.creditor().issues(&mario.person).await);
    }
    mario.associates(&notices[0]).await;
    let all: Vec<&SampleNotice> = notices.iter().collect();
    let paying = mario.pays_all(&all).await;
    paying.at_psp(PspOutcome::Success).await;
    let paid = paying.sees().await;
    assert_eq!(paid["status"], "succeeded");
    assert_eq!(paid["debts"].as_array().unwrap().len(), 5);
    let mut codes = Vec::new();
    for notice in &notices {
        assert_eq!(mario.status(notice).await, "paid");
        mario.receipt_pdf(notice).await.pdf();
        codes.push(mario.receipt_code(notice).await);
    }
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 5, "INV-M12: one receipt for each");
    assert_eq!(mario.to_pay().await["count"], 0);
    let receipts = mario.subjects().await;
    assert_eq!(receipts.iter().filter(|subject| subject.starts_with("Ricevuta del pagamento")).count(), 1);
}

#[tokio::test]
async fn a_payment_is_of_one_to_five_different_practices() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    let number = notice.number.as_str();
    let six: Vec<String> = (0..6).map(|n| format!("30100000000000000{n}")).collect();
    for (numbers, code) in [
        (json!([]), "required"),
        (json!(["1"]), "format"),
        (json!([number, number]), "not_allowed"),
        (json!(six), "too_long"),
    ] {
        let refused = mario.orders(&json!({"noticeNumbers": numbers})).await.refused(400, "invalid_input");
        assert_eq!(refused.fields(), [("noticeNumbers".to_owned(), code.to_owned())]);
    }
    assert_eq!(mario.timeline(&notice).await, ["created"]);
}

#[tokio::test]
async fn inv_m18_ab_35_eight_clicks_make_one_payment() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    let clicks = (0..8).map(|_| {
        let (mario, notice) = (mario.clone(), notice.clone());
        async move { mario.tries_to_pay(&notice).await.expect(201).json() }
    });
    let answers = together(clicks).await;
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    let seen = mario.sees(&notice).await;
    assert_eq!(seen["payments"].as_array().unwrap().len(), 1);
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started"]);
}

#[tokio::test]
async fn the_same_key_gets_the_first_answer_again_for_the_same_request_only() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    let other = portal.creditor().issues(&mario.person).await;
    let order = json!({"noticeNumbers": [notice.number]});
    let first = mario.orders_as(&order, "one-key").await.expect(201);
    let again = mario.orders_as(&order, "one-key").await.expect(201);
    assert_eq!(first.body, again.body);
    mario
        .orders_as(&json!({"noticeNumbers": [other.number]}), "one-key")
        .await
        .refused(422, "idempotency_key_reused");
    assert_eq!(mario.timeline(&other).await, ["created"]);
    // AB-62: somebody else's same key is another key.
    let (lucia, hers) = portal.proven_citizen().await;
    let begun = lucia.orders_as(&json!({"noticeNumbers": [hers.number]}), "one-key").await.expect(201);
    assert_ne!(begun.json()["paymentId"], first.json()["paymentId"]);
    // And a key is needed, of one to 255 visible characters.
    mario.browser.post("/api/payments", &order).answer().await.refused(400, "invalid_input");
    mario.orders_as(&order, &"k".repeat(256)).await.refused(400, "invalid_input");
    mario.orders_as(&order, "two words").await.refused(400, "invalid_input");
}

#[tokio::test]
async fn while_a_payment_is_under_way_there_is_no_other() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    let lucia = portal.known_citizen().await;
    lucia.associates(&notice).await;
    let paying = mario.pays(&notice).await;
    lucia.tries_to_pay(&notice).await.refused(409, "payment_in_progress");
    let by_card = json!({"noticeNumbers": [notice.number], "method": "CP", "pspId": "BANCADUE"});
    mario.orders(&by_card).await.refused(409, "payment_in_progress");
    mario.tries_to_withdraw_consent(&mario.person.password).await.refused(409, "payment_in_progress");
    paying.at_psp(PspOutcome::Success).await;
    lucia.tries_to_pay(&notice).await.refused(409, "debt_already_paid");
    assert_eq!(lucia.status(&notice).await, "paid");
    lucia.receipt_pdf(&notice).await.pdf();
    mario.withdraws_consent().await;
}

/// What was begun for two practices together is not gone on with for one of them, nor for them and a third.
#[tokio::test]
async fn inv_m18_a_payment_is_resumed_for_the_very_practices_that_it_is_of() {
    let portal = TestPortal::open();
    let (mario, first) = portal.proven_citizen().await;
    let (second, third) =
        (portal.creditor().issues(&mario.person).await, portal.creditor().issues(&mario.person).await);
    let together = mario.pays_all(&[&first, &second]).await;
    for others in [vec![&first], vec![&first, &second, &third], vec![&second, &third]] {
        let numbers: Vec<&str> = others.iter().map(|notice| notice.number.as_str()).collect();
        mario.orders(&json!({"noticeNumbers": numbers})).await.refused(409, "payment_in_progress");
    }
    assert_eq!(mario.pays_all(&[&second, &first]).await.id, together.id, "in whatever order");
    together.at_psp(PspOutcome::Failure).await;
    // Each practice's own history names its own share of what failed.
    let exported = mario.exports().await;
    for notice in [&first, &second] {
        let debts = exported["debts"].as_array().unwrap();
        let debt = debts.iter().find(|debt| debt["noticeNumber"] == notice.number).unwrap();
        let movements: Vec<_> =
            debt["movements"].as_array().unwrap().iter().map(|m| (&m["kind"], &m["cents"])).collect();
        let amount = json!(notice.amount);
        let kinds = [json!("CREATED"), json!("ATTEMPT_STARTED"), json!("ATTEMPT_FAILED")];
        assert_eq!(movements, kinds.iter().map(|kind| (kind, &amount)).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_refused_or_cancelled_payment_leaves_the_practice_to_pay() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    for (outcome, status) in [(PspOutcome::Failure, "failed"), (PspOutcome::Cancel, "cancelled")] {
        let paying = mario.pays(&notice).await;
        paying.at_psp(outcome).await;
        let ended = paying.sees().await;
        assert_eq!(ended["status"], status);
        assert!(ended.get("checkAgainSeconds").is_none());
        assert_eq!(ended["debts"][0]["status"], "to-pay");
        assert!(!ended["debts"][0]["paymentInProgress"].as_bool().unwrap_or(false));
    }
    assert_eq!(
        mario.mails_about("Pagamento non riuscito").await,
        1,
        "a cancelled one was the person's own wish"
    );
    mario.has_paid(&notice).await;
    let expected = [
        "created",
        "payment-started",
        "payment-failed",
        "payment-started",
        "payment-failed",
        "payment-started",
        "paid",
    ];
    assert_eq!(mario.timeline(&notice).await, expected);
    assert_eq!(mario.sees(&notice).await["payments"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn ab_35_too_many_attempts_are_refused_and_leave_none_behind() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    for _ in 0..10 {
        mario.pays(&notice).await.at_psp(PspOutcome::Cancel).await;
    }
    // The second refusal as well: the first must not have left an attempt that a click could take up.
    for _ in 0..2 {
        mario.tries_to_pay(&notice).await.refused(429, "too_many_requests");
    }
    let seen = mario.sees(&notice).await;
    assert_eq!(seen["payments"].as_array().unwrap().len(), 10);
    assert!(!seen["debt"]["paymentInProgress"].as_bool().unwrap_or(false));
}

#[tokio::test]
async fn inv_m11_ab_37_ab_55_coming_back_from_the_psp_proves_nothing() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    let paying = mario.pays(&notice).await;
    let way_back = paying.at_psp(PspOutcome::Abandon).await;
    let path = way_back.strip_prefix(portal.url()).expect("back to the portal").to_owned();
    for path in [path.clone(), format!("{path}?status=succeeded&esito=OK")] {
        let _page = mario.gets(&path).await;
    }
    assert_eq!(paying.status().await, "pending");
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started"]);
}

#[tokio::test]
async fn an_abandoned_payment_is_pending_then_expires() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    let paying = mario.pays(&notice).await;
    paying.at_psp(PspOutcome::Abandon).await;
    portal.clock().moves_minutes(18).await;
    assert_eq!(paying.status().await, "pending");
    // The same click leads back to the same page.
    assert_eq!(mario.pays(&notice).await.id, paying.id);
    portal.clock().moves_minutes(15).await;
    portal.clock().moves_minutes(60).await;
    mario.logs_in().await;
    assert_eq!(paying.status().await, "expired");
    let seen = mario.sees(&notice).await;
    assert_eq!((&seen["debt"]["status"], &seen["debt"]["payable"]), (&json!("to-pay"), &json!(true)));
    assert_eq!(seen["payments"][0]["status"], "expired");
    let again = mario.has_paid(&notice).await;
    assert_ne!(again.id, paying.id);
}

#[tokio::test]
async fn inv_m17_a_lost_callback_is_settled_by_asking_the_psp() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    let [refused, left] =
        [portal.creditor().issues(&mario.person).await, portal.creditor().issues(&mario.person).await];
    let (paying, failing) = (mario.pays(&notice).await, mario.pays(&refused).await);
    let leaving = mario.pays(&left).await;
    paying.at_psp(PspOutcome::Success.callbacks(0)).await;
    failing.at_psp(PspOutcome::Failure.callbacks(0)).await;
    leaving.at_psp(PspOutcome::Cancel.callbacks(0)).await;
    for waiting in [&paying, &failing, &leaving] {
        assert_eq!(waiting.status().await, "pending");
    }
    portal.clock().moves_minutes(6).await;
    assert_eq!(paying.status().await, "succeeded");
    assert_eq!(failing.status().await, "failed");
    assert_eq!(leaving.status().await, "cancelled");
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
    mario.receipt_pdf(&notice).await.pdf();
    assert_eq!(mario.mails_about("Pagamento non riuscito").await, 1);
}

#[tokio::test]
async fn a_late_callback_and_the_inquiry_credit_once() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    let paying = mario.pays(&notice).await;
    // The callback is on its way for ten minutes; the sweep asks before.
    paying.at_psp(PspOutcome::Success.calling_back_after(600)).await;
    portal.clock().moves_minutes(6).await;
    assert_eq!(paying.status().await, "succeeded");
    portal.clock().moves_minutes(6).await;
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
    assert_eq!(receipts(&mario).await, 1);
}

#[tokio::test]
async fn a_new_click_after_the_payments_time_asks_the_psp_first() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    let paying = mario.pays(&notice).await;
    // The sweep cannot reach the PSP, and the callback is lost.
    let asks = || Scope::function("Sweep").operation("psp:ask");
    portal.stack().faults().plan(asks(), (1..100).map(|n| (n, Fault::ServerError)));
    paying.at_psp(PspOutcome::Success.callbacks(0)).await;
    portal.clock().moves_minutes(19).await;
    assert!(mario.is_logged_in().await);
    portal.clock().moves_minutes(15).await;
    assert_eq!(paying.status().await, "pending");
    mario.tries_to_pay(&notice).await.refused(409, "debt_already_paid");
    assert_eq!(paying.status().await, "succeeded");
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
}

/// A PSP that gives these answers, one to each call; gives back its address.
fn psp_that_answers(answers: Vec<Value>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            for line in reader.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty()) {
                if let Some(n) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                    length = n.parse().unwrap();
                }
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            let body = answer.to_string();
            write!(stream, "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\nconnection: close\r\n")
                .unwrap();
            write!(stream, "content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    address
}

/// A person is sent to a page, or nowhere: never to what a browser would run, nor with a name too long to keep.
#[tokio::test]
async fn fm_31_f8_a_psp_that_answers_what_was_not_agreed_takes_nobody_away() {
    let page = |length: usize| format!("https://psp.example/{}", "p".repeat(length - 20));
    let cases = [
        ("javascript:alert(1)".to_owned(), "TX".to_owned(), 502),
        ("//psp.example/page".to_owned(), "TX".to_owned(), 502),
        (page(2_049), "TX".to_owned(), 502),
        (page(100), String::new(), 502),
        (page(100), "T".repeat(101), 502),
        (page(2_048), "T".repeat(100), 201),
        ("http://localhost/pay".to_owned(), "TX".to_owned(), 201),
    ];
    let answers = cases.iter().map(|(url, id, _)| json!({"redirectUrl": url, "transactionId": id})).collect();
    let parameters = BTreeMap::from([("PspUrl".to_owned(), psp_that_answers(answers))]);
    let options = Options { parameters, demo: false, ..Options::default() };
    let Some(portal) = TestPortal::alone_with(options) else { return };
    let (mario, first) = portal.proven_citizen().await;
    for (url, transaction, status) in cases {
        let notice = portal.creditor().issues(&mario.person).await;
        let answer = mario.tries_to_pay(&notice).await;
        assert_eq!(answer.status, status, "{url} {transaction}: {}", answer.text());
        if status == 201 {
            assert_eq!(answer.json()["redirectUrl"], url);
        }
    }
    assert_eq!(mario.timeline(&first).await, ["created"]);
}

#[tokio::test]
async fn fm_31_f7_a_psp_that_does_not_answer_is_asked_again_with_the_same_payment() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    let opens = || Scope::function("InitiatePayment").operation("psp:open");
    portal.stack().faults().plan(opens(), (1..10).map(|n| (n, Fault::LoseAnswer)));
    mario.tries_to_pay(&notice).await.refused(502, "psp_unavailable");
    let begun = mario.sees(&notice).await;
    assert_eq!(begun["payments"][0]["status"], "pending");
    portal.stack().faults().clear();
    let paying = mario.pays(&notice).await;
    assert_eq!(begun["payments"][0]["paymentId"], paying.id.as_str());
    paying.at_psp(PspOutcome::Success).await;
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
}

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
async fn ab_34_amounts_and_fields_of_a_spontaneous_practice_are_checked() {
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
async fn inv_m27_a_spontaneous_practice_is_made_once_for_a_key() {
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
    let practice = DebtPosition::of(&mario.person, portal.rng());
    let order = json!({"noticeNumbers": [practice.number]});
    mario.orders_as(&order, "k-again").await.refused(404, "debt_not_found");
    portal.creditor().issues_as(practice).await;
    mario.orders_as(&order, "k-again").await.expect(201);
}

#[tokio::test]
async fn a_spontaneous_practice_is_taken_back_while_nobody_pays_it() {
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
async fn ab_63_spontaneous_practices_have_a_limit() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    for n in 0..10 {
        mario.creates(&canteen(1_000 + n)).await;
    }
    mario.tries_to_create(&canteen(2_000)).await.refused(429, "too_many_requests");
}

#[tokio::test]
async fn a_practice_past_its_last_day_can_no_longer_be_paid() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    let practice = journeys::DebtPosition::of(&mario.person, portal.rng());
    let today = portal.clock().day(0).await;
    let notice =
        portal.creditor().issues_as(practice.with("dueDate", today.clone()).with("expiresOn", today)).await;
    mario.associates(&notice).await;
    let paying = mario.pays(&notice).await;
    paying.at_psp(PspOutcome::Abandon).await;
    portal.clock().moves(Duration::from_secs(26 * 60 * 60)).await;
    mario.logs_in().await;
    assert_eq!(paying.status().await, "expired");
    assert_eq!(mario.status(&notice).await, "expired");
    mario.tries_to_pay(&notice).await.refused(409, "debt_not_payable");
    mario.notice_pdf(&notice).await.refused(409, "debt_not_payable");
    assert_eq!(mario.to_pay().await["count"], 0);
    // INV-M25: money that comes all the same is never lost.
    portal.psp().calls_back(&journeys::CallbackMessage::succeeded(&paying)).await.expect(200);
    assert_eq!(mario.status(&notice).await, "paid");
    assert_eq!(mario.timeline(&notice).await.last().unwrap(), "paid-late");
}

async fn receipts(citizen: &PortalUser) -> usize {
    citizen.subjects().await.iter().filter(|subject| subject.starts_with("Ricevuta del pagamento")).count()
}

#[tokio::test]
async fn a_practice_past_its_last_day_takes_no_place_in_the_sweep_while_a_payment_of_it_is_open() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, _) = portal.proven_citizen().await;
    let today = portal.clock().day(0).await;
    let practice = DebtPosition::of(&mario.person, portal.rng()).with("expiresOn", today);
    let notice = portal.creditor().issues_as(practice).await;
    let places = async || {
        let world = portal.stack().world("Sweep").unwrap();
        let sweep = store::Sweep::connect(&world).unwrap();
        let mut places = 0;
        for shard in store::Sweep::shards() {
            let due = sweep.due(&shard).await.unwrap();
            places += due
                .iter()
                .filter(|due| matches!(due, store::Due::Debt(number) if number.as_str() == notice.number))
                .count();
        }
        places
    };
    mario.pays(&notice).await;
    let asks = Scope::function("Sweep").operation("psp:ask");
    portal.stack().faults().plan(asks, (1..1_000).map(|n| (n, Fault::ServerError)));
    portal.clock().moves(Duration::from_secs(25 * 60 * 60)).await;
    mario.logs_in().await;
    assert_eq!(mario.status(&notice).await, "expired");
    assert_eq!(places().await, 0, "there is nothing to do until the payment has ended");
    // It ends, and the next sweep writes down that the day has passed.
    portal.stack().faults().clear();
    for minutes in [70, 6] {
        portal.clock().moves_minutes(minutes).await;
    }
    mario.logs_in().await;
    let timeline = mario.timeline(&notice).await;
    assert_eq!(timeline.last().map(String::as_str), Some("expired"), "{timeline:?}");
    assert_eq!(places().await, 0);
}
