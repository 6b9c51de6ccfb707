//! The citizen starts to pay from one to five debts, then asks how it went.

mod wire;

use creditor::{Psps, creditor};
use domain::creditor::Creditor;
use domain::payment::{self, Attempt, AttemptStatus, MethodChoice};
use domain::start_payment::{PaymentRequest, StartOutcome};
use domain::{Cents, Debt, Error};
use identity::Sessions;
use psp::{Asking, PaymentGateway};
use runtime::{ConfigError, Env, PaymentChannel};
use store::{Citizen, DebtWriter, Idempotency, IdempotencyHold, IdempotencyStart, RateLimit, RateLimits};
use web::{Function, HttpError, Problem, Reply, Request};

pub struct InitiatePayment {
    sessions: Sessions,
    limits: RateLimits,
    writer: DebtWriter,
    idempotency: Idempotency,
    gateway: PaymentGateway,
    psps: Psps,
    channel: PaymentChannel,
    creditor: Creditor,
}

const START: &str = "POST /api/payments";
const STATUS: &str = "GET /api/payments/{paymentId}";
const CANCEL: &str = "POST /api/payments/{paymentId}/cancel";

impl Function for InitiatePayment {
    const ROUTES: &'static [&'static str] = &[START, STATUS, CANCEL];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            sessions: Sessions::connect(env)?,
            limits: RateLimits::connect(env)?,
            writer: DebtWriter::connect(env)?,
            idempotency: Idempotency::connect(env)?,
            gateway: PaymentGateway::connect(env)?,
            psps: Psps::of_the_repository()?,
            channel: *env.config().payment_channel.get()?,
            creditor: creditor(env)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let citizen = self.sessions.citizen(&request).await?;
        match request.route {
            START => self.start_once(&citizen, &request).await,
            STATUS => {
                request.query(&[])?;
                let attempt = self.writer.payments().of_citizen(&citizen, request.path("paymentId")).await?;
                Ok(Reply::ok(&self.status(&citizen, &attempt).await?))
            }
            CANCEL => {
                request.empty_json()?;
                let attempt = self.writer.payments().of_citizen(&citizen, request.path("paymentId")).await?;
                if attempt.status == AttemptStatus::Pending {
                    self.gateway.cancel(&self.writer, &attempt).await?;
                }
                let attempt = self.writer.payments().of_citizen(&citizen, attempt.id.as_str()).await?;
                Ok(Reply::ok(&self.status(&citizen, &attempt).await?))
            }
            _ => Err(HttpError::NotFound.into()),
        }
    }
}

impl InitiatePayment {
    async fn start_once(&self, citizen: &Citizen, request: &Request) -> Result<Reply, Problem> {
        let key = request.idempotency_key()?;
        let order = wire::PaymentForm::read(request.json()?)?;
        match self.idempotency.start(citizen, START, key, &order.fingerprint()).await? {
            IdempotencyStart::Replay { status, body } => Ok(Reply::stored(status, body)),
            IdempotencyStart::Proceed(hold) => match self.start(citizen, &order, &hold).await {
                Ok(reply) => Ok(reply),
                Err(error) => {
                    // The attempt itself is safe to take up again, so the key can be used again too.
                    self.idempotency.release(&hold).await?;
                    Err(error.into())
                }
            },
        }
    }

    async fn start(
        &self,
        citizen: &Citizen,
        order: &wire::PaymentForm,
        hold: &IdempotencyHold,
    ) -> Result<Reply, Error> {
        payment::check_notices(&order.notices)?;
        let debts = self.writer.debts().all_of_citizen(citizen, &order.notices).await?;
        let choice = self.choice(&debts, order)?;
        self.admit(citizen, &debts).await?;
        let profile = &citizen.account().profile;
        let given = order.email.as_ref().filter(|email| **email != profile.email);
        let payment = PaymentRequest {
            account: citizen.id(),
            language: profile.language,
            choice: &choice,
            email: given.unwrap_or(&profile.email),
            elsewhere: given.is_some(),
        };
        let started = match self.writer.start(citizen, &debts, &payment).await? {
            StartOutcome::Stale(stale) => {
                // Its time is over: what the PSP says of it decides whether there may be another.
                if !self.gateway.resolve(&self.writer, &stale, Asking::BeginAgain).await? {
                    return Err(Error::PaymentInProgress);
                }
                let debts = self.writer.debts().all_of_citizen(citizen, &order.notices).await?;
                self.writer.start(citizen, &debts, &payment).await?
            }
            started => started,
        };
        let attempt = match started {
            StartOutcome::New(attempt) => self.opened(attempt).await?,
            StartOutcome::Resumed(attempt) => self.opened_again(citizen, attempt, &debts).await?,
            StartOutcome::Stale(_) => return Err(Error::PaymentInProgress),
        };
        let started = wire::PaymentStarted::of(&attempt)?;
        let body = wire::text(&started)?;
        self.idempotency.finish(hold, 201, &body).await?;
        Ok(Reply::stored(201, body.into_bytes()))
    }

