//! Fiscal codes (D.M. 23 December 1976): the published tables are read from the vectors, so that the check
//! character is computed here a second time, by other means.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use domain::fiscal_code::Holder;
use domain::{FieldCode, FiscalCode};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use crate::samples::{any_text, cases, text, vectors};

const FILE: &str = include_str!("../data/fiscal_codes.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tables {
    odd: BTreeMap<char, usize>,
    even: BTreeMap<char, usize>,
    months: BTreeMap<char, i8>,
    omocodia: BTreeMap<char, char>,
    omocodia_positions1_based: Vec<usize>,
}

impl Tables {
    fn read() -> &'static Self {
        static TABLES: LazyLock<Tables> = LazyLock::new(|| {
            let file: Value = serde_json::from_str(FILE).unwrap();
            serde_json::from_value(file["tables"].clone()).unwrap()
        });
        &TABLES
    }

    /// The 15 characters with their control letter.
    fn complete(&self, fifteen: &str) -> String {
        let places = fifteen.chars().zip(1..);
        let sum: usize = places.map(|(c, n)| if n % 2 == 1 { self.odd[&c] } else { self.even[&c] }).sum();
        format!("{fifteen}{}", char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[sum % 26]))
    }

    /// The code with the digits of the chosen places replaced: bit 0 is the first place, bit 6 the last.
    fn omocode(&self, code: &str, mask: u8) -> String {
        let mut chars: Vec<char> = code.chars().take(15).collect();
        for (bit, place) in self.omocodia_positions1_based.iter().enumerate() {
            if mask & (1 << bit) != 0 {
                chars[place - 1] = self.omocodia[&chars[place - 1]];
            }
        }
        self.complete(&chars.into_iter().collect::<String>())
    }
}

#[test]
fn every_valid_vector_is_read_as_it_is() {
    for row in vectors(FILE, "/person/valid") {
        let code = FiscalCode::parse(text(&row, "value")).unwrap();
        assert_eq!(code.as_str(), text(&row, "value"));
        assert_eq!(code.holder(), Holder::Natural);
        assert_eq!(Tables::read().complete(&code.as_str()[..15]), code.as_str(), "the tables agree");
    }
    for row in vectors(FILE, "/elevenDigits/valid") {
        let code = FiscalCode::parse(text(&row, "value")).unwrap();
        assert_eq!(code.as_str(), text(&row, "value"));
        assert_eq!(code.holder(), Holder::Either, "eleven digits may be a person's provisional code");
    }
}

#[test]
fn every_invalid_vector_is_refused_with_its_code() {
    for list in ["/person/invalid", "/elevenDigits/invalid"] {
        for row in vectors(FILE, list) {
            let refused = FiscalCode::parse(text(&row, "value")).unwrap_err();
            assert_eq!(refused.as_str(), text(&row, "code"), "{row}");
        }
    }
}

#[test]
fn codes_are_read_as_people_type_them() {
    for row in vectors(FILE, "/person/normalisation") {
        assert_eq!(FiscalCode::parse(text(&row, "input")).unwrap().as_str(), text(&row, "normalised"));
    }
    let pasted = "\u{feff}rss.mra-80a01\u{a0}h501u\r\n";
    assert_eq!(FiscalCode::parse(pasted).unwrap().as_str(), "RSSMRA80A01H501U");
    assert_eq!(FiscalCode::parse("007 431-101.57").unwrap().as_str(), "00743110157");
    for empty in ["", " ", "\u{a0}", ".-.", "\u{feff}"] {
        assert_eq!(FiscalCode::parse(empty), Err(FieldCode::Required), "{empty:?}");
    }
    // The prefix belongs to VAT numbers; the slash and letters of other alphabets to nothing.
    for wrong in
        ["IT00743110157", "RSSMRA80A01H501/U", "RSSMRA80A01H501ﬀ", "ＲSSMRA80A01H501U", "007431101５7"]
    {
        assert_eq!(FiscalCode::parse(wrong), Err(FieldCode::Format), "{wrong}");
    }
}

#[test]
fn every_month_has_its_days() {
    let tables = Tables::read();
    assert_eq!(tables.months.len(), 12);
    for letter in 'A'..='Z' {
        for day in 0..100 {
            for year in [0, 23, 24, 99] {
                let code = tables.complete(&format!("RSSMRA{year:02}{letter}{day:02}H501"));
                // Year 00 was leap in this century, 24 in both, 23 and 99 in neither.
                let days = match tables.months.get(&letter) {
                    None => 0,
                    Some(2) if year % 4 == 0 => 29,
                    Some(2) => 28,
                    Some(4 | 6 | 9 | 11) => 30,
                    Some(_) => 31,
                };
                let born = if day > 40 { day - 40 } else { day };
                let expected = if (1..=days).contains(&born) { Ok(()) } else { Err(FieldCode::Format) };
                assert_eq!(FiscalCode::parse(&code).map(drop), expected, "{code}");
            }
        }
    }
}

