//! Movements: the append-only, chained account of everything that happened to a debt.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::debt::{Debt, DebtState};
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
            MovementKind::Cancelled => "CANCELLED",
            MovementKind::Expired => "EXPIRED",
            MovementKind::Reconciled => "RECONCILED",
            MovementKind::RefundNoted => "REFUND_NOTED",
            MovementKind::CorrectedToMatchNode => "CORRECTED_TO_MATCH_NODE",
        }
    }

    /// The state in which a movement of this kind leaves its debt; nothing when it leaves it as it is.
    pub fn leads_to(self) -> Option<DebtState> {
        match self {
            MovementKind::Created | MovementKind::Changed => Some(DebtState::Open),
            MovementKind::Credit | MovementKind::CreditLate => Some(DebtState::Paid),
            MovementKind::Cancelled => Some(DebtState::Cancelled),
            MovementKind::Expired => Some(DebtState::Expired),
            MovementKind::AttemptStarted | MovementKind::AttemptUnknown | MovementKind::AttemptFailed => None,
            MovementKind::DuplicateToRefund | MovementKind::Mismatch => None,
            MovementKind::Reconciled | MovementKind::RefundNoted | MovementKind::CorrectedToMatchNode => None,
        }
    }

    /// Returns whether it is money that somebody must still deal with: given back, or settled with whoever sent it.
    pub fn is_difference(self) -> bool {
        matches!(self, MovementKind::DuplicateToRefund | MovementKind::Mismatch)
    }

    /// The event of the citizen's timeline; operators' bookkeeping has none.
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
            MovementKind::Reconciled | MovementKind::RefundNoted | MovementKind::CorrectedToMatchNode => None,
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
    /// What moved or was meant to.
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

impl Movement {
    /// The next movement of a debt: its number is the debt's version plus one, its hash continues the debt's chain.
    pub fn next(debt: &Debt, kind: MovementKind, entry: MovementEntry, at: Timestamp) -> Self {
        let mut movement = Self {
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
