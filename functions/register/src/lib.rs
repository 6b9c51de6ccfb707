//! Somebody registers: fiscal code first, then the person's or company's data.
//!
//! This function cannot see whether a code or a username is taken: it writes one message of fixed shape, and the
//! worker looks (INV-I03, INV-I04).

mod wire;

use domain::FiscalCode;
use domain::account::Registration;
use domain::outbox::OutboxMessage;
use identity::Passwords;
use runtime::{Clock, ConfigError, Env};
use store::{Outbox, RateLimit, RateLimits};
use web::{Function, HttpError, Problem, Reply, Request};

pub struct Register {
    limits: RateLimits,
    passwords: Passwords,
    outbox: Outbox,
    clock: Clock,
}

impl Function for Register {
    const ROUTES: &'static [&'static str] = &["POST /api/register/check", "POST /api/register"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            limits: RateLimits::connect(env)?,
            passwords: Passwords::connect(env)?,
            outbox: Outbox::connect(env)?,
            clock: env.clock().clone(),
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let source = request.source();
        match request.route {
            "POST /api/register/check" => {
                let (check, mut form) = request.json::<wire::CheckForm>()?;
                let code = check.fiscal_code.unwrap_or_default();
                let code = form.field("fiscalCode", FiscalCode::parse(&code));
                let code = form.give(code)?;
                self.limits.admit(&[(RateLimit::REGISTER_CHECK, source.as_str())]).await?;
                Ok(Reply::ok(&wire::CheckedFiscalCode::of(&code)))
            }
            "POST /api/register" => {
                let (registration, form) = request.json::<Registration>()?;
                form.finish()?;
                let (profile, password) =
                    registration.check(request.language(), &self.passwords.policy, self.clock.now())?;
                self.limits
                    .admit(&[
                        (RateLimit::MAIL_SOURCE, source.as_str()),
                        (RateLimit::MAIL_SOURCE_HOUR, source.as_str()),
                    ])
                    .await?;
                let password = self.passwords.hash(&password).await?;
                self.outbox.add(&OutboxMessage::Register { profile: Box::new(profile), password }).await?;
                Ok(Reply::accepted(&wire::RegistrationSent { status: "activation-sent" }))
            }
            _ => Err(HttpError::NotFound.into()),
        }
    }
}
