//! A citizen adds a debt of their own accord, and may take it back while nobody pays it.

mod wire;

use creditor::{ServiceCatalogue, creditor, issuing};
use domain::changes::{Canceller, NewDebt};
use domain::creditor::Creditor;
use domain::debt::{DebtDates, DebtService};
use domain::notice::{Issuing, NoticeNumber};
use domain::office::OfficeData;
use domain::plan::DebtChange;
use domain::spontaneous::{CatalogueService, PriceLine, SpontaneousPaymentRequest};
use domain::{Error, Fault, FieldCode, FieldError};
use identity::Sessions;
use runtime::{ConfigError, Env};
use store::{Citizen, DebtWriter, Idempotency, IdempotencyHold, IdempotencyStart, RateLimit, RateLimits};
use web::{Function, HttpError, Problem, Reply, Request};

pub struct CreateSpontaneous {
    sessions: Sessions,
    limits: RateLimits,
    writer: DebtWriter,
    idempotency: Idempotency,
    services: ServiceCatalogue,
    creditor: Creditor,
    issuing: Issuing,
    /// Whether citizens may create debts by themselves.
    offered: bool,
}

const CREATE: &str = "POST /api/debts";
const CANCEL: &str = "DELETE /api/debts/{noticeNumber}";

impl Function for CreateSpontaneous {
    const ROUTES: &'static [&'static str] = &[CREATE, CANCEL];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            sessions: Sessions::connect(env)?,
            limits: RateLimits::connect(env)?,
            writer: DebtWriter::connect(env)?,
            idempotency: Idempotency::connect(env)?,
            services: ServiceCatalogue::of_the_repository()?,
            creditor: creditor(env)?,
            issuing: issuing(env)?,
            offered: *env.config().spontaneous_payments.get()?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let citizen = self.sessions.citizen(&request).await?;
        match request.route {
            CREATE => match request.query(&["dryRun"])?.get("dryRun") {
                None | Some("false") => self.create_once(&citizen, &request).await,
                Some("true") => self.preview(&citizen, &request),
                Some(_) => Err(FieldError::new("dryRun", FieldCode::NotAllowed).into()),
            },
            CANCEL => {
                request.bare()?;
                let notice = NoticeNumber::parse(request.path("noticeNumber"));
                let notice = notice.map_err(|_| Error::DebtNotFound)?;
                self.writer.cancel(&notice, Canceller::Citizen(citizen.viewer())).await?;
                Ok(Reply::no_content())
            }
            _ => Err(HttpError::NotFound.into()),
        }
    }
}

impl CreateSpontaneous {
    async fn create_once(&self, citizen: &Citizen, request: &Request) -> Result<Reply, Problem> {
        let key = request.idempotency_key()?;
        let wish = wire::SpontaneousForm::read(request.json_beside_query()?)?;
        let (new, _) = self.priced(citizen, &wish)?;
        match self.idempotency.start(citizen, CREATE, key, &wish.fingerprint()).await? {
            IdempotencyStart::Replay { status, body } => Ok(Reply::stored(status, body)),
            IdempotencyStart::Proceed(hold) => match self.create(citizen, new, &hold).await {
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

    /// What would be created: its price with how it comes about, and a reason if none was written. Writes nothing.
    fn preview(&self, citizen: &Citizen, request: &Request) -> Result<Reply, Problem> {
        let mut wish = wire::SpontaneousForm::read(request.json_beside_query()?)?;
        if domain::text::tidy(&wish.reason).is_empty() {
            wish.reason = self.service(&wish)?.proposed_reason(&wish.fields);
        }
        let (new, computation) = self.priced(citizen, &wish)?;
        Ok(Reply::ok(&wire::Preview::of(&new, &computation, request.language())))
    }

    /// The service that is wished for, if it is open.
    fn service(&self, wish: &wire::SpontaneousForm) -> Result<&CatalogueService, Error> {
        if wish.service_code.is_empty() {
            return Err(FieldError::new("serviceCode", FieldCode::Required).into());
        }
        let service = self.services.get(&wish.service_code);
        let open = service.filter(|service| service.spontaneous && self.offered);
        open.ok_or_else(|| FieldError::new("serviceCode", FieldCode::NotAllowed).into())
    }

    /// The debt by the catalogue: price, beneficiary and account are never the caller's (INV-M28).
    fn priced(
        &self,
        citizen: &Citizen,
        wish: &wire::SpontaneousForm,
    ) -> Result<(NewDebt, Vec<PriceLine>), Error> {
        let service = self.service(wish)?;
        let priced = service.price(&SpontaneousPaymentRequest {
            reason: &wish.reason,
            amount: wish.amount,
            fields: &wish.fields,
            today: domain::time::rome_date(self.writer.debts().now()),
        })?;
        let new = NewDebt {
            debtor: citizen.account().profile.debtor(),
            service: DebtService { code: service.code.clone(), name: service.name.clone() },
            reason: priced.reason,
            details: priced.details,
            amount: priced.amount,
            days: DebtDates::default(),
            office: OfficeData::default(),
        };
        Ok((new, priced.computation))
    }

    async fn create(&self, citizen: &Citizen, new: NewDebt, hold: &IdempotencyHold) -> Result<Reply, Error> {
        self.limits.admit(&[(RateLimit::SPONTANEOUS, citizen.id().as_str())]).await?;
        let now = self.writer.debts().now();
        let answer = |made: &DebtChange| wire::created(&made.after, &self.creditor, now);
        let records = (&self.idempotency, hold);
        let debt = self.writer.create_spontaneous(citizen, &new, self.issuing, records, answer).await?;
        let body = serde_json::to_vec(&wire::Created::of(&debt, &self.creditor, now));
        Ok(Reply::stored(201, body.map_err(|e| Fault::new("writing an answer", e))?))
    }
}
