//! The life of an account, decided: registration, mailed links, activation, new passwords, closing.
//!
//! Like [`crate::plan`], for the identity table: facts in, what is to be written out. `store` commits it only if the
//! rows are still as they were read.

use jiff::Timestamp;

use crate::account::{Account, AccountId, AccountStatus, LinkPurpose, Profile, Proof};
use crate::error::{Error, FieldCode, FieldError, Form};
use crate::fiscal_code::FiscalCode;
use crate::mailed_code::MailedCode;
use crate::outbox::{CloseReason, OutboxMessage};
use crate::person::Email;
use crate::proof::Holder;
use crate::retention::Retention;
use crate::time;

/// What is to be written of an account, and what to answer when it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountPlan<O> {
    pub writes: Vec<AccountWrite>,
    pub messages: Vec<OutboxMessage>,
    pub outcome: O,
}

impl<O> AccountPlan<O> {
    /// Nothing is written.
    pub fn nothing(outcome: O) -> Self {
        Self { writes: Vec::new(), messages: Vec::new(), outcome }
    }
}

/// One row that changes, with what it must still be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountWrite {
    /// A new account, not there yet. Never activated, it is erased when its link has ended.
    Create {
        account: Box<Account>,
        password: String,
        until: Timestamp,
        /// The registration of the same username that waited before it.
        previous: Option<AccountId>,
    },
    /// A username is waited for, last by this account, if it is as it was read.
    AwaitUsername { username: Email, before: Option<Claim>, by: AccountId, until: Timestamp },
    /// A username is this account's for good, unless it is another's.
    TakeUsername { username: Email, by: AccountId },
    /// An active account names a fiscal code, as any number of others may.
    NameCode { code: FiscalCode, by: AccountId },
    /// Whose a fiscal code is, if that is as it was read.
    Hold { code: FiscalCode, before: Option<Holder>, after: Holder },
    /// An active account has proven its fiscal code.
    Prove { account: AccountId, proof: Proof },
    /// An account has not proven its fiscal code any more.
    Unprove { account: AccountId, ends_sessions: bool },
    /// Another address of an active account waits to be confirmed.
    AwaitEmail { account: AccountId, email: Email },
    /// The address that waited is where mail goes.
    ConfirmEmail { account: AccountId, email: Email },
    /// A link not used yet is used.
    UseLink { hash: String, at: Timestamp },
    /// A pending account is active.
    Activate(AccountId),
    /// A new password of an active account in this epoch; the epoch is raised, so that every session ends.
    SetPassword { account: AccountId, epoch: u32, password: String },
    /// The holder of an active account that is due is told that nobody enters it, and has until this instant.
    Warn { account: AccountId, at: Timestamp, until: Timestamp },
    /// An active account is closed; the epoch is raised.
    Close { account: AccountId, at: Timestamp },
    /// The same, unless somebody has entered it since its holder was told.
    CloseUnused { account: AccountId, at: Timestamp },
}

/// Whose a username is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub account: AccountId,
    /// While nobody has activated it: when the last account that waits for it is given up.
    pub pending_until: Option<Timestamp>,
}

impl Claim {
    /// Returns whether it is an active account's, other than this one.
    fn excludes(&self, account: &AccountId) -> bool {
        self.pending_until.is_none() && self.account != *account
    }
}

/// What is known when an account is registered.
#[derive(Clone, Debug)]
pub struct RegistrationFacts {
    /// Whose the username is.
    pub claim: Option<Claim>,
    /// The account itself, when the same message is processed again.
    pub account: Option<Account>,
}

/// Registers an account. It takes nothing from anybody: registrations of one username or fiscal code stand side by side,
/// each with its own link and password, and the first that is activated takes the username (INV-I01, INV-I02).
pub fn register(
    facts: &RegistrationFacts,
    id: &AccountId,
    profile: &Profile,
    password: &str,
    now: Timestamp,
) -> AccountPlan<Account> {
    if let Some(account) = &facts.account {
        return AccountPlan::nothing(account.clone());
    }
    let until = time::after(now, LinkPurpose::Activate.life());
    let account = Account {
        id: id.clone(),
        status: AccountStatus::Pending,
        profile: profile.clone().unconfirmed(),
        identity_proven: false,
        proof: None,
        epoch: 0,
        created_at: now,
    };
    let taken = facts.claim.as_ref().is_some_and(|claim| claim.excludes(id));
    let waiting = facts.claim.as_ref().filter(|claim| claim.pending_until.is_some_and(|until| until > now));
    let previous = waiting.map(|claim| claim.account.clone());
    let (username, before) = (profile.username.clone(), facts.claim.clone());
    let wait = (!taken).then(|| AccountWrite::AwaitUsername { username, before, by: id.clone(), until });
    let create = AccountWrite::Create {
        account: Box::new(account.clone()),
        password: password.to_owned(),
        until,
        previous,
    };
    AccountPlan { writes: wait.into_iter().chain([create]).collect(), messages: Vec::new(), outcome: account }
}

