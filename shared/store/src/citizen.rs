//! Sessions, and the witness that only a live one makes.

use domain::Fault;
use domain::account::{Account, AccountId, AccountStatus};
use domain::debt::Viewer;
use domain::digest::sha256_hex;
use domain::retention::Retention;
use domain::session::SessionLimits;
use domain::{FiscalCode, Timestamp, time};
use runtime::{Clock, ConfigError, Env, IdentityProof};
use serde::{Deserialize, Serialize};

use crate::accounts::{AccountRow, has_status};
use crate::keys::Key;
use crate::pseudonyms::Pseudonyms;
use crate::table::{Expression, Range, SortOrder, Table, instant, item, present, with_ttl};

/// Somebody with a live session. Every personal read or write asks for one; only this module makes one.
#[derive(Clone, Debug)]
pub struct Citizen {
    account: Account,
    session: String,
    /// The fiscal code's pseudonym.
    owner: String,
    pseudonym: String,
}

impl Citizen {
    pub fn account(&self) -> &Account {
        &self.account
    }

    pub fn id(&self) -> &AccountId {
        &self.account.id
    }

    pub fn fiscal_code(&self) -> &FiscalCode {
        &self.account.profile.fiscal_code
    }

    pub fn session(&self) -> &str {
        &self.session
    }

    pub(crate) fn with_proof(mut self) -> Self {
        self.account.identity_proven = true;
        self
    }

    /// The account as rules about debts see it.
    pub fn viewer(&self) -> Viewer<'_> {
        Viewer {
            account: self.id(),
            fiscal_code: self.fiscal_code(),
            identity_proven: self.account.identity_proven,
        }
    }

    /// The account as logs name it: a keyed hash, the same every time.
    pub fn pseudonym(&self) -> &str {
        &self.pseudonym
    }

    /// The pseudonym under which this citizen's debts are listed, once the fiscal code is proven to be theirs.
    pub(crate) fn proven_owner(&self) -> Option<&str> {
        self.account.identity_proven.then_some(self.owner.as_str())
    }
}

/// What a token says of its session. The store decides whether it is still true.
#[derive(Clone, Debug)]
pub struct SessionKey {
    pub id: String,
    pub account: AccountId,
    pub epoch: u32,
}

/// A session just opened.
#[derive(Clone, Debug)]
pub struct LiveSession {
    pub key: SessionKey,
    pub ends_at: Timestamp,
    /// The account as logs name it.
    pub pseudonym: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct SessionRow {
    account: AccountId,
    epoch: u32,
    created_at: Timestamp,
    seen_at: Timestamp,
    #[serde(default)]
    revoked: bool,
}

/// A session in the list of its account. What it is now is in its own row.
#[derive(Serialize, Deserialize)]
pub(crate) struct SessionPointer {
    session: String,
}

/// A session that lives, as its account sees it.
#[derive(Clone, Debug)]
pub struct OpenSession {
    /// Names it in the account's list; it opens nothing.
    pub name: String,
    pub started_at: Timestamp,
    pub seen_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// How many sessions of an account are looked at, the latest first.
const LISTED: usize = 100;

/// What a session is called in its account's list: by when it began, and a hash of its id.
fn name_of(session: &str, started: Timestamp) -> String {
    let hash: String = sha256_hex(&[b"session", session.as_bytes()]).chars().take(22).collect();
    format!("{:010x}{hash}", started.as_second())
}

#[derive(Clone)]
pub struct SessionStore {
    table: Table,
    pseudonyms: Pseudonyms,
    clock: Clock,
    limits: SessionLimits,
    /// Whether a fiscal code has to be proven; a creditor that checks identities otherwise says no.
    proof: bool,
}

impl SessionStore {
    pub fn connect(env: &Env, limits: SessionLimits) -> Result<Self, ConfigError> {
        Ok(Self {
            table: Table::connect(env, &env.config().identity_table)?,
            pseudonyms: Pseudonyms::connect(env)?,
            clock: env.clock().clone(),
            limits,
            proof: *env.config().identity_proof.get()? == IdentityProof::Notice,
        })
    }

