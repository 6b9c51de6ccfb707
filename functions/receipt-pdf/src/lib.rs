//! The receipt of a paid debt, to print and to keep.

use creditor::creditor;
use documents::Printer;
use domain::Error;
use domain::creditor::Creditor;
use domain::notice::NoticeNumber;
use identity::Sessions;
use runtime::{ConfigError, Env};
use store::Debts;
use web::{Function, Problem, Reply, Request, Site};

pub struct ReceiptPdf {
    sessions: Sessions,
    debts: Debts,
    creditor: Creditor,
    printer: Printer,
    verify_page: String,
}

impl Function for ReceiptPdf {
    const ROUTES: &'static [&'static str] = &["GET /api/debts/{noticeNumber}/receipt.pdf"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            sessions: Sessions::connect(env)?,
            debts: Debts::connect(env)?,
            creditor: creditor(env)?,
            printer: Printer::new().map_err(|fault| ConfigError::because("fonts", fault.source))?,
            verify_page: format!("{}/verifica", Site::connect(env)?.url()),
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let citizen = self.sessions.citizen(&request).await?;
        request.query(&[])?;
        let notice = NoticeNumber::parse(request.path("noticeNumber")).map_err(|_| Error::ReceiptNotFound)?;
        let debt = match self.debts.of_citizen(&citizen, &notice).await {
            Ok(debt) => debt.seen_by(&citizen.viewer()),
            Err(Error::DebtNotFound) => return Err(Error::ReceiptNotFound.into()),
            Err(error) => return Err(error.into()),
        };
        let receipt = debt.receipt.clone().ok_or(Error::ReceiptNotFound)?;
        let page = &self.verify_page;
        let pdf = self.printer.receipt(&self.creditor, &debt, &receipt, page, request.language())?;
        Ok(Reply::pdf(&format!("ricevuta-{}.pdf", debt.iuv()), pdf))
    }
}
