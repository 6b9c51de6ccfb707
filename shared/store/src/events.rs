//! Callbacks as they came: stored before they are interpreted, so that a bug of ours loses no evidence.

use domain::{Fault, Timestamp};
use serde::{Deserialize, Serialize};
use world::{Clock, NotConfigured, World};

use crate::filing::sha256;
use crate::keys::Key;
use crate::table::{Expression, Step, Table, Written, absent, instant, item, present, with_due};

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
        let change = Expression::new("SET applied = :yes REMOVE due_shard, due_at").flag(":yes", true);
        self.table.update_step("marking a callback", &key, change, present())
    }

    /// Marks a callback as applied when it changed nothing.
    pub async fn applied(&self, id: &str) -> Result<(), Fault> {
        let key = Key::event(&sha256(&[id.as_bytes()]));
        let change = Expression::new("SET applied = :yes REMOVE due_shard, due_at").flag(":yes", true);
        let _ = self.table.update_if("marking a callback", &key, change, present()).await?;
        Ok(())
    }

    /// A stored callback that was never applied, for the sweep.
    pub(crate) async fn unapplied(&self, key: &Key) -> Result<Option<(Channel, String)>, Fault> {
        let row: Option<Row> = self.table.get("reading a callback", key).await?;
        Ok(row.filter(|row| !row.applied).map(|row| (row.channel, row.body)))
    }

    pub(crate) async fn applied_by_key(&self, key: &Key) -> Result<(), Fault> {
        let change = Expression::new("SET applied = :yes REMOVE due_shard, due_at").flag(":yes", true);
        let _ = self.table.update_if("marking a callback", key, change, present()).await?;
        Ok(())
    }

    /// Looks at a callback again later.
    pub(crate) async fn later(&self, key: &Key) -> Result<(), Fault> {
        const DOING: &str = "putting a callback off";
        let due =
            self.clock.now().checked_add(SENDER_FIRST.saturating_mul(5)).map_err(|e| Fault::new(DOING, e))?;
        let change = Expression::new("SET due_at = :due").text_value(":due", instant(due));
        let waiting = Expression::new("attribute_exists(due_at)");
        let _ = self.table.update_if(DOING, key, change, waiting).await?;
        Ok(())
    }
}
