//! Rows as they were written once, in DynamoDB's JSON: whatever is here is in somebody's tables, so today's code must
//! read it for ever, and writes the same again. A row of a new shape gets a file of its own; a file never changes.
//!
//! `rows/<kind>.<what>.json`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use domain::Debt;
use domain::difference::Difference;
use domain::movement::Movement;
use domain::outbox::OutboxMessage;
use domain::payment::Attempt;
use domain::plan::UnmatchedMoney;
use domain::proof::Holder;
use domain::retention::Retention;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::accounts::{AccountRow, ClaimRow, LinkRow, NamedCodeRow, ShortCodesRow};
use crate::audit::{KeptFinding, RoundRow, StepRow};
use crate::callbacks::CallbackRow;
use crate::citizen::{SessionPointer, SessionRow};
use crate::debts::{DebtPointer, DebtRow, ListEntry, debt_item};
use crate::feed::{EventRow, FeedEnd, RecentRow};
use crate::idempotency::IdempotencyRow;
use crate::keys::{KINDS, Key};
use crate::limits::WaitRow;
use crate::outbox::MessageRow;
use crate::payments::{AttemptPointer, AttemptRow, GivenAddress, attempt_item};
use crate::table::{Item, item, read};
use crate::writer::MoneyTakenRow;

/// The rows by the name of their file.
fn rows() -> BTreeMap<String, Item> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rows");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let row = |path: std::path::PathBuf| {
        let stored: serde_dynamo::Item =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), Item::from(stored))
    };
    files.map(row).collect()
}

/// A row read and written again.
fn again<T: Serialize + DeserializeOwned>(key: &Key, stored: Item) -> Item {
    item(key, &read::<T>(key.kind(), stored).unwrap()).unwrap()
}

fn written_again(name: &str, key: &Key, stored: Item) -> Item {
    match name.split('.').next().unwrap() {
        "account" => again::<AccountRow>(key, stored),
        "claim" => again::<ClaimRow>(key, stored),
        "holder" => again::<Holder>(key, stored),
        "named-code" => again::<NamedCodeRow>(key, stored),
        "short-codes" => again::<ShortCodesRow>(key, stored),
        "link" => again::<LinkRow>(key, stored),
        "session" => again::<SessionRow>(key, stored),
        "session-pointer" => again::<SessionPointer>(key, stored),
        "debt" => {
            let debt: Debt = read::<DebtRow>(key.kind(), stored).unwrap().debt().unwrap();
            debt_item(key, &debt).unwrap()
        }
        "entry" => again::<ListEntry>(key, stored),
        "debt-pointer" => again::<DebtPointer>(key, stored),
        "attempt-pointer" => again::<AttemptPointer>(key, stored),
        "money-taken" => again::<MoneyTakenRow>(key, stored),
        "audit-round" => again::<RoundRow>(key, stored),
        "audit-step" => again::<StepRow>(key, stored),
        "audit-finding" => again::<KeptFinding>(key, stored),
        "attempt" => {
            let attempt: Attempt = read::<AttemptRow>(key.kind(), stored).unwrap().attempt().unwrap();
            attempt_item(key, &attempt).unwrap()
        }
        "callback" => again::<CallbackRow>(key, stored),
        "idempotency" => again::<IdempotencyRow>(key, stored),
        "unmatched" => again::<UnmatchedMoney>(key, stored),
        "recent" => again::<RecentRow>(key, stored),
        "event" => again::<EventRow>(key, stored),
        "feed-end" => again::<FeedEnd>(key, stored),
        "difference" => again::<Difference>(key, stored),
        "given-address" => again::<GivenAddress>(key, stored),
        "movement" => again::<Movement>(key, stored),
        "message" => {
            let mut row: MessageRow = read(key.kind(), stored).unwrap();
            row.message = row.message.map(|text| {
                serde_json::to_string(&serde_json::from_str::<OutboxMessage>(&text).unwrap()).unwrap()
            });
            item(key, &row).unwrap()
        }
        "window" => again::<BTreeMap<String, Value>>(key, stored),
        "wait" => again::<WaitRow>(key, stored),
        _ => panic!("rows/{name}.json is of no kind that is known here"),
    }
}

#[test]
fn what_was_written_once_is_read_and_written_the_same() {
    for (name, stored) in rows() {
        let key = Key::of(&stored).unwrap();
        let mut written = written_again(&name, &key, stored.clone());
        // What the index and DynamoDB's own tidying go by is written beside the row; where it waits may change.
        if let Some(part) = stored.get("due_shard") {
            written.insert("due_shard".to_owned(), part.clone());
        }
        for beside in ["ttl", "due_shard", "due_at"] {
            let stored = stored.get(beside).map(|value| (beside.to_owned(), value.clone()));
            match stored {
                Some((name, value)) => drop(written.entry(name).or_insert(value)),
                // What an earlier version wrote was not yet to be looked at again, or forgotten.
                None => drop(written.remove(beside)),
            }
        }
        assert_eq!(HashMap::from_iter(written), stored, "rows/{name}.json");
    }
}

#[test]
fn there_is_a_row_of_every_kind() {
    let kinds: BTreeSet<&str> = rows().values().map(|row| Key::of(row).unwrap().kind()).collect();
    assert_eq!(kinds, KINDS.into());
    let text = |row: &Item| row.get("letter")?.as_s().ok().cloned();
    let messages: BTreeSet<String> = rows().values().filter_map(text).collect();
    let kinds: BTreeSet<String> = messages
        .iter()
        .map(|text| serde_json::from_str::<Value>(text).unwrap()["kind"].as_str().unwrap().to_owned())
        .collect();
    // Each kind of message, as the worker tells them apart.
    assert_eq!(kinds.len(), 17, "{kinds:?}");
}

#[test]
fn idn_12_every_kind_of_row_has_a_period() {
    let named: Vec<&str> = Retention::ALL.iter().flat_map(|kept| kept.rows.iter().copied()).collect();
    let kinds: BTreeSet<&str> = named.iter().copied().collect();
    assert_eq!(kinds.len(), named.len(), "none has two");
    assert_eq!(kinds, KINDS.into());
}
