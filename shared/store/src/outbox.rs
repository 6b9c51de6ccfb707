//! The outbox: what must be done after a change, written with the change itself.

use std::time::Duration;

use domain::account::{AccountId, Language, Profile};
use domain::notice::NoticeNumber;
use domain::payment::PaymentId;
use domain::person::Email;
use domain::{Cents, Date, Fault, FiscalCode, Timestamp};
use serde::{Deserialize, Serialize};
use world::metrics::Mail;
use world::{Clock, Measure, Metrics, NotConfigured, Random, World};

use crate::keys::Key;
use crate::table::{Expression, Step, Table, instant, item, present, read, with_due};

/// How long the sweep leaves a letter to the stream.
const STREAM_FIRST: Duration = Duration::from_secs(2 * 60);
/// How long one worker holds a letter.
const LEASE: Duration = Duration::from_secs(60);
/// How long a finished letter is kept, without its content.
const KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Later than any letter is due.
const EVER: &str = "9999";
/// How many letters are looked at to find the oldest; one batch read takes as many.
const AT_ONCE: i32 = 100;
/// After so many failures a person must look.
const MAX_TRIES: u32 = 10;

/// Work to do. The web-facing functions write one of fixed shape whatever the state of an account; the worker
/// looks things up and branches (INV-I03, INV-I04).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Letter {
    Register {
        profile: Box<Profile>,
        password: String,
    },
    ResendActivation {
        username: Email,
        language: Language,
    },
    ForgotPassword {
        username: Email,
        language: Language,
    },
    AccountActivated {
        email: Email,
        language: Language,
    },
    PasswordChanged {
        email: Email,
        language: Language,
    },
    /// Says goodbye, then erases the profile and frees its names.
    CloseAccount {
        account: AccountId,
    },
    PaymentReceived {
        to: Recipient,
        /// Who is written to of the same money by letters of their own: nobody gets two.
        #[serde(default)]
        others: Vec<Recipient>,
        payment: Option<PaymentId>,
        paid: Vec<PaidLine>,
        fee: Cents,
    },
    /// Tells the central archive of notices (ACA) what a debt is now.
    UploadPosition {
        notice: NoticeNumber,
    },
    PaymentFailed {
        email: Email,
        language: Language,
        payment: PaymentId,
        reasons: Vec<String>,
    },
}

/// Who a letter about money goes to. The worker finds the address, so that a settlement reads no account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    Address(Email, Language),
    /// An account, at its own address and in its own language, while it is active.
    Account(AccountId),
    /// The account, if there is one, that has proven this fiscal code to be its own.
    Debtor(FiscalCode),
}

/// One debt in a receipt mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PaidLine {
    pub notice: String,
    pub iuv: String,
    pub reason: String,
    pub amount: Cents,
    pub paid_on: Date,
}

/// A letter in the store.
#[derive(Clone, Debug)]
pub struct Posted {
    pub id: String,
    pub letter: Letter,
    /// How often somebody began to work on it, this time with them.
    pub tries: u32,
    pub written_at: Timestamp,
}

impl Posted {
    /// Nobody has begun to work on it before.
    pub fn is_new(&self) -> bool {
        self.tries <= 1
    }

    /// Whoever worked on it last did not live to put it back, and there are no more tries.
    pub fn is_worn_out(&self) -> bool {
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
struct Row {
    id: String,
    /// `pending`, `sent`, `dead`.
    state: String,
    tries: u32,
    written_at: Timestamp,
    /// The letter as JSON; gone once it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    letter: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leased_until: Option<String>,
}

impl Outbox {
    pub fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self {
            table: Table::connect(world, "OUTBOX_TABLE")?,
            clock: world.clock().clone(),
            random: world.random().clone(),
            metrics: world.metrics().clone(),
        })
    }

    /// Puts a letter into the outbox by itself.
    pub async fn post(&self, letter: &Letter) -> Result<String, Fault> {
        let (id, item) = self.written(letter)?;
        self.table
            .put_always("posting a letter", item, "its random name is its own: a repeat is the same letter")
            .await?;
        Ok(id)
    }

    /// The step that puts a letter into the outbox with the change it speaks of.
    pub(crate) fn post_step(&self, letter: &Letter) -> Result<Step, Fault> {
        let (_, item) = self.written(letter)?;
        self.table.put_along_step("posting a letter", item)
    }

    fn written(&self, letter: &Letter) -> Result<(String, crate::table::Item), Fault> {
        const DOING: &str = "writing a letter";
        let now = self.clock.now();
        let id = self.random.hex::<32>()?;
        let key = Key::letter(&id);
        let row = Row {
            id: id.clone(),
            state: "pending".to_owned(),
            tries: 0,
            written_at: now,
            letter: Some(serde_json::to_string(letter).map_err(|e| Fault::new(DOING, e))?),
            leased_until: None,
        };
        let due = now.checked_add(STREAM_FIRST).map_err(|e| Fault::new(DOING, e))?;
        Ok((id, with_due(item(DOING, &key, &row)?, &key, due)))
    }

