//! Short texts: what is accepted reads the same when it is written again, and keeps to its limits.

use domain::creditor::Iban;
use domain::notice::{Issuing, SegregationCode};
use domain::person::{Email, PersonType};
use domain::{Amount, Cents, FiscalCode, Iuv, NoticeNumber};
use pagopa::values::{self, Base64, BoundedText, Country, Digits, EMail, Moment, TransferId};

/// The text that the bytes are, if they are one: what is not UTF-8 is refused before any of these is asked.
pub fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

pub fn fiscal_code(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let Ok(code) = FiscalCode::parse(text) else { return };
    assert!(matches!(code.as_str().len(), 11 | 16), "{code}");
    assert_eq!(FiscalCode::parse(code.as_str()), Ok(code.clone()));
    assert!(!code.masked().contains(code.as_str()), "{code} is not masked");
    let holders = [PersonType::Natural, PersonType::Legal];
    assert!(holders.iter().any(|holder| holder.may_hold(&code)), "nobody may hold {code}");
}

pub fn notice_number(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Ok(iuv) = Iuv::parse(text) {
        assert_eq!(Iuv::parse(iuv.as_str()), Ok(iuv.clone()));
        let _ = iuv.is_rf_reference();
    }
    let Ok(notice) = NoticeNumber::parse(text) else { return };
    assert_eq!(NoticeNumber::parse(&notice.grouped()), Ok(notice.clone()));
    assert!(matches!(notice.iuv().as_str().len(), 15 | 17));
    let digits: u64 = notice.as_str().parse().unwrap();
    let creditor = FiscalCode::parse("12345678903").unwrap();
    let amount = Amount::new(digits % ::documents::codes::MAX_PRINTABLE + 1).unwrap();
    let qr = ::documents::codes::qr_text(&notice, &creditor, amount);
    assert!((44..=52).contains(&qr.len()) && qr.split('|').count() == 5, "{qr}");
    let code: SegregationCode = notice.as_str().get(1..3).unwrap().parse().unwrap();
    for issuing in [Issuing::Zero(code), Issuing::One, Issuing::Two, Issuing::Three(code)] {
        let issued = issuing.number(digits);
        assert!(issued.check_digits_hold() && NoticeNumber::parse(issued.as_str()) == Ok(issued.clone()));
    }
}

pub fn amount(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let exact = Amount::parse_decimal(text);
    let of_schema = values::cents(text);
    for cents in exact.iter().map(|amount| amount.cents()).chain(of_schema) {
        assert!(cents.get() <= 99_999_999_999, "{text}");
        if cents.get() > 0 {
            let read = Amount::parse_decimal(&cents.decimal());
            assert_eq!(read.map(Amount::cents), Ok(cents), "{text}");
        }
        let digits = |shown: String| shown.chars().filter(char::is_ascii_digit).collect::<String>();
        assert_eq!(digits(cents.italian()), digits(cents.english()), "{text}");
        assert_eq!(digits(cents.italian()).parse(), Ok(cents.get()), "{text}");
    }
    let limbs = bytes.chunks(8).map(|limb| limb.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
    let amounts: Vec<Cents> = limbs.filter_map(|cents| Cents::new(cents % 100_000_000_000).ok()).collect();
    let exact = amounts.iter().map(|cents| u128::from(cents.get())).sum::<u128>();
    let sum = Cents::sum(amounts);
    assert_eq!(sum.map(|sum| u128::from(sum.get())), Some(exact).filter(|sum| *sum <= 99_999_999_999));
}

pub fn email(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    let Ok(email) = Email::parse(text) else { return };
    let shown = email.as_str();
    assert_eq!(Email::parse(shown), Ok(email.clone()));
    assert!(shown.contains('@') && !shown.chars().any(|c| c.is_control() || c.is_whitespace()), "{shown:?}");
}

/// The types of the node's schema, and what the domain reads of persons and accounts.
pub fn schema_value(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Some(read) = BoundedText::<140>::parse(text) {
        assert!((1..=140).contains(&read.as_str().chars().count()), "{text:?}");
    }
    if let Some(cut) = BoundedText::<35>::cut(text) {
        assert_eq!(BoundedText::<35>::parse(cut.as_str()), Some(cut.clone()), "{text:?}");
        assert_eq!(BoundedText::<35>::cut(cut.as_str()), Some(cut), "{text:?}");
    }
    if let Some(digits) = Digits::<18>::parse(text) {
        assert_eq!(digits.as_str().len(), 18);
    }
    if let Some(moment) = Moment::parse(text).and_then(Moment::instant) {
        let shown = Moment::in_rome(moment);
        let read = Moment::parse(&shown.to_string());
        assert!(read == Some(shown) || shown.local.year() < 1, "{text:?} as {shown}");
    }
    if let Some(day) = values::date(text).filter(|day| day.year() > 0) {
        assert_eq!(values::date(&day.to_string()), Some(day), "{text:?}");
    }
    if let Ok(iban) = Iban::parse(text) {
        assert_eq!(Iban::parse(iban.as_str()), Ok(iban.clone()));
        assert!(iban.postal_account().is_none_or(|account| account.len() == 12), "{text:?}");
    }
    let _ = (Country::parse(text), EMail::parse(text), TransferId::parse(text), values::boolean(text));
    let _ = (Base64::parse(text), Base64::parse_digest(text), values::string(text));
    let _ =
        (domain::person::phone(text, "IT"), domain::person::country(text), domain::spontaneous::reason(text));
    for italian in [true, false] {
        let _ = (domain::person::province(text, italian), domain::person::postal_code(text, italian));
    }
}
