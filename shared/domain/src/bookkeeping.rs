//! What operators write into a debt's account: which movement they have dealt with, who did it and why.

use std::fmt;

use jiff::Timestamp;

use crate::debt::{Debt, DebtEvent, DebtState};
use crate::difference::{Difference, DifferenceChange, DifferenceId, DifferenceKind, ResolutionKind};
use crate::error::FieldCode;
use crate::fiscal_code::FiscalCode;
use crate::movement::{Movement, MovementEntry, MovementKind, MovementSource};
use crate::notice::NoticeNumber;
use crate::notification::{beside_money_id, mismatch_id};
use crate::plan::{DebtChange, Plan};
use crate::text;

/// Who made an entry and why, in the office's terms: `ragioneria`, `mandato 118/2026`. Never a person's data, which
/// an account of money must not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    by: String,
    why: String,
}

/// Longest name of an office, and longest reason, in characters.
pub const MAX_BY: usize = 20;
pub const MAX_WHY: usize = 80;

impl Reason {
    /// `by` is of letters, digits, dots, hyphens and underscores. Addresses and personal fiscal codes are refused.
    pub fn new(by: &str, why: &str) -> Result<Self, FieldCode> {
        let (by, why) = (by.trim(), text::tidy(why));
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if by.is_empty() || why.is_empty() {
            return Err(FieldCode::Required);
        }
        if by.len() > MAX_BY || text::length(&why) > MAX_WHY {
            return Err(FieldCode::TooLong);
        }
        if !by.chars().all(named) || !text::is_plain(&why) {
            return Err(FieldCode::Format);
        }
        let code = |word: &str| word.len() == 16 && FiscalCode::parse(word).is_ok();
        let personal = why.contains('@') || why.split(|c: char| !c.is_alphanumeric()).any(code) || code(by);
        if personal { Err(FieldCode::NotAllowed) } else { Ok(Self { by: by.to_owned(), why }) }
    }

    pub fn by(&self) -> &str {
        &self.by
    }

    pub fn why(&self) -> &str {
        &self.why
    }

    /// The reference of a movement that speaks of another of the same debt: `4 ragioneria: mandato 118/2026`.
    pub fn of(&self, number: u64) -> String {
        format!("{number} {self}")
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.by, self.why)
    }
}

/// The number of the movement that this one says has been dealt with.
pub fn dealt_with(movement: &Movement) -> Option<u64> {
    let says = matches!(
        movement.kind,
        MovementKind::RefundNoted | MovementKind::Reconciled | MovementKind::Superseded
    );
    let (number, _) = movement.reference.as_deref().filter(|_| says)?.split_once(' ')?;
    number.parse().ok()
}

/// What became of an operator's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booked {
    /// It is this movement.
    Noted(u64),
    /// It was made before, as this movement: nothing changed.
    Known(u64),
    Refused(NotBooked),
}

/// Why an operator's entry is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotBooked {
    NoSuchDebt,
    NoSuchMovement,
    /// That movement is no money that still has to be dealt with.
    NothingToSettle(MovementKind),
    /// It was dealt with otherwise, by this movement.
    DealtWith(u64, MovementKind),
    /// The table of transitions has no such entry for a debt in this state.
    NotNow(DebtState),
}

/// How many of a debt's payments, the newest first, are asked for the difference that a movement speaks of.
const PAYMENTS_ASKED: usize = 80;

/// The ids that the difference may have which a movement speaks of. The movement names the money; a payment's difference
/// also has the payment in its id, which is one that began before.
pub fn differences_of(notice: &NoticeNumber, movements: &[Movement], number: u64) -> Vec<DifferenceId> {
    let waiting = movements.iter().find(|movement| movement.number == number);
    let Some(waiting) = waiting.filter(|movement| movement.kind.is_difference()) else { return Vec::new() };
    let receipt_id = waiting.reference.as_deref().unwrap_or_default();
    let beside = |kind| beside_money_id(kind, notice, receipt_id, "");
    if waiting.kind == MovementKind::DuplicateToRefund {
        return vec![beside(DifferenceKind::Duplicate)];
    }
    let began = |movement: &&Movement| {
        movement.kind == MovementKind::AttemptStarted && movement.number < waiting.number
    };
    let payments = movements.iter().rev().filter(began).filter_map(|movement| movement.reference.as_deref());
    let of_payments = payments.take(PAYMENTS_ASKED).map(|payment| mismatch_id(payment, receipt_id));
    std::iter::once(beside(DifferenceKind::Mismatch)).chain(of_payments).collect()
}

