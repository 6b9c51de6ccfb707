//! A person logs in. Every account state costs the same reads and one hash, and answers alike (INV-I03, I13).

mod wire;

use domain::account::AccountStatus;
use domain::error::FieldCode;
use domain::outbox::OutboxMessage;
use domain::password::Password;
use domain::person::Email;
use domain::{Error, FieldError};
use identity::{Passwords, Sessions, Verified};
use runtime::{Clock, ConfigError, Env};
use store::{AccountReader, Accounts, Outbox, PasswordOrigin, PasswordRecord, RateLimits};
use web::{Function, Problem, Reply, Request};

pub struct Login {
    limits: RateLimits,
    accounts: Accounts,
    passwords: Passwords,
    sessions: Sessions,
    outbox: Outbox,
    clock: Clock,
    /// Stands in for a username that cannot exist, so that it costs the same as one that might.
    nobody: Email,
}

impl Function for Login {
    const ROUTES: &'static [&'static str] = &["POST /api/login"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            limits: RateLimits::connect(env)?,
            accounts: Accounts::connect(env)?,
            passwords: Passwords::connect(env)?,
            sessions: Sessions::connect(env)?,
            outbox: Outbox::connect(env)?,
            clock: env.clock().clone(),
            nobody: Email::parse("nobody@invalid.invalid")
                .map_err(|code| ConfigError::because("nobody", code))?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let (username, password) = credentials(&request)?;
        let source = request.source();
        // What cannot be a username is counted as it was typed: it is no other's either.
        let typed = username.trim().to_ascii_lowercase();
        let username = Email::parse(&username).unwrap_or_else(|_| self.nobody.clone());
        let known = self.sessions.known_browser(&request, &username).await?;
        let origin = PasswordOrigin::of(known.as_deref(), source.as_str());
        let tried = self.limits.admit_password(&typed, origin).await?;
        let record = self.accounts.by_username(AccountReader::Login, &username).await?;
        let stored = record.as_ref().map(|record| record.hash.as_str());
        let offered = Password::offered(&password);
        let verified = self.passwords.verify(offered.as_ref(), stored).await?;
        let (record, offered) = match (verified, record, offered) {
            (Verified::Right | Verified::RightButWeak, Some(record), Some(offered)) => (record, offered),
            _ => {
                self.limits.failed(&tried).await?;
                return Err(Error::InvalidCredentials.into());
            }
        };
        match record.account.status {
            AccountStatus::Active => self.limits.succeeded(tried).await?,
            AccountStatus::Pending => {
                self.limits.succeeded(tried).await?;
                return Err(Error::AccountNotActive.into());
            }
            AccountStatus::Closed => {
                self.limits.failed(&tried).await?;
                return Err(Error::InvalidCredentials.into());
            }
        }
        if verified == Verified::RightButWeak {
            self.strengthen(&record, &offered).await?;
        }
        let reply = Reply::ok(&wire::LoggedIn::of(&record.account));
        let reply = self.sessions.open(&request, &record.account, reply).await?;
        // Told of a session that there is; nobody gets its cookie before that.
        if known.is_none() && record.entered_before {
            let (account, at) = (record.account.id.clone(), self.clock.now());
            self.outbox.add(&OutboxMessage::NewDevice { account, at }).await?;
        }
        Ok(reply)
    }
}

impl Login {
    /// Stores the password under today's parameters when it was stored under weaker ones (INV-I11).
    async fn strengthen(&self, record: &PasswordRecord, password: &Password) -> Result<(), Problem> {
        let hash = self.passwords.hash(password).await?;
        Ok(self.accounts.strengthen(&record.account, &record.hash, &hash).await?)
    }
}

fn credentials(request: &Request) -> Result<(String, String), Problem> {
    let (sent, mut form) = request.json::<wire::Credentials>()?;
    let (username, password) = (sent.username.unwrap_or_default(), sent.password.unwrap_or_default());
    for (name, value) in [("username", &username), ("password", &password)] {
        if value.is_empty() {
            form.refuse(FieldError::new(name, FieldCode::Required));
        }
    }
    form.finish()?;
    Ok((username, password))
}