    /// Takes a letter to work on it, if it is still to do and nobody else has it. The try counts from here on:
    /// a worker that dies has tried.
    pub async fn lease(&self, id: &str) -> Result<Option<Posted>, Fault> {
        const DOING: &str = "leasing a letter";
        let now = self.clock.now();
        let until = now.checked_add(LEASE).map_err(|e| Fault::new(DOING, e))?;
        let change = Expression::new("SET leased_until = :until ADD tries :one")
            .text_value(":until", instant(until))
            .number(":one", 1);
        let free = Expression::new(
            "#state = :pending AND (attribute_not_exists(leased_until) OR leased_until <= :now)",
        )
        .name("#state", "state")
        .text_value(":pending", "pending")
        .text_value(":now", instant(now));
        let row: Option<Row> = self.table.update_and_read(DOING, &Key::letter(id), change, free).await?;
        let Some(row) = row else { return Ok(None) };
        let text = row.letter.ok_or_else(|| Fault::new(DOING, "a pending letter has no content"))?;
        let letter = serde_json::from_str(&text).map_err(|_| Fault::new(DOING, "a letter cannot be read"))?;
        Ok(Some(Posted { id: row.id, letter, tries: row.tries, written_at: row.written_at }))
    }

    /// The letter is done: its content goes, its name stays a week.
    pub async fn done(&self, id: &str) -> Result<(), Fault> {
        const DOING: &str = "finishing a letter";
        let forget = self.clock.now().checked_add(KEPT_FOR).map_err(|e| Fault::new(DOING, e))?;
        let change =
            Expression::new("SET #state = :sent, #ttl = :ttl REMOVE letter, leased_until, due_shard, due_at")
                .name("#state", "state")
                .name("#ttl", "ttl")
                .text_value(":sent", "sent")
                .number(":ttl", forget.as_second());
        let _ = self.table.update_if(DOING, &Key::letter(id), change, present()).await?;
        Ok(())
    }

    /// The letter could not be done: the sweep tries again later, ten times in all.
    pub async fn failed(&self, posted: &Posted) -> Result<(), Fault> {
        const DOING: &str = "putting a letter back";
        let wait = Duration::from_secs(30_u64.saturating_mul(2_u64.saturating_pow(posted.tries.min(8))));
        let due = self.clock.now().checked_add(wait).map_err(|e| Fault::new(DOING, e))?;
        let dead = posted.tries >= MAX_TRIES;
        if dead {
            self.metrics.note(Measure::Mail(Mail::Dead));
            tracing::error!(event = "mail.dead", letter = posted.id, "a letter was given up");
        }
        let text = if dead {
            "SET #state = :state REMOVE leased_until, due_shard, due_at"
        } else {
            "SET #state = :state, due_at = :due REMOVE leased_until"
        };
        let change = Expression::new(text)
            .name("#state", "state")
            .text_value(":state", if dead { "dead" } else { "pending" });
        let change = if dead { change } else { change.text_value(":due", instant(due)) };
        // Another worker may have done it after our lease had ended: then it stays done.
        let waiting = Expression::new("#state = :waiting").text_value(":waiting", "pending");
        let _ = self.table.update_if(DOING, &Key::letter(&posted.id), change, waiting).await?;
        Ok(())
    }

    /// The letter is to be done at another time, and is as if written then: nothing failed.
    pub async fn later(&self, id: &str, at: Timestamp) -> Result<(), Fault> {
        let change =
            Expression::new("SET due_at = :due, written_at = :due, tries = :none REMOVE leased_until")
                .text_value(":due", instant(at))
                .number(":none", 0);
        let _ = self.table.update_if("putting a letter off", &Key::letter(id), change, present()).await?;
        Ok(())
    }

    /// How long the oldest letter still to do has waited, its next try due or not; of a hundred, the first due.
    pub async fn oldest(&self, shard: &str) -> Result<Option<Duration>, Fault> {
        const DOING: &str = "finding the oldest letter";
        let keys = self.table.due(DOING, shard, EVER, AT_ONCE).await?;
        let found = self.table.get_many(DOING, &keys).await?.into_values();
        let rows: Vec<Row> = found.map(|item| read(DOING, item)).collect::<Result<_, _>>()?;
        let now = self.clock.now();
        Ok(rows.iter().map(|row| domain::session::passed(row.written_at, now)).max())
    }

    /// Letters that the stream has not done in time.
    pub async fn overdue(&self, shard: &str, limit: i32) -> Result<Vec<String>, Fault> {
        let keys =
            self.table.due("finding overdue letters", shard, &instant(self.clock.now()), limit).await?;
        Ok(keys.into_iter().filter_map(|key| key.pk.strip_prefix("OUT#").map(str::to_owned)).collect())
    }
}
