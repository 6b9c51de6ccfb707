//! What the sweep finds due: attempts without outcome, callbacks never applied, debts past their last day.

use domain::Fault;
use domain::notice::NoticeNumber;
use domain::payment::Attempt;
use world::{NotConfigured, World};

use crate::events::{Channel, Events};
use crate::keys::{Key, SHARDS};
use crate::settlement::Settlement;

/// Something that has waited long enough.
pub enum Due {
    /// A payment whose outcome nobody has told us.
    Attempt(Box<Attempt>),
    /// A stored callback that was never applied.
    Callback(StoredCallback),
    /// A debt whose last day has passed.
    Debt(NoticeNumber),
}

/// A callback's raw body and its place in the store.
pub struct StoredCallback {
    pub channel: Channel,
    pub body: String,
    key: Key,
}

/// How many items of one kind are worked off in one run.
const BATCH: i32 = 50;

#[derive(Clone)]
pub struct Sweep {
    settlement: Settlement,
    events: Events,
}

impl Sweep {
    pub fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self { settlement: Settlement::connect(world)?, events: Events::connect(world)? })
    }

    pub fn settlement(&self) -> &Settlement {
        &self.settlement
    }

    /// The parts of the `due` index.
    pub fn shards() -> impl Iterator<Item = String> {
        (0..SHARDS).map(|shard| format!("DUE#{shard}"))
    }

    /// What is due in one part of the debts table, each read again at the source.
    pub async fn due(&self, shard: &str) -> Result<Vec<Due>, Fault> {
        let payments = self.settlement.payments();
        let mut due = Vec::new();
        for key in payments.debts().overdue(shard, BATCH).await? {
            if let Some(id) = crate::payments::Payments::attempt_due(&key) {
                let attempt = payments.get(&id).await?;
                due.extend(attempt.map(|attempt| Due::Attempt(Box::new(attempt))));
            } else if let Some(notice) = key.pk.strip_prefix("DEBT#") {
                due.extend(NoticeNumber::parse(notice).ok().map(Due::Debt));
            } else if key.pk.starts_with("EVENT#") {
                let stored = self.events.unapplied(&key).await?;
                due.extend(
                    stored.map(|(channel, body)| Due::Callback(StoredCallback { channel, body, key })),
                );
            }
        }
        Ok(due)
    }

    pub async fn callback_done(&self, callback: &StoredCallback) -> Result<(), Fault> {
        self.events.applied_by_key(&callback.key).await
    }

    pub async fn callback_later(&self, callback: &StoredCallback) -> Result<(), Fault> {
        self.events.later(&callback.key).await
    }
}
