//! What the sweep finds due: attempts without outcome, callbacks never applied, debts past their last day.

use std::time::Duration;

use domain::Fault;
use domain::notice::NoticeNumber;
use domain::payment::Attempt;
use world::{NotConfigured, World};

use crate::events::{Events, StoredCallback};
use crate::keys::{Key, SHARDS};
use crate::payments::Payments;
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

/// How many items of one kind are worked off in one run.
const BATCH: i32 = 50;
/// How many items are looked at to find the oldest; one batch read takes as many.
const AT_ONCE: i32 = 100;
/// The longest time between two inquiries about a payment.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

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
            if let Some(id) = Payments::attempt_due(&key) {
                let attempt = payments.get(&id).await?;
                due.extend(attempt.map(|attempt| Due::Attempt(Box::new(attempt))));
            } else if let Some(notice) = key.pk.strip_prefix("DEBT#") {
                due.extend(NoticeNumber::parse(notice).ok().map(Due::Debt));
            } else if key.pk.starts_with("EVENT#") {
                let stored = self.events.read(key).await?;
                due.extend(stored.filter(|stored| !stored.applied).map(Due::Callback));
            }
        }
        Ok(due)
    }

    /// How long the oldest payment without outcome has been waiting for one, due for an inquiry by now or not.
    pub async fn oldest_unknown(&self, shard: &str) -> Result<Option<Duration>, Fault> {
        let payments = self.settlement.payments();
        let now = payments.debts().now();
        // Its next inquiry is an hour away at most, and so it is among what is due by then.
        let soon = now.checked_add(LONGEST_WAIT).map_err(|e| Fault::new("finding what is unknown", e))?;
        let due = payments.debts().due_by(shard, soon, AT_ONCE).await?;
        let attempts: Vec<Key> = due.into_iter().filter(|key| Payments::attempt_due(key).is_some()).collect();
        let waiting = payments.pending(&attempts).await?;
        Ok(waiting.iter().map(|attempt| domain::session::passed(attempt.started_at, now)).max())
    }

    pub fn events(&self) -> &Events {
        &self.events
    }
}
