//! Money: whole euro cents, checked arithmetic, no floating point.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The largest amount that any interface of the circuit takes: 999.999.999,99 €
/// (`paForNode.xsd`, `stAmount`).
pub const MAX_CENTS: u64 = 99_999_999_999;

/// An amount of money in euro cents, from zero to [`MAX_CENTS`]: fees and totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Cents(u64);

/// What a debt costs, in euro cents: from 1 to [`MAX_CENTS`]. Nothing can owe nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Amount(Cents);

/// The number of cents is not an amount that the circuit can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an amount in euro cents that the circuit can carry")
    }
}

impl Cents {
    pub const ZERO: Cents = Cents(0);

    pub fn new(cents: u64) -> Result<Self, OutOfRange> {
        if cents <= MAX_CENTS { Ok(Self(cents)) } else { Err(OutOfRange) }
    }

    pub const fn get(self) -> u64 {
        self.0
    }

    /// The sum, or nothing when it leaves the range.
    pub fn plus(self, other: Cents) -> Option<Cents> {
        self.0.checked_add(other.0).and_then(|sum| Cents::new(sum).ok())
    }

    /// The sum of many amounts, or nothing when it leaves the range.
    pub fn sum(amounts: impl IntoIterator<Item = Cents>) -> Option<Cents> {
        amounts.into_iter().try_fold(Cents::ZERO, Cents::plus)
    }

    /// `1.234,50`: dot for thousands, comma for cents, as printed on Italian notices.
    pub fn italian(self) -> String {
        format!("{},{:02}", self.grouped('.'), self.0 % 100)
    }

    /// `1,234.50`, for English text.
    pub fn english(self) -> String {
        format!("{}.{:02}", self.grouped(','), self.0 % 100)
    }

    /// `1234.50`: exactly two decimals, no grouping (`paForNode.xsd`, `stAmount`).
    pub fn decimal(self) -> String {
        format!("{}.{:02}", self.0 / 100, self.0 % 100)
    }

    fn grouped(self, separator: char) -> String {
        let digits = (self.0 / 100).to_string();
        let mut out = String::with_capacity(digits.len().saturating_mul(2));
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len().saturating_sub(i)).is_multiple_of(3) {
                out.push(separator);
            }
            out.push(digit);
        }
        out
    }
}

impl Amount {
    pub fn new(cents: u64) -> Result<Self, OutOfRange> {
        if cents == 0 { Err(OutOfRange) } else { Cents::new(cents).map(Self) }
    }

    pub const fn cents(self) -> Cents {
        self.0
    }

    pub const fn get(self) -> u64 {
        self.0.get()
    }

    /// Reads `10.00` as the node writes it: digits, a dot, exactly two decimals.
    pub fn parse_decimal(text: &str) -> Result<Self, OutOfRange> {
        let (euro, cents) = text.split_once('.').ok_or(OutOfRange)?;
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(euro) || !digits(cents) || cents.len() != 2 {
            return Err(OutOfRange);
        }
        let euro: u64 = euro.parse().map_err(|_| OutOfRange)?;
        let cents: u64 = cents.parse().map_err(|_| OutOfRange)?;
        let total = euro.checked_mul(100).and_then(|e| e.checked_add(cents)).ok_or(OutOfRange)?;
        Amount::new(total)
    }
}

impl TryFrom<u64> for Cents {
    type Error = OutOfRange;
    fn try_from(cents: u64) -> Result<Self, OutOfRange> {
        Cents::new(cents)
    }
}

impl From<Cents> for u64 {
    fn from(cents: Cents) -> u64 {
        cents.0
    }
}

impl TryFrom<u64> for Amount {
    type Error = OutOfRange;
    fn try_from(cents: u64) -> Result<Self, OutOfRange> {
        Amount::new(cents)
    }
}

impl From<Amount> for u64 {
    fn from(amount: Amount) -> u64 {
        amount.get()
    }
}

impl From<Amount> for Cents {
    fn from(amount: Amount) -> Cents {
        amount.0
    }
}
