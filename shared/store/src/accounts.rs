//! Accounts, their unique names, and mailed links.

use domain::account::{Account, AccountId, LinkPurpose, Profile, Status};
use domain::person::Email;
use domain::{Error, Fault, FiscalCode, Timestamp};
use serde::{Deserialize, Serialize};
use world::{Clock, NotConfigured, Random, World};

use crate::citizen::{Citizen, asks_for_proof};
use crate::filing::{Filing, sha256};
use crate::keys::Key;
use crate::outbox::{Letter, Outbox};
use crate::table::{
    Expression, TRIES, Table, Transacted, Written, absent, instant, item, present, step_aside, with_due,
    with_ttl,
};

/// How soon after it was made a pending registration can be replaced by a corrected one.
const CORRECTABLE_AFTER: std::time::Duration = std::time::Duration::from_secs(10);

#[derive(Clone)]
pub struct Accounts {
    table: Table,
    outbox: Option<Outbox>,
    filing: Filing,
    clock: Clock,
    random: Random,
    /// Whether a fiscal code has to be proven.
    proof: bool,
}

/// An account's row. The profile goes when consent is withdrawn; the row stays, so that nothing dangles.
#[derive(Serialize, Deserialize)]
pub(crate) struct AccountRow {
    id: AccountId,
    status: Status,
    epoch: u32,
    #[serde(default)]
    identity_proven: bool,
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile: Option<Profile>,
    /// The password's hash string, keyed with the pepper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

impl AccountRow {
    pub(crate) fn account(self) -> Option<Account> {
        Some(Account {
            id: self.id,
            status: self.status,
            profile: self.profile?,
            identity_proven: self.identity_proven,
            epoch: self.epoch,
            created_at: self.created_at,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct ClaimRow {
    account: AccountId,
    /// While the account is not active: when the claim stops holding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending_until: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct LinkRow {
    purpose: LinkPurpose,
    account: AccountId,
    epoch: u32,
    expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used_at: Option<Timestamp>,
}

/// What login compares a password with.
pub struct PasswordRecord {
    pub account: Account,
    pub hash: String,
}

/// The outcome of claiming a fiscal code and a username for a new account.
pub enum Claimed {
    New(Box<Account>),
    /// One of the two is somebody's: here is who.
    Taken(Box<Account>),
    /// One of the two is taken, and nobody can be told.
    Lost,
}

/// A link that can be used.
pub struct Opened {
    pub account: Account,
    hash: String,
}

/// What the use of a link did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkUse {
    Done,
    /// It had been done moments ago: the same answer to a double click.
    Repeated,
}

/// How long a double click on a used link still gets the answer of the first.
const REPEAT_WITHIN: std::time::Duration = std::time::Duration::from_secs(10 * 60);

impl Accounts {
    pub fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self {
            table: Table::connect(world, "IDENTITY_TABLE")?,
            outbox: world.optional("OUTBOX_TABLE").map(|_| Outbox::connect(world)).transpose()?,
            filing: Filing::connect(world)?,
            clock: world.clock().clone(),
            random: world.random().clone(),
            proof: asks_for_proof(world)?,
        })
    }

    /// The account of a username, with its password's hash: two reads, whatever there is (INV-I04).
    pub async fn by_username(&self, username: &Email) -> Result<Option<PasswordRecord>, Fault> {
        const DOING: &str = "reading an account by username";
        let claim: Option<ClaimRow> =
            self.table.get(DOING, &Key::username_claim(&self.filing.username(username).await?)).await?;
        let nobody = || AccountId::new("nobody");
        let id = claim.as_ref().map_or_else(nobody, |claim| claim.account.clone());
        let row: Option<AccountRow> = self.table.get(DOING, &Key::account(&id)).await?;
        Ok(row.and_then(password_record))
    }

    /// The password's hash of a citizen.
    pub async fn password_of(&self, citizen: &Citizen) -> Result<Option<PasswordRecord>, Fault> {
        self.by_id(citizen.id()).await
    }

    /// An account by its name in the store, for the worker.
    pub async fn by_id(&self, id: &AccountId) -> Result<Option<PasswordRecord>, Fault> {
        let row: Option<AccountRow> = self.table.get("reading an account", &Key::account(id)).await?;
        Ok(row.and_then(password_record))
    }

    /// The active account that has proven this fiscal code to be its own, for the worker: the one in whose history
    /// the code's debts are.
    pub async fn by_fiscal_code(&self, code: &FiscalCode) -> Result<Option<Account>, Fault> {
        const DOING: &str = "reading the account of a fiscal code";
        let key = Key::fiscal_code_claim(&self.filing.fiscal_code(code).await?);
        let Some(claim) = self.table.get::<ClaimRow>(DOING, &key).await? else { return Ok(None) };
        let account = self.by_id(&claim.account).await?.map(|record| record.account);
        Ok(account.filter(|account| {
            let theirs = account.identity_proven || !self.proof;
            theirs && account.status == Status::Active && account.profile.fiscal_code == *code
        }))
    }

    /// Claims fiscal code and username for a new account, all three or nothing (INV-I01, INV-I02). A claim
    /// whose account was not activated yields.
    pub async fn claim(&self, id: AccountId, profile: &Profile, password: &str) -> Result<Claimed, Fault> {
        const DOING: &str = "claiming a fiscal code and a username";
        let now = self.clock.now();
        let life = LinkPurpose::Activate.life();
        let until = now.checked_add(life).map_err(|e| Fault::new(DOING, e))?;
        let code_key = Key::fiscal_code_claim(&self.filing.fiscal_code(&profile.fiscal_code).await?);
        let name_key = Key::username_claim(&self.filing.username(&profile.username).await?);
        let account_key = Key::account(&id);
        let row = AccountRow {
            id: id.clone(),
            status: Status::Pending,
            epoch: 0,
            identity_proven: false,
            created_at: now,
            closed_at: None,
            profile: Some(profile.clone()),
            password: Some(password.to_owned()),
        };
        let claim = ClaimRow { account: id.clone(), pending_until: Some(instant(until)) };
        // A pending claim yields to a later registration of the same names: somebody corrects a wrong address.
        // Within a few seconds it is a race or a double click, and the first one stays.
        let correctable =
            until.checked_sub(CORRECTABLE_AFTER).map(instant).map_err(|e| Fault::new(DOING, e))?;
        for attempt in 0..TRIES {
            // Ours already, when this runs again after an answer that was lost.
            let free = || {
                Expression::new("attribute_not_exists(pk) OR pending_until < :correctable OR account = :id")
                    .text_value(":correctable", correctable.clone())
                    .text_value(":id", id.as_str())
            };
            let account = with_due(item(DOING, &account_key, &row)?, &account_key, until);
            let steps = vec![
                self.table.put_step(DOING, item(DOING, &code_key, &claim)?, free())?,
                self.table.put_step(DOING, item(DOING, &name_key, &claim)?, free())?,
                self.table.put_step(DOING, account, absent())?,
            ];
            match self.table.transact(DOING, steps).await? {
                Transacted::Done => return self.fresh(&account_key).await,
                Transacted::Refused(why) => match why.as_slice() {
                    [true, ..] => return self.holder(&code_key).await,
                    [_, true, ..] => return self.holder(&name_key).await,
                    [_, _, true, ..] => return self.fresh(&account_key).await,
                    _ => step_aside(attempt).await,
                },
            }
        }
        Err(Fault::new(DOING, "others were in the way too often"))
    }

    async fn fresh(&self, key: &Key) -> Result<Claimed, Fault> {
        let row: Option<AccountRow> = self.table.get("reading a new account", key).await?;
        Ok(row.and_then(AccountRow::account).map_or(Claimed::Lost, |account| Claimed::New(Box::new(account))))
    }

    async fn holder(&self, claim: &Key) -> Result<Claimed, Fault> {
        const DOING: &str = "reading who holds a claim";
        let claim: Option<ClaimRow> = self.table.get(DOING, claim).await?;
        let Some(claim) = claim else { return Ok(Claimed::Lost) };
        let row: Option<AccountRow> = self.table.get(DOING, &Key::account(&claim.account)).await?;
        Ok(row
            .and_then(AccountRow::account)
            .map_or(Claimed::Lost, |account| Claimed::Taken(Box::new(account))))
    }

    /// Makes a link valid for an account. Only the token's hash is kept; the account's newer epoch or a newer
    /// link of the same purpose ends it.
    pub async fn new_link(&self, account: &Account, purpose: LinkPurpose, token: &str) -> Result<(), Fault> {
        const DOING: &str = "making a link";
        let now = self.clock.now();
        let expires_at = now.checked_add(purpose.life()).map_err(|e| Fault::new(DOING, e))?;
        let hash = sha256(&[token.as_bytes()]);
        let key = Key::link(&hash);
        let row =
            LinkRow { purpose, account: account.id.clone(), epoch: account.epoch, expires_at, used_at: None };
        // An older link of the purpose is void as soon as the account names this one as its latest.
        let latest = Expression::new("SET #latest = :hash")
            .name("#latest", latest_name(purpose))
            .text_value(":hash", hash.clone());
        let steps = vec![
            self.table.put_step(DOING, with_ttl(item(DOING, &key, &row)?, expires_at), absent())?,
            self.table.update_step(DOING, &Key::account(&account.id), latest, present())?,
        ];
        match self.table.transact_in_turn(DOING, steps).await? {
            // The link is there already: this runs again after an answer that was lost.
            Transacted::Done | Transacted::Refused(_) => Ok(()),
        }
    }

    /// The account behind a link that can still be used for a purpose; one answer for every other link.
    pub async fn open_link(&self, purpose: LinkPurpose, token: &str) -> Result<Opened, Error> {
        const DOING: &str = "reading a link";
        let hash = sha256(&[token.as_bytes()]);
        let link: Option<LinkRow> = self.table.get(DOING, &Key::link(&hash)).await?;
        let now = self.clock.now();
        let id = link.as_ref().map_or_else(|| AccountId::new("nobody"), |link| link.account.clone());
        let row: Option<LatestRow> = self.table.get(DOING, &Key::account(&id)).await?;
        let (Some(mut link), Some(row)) = (link, row) else { return Err(Error::LinkNotValid) };
        // Used between the two reads, by the other half of a double click: what it says now counts.
        if purpose == LinkPurpose::Activate && link.used_at.is_none() && row.row.status == Status::Active {
            link = self.table.get(DOING, &Key::link(&hash)).await?.ok_or(Error::LinkNotValid)?;
        }
        let repeated = link.used_at.is_some_and(|used| domain::session::passed(used, now) < REPEAT_WITHIN);
        let latest = match purpose {
            LinkPurpose::Activate => row.latest_activate,
            LinkPurpose::ResetPassword => row.latest_reset,
        };
        let usable = link.purpose == purpose
            && link.expires_at > now
            && latest.as_deref() == Some(hash.as_str())
            && (link.used_at.is_none() || (repeated && purpose == LinkPurpose::Activate));
        let account = row.row.account().filter(|account| match purpose {
            LinkPurpose::Activate => {
                account.status == Status::Pending || (repeated && account.status == Status::Active)
            }
            LinkPurpose::ResetPassword => account.status == Status::Active && account.epoch == link.epoch,
        });
        match (usable, account) {
            (true, Some(account)) => Ok(Opened { account, hash }),
            _ => Err(Error::LinkNotValid),
        }
    }

    /// Activates the account of a link: link used, account active, claims for good; once.
    pub async fn activate(&self, opened: Opened) -> Result<LinkUse, Error> {
        const DOING: &str = "activating an account";
        let Opened { account, hash } = opened;
        if account.status == Status::Active {
            return Ok(LinkUse::Repeated);
        }
        let now = self.clock.now();
        let profile = &account.profile;
        let code_key = Key::fiscal_code_claim(&self.filing.fiscal_code(&profile.fiscal_code).await?);
        let name_key = Key::username_claim(&self.filing.username(&profile.username).await?);
        let ours = || Expression::new("account = :id").text_value(":id", account.id.as_str());
        let keep = || Expression::new("REMOVE pending_until");
        let active = Expression::new("SET #status = :active REMOVE due_shard, due_at")
            .name("#status", "status")
            .text_value(":active", "active");
        let pending = Expression::new("#status = :pending").text_value(":pending", "pending");
        let welcome = Letter::AccountActivated { email: profile.email.clone(), language: profile.language };
        let mut steps = vec![
            self.use_link_step(&hash, now)?,
            self.table.update_step(DOING, &Key::account(&account.id), active, pending)?,
            self.table.update_step(DOING, &code_key, keep(), ours())?,
            self.table.update_step(DOING, &name_key, keep(), ours())?,
        ];
        if let Some(outbox) = &self.outbox {
            steps.push(outbox.post_step(&welcome)?);
        }
        match self.table.transact_in_turn(DOING, steps).await? {
            Transacted::Done => Ok(LinkUse::Done),
            Transacted::Refused(why) if why.get(..2).is_some_and(|both| both.contains(&true)) => {
                // Another click was faster: it has done the same.
                let again: Option<AccountRow> = self.table.get(DOING, &Key::account(&account.id)).await?;
                match again.map(|row| row.status) {
                    Some(Status::Active) => Ok(LinkUse::Repeated),
                    _ => Err(Error::LinkNotValid),
                }
            }
            Transacted::Refused(_) => Err(Error::LinkNotValid),
        }
    }

    /// Sets a new password by a reset link: link used, epoch raised, so that every session ends.
    pub async fn reset_password(&self, opened: Opened, password: &str) -> Result<(), Error> {
        const DOING: &str = "resetting a password";
        let Opened { account, hash } = opened;
        let now = self.clock.now();
        let mut steps = vec![self.use_link_step(&hash, now)?, self.password_step(&account, password)?];
        steps.extend(self.password_notice(&account)?);
        match self.table.transact_in_turn(DOING, steps).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(_) => Err(Error::LinkNotValid),
        }
    }

