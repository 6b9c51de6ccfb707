//! Settlement: reads what is known of a notification about money, and commits what `domain::settlement` decides.

use std::collections::BTreeMap;

use domain::difference::{Difference, DifferenceChange, DifferenceId, ReceiptField};
use domain::payment::AttemptOutcome;
use domain::plan::CallbackId;
use domain::settlement::{Notification, ReceiptCodes, Settled, SettlementFacts, Taken, settle};
use domain::{Fault, NoticeNumber};
use runtime::Measure;
use runtime::metrics::{CallbackOutcome, PaymentOutcome};

use crate::debts::DebtRow;
use crate::keys::Key;
use crate::writer::{DebtWriter, MoneyTakenRow};

/// A stored message that a settlement applies.
#[derive(Clone, Copy, Debug)]
pub struct AppliedMessage<'a> {
    pub id: &'a CallbackId,
    /// It could not be read before: the difference that says so is settled with it.
    pub was_unreadable: bool,
}

impl DebtWriter {
    /// Applies a notification, once however often it comes; with it, in the same transaction, the stored callback that
    /// brought it counts as applied.
    ///
    /// # Errors
    /// The store's trouble: nothing is applied, and the same notification may come again.
    pub async fn settle(
        &self,
        notification: &Notification,
        message: Option<AppliedMessage<'_>>,
    ) -> Result<Settled, Fault> {
        let codes = &self.receipt_codes()?;
        let decide = move |again| async move {
            let facts = self.facts(notification, again).await?;
            let mut plan = settle(&facts, notification, self.now(), codes)?;
            if let Some(message) = message {
                plan.callback_applied = Some(message.id.clone());
                if message.was_unreadable {
                    plan.differences.extend(self.read_after_all(message.id).await?);
                }
            }
            let doubts: Vec<Option<ReceiptField>> =
                plan.differences.iter().map(|change| change.difference().doubted()).collect();
            Ok::<_, Fault>(plan.map(|settled| (settled, doubts)))
        };
        let (settled, doubts) = self.commit(decide).await?;
        self.note(settled, notification, message.is_some());
        for field in doubts.into_iter().flatten() {
            let (subject, field) = (notification.subject(), field.as_str());
            tracing::error!(event = "pay.doubtful", subject, field, "a datum of money that cannot be true");
        }
        Ok(settled)
    }

    /// The difference of a message that could not be read, settled: it could be.
    async fn read_after_all(&self, id: &CallbackId) -> Result<Option<DifferenceChange>, Fault> {
        let key = Key::difference(&Difference::unreadable_id(id.as_str()));
        let kept: Option<Difference> = self.debts.table.get(&key).await?;
        let kept = kept.filter(Difference::is_open);
        Ok(kept.map(|kept| {
            DifferenceChange::Resolved(kept.superseded("replay", "the message could be read", self.now()))
        }))
    }

    fn receipt_codes(&self) -> Result<ReceiptCodes, Fault> {
        let mut codes = ReceiptCodes::default();
        for code in &mut codes {
            *code = self.random.bytes()?;
        }
        Ok(codes)
    }

    /// What is known. Whether money is kept as unmatched is looked up only after a conflict.
    async fn facts(&self, notification: &Notification, again: bool) -> Result<SettlementFacts, Fault> {
        let mut facts = match notification {
            Notification::Paid { payment_id, confirmation, .. } => {
                match self.payments.read(payment_id).await? {
                    Some(attempt) => {
                        let (notices, ids) = (attempt.notices(), notification.differences(Some(&attempt)));
                        let facts = self.money_facts(&notices, &confirmation.receipt_id, &ids).await?;
                        SettlementFacts { attempt: Some(attempt), ..facts }
                    }
                    None => SettlementFacts::default(),
                }
            }
            Notification::Ended { payment_id, outcome, .. } => match self.payments.read(payment_id).await? {
                Some(attempt) if attempt.status.after(*outcome) != attempt.status => {
                    let debts = self.debts.read_many(&attempt.notices()).await?;
                    SettlementFacts { attempt: Some(attempt), debts, ..SettlementFacts::default() }
                }
                attempt => SettlementFacts { attempt, ..SettlementFacts::default() },
            },
            Notification::Receipt { notice, confirmation, .. } => {
                let (notices, ids) = (std::slice::from_ref(notice), notification.differences(None));
                let facts = self.money_facts(notices, &confirmation.receipt_id, &ids).await?;
                // The payment that it names, also one that had ended; else the one that the debt waits for.
                let open = facts.debts.first().and_then(|debt| debt.attempt.as_ref());
                let named = confirmation.payment_id.as_ref().filter(|_| !facts.debts.is_empty());
                let attempt = match named.or(open.map(|open| &open.payment_id)) {
                    Some(payment) if facts.taken.is_empty() => self.payments.read(payment).await?,
                    _ => None,
                };
                SettlementFacts { attempt, ..facts }
            }
            Notification::Unmatched { .. } | Notification::Foreign => SettlementFacts::default(),
        };
        if let (true, Some(confirmation)) = (again, notification.confirmation()) {
            let key = Key::unmatched(&confirmation.receipt_id);
            facts.kept_unmatched =
                self.debts.table.get_many(std::slice::from_ref(&key)).await?.contains(&key);
        }
        Ok(facts)
    }

