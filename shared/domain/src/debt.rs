//! A debt position, and the only table by which it changes: [`decide`]. `transitions.md` prints all of it.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::creditor::Creditor;
use crate::error::{Error, Fault, FieldCode};
use crate::fiscal_code::FiscalCode;
use crate::money::Amount;
use crate::movement::MovementKind;
use crate::notice::{Iuv, NoticeNumber};
use crate::office::{DebtTransfer, MAX_ACCOUNTING, OfficeData, TransferAccount};
use crate::payment::PaymentId;
use crate::person::Person;
use crate::receipt::{PaidFor, Receipt};
use crate::time;

/// What is stored of a debt's state. What a person sees also depends on the day: [`Debt::status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DebtState {
    Open,
    Paid,
    Cancelled,
    Expired,
}

/// What can happen to a debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DebtEvent {
    /// The creditor changes its data.
    Change,
    /// The creditor, or its owner for a spontaneous one, takes it back.
    Cancel,
    /// Its last day has passed.
    Expire,
    /// A payment attempt begins.
    StartAttempt,
    /// The attempt ended without money.
    FailAttempt,
    /// Money arrived: the first authentic confirmation.
    Credit,
    /// Money arrived with another amount than the debt's: beside the credit for a node's receipt.
    Mismatch,
    /// The sender of a difference has corrected it.
    Supersede,
    /// An operator notes that money which paid nothing was given back.
    NoteRefund,
    /// An operator notes that a difference was settled with whoever sent it.
    Reconcile,
    /// An operator notes that a credit was made by hand: the node collected, and its receipt never came.
    CorrectToMatchNode,
}

/// What the table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The debt moves to a state, and a movement of this kind is appended.
    Go(DebtState, MovementKind),
    /// Nothing of the debt changes, but the event is kept as a movement.
    Record(MovementKind),
    /// Nothing happens: the event says what is already known.
    Ignore,
    /// Refused: the debt is paid.
    AlreadyPaid,
    /// Refused: the debt is cancelled or expired.
    NotPayable,
    /// Refused: there is no payment of the debt that could be settled.
    NotPaid,
}

impl DebtState {
    pub const ALL: [DebtState; 4] =
        [DebtState::Open, DebtState::Paid, DebtState::Cancelled, DebtState::Expired];
}

impl DebtEvent {
    pub const ALL: [DebtEvent; 11] = [
        DebtEvent::Change,
        DebtEvent::Cancel,
        DebtEvent::Expire,
        DebtEvent::StartAttempt,
        DebtEvent::FailAttempt,
        DebtEvent::Credit,
        DebtEvent::Mismatch,
        DebtEvent::Supersede,
        DebtEvent::NoteRefund,
        DebtEvent::Reconcile,
        DebtEvent::CorrectToMatchNode,
    ];
}

/// Every state and event. Money that moved is never refused: it is credited, also late, or kept to refund.
///
/// A cancelled or expired debt that the creditor sends again is open again.
pub const fn decide(state: DebtState, event: DebtEvent) -> Transition {
    use Transition::{AlreadyPaid, Go, Ignore, NotPaid, NotPayable, Record};
    match (state, event) {
        (DebtState::Open, DebtEvent::Change) => Go(DebtState::Open, MovementKind::Changed),
        (DebtState::Open, DebtEvent::Cancel) => Go(DebtState::Cancelled, MovementKind::Cancelled),
        (DebtState::Open, DebtEvent::Expire) => Go(DebtState::Expired, MovementKind::Expired),
        (DebtState::Open, DebtEvent::StartAttempt) => Go(DebtState::Open, MovementKind::AttemptStarted),
        (DebtState::Open, DebtEvent::FailAttempt) => Go(DebtState::Open, MovementKind::AttemptFailed),
        (DebtState::Open, DebtEvent::Credit) => Go(DebtState::Paid, MovementKind::Credit),

        (DebtState::Paid, DebtEvent::Change | DebtEvent::Cancel | DebtEvent::StartAttempt) => AlreadyPaid,
        (DebtState::Paid, DebtEvent::Expire | DebtEvent::FailAttempt) => Ignore,
        (DebtState::Paid, DebtEvent::Credit) => Record(MovementKind::DuplicateToRefund),

        (DebtState::Cancelled | DebtState::Expired, DebtEvent::Change) => {
            Go(DebtState::Open, MovementKind::Changed)
        }
        (DebtState::Cancelled, DebtEvent::Cancel) => Ignore,
        (DebtState::Expired, DebtEvent::Cancel) => Go(DebtState::Cancelled, MovementKind::Cancelled),
        (DebtState::Cancelled | DebtState::Expired, DebtEvent::Expire) => Ignore,
        (DebtState::Cancelled | DebtState::Expired, DebtEvent::StartAttempt) => NotPayable,
        (DebtState::Cancelled | DebtState::Expired, DebtEvent::FailAttempt) => {
            Record(MovementKind::AttemptFailed)
        }
        (DebtState::Cancelled | DebtState::Expired, DebtEvent::Credit) => {
            Go(DebtState::Paid, MovementKind::CreditLate)
        }

        (_, DebtEvent::Mismatch) => Record(MovementKind::Mismatch),
        (_, DebtEvent::Supersede) => Record(MovementKind::Superseded),

        (_, DebtEvent::NoteRefund) => Record(MovementKind::RefundNoted),
        (DebtState::Paid, DebtEvent::Reconcile) => Record(MovementKind::Reconciled),
        (DebtState::Paid, DebtEvent::CorrectToMatchNode) => Record(MovementKind::CorrectedToMatchNode),
        (
            DebtState::Open | DebtState::Cancelled | DebtState::Expired,
            DebtEvent::Reconcile | DebtEvent::CorrectToMatchNode,
        ) => NotPaid,
    }
}

