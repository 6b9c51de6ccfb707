//! Settlement: what an authentic word about money does to debts, payments and movements. PSP callbacks, the
//! sweep's inquiries and the node's receipts all come through here.

use domain::account::Language;
use domain::bookkeeping::Reason;
use domain::debt::{self, Event, Rule, State};
use domain::movement::{Kind, Movement};
use domain::notice::NoticeNumber;
use domain::payment::{Attempt, Confirmation, Outcome, PaymentId, Status};
use domain::receipt::{self, Receipt};
use domain::{Amount, Cents, Debt, Fault, Timestamp};
use serde::Serialize;
use world::{Metrics, NotConfigured, Random, World};

use crate::debts::{Debts, advanced, with_attempt};
use crate::events::Events;
use crate::keys::Key;
use crate::movements::{self, Entry};
use crate::outbox::{Letter, Outbox, PaidLine, Recipient};
use crate::payments::Payments;
use crate::table::{Step, TRIES, Table, Transacted, absent, item, step_aside};

#[derive(Clone)]
pub struct Settlement {
    table: Table,
    debts: Debts,
    payments: Payments,
    events: Events,
    outbox: Outbox,
    random: Random,
    metrics: Metrics,
}

/// What a word about a payment did.
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
    /// The word says nothing new about an attempt that has ended.
    Ignored,
}

/// That money was taken for a debt, under its receipt's name: once, for ever.
#[derive(Serialize)]
struct Paid {
    verdict: Kind,
    cents: Cents,
    at: Timestamp,
}

#[derive(Serialize)]
struct Unmatched<'a> {
    confirmation: &'a Confirmation,
    cents: u64,
    currency: &'a str,
    at: Timestamp,
}

#[derive(Serialize)]
struct ReceiptPointer<'a> {
    notice: &'a NoticeNumber,
}

/// What one debt of a payment becomes.
struct Part {
    before: Debt,
    after: Debt,
    movement: Movement,
    verdict: Kind,
    receipt: Option<Receipt>,
}

impl Settlement {
    pub fn connect(world: &World) -> Result<Self, NotConfigured> {
        let payments = Payments::connect(world)?;
        Ok(Self {
            table: payments.table.clone(),
            debts: payments.debts.clone(),
            payments,
            events: Events::connect(world)?,
            outbox: Outbox::connect(world)?,
            random: world.random().clone(),
            metrics: world.metrics().clone(),
        })
    }

    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub fn payments(&self) -> &Payments {
        &self.payments
    }

    /// A PSP says that a payment succeeded. `cents` and `currency` are its own words.
    pub async fn succeeded(
        &self,
        id: &PaymentId,
        confirmation: &Confirmation,
        cents: u64,
        currency: &str,
        event: Option<&str>,
    ) -> Result<Settled, Fault> {
        let Some(attempt) = self.payments.get(id).await? else {
            return self.unmatched(confirmation, cents, currency, event).await;
        };
        if currency != "EUR" || cents != attempt.total().get() {
            return self.mismatched(attempt, confirmation, cents, event).await;
        }
        for try_number in 0..TRIES {
            let Some(attempt) = self.payments.get(id).await? else {
                return self.unmatched(confirmation, cents, currency, event).await;
            };
            let parts = self.credit_parts(&attempt, confirmation).await?;
            let settled = verdict_of(&parts);
            let steps = self.credit_steps(&attempt, &parts, confirmation, event).await?;
            match self.table.transact("settling a payment", steps).await? {
                Transacted::Done => {
                    if settled == Settled::Duplicate {
                        tracing::error!(event = "pay.duplicate", payment = %id, "money to refund");
                    }
                    return Ok(settled);
                }
                Transacted::Refused(_) => step_aside(try_number).await,
            }
        }
        Err(Fault::new("settling a payment", "others were in the way too often"))
    }

