//! Callbacks as they came: stored before they are interpreted, so that a bug of ours loses no evidence.

use domain::difference::{Difference, MoneyChannel};
use domain::feed::Happening;
use domain::plan::CallbackId;
use domain::retention::Retention;
use domain::{Fault, Timestamp, digest, time};
use runtime::{Clock, ConfigError, Env};
use serde::{Deserialize, Serialize};

use crate::due_work::{DUE_PAGE, EARLIEST, EVER};
use crate::feed::recent_step;
use crate::keys::{CALLBACKS, Key, due_shards};
use crate::table::{
    Expression, Step, Table, WriteOutcome, absent, instant, item, present, with_due, with_place, with_ttl,
};
use crate::writer::difference_item;

#[derive(Clone)]
pub struct Callbacks {
    table: Table,
    clock: Clock,
}

/// Who sent a message about money, and so how its body is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackChannel {
    /// A PSP's signed callback: JSON.
    Psp,
    /// A receipt of the node: SOAP.
    Node,
}

/// What storing a callback found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordedCallback {
    /// Stored, or stored before and not yet applied.
    ToApply,
    /// Stored before, and it could not be read: it is tried again, also in other words, which are kept apart.
    Unreadable,
    /// Stored and applied before: nothing to do.
    Applied,
    /// Another message has this id: kept apart and raised, nothing applied.
    Conflict,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct CallbackRow {
    channel: CallbackChannel,
    hash: String,
    body: String,
    received_at: Timestamp,
    applied: bool,
    /// It is genuine, and nobody could read it yet: the sweep leaves it to a person.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unreadable: bool,
}

/// A callback as it came, and its id in the store.
pub struct StoredCallback {
    pub id: CallbackId,
    pub channel: CallbackChannel,
    pub body: String,
    pub received_at: Timestamp,
    pub applied: bool,
    pub unreadable: bool,
}

impl StoredCallback {
    fn of(key: &Key, row: CallbackRow) -> Option<Self> {
        let id = CallbackId::from_stored(key.pk.strip_prefix("EVENT#")?);
        let CallbackRow { channel, body, received_at, applied, unreadable, hash: _ } = row;
        Some(Self { id, channel, body, received_at, applied, unreadable })
    }
}

/// How long the sweep leaves a callback to its sender's repetitions.
const SENDER_FIRST: std::time::Duration = std::time::Duration::from_secs(60);

