//! The simple types of `paForNode.xsd`: what can be built can be sent.

use std::fmt;

use domain::{Amount, Cents};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use unicode_segmentation::UnicodeSegmentation;

use crate::soap::{is_blank, is_xml};

/// Text of `MIN` to `MAX` characters (`stText35`, `stText140` …). Characters are code points, as in the schema.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text<const MAX: usize, const MIN: usize = 1>(String);

impl<const MAX: usize, const MIN: usize> Text<MAX, MIN> {
    /// Takes a text as it is, or not at all.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (MIN..=MAX).contains(&text.chars().count()) && text.chars().all(is_xml);
        fits.then(|| Self(text.to_owned()))
    }

    /// Makes a text fit: what XML cannot carry left out, blanks tidied, the end cut off between two characters
    /// that a person sees. Nothing, if nothing is left.
    pub fn cut(text: &str) -> Option<Self> {
        let legal: String =
            text.chars().filter(|c| is_xml(*c) && (c.is_whitespace() || !c.is_control())).collect();
        let tidy = domain::text::tidy(&legal);
        let mut out = String::with_capacity(tidy.len().min(MAX.saturating_mul(4)));
        let mut room = MAX;
        for seen in tidy.graphemes(true) {
            let Some(left) = room.checked_sub(seen.chars().count()) else {
                break;
            };
            room = left;
            out.push_str(seen);
        }
        if out.is_empty() {
            // A first letter with more marks on it than the field is long.
            out = tidy.chars().take(MAX).collect();
        }
        Self::parse(out.trim_end())
    }

    /// The same for an element that must be there.
    pub fn cut_or(text: &str, otherwise: &str) -> Self {
        let fitted = Self::cut(text).or_else(|| Self::cut(otherwise));
        fitted.unwrap_or_else(|| Self("-".repeat(MIN.max(1).min(MAX))))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Only its length: names and reasons stay out of logs.
impl<const MAX: usize, const MIN: usize> fmt::Debug for Text<MAX, MIN> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({})", self.0.chars().count())
    }
}

/// `N` digits: `stNoticeNumber` (18) and `stFiscalCodePA` (11). Check digits are not looked at, by rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digits<const N: usize>(String);

impl<const N: usize> Digits<N> {
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == N && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Two capital letters (`stNazioneProvincia`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Country(String);

impl Country {
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An address as `stEMail` draws it: narrower than mail itself.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EMail(String);

impl EMail {
    pub fn parse(text: &str) -> Option<Self> {
        let (local, host) = text.split_once('@')?;
        let word = |word: &str, marks: &[u8]| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || marks.contains(&b))
        };
        let fits =
            text.len() <= 256 && word(local, b"_.+-") && host.split('.').all(|label| word(label, b"-"));
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***@***")
    }
}

/// A number of a transfer, 1 to 5 (`stIdTransfer`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId(u8);

impl TransferId {
    pub const FIRST: TransferId = TransferId(1);

    pub fn parse(text: &str) -> Option<Self> {
        let number = collapsed(text).parse().ok()?;
        (1..=5).contains(&number).then_some(Self(number))
    }

    pub fn get(self) -> u8 {
        self.0
    }
}

/// Base 64, its line breaks dropped (`xsd:base64Binary`).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Base64(String);

impl Base64 {
    pub fn parse(text: &str) -> Option<Self> {
        let packed: String = text.chars().filter(|c| !is_blank(*c)).collect();
        let body = packed.trim_end_matches('=');
        let padding = packed.len().saturating_sub(body.len());
        let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
        // The letter before the padding carries no bits but those that count.
        let whole = match padding {
            0 => true,
            1 => body.bytes().last().is_some_and(|b| b"AEIMQUYcgkosw048".contains(&b)),
            2 => body.bytes().last().is_some_and(|b| b"AQgw".contains(&b)),
            _ => false,
        };
        (packed.len().is_multiple_of(4) && body.bytes().all(letter) && whole).then_some(Self(packed))
    }

    /// A document's digest (`stBase64Binary72`).
    pub fn parse_digest(text: &str) -> Option<Self> {
        let written = collapsed(text).chars().count();
        Self::parse(text).filter(|_| (4..=72).contains(&written))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Base64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base64({})", self.0.len())
    }
}

/// An instant as the schema writes it (`xsd:dateTime`); without zone it is Rome's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub local: DateTime,
    pub offset: Option<Offset>,
}

