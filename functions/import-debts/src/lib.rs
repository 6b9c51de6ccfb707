//! The creditor's back office adds, changes and cancels debts, one or many at a time.

mod csv;
mod rows;
mod wire;

use std::collections::BTreeSet;

use creditor::{ServiceCatalogue, creditor, issuing};
use domain::changes::{Canceller, Imported, NewDebt};
use domain::creditor::Creditor;
use domain::debt::{DebtDetail, DebtService};
use domain::movement::Movement;
use domain::notice::{Issuing, NoticeNumber, SegregationCode};
use domain::payment::Attempt;
use domain::plan::DebtChange;
use domain::spontaneous::CatalogueService;
use domain::{Debt, Error, Fault, FieldCode, FieldError};
use identity::{BackOffice, CreditorKeyId, CreditorScope};
use runtime::{ConfigError, Env};
use store::{DebtReader, DebtWriter, Idempotency, IdempotencyHold, IdempotencyStart};
use web::office::{CreditorDebt, DebtFile, OfficeContext};
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

const ISSUE: &str = "POST /creditor/debts";

pub struct ImportDebts {
    back_office: BackOffice,
    writer: DebtWriter,
    idempotency: Idempotency,
    services: ServiceCatalogue,
    creditor: Creditor,
    issuing: Issuing,
    channel: &'static str,
}

impl Function for ImportDebts {
    const ROUTES: &'static [&'static str] = &[
        ISSUE,
        "PUT /creditor/debts/{noticeNumber}",
        "DELETE /creditor/debts/{noticeNumber}",
        "POST /creditor/debts/import",
    ];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            back_office: BackOffice::connect(env)?,
            writer: DebtWriter::connect(env)?,
            idempotency: Idempotency::connect(env)?,
            services: ServiceCatalogue::of_the_repository()?,
            creditor: creditor(env)?,
            issuing: issuing(env)?,
            channel: env.config().payment_channel.get()?.as_str(),
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let key = self.back_office.admits(&request, CreditorScope::DebtsWrite).await?;
        match request.route {
            ISSUE => self.issue_once(&key, &request).await,
            "PUT /creditor/debts/{noticeNumber}" => {
                let foreign = request.query(&["foreign"])?.flag("foreign")?;
                let notice = self.numbers(foreign).notice(request.path("noticeNumber"));
                let notice = notice.map_err(|code| FieldError::new("noticeNumber", code))?;
                let new = self.with_service(wire::DebtInput::read(request.json_body()?)?)?;
                let imported = self.imported(&notice, new).await?;
                let answer = self.written(&imported.debt).await?;
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

/// A detail with the label that its service gives it, unless the office sent its own.
fn labelled(service: &CatalogueService, detail: wire::DetailInput) -> DebtDetail {
    let field = service.fields.iter().find(|field| field.name == detail.name);
    let label = detail.label.or_else(|| field.map(|field| field.label.clone()));
    DebtDetail { label: label.unwrap_or_else(|| detail.name.clone()), name: detail.name, value: detail.value }
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
            details: row.details.into_iter().map(|detail| labelled(service, detail)).collect(),
            amount: row.amount,
            days: row.days,
            office: row.office,
        })
    }

    /// A debt with all that happened to it, as the answer to a write.
    async fn written(&self, debt: &Debt) -> Result<wire::WrittenDebt, Fault> {
        let movements = self.writer.movements().of_debt_as(DebtReader::Creditor, &debt.notice).await?;
        let attempts = self.writer.payments().of_debt_as(DebtReader::Creditor, &debt.notice).await?;
        Ok(self.shown(debt, &movements, &attempts))
    }

    fn shown(&self, debt: &Debt, movements: &[Movement], attempts: &[Attempt]) -> wire::WrittenDebt {
        let category = self.services.get(&debt.service.code).map(|service| service.taxonomy.as_str());
        let (creditor, channel, now) = (&self.creditor, self.channel, self.writer.debts().now());
        let context = OfficeContext { creditor, category, channel, now };
        wire::WrittenDebt { debt: CreditorDebt::of(&DebtFile { debt, movements, attempts }, context) }
    }

    /// A debt under a number that we issue: once for each key of the back office and each of its requests.
    async fn issue_once(&self, key: &CreditorKeyId, request: &Request) -> Result<Reply, Problem> {
        let once = request.idempotency_key()?;
        let sent = request.json_object()?;
        let body = serde_json::to_vec(&sent).map_err(|e| Fault::new("reading a debt", e))?;
        let new = self.with_service(wire::DebtInput::read(sent)?)?;
        match self.idempotency.start_as(key.as_str(), ISSUE, once, &body).await? {
            IdempotencyStart::Replay { status, body } => Ok(Reply::stored(status, body)),
            IdempotencyStart::Proceed(hold) => match self.issue(&new, &hold).await {
                Ok(reply) => Ok(reply),
                Err(error) => {
                    // A refusal frees the key; after trouble of ours the record says what happened.
                    if !matches!(error, Error::Unavailable(_)) {
                        self.idempotency.release(&hold).await?;
                    }
                    Err(error.into())
                }
            },
        }
    }

    async fn issue(&self, new: &NewDebt, hold: &IdempotencyHold) -> Result<Reply, Error> {
        let shown = |made: &DebtChange| self.shown(&made.after, &made.movements, &[]);
        let answer = |made: &DebtChange| serde_json::to_string(&shown(made)).unwrap_or_default();
        let debt = self.writer.issue(new, self.issuing, (&self.idempotency, hold), answer).await?;
        if debt.is_past_expiry(self.writer.debts().now()) {
            self.writer.expire(&debt.notice).await?;
        }
        Ok(Reply::created(&self.written(&debt).await?))
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
