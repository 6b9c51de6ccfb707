//! The table of `infra/calls.md`: written by this test, kept in the repository.

use std::collections::BTreeMap;
use std::fmt::Write;

use journeys::local::{Stack, Usage};

/// What one action asks of DynamoDB.
#[derive(Clone, Debug)]
pub struct CallRow {
    function: String,
    action: String,
    calls: BTreeMap<String, u64>,
    read_units: f64,
    write_units: f64,
    sent: u64,
    received: u64,
}

/// Calls by operation, then read and write units in halves.
pub type Counts = (String, u64, u64);

impl CallRow {
    pub fn of(function: &str, action: &str, usage: &Usage) -> Self {
        let of_tables = |(name, n): (&String, &u64)| Some((name.strip_prefix("dynamodb:")?.to_owned(), *n));
        Self {
            function: function.to_owned(),
            action: action.to_owned(),
            calls: usage.calls.iter().filter_map(of_tables).collect(),
            read_units: usage.read_units,
            write_units: usage.write_units,
            sent: usage.sent,
            received: usage.received,
        }
    }

    pub fn counts(&self) -> Counts {
        let halves = |units: f64| (units * 2.0).round() as u64;
        (self.operations(), halves(self.read_units), halves(self.write_units))
    }

    fn operations(&self) -> String {
        let each = self.calls.iter().map(|(operation, n)| match n {
            1 => operation.clone(),
            n => format!("{n} {operation}"),
        });
        let all: Vec<String> = each.collect();
        if all.is_empty() { "–".to_owned() } else { all.join(", ") }
    }

    /// What the line of the table begins with: what is asked, without how much it is.
    fn what(&self) -> String {
        let calls: u64 = self.calls.values().sum();
        format!("| {} | {} | {calls} | {} |", self.function, self.action, self.operations())
    }

    /// The line without the bytes at its end.
    fn line(&self) -> String {
        format!("{} {} | {} |", self.what(), self.read_units, self.write_units)
    }
}

pub struct CallTable {
    rows: Vec<CallRow>,
}

const INTRODUCTION: &str = "\
# What every action asks of DynamoDB

Written by `cargo test -p journeys --test calls`, which counts below the SDK and fails when an action asks for more than
this, or for something else. The counts are the same with ten debts in the table and with ten thousand, and for a
citizen who has ten thousand of them.

Calls are what the network sees; units are what is paid: a read unit is 4 KB read strongly consistently (a query counts
what it looks at), a write unit 1 KB written, twice that in a transaction, and once more for the `due` index where an
item is in it. A write that its condition refused is paid, too. Bytes are those of the requests' and answers' bodies.
Secrets are read at start and every five minutes, not for each action; they are not in this table.

| Function | Action | Calls | Which | Read units | Write units | Bytes sent | Bytes received |
|---|---|---|---|---|---|---|---|
";

/// How far bytes may be from those written down: names and texts are longer or shorter by chance.
const BYTES_APART: f64 = 0.15;
/// How far units may be: instants have more or fewer digits by chance, and a row that fills its last kilobyte to a few
/// bytes then costs one more, twice in a transaction, and once for its index.
const READ_UNITS_APART: f64 = 1.0;
const WRITE_UNITS_APART: f64 = 3.0;

impl CallTable {
    pub fn new(mut rows: Vec<CallRow>) -> Self {
        rows.sort_by(|a, b| a.function.cmp(&b.function));
        Self { rows }
    }

    /// The rows that ask for something else than those of another table.
    pub fn unlike(&self, other: &Self) -> Vec<String> {
        let rows = self.rows.iter().zip(&other.rows).filter(|(row, other)| !row.asks_like(other));
        let rows = rows.map(|(row, other)| format!("{} instead of {}", row.line(), other.line()));
        let more = self.rows.len().abs_diff(other.rows.len());
        rows.chain((more > 0).then(|| format!("{more} rows more or less"))).collect()
    }

    fn text(&self) -> String {
        let mut text = INTRODUCTION.to_owned();
        for row in &self.rows {
            let _ = writeln!(text, "{} {} | {} |", row.line(), row.sent, row.received);
        }
        text
    }

    /// Compares with the file; a difference is written into it, and fails once.
    pub fn is_what_is_written_down(&self) {
        let path = Stack::repository().join("infra/calls.md");
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        let written: Vec<&str> = before.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
        let same = before.starts_with(INTRODUCTION)
            && written.len() == self.rows.len()
            && self.rows.iter().zip(&written).all(|(row, line)| row.is_written_as(line));
        if same {
            return;
        }
        let changed = |row: &&CallRow| !written.iter().any(|line| row.is_written_as(line));
        let changed: Vec<String> = self
            .rows
            .iter()
            .filter(changed)
            .map(|row| format!("{} {} {}", row.line(), row.sent, row.received))
            .collect();
        std::fs::write(&path, self.text()).unwrap();
        panic!(
            "infra/calls.md said something else and was written anew: look at what changed, and why.\n{}",
            changed.join("\n")
        );
    }
}

impl CallRow {
    fn asks_like(&self, other: &Self) -> bool {
        (&self.function, &self.action, &self.calls) == (&other.function, &other.action, &other.calls)
            && (self.read_units - other.read_units).abs() <= READ_UNITS_APART
            && (self.write_units - other.write_units).abs() <= WRITE_UNITS_APART
    }

    fn is_written_as(&self, line: &str) -> bool {
        let Some(numbers) = line.strip_prefix(&self.what()) else { return false };
        let numbers: Vec<f64> = numbers.split('|').filter_map(|part| part.trim().parse().ok()).collect();
        let [read, write, sent, received] = numbers.as_slice() else { return false };
        let near = |was: f64, is: u64| (is as f64 - was).abs() <= (was * BYTES_APART).max(200.0);
        (self.read_units - read).abs() <= READ_UNITS_APART
            && (self.write_units - write).abs() <= WRITE_UNITS_APART
            && near(*sent, self.sent)
            && near(*received, self.received)
    }
}
