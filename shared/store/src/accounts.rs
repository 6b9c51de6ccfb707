//! Accounts, their claims to a fiscal code and a username, and mailed links.

use domain::Fault;
use domain::account::{Account, AccountId, AccountStatus, LinkPurpose, Profile};
use domain::digest::sha256_hex;
use domain::outbox::OutboxMessage;
use domain::person::Email;
use domain::registration::{
    self, AccountPlan, AccountWrite, Claim, Claimed, LinkUse, MailedLink, OpenedLink, Registered,
    RegistrationFacts,
};
use domain::retention::Retention;
use domain::{Error, FiscalCode, Timestamp, time};
use runtime::{Clock, ConfigError, Env, IdentityProof};
use serde::{Deserialize, Serialize};

use crate::citizen::Citizen;
use crate::keys::Key;
use crate::outbox::Outbox;
use crate::pseudonyms::Pseudonyms;
use crate::readers::AccountReader;
use crate::table::{
    Expression, Step, Table, WriteOutcome, absent, instant, item, present, with_due, with_ttl,
};

/// Reads accounts, and changes what needs no message.
#[derive(Clone)]
pub struct Accounts {
    table: Table,
    pseudonyms: Pseudonyms,
    clock: Clock,
    /// Whether a fiscal code has to be proven.
    proof: bool,
}

/// Changes accounts together with the message that tells of it.
#[derive(Clone)]
pub struct AccountWriter {
    accounts: Accounts,
    outbox: Outbox,
}

/// An account's row. The profile goes when consent is withdrawn; the row stays, so that nothing dangles.
#[derive(Serialize, Deserialize)]
pub(crate) struct AccountRow {
    id: AccountId,
    status: AccountStatus,
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
    /// When a session was last opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    entered_at: Option<String>,
    /// When its holder was told that nobody enters it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    warned_at: Option<String>,
    /// Hashes of the latest links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latest_activate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latest_reset: Option<String>,
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