    /// The attempt with the PSP's page. The attempt is stored already: a crash in between leaves one that can be
    /// taken up again, never a payment that we do not know of (INV-M16).
    async fn opened(&self, attempt: Attempt) -> Result<Attempt, Error> {
        match self.gateway.open(&attempt).await {
            Ok(page) => self.writer.opened_at(&attempt, &page).await,
            Err(error) => {
                if self.gateway.opens_anew() {
                    self.writer.got_no_page(&attempt).await?;
                }
                Err(error)
            }
        }
    }

    /// The attempt taken up again: with the page that it has, as long as it is there. Another cart of Checkout is asked for
    /// by one click at a time, and counts like a new attempt.
    async fn opened_again(
        &self,
        citizen: &Citizen,
        attempt: Attempt,
        debts: &[Debt],
    ) -> Result<Attempt, Error> {
        let now = self.writer.debts().now();
        if attempt.open_page(now).is_some() {
            return Ok(attempt);
        }
        if !self.gateway.opens_anew() {
            return self.opened(attempt).await;
        }
        let attempt = self.writer.ask_for_page(&attempt).await?;
        if attempt.open_page(now).is_some() {
            return Ok(attempt);
        }
        self.count(citizen, debts).await?;
        self.opened(attempt).await
    }

    /// Counts an attempt that would be new, before anything of it is written: a refusal leaves no attempt behind
    /// that the next click could take up uncounted. What cannot be paid is refused with its own code.
    /// An account's attempts are its own: nobody uses up those of others.
    async fn admit(&self, citizen: &Citizen, debts: &[Debt]) -> Result<(), Error> {
        let now = self.writer.debts().now();
        debts.iter().try_for_each(|debt| debt.ensure_payable(now))?;
        if debts.iter().any(|debt| debt.attempt.is_some()) {
            return Ok(());
        }
        self.count(citizen, debts).await
    }

    async fn count(&self, citizen: &Citizen, debts: &[Debt]) -> Result<(), Error> {
        let of_this = |debt: &Debt| format!("{} {}", debt.notice, citizen.id().as_str());
        let subjects: Vec<String> = debts.iter().map(of_this).collect();
        let attempts: Vec<(RateLimit, &str)> =
            subjects.iter().map(|subject| (RateLimit::ATTEMPTS, subject.as_str())).collect();
        self.limits.admit(&attempts).await.map(drop)
    }

    /// Method and PSP with the fee for these debts together. On Checkout they are chosen there.
    fn choice(&self, debts: &[Debt], order: &wire::PaymentForm) -> Result<MethodChoice, Error> {
        if self.channel == PaymentChannel::Checkout {
            return Ok(MethodChoice::default());
        }
        let total = Cents::sum(debts.iter().map(|debt| debt.amount.cents())).unwrap_or_default();
        self.psps.choose(order.method.as_deref(), order.psp_id.as_deref(), total)
    }

    async fn status(&self, citizen: &Citizen, attempt: &Attempt) -> Result<wire::PaymentStatusView, Problem> {
        let debts = self.writer.debts().those_of_citizen(citizen, &attempt.notices()).await?;
        let debts: Vec<Debt> = debts.iter().map(|debt| debt.seen_by(&citizen.viewer())).collect();
        let now = self.writer.debts().now();
        // Where we write of it: of a success where its payer wished, of a failure to the account alone, else of nothing.
        let email = match attempt.status {
            AttemptStatus::Pending | AttemptStatus::Succeeded => {
                self.writer.payments().written_to(citizen, attempt).await?
            }
            AttemptStatus::Failed => Some(citizen.account().profile.email.clone()),
            AttemptStatus::Cancelled | AttemptStatus::Expired => None,
        };
        Ok(wire::PaymentStatusView::of(attempt, &debts, email, &self.creditor, now))
    }
}
