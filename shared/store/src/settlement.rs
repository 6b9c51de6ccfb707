//! Settlement: reads what is known of a notification about money, and commits what `domain::settlement` decides.

use domain::payment::AttemptOutcome;
use domain::plan::CallbackId;
use domain::settlement::{Notification, ReceiptCodes, Settled, SettlementFacts, settle};
use domain::{Fault, NoticeNumber};
use runtime::Measure;
use runtime::metrics::{CallbackOutcome, PaymentOutcome};

use crate::debts::DebtRow;
use crate::keys::Key;
use crate::writer::DebtWriter;

impl DebtWriter {
    /// Applies a notification, once however often it comes; with it, in the same transaction, the stored callback that
    /// brought it counts as applied.
    ///
    /// # Errors
    /// The store's trouble: nothing is applied, and the same notification may come again.
    pub async fn settle(
        &self,
        notification: &Notification,
        callback: Option<&CallbackId>,
    ) -> Result<Settled, Fault> {
        let codes = &self.receipt_codes()?;
        let decide = move |again| async move {
            let facts = self.facts(notification, again).await?;
            let mut plan = settle(&facts, notification, self.now(), codes)?;
            plan.callback_applied = callback.cloned();
            Ok::<_, Fault>(plan)
        };
        let settled = self.commit(decide).await?;
        self.note(settled, notification, callback.is_some());
        Ok(settled)
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
                        let notices = attempt.notices();
                        let facts = self.money_facts(&notices, &confirmation.receipt_id).await?;
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
                let facts = self.money_facts(std::slice::from_ref(notice), &confirmation.receipt_id).await?;
                let open = facts.debts.first().and_then(|debt| debt.attempt.as_ref());
                let attempt = match open.filter(|_| facts.taken.is_empty()) {
                    Some(open) => self.payments.read(&open.payment_id).await?,
                    None => None,
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

    /// Debts, and for which of them this money was taken before: one read.
    async fn money_facts(
        &self,
        notices: &[NoticeNumber],
        receipt_id: &str,
    ) -> Result<SettlementFacts, Fault> {
        let debts: Vec<Key> = notices.iter().map(Key::debt).collect();
        let paid = |notice: &NoticeNumber| Key::paid(notice, receipt_id);
        let keys: Vec<Key> = debts.iter().cloned().chain(notices.iter().map(paid)).collect();
        let mut found = self.debts.table.get_many(&keys).await?;
        let taken = notices.iter().filter(|notice| found.contains(&paid(notice))).cloned().collect();
        let rows: Vec<DebtRow> = found.take_all(&debts)?;
        let debts = rows.into_iter().map(DebtRow::debt).collect::<Result<_, _>>()?;
        Ok(SettlementFacts { debts, taken, ..SettlementFacts::default() })
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
