//! Receipt codes: 128 bits in letters that people can copy.

use domain::receipt::{code_from, parse_code};
use proptest::prelude::*;

use crate::samples::{any_text, cases};

#[test]
fn codes_are_26_characters_of_crockfords_alphabet() {
    assert_eq!(code_from([0; 16]), "0".repeat(26));
    assert_eq!(code_from([0xff; 16]), format!("7{}", "Z".repeat(25)));
    let mut one = [0; 16];
    one[15] = 1;
    assert_eq!(code_from(one), format!("{}1", "0".repeat(25)));
    assert_eq!(code_from(32_u128.to_be_bytes()), format!("{}10", "0".repeat(24)));
}

#[test]
fn codes_are_read_as_people_copy_them() {
    let code = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    assert_eq!(parse_code(code).as_deref(), Some(code));
    assert_eq!(parse_code(" 01arz-3ndek-tsv4r-rffq6-9g5fa-v\u{a0}").as_deref(), Some(code));
    assert_eq!(parse_code("OiARZ3NDEKTSV4RRFFQ69G5FAV").as_deref(), Some(code));
    assert_eq!(parse_code("olARZ3NDEKTSV4RRFFQ69G5FAV").as_deref(), Some(code));
    assert_eq!(parse_code("OLARZ3NDEKTSV4RRFFQ69G5FAV").as_deref(), Some(code));
    for wrong in [
        "",
        "01ARZ3NDEKTSV4RRFFQ69G5FA",
        "01ARZ3NDEKTSV4RRFFQ69G5FAVV",
        "U1ARZ3NDEKTSV4RRFFQ69G5FAV",
        "_1ARZ3NDEKTSV4RRFFQ69G5FAV",
        "éARZ3NDEKTSV4RRFFQ69G5FAV",
        "０1ARZ3NDEKTSV4RRFFQ69G5FAV",
    ] {
        assert_eq!(parse_code(wrong), None, "{wrong:?}");
    }
}

proptest! {
    #![proptest_config(cases(5_000))]

    #[test]
    fn codes_round_trip_and_keep_every_bit(random: [u8; 16], other: [u8; 16], hyphens in 1_usize..26) {
        let code = code_from(random);
        prop_assert_eq!(parse_code(&code), Some(code.clone()));
        prop_assert_eq!(parse_code(&code.to_lowercase()), Some(code.clone()));
        let (head, tail) = code.split_at(hyphens);
        prop_assert_eq!(parse_code(&format!("{head}-{tail} ")), Some(code.clone()));
        prop_assert_eq!(code == code_from(other), random == other);
        // Read back as a number, digit by digit.
        let alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let number = code.chars().fold(0_u128, |n, c| n << 5 | alphabet.find(c).unwrap() as u128);
        prop_assert_eq!(number, u128::from_be_bytes(random));
    }

    #[test]
    fn inv_x03_no_text_makes_the_reader_panic(text in any_text(), near in "[0-9A-Za-zéſK -]{24,30}") {
        for text in [text, near] {
            if let Some(code) = parse_code(&text) {
                prop_assert_eq!(parse_code(&code), Some(code));
            }
        }
    }
}
