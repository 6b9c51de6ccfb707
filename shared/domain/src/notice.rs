//! Notice numbers and IUVs (SACI 1.3.1 and 3.x; layout and check digits of the four aux digits).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::FieldCode;
use crate::fiscal_code::FiscalCode;
use crate::text;

/// The 18 digits that identify a debt within its creditor (*numero avviso*, *codice avviso*, NAV).
///
/// Its form is checked, its check digits are not: notices of older archives and the circuit's own
/// samples break them, so the lookup decides (see [`NoticeNumber::check_digits_hold`]).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NoticeNumber(String);

/// The creditor's reference of a debt (*identificativo univoco di versamento*), 1 to 35 letters and digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Iuv(String);

/// The code by which a citizen asks for a debt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DebtCode {
    Notice(NoticeNumber),
    Iuv(Iuv),
}

/// Both codes of a debt: whoever knows them has its notice in hand (INV-I20). One without the other opens nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebtCodes {
    pub fiscal_code: FiscalCode,
    pub code: DebtCode,
}

/// The first digit of a notice number: which layout the other 17 follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuxDigit {
    /// Application code (2) + base (13) + check digits (2); IUV of 15 digits.
    Zero,
    /// 17 digits of the creditor's own, without check digits.
    One,
    /// Base (15) + check digits (2); IUV of 17 digits.
    Two,
    /// Segregation code (2) + base (13) + check digits (2); IUV of 17 digits. The only one for new notices.
    Three,
}

/// The notice that the node sends to probe whether we are back (SANP, Stand-In): always unknown, never issued.
pub const STAND_IN_PROBE: &str = "000000000000000000";

/// How many digits of randomness an issued number has.
pub const BASE_DIGITS: usize = 13;

impl NoticeNumber {
    /// Reads a notice number as a person types or pastes it: blanks and invisible marks are dropped, nothing else is.
    pub fn parse(text: &str) -> Result<Self, FieldCode> {
        let digits = without_blanks(text);
        if digits.is_empty() {
            return Err(FieldCode::Required);
        }
        let known_aux = matches!(digits.as_bytes().first(), Some(b'0'..=b'3'));
        if digits.len() == 18 && known_aux && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(digits))
        } else {
            Err(FieldCode::Format)
        }
    }

    /// Issues a number of aux digit 3: segregation code and 13 random digits, check digits added.
    ///
    /// `base` is taken modulo 10^13. The all-zero probe cannot come out: aux digit 3 is not zero.
    pub fn issue(segregation_code: SegregationCode, base: u64) -> Self {
        Issuing::Three(segregation_code).number(base)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn aux_digit(&self) -> AuxDigit {
        match self.0.as_bytes().first() {
            Some(b'0') => AuxDigit::Zero,
            Some(b'1') => AuxDigit::One,
            Some(b'2') => AuxDigit::Two,
            _ => AuxDigit::Three,
        }
    }

    /// The IUV that this notice carries: 15 digits for aux 0, 17 for the others.
    pub fn iuv(&self) -> Iuv {
        let skip = match self.aux_digit() {
            AuxDigit::Zero => 3,
            AuxDigit::One | AuxDigit::Two | AuxDigit::Three => 1,
        };
        Iuv(self.0.chars().skip(skip).collect())
    }

    /// Returns whether the last two digits are the first sixteen modulo 93; aux digit 1 defines none.
    pub fn check_digits_hold(&self) -> bool {
        if self.aux_digit() == AuxDigit::One {
            return true;
        }
        let first: String = self.0.chars().take(16).collect();
        let last: String = self.0.chars().skip(16).collect();
        last.parse() == Ok(check_digits(&first))
    }

    /// Refuses a number that the creditor cannot have issued itself: wrong check digits, or another archive's
    /// segregation code.
    pub fn is_own(&self, segregation_code: SegregationCode) -> Result<(), FieldCode> {
        let foreign = self.aux_digit() == AuxDigit::Three
            && self.0.get(1..3).and_then(|code| code.parse().ok()) != Some(segregation_code);
        match (self.check_digits_hold(), foreign) {
            (false, _) => Err(FieldCode::Checksum),
            (true, true) => Err(FieldCode::NotAllowed),
            (true, false) => Ok(()),
        }
    }

    /// `3010 0000 0000 0001 44`: the groups of the printed notice.
    pub fn grouped(&self) -> String {
        let mut out = String::with_capacity(22);
        for (i, digit) in self.0.chars().enumerate() {
            if i > 0 && i % 4 == 0 {
                out.push(' ');
            }
            out.push(digit);
        }
        out
    }

    pub fn is_stand_in_probe(&self) -> bool {
        self.0 == STAND_IN_PROBE
    }
}

