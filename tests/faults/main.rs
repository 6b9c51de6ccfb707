//! Fault enumeration: every call that an action makes meets every fault that it can meet, one by one; everybody
//! recovers; then all invariants must hold. A cell of the matrix is a test: `fm_37::f5`.
//!
//! The test command runs one case in eight of every cell; `EVERY_CASE=1 cargo test --release -p journeys --test faults`
//! runs all, and `UPDATE_SNAPSHOTS=1` in its place writes `infra/faults.md`, which has what each cell ended with. All
//! ordered pairs of troubles of the rows of payments are the long run before a release:
//! `cargo test --release -p journeys --test faults -- --ignored pairs`.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a case stops where something is not as it must be"
)]

mod actions;
mod cases;
mod crossings;
mod fixture;
mod matrix;
mod pairs;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use actions::{ACTIONS, FaultAction};
use cases::{CaseResult, Column, FaultPlan, Hit};
use crossings::Crossing;
use journeys::local::faults::{Call, InjectedFault};

/// The calls of an action when nothing goes wrong: call, number within its function, row.
struct KnownCalls {
    action: &'static FaultAction,
    calls: Vec<(Call, u64, &'static str)>,
    crossings: Vec<&'static Crossing>,
}

static KNOWN: OnceLock<Vec<KnownCalls>> = OnceLock::new();

fn known() -> &'static [KnownCalls] {
    KNOWN.get_or_init(|| ACTIONS.iter().map(know).collect())
}

