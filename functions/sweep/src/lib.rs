//! Every five minutes: finishes what a crash, a lost callback or a lost stream left half-done.
//!
//! Callbacks stored and never applied, attempts whose outcome is unknown, messages not processed, accounts never activated
//! or not yet erased, debts past their last day. Each is read again at its source and processed by the same code as the
//! first time; one that fails does not stop the others.
//!
//! Each kind waits in a queue of its own, and the queues are worked through page by page in turn: a town's debts that
//! expire in one night keep no payment waiting (MON-10). A run goes on until nothing is left or its time is used, which is
//! when the next one begins.

use domain::Fault;
use domain::account::{Account, AccountStatus};
use domain::creditor::Creditor;
use domain::payment::Attempt;
use futures_util::{StreamExt, stream};
use lambda::{WorkTime, Worker};
use outbox::OutboxWorker;
use psp::{Asking, PaymentGateway};
use runtime::{ConfigError, Env, Measure, Metrics};
use serde::Serialize;
use serde_json::Value;
use store::{
    AccountReader, AccountWriter, DebtWriter, DuePage, DuePlace, DueQueue, DueShard, DueWork, StoredCallback,
    due_shards,
};

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
    /// Whether its time was used before nothing was left.
    unfinished: bool,
}

/// What is swept. The first of a round are those that money waits for.
#[derive(Clone, Copy)]
enum SweepQueue {
    Debts(DueQueue),
    Letters,
    Accounts,
}

const QUEUES: [SweepQueue; 5] = [
    SweepQueue::Debts(DueQueue::Callbacks),
    SweepQueue::Debts(DueQueue::Payments),
    SweepQueue::Letters,
    SweepQueue::Accounts,
    SweepQueue::Debts(DueQueue::Expiries),
];

/// One part of one queue, and how far it has been worked through.
struct SweepLane {
    queue: SweepQueue,
    shard: DueShard,
    after: Option<DuePlace>,
}

/// Something to do.
enum DueItem {
    Work(DueWork),
    Letter(String),
    Account(Box<Account>),
}

/// What was done.
#[derive(Clone, Copy)]
enum Processed {
    Letter,
    Payment,
    Callback,
    Debt,
    Account,
}

impl SweepQueue {
    /// How many of its items are processed at the same time. PSPs and SES are not to be flooded.
    fn at_once(self) -> usize {
        match self {
            SweepQueue::Debts(DueQueue::Expiries) => 16,
            SweepQueue::Debts(_) => 8,
            SweepQueue::Letters | SweepQueue::Accounts => 4,
        }
    }
}

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

    async fn handle(&self, _: Value, time: WorkTime) -> Result<Swept, Fault> {
        let mut swept = Swept::default();
        for shard in due_shards() {
            let measured = self.ages(shard).await;
            count(measured.map(|()| None), &mut swept);
        }
        let lanes = QUEUES.into_iter().flat_map(|queue| due_shards().map(move |shard| (queue, shard)));
        let mut lanes: Vec<SweepLane> =
            lanes.map(|(queue, shard)| SweepLane { queue, shard, after: None }).collect();
        let mut unread = Ok(());
        while !lanes.is_empty() && !time.is_used() {
            let mut left = Vec::new();
            for lane in lanes {
                match self.page(lane, time, &mut swept).await {
                    Ok(next) => left.extend(next),
                    // A queue that cannot be read keeps no other waiting.
                    Err(fault) => unread = unread.and(Err(fault)),
                }
            }
            lanes = left;
        }
        swept.unfinished = !lanes.is_empty();
        tracing::info!(event = "sweep.done", swept = ?swept, "sweep");
        unread.map(|()| swept)
    }
}

impl Sweep {
    /// Measures how long work has been waiting, before it is processed.
    async fn ages(&self, shard: DueShard) -> Result<(), Fault> {
        let letter = self.outbox.outbox().oldest(shard).await?;
        self.metrics.note(Measure::OldestOutbox(letter.unwrap_or_default()));
        let payment = self.writer.oldest_unknown(shard).await?;
        self.metrics.note(Measure::OldestUnknown(payment.unwrap_or_default()));
        Ok(())
    }

