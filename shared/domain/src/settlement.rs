//! Settlement: what an authentic notification about money does to debts, attempts and movements. PSP callbacks, answers
//! to our inquiries and the node's receipts are all decided here.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::account::Language;
use crate::bookkeeping::Reason;
use crate::debt::{Debt, DebtEvent};
use crate::error::Fault;
use crate::money::{Amount, Cents};
use crate::movement::{MovementEntry, MovementKind, MovementSource};
use crate::notice::NoticeNumber;
use crate::outbox::{OutboxMessage, PaidLine, Recipient};
use crate::payment::{Attempt, AttemptOutcome, AttemptStatus, Confirmation, MAX_DEBTS, PaymentId};
use crate::plan::{AttemptChange, DebtChange, MoneyTaken, Plan, UnmatchedMoney};
use crate::receipt::{self, Receipt};

/// What an authentic sender says.
#[derive(Clone, Debug)]
pub enum Notification {
    /// A PSP took money for a payment of ours. `cents` and `currency` are its own.
    Paid { payment_id: PaymentId, confirmation: Confirmation, cents: u64, currency: String },
    /// An attempt ended without money.
    Ended { payment_id: PaymentId, outcome: AttemptOutcome, failure: Option<String>, source: MovementSource },
    /// The node collected for one notice. By hand: an operator has seen at the node that it did, and says why.
    Receipt { notice: NoticeNumber, amount: Amount, confirmation: Confirmation, by_hand: Option<Reason> },
    /// Money for no payment and no notice that could be ours.
    Unmatched { confirmation: Confirmation, cents: u64, currency: String },
    /// Nothing of ours: another creditor's receipt, or an outcome of no payment.
    Foreign,
}

impl Notification {
    /// The money's sender and its data, if money moved.
    pub fn confirmation(&self) -> Option<&Confirmation> {
        match self {
            Notification::Paid { confirmation, .. }
            | Notification::Receipt { confirmation, .. }
            | Notification::Unmatched { confirmation, .. } => Some(confirmation),
            Notification::Ended { .. } | Notification::Foreign => None,
        }
    }

    /// The payment or notice that it is about, for the log.
    pub fn subject(&self) -> &str {
        match self {
            Notification::Paid { payment_id, .. } | Notification::Ended { payment_id, .. } => {
                payment_id.as_str()
            }
            Notification::Receipt { notice, .. } => notice.as_str(),
            Notification::Unmatched { .. } | Notification::Foreign => "",
        }
    }
}

/// What a notification did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// At least one debt was credited.
    Credited,
    /// The money is known already: nothing changed.
    Known,
    /// The debts were paid by other money: this is kept to be refunded.
    Duplicate,
    /// Another amount or currency than agreed: kept and raised.
    Mismatch,
    /// Nothing that we know: kept and raised.
    Unmatched,
    /// The attempt ended without money.
    Ended,
    /// It says nothing new about an attempt that has ended, or is not about us.
    Ignored,
}

/// What is known when a notification arrives.
#[derive(Clone, Debug, Default)]
pub struct SettlementFacts {
    /// The attempt that the notification names, or that its debt waits for.
    pub attempt: Option<Attempt>,
    /// The debts of that attempt, or the one of the notice.
    pub debts: Vec<Debt>,
    /// The debts for which this very money was taken before.
    pub taken: BTreeSet<NoticeNumber>,
    /// Whether this very money is kept as unmatched already.
    pub kept_unmatched: bool,
}

/// Random bytes for the codes of receipts: as many as one payment can have.
pub type ReceiptCodes = [[u8; 16]; MAX_DEBTS];

