//! Idempotency records: the first answer again for the same key and the same request.

use std::time::Duration;

use domain::Fault;
use domain::digest::sha256_hex;
use domain::retention::Retention;
use domain::{Error, Timestamp, time};
use runtime::{Clock, ConfigError, Env, Random};
use serde::{Deserialize, Serialize};

use crate::citizen::Citizen;
use crate::keys::Key;
use crate::table::{Expression, Step, Table, WriteOutcome, instant, item, with_ttl};

/// How long a running request keeps its key before a repeat may take it over.
const RUNNING_FOR: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub struct Idempotency {
    table: Table,
    clock: Clock,
    random: Random,
}

/// What a key meets.
pub enum IdempotencyStart {
    /// The first request with this key: go on, then finish the hold.
    Proceed(IdempotencyHold),
    /// The answer given the first time.
    Replay { status: u16, body: Vec<u8> },
}

/// A running request's hold on its key.
pub struct IdempotencyHold {
    key: Key,
    holder: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct IdempotencyRow {
    fingerprint: String,
    deadline: String,
    /// Which of the requests with this key has the hold.
    #[serde(default)]
    holder: String,
    kept_until: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

impl Idempotency {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            table: Table::connect(env, &env.config().debts_table)?,
            clock: env.clock().clone(),
            random: env.random().clone(),
        })
    }

    /// Takes hold of a key for a citizen, a route and a request body.
    pub async fn start(
        &self,
        citizen: &Citizen,
        route: &str,
        key: &str,
        body: &[u8],
    ) -> Result<IdempotencyStart, Error> {
        self.start_as(citizen.id().as_str(), route, key, body).await
    }

    /// The same for whoever is known by a name that nobody else has.
    pub async fn start_as(
        &self,
        caller: &str,
        route: &str,
        key: &str,
        body: &[u8],
    ) -> Result<IdempotencyStart, Error> {
        let now = self.clock.now();
        let record = Key::idempotency(&sha256_hex(&[route.as_bytes(), caller.as_bytes(), key.as_bytes()]));
        let fingerprint = sha256_hex(&[body]);
        let deadline = instant(time::after(now, RUNNING_FOR));
        let kept_until = Retention::ANSWERS.ends(now);
        let holder = self.random.hex::<8>()?;
        let row = IdempotencyRow {
            fingerprint: fingerprint.clone(),
            deadline,
            holder: holder.clone(),
            kept_until,
            status: None,
            body: None,
        };
        let fresh = with_ttl(item(&record, &row)?, kept_until);
        // A record past its time counts as absent, swept away or not; a running one past its deadline, of the
        // same request, may be taken over: every step inside is itself safe to repeat.
        let condition = Expression::new(
            "attribute_not_exists(pk) OR kept_until < :now OR \
             (attribute_not_exists(#status) AND deadline < :instant AND fingerprint = :fingerprint)",
        )
        .name("#status", "status")
        .text_value(":now", now.to_string())
        .text_value(":instant", instant(now))
        .text_value(":fingerprint", fingerprint.clone());
        if self.table.write(vec![self.table.put(&record, fresh, condition)]).await? == WriteOutcome::Done {
            return Ok(IdempotencyStart::Proceed(IdempotencyHold { key: record, holder }));
        }
        let row: Option<IdempotencyRow> = self.table.get(&record).await?;
        match row {
            Some(row) if row.fingerprint != fingerprint => Err(Error::IdempotencyKeyReused),
            // Ours: it was written, and only the answer was lost (INV-X09).
            Some(row) if row.status.is_none() && row.holder == holder => {
                Ok(IdempotencyStart::Proceed(IdempotencyHold { key: record, holder }))
            }
            Some(IdempotencyRow { status: Some(status), body, .. }) => {
                Ok(IdempotencyStart::Replay { status, body: body.unwrap_or_default().into_bytes() })
            }
            Some(_) | None => Err(Error::RequestInProgress),
        }
    }

    /// Returns whether a running request still holds its key.
    pub(crate) async fn is_held(&self, hold: &IdempotencyHold) -> Result<bool, Fault> {
        let row: Option<IdempotencyRow> = self.table.get(&hold.key).await?;
        Ok(row.is_some_and(|row| row.status.is_none() && row.holder == hold.holder))
    }

    /// The step that writes the answer down together with the work.
    pub(crate) fn finish_step(&self, hold: &IdempotencyHold, status: u16, body: &str) -> Step {
        let change = Expression::new("SET #status = :status, body = :body")
            .number(":status", status)
            .text_value(":body", body);
        self.table.update(&hold.key, change, held(hold))
    }

    /// Writes the answer down when the work is already safe to repeat.
    pub async fn finish(&self, hold: &IdempotencyHold, status: u16, body: &str) -> Result<(), Fault> {
        // Refused means that a repeat took the key over: it gives the same answer.
        let _ = self.table.write(vec![self.finish_step(hold, status, body)]).await?;
        Ok(())
    }

    /// Lets go of the key after a refusal, so that a corrected request can use it. What is finished stays: the work
    /// may be done although we were told otherwise.
    pub async fn release(&self, hold: &IdempotencyHold) -> Result<(), Fault> {
        let _ = self.table.write(vec![self.table.delete(&hold.key, Some(held(hold)))]).await?;
        Ok(())
    }
}

/// The condition that the key is still ours, and nothing is finished.
fn held(hold: &IdempotencyHold) -> Expression {
    Expression::new("holder = :holder AND attribute_not_exists(#status)")
        .name("#status", "status")
        .text_value(":holder", hold.holder.clone())
}
