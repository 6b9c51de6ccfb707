//! What the sweep finds due in the debts table: callbacks never applied, attempts without outcome, debts past their last
//! day. Each kind waits in parts of the index of its own (`keys`), and is read page by page.

use std::time::Duration;

use domain::Fault;
use domain::notice::NoticeNumber;
use domain::payment::Attempt;
use domain::time;

use crate::callbacks::StoredCallback;
use crate::keys::{CALLBACKS, DueShard, Key, PAYMENTS};
use crate::table::{DuePage, DuePlace, instant};
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

/// The kinds of what is due in the debts table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueQueue {
    Callbacks,
    Payments,
    /// Also what a version wrote that knew one queue for all kinds.
    Expiries,
}

/// How many items a page holds; one batch read takes as many.
pub(crate) const DUE_PAGE: i32 = 100;
/// Earlier than anything is due, and later.
pub(crate) const EARLIEST: &str = "0";
pub(crate) const EVER: &str = "9999";
/// The longest time between two inquiries about a payment.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

impl DueQueue {
    fn part(self, shard: DueShard) -> String {
        match self {
            DueQueue::Callbacks => shard.of(CALLBACKS),
            DueQueue::Payments => shard.of(PAYMENTS),
            DueQueue::Expiries => shard.plain(),
        }
    }
}

impl DebtWriter {
    /// A page of what is due of one kind, earliest first. Attempts and callbacks are read again at the source; a debt is
    /// read by whoever closes it.
    pub async fn due_work(
        &self,
        queue: DueQueue,
        shard: DueShard,
        after: Option<&DuePlace>,
    ) -> Result<DuePage<DueWork>, Fault> {
        let now = instant(self.now());
        let page = self.debts.table.due(&queue.part(shard), (EARLIEST, &now), DUE_PAGE, after).await?;
        let of = |kind: &str| page.items.iter().filter(|key| key.kind() == kind).cloned().collect::<Vec<_>>();
        let attempts = self.payments.pending(&of(PAYMENTS)).await?;
        let callbacks = self.callbacks.read_all(&of(CALLBACKS)).await?;
        let debts = page.items.iter().filter_map(|key| key.pk.strip_prefix("DEBT#"));
        let debts = debts.filter_map(|notice| NoticeNumber::parse(notice).ok()).map(DueWork::Debt);
        let due = callbacks
            .into_iter()
            .filter(|stored| !stored.applied && !stored.unreadable)
            .map(DueWork::Callback);
        let due = due.chain(attempts.into_iter().map(|attempt| DueWork::Attempt(Box::new(attempt))));
        let due = due.chain(debts).collect();
        Ok(page.with(due))
    }

    /// How long the oldest payment without outcome has been waiting for one, due for an inquiry by now or not.
    pub async fn oldest_unknown(&self, shard: DueShard) -> Result<Option<Duration>, Fault> {
        let now = self.now();
        // Its next inquiry is an hour away at most, and so it is among what is due by then.
        let until = instant(time::after(now, LONGEST_WAIT));
        let part = DueQueue::Payments.part(shard);
        let due: Vec<Key> = self.debts.table.due(&part, (EARLIEST, &until), DUE_PAGE, None).await?.items;
        let waiting = self.payments.pending(&due).await?;
        Ok(waiting.iter().map(|attempt| domain::session::passed(attempt.started_at, now)).max())
    }
}
