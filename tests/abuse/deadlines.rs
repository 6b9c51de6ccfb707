//! Nobody waits for ever: services that hang, under a clock that only our waiting moves.

use std::time::Duration;

use journeys::local::faults::{InjectedFault, Scope};
use journeys::{TestPortal, Value, json};
use tokio::time::Instant;

use crate::invoke::{DirectAnswer, DirectCall};

/// Longer than anybody waits.
const AN_HOUR: Duration = Duration::from_secs(3_600);

/// All that we ask of the store.
const STORE: &[&str] = &[
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:TransactWriteItems",
];

/// Calls a function whose calls of these operations hang; the answer, and how long it took.
async fn hung(
    portal: &TestPortal,
    function: &str,
    operations: &[&str],
    asked: DirectCall,
) -> (DirectAnswer, Duration) {
    for operation in operations {
        let never = (1..1_000).map(|n| (n, InjectedFault::Delay(AN_HOUR)));
        portal.stack().faults().plan(Scope::function(function).operation(operation), never);
    }
    let before = Instant::now();
    let said = asked.of(portal.stack(), function).await;
    portal.stack().faults().clear();
    (said, before.elapsed())
}

fn form(portal: &TestPortal) -> Value {
    portal.citizen().person.form()
}

#[tokio::test(start_paused = true)]
async fn inv_x01_fm_58_every_function_gives_up_within_its_deadline_when_its_neighbours_hang() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    let notice = portal.creditor().issues(&mario.person).await;
    mario.associates(&notice).await;
    let cookies = mario.browser.cookies();
    let codes = json!({"fiscalCode": notice.fiscal_code, "noticeNumber": notice.number});
    let number = &notice.number;
    let get = |path: &str| DirectCall::new("GET", path).cookies(&cookies);
    let post = |path: &str, body: &Value| {
        DirectCall::post(path, body).cookies(&cookies).header("idempotency-key", "k")
    };
    let username = json!({"username": mario.person.username});
    let position = json!({
        "debtor": mario.person.debtor(), "serviceCode": "TEST1", "reason": "Prova", "amount": 100
    });
    let wish = json!({"serviceCode": "TEST1", "reason": "Prova", "amount": 100});
    let change = json!({"currentPassword": "x", "password": "quattro gatti sul tetto", "passwordConfirmation": "quattro gatti sul tetto"});
    let key = ("authorization", "Bearer local-creditor-key");
    let cases = [
        ("Search", post("/api/search", &codes)),
        ("Register", post("/api/register", &form(&portal))),
        (
            "Activate",
            post(
                "/api/activate",
                &json!({"token": "nobody-has-sent-this", "password": "nobody has chosen this"}),
            ),
        ),
        ("Activate", post("/api/activate/resend", &username)),
        ("Login", post("/api/login", &json!({"username": mario.person.username, "password": "x"}))),
        ("Logout", post("/api/logout", &json!({}))),
        ("Password", post("/api/password/forgot", &username)),
        ("Password", post("/api/password/change", &change)),
        ("Account", get("/api/account")),
        ("Account", get("/api/account/export")),
        ("Account", get("/api/account/sessions")),
        ("Services", get("/api/services")),
        ("ListDebts", get("/api/debts")),
        ("ListDebts", get(&format!("/api/debts/{number}"))),
        ("Associate", post("/api/debts/associate", &codes)),
        ("Associate", post("/api/identity/contest", &json!({"token": "nobody-has-sent-this"}))),
        ("Account", post("/api/account/email", &json!({"email": "a@example.it", "password": "x"}))),
        ("Account", post("/api/account/email/confirm", &json!({"token": "nobody-has-sent-this"}))),
        ("CreateSpontaneous", post("/api/debts", &wish)),
        ("PaymentMethods", get("/api/payment-methods?amount=100")),
        ("InitiatePayment", post("/api/payments", &json!({"noticeNumbers": [number]}))),
        ("NoticePdf", get(&format!("/api/debts/{number}/notice.pdf"))),
        ("History", get("/api/history")),
        ("ReceiptPdf", get(&format!("/api/debts/{number}/receipt.pdf"))),
        ("VerifyReceipt", get("/api/receipts/00000000000000000000000000")),
        ("RevokeConsent", post("/api/consent/revoke", &json!({"password": "x"}))),
        ("PspCallback", post("/psp/callback", &json!({}))),
        (
            "ImportDebts",
            DirectCall::new("PUT", &format!("/creditor/debts/{number}"))
                .body("application/json", &position.to_string())
                .header(key.0, key.1),
        ),
        ("CreditorDebts", get(&format!("/creditor/debts/{number}")).header(key.0, key.1)),
        ("CreditorPayments", get("/creditor/payments").header(key.0, key.1)),
        ("CreditorDifferences", get("/creditor/differences").header(key.0, key.1)),
    ];
    for (function, asked) in cases {
        let (said, took) = hung(&portal, function, STORE, asked).await;
        assert_eq!(said.status, 503, "{function}: {}", said.body);
        assert!(said.body.contains("temporarily_unavailable"), "{function}: {}", said.body);
        assert!(took <= Duration::from_secs(10), "{function} took {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn inv_x01_a_store_of_secrets_that_hangs_is_given_up() {
    let Some(portal) = TestPortal::alone() else { return };
    let asked = DirectCall::post("/api/login", &json!({"username": "nobody@example.it", "password": "x"}));
    let (said, took) = hung(&portal, "Login", &["secretsmanager:GetSecretValue"], asked).await;
    assert_eq!(said.status, 503, "{}", said.body);
    assert!(took <= Duration::from_secs(10), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn inv_x01_a_psp_that_hangs_is_given_up_and_the_payment_stays() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    let order = DirectCall::post("/api/payments", &json!({"noticeNumbers": [notice.number]}));
    let order = order.cookies(&mario.browser.cookies()).header("idempotency-key", "hangs");
    let (said, took) = hung(&portal, "InitiatePayment", &["psp:open"], order).await;
    assert_eq!(said.status, 502, "{}", said.body);
    assert!(took <= Duration::from_secs(10), "{took:?}");
    assert_eq!(mario.timeline(&notice).await[..2], ["created", "payment-started"]);
    mario.pays(&notice).await;
}

/// The node waits fifteen seconds for the answer to a receipt, and less for a question.
#[tokio::test(start_paused = true)]
async fn inv_x01_the_node_hears_of_our_trouble_in_time() {
    let Some(portal) = TestPortal::alone() else { return };
    let notice = portal.creditor().issues(&portal.citizen().person).await;
    let ask = format!(
        "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:paf=\"http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd\"><soapenv:Body>\
         <paf:paVerifyPaymentNoticeReq><idPA>12345678903</idPA><idBrokerPA>98765432103</idBrokerPA>\
         <idStation>98765432103_01</idStation><qrCode><fiscalCode>12345678903</fiscalCode>\
         <noticeNumber>{}</noticeNumber></qrCode></paf:paVerifyPaymentNoticeReq></soapenv:Body></soapenv:Envelope>",
        notice.number
    );
    let asked = DirectCall::new("POST", "/pagopa/node").body("text/xml; charset=utf-8", &ask);
    let (said, took) = hung(&portal, "PagopaNode", STORE, asked).await;
    assert!(said.body.contains("PAA_SYSTEM_ERROR"), "{}: {}", said.status, said.body);
    assert!(took <= Duration::from_secs(5), "{took:?}");
}
