//! Every five minutes: finishes what a crash, a lost callback or a lost stream left half-done.
//!
//! Letters not delivered, attempts whose outcome is unknown, callbacks stored and never applied, debts past
//! their last day, accounts never activated or not yet erased. Each is read again at its source and worked off
//! by the same code as the first time; one that fails does not stop the others.

use domain::account::Status;
use domain::payment;
use domain::{Fault, FiscalCode};
use lambda::Worker;
use post::Postman;
use psp::Till;
use serde::Serialize;
use serde_json::Value;
use store::{Due, StoredCallback, Sweep as Finder};
use world::{Measure, Metrics, NotConfigured, World};

pub struct Sweep {
    finder: Finder,
    postman: Postman,
    till: Till,
    creditor: FiscalCode,
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

/// How many letters and accounts of one part are worked off in one run.
const BATCH: i32 = 50;

impl Worker for Sweep {
    /// EventBridge's event says nothing that is needed.
    type Event = Value;
    type Answer = Swept;

    fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self {
            finder: Finder::connect(world)?,
            postman: Postman::connect(world)?,
            till: Till::connect(world)?,
            creditor: creditor::creditor(world)?.fiscal_code,
            metrics: world.metrics().clone(),
        })
    }

    async fn handle(&self, _: Value) -> Result<Swept, Fault> {
        let mut swept = Swept::default();
        for shard in Finder::shards() {
            let measured = self.ages(&shard).await;
            count(measured.map(|()| None), &mut swept.failures);
            self.debts_and_payments(&shard, &mut swept).await?;
            self.letters(&shard, &mut swept).await?;
            self.accounts(&shard, &mut swept).await?;
        }
        tracing::info!(event = "sweep.done", swept = ?swept, "sweep");
        Ok(swept)
    }
}

impl Sweep {
    /// Measures how long work has been waiting, before it is worked off.
    async fn ages(&self, shard: &str) -> Result<(), Fault> {
        let letter = self.postman.outbox().oldest(shard).await?;
        self.metrics.note(Measure::OldestOutbox(letter.unwrap_or_default()));
        let payment = self.finder.oldest_unknown(shard).await?;
        self.metrics.note(Measure::OldestUnknown(payment.unwrap_or_default()));
        Ok(())
    }

    async fn debts_and_payments(&self, shard: &str, swept: &mut Swept) -> Result<(), Fault> {
        for due in self.finder.due(shard).await? {
            let done = match &due {
                Due::Attempt(attempt) if attempt.status != payment::Status::Pending => continue,
                Due::Attempt(attempt) => {
                    self.till.settle(self.finder.settlement(), attempt).await.map(|_| &mut swept.payments)
                }
                Due::Callback(callback) => self.callback(callback).await.map(|()| &mut swept.callbacks),
                Due::Debt(notice) => {
                    let debts = self.finder.settlement().payments().debts();
                    debts.expire(notice).await.map(|()| &mut swept.debts)
                }
            };
            count(done.map(Some), &mut swept.failures);
        }
        Ok(())
    }

    async fn callback(&self, callback: &StoredCallback) -> Result<(), Fault> {
        let events = self.finder.events();
        match psp::replay(self.finder.settlement(), callback, &self.creditor).await {
            Ok(_) => events.done(callback).await,
            Err(fault) => {
                events.later(callback).await?;
                Err(fault)
            }
        }
    }

    async fn letters(&self, shard: &str, swept: &mut Swept) -> Result<(), Fault> {
        for id in self.postman.outbox().overdue(shard, BATCH).await? {
            let done = self.postman.deliver(&id).await.map(|()| &mut swept.letters);
            count(done.map(Some), &mut swept.failures);
        }
        Ok(())
    }

    /// Accounts never activated give their names back; closed ones whose goodbye went out are erased by the
    /// letter, and here should that letter have died.
    async fn accounts(&self, shard: &str, swept: &mut Swept) -> Result<(), Fault> {
        for account in self.postman.accounts().overdue(shard, BATCH).await? {
            if account.status == Status::Pending {
                tracing::info!(event = "reg.pending.expired", "a registration was never activated");
            }
            let done = self.postman.accounts().erase(&account).await.map(|()| &mut swept.accounts);
            count(done.map(Some), &mut swept.failures);
        }
        Ok(())
    }
}

fn count(done: Result<Option<&mut u32>, Fault>, failures: &mut u32) {
    match done {
        Ok(counter) => counter.into_iter().for_each(|counter| *counter = counter.saturating_add(1)),
        Err(fault) => {
            tracing::error!(doing = fault.doing, cause = %fault.source, "the sweep goes on");
            *failures = failures.saturating_add(1);
        }
    }
}
