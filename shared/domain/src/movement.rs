//! Movements: the append-only, chained account of everything that happened to a debt.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::debt::State;
use crate::money::Cents;

/// What happened. Only `Credit` and `CreditLate` settle a debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    Created,
    Changed,
    AttemptStarted,
    AttemptUnknown,
    AttemptFailed,
    Credit,
    CreditLate,
    DuplicateToRefund,
    Mismatch,
    Cancelled,
    Expired,
    Reconciled,
    RefundNoted,
    CorrectedToMatchNode,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Created => "CREATED",
            Kind::Changed => "CHANGED",
            Kind::AttemptStarted => "ATTEMPT_STARTED",
            Kind::AttemptUnknown => "ATTEMPT_UNKNOWN",
            Kind::AttemptFailed => "ATTEMPT_FAILED",
            Kind::Credit => "CREDIT",
            Kind::CreditLate => "CREDIT_LATE",
            Kind::DuplicateToRefund => "DUPLICATE_TO_REFUND",
            Kind::Mismatch => "MISMATCH",
            Kind::Cancelled => "CANCELLED",
            Kind::Expired => "EXPIRED",
            Kind::Reconciled => "RECONCILED",
            Kind::RefundNoted => "REFUND_NOTED",
            Kind::CorrectedToMatchNode => "CORRECTED_TO_MATCH_NODE",
        }
    }

    /// The state in which a movement of this kind leaves its debt; nothing when it leaves it as it is.
    pub fn leads_to(self) -> Option<State> {
        match self {
            Kind::Created | Kind::Changed => Some(State::Open),
            Kind::Credit | Kind::CreditLate => Some(State::Paid),
            Kind::Cancelled => Some(State::Cancelled),
            Kind::Expired => Some(State::Expired),
            Kind::AttemptStarted | Kind::AttemptUnknown | Kind::AttemptFailed => None,
            Kind::DuplicateToRefund | Kind::Mismatch => None,
            Kind::Reconciled | Kind::RefundNoted | Kind::CorrectedToMatchNode => None,
        }
    }

    /// Whether it is money that somebody must still deal with: given back, or settled with whoever sent it.
    pub fn is_difference(self) -> bool {
        matches!(self, Kind::DuplicateToRefund | Kind::Mismatch)
    }

    /// The event of the citizen's timeline; operators' bookkeeping has none.
    pub fn timeline_event(self) -> Option<&'static str> {
        match self {
            Kind::Created => Some("created"),
            Kind::Changed => Some("changed"),
            Kind::AttemptStarted => Some("payment-started"),
            Kind::AttemptFailed => Some("payment-failed"),
            Kind::AttemptUnknown => Some("payment-unknown"),
            Kind::Credit => Some("paid"),
            Kind::CreditLate => Some("paid-late"),
            Kind::DuplicateToRefund => Some("duplicate-to-refund"),
            Kind::Mismatch => Some("amount-mismatch"),
            Kind::Cancelled => Some("cancelled"),
            Kind::Expired => Some("expired"),
            Kind::Reconciled | Kind::RefundNoted | Kind::CorrectedToMatchNode => None,
        }
    }
}

/// Who said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Citizen,
    Creditor,
    PspCallback,
    PspInquiry,
    Node,
    Sweep,
    Operator,
}

impl Source {
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Citizen => "citizen",
            Source::Creditor => "creditor",
            Source::PspCallback => "psp_callback",
            Source::PspInquiry => "psp_inquiry",
            Source::Node => "node",
            Source::Sweep => "sweep",
            Source::Operator => "operator",
        }
    }
}

/// One line of a debt's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// 1, 2, 3 … without gaps: equal to the debt's version that it made.
    pub number: u64,
    pub kind: Kind,
    /// What moved or was meant to.
    pub cents: Cents,
    pub source: Source,
    /// The payment, receipt or transaction that it speaks of; of an operator's entry, [`crate::bookkeeping::Reason`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    pub at: Timestamp,
    /// The sender's own time: data, never used to decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_time: Option<Timestamp>,
    pub previous: String,
    pub hash: String,
}

impl Movement {
    /// The canonical text that the chain's hash covers: every datum, in this order, one a line.
    pub fn canonical(&self, notice: &str) -> String {
        let optional_time = self.sender_time.map(|t| t.to_string()).unwrap_or_default();
        [
            "1",
            notice,
            &self.number.to_string(),
            self.kind.as_str(),
            &self.cents.get().to_string(),
            self.source.as_str(),
            self.reference.as_deref().unwrap_or_default(),
            &self.at.to_string(),
            &optional_time,
            &self.previous,
        ]
        .join("\n")
    }
}

/// The state that a debt's movements lead to, first to last: what is stored of it must say the same (INV-M29).
pub fn folded(movements: &[Movement]) -> Option<State> {
    movements.iter().filter_map(|movement| movement.kind.leads_to()).next_back()
}
