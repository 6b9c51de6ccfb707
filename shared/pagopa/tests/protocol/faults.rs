use domain::debt::{Debt, DebtDates, DebtState, OpenAttempt};
use domain::payment::PaymentId;
use pagopa::parts::{MessageVersion, QrCode};
use pagopa::values::Digits;
use pagopa::{FaultCode, NodeOperation, NodeRequest, ReceivedReceipt, check_ids, fault_for, node};
use serde_json::Value;

use crate::samples::{self, BROKER, PAYMENT, STATION, at, creditor, day, debt, receipt, requests, text};

pub fn vectors(list: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../data/vectors.json")).unwrap();
    let rows = file[list].as_array().unwrap().clone();
    assert!(!rows.is_empty());
    rows
}

#[test]
fn every_code_with_its_sentence_and_its_operations() {
    let rows = vectors("faults");
    assert_eq!(rows.len(), FaultCode::ALL.len());
    for row in rows {
        let code = FaultCode::parse(row["code"].as_str().unwrap()).unwrap();
        let sentence = row["faultString"].as_str().unwrap();
        // The table adds a remark in brackets where no wording is prescribed.
        assert_eq!(code.sentence(), sentence.split(" (").next().unwrap());
        for operation in NodeOperation::ALL {
            let listed = row["operations"].as_array().unwrap().iter().any(|name| name == operation.name());
            assert_eq!(code.belongs_to(operation), listed, "{code:?} {operation:?}");
        }
    }
    assert_eq!(FaultCode::parse("PAA_ATTIVA_RPT_IMPORTO_NON_VALIDO"), None);
}

fn with_address(request: &NodeRequest, body: &str, broker: &str, station: &str) -> NodeRequest {
    let mut request = request.clone();
    let to = match &mut request {
        NodeRequest::Verify(verify) => &mut verify.to,
        NodeRequest::Get(get) => &mut get.to,
        NodeRequest::Receipt(sent) => &mut sent.to,
        NodeRequest::Demand(demand) => &mut demand.to,
    };
    (to.body, to.broker, to.station) = (text(body), text(broker), text(station));
    request
}

#[test]
fn creditor_comes_before_broker_before_station() {
    const WRONG: &str = "11112222333";
    let ours = creditor();
    for request in requests() {
        let check = |body, broker, station| {
            check_ids(&ours, BROKER, STATION, &with_address(&request, body, broker, station))
        };
        assert_eq!(check("12345678903", BROKER, STATION), None);
        for (broker, station) in [(BROKER, STATION), (WRONG, STATION), (BROKER, WRONG), (WRONG, WRONG)] {
            assert_eq!(check(WRONG, broker, station), Some(FaultCode::IdDominioErrato));
        }
        for station in [STATION, WRONG] {
            assert_eq!(check("12345678903", WRONG, station), Some(FaultCode::IdIntermediarioErrato));
        }
        assert_eq!(check("12345678903", BROKER, WRONG), Some(FaultCode::StazioneIntErrata));
        assert_eq!(check("12345678903 ", BROKER, STATION), Some(FaultCode::IdDominioErrato));
    }
}

#[test]
fn a_code_of_another_body_is_not_ours_to_answer() {
    let qr_code = QrCode { fiscal_code: Digits::parse("11112222333").unwrap(), ..samples::qr_code() };
    for mut request in requests() {
        let expected = match &mut request {
            NodeRequest::Verify(verify) => {
                verify.qr_code = qr_code.clone();
                Some(FaultCode::IdDominioErrato)
            }
            NodeRequest::Get(get) => {
                get.qr_code = qr_code.clone();
                Some(FaultCode::IdDominioErrato)
            }
            // A receipt of a notice of another body: we may have a share in it.
            NodeRequest::Receipt(sent) => {
                sent.receipt.fiscal_code = qr_code.fiscal_code.clone();
                None
            }
            NodeRequest::Demand(_) => None,
        };
        assert_eq!(check_ids(&creditor(), BROKER, STATION, &request), expected);
        // The station is looked at before the code.
        let request = with_address(&request, "12345678903", BROKER, "x");
        assert_eq!(check_ids(&creditor(), BROKER, STATION, &request), Some(FaultCode::StazioneIntErrata));
    }
}

#[test]
fn a_receipt_without_a_name_cannot_be_kept_apart() {
    for (id, read) in [
        (String::new(), false),
        (" \n".to_owned(), false),
        ("x".to_owned(), true),
        // Characters, not bytes.
        ("è".repeat(255), true),
        ("x".repeat(256), false),
    ] {
        let mut sent = receipt(MessageVersion::V2);
        sent.receipt.id = id;
        let message = node::ask(&NodeRequest::Receipt(Box::new(sent)));
        assert_eq!(ReceivedReceipt::read(&message).is_ok(), read);
    }
}

#[test]
fn every_state_of_a_debt_has_its_code() {
    let now = at("2030-06-15T10:00:00Z");
    let in_state = |state| Debt { state, ..debt() };
    let days = |days| Debt { days, ..debt() };
    let table = [
        ("NOT_FOUND", None),
        ("DRAFT", Some(days(DebtDates { valid_from: Some(day("2030-06-16")), ..DebtDates::default() }))),
        ("PUBLISHED", Some(days(DebtDates { valid_from: Some(day("2030-06-16")), ..DebtDates::default() }))),
        ("VALID", Some(debt())),
        ("VALID", Some(days(DebtDates { valid_from: Some(day("2030-06-15")), ..DebtDates::default() }))),
        // Past its due day, but still taken; on its last day.
        ("VALID", Some(days(DebtDates { due: Some(day("2030-01-01")), ..DebtDates::default() }))),
        ("VALID", Some(days(DebtDates { expires: Some(day("2030-06-15")), ..DebtDates::default() }))),
        ("EXPIRED", Some(days(DebtDates { expires: Some(day("2030-06-14")), ..DebtDates::default() }))),
        ("EXPIRED", Some(in_state(DebtState::Expired))),
        ("INVALID", Some(in_state(DebtState::Cancelled))),
        ("PAID", Some(in_state(DebtState::Paid))),
        ("REPORTED", Some(in_state(DebtState::Paid))),
    ];
    let vectors = vectors("debtStateToFault");
    for (name, debt) in table {
        let row = vectors.iter().find(|row| row["gpdState"] == name).unwrap();
        assert_eq!(fault_for(debt.as_ref(), now).map(FaultCode::code), row["fault"].as_str(), "{name}");
    }
}

#[test]
fn a_debt_stays_open_while_somebody_pays_it() {
    let attempt = OpenAttempt {
        payment_id: PaymentId::parse(PAYMENT).unwrap(),
        expires_at: at("2030-06-15T10:30:00Z"),
    };
    let paying = Debt { attempt: Some(attempt), ..debt() };
    assert_eq!(fault_for(Some(&paying), at("2030-06-15T10:00:00Z")), None);
}
