//! The mailed link activates an account. Opening the link consumes nothing; this POST does.

use domain::error::FieldCode;
use domain::outbox::OutboxMessage;
use domain::person::Email;
use domain::{Error, FieldError};
use identity::Links;
use serde::Serialize;
use store::{AccountWriter, Limit, Limits, Outbox};
use web::{Function, Problem, Reply, Request};
use world::{NotConfigured, World};

pub struct Activate {
    limits: Limits,
    accounts: AccountWriter,
    outbox: Outbox,
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

impl Function for Activate {
    const ROUTES: &'static [&'static str] = &["POST /api/activate", "POST /api/activate/resend"];

    fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self {
            limits: Limits::connect(world)?,
            accounts: AccountWriter::connect(world)?,
            outbox: Outbox::connect(world)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let source = request.source();
        let mut body = request.json()?;
        match request.route {
            "POST /api/activate" => {
                let token = body.text("token");
                body.end()?.finish()?;
                if token.is_empty() {
                    return Err(FieldError::new("token", FieldCode::Required).into());
                }
                self.limits.admit(&[(Limit::LINK, source.as_str())]).await?;
                if !Links::is_plausible(&token) {
                    return Err(Error::LinkNotValid.into());
                }
                self.accounts.activate(&token).await?;
                Ok(Reply::ok(&Status { status: "active" }))
            }
            _ => {
                let username = body.text("username");
                let mut form = body.end()?;
                let username = form.field("username", Email::parse(&username));
                let username = form.give(username)?;
                self.limits
                    .admit(&[
                        (Limit::MAIL_SOURCE, source.as_str()),
                        (Limit::MAIL_SOURCE_HOUR, source.as_str()),
                    ])
                    .await?;
                let language = request.language();
                self.outbox.add(&OutboxMessage::ResendActivation { username, language }).await?;
                Ok(Reply::accepted(&Status { status: "activation-sent" }))
            }
        }
    }
}
