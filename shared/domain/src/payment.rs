//! Payment attempts, and what a confirmation of one means.

use std::fmt;
use std::time::Duration;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::account::{AccountId, Language};
use crate::error::{Error, FieldCode, FieldError};
use crate::money::{Amount, Cents};
use crate::movement::MovementSource;
use crate::notice::NoticeNumber;
use crate::person::Email;
use crate::receipt::{MoneyChannel, Payer, PspIdentity};
use crate::time;

/// How many debts one payment may cover (Checkout's own limit).
pub const MAX_DEBTS: usize = 5;

/// How long a person has to pay once sent to the PSP.
pub const ATTEMPT_LIFE: Duration = Duration::from_secs(30 * 60);

/// The id of an attempt: random, opaque, also the PSP's idempotency key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PaymentId(String);

impl PaymentId {
    /// From 16 random bytes: 32 hexadecimal digits.
    pub fn from_random(random: [u8; 16]) -> Self {
        Self(random.iter().map(|b| format!("{b:02x}")).collect())
    }

    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PaymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PaymentId {
    type Error = FieldCode;
    fn try_from(text: String) -> Result<Self, FieldCode> {
        Self::parse(&text).ok_or(FieldCode::Format)
    }
}

impl From<PaymentId> for String {
    fn from(id: PaymentId) -> String {
        id.0
    }
}

/// What we know of an attempt, never what a browser claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttemptStatus {
    Pending,
    Succeeded,
    Failed,
    Cancelled,
    Expired,
}

impl AttemptStatus {
    pub const ALL: [AttemptStatus; 5] = [
        AttemptStatus::Pending,
        AttemptStatus::Succeeded,
        AttemptStatus::Failed,
        AttemptStatus::Cancelled,
        AttemptStatus::Expired,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            AttemptStatus::Pending => "pending",
            AttemptStatus::Succeeded => "succeeded",
            AttemptStatus::Failed => "failed",
            AttemptStatus::Cancelled => "cancelled",
            AttemptStatus::Expired => "expired",
        }
    }

    /// What becomes of an attempt when an outcome arrives. A success always counts, also after a failure;
    /// nothing undoes a success.
    pub fn after(self, outcome: AttemptOutcome) -> AttemptStatus {
        match (self, outcome) {
            (_, AttemptOutcome::Succeeded) | (AttemptStatus::Succeeded, _) => AttemptStatus::Succeeded,
            (AttemptStatus::Pending, AttemptOutcome::Failed) => AttemptStatus::Failed,
            (AttemptStatus::Pending, AttemptOutcome::Cancelled) => AttemptStatus::Cancelled,
            (AttemptStatus::Pending, AttemptOutcome::Expired) => AttemptStatus::Expired,
            (ended @ (AttemptStatus::Failed | AttemptStatus::Cancelled | AttemptStatus::Expired), _) => ended,
        }
    }
}

/// How an attempt ended, according to the PSP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptOutcome {
    Succeeded,
    Failed,
    Cancelled,
    Expired,
}

impl AttemptOutcome {
    pub const ALL: [AttemptOutcome; 4] = [
        AttemptOutcome::Succeeded,
        AttemptOutcome::Failed,
        AttemptOutcome::Cancelled,
        AttemptOutcome::Expired,
    ];
}

/// One debt inside a payment, with the amount agreed when the payment started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentItem {
    pub notice: NoticeNumber,
    pub amount: Amount,
    pub reason: String,
}

/// A method and a PSP with its fee, from the creditor's configuration; neither when the PSP asks itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodChoice {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub psp_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub psp_name: Option<String>,
    #[serde(default)]
    pub fee: Cents,
}

/// A payment attempt, stored before the PSP is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub id: PaymentId,
    pub account: AccountId,
    pub items: Vec<PaymentItem>,
    pub choice: MethodChoice,
    /// Where the outcome is mailed: the account's address unless another was given. Gone once it is mailed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    pub language: Language,
    pub status: AttemptStatus,
    pub started_at: Timestamp,
    pub expires_at: Timestamp,
    /// The PSP's answer, once we have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout: Option<PaymentPage>,
    /// Debts whose receipt the node has brought, when it brings them one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub received: Vec<NoticeNumber>,
    /// Inquiries made so far by the sweep.
    #[serde(default)]
    pub inquiries: u32,
    /// Why it failed, in the PSP's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    pub revision: u64,
}

/// Where the PSP waits for the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentPage {
    pub transaction_id: String,
    pub redirect_url: String,
}

impl Attempt {
    /// The sum of the debts, without the fee. Checked when the attempt was made.
    pub fn total(&self) -> Cents {
        Cents::sum(self.items.iter().map(|item| item.amount.cents())).unwrap_or_default()
    }

    pub fn notices(&self) -> Vec<NoticeNumber> {
        self.items.iter().map(|item| item.notice.clone()).collect()
    }

    /// When to ask again how it went: soon at first, then ever more rarely.
    pub fn next_inquiry_at(&self) -> Timestamp {
        time::after(self.started_at, (0..=self.inquiries).map(next_inquiry).sum::<Duration>())
    }
}

/// Refuses lists of debts that are empty, too long, or contain one twice.
pub fn check_notices(notices: &[NoticeNumber]) -> Result<(), Error> {
    let refuse = |code| Err(Error::from(FieldError::new("noticeNumbers", code)));
    if notices.is_empty() {
        return refuse(FieldCode::Required);
    }
    if notices.len() > MAX_DEBTS {
        return Err(FieldError::new("noticeNumbers", FieldCode::TooLong)
            .with("max", MAX_DEBTS as u64)
            .with("n", notices.len() as u64)
            .into());
    }
    let mut seen = std::collections::BTreeSet::new();
    if notices.iter().all(|notice| seen.insert(notice)) { Ok(()) } else { refuse(FieldCode::NotAllowed) }
}

/// When to ask the PSP again about an outcome that we do not know (1, 5, 15, 60 minutes, then hourly).
pub fn next_inquiry(inquiries: u32) -> Duration {
    Duration::from_secs(match inquiries {
        0 => 60,
        1 => 5 * 60,
        2 => 15 * 60,
        _ => 60 * 60,
    })
}

/// After so long without an outcome a person must look at it.
pub const UNKNOWN_ALARM: Duration = Duration::from_secs(24 * 60 * 60);

/// Money that an authentic sender says has moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    pub source: MovementSource,
    /// The circuit's payment token or the PSP's transaction: the same for the same money, forever.
    pub receipt_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<PaymentId>,
    pub psp: PspIdentity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<Cents>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_on: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer: Option<Payer>,
}

impl Confirmation {
    /// By which of our doors it came. What the node brings of a payment that began here went through Checkout.
    pub fn brought_by(&self) -> MoneyChannel {
        match (self.source, &self.payment_id) {
            (MovementSource::PspCallback | MovementSource::PspInquiry, _) => MoneyChannel::Psp,
            (_, Some(_)) => MoneyChannel::Checkout,
            (_, None) => MoneyChannel::Node,
        }
    }
}
