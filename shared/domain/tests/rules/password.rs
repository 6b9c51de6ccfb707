//! The password policy (INV-I12): as received, accents composed, 12 to 256 characters, not common, not personal.

use domain::password::{MAX_BYTES, Password, Policy};
use domain::text::length;
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use crate::samples::{any_text, cases};

const MARIO: [&str; 5] = ["Mario", "Rossi", "mario.rossi@example.it", "RSSMRA80A01H501U", "Li"];

/// The code of the refusal, or `ok`.
fn judge(password: &str) -> &'static str {
    match Policy::default().accept("password", password, &MARIO) {
        Ok(accepted) => {
            let composed: String = password.nfc().collect();
            assert_eq!(accepted.as_bytes(), composed.as_bytes(), "exactly as received, composed");
            assert_eq!(accepted.as_typed(), (composed != password).then_some(password.as_bytes()));
            "ok"
        }
        Err(error) => {
            assert_eq!(error.field, "password");
            error.code.as_str()
        }
    }
}

#[test]
fn inv_i12_length_is_what_people_see() {
    for (password, expected) in [
        ("", "required"),
        ("a", "too_short"),
        ("qzxjkvbpwym", "too_short"),
        ("qzxjkvbpwymf", "ok"),
        // Eleven flags are 88 bytes; twelve accented letters are 24 code points.
        ("🇮🇹🇫🇷🇩🇪🇪🇸🇵🇹🇬🇷🇳🇱🇧🇪🇦🇹🇭🇺🇨🇿", "too_short"),
        (
            "e\u{301}q\u{301}z\u{301}x\u{301}j\u{301}k\u{301}v\u{301}b\u{301}p\u{301}w\u{301}y\u{301}m\u{301}",
            "ok",
        ),
        ("пароль не скажу", "ok"),
        ("correct horse battery staple", "ok"),
        (" qzxjkvbpwy ", "ok"),
        ("qzxjk\0vbpwym", "ok"),
        ("🐴🔋📎🧷🪝🧵🪡🧶🪢🪤🪣🧹", "ok"),
    ] {
        assert_eq!(judge(password), expected, "{password:?}");
    }
}

#[test]
fn inv_i12_ab_15_the_upper_limits() {
    let of = |n: usize| "qzxjkvbpw ".chars().cycle().skip(3).take(n - 1).chain(['!']).collect::<String>();
    assert_eq!(judge(&of(256)), "ok");
    assert_eq!(judge(&of(257)), "too_long");
    // Few characters, too many bytes: 12 letters, each under a pile of marks.
    let piles = |marks: usize| {
        "qzxjkvbpwymf".chars().map(|c| format!("{c}{}", "\u{301}".repeat(marks))).collect::<String>()
    };
    assert_eq!((piles(42).len(), length(&piles(42))), (1_020, 12));
    assert_eq!(judge(&piles(42)), "ok");
    assert_eq!(judge(&piles(43)), "too_long");
    let brim = format!("{}abcd", piles(42));
    assert_eq!((brim.len(), judge(&brim)), (MAX_BYTES, "ok"));
    let n_params =
        |password: &str| Policy::default().accept("password", password, &[]).map(drop).unwrap_err().params;
    assert_eq!(n_params(&of(300)), [("max", 256), ("n", 300)]);
    assert_eq!(n_params("abc"), [("min", 12), ("n", 3)]);
}

#[test]
fn the_minimum_is_a_setting() {
    let strict = Policy { min_characters: 15 };
    assert!(strict.accept("password", "qzxjkvbpwymfgt", &[]).is_err());
    assert!(strict.accept("password", "qzxjkvbpwymfgth", &[]).is_ok());
}

#[test]
fn common_passwords_are_refused_however_dressed() {
    for common in [
        "counterstrike",
        "COUNTERSTRIKE",
        "counter strike",
        "  CounterStrike  ",
        "passwordpassword",
        "Password123!",
        "123password456",
        "!!!letmein2026!!!",
        "2026!admin!2026",
        "abcabcabcabc",
        "abcabcabcabca",
        "aaaaaaaaaaaaa",
        "ab12cd34ab12cd34",
        "            ",
        "abcdefghijklm",
        "ponmlkjihgfedcba",
        "123456789012",
        "890123456789",
        "210987654321",
    ] {
        assert_eq!(judge(common), "common", "{common:?}");
    }
    for fine in [
        "counterstrike zebra",
        "passwords are a pity",
        "abcabcabcabd",
        // Seven letters and five of them again: not twice the whole.
        "zqxwvkjzqxwv",
        "acegikmoqsuw",
        "9abcdefghijk",
        "password of my own",
    ] {
        assert_eq!(judge(fine), "ok", "{fine:?}");
    }
}

#[test]
fn the_list_of_common_passwords_is_long_enough_to_matter() {
    let list = include_str!("../../src/common_passwords.txt");
    let mut refused = 0;
    for common in list.lines().filter(|line| length(line) >= 12) {
        assert_eq!(judge(common), "common", "{common:?}");
        refused += 1;
    }
    assert!(refused >= 200, "{refused} common passwords of twelve characters or more");
    assert!(
        list.lines().all(|line| line == line.to_lowercase() && !line.is_empty()),
        "compared in lower case"
    );
}

#[test]
fn personal_data_are_refused_wherever_they_stand() {
    for personal in [
        "io sono mario davvero",
        "IO SONO MARIO DAVVERO",
        "xxrossixx zebra blu",
        "mario.rossi@example.it",
        "rssmra80a01h501u!",
        "zebra RSSMRA80A01H501U blu",
    ] {
        assert_eq!(judge(personal), "personal", "{personal:?}");
    }
    let short = |name| Policy::default().accept("password", "zebra luca leo blu", &[name]).is_err();
    assert!(short("Luca") && !short("Leo"), "four letters are a name, three are in too many words");
    assert_eq!(judge("oliva verde scuro"), "ok", "two letters of a name refuse nobody");
    assert_eq!(judge("example.it zebra blu"), "ok", "the provider's name is not personal");
}

#[test]
fn blanks_typed_into_a_form_hide_nothing() {
    let refused =
        |personal: &str| Policy::default().accept("password", "zebra maria grazia blu", &[personal]).is_err();
    assert!(refused("Maria Grazia"));
    assert!(refused("  Maria \u{a0} Grazia "));
    assert!(!refused("Grazia Maria"));
}

#[test]
fn inv_i12_ab_15_a_password_offered_at_login_is_only_measured() {
    for text in ["", " a ", "\0", "é", &"x".repeat(MAX_BYTES)] {
        assert_eq!(Password::offered(text).unwrap().as_bytes(), text.as_bytes());
    }
    assert!(Password::offered(&"x".repeat(MAX_BYTES + 1)).is_none());
    assert!(Password::offered(&"é".repeat(MAX_BYTES / 2 + 1)).is_none(), "bytes, not characters");
    assert_eq!(MAX_BYTES, 1_024);
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn inv_i12_no_password_is_ever_changed(text in any_text(), long in "[ a-zA-Z0-9\0é🙂\u{301}]{8,40}") {
        for text in [text, long] {
            let n = length(&text);
            match judge(&text) {
                "ok" => prop_assert!((12..=256).contains(&n) && text.len() <= MAX_BYTES),
                "required" => prop_assert_eq!(n, 0),
                "too_short" => prop_assert!((1..12).contains(&n)),
                "too_long" => prop_assert!(n > 256 || text.len() > MAX_BYTES),
                other => prop_assert!(matches!(other, "common" | "personal") && n >= 12),
            }
        }
    }
}
