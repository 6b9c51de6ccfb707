//! The creditor's back office looks at its debts: one, or those of a debtor or of a number of its own; their documents.

use creditor::{ServiceCatalogue, creditor};
use documents::Printer;
use domain::creditor::Creditor;
use domain::debt::DebtStatus;
use domain::notice::NoticeNumber;
use domain::{Debt, Error, Fault, FieldCode, FieldError, FiscalCode, text};
use identity::{BackOffice, CreditorScope};
use runtime::{ConfigError, Env};
use serde::Serialize;
use store::{DebtReader, Debts, Movements, OfficeSearch, Payments};
use web::office::{CreditorDebt, DebtFile, OfficeContext};
use web::{Cursors, Function, HttpError, Page, Problem, Query, Reply, Request, Site};

pub struct CreditorDebts {
    back_office: BackOffice,
    debts: Debts,
    movements: Movements,
    payments: Payments,
    services: ServiceCatalogue,
    cursors: Cursors,
    creditor: Creditor,
    channel: &'static str,
    printer: Printer,
    verify_page: String,
}

#[derive(Serialize)]
struct OneDebt {
    debt: CreditorDebt,
}

impl Function for CreditorDebts {
    const ROUTES: &'static [&'static str] = &[
        "GET /creditor/debts",
        "GET /creditor/debts/{noticeNumber}",
        "GET /creditor/debts/{noticeNumber}/notice.pdf",
        "GET /creditor/debts/{noticeNumber}/receipt.pdf",
    ];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            back_office: BackOffice::connect(env)?,
            debts: Debts::connect(env)?,
            movements: Movements::connect(env)?,
            payments: Payments::connect(env)?,
            services: ServiceCatalogue::of_the_repository()?,
            cursors: Cursors::connect(env)?,
            creditor: creditor(env)?,
            channel: env.config().payment_channel.get()?.as_str(),
            printer: Printer::new().map_err(|fault| ConfigError::because("fonts", fault.source))?,
            verify_page: format!("{}/verifica", Site::connect(env)?.url()),
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        self.back_office.admits(&request, CreditorScope::DebtsRead).await?;
        if request.route == "GET /creditor/debts" {
            return self.list(&request).await;
        }
        request.query(&[])?;
        let notice = NoticeNumber::parse(request.path("noticeNumber"));
        let notice = notice.map_err(|code| FieldError::new("noticeNumber", code))?;
        let debt = self.debts.get(DebtReader::Creditor, &notice).await?.ok_or(Error::DebtNotFound)?;
        match request.route {
            "GET /creditor/debts/{noticeNumber}" => {
                Ok(Reply::ok(&OneDebt { debt: self.whole(&debt).await? }))
            }
            "GET /creditor/debts/{noticeNumber}/notice.pdf" => self.notice(&debt, &request),
            "GET /creditor/debts/{noticeNumber}/receipt.pdf" => {
                let receipt = debt.receipt.as_ref().ok_or(Error::ReceiptNotFound)?;
                let (page, language) = (&self.verify_page, request.language());
                let pdf = self.printer.receipt(&self.creditor, &debt, receipt, page, language)?;
                Ok(Reply::pdf(&format!("ricevuta-{}.pdf", debt.iuv()), pdf))
            }
            _ => Err(HttpError::NotFound.into()),
        }
    }
}

impl CreditorDebts {
    async fn list(&self, request: &Request) -> Result<Reply, Problem> {
        let query = request.query(&["debtor", "reference", "status", "limit", "cursor"])?;
        let (by, status) = (search(&query)?, status(&query)?);
        let paging = self.cursors.paging(&query, &format!("back office {by:?} {status:?}")).await?;
        let after = paging.after.as_deref();
        let mut page = self.debts.filed(DebtReader::Creditor, &by, paging.limit, after).await?;
        let now = self.debts.now();
        page.debts.retain(|debt| status.is_none_or(|status| debt.status(now) == status));
        let mut items = Vec::with_capacity(page.debts.len());
        for debt in &page.debts {
            items.push(self.whole(debt).await?);
        }
        let next_cursor = self.cursors.next(&paging, page.next.as_deref()).await?;
        Ok(Reply::ok(&Page { items, next_cursor }))
    }

    async fn whole(&self, debt: &Debt) -> Result<CreditorDebt, Fault> {
        let movements = self.movements.of_debt_as(DebtReader::Creditor, &debt.notice).await?;
        let attempts = self.payments.of_debt_as(DebtReader::Creditor, &debt.notice).await?;
        let category = self.services.get(&debt.service.code).map(|service| service.taxonomy.as_str());
        let context = OfficeContext {
            creditor: &self.creditor,
            category,
            channel: self.channel,
            now: self.debts.now(),
        };
        let file = DebtFile { debt, movements: &movements, attempts: &attempts };
        Ok(CreditorDebt::of(&file, context))
    }

    /// The notice of a debt that can be paid; the office may print it before its first day.
    fn notice(&self, debt: &Debt, request: &Request) -> Result<Reply, Problem> {
        let now = self.debts.now();
        match debt.status(now) {
            DebtStatus::ToPay => {}
            DebtStatus::Paid => return Err(Error::DebtAlreadyPaid.into()),
            DebtStatus::Expired | DebtStatus::Cancelled => return Err(Error::DebtNotPayable.into()),
        }
        let today = domain::time::rome_date(now);
        let pdf = self.printer.notice(&self.creditor, debt, request.language(), today)?;
        Ok(Reply::pdf(&format!("avviso-{}.pdf", debt.notice), pdf))
    }
}

/// Exactly one of the things that debts are found by.
fn search(query: &Query) -> Result<OfficeSearch, FieldError> {
    match (query.get("debtor"), query.get("reference")) {
        (None, None) => Err(FieldError::new("debtor", FieldCode::Required)),
        (Some(_), Some(_)) => Err(FieldError::new("reference", FieldCode::NotAllowed)),
        (Some(code), None) => {
            let code = FiscalCode::parse(code).map_err(|code| FieldError::new("debtor", code))?;
            Ok(OfficeSearch::Debtor(code))
        }
        (None, Some(reference)) => Ok(OfficeSearch::Reference(text::line("reference", reference, 1, 35)?)),
    }
}

fn status(query: &Query) -> Result<Option<DebtStatus>, FieldError> {
    let known = [DebtStatus::ToPay, DebtStatus::Paid, DebtStatus::Expired, DebtStatus::Cancelled];
    query.get("status").map_or(Ok(None), |text| {
        let found = known.into_iter().find(|status| status.as_str() == text);
        found.map(Some).ok_or_else(|| FieldError::new("status", FieldCode::NotAllowed))
    })
}