#[test]
fn all_127_omocodic_forms_are_other_people() {
    let tables = Tables::read();
    for base in ["RSSMRA80A01H501U", "GLLNNA96B69G273M", "FOXXXX75D10Z110Z"] {
        let mut people = BTreeSet::from([FiscalCode::parse(base).unwrap()]);
        for mask in 1..=127 {
            let form = tables.omocode(base, mask);
            let code = FiscalCode::parse(&form).unwrap();
            assert_eq!(code.as_str(), form, "never brought back to the base form");
            people.insert(code);
        }
        assert_eq!(people.len(), 128);
    }
    // The vectors' own levels, from the right.
    assert_eq!(tables.omocode("RSSMRA80A01H501U", 0b100_0000), "RSSMRA80A01H50MM");
    assert_eq!(tables.omocode("RSSMRA80A01H501U", 0b111_1111), "RSSMRAULALMHRLMD");
}

#[test]
fn inv_i25_a_code_reaches_no_log_by_accident() {
    let code = FiscalCode::parse("RSSMRA80A01H501U").unwrap();
    assert_eq!(format!("{code:?}"), "RSSM************");
    assert_eq!(code.masked(), "RSSM************");
    assert_eq!(FiscalCode::parse("00743110157").unwrap().masked(), "0074*******");
    assert_eq!(code.to_string(), "RSSMRA80A01H501U", "documents print all of it");
}

#[test]
fn json_carries_the_bare_text_and_reads_it_with_the_same_care() {
    let code = FiscalCode::parse("RSSMRA80A01H501U").unwrap();
    assert_eq!(serde_json::to_string(&code).unwrap(), "\"RSSMRA80A01H501U\"");
    assert_eq!(serde_json::from_str::<FiscalCode>("\"RSSMRA80A01H501U\"").unwrap(), code);
    assert!(serde_json::from_str::<FiscalCode>("\"RSSMRA80A01H501X\"").is_err());
}

/// The control digit of eleven, as the law writes it: digits and doubled digits summed, complement to ten.
fn control_digit(ten: &str) -> u32 {
    let digits = ten.chars().map(|c| c.to_digit(10).unwrap()).enumerate();
    let sum: u32 = digits.map(|(i, d)| if i % 2 == 0 { d } else { d * 2 / 10 + d * 2 % 10 }).sum();
    (10 - sum % 10) % 10
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn any_person_and_any_omocodia_holds_its_own_letter_only(
        names in "[A-Z]{6}", year in 0_u8..100, month in "[ABCDEHLMPRST]", day in 1_u8..=28, woman: bool,
        place in "[A-Z][0-9]{3}", mask in 0_u8..128, letter in b'A'..=b'Z', lower: bool,
    ) {
        let tables = Tables::read();
        let day = if woman { day + 40 } else { day };
        let base = tables.complete(&format!("{names}{year:02}{month}{day:02}{place}"));
        let form = tables.omocode(&base, mask);
        let typed = if lower { form.to_lowercase() } else { form.clone() };
        let code = FiscalCode::parse(&typed).unwrap();
        prop_assert_eq!(code.as_str(), form.as_str());
        let other = format!("{}{}", &form[..15], char::from(letter));
        let expected = if other == form { Ok(code) } else { Err(FieldCode::Checksum) };
        prop_assert_eq!(FiscalCode::parse(&other), expected);
    }

    #[test]
    fn any_eleven_digits_hold_their_own_control_digit_only(ten in "[0-9]{10}", last in 0_u32..10) {
        let holds = last == control_digit(&ten) && ten != "0000000000";
        prop_assert_eq!(FiscalCode::parse(&format!("{ten}{last}")).is_ok(), holds);
    }

    #[test]
    fn inv_x03_no_text_makes_the_parser_panic(text in any_text()) {
        if let Ok(code) = FiscalCode::parse(&text) {
            prop_assert!(matches!(code.as_str().len(), 11 | 16));
        }
    }

    /// Nearer to codes than any text: every length around 11 and 16, letters of several bytes among them.
    #[test]
    fn inv_x03_no_near_miss_makes_the_parser_panic(text in "[A-Z0-9LMNPQRSTUVéß٣𝟛]{9,17}") {
        if let Ok(code) = FiscalCode::parse(&text) {
            prop_assert_eq!(code.as_str(), text.as_str());
            prop_assert!(text.is_ascii());
        }
    }
}

#[test]
fn somebody_unknown_is_a_debtor_and_nobody_who_asks() {
    for written in ["ANONIMO", " anonimo "] {
        let code = FiscalCode::of_debtor(written).unwrap();
        assert!(code.is_anonymous() && code.as_str() == "ANONIMO" && code.holder() == Holder::Natural);
        assert_eq!(FiscalCode::parse(written), Err(FieldCode::Format));
        let stored = serde_json::to_string(&code).unwrap();
        assert_eq!(serde_json::from_str::<FiscalCode>(&stored).unwrap(), code);
    }
    for code in ["RSSMRA80A01H501U", "12345678903", "", "ANONIMA", "X"] {
        assert_eq!(FiscalCode::of_debtor(code), FiscalCode::parse(code), "{code}");
    }
}
