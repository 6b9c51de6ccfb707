use serde_json::Value;

use super::*;

const PAYMENT: &str = "6f1c2b0e9d8a47f3b5c4d3e2f1a09b87";

fn psp() -> PspSimulator {
    PspSimulator::open(
        None,
        "http://localhost:3000",
        &PortalClient::at("http://localhost:3000"),
        &Clock::system(),
    )
    .unwrap()
}

fn order(psp: &PspSimulator, amount: u64) -> Response {
    let expires = psp.clock.now() + jiff::SignedDuration::from_mins(30);
    ordered(psp, amount, expires)
}

fn ordered(psp: &PspSimulator, amount: u64, expires: Timestamp) -> Response {
    let body = json!({
        "paymentId": PAYMENT, "creditor": {"name": "Comune", "fiscalCode": "12345678903"},
        "items": [{"noticeNumber": "301471100000000190", "reason": "Mensa", "amount": amount}], "amount": amount,
        "fee": 100, "language": "it", "returnUrl": "http://localhost:3000/paga/1/esito", "expiresAt": expires,
    });
    let request = http::Request::post("http://localhost:3000/_local/psp-api/payments")
        .header("authorization", "Bearer local-psp-key")
        .header("idempotency-key", PAYMENT)
        .body(body.to_string().into_bytes());
    psp.answer(&request.unwrap())
}

fn asked(psp: &PspSimulator) -> Value {
    let request = http::Request::get(format!("http://localhost:3000/_local/psp-api/payments/{PAYMENT}"))
        .header("authorization", "Bearer local-psp-key")
        .body(Vec::new());
    serde_json::from_slice(psp.answer(&request.unwrap()).body()).unwrap()
}

fn choice(outcome: ChosenOutcome) -> PaymentChoice {
    PaymentChoice { outcome, ..PaymentChoice::success() }
}

#[test]
fn the_same_order_opens_one_payment_and_another_body_is_refused() {
    let psp = psp();
    let expires = psp.clock.now() + jiff::SignedDuration::from_mins(30);
    let first = ordered(&psp, 4500, expires);
    assert_eq!(first.status(), 201);
    assert_eq!(ordered(&psp, 4500, expires).body(), first.body());
    assert_eq!(ordered(&psp, 4600, expires).status(), 409);
    assert_eq!(asked(&psp)["status"], "open");
    let unknown =
        http::Request::get("http://localhost:3000/_local/psp-api/payments/x").body(Vec::new()).unwrap();
    assert_eq!(psp.answer(&unknown).status(), 401);
}

#[test]
fn a_success_stays_and_a_refusal_may_become_one() {
    let psp = psp();
    order(&psp, 4500);
    let tx = transaction(PAYMENT);
    assert!(psp.decide(&tx, &choice(ChosenOutcome::Abandon)).unwrap().callbacks.is_empty());
    assert_eq!(asked(&psp)["status"], "open");
    let failed = psp.decide(&tx, &choice(ChosenOutcome::Failure)).unwrap().callbacks.remove(0);
    assert!(failed.body.contains("payment.failed") && failed.body.contains("denied"));
    let paid = psp.decide(&tx, &choice(ChosenOutcome::Success)).unwrap().callbacks.remove(0);
    assert!(paid.body.contains("paidAt"));
    assert_eq!(psp.decide(&tx, &choice(ChosenOutcome::Cancel)).unwrap_err(), PaymentRefusal::Ended);
    assert_eq!(asked(&psp)["status"], "succeeded");
    assert_eq!(psp.decide("TX-0", &choice(ChosenOutcome::Success)).unwrap_err(), PaymentRefusal::Unknown);
}

#[test]
fn nobody_pays_after_the_end() {
    let psp = psp();
    order(&psp, 4500);
    psp.clock.advance(jiff::SignedDuration::from_hours(1));
    assert_eq!(asked(&psp)["status"], "expired");
    assert_eq!(
        psp.decide(&transaction(PAYMENT), &choice(ChosenOutcome::Success)).unwrap_err(),
        PaymentRefusal::Ended
    );
}

#[test]
fn a_callback_is_signed_as_the_standard_asks() {
    // The example of Standard Webhooks' own specification has this form; the key here is ours.
    let callback = CallbackMessage { id: "evt_1".to_owned(), body: "{}".to_owned() };
    let [_, _, (_, signature)] = signed(&callback, Timestamp::from_second(1_795_428_300).unwrap());
    let expected = STANDARD.encode(hmac(&webhook_key(), b"evt_1.1795428300.{}"));
    assert_eq!(signature, format!("v1,{expected}"));
    // RFC 4231, test case 1, with its key filled up to 32 bytes (a key is filled with zeros anyway).
    let mut key = [0; 32];
    key[..20].fill(0x0b);
    let mac: String = hmac(&key, b"Hi There").iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(mac, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}
