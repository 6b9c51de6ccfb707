//! Movements: the append-only, chained account of everything that happened to a debt.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::debt::{Debt, State};
use crate::digest;
use crate::money::Cents;
use crate::notice::NoticeNumber;

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

/// What a movement says beyond its kind and its place in the chain.
#[derive(Clone, Debug)]
pub struct Entry {
    pub cents: Cents,
    pub source: Source,
    pub reference: Option<String>,
    pub sender_time: Option<Timestamp>,
}

impl Entry {
    /// An entry without reference and sender's time.
    pub fn new(cents: Cents, source: Source) -> Self {
        Self { cents, source, reference: None, sender_time: None }
    }

    pub fn about(self, reference: impl Into<String>) -> Self {
        Self { reference: Some(reference.into()), ..self }
    }
}

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

impl Movement {
    /// The next movement of a debt: its number is the debt's version plus one, its hash continues the debt's chain.
    pub fn next(debt: &Debt, kind: Kind, entry: Entry, at: Timestamp) -> Self {
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
pub fn folded(movements: &[Movement]) -> Option<State> {
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
