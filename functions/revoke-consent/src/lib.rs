//! A person withdraws their consent: the account closes, every session dies, the profile is erased. Debts,
//! movements and receipts stay.

use domain::error::FieldCode;
use domain::password::Password;
use domain::{Error, FieldError};
use identity::{Passwords, Sessions, Verified};
use runtime::{ConfigError, Env};
use serde::Deserialize;
use store::{AccountWriter, PasswordOrigin, Payments, RateLimits};
use web::{Function, Problem, Reply, Request};

pub struct RevokeConsent {
    sessions: Sessions,
    limits: RateLimits,
    accounts: AccountWriter,
    passwords: Passwords,
    payments: Payments,
}

/// Only the person who knows the password may close the account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RevocationForm {
    password: Option<String>,
}

impl Function for RevokeConsent {
    const ROUTES: &'static [&'static str] = &["POST /api/consent/revoke"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            sessions: Sessions::connect(env)?,
            limits: RateLimits::connect(env)?,
            accounts: AccountWriter::connect(env)?,
            passwords: Passwords::connect(env)?,
            payments: Payments::connect(env)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let citizen = self.sessions.citizen(&request).await?;
        let (confirmation, form) = request.json::<RevocationForm>()?;
        form.finish()?;
        let password = confirmation.password.unwrap_or_default();
        if password.is_empty() {
            return Err(FieldError::new("password", FieldCode::Required).into());
        }
        let (username, source) = (citizen.account().profile.username.as_str(), request.source());
        let tried = self.limits.admit_password(username, PasswordOrigin::Session(source.as_str())).await?;
        let record = self.accounts.accounts().password_of(&citizen).await?;
        let stored = record.as_ref().map(|record| record.hash.as_str());
        if self.passwords.verify(Password::offered(&password).as_ref(), stored).await? == Verified::Wrong {
            self.limits.failed(&tried).await?;
            return Err(Error::InvalidCredentials.into());
        }
        self.limits.succeeded(tried).await?;
        if self.payments.any_open(&citizen).await? {
            return Err(Error::PaymentInProgress.into());
        }
        self.payments.forget_addresses(&citizen).await?;
        self.accounts.close(&citizen).await?;
        Ok(self.sessions.without_cookies(Reply::no_content()))
    }
}