/// Decides what a notification does. Money that moved is never dropped: it is credited, also late, or kept.
///
/// # Errors
/// What is stored contradicts itself: a debt of a payment is gone.
pub fn settle(
    facts: &SettlementFacts,
    notification: &Notification,
    now: Timestamp,
    codes: &ReceiptCodes,
) -> Result<Plan<Settled>, Fault> {
    match notification {
        Notification::Paid { confirmation, cents, currency, .. } => match &facts.attempt {
            None => Ok(unmatched(facts, confirmation, *cents, currency, now)),
            Some(attempt) if currency == "EUR" && *cents == attempt.total().get() => {
                paid(facts, attempt, confirmation, now, codes)
            }
            Some(attempt) => mismatched(facts, attempt, confirmation, *cents, now),
        },
        Notification::Ended { outcome, failure, source, .. } => match &facts.attempt {
            None => Ok(Plan::nothing(Settled::Unmatched)),
            Some(attempt) => ended(facts, attempt, *outcome, failure.as_deref(), *source, now),
        },
        Notification::Receipt { notice, amount, confirmation, by_hand } => {
            let debt = facts.debts.iter().find(|debt| debt.notice == *notice);
            match debt {
                _ if facts.taken.contains(notice) => Ok(Plan::nothing(Settled::Known)),
                None => Ok(unmatched(facts, confirmation, amount.get(), "EUR", now)),
                Some(debt) => {
                    let money =
                        Money { amount: *amount, fee: confirmation.fee, together: None, confirmation };
                    received(facts.attempt.as_ref(), debt, &money, by_hand.as_ref(), now, codes)
                }
            }
        }
        Notification::Unmatched { confirmation, cents, currency } => {
            Ok(unmatched(facts, confirmation, *cents, currency, now))
        }
        Notification::Foreign => Ok(Plan::nothing(Settled::Ignored)),
    }
}

/// A PSP's money of the agreed amount: every debt that it has not been taken for yet is credited, or it is kept.
fn paid(
    facts: &SettlementFacts,
    attempt: &Attempt,
    confirmation: &Confirmation,
    now: Timestamp,
    codes: &ReceiptCodes,
) -> Result<Plan<Settled>, Fault> {
    let together = u8::try_from(attempt.items.len()).ok().filter(|n| *n > 1);
    let mut plan = Plan::nothing(Settled::Known);
    let mut paid = Vec::new();
    for ((index, item), code) in attempt.items.iter().enumerate().zip(codes) {
        if facts.taken.contains(&item.notice) {
            continue;
        }
        let debt = facts.debts.iter().find(|debt| debt.notice == item.notice);
        let debt = debt.ok_or_else(|| Fault::new("settling a payment", "a debt of a payment is gone"))?;
        // The fee is the payment's: it stands on the first receipt alone.
        let fee = confirmation.fee.filter(|_| index == 0);
        let credited =
            credit(debt, &Money { amount: item.amount, fee, together, confirmation }, attempt, now, code)?;
        if let Some(line) = &credited.line {
            paid.push(line.clone());
            // Paid elsewhere than through the node: the archive must not offer it any more.
            plan.messages.push(OutboxMessage::UploadPosition { notice: debt.notice.clone() });
        }
        plan.money_taken.push(credited.taken);
        plan.debts.push(credited.change);
    }
    if !plan.debts.is_empty() {
        plan.outcome = if paid.is_empty() { Settled::Duplicate } else { Settled::Credited };
    }
    if !paid.is_empty() {
        plan.messages.push(OutboxMessage::PaymentReceived {
            to: payer_of(attempt),
            others: Vec::new(),
            payment: Some(attempt.id.clone()),
            paid,
            fee: confirmation.fee.unwrap_or_default(),
        });
    }
    let mut after = Attempt {
        status: attempt.status.after(AttemptOutcome::Succeeded),
        failure: None,
        email: None,
        ..attempt.clone()
    };
    after.choice.psp_name.get_or_insert_with(|| confirmation.psp.name.clone());
    if after.choice.method.is_none() {
        after.choice.method.clone_from(&confirmation.method);
    }
    plan.attempt = AttemptChange::between(attempt, after);
    Ok(plan)
}

/// Money for one debt.
struct Money<'a> {
    amount: Amount,
    fee: Option<Cents>,
    /// How many debts were paid together, if more than one.
    together: Option<u8>,
    confirmation: &'a Confirmation,
}

impl Money<'_> {
    fn entry(&self) -> MovementEntry {
        MovementEntry {
            cents: self.amount.cents(),
            source: self.confirmation.source,
            reference: Some(self.confirmation.receipt_id.clone()),
            sender_time: self.confirmation.paid_at,
        }
    }
}

/// A debt to which money came.
struct Credited {
    change: DebtChange,
    taken: MoneyTaken,
    /// The line of the receipt mail; nothing when the money is kept to refund.
    line: Option<PaidLine>,
}