impl Callbacks {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { table: Table::connect(env, &env.config().debts_table)?, clock: env.clock().clone() })
    }

    /// Stores a callback under its id.
    pub async fn record(
        &self,
        channel: CallbackChannel,
        sender_id: &str,
        body: &str,
    ) -> Result<RecordedCallback, Fault> {
        let now = self.clock.now();
        let hash = digest::sha256_hex(&[body.as_bytes()]);
        let key = Key::callback(&CallbackId::of(sender_id));
        let row = CallbackRow {
            channel,
            hash: hash.clone(),
            body: body.to_owned(),
            received_at: now,
            applied: false,
            unreadable: false,
        };
        let (due, forgotten) = (time::after(now, SENDER_FIRST), Retention::DEBTS.ends(now));
        let fresh = with_ttl(with_due(item(&key, &row)?, &key, due), forgotten);
        if self.table.write(vec![self.table.put(&key, fresh, absent())]).await? == WriteOutcome::Done {
            return Ok(RecordedCallback::ToApply);
        }
        let stored: Option<CallbackRow> = self.table.get(&key).await?;
        match stored {
            Some(stored) if stored.hash != hash => {
                // Kept apart. Refused means that this very message is kept already.
                let apart = digest::sha256_hex(&[sender_id.as_bytes(), hash.as_bytes()]);
                let key = Key::callback(&CallbackId::from_stored(&apart));
                let item = item(&key, &CallbackRow { applied: true, ..row })?;
                let item = with_place(item, Key::applied_part(time::rome_date(now)), instant(now));
                let item = with_ttl(item, forgotten);
                let _ = self.table.write(vec![self.table.put(&key, item, absent())]).await?;
                if stored.unreadable && !stored.applied {
                    // Perhaps its sender has mended it.
                    return Ok(RecordedCallback::Unreadable);
                }
                tracing::error!(event = "webhook.conflict", "a callback's id came with another body");
                Ok(RecordedCallback::Conflict)
            }
            Some(stored) if stored.applied => Ok(RecordedCallback::Applied),
            Some(stored) if stored.unreadable => Ok(RecordedCallback::Unreadable),
            Some(_) | None => Ok(RecordedCallback::ToApply),
        }
    }

    /// The step that marks a callback as applied, with what it changed. It no longer waits; the index leads to it by the
    /// day on which it was applied, for operators who apply it again.
    pub(crate) fn applied_step(&self, id: &CallbackId) -> Step {
        let today = Key::applied_part(time::rome_date(self.clock.now()));
        let applied = Expression::new("SET applied = :yes, due_shard = :today, due_at = received_at")
            .flag(":yes", true)
            .text_value(":today", today);
        self.table.update(&Key::callback(id), applied, present())
    }

    /// Keeps a genuine message that cannot be read, or names identifiers that are not ours, for a person to look at,
    /// however often it comes.
    pub async fn mark_unreadable(&self, id: &CallbackId, channel: CallbackChannel) -> Result<(), Fault> {
        // The sweep leaves it alone; the index leads to it by the day, for operators.
        let today = Key::applied_part(time::rome_date(self.clock.now()));
        let marked = Expression::new("SET unreadable = :yes, due_shard = :today, due_at = received_at")
            .flag(":yes", true)
            .text_value(":today", today);
        let channel = match channel {
            CallbackChannel::Psp => MoneyChannel::Psp,
            CallbackChannel::Node => MoneyChannel::Node,
        };
        let difference = Difference::unreadable(id.as_str(), channel, self.clock.now());
        let key = Key::difference(&difference.id);
        let kept = self.table.put(&key, difference_item(&key, &difference)?, absent());
        let happened = [Happening::of_difference(&difference)];
        let told = recent_step(&self.table, (difference.id.as_str(), difference.at, 0), &happened)?;
        let marked = self.table.update(&Key::callback(id), marked, present());
        // Refused means that it is kept already.
        let _ = self.table.write(vec![marked, kept, told]).await?;
        Ok(())
    }

    /// A stored callback by its sender's id.
    pub async fn stored(&self, sender_id: &str) -> Result<Option<StoredCallback>, Fault> {
        self.read(&Key::callback(&CallbackId::of(sender_id))).await
    }

    pub(crate) async fn read(&self, key: &Key) -> Result<Option<StoredCallback>, Fault> {
        let row: Option<CallbackRow> = self.table.get(key).await?;
        Ok(row.and_then(|row| StoredCallback::of(key, row)))
    }

    pub(crate) async fn read_all(&self, keys: &[Key]) -> Result<Vec<StoredCallback>, Fault> {
        let mut found = self.table.get_many(keys).await?;
        let rows = keys.iter().map(|key| Ok(found.take(key)?.and_then(|row| StoredCallback::of(key, row))));
        Ok(rows.collect::<Result<Vec<_>, Fault>>()?.into_iter().flatten().collect())
    }

    /// The callbacks received from one instant until before another, oldest first: those that wait, and those of each
    /// day since on which one may have been applied.
    pub async fn received(&self, from: Timestamp, until: Timestamp) -> Result<Vec<StoredCallback>, Fault> {
        let waiting = due_shards().map(|shard| (shard.of(CALLBACKS), (EARLIEST.to_owned(), EVER.to_owned())));
        // Whoever applied it may have been ahead of our clock.
        let last = time::after(self.clock.now(), std::time::Duration::from_secs(24 * 60 * 60));
        let days = time::days(time::rome_date(from), time::rome_date(last));
        // Instants are stored with as many decimals as they have: no second is cut in two.
        let second = |at: Timestamp| instant(at).trim_end_matches('Z').to_owned();
        let range = (second(from), format!("{}~", second(until)));
        let applied = days.map(|day| (Key::applied_part(day), range.clone()));
        let mut found = Vec::new();
        for (part, (from, until)) in waiting.chain(applied) {
            let mut after = None;
            loop {
                let page = self.table.due(&part, (&from, &until), DUE_PAGE, after.as_ref()).await?;
                found.extend(self.read_all(&page.items).await?);
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        found.retain(|callback| (from..until).contains(&callback.received_at));
        found.sort_by_key(|callback| callback.received_at);
        Ok(found)
    }

    /// Looks at a callback again later.
    pub async fn postpone(&self, callback: &StoredCallback) -> Result<(), Fault> {
        let due = time::after(self.clock.now(), SENDER_FIRST.saturating_mul(5));
        let change = Expression::new("SET due_at = :due").text_value(":due", instant(due));
        let waiting = Expression::new("attribute_exists(due_at)");
        let step = self.table.update(&Key::callback(&callback.id), change, waiting);
        let _ = self.table.write(vec![step]).await?;
        Ok(())
    }
}