    /// Sets a new password for a logged-in citizen: every session ends, the caller opens a new one.
    pub async fn change_password(&self, citizen: &Citizen, password: &str) -> Result<Account, Error> {
        const DOING: &str = "changing a password";
        let account = citizen.account();
        let mut steps = vec![self.password_step(account, password)?];
        steps.extend(self.password_notice(account)?);
        match self.table.transact_in_turn(DOING, steps).await? {
            Transacted::Done => Ok(Account { epoch: account.epoch.saturating_add(1), ..account.clone() }),
            Transacted::Refused(_) => Err(Error::NotAuthenticated),
        }
    }

    fn password_notice(&self, account: &Account) -> Result<Option<crate::table::Step>, Fault> {
        let letter = Letter::PasswordChanged {
            email: account.profile.email.clone(),
            language: account.profile.language,
        };
        self.outbox.as_ref().map(|outbox| outbox.post_step(&letter)).transpose()
    }

    fn password_step(&self, account: &Account, password: &str) -> Result<crate::table::Step, Fault> {
        let change = Expression::new("SET password = :password ADD epoch :one")
            .text_value(":password", password)
            .number(":one", 1);
        let same = Expression::new("epoch = :epoch AND #status = :active")
            .name("#status", "status")
            .number(":epoch", account.epoch)
            .text_value(":active", "active");
        self.table.update_step("writing a password", &Key::account(&account.id), change, same)
    }