/// One debt credited, or the money kept to refund, as the table of transitions says.
fn credit<'a>(
    debt: &Debt,
    money: &Money<'_>,
    attempt: impl Into<Option<&'a Attempt>>,
    now: Timestamp,
    code: &[u8; 16],
) -> Result<Credited, Fault> {
    let Money { amount, fee, together, confirmation } = money;
    let mut change = debt.apply(DebtEvent::Credit, money.entry(), now)?;
    let verdict = change.movements.last().map(|movement| movement.kind);
    let verdict = verdict.ok_or_else(|| Fault::new("settling a debt", "money left no movement"))?;
    let settles = matches!(verdict, MovementKind::Credit | MovementKind::CreditLate);
    if settles {
        change.after.receipt = Some(Receipt {
            code: receipt::code_from(*code),
            receipt_id: confirmation.receipt_id.clone(),
            amount: *amount,
            fee: *fee,
            paid_at: confirmation.paid_at,
            applied_on: confirmation.applied_on,
            recorded_at: now,
            psp: confirmation.psp.clone(),
            method: confirmation.method.clone(),
            channel: confirmation.channel.clone(),
            payer: confirmation.payer.clone(),
            brought_by: Some(confirmation.brought_by()),
            paid_together: *together,
        });
    }
    if attempt.into().is_some_and(|attempt| debt.waits_for(&attempt.id)) {
        change.after.attempt = None;
    }
    let line = change.after.receipt.as_ref().filter(|_| settles).map(|receipt| PaidLine {
        notice: debt.notice.to_string(),
        iuv: debt.iuv().to_string(),
        reason: debt.reason.clone(),
        amount: receipt.amount.cents(),
        paid_on: receipt.paid_on(),
    });
    let taken = MoneyTaken {
        notice: debt.notice.clone(),
        receipt_id: confirmation.receipt_id.clone(),
        verdict,
        cents: amount.cents(),
        at: now,
    };
    Ok(Credited { change, taken, line })
}

/// A receipt of the node closes its debt whatever the amount, because the circuit has collected it; a difference is
/// kept as a movement beside the credit (INV-M06, INV-M25).
fn received(
    attempt: Option<&Attempt>,
    debt: &Debt,
    money: &Money<'_>,
    by_hand: Option<&Reason>,
    now: Timestamp,
    [code, ..]: &ReceiptCodes,
) -> Result<Plan<Settled>, Fault> {
    let confirmation = money.confirmation;
    let Credited { mut change, taken, line } = credit(debt, money, attempt, now, code)?;
    let credited = change.after.version;
    let mut outcome = if line.is_some() { Settled::Credited } else { Settled::Duplicate };
    if line.is_some() && money.amount != debt.amount {
        outcome = Settled::Mismatch;
        change = change.then(DebtEvent::Mismatch, money.entry(), now)?;
    }
    if let Some(reason) = by_hand {
        change = change.then(DebtEvent::CorrectToMatchNode, money.entry().about(reason.of(credited)), now)?;
    }
    let mut messages = Vec::new();
    if let Some(line) = line {
        let all = concerned(debt, attempt);
        // Who began to pay and named another address than the account's has asked for no second mail.
        let payer = attempt.map(|attempt| Recipient::Account(attempt.account.clone()));
        messages.extend(all.iter().enumerate().map(|(index, to)| OutboxMessage::PaymentReceived {
            to: to.clone(),
            others: all.iter().take(index).chain(payer.iter().filter(|_| index > 0)).cloned().collect(),
            payment: attempt.map(|attempt| attempt.id.clone()),
            paid: vec![line.clone()],
            fee: confirmation.fee.unwrap_or_default(),
        }));
    }
    // Money that does not name this attempt pays the debt, but says nothing of the attempt: its outcome stays unknown
    // until whoever was asked for it says (INV-M17).
    let named = attempt.filter(|attempt| confirmation.payment_id.as_ref() == Some(&attempt.id));
    let attempt = named.and_then(|attempt| AttemptChange::between(attempt, attempt_received(attempt, debt)));
    let plan = Plan::of_debt(change, outcome);
    Ok(Plan { money_taken: vec![taken], messages, attempt, ..plan })
}

/// The attempt with one more receipt: succeeded once the receipts of all its debts are here.
fn attempt_received(attempt: &Attempt, debt: &Debt) -> Attempt {
    let mut after = attempt.clone();
    if !after.received.contains(&debt.notice) {
        after.received.push(debt.notice.clone());
    }
    if after.received.len() >= attempt.items.len() {
        after.status = attempt.status.after(AttemptOutcome::Succeeded);
        after.email = None;
    }
    after
}