/// Returns whether an account still waits for its activation.
pub fn is_waiting(account: &Account, now: Timestamp) -> bool {
    account.status == AccountStatus::Pending
        && time::after(account.created_at, LinkPurpose::Activate.life()) > now
}

/// What somebody shows to use a mailed link: its token, or the code beside it.
#[derive(Clone)]
pub enum ShownLink {
    Token(String),
    Code { username: Email, code: MailedCode },
}

impl ShownLink {
    /// A form's `token`, or its `username` and `code`.
    pub fn read(form: &mut Form, token: &str, username: &str, code: &str) -> Option<Self> {
        if username.is_empty() && code.is_empty() {
            if token.is_empty() {
                form.refuse(FieldError::new("token", FieldCode::Required));
                return None;
            }
            return Some(Self::Token(token.to_owned()));
        }
        if !token.is_empty() {
            form.refuse(FieldError::new("token", FieldCode::NotAllowed));
        }
        let username = form.check(Email::field("username", username));
        let code = form.field("code", MailedCode::parse(code));
        Some(Self::Code { username: username?, code: code? })
    }
}

/// Longest token that is looked up.
const MAX_TOKEN: usize = 128;

/// Returns whether a text can be a token at all.
pub fn is_token(text: &str) -> bool {
    text.len() <= MAX_TOKEN && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// A mailed link as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailedLink {
    /// The token's hash.
    pub hash: String,
    pub purpose: LinkPurpose,
    pub account: AccountId,
    /// The account's epoch when the link was made: a newer one ends it.
    pub epoch: u32,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
    /// Whether the account names no later link of the same purpose.
    pub is_latest: bool,
    /// The proof that a link contests.
    pub proof: Option<Timestamp>,
}

/// A link that can be used, and its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedLink {
    pub account: Account,
    pub hash: String,
}

/// What the use of an activation link did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activated {
    /// The account is active from now on: this is its first login.
    First(Box<Account>),
    /// It was active already.
    Before,
}

/// Opens a link for a purpose.
///
/// # Errors
/// One for every way in which a link cannot be used, so that it tells nothing.
pub fn open_link(
    stored: Option<(&MailedLink, &Account)>,
    purpose: LinkPurpose,
    now: Timestamp,
) -> Result<OpenedLink, Error> {
    let (link, account) = stored.ok_or(Error::LinkNotValid)?;
    let in_time = link.purpose == purpose && link.expires_at > now && link.is_latest;
    let usable = match (purpose, account.status) {
        (LinkPurpose::Activate, AccountStatus::Pending) => link.used_at.is_none(),
        // Used before: whoever comes again hears that the account is active.
        (LinkPurpose::Activate, AccountStatus::Active) => link.used_at.is_some(),
        (LinkPurpose::ResetPassword, AccountStatus::Active) => {
            link.used_at.is_none() && account.epoch == link.epoch
        }
        (LinkPurpose::ConfirmEmail, AccountStatus::Active) => link.used_at.is_none(),
        (LinkPurpose::Activate, AccountStatus::Closed)
        | (
            LinkPurpose::ResetPassword | LinkPurpose::ConfirmEmail,
            AccountStatus::Pending | AccountStatus::Closed,
        )
        // What a contest asks is another question: see `proof::contest`.
        | (LinkPurpose::ContestProof, _) => false,
    };
    match in_time && usable {
        true => Ok(OpenedLink { account: account.clone(), hash: link.hash.clone() }),
        false => Err(Error::LinkNotValid),
    }
}

/// Activates the account of a link, whose password was right: link used, account active, username for good; once.
///
/// # Errors
/// Another account of this username was activated before.
pub fn activate(
    opened: &OpenedLink,
    claim: Option<&Claim>,
    now: Timestamp,
) -> Result<AccountPlan<Activated>, Error> {
    let OpenedLink { account, hash } = opened;
    if account.status == AccountStatus::Active {
        return Ok(AccountPlan::nothing(Activated::Before));
    }
    if claim.is_some_and(|claim| claim.excludes(&account.id)) {
        return Err(Error::UsernameTaken);
    }
    let Account { id, profile, .. } = account;
    let writes = vec![
        AccountWrite::UseLink { hash: hash.clone(), at: now },
        AccountWrite::Activate(id.clone()),
        AccountWrite::TakeUsername { username: profile.username.clone(), by: id.clone() },
        AccountWrite::NameCode { code: profile.fiscal_code.clone(), by: id.clone() },
    ];
    let active = OutboxMessage::AccountActivated { email: profile.email.clone(), language: profile.language };
    let elsewhere = profile.unconfirmed_email.clone();
    let confirm = elsewhere.map(|email| OutboxMessage::ConfirmEmail { account: id.clone(), email });
    let messages = std::iter::once(active).chain(confirm).collect();
    let first = Account { status: AccountStatus::Active, ..account.clone() };
    Ok(AccountPlan { writes, messages, outcome: Activated::First(Box::new(first)) })
}

