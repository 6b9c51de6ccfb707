//! The mailed link, or the code beside it, and the password chosen at registration activate an account: whoever holds
//! the mailbox and whoever registered are the same person. Opening the link consumes nothing; this POST does, and is the
//! first login.

use domain::account::LinkPurpose;
use domain::error::FieldCode;
use domain::outbox::OutboxMessage;
use domain::password::Password;
use domain::person::Email;
use domain::registration::{Activated, OpenedLink, ShownLink};
use domain::{Error, FieldError};
use identity::{Passwords, Sessions, Verified};
use runtime::{ConfigError, Env};
use serde::{Deserialize, Serialize};
use store::{AccountWriter, Outbox, PasswordOrigin, RateLimit, RateLimits};
use web::view::AccountView;
use web::{Function, HttpError, Problem, Reply, Request};

pub struct Activate {
    limits: RateLimits,
    accounts: AccountWriter,
    passwords: Passwords,
    sessions: Sessions,
    outbox: Outbox,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActivationForm {
    token: Option<String>,
    username: Option<String>,
    code: Option<String>,
    password: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resend {
    username: Option<String>,
}

#[derive(Serialize)]
struct ActivationAnswer {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<AccountView>,
}

impl ActivationAnswer {
    fn of(status: &'static str) -> Self {
        Self { status, account: None }
    }
}

impl Function for Activate {
    const ROUTES: &'static [&'static str] = &["POST /api/activate", "POST /api/activate/resend"];

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
            "POST /api/activate" => self.activate(&request).await,
            "POST /api/activate/resend" => self.resend(&request).await,
            _ => Err(HttpError::NotFound.into()),
        }
    }
}

impl Activate {
    async fn activate(&self, request: &Request) -> Result<Reply, Problem> {
        let (sent, mut form) = request.json::<ActivationForm>()?;
        let [token, username, code, password] =
            [sent.token, sent.username, sent.code, sent.password].map(Option::unwrap_or_default);
        let shown = ShownLink::read(&mut form, &token, &username, &code);
        if password.is_empty() {
            form.refuse(FieldError::new("password", FieldCode::Required));
        }
        let shown = form.give(shown)?;
        let opened = self.opened(&shown).await;
        let source = request.source();
        let (opened, stored) =
            self.limits.unless_guessed(&[(RateLimit::LINK, source.as_str())], opened).await?;
        // Counted by registration: only whoever has its link can make it wait.
        let origin = PasswordOrigin::Session(source.as_str());
        let tried = self.limits.admit_password(opened.account.id.as_str(), origin).await?;
        let offered = Password::offered(&password);
        if self.passwords.verify(offered.as_ref(), stored.as_deref()).await? == Verified::Wrong {
            self.limits.failed(&tried).await?;
            return Err(Error::InvalidCredentials.into());
        }
        self.limits.succeeded(tried).await?;
        match self.accounts.activate(&opened).await? {
            Activated::Before => Ok(Reply::ok(&ActivationAnswer::of("active"))),
            Activated::First(account) => {
                let answer = ActivationAnswer { status: "active", account: Some(AccountView::of(&account)) };
                Ok(self.sessions.open(request, &account, Reply::ok(&answer)).await?)
            }
        }
    }

    /// The registration of a link or code, with its password's hash.
    async fn opened(&self, shown: &ShownLink) -> Result<(OpenedLink, Option<String>), Error> {
        let accounts = self.accounts.accounts();
        let link = accounts.shown_link(LinkPurpose::Activate, shown).await?;
        accounts.open_link(LinkPurpose::Activate, &link).await
    }

    async fn resend(&self, request: &Request) -> Result<Reply, Problem> {
        let (resend, mut form) = request.json::<Resend>()?;
        let username = resend.username.unwrap_or_default();
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
        self.outbox.add(&OutboxMessage::ResendActivation { username, language }).await?;
        Ok(Reply::accepted(&ActivationAnswer::of("activation-sent")))
    }
}
