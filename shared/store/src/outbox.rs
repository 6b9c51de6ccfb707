//! The outbox: what must be done after a change, written with the change itself.

use std::time::Duration;

use domain::outbox::OutboxMessage;
use domain::retention::Retention;
use domain::{Fault, Timestamp, time};
use runtime::metrics::MailOutcome;
use runtime::{Clock, ConfigError, Env, Measure, Metrics, Random};
use serde::{Deserialize, Serialize};

use crate::due_work::{DUE_PAGE, EARLIEST, EVER};
use crate::error;
use crate::keys::{DueShard, Key};
use crate::table::{DuePage, DuePlace, Expression, Step, Table, instant, item, present, with_due};

/// How long the sweep leaves a message to the stream.
const STREAM_FIRST: Duration = Duration::from_secs(2 * 60);
/// How long one worker holds a message.
const LEASE: Duration = Duration::from_secs(60);
/// How many messages are looked at to find the oldest; one batch read takes as many.
const AT_ONCE: i32 = 100;
/// After so many failures a person must look.
const MAX_TRIES: u32 = 10;

/// A message in the store.
#[derive(Clone, Debug)]
pub struct StoredMessage {
    pub id: String,
    pub message: OutboxMessage,
    /// How often processing began, this time included.
    pub tries: u32,
    pub written_at: Timestamp,
}

impl StoredMessage {
    /// Returns whether this is the first try.
    pub fn is_new(&self) -> bool {
        self.tries <= 1
    }

    /// Returns whether its tries are used up: the worker of the last one died before it could put the message back.
    pub fn is_exhausted(&self) -> bool {
        self.tries > MAX_TRIES
    }
}

