//! Settlement: what an authentic notification about money does to debts, attempts and movements. PSP callbacks, answers
//! to our inquiries, replays and the node's receipts are all decided here, by one rule: what came is booked, once, as it
//! came; whatever does not agree with what was expected is a [`Difference`] beside it.

use std::time::Duration;

use jiff::Timestamp;

use crate::account::Language;
use crate::bookkeeping::Reason;
use crate::debt::{Debt, DebtEvent};
use crate::difference::{Difference, DifferenceChange, DifferenceKind, MoneyChannel, ReceiptField};
use crate::error::Fault;
use crate::money::{Amount, Cents, MoneyTold};
use crate::movement::{MovementEntry, MovementKind, MovementSource};
use crate::notice::NoticeNumber;
use crate::notification::{beside_money_id, contradiction_id, mismatch_id, unmatched_id};
use crate::outbox::{OutboxMessage, PaidLine, Recipient};
use crate::payment::{AMOUNT_MISMATCH, Attempt, AttemptOutcome, AttemptStatus, Confirmation, MAX_DEBTS};
use crate::plan::{AttemptChange, DebtChange, MoneyTaken, Plan, UnmatchedMoney};
use crate::receipt::{self, Receipt};
use crate::time;

pub use crate::notification::{Notification, ReceiptClaims, SettlementFacts, Taken};

/// What a notification did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// At least one debt was credited.
    Credited,
    /// The money is known already: nothing changed.
    Known,
    /// The debts were paid by other money: this is kept to be refunded.
    Duplicate,
    /// Another amount or currency than agreed, or than the debt's: kept and raised.
    Mismatch,
    /// The money is known, and this says otherwise of it: kept beside and raised.
    Contradicted,
    /// Nothing that we know: kept and raised.
    Unmatched,
    /// The attempt ended without money.
    Ended,
    /// It says nothing new about an attempt that has ended, or is not about us.
    Ignored,
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
    let plan = decided(facts, notification, now, codes)?;
    // Money that was kept because we knew of no debt for it has found one.
    let stray = notification.confirmation().filter(|_| !plan.money_taken.is_empty());
    let stray = stray.and_then(|confirmation| facts.known(&unmatched_id(confirmation)));
    let found = stray.filter(|stray| stray.is_open()).map(|stray| {
        let by = notification.confirmation().map_or("", |confirmation| confirmation.source.as_str());
        stray.superseded(by, "a debt was found for it", now)
    });
    let differences = plan.differences.into_iter().chain(found.map(DifferenceChange::Resolved)).collect();
    Ok(Plan { differences, ..plan })
}

fn decided(
    facts: &SettlementFacts,
    notification: &Notification,
    now: Timestamp,
    codes: &ReceiptCodes,
) -> Result<Plan<Settled>, Fault> {
    match notification {
        Notification::Paid { confirmation, told, claims, .. } => match &facts.attempt {
            None => Ok(unmatched(facts, confirmation, told, now)),
            Some(attempt) if told.cents == Some(attempt.total()) => {
                paid(facts, attempt, confirmation, claims, now, codes)
            }
            Some(attempt) if facts.is_credited() => {
                let first =
                    attempt.items.first().ok_or_else(|| Fault::new("settling", "a payment of nothing"))?;
                Ok(contradicted(facts, &first.notice, attempt.total(), confirmation, told, now))
            }
            Some(attempt) => mismatched(facts, attempt, confirmation, told, now),
        },
        Notification::Ended { outcome, failure, source, .. } => match &facts.attempt {
            None => Ok(Plan::nothing(Settled::Unmatched)),
            Some(attempt) => ended(facts, attempt, *outcome, failure.as_deref(), *source, now),
        },
        Notification::Receipt { notice, amount, confirmation, claims, by_hand } => {
            let debt = facts.debts.iter().find(|debt| debt.notice == *notice);
            let told = MoneyTold::euro(amount.cents());
            match debt {
                _ if let Some(taken) = facts.taken.get(notice) => match taken.cents == amount.cents() {
                    true => Ok(Plan::nothing(Settled::Known)),
                    false => Ok(contradicted(facts, notice, taken.cents, confirmation, &told, now)),
                },
                None => Ok(unmatched(facts, confirmation, &told, now)),
                Some(debt) => {
                    let money = (*amount, confirmation, claims);
                    received(facts.attempt.as_ref(), debt, money, by_hand.as_ref(), now, codes)
                }
            }
        }
        Notification::Unmatched { confirmation, told } => Ok(unmatched(facts, confirmation, told, now)),
        Notification::Foreign => Ok(Plan::nothing(Settled::Ignored)),
    }
}

