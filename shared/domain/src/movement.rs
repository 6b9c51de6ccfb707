//! Movements: the append-only, chained account of everything that happened to a debt.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest;
use crate::money::Cents;
use crate::notice::NoticeNumber;

/// What happened. Only `Credit` and `CreditLate` settle a debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MovementKind {
    Created,
    Changed,
    AttemptStarted,
    AttemptUnknown,
    AttemptFailed,
    Credit,
    CreditLate,
    DuplicateToRefund,
    Mismatch,
    /// The sender of a difference has corrected it: that difference counts no longer.
    Superseded,
    Cancelled,
    Expired,
    Reconciled,
    RefundNoted,
    CorrectedToMatchNode,
}

impl MovementKind {
    pub fn as_str(self) -> &'static str {
        match self {
            MovementKind::Created => "CREATED",
            MovementKind::Changed => "CHANGED",
            MovementKind::AttemptStarted => "ATTEMPT_STARTED",
            MovementKind::AttemptUnknown => "ATTEMPT_UNKNOWN",
            MovementKind::AttemptFailed => "ATTEMPT_FAILED",
            MovementKind::Credit => "CREDIT",
            MovementKind::CreditLate => "CREDIT_LATE",
            MovementKind::DuplicateToRefund => "DUPLICATE_TO_REFUND",
            MovementKind::Mismatch => "MISMATCH",
            MovementKind::Superseded => "SUPERSEDED",
            MovementKind::Cancelled => "CANCELLED",
            MovementKind::Expired => "EXPIRED",
            MovementKind::Reconciled => "RECONCILED",
            MovementKind::RefundNoted => "REFUND_NOTED",
            MovementKind::CorrectedToMatchNode => "CORRECTED_TO_MATCH_NODE",
        }
    }

    /// What the back office calls it. An attempt whose outcome is not known is still under way.
    pub fn office_name(self) -> &'static str {
        match self {
            MovementKind::Created => "created",
            MovementKind::Changed => "changed",
            MovementKind::AttemptStarted | MovementKind::AttemptUnknown => "payment-started",
            MovementKind::AttemptFailed => "payment-ended",
            MovementKind::Credit | MovementKind::CreditLate => "credit",
            MovementKind::DuplicateToRefund => "duplicate",
            MovementKind::Mismatch => "mismatch",
            MovementKind::Cancelled => "cancelled",
            MovementKind::Expired => "expired",
            MovementKind::Reconciled => "reconciled",
            MovementKind::RefundNoted => "refund-noted",
            MovementKind::CorrectedToMatchNode | MovementKind::Superseded => "corrected",
        }
    }

    /// Returns whether it is money that somebody must still deal with: given back, or settled with whoever sent it.
    pub fn is_difference(self) -> bool {
        matches!(self, MovementKind::DuplicateToRefund | MovementKind::Mismatch)
    }

    /// The event of the citizen's timeline; bookkeeping has none.
    pub fn timeline_event(self) -> Option<&'static str> {
        match self {
            MovementKind::Created => Some("created"),
            MovementKind::Changed => Some("changed"),
            MovementKind::AttemptStarted => Some("payment-started"),
            MovementKind::AttemptFailed => Some("payment-failed"),
            MovementKind::AttemptUnknown => Some("payment-unknown"),
            MovementKind::Credit => Some("paid"),
            MovementKind::CreditLate => Some("paid-late"),
            MovementKind::DuplicateToRefund => Some("duplicate-to-refund"),
            MovementKind::Mismatch => Some("amount-mismatch"),
            MovementKind::Cancelled => Some("cancelled"),
            MovementKind::Expired => Some("expired"),
            MovementKind::Superseded
            | MovementKind::Reconciled
            | MovementKind::RefundNoted
            | MovementKind::CorrectedToMatchNode => None,
        }
    }
}

/// Who said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementSource {
    Citizen,
    Creditor,
    PspCallback,
    PspInquiry,
    Node,
    Sweep,
    Operator,
}

impl MovementSource {
    pub fn as_str(self) -> &'static str {
        match self {
            MovementSource::Citizen => "citizen",
            MovementSource::Creditor => "creditor",
            MovementSource::PspCallback => "psp_callback",
            MovementSource::PspInquiry => "psp_inquiry",
            MovementSource::Node => "node",
            MovementSource::Sweep => "sweep",
            MovementSource::Operator => "operator",
        }
    }
}

/// One line of a debt's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// 1, 2, 3 … without gaps: equal to the debt's version that it made.
    pub number: u64,
    pub kind: MovementKind,
    /// What moved or was meant to; of a mismatch beside a credit nothing, for the credit counts all that came.
    pub cents: Cents,
    pub source: MovementSource,
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

/// What a movement says beyond its kind and its place in the chain.
#[derive(Clone, Debug)]
pub struct MovementEntry {
    pub cents: Cents,
    pub source: MovementSource,
    pub reference: Option<String>,
    pub sender_time: Option<Timestamp>,
}

impl MovementEntry {
    /// An entry without reference and sender's time.
    pub fn new(cents: Cents, source: MovementSource) -> Self {
        Self { cents, source, reference: None, sender_time: None }
    }

    pub fn about(self, reference: impl Into<String>) -> Self {
        Self { reference: Some(reference.into()), ..self }
    }
}

impl Movement {
    /// The hash over all data of the movement and the hash before it: SHA-256, hexadecimal.
    pub fn chain_hash(&self, notice: &NoticeNumber) -> String {
        digest::sha256_hex(&[self.canonical(notice.as_str()).as_bytes()])
    }

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
