//! Movements: appended with the change they speak of, chained by hash, never rewritten.

use domain::debt::State;
use domain::movement::{Kind, Movement, Source, folded};
use domain::notice::NoticeNumber;
use domain::{Cents, Debt, Fault, Timestamp};
use world::{NotConfigured, World};

use crate::filing::sha256;
use crate::keys::Key;
use crate::table::{Order, Range, Step, Table, absent, item};

#[derive(Clone)]
pub struct Movements {
    table: Table,
}

/// What a movement is about, apart from its place in the chain.
pub(crate) struct Entry {
    pub kind: Kind,
    pub cents: Cents,
    pub source: Source,
    pub reference: Option<String>,
    pub sender_time: Option<Timestamp>,
}

/// How many movements are read at once: a debt sees a handful in its life.
const PAGE: usize = 200;

/// How the movements of a debt contradict each other or what is stored of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// This movement is not the one that its place in the chain asks for.
    Chain { number: u64 },
    /// The debt has another number of movements than it counts, or ends with another hash.
    End { movements: u64, counted: u64 },
    /// The movements lead to another state than the debt's.
    State { movements: Option<State>, debt: State },
}

impl Movements {
    pub fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self { table: Table::connect(world, "MOVEMENTS_TABLE")? })
    }

    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// The step that appends a movement if its number is free.
    pub(crate) fn append_step(&self, notice: &NoticeNumber, movement: &Movement) -> Result<Step, Fault> {
        const DOING: &str = "appending a movement";
        let key = Key::movement(notice, movement.number);
        self.table.put_step(DOING, item(DOING, &key, movement)?, absent())
    }

    /// The movements of a debt, first to last.
    pub async fn of(&self, notice: &NoticeNumber) -> Result<Vec<Movement>, Fault> {
        let partition = Key::movements_partition(notice);
        let mut movements: Vec<Movement> = Vec::new();
        loop {
            let after = movements.last().map(|last| Key::movement(notice, last.number));
            let range = Range::StartsWith("M#".to_owned());
            let page = self
                .table
                .query("reading movements", &partition, range, Order::Rising, PAGE, after.as_ref())
                .await?;
            movements.extend(page.items);
            if !page.more {
                return Ok(movements);
            }
        }
    }
}

/// The next movement of a debt: the debt's version plus one, continuing its chain.
pub(crate) fn next(debt: &Debt, entry: Entry, at: Timestamp) -> Movement {
    let mut movement = Movement {
        number: debt.version.saturating_add(1),
        kind: entry.kind,
        cents: entry.cents,
        source: entry.source,
        reference: entry.reference,
        at,
        sender_time: entry.sender_time,
        previous: debt.chain.clone(),
        hash: String::new(),
    };
    movement.hash = chain(&debt.notice, &movement);
    movement
}

/// The hash of a movement over all of its data and the hash before it.
pub fn chain(notice: &NoticeNumber, movement: &Movement) -> String {
    sha256(&[movement.canonical(notice.as_str()).as_bytes()])
}

/// The number of the first movement that does not continue the chain, if there is one.
pub fn verify_chain(notice: &NoticeNumber, movements: &[Movement]) -> Result<(), u64> {
    let mut previous = String::new();
    for (expected, movement) in (1_u64..).zip(movements) {
        let holds = movement.number == expected
            && movement.previous == previous
            && movement.hash == chain(notice, movement);
        if !holds {
            return Err(expected);
        }
        previous.clone_from(&movement.hash);
    }
    Ok(())
}

/// Whether a debt's movements are whole, and say what is stored of it.
pub fn verify(debt: &Debt, movements: &[Movement]) -> Result<(), Broken> {
    verify_chain(&debt.notice, movements).map_err(|number| Broken::Chain { number })?;
    let last = movements.last();
    if last.map(|last| (last.number, last.hash.as_str())) != Some((debt.version, debt.chain.as_str())) {
        let movements = last.map_or(0, |last| last.number);
        return Err(Broken::End { movements, counted: debt.version });
    }
    match folded(movements) {
        Some(state) if state == debt.state => Ok(()),
        movements => Err(Broken::State { movements, debt: debt.state }),
    }
}
