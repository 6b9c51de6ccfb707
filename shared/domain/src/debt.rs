//! A debt position and the only place where it changes: [`decide`]. `transitions.md` prints all of it.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::account::AccountId;
use crate::error::Error;
use crate::money::Amount;
use crate::movement::Kind;
use crate::notice::{Iuv, NoticeNumber};
use crate::payment::PaymentId;
use crate::person::Person;
use crate::receipt::Receipt;
use crate::time;

/// What is stored of a debt's state. What a person sees also depends on the day: [`Debt::status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Open,
    Paid,
    Cancelled,
    Expired,
}

/// What can happen to a debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The creditor changes its data.
    Change,
    /// The creditor, or its owner for a spontaneous one, takes it back.
    Cancel,
    /// Its last day has passed.
    Expire,
    /// A payment attempt begins.
    StartAttempt,
    /// The PSP did not say how the attempt went.
    LoseSight,
    /// The attempt ended without money.
    FailAttempt,
    /// Money arrived: the first authentic confirmation.
    Credit,
    /// Money arrived with another amount than the debt's: beside the credit for a node's receipt.
    Mismatch,
    /// An operator notes that money which paid nothing was given back.
    NoteRefund,
    /// An operator notes that a difference was settled with whoever sent it.
    Reconcile,
    /// An operator notes that a credit was made by hand: the node collected, and its receipt never came.
    CorrectToMatchNode,
}

/// What the table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The debt moves to a state, and a movement of this kind is appended.
    Go(State, Kind),
    /// Nothing of the debt changes, but the event is kept as a movement.
    Record(Kind),
    /// Nothing happens: the event says what is already known.
    Ignore,
    /// Refused: the debt is paid.
    AlreadyPaid,
    /// Refused: the debt is cancelled or expired.
    NotPayable,
    /// Refused: there is no payment of the debt that could be settled.
    NotPaid,
}

impl State {
    pub const ALL: [State; 4] = [State::Open, State::Paid, State::Cancelled, State::Expired];
}

impl Event {
    pub const ALL: [Event; 11] = [
        Event::Change,
        Event::Cancel,
        Event::Expire,
        Event::StartAttempt,
        Event::LoseSight,
        Event::FailAttempt,
        Event::Credit,
        Event::Mismatch,
        Event::NoteRefund,
        Event::Reconcile,
        Event::CorrectToMatchNode,
    ];
}

/// Every state and event. Money that moved is never refused: it is credited, also late, or kept to refund.
///
/// A cancelled or expired debt that the creditor sends again is open again.
pub const fn decide(state: State, event: Event) -> Rule {
    use Rule::{AlreadyPaid, Go, Ignore, NotPaid, NotPayable, Record};
    match (state, event) {
        (State::Open, Event::Change) => Go(State::Open, Kind::Changed),
        (State::Open, Event::Cancel) => Go(State::Cancelled, Kind::Cancelled),
        (State::Open, Event::Expire) => Go(State::Expired, Kind::Expired),
        (State::Open, Event::StartAttempt) => Go(State::Open, Kind::AttemptStarted),
        (State::Open, Event::LoseSight) => Go(State::Open, Kind::AttemptUnknown),
        (State::Open, Event::FailAttempt) => Go(State::Open, Kind::AttemptFailed),
        (State::Open, Event::Credit) => Go(State::Paid, Kind::Credit),

        (State::Paid, Event::Change | Event::Cancel | Event::StartAttempt) => AlreadyPaid,
        (State::Paid, Event::Expire | Event::LoseSight | Event::FailAttempt) => Ignore,
        (State::Paid, Event::Credit) => Record(Kind::DuplicateToRefund),

        (State::Cancelled | State::Expired, Event::Change) => Go(State::Open, Kind::Changed),
        (State::Cancelled, Event::Cancel) => Ignore,
        (State::Expired, Event::Cancel) => Go(State::Cancelled, Kind::Cancelled),
        (State::Cancelled | State::Expired, Event::Expire) => Ignore,
        (State::Cancelled | State::Expired, Event::StartAttempt) => NotPayable,
        (State::Cancelled | State::Expired, Event::LoseSight) => Record(Kind::AttemptUnknown),
        (State::Cancelled | State::Expired, Event::FailAttempt) => Record(Kind::AttemptFailed),
        (State::Cancelled | State::Expired, Event::Credit) => Go(State::Paid, Kind::CreditLate),

        (_, Event::Mismatch) => Record(Kind::Mismatch),

        (_, Event::NoteRefund) => Record(Kind::RefundNoted),
        (State::Paid, Event::Reconcile) => Record(Kind::Reconciled),
        (State::Paid, Event::CorrectToMatchNode) => Record(Kind::CorrectedToMatchNode),
        (State::Open | State::Cancelled | State::Expired, Event::Reconcile | Event::CorrectToMatchNode) => {
            NotPaid
        }
    }
}

