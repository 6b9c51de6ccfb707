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

    /// The line of the table, without the bytes at its end: those depend on how long a name is.
    fn line(&self) -> String {
        let calls: u64 = self.calls.values().sum();
        format!(
            "| {} | {} | {calls} | {} | {} | {} |",
            self.function,
            self.action,
            self.operations(),
            self.read_units,
            self.write_units
        )
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

impl CallTable {
    pub fn new(mut rows: Vec<CallRow>) -> Self {
        rows.sort_by(|a, b| a.function.cmp(&b.function));
        Self { rows }
    }

    pub fn counts(&self) -> Vec<(String, String, Counts)> {
        let counts = |row: &CallRow| (row.function.clone(), row.action.clone(), row.counts());
        self.rows.iter().map(counts).collect()
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
    fn is_written_as(&self, line: &str) -> bool {
        let Some(bytes) = line.strip_prefix(&self.line()) else { return false };
        let bytes: Vec<f64> = bytes.split('|').filter_map(|part| part.trim().parse().ok()).collect();
        let near = |was: f64, is: u64| (is as f64 - was).abs() <= (was * BYTES_APART).max(200.0);
        matches!(bytes.as_slice(), [sent, received] if near(*sent, self.sent) && near(*received, self.received))
    }
}
