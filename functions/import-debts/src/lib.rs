//! The creditor's back office adds, changes and cancels debts, one or many at a time.

mod rows;
mod wire;

use creditor::{ServiceCatalogue, creditor};
use domain::changes::{Canceller, Imported, NewDebt};
use domain::creditor::Creditor;
use domain::debt::DebtService;
use domain::notice::NoticeNumber;
use domain::{Error, FieldCode, FieldError, NoticeNumber as Notice};
use identity::CreditorKey;
use runtime::{ConfigError, Env};
use store::{DebtReader, DebtWriter, RateLimit, RateLimits};
use web::view::DebtView;
use web::{Function, HttpError, Problem, Reply, Request};

pub struct ImportDebts {
    key: CreditorKey,
    limits: RateLimits,
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
            key: CreditorKey::connect(env)?,
            limits: RateLimits::connect(env)?,
            writer: DebtWriter::connect(env)?,
            services: ServiceCatalogue::of_the_repository()?,
            creditor: creditor(env)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        self.admitted(&request).await?;
        match request.route {
            "PUT /creditor/debts/{noticeNumber}" => {
                let notice = notice(request.path("noticeNumber"))?;
                let new = self.with_service(wire::DebtInput::read(request.json_object()?)?)?;
                let imported = self.imported(&notice, new).await?;
                let debt = DebtView::of(&imported.debt, &self.creditor, self.writer.debts().now());
                let answer = wire::ImportedDebt { debt };
                Ok(if imported.created { Reply::created(&answer) } else { Reply::ok(&answer) })
            }
            "DELETE /creditor/debts/{noticeNumber}" => {
                request.bare()?;
                let notice = notice(request.path("noticeNumber"))?;
                self.writer.cancel(&notice, Canceller::Creditor).await?;
                Ok(Reply::no_content())
            }
            "POST /creditor/debts/import" => self.import(&request).await,
            _ => Err(HttpError::NotFound.into()),
        }
    }
}

impl ImportDebts {
    async fn admitted(&self, request: &Request) -> Result<(), Error> {
        match self.key.check(request).await {
            Err(error @ Error::NotAuthenticated) => {
                self.limits.admit(&[(RateLimit::BAD_API_KEY, request.source().as_str())]).await?;
                Err(error)
            }
            checked => checked,
        }
    }

    /// Writes a debt; one whose last day has passed already is closed at once.
    async fn imported(&self, notice: &NoticeNumber, new: NewDebt) -> Result<Imported, Error> {
        let imported = self.writer.import(notice, &new).await?;
        if imported.debt.is_past_expiry(self.writer.debts().now()) {
            self.writer.expire(notice).await?;
        }
        Ok(imported)
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
        let query = request.query(&["dryRun"])?;
        let dry_run = match query.get("dryRun") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(FieldError::new("dryRun", FieldCode::NotAllowed).into()),
        };
        let mut report = wire::ImportReport::default();
        for row in rows::read(request)? {
            let outcome = self.row(row.debt, dry_run).await?;
            report.add(row.line, outcome);
        }
        Ok(Reply::ok(&report))
    }

    async fn row(
        &self,
        row: Result<(Notice, wire::DebtInput), rows::RefusedRow>,
        dry_run: bool,
    ) -> Result<wire::RowOutcome, Error> {
        let (notice, row) = match row {
            Ok(row) => row,
            Err(refused) => return Ok(wire::RowOutcome::rejected(refused.notice, refused.errors)),
        };
        let shown = Some(notice.to_string());
        let new = match self.with_service(row) {
            Ok(new) => new,
            Err(Error::Invalid(errors)) => return Ok(wire::RowOutcome::rejected(shown, errors)),
            Err(error) => return Err(error),
        };
        if dry_run {
            return match self.writer.debts().get(DebtReader::Creditor, &notice).await? {
                None => Ok(wire::RowOutcome::accepted(&notice, "created")),
                Some(debt) if debt.state == domain::debt::DebtState::Paid => {
                    Ok(wire::RowOutcome::paid(&notice))
                }
                Some(_) => Ok(wire::RowOutcome::accepted(&notice, "changed")),
            };
        }
        match self.imported(&notice, new).await {
            Ok(imported) if imported.created => Ok(wire::RowOutcome::accepted(&notice, "created")),
            Ok(_) => Ok(wire::RowOutcome::accepted(&notice, "changed")),
            Err(Error::DebtAlreadyPaid) => Ok(wire::RowOutcome::paid(&notice)),
            Err(error) => Err(error),
        }
    }
}

fn notice(text: &str) -> Result<NoticeNumber, Error> {
    let notice = NoticeNumber::parse(text).map_err(|code| FieldError::new("noticeNumber", code))?;
    // The node's own probe is never a debt (SANP, Stand-In).
    if notice.is_stand_in_probe() {
        return Err(FieldError::new("noticeNumber", FieldCode::NotAllowed).into());
    }
    Ok(notice)
}
