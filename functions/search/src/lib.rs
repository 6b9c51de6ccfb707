//! Anybody who holds a notice finds its debt, by the debtor's fiscal code and the notice number or IUV.

mod wire;

use std::time::Duration;

use creditor::creditor;
use documents::Printer;
use domain::creditor::Creditor;
use domain::{Error, Fault};
use store::{Debts, Limit, Limits};
use web::{Function, Problem, Reply, Request, Seal};
use world::{NotConfigured, World};

pub struct Search {
    debts: Debts,
    limits: Limits,
    seal: Seal,
    creditor: Creditor,
    printer: Printer,
}

/// A reference stands for the proof that the caller knew both codes, for ten minutes.
const REFERENCE_LIFE: Duration = Duration::from_secs(10 * 60);

impl Function for Search {
    const ROUTES: &'static [&'static str] =
        &["POST /api/search", "GET /api/search/{reference}", "GET /api/search/{reference}/notice.pdf"];

    fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self {
            debts: Debts::connect(world)?,
            limits: Limits::connect(world)?,
            seal: Seal::connect(world)?,
            creditor: creditor(world)?,
            printer: Printer::new().map_err(|fault| NotConfigured::because("fonts", fault.source))?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        match request.route {
            "POST /api/search" => self.search(&request).await,
            "GET /api/search/{reference}" => {
                request.query(&[])?;
                let (wanted, expires_at) = self.opened(&request).await?;
                let debt = self.debts.find(&wanted.fiscal_code, &wanted.code).await?;
                let reference = request.path("reference").to_owned();
                Ok(Reply::ok(&self.found(&debt, reference, expires_at)))
            }
            _ => {
                request.query(&[])?;
                let (wanted, _) = self.opened(&request).await?;
                let debt = self.debts.find(&wanted.fiscal_code, &wanted.code).await?;
                debt.ensure_payable(self.debts.now())?;
                let today = domain::time::rome_date(self.debts.now());
                let pdf = self.printer.notice(&self.creditor, &debt, request.language(), today)?;
                Ok(Reply::pdf(&format!("avviso-{}.pdf", debt.notice), pdf))
            }
        }
    }
}

impl Search {
    async fn search(&self, request: &Request) -> Result<Reply, Problem> {
        let wanted = wire::Wanted::read(request.json()?)?;
        let source = request.source();
        self.limits
            .admit(&[
                (Limit::SEARCH_MINUTE, source.as_str()),
                (Limit::SEARCH_HOUR, source.as_str()),
                (Limit::SEARCH_DAY, source.as_str()),
                (Limit::SEARCH_CODE, wanted.fiscal_code.as_str()),
            ])
            .await?;
        let debt = self.debts.find(&wanted.fiscal_code, &wanted.code).await?;
        let sealed = wire::Sealed { fiscal_code: wanted.fiscal_code, notice: debt.notice.clone() };
        let plain = serde_json::to_vec(&sealed).map_err(|e| Fault::new("writing a reference", e))?;
        let (reference, expires_at) = self.seal.close("search", &plain, REFERENCE_LIFE).await?;
        Ok(Reply::ok(&self.found(&debt, reference, expires_at)))
    }

    /// Both codes again, out of a reference that we sealed.
    async fn opened(&self, request: &Request) -> Result<(wire::Wanted, domain::Timestamp), Error> {
        let opened = self.seal.open("search", request.path("reference")).await?;
        let (plain, expires_at) = opened.ok_or(Error::DebtNotFound)?;
        let sealed: wire::Sealed = serde_json::from_slice(&plain).map_err(|_| Error::DebtNotFound)?;
        Ok((sealed.into(), expires_at))
    }

    fn found(&self, debt: &domain::Debt, reference: String, expires_at: domain::Timestamp) -> wire::Found {
        let debt = web::view::PublicDebt::of(debt, &self.creditor, self.debts.now());
        wire::Found { debt, reference, expires_at: domain::time::to_second(expires_at) }
    }
}
