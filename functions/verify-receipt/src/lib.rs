//! Anybody checks a printed receipt's code against what the creditor holds.

mod wire;

use creditor::creditor;
use domain::creditor::Creditor;
use domain::{Error, receipt};
use store::{Debts, Limit, Limits};
use web::{Function, Problem, Reply, Request};
use world::{NotConfigured, World};

pub struct VerifyReceipt {
    limits: Limits,
    debts: Debts,
    creditor: Creditor,
}

impl Function for VerifyReceipt {
    const ROUTES: &'static [&'static str] = &["GET /api/receipts/{code}"];

    fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self {
            limits: Limits::connect(world)?,
            debts: Debts::connect(world)?,
            creditor: creditor(world)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        request.query(&[])?;
        let source = request.source();
        self.limits.admit(&[(Limit::RECEIPT_CODE, source.as_str())]).await?;
        let code = receipt::parse_code(request.path("code")).ok_or(Error::ReceiptNotFound)?;
        let found = self.debts.by_receipt_code(&code).await?;
        let (debt, receipt) = found.ok_or(Error::ReceiptNotFound)?;
        Ok(Reply::ok(&wire::Checked::of(&debt, &receipt, &self.creditor)))
    }
}
