//! What the back office is told of: made of the plans that are committed, with everything as it was then.

use serde::{Deserialize, Serialize};

use crate::debt::{Debt, DebtOrigin};
use crate::difference::{Difference, DifferenceChange, DifferenceKind};
use crate::movement::MovementKind;
use crate::plan::{DebtChange, Plan};

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum FeedKind {
    DebtCreated,
    DebtChanged,
    DebtCancelled,
    DebtExpired,
    SpontaneousCreated,
    PaymentSucceeded,
    PaymentDuplicate,
    PaymentMismatch,
    PaymentUnmatched,
    /// Of the other kinds of differences.
    DifferenceOpened,
    DifferenceResolved,
    FlowReconciled,
}

impl FeedKind {
    pub const ALL: [FeedKind; 12] = [
        FeedKind::DebtCreated,
        FeedKind::DebtChanged,
        FeedKind::DebtCancelled,
        FeedKind::DebtExpired,
        FeedKind::SpontaneousCreated,
        FeedKind::PaymentSucceeded,
        FeedKind::PaymentDuplicate,
        FeedKind::PaymentMismatch,
        FeedKind::PaymentUnmatched,
        FeedKind::DifferenceOpened,
        FeedKind::DifferenceResolved,
        FeedKind::FlowReconciled,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            FeedKind::DebtCreated => "debt.created",
            FeedKind::DebtChanged => "debt.changed",
            FeedKind::DebtCancelled => "debt.cancelled",
            FeedKind::DebtExpired => "debt.expired",
            FeedKind::SpontaneousCreated => "spontaneous.created",
            FeedKind::PaymentSucceeded => "payment.succeeded",
            FeedKind::PaymentDuplicate => "payment.duplicate",
            FeedKind::PaymentMismatch => "payment.mismatch",
            FeedKind::PaymentUnmatched => "payment.unmatched",
            FeedKind::DifferenceOpened => "difference.opened",
            FeedKind::DifferenceResolved => "difference.resolved",
            FeedKind::FlowReconciled => "flow.reconciled",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl TryFrom<String> for FeedKind {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a kind of event that is not known")
    }
}

impl From<FeedKind> for &'static str {
    fn from(kind: FeedKind) -> Self {
        kind.as_str()
    }
}

/// Something that happened, and what it happened to, as it was right after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happening {
    pub kind: FeedKind,
    pub subject: FeedSubject,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedSubject {
    Debt(Box<Debt>),
    Difference(Box<Difference>),
}

impl Happening {
    /// A difference that was opened, has come to say something else, or is settled.
    pub fn of_difference(difference: &Difference) -> Self {
        let kind = match (difference.is_open(), difference.kind) {
            (false, _) => FeedKind::DifferenceResolved,
            (true, DifferenceKind::Duplicate) => FeedKind::PaymentDuplicate,
            (true, DifferenceKind::Mismatch) => FeedKind::PaymentMismatch,
            (true, DifferenceKind::Unmatched) => FeedKind::PaymentUnmatched,
            (true, _) => FeedKind::DifferenceOpened,
        };
        Self { kind, subject: FeedSubject::Difference(Box::new(difference.clone())) }
    }

    /// What a plan makes happen, debts first. What leaves no movement is nothing that happened.
    pub fn of_plan<O>(plan: &Plan<O>) -> Vec<Self> {
        let debts = plan.debts.iter().flat_map(Self::of_debt);
        let differences = plan.differences.iter().map(DifferenceChange::difference).map(Self::of_difference);
        debts.chain(differences).collect()
    }

    fn of_debt(change: &DebtChange) -> Vec<Self> {
        let kinds = change.movements.iter().filter_map(|movement| match movement.kind {
            MovementKind::Created => Some(match change.after.origin {
                DebtOrigin::Creditor => FeedKind::DebtCreated,
                DebtOrigin::Spontaneous => FeedKind::SpontaneousCreated,
            }),
            MovementKind::Changed => Some(FeedKind::DebtChanged),
            MovementKind::Cancelled => Some(FeedKind::DebtCancelled),
            MovementKind::Expired => Some(FeedKind::DebtExpired),
            MovementKind::Credit | MovementKind::CreditLate => Some(FeedKind::PaymentSucceeded),
            _ => None,
        });
        // Which accounts watch it is nothing that the office is told.
        let seen = || Debt { watchers: Vec::new(), only_of: None, agreed: None, ..change.after.clone() };
        kinds.map(|kind| Self { kind, subject: FeedSubject::Debt(Box::new(seen())) }).collect()
    }
}
