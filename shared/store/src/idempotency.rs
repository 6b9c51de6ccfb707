//! Idempotency records: the first answer again for the same key and the same request.

use std::time::Duration;

use domain::account::AccountId;
use domain::{Error, Fault, Timestamp};
use serde::{Deserialize, Serialize};
use world::{Clock, NotConfigured, Random, World};

use crate::filing::sha256;
use crate::keys::Key;
use crate::table::{Expression, Step, Table, Written, instant, item, with_ttl};

/// How long a running request keeps its key before a repeat may take it over.
const RUNNING_FOR: Duration = Duration::from_secs(30);
/// How long an answer is kept.
const KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[derive(Clone)]
pub struct Idempotency {
    table: Table,
    clock: Clock,
    random: Random,
}

/// What a key meets.
pub enum Started {
    /// Nobody was here: go on, then finish the pass.
    Go(Pass),
    /// The answer given the first time.
    Again { status: u16, body: Vec<u8> },
}

/// A running request's hold on its key.
pub struct Pass {
    key: Key,
    holder: String,
}

#[derive(Serialize, Deserialize)]
struct Row {
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
    pub fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self {
            table: Table::connect(world, "DEBTS_TABLE")?,
            clock: world.clock().clone(),
            random: world.random().clone(),
        })
    }

    /// Takes hold of a key for an account, a route and a request body.
    pub async fn start(
        &self,
        account: &AccountId,
        route: &str,
        key: &str,
        body: &[u8],
    ) -> Result<Started, Error> {
        const DOING: &str = "starting an idempotent request";
        let now = self.clock.now();
        let record =
            Key::idempotency(&sha256(&[route.as_bytes(), account.as_str().as_bytes(), key.as_bytes()]));
        let fingerprint = sha256(&[body]);
        let deadline = instant(now.checked_add(RUNNING_FOR).map_err(|e| Fault::new(DOING, e))?);
        let kept_until = now.checked_add(KEPT_FOR).map_err(|e| Fault::new(DOING, e))?;
        let holder = self.random.hex::<8>()?;
        let row = Row {
            fingerprint: fingerprint.clone(),
            deadline,
            holder: holder.clone(),
            kept_until,
            status: None,
            body: None,
        };
        let fresh = with_ttl(item(DOING, &record, &row)?, kept_until);
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
        if self.table.put_if(DOING, fresh, condition).await? == Written::Done {
            return Ok(Started::Go(Pass { key: record, holder }));
        }
        let row: Option<Row> = self.table.get(DOING, &record).await?;
        match row {
            Some(row) if row.fingerprint != fingerprint => Err(Error::IdempotencyKeyReused),
            // Ours: it was written, and only the answer was lost (INV-X09).
            Some(row) if row.status.is_none() && row.holder == holder => {
                Ok(Started::Go(Pass { key: record, holder }))
            }
            Some(Row { status: Some(status), body, .. }) => {
                Ok(Started::Again { status, body: body.unwrap_or_default().into_bytes() })
            }
            Some(_) | None => Err(Error::RequestInProgress),
        }
    }

    /// The step that writes the answer down together with the work.
    pub(crate) fn finish_step(&self, pass: &Pass, status: u16, body: &str) -> Result<Step, Fault> {
        let (change, condition) = finished(pass, status, body);
        self.table.update_step("finishing an idempotent request", &pass.key, change, condition)
    }

    /// Writes the answer down when the work is already safe to repeat.
    pub async fn finish(&self, pass: &Pass, status: u16, body: &str) -> Result<(), Fault> {
        let (change, condition) = finished(pass, status, body);
        // Refused means that a repeat took the key over: it gives the same answer.
        let _ = self.table.update_if("finishing an idempotent request", &pass.key, change, condition).await?;
        Ok(())
    }

    /// Lets go of the key after a refusal, so that a corrected request can use it. What is finished stays: the work
    /// may be done although we were told otherwise.
    pub async fn release(&self, pass: &Pass) -> Result<(), Fault> {
        const DOING: &str = "releasing an idempotency key";
        let _ = self.table.remove_if(DOING, &pass.key, held(pass)).await?;
        Ok(())
    }
}

fn finished(pass: &Pass, status: u16, body: &str) -> (Expression, Expression) {
    let change = Expression::new("SET #status = :status, body = :body")
        .name("#status", "status")
        .number(":status", status)
        .text_value(":body", body);
    (change, held(pass))
}

/// The condition that the key is still ours, and nothing is finished.
fn held(pass: &Pass) -> Expression {
    Expression::new("holder = :holder AND attribute_not_exists(#status)")
        .name("#status", "status")
        .text_value(":holder", pass.holder.clone())
}
