use pagopa::answers::{FaultSide, GetOk, NodeAnswer};
use pagopa::parts::{MessageVersion, Transfers};
use pagopa::soap::SoapError;
use pagopa::{
    FaultCode, NodeOperation, NodeRefusal, NodeRequest, ReceivedReceipt, is_receipt, node, parse, render,
};

use crate::samples::{self, answers, creditor, get_ok, requests};
use crate::specification::Validator;

#[test]
fn a_request_is_read_as_it_was_written() {
    for request in requests() {
        let bytes = node::ask(&request);
        assert_eq!(parse(&bytes).as_ref(), Ok(&request), "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn an_answer_is_heard_as_it_was_given() {
    for answer in answers() {
        let heard = node::hear(&render(&answer));
        match answer {
            NodeAnswer::Fault(_) => assert_eq!(heard, Err(SoapError::Operation)),
            NodeAnswer::Ko { .. }
            | NodeAnswer::VerifyOk(_)
            | NodeAnswer::GetOk(..)
            | NodeAnswer::ReceiptOk(_) => {
                assert_eq!(heard, Ok(answer));
            }
        }
    }
}

#[test]
fn every_answer_and_request_is_valid_by_the_schema() {
    let Some(validator) = Validator::find("answers") else {
        return;
    };
    let mut messages: Vec<Vec<u8>> = answers().iter().map(render).collect();
    messages.extend(requests().iter().map(node::ask));
    let verdicts = validator.judge(messages.iter().map(Vec::as_slice));
    for (message, valid) in messages.iter().zip(verdicts) {
        assert!(valid, "{}", String::from_utf8_lossy(message));
    }
}

#[test]
fn what_a_version_cannot_carry_becomes_a_refusal_of_ours() {
    // A stamp in the first version, a nameless creditor in the second.
    let stamped = GetOk { transfers: get_ok(MessageVersion::V2).transfers, ..get_ok(MessageVersion::V1) };
    let nameless = GetOk { company: None, ..get_ok(MessageVersion::V2) };
    for (version, ok) in [(MessageVersion::V1, stamped), (MessageVersion::V2, nameless)] {
        let bytes = render(&NodeAnswer::GetOk(version, Box::new(ok)));
        let ko = NodeAnswer::ko(NodeOperation::Get(version), FaultCode::SystemError, &creditor().fiscal_code);
        assert_eq!(node::hear(&bytes), Ok(ko));
    }
    // The first version may be nameless, and its transfers are.
    let quiet = GetOk { company: None, ..get_ok(MessageVersion::V1) };
    let quiet = NodeAnswer::GetOk(MessageVersion::V1, Box::new(quiet));
    assert_eq!(node::hear(&render(&quiet)), Ok(quiet));
    assert_eq!(Transfers::new(Vec::new()), None);
}

#[test]
fn a_refusal_is_an_ordinary_answer_and_a_fault_is_not() {
    for answer in answers() {
        let fault = matches!(answer, NodeAnswer::Fault(_));
        assert_eq!(answer.status(), if fault { 500 } else { 200 });
        assert_eq!(answer.operation().is_none(), fault);
    }
}

#[test]
fn whoever_cannot_be_understood_is_answered_in_his_own_element_if_he_has_one() {
    let ours = creditor().fiscal_code;
    for operation in NodeOperation::ALL {
        let refusal = NodeRefusal { operation: Some(operation), why: SoapError::Schema("idPA") };
        assert_eq!(refusal.answer(&ours), NodeAnswer::ko(operation, FaultCode::SintassiExtraXsd, &ours));
        let body = String::from_utf8(render(&refusal.answer(&ours))).unwrap();
        assert!(body.contains(&format!("<paf:{}>", operation.response_element())), "{body}");
        assert!(body.contains("<faultCode>PAA_SINTASSI_EXTRAXSD</faultCode>"), "{body}");
    }
    let nobody = NodeRefusal { operation: None, why: SoapError::Doctype };
    assert_eq!(nobody.answer(&ours), NodeAnswer::Fault(FaultSide::Client));
}

#[test]
fn a_receipt_that_broke_on_its_way_is_to_be_sent_again() {
    let whole = node::ask(&requests().pop().map(|_| requests()[4].clone()).unwrap());
    let half = &whole[..whole.len() / 2];
    let refusal = parse(half).unwrap_err();
    assert_eq!(
        refusal,
        NodeRefusal { operation: Some(NodeOperation::SendRt(MessageVersion::V2)), why: SoapError::Malformed }
    );
    // It is taken for the receipt that it was to be, and cannot be read: our answer is an HTTP error.
    assert!(is_receipt(half) && ReceivedReceipt::read(half).is_err());
}

#[test]
fn a_refusal_names_what_was_asked_for() {
    let ours = creditor().fiscal_code;
    let said = |request: &NodeRequest| match NodeAnswer::refuse(request, FaultCode::Semantica, &ours) {
        NodeAnswer::Ko { fault, .. } => fault.description,
        other => panic!("{other:?}"),
    };
    let said: Vec<_> = requests().iter().map(said).collect();
    assert_eq!(said[0].as_deref(), Some("Numero avviso 301000000000000144"));
    assert_eq!(said[2].as_deref(), Some("Numero avviso 301000000000000144"));
    assert_eq!(said[4].as_deref(), Some("paymentToken c110729d258c4ab1b765fe902aae41d6"));
    assert_eq!(said[5], None);
}

#[test]
fn the_header_names_the_operation_with_quotes_or_without() {
    for operation in NodeOperation::ALL {
        for header in
            [operation.name().to_owned(), format!("\"{}\"", operation.name()), String::new(), "\"\"".into()]
        {
            assert!(operation.agrees_with(&header), "{header}");
        }
        for other in NodeOperation::ALL {
            assert_eq!(operation.agrees_with(other.name()), operation == other);
        }
    }
}

#[test]
fn nothing_personal_is_printed_for_debugging() {
    let said = format!("{:?}", samples::receipt(MessageVersion::V2));
    for secret in ["Mario", "Luigia", "RSSMRA", "example.it", "Garibaldi"] {
        assert!(!said.contains(secret), "{said}");
    }
}