    /// The debts of a payment that this money has not been taken for yet, each with what becomes of it.
    async fn credit_parts(&self, attempt: &Attempt, confirmation: &Confirmation) -> Result<Vec<Part>, Fault> {
        const DOING: &str = "settling a payment";
        let now = self.debts.now();
        let taken_keys: Vec<Key> =
            attempt.items.iter().map(|item| Key::paid(&item.notice, &confirmation.receipt_id)).collect();
        let taken = self.table.get_many(DOING, &taken_keys).await?;
        let notices: Vec<NoticeNumber> = attempt.items.iter().map(|item| item.notice.clone()).collect();
        let debts = self.debts.read_many(&notices).await?;
        let mut parts = Vec::new();
        let together = u8::try_from(attempt.items.len()).ok().filter(|n| *n > 1);
        for (index, item) in attempt.items.iter().enumerate() {
            if taken.contains_key(&Key::paid(&item.notice, &confirmation.receipt_id)) {
                continue;
            }
            let Some(debt) = debts.iter().find(|debt| debt.notice == item.notice) else {
                return Err(Fault::new(DOING, "a debt of a payment is gone"));
            };
            let fee = confirmation.fee.filter(|_| index == 0);
            parts.push(self.credit(debt, item.amount, confirmation, fee, together, Some(attempt), now)?);
        }
        Ok(parts)
    }

    /// One debt credited, or the money kept to refund, as the table of transitions says.
    #[expect(clippy::too_many_arguments, reason = "each is a different datum of the receipt")]
    fn credit(
        &self,
        debt: &Debt,
        amount: Amount,
        confirmation: &Confirmation,
        fee: Option<Cents>,
        together: Option<u8>,
        attempt: Option<&Attempt>,
        now: Timestamp,
    ) -> Result<Part, Fault> {
        let (state, verdict, credited) = match debt::decide(debt.effective_state(now), Event::Credit) {
            Rule::Go(state, kind) => (state, kind, true),
            Rule::Record(kind) => (debt.state, kind, false),
            Rule::Ignore | Rule::AlreadyPaid | Rule::NotPayable | Rule::NotPaid => {
                return Err(Fault::new("settling a payment", "the table refuses money"));
            }
        };
        let entry = Entry {
            kind: verdict,
            cents: amount.cents(),
            source: confirmation.source,
            reference: Some(confirmation.receipt_id.clone()),
            sender_time: confirmation.paid_at,
        };
        let movement = movements::next(debt, entry, now);
        let mut after = advanced(debt.clone(), &movement, debt);
        let receipt = match credited {
            false => None,
            true => Some(Receipt {
                code: receipt::code_from(self.random.bytes()?),
                receipt_id: confirmation.receipt_id.clone(),
                amount,
                fee,
                paid_at: confirmation.paid_at,
                applied_on: confirmation.applied_on,
                recorded_at: now,
                psp: confirmation.psp.clone(),
                method: confirmation.method.clone(),
                channel: confirmation.channel.clone(),
                payer: confirmation.payer.clone(),
                paid_together: together,
            }),
        };
        if let Some(receipt) = &receipt {
            after.state = state;
            after.closed_at = Some(now);
            after.receipt = Some(receipt.clone());
        }
        let this_attempt =
            |open: &domain::debt::OpenAttempt| attempt.is_some_and(|a| a.id == open.payment_id);
        if after.attempt.as_ref().is_some_and(this_attempt) {
            after.attempt = None;
        }
        Ok(Part { before: debt.clone(), after, movement, verdict, receipt })
    }

    async fn part_steps(&self, part: &Part, receipt_id: &str) -> Result<Vec<Step>, Fault> {
        const DOING: &str = "settling a debt";
        let notice = &part.before.notice;
        let mut steps =
            self.debts.write_steps(&part.before, part.after.clone(), Some(&part.movement)).await?;
        let paid = Paid { verdict: part.verdict, cents: part.movement.cents, at: part.movement.at };
        let key = Key::paid(notice, receipt_id);
        steps.push(self.table.put_step(DOING, item(DOING, &key, &paid)?, absent())?);
        if let Some(receipt) = &part.receipt {
            let key = Key::receipt_code(&receipt.code);
            let pointer = item(DOING, &key, &ReceiptPointer { notice })?;
            steps.push(self.table.put_step(DOING, pointer, absent())?);
        }
        Ok(steps)
    }