    /// Opens a session under a new id.
    pub async fn open(&self, account: &Account, id: String) -> Result<LiveSession, Fault> {
        let now = self.clock.now();
        let row = SessionRow {
            account: account.id.clone(),
            epoch: account.epoch,
            created_at: now,
            seen_at: now,
            revoked: false,
        };
        let ends_at = time::after(now, self.limits.absolute);
        let forgotten = Retention::SESSIONS.ends(now);
        let (session, listed) = (Key::session(&id), Key::session_of(&account.id, &name_of(&id, now)));
        let pointer = SessionPointer { session: id.clone() };
        let (row, pointer) = (item(&session, &row)?, item(&listed, &pointer)?);
        let (session, listed, row, pointer) = (&session, &listed, &row, &pointer);
        let account_key = &Key::account(&account.id);
        let decide = move |again| async move {
            let its_own = "a session's random id is its own";
            let mut steps = vec![
                self.table.put_always(session, with_ttl(row.clone(), forgotten), its_own),
                self.table.put_always(listed, with_ttl(pointer.clone(), forgotten), its_own),
            ];
            let entered =
                Expression::new("SET entered_at = :now, due_shard = :shard, due_at = :due REMOVE warned_at")
                    .text_value(":now", instant(now))
                    .text_value(":shard", account_key.due_part())
                    .text_value(":due", instant(Retention::ACCOUNTS.ends(now)));
            // Closed meanwhile: the session lives no more than the account, which is left to be erased.
            let still = match again {
                true => self.table.get::<AccountRow>(account_key).await?.is_some_and(|row| row.is_active()),
                false => true,
            };
            if still {
                steps.push(self.table.update(account_key, entered, has_status(AccountStatus::Active)));
            }
            Ok::<_, Fault>((steps, ()))
        };
        self.table.commit(decide).await?;
        let key = SessionKey { id, account: account.id.clone(), epoch: account.epoch };
        let pseudonym = self.pseudonyms.subject("log", account.id.as_str()).await?;
        Ok(LiveSession { key, ends_at, pseudonym })
    }

    /// The citizen of a session, if it lives: not revoked, of the account's epoch, active, within both limits.
    /// One strongly consistent read of session and account.
    pub async fn citizen(&self, key: &SessionKey) -> Result<Option<Citizen>, Fault> {
        let (session_key, account_key) = (Key::session(&key.id), Key::account(&key.account));
        let mut found = self.table.get_many(&[session_key.clone(), account_key.clone()]).await?;
        let session: Option<SessionRow> = found.take(&session_key)?;
        let row: Option<AccountRow> = found.take(&account_key)?;
        let now = self.clock.now();
        let (Some(session), Some(mut account)) = (session, row.and_then(|row| row.account(now))) else {
            return Ok(None);
        };
        let live = !session.revoked
            && session.account == key.account
            && session.epoch == account.epoch
            && key.epoch == account.epoch
            && account.status == AccountStatus::Active
            && self.limits.alive(session.created_at, session.seen_at, now);
        if !live {
            return Ok(None);
        }
        if self.limits.worth_touching(session.seen_at, now) {
            self.touch(&session_key, now).await;
        }
        account.identity_proven |= !self.proof;
        let owner = self.pseudonyms.fiscal_code(&account.profile.fiscal_code).await?;
        let pseudonym = self.pseudonyms.subject("log", key.account.as_str()).await?;
        Ok(Some(Citizen { account, session: key.id.clone(), owner, pseudonym }))
    }

    /// Notes that a session was used. If it cannot be noted the request goes on.
    async fn touch(&self, key: &Key, now: Timestamp) {
        let change = Expression::new("SET seen_at = :now").text_value(":now", instant(now));
        let live = Expression::new("revoked = :no").flag(":no", false);
        if let Err(error) = self.table.write(vec![self.table.update(key, change, live)]).await {
            tracing::warn!(event = "session.not_touched", cause = %error, "a session's use was not noted");
        }
    }

    /// The citizen's sessions that live, the latest first.
    pub async fn of_citizen(&self, citizen: &Citizen) -> Result<Vec<OpenSession>, Fault> {
        let (partition, range) =
            (Key::account_partition(citizen.id()), Range::StartsWith("SESSION#".to_owned()));
        let listed =
            self.table.query::<SessionPointer>(&partition, range, SortOrder::Falling, LISTED, None).await?;
        let keys: Vec<Key> = listed.items.iter().map(|pointer| Key::session(&pointer.session)).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self.table.get_many(&keys).await?;
        let (account, now) = (citizen.account(), self.clock.now());
        let mut sessions = Vec::new();
        for (SessionPointer { session: id }, key) in listed.items.into_iter().zip(&keys) {
            let Some(row) = found.take::<SessionRow>(key)? else { continue };
            let lives = !row.revoked
                && row.epoch == account.epoch
                && self.limits.alive(row.created_at, row.seen_at, now);
            if lives {
                let name = name_of(&id, row.created_at);
                let current = id == citizen.session();
                sessions.push(OpenSession {
                    name,
                    started_at: row.created_at,
                    seen_at: row.seen_at,
                    current,
                });
            }
        }
        Ok(sessions)
    }

    /// Ends one of the citizen's sessions, by its name in the list. Returns whether it is the one that asks; nothing when
    /// there is none of that name. Harmless to repeat.
    pub async fn end_of_citizen(&self, citizen: &Citizen, name: &str) -> Result<Option<bool>, Fault> {
        let key = Key::session_of(citizen.id(), name);
        let Some(SessionPointer { session }) = self.table.get(&key).await? else { return Ok(None) };
        self.revoke(&session).await?;
        Ok(Some(session == citizen.session()))
    }

    /// Ends one session. Harmless to repeat.
    pub async fn revoke(&self, session: &str) -> Result<(), Fault> {
        let change = Expression::new("SET revoked = :yes").flag(":yes", true);
        let step = self.table.update(&Key::session(session), change, present());
        let _ = self.table.write(vec![step]).await?;
        Ok(())
    }
}
