use domain::creditor::{Creditor, Iban};
use domain::debt::{Debt, DebtDates, DebtState};
use domain::{Fault, NoticeNumber};
use pagopa::aca::{AcaClient, NotStored, Position, interpret};

use crate::samples::{BANK, POSTAL, at, creditor, day, debt, postal_creditor};
use crate::wire::{Scripted, env, run};

const NOW: &str = "2030-06-15T10:00:00Z";

#[test]
fn the_position_of_a_debt() {
    let position = Position::of(&debt(), &postal_creditor(), at(NOW));
    assert_eq!(
        serde_json::to_value(&position).unwrap(),
        serde_json::json!({
            "paFiscalCode": "12345678903",
            "entityType": "F",
            "entityFiscalCode": "RSSMRA80A01H501U",
            "entityFullName": "Mario Rossi",
            "iuv": "01000000000000144",
            "nav": "301000000000000144",
            "amount": 15000,
            "description": "TARI 2030 rata unica",
            "expirationDate": "2031-01-31T22:59:59Z",
            "iban": BANK,
            "postalIban": POSTAL,
            "switchToExpired": false,
            "payStandIn": true,
        })
    );
}

#[test]
fn what_cannot_be_paid_is_closed_with_nothing_to_pay() {
    let hidden = DebtDates { valid_from: Some(day("2030-06-16")), ..DebtDates::default() };
    let over = DebtDates { expires: Some(day("2030-06-14")), ..DebtDates::default() };
    for (debt, amount) in [
        (debt(), 15_000),
        (Debt { state: DebtState::Paid, ..debt() }, 0),
        (Debt { state: DebtState::Cancelled, ..debt() }, 0),
        (Debt { state: DebtState::Expired, ..debt() }, 0),
        (Debt { days: over, ..debt() }, 0),
        (Debt { days: hidden, ..debt() }, 0),
    ] {
        assert_eq!(Position::of(&debt, &creditor(), at(NOW)).amount, amount);
    }
}

#[test]
fn the_last_day_and_whether_it_counts() {
    let (due, expires) = (Some(day("2030-07-31")), Some(day("2030-08-31")));
    for (days, date, switch) in [
        (DebtDates { due, expires, ..DebtDates::default() }, "2030-08-31T21:59:59Z", true),
        (DebtDates { due, ..DebtDates::default() }, "2030-07-31T21:59:59Z", false),
        (DebtDates::default(), "2099-12-31T22:59:59Z", false),
    ] {
        let position = Position::of(&Debt { days, ..debt() }, &creditor(), at(NOW));
        assert_eq!((position.expiration_date, position.switch_to_expired), (at(date), switch));
    }
}

#[test]
fn fields_fit_and_the_notice_is_always_named() {
    let long = Debt {
        reason: "à".repeat(300),
        notice: NoticeNumber::parse("001000000000106683").unwrap(),
        ..debt()
    };
    let foreign = Creditor { iban: Some(Iban::parse("DE89370400440532013000").unwrap()), ..creditor() };
    let position = Position::of(&long, &foreign, at(NOW));
    assert_eq!(position.description, "à".repeat(255));
    assert_eq!((position.nav.as_str(), position.iuv.as_str()), ("001000000000106683", "000000000106683"));
    // Only accounts of 27 characters fit.
    assert_eq!((position.iban, position.postal_iban), (None, None));
}

#[test]
fn every_answer_has_a_meaning() {
    assert_eq!(interpret(200, br#"{"status": "VALID"}"#).unwrap().status.as_deref(), Some("VALID"));
    assert_eq!(interpret(200, b"<html>").unwrap().status, None);
    for status in [400, 404, 409, 422] {
        let refused = interpret(status, br#"{"title": "t", "detail": "d"}"#).unwrap_err();
        assert!(matches!(&refused, NotStored::Refused { .. }) && !refused.worth_repeating(), "{status}");
        assert!(Fault::from(refused).source.to_string().contains("t: d"));
    }
    for status in [401, 403] {
        let refused = interpret(status, b"").unwrap_err();
        assert!(matches!(&refused, NotStored::Key { .. }) && refused.worth_repeating());
    }
    for status in [408, 429, 500, 502, 503, 504] {
        let refused = interpret(status, b"").unwrap_err();
        assert!(matches!(&refused, NotStored::Unavailable(_)) && refused.worth_repeating());
    }
    for status in [201, 204, 302, 405] {
        assert!(matches!(interpret(status, b""), Err(NotStored::Unexpected { .. })));
    }
}

#[test]
fn the_call_carries_the_position_and_the_key() {
    let variables = [("ACA_URL", "https://api.example/aca/v1/"), ("ACA_SECRET", "arn:secret")];
    let answer: Scripted = Some((200, Vec::new(), r#"{"status": "VALID"}"#.to_owned()));
    let (env, sent) = env(&variables, r#"{"acaKey": "k3y"}"#, answer);
    let aca = AcaClient::connect(&env).unwrap().unwrap();
    let position = Position::of(&debt(), &creditor(), at(NOW));
    assert_eq!(run(aca.upload(&position)).unwrap().status.as_deref(), Some("VALID"));
    let sent = sent.lock().unwrap();
    assert_eq!(
        (sent[0].method.as_str(), sent[0].url.as_str()),
        ("POST", "https://api.example/aca/v1/paCreatePosition")
    );
    assert_eq!(sent[0].headers["ocp-apim-subscription-key"], "k3y");
    assert_eq!(serde_json::from_value::<Position>(sent[0].body.clone()).unwrap(), position);
}

#[test]
fn off_unless_configured_and_patient_when_nobody_answers() {
    let (off, _) = env(&[("ACA_URL", ""), ("ACA_SECRET", "arn:secret")], "{}", None);
    assert!(AcaClient::connect(&off).unwrap().is_none());
    let (silent, _) = env(&[("ACA_URL", "https://api.example"), ("ACA_SECRET", "arn:secret")], "{}", None);
    let aca = AcaClient::connect(&silent).unwrap().unwrap();
    let lost = run(aca.upload(&Position::of(&debt(), &creditor(), at(NOW)))).unwrap_err();
    assert!(lost.worth_repeating());
}
