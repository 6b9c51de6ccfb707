//! Lines of text as people type them.

use domain::text::{is_hidden, length, line, optional_line, tidy};
use domain::{FieldCode, FieldError};
use proptest::prelude::*;

use crate::samples::{any_text, cases};

#[test]
fn lines_are_trimmed_and_counted_as_people_see_them() {
    assert_eq!(line("x", "  Via\t Roma \u{a0}1\r\n", 1, 10).unwrap(), "Via Roma 1");
    for (seen, n) in [("", 0), ("abc", 3), ("e\u{301}", 1), ("👩‍👩‍👧", 1), ("🇮🇹", 1), ("a\r\n", 2)]
    {
        assert_eq!(length(seen), n, "{seen:?}");
    }
}

#[test]
fn limits_hold_to_the_character_and_say_the_numbers() {
    let refused = |text: &str| line("x", text, 3, 5).unwrap_err();
    assert_eq!(refused(" \u{a0} "), FieldError::new("x", FieldCode::Required));
    assert_eq!(refused("ab"), FieldError::new("x", FieldCode::TooShort).with("min", 3).with("n", 2));
    assert_eq!(refused("abcdef"), FieldError::new("x", FieldCode::TooLong).with("max", 5).with("n", 6));
    assert_eq!(line("x", "abc", 3, 5).unwrap(), "abc");
    assert_eq!(line("x", " e\u{301}e\u{301}e\u{301}e\u{301}e\u{301} ", 3, 5).unwrap().chars().count(), 10);
    assert_eq!(optional_line("x", None, 3, 5), Ok(None));
    assert_eq!(optional_line("x", Some("abc"), 3, 5), Ok(Some("abc".to_owned())));
    assert_eq!(optional_line("x", Some(""), 3, 5), Err(FieldError::new("x", FieldCode::Required)));
}

#[test]
fn inv_i26_nothing_hidden_passes() {
    // NUL, escape, C1, zero-width, direction marks and overrides, word joiner, byte-order mark, private use,
    // replacement, soft hyphen, invisible joiner, Arabic letter mark, fillers, blank Braille, tags.
    for c in "\0\u{1b}\u{80}\u{200b}\u{200d}\u{200f}\u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{206f}\u{feff}\
              \u{e000}\u{fffd}\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{180e}\u{2800}\u{3164}\
              \u{ffa0}\u{e0041}\u{f0000}\u{10ffff}"
        .chars()
    {
        assert!(is_hidden(c), "{c:?}");
        let refused = line("x", &format!("Ma{c}rio"), 1, 70).map(drop);
        assert_eq!(refused, Err(FieldError::new("x", FieldCode::Format)), "{c:?}");
    }
    for c in "aéñßøŁżИ李あ가אعअ์ 1-'’.ª€\u{301}".chars() {
        assert!(!is_hidden(c), "{c:?}");
    }
}

#[test]
fn inv_x03_marks_are_not_piled_up_without_end() {
    let pile = format!("a{}", "\u{301}".repeat(10_000));
    assert_eq!(length(&pile), 1, "one character to the eye, twenty thousand bytes to the store");
    assert_eq!(line("x", &pile, 1, 70), Err(FieldError::new("x", FieldCode::Format)));
    let of = |points: usize| line("x", &format!("a{}", "\u{301}".repeat(points - 1)), 1, 70).is_ok();
    assert!(of(16) && !of(17), "sixteen code points to a character");
    assert!(line("x", "Nguyê\u{303}n Thi\u{323} Hồ", 1, 70).is_ok(), "two marks on a letter are a name");
}

proptest! {
    #![proptest_config(cases(5_000))]

    #[test]
    fn a_line_that_passes_is_tidy_within_limits_and_passes_again(
        text in any_text(), min in 0_usize..4, max in 4_usize..40,
    ) {
        if let Ok(clean) = line("x", &text, min, max) {
            prop_assert!((min.max(1)..=max).contains(&length(&clean)));
            prop_assert!(!clean.contains(['\r', '\n', '\t', '\0']), "nothing that could end a mail header");
            prop_assert_eq!(&tidy(&clean), &clean);
            prop_assert_eq!(line("x", &clean, min, max), Ok(clean.clone()));
            let before: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            prop_assert_eq!(clean.replace(' ', ""), before, "only blanks are dropped");
        }
    }
}
