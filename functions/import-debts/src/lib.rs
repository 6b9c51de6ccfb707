//! The creditor's back office adds, changes and cancels debts, one or many at a time.

mod csv;
mod rows;
mod wire;

use std::collections::BTreeSet;

use creditor::{ServiceCatalogue, creditor};
use domain::changes::{Canceller, Imported, NewDebt};
use domain::creditor::Creditor;
use domain::debt::DebtService;
use domain::notice::{NoticeNumber, SegregationCode};
use domain::{Error, FieldCode, FieldError};
use identity::{BackOffice, CreditorScope};
use runtime::{ConfigError, Env};
use store::{DebtReader, DebtWriter};
use web::view::DebtView;
use web::{Function, HttpError, Problem, Reply, Request};

/// Which notice numbers are taken.
#[derive(Clone, Copy)]
struct Numbers {
    /// Ours alone: their check digits hold, and their archive is this one. Nothing when foreign ones are taken too.
    own: Option<SegregationCode>,
}

impl Numbers {
    fn notice(self, text: &str) -> Result<NoticeNumber, FieldCode> {
        let notice = NoticeNumber::parse(text)?;
        // The node's own probe is never a debt (SANP, Stand-In).
        if notice.is_stand_in_probe() {
            return Err(FieldCode::NotAllowed);
        }
        self.own.map_or(Ok(()), |code| notice.is_own(code))?;
        Ok(notice)
    }
}

pub struct ImportDebts {
    back_office: BackOffice,
    writer: DebtWriter,
    services: ServiceCatalogue,
    creditor: Creditor,
}

impl Function for ImportDebts {
    const ROUTES: &'static [&'static str] = &[
        "PUT /creditor/debts/{noticeNumber}",
        "DELETE /creditor/debts/{noticeNumber}",
        "POST /creditor/debts/import",
    ];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            back_office: BackOffice::connect(env)?,
            writer: DebtWriter::connect(env)?,
            services: ServiceCatalogue::of_the_repository()?,
            creditor: creditor(env)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        self.back_office.admits(&request, CreditorScope::DebtsWrite).await?;
        match request.route {
            "PUT /creditor/debts/{noticeNumber}" => {
                let foreign = request.query(&["foreign"])?.flag("foreign")?;
                let notice = self.numbers(foreign).notice(request.path("noticeNumber"));
                let notice = notice.map_err(|code| FieldError::new("noticeNumber", code))?;
                let new = self.with_service(wire::DebtInput::read(request.json_body()?)?)?;
                let imported = self.imported(&notice, new).await?;
                let debt = DebtView::of(&imported.debt, &self.creditor, self.writer.debts().now());
                let answer = wire::ImportedDebt { debt };
                Ok(if imported.created { Reply::created(&answer) } else { Reply::ok(&answer) })
            }
            "DELETE /creditor/debts/{noticeNumber}" => {
                request.bare()?;
                let notice = NoticeNumber::parse(request.path("noticeNumber"));
                let notice = notice.map_err(|code| FieldError::new("noticeNumber", code))?;
                self.writer.cancel(&notice, Canceller::Creditor).await?;
                Ok(Reply::no_content())
            }
            "POST /creditor/debts/import" => self.import(&request).await,
            _ => Err(HttpError::NotFound.into()),
        }
    }
}

impl ImportDebts {
    /// Writes a debt; one whose last day has passed already is closed at once.
    async fn imported(&self, notice: &NoticeNumber, new: NewDebt) -> Result<Imported, Error> {
        let imported = self.writer.import(notice, &new).await?;
        if imported.debt.is_past_expiry(self.writer.debts().now()) {
            self.writer.expire(notice).await?;
        }
        Ok(imported)
    }

    fn numbers(&self, foreign: bool) -> Numbers {
        Numbers { own: (!foreign).then_some(self.creditor.segregation_code) }
    }

    fn with_service(&self, row: wire::DebtInput) -> Result<NewDebt, Error> {
        let service = self.services.get(&row.service_code);
        let service = service.ok_or_else(|| FieldError::new("serviceCode", FieldCode::NotAllowed))?;
        Ok(NewDebt {
            debtor: row.debtor,
            service: DebtService { code: service.code.clone(), name: service.name.clone() },
            reason: row.reason,
            details: Vec::new(),
            amount: row.amount,
            days: row.days,
        })
    }

    /// Many rows: each is taken or refused by itself, and the answer says which and why.
    async fn import(&self, request: &Request) -> Result<Reply, Problem> {
        let query = request.query(&["dryRun", "foreign"])?;
        let (dry_run, numbers) = (query.flag("dryRun")?, self.numbers(query.flag("foreign")?));
        let mut report = wire::ImportReport::default();
        let mut taken = BTreeSet::new();
        for row in rows::read(request, numbers)? {
            let outcome = match row.debt {
                Err(refused) => wire::RowOutcome::rejected(refused.notice, refused.errors),
                Ok((notice, _)) if taken.contains(&notice) => wire::RowOutcome::twice(&notice),
                Ok((notice, debt)) => {
                    let outcome = self.row(&notice, debt, dry_run).await?;
                    if outcome.is_accepted() {
                        taken.insert(notice);
                    }
                    outcome
                }
            };
            report.add(row.line, outcome);
        }
        Ok(Reply::ok(&report))
    }

    async fn row(
        &self,
        notice: &NoticeNumber,
        row: wire::DebtInput,
        dry_run: bool,
    ) -> Result<wire::RowOutcome, Error> {
        let new = match self.with_service(row) {
            Ok(new) => new,
            Err(Error::Invalid(errors)) => {
                return Ok(wire::RowOutcome::rejected(Some(notice.to_string()), errors));
            }
            Err(error) => return Err(error),
        };
        if dry_run {
            return match self.writer.debts().get(DebtReader::Creditor, notice).await? {
                None => Ok(wire::RowOutcome::accepted(notice, "created")),
                Some(debt) if debt.state == domain::debt::DebtState::Paid => {
                    Ok(wire::RowOutcome::paid(notice))
                }
                Some(_) => Ok(wire::RowOutcome::accepted(notice, "changed")),
            };
        }
        match self.imported(notice, new).await {
            Ok(imported) if imported.created => Ok(wire::RowOutcome::accepted(notice, "created")),
            Ok(_) => Ok(wire::RowOutcome::accepted(notice, "changed")),
            Err(Error::DebtAlreadyPaid) => Ok(wire::RowOutcome::paid(notice)),
            Err(error) => Err(error),
        }
    }
}
