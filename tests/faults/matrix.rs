//! `infra/faults.md`: what each cell of the matrix ended with, and what is allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Mutex;

use journeys::local::Stack;

use crate::cases::{COLUMNS, Column};

/// One test at a time writes the file.
static WRITER: Mutex<()> = Mutex::new(());

const HEAD: &str = "# What every fault ends with

Written by `UPDATE_SNAPSHOTS=1 cargo test -p journeys --test faults` and held by the same tests: a row is a step of the
fault matrix (`FM-…`), a column a fault at one of its calls, a cell every letter that its cases ended with, and how many
cases there are. After each case the caller tries again, senders bring everything twice, the sweep runs and two days
pass; then every invariant of money holds.

F1 crash before the call · F2 crash after it · F3 store throttled, failing, unreachable · F4 another writer in the way ·
F5 done, but the answer is lost · F6 mail refused · F7 PSP failing, silent · F8 the same again · F9 crossed by another
message of the same debt or user, before and after · F10 the same at once · F11 our clock five minutes wrong

**S** done, once · **N** nothing happened · **R** tried again, then 503 and nothing happened · **K** 409 · **G** the
generic refusal · **T** the sender is told to send again · **Q** kept, and finished by worker or sweep · **U** the
outcome is unknown and will be asked for

";

/// The letters that a cell may have, by who waits for the answer. What the SDK's own repetition gets over is
/// `S` everywhere.
fn allowed(row: &str, column: Column) -> &'static str {
    const WORKERS: &[&str] =
        &["FM-04", "FM-05", "FM-06", "FM-19", "FM-21", "FM-40", "FM-41", "FM-42", "FM-43", "FM-53", "FM-54"];
    const SENDERS: &[&str] = &["FM-34", "FM-35", "FM-36", "FM-37", "FM-38", "FM-39", "FM-49", "FM-50"];
    /// From here on the PSP may know of the attempt.
    const ATTEMPTS: &[&str] = &["FM-28", "FM-30", "FM-31", "FM-32"];
    match column {
        _ if WORKERS.contains(&row) => "QS",
        Column::F8 => "SG",
        Column::F9 if SENDERS.contains(&row) => "S",
        Column::F9 => "SKG",
        Column::F1 | Column::F2 if SENDERS.contains(&row) => "T",
        Column::F11 if SENDERS.contains(&row) => "S",
        _ if SENDERS.contains(&row) => "TS",
        // Asking changes nothing, and the node asks again.
        _ if matches!(row, "FM-47" | "FM-48") => "ST",
        Column::F1 if ATTEMPTS.contains(&row) => "NU",
        Column::F2 if ATTEMPTS.contains(&row) => "NSU",
        Column::F3 | Column::F4 | Column::F5 | Column::F7 if ATTEMPTS.contains(&row) => "RSUK",
        // Half of it is the worker's (FM-22).
        _ if row == "FM-22" => "NRSGQ",
        // What comes after the step that counts, as the forgetting of failed guesses, is done or not: it is done.
        Column::F1 | Column::F2 => "NS",
        Column::F3 | Column::F5 => "RS",
        Column::F4 => "RSK",
        Column::F10 => "SK",
        Column::F11 => "SG",
        Column::F6 | Column::F7 => "",
    }
}

/// Compares a cell with what is allowed and with what is written of it: with all of that when all its cases ran.
pub fn holds(row: &str, column: Column, letters: &BTreeSet<char>, cases: Option<usize>) {
    let wrong: String = letters.iter().filter(|letter| !allowed(row, column).contains(**letter)).collect();
    assert!(wrong.is_empty(), "{row} {column:?} ended with {wrong}; allowed is {}", allowed(row, column));
    let _writer = WRITER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let path = Stack::repository().join("infra/faults.md");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let mut table = read(&text);
    let place = COLUMNS.iter().position(|known| *known == column).unwrap();
    let cells = table.entry(row.to_owned()).or_insert_with(|| vec![String::new(); COLUMNS.len()]);
    let Some(cases) = cases else {
        let strange = letters.iter().find(|letter| !cells[place].contains(**letter));
        return assert_eq!(strange, None, "{row} {column:?} differs from infra/faults.md");
    };
    let found = format!("{} {cases}", letters.iter().collect::<String>());
    if journeys::variable("UPDATE_SNAPSHOTS").is_some() {
        cells[place] = found;
        std::fs::write(&path, written(&table)).unwrap();
    } else {
        assert_eq!(cells[place], found, "{row} {column:?} differs from infra/faults.md");
    }
}

fn read(text: &str) -> BTreeMap<String, Vec<String>> {
    let rows = text.lines().filter(|line| line.starts_with("| FM-"));
    rows.map(|line| {
        let mut cells =
            line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('–').to_owned());
        (cells.next().unwrap(), cells.collect())
    })
    .collect()
}

fn written(table: &BTreeMap<String, Vec<String>>) -> String {
    let mut text = HEAD.to_owned();
    let names: Vec<String> = COLUMNS.iter().map(|column| format!("{column:?}")).collect();
    let _ = writeln!(text, "| Row | {} |", names.join(" | "));
    let _ = writeln!(text, "|{}", "---|".repeat(COLUMNS.len() + 1));
    for (row, cells) in table {
        let shown: Vec<&str> = cells.iter().map(|cell| if cell.is_empty() { "–" } else { cell }).collect();
        let _ = writeln!(text, "| {row} | {} |", shown.join(" | "));
    }
    text
}
