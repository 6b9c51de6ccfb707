//! Accounts, whose a username and a proven fiscal code is, mailed links and the short codes beside them.

use std::time::Duration;

use domain::Fault;
use domain::account::{Account, AccountId, AccountStatus, LinkPurpose, Profile, Proof};
use domain::bookkeeping::Reason;
use domain::digest::sha256_hex;
use domain::mailed_code::{self, MailedCode, SentCode};
use domain::outbox::CloseReason;
use domain::person::Email;
use domain::proof::{self, Holder, ProofFacts, Proven};
use domain::registration::{
    self, AccountPlan, AccountWrite, Activated, Claim, MailedLink, OpenedLink, RegistrationFacts, ShownLink,
};
use domain::{Error, FiscalCode, Timestamp, time};
use runtime::{Clock, ConfigError, Env, IdentityProof};
use serde::{Deserialize, Serialize};

use crate::citizen::Citizen;
use crate::due_work::EARLIEST;
use crate::keys::Key;
use crate::outbox::Outbox;
use crate::pseudonyms::Pseudonyms;
use crate::readers::AccountReader;
use crate::table::{
    Expression, Range, SortOrder, Step, Table, WriteOutcome, absent, attribute, instant, item, present,
    with_due, with_ttl,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proof: Option<Proof>,
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile: Option<Profile>,
    /// The password's hash string, keyed with the pepper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    /// The registration of the same username that waited before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<AccountId>,
    /// Hashes of the latest links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latest_activate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latest_reset: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latest_email: Option<String>,
}

impl AccountRow {
    /// The account as it is at this instant.
    pub(crate) fn account(self, now: Timestamp) -> Option<Account> {
        let counts = self.proof.as_ref().is_none_or(|proof| proof.from <= now);
        Some(Account {
            id: self.id,
            status: self.status,
            profile: self.profile?,
            identity_proven: self.identity_proven && counts,
            proof: self.proof.filter(|_| self.identity_proven),
            epoch: self.epoch,
            created_at: self.created_at,
        })
    }

