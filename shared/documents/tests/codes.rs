//! The published vectors: what the codes say, amounts, postal accounts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use documents::codes::{self, Slip};
use domain::creditor::Iban;
use domain::{Amount, FiscalCode, NoticeNumber};
use serde_json::Value;
use support::reader::{Qr, read_qr, read_slip};

fn vectors() -> Value {
    serde_json::from_str(include_str!("data/vectors.json")).unwrap()
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    let list = value[name].as_array().unwrap();
    assert!(!list.is_empty());
    list
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap()
}

fn amount(value: &Value, name: &str) -> Amount {
    Amount::new(value[name].as_u64().unwrap()).unwrap()
}

fn notice(value: &Value) -> NoticeNumber {
    NoticeNumber::parse(text(value, "noticeNumber")).unwrap()
}

fn creditor(value: &Value) -> FiscalCode {
    FiscalCode::parse(text(value, "fiscalCodeEC")).unwrap()
}

#[test]
fn qr_codes_are_written_as_published() {
    for vector in list(&vectors()["qrCode"], "encode") {
        let written = codes::qr_text(&notice(vector), &creditor(vector), amount(vector, "amountCents"));
        assert_eq!(written, text(vector, "string"));
        assert_eq!(written.len() as u64, vector["length"].as_u64().unwrap());
    }
}

#[test]
fn the_reader_of_the_tests_reads_published_qr_codes_and_no_others() {
    let vectors = vectors();
    for vector in list(&vectors["qrCode"], "decodeOk") {
        let expected = Qr {
            notice: text(vector, "noticeNumber").into(),
            creditor: text(vector, "fiscalCodeEC").into(),
            cents: vector["amountCents"].as_u64().unwrap(),
        };
        assert_eq!(read_qr(text(vector, "string")), Some(expected));
    }
    for vector in list(&vectors["qrCode"], "decodeKo") {
        assert_eq!(read_qr(text(vector, "string")), None, "{}", text(vector, "reason"));
    }
}

#[test]
fn slips_are_written_as_published() {
    for vector in list(&vectors()["dataMatrix"], "encode") {
        let (notice, creditor) = (notice(vector), creditor(vector));
        let slip = Slip {
            notice: &notice,
            account: text(vector, "postalAccount"),
            amount: amount(vector, "amountCents"),
            creditor: &creditor,
            debtor_code: text(vector, "debtorFiscalCode"),
            debtor_name: text(vector, "debtorName"),
            reason: text(vector, "causale"),
        };
        assert_eq!(codes::codeline(&slip), text(vector, "codeline"));
        let written = codes::datamatrix_text(&slip);
        assert_eq!(written, text(vector, "string"));
        assert_eq!(written.len(), 256);
    }
}

#[test]
fn the_reader_of_the_tests_reads_published_slips() {
    for vector in list(&vectors()["dataMatrix"], "decode") {
        let read = read_slip(text(vector, "string"));
        assert_eq!(read.notice, text(vector, "noticeNumber"));
        assert_eq!(read.account, text(vector, "postalAccount"));
        assert_eq!(read.cents, vector["amountCents"].as_u64().unwrap());
        assert_eq!(read.creditor, text(vector, "fiscalCodeEC"));
    }
}

#[test]
fn every_field_of_a_slip_stands_at_its_published_place() {
    let vectors = vectors();
    let offsets = &vectors["dataMatrix"]["offsets0Based"];
    let vector = &vectors["dataMatrix"]["encode"][0];
    let at = |name: &str| {
        let range: Vec<usize> =
            offsets[name].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
        &text(vector, "string")[range[0]..range[1]]
    };
    let constants = [
        ("prefix", "codfase=NBPA;"),
        ("lenNotice", "18"),
        ("lenAccount", "12"),
        ("lenAmount", "10"),
        ("lenDocType", "3"),
    ];
    for (name, value) in constants {
        assert_eq!(at(name), value);
    }
    for (name, value) in [("docType", "896"), ("literal1", "1"), ("tipo", "P1"), ("terminator", "A")] {
        assert_eq!(at(name), value);
    }
}

#[test]
fn amounts_are_written_as_published() {
    let (notice, creditor) =
        (NoticeNumber::parse("301000000000000144").unwrap(), FiscalCode::parse("01199250158").unwrap());
    for vector in list(&vectors(), "amounts") {
        let amount = amount(vector, "cents");
        assert_eq!(amount.cents().italian(), text(vector, "italianDisplay"));
        assert_eq!(amount.cents().decimal(), text(vector, "soap"));
        let qr = codes::qr_text(&notice, &creditor, amount);
        assert_eq!(qr.rsplit('|').next(), Some(text(vector, "qr")));
        let (account, debtor_code, debtor_name, reason) = ("1", "ANONIMO", "X", "Y");
        let slip =
            Slip { notice: &notice, account, amount, creditor: &creditor, debtor_code, debtor_name, reason };
        assert_eq!(&codes::datamatrix_text(&slip)[49..59], text(vector, "dataMatrix"));
    }
}

#[test]
fn postal_accounts_are_read_from_postal_ibans_only() {
    for vector in list(&vectors(), "iban") {
        let iban = Iban::parse(text(vector, "iban")).unwrap();
        assert_eq!(iban.postal_account(), vector["postalAccount"].as_str());
        let printed = iban.postal_account().map(codes::printed_account);
        assert_eq!(printed, vector.get("postalAccountPrinted").and_then(Value::as_str));
    }
}

#[test]
fn a_slip_is_ascii_whatever_the_texts() {
    let notice = NoticeNumber::parse("301000000000000144").unwrap();
    let creditor = FiscalCode::parse("01199250158").unwrap();
    for odd in
        ["Łódź & Ærø — «Straße»", "Γεώργιος", "李小龙", "e\u{301}\u{200b}\u{202e}x", "\0\n|;", "İı", "ﬁn €"]
    {
        let (account, amount, debtor_code) = ("16302093", Amount::new(1).unwrap(), "ANONIMO");
        let (debtor_name, reason) = (odd, odd);
        let slip =
            Slip { notice: &notice, account, amount, creditor: &creditor, debtor_code, debtor_name, reason };
        let written = codes::datamatrix_text(&slip);
        assert!(written.is_ascii() && written.len() == 256, "{written}");
        let user = &written[93..243];
        assert!(
            user.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || " &'-.:_,".contains(c)),
            "{user}"
        );
    }
}
