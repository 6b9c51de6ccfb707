//! The password policy (NIST SP 800-63B, ASVS 6.2): length, not common, not personal; nothing about composition.

use unicode_normalization::UnicodeNormalization;

use crate::error::{FieldCode, FieldError};
use crate::text;

/// A password: never trimmed, never printed. It counts in Unicode's composed form (NFC), so that the same word is the same
/// on every keyboard.
pub struct Password {
    composed: String,
    /// As it came, where that differs: what was stored before passwords were composed.
    typed: Option<String>,
}

/// Longest password that is hashed at all, in bytes.
pub const MAX_BYTES: usize = 1_024;
const MAX_CHARACTERS: usize = 256;

/// What a new password must satisfy.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// In characters as people see them; a setting that may only rise above the default.
    pub min_characters: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self { min_characters: 12 }
    }
}

impl Policy {
    /// A new password, or why not. `personal` holds what it must not contain: names, e-mail, fiscal code.
    pub fn accept(&self, field: &str, password: &str, personal: &[&str]) -> Result<Password, FieldError> {
        let n = text::length(password);
        let refuse = |code| Err(FieldError::new(field, code));
        if n == 0 {
            return refuse(FieldCode::Required);
        }
        if n < self.min_characters {
            return Err(FieldError::new(field, FieldCode::TooShort)
                .with("min", self.min_characters as u64)
                .with("n", n as u64));
        }
        if n > MAX_CHARACTERS || password.len() > MAX_BYTES {
            return Err(FieldError::new(field, FieldCode::TooLong)
                .with("max", MAX_CHARACTERS as u64)
                .with("n", n as u64));
        }
        let accepted = Password::of(password);
        let plain = accepted.composed.to_lowercase();
        if is_common(&plain) {
            return refuse(FieldCode::Common);
        }
        let personal = personal.iter().filter_map(|p| trace(p)).map(|p| p.nfc().collect::<String>());
        if personal.into_iter().any(|p| plain.contains(&p)) {
            return refuse(FieldCode::Personal);
        }
        Ok(accepted)
    }
}

impl Password {
    /// A password offered at login: only its size is looked at, so that a huge one costs nothing.
    pub fn offered(text: &str) -> Option<Self> {
        (text.len() <= MAX_BYTES).then(|| Self::of(text))
    }

    fn of(text: &str) -> Self {
        let composed: String = text.nfc().collect();
        let typed = (composed != text).then(|| text.to_owned());
        Self { composed, typed }
    }

    /// What is hashed.
    pub fn as_bytes(&self) -> &[u8] {
        self.composed.as_bytes()
    }

    /// What an older hash may be of, if that is something else.
    pub fn as_typed(&self) -> Option<&[u8]> {
        self.typed.as_deref().map(str::as_bytes)
    }
}

/// The part of a personal datum that must not appear; very short names would refuse innocent passwords.
fn trace(personal: &str) -> Option<String> {
    let datum = text::tidy(personal.split('@').next().unwrap_or_default()).to_lowercase();
    (text::length(&datum) >= 4).then_some(datum)
}

/// One short piece repeated, or a plain run of keys, or in the list of common passwords.
fn is_common(plain: &str) -> bool {
    let squeezed: String = plain.chars().filter(|c| !c.is_whitespace()).collect();
    is_repetition(&squeezed)
        || is_run(&squeezed)
        || COMMON.lines().any(|common| common.len() >= 5 && is_padded(&squeezed, common))
}

/// `passwordpassword`, `abcabcabcabc`: pieces of up to eight characters.
fn is_repetition(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (1..=8.min(chars.len() / 2)).any(|n| chars.chunks(n).all(|chunk| chars.starts_with(chunk)))
}

/// `abcdefghijkl`, `123456789012`: every step the same small distance, nine to zero included.
fn is_run(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let follows = |a: char, b: char| (a == '9' && b == '0') || (b as u32).checked_sub(a as u32) == Some(1);
    let rises = chars.windows(2).all(|pair| matches!(pair, [a, b] if follows(*a, *b)));
    let falls = chars.windows(2).all(|pair| matches!(pair, [a, b] if follows(*b, *a)));
    rises || falls
}

/// A common password, bare or with only digits and signs around it: `password123!`.
fn is_padded(text: &str, common: &str) -> bool {
    text.split_once(common)
        .is_some_and(|(before, after)| before.chars().chain(after.chars()).all(|c| !c.is_alphabetic()))
}

const COMMON: &str = include_str!("common_passwords.txt");
