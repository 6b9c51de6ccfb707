//! What senders of money say, and what must be known before it is decided.

use std::collections::BTreeMap;

use crate::bookkeeping::Reason;
use crate::debt::Debt;
use crate::difference::{Difference, DifferenceId, DifferenceKind};
use crate::money::{Amount, Cents, MoneyTold};
use crate::movement::{MovementKind, MovementSource};
use crate::notice::NoticeNumber;
use crate::payment::{Attempt, AttemptOutcome, Confirmation, PaymentId};

/// What an authentic sender says.
#[derive(Clone, Debug)]
pub enum Notification {
    /// A PSP took money for a payment of ours.
    Paid { payment_id: PaymentId, confirmation: Confirmation, told: MoneyTold, claims: ReceiptClaims },
    /// An attempt ended without money.
    Ended { payment_id: PaymentId, outcome: AttemptOutcome, failure: Option<String>, source: MovementSource },
    /// The node collected for one notice. By hand: an operator has seen at the node that it did, and says why.
    Receipt {
        notice: NoticeNumber,
        amount: Amount,
        confirmation: Confirmation,
        claims: ReceiptClaims,
        by_hand: Option<Reason>,
    },
    /// Money for no payment and no notice that could be ours.
    Unmatched { confirmation: Confirmation, told: MoneyTold },
    /// Nothing of ours: another creditor's receipt, an outcome of no payment, an event that is not about payments.
    Foreign,
}

/// What a message says beside what is settled by it: nothing is decided by it, but what cannot be true is a difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiptClaims {
    /// A fee that is no amount of ours, in the sender's words.
    pub fee: Option<String>,
    /// The reference under which the circuit collected.
    pub iuv: Option<String>,
    /// Accounts to which our share is said to go, and which are not ours.
    pub foreign_ibans: Vec<String>,
    /// Who is said to have owed.
    pub debtor: Option<String>,
}

impl Notification {
    /// The money's sender and its data, if money moved.
    pub fn confirmation(&self) -> Option<&Confirmation> {
        match self {
            Notification::Paid { confirmation, .. }
            | Notification::Receipt { confirmation, .. }
            | Notification::Unmatched { confirmation, .. } => Some(confirmation),
            Notification::Ended { .. } | Notification::Foreign => None,
        }
    }

    /// The payment or notice that it is about, for the log.
    pub fn subject(&self) -> &str {
        match self {
            Notification::Paid { payment_id, .. } | Notification::Ended { payment_id, .. } => {
                payment_id.as_str()
            }
            Notification::Receipt { notice, .. } => notice.as_str(),
            Notification::Unmatched { .. } | Notification::Foreign => "",
        }
    }
}

/// What is known when a notification arrives.
#[derive(Clone, Debug, Default)]
pub struct SettlementFacts {
    /// The attempt that the notification names, or that its debt waits for.
    pub attempt: Option<Attempt>,
    /// The debts of that attempt, or the one of the notice.
    pub debts: Vec<Debt>,
    /// The debts for which this very money was taken before, and what it was then.
    pub taken: BTreeMap<NoticeNumber, Taken>,
    /// Of [`Notification::differences`], those that are there.
    pub differences: Vec<Difference>,
    /// Whether this very money is kept as unmatched already.
    pub kept_unmatched: bool,
}

/// What money was, when it was taken for a debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    pub verdict: MovementKind,
    pub cents: Cents,
}

impl SettlementFacts {
    /// Whether this money has paid, or is kept to be refunded, for one of these debts at least.
    pub(crate) fn is_credited(&self) -> bool {
        self.taken.values().any(|taken| taken.verdict != MovementKind::Mismatch)
    }

    pub(crate) fn known(&self, id: &DifferenceId) -> Option<&Difference> {
        self.differences.iter().find(|difference| difference.id == *id)
    }
}

impl Notification {
    /// The differences that must be read before it can be decided: those which it may repeat, correct or settle.
    pub fn differences(&self, attempt: Option<&Attempt>) -> Vec<DifferenceId> {
        let mut ids = Vec::new();
        match (self, attempt) {
            (Notification::Paid { confirmation, told, .. }, Some(attempt)) => {
                ids.push(mismatch_id(attempt.id.as_str(), &confirmation.receipt_id));
                let first = attempt.items.first().filter(|_| told.cents != Some(attempt.total()));
                ids.extend(first.map(|item| contradiction_id(&item.notice, confirmation, told)));
            }
            (Notification::Receipt { notice, amount, confirmation, .. }, _) => {
                ids.push(contradiction_id(notice, confirmation, &MoneyTold::euro(amount.cents())));
            }
            _ => {}
        }
        ids.extend(self.confirmation().map(unmatched_id));
        ids
    }
}

/// Money of another amount than a payment's.
pub(crate) fn mismatch_id(payment: &str, receipt_id: &str) -> DifferenceId {
    DifferenceId::of(DifferenceKind::Mismatch, &["payment", payment, receipt_id])
}

/// What stands beside the money that a debt's account has taken; `field` is the doubtful datum, if it is about one.
pub(crate) fn beside_money_id(
    kind: DifferenceKind,
    notice: &NoticeNumber,
    receipt_id: &str,
    field: &str,
) -> DifferenceId {
    DifferenceId::of(kind, &[notice.as_str(), receipt_id, field])
}

pub(crate) fn contradiction_id(
    notice: &NoticeNumber,
    confirmation: &Confirmation,
    told: &MoneyTold,
) -> DifferenceId {
    let parts = ["amount", notice.as_str(), &confirmation.receipt_id, &told.to_string()];
    DifferenceId::of(DifferenceKind::ReceiptData, &parts)
}

pub(crate) fn unmatched_id(confirmation: &Confirmation) -> DifferenceId {
    DifferenceId::of(DifferenceKind::Unmatched, &[&confirmation.receipt_id])
}