/// `N mod 93` of the first 16 digits (SACI 1.3.1 § check digits). Modulo is taken digit by digit.
fn check_digits(first_sixteen: &str) -> u64 {
    first_sixteen.bytes().filter(u8::is_ascii_digit).fold(0, |rest: u64, b| {
        rest.saturating_mul(10).saturating_add(u64::from(b.saturating_sub(b'0'))) % 93
    })
}

/// How a creditor numbers the debts that it issues here. Aux digit 3 is the rule; the others are being dismissed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issuing {
    /// With the application code, of two digits like the segregation code.
    Zero(SegregationCode),
    One,
    Two,
    Three(SegregationCode),
}

impl Issuing {
    /// How many bases there are to draw from: every one of them gives a number of its own.
    pub const fn bases(self) -> u64 {
        match self {
            Issuing::Zero(_) | Issuing::Three(_) => 10_u64.pow(13),
            Issuing::One => 10_u64.pow(17),
            Issuing::Two => 10_u64.pow(15),
        }
    }

    /// The number of a base, check digits added where the layout has them.
    pub fn number(self, base: u64) -> NoticeNumber {
        let base = base.checked_rem(self.bases()).unwrap_or_default();
        let first = match self {
            // Without check digits.
            Issuing::One => return NoticeNumber(format!("1{base:017}")),
            Issuing::Zero(code) => format!("0{:02}{base:013}", code.0),
            Issuing::Two => format!("2{base:015}"),
            Issuing::Three(code) => format!("3{:02}{base:013}", code.0),
        };
        let check = check_digits(&first);
        NoticeNumber(format!("{first}{check:02}"))
    }
}

/// The two digits that PagoPA assigns to a creditor for aux digit 3, `00` to `99`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegregationCode(u8);

impl FromStr for SegregationCode {
    type Err = FieldCode;
    fn from_str(text: &str) -> Result<Self, FieldCode> {
        match text.as_bytes() {
            [a, b] if a.is_ascii_digit() && b.is_ascii_digit() => {
                text.parse().map(Self).map_err(|_| FieldCode::Format)
            }
            _ => Err(FieldCode::Format),
        }
    }
}

impl Iuv {
    /// Reads an IUV as a person types or pastes it: blanks and invisible marks dropped, upper case, letters and digits only.
    pub fn parse(text: &str) -> Result<Self, FieldCode> {
        let clean = without_blanks(text).to_ascii_uppercase();
        if clean.is_empty() {
            return Err(FieldCode::Required);
        }
        if clean.len() <= 35 && clean.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Ok(Self(clean))
        } else {
            Err(FieldCode::Format)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether this is an RF creditor reference with valid check digits (ISO 11649, modulo 97).
    pub fn is_rf_reference(&self) -> bool {
        let (Some(prefix), Some(body)) = (self.0.get(..4), self.0.get(4..)) else { return false };
        if !prefix.starts_with("RF") || !prefix.bytes().skip(2).all(|b| b.is_ascii_digit()) {
            return false;
        }
        if body.is_empty() || body.len() > 21 {
            return false;
        }
        let rest = text::mod_97(body.bytes().chain(prefix.bytes()));
        // 00, 01 and 99 leave the same rest as 97, 98 and 02, but are never computed.
        rest == 1 && !matches!(prefix.get(2..), Some("00" | "01" | "99"))
    }
}

/// The hyphen that never breaks a line comes with a number that was typeset in groups.
fn without_blanks(text: &str) -> String {
    let grouped = text.replace('\u{2011}', "");
    text::pasted(&grouped).chars().filter(|c| !c.is_whitespace()).collect()
}

impl fmt::Display for NoticeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Iuv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for NoticeNumber {
    type Error = FieldCode;
    fn try_from(text: String) -> Result<Self, FieldCode> {
        Self::parse(&text)
    }
}

impl From<NoticeNumber> for String {
    fn from(notice: NoticeNumber) -> String {
        notice.0
    }
}

impl TryFrom<String> for Iuv {
    type Error = FieldCode;
    fn try_from(text: String) -> Result<Self, FieldCode> {
        Self::parse(&text)
    }
}

impl From<Iuv> for String {
    fn from(iuv: Iuv) -> String {
        iuv.0
    }
}

impl FromStr for NoticeNumber {
    type Err = FieldCode;
    fn from_str(text: &str) -> Result<Self, FieldCode> {
        Self::parse(text)
    }
}
