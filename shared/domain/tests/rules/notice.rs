//! Notice numbers, IUVs, RF references (SACI 1.3.1, ISO 11649).

use domain::notice::{AuxDigit, STAND_IN_PROBE, SegregationCode};
use domain::{FieldCode, Iuv, NoticeNumber};
use proptest::prelude::*;

use crate::samples::{any_text, cases, text, vectors};

const FILE: &str = include_str!("../data/notices.json");

#[test]
fn every_vector_has_its_layout() {
    for row in vectors(FILE, "/noticeNumbers") {
        let number = text(&row, "noticeNumber");
        let notice = NoticeNumber::parse(number).unwrap();
        let aux = match text(&row, "auxDigit") {
            "0" => AuxDigit::Zero,
            "1" => AuxDigit::One,
            "2" => AuxDigit::Two,
            _ => AuxDigit::Three,
        };
        assert_eq!(notice.as_str(), number);
        assert_eq!(notice.to_string(), number);
        assert_eq!(notice.aux_digit(), aux, "{number}");
        assert_eq!(notice.grouped(), text(&row, "display"));
        assert_eq!(notice.iuv().as_str(), text(&row, "iuv"), "{number}");
        // Aux digit 1 defines no check digits, so none can be wrong.
        assert_eq!(notice.check_digits_hold(), row["checkDigitValid"].as_bool().unwrap_or(true), "{number}");
    }
}

#[test]
fn inv_m14_issuing_gives_the_published_check_digits() {
    let mut tried = 0;
    for row in vectors(FILE, "/noticeNumbers") {
        if text(&row, "auxDigit") != "3" {
            continue;
        }
        let code: SegregationCode = text(&row, "segregationCode").parse().unwrap();
        let issued = NoticeNumber::issue(code, text(&row, "iuvBase").parse().unwrap());
        assert_eq!(&issued.as_str()[16..], text(&row, "expectedCheckDigit"));
        assert_eq!(issued.as_str() == text(&row, "noticeNumber"), row["checkDigitValid"].as_bool().unwrap());
        tried += 1;
    }
    assert!(tried >= 10, "only {tried} vectors of aux digit 3");
}

#[test]
fn every_invalid_vector_is_refused_for_its_form() {
    for row in vectors(FILE, "/invalid") {
        assert_eq!(NoticeNumber::parse(text(&row, "value")), Err(FieldCode::Format), "{row}");
    }
    for empty in ["", "   ", "\u{a0}\t\n", "\u{feff}"] {
        assert_eq!(NoticeNumber::parse(empty), Err(FieldCode::Required), "{empty:?}");
    }
}

#[test]
fn only_blanks_are_dropped() {
    for row in vectors(FILE, "/normalisation") {
        let read = NoticeNumber::parse(text(&row, "input"));
        match row["normalised"].as_str() {
            Some(number) => assert_eq!(read.unwrap().as_str(), number),
            None => assert_eq!(read, Err(FieldCode::Format), "{row}"),
        }
    }
    let pasted = "3010\u{a0}0000\u{202f}0000\u{2009}0001\t44\u{feff}\r\n";
    assert_eq!(NoticeNumber::parse(pasted).unwrap().as_str(), "301000000000000144");
    // Digits of other alphabets look like ours on a screen and are not.
    assert_eq!(NoticeNumber::parse("３01000000000000144"), Err(FieldCode::Format));
    assert_eq!(NoticeNumber::parse("30100000000000014٤"), Err(FieldCode::Format));
}

#[test]
fn a_notice_and_its_iuv_name_the_same_debt() {
    for row in vectors(FILE, "/iuvToNoticeNumber") {
        let notice = NoticeNumber::parse(text(&row, "noticeNumber")).unwrap();
        assert_eq!(notice.iuv(), Iuv::parse(text(&row, "iuv")).unwrap());
    }
}

#[test]
fn the_stand_in_probe_is_known() {
    assert!(NoticeNumber::parse(STAND_IN_PROBE).unwrap().is_stand_in_probe());
    assert!(!NoticeNumber::parse("000000000000000101").unwrap().is_stand_in_probe());
}

#[test]
fn segregation_codes_are_two_digits() {
    for code in 0..100 {
        let issued = NoticeNumber::issue(format!("{code:02}").parse().unwrap(), 7);
        assert_eq!(issued.as_str()[1..3], format!("{code:02}"));
    }
    for wrong in ["", "1", "001", "100", "a1", "1a", " 1", "+1", "-1", "٠١"] {
        assert_eq!(wrong.parse::<SegregationCode>(), Err(FieldCode::Format), "{wrong:?}");
    }
}