impl Moment {
    pub fn parse(text: &str) -> Option<Self> {
        let (day, rest) = collapsed(text).split_once('T')?;
        let day = plain_date(day)?;
        let clock = rest.get(..8)?;
        let fraction_end = match rest.get(8..)?.strip_prefix('.') {
            None => 8,
            Some(tail) => {
                let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
                if digits == 0 {
                    return None;
                }
                digits.saturating_add(9)
            }
        };
        let offset = zone(rest.get(fraction_end..)?)?;
        let [hour, minute, second] = fields(clock, ':')?;
        // Nine digits are all that an instant can hold; the others are dropped, not rounded.
        let fraction = format!("{:0<9.9}", rest.get(9..fraction_end).unwrap_or_default());
        let nanosecond: i32 = fraction.parse().ok()?;
        let local = match (hour, minute, second, nanosecond) {
            // The end of a day is the beginning of the next.
            (24, 0, 0, 0) => day.tomorrow().ok()?.to_datetime(Time::midnight()),
            _ => day.to_datetime(Time::new(hour, minute, second, nanosecond).ok()?),
        };
        Some(Self { local, offset })
    }

    pub fn instant(self) -> Option<Timestamp> {
        let zone = match self.offset {
            Some(offset) => TimeZone::fixed(offset),
            None => domain::time::ROME.clone(),
        };
        self.local.to_zoned_datetime(zone).ok().map(|zoned| zoned.timestamp())
    }

    /// The wall clock in Rome, to the second, as the node itself writes it.
    pub fn in_rome(instant: Timestamp) -> Self {
        let local = domain::time::in_rome(domain::time::to_second(instant)).datetime();
        Self { local, offset: None }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.local)?;
        match self.offset.map(|offset| offset.seconds() / 60) {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
        }
    }
}

/// A day (`xsd:date`). Its zone, if it has one, says nothing to us.
pub fn date(text: &str) -> Option<Date> {
    let text = collapsed(text);
    zone(text.get(10..)?)?;
    plain_date(text.get(..10)?)
}

/// `2031-01-31`: years 0001 to 9999.
fn plain_date(text: &str) -> Option<Date> {
    let (year, rest) = text.split_once('-')?;
    if year.len() != 4 || !year.bytes().all(|b| b.is_ascii_digit()) || year == "0000" {
        return None;
    }
    let [month, day] = fields(rest, '-')?;
    Date::new(year.parse().ok()?, month, day).ok()
}

/// `N` pairs of digits.
fn fields<const N: usize>(text: &str, separator: char) -> Option<[i8; N]> {
    let pair = |text: &str| {
        (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
    };
    let pairs: Option<Vec<i8>> = text.split(separator).map(pair).collect();
    pairs?.try_into().ok()
}

/// Nothing, `Z`, or hours and minutes up to fourteen hours.
fn zone(text: &str) -> Option<Option<Offset>> {
    let (sign, rest) = match text.as_bytes().first() {
        None => return Some(None),
        Some(b'Z') => return (text.len() == 1).then_some(Some(Offset::UTC)),
        Some(b'+') => (1, text.get(1..)?),
        Some(b'-') => (-1, text.get(1..)?),
        Some(_) => return None,
    };
    let [hours, minutes] = fields::<2>(rest, ':')?;
    let total = i32::from(hours) * 60 + i32::from(minutes);
    if minutes > 59 || total > 14 * 60 {
        return None;
    }
    Offset::from_seconds(sign * total * 60).ok().map(Some)
}

/// An amount, zero allowed (`stAmount`): digits, a dot, two decimals.
pub fn cents(text: &str) -> Option<Cents> {
    let (euro, cents) = collapsed(text).split_once('.')?;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if euro.is_empty() || cents.len() != 2 || !digits(euro) || !digits(cents) {
        return None;
    }
    let euro = euro.trim_start_matches('0');
    if euro.len() > 9 {
        return None;
    }
    let total: u64 = format!("{euro}{cents}").parse().ok()?;
    Cents::new(total).ok()
}

/// An amount above zero (`stAmountNotZero`).
pub fn amount(text: &str) -> Option<Amount> {
    cents(text).and_then(|cents| Amount::new(cents.get()).ok())
}

/// `xsd:boolean`.
pub fn boolean(text: &str) -> Option<bool> {
    match collapsed(text) {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// Text of any length (`xsd:string`).
pub fn string(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Without the blanks around it, which numbers, days and truths may have in the schema.
fn collapsed(text: &str) -> &str {
    text.trim_matches(is_blank)
}
