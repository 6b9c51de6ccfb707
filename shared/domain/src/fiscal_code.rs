//! Fiscal codes: 16 characters of a natural person (D.M. 23 December 1976, with omocodia) and 11 digits of
//! companies, bodies and, provisionally, persons.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::FieldCode;
use crate::text;

/// What the circuit writes in the place of a code that is not known.
const ANONYMOUS: &str = "ANONIMO";

/// A fiscal code of either form, upper case, its check character verified; or `ANONIMO`, of a debtor only.
///
/// An omocodic code and its base form belong to different people, so nothing is ever canonicalised.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FiscalCode(String);

/// Who can hold a code. Eleven digits do not say: a person may have a provisional one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    Natural,
    Either,
}

impl FiscalCode {
    /// Reads a code as a person types or pastes it: blanks, dots, dashes, invisible marks dropped, upper case.
    pub fn parse(text: &str) -> Result<Self, FieldCode> {
        let clean: String = text::pasted(text)
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-'))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        match clean.len() {
            0 => Err(FieldCode::Required),
            11 => Self::numeric(clean),
            16 => Self::personal(clean),
            _ => Err(FieldCode::Format),
        }
    }

    /// A debtor's code as the creditor writes it: also `ANONIMO`, for a person whose code it does not know. Nobody can
    /// ask for that one's debts: what people type is read by [`FiscalCode::parse`].
    pub fn of_debtor(text: &str) -> Result<Self, FieldCode> {
        match text.trim().to_ascii_uppercase() {
            unknown if unknown == ANONYMOUS => Ok(Self(unknown)),
            _ => Self::parse(text),
        }
    }

    /// Returns whether it stands for somebody whose code is not known.
    pub fn is_anonymous(&self) -> bool {
        self.0 == ANONYMOUS
    }

    /// In place of a code that is no longer kept: eleven zeros, which nobody has.
    pub fn forgotten() -> Self {
        Self("0".repeat(11))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn holder(&self) -> Holder {
        if self.0.len() == 11 { Holder::Either } else { Holder::Natural }
    }

    /// `RSSM************`: enough for an operator to recognise, too little to identify anyone.
    pub fn masked(&self) -> String {
        let shown: String = self.0.chars().take(4).collect();
        format!("{shown}{}", "*".repeat(self.0.len().saturating_sub(4)))
    }

    fn numeric(code: String) -> Result<Self, FieldCode> {
        if !code.bytes().all(|b| b.is_ascii_digit()) {
            return Err(FieldCode::Format);
        }
        let sum: u32 = code
            .bytes()
            .take(10)
            .enumerate()
            .map(|(i, b)| {
                let digit = u32::from(b.saturating_sub(b'0'));
                match (i % 2 == 1, digit.saturating_mul(2)) {
                    (false, _) => digit,
                    (true, doubled @ 10..) => doubled.saturating_sub(9),
                    (true, doubled) => doubled,
                }
            })
            .sum();
        let control = 10_u32.saturating_sub(sum % 10) % 10;
        let last = code.bytes().last().map(|b| u32::from(b.saturating_sub(b'0')));
        // Eleven zeros satisfy the formula and belong to nobody.
        if last == Some(control) && code.bytes().any(|b| b != b'0') {
            Ok(Self(code))
        } else {
            Err(FieldCode::Checksum)
        }
    }

    fn personal(code: String) -> Result<Self, FieldCode> {
        let fits = code.bytes().zip(PATTERN.bytes()).all(|(b, kind)| match kind {
            b'A' => b.is_ascii_uppercase(),
            b'M' => month(b).is_some(),
            _ => omocodia_digit(b).is_some(),
        });
        if !code.is_ascii() || !fits || !born_on_a_day(code.as_bytes()) {
            return Err(FieldCode::Format);
        }
        let sum: u32 = code
            .bytes()
            .take(15)
            .enumerate()
            .map(|(i, b)| if i % 2 == 0 { odd_value(b) } else { even_value(b) })
            .sum();
        let control = b'A'.saturating_add(u8::try_from(sum % 26).unwrap_or(0));
        if code.bytes().last() == Some(control) { Ok(Self(code)) } else { Err(FieldCode::Checksum) }
    }
}

/// Letters (A), digits or their omocodia letters (9), the month letter (M); the last is the control letter.
const PATTERN: &str = "AAAAAA99M99A999A";

fn month(b: u8) -> Option<u8> {
    b"ABCDEHLMPRST".iter().zip(1..).find(|(letter, _)| **letter == b).map(|(_, month)| month)
}

/// A digit, or the letter that stands for it when two people would share a code.
fn omocodia_digit(b: u8) -> Option<u8> {
    match b {
        b'0'..=b'9' => Some(b.saturating_sub(b'0')),
        _ => b"LMNPQRSTUV".iter().zip(0..).find(|(letter, _)| **letter == b).map(|(_, digit)| digit),
    }
}

/// Returns whether day (women: plus 40), month and two-digit year exist in some plausible century.
fn born_on_a_day(code: &[u8]) -> bool {
    let digit = |i: usize| code.get(i).copied().and_then(omocodia_digit);
    let (Some(y1), Some(y2), Some(d1), Some(d2)) = (digit(6), digit(7), digit(9), digit(10)) else {
        return false;
    };
    let Some(month) = code.get(8).copied().and_then(month) else { return false };
    let year = i16::from(y1).saturating_mul(10).saturating_add(i16::from(y2));
    let day = match d1.saturating_mul(10).saturating_add(d2) {
        woman @ 41..=71 => woman.saturating_sub(40),
        other => other,
    };
    let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else { return false };
    let exists = |century: i16| jiff::civil::Date::new(century.saturating_add(year), month, day).is_ok();
    exists(1900) || exists(2000)
}

fn even_value(b: u8) -> u32 {
    match b {
        b'0'..=b'9' => u32::from(b.saturating_sub(b'0')),
        _ => u32::from(b.saturating_sub(b'A')),
    }
}

fn odd_value(b: u8) -> u32 {
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    // A digit weighs as the letter in the same place of the alphabet: 0 as A, 9 as J.
    ODD.get(even_value(b) as usize).copied().unwrap_or(0)
}

impl fmt::Display for FiscalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Masked, so that a code cannot reach a log by accident.
impl fmt::Debug for FiscalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl TryFrom<String> for FiscalCode {
    type Error = FieldCode;
    fn try_from(text: String) -> Result<Self, FieldCode> {
        let forgotten = Self::forgotten();
        if text == forgotten.0 { Ok(forgotten) } else { Self::of_debtor(&text) }
    }
}

impl From<FiscalCode> for String {
    fn from(code: FiscalCode) -> String {
        code.0
    }
}
