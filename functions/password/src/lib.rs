//! A person recovers a forgotten password by mail, or changes the one they know.

use domain::account::{LinkPurpose, confirmed, new_password};
use domain::error::{FieldCode, Form};
use domain::outbox::OutboxMessage;
use domain::password::Password as Secret;
use domain::person::Email;
use domain::{Error, FieldError};
use identity::{Links, Passwords, Sessions, Verified};
use serde::Serialize;
use store::{AccountWriter, Limit, Limits, Outbox};
use web::{Function, Problem, Reply, Request};
use world::{NotConfigured, World};

pub struct Password {
    limits: Limits,
    accounts: AccountWriter,
    passwords: Passwords,
    sessions: Sessions,
    outbox: Outbox,
}

#[derive(Serialize)]
struct Sent {
    status: &'static str,
}

impl Function for Password {
    const ROUTES: &'static [&'static str] =
        &["POST /api/password/forgot", "POST /api/password/reset", "POST /api/password/change"];

    fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self {
            limits: Limits::connect(world)?,
            accounts: AccountWriter::connect(world)?,
            passwords: Passwords::connect(world)?,
            sessions: Sessions::connect(world)?,
            outbox: Outbox::connect(world)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        match request.route {
            "POST /api/password/forgot" => self.forgot(&request).await,
            "POST /api/password/reset" => self.reset(&request).await,
            _ => self.change(&request).await,
        }
    }
}

impl Password {
    /// One letter of fixed shape, whatever the username is (INV-I04).
    async fn forgot(&self, request: &Request) -> Result<Reply, Problem> {
        let mut body = request.json()?;
        let username = body.text("username");
        let mut form = body.end()?;
        let username = form.field("username", Email::parse(&username));
        let username = form.give(username)?;
        let source = request.source();
        self.limits
            .admit(&[(Limit::MAIL_SOURCE, source.as_str()), (Limit::MAIL_SOURCE_HOUR, source.as_str())])
            .await?;
        let language = request.language();
        self.outbox.add(&OutboxMessage::ForgotPassword { username, language }).await?;
        Ok(Reply::accepted(&Sent { status: "mail-sent" }))
    }

    async fn reset(&self, request: &Request) -> Result<Reply, Problem> {
        let mut body = request.json()?;
        let token = body.text("token");
        let (password, confirmation) = (body.text("password"), body.text("passwordConfirmation"));
        let mut form = body.end()?;
        if token.is_empty() {
            form.refuse(FieldError::new("token", FieldCode::Required));
        }
        self.accepted(form, &password, &confirmation, &[])?;
        self.limits.admit(&[(Limit::LINK, request.source().as_str())]).await?;
        if !Links::is_plausible(&token) {
            return Err(Error::LinkNotValid.into());
        }
        let opened = self.accounts.accounts().open_link(LinkPurpose::ResetPassword, &token).await?;
        let personal = opened.account.profile.personal();
        let password = self.accepted(Form::default(), &password, &confirmation, &personal)?;
        let username = opened.account.profile.username.clone();
        let hash = self.passwords.hash(&password).await?;
        self.accounts.reset_password(&token, &opened, &hash).await?;
        self.limits.forgive(username.as_str()).await;
        Ok(self.sessions.without_cookies(Reply::no_content()))
    }

    async fn change(&self, request: &Request) -> Result<Reply, Problem> {
        let citizen = self.sessions.citizen(request).await?;
        let mut body = request.json()?;
        let current = body.text("currentPassword");
        let (password, confirmation) = (body.text("password"), body.text("passwordConfirmation"));
        let mut form = body.end()?;
        if current.is_empty() {
            form.refuse(FieldError::new("currentPassword", FieldCode::Required));
        }
        let personal = citizen.account().profile.personal();
        let password = self.accepted(form, &password, &confirmation, &personal)?;
        let tried = self.limits.admit_password(citizen.account().profile.username.as_str()).await?;
        let record = self.accounts.accounts().password_of(&citizen).await?;
        let stored = record.as_ref().map(|record| record.hash.as_str());
        if self.passwords.verify(Secret::offered(&current).as_ref(), stored).await? == Verified::Wrong {
            self.limits.failed(&tried).await?;
            return Err(Error::InvalidCredentials.into());
        }
        self.limits.succeeded(&tried).await?;
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
