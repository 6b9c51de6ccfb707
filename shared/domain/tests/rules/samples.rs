//! What the other modules share: vectors from files, people, debts, and how properties are run.

use domain::debt::{Debt, DebtDates, DebtOrigin, DebtService, DebtState};
use domain::person::{Person, PersonType};
use domain::{Amount, Date, Error, FiscalCode, NoticeNumber, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::Value;

/// The rows of one list in a file of vectors; an empty list would test nothing.
pub fn vectors(file: &str, pointer: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(file).unwrap();
    let rows = file.pointer(pointer).and_then(Value::as_array).unwrap().clone();
    assert!(!rows.is_empty(), "no vectors at {pointer}");
    rows
}

/// A text of a row.
pub fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_else(|| panic!("{key} is missing in {row}"))
}

/// How many cases a property runs; a failing one is printed, not kept in a file.
pub fn cases(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// Any text at all, from one number: a thousand times cheaper than a tree of characters that can shrink.
pub fn any_text() -> impl Strategy<Value = String> {
    any::<u64>().prop_map(|seed| {
        // SplitMix64.
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            u32::try_from((mixed ^ (mixed >> 31)) & 0xffff_ffff).unwrap()
        };
        let length = next() % 40;
        let characters = (0..length).map(|_| match next() % 8 {
            0..4 => 0x20 + next() % 0x5f,
            4 => next() % 0x20,
            5 => next() % 0x370,
            6 => next() % 0x3000,
            _ => next() % 0x11_0000,
        });
        characters.filter_map(char::from_u32).collect()
    })
}

pub fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

pub fn day(date: &str) -> Date {
    date.parse().unwrap()
}

/// Who owes in every sample.
pub fn mario() -> Person {
    Person {
        fiscal_code: FiscalCode::parse("RSSMRA80A01H501U").unwrap(),
        person_type: PersonType::Natural,
        name: "Mario Rossi".to_owned(),
        address: Some("Via Roma 1".to_owned()),
        postal_code: Some("00185".to_owned()),
        city: Some("Roma".to_owned()),
        province: Some("RM".to_owned()),
        country: Some("IT".to_owned()),
        email: None,
    }
}

/// An open debt without days.
pub fn debt() -> Debt {
    Debt {
        notice: NoticeNumber::parse("301000000000000144").unwrap(),
        debtor: mario(),
        service: DebtService { code: "TEST1".to_owned(), name: "Prova".to_owned() },
        reason: "TARI 2026".to_owned(),
        amount: Amount::new(12_345).unwrap(),
        days: DebtDates::default(),
        office: domain::office::OfficeData::default(),
        origin: DebtOrigin::Creditor,
        created_at: at("2026-01-01T00:00:00Z"),
        changed_at: None,
        state: DebtState::Open,
        closed_at: None,
        attempt: None,
        receipt: None,
        agreed: None,
        mismatched: None,
        only_of: None,
        watchers: Vec::new(),
        details: Vec::new(),
        version: 1,
        revision: 1,
        chain: String::new(),
    }
}

/// The refused fields with their codes, in the order in which a person reads them.
pub fn refused<T>(result: Result<T, Error>) -> Vec<(String, &'static str)> {
    match result {
        Ok(_) => Vec::new(),
        Err(Error::Invalid(errors)) => {
            assert!(!errors.is_empty(), "a refusal must say why");
            errors.into_iter().map(|error| (error.field, error.code.as_str())).collect()
        }
        Err(other) => panic!("not about the fields: {other:?}"),
    }
}

/// The same list as a test writes it.
pub fn list(errors: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    errors.iter().map(|(field, code)| ((*field).to_owned(), *code)).collect()
}