#[derive(Clone)]
pub struct Outbox {
    table: Table,
    clock: Clock,
    random: Random,
    metrics: Metrics,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct MessageRow {
    id: String,
    /// `pending`, `sent`, `dead`.
    state: String,
    tries: u32,
    written_at: Timestamp,
    /// The message as JSON; gone once it is processed.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "letter")]
    pub(crate) message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leased_until: Option<String>,
}

impl Outbox {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            table: Table::connect(env, &env.config().outbox_table)?,
            clock: env.clock().clone(),
            random: env.random().clone(),
            metrics: env.metrics().clone(),
        })
    }

    /// Writes a message that goes with no change.
    pub async fn add(&self, message: &OutboxMessage) -> Result<(), Fault> {
        let _ = self.table.write(vec![self.message_step(message)?]).await?;
        Ok(())
    }

    /// The step that writes a message with the change that it is about.
    pub(crate) fn message_step(&self, message: &OutboxMessage) -> Result<Step, Fault> {
        let now = self.clock.now();
        let id = self.random.hex::<32>()?;
        let key = Key::message(&id);
        let text = serde_json::to_string(message).map_err(|e| error::corrupt("OUT", &e))?;
        let row = MessageRow {
            id,
            state: "pending".to_owned(),
            tries: 0,
            written_at: now,
            message: Some(text),
            leased_until: None,
        };
        let due = time::after(now, STREAM_FIRST);
        let item = with_due(item(&key, &row)?, &key, due);
        Ok(self.table.put_always(&key, item, "its random id is its own: a repeat is the same message"))
    }

    /// Takes a message to process it, if it is still to do and nobody else has it. The try counts from here on: a
    /// worker that dies has tried.
    pub async fn lease(&self, id: &str) -> Result<Option<StoredMessage>, Fault> {
        let now = self.clock.now();
        let until = time::after(now, LEASE);
        let change = Expression::new("SET leased_until = :until ADD tries :one")
            .text_value(":until", instant(until))
            .number(":one", 1);
        let free = Expression::new(
            "#state = :pending AND (attribute_not_exists(leased_until) OR leased_until <= :now)",
        )
        .name("#state", "state")
        .text_value(":pending", "pending")
        .text_value(":now", instant(now));
        let row: Option<MessageRow> = self.table.update_and_read(&Key::message(id), change, free).await?;
        let Some(row) = row else { return Ok(None) };
        let text = row.message.ok_or_else(|| error::corrupt("OUT", &"a pending message has no content"))?;
        let message = serde_json::from_str(&text).map_err(|e| error::corrupt("OUT", &e))?;
        Ok(Some(StoredMessage { id: row.id, message, tries: row.tries, written_at: row.written_at }))
    }

    /// The message is processed: its content goes, its id stays a week.
    pub async fn done(&self, id: &str) -> Result<(), Fault> {
        let forget = Retention::LETTERS.ends(self.clock.now());
        let change =
            Expression::new("SET #state = :sent, #ttl = :ttl REMOVE letter, leased_until, due_shard, due_at")
                .name("#state", "state")
                .name("#ttl", "ttl")
                .text_value(":sent", "sent")
                .number(":ttl", forget.as_second());
        self.change(id, change, present()).await
    }

    /// The message could not be processed: the sweep tries again later, ten times in all.
    pub async fn failed(&self, stored: &StoredMessage) -> Result<(), Fault> {
        let wait = Duration::from_secs(30_u64.saturating_mul(2_u64.saturating_pow(stored.tries.min(8))));
        let due = time::after(self.clock.now(), wait);
        let dead = stored.tries >= MAX_TRIES;
        let change = if dead {
            self.metrics.note(Measure::Mail(MailOutcome::Dead));
            tracing::error!(event = "mail.dead", message_id = stored.id, "a message was given up");
            let forget = Retention::DEAD_LETTERS.ends(self.clock.now());
            Expression::new("SET #state = :state, #ttl = :ttl REMOVE leased_until, due_shard, due_at")
                .name("#ttl", "ttl")
                .text_value(":state", "dead")
                .number(":ttl", forget.as_second())
        } else {
            Expression::new("SET #state = :state, due_at = :due REMOVE leased_until")
                .text_value(":state", "pending")
                .text_value(":due", instant(due))
        };
        // Another worker may have done it after our lease had ended: then it stays done.
        let waiting = Expression::new("#state = :waiting").text_value(":waiting", "pending");
        self.change(&stored.id, change.name("#state", "state"), waiting).await
    }

    /// The message is to be processed at another time, and is as if written then: nothing failed.
    pub async fn postpone(&self, id: &str, at: Timestamp) -> Result<(), Fault> {
        let change =
            Expression::new("SET due_at = :due, written_at = :due, tries = :none REMOVE leased_until")
                .text_value(":due", instant(at))
                .number(":none", 0);
        self.change(id, change, present()).await
    }

    async fn change(&self, id: &str, change: Expression, condition: Expression) -> Result<(), Fault> {
        let _ = self.table.write(vec![self.table.update(&Key::message(id), change, condition)]).await?;
        Ok(())
    }

    /// How long the oldest message still to do has waited, its next try due or not; of a hundred, the first due.
    pub async fn oldest(&self, shard: DueShard) -> Result<Option<Duration>, Fault> {
        let keys = self.table.due(&shard.plain(), (EARLIEST, EVER), AT_ONCE, None).await?.items;
        let rows: Vec<MessageRow> = self.table.get_many(&keys).await?.take_all(&keys)?;
        let now = self.clock.now();
        Ok(rows.iter().map(|row| domain::session::passed(row.written_at, now)).max())
    }

    /// Messages that the stream has not processed in time.
    pub async fn overdue(&self, shard: DueShard, after: Option<&DuePlace>) -> Result<DuePage<String>, Fault> {
        let now = instant(self.clock.now());
        let page = self.table.due(&shard.plain(), (EARLIEST, &now), DUE_PAGE, after).await?;
        let ids = page.items.iter().filter_map(|key| key.pk.strip_prefix("OUT#").map(str::to_owned));
        let ids = ids.collect();
        Ok(page.with(ids))
    }
}