    /// Debts, for which of them this money was taken before, and the differences that it may concern: one read.
    async fn money_facts(
        &self,
        notices: &[NoticeNumber],
        receipt_id: &str,
        differences: &[DifferenceId],
    ) -> Result<SettlementFacts, Fault> {
        let debts: Vec<Key> = notices.iter().map(Key::debt).collect();
        let paid: Vec<Key> = notices.iter().map(|notice| Key::paid(notice, receipt_id)).collect();
        let kept: Vec<Key> = differences.iter().map(Key::difference).collect();
        let keys: Vec<Key> = [debts.as_slice(), &paid, &kept].concat();
        let mut found = self.debts.table.get_many(&keys).await?;
        let mut taken = BTreeMap::new();
        for (notice, key) in notices.iter().zip(&paid) {
            if let Some(row) = found.take::<MoneyTakenRow>(key)? {
                taken.insert(notice.clone(), Taken { verdict: row.verdict, cents: row.cents });
            }
        }
        let rows: Vec<DebtRow> = found.take_all(&debts)?;
        let debts = rows.into_iter().map(DebtRow::debt).collect::<Result<_, _>>()?;
        let differences = found.take_all(&kept)?;
        Ok(SettlementFacts { debts, taken, differences, ..SettlementFacts::default() })
    }

    /// Logs what a person must look at, and counts what a notification did to the payment that it speaks of, and what
    /// became of the message that brought it.
    fn note(&self, settled: Settled, notification: &Notification, is_message: bool) {
        let outcome = match notification {
            Notification::Ended { outcome, .. } => Some(*outcome),
            _ => None,
        };
        let subject = notification.subject();
        match settled {
            Settled::Duplicate => tracing::error!(event = "pay.duplicate", subject, "money to refund"),
            Settled::Mismatch => {
                tracing::error!(event = "pay.mismatch", subject, "another amount than agreed")
            }
            Settled::Contradicted => {
                tracing::error!(
                    event = "pay.contradicted",
                    subject,
                    "money that was credited, told otherwise"
                );
            }
            Settled::Unmatched if outcome.is_some() => {
                tracing::warn!(event = "webhook.unmatched", "an outcome of a payment that we do not know");
            }
            Settled::Unmatched => {
                tracing::error!(event = "pay.unmatched", "money of a payment that we do not know");
            }
            Settled::Credited | Settled::Known | Settled::Ended | Settled::Ignored => {}
        }
        let (payment, callback) = match settled {
            Settled::Credited => (Some(PaymentOutcome::Credited), CallbackOutcome::Credited),
            Settled::Duplicate => (Some(PaymentOutcome::Duplicate), CallbackOutcome::Duplicate),
            Settled::Mismatch => (Some(PaymentOutcome::Mismatch), CallbackOutcome::Mismatch),
            Settled::Unmatched => (Some(PaymentOutcome::Unmatched), CallbackOutcome::Unmatched),
            Settled::Known => (None, CallbackOutcome::Repeated),
            Settled::Contradicted => (None, CallbackOutcome::Mismatch),
            Settled::Ignored => (None, CallbackOutcome::Ignored),
            Settled::Ended => {
                let payment = match outcome {
                    Some(AttemptOutcome::Cancelled) => PaymentOutcome::Cancelled,
                    Some(AttemptOutcome::Expired) => PaymentOutcome::Expired,
                    Some(AttemptOutcome::Failed | AttemptOutcome::Succeeded) | None => PaymentOutcome::Failed,
                };
                (Some(payment), CallbackOutcome::Ended)
            }
        };
        if let Some(payment) = payment {
            self.metrics.note(Measure::Payment(payment));
        }
        if is_message {
            self.metrics.note(Measure::Callback(callback));
        }
    }
}