    fn use_link_step(&self, hash: &str, now: Timestamp) -> Result<crate::table::Step, Fault> {
        let change = Expression::new("SET used_at = :now").text_value(":now", now.to_string());
        let unused =
            Expression::new("attribute_exists(pk) AND attribute_not_exists(used_at) AND expires_at > :now2")
                .text_value(":now2", now.to_string());
        self.table.update_step("using a link", &Key::link(hash), change, unused)
    }

    /// Writes a hash of today's parameters over an older, weaker one, if nothing changed meanwhile.
    pub async fn strengthen(&self, account: &Account, old: &str, new: &str) -> Result<(), Fault> {
        let change = Expression::new("SET password = :new").text_value(":new", new);
        let same = Expression::new("password = :old").text_value(":old", old);
        let _ = self
            .table
            .update_if("strengthening a password", &Key::account(&account.id), change, same)
            .await?;
        Ok(())
    }

    /// Notes that an account's fiscal code was proven to be its own.
    pub async fn prove(&self, citizen: Citizen) -> Result<Citizen, Fault> {
        let change = Expression::new("SET identity_proven = :yes").flag(":yes", true);
        let key = Key::account(citizen.id());
        let _ = self.table.update_if("proving an identity", &key, change, present()).await?;
        Ok(citizen.with_proof())
    }