/// Why the table refuses an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedTransition {
    AlreadyPaid,
    NotPayable,
    NotPaid,
}

impl From<RefusedTransition> for Error {
    fn from(refusal: RefusedTransition) -> Self {
        match refusal {
            RefusedTransition::AlreadyPaid => Error::DebtAlreadyPaid,
            RefusedTransition::NotPayable | RefusedTransition::NotPaid => Error::DebtNotPayable,
        }
    }
}

impl From<RefusedTransition> for Fault {
    fn from(refusal: RefusedTransition) -> Self {
        Fault::new("applying an event to a debt", format!("the table refuses it: {refusal:?}"))
    }
}

impl MovementKind {
    /// The state in which a movement of this kind leaves its debt; nothing when it leaves it as it is.
    pub fn leads_to(self) -> Option<DebtState> {
        match self {
            MovementKind::Created | MovementKind::Changed => Some(DebtState::Open),
            MovementKind::Credit | MovementKind::CreditLate => Some(DebtState::Paid),
            MovementKind::Cancelled => Some(DebtState::Cancelled),
            MovementKind::Expired => Some(DebtState::Expired),
            MovementKind::AttemptStarted | MovementKind::AttemptUnknown | MovementKind::AttemptFailed => None,
            MovementKind::DuplicateToRefund | MovementKind::Mismatch | MovementKind::Superseded => None,
            MovementKind::Reconciled | MovementKind::RefundNoted | MovementKind::CorrectedToMatchNode => None,
        }
    }
}

/// Who put the debt there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DebtOrigin {
    Creditor,
    Spontaneous,
}

/// The service a debt belongs to, with the name it had when the debt was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebtService {
    pub code: String,
    pub name: String,
}

/// The days of a debt. `due` is when it should be paid, `expires` the last day on which it still can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebtDates {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Date>,
}

impl DebtDates {
    /// A day as the creditor writes it, `2026-12-31`, of this century: any other is a slip of the pen.
    pub fn day(text: &str) -> Result<Date, FieldCode> {
        let day = text.trim();
        let day = day.parse::<Date>().ok().filter(|_| day.len() == 10).ok_or(FieldCode::Format)?;
        if (2000..=2100).contains(&day.year()) { Ok(day) } else { Err(FieldCode::Range) }
    }
}

/// One datum that a service asked for beyond reason and amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebtDetail {
    /// What programs call it; older rows have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    pub label: String,
    pub value: String,
}

/// The payment attempt that a debt is waiting for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenAttempt {
    pub payment_id: PaymentId,
    /// Until then the PSP waits for the person; afterwards the PSP is asked how it went.
    pub expires_at: Timestamp,
}

/// A debt as a payment of it began to pay it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    pub payment_id: PaymentId,
    pub paid_for: PaidFor,
}

