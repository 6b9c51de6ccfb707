//! The payment notice of a debt, to print.

use creditor::creditor;
use documents::Printer;
use domain::Error;
use domain::creditor::Creditor;
use domain::notice::NoticeNumber;
use identity::Sessions;
use runtime::{ConfigError, Env};
use store::Debts;
use web::{Function, Problem, Reply, Request};

pub struct NoticePdf {
    sessions: Sessions,
    debts: Debts,
    creditor: Creditor,
    printer: Printer,
}

impl Function for NoticePdf {
    const ROUTES: &'static [&'static str] = &["GET /api/debts/{noticeNumber}/notice.pdf"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            sessions: Sessions::connect(env)?,
            debts: Debts::connect(env)?,
            creditor: creditor(env)?,
            printer: Printer::new().map_err(|fault| ConfigError::because("fonts", fault.source))?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let citizen = self.sessions.citizen(&request).await?;
        request.query(&[])?;
        let notice = NoticeNumber::parse(request.path("noticeNumber")).map_err(|_| Error::DebtNotFound)?;
        let debt = self.debts.of_citizen(&citizen, &notice).await?.seen_by(&citizen.viewer());
        let now = self.debts.now();
        debt.ensure_payable(now)?;
        let today = domain::time::rome_date(now);
        let pdf = self.printer.notice(&self.creditor, &debt, request.language(), today)?;
        Ok(Reply::pdf(&format!("avviso-{}.pdf", debt.notice), pdf))
    }
}
