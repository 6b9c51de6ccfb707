//! Whether a debt's movements are whole and say what is stored of it: its state, its amount, its receipt, and the names
//! of the money that was taken for it.

use jiff::Timestamp;

use crate::debt::{Debt, DebtState};
use crate::digest;
use crate::money::Cents;
use crate::movement::{Movement, MovementKind};
use crate::notice::NoticeNumber;
use crate::payment::PaymentId;

/// How the movements of a debt contradict each other or what is stored of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenLedger {
    /// This movement is not the one that its place in the chain asks for.
    Chain { number: u64 },
    /// This movement was not sealed by a function that may write movements.
    Seal { number: u64 },
    /// The debt has another number of movements than it counts, or ends with another hash.
    End { movements: u64, counted: u64 },
    /// The movements lead to another state than the debt's.
    State { movements: Option<DebtState>, debt: DebtState },
    /// The last movement that set the amount says another one.
    Amount { movements: Cents, debt: Cents },
    /// The receipt is not the one that this credit gives, or there is one without the other.
    Receipt { credit: Option<u64> },
    /// The name under which this movement's money was taken is gone.
    NameGone { number: u64 },
    /// A name says that money was taken, and no movement does.
    NameAlone,
    /// There are movements and no debt.
    DebtGone,
    /// This movement, kept as the end of the chain by an earlier audit, is gone or another one.
    Head { number: u64 },
    /// What is stored cannot be read.
    Unreadable,
}

/// The name under which money was taken for a debt, as it is stored with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoneyName {
    /// The receipt's id, or, of a very long one, its hash.
    pub name: String,
    pub verdict: MovementKind,
    pub cents: Cents,
    pub at: Timestamp,
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

/// Verifies that a debt's movements are whole, and that all that is stored of it follows from them: its state, its amount,
/// its receipt, and the names of the money taken for it (MON-15).
pub fn audit(debt: &Debt, movements: &[Movement], names: &[MoneyName]) -> Result<(), BrokenLedger> {
    verify(debt, movements)?;
    verify_amount(debt, movements)?;
    verify_receipt(debt, movements)?;
    verify_names(movements, names)
}

/// The amount is that of the last movement that set it.
fn verify_amount(debt: &Debt, movements: &[Movement]) -> Result<(), BrokenLedger> {
    let set = movements.iter().rev().find(|movement| movement.kind.sets_amount());
    match set.map(|set| set.cents) {
        Some(set) if set != debt.amount.cents() => {
            Err(BrokenLedger::Amount { movements: set, debt: debt.amount.cents() })
        }
        _ => Ok(()),
    }
}

/// A debt has a receipt if it was credited, and it says what the credit does.
fn verify_receipt(debt: &Debt, movements: &[Movement]) -> Result<(), BrokenLedger> {
    let credit = movements.iter().rev().find(|movement| movement.kind.settles());
    let agree = match (&debt.receipt, credit) {
        (None, None) => true,
        (Some(receipt), Some(credit)) => {
            credit.reference.as_ref() == Some(&receipt.receipt_id)
                && credit.cents == receipt.amount.cents()
                && credit.at == receipt.recorded_at
        }
        _ => false,
    };
    if agree { Ok(()) } else { Err(BrokenLedger::Receipt { credit: credit.map(|credit| credit.number) }) }
}

/// Every movement of money has its name: one that is gone would let the same message count twice. Every name has its
/// movement: one alone would let a message count as known that never came.
fn verify_names(movements: &[Movement], names: &[MoneyName]) -> Result<(), BrokenLedger> {
    let nameless = movements.iter().find(|movement| {
        movement.kind.needs_name()
            && !movement.has_old_mismatch_form()
            && !names.iter().any(|name| name.is_of(movement.reference.as_deref()))
    });
    if let Some(nameless) = nameless {
        return Err(BrokenLedger::NameGone { number: nameless.number });
    }
    let lonely = names.iter().any(|name| !movements.iter().any(|movement| movement.is_named_by(name)));
    if lonely { Err(BrokenLedger::NameAlone) } else { Ok(()) }
}

impl Movement {
    /// Returns whether this is the movement of the money that a name stands for.
    pub fn is_named_by(&self, name: &MoneyName) -> bool {
        self.kind == name.verdict
            && self.at == name.at
            && (self.kind == MovementKind::Mismatch
                || (self.cents == name.cents && name.is_of(self.reference.as_deref())))
    }

    /// A mismatch was once written for every debt of a payment, under the payment's id, and named for the first alone.
    fn has_old_mismatch_form(&self) -> bool {
        let payment = self.reference.as_deref().and_then(PaymentId::parse);
        self.kind == MovementKind::Mismatch && (payment.is_some() || self.cents == Cents::default())
    }
}

impl MoneyName {
    fn is_of(&self, receipt_id: Option<&str>) -> bool {
        receipt_id.is_some_and(|id| id == self.name || digest::sha256_hex(&[id.as_bytes()]) == self.name)
    }
}

impl MovementKind {
    /// Returns whether it pays the debt.
    pub fn settles(self) -> bool {
        matches!(self, MovementKind::Credit | MovementKind::CreditLate)
    }

    /// Returns whether its amount is from then on the debt's.
    pub fn sets_amount(self) -> bool {
        matches!(self, MovementKind::Created | MovementKind::Changed)
    }

    /// Returns whether it is money that was taken under a name.
    pub fn needs_name(self) -> bool {
        self.settles() || self.is_difference()
    }
}
