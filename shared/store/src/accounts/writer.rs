//! Commits plans about accounts, each with the messages that tell of it.

use std::time::Duration;

use domain::account::{Account, AccountId, LinkPurpose};
use domain::bookkeeping::Reason;
use domain::digest::sha256_hex;
use domain::outbox::CloseReason;
use domain::person::Email;
use domain::proof::{self, Holder, ProofFacts, Proven};
use domain::registration::{self, AccountPlan, Activated, OpenedLink, ShownLink};
use domain::{Error, Fault, FiscalCode};
use runtime::{ConfigError, Env};

use super::{Accounts, LinkRow, NOBODY};
use crate::citizen::Citizen;
use crate::keys::Key;
use crate::outbox::Outbox;

/// Changes accounts together with the message that tells of it.
#[derive(Clone)]
pub struct AccountWriter {
    accounts: Accounts,
    outbox: Outbox,
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

    /// Does to an account what is due when nobody has entered it for years. Whoever enters it meanwhile keeps it.
    pub async fn unused(&self, account: &AccountId) -> Result<(), Fault> {
        let decide = move |_again| async move {
            let (row, now) = (self.accounts.row(account).await?, self.accounts.clock.now());
            let plan = row.and_then(|row| {
                let (entered, warned) = (row.entered_at.unwrap_or(row.created_at), row.warned_at);
                Some(registration::unused(&row.account(now)?, entered, warned, now))
            });
            Ok(plan.unwrap_or_else(|| AccountPlan::nothing(())))
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