    /// Works through one page, several items at a time. What is not begun when the time is used waits for the next run.
    async fn page(
        &self,
        lane: SweepLane,
        time: WorkTime,
        swept: &mut Swept,
    ) -> Result<Option<SweepLane>, Fault> {
        let DuePage { items, next } = self.items(&lane).await?;
        let begun = items.into_iter().map(|item| async move {
            match time.is_used() {
                true => Ok(None),
                false => self.process(item).await,
            }
        });
        let mut done = stream::iter(begun).buffer_unordered(lane.queue.at_once());
        while let Some(done) = done.next().await {
            count(done, swept);
        }
        Ok(next.map(|next| SweepLane { after: Some(next), ..lane }))
    }

    async fn items(&self, lane: &SweepLane) -> Result<DuePage<DueItem>, Fault> {
        let (shard, after) = (lane.shard, lane.after.as_ref());
        match lane.queue {
            SweepQueue::Debts(queue) => {
                Ok(self.writer.due_work(queue, shard, after).await?.map(DueItem::Work))
            }
            SweepQueue::Letters => Ok(self.outbox.outbox().overdue(shard, after).await?.map(DueItem::Letter)),
            SweepQueue::Accounts => {
                let accounts = self.outbox.accounts().overdue(AccountReader::Worker, shard, after).await?;
                Ok(accounts.map(|account| DueItem::Account(Box::new(account))))
            }
        }
    }

    async fn process(&self, item: DueItem) -> Result<Option<Processed>, Fault> {
        let done = match item {
            DueItem::Work(DueWork::Attempt(attempt)) => {
                self.payment(&attempt).await.map(|()| Processed::Payment)
            }
            DueItem::Work(DueWork::Callback(callback)) => {
                self.callback(&callback).await.map(|()| Processed::Callback)
            }
            DueItem::Work(DueWork::Debt(notice)) => {
                self.writer.expire(&notice).await.map(|()| Processed::Debt)
            }
            DueItem::Letter(id) => self.outbox.deliver(&id).await.map(|()| Processed::Letter),
            DueItem::Account(account) => self.account(&account).await.map(|()| Processed::Account),
        };
        done.map(Some)
    }

    async fn payment(&self, attempt: &Attempt) -> Result<(), Fault> {
        self.gateway.resolve(&self.writer, attempt, Asking::Overdue).await.map(|_| ())
    }

    async fn callback(&self, callback: &StoredCallback) -> Result<(), Fault> {
        if let Err(fault) = psp::replay(&self.writer, callback, &self.creditor).await {
            self.writer.callbacks().postpone(callback).await?;
            return Err(fault);
        }
        Ok(())
    }

    /// Accounts never activated free their fiscal code and username; closed ones are erased by the outbox's message,
    /// and here if that message was given up. Whoever has not entered an account for years is told.
    async fn account(&self, account: &Account) -> Result<(), Fault> {
        match account.status {
            AccountStatus::Active => return self.accounts.unused(&account.id).await,
            AccountStatus::Pending => {
                tracing::info!(event = "reg.pending.expired", "a registration was never activated");
            }
            AccountStatus::Closed => {}
        }
        self.outbox.accounts().erase(account).await
    }
}

fn count(done: Result<Option<Processed>, Fault>, swept: &mut Swept) {
    let counter = match done {
        Ok(None) => return,
        Ok(Some(Processed::Letter)) => &mut swept.letters,
        Ok(Some(Processed::Payment)) => &mut swept.payments,
        Ok(Some(Processed::Callback)) => &mut swept.callbacks,
        Ok(Some(Processed::Debt)) => &mut swept.debts,
        Ok(Some(Processed::Account)) => &mut swept.accounts,
        Err(fault) => {
            tracing::error!(event = "sweep.item_failed", doing = fault.doing, cause = %fault.source, "an item failed; the sweep continues");
            &mut swept.failures
        }
    };
    *counter = counter.saturating_add(1);
}
