//! How a payment starts: a new attempt, the one under way taken up again, or a stale one that must be cleared up first.

use std::time::Duration;

use jiff::Timestamp;

use crate::account::{AccountId, Language};
use crate::debt::{Debt, DebtEvent, OpenAttempt};
use crate::error::{Error, Fault, FieldCode, FieldError};
use crate::money::Cents;
use crate::movement::{MovementEntry, MovementSource};
use crate::payment::{
    ATTEMPT_LIFE, Attempt, AttemptStatus, MethodChoice, PaymentId, PaymentItem, PaymentPage,
};
use crate::person::Email;
use crate::plan::{AttemptChange, Plan};
use crate::time;

/// Who starts to pay, how, and where the outcome is written to.
#[derive(Clone, Debug)]
pub struct PaymentRequest<'a> {
    pub account: &'a AccountId,
    pub language: Language,
    pub choice: &'a MethodChoice,
    pub email: &'a Email,
    /// Whether that is another address than the account's.
    pub elsewhere: bool,
}

/// What is known when somebody starts to pay.
#[derive(Clone, Debug)]
pub struct StartFacts {
    pub debts: Vec<Debt>,
    /// The attempt that the first of the debts waits for, if one does and it was found.
    pub open: Option<Attempt>,
}

impl StartFacts {
    /// The attempt that must be read before anything can be decided.
    pub fn waiting_for(debts: &[Debt]) -> Option<&PaymentId> {
        debts.iter().find_map(|debt| debt.attempt.as_ref()).map(|open| &open.payment_id)
    }
}

/// What a click on "pay" leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartOutcome {
    /// A new attempt: the PSP is to be asked for a page.
    New(Attempt),
    /// The same account's attempt for the same debts and choice: taken up again.
    Resumed(Attempt),
    /// An attempt whose time is over and whose outcome is not known yet: the PSP must be asked first.
    Stale(Attempt),
}

/// Starts to pay: no attempt exists for what cannot be paid (INV-M19), and n clicks make one attempt (INV-M18).
///
/// # Errors
/// A debt cannot be paid, somebody else's payment of it is under way, or the sum leaves the range.
pub fn start(
    facts: &StartFacts,
    order: &PaymentRequest<'_>,
    new_id: &PaymentId,
    now: Timestamp,
) -> Result<Plan<StartOutcome>, Error> {
    facts.debts.iter().try_for_each(|debt| debt.ensure_payable(now))?;
    if StartFacts::waiting_for(&facts.debts).is_some() {
        return resume(facts, order, now).map(Plan::nothing);
    }
    let attempt = new_attempt(&facts.debts, order, new_id, now)?;
    let open = OpenAttempt { payment_id: attempt.id.clone(), expires_at: attempt.expires_at };
    let started = facts.debts.iter().map(|debt| {
        let entry =
            MovementEntry::new(debt.amount.cents(), MovementSource::Citizen).about(attempt.id.to_string());
        let mut change = debt.apply(DebtEvent::StartAttempt, entry, now)?;
        change.after.attempt = Some(open.clone());
        change.after.agreed = None;
        Ok(change)
    });
    let debts = started.collect::<Result<_, Error>>()?;
    let change = AttemptChange { before: None, after: attempt.clone() };
    Ok(Plan { debts, attempt: Some(change), ..Plan::nothing(StartOutcome::New(attempt)) })
}

fn resume(facts: &StartFacts, order: &PaymentRequest<'_>, now: Timestamp) -> Result<StartOutcome, Error> {
    let attempt = facts.open.as_ref().ok_or(Error::PaymentInProgress)?;
    if attempt.expires_at <= now {
        return Ok(StartOutcome::Stale(attempt.clone()));
    }
    // Each names this attempt, and there are no others: they are its own.
    let same_debts =
        attempt.items.len() == facts.debts.len() && facts.debts.iter().all(|d| d.waits_for(&attempt.id));
    let same = attempt.account == *order.account && same_debts && attempt.choice == *order.choice;
    let agreed = |debt: &Debt| {
        attempt.items.iter().any(|item| item.notice == debt.notice && item.amount == debt.amount)
    };
    match (same, facts.debts.iter().all(agreed)) {
        (true, true) => Ok(StartOutcome::Resumed(attempt.clone())),
        // The page that waits asks for what was agreed before the creditor changed it.
        (true, false) => Err(Error::AmountChanged),
        (false, _) => Err(Error::PaymentInProgress),
    }
}

fn new_attempt(
    debts: &[Debt],
    order: &PaymentRequest<'_>,
    id: &PaymentId,
    now: Timestamp,
) -> Result<Attempt, Error> {
    let total = Cents::sum(debts.iter().map(|debt| debt.amount.cents()));
    if total.and_then(|total| total.plus(order.choice.fee)).is_none() {
        return Err(FieldError::new("noticeNumbers", FieldCode::Range).into());
    }
    Ok(Attempt {
        id: id.clone(),
        account: order.account.clone(),
        items: debts.iter().map(PaymentItem::of).collect(),
        choice: order.choice.clone(),
        email: Some(order.email.clone()),
        mailed_elsewhere: order.elsewhere,
        language: order.language,
        status: AttemptStatus::Pending,
        started_at: now,
        expires_at: time::after(now, ATTEMPT_LIFE),
        checkout: None,
        page_asked_at: Some(now),
        received: Vec::new(),
        inquiries: 0,
        failure: None,
        revision: 1,
    })
}

/// How long whoever asked for a page is left to get it.
const PAGE_WAIT: Duration = Duration::from_secs(10);

impl Attempt {
    /// The attempt as of somebody who is about to ask for its page, where each is asked for once; as it is if it has
    /// one again.
    ///
    /// # Errors
    /// Somebody else is asking just now.
    pub fn asking_for_page(current: Option<&Attempt>, now: Timestamp) -> Result<Plan<Attempt>, Error> {
        let current = current.ok_or(Error::PaymentNotFound)?;
        if current.open_page(now).is_some() {
            return Ok(Plan::nothing(current.clone()));
        }
        if current.page_asked_at.is_some_and(|asked| now < time::after(asked, PAGE_WAIT)) {
            return Err(Error::RequestInProgress);
        }
        let after = Attempt { page_asked_at: Some(now), ..current.clone() };
        Ok(Plan { attempt: AttemptChange::between(current, after.clone()), ..Plan::nothing(after) })
    }

    /// The attempt of somebody who asked for a page and got none: the next may ask at once.
    pub fn without_page(current: Option<&Attempt>) -> Plan<()> {
        let after = current.map(|current| Attempt { page_asked_at: None, ..current.clone() });
        let attempt = current.zip(after).and_then(|(current, after)| AttemptChange::between(current, after));
        Plan { attempt, ..Plan::nothing(()) }
    }

    /// The attempt with the page where the PSP waits, in place of one that is no longer good. A callback that was
    /// faster keeps its outcome; of two clicks at once, both get the page that is noted first.
    pub fn opened_at(&self, current: Option<&Attempt>, page: &PaymentPage) -> Result<Plan<Attempt>, Fault> {
        let current = current.ok_or_else(|| Fault::new("noting where to pay", "the payment is gone"))?;
        if current.checkout != self.checkout {
            return Ok(Plan::nothing(current.clone()));
        }
        let after = Attempt { checkout: Some(page.clone()), ..current.clone() };
        Ok(Plan { attempt: AttemptChange::between(current, after.clone()), ..Plan::nothing(after) })
    }
}
