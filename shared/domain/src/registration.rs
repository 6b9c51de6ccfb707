//! The life of an account, decided: registration, mailed links, activation, new passwords, closing.
//!
//! Like [`crate::plan`], for the identity table: facts in, what is to be written out. `store` commits it only if the
//! rows are still as they were read.

use std::time::Duration;

use jiff::Timestamp;

use crate::account::{Account, AccountId, AccountStatus, LinkPurpose, Profile};
use crate::error::Error;
use crate::outbox::OutboxMessage;
use crate::session::passed;
use crate::time;

/// How soon after it was made a pending registration can be replaced by a corrected one. Sooner it is a race or a
/// double click, and the first one stays.
const CORRECTABLE_AFTER: Duration = Duration::from_secs(10);

/// How long a double click on a used link still gets the answer of the first.
const REPEAT_WITHIN: Duration = Duration::from_secs(10 * 60);

/// What is to be written of an account, and what to answer when it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountPlan<O> {
    pub writes: Vec<AccountWrite>,
    pub message: Option<OutboxMessage>,
    pub outcome: O,
}

impl<O> AccountPlan<O> {
    /// Nothing is written.
    pub fn nothing(outcome: O) -> Self {
        Self { writes: Vec::new(), message: None, outcome }
    }
}

/// One row that changes, with what it must still be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountWrite {
    /// A new account, not there yet. Never activated, it is erased when its link has ended.
    Create { account: Box<Account>, password: String, until: Timestamp },
    /// A claim as it was read becomes another's, until it is confirmed.
    Claim { of: Claimed, before: Option<Claim>, by: AccountId, until: Timestamp },
    /// A claim of this account holds for good.
    Confirm { of: Claimed, by: AccountId },
    /// A link not used yet is used.
    UseLink { hash: String, at: Timestamp },
    /// A pending account is active.
    Activate(AccountId),
    /// A new password of an active account in this epoch; the epoch is raised, so that every session ends.
    SetPassword { account: AccountId, epoch: u32, password: String },
    /// An active account is closed; the epoch is raised.
    Close { account: AccountId, at: Timestamp },
}

/// What an account alone may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    FiscalCode(crate::FiscalCode),
    Username(crate::person::Email),
}

impl Claimed {
    /// Both claims of a profile.
    pub fn both(profile: &Profile) -> [Self; 2] {
        [Self::FiscalCode(profile.fiscal_code.clone()), Self::Username(profile.username.clone())]
    }
}

/// Whose a fiscal code or a username is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub account: AccountId,
    /// While the account is not active: when the claim stops holding.
    pub pending_until: Option<Timestamp>,
}

impl Claim {
    /// Returns whether a later registration gets it: somebody corrects a wrong address, or never activated. Its own
    /// account gets it again when the same message is processed twice.
    fn yields_to(&self, account: &AccountId, until: Timestamp) -> bool {
        let correctable = until.checked_sub(CORRECTABLE_AFTER).unwrap_or(until);
        self.account == *account || self.pending_until.is_some_and(|pending| pending < correctable)
    }
}

/// What is known when an account is registered.
#[derive(Clone, Debug)]
pub struct RegistrationFacts {
    /// The claims of fiscal code and username, in this order.
    pub claims: [Option<Claim>; 2],
    /// The account itself, when the same message is processed again.
    pub account: Option<Account>,
}

/// The outcome of a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    New(Box<Account>),
    /// Fiscal code or username is this account's.
    Taken(AccountId),
}

