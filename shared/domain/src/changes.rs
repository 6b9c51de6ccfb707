//! What the creditor, a person and the calendar do to a debt: import, cancel, associate, create, expire. Money is in
//! [`crate::settlement`], attempts in [`crate::start_payment`].

use jiff::Timestamp;

use crate::account::AccountId;
use crate::debt::{
    Agreed, Debt, DebtDates, DebtDetail, DebtEvent, DebtOrigin, DebtService, DebtState, RefusedTransition,
    Viewer,
};
use crate::error::Error;
use crate::money::Amount;
use crate::movement::{MovementEntry, MovementSource};
use crate::notice::NoticeNumber;
use crate::office::OfficeData;
use crate::outbox::OutboxMessage;
use crate::person::Person;
use crate::plan::{DebtChange, Plan};
use crate::receipt::PaidFor;
use crate::retention;

/// What a new debt is made of, and what the creditor may change of one.
#[derive(Clone, Debug)]
pub struct NewDebt {
    pub debtor: Person,
    pub service: DebtService,
    pub reason: String,
    pub details: Vec<DebtDetail>,
    pub amount: Amount,
    pub days: DebtDates,
    pub office: OfficeData,
}

impl NewDebt {
    /// The debt under its notice number, before anything happened to it.
    pub fn under(self, notice: NoticeNumber, origin: DebtOrigin, now: Timestamp) -> Debt {
        let Self { debtor, service, reason, details, amount, days, office } = self;
        Debt {
            notice,
            debtor,
            service,
            reason,
            details,
            amount,
            days,
            office,
            origin,
            created_at: now,
            changed_at: None,
            state: DebtState::Open,
            closed_at: None,
            attempt: None,
            receipt: None,
            agreed: None,
            mismatched: None,
            only_of: None,
            watchers: Vec::new(),
            version: 0,
            revision: 0,
            chain: String::new(),
        }
    }
}

/// The outcome of a creditor's import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    pub debt: Debt,
    pub created: bool,
}

/// The outcome of an association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Associated {
    pub debt: Debt,
    /// Whether knowing it proves who the account's holder is.
    pub proves: bool,
}

/// Who takes a debt back.
#[derive(Clone, Copy, Debug)]
pub enum Canceller<'a> {
    Creditor,
    Citizen(Viewer<'a>),
}

/// A person creates a spontaneous debt under a number that nobody has.
pub fn create_spontaneous(
    new: NewDebt,
    notice: NoticeNumber,
    viewer: &Viewer<'_>,
    now: Timestamp,
) -> Plan<Debt> {
    let mut debt = new.under(notice, DebtOrigin::Spontaneous, now);
    // A proven owner sees it as the debtor. Until then it is the account's own: whoever else named the code, or proves
    // it, has nothing to do with it.
    if !viewer.identity_proven {
        debt.only_of = Some(viewer.account.clone());
        debt.watchers.push(viewer.account.clone());
    }
    created(debt, MovementSource::Citizen).map(|imported| imported.debt)
}

/// The creditor issues a debt under a number of ours that nobody has.
pub fn issue(new: NewDebt, notice: NoticeNumber, now: Timestamp) -> Plan<Debt> {
    created(new.under(notice, DebtOrigin::Creditor, now), MovementSource::Creditor).map(|made| made.debt)
}

/// The creditor adds or changes a debt. The same data again change nothing.
///
/// # Errors
/// The debt is paid.
pub fn import(
    stored: Option<&Debt>,
    notice: &NoticeNumber,
    new: NewDebt,
    now: Timestamp,
) -> Result<Plan<Imported>, Error> {
    let Some(before) = stored else {
        return Ok(created(new.under(notice.clone(), DebtOrigin::Creditor, now), MovementSource::Creditor));
    };
    let entry = MovementEntry::new(new.amount.cents(), MovementSource::Creditor);
    let changed = before.apply(DebtEvent::Change, entry, now)?;
    let NewDebt { debtor, service, reason, details, amount, days, office } = new;
    // A debt keeps the name that its service had when it was made.
    let service = if service.code == before.service.code { before.service.clone() } else { service };
    // Whoever is paying it keeps what they pay.
    let agreed = before.agreed.clone().or_else(|| {
        let open = before.attempt.as_ref().filter(|_| debtor.fiscal_code != before.debtor.fiscal_code)?;
        let paid_for = PaidFor { debtor: before.debtor.name_only(), reason: before.reason.clone() };
        Some(Agreed { payment_id: open.payment_id.clone(), paid_for })
    });
    let mut after = Debt { debtor, service, reason, details, amount, days, office, agreed, ..changed.after };
    if after.debtor.fiscal_code != before.debtor.fiscal_code {
        // Who watched the old debtor's debt has nothing to do with the new one's.
        after.watchers.clear();
    }
    let mut changed = DebtChange { after, ..changed };
    if changed.leaves_data() {
        return Ok(Plan::nothing(Imported { debt: before.clone(), created: false }));
    }
    changed.after.changed_at = Some(now);
    let outcome = Imported { debt: changed.after.clone(), created: false };
    Ok(told_to_archive(Plan::of_debt(changed, outcome)))
}