    /// Changes the language that a citizen is written in.
    pub async fn set_language(
        &self,
        citizen: &Citizen,
        language: domain::account::Language,
    ) -> Result<Account, Error> {
        let change = Expression::new("SET profile.#language = :language")
            .name("#language", "language")
            .text_value(":language", language.as_str());
        let active =
            Expression::new("#status = :active").name("#status", "status").text_value(":active", "active");
        let key = Key::account(citizen.id());
        if self.table.update_if("changing a language", &key, change, active).await? == Written::Refused {
            return Err(Error::NotAuthenticated);
        }
        let mut account = citizen.account().clone();
        account.profile.language = language;
        Ok(account)
    }

    /// Closes an account: from now on no session of it is accepted; the worker says goodbye and erases.
    pub async fn close(&self, citizen: &Citizen) -> Result<(), Error> {
        const DOING: &str = "closing an account";
        let key = Key::account(citizen.id());
        let now = self.clock.now();
        let change = Expression::new(
            "SET #status = :closed, closed_at = :now, due_shard = :shard, due_at = :due ADD epoch :one",
        )
        .name("#status", "status")
        .text_value(":closed", "closed")
        .text_value(":now", now.to_string())
        .text_value(":shard", key.shard())
        .text_value(":due", instant(now))
        .number(":one", 1);
        let active = Expression::new("#status = :active").text_value(":active", "active");
        let mut steps = vec![self.table.update_step(DOING, &key, change, active)?];
        if let Some(outbox) = &self.outbox {
            steps.push(outbox.post_step(&Letter::CloseAccount { account: citizen.id().clone() })?);
        }
        match self.table.transact_in_turn(DOING, steps).await? {
            Transacted::Done => Ok(()),
            // Closed already: the same answer.
            Transacted::Refused(_) => Ok(()),
        }
    }

