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

/// Money as its sender says it: what is no amount of ours is kept in the sender's words, and never guessed at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyTold {
    /// Nothing when it is no amount in euro cents: negative, a fraction of a cent, out of range, another currency.
    #[serde(default, deserialize_with = "in_range")]
    pub cents: Option<Cents>,
    /// The sender's words, where they are no amount of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub currency: String,
}

/// How much of a sender's words is kept.
const MAX_TOLD: usize = 40;

impl MoneyTold {
    /// Euro cents.
    pub fn euro(cents: Cents) -> Self {
        Self { cents: Some(cents), text: None, currency: EURO.to_owned() }
    }

    /// A number of hundredths as JSON or XML writes it, and the currency's name in capitals or not.
    pub fn parse(number: &str, currency: &str) -> Self {
        let currency = currency.trim().to_ascii_uppercase();
        let cents = whole_number(number).filter(|_| currency == EURO).and_then(|n| Cents::new(n).ok());
        cents.map_or_else(|| Self::foreign(number, &currency), Self::euro)
    }

    /// What is no amount of ours, as said.
    pub fn foreign(text: &str, currency: &str) -> Self {
        let kept = |text: &str| text.chars().filter(|c| !c.is_control()).take(MAX_TOLD).collect();
        Self { cents: None, text: Some(kept(text)), currency: kept(currency) }
    }

    /// What can be added up of it: nothing of what is no amount of ours.
    pub fn countable(&self) -> Cents {
        self.cents.unwrap_or_default()
    }
}

/// The number and the currency, as said: `1000 EUR`, `-3.5 EUR`.
impl fmt::Display for MoneyTold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.cents, &self.text) {
            (Some(cents), _) => write!(f, "{} {}", cents.get(), self.currency),
            (None, text) => write!(f, "{} {}", text.as_deref().unwrap_or_default(), self.currency),
        }
    }
}

pub const EURO: &str = "EUR";

fn in_range<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Cents>, D::Error> {
    Ok(Option::<u64>::deserialize(from)?.and_then(|cents| Cents::new(cents).ok()))
}

/// The whole number that a JSON number is, however it is written (`1000`, `1000.0`, `1e3`); nothing for a fraction, a
/// negative one, or one beyond `u64`.
pub fn whole_number(text: &str) -> Option<u64> {
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().ok().filter(|e: &i32| e.unsigned_abs() <= 400)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = match whole.strip_prefix('-') {
        // Zero has no sign.
        Some(digits) if digits.bytes().chain(fraction.bytes()).all(|b| b == b'0') => digits,
        Some(_) => return None,
        None => whole,
    };
    let digits = format!("{whole}{fraction}");
    if whole.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // Where the decimal point stands once the exponent has moved it.
    let point = i64::try_from(whole.len()).ok()?.checked_add(i64::from(exponent))?;
    let before: String = match usize::try_from(point) {
        Ok(point) if point <= digits.len() => {
            let (before, after) = digits.split_at(point);
            if after.bytes().any(|b| b != b'0') {
                return None;
            }
            before.to_owned()
        }
        Ok(point) => format!("{digits:0<point$}"),
        Err(_) if digits.bytes().all(|b| b == b'0') => String::new(),
        Err(_) => return None,
    };
    let significant = before.trim_start_matches('0');
    if significant.is_empty() { Some(0) } else { significant.parse().ok() }
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
