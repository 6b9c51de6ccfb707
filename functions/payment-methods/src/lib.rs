//! Methods and PSPs with their fees for an amount, from the creditor's configuration; none where pagoPA Checkout asks for
//! them itself.

mod wire;

use creditor::Psps;
use domain::error::FieldCode;
use domain::{Amount, FieldError};
use identity::Sessions;
use runtime::{ConfigError, Env, PaymentChannel};
use web::{Function, Problem, Reply, Request};

pub struct PaymentMethods {
    sessions: Sessions,
    psps: Psps,
    channel: PaymentChannel,
}

impl Function for PaymentMethods {
    const ROUTES: &'static [&'static str] = &["GET /api/payment-methods"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            sessions: Sessions::connect(env)?,
            psps: Psps::of_the_repository()?,
            channel: *env.config().payment_channel.get()?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        self.sessions.citizen(&request).await?;
        let query = request.query(&["amount"])?;
        let text = query.get("amount").ok_or_else(|| FieldError::new("amount", FieldCode::Required))?;
        let cents: u64 = text.parse().map_err(|_| FieldError::new("amount", FieldCode::Format))?;
        let amount = Amount::new(cents).map_err(|_| FieldError::new("amount", FieldCode::Range))?;
        let list = wire::MethodList::of(self.channel, &self.psps, amount.cents(), request.language());
        Ok(Reply::ok(&list))
    }
}
