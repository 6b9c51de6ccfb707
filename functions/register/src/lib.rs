//! Somebody registers: fiscal code first, then the person's or company's data.
//!
//! This function cannot see whether a code or a username is taken: it writes one letter of fixed shape, and the
//! worker looks (INV-I03, INV-I04).

mod wire;

use domain::account::Registration;
use domain::outbox::OutboxMessage;
use domain::{Error, FiscalCode};
use identity::Passwords;
use store::{Limit, Limits, Outbox};
use web::{Function, Problem, Reply, Request};
use world::{Clock, NotConfigured, World};

pub struct Register {
    limits: Limits,
    passwords: Passwords,
    outbox: Outbox,
    clock: Clock,
}

impl Function for Register {
    const ROUTES: &'static [&'static str] = &["POST /api/register/check", "POST /api/register"];

    fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self {
            limits: Limits::connect(world)?,
            passwords: Passwords::connect(world)?,
            outbox: Outbox::connect(world)?,
            clock: world.clock().clone(),
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let source = request.source();
        match request.route {
            "POST /api/register/check" => {
                let (check, mut form) = request.json::<wire::Check>()?;
                let code = check.fiscal_code.unwrap_or_default();
                let code = form.field("fiscalCode", FiscalCode::parse(&code));
                let code = form.give(code)?;
                self.limits.admit(&[(Limit::REGISTER_CHECK, source.as_str())]).await?;
                Ok(Reply::ok(&wire::Checked::of(&code)))
            }
            "POST /api/register" => {
                let (registration, form) = request.json::<Registration>()?;
                form.finish()?;
                let (profile, password) =
                    registration.check(request.language(), &self.passwords.policy, self.clock.now())?;
                self.limits
                    .admit(&[
                        (Limit::MAIL_SOURCE, source.as_str()),
                        (Limit::MAIL_SOURCE_HOUR, source.as_str()),
                    ])
                    .await?;
                let password = self.passwords.hash(&password).await?;
                self.outbox.add(&OutboxMessage::Register { profile: Box::new(profile), password }).await?;
                Ok(Reply::accepted(&wire::Sent { status: "activation-sent" }))
            }
            _ => Err(Error::NotFound.into()),
        }
    }
}
