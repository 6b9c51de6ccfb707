//! What the sweep finds due: attempts without outcome, callbacks never applied, debts past their last day.

use std::time::Duration;

use domain::Fault;
use domain::notice::NoticeNumber;
use domain::payment::Attempt;
use domain::time;

use crate::callbacks::StoredCallback;
use crate::keys::{Key, SHARDS};
use crate::payments::Payments;
use crate::writer::DebtWriter;

/// Something that has waited long enough.
pub enum DueWork {
    /// A payment whose outcome is unknown.
    Attempt(Box<Attempt>),
    /// A stored callback that was never applied.
    Callback(StoredCallback),
    /// A debt whose last day has passed.
    Debt(NoticeNumber),
}

/// How many items of one kind are processed in one run.
const BATCH: i32 = 50;
/// How many items are looked at to find the oldest; one batch read takes as many.
const AT_ONCE: i32 = 100;
/// How many items a page holds; one batch read takes as many.
pub(crate) const DUE_PAGE: i32 = 100;
/// Earlier than anything is due, and later.
pub(crate) const EARLIEST: &str = "0";
pub(crate) const EVER: &str = "9999";
/// The longest time between two inquiries about a payment.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// The parts of the `due` index.
pub fn due_shards() -> impl Iterator<Item = String> {
    (0..SHARDS).map(|shard| format!("DUE#{shard}"))
}

impl DebtWriter {
    /// What is due in one part of the debts table, each read again at the source.
    pub async fn due_work(&self, shard: &str) -> Result<Vec<DueWork>, Fault> {
        let mut due = Vec::new();
        for key in self.debts.due_by(shard, self.now(), BATCH).await? {
            if let Some(id) = Payments::attempt_due(&key) {
                let attempt = self.payments.read(&id).await?;
                due.extend(attempt.map(|attempt| DueWork::Attempt(Box::new(attempt))));
            } else if let Some(notice) = key.pk.strip_prefix("DEBT#") {
                due.extend(NoticeNumber::parse(notice).ok().map(DueWork::Debt));
            } else if key.pk.starts_with("EVENT#") {
                let stored = self.callbacks.read(&key).await?;
                due.extend(
                    stored.filter(|stored| !stored.applied && !stored.unreadable).map(DueWork::Callback),
                );
            }
        }
        Ok(due)
    }

    /// How long the oldest payment without outcome has been waiting for one, due for an inquiry by now or not.
    pub async fn oldest_unknown(&self, shard: &str) -> Result<Option<Duration>, Fault> {
        let now = self.now();
        // Its next inquiry is an hour away at most, and so it is among what is due by then.
        let due = self.debts.due_by(shard, time::after(now, LONGEST_WAIT), AT_ONCE).await?;
        let attempts: Vec<Key> = due.into_iter().filter(|key| Payments::attempt_due(key).is_some()).collect();
        let waiting = self.payments.pending(&attempts).await?;
        Ok(waiting.iter().map(|attempt| domain::session::passed(attempt.started_at, now)).max())
    }
}
