//! Anybody checks a printed receipt's code against what the creditor holds.

mod wire;

use creditor::creditor;
use domain::creditor::Creditor;
use domain::{Error, receipt};
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
        self.limits.admit(&[(RateLimit::RECEIPT_CODE, source.as_str())]).await?;
        let code = receipt::parse_code(request.path("code")).ok_or(Error::ReceiptNotFound)?;
        let found = self.debts.by_receipt_code(&code).await?;
        let (debt, receipt) = found.ok_or(Error::ReceiptNotFound)?;
        Ok(Reply::ok(&wire::VerifiedReceipt::of(&debt, &receipt, &self.creditor)))
    }
}
