//! The examples in `tests/data/examples`: every file does what its folder and its name say.

use std::collections::BTreeMap;
use std::path::Path;

use domain::Amount;
use pagopa::answers::NodeAnswer;
use pagopa::checkout::{Cart, CartFlaw, NotOpened, interpret};
use pagopa::soap::SoapError;
use pagopa::{
    FaultCode, NodeOperation, NodeRefusal, NodeRequest, ReceiptMeaning, ReceivedReceipt, check_ids,
    fault_for, node, parse, render,
};

use crate::samples::{BROKER, STATION, at, creditor, debt};
use crate::specification::Validator;

/// The files of a folder by name.
fn files(folder: &str) -> BTreeMap<String, Vec<u8>> {
    let read = |entry: std::fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
    };
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/examples");
    let files = std::fs::read_dir(examples.join(folder)).unwrap();
    let files: BTreeMap<_, _> = files.map(|entry| read(entry.unwrap())).collect();
    assert!(!files.is_empty(), "{folder} is empty");
    files
}

/// The code in a name such as `paSendRT-res-ko-PAA_SEMANTICA.xml`.
fn code_in(name: &str) -> Option<FaultCode> {
    FaultCode::parse(name.split_once("-ko-")?.1.strip_suffix(".xml")?)
}

#[test]
fn valid() {
    for (name, message) in files("valid") {
        let operation = name.split('-').next().unwrap();
        if name.contains("-req") {
            let request = parse(&message).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
            assert_eq!(request.operation().name(), operation, "{name}");
            assert_eq!(check_ids(&creditor(), BROKER, STATION, &request), None, "{name}");
            assert_eq!(parse(&node::ask(&request)), Ok(request), "{name}");
        } else if name == "paDemandPaymentNotice-res-ok.xml" {
            // The one answer that we never give.
            assert!(node::hear(&message).is_err());
        } else {
            let answer = node::hear(&message).unwrap_or_else(|why| panic!("{name}: {why:?}"));
            assert_eq!(answer.operation().unwrap().name(), operation, "{name}");
            match &answer {
                NodeAnswer::Ko { fault, .. } => assert_eq!(Some(fault.code), code_in(&name), "{name}"),
                NodeAnswer::GetOk(_, ok) => assert!(ok.adds_up(), "{name}"),
                NodeAnswer::VerifyOk(_) | NodeAnswer::ReceiptOk(_) => {
                    assert!(name.contains("-res-ok"), "{name}")
                }
                NodeAnswer::Fault(_) => panic!("{name}"),
            }
            assert_eq!(node::hear(&render(&answer)), Ok(answer), "{name}");
        }
    }
}

#[test]
fn the_sentences_of_our_faults_are_those_of_the_examples() {
    for (name, message) in files("valid") {
        let Some(code) = code_in(&name) else { continue };
        let message = String::from_utf8(message).unwrap();
        assert!(message.contains(&format!("<faultString>{}</faultString>", code.sentence())), "{name}");
    }
}

#[test]
fn semantic() {
    let ours = creditor();
    let now = at("2030-06-15T10:00:00Z");
    for (name, message) in files("semantic") {
        let request = || parse(&message).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
        let ids = || check_ids(&ours, BROKER, STATION, &request());
        let meaning = || ReceivedReceipt::read(&message).unwrap().meaning(&ours);
        match name.as_str() {
            "getpaymentv2-res-iuv-not-of-this-notice.xml" => match node::hear(&message) {
                Ok(NodeAnswer::GetOk(_, ok)) => assert_ne!(ok.iuv.as_str(), debt().iuv().as_str()),
                other => panic!("{name}: {other:?}"),
            },
            "getpaymentv2-res-transfers-do-not-add-up.xml" => match node::hear(&message) {
                Ok(NodeAnswer::GetOk(_, ok)) => assert!(!ok.adds_up()),
                other => panic!("{name}: {other:?}"),
            },
            "verify-res-ok-without-paymentList.xml" => {
                assert_eq!(node::hear(&message), Err(SoapError::Senseless("paymentList")));
            }
            // Money that moved: taken, and compared with the debt by whoever has it.
            "sendrtv2-req-amount-differs-from-debt.xml" => {
                assert_eq!(ids(), None);
                let paid =
                    ReceiptMeaning::Paid { notice: debt().notice, amount: Amount::new(14_900).unwrap() };
                assert_eq!(meaning(), paid);
                assert_ne!(debt().amount.get(), 14_900);
            }
            "sendrtv2-req-outcome-KO.xml" => assert_eq!((ids(), meaning()), (None, ReceiptMeaning::Failed)),
            "sendrtv2-req-unknown-notice.xml" => {
                assert_eq!(ids(), None);
                assert!(matches!(meaning(), ReceiptMeaning::Paid { notice, .. } if notice != debt().notice));
            }
            "verify-req-qrCode-ec-differs-from-idPA.xml" | "verify-req-wrong-idPA.xml" => {
                assert_eq!(ids(), Some(FaultCode::IdDominioErrato));
            }
            "verify-req-wrong-idStation.xml" => assert_eq!(ids(), Some(FaultCode::StazioneIntErrata)),
            "verify-req-standin-probe-all-zero-notice.xml" => {
                assert_eq!(ids(), None);
                let NodeRequest::Verify(verify) = request() else { panic!("{name}") };
                let notice = domain::NoticeNumber::parse(verify.qr_code.notice.as_str()).unwrap();
                assert!(notice.is_stand_in_probe());
                // Never issued, so never found.
                assert_eq!(fault_for(None, now), Some(FaultCode::PagamentoSconosciuto));
            }
            _ => panic!("{name}: nobody said what this example should do"),
        }
    }
}

