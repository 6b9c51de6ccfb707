//! Accounts, whose a username and a proven fiscal code is, mailed links and the short codes beside them.

mod steps;
mod writer;

use std::time::Duration;

use domain::Fault;
use domain::account::{Account, AccountId, AccountStatus, LinkPurpose, Profile, Proof};
use domain::digest::sha256_hex;
use domain::mailed_code::{self, MailedCode, SentCode};
use domain::person::Email;
use domain::proof::Holder;
use domain::registration::{self, Claim, MailedLink, OpenedLink, RegistrationFacts, ShownLink};
use domain::{Error, FiscalCode, Timestamp, time};
use runtime::{Clock, ConfigError, Env, IdentityProof};
use serde::{Deserialize, Serialize};

pub use self::writer::AccountWriter;
use crate::citizen::Citizen;
use crate::due_work::{DUE_PAGE, EARLIEST};
use crate::keys::{DueShard, Key};
use crate::pseudonyms::Pseudonyms;
use crate::readers::AccountReader;
use crate::table::{
    DuePage, DuePlace, Expression, Range, SortOrder, Step, Table, WriteOutcome, absent, attribute, instant,
    item, present, with_ttl,
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
    /// When a session was last opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    entered_at: Option<Timestamp>,
    /// When its holder was told that nobody enters it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    warned_at: Option<Timestamp>,
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

    pub(crate) fn is_active(&self) -> bool {
        self.status == AccountStatus::Active
    }

    fn password_record(mut self, now: Timestamp) -> Option<PasswordRecord> {
        let hash = self.password.take()?;
        let entered_before = self.entered_at.is_some();
        Some(PasswordRecord { account: self.account(now)?, hash, entered_before })
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
    /// Whether somebody has logged in before.
    pub entered_before: bool,
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

    /// Those of some accounts, 100 at most, that are closed or not there any more.
    pub(crate) async fn gone_of(&self, accounts: &[AccountId]) -> Result<Vec<AccountId>, Fault> {
        let keys: Vec<Key> = accounts.iter().map(Key::account).collect();
        let rows: Vec<AccountRow> = self.table.get_many(&keys).await?.take_all(&keys)?;
        let live =
            |id: &AccountId| rows.iter().any(|row| row.id == *id && row.status != AccountStatus::Closed);
        Ok(accounts.iter().filter(|id| !live(id)).cloned().collect())
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
        let change = Expression::new("REMOVE profile, password, entered_at, warned_at, due_shard, due_at");
        self.change(&account.id, change, has_status(AccountStatus::Closed)).await.map(drop)
    }

    /// Accounts that the sweep has to look at: never activated, closed and not yet erased, or not entered for years.
    pub async fn overdue(
        &self,
        _reader: AccountReader,
        shard: DueShard,
        after: Option<&DuePlace>,
    ) -> Result<DuePage<Account>, Fault> {
        let due = (EARLIEST, instant(self.clock.now()));
        let page = self.table.due(&shard.plain(), (due.0, &due.1), DUE_PAGE, after).await?;
        let mut accounts = Vec::new();
        for key in &page.items {
            let row: Option<AccountRow> = self.table.get(key).await?;
            accounts.extend(row.and_then(|row| row.account(self.clock.now())));
        }
        Ok(page.with(accounts))
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

pub(crate) fn has_status(status: AccountStatus) -> Expression {
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