    async fn credit_steps(
        &self,
        attempt: &Attempt,
        parts: &[Part],
        confirmation: &Confirmation,
        event: Option<&str>,
    ) -> Result<Vec<Step>, Fault> {
        let mut after = attempt.clone();
        after.status = attempt.status.after(Outcome::Succeeded);
        after.failure = None;
        after.email = None;
        if after.choice.psp_name.is_none() {
            after.choice.psp_name = Some(confirmation.psp.name.clone());
        }
        if after.choice.method.is_none() {
            after.choice.method.clone_from(&confirmation.method);
        }
        let mut steps =
            vec![self.payments.replace_step(attempt, &mut after)?, self.payments.forget_open_step(attempt)?];
        for part in parts {
            steps.extend(self.part_steps(part, &confirmation.receipt_id).await?);
            // Paid elsewhere than through the node: the archive must not offer it any more.
            if part.receipt.is_some() {
                steps.extend(self.debts.tell_archive_step(&part.before.notice)?);
            }
        }
        let paid: Vec<PaidLine> = parts.iter().filter_map(paid_line).collect();
        if !paid.is_empty() {
            let letter = Letter::PaymentReceived {
                to: payer_of(attempt),
                others: Vec::new(),
                payment: Some(attempt.id.clone()),
                paid,
                fee: confirmation.fee.unwrap_or_default(),
            };
            steps.push(self.outbox.post_step(&letter)?);
        }
        steps.extend(event.map(|id| self.events.applied_step(id)).transpose()?);
        Ok(steps)
    }

    /// A PSP says that an attempt ended without money.
    pub async fn ended(
        &self,
        id: &PaymentId,
        outcome: Outcome,
        failure: Option<&str>,
        source: domain::movement::Source,
        event: Option<&str>,
    ) -> Result<Settled, Fault> {
        for try_number in 0..TRIES {
            let Some(attempt) = self.payments.get(id).await? else {
                tracing::warn!(event = "webhook.unmatched", "an outcome of a payment that we do not know");
                self.mark(event).await?;
                return Ok(Settled::Unmatched);
            };
            let status = attempt.status.after(outcome);
            if status == attempt.status {
                self.mark(event).await?;
                return Ok(Settled::Ignored);
            }
            let mut after = attempt.clone();
            after.status = status;
            after.failure = failure.map(|code| code.chars().take(40).collect());
            let steps = self.end_steps(&attempt, after, Kind::AttemptFailed, source, event).await?;
            match self.table.transact("ending a payment", steps).await? {
                Transacted::Done => return Ok(Settled::Ended),
                Transacted::Refused(_) => step_aside(try_number).await,
            }
        }
        Err(Fault::new("ending a payment", "others were in the way too often"))
    }