/// A debt position (*pratica*).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Debt {
    pub notice: NoticeNumber,
    pub debtor: Person,
    pub service: DebtService,
    pub reason: String,
    /// What the service's own fields say of it: label and value, as the person gave them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<DebtDetail>,
    pub amount: Amount,
    #[serde(default)]
    pub days: DebtDates,
    #[serde(default, skip_serializing_if = "OfficeData::is_empty")]
    pub office: OfficeData,
    pub origin: DebtOrigin,
    pub created_at: Timestamp,
    /// When the creditor last changed it, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    pub state: DebtState,
    /// When it stopped being open: paid, cancelled or expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// The attempt whose outcome is awaited: it goes only when the outcome is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<OpenAttempt>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// What its open payment began to pay, if the creditor has put another debtor in its place since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed: Option<Agreed>,
    /// A payment of it that brought another amount than agreed, until it is paid, corrected or paid for anew: whoever
    /// would pay is warned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mismatched: Option<PaymentId>,
    /// Made by an account that has not proven its fiscal code: it is this account's alone, in no list of the code's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_of: Option<AccountId>,
    /// Accounts that see it although it is not their fiscal code's, or not yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watchers: Vec<AccountId>,
    /// How many movements it has: the next one is this plus one.
    pub version: u64,
    /// How many times the stored item changed; guards every write.
    pub revision: u64,
    /// Hash of the last movement, which the next one continues.
    pub chain: String,
}

/// What a person sees (Non confermato, Confermato, Scaduto, Annullato).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DebtStatus {
    ToPay,
    Paid,
    Expired,
    Cancelled,
}

impl DebtStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            DebtStatus::ToPay => "to-pay",
            DebtStatus::Paid => "paid",
            DebtStatus::Expired => "expired",
            DebtStatus::Cancelled => "cancelled",
        }
    }
}

/// How many accounts may watch one debt that is not their own: enough for a family.
pub const MAX_WATCHERS: usize = 6;

impl Debt {
    pub fn iuv(&self) -> Iuv {
        self.notice.iuv()
    }

    /// When the creditor wrote it, or last changed it.
    pub fn written_at(&self) -> Timestamp {
        self.changed_at.unwrap_or(self.created_at)
    }

    /// Returns whether the creditor has made it visible yet.
    pub fn is_published(&self, now: Timestamp) -> bool {
        self.days.valid_from.is_none_or(|day| day <= time::rome_date(now))
    }

    /// Returns whether its last day has passed, written down or not.
    pub fn is_past_expiry(&self, now: Timestamp) -> bool {
        self.days.expires.is_some_and(|day| day < time::rome_date(now))
    }

    /// What a person sees at this instant.
    pub fn status(&self, now: Timestamp) -> DebtStatus {
        match self.state {
            DebtState::Open if self.is_past_expiry(now) => DebtStatus::Expired,
            DebtState::Open => DebtStatus::ToPay,
            DebtState::Paid => DebtStatus::Paid,
            DebtState::Cancelled => DebtStatus::Cancelled,
            DebtState::Expired => DebtStatus::Expired,
        }
    }

    /// The state as the rules see it: an open debt whose last day has passed is expired.
    pub fn effective_state(&self, now: Timestamp) -> DebtState {
        match self.state {
            DebtState::Open if self.is_past_expiry(now) => DebtState::Expired,
            state => state,
        }
    }

    /// Refuses what cannot be paid now, and says why.
    pub fn ensure_payable(&self, now: Timestamp) -> Result<(), Error> {
        match (self.status(now), self.is_published(now)) {
            (_, false) => Err(Error::DebtNotFound),
            (DebtStatus::ToPay, true) => Ok(()),
            (DebtStatus::Paid, true) => Err(Error::DebtAlreadyPaid),
            (DebtStatus::Expired | DebtStatus::Cancelled, true) => Err(Error::DebtNotPayable),
        }
    }

    /// Returns whether a person may see it: it is published, and it is their proven fiscal code's or their account
    /// watches it.
    pub fn is_visible_to(&self, viewer: &Viewer<'_>, now: Timestamp) -> bool {
        !self.is_forgotten()
            && (self.is_in_lists_of(viewer) || self.watchers.contains(viewer.account))
            && self.is_published(now)
    }

    /// Returns whether its personal data are gone: nobody finds it any more, and its money stays in the accounts.
    pub fn is_forgotten(&self) -> bool {
        self.debtor.fiscal_code == FiscalCode::forgotten()
    }

    /// Returns whether it is of a person's proven fiscal code, and so in their lists.
    pub fn is_in_lists_of(&self, viewer: &Viewer<'_>) -> bool {
        viewer.identity_proven && self.debtor.fiscal_code == *viewer.fiscal_code && self.only_of.is_none()
    }

