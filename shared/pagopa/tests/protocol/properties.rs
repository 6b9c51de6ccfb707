//! Any case at all: nothing panics, nothing is lost, everything that can be built is valid.

use domain::creditor::Creditor;
use domain::debt::{Days, Debt, Service};
use domain::person::{Person, PersonType};
use domain::{Amount, Cents};
use pagopa::answers::Answer;
use pagopa::operations::{Get, TransferType};
use pagopa::parts::Version;
use pagopa::values::{Moment, Text};
use pagopa::{FaultCode, Operation, Request, Taxonomy, get_ok, node, parse, render, verify_ok};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::samples::{
    address, cases, creditor, day, debt, get, mario, postal_creditor, qr_code, receipt, requests,
};
use crate::specification::Validator;

/// Text of strangers: letters, accents apart, marks, controls, what XML forbids, what it escapes.
fn wild() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zA-Z0-9 .,'’/-]{1,40}",
        "\\PC{1,12}",
        any::<String>(),
        Just("e\u{301}\u{302}".to_owned()),
        Just("\u{0}\u{b}\u{1f}\u{85}\u{fffe}\u{ffff}".to_owned()),
        Just("]]><![CDATA[&amp;<!--".to_owned()),
        Just("👨‍👩‍👧🇮🇹".to_owned()),
        Just("\r\n\t \u{a0}\u{2028}".to_owned()),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn wild_person() -> impl Strategy<Value = Person> {
    let option = || prop::option::of(wild());
    (wild(), option(), option(), option(), option(), option(), any::<bool>()).prop_map(
        |(name, address, postal_code, city, province, country, legal)| Person {
            person_type: if legal { PersonType::Legal } else { PersonType::Natural },
            name,
            address,
            postal_code,
            city,
            province,
            country,
            ..mario()
        },
    )
}

fn wild_debt() -> impl Strategy<Value = Debt> {
    let days = prop_oneof![Just(None), Just(Some(day("0001-01-01"))), Just(Some(day("9999-12-31")))];
    (wild_person(), wild(), wild(), 1..=99_999_999_999_u64, days).prop_map(
        |(debtor, reason, name, cents, due)| Debt {
            debtor,
            reason,
            service: Service { code: "X".to_owned(), name },
            amount: Amount::new(cents).unwrap(),
            days: Days { due, ..Days::default() },
            ..debt()
        },
    )
}

fn wild_creditor() -> impl Strategy<Value = Creditor> {
    (wild(), prop::option::of(wild()), any::<bool>()).prop_map(|(name, office, postal)| {
        let base = if postal { postal_creditor() } else { creditor() };
        Creditor { name, office, ..base }
    })
}

/// The answers that a debt and a creditor can lead to.
fn wild_answers() -> impl Strategy<Value = Vec<Answer>> {
    let transfer =
        prop_oneof![Just(None), Just(Some(TransferType::Postal)), Just(Some(TransferType::PagoPa))];
    (wild_debt(), wild_creditor(), transfer, wild()).prop_map(|(debt, creditor, transfer_type, wild)| {
        let taxonomy = Taxonomy::parse("9/0101002IM/").unwrap();
        let mut answers = vec![Answer::VerifyOk(verify_ok(&debt, &creditor).unwrap())];
        for version in [Version::V1, Version::V2] {
            let asked = Get { transfer_type, ..get(version) };
            answers
                .push(Answer::GetOk(version, Box::new(get_ok(&debt, &creditor, &taxonomy, &asked).unwrap())));
        }
        let fault = pagopa::Fault { code: FaultCode::Semantica, id: wild.clone(), description: Some(wild) };
        answers.push(Answer::Ko { operation: Operation::Verify, fault });
        answers
    })
}

/// Text as the schema takes it: nothing is cleaned on the way.
fn schema_text<const MAX: usize>() -> impl Strategy<Value = Text<MAX>> {
    let c = prop_oneof![
        prop::char::range(' ', '~'),
        prop::char::range('\u{a0}', '\u{d7ff}'),
        prop::char::range('\u{10000}', '\u{10ffff}'),
        prop::sample::select(vec!['\t', '\n', '\r', '<', '&', '>', ']', '\u{85}', '\u{2028}']),
    ];
    prop::collection::vec(c, 1..=MAX).prop_map(|text| Text::parse(&String::from_iter(text)).unwrap())
}

