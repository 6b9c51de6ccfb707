//! The mailed link activates an account. Opening the link consumes nothing; this POST does.

use domain::error::FieldCode;
use domain::outbox::OutboxMessage;
use domain::person::Email;
use domain::{Error, FieldError};
use identity::Links;
use runtime::{ConfigError, Env};
use serde::{Deserialize, Serialize};
use store::{AccountWriter, Outbox, RateLimit, RateLimits};
use web::{Function, HttpError, Problem, Reply, Request};

pub struct Activate {
    limits: RateLimits,
    accounts: AccountWriter,
    outbox: Outbox,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Activation {
    token: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resend {
    username: Option<String>,
}

#[derive(Serialize)]
struct ActivationAnswer {
    status: &'static str,
}

impl Function for Activate {
    const ROUTES: &'static [&'static str] = &["POST /api/activate", "POST /api/activate/resend"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            limits: RateLimits::connect(env)?,
            accounts: AccountWriter::connect(env)?,
            outbox: Outbox::connect(env)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let source = request.source();
        match request.route {
            "POST /api/activate" => {
                let (activation, form) = request.json::<Activation>()?;
                form.finish()?;
                let token = activation.token.unwrap_or_default();
                if token.is_empty() {
                    return Err(FieldError::new("token", FieldCode::Required).into());
                }
                let activated = match Links::is_plausible(&token) {
                    true => self.accounts.activate(&token).await,
                    false => Err(Error::LinkNotValid),
                };
                self.limits.unless_guessed(&[(RateLimit::LINK, source.as_str())], activated).await?;
                Ok(Reply::ok(&ActivationAnswer { status: "active" }))
            }
            "POST /api/activate/resend" => {
                let (resend, mut form) = request.json::<Resend>()?;
                let username = resend.username.unwrap_or_default();
                let username = form.field("username", Email::parse(&username));
                let username = form.give(username)?;
                self.limits
                    .admit(&[
                        (RateLimit::MAIL_SOURCE, source.as_str()),
                        (RateLimit::MAIL_SOURCE_HOUR, source.as_str()),
                    ])
                    .await?;
                let language = request.language();
                self.outbox.add(&OutboxMessage::ResendActivation { username, language }).await?;
                Ok(Reply::accepted(&ActivationAnswer { status: "activation-sent" }))
            }
            _ => Err(HttpError::NotFound.into()),
        }
    }
}