    async fn end_steps(
        &self,
        attempt: &Attempt,
        mut after: Attempt,
        kind: Kind,
        source: domain::movement::Source,
        event: Option<&str>,
    ) -> Result<Vec<Step>, Fault> {
        let after_status = after.status;
        // It has ended: the address goes with it, so that none outlives its account (INV-I23).
        after.email = None;
        let mut steps =
            vec![self.payments.replace_step(attempt, &mut after)?, self.payments.forget_open_step(attempt)?];
        let notices: Vec<NoticeNumber> = attempt.items.iter().map(|item| item.notice.clone()).collect();
        for debt in self.debts.read_many(&notices).await? {
            let waiting = debt.attempt.as_ref().is_some_and(|open| open.payment_id == attempt.id);
            let happened = match kind {
                Kind::Mismatch => Event::Mismatch,
                _ => Event::FailAttempt,
            };
            let recorded = match debt::decide(debt.state, happened) {
                Rule::Go(_, kind) | Rule::Record(kind) => Some(kind),
                Rule::Ignore | Rule::AlreadyPaid | Rule::NotPayable | Rule::NotPaid => None,
            };
            if !waiting && kind != Kind::Mismatch {
                continue;
            }
            let attempt_left = debt.attempt.clone().filter(|open| open.payment_id != attempt.id);
            let (next, movement) = match recorded {
                Some(kind) => {
                    let cents = attempt.items.iter().find(|item| item.notice == debt.notice);
                    let entry = Entry {
                        kind,
                        cents: cents.map(|item| item.amount.cents()).unwrap_or_default(),
                        source,
                        reference: Some(attempt.id.to_string()),
                        sender_time: None,
                    };
                    let movement = movements::next(&debt, entry, self.debts.now());
                    (advanced(with_attempt(debt.clone(), attempt_left), &movement, &debt), Some(movement))
                }
                None => (with_attempt(debt.clone(), attempt_left), None),
            };
            steps.extend(self.debts.write_steps(&debt, next, movement.as_ref()).await?);
        }
        let told =
            attempt.email.clone().filter(|_| after_status == Status::Failed && kind == Kind::AttemptFailed);
        if let Some(email) = told {
            let letter = Letter::PaymentFailed {
                email,
                language: attempt.language,
                payment: attempt.id.clone(),
                reasons: attempt.items.iter().map(|item| item.reason.clone()).collect(),
            };
            steps.push(self.outbox.post_step(&letter)?);
        }
        steps.extend(event.map(|id| self.events.applied_step(id)).transpose()?);
        Ok(steps)
    }

    /// Money of another amount or currency than agreed: kept under its receipt's name and as a movement of every
    /// debt; the attempt ends, the debts stay to pay (INV-M06).
    async fn mismatched(
        &self,
        attempt: Attempt,
        confirmation: &Confirmation,
        cents: u64,
        event: Option<&str>,
    ) -> Result<Settled, Fault> {
        const DOING: &str = "keeping a mismatch";
        tracing::error!(event = "pay.mismatch", payment = %attempt.id, "another amount than agreed");
        let Some(first) = attempt.items.first() else {
            return Err(Fault::new(DOING, "a payment of nothing"));
        };
        let key = Key::paid(&first.notice, &confirmation.receipt_id);
        for try_number in 0..TRIES {
            let Some(attempt) = self.payments.get(&attempt.id).await? else {
                return Err(Fault::new(DOING, "the payment is gone"));
            };
            let known = self.table.get_many(DOING, std::slice::from_ref(&key)).await?;
            if known.contains_key(&key) {
                self.mark(event).await?;
                return Ok(Settled::Known);
            }
            let mut after = attempt.clone();
            after.status = attempt.status.after(Outcome::Failed);
            after.failure = Some("amount_mismatch".to_owned());
            let mut steps =
                self.end_steps(&attempt, after, Kind::Mismatch, confirmation.source, event).await?;
            let kept = Paid {
                verdict: Kind::Mismatch,
                cents: Cents::new(cents).unwrap_or_default(),
                at: self.debts.now(),
            };
            steps.push(self.table.put_step(DOING, item(DOING, &key, &kept)?, absent())?);
            match self.table.transact(DOING, steps).await? {
                Transacted::Done => return Ok(Settled::Mismatch),
                Transacted::Refused(_) => step_aside(try_number).await,
            }
        }
        Err(Fault::new(DOING, "others were in the way too often"))
    }

    /// Money of a payment that we do not know: kept and raised (INV-M24).
    pub async fn unmatched(
        &self,
        confirmation: &Confirmation,
        cents: u64,
        currency: &str,
        event: Option<&str>,
    ) -> Result<Settled, Fault> {
        const DOING: &str = "keeping unmatched money";
        tracing::error!(event = "pay.unmatched", "money of a payment that we do not know");
        let key = Key::unmatched(&confirmation.receipt_id);
        let row = Unmatched { confirmation, cents, currency, at: self.debts.now() };
        let mut steps = vec![self.table.put_step(DOING, item(DOING, &key, &row)?, absent())?];
        steps.extend(event.map(|id| self.events.applied_step(id)).transpose()?);
        // Another writer in the way has written nothing of this: only a failed condition means that it is known.
        match self.table.transact_in_turn(DOING, steps).await? {
            Transacted::Done => Ok(Settled::Unmatched),
            Transacted::Refused(_) => {
                self.mark(event).await?;
                Ok(Settled::Known)
            }
        }
    }

