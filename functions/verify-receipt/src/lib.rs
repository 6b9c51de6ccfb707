//! Anybody checks a printed receipt's code against what the creditor holds.

mod wire;

use creditor::creditor;
use domain::creditor::Creditor;
use domain::receipt::{self, Receipt};
use domain::{Debt, Error};
use runtime::{ConfigError, Env};
use store::{Debts, RateLimit, RateLimits};
use web::{Function, Problem, Reply, Request};

pub struct VerifyReceipt {
    limits: RateLimits,
    debts: Debts,
    creditor: Creditor,
}

impl Function for VerifyReceipt {
    const ROUTES: &'static [&'static str] = &["GET /api/receipts/{code}"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { limits: RateLimits::connect(env)?, debts: Debts::connect(env)?, creditor: creditor(env)? })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        request.query(&[])?;
        let source = request.source();
        let found = self.find(request.path("code")).await;
        let (debt, receipt) =
            self.limits.unless_guessed(&[(RateLimit::RECEIPT_CODE, source.as_str())], found).await?;
        Ok(Reply::ok(&wire::VerifiedReceipt::of(&debt, &receipt, &self.creditor)))
    }
}

impl VerifyReceipt {
    async fn find(&self, code: &str) -> Result<(Debt, Receipt), Error> {
        let code = receipt::parse_code(code).ok_or(Error::ReceiptNotFound)?;
        self.debts.by_receipt_code(&code).await?.ok_or(Error::ReceiptNotFound)
    }
}
