//! A person recovers a forgotten password by mail, or changes the one they know.

use domain::account::{LinkPurpose, confirmed, new_password};
use domain::error::{FieldCode, Form};
use domain::outbox::OutboxMessage;
use domain::password::Password as Secret;
use domain::person::Email;
use domain::registration::{OpenedLink, ShownLink};
use domain::{Error, FieldError};
use identity::{Passwords, Sessions, Verified};
use runtime::{ConfigError, Env};
use serde::{Deserialize, Serialize};
use store::{AccountWriter, Outbox, PasswordOrigin, RateLimit, RateLimits};
use web::{Function, HttpError, Problem, Reply, Request};

pub struct Password {
    limits: RateLimits,
    accounts: AccountWriter,
    passwords: Passwords,
    sessions: Sessions,
    outbox: Outbox,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ForgottenForm {
    username: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ResetForm {
    token: Option<String>,
    username: Option<String>,
    code: Option<String>,
    password: Option<String>,
    password_confirmation: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChangeForm {
    current_password: Option<String>,
    password: Option<String>,
    password_confirmation: Option<String>,
}

#[derive(Serialize)]
struct ResetSent {
    status: &'static str,
}

impl Function for Password {
    const ROUTES: &'static [&'static str] =
        &["POST /api/password/forgot", "POST /api/password/reset", "POST /api/password/change"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            limits: RateLimits::connect(env)?,
            accounts: AccountWriter::connect(env)?,
            passwords: Passwords::connect(env)?,
            sessions: Sessions::connect(env)?,
            outbox: Outbox::connect(env)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        match request.route {
            "POST /api/password/forgot" => self.forgot(&request).await,
            "POST /api/password/reset" => self.reset(&request).await,
            "POST /api/password/change" => self.change(&request).await,
            _ => Err(HttpError::NotFound.into()),
        }
    }
}

impl Password {
    /// One message of fixed shape, whatever the username is (INV-I04).
    async fn forgot(&self, request: &Request) -> Result<Reply, Problem> {
        let (forgotten, mut form) = request.json::<ForgottenForm>()?;
        let username = forgotten.username.unwrap_or_default();
        let username = form.field("username", Email::parse(&username));
        let username = form.give(username)?;
        let source = request.source();
        self.limits
            .admit(&[
                (RateLimit::MAIL_SOURCE, source.as_str()),
                (RateLimit::MAIL_SOURCE_HOUR, source.as_str()),
            ])
            .await?;
        let language = request.language();
        let browser = self.sessions.known_browser(request, &username).await?;
        self.outbox.add(&OutboxMessage::ForgotPassword { username, language, browser }).await?;
        Ok(Reply::accepted(&ResetSent { status: "mail-sent" }))
    }

    async fn reset(&self, request: &Request) -> Result<Reply, Problem> {
        let (reset, mut form) = request.json::<ResetForm>()?;
        let [token, username, code, password, confirmation] =
            [reset.token, reset.username, reset.code, reset.password, reset.password_confirmation]
                .map(Option::unwrap_or_default);
        let shown = ShownLink::read(&mut form, &token, &username, &code);
        form.check(new_password(&self.passwords.policy, &password, &[]));
        form.check(confirmed(&password, &confirmation));
        let shown = form.give(shown)?;
        let (source, opened) = (request.source(), self.opened(&shown).await);
        let opened = self.limits.unless_guessed(&[(RateLimit::LINK, source.as_str())], opened).await?;
        let personal = opened.account.profile.personal();
        let password = self.accepted(Form::default(), &password, &confirmation, &personal)?;
        let username = opened.account.profile.username.clone();
        let hash = self.passwords.hash(&password).await?;
        self.accounts.reset_password(&opened, &hash).await?;
        let known = self.sessions.known_browser(request, &username).await?;
        let origin = PasswordOrigin::of(known.as_deref(), source.as_str());
        self.limits.forgive(username.as_str(), origin).await;
        Ok(self.sessions.without_cookies(Reply::no_content()))
    }

    /// The account of a link or code.
    async fn opened(&self, shown: &ShownLink) -> Result<OpenedLink, Error> {
        let accounts = self.accounts.accounts();
        let link = accounts.shown_link(LinkPurpose::ResetPassword, shown).await?;
        Ok(accounts.open_link(LinkPurpose::ResetPassword, &link).await?.0)
    }

    async fn change(&self, request: &Request) -> Result<Reply, Problem> {
        let citizen = self.sessions.citizen(request).await?;
        let (change, mut form) = request.json::<ChangeForm>()?;
        let current = change.current_password.unwrap_or_default();
        let password = change.password.unwrap_or_default();
        let confirmation = change.password_confirmation.unwrap_or_default();
        if current.is_empty() {
            form.refuse(FieldError::new("currentPassword", FieldCode::Required));
        }
        let personal = citizen.account().profile.personal();
        let password = self.accepted(form, &password, &confirmation, &personal)?;
        let (username, source) = (citizen.account().profile.username.as_str(), request.source());
        let tried = self.limits.admit_password(username, PasswordOrigin::Session(source.as_str())).await?;
        let record = self.accounts.accounts().password_of(&citizen).await?;
        let stored = record.as_ref().map(|record| record.hash.as_str());
        if self.passwords.verify(Secret::offered(&current).as_ref(), stored).await? == Verified::Wrong {
            self.limits.failed(&tried).await?;
            return Err(Error::InvalidCredentials.into());
        }
        self.limits.succeeded(tried).await?;
        let hash = self.passwords.hash(&password).await?;
        let account = self.accounts.change_password(&citizen, &hash).await?;
        Ok(self.sessions.open(request, &account, Reply::no_content()).await?)
    }

    fn accepted(
        &self,
        mut form: Form,
        password: &str,
        confirmation: &str,
        personal: &[&str],
    ) -> Result<Secret, Error> {
        let accepted = form.check(new_password(&self.passwords.policy, password, personal));
        form.check(confirmed(password, confirmation));
        form.give(accepted)
    }
}
