//! Whether a debt's movements are whole and say what is stored of it.

use crate::debt::{Debt, DebtState};
use crate::movement::Movement;
use crate::notice::NoticeNumber;

/// How the movements of a debt contradict each other or what is stored of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenLedger {
    /// This movement is not the one that its place in the chain asks for.
    Chain { number: u64 },
    /// The debt has another number of movements than it counts, or ends with another hash.
    End { movements: u64, counted: u64 },
    /// The movements lead to another state than the debt's.
    State { movements: Option<DebtState>, debt: DebtState },
}

/// The state that a debt's movements lead to, first to last: what is stored of it must say the same (INV-M29).
pub fn folded(movements: &[Movement]) -> Option<DebtState> {
    movements.iter().filter_map(|movement| movement.kind.leads_to()).next_back()
}

/// Verifies that movements, first to last, continue each other.
///
/// # Errors
/// The number of the first movement that does not continue the chain.
pub fn verify_chain(notice: &NoticeNumber, movements: &[Movement]) -> Result<(), u64> {
    let mut previous = "";
    for (expected, movement) in (1_u64..).zip(movements) {
        let holds = movement.number == expected
            && movement.previous == previous
            && movement.hash == movement.chain_hash(notice);
        if !holds {
            return Err(expected);
        }
        previous = &movement.hash;
    }
    Ok(())
}

/// Verifies that a debt's movements are whole and lead to what is stored of it.
pub fn verify(debt: &Debt, movements: &[Movement]) -> Result<(), BrokenLedger> {
    verify_chain(&debt.notice, movements).map_err(|number| BrokenLedger::Chain { number })?;
    let last = movements.last();
    if last.map(|last| (last.number, last.hash.as_str())) != Some((debt.version, debt.chain.as_str())) {
        let movements = last.map_or(0, |last| last.number);
        return Err(BrokenLedger::End { movements, counted: debt.version });
    }
    match folded(movements) {
        Some(state) if state == debt.state => Ok(()),
        movements => Err(BrokenLedger::State { movements, debt: debt.state }),
    }
}