    /// Erases the profile of a closed account, or of one never activated in time, and frees its names.
    pub async fn erase(&self, account: &Account) -> Result<(), Fault> {
        const DOING: &str = "erasing a profile";
        let key = Key::account(&account.id);
        // Closed first: an activation that comes later finds the account closed, one that came first stops us.
        let close = Expression::new("SET #status = :closed")
            .name("#status", "status")
            .text_value(":closed", "closed");
        let not_active =
            Expression::new("attribute_exists(pk) AND #status <> :active").text_value(":active", "active");
        if self.table.update_if(DOING, &key, close, not_active).await? == Written::Refused {
            return Ok(());
        }
        let profile = &account.profile;
        let code_key = Key::fiscal_code_claim(&self.filing.fiscal_code(&profile.fiscal_code).await?);
        let name_key = Key::username_claim(&self.filing.username(&profile.username).await?);
        for claim in [&code_key, &name_key] {
            self.free(claim, &account.id).await?;
        }
        let change = Expression::new("REMOVE profile, password, due_shard, due_at");
        let closed =
            Expression::new("#status = :closed").name("#status", "status").text_value(":closed", "closed");
        let _ = self.table.update_if(DOING, &key, change, closed).await?;
        Ok(())
    }

    /// Frees a claim if it is still this account's.
    async fn free(&self, claim: &Key, id: &AccountId) -> Result<(), Fault> {
        const DOING: &str = "freeing a claim";
        let row: Option<ClaimRow> = self.table.get(DOING, claim).await?;
        if row.is_some_and(|row| row.account == *id) {
            // Past instants free a claim as well as deleting it would, and cannot race with a new owner.
            let change =
                Expression::new("SET pending_until = :past").text_value(":past", "1970-01-01T00:00:00Z");
            let ours = Expression::new("account = :id").text_value(":id", id.as_str());
            let _ = self.table.update_if(DOING, claim, change, ours).await?;
        }
        Ok(())
    }

    /// A new name for an account.
    pub fn new_id(&self) -> Result<AccountId, Fault> {
        Ok(AccountId::new(self.random.hex::<16>()?))
    }

    /// Accounts that the sweep has to look at: never activated, or closed and not yet erased.
    pub async fn overdue(&self, shard: &str, limit: i32) -> Result<Vec<Account>, Fault> {
        const DOING: &str = "finding accounts to erase";
        let keys = self.table.due(DOING, shard, &instant(self.clock.now()), limit).await?;
        let mut accounts = Vec::new();
        for key in keys {
            let row: Option<AccountRow> = self.table.get(DOING, &key).await?;
            accounts.extend(row.and_then(AccountRow::account).filter(|a| a.status != Status::Active));
        }
        Ok(accounts)
    }
}

#[derive(Deserialize)]
struct LatestRow {
    #[serde(flatten)]
    row: AccountRow,
    #[serde(default)]
    latest_activate: Option<String>,
    #[serde(default)]
    latest_reset: Option<String>,
}

fn latest_name(purpose: LinkPurpose) -> &'static str {
    match purpose {
        LinkPurpose::Activate => "latest_activate",
        LinkPurpose::ResetPassword => "latest_reset",
    }
}

fn password_record(mut row: AccountRow) -> Option<PasswordRecord> {
    let hash = row.password.take()?;
    Some(PasswordRecord { account: row.account()?, hash })
}
