//! Callbacks as they came: stored before they are interpreted, so that a bug of ours loses no evidence.

use domain::{Fault, Timestamp};
use serde::{Deserialize, Serialize};
use world::{Clock, NotConfigured, World};

use crate::filing::sha256;
use crate::keys::Key;
use crate::table::{Expression, Step, Table, Written, absent, instant, item, present, read, with_due};

#[derive(Clone)]
pub struct Events {
    table: Table,
    clock: Clock,
}

/// Who sent a message about money, and so how its body is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A PSP's signed callback: JSON.
    Psp,
    /// A receipt of the node: SOAP.
    Node,
}

/// What storing a callback found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Stored, or stored before and not yet applied.
    ToApply,
    /// Stored and applied before: nothing to do.
    Applied,
    /// Another message has this id: kept apart and raised, nothing applied.
    Conflict,
}

#[derive(Serialize, Deserialize)]
struct Row {
    channel: Channel,
    hash: String,
    body: String,
    received_at: Timestamp,
    applied: bool,
}

/// A callback's raw body and its place in the store.
pub struct StoredCallback {
    pub channel: Channel,
    pub body: String,
    pub received_at: Timestamp,
    pub applied: bool,
    key: Key,
}

impl StoredCallback {
    fn of(key: Key, row: Row) -> Self {
        let Row { channel, body, received_at, applied, hash: _ } = row;
        Self { channel, body, received_at, applied, key }
    }
}

/// How long the sweep leaves a callback to its sender's repetitions.
const SENDER_FIRST: std::time::Duration = std::time::Duration::from_secs(60);

impl Events {
    pub fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self { table: Table::connect(world, "DEBTS_TABLE")?, clock: world.clock().clone() })
    }

    /// Stores a callback under its id.
    pub async fn record(&self, channel: Channel, id: &str, body: &str) -> Result<Recorded, Fault> {
        const DOING: &str = "storing a callback";
        let now = self.clock.now();
        let hash = sha256(&[body.as_bytes()]);
        let key = Key::event(&sha256(&[id.as_bytes()]));
        let row =
            Row { channel, hash: hash.clone(), body: body.to_owned(), received_at: now, applied: false };
        let due = now.checked_add(SENDER_FIRST).map_err(|e| Fault::new(DOING, e))?;
        let fresh = with_due(item(DOING, &key, &row)?, &key, due);
        if self.table.put_if(DOING, fresh, absent()).await? == Written::Done {
            return Ok(Recorded::ToApply);
        }
        let stored: Option<Row> = self.table.get(DOING, &key).await?;
        match stored {
            Some(stored) if stored.hash != hash => {
                self.keep_conflict(channel, id, body, &hash).await?;
                Ok(Recorded::Conflict)
            }
            Some(stored) if stored.applied => Ok(Recorded::Applied),
            Some(_) | None => Ok(Recorded::ToApply),
        }
    }

    async fn keep_conflict(&self, channel: Channel, id: &str, body: &str, hash: &str) -> Result<(), Fault> {
        const DOING: &str = "storing a conflicting callback";
        let key = Key::event(&sha256(&[id.as_bytes(), hash.as_bytes()]));
        let received_at = self.clock.now();
        let row = Row { channel, hash: hash.to_owned(), body: body.to_owned(), received_at, applied: true };
        // Refused means that this very message is kept already.
        let _ = self.table.put_if(DOING, item(DOING, &key, &row)?, absent()).await?;
        tracing::error!(event = "webhook.conflict", "a callback's id came with another body");
        Ok(())
    }

    /// The step that marks a callback as applied, with what it changed.
    pub(crate) fn applied_step(&self, id: &str) -> Result<Step, Fault> {
        let key = Key::event(&sha256(&[id.as_bytes()]));
        self.table.update_step("marking a callback", &key, Self::as_applied(), present())
    }

    /// Marks a callback as applied when it changed nothing.
    pub async fn applied(&self, id: &str) -> Result<(), Fault> {
        self.mark_applied(&Key::event(&sha256(&[id.as_bytes()]))).await
    }

    /// A stored callback by its id.
    pub async fn stored(&self, id: &str) -> Result<Option<StoredCallback>, Fault> {
        self.read(Key::event(&sha256(&[id.as_bytes()]))).await
    }

    /// The callbacks received from one instant until before another, oldest first: a scan, for operators.
    pub async fn received(&self, from: Timestamp, until: Timestamp) -> Result<Vec<StoredCallback>, Fault> {
        const DOING: &str = "looking through callbacks";
        let events = Expression::new("begins_with(pk, :event)").text_value(":event", "EVENT#");
        let mut found = Vec::new();
        for (key, item) in self.table.scan_all(DOING, events).await? {
            let row: Row = read(DOING, item)?;
            if (from..until).contains(&row.received_at) {
                found.push(StoredCallback::of(key, row));
            }
        }
        found.sort_by_key(|callback| callback.received_at);
        Ok(found)
    }

    pub(crate) async fn read(&self, key: Key) -> Result<Option<StoredCallback>, Fault> {
        let row: Option<Row> = self.table.get("reading a callback", &key).await?;
        Ok(row.map(|row| StoredCallback::of(key, row)))
    }

    /// Marks a stored callback as applied.
    pub async fn done(&self, callback: &StoredCallback) -> Result<(), Fault> {
        self.mark_applied(&callback.key).await
    }

    /// Looks at a callback again later.
    pub async fn later(&self, callback: &StoredCallback) -> Result<(), Fault> {
        const DOING: &str = "putting a callback off";
        let due =
            self.clock.now().checked_add(SENDER_FIRST.saturating_mul(5)).map_err(|e| Fault::new(DOING, e))?;
        let change = Expression::new("SET due_at = :due").text_value(":due", instant(due));
        let waiting = Expression::new("attribute_exists(due_at)");
        let _ = self.table.update_if(DOING, &callback.key, change, waiting).await?;
        Ok(())
    }

    async fn mark_applied(&self, key: &Key) -> Result<(), Fault> {
        let _ = self.table.update_if("marking a callback", key, Self::as_applied(), present()).await?;
        Ok(())
    }

    fn as_applied() -> Expression {
        Expression::new("SET applied = :yes REMOVE due_shard, due_at").flag(":yes", true)
    }
}