    fn password_record(mut self) -> Option<PasswordRecord> {
        let hash = self.password.take()?;
        let entered_before = self.entered_at.is_some();
        Some(PasswordRecord { account: self.account()?, hash, entered_before })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ClaimRow {
    account: AccountId,
    /// While the account is not active: when the claim stops holding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending_until: Option<Timestamp>,
}

impl ClaimRow {
    fn claim(self) -> Claim {
        Claim { account: self.account, pending_until: self.pending_until }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct LinkRow {
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
    /// Whether somebody has logged in before.
    pub entered_before: bool,
}

/// The id of no account: read in place of one, so that every answer costs the same reads.
const NOBODY: &str = "nobody";

impl Accounts {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            table: Table::connect(env, &env.config().identity_table)?,
            pseudonyms: Pseudonyms::connect(env)?,
            clock: env.clock().clone(),
            proof: *env.config().identity_proof.get()? == IdentityProof::Notice,
        })
    }

    /// The account of a username, with its password's hash: two reads, whatever there is (INV-I04).
    pub async fn by_username(
        &self,
        _reader: AccountReader,
        username: &Email,
    ) -> Result<Option<PasswordRecord>, Fault> {
        let key = Key::username_claim(&self.pseudonyms.username(username).await?);
        let claim: Option<ClaimRow> = self.table.get(&key).await?;
        self.read(&claim.map_or_else(|| AccountId::new(NOBODY), |claim| claim.account)).await
    }

    /// The password's hash of a citizen.
    pub async fn password_of(&self, citizen: &Citizen) -> Result<Option<PasswordRecord>, Fault> {
        self.read(citizen.id()).await
    }

    /// An account by its id.
    pub async fn by_id(&self, _reader: AccountReader, id: &AccountId) -> Result<Option<Account>, Fault> {
        Ok(self.read(id).await?.map(|record| record.account))
    }

    async fn read(&self, id: &AccountId) -> Result<Option<PasswordRecord>, Fault> {
        Ok(self.row(id).await?.and_then(AccountRow::password_record))
    }

    async fn row(&self, id: &AccountId) -> Result<Option<AccountRow>, Fault> {
        self.table.get(&Key::account(id)).await
    }

    /// The active account that has proven this fiscal code to be its own: the one in whose history the code's debts
    /// are.
    pub async fn by_fiscal_code(
        &self,
        reader: AccountReader,
        code: &FiscalCode,
    ) -> Result<Option<Account>, Fault> {
        let key = Key::fiscal_code_claim(&self.pseudonyms.fiscal_code(code).await?);
        let Some(claim) = self.table.get::<ClaimRow>(&key).await? else { return Ok(None) };
        let account = self.by_id(reader, &claim.account).await?;
        Ok(account.filter(|account| {
            let theirs = account.identity_proven || !self.proof;
            theirs && account.status == AccountStatus::Active && account.profile.fiscal_code == *code
        }))
    }

    /// Those of some accounts, 100 at most, that are closed or not there any more.
    pub(crate) async fn gone_of(&self, accounts: &[AccountId]) -> Result<Vec<AccountId>, Fault> {
        let keys: Vec<Key> = accounts.iter().map(Key::account).collect();
        let rows: Vec<AccountRow> = self.table.get_many(&keys).await?.take_all(&keys)?;
        let live =
            |id: &AccountId| rows.iter().any(|row| row.id == *id && row.status != AccountStatus::Closed);
        Ok(accounts.iter().filter(|id| !live(id)).cloned().collect())
    }

    async fn claim_key(&self, of: &Claimed) -> Result<Key, Fault> {
        Ok(match of {
            Claimed::FiscalCode(code) => Key::fiscal_code_claim(&self.pseudonyms.fiscal_code(code).await?),
            Claimed::Username(name) => Key::username_claim(&self.pseudonyms.username(name).await?),
        })
    }

    /// The claims of a profile, and the account of an id: one read.
    async fn registration_facts(
        &self,
        id: &AccountId,
        profile: &Profile,
    ) -> Result<RegistrationFacts, Fault> {
        let [code, name] = Claimed::both(profile);
        let (code, name) = (self.claim_key(&code).await?, self.claim_key(&name).await?);
        let account = Key::account(id);
        let mut found = self.table.get_many(&[code.clone(), name.clone(), account.clone()]).await?;
        let mut claim = |key| Ok::<_, Fault>(found.take::<ClaimRow>(key)?.map(ClaimRow::claim));
        let claims = [claim(&code)?, claim(&name)?];
        let row: Option<AccountRow> = found.take(&account)?;
        Ok(RegistrationFacts { claims, account: row.and_then(AccountRow::account) })
    }

    /// The claims of a profile, one by one: a function that activates may read no more at once.
    async fn claims(&self, profile: &Profile) -> Result<[Option<Claim>; 2], Fault> {
        let [code, name] = Claimed::both(profile);
        Ok([self.claim(&code).await?, self.claim(&name).await?])
    }

    async fn claim(&self, of: &Claimed) -> Result<Option<Claim>, Fault> {
        Ok(self.table.get::<ClaimRow>(&self.claim_key(of).await?).await?.map(ClaimRow::claim))
    }

    /// Registers an account: fiscal code, username and account, all three or nothing (INV-I01, INV-I02).
    pub async fn register(
        &self,
        id: &AccountId,
        profile: &Profile,
        password: &str,
    ) -> Result<Registered, Fault> {
        let decide = move |_again| async move {
            let facts = self.registration_facts(id, profile).await?;
            let plan = registration::register(&facts, id, profile, password, self.clock.now());
            Ok::<_, Fault>((self.steps(&plan.writes).await?, plan.outcome))
        };
        self.table.commit(decide).await
    }

    /// Makes a link valid for an account. Only the token's hash is kept; the account's newer epoch or a newer
    /// link of the same purpose ends it. Harmless to repeat.
    pub async fn new_link(&self, account: &Account, purpose: LinkPurpose, token: &str) -> Result<(), Fault> {
        let hash = sha256_hex(&[token.as_bytes()]);
        let key = Key::link(&hash);
        let expires_at = time::after(self.clock.now(), purpose.life());
        let (key, hash) = (&key, hash.as_str());
        let decide = move |again| async move {
            // It is there already when this runs again after an answer that was lost.
            if again && self.table.get::<LinkRow>(key).await?.is_some() {
                return Ok((Vec::new(), ()));
            }
            let (id, epoch) = (account.id.clone(), account.epoch);
            let row = LinkRow { purpose, account: id, epoch, expires_at, used_at: None };
            // An older link of the purpose is void as soon as this one is the account's latest.
            let latest = Expression::new("SET #latest = :hash")
                .name("#latest", latest_name(purpose))
                .text_value(":hash", hash);
            let steps = vec![
                self.table.put(key, with_ttl(item(key, &row)?, expires_at), absent()),
                self.table.update(&Key::account(&account.id), latest, present()),
            ];
            Ok((steps, ()))
        };
        self.table.commit(decide).await
    }

    /// The account behind a link that can still be used for a purpose; one answer for every other link.
    pub async fn open_link(&self, purpose: LinkPurpose, token: &str) -> Result<OpenedLink, Error> {
        let hash = sha256_hex(&[token.as_bytes()]);
        let key = Key::link(&hash);
        let mut link: Option<LinkRow> = self.table.get(&key).await?;
        let id = link.as_ref().map_or_else(|| AccountId::new(NOBODY), |link| link.account.clone());
        let Some(row) = self.row(&id).await? else { return Err(Error::LinkNotValid) };
        // Used between the two reads, by the other half of a double click: what it says now counts.
        if row.status == AccountStatus::Active
            && link.as_ref().is_some_and(|l| l.used_at.is_none() && l.purpose == purpose)
            && purpose == LinkPurpose::Activate
        {
            link = self.table.get(&key).await?;
        }
        let latest = match purpose {
            LinkPurpose::Activate => row.latest_activate.clone(),
            LinkPurpose::ResetPassword => row.latest_reset.clone(),
        };
        let link = link.map(|LinkRow { purpose, account, epoch, expires_at, used_at }| {
            let is_latest = latest.as_deref() == Some(hash.as_str());
            MailedLink { hash, purpose, account, epoch, expires_at, used_at, is_latest }
        });
        let account = row.account();
        registration::open_link(link.as_ref().zip(account.as_ref()), purpose, self.clock.now())
    }

    /// Writes a hash of today's parameters over an older, weaker one, if nothing changed meanwhile.
    pub async fn strengthen(&self, account: &Account, old: &str, new: &str) -> Result<(), Fault> {
        let change = Expression::new("SET password = :new").text_value(":new", new);
        let same = Expression::new("password = :old").text_value(":old", old);
        self.change(&account.id, change, same).await.map(drop)
    }

    /// Notes that an account's fiscal code was proven to be its own.
    pub async fn prove(&self, citizen: Citizen) -> Result<Citizen, Fault> {
        let change = Expression::new("SET identity_proven = :yes").flag(":yes", true);
        let _ = self.change(citizen.id(), change, present()).await?;
        Ok(citizen.with_proof())
    }

    /// Changes what a citizen may change of their own profile: only the fields that differ are written.
    pub async fn change_profile(&self, citizen: &Citizen, profile: Profile) -> Result<Account, Error> {
        let old = &citizen.account().profile;
        let fields = [
            ("language", ":language", old.language.as_str(), profile.language.as_str()),
            ("phone", ":phone", &old.phone, &profile.phone),
            ("address", ":address", &old.address, &profile.address),
            ("country", ":country", &old.country, &profile.country),
            ("city", ":city", &old.city, &profile.city),
            ("province", ":province", &old.province, &profile.province),
            ("postal_code", ":postal_code", &old.postal_code, &profile.postal_code),
        ];
        let changed: Vec<_> = fields.into_iter().filter(|(_, _, old, new)| old != new).collect();
        let account = Account { profile: profile.clone(), ..citizen.account().clone() };
        if changed.is_empty() {
            return Ok(account);
        }
        let sets: Vec<String> =
            changed.iter().map(|(name, value, ..)| format!("profile.#{name} = {value}")).collect();
        let change = Expression::new(format!("SET {}", sets.join(", ")));
        let change = changed.into_iter().fold(change, |change, (name, value, _, new)| {
            change.name(format!("#{name}"), name).text_value(value, new)
        });
        match self.change(citizen.id(), change, has_status(AccountStatus::Active)).await? {
            WriteOutcome::Refused => Err(Error::NotAuthenticated),
            WriteOutcome::Done => Ok(account),
        }
    }

    async fn change(
        &self,
        id: &AccountId,
        change: Expression,
        condition: Expression,
    ) -> Result<WriteOutcome, Fault> {
        self.table.write(vec![self.table.update(&Key::account(id), change, condition)]).await
    }

    /// Erases the profile of a closed account, or of one never activated in time, and frees its fiscal code and
    /// username.
    pub async fn erase(&self, account: &Account) -> Result<(), Fault> {
        // Closed first: an activation that comes later finds the account closed, one that came first stops us.
        let close = Expression::new("SET #status = :closed").text_value(":closed", "closed");
        let not_active = Expression::new("attribute_exists(pk) AND #status <> :active")
            .name("#status", "status")
            .text_value(":active", "active");
        if self.change(&account.id, close, not_active).await? == WriteOutcome::Refused {
            return Ok(());
        }
        for claimed in Claimed::both(&account.profile) {
            let key = self.claim_key(&claimed).await?;
            let row: Option<ClaimRow> = self.table.get(&key).await?;
            if row.is_some_and(|row| row.account == account.id) {
                // Past instants free a claim as well as deleting it would, and cannot race with a new owner.
                let past = Expression::new("SET pending_until = :past")
                    .text_value(":past", instant(Timestamp::UNIX_EPOCH));
                let _ = self.table.write(vec![self.table.update(&key, past, ours(&account.id))]).await?;
            }
        }
        let change = Expression::new("REMOVE profile, password, due_shard, due_at");
        self.change(&account.id, change, has_status(AccountStatus::Closed)).await.map(drop)
    }

    /// Accounts that the sweep has to look at: never activated, closed and not yet erased, or not entered for years.
    pub async fn overdue(
        &self,
        _reader: AccountReader,
        shard: &str,
        limit: i32,
    ) -> Result<Vec<Account>, Fault> {
        let keys = self.table.due(shard, &instant(self.clock.now()), limit).await?;
        let mut accounts = Vec::new();
        for key in keys {
            let row: Option<AccountRow> = self.table.get(&key).await?;
            accounts.extend(row.and_then(AccountRow::account));
        }
        Ok(accounts)
    }

    /// What each write asks of the table.
    async fn steps(&self, writes: &[AccountWrite]) -> Result<Vec<Step>, Fault> {
        let mut steps = Vec::new();
        for write in writes {
            steps.push(self.step(write).await?);
        }
        Ok(steps)
    }

    async fn step(&self, write: &AccountWrite) -> Result<Step, Fault> {
        let table = &self.table;
        Ok(match write {
            AccountWrite::Create { account, password, until } => {
                let key = Key::account(&account.id);
                let row = AccountRow {
                    id: account.id.clone(),
                    status: account.status,
                    epoch: account.epoch,
                    identity_proven: account.identity_proven,
                    created_at: account.created_at,
                    closed_at: None,
                    profile: Some(account.profile.clone()),
                    password: Some(password.clone()),
                    entered_at: None,
                    warned_at: None,
                    latest_activate: None,
                    latest_reset: None,
                };
                table.put(&key, with_due(item(&key, &row)?, &key, *until), absent())
            }
            AccountWrite::Claim { of, before, by, until } => {
                let key = self.claim_key(of).await?;
                let until = time::to_second(*until);
                let row = ClaimRow { account: by.clone(), pending_until: Some(until) };
                table.put(&key, item(&key, &row)?, as_read(before.as_ref()))
            }
            AccountWrite::Confirm { of, by } => {
                let keep = Expression::new("REMOVE pending_until");
                table.update(&self.claim_key(of).await?, keep, ours(by))
            }
            AccountWrite::UseLink { hash, at } => {
                let change = Expression::new("SET used_at = :now").text_value(":now", at.to_string());
                let unused = Expression::new(
                    "attribute_exists(pk) AND attribute_not_exists(used_at) AND expires_at > :now",
                );
                table.update(&Key::link(hash), change, unused)
            }
            AccountWrite::Activate(id) => {
                let active = Expression::new("SET #status = :active REMOVE due_shard, due_at")
                    .text_value(":active", "active");
                table.update(&Key::account(id), active, has_status(AccountStatus::Pending))
            }
            AccountWrite::SetPassword { account, epoch, password } => {
                let change = Expression::new("SET password = :password ADD epoch :one")
                    .text_value(":password", password)
                    .number(":one", 1);
                let same = Expression::new("epoch = :epoch AND #status = :status")
                    .name("#status", "status")
                    .number(":epoch", *epoch)
                    .text_value(":status", "active");
                table.update(&Key::account(account), change, same)
            }
            AccountWrite::Close { account, at } => {
                let key = Key::account(account);
                let change = Expression::new(
                    "SET #status = :closed, closed_at = :now, due_shard = :shard, due_at = :due \
                     ADD epoch :one",
                )
                .text_value(":closed", "closed")
                .text_value(":now", at.to_string())
                .text_value(":shard", key.shard())
                .text_value(":due", instant(*at))
                .number(":one", 1);
                table.update(&key, change, has_status(AccountStatus::Active))
            }
        })
    }
}

impl AccountWriter {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { accounts: Accounts::connect(env)?, outbox: Outbox::connect(env)? })
    }

    /// What can be read, and changed without a message.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    async fn commit<O, F>(&self, decide: impl Fn(bool) -> F) -> Result<O, Error>
    where
        F: Future<Output = Result<AccountPlan<O>, Error>>,
    {
        let decide = &decide;
        let steps = move |again| async move {
            let plan = decide(again).await?;
            let mut steps = self.accounts.steps(&plan.writes).await?;
            steps.extend(
                plan.message.as_ref().map(|m: &OutboxMessage| self.outbox.message_step(m)).transpose()?,
            );
            Ok((steps, plan.outcome))
        };
        self.accounts.table.commit(steps).await
    }

    /// Activates the account of a link, once; a double click gets the same answer twice.
    pub async fn activate(&self, token: &str) -> Result<LinkUse, Error> {
        let decide = move |again| async move {
            let opened = self.accounts.open_link(LinkPurpose::Activate, token).await?;
            // Taken over by a later registration: looked up only when something was in the way.
            let claims = match again {
                true => self.accounts.claims(&opened.account.profile).await?,
                false => [None, None],
            };
            registration::activate(&opened, &claims, self.accounts.clock.now())
        };
        self.commit(decide).await
    }

    /// Sets a new password by a link that was opened before.
    pub async fn reset_password(&self, token: &str, opened: &OpenedLink, hash: &str) -> Result<(), Error> {
        let decide = move |again| async move {
            let opened = match again {
                true => self.accounts.open_link(LinkPurpose::ResetPassword, token).await?,
                false => opened.clone(),
            };
            Ok(registration::reset_password(&opened, hash, self.accounts.clock.now()))
        };
        self.commit(decide).await.map(drop)
    }

    /// Sets a new password for a logged-in citizen: every session ends, the caller opens a new one.
    pub async fn change_password(&self, citizen: &Citizen, hash: &str) -> Result<Account, Error> {
        let epoch = citizen.account().epoch;
        let decide = move |again| async move {
            let account = self.account_of(citizen, again).await?;
            registration::change_password(account.as_ref(), epoch, hash)
        };
        self.commit(decide).await
    }

    /// Nobody has entered an active account for years: its holder is told, and when the time to enter it has passed as well
    /// it is closed, for the sweep to erase. Whoever enters it meanwhile keeps it.
    pub async fn unused(&self, account: &Account) -> Result<(), Fault> {
        let (accounts, now) = (&self.accounts, self.accounts.clock.now());
        let Some(row) = accounts.row(&account.id).await? else { return Ok(()) };
        let still = Expression::new("#status = :active AND due_at <= :now")
            .name("#status", "status")
            .text_value(":active", "active")
            .text_value(":now", instant(now));
        let key = Key::account(&account.id);
        let steps = if row.warned_at.is_none() {
            let until = Retention::WARNED_ACCOUNTS.ends(now);
            let told =
                Expression::new("SET warned_at = :now, due_at = :until").text_value(":until", instant(until));
            let message =
                OutboxMessage::AccountUnused { account: account.id.clone(), until: time::rome_date(until) };
            vec![accounts.table.update(&key, told, still), self.outbox.message_step(&message)?]
        } else {
            let closed =
                Expression::new("SET #status = :closed, closed_at = :now, due_at = :now ADD epoch :one")
                    .text_value(":closed", "closed")
                    .number(":one", 1);
            vec![accounts.table.update(&key, closed, still)]
        };
        let _ = accounts.table.write(steps).await?;
        Ok(())
    }

    /// Closes an account: from now on no session of it is accepted; the worker mails a confirmation and erases it.
    pub async fn close(&self, citizen: &Citizen) -> Result<(), Error> {
        let decide = move |again| async move {
            let account = self.account_of(citizen, again).await?;
            Ok(registration::close(account.as_ref(), self.accounts.clock.now()))
        };
        self.commit(decide).await
    }

    /// The account as the session knows it, or as it is now.
    async fn account_of(&self, citizen: &Citizen, again: bool) -> Result<Option<Account>, Fault> {
        match again {
            true => Ok(self.accounts.row(citizen.id()).await?.and_then(AccountRow::account)),
            false => Ok(Some(citizen.account().clone())),
        }
    }
}

fn latest_name(purpose: LinkPurpose) -> &'static str {
    match purpose {
        LinkPurpose::Activate => "latest_activate",
        LinkPurpose::ResetPassword => "latest_reset",
    }
}

fn has_status(status: AccountStatus) -> Expression {
    let status = match status {
        AccountStatus::Pending => "pending",
        AccountStatus::Active => "active",
        AccountStatus::Closed => "closed",
    };
    Expression::new("#status = :status").name("#status", "status").text_value(":status", status)
}

fn ours(id: &AccountId) -> Expression {
    Expression::new("account = :id").text_value(":id", id.as_str())
}

/// The condition that a claim is as it was read.
fn as_read(claim: Option<&Claim>) -> Expression {
    match claim {
        None => absent(),
        Some(Claim { account, pending_until: None }) => {
            Expression::new("account = :id AND attribute_not_exists(pending_until)")
                .text_value(":id", account.as_str())
        }
        Some(Claim { account, pending_until: Some(until) }) => {
            Expression::new("account = :id AND pending_until = :until")
                .text_value(":id", account.as_str())
                .text_value(":until", instant(*until))
        }
    }
}