/// An attempt ended without money: its debts wait for it no longer.
fn ended(
    facts: &SettlementFacts,
    attempt: &Attempt,
    outcome: AttemptOutcome,
    failure: Option<&str>,
    source: MovementSource,
    now: Timestamp,
) -> Result<Plan<Settled>, Fault> {
    let status = attempt.status.after(outcome);
    if status == attempt.status {
        return Ok(Plan::nothing(Settled::Ignored));
    }
    let failure = failure.map(|code| code.chars().take(40).collect());
    let mut plan = Plan::nothing(Settled::Ended);
    for debt in facts.debts.iter().filter(|debt| debt.waits_for(&attempt.id)) {
        plan.debts.push(released(attempt, debt, DebtEvent::FailAttempt, source, now)?);
    }
    if let Some(email) = attempt.email.clone().filter(|_| status == AttemptStatus::Failed) {
        plan.messages.push(OutboxMessage::PaymentFailed {
            email,
            language: attempt.language,
            payment: attempt.id.clone(),
            reasons: attempt.items.iter().map(|item| item.reason.clone()).collect(),
        });
    }
    // It has ended: the address goes with it, so that none outlives its account (INV-I23).
    let after = Attempt { status, failure, email: None, ..attempt.clone() };
    plan.attempt = AttemptChange::between(attempt, after);
    Ok(plan)
}

/// A debt that no longer waits for an attempt, with the movement that says why.
fn released(
    attempt: &Attempt,
    debt: &Debt,
    event: DebtEvent,
    source: MovementSource,
    now: Timestamp,
) -> Result<DebtChange, Fault> {
    let item = attempt.items.iter().find(|item| item.notice == debt.notice);
    let cents = item.map(|item| item.amount.cents()).unwrap_or_default();
    let mut change =
        debt.apply(event, MovementEntry::new(cents, source).about(attempt.id.to_string()), now)?;
    if debt.waits_for(&attempt.id) {
        change.after.attempt = None;
    }
    Ok(change)
}

/// Money of another amount or currency than agreed: kept under its receipt's id and as a movement of every debt; the
/// attempt ends, the debts stay to pay (INV-M06).
fn mismatched(
    facts: &SettlementFacts,
    attempt: &Attempt,
    confirmation: &Confirmation,
    cents: u64,
    now: Timestamp,
) -> Result<Plan<Settled>, Fault> {
    let first = attempt.items.first();
    let first = first.ok_or_else(|| Fault::new("keeping a mismatch", "a payment of nothing"))?;
    if facts.taken.contains(&first.notice) {
        return Ok(Plan::nothing(Settled::Known));
    }
    let mut plan = Plan::nothing(Settled::Mismatch);
    for debt in &facts.debts {
        plan.debts.push(released(attempt, debt, DebtEvent::Mismatch, confirmation.source, now)?);
    }
    let after = Attempt {
        status: attempt.status.after(AttemptOutcome::Failed),
        failure: Some("amount_mismatch".to_owned()),
        email: None,
        ..attempt.clone()
    };
    plan.attempt = AttemptChange::between(attempt, after);
    plan.money_taken.push(MoneyTaken {
        notice: first.notice.clone(),
        receipt_id: confirmation.receipt_id.clone(),
        verdict: MovementKind::Mismatch,
        cents: Cents::new(cents).unwrap_or_default(),
        at: now,
    });
    Ok(plan)
}

/// Money of a payment that we do not know: kept and raised (INV-M24).
fn unmatched(
    facts: &SettlementFacts,
    confirmation: &Confirmation,
    cents: u64,
    currency: &str,
    now: Timestamp,
) -> Plan<Settled> {
    if facts.kept_unmatched {
        return Plan::nothing(Settled::Known);
    }
    let money =
        UnmatchedMoney { confirmation: confirmation.clone(), cents, currency: currency.to_owned(), at: now };
    Plan { unmatched: Some(money), ..Plan::nothing(Settled::Unmatched) }
}

/// Whoever began a payment. An attempt that had ended has forgotten its address: the account's own is looked up.
fn payer_of(attempt: &Attempt) -> Recipient {
    let given = attempt.email.clone().map(|email| Recipient::Address(email, attempt.language));
    given.unwrap_or_else(|| Recipient::Account(attempt.account.clone()))
}

/// Whom a debt's receipt concerns, wherever it was paid: who began to pay it here, whom the creditor knows, and
/// everybody in whose history it is. Some may be the same person: the worker writes to no address twice.
fn concerned(debt: &Debt, attempt: Option<&Attempt>) -> Vec<Recipient> {
    let known = debt.debtor.email.clone().map(|email| Recipient::Address(email, Language::default()));
    let debtor = Recipient::Debtor(debt.debtor.fiscal_code.clone());
    let watchers = debt.watchers.iter().cloned().map(Recipient::Account);
    attempt.map(payer_of).into_iter().chain(known).chain([debtor]).chain(watchers).collect()
}