    /// Returns whether an account may see all of it: it is the debtor's, proven, or it made the debt itself.
    pub fn is_of(&self, viewer: &Viewer<'_>) -> bool {
        let made_it = self.origin == DebtOrigin::Spontaneous && self.watchers.first() == Some(viewer.account);
        self.debtor.fiscal_code == *viewer.fiscal_code && (viewer.identity_proven || made_it)
    }

    /// The debt as an account may see it: whole, or with another person's data left out. To be shown, never to be
    /// written.
    ///
    /// Whoever paid it for somebody who was its debtor when they began keeps it as it was then, and learns nothing of
    /// the debtor whom the creditor has put in their place.
    pub fn seen_by(&self, viewer: &Viewer<'_>) -> Self {
        let paid_for = self.receipt.as_ref().and_then(|receipt| receipt.paid_for.clone());
        let seen = match paid_for.filter(|_| self.debtor.fiscal_code != *viewer.fiscal_code) {
            None => self.clone(),
            Some(PaidFor { debtor, reason }) => {
                let (details, office) = (Vec::new(), OfficeData::default());
                Self { debtor, reason, details, office, ..self.clone() }
            }
        };
        if seen.is_of(viewer) { seen } else { seen.seen_by_others() }
    }

    /// The debt as anybody sees it who knows both of its codes.
    pub fn seen_by_others(&self) -> Self {
        let mut seen = Self { debtor: self.debtor.shortened(), ..self.clone() };
        if self.origin == DebtOrigin::Spontaneous {
            // What a person wrote of themselves, or of their children.
            seen.details.clear();
        }
        if let Some(receipt) = &mut seen.receipt {
            receipt.payer = None;
        }
        seen
    }

    /// Returns whether as many accounts watch it as may.
    pub fn is_full(&self) -> bool {
        self.watchers.len() >= MAX_WATCHERS
    }

    /// Returns whether it waits for this payment attempt.
    pub fn waits_for(&self, payment: &PaymentId) -> bool {
        self.attempt.as_ref().is_some_and(|open| open.payment_id == *payment)
    }

    /// What it costs, or, once paid, what was paid for it.
    pub fn settled_amount(&self) -> Amount {
        self.receipt.as_ref().map_or(self.amount, |receipt| receipt.amount)
    }

    /// The day of payment, once paid.
    pub fn paid_on(&self) -> Option<Date> {
        self.receipt.as_ref().map(Receipt::paid_on)
    }
}

impl Debt {
    /// Who gets which part of the money, with nothing left to guess: as the office said, or the creditor all of it, on
    /// its postal account if that is asked for. `category` is the service's taxonomy code. Empty when the creditor has
    /// no account.
    pub fn shares(&self, creditor: &Creditor, category: Option<&str>, postal: bool) -> Vec<DebtTransfer> {
        let category = category.map(str::to_owned);
        let mut shares = self.office.transfers.clone();
        if shares.is_empty() {
            let bank = creditor.iban.clone().map(TransferAccount::Bank);
            let at_post =
                creditor.postal.as_ref().map(|account| TransferAccount::Postal(account.iban.clone()));
            let account = if postal { at_post.or(bank) } else { bank.or(at_post) };
            shares.extend(account.map(|account| DebtTransfer {
                fiscal_code: creditor.fiscal_code.clone(),
                company_name: creditor.name.clone(),
                account,
                amount: self.amount,
                category: None,
                remittance: None,
            }));
        }
        for share in &mut shares {
            share.category = share.category.take().or_else(|| category.clone());
            share.remittance = share.remittance.take().or_else(|| Some(self.reason.clone()));
        }
        shares
    }

    /// What the node is told beside the payment: the accounting's data, then what the service's form asked for, as many
    /// as fit.
    pub fn metadata(&self) -> impl Iterator<Item = (&str, &str)> {
        let accounting =
            self.office.accounting.iter().map(|entry| (entry.key.as_str(), entry.value.as_str()));
        let details = self.details.iter().filter(|detail| !detail.name.is_empty());
        let details = details.map(|detail| (detail.name.as_str(), detail.value.as_str()));
        accounting.chain(details).take(MAX_ACCOUNTING)
    }
}

/// The account that asks for a debt.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    pub account: &'a AccountId,
    pub fiscal_code: &'a FiscalCode,
    /// Whether the fiscal code was proven to be the account's own.
    pub identity_proven: bool,
}
