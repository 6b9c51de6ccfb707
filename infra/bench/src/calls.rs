//! `infra/calls.md`, which a test writes: what every action asks of DynamoDB.

use crate::Failed;
use crate::functions::repository;

pub struct Row {
    pub function: String,
    pub action: String,
    pub calls: u64,
    pub read_units: f64,
    pub write_units: f64,
}

pub struct Calls(Vec<Row>);

impl Calls {
    pub fn read() -> Result<Self, Failed> {
        let text = std::fs::read_to_string(repository().join("infra/calls.md"))
            .map_err(|e| format!("infra/calls.md ({e}): `cargo test -p journeys --test calls` writes it"))?;
        Ok(Self(text.lines().filter_map(row).collect()))
    }

    pub fn row(&self, function: &str, action: &str) -> Option<&Row> {
        self.0.iter().find(|row| row.function == function && row.action == action)
    }
}

fn row(line: &str) -> Option<Row> {
    let mut cells = line.trim().trim_matches('|').split('|').map(str::trim);
    let (function, action, calls) = (cells.next()?, cells.next()?, cells.next()?.parse().ok()?);
    let mut numbers = cells.skip(1).map(|cell| cell.parse().ok());
    let (read_units, write_units) = (numbers.next()??, numbers.next()??);
    Some(Row { function: function.to_owned(), action: action.to_owned(), calls, read_units, write_units })
}