/// An operator notes that a movement has been dealt with; with it the difference is resolved that stands beside it, one
/// of those `known` under [`differences_of`] it. Safe to repeat.
pub fn book(
    stored: Option<(&Debt, &[Movement])>,
    known: &[Difference],
    number: u64,
    event: DebtEvent,
    reason: &Reason,
    now: Timestamp,
) -> Plan<Booked> {
    let refuse = |why| Plan::nothing(Booked::Refused(why));
    let Some((debt, movements)) = stored else { return refuse(NotBooked::NoSuchDebt) };
    let Some(waiting) = movements.iter().find(|movement| movement.number == number) else {
        return refuse(NotBooked::NoSuchMovement);
    };
    if !waiting.kind.is_difference() {
        return refuse(NotBooked::NothingToSettle(waiting.kind));
    }
    let entry = MovementEntry::new(waiting.cents, MovementSource::Operator).about(reason.of(number));
    let Ok(mut change) = debt.apply(event, entry, now) else { return refuse(NotBooked::NotNow(debt.state)) };
    // It is dealt with: nobody is warned any more that money has come.
    if waiting.kind == MovementKind::Mismatch {
        change.after.mismatched = None;
    }
    let Some(noted) = change.movements.last() else { return refuse(NotBooked::NotNow(debt.state)) };
    match movements.iter().find(|movement| dealt_with(movement) == Some(number)) {
        Some(before) if before.kind == noted.kind => Plan::nothing(Booked::Known(before.number)),
        Some(before) => refuse(NotBooked::DealtWith(before.number, before.kind)),
        None => {
            let booked = Booked::Noted(noted.number);
            let resolution = match event {
                DebtEvent::Reconcile => ResolutionKind::Reconciled,
                _ => ResolutionKind::Refunded,
            };
            let beside = known.iter().find(|known| known.movement == Some(number) && known.is_open());
            let resolved = beside.map(|beside| beside.resolved(resolution, reason, now));
            let differences = resolved.map(DifferenceChange::Resolved).into_iter().collect();
            Plan { differences, ..Plan::of_debt(change, booked) }
        }
    }
}

/// The back office settles a difference; with it stands what an operator would have booked about its movement. The first
/// resolution stays. What the table of transitions has no entry for is settled all the same: it is the office that
/// answers for its money.
pub fn resolve(
    kept: &Difference,
    stored: Option<(&Debt, &[Movement])>,
    resolution: ResolutionKind,
    reason: &Reason,
    now: Timestamp,
) -> Plan<Difference> {
    if !kept.is_open() {
        return Plan::nothing(kept.clone());
    }
    let event = match resolution {
        ResolutionKind::Refunded => DebtEvent::NoteRefund,
        ResolutionKind::Reconciled | ResolutionKind::Superseded => DebtEvent::Reconcile,
    };
    let booked = kept.movement.map(|number| book(stored, &[], number, event, reason, now).debts);
    let mut debts = booked.unwrap_or_default();
    let warned = stored
        .map(|(debt, _)| debt)
        .filter(|debt| debts.is_empty() && debt.mismatched.is_some() && debt.mismatched == kept.payment);
    // It is dealt with: nobody is warned any more that money has come.
    debts.extend(warned.map(|debt| DebtChange::unrecorded(debt, Debt { mismatched: None, ..debt.clone() })));
    let settled = kept.resolved(resolution, reason, now);
    Plan { debts, differences: vec![DifferenceChange::Resolved(settled.clone())], ..Plan::nothing(settled) }
}
