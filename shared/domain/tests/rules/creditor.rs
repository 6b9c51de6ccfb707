//! IBANs (ISO 13616) and the creditor's postal account.

use domain::FieldCode;
use domain::creditor::Iban;
use proptest::prelude::*;

use crate::samples::{any_text, cases, text, vectors};

const FILE: &str = include_str!("../data/creditor.json");

#[test]
fn every_vector_is_read_with_its_postal_account() {
    for row in vectors(FILE, "/iban") {
        let iban = Iban::parse(text(&row, "iban")).unwrap();
        assert_eq!(iban.as_str(), text(&row, "iban"));
        assert_eq!(iban.postal_account(), row["postalAccount"].as_str(), "{row}");
        assert_eq!(iban.postal_account().is_some(), row["isPostal"].as_bool().unwrap());
    }
}

#[test]
fn ibans_are_read_as_people_type_them() {
    let iban = Iban::parse(" it60 x054 2811 1010 0000 0123 456\n").unwrap();
    assert_eq!(iban.as_str(), "IT60X0542811101000000123456");
    assert_eq!(format!("{iban:?}"), "IT60…", "a log shows the country and no more");
    assert!(Iban::parse("GB82WEST12345698765432").is_ok());
    assert!(Iban::parse("NO9386011117947").is_ok(), "the shortest");
    assert!(Iban::parse("MT84MALT011000012345MTLCAST001S").is_ok());
}

#[test]
fn wrong_ibans_are_refused_with_the_reason() {
    for (text, code) in [
        ("", FieldCode::Format),
        ("IT6", FieldCode::Format),
        ("IT60X054281110100000012345", FieldCode::Format),
        ("IT60X05428111010000001234567", FieldCode::Format),
        ("IT60-X0542811101000000123456", FieldCode::Format),
        ("IT60X0542811101000000123456é", FieldCode::Format),
        ("ééé", FieldCode::Format),
        ("1T60X0542811101000000123456", FieldCode::Format),
        ("ITA0X0542811101000000123456", FieldCode::Format),
        ("IT60X0542811101000000123457", FieldCode::Checksum),
        ("IT06X0542811101000000123456", FieldCode::Checksum),
    ] {
        assert_eq!(Iban::parse(text).map(drop), Err(code), "{text:?}");
    }
}

#[test]
fn a_postal_account_is_twelve_digits_of_the_post() {
    let letters = with_check_digits("IT", "D0760102800A00016302093");
    assert_eq!(Iban::parse(&letters).unwrap().postal_account(), None);
    let san_marino = with_check_digits("SM", "D0760102800000016302093");
    assert_eq!(Iban::parse(&san_marino).unwrap().postal_account(), None);
}

fn mod_97(text: &str) -> u32 {
    let decimal: String = text.chars().map(|c| c.to_digit(36).unwrap().to_string()).collect();
    decimal.chars().fold(0, |rest, c| (rest * 10 + c.to_digit(10).unwrap()) % 97)
}

fn with_check_digits(country: &str, body: &str) -> String {
    format!("{country}{:02}{body}", 98 - mod_97(&format!("{body}{country}00")))
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn an_iban_holds_with_its_own_check_digits_only(
        body in "[A-Z][0-9]{10}[0-9A-Z]{12}", other in 0_u32..100,
    ) {
        let right = with_check_digits("IT", &body);
        let iban = Iban::parse(&right).unwrap();
        prop_assert_eq!(iban.as_str(), right.as_str());
        let wrong = format!("IT{other:02}{body}");
        let expected = if wrong == right { Ok(()) } else { Err(FieldCode::Checksum) };
        prop_assert_eq!(Iban::parse(&wrong).map(drop), expected);
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn inv_x03_no_text_makes_the_parser_panic(text in any_text(), near in "[A-Z0-9é ]{0,40}") {
        for text in [text, near] {
            if let Ok(iban) = Iban::parse(&text) {
                prop_assert!((15..=34).contains(&iban.as_str().len()));
                let _ = iban.postal_account();
            }
        }
    }
}