    /// A receipt of the node: it closes its debt whatever the amount, because the circuit has collected it; a
    /// difference is kept as a movement beside the credit (INV-M06, INV-M25).
    pub async fn receipt(
        &self,
        notice: &NoticeNumber,
        amount: Amount,
        confirmation: &Confirmation,
        event: Option<&str>,
    ) -> Result<Settled, Fault> {
        self.received(notice, amount, confirmation, event, None).await
    }

    /// The same for a receipt that never came (FM-52), by an operator who has seen at the node that it collected. A
    /// movement beside the credit says who did it and why; should the receipt come after all, it is known.
    pub async fn receipt_by_hand(
        &self,
        notice: &NoticeNumber,
        amount: Amount,
        confirmation: &Confirmation,
        reason: &Reason,
    ) -> Result<Settled, Fault> {
        self.received(notice, amount, confirmation, None, Some(reason)).await
    }

    async fn received(
        &self,
        notice: &NoticeNumber,
        amount: Amount,
        confirmation: &Confirmation,
        event: Option<&str>,
        by_hand: Option<&Reason>,
    ) -> Result<Settled, Fault> {
        const DOING: &str = "settling a receipt";
        for try_number in 0..TRIES {
            let now = self.debts.now();
            let key = Key::paid(notice, &confirmation.receipt_id);
            let known = self.table.get_many(DOING, std::slice::from_ref(&key)).await?;
            if known.contains_key(&key) {
                self.mark(event).await?;
                return Ok(Settled::Known);
            }
            let Some(debt) = self.debts.get(notice).await? else {
                return self.unmatched(confirmation, amount.get(), "EUR", event).await;
            };
            let attempt = match &debt.attempt {
                Some(open) => self.payments.get(&open.payment_id).await?,
                None => None,
            };
            let fee = confirmation.fee;
            let part = self.credit(&debt, amount, confirmation, fee, None, attempt.as_ref(), now)?;
            let mut settled = verdict_of(std::slice::from_ref(&part));
            let mut beside = Vec::new();
            if settled == Settled::Credited && amount != debt.amount {
                settled = Settled::Mismatch;
                beside.push((Kind::Mismatch, confirmation.receipt_id.clone()));
                tracing::error!(event = "pay.mismatch", notice = %notice, "a receipt of another amount");
            }
            if let (Some(reason), Rule::Record(kind)) =
                (by_hand, debt::decide(part.after.state, Event::CorrectToMatchNode))
            {
                beside.push((kind, reason.of(part.movement.number)));
            }
            let mut steps = self.beside(&part, beside, confirmation).await?;
            steps.extend(self.receipt_letters(&part, attempt.as_ref(), confirmation)?);
            if let Some(attempt) = &attempt {
                steps.extend(self.attempt_done(attempt, notice, confirmation)?);
            }
            steps.extend(event.map(|id| self.events.applied_step(id)).transpose()?);
            match self.table.transact(DOING, steps).await? {
                Transacted::Done => {
                    if settled == Settled::Duplicate {
                        tracing::error!(event = "pay.duplicate", notice = %notice, "money to refund");
                    }
                    return Ok(settled);
                }
                Transacted::Refused(_) => step_aside(try_number).await,
            }
        }
        Err(Fault::new(DOING, "others were in the way too often"))
    }

    /// The steps of a part with more movements about the same money, each with its reference: a difference of the
    /// amount, an operator's reason.
    async fn beside(
        &self,
        part: &Part,
        more: Vec<(Kind, String)>,
        confirmation: &Confirmation,
    ) -> Result<Vec<Step>, Fault> {
        let (mut after, mut appended) = (part.after.clone(), Vec::new());
        for (kind, reference) in more {
            let entry = Entry {
                kind,
                cents: part.movement.cents,
                source: confirmation.source,
                reference: Some(reference),
                sender_time: confirmation.paid_at,
            };
            let movement = movements::next(&after, entry, part.movement.at);
            after = advanced(after, &movement, &part.before);
            appended.push(self.debts.movements()?.append_step(&part.before.notice, &movement)?);
        }
        let all = Part {
            before: part.before.clone(),
            after,
            movement: part.movement.clone(),
            verdict: part.verdict,
            receipt: part.receipt.clone(),
        };
        let mut steps = self.part_steps(&all, &confirmation.receipt_id).await?;
        steps.extend(appended);
        Ok(steps)
    }