    fn password_record(mut self, now: Timestamp) -> Option<PasswordRecord> {
        let hash = self.password.take()?;
        Some(PasswordRecord { account: self.account(now)?, hash })
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

/// An active account that names a fiscal code.
#[derive(Serialize, Deserialize)]
pub(crate) struct NamedCodeRow {
    account: AccountId,
}

/// The short codes mailed to a username for one purpose, and the wrong tries that it has had.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct ShortCodesRow {
    #[serde(default)]
    tried: u64,
    #[serde(default)]
    codes: Vec<SentCode>,
    /// How many codes were mailed; not there before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct LinkRow {
    purpose: LinkPurpose,
    account: AccountId,
    epoch: u32,
    expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used_at: Option<Timestamp>,
    /// When the proof was given that the link contests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proof: Option<Timestamp>,
}

impl LinkRow {
    fn mailed(self, hash: &str, is_latest: bool) -> MailedLink {
        let LinkRow { purpose, account, epoch, expires_at, used_at, proof } = self;
        MailedLink { hash: hash.to_owned(), purpose, account, epoch, expires_at, used_at, is_latest, proof }
    }
}

/// What login compares a password with.
pub struct PasswordRecord {
    pub account: Account,
    pub hash: String,
}

/// How many accounts that name a fiscal code are looked at.
const NAMING: usize = 20;

/// How many registrations of one username are looked at: the last ones.
const WAITING: usize = 5;

/// How long wrong tries of codes that nobody was sent are remembered.
const TRIES_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

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
        self.of_username(username).await
    }

    async fn of_username(&self, username: &Email) -> Result<Option<PasswordRecord>, Fault> {
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
        Ok(self.row(id).await?.and_then(|row| row.password_record(self.clock.now())))
    }

    async fn row(&self, id: &AccountId) -> Result<Option<AccountRow>, Fault> {
        self.table.get(&Key::account(id)).await
    }

    /// The active account that has proven this fiscal code to be its own: the one in whose history the code's debts
    /// are. Where nothing has to be proven, the first that names it.
    pub async fn by_fiscal_code(
        &self,
        reader: AccountReader,
        code: &FiscalCode,
    ) -> Result<Option<Account>, Fault> {
        if !self.proof {
            return Ok(self.naming(reader, code).await?.into_iter().next());
        }
        let Some(holder) = self.holder(code).await? else { return Ok(None) };
        let account = self.by_id(reader, &holder.account).await?;
        Ok(account.filter(|account| {
            account.identity_proven
                && account.status == AccountStatus::Active
                && account.profile.fiscal_code == *code
        }))
    }

    /// Whose a fiscal code is, as far as anybody has proven it.
    pub async fn holder(&self, code: &FiscalCode) -> Result<Option<Holder>, Fault> {
        self.table.get(&self.code_key(code).await?).await
    }

    /// The active accounts that name a fiscal code, as many as are looked at.
    pub async fn naming(&self, reader: AccountReader, code: &FiscalCode) -> Result<Vec<Account>, Fault> {
        let partition = Key::code_partition(&self.pseudonyms.fiscal_code(code).await?);
        let range = Range::StartsWith("NAMED#".to_owned());
        let page =
            self.table.query::<NamedCodeRow>(&partition, range, SortOrder::Rising, NAMING, None).await?;
        let mut accounts = Vec::new();
        for NamedCodeRow { account } in page.items {
            let account = self.by_id(reader, &account).await?;
            accounts.extend(account.filter(|account| account.status == AccountStatus::Active));
        }
        Ok(accounts)
    }

    async fn username_key(&self, username: &Email) -> Result<Key, Fault> {
        Ok(Key::username_claim(&self.pseudonyms.username(username).await?))
    }

    async fn code_key(&self, code: &FiscalCode) -> Result<Key, Fault> {
        Ok(Key::fiscal_code_claim(&self.pseudonyms.fiscal_code(code).await?))
    }

    async fn named_key(&self, code: &FiscalCode, id: &AccountId) -> Result<Key, Fault> {
        Ok(Key::named_code(&self.pseudonyms.fiscal_code(code).await?, id))
    }

    /// The account of an id, and whose the username of a profile is: one read.
    async fn registration_facts(
        &self,
        id: &AccountId,
        profile: &Profile,
    ) -> Result<RegistrationFacts, Fault> {
        let (name, account) = (self.username_key(&profile.username).await?, Key::account(id));
        let mut found = self.table.get_many(&[name.clone(), account.clone()]).await?;
        let claim = found.take::<ClaimRow>(&name)?.map(ClaimRow::claim);
        let row: Option<AccountRow> = found.take(&account)?;
        Ok(RegistrationFacts { claim, account: row.and_then(|row| row.account(self.clock.now())) })
    }

    async fn claim(&self, username: &Email) -> Result<Option<Claim>, Fault> {
        Ok(self.table.get::<ClaimRow>(&self.username_key(username).await?).await?.map(ClaimRow::claim))
    }

    /// Registers an account, which waits for its activation.
    pub async fn register(
        &self,
        id: &AccountId,
        profile: &Profile,
        password: &str,
    ) -> Result<Account, Fault> {
        let decide = move |_again| async move {
            let facts = self.registration_facts(id, profile).await?;
            let plan = registration::register(&facts, id, profile, password, self.clock.now());
            Ok::<_, Fault>((self.steps(&plan.writes).await?, plan.outcome))
        };
        self.table.commit(decide).await
    }

    /// The registrations that wait for a username, the last first; none once an account has it.
    pub async fn waiting(&self, _reader: AccountReader, username: &Email) -> Result<Vec<Account>, Fault> {
        let now = self.clock.now();
        let claim = self.claim(username).await?.filter(|claim| claim.pending_until.is_some());
        let (mut next, mut waiting) = (claim.map(|claim| claim.account), Vec::new());
        while let Some(id) = next.filter(|_| waiting.len() < WAITING) {
            let Some(row) = self.row(&id).await? else { break };
            next = row.previous.clone();
            waiting.extend(row.account(now).filter(|account| registration::is_waiting(account, now)));
        }
        Ok(waiting)
    }

    /// Makes a link valid for an account, and the short code beside it. Only hashes are kept; the account's newer epoch
    /// or a newer link of the same purpose ends it. Harmless to repeat.
    pub async fn new_link(
        &self,
        account: &Account,
        purpose: LinkPurpose,
        token: &str,
        code: Option<&MailedCode>,
    ) -> Result<(), Fault> {
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
            let row = LinkRow { purpose, account: id, epoch, expires_at, used_at: None, proof: None };
            // An older link of the purpose is void as soon as this one is the account's latest.
            let latest = Expression::new("SET #latest = :hash")
                .name("#latest", latest_name(purpose))
                .text_value(":hash", hash);
            let mut steps = vec![
                self.table.put(key, with_ttl(item(key, &row)?, expires_at), absent()),
                self.table.update(&Key::account(&account.id), latest, present()),
            ];
            if let Some(code) = code {
                steps.push(self.code_step(&account.profile.username, purpose, code, hash, expires_at).await?);
            }
            Ok((steps, ()))
        };
        self.table.commit(decide).await
    }

    /// A link by which whoever knows better contests an account's proof. Harmless to repeat.
    pub async fn new_contest(&self, account: &Account, proof: Timestamp, token: &str) -> Result<(), Fault> {
        let key = Key::link(&sha256_hex(&[token.as_bytes()]));
        let purpose = LinkPurpose::ContestProof;
        let expires_at = time::after(self.clock.now(), purpose.life());
        let (id, epoch) = (account.id.clone(), account.epoch);
        let row = LinkRow { purpose, account: id, epoch, expires_at, used_at: None, proof: Some(proof) };
        // The same message sends the same token: it is there already when it runs again.
        let step = self.table.put(&key, with_ttl(item(&key, &row)?, expires_at), absent());
        let _ = self.table.write(vec![step]).await?;
        Ok(())
    }

    async fn short_codes_key(&self, purpose: LinkPurpose, username: &Email) -> Result<Key, Fault> {
        Ok(Key::short_codes(purpose.as_str(), &self.pseudonyms.username(username).await?))
    }

    /// The step that adds a short code to those of its username.
    async fn code_step(
        &self,
        username: &Email,
        purpose: LinkPurpose,
        code: &MailedCode,
        link: &str,
        until: Timestamp,
    ) -> Result<Step, Fault> {
        let key = self.short_codes_key(purpose, username).await?;
        let ShortCodesRow { tried, codes, revision } = self.table.get(&key).await?.unwrap_or_default();
        let code = self.pseudonyms.subject("mailed-code", code.as_str()).await?;
        let new = SentCode { code, link: link.to_owned(), tried, until };
        let codes = mailed_code::with(codes, new, self.clock.now());
        let change = Expression::new("SET codes = :codes, revision = :next, #ttl = :ttl")
            .name("#ttl", "ttl")
            .value(":codes", attribute(&key, &codes)?)
            .number(":next", revision.map_or(1, |revision| revision.saturating_add(1)))
            .number(":ttl", until.as_second());
        let as_read = match revision {
            None => Expression::new("attribute_not_exists(revision)"),
            Some(was) => Expression::new("revision = :was").number(":was", was),
        };
        Ok(self.table.update(&key, change, as_read))
    }

    /// The hash of the link that somebody shows. A wrong code is counted before anybody knows that it is one, so that of
    /// many at the same time no more than a few are looked at; one answer for every link and code that is nobody's.
    pub async fn shown_link(&self, purpose: LinkPurpose, shown: &ShownLink) -> Result<String, Error> {
        let (username, code) = match shown {
            ShownLink::Token(token) if registration::is_token(token) => {
                return Ok(sha256_hex(&[token.as_bytes()]));
            }
            ShownLink::Token(_) => return Err(Error::LinkNotValid),
            ShownLink::Code { username, code } => (username, code),
        };
        let now = self.clock.now();
        let key = self.short_codes_key(purpose, username).await?;
        let code = self.pseudonyms.subject("mailed-code", code.as_str()).await?;
        let forgotten = time::after(now, TRIES_KEPT).as_second();
        let tried = Expression::new("SET #ttl = if_not_exists(#ttl, :ttl) ADD tried :one")
            .name("#ttl", "ttl")
            .number(":ttl", forgotten)
            .number(":one", 1);
        let whatever = Expression::new("attribute_exists(pk) OR attribute_not_exists(pk)");
        let row: Option<ShortCodesRow> = self.table.update_and_read(&key, tried, whatever).await?;
        let row = row.unwrap_or_default();
        let before = row.tried.saturating_sub(1);
        let offered = mailed_code::offered(&row.codes, &code, before, now).ok_or(Error::LinkNotValid)?;
        let right = Expression::new("ADD tried :less").number(":less", -1);
        let _ = self.table.write(vec![self.table.update(&key, right, present())]).await?;
        Ok(offered.link.clone())
    }

    /// The account behind a link that can still be used for a purpose, with its password's hash; one answer for every
    /// other link.
    pub async fn open_link(
        &self,
        purpose: LinkPurpose,
        hash: &str,
    ) -> Result<(OpenedLink, Option<String>), Error> {
        let key = Key::link(hash);
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
            LinkPurpose::ConfirmEmail => row.latest_email.clone(),
            LinkPurpose::ContestProof => None,
        };
        let link = link.map(|link| link.mailed(hash, latest.as_deref() == Some(hash)));
        let (password, account) = (row.password.clone(), row.account(self.clock.now()));
        let opened = registration::open_link(link.as_ref().zip(account.as_ref()), purpose, self.clock.now())?;
        Ok((opened, password))
    }

    /// Writes a hash of today's parameters over an older, weaker one, if nothing changed meanwhile.
    pub async fn strengthen(&self, account: &Account, old: &str, new: &str) -> Result<(), Fault> {
        let change = Expression::new("SET password = :new").text_value(":new", new);
        let same = Expression::new("password = :old").text_value(":old", old);
        self.change(&account.id, change, same).await.map(drop)
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
        let Profile { username, fiscal_code, .. } = &account.profile;
        let key = self.username_key(username).await?;
        let row: Option<ClaimRow> = self.table.get(&key).await?;
        if row.is_some_and(|row| row.account == account.id) {
            // A past instant frees it as well as deleting it would, and cannot race with a new owner.
            let past = Expression::new("SET pending_until = :past")
                .text_value(":past", instant(Timestamp::UNIX_EPOCH));
            let _ = self.table.write(vec![self.table.update(&key, past, ours(&account.id))]).await?;
        }
        // A proven fiscal code is its holder's only while that account is active: nothing is to be freed.
        let named = self.table.delete(&self.named_key(fiscal_code, &account.id).await?, None);
        let _ = self.table.write(vec![named]).await?;
        let change = Expression::new("REMOVE profile, password, due_shard, due_at");
        self.change(&account.id, change, has_status(AccountStatus::Closed)).await.map(drop)
    }

    /// Accounts that the sweep has to look at: never activated, or closed and not yet erased.
    pub async fn overdue(
        &self,
        _reader: AccountReader,
        shard: &str,
        limit: i32,
    ) -> Result<Vec<Account>, Fault> {
        let now = instant(self.clock.now());
        let keys = self.table.due(shard, (EARLIEST, &now), limit, None).await?.items;
        let mut accounts = Vec::new();
        for key in keys {
            let row: Option<AccountRow> = self.table.get(&key).await?;
            let account = row.and_then(|row| row.account(self.clock.now()));
            accounts.extend(account.filter(|account| account.status != AccountStatus::Active));
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
            AccountWrite::Create { account, password, until, previous } => {
                let key = Key::account(&account.id);
                let row = AccountRow {
                    id: account.id.clone(),
                    status: account.status,
                    epoch: account.epoch,
                    identity_proven: account.identity_proven,
                    proof: account.proof.clone(),
                    created_at: account.created_at,
                    closed_at: None,
                    profile: Some(account.profile.clone()),
                    password: Some(password.clone()),
                    previous: previous.clone(),
                    latest_activate: None,
                    latest_reset: None,
                    latest_email: None,
                };
                table.put(&key, with_due(item(&key, &row)?, &key, *until), absent())
            }
            AccountWrite::AwaitUsername { username, before, by, until } => {
                let key = self.username_key(username).await?;
                let until = time::to_second(*until);
                let row = ClaimRow { account: by.clone(), pending_until: Some(until) };
                table.put(&key, item(&key, &row)?, as_read(before.as_ref()))
            }
            AccountWrite::TakeUsername { username, by } => {
                let key = self.username_key(username).await?;
                let row = ClaimRow { account: by.clone(), pending_until: None };
                let free = Expression::new(
                    "attribute_not_exists(pk) OR attribute_exists(pending_until) OR account = :id",
                );
                table.put(&key, item(&key, &row)?, free.text_value(":id", by.as_str()))
            }
            AccountWrite::NameCode { code, by } => {
                let key = self.named_key(code, by).await?;
                let row = NamedCodeRow { account: by.clone() };
                table.put_always(&key, item(&key, &row)?, "it is the account's own")
            }
            AccountWrite::Hold { code, before, after } => {
                let key = self.code_key(code).await?;
                table.put(&key, item(&key, after)?, held_as_read(before.as_ref()))
            }
            AccountWrite::Prove { account, proof } => {
                let key = Key::account(account);
                let change = Expression::new("SET identity_proven = :yes, proof = :proof")
                    .flag(":yes", true)
                    .value(":proof", attribute(&key, proof)?);
                table.update(&key, change, has_status(AccountStatus::Active))
            }
            AccountWrite::Unprove { account, ends_sessions } => {
                let change = Expression::new("SET identity_proven = :no REMOVE proof ADD epoch :raised")
                    .flag(":no", false)
                    .number(":raised", i128::from(*ends_sessions));
                table.update(&Key::account(account), change, present())
            }
            AccountWrite::AwaitEmail { account, email } => {
                let change = Expression::new("SET profile.unconfirmed_email = :email")
                    .text_value(":email", email.as_str());
                table.update(&Key::account(account), change, has_status(AccountStatus::Active))
            }
            AccountWrite::ConfirmEmail { account, email } => {
                let change = Expression::new("SET profile.email = :email REMOVE profile.unconfirmed_email")
                    .text_value(":email", email.as_str());
                let waits = Expression::new("#status = :status AND profile.unconfirmed_email = :waits")
                    .name("#status", "status")
                    .text_value(":status", "active")
                    .text_value(":waits", email.as_str());
                table.update(&Key::account(account), change, waits)
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

    async fn commit<O, E, F>(&self, decide: impl Fn(bool) -> F) -> Result<O, E>
    where
        E: From<Fault>,
        F: Future<Output = Result<AccountPlan<O>, E>>,
    {
        let decide = &decide;
        let steps = move |again| async move {
            let plan = decide(again).await?;
            let mut steps = self.accounts.steps(&plan.writes).await?;
            for message in &plan.messages {
                steps.push(self.outbox.message_step(message)?);
            }
            Ok((steps, plan.outcome))
        };
        self.accounts.table.commit(steps).await
    }

    /// Activates the account of a link that was opened before, once.
    pub async fn activate(&self, opened: &OpenedLink) -> Result<Activated, Error> {
        let decide = move |again: bool| async move {
            if !again {
                return registration::activate(opened, None, self.accounts.clock.now());
            }
            // Something was in the way: the other half of a double click, or another account of the username.
            let (opened, _) = self.accounts.open_link(LinkPurpose::Activate, &opened.hash).await?;
            let claim = self.accounts.claim(&opened.account.profile.username).await?;
            registration::activate(&opened, claim.as_ref(), self.accounts.clock.now())
        };
        self.commit(decide).await
    }

    /// Sets a new password by a link that was opened before.
    pub async fn reset_password(&self, opened: &OpenedLink, password: &str) -> Result<(), Error> {
        let decide = move |again| async move {
            let opened = match again {
                true => self.accounts.open_link(LinkPurpose::ResetPassword, &opened.hash).await?.0,
                false => opened.clone(),
            };
            Ok(registration::reset_password(&opened, password, self.accounts.clock.now()))
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

    /// Closes an account: from now on no session of it is accepted; the worker mails a confirmation and erases it.
    pub async fn close(&self, citizen: &Citizen) -> Result<(), Error> {
        let decide = move |again| async move {
            let account = self.account_of(citizen, again).await?;
            Ok(registration::close(account.as_ref(), CloseReason::Revoked, self.accounts.clock.now()))
        };
        self.commit(decide).await
    }

    /// Closes the account of a username because an operator says so; nothing when there is none.
    pub async fn close_by_operator(&self, username: &Email) -> Result<bool, Fault> {
        let decide = move |_again| async move {
            let account = self.accounts.of_username(username).await?;
            let account = account.map(|record| record.account);
            let plan =
                registration::close(account.as_ref(), CloseReason::Operator, self.accounts.clock.now());
            let found = !plan.writes.is_empty();
            Ok(AccountPlan { writes: plan.writes, messages: plan.messages, outcome: found })
        };
        self.commit(decide).await
    }

    /// Proves a citizen's fiscal code by a debt of theirs; who may know better is told. The citizen is as they are then.
    pub async fn prove(
        &self,
        citizen: Citizen,
        known: Option<&Email>,
        wait: Duration,
    ) -> Result<Citizen, Error> {
        let who = &citizen;
        let decide = move |again| async move {
            let account = self.account_of(who, again).await?.ok_or(Error::NotAuthenticated)?;
            let holder = self.accounts.holder(&account.profile.fiscal_code).await?;
            let holding = self.holding(holder.as_ref()).await?;
            let facts = ProofFacts { account, holder, holding };
            Ok::<_, Error>(proof::prove(&facts, known, wait, self.accounts.clock.now()))
        };
        match self.commit(decide).await? {
            Proven::Own => Ok(citizen.with_proof()),
            Proven::Waits | Proven::Disputed => Ok(citizen),
        }
    }

    /// Takes back the proof that a mailed link contests.
    pub async fn contest(&self, token: &str) -> Result<(), Error> {
        if !registration::is_token(token) {
            return Err(Error::LinkNotValid);
        }
        let hash = sha256_hex(&[token.as_bytes()]);
        let hash = hash.as_str();
        let decide = move |_again| async move {
            let accounts = &self.accounts;
            let link: Option<LinkRow> = accounts.table.get(&Key::link(hash)).await?;
            let link = link.map(|link| link.mailed(hash, true));
            let id = link.as_ref().map_or_else(|| AccountId::new(NOBODY), |link| link.account.clone());
            let account = accounts.read(&id).await?.map(|record| record.account);
            let holder = match &account {
                Some(account) => accounts.holder(&account.profile.fiscal_code).await?,
                None => None,
            };
            proof::contest(link.as_ref(), account.as_ref(), holder.as_ref(), accounts.clock.now())
        };
        self.commit(decide).await
    }

    /// Carries out what an operator decides of a fiscal code: it is this account's, or nobody's.
    pub async fn decide_proof(
        &self,
        code: &FiscalCode,
        to: Option<&Account>,
        reason: &Reason,
    ) -> Result<(), Fault> {
        let decide = move |_again| async move {
            let holder = self.accounts.holder(code).await?;
            let holding = self.holding(holder.as_ref()).await?;
            Ok(proof::decide(code, holder.as_ref(), holding.as_ref(), to, reason, self.accounts.clock.now()))
        };
        self.commit(decide).await
    }

    async fn holding(&self, holder: Option<&Holder>) -> Result<Option<Account>, Fault> {
        match holder {
            Some(holder) => Ok(self.accounts.read(&holder.account).await?.map(|record| record.account)),
            None => Ok(None),
        }
    }

    /// Asks for another address for a citizen's mail.
    pub async fn change_email(&self, citizen: &Citizen, email: &Email) -> Result<(), Error> {
        let decide = move |again| async move {
            let account = self.account_of(citizen, again).await?.ok_or(Error::NotAuthenticated)?;
            Ok(registration::change_email(&account, email))
        };
        self.commit(decide).await
    }

    /// Confirms the address that waits, by the link that was mailed there.
    pub async fn confirm_email(&self, token: &str) -> Result<(), Error> {
        let shown = ShownLink::Token(token.to_owned());
        let link = self.accounts.shown_link(LinkPurpose::ConfirmEmail, &shown).await?;
        let link = link.as_str();
        let decide = move |_again| async move {
            let (opened, _) = self.accounts.open_link(LinkPurpose::ConfirmEmail, link).await?;
            registration::confirm_email(&opened, self.accounts.clock.now())
        };
        self.commit(decide).await
    }

    /// The account as the session knows it, or as it is now.
    async fn account_of(&self, citizen: &Citizen, again: bool) -> Result<Option<Account>, Fault> {
        match again {
            true => {
                let row = self.accounts.row(citizen.id()).await?;
                Ok(row.and_then(|row| row.account(self.accounts.clock.now())))
            }
            false => Ok(Some(citizen.account().clone())),
        }
    }
}

fn latest_name(purpose: LinkPurpose) -> &'static str {
    match purpose {
        LinkPurpose::Activate => "latest_activate",
        LinkPurpose::ResetPassword => "latest_reset",
        LinkPurpose::ConfirmEmail => "latest_email",
        // Nothing makes it void but its time: it is not looked up.
        LinkPurpose::ContestProof => "latest_contest",
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

/// The condition that a fiscal code's holder and dispute are as they were read.
fn held_as_read(holder: Option<&Holder>) -> Expression {
    match holder {
        None => absent(),
        Some(Holder { account, dispute: None, .. }) => {
            Expression::new("account = :id AND attribute_not_exists(dispute)")
                .text_value(":id", account.as_str())
        }
        Some(Holder { account, dispute: Some(dispute), .. }) => {
            Expression::new("account = :id AND dispute.since = :since")
                .text_value(":id", account.as_str())
                .text_value(":since", instant(dispute.since))
        }
    }
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
