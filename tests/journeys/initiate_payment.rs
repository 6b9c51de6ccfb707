//! Starting a payment, resuming it and coming back from the PSP.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use journeys::local::Options;
use journeys::local::faults::{InjectedFault, Scope};
use journeys::{PspOutcome, SampleNotice, TestPortal, Value, json, together};

#[tokio::test]
async fn five_debts_are_paid_in_one_go() {
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
async fn a_payment_is_of_one_to_five_different_debts() {
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

/// What was begun for two debts together is not gone on with for one of them, nor for them and a third.
#[tokio::test]
async fn inv_m18_a_payment_is_resumed_for_the_very_debts_that_it_is_of() {
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
    // Each debt's own history names its own share of what failed.
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
async fn a_refused_or_cancelled_payment_leaves_the_debt_to_pay() {
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
    let (mario, notice, paying) = portal.payment_under_way().await;
    let way_back = paying.at_psp(PspOutcome::Abandon).await;
    let path = way_back.strip_prefix(portal.url()).expect("back to the portal").to_owned();
    for path in [path.clone(), format!("{path}?status=succeeded&esito=OK")] {
        let _page = mario.gets(&path).await;
    }
    assert_eq!(paying.status().await, "pending");
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started"]);
}

#[tokio::test]
async fn a_new_click_after_the_payments_time_asks_the_psp_first() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice, paying) = portal.payment_under_way().await;
    // The sweep cannot reach the PSP, and the callback is lost.
    let asks = || Scope::function("Sweep").operation("psp:ask");
    portal.stack().faults().plan(asks(), (1..100).map(|n| (n, InjectedFault::ServerError)));
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
        (page(100), "T".repeat(129), 502),
        (page(2_048), "T".repeat(128), 201),
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
    portal.stack().faults().plan(opens(), (1..10).map(|n| (n, InjectedFault::LoseAnswer)));
    mario.tries_to_pay(&notice).await.refused(502, "psp_unavailable");
    let begun = mario.sees(&notice).await;
    assert_eq!(begun["payments"][0]["status"], "pending");
    portal.stack().faults().clear();
    let paying = mario.pays(&notice).await;
    assert_eq!(begun["payments"][0]["paymentId"], paying.id.as_str());
    paying.at_psp(PspOutcome::Success).await;
    assert_eq!(mario.timeline(&notice).await, ["created", "payment-started", "paid"]);
}