fn wild_receipt() -> impl Strategy<Value = Request> {
    let texts = (schema_text::<140>(), schema_text::<140>(), schema_text::<70>(), schema_text::<210>());
    let numbers = (0..=99_999_999_999_u64, prop::option::of(0..=99_999_999_999_u64), any::<bool>());
    let when = prop::option::of((0..4_102_444_800_i64, 0..1_000_000_000_i32));
    (texts, numbers, when, any::<bool>()).prop_map(
        |((description, company, psp, note), (cents, fee, ok), when, v2)| {
            let mut sent = receipt(if v2 { Version::V2 } else { Version::V1 });
            sent.receipt.id = note.as_str().to_owned();
            sent.receipt.note = v2.then_some(note);
            (sent.receipt.description, sent.receipt.company, sent.receipt.psp_company) =
                (description, company, psp);
            sent.receipt.amount = Cents::new(cents).unwrap();
            sent.receipt.fee = fee.map(|fee| Cents::new(fee).unwrap());
            sent.receipt.succeeded = ok;
            sent.receipt.paid_at = when.map(|(second, nanosecond)| {
                let instant = domain::Timestamp::new(second, nanosecond).unwrap();
                Moment { local: domain::time::in_rome(instant).datetime(), offset: None }
            });
            Request::Receipt(Box::new(sent))
        },
    )
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn inv_x03_no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(parse(&bytes).is_err());
        prop_assert!(node::hear(&bytes).is_err());
    }

    #[test]
    fn inv_x03_no_markup_makes_it_panic(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "<", ">", "/", "</", "/>", "<a>", "</a>", "<?xml version='1.0'?>", "<?", "?>", "<!--", "-->", "<![CDATA[", "]]>",
            "<!DOCTYPE a>", "&", ";", "&amp;", "&#", "&#x41;", "'", "\"", "=", " ", ":", "xmlns", "xmlns:a='b'", "à", "\u{0}",
            "<soapenv:Envelope xmlns:soapenv='http://schemas.xmlsoap.org/soap/envelope/'>", "<soapenv:Body>",
            "<paf:paSendRTReq xmlns:paf='http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd'>", "<idPA>", "</idPA>", "x",
        ]), 0..60),
    ) {
        prop_assert!(parse(pieces.concat().as_bytes()).is_err());
    }

    #[test]
    fn inv_x03_no_damage_makes_it_panic(
        which in 0..6_usize, at in any::<prop::sample::Index>(), length in 0..40_usize, bytes in prop::collection::vec(any::<u8>(), 0..9),
    ) {
        let mut message = node::ask(&requests()[which]);
        let start = at.index(message.len());
        let end = message.len().min(start + length);
        message.splice(start..end, bytes);
        if let Ok(read) = parse(&message) {
            prop_assert_eq!(parse(&node::ask(&read)), Ok(read));
        }
    }

    #[test]
    fn a_receipt_survives_the_way_there_and_back(request in wild_receipt()) {
        prop_assert_eq!(parse(&node::ask(&request)), Ok(request));
    }

    #[test]
    fn answers_survive_the_way_there_and_back(answers in wild_answers()) {
        for answer in answers.into_iter().take(3) {
            prop_assert_eq!(node::hear(&render(&answer)), Ok(answer));
        }
    }

    #[test]
    fn cut_text_fits_and_is_cut_only_when_it_must(text in wild()) {
        if let Some(cut) = Text::<35>::cut(&text) {
            prop_assert!((1..=35).contains(&cut.as_str().chars().count()));
            prop_assert_eq!(Text::<35>::cut(cut.as_str()).unwrap(), cut);
        }
        let whole = Text::<35>::parse(&text).filter(|_| domain::text::tidy(&text) == text);
        if let Some(whole) = whole.filter(|_| !text.chars().any(char::is_control)) {
            prop_assert_eq!(Text::<35>::cut(&text), Some(whole));
        }
    }

    #[test]
    fn a_verify_reads_what_it_was_asked(body in schema_text::<35>(), broker in schema_text::<35>(), station in schema_text::<35>()) {
        let to = pagopa::parts::Address { body, broker, station };
        let request = Request::Verify(pagopa::operations::Verify { to, qr_code: qr_code() });
        prop_assert_ne!(request.address(), &address());
        prop_assert_eq!(parse(&node::ask(&request)), Ok(request));
    }
}

#[test]
fn whatever_can_be_built_is_valid_by_the_schema() {
    let Some(validator) = Validator::find("wild-answers") else {
        return;
    };
    let mut runner = TestRunner::deterministic();
    let mut messages = Vec::new();
    for _ in 0..150 {
        messages.extend(wild_answers().new_tree(&mut runner).unwrap().current().iter().map(render));
        messages.push(node::ask(&wild_receipt().new_tree(&mut runner).unwrap().current()));
    }
    let verdicts = validator.judge(messages.iter().map(Vec::as_slice));
    for (message, valid) in messages.iter().zip(verdicts) {
        assert!(valid, "{}", String::from_utf8_lossy(message));
    }
}