/// Who put the debt there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Creditor,
    Spontaneous,
}

/// The service a debt belongs to, with the name it had when the debt was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    pub code: String,
    pub name: String,
}

/// The days of a debt. `due` is when it should be paid, `expires` the last day on which it still can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Date>,
}

/// One datum that a service asked for beyond reason and amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
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

/// A debt position (*pratica*).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Debt {
    pub notice: NoticeNumber,
    pub debtor: Person,
    pub service: Service,
    pub reason: String,
    /// What the service's own fields say of it: label and value, as the person gave them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    pub amount: Amount,
    #[serde(default)]
    pub days: Days,
    pub origin: Origin,
    pub created_at: Timestamp,
    pub state: State,
    /// When it stopped being open: paid, cancelled or expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// The attempt whose outcome is awaited: it goes only when the outcome is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<OpenAttempt>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
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
pub enum Status {
    ToPay,
    Paid,
    Expired,
    Cancelled,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Status::ToPay => "to-pay",
            Status::Paid => "paid",
            Status::Expired => "expired",
            Status::Cancelled => "cancelled",
        }
    }
}

/// How many accounts may watch one debt that is not their own: a family, not a crowd.
pub const MAX_WATCHERS: usize = 6;

impl Debt {
    pub fn iuv(&self) -> Iuv {
        self.notice.iuv()
    }

    /// Whether the creditor has made it visible yet.
    pub fn is_published(&self, now: Timestamp) -> bool {
        self.days.valid_from.is_none_or(|day| day <= time::rome_date(now))
    }

    /// Whether its last day has passed, written down or not.
    pub fn is_past_expiry(&self, now: Timestamp) -> bool {
        self.days.expires.is_some_and(|day| day < time::rome_date(now))
    }

    /// What a person sees at this instant.
    pub fn status(&self, now: Timestamp) -> Status {
        match self.state {
            State::Open if self.is_past_expiry(now) => Status::Expired,
            State::Open => Status::ToPay,
            State::Paid => Status::Paid,
            State::Cancelled => Status::Cancelled,
            State::Expired => Status::Expired,
        }
    }

    /// The state as the rules see it: an open debt whose last day has passed is expired.
    pub fn effective_state(&self, now: Timestamp) -> State {
        match self.state {
            State::Open if self.is_past_expiry(now) => State::Expired,
            state => state,
        }
    }

    /// Refuses what cannot be paid now, and says why.
    pub fn ensure_payable(&self, now: Timestamp) -> Result<(), Error> {
        match (self.status(now), self.is_published(now)) {
            (_, false) => Err(Error::DebtNotFound),
            (Status::ToPay, true) => Ok(()),
            (Status::Paid, true) => Err(Error::DebtAlreadyPaid),
            (Status::Expired | Status::Cancelled, true) => Err(Error::DebtNotPayable),
        }
    }

    /// The day of payment, once paid.
    pub fn paid_on(&self) -> Option<Date> {
        self.receipt.as_ref().map(Receipt::paid_on)
    }
}
