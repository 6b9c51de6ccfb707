//! Anybody who holds a notice finds its debt, by the debtor's fiscal code and the notice number or IUV.

mod plain;
mod wire;

use std::sync::OnceLock;

use creditor::creditor;
use documents::Printer;
use domain::account::Language;
use domain::creditor::Creditor;
use domain::notice::DebtCodes;
use domain::{Debt, Fault, NoticeNumber, Timestamp};
use runtime::{ConfigError, Env};
use store::{Debts, RateLimits};
use web::{Function, HttpError, Problem, References, Reply, Request};

use crate::plain::PlainOutcome;

pub struct Search {
    debts: Debts,
    limits: RateLimits,
    references: References,
    creditor: Creditor,
    /// One route in three prints: its fonts are read when somebody first asks for it.
    printer: OnceLock<Printer>,
}

impl Function for Search {
    const ROUTES: &'static [&'static str] = &[
        "POST /api/search",
        "GET /api/search/{reference}",
        "GET /api/search/{reference}/notice.pdf",
        "POST /ricerca",
    ];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            debts: Debts::connect(env)?,
            limits: RateLimits::connect(env)?,
            references: References::connect(env)?,
            creditor: creditor(env)?,
            printer: OnceLock::new(),
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        match request.route {
            "POST /api/search" => self.search(&request).await,
            "GET /api/search/{reference}" => {
                request.query(&[])?;
                let reference = request.path("reference");
                let (proof, expires_at) = self.references.open(reference).await?;
                let debt = self.debts.find(&proof).await?;
                Ok(Reply::ok(&self.found(&debt, reference.to_owned(), expires_at)))
            }
            "GET /api/search/{reference}/notice.pdf" => {
                request.query(&[])?;
                let (proof, _) = self.references.open(request.path("reference")).await?;
                let debt = self.debts.find(&proof).await?;
                debt.ensure_payable(self.debts.now())?;
                let today = domain::time::rome_date(self.debts.now());
                let pdf = self.printer()?.notice(
                    &self.creditor,
                    &debt.seen_by_others(),
                    request.language(),
                    today,
                )?;
                Ok(Reply::pdf(&format!("avviso-{}.pdf", debt.notice), pdf))
            }
            "POST /ricerca" => self.search_plainly(&request).await,
            _ => Err(HttpError::NotFound.into()),
        }
    }
}

impl Search {
    async fn search(&self, request: &Request) -> Result<Reply, Problem> {
        let (debt, reference, expires_at) =
            self.look_up(request, web::read_proof(request.json_object()?)?).await?;
        Ok(Reply::ok(&self.found(&debt, reference, expires_at)))
    }

    /// The same for a plain form, answered with a page.
    async fn search_plainly(&self, request: &Request) -> Result<Reply, Problem> {
        let form = request.plain_form(&["cf", "codice", "lingua"])?;
        let language = form.get("lingua").and_then(|tag| Language::parse(tag).ok()).unwrap_or_default();
        let code = form.get("codice").unwrap_or_default();
        let field = if NoticeNumber::parse(code).is_ok() { "noticeNumber" } else { "iuv" };
        let object = [("fiscalCode", form.get("cf").unwrap_or_default()), (field, code)];
        let object = object.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
        let found = match web::read_proof(object) {
            Ok(proof) => self.look_up(request, proof).await,
            Err(problem) => Err(problem),
        };
        let (creditor, now) = (&self.creditor.name, self.debts.now());
        let page = match &found {
            Ok((debt, reference, _)) => {
                let payable = debt.ensure_payable(now).is_ok();
                let notice = payable.then(|| format!("/api/search/{reference}/notice.pdf"));
                plain::page(200, language, creditor, PlainOutcome::Found { debt, notice }, now)
            }
            Err(problem) => {
                let sentences = problem.sentences(language);
                plain::page(problem.status(), language, creditor, PlainOutcome::Refused(sentences), now)
            }
        };
        Ok(page?)
    }

    async fn look_up(
        &self,
        request: &Request,
        proof: DebtCodes,
    ) -> Result<(Debt, String, Timestamp), Problem> {
        let (source, search) = (request.source(), self.debts.find(&proof));
        let debt = self.limits.search(&proof.fiscal_code, source.as_str(), search).await?;
        let (reference, expires_at) = self.references.issue(proof.fiscal_code, debt.notice.clone()).await?;
        Ok((debt, reference, expires_at))
    }

    fn printer(&self) -> Result<&Printer, Fault> {
        match self.printer.get() {
            Some(printer) => Ok(printer),
            None => {
                let made = Printer::new()?;
                Ok(self.printer.get_or_init(|| made))
            }
        }
    }

    fn found(&self, debt: &Debt, reference: String, expires_at: Timestamp) -> wire::FoundDebt {
        let debt = web::view::PublicDebt::of(debt, &self.creditor, self.debts.now());
        wire::FoundDebt { debt, reference, expires_at: domain::time::to_second(expires_at) }
    }
}