/// Registers an account: fiscal code, username and account, all three or nothing (INV-I01, INV-I02).
pub fn register(
    facts: &RegistrationFacts,
    id: &AccountId,
    profile: &Profile,
    password: &str,
    now: Timestamp,
) -> AccountPlan<Registered> {
    let until = time::after(now, LinkPurpose::Activate.life());
    let held = facts.claims.iter().flatten().find(|claim| !claim.yields_to(id, until));
    if let Some(claim) = held {
        return AccountPlan::nothing(Registered::Taken(claim.account.clone()));
    }
    if let Some(account) = &facts.account {
        return AccountPlan::nothing(Registered::New(Box::new(account.clone())));
    }
    let account = Account {
        id: id.clone(),
        status: AccountStatus::Pending,
        profile: profile.clone(),
        identity_proven: false,
        epoch: 0,
        created_at: now,
    };
    let claims = Claimed::both(profile).into_iter().zip(facts.claims.clone());
    let claims = claims.map(|(of, before)| AccountWrite::Claim { of, before, by: id.clone(), until });
    let create =
        AccountWrite::Create { account: Box::new(account.clone()), password: password.to_owned(), until };
    let writes = claims.chain([create]).collect();
    AccountPlan { writes, message: None, outcome: Registered::New(Box::new(account)) }
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
}

/// A link that can be used, and its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedLink {
    pub account: Account,
    pub hash: String,
}

/// What the use of a link did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkUse {
    Done,
    /// It had been done moments ago: the same answer to a double click.
    Repeated,
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
    let repeated = link.used_at.is_some_and(|used| passed(used, now) < REPEAT_WITHIN);
    let in_time = link.purpose == purpose && link.expires_at > now && link.is_latest;
    let usable = match (purpose, account.status) {
        (LinkPurpose::Activate, AccountStatus::Pending) => link.used_at.is_none() || repeated,
        (LinkPurpose::Activate, AccountStatus::Active) => repeated,
        (LinkPurpose::ResetPassword, AccountStatus::Active) => {
            link.used_at.is_none() && account.epoch == link.epoch
        }
        (LinkPurpose::Activate, AccountStatus::Closed)
        | (LinkPurpose::ResetPassword, AccountStatus::Pending | AccountStatus::Closed) => false,
    };
    match in_time && usable {
        true => Ok(OpenedLink { account: account.clone(), hash: link.hash.clone() }),
        false => Err(Error::LinkNotValid),
    }
}

/// Activates the account of a link: link used, account active, claims for good; once.
///
/// # Errors
/// A later registration has taken over a claim of the account: its link activates nothing any more.
pub fn activate(
    opened: &OpenedLink,
    claims: &[Option<Claim>; 2],
    now: Timestamp,
) -> Result<AccountPlan<LinkUse>, Error> {
    let OpenedLink { account, hash } = opened;
    if account.status == AccountStatus::Active {
        return Ok(AccountPlan::nothing(LinkUse::Repeated));
    }
    if claims.iter().flatten().any(|claim| claim.account != account.id) {
        return Err(Error::LinkNotValid);
    }
    let profile = &account.profile;
    let confirm = |of| AccountWrite::Confirm { of, by: account.id.clone() };
    let used = AccountWrite::UseLink { hash: hash.clone(), at: now };
    let active = AccountWrite::Activate(account.id.clone());
    let writes = [used, active].into_iter().chain(Claimed::both(profile).map(confirm)).collect();
    let message =
        OutboxMessage::AccountActivated { email: profile.email.clone(), language: profile.language };
    Ok(AccountPlan { writes, message: Some(message), outcome: LinkUse::Done })
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
    AccountPlan { writes: vec![write], message: Some(message), outcome }
}

/// Closes an account: from now on no session of it is accepted; the worker mails a confirmation and erases it. Closed already, it
/// is closed.
pub fn close(stored: Option<&Account>, now: Timestamp) -> AccountPlan<()> {
    match stored.filter(|account| account.status == AccountStatus::Active) {
        None => AccountPlan::nothing(()),
        Some(account) => AccountPlan {
            writes: vec![AccountWrite::Close { account: account.id.clone(), at: now }],
            message: Some(OutboxMessage::CloseAccount { account: account.id.clone() }),
            outcome: (),
        },
    }
}