/// A PSP's money of the agreed amount: every debt that it has not been taken for yet is credited, or it is kept. What was
/// kept of it as another amount was its sender's mistake, and counts no longer.
fn paid(
    facts: &SettlementFacts,
    attempt: &Attempt,
    confirmation: &Confirmation,
    claims: &ReceiptClaims,
    now: Timestamp,
    codes: &ReceiptCodes,
) -> Result<Plan<Settled>, Fault> {
    let together = u8::try_from(attempt.items.len()).ok().filter(|n| *n > 1);
    let (confirmation, doubts) = believed(confirmation, claims, attempt.total(), Some(attempt), now);
    let confirmation = &confirmation;
    let mut plan = Plan::nothing(Settled::Known);
    let (mut paid, mut differs) = (Vec::new(), false);
    for ((index, item), code) in attempt.items.iter().enumerate().zip(codes) {
        let corrects = match facts.taken.get(&item.notice) {
            Some(Taken { verdict: MovementKind::Mismatch, .. }) => true,
            Some(_) => continue,
            None => false,
        };
        let debt = facts.debts.iter().find(|debt| debt.notice == item.notice);
        let debt = debt.ok_or_else(|| Fault::new("settling a payment", "a debt of a payment is gone"))?;
        // The fee and what is doubtful are the payment's: they stand on the first receipt alone.
        let money = Money {
            amount: item.amount,
            fee: confirmation.fee.filter(|_| index == 0),
            together,
            confirmation,
            doubts: if index == 0 { doubts.clone() } else { Vec::new() },
        };
        let mut credited = credit(debt, &money, Some(attempt), now, code)?;
        if corrects {
            let wrong = facts.known(&mismatch_id(attempt.id.as_str(), &confirmation.receipt_id));
            credited = credited.correcting(wrong, confirmation, now)?;
        }
        if let Some(line) = &credited.line {
            paid.push(line.clone());
            // Paid elsewhere than through the node: the archive must not offer it any more.
            let told = debt.only_of.is_none();
            plan.messages.extend(told.then(|| OutboxMessage::UploadPosition { notice: debt.notice.clone() }));
        }
        differs |= credited.differs;
        plan.money_taken.push(credited.taken);
        plan.differences.extend(credited.differences);
        plan.debts.push(credited.change);
    }
    if !plan.debts.is_empty() {
        plan.outcome = match (paid.is_empty(), differs) {
            (true, _) => Settled::Duplicate,
            (false, true) => Settled::Mismatch,
            (false, false) => Settled::Credited,
        };
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
    /// What is said of it and cannot be true.
    doubts: Vec<Doubt>,
}

/// A datum that cannot be true, and what was said of it.
type Doubt = (ReceiptField, String);

impl<'a> Money<'a> {
    fn new(amount: Amount, confirmation: &'a Confirmation, doubts: Vec<Doubt>) -> Self {
        Self { amount, fee: confirmation.fee, together: None, confirmation, doubts }
    }

    fn entry(&self, cents: Cents) -> MovementEntry {
        MovementEntry {
            cents,
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
    /// It was credited, and another amount than the debt's.
    differs: bool,
    differences: Vec<DifferenceChange>,
}

impl Credited {
    /// The same for money that was kept as a difference before: that one is settled.
    fn correcting(
        mut self,
        wrong: Option<&Difference>,
        confirmation: &Confirmation,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        self.taken.corrects = true;
        if let Some(wrong) = wrong.filter(|wrong| wrong.is_open()) {
            let (change, resolved) = superseded(self.change, wrong, confirmation, now)?;
            self.change = change;
            self.differences.push(resolved);
        }
        Ok(self)
    }
}

/// A difference that its sender has corrected: the movement that says so, and how it is resolved.
fn superseded(
    change: DebtChange,
    wrong: &Difference,
    confirmation: &Confirmation,
    now: Timestamp,
) -> Result<(DebtChange, DifferenceChange), Fault> {
    let cents = wrong.told.as_ref().map(MoneyTold::countable).unwrap_or_default();
    let reference = format!("{} {}", wrong.movement.unwrap_or_default(), confirmation.receipt_id);
    let entry = MovementEntry::new(cents, confirmation.source).about(reference);
    let change = change.then(DebtEvent::Supersede, entry, now)?;
    let resolved = wrong.superseded(confirmation.source.as_str(), "its sender corrected it", now);
    Ok((change, DifferenceChange::Replaced(resolved)))
}

/// One debt credited, or the money kept to refund, as the table of transitions says. The circuit or the PSP has collected
/// it, so it pays its debt whatever the creditor has made of that debt since; a difference stands beside the credit
/// (INV-M06, INV-M25).
fn credit(
    debt: &Debt,
    money: &Money<'_>,
    attempt: Option<&Attempt>,
    now: Timestamp,
    code: &[u8; 16],
) -> Result<Credited, Fault> {
    let Money { amount, fee, together, confirmation, doubts } = money;
    let mut change = debt.apply(DebtEvent::Credit, money.entry(amount.cents()), now)?;
    let credited = change.movements.last().map(|movement| (movement.kind, movement.number));
    let (verdict, number) =
        credited.ok_or_else(|| Fault::new("settling a debt", "money left no movement"))?;
    let settles = matches!(verdict, MovementKind::Credit | MovementKind::CreditLate);
    let difference = |kind, field: &str| {
        let id = beside_money_id(kind, &debt.notice, &confirmation.receipt_id, field);
        let told = MoneyTold::euro(amount.cents());
        let kept = Difference::of(id, kind, confirmation, told, now);
        Difference { notice: Some(debt.notice.clone()), movement: Some(number), ..kept }
    };
    let mut differences = Vec::new();
    let mut differs = false;
    if settles {
        let mut doubts = doubts.clone();
        // Whoever paid keeps what they paid, also when the creditor has put another debtor in its place meanwhile.
        let was = debt.agreed.as_ref().zip(attempt).filter(|(was, attempt)| was.payment_id == attempt.id);
        if let Some((_, attempt)) = was {
            if !change.after.watchers.contains(&attempt.account) {
                change.after.watchers.push(attempt.account.clone());
            }
            if !doubts.iter().any(|(field, _)| *field == ReceiptField::Debtor) {
                doubts.push((ReceiptField::Debtor, "the debtor was changed during the payment".to_owned()));
            }
        }
        change.after.agreed = None;
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
            brought_by: Some(MoneyChannel::of(confirmation)),
            paid_together: *together,
            paid_for: was.map(|(was, _)| was.paid_for.clone()),
        });
        change.after.mismatched = None;
        for (field, said) in doubts {
            let kind = DifferenceKind::ReceiptData;
            let doubtful = difference(kind, &format!("{} {said}", field.as_str()));
            differences.push(DifferenceChange::Opened(Difference { field: Some((field, said)), ..doubtful }));
        }
    } else {
        differences.push(DifferenceChange::Opened(difference(DifferenceKind::Duplicate, "")));
    }
    if attempt.is_some_and(|attempt| debt.waits_for(&attempt.id)) {
        change.after.attempt = None;
    }
    let line = change.after.receipt.as_ref().filter(|_| settles).map(|receipt| PaidLine {
        notice: debt.notice.to_string(),
        iuv: debt.iuv().to_string(),
        reason: debt.reason.clone(),
        amount: receipt.amount.cents(),
        paid_on: receipt.paid_on(),
    });
    if settles && *amount != debt.amount {
        differs = true;
        change = change.then(DebtEvent::Mismatch, money.entry(Cents::ZERO), now)?;
        let movement = change.movements.last().map(|movement| movement.number);
        differences.push(DifferenceChange::Opened(Difference {
            movement,
            expected: Some(debt.amount.cents()),
            ..difference(DifferenceKind::Mismatch, "")
        }));
    }
    let taken = MoneyTaken {
        notice: debt.notice.clone(),
        receipt_id: confirmation.receipt_id.clone(),
        verdict,
        cents: amount.cents(),
        at: now,
        corrects: false,
    };
    Ok(Credited { change, taken, line, differs, differences })
}

/// A receipt of the node: it closes its debt whatever the amount, because the circuit has collected it.
fn received(
    attempt: Option<&Attempt>,
    debt: &Debt,
    (amount, confirmation, claims): (Amount, &Confirmation, &ReceiptClaims),
    by_hand: Option<&Reason>,
    now: Timestamp,
    [code, ..]: &ReceiptCodes,
) -> Result<Plan<Settled>, Fault> {
    // Money that does not name this attempt pays the debt, but says nothing of the attempt: its outcome stays unknown
    // until whoever was asked for it says (INV-M17).
    let named = attempt.filter(|attempt| confirmation.payment_id.as_ref() == Some(&attempt.id));
    let (confirmation, mut doubts) = believed(confirmation, claims, amount.cents(), named, now);
    let confirmation = &confirmation;
    if let Some(iuv) = claims.iuv.as_ref().filter(|iuv| iuv.as_str() != debt.iuv().as_str()) {
        doubts.push((ReceiptField::CreditorReferenceId, iuv.clone()));
    }
    if let Some(debtor) = claims.debtor.as_ref().filter(|said| *said != debt.debtor.fiscal_code.as_str()) {
        doubts.push((ReceiptField::Debtor, debtor.clone()));
    }
    let money = Money::new(amount, confirmation, doubts);
    let Credited { mut change, taken, line, differs, differences } = credit(debt, &money, named, now, code)?;
    // It is paid: nobody waits for an attempt that goes on elsewhere.
    if attempt.is_some_and(|attempt| debt.waits_for(&attempt.id)) {
        change.after.attempt = None;
    }
    let credited = change.movements.first().map_or(change.after.version, |movement| movement.number);
    let outcome = match (&line, differs) {
        (None, _) => Settled::Duplicate,
        (Some(_), true) => Settled::Mismatch,
        (Some(_), false) => Settled::Credited,
    };
    if let Some(reason) = by_hand {
        let entry = money.entry(amount.cents()).about(reason.of(credited));
        change = change.then(DebtEvent::CorrectToMatchNode, entry, now)?;
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
    let attempt = named.and_then(|attempt| AttemptChange::between(attempt, attempt_received(attempt, debt)));
    let plan = Plan::of_debt(change, outcome);
    Ok(Plan { money_taken: vec![taken], differences, messages, attempt, ..plan })
}

/// A fee that is both above what was paid and above this is no fee.
const HIGHEST_FEE: u64 = 1_000;
/// How far a sender's instant may lie outside of what is possible.
const CLOCKS_DIFFER: Duration = Duration::from_secs(60 * 60);

/// What of a confirmation is believed, and what cannot be true: a fee beyond measure, an instant that has not come yet
/// or lies before the payment began.
fn believed(
    said: &Confirmation,
    claims: &ReceiptClaims,
    amount: Cents,
    attempt: Option<&Attempt>,
    now: Timestamp,
) -> (Confirmation, Vec<Doubt>) {
    let mut believed = said.clone();
    let mut doubts: Vec<Doubt> = Vec::new();
    doubts.extend(claims.fee.clone().map(|fee| (ReceiptField::Fee, fee)));
    if let Some(fee) = said.fee.filter(|fee| *fee > amount && fee.get() > HIGHEST_FEE) {
        doubts.push((ReceiptField::Fee, fee.get().to_string()));
        believed.fee = None;
    }
    let latest = time::after(now, CLOCKS_DIFFER);
    let too_early = |at: Timestamp| attempt.is_some_and(|a| time::after(at, CLOCKS_DIFFER) < a.started_at);
    if let Some(at) = said.paid_at.filter(|at| *at > latest || too_early(*at)) {
        doubts.push((ReceiptField::Instant, at.to_string()));
        believed.paid_at = None;
        believed.applied_on = None;
    }
    if let Some(day) = believed.applied_on.filter(|day| *day > time::rome_date(latest)) {
        doubts.push((ReceiptField::Instant, day.to_string()));
        believed.applied_on = None;
    }
    doubts.extend(claims.foreign_ibans.iter().map(|iban| (ReceiptField::Iban, iban.clone())));
    (believed, doubts)
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
    if status == AttemptStatus::Failed {
        plan.messages.push(OutboxMessage::PaymentFailed {
            email: None,
            account: Some(attempt.account.clone()),
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

/// Money that was credited, told again with another amount: the credit stands, and a person looks at it.
fn contradicted(
    facts: &SettlementFacts,
    notice: &NoticeNumber,
    credited: Cents,
    confirmation: &Confirmation,
    told: &MoneyTold,
    now: Timestamp,
) -> Plan<Settled> {
    let id = contradiction_id(notice, confirmation, told);
    if facts.known(&id).is_some() {
        return Plan::nothing(Settled::Known);
    }
    let kept = Difference::of(id, DifferenceKind::ReceiptData, confirmation, told.clone(), now);
    let contradiction = Difference {
        notice: Some(notice.clone()),
        expected: Some(credited),
        field: Some((ReceiptField::Amount, told.to_string())),
        ..kept
    };
    let differences = vec![DifferenceChange::Opened(contradiction)];
    Plan { differences, ..Plan::nothing(Settled::Contradicted) }
}

/// Money of another amount or currency than agreed: kept whole and once, under its receipt's id, as a movement of the
/// payment's first debt; the attempt ends, the debts stay to pay (INV-M06, INV-M07). Told again with yet another amount,
/// the last counts.
fn mismatched(
    facts: &SettlementFacts,
    attempt: &Attempt,
    confirmation: &Confirmation,
    told: &MoneyTold,
    now: Timestamp,
) -> Result<Plan<Settled>, Fault> {
    let fault = |why: &'static str| Fault::new("keeping a mismatch", why);
    let item = attempt.items.first().ok_or_else(|| fault("a payment of nothing"))?;
    let first = facts.debts.iter().find(|debt| debt.notice == item.notice);
    let first = first.ok_or_else(|| fault("a debt of a payment is gone"))?;
    let id = mismatch_id(attempt.id.as_str(), &confirmation.receipt_id);
    let (before, taken) = (facts.known(&id), facts.taken.contains_key(&first.notice));
    // Those of earlier releases have no difference to compare with.
    if taken && before.is_none_or(|before| before.told.as_ref() == Some(told)) {
        return Ok(Plan::nothing(Settled::Known));
    }
    let mut plan = Plan::nothing(Settled::Mismatch);
    let freed = |debt: &Debt, mut change: DebtChange| {
        if debt.waits_for(&attempt.id) {
            change.after.attempt = None;
        }
        if change.after.receipt.is_none() {
            change.after.mismatched = Some(attempt.id.clone());
        }
        change
    };
    let mut change = freed(first, DebtChange::unrecorded(first, first.clone()));
    if let Some(before) = before.filter(|before| before.is_open()) {
        change = superseded(change, before, confirmation, now)?.0;
    }
    let cents = told.countable();
    let entry = MovementEntry {
        cents,
        source: confirmation.source,
        reference: Some(confirmation.receipt_id.clone()),
        sender_time: confirmation.paid_at,
    };
    change = change.then(DebtEvent::Mismatch, entry, now)?;
    let kept = Difference {
        notice: Some(first.notice.clone()),
        movement: change.movements.last().map(|movement| movement.number),
        expected: Some(attempt.total()),
        ..Difference::of(id, DifferenceKind::Mismatch, confirmation, told.clone(), now)
    };
    plan.debts.push(change);
    for debt in facts.debts.iter().filter(|debt| debt.notice != first.notice) {
        let change = match debt.waits_for(&attempt.id) {
            true => released(attempt, debt, DebtEvent::FailAttempt, confirmation.source, now)?,
            false => DebtChange::unrecorded(debt, debt.clone()),
        };
        plan.debts.push(freed(debt, change));
    }
    if attempt.status.after(AttemptOutcome::Failed) != AttemptStatus::Succeeded {
        let after = Attempt {
            status: attempt.status.after(AttemptOutcome::Failed),
            failure: Some(AMOUNT_MISMATCH.to_owned()),
            email: None,
            ..attempt.clone()
        };
        plan.attempt = AttemptChange::between(attempt, after);
        plan.messages.push(OutboxMessage::PaymentDiffers {
            account: attempt.account.clone(),
            payment: attempt.id.clone(),
            reasons: attempt.items.iter().map(|item| item.reason.clone()).collect(),
            came: told.cents,
            agreed: attempt.total(),
        });
    }
    plan.money_taken.push(MoneyTaken {
        notice: first.notice.clone(),
        receipt_id: confirmation.receipt_id.clone(),
        verdict: MovementKind::Mismatch,
        cents,
        at: now,
        corrects: taken,
    });
    plan.differences.push(match before {
        Some(_) => DifferenceChange::Replaced(kept),
        None => DifferenceChange::Opened(kept),
    });
    Ok(plan)
}

/// Money of a payment that we do not know: kept and raised (INV-M24).
fn unmatched(
    facts: &SettlementFacts,
    confirmation: &Confirmation,
    told: &MoneyTold,
    now: Timestamp,
) -> Plan<Settled> {
    let id = unmatched_id(confirmation);
    if facts.kept_unmatched || facts.known(&id).is_some() {
        return Plan::nothing(Settled::Known);
    }
    let kept = Difference::of(id, DifferenceKind::Unmatched, confirmation, told.clone(), now);
    let money = UnmatchedMoney { confirmation: confirmation.clone(), told: told.clone(), at: now };
    let differences = vec![DifferenceChange::Opened(kept)];
    Plan { unmatched: Some(money), differences, ..Plan::nothing(Settled::Unmatched) }
}

/// Whoever began a payment. An attempt that had ended has forgotten its address: the account's own is looked up.
fn payer_of(attempt: &Attempt) -> Recipient {
    let given = attempt
        .email
        .clone()
        .filter(|_| attempt.mailed_elsewhere)
        .map(|email| Recipient::Address(email, attempt.language));
    given.unwrap_or_else(|| Recipient::Account(attempt.account.clone()))
}

/// Whom a debt's receipt concerns, wherever it was paid: who began to pay it here, whom the creditor knows, and
/// everybody in whose history it is. Some may be the same person: the worker writes to no address twice.
fn concerned(debt: &Debt, attempt: Option<&Attempt>) -> Vec<Recipient> {
    let known = debt.debtor.email.clone().map(|email| Recipient::Address(email, Language::default()));
    // What an account made before it was proven does not concern whoever has proven the code.
    let debtor = debt.only_of.is_none().then(|| Recipient::Debtor(debt.debtor.fiscal_code.clone()));
    let watchers = debt.watchers.iter().cloned().map(Recipient::Account);
    attempt.map(payer_of).into_iter().chain(known).chain(debtor).chain(watchers).collect()
}
