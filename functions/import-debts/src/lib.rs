//! The creditor's back office adds, changes and cancels debts, one or many at a time.

mod rows;
mod wire;

use creditor::{Services, creditor};
use domain::creditor::Creditor;
use domain::debt::Service;
use domain::debt::{Canceller, Imported, NewDebt};
use domain::notice::NoticeNumber;
use domain::{Error, FieldCode, FieldError, NoticeNumber as Notice};
use identity::CreditorKey;
use store::{DebtWriter, Limit, Limits};
use web::view::DebtView;
use web::{Function, Problem, Reply, Request};
use world::{NotConfigured, World};

pub struct ImportDebts {
    key: CreditorKey,
    limits: Limits,
    writer: DebtWriter,
    services: Services,
    creditor: Creditor,
}

impl Function for ImportDebts {
    const ROUTES: &'static [&'static str] = &[
        "PUT /creditor/debts/{noticeNumber}",
        "DELETE /creditor/debts/{noticeNumber}",
        "POST /creditor/debts/import",
    ];

    fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self {
            key: CreditorKey::connect(world)?,
            limits: Limits::connect(world)?,
            writer: DebtWriter::connect(world)?,
            services: Services::of_the_repository()?,
            creditor: creditor(world)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        self.admitted(&request).await?;
        match request.route {
            "PUT /creditor/debts/{noticeNumber}" => {
                let notice = notice(request.path("noticeNumber"))?;
                let new = self.with_service(wire::Row::read(request.json_object()?)?)?;
                let imported = self.imported(&notice, new).await?;
                let debt = DebtView::of(&imported.debt, &self.creditor, self.writer.debts().now());
                let answer = wire::Imported { debt };
                Ok(if imported.created { Reply::created(&answer) } else { Reply::ok(&answer) })
            }
            "DELETE /creditor/debts/{noticeNumber}" => {
                request.bare()?;
                let notice = notice(request.path("noticeNumber"))?;
                self.writer.cancel(&notice, Canceller::Creditor).await?;
                Ok(Reply::no_content())
            }
            "POST /creditor/debts/import" => Ok(self.import(&request).await?),
            _ => Err(Error::NotFound.into()),
        }
    }
}

impl ImportDebts {
    async fn admitted(&self, request: &Request) -> Result<(), Error> {
        match self.key.check(request).await {
            Err(error @ Error::NotAuthenticated) => {
                self.limits.admit(&[(Limit::BAD_API_KEY, request.source().as_str())]).await?;
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

    fn with_service(&self, row: wire::Row) -> Result<NewDebt, Error> {
        let service = self.services.get(&row.service_code);
        let service = service.ok_or_else(|| FieldError::new("serviceCode", FieldCode::NotAllowed))?;
        Ok(NewDebt {
            debtor: row.debtor,
            service: Service { code: service.code.clone(), name: service.name.clone() },
            reason: row.reason,
            details: Vec::new(),
            amount: row.amount,
            days: row.days,
        })
    }

    /// Many rows: each is taken or refused by itself, and the answer says which and why.
    async fn import(&self, request: &Request) -> Result<Reply, Error> {
        let query = request.query(&["dryRun"])?;
        let dry_run = match query.get("dryRun") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(FieldError::new("dryRun", FieldCode::NotAllowed).into()),
        };
        let mut report = wire::Report::default();
        for row in rows::read(request)? {
            let outcome = self.row(row.debt, dry_run).await?;
            report.add(row.line, outcome);
        }
        Ok(Reply::ok(&report))
    }

    async fn row(
        &self,
        row: Result<(Notice, wire::Row), rows::Refused>,
        dry_run: bool,
    ) -> Result<wire::Outcome, Error> {
        let (notice, row) = match row {
            Ok(row) => row,
            Err(refused) => return Ok(wire::Outcome::rejected(refused.notice, refused.errors)),
        };
        let shown = Some(notice.to_string());
        let new = match self.with_service(row) {
            Ok(new) => new,
            Err(Error::Invalid(errors)) => return Ok(wire::Outcome::rejected(shown, errors)),
            Err(error) => return Err(error),
        };
        if dry_run {
            return match self.writer.debts().get(&notice).await? {
                None => Ok(wire::Outcome::accepted(&notice, "created")),
                Some(debt) if debt.state == domain::debt::State::Paid => Ok(wire::Outcome::paid(&notice)),
                Some(_) => Ok(wire::Outcome::accepted(&notice, "changed")),
            };
        }
        match self.imported(&notice, new).await {
            Ok(imported) if imported.created => Ok(wire::Outcome::accepted(&notice, "created")),
            Ok(_) => Ok(wire::Outcome::accepted(&notice, "changed")),
            Err(Error::DebtAlreadyPaid) => Ok(wire::Outcome::paid(&notice)),
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
