//! Differences: what was told about money and needs a person, each kept once, open until it is resolved.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bookkeeping::Reason;
use crate::digest;
use crate::money::{Cents, MoneyTold};
use crate::movement::MovementSource;
use crate::notice::NoticeNumber;
use crate::payment::{Confirmation, PaymentId};
use crate::receipt::PspIdentity;

/// What it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DifferenceKind {
    /// Money for a debt that other money had paid: to be given back.
    Duplicate,
    /// Money of another amount than agreed, or than the debt's.
    Mismatch,
    /// Money of no payment and no debt that we know.
    Unmatched,
    /// The debt is paid; a datum of the message cannot be true.
    ReceiptData,
    /// A genuine message that cannot be read.
    Unreadable,
    /// A receipt of ours that no flow of the circuit carried.
    MissingReceipt,
    /// A flow of the circuit carried another amount than the receipt.
    FlowAmount,
}

impl DifferenceKind {
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    pub const ALL: [DifferenceKind; 7] = [
        DifferenceKind::Duplicate,
        DifferenceKind::Mismatch,
        DifferenceKind::Unmatched,
        DifferenceKind::ReceiptData,
        DifferenceKind::Unreadable,
        DifferenceKind::MissingReceipt,
        DifferenceKind::FlowAmount,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            DifferenceKind::Duplicate => "duplicate",
            DifferenceKind::Mismatch => "mismatch",
            DifferenceKind::Unmatched => "unmatched",
            DifferenceKind::ReceiptData => "receipt-data",
            DifferenceKind::Unreadable => "unreadable",
            DifferenceKind::MissingReceipt => "missing-receipt",
            DifferenceKind::FlowAmount => "flow-amount",
        }
    }
}

/// The datum of a receipt that cannot be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReceiptField {
    /// The money was credited; another message names another amount for it.
    Amount,
    Fee,
    Instant,
    Iban,
    CreditorReferenceId,
    Debtor,
}

impl ReceiptField {
    pub fn as_str(self) -> &'static str {
        match self {
            ReceiptField::Amount => "amount",
            ReceiptField::Fee => "fee",
            ReceiptField::Instant => "instant",
            ReceiptField::Iban => "iban",
            ReceiptField::CreditorReferenceId => "creditorReferenceId",
            ReceiptField::Debtor => "debtor",
        }
    }
}

/// Through whom the money came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MoneyChannel {
    Psp,
    /// A payment of ours on Checkout, of which the node brings the receipt.
    Checkout,
    Node,
}

impl MoneyChannel {
    pub fn as_str(self) -> &'static str {
        match self {
            MoneyChannel::Psp => "psp",
            MoneyChannel::Checkout => "checkout",
            MoneyChannel::Node => "node",
        }
    }

    /// The channel of a confirmation: a receipt of the node that names a payment of ours came by Checkout.
    pub fn of(confirmation: &Confirmation) -> Self {
        match (confirmation.source, &confirmation.payment_id) {
            (MovementSource::PspCallback | MovementSource::PspInquiry, _) => MoneyChannel::Psp,
            (_, Some(_)) => MoneyChannel::Checkout,
            (_, None) => MoneyChannel::Node,
        }
    }
}

/// The id of a difference: the same for the same thing, however often it is told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DifferenceId(String);

impl DifferenceId {
    /// From all that tells one difference from another.
    pub fn of(kind: DifferenceKind, parts: &[&str]) -> Self {
        let parts: Vec<&[u8]> =
            std::iter::once(kind.as_str()).chain(parts.iter().copied()).map(str::as_bytes).collect();
        Self(digest::sha256_hex(&parts).chars().take(32).collect())
    }

    /// 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How it was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResolutionKind {
    /// The money was given back.
    Refunded,
    /// It was settled with whoever sent it.
    Reconciled,
    /// The sender corrected it, or the message could be read after all.
    Superseded,
}

impl ResolutionKind {
    pub fn as_str(self) -> &'static str {
        match self {
            ResolutionKind::Refunded => "refunded",
            ResolutionKind::Reconciled => "reconciled",
            ResolutionKind::Superseded => "superseded",
        }
    }
}

/// That a difference is settled: how, by whom, why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    pub resolution: ResolutionKind,
    pub by: String,
    pub why: String,
    pub at: Timestamp,
}

/// Something about money that needs a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub id: DifferenceId,
    pub kind: DifferenceKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<NoticeNumber>,
    /// The movement of that debt that speaks of it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub movement: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentId>,
    /// The whole that came, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<MoneyTold>,
    /// What should have come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Cents>,
    /// The datum that cannot be true, and what was said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<(ReceiptField, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_id: Option<String>,
    pub channel: MoneyChannel,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub psp: Option<PspIdentity>,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
}

impl Difference {
    /// About money that a confirmation speaks of.
    pub fn of(
        id: DifferenceId,
        kind: DifferenceKind,
        confirmation: &Confirmation,
        told: MoneyTold,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            kind,
            notice: None,
            movement: None,
            payment: confirmation.payment_id.clone(),
            told: Some(told),
            expected: None,
            field: None,
            receipt_id: Some(confirmation.receipt_id.clone()),
            channel: MoneyChannel::of(confirmation),
            psp: Some(confirmation.psp.clone()),
            at: now,
            resolution: None,
        }
    }

    pub fn unreadable_id(message: &str) -> DifferenceId {
        DifferenceId::of(DifferenceKind::Unreadable, &[message])
    }

    /// A genuine message that could not be read, under the id of the stored message.
    pub fn unreadable(message: &str, channel: MoneyChannel, now: Timestamp) -> Self {
        Self {
            id: Self::unreadable_id(message),
            kind: DifferenceKind::Unreadable,
            notice: None,
            movement: None,
            payment: None,
            told: None,
            expected: None,
            field: None,
            receipt_id: None,
            channel,
            psp: None,
            at: now,
            resolution: None,
        }
    }

    /// The same, settled by what came afterwards.
    pub fn superseded(&self, by: &str, why: &str, at: Timestamp) -> Self {
        let resolution = ResolutionKind::Superseded;
        let (by, why) = (by.to_owned(), why.to_owned());
        Self { resolution: Some(Resolution { resolution, by, why, at }), ..self.clone() }
    }

    /// The same, settled by whoever looked at it.
    pub fn resolved(&self, resolution: ResolutionKind, reason: &Reason, at: Timestamp) -> Self {
        let (by, why) = (reason.by().to_owned(), reason.why().to_owned());
        Self { resolution: Some(Resolution { resolution, by, why, at }), ..self.clone() }
    }

    /// The datum that cannot be true, while nobody has dealt with it.
    pub fn doubted(&self) -> Option<ReceiptField> {
        self.field.as_ref().filter(|_| self.is_open()).map(|(field, _)| *field)
    }

    pub fn is_open(&self) -> bool {
        self.resolution.is_none()
    }
}

/// A difference as it is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DifferenceChange {
    /// It was not there.
    Opened(Difference),
    /// It was there: its sender has corrected it, or says something else now.
    Replaced(Difference),
    /// It was open, and is settled: the first resolution stays.
    Resolved(Difference),
}

impl DifferenceChange {
    pub fn difference(&self) -> &Difference {
        match self {
            DifferenceChange::Opened(difference)
            | DifferenceChange::Replaced(difference)
            | DifferenceChange::Resolved(difference) => difference,
        }
    }
}
