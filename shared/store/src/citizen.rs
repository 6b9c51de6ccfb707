//! Sessions, and the witness that only a live one makes.

use domain::Fault;
use domain::account::{Account, AccountId, AccountStatus};
use domain::debt::Viewer;
use domain::session::SessionLimits;
use domain::{FiscalCode, Timestamp, time};
use runtime::{Clock, ConfigError, Env, IdentityProof};
use serde::{Deserialize, Serialize};

use crate::accounts::AccountRow;
use crate::keys::Key;
use crate::pseudonyms::Pseudonyms;
use crate::table::{Expression, Table, instant, item, present, with_ttl};

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
        let session = Key::session(&id);
        let item = with_ttl(item(&session, &row)?, ends_at);
        let step = self.table.put_always(&session, item, "a session's random id is its own");
        let _ = self.table.write(vec![step]).await?;
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

    /// Ends one session. Harmless to repeat.
    pub async fn revoke(&self, session: &str) -> Result<(), Fault> {
        let change = Expression::new("SET revoked = :yes").flag(":yes", true);
        let step = self.table.update(&Key::session(session), change, present());
        let _ = self.table.write(vec![step]).await?;
        Ok(())
    }
}