/// Sets a new password by a reset link: link used, every session ended.
pub fn reset_password(opened: &OpenedLink, password: &str, now: Timestamp) -> AccountPlan<Account> {
    let mut plan = set_password(&opened.account, password);
    plan.writes.insert(0, AccountWrite::UseLink { hash: opened.hash.clone(), at: now });
    plan
}

/// Sets a new password for a logged-in account: every session ends, the caller opens a new one.
///
/// # Errors
/// The account is closed, or another password was set meanwhile.
pub fn change_password(
    stored: Option<&Account>,
    epoch: u32,
    password: &str,
) -> Result<AccountPlan<Account>, Error> {
    let live = stored.filter(|account| account.status == AccountStatus::Active && account.epoch == epoch);
    Ok(set_password(live.ok_or(Error::NotAuthenticated)?, password))
}

fn set_password(account: &Account, password: &str) -> AccountPlan<Account> {
    let Account { id, epoch, profile, .. } = account;
    let write =
        AccountWrite::SetPassword { account: id.clone(), epoch: *epoch, password: password.to_owned() };
    let message = OutboxMessage::PasswordChanged { email: profile.email.clone(), language: profile.language };
    let outcome = Account { epoch: epoch.saturating_add(1), ..account.clone() };
    AccountPlan { writes: vec![write], messages: vec![message], outcome }
}

/// Asks for another address for mail: a link to the new one, word to the old one. Nothing else goes there before the link
/// is used.
pub fn change_email(account: &Account, email: &Email) -> AccountPlan<()> {
    let Account { id, profile, .. } = account;
    if *email == profile.email {
        return AccountPlan::nothing(());
    }
    let old = (profile.email.clone(), profile.language);
    AccountPlan {
        writes: vec![AccountWrite::AwaitEmail { account: id.clone(), email: email.clone() }],
        messages: vec![
            OutboxMessage::ConfirmEmail { account: id.clone(), email: email.clone() },
            OutboxMessage::EmailChangeAsked { email: old.0, language: old.1 },
        ],
        outcome: (),
    }
}

/// Confirms the address that waits, by the link that was mailed there.
///
/// # Errors
/// No address waits any more.
pub fn confirm_email(opened: &OpenedLink, now: Timestamp) -> Result<AccountPlan<()>, Error> {
    let OpenedLink { account, hash } = opened;
    let email = account.profile.unconfirmed_email.clone().ok_or(Error::LinkNotValid)?;
    let writes = vec![
        AccountWrite::UseLink { hash: hash.clone(), at: now },
        AccountWrite::ConfirmEmail { account: account.id.clone(), email },
    ];
    Ok(AccountPlan { writes, messages: Vec::new(), outcome: () })
}

/// What is due of an active account that nobody enters: its holder is told, and when the time to enter it has passed as
/// well it is closed.
pub fn unused(
    account: &Account,
    entered: Timestamp,
    warned: Option<Timestamp>,
    now: Timestamp,
) -> AccountPlan<()> {
    let id = &account.id;
    let due = match warned {
        None => Retention::ACCOUNTS.ends(entered),
        Some(warned) => Retention::WARNED_ACCOUNTS.ends(warned),
    };
    if account.status != AccountStatus::Active || due > now {
        return AccountPlan::nothing(());
    }
    let (write, message) = if warned.is_none() {
        let until = Retention::WARNED_ACCOUNTS.ends(now);
        (
            AccountWrite::Warn { account: id.clone(), at: now, until },
            OutboxMessage::AccountUnused { account: id.clone(), until: time::rome_date(until) },
        )
    } else {
        (
            AccountWrite::CloseUnused { account: id.clone(), at: now },
            OutboxMessage::CloseAccount { account: id.clone(), by: CloseReason::Unused },
        )
    };
    AccountPlan { writes: vec![write], messages: vec![message], outcome: () }
}

/// Closes an account: from now on no session of it is accepted; the worker mails a confirmation and erases it. Closed already, it
/// is closed.
pub fn close(stored: Option<&Account>, by: CloseReason, now: Timestamp) -> AccountPlan<()> {
    match stored.filter(|account| account.status == AccountStatus::Active) {
        None => AccountPlan::nothing(()),
        Some(account) => AccountPlan {
            writes: vec![AccountWrite::Close { account: account.id.clone(), at: now }],
            messages: vec![OutboxMessage::CloseAccount { account: account.id.clone(), by }],
            outcome: (),
        },
    }
}