fn know(action: &'static FaultAction) -> KnownCalls {
    let mut calls: Vec<(Call, u64, &'static str)> = Vec::new();
    let (made, crossings) = cases::calls(action);
    for call in made {
        let number = calls.iter().filter(|(other, ..)| other.function == call.function).count() as u64 + 1;
        let nth = calls.iter().filter(|(other, ..)| *other == call).count();
        // The stream brings what an action has written: that is an action of its own.
        if let Some(row) = action.row(&call, nth) {
            calls.push((call, number, row));
        } else {
            let streamed = call.function == "ProcessOutbox";
            assert!(streamed, "{}: no row of the matrix names {call:?}", action.name);
        }
    }
    KnownCalls { action, calls, crossings }
}

/// The cases of a cell, each with a name for the message of a failure.
fn cell(row: &str, column: Column) -> Vec<(String, &'static FaultAction, FaultPlan)> {
    let mut cases = Vec::new();
    for KnownCalls { action, calls, crossings } in known() {
        for (call, number, of) in calls.iter().filter(|(.., of)| *of == row) {
            for (_, hit) in cases::hits_of(call, *number).into_iter().filter(|(c, _)| *c == column) {
                let lasting = if hit.lasting { ", lasting" } else { "" };
                let name = format!(
                    "{of} {}: {:?} at call {number}, {}{lasting}",
                    action.name, hit.fault, call.operation
                );
                cases.push((name, *action, FaultPlan::Hits(vec![hit])));
            }
        }
        if action.rows.last().is_none_or(|(.., rows)| rows[0] != row) {
            continue;
        }
        let mut whole =
            |what: &str, trouble| cases.push((format!("{row} {}: {what}", action.name), *action, trouble));
        match column {
            Column::F8 => whole("again", FaultPlan::Again),
            Column::F9 => {
                for crossing in crossings {
                    whole(crossing.name, FaultPlan::Crossed(crossing));
                }
            }
            Column::F10 => {
                whole("twins", FaultPlan::Twins(Vec::new()));
                for (call, number, _) in calls {
                    let hit = |fault| Hit {
                        function: call.function.clone(),
                        number: *number,
                        fault,
                        lasting: false,
                    };
                    whole(
                        "twins that overlap",
                        FaultPlan::Twins(vec![hit(InjectedFault::Delay(std::time::Duration::from_millis(
                            20,
                        )))]),
                    );
                    if call.operation.contains("Write") || call.operation.contains("Put") {
                        whole("twins, one unheard", FaultPlan::Twins(vec![hit(InjectedFault::LoseAnswer)]));
                    }
                }
            }
            Column::F11 => {
                whole("our clock five minutes ahead", FaultPlan::Skew(5));
                whole("our clock five minutes behind", FaultPlan::Skew(-5));
            }
            _ => {}
        }
    }
    cases
}

/// Returns whether every case of a cell runs, not one in eight.
fn every_case() -> bool {
    ["EVERY_CASE", "UPDATE_SNAPSHOTS"].iter().any(|name| journeys::variable(name).is_some())
}

/// Runs a cell and compares it with `infra/faults.md`.
fn holds(row: &str, column: Column) {
    let cases = cell(row, column);
    assert!(!cases.is_empty(), "{row} {column:?}: no call, no case: the cell is empty");
    let (mut letters, mut broken) = (BTreeSet::new(), Vec::new());
    for (name, action, trouble) in cases.iter().step_by(if every_case() { 1 } else { 8 }) {
        let CaseResult { letter, faults, .. } = cases::run_case(action, trouble);
        letters.insert(letter);
        if !faults.is_empty() {
            broken.push(format!("{name}:\n    {}", faults.join("\n    ")));
        }
    }
    assert!(broken.is_empty(), "{} of {} cases:\n  {}", broken.len(), cases.len(), broken.join("\n  "));
    matrix::holds(row, column, &letters, every_case().then_some(cases.len()));
}

/// Column F5 once more, held to the run where nothing is lost: the same debts, movements, payments and accounts, none
/// of them twice.
#[test]
fn inv_x09_a_write_whose_answer_is_lost_is_recognised_as_done() {
    let mut writes = Vec::new();
    for KnownCalls { action, calls, .. } in known() {
        for (call, number, _) in calls {
            let lost = cases::hits_of(call, *number).into_iter().map(|(_, hit)| hit);
            let lost = lost.filter(|hit| hit.fault == InjectedFault::LoseAnswer && !hit.lasting);
            writes.extend(lost.map(|hit| (*action, call.operation.clone(), hit)));
        }
    }
    writes.retain(|(_, operation, _)| operation.starts_with("dynamodb:"));
    assert!(writes.len() > 80, "{} writes", writes.len());
    let (mut broken, mut expected) = (Vec::new(), BTreeMap::new());
    for (action, operation, hit) in writes.into_iter().step_by(if every_case() { 1 } else { 8 }) {
        let number = hit.number;
        let CaseResult { faults, ledger, .. } = cases::run_case(action, &FaultPlan::Hits(vec![hit]));
        let expected = expected.entry(action.name).or_insert_with(|| cases::untroubled(action));
        if ledger != *expected || !faults.is_empty() {
            broken.push(format!(
                "{} {operation} {number}: {ledger:?}, not {expected:?} {faults:?}",
                action.name
            ));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// `rows.rs`: every row and column that a call of some action falls into. Written anew by `UPDATE_SNAPSHOTS=1`.
#[test]
fn every_cell_is_a_test() {
    let rows: BTreeSet<&str> =
        known().iter().flat_map(|known| known.calls.iter().map(|(.., row)| *row)).collect();
    let mut text = "rows! {\n".to_owned();
    for row in rows {
        let columns = cases::COLUMNS.iter().filter(|column| !cell(row, **column).is_empty());
        let tests = columns.map(|column| format!("{column:?} {}", format!("{column:?}").to_lowercase()));
        let tests: Vec<String> = tests.collect();
        let module = row.to_lowercase().replace('-', "_");
        text.push_str(&format!("    {module} \"{row}\": {};\n", tests.join(", ")));
    }
    text.push_str("}\n");
    let path = journeys::local::Stack::repository().join("tests/faults/rows.rs");
    if journeys::variable("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "tests/faults/rows.rs is out of date");
}

macro_rules! rows {
    ($($row:ident $name:literal: $($column:ident $test:ident),+;)+) => {$(
        mod $row {
            $(#[test]
            fn $test() {
                super::holds($name, super::Column::$column);
            })+
        }
    )+};
}

include!("rows.rs");
