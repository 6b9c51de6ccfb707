//! How long what is held about people is kept. The portal's privacy notice is written from this table; rows end by it, by
//! the store's own tidying (TTL) or by the sweep.

use std::time::Duration;

use jiff::{Span, Timestamp};

use crate::debt::{Debt, DebtOrigin, DebtState};
use crate::person::Person;
use crate::time;

/// A length of time, as people say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Hours(u16),
    Days(u16),
    Years(u16),
}

/// How long one kind of data is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// What the notice calls it by.
    pub name: &'static str,
    pub period: Period,
    /// What its rows' keys begin with, of those that the store knows.
    pub rows: &'static [&'static str],
}

impl Retention {
    const fn new(name: &'static str, period: Period, rows: &'static [&'static str]) -> Self {
        Self { name, period, rows }
    }

    /// Debts, payments, receipts and messages about money, from the day on which the debt was closed: then names, reasons
    /// and addresses go, amounts and days stay.
    pub const DEBTS: Retention = Retention::new(
        "debts",
        Period::Years(10),
        &["DEBT", "IUV", "OWNER", "SEEN", "FILE", "OPEN", "PAY", "EVENT", "RECEIPT", "UNMATCHED", "DIFF"],
    );
    /// A spontaneous debt taken back, or never paid.
    pub const WISHES: Retention = Retention::new("wishes", Period::Years(1), &[]);
    /// A closed account's profile, and a registration that nobody confirmed.
    pub const PROFILES: Retention = Retention::new("profiles", Period::Hours(24), &["ACC", "CODE", "USER"]);
    /// Links and codes that were mailed: no longer than they work, of which contesting a proof takes longest.
    pub const LINKS: Retention = Retention::new("links", Period::Days(30), &["LINK", "SHORT"]);
    /// An account that nobody enters: then its holder is told, and has a month.
    pub const ACCOUNTS: Retention = Retention::new("accounts", Period::Years(5), &[]);
    pub const WARNED_ACCOUNTS: Retention = Retention::new("warned-accounts", Period::Days(30), &[]);
    /// Messages that were sent.
    pub const LETTERS: Retention = Retention::new("letters", Period::Days(7), &["OUT"]);
    /// Messages that could not be sent.
    pub const DEAD_LETTERS: Retention = Retention::new("dead-letters", Period::Days(30), &[]);
    pub const SESSIONS: Retention = Retention::new("sessions", Period::Days(30), &["SESS"]);
    /// Answers kept for a click that comes twice.
    pub const ANSWERS: Retention = Retention::new("answers", Period::Days(7), &["IDEM"]);
    /// Attempts counted, by source and subject.
    pub const LIMITS: Retention = Retention::new("limits", Period::Days(2), &["LIMIT"]);
    /// Failed passwords in a row.
    pub const FAILURES: Retention = Retention::new("failures", Period::Days(30), &["WAIT"]);
    /// What the audit found. It names debts, nobody.
    pub const AUDITS: Retention = Retention::new("audits", Period::Days(400), &["AUDIT", "ROUND"]);
    /// What the creditor's office is told of, each with its data as they were then.
    pub const EVENTS: Retention = Retention::new("events", Period::Days(400), &["RECENT", "FEED"]);
    /// Logs, kept by CloudWatch.
    pub const LOGS: Retention = Retention::new("logs", Period::Days(180), &[]);
    /// Copies of the tables, kept by DynamoDB.
    pub const BACKUPS: Retention = Retention::new("backups", Period::Days(35), &[]);

    pub const ALL: &[Retention] = &[
        Self::DEBTS,
        Self::WISHES,
        Self::PROFILES,
        Self::LINKS,
        Self::ACCOUNTS,
        Self::WARNED_ACCOUNTS,
        Self::LETTERS,
        Self::DEAD_LETTERS,
        Self::SESSIONS,
        Self::ANSWERS,
        Self::LIMITS,
        Self::FAILURES,
        Self::AUDITS,
        Self::EVENTS,
        Self::LOGS,
        Self::BACKUPS,
    ];

    /// When what began to count at an instant has been kept long enough: of years, the same day in Rome.
    pub fn ends(self, from: Timestamp) -> Timestamp {
        const HOUR: u64 = 60 * 60;
        let hours = |hours: u64| time::after(from, Duration::from_secs(hours.saturating_mul(HOUR)));
        match self.period {
            Period::Hours(n) => hours(u64::from(n)),
            Period::Days(n) => hours(u64::from(n).saturating_mul(24)),
            Period::Years(n) => {
                let later = time::in_rome(from).checked_add(Span::new().years(i64::from(n)));
                later.map_or(Timestamp::MAX, |day| day.timestamp())
            }
        }
    }
}

/// When a debt's personal data go: nothing while somebody may still pay it or a payment is under way, and once they are
/// gone.
pub fn forgotten_at(debt: &Debt) -> Option<Timestamp> {
    if debt.is_forgotten() || debt.attempt.is_some() {
        return None;
    }
    // Whatever was paid for it, rightly or not, is in the accounts.
    let wish = debt.origin == DebtOrigin::Spontaneous && debt.receipt.is_none();
    match (debt.state, wish) {
        // Taken back.
        (DebtState::Cancelled, true) => {
            Some(Retention::WISHES.ends(debt.closed_at.unwrap_or(debt.created_at)))
        }
        // Never paid.
        (DebtState::Open | DebtState::Expired, true) => Some(Retention::WISHES.ends(debt.created_at)),
        (DebtState::Open, false) => None,
        _ => Some(Retention::DEBTS.ends(debt.closed_at.unwrap_or(debt.created_at))),
    }
}

/// A debt without anything personal.
pub fn forgotten(debt: &Debt) -> Debt {
    let mut debt = Debt {
        debtor: Person::forgotten(debt.debtor.person_type),
        reason: String::new(),
        details: Vec::new(),
        office: debt.office.forgotten(),
        watchers: Vec::new(),
        agreed: None,
        only_of: None,
        ..debt.clone()
    };
    if let Some(receipt) = &mut debt.receipt {
        receipt.payer = None;
        receipt.paid_for = None;
    }
    debt
}