/// The creditor cancels a debt, or a citizen takes back a spontaneous one. Harmless to repeat.
///
/// # Errors
/// There is no such debt for this caller, it is paid, or it is not theirs to cancel.
pub fn cancel(stored: Option<&Debt>, by: Canceller<'_>, now: Timestamp) -> Result<Plan<()>, Error> {
    let debt = stored.ok_or(Error::DebtNotFound)?;
    let source = match by {
        Canceller::Creditor => MovementSource::Creditor,
        Canceller::Citizen(viewer) => {
            if !debt.is_visible_to(&viewer, now) {
                return Err(Error::DebtNotFound);
            }
            let own =
                debt.debtor.fiscal_code == *viewer.fiscal_code && debt.origin == DebtOrigin::Spontaneous;
            if !own || debt.state != DebtState::Open || debt.attempt.is_some() {
                return Err(Error::DebtNotPayable);
            }
            MovementSource::Citizen
        }
    };
    let change = debt.apply(DebtEvent::Cancel, MovementEntry::new(debt.amount.cents(), source), now)?;
    Ok(told_to_archive(Plan::of_debt(change, ())))
}

/// What time does to a debt; nothing while it waits for a payment's outcome. Its last day passes, and long after it was
/// closed its personal data go ([`crate::retention`]).
pub fn expire(stored: Option<&Debt>, now: Timestamp) -> Result<Plan<()>, RefusedTransition> {
    let Some(debt) = stored.filter(|debt| debt.attempt.is_none()) else { return Ok(Plan::nothing(())) };
    let forget = retention::forgotten_at(debt).is_some_and(|at| at <= now);
    if debt.state == DebtState::Open && (debt.is_past_expiry(now) || forget) {
        let entry = MovementEntry::new(debt.amount.cents(), MovementSource::Sweep);
        let change = debt.apply(DebtEvent::Expire, entry, now)?;
        return Ok(told_to_archive(Plan::of_debt(change, ())));
    }
    let change = forget.then(|| DebtChange::unrecorded(debt, retention::forgotten(debt)));
    Ok(change.map_or_else(|| Plan::nothing(()), |change| Plan::of_debt(change, ())))
}

/// A debt found by both codes joins an account, whether or not it proves whose the account is. Harmless to repeat. Of
/// `gone`, accounts that are closed, none keeps a place that somebody else needs.
///
/// # Errors
/// As many accounts watch the debt as may.
pub fn associate(
    debt: &Debt,
    viewer: &Viewer<'_>,
    proves: bool,
    gone: &[AccountId],
) -> Result<Plan<Associated>, Error> {
    // Whoever proves to be the debtor needs no place among those who watch.
    let sees = debt.is_in_lists_of(viewer) || debt.watchers.contains(viewer.account);
    if sees || (debt.is_full() && proves) {
        return Ok(Plan::nothing(Associated { debt: debt.clone(), proves }));
    }
    let mut after = debt.clone();
    if after.is_full() {
        after.watchers.retain(|watcher| !gone.contains(watcher));
    }
    if after.is_full() {
        return Err(Error::DebtNotPayable);
    }
    after.watchers.push(viewer.account.clone());
    let outcome = Associated { debt: after.clone(), proves };
    Ok(Plan::of_debt(DebtChange::unrecorded(debt, after), outcome))
}

fn created(debt: Debt, source: MovementSource) -> Plan<Imported> {
    let entry = MovementEntry::new(debt.amount.cents(), source);
    let change = DebtChange::created(debt, entry);
    let outcome = Imported { debt: change.after.clone(), created: true };
    told_to_archive(Plan::of_debt(change, outcome))
}

/// The central archive of notices is told of every change that the node has not made itself.
fn told_to_archive<O>(mut plan: Plan<O>) -> Plan<O> {
    let changed = plan.debts.iter().filter(|change| !change.is_nothing() && change.after.only_of.is_none());
    plan.messages
        .extend(changed.map(|change| OutboxMessage::UploadPosition { notice: change.after.notice.clone() }));
    plan
}