    /// The attempt that a receipt answers: succeeded once the receipts of all its debts are here.
    fn attempt_done(
        &self,
        attempt: &Attempt,
        notice: &NoticeNumber,
        confirmation: &Confirmation,
    ) -> Result<Vec<Step>, Fault> {
        // Money that does not name this attempt pays the debt, but says nothing of it: its outcome stays unknown until
        // whoever was asked for it says (INV-M17).
        if confirmation.payment_id.as_ref() != Some(&attempt.id) {
            return Ok(Vec::new());
        }
        let mut after = attempt.clone();
        if !after.received.contains(notice) {
            after.received.push(notice.clone());
        }
        if after.received.len() < attempt.items.len() {
            return Ok(vec![self.payments.replace_step(attempt, &mut after)?]);
        }
        after.status = attempt.status.after(Outcome::Succeeded);
        after.email = None;
        Ok(vec![self.payments.replace_step(attempt, &mut after)?, self.payments.forget_open_step(attempt)?])
    }

    /// A letter for everybody whom the money concerns.
    fn receipt_letters(
        &self,
        part: &Part,
        attempt: Option<&Attempt>,
        confirmation: &Confirmation,
    ) -> Result<Vec<Step>, Fault> {
        let Some(line) = paid_line(part) else { return Ok(Vec::new()) };
        let all = concerned(&part.before, attempt);
        // Who began to pay and named another address than the account's has asked for no second letter.
        let payer = attempt.map(|attempt| Recipient::Account(attempt.account.clone()));
        let letters = all.iter().enumerate().map(|(index, to)| Letter::PaymentReceived {
            to: to.clone(),
            others: all.iter().take(index).chain(payer.iter().filter(|_| index > 0)).cloned().collect(),
            payment: attempt.map(|attempt| attempt.id.clone()),
            paid: vec![line.clone()],
            fee: confirmation.fee.unwrap_or_default(),
        });
        letters.map(|letter| self.outbox.post_step(&letter)).collect()
    }

    async fn mark(&self, event: Option<&str>) -> Result<(), Fault> {
        match event {
            Some(id) => self.events.applied(id).await,
            None => Ok(()),
        }
    }

    /// The debt of a receipt's code.
    pub async fn by_receipt_code(debts: &Debts, code: &str) -> Result<Option<(Debt, Receipt)>, Fault> {
        #[derive(serde::Deserialize)]
        struct Pointer {
            notice: NoticeNumber,
        }
        let pointer: Option<Pointer> = debts.table.get("finding a receipt", &Key::receipt_code(code)).await?;
        let Some(pointer) = pointer else { return Ok(None) };
        let debt = debts.get(&pointer.notice).await?;
        let paid = debt.filter(|debt| debt.state == State::Paid);
        Ok(paid.and_then(|debt| {
            let receipt = debt.receipt.clone().filter(|receipt| receipt.code == code)?;
            Some((debt, receipt))
        }))
    }
}

fn verdict_of(parts: &[Part]) -> Settled {
    if parts.is_empty() {
        Settled::Known
    } else if parts.iter().any(|part| part.receipt.is_some()) {
        Settled::Credited
    } else {
        Settled::Duplicate
    }
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

fn paid_line(part: &Part) -> Option<PaidLine> {
    let receipt = part.receipt.as_ref()?;
    Some(PaidLine {
        notice: part.before.notice.to_string(),
        iuv: part.before.iuv().to_string(),
        reason: part.before.reason.clone(),
        amount: receipt.amount.cents(),
        paid_on: receipt.paid_on(),
    })
}
