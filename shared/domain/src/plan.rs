//! Plans: what a decision wants written, all of it in one transaction or nothing.
//!
//! A decision is a pure function from facts to a plan. `store` reads the facts, and commits the plan only if the debts
//! and the attempt are still as they were read; otherwise it reads and decides again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::debt::{Debt, DebtEvent, DebtState, RefusedTransition, Transition, decide};
use crate::difference::DifferenceChange;
use crate::money::{Cents, MoneyTold};
use crate::movement::{Movement, MovementEntry, MovementKind};
use crate::notice::NoticeNumber;
use crate::outbox::OutboxMessage;
use crate::payment::{Attempt, Confirmation};

/// What is to be written, and what to answer when it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan<O> {
    pub debts: Vec<DebtChange>,
    pub attempt: Option<AttemptChange>,
    pub money_taken: Vec<MoneyTaken>,
    pub unmatched: Option<UnmatchedMoney>,
    pub differences: Vec<DifferenceChange>,
    pub messages: Vec<OutboxMessage>,
    /// The stored callback that this plan applies.
    pub callback_applied: Option<CallbackId>,
    pub outcome: O,
}

impl<O> Plan<O> {
    /// Nothing is written.
    pub fn nothing(outcome: O) -> Self {
        Self {
            debts: Vec::new(),
            attempt: None,
            money_taken: Vec::new(),
            unmatched: None,
            differences: Vec::new(),
            messages: Vec::new(),
            callback_applied: None,
            outcome,
        }
    }

    /// One debt changes.
    pub fn of_debt(change: DebtChange, outcome: O) -> Self {
        Self { debts: vec![change], ..Self::nothing(outcome) }
    }

    /// The same plan for an outcome made of this one.
    pub fn map<P>(self, outcome: impl FnOnce(O) -> P) -> Plan<P> {
        let Self {
            debts,
            attempt,
            money_taken,
            unmatched,
            differences,
            messages,
            callback_applied,
            outcome: before,
        } = self;
        let outcome = outcome(before);
        Plan { debts, attempt, money_taken, unmatched, differences, messages, callback_applied, outcome }
    }
}

/// A debt as it was read and as it is to be written, with the movements that lead from one to the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebtChange {
    /// Nothing for a new debt.
    pub before: Option<Debt>,
    pub after: Debt,
    pub movements: Vec<Movement>,
}

impl DebtChange {
    /// A new debt with its first movement.
    pub fn created(debt: Debt, entry: MovementEntry) -> Self {
        let at = debt.created_at;
        let after = Debt { revision: 1, ..debt };
        Self { before: None, after, movements: Vec::new() }.append(MovementKind::Created, entry, at)
    }

    /// A change that adds no movement.
    pub fn unrecorded(before: &Debt, after: Debt) -> Self {
        let after = Debt { revision: before.revision.saturating_add(1), ..after };
        Self { before: Some(before.clone()), after, movements: Vec::new() }
    }

    /// Applies an event as the table of transitions says ([`decide`]). What the table ignores changes nothing.
    ///
    /// # Errors
    /// The table refuses the event in this state.
    pub fn then(
        mut self,
        event: DebtEvent,
        entry: MovementEntry,
        now: Timestamp,
    ) -> Result<Self, RefusedTransition> {
        // Money counts the day: an open debt whose last day has passed is paid late.
        let state = match event {
            DebtEvent::Credit => self.after.effective_state(now),
            _ => self.after.state,
        };
        match decide(state, event) {
            Transition::Go(state, kind) => {
                if state == DebtState::Open {
                    self.after.closed_at = None;
                } else if state != self.after.state {
                    self.after.closed_at = Some(now);
                }
                self.after.state = state;
                Ok(self.append(kind, entry, now))
            }
            Transition::Record(kind) => Ok(self.append(kind, entry, now)),
            Transition::Ignore => Ok(self),
            Transition::AlreadyPaid => Err(RefusedTransition::AlreadyPaid),
            Transition::NotPayable => Err(RefusedTransition::NotPayable),
            Transition::NotPaid => Err(RefusedTransition::NotPaid),
        }
    }

    fn append(mut self, kind: MovementKind, entry: MovementEntry, at: Timestamp) -> Self {
        let movement = next_movement(&self.after, kind, entry, at);
        self.after.version = movement.number;
        self.after.chain.clone_from(&movement.hash);
        self.movements.push(movement);
        self
    }

    /// Returns whether the debt is as it was, apart from its movements.
    pub fn leaves_data(&self) -> bool {
        self.before.as_ref().is_some_and(|before| {
            let Debt { version, revision, ref chain, .. } = *before;
            *before == Debt { version, revision, chain: chain.clone(), ..self.after.clone() }
        })
    }

    /// Returns whether there is nothing to write.
    pub fn is_nothing(&self) -> bool {
        self.movements.is_empty() && self.leaves_data()
    }
}

impl Debt {
    /// Applies an event as the table of transitions says: the debt afterwards, and the movement that says so.
    ///
    /// # Errors
    /// The table refuses the event in this state.
    pub fn apply(
        &self,
        event: DebtEvent,
        entry: MovementEntry,
        now: Timestamp,
    ) -> Result<DebtChange, RefusedTransition> {
        DebtChange::unrecorded(self, self.clone()).then(event, entry, now)
    }
}

/// The next movement of a debt: its number is the debt's version plus one, its hash continues the debt's chain.
fn next_movement(debt: &Debt, kind: MovementKind, entry: MovementEntry, at: Timestamp) -> Movement {
    let mut movement = Movement {
        number: debt.version.saturating_add(1),
        kind,
        cents: entry.cents,
        source: entry.source,
        reference: entry.reference,
        at,
        sender_time: entry.sender_time,
        previous: debt.chain.clone(),
        hash: String::new(),
    };
    movement.hash = movement.chain_hash(&debt.notice);
    movement
}

/// A payment attempt as it was read and as it is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptChange {
    /// Nothing for a new attempt.
    pub before: Option<Attempt>,
    pub after: Attempt,
}

impl AttemptChange {
    /// A change, or nothing when both are the same.
    pub fn between(before: &Attempt, after: Attempt) -> Option<Self> {
        let revision = before.revision.saturating_add(1);
        (*before != after)
            .then(|| Self { before: Some(before.clone()), after: Attempt { revision, ..after } })
    }
}

/// That money was taken for a debt under its receipt's id: once, for ever (INV-M01), unless it was a difference that its
/// sender corrects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoneyTaken {
    pub notice: NoticeNumber,
    pub receipt_id: String,
    pub verdict: MovementKind,
    pub cents: Cents,
    pub at: Timestamp,
    /// Whether a difference stands under this name, which its sender has corrected.
    pub corrects: bool,
}

/// Money of a payment or a notice that we do not know, as its sender said it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnmatchedMoney {
    pub confirmation: Confirmation,
    #[serde(flatten)]
    pub told: MoneyTold,
    pub at: Timestamp,
}

/// The id of a stored callback: the hash of the id that its sender gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallbackId(String);

impl CallbackId {
    pub fn of(sender_id: &str) -> Self {
        Self(crate::digest::sha256_hex(&[sender_id.as_bytes()]))
    }

    /// From the hash itself, as it is stored.
    pub fn from_stored(hash: &str) -> Self {
        Self(hash.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