#[test]
fn schema_invalid() {
    for (name, message) in files("schema-invalid") {
        if name.contains("-req-") {
            let Err(NodeRefusal { operation: Some(operation), why: SoapError::Schema(_) }) = parse(&message)
            else {
                panic!("{name}: {:?}", parse(&message))
            };
            let ours = creditor().fiscal_code;
            let answer = NodeRefusal { operation: Some(operation), why: SoapError::Schema("") }.answer(&ours);
            assert_eq!(answer, NodeAnswer::ko(operation, FaultCode::SintassiExtraXsd, &ours), "{name}");
        } else {
            assert!(
                matches!(node::hear(&message), Err(SoapError::Schema(_))),
                "{name}: {:?}",
                node::hear(&message)
            );
        }
    }
}

#[test]
fn inv_x06_ab_44_hostile() {
    for (name, message) in files("hostile") {
        let refusal = parse(&message).unwrap_err();
        let expected = match name.as_str() {
            "doctype-entity-expansion.xml" => (None, SoapError::Doctype),
            "empty-body.xml" => (None, SoapError::Envelope),
            "latin1-declared.xml" => (None, SoapError::Encoding),
            "truncated.xml" => (Some(NodeOperation::Verify), SoapError::Malformed),
            "two-body-children.xml" => (Some(NodeOperation::Verify), SoapError::Envelope),
            "wrong-namespace.xml" => (None, SoapError::Operation),
            _ => panic!("{name}: nobody said what this example should do"),
        };
        assert_eq!((refusal.operation, refusal.why), expected, "{name}");
    }
}

#[test]
fn the_validator_agrees_with_the_folders() {
    let Some(validator) = Validator::find("examples") else {
        return;
    };
    for (folder, expected) in [("valid", true), ("semantic", true), ("schema-invalid", false)] {
        let files = files(folder);
        for (name, valid) in files.keys().zip(validator.judge(files.values().map(Vec::as_slice))) {
            assert_eq!(valid, expected, "{folder}/{name}");
        }
    }
}

#[test]
fn carts() {
    for (name, body) in files("carts") {
        let second = name.starts_with("v2-");
        let cart = serde_json::from_slice::<Cart>(&body);
        let answered = |status| interpret(status, None, &body);
        match name.as_str() {
            "v1-request-ok.json" | "v1-request-five-notices.json" | "v2-request-ok.json" => {
                let cart = cart.unwrap();
                assert_eq!(cart.check(second), Ok(()), "{name}");
                // What the second version demands, the first does not have.
                assert_eq!(cart.check(true).is_ok(), second, "{name}");
                let again = serde_json::to_value(&cart).unwrap();
                assert_eq!(serde_json::from_value::<Cart>(again).unwrap(), cart);
            }
            "v1-request-amount-zero-400.json" => {
                assert_eq!(cart.unwrap().check(false), Err(CartFlaw::Invalid("amount")))
            }
            "v1-request-six-notices-400.json" => {
                assert_eq!(cart.unwrap().check(false), Err(CartFlaw::Invalid("paymentNotices")));
            }
            "v1-request-duplicate-notice-422.json" => {
                assert_eq!(cart.unwrap().check(false), Err(CartFlaw::NoticeTwice))
            }
            "v1-request-missing-returnUrls-400.json" => assert!(cart.is_err()),
            "response-400.json" => assert!(matches!(answered(400), Err(NotOpened::Refused(_)))),
            "response-422-checkPosition.json" => assert!(matches!(answered(422), Err(NotOpened::NotFree(_)))),
            "response-422-duplicate.json" => assert!(matches!(answered(422), Err(NotOpened::Refused(_)))),
            "response-502.json" => assert!(matches!(answered(502), Err(NotOpened::Unavailable(_)))),
            _ => panic!("{name}: nobody said what this example should do"),
        }
    }
}
