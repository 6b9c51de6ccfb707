//! Every five minutes: finishes what a crash, a lost callback or a lost stream left half-done.
//!
//! Messages not processed, attempts whose outcome is unknown, callbacks stored and never applied, debts past
//! their last day, accounts never activated or not yet erased. Each is read again at its source and processed
//! by the same code as the first time; one that fails does not stop the others.

use domain::Fault;
use domain::account::AccountStatus;
use domain::creditor::Creditor;
use domain::payment;
use lambda::Worker;
use outbox::OutboxWorker;
use psp::{Asking, PaymentGateway};
use runtime::{ConfigError, Env, Measure, Metrics};
use serde::Serialize;
use serde_json::Value;
use store::{AccountReader, AccountWriter, DebtWriter, DueWork, StoredCallback, due_shards};

pub struct Sweep {
    writer: DebtWriter,
    outbox: OutboxWorker,
    accounts: AccountWriter,
    gateway: PaymentGateway,
    creditor: Creditor,
    metrics: Metrics,
}

/// What a run did.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    letters: u32,
    payments: u32,
    callbacks: u32,
    debts: u32,
    accounts: u32,
    failures: u32,
}

/// How many messages and accounts of one part are processed in one run.
const BATCH: i32 = 50;

impl Worker for Sweep {
    /// EventBridge's event says nothing that is needed.
    type Event = Value;
    type Answer = Swept;

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            writer: DebtWriter::connect(env)?,
            outbox: OutboxWorker::connect(env)?,
            accounts: AccountWriter::connect(env)?,
            gateway: PaymentGateway::connect(env)?,
            creditor: creditor::creditor(env)?,
            metrics: env.metrics().clone(),
        })
    }

    async fn handle(&self, _: Value) -> Result<Swept, Fault> {
        let mut swept = Swept::default();
        for shard in due_shards() {
            let measured = self.ages(&shard).await;
            count(measured.map(|()| None), &mut swept.failures);
            self.debts_and_payments(&shard, &mut swept).await?;
            self.messages(&shard, &mut swept).await?;
            self.accounts(&shard, &mut swept).await?;
        }
        tracing::info!(event = "sweep.done", swept = ?swept, "sweep");
        Ok(swept)
    }
}

impl Sweep {
    /// Measures how long work has been waiting, before it is processed.
    async fn ages(&self, shard: &str) -> Result<(), Fault> {
        let letter = self.outbox.outbox().oldest(shard).await?;
        self.metrics.note(Measure::OldestOutbox(letter.unwrap_or_default()));
        let payment = self.writer.oldest_unknown(shard).await?;
        self.metrics.note(Measure::OldestUnknown(payment.unwrap_or_default()));
        Ok(())
    }

    async fn debts_and_payments(&self, shard: &str, swept: &mut Swept) -> Result<(), Fault> {
        for due in self.writer.due_work(shard).await? {
            let done = match &due {
                DueWork::Attempt(attempt) if attempt.status != payment::AttemptStatus::Pending => continue,
                DueWork::Attempt(attempt) => {
                    let resolved = self.gateway.resolve(&self.writer, attempt, Asking::Overdue).await;
                    resolved.map(|_| &mut swept.payments)
                }
                DueWork::Callback(callback) => self.callback(callback).await.map(|()| &mut swept.callbacks),
                DueWork::Debt(notice) => self.writer.expire(notice).await.map(|()| &mut swept.debts),
            };
            count(done.map(Some), &mut swept.failures);
        }
        Ok(())
    }

    async fn callback(&self, callback: &StoredCallback) -> Result<(), Fault> {
        if let Err(fault) = psp::replay(&self.writer, callback, &self.creditor).await {
            self.writer.callbacks().postpone(callback).await?;
            return Err(fault);
        }
        Ok(())
    }

    async fn messages(&self, shard: &str, swept: &mut Swept) -> Result<(), Fault> {
        for id in self.outbox.outbox().overdue(shard, BATCH).await? {
            let done = self.outbox.deliver(&id).await.map(|()| &mut swept.letters);
            count(done.map(Some), &mut swept.failures);
        }
        Ok(())
    }

    /// Accounts never activated free their fiscal code and username; closed ones are erased by the outbox's message,
    /// and here if that message was given up. Whoever has not entered an account for years is told.
    async fn accounts(&self, shard: &str, swept: &mut Swept) -> Result<(), Fault> {
        for account in self.outbox.accounts().overdue(AccountReader::Worker, shard, BATCH).await? {
            if account.status == AccountStatus::Pending {
                tracing::info!(event = "reg.pending.expired", "a registration was never activated");
            }
            let done = match account.status {
                AccountStatus::Active => self.accounts.unused(&account).await,
                AccountStatus::Pending | AccountStatus::Closed => {
                    self.outbox.accounts().erase(&account).await
                }
            };
            let done = done.map(|()| &mut swept.accounts);
            count(done.map(Some), &mut swept.failures);
        }
        Ok(())
    }
}

fn count(done: Result<Option<&mut u32>, Fault>, failures: &mut u32) {
    match done {
        Ok(counter) => counter.into_iter().for_each(|counter| *counter = counter.saturating_add(1)),
        Err(fault) => {
            tracing::error!(event = "sweep.item_failed", doing = fault.doing, cause = %fault.source, "an item failed; the sweep continues");
            *failures = failures.saturating_add(1);
        }
    }
}