#[test]
fn every_rf_vector_is_judged() {
    for row in vectors(FILE, "/rfCreditorReference") {
        let iuv = Iuv::parse(text(&row, "reference")).unwrap();
        assert_eq!(iuv.is_rf_reference(), row["valid"].as_bool().unwrap(), "{row}");
    }
    for wrong in ["RF", "RF18", "R", "RFA8539007547034", "XX18539007547034", "01000000000000144"] {
        assert!(!Iuv::parse(wrong).unwrap().is_rf_reference(), "{wrong}");
    }
}

#[test]
fn check_digits_of_an_rf_reference_are_digits() {
    let mut tried = 0;
    for (first, second) in ('A'..='Z').flat_map(|c| ('0'..='9').flat_map(move |d| [(c, d), (d, c)])) {
        for body in 0..97 {
            let reference = format!("RF{first}{second}{body}");
            if mod_97(&format!("{body}RF{first}{second}")) == 1 {
                assert!(!Iuv::parse(&reference).unwrap().is_rf_reference(), "{reference}");
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried} references whose rest is right by chance");
}

#[test]
fn iuvs_are_one_to_thirty_five_letters_and_digits() {
    assert_eq!(Iuv::parse(" rf18 5390 0754 7034 ").unwrap().as_str(), "RF18539007547034");
    assert_eq!(Iuv::parse(&"9".repeat(35)).unwrap().as_str().len(), 35);
    assert_eq!(Iuv::parse(&"9".repeat(36)), Err(FieldCode::Format));
    assert_eq!(Iuv::parse(" \u{feff}"), Err(FieldCode::Required));
    for wrong in ["0100-0144", "0100/0144", "é", "01.00", "ß"] {
        assert_eq!(Iuv::parse(wrong), Err(FieldCode::Format), "{wrong:?}");
    }
}

#[test]
fn json_carries_the_bare_text_and_reads_it_with_the_same_care() {
    let notice = NoticeNumber::parse("301000000000000144").unwrap();
    assert_eq!(serde_json::to_string(&notice).unwrap(), "\"301000000000000144\"");
    assert_eq!(serde_json::to_string(&notice.iuv()).unwrap(), "\"01000000000000144\"");
    assert_eq!(serde_json::from_str::<NoticeNumber>("\"301000000000000144\"").unwrap(), notice);
    assert!(serde_json::from_str::<NoticeNumber>("\"401000000000000144\"").is_err());
    assert!(serde_json::from_str::<NoticeNumber>("301000000000000144").is_err());
    assert!(serde_json::from_str::<Iuv>("\"01000-144\"").is_err());
}

/// ISO 7064 modulo 97-10, the slow way: the whole decimal number, then its rest.
fn mod_97(text: &str) -> u32 {
    let decimal: String = text.chars().map(|c| c.to_digit(36).unwrap().to_string()).collect();
    decimal.chars().fold(0, |rest, c| (rest * 10 + c.to_digit(10).unwrap()) % 97)
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn inv_m14_issued_numbers_parse_and_hold_their_check_digits(code in 0_u8..100, base: u64) {
        let issued = NoticeNumber::issue(format!("{code:02}").parse().unwrap(), base);
        let digits = issued.as_str();
        prop_assert_eq!(NoticeNumber::parse(digits), Ok(issued.clone()));
        prop_assert_eq!(NoticeNumber::parse(&issued.grouped()), Ok(issued.clone()));
        prop_assert_eq!(issued.aux_digit(), AuxDigit::Three);
        prop_assert!(issued.check_digits_hold());
        prop_assert!(!issued.is_stand_in_probe());
        let first: u64 = digits[..16].parse().unwrap();
        prop_assert_eq!(digits[16..].parse::<u64>().unwrap(), first % 93);
        prop_assert_eq!(digits[1..3].parse::<u8>().unwrap(), code);
        prop_assert_eq!(digits[3..16].parse::<u64>().unwrap(), base % 10_000_000_000_000);
        let iuv = issued.iuv();
        prop_assert_eq!(iuv.as_str(), &digits[1..]);
    }

    #[test]
    fn inv_m14_two_bases_never_give_one_number(
        a in 0_u64..10_000_000_000_000, b in 0_u64..10_000_000_000_000,
    ) {
        let code: SegregationCode = "01".parse().unwrap();
        prop_assert_eq!(NoticeNumber::issue(code, a) == NoticeNumber::issue(code, b), a == b);
    }

    /// Modulo 93 is prime to ten, so the two commonest slips of a hand never pass.
    #[test]
    fn check_digits_catch_a_wrong_digit_and_two_swapped(base: u64, place in 1_usize..18, other in 0_u8..10) {
        let issued = NoticeNumber::issue("01".parse().unwrap(), base);
        let mut wrong = issued.as_str().as_bytes().to_vec();
        wrong[place] = b'0' + other;
        let wrong = NoticeNumber::parse(std::str::from_utf8(&wrong).unwrap()).unwrap();
        prop_assert_eq!(wrong.check_digits_hold(), wrong == issued);
        if place < 15 {
            let mut swapped = issued.as_str().as_bytes().to_vec();
            swapped.swap(place, place + 1);
            let swapped = NoticeNumber::parse(std::str::from_utf8(&swapped).unwrap()).unwrap();
            prop_assert_eq!(swapped.check_digits_hold(), swapped == issued);
        }
    }

    #[test]
    fn blanks_anywhere_change_nothing_and_anything_else_is_refused(
        digits in "[0-3][0-9]{17}", place in 0_usize..=18, blank in "[ \t\u{a0}\u{2007}\u{feff}\u{ad}\u{200b}\u{200e}\u{202a}\u{2011}\u{2066}]{1,3}",
        other in "[!-/:-~à-ÿ\u{2013}]",
    ) {
        let (head, tail) = digits.split_at(place);
        let spaced = NoticeNumber::parse(&format!("{head}{blank}{tail}")).unwrap();
        prop_assert_eq!(spaced.as_str(), digits.as_str());
        prop_assert_eq!(NoticeNumber::parse(&format!("{head}{other}{tail}")), Err(FieldCode::Format));
    }

    #[test]
    fn inv_x03_no_text_makes_a_parser_panic(text in any_text()) {
        if let Ok(notice) = NoticeNumber::parse(&text) {
            prop_assert_eq!(NoticeNumber::parse(notice.as_str()), Ok(notice));
        }
        if let Ok(iuv) = Iuv::parse(&text) {
            prop_assert!(iuv.as_str().bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()));
            prop_assert_eq!(Iuv::parse(iuv.as_str()), Ok(iuv));
        }
        let _ = text.parse::<SegregationCode>();
    }

    #[test]
    fn every_digit_text_is_judged_by_its_form_alone(text in "[0-9]{16,20}") {
        let fits = text.len() == 18 && text.as_bytes()[0] <= b'3';
        prop_assert_eq!(NoticeNumber::parse(&text).is_ok(), fits);
    }

    #[test]
    fn rf_references_hold_with_their_own_check_digits_only(body in "[0-9A-Z]{1,21}", other in 0_u32..100) {
        let check = 98 - mod_97(&format!("{body}RF00"));
        let reference = Iuv::parse(&format!("RF{check:02}{body}")).unwrap();
        prop_assert!(reference.is_rf_reference());
        let wrong = Iuv::parse(&format!("RF{other:02}{body}")).unwrap();
        prop_assert_eq!(wrong.is_rf_reference(), other == check);
        let long = Iuv::parse(&format!("{}{}", reference.as_str(), "0".repeat(22 - body.len()))).unwrap();
        prop_assert!(!long.is_rf_reference(), "more than 21 characters after the check digits");
    }
}

#[test]
fn a_creditor_of_any_aux_digit_issues_numbers_of_its_own_layout() {
    let code: domain::notice::SegregationCode = "01".parse().unwrap();
    use domain::notice::{AuxDigit, Issuing};
    for (issuing, aux, base, number) in [
        (Issuing::Zero(code), AuxDigit::Zero, 1_066, "001000000000106683"),
        (Issuing::One, AuxDigit::One, 12_345_678_901_234_567, "112345678901234567"),
        (Issuing::Two, AuxDigit::Two, 123_456_789_012_345, "212345678901234544"),
        (Issuing::Three(code), AuxDigit::Three, 1, "301000000000000144"),
    ] {
        let issued = issuing.number(base);
        assert_eq!(issued.as_str(), number);
        assert_eq!(issued.aux_digit(), aux);
        assert!(issued.check_digits_hold());
        assert_eq!(issuing.number(issuing.bases() + base), issued, "a base is taken within its bounds");
    }
}
