//! The citizen starts to pay from one to five debts, then asks how it went.

mod wire;

use creditor::{Psps, creditor};
use domain::creditor::Creditor;
use domain::payment::{self, Attempt, Choice};
use domain::{Cents, Debt, Error};
use identity::Sessions;
use psp::Till;
use store::{Beginning, Citizen, Idempotency, Limit, Limits, Pass, Payments, Settlement, Started};
use web::{Function, Problem, Reply, Request};
use world::{NotConfigured, World};

pub struct InitiatePayment {
    sessions: Sessions,
    limits: Limits,
    payments: Payments,
    settlement: Settlement,
    idempotency: Idempotency,
    till: Till,
    psps: Psps,
    creditor: Creditor,
}

const START: &str = "POST /api/payments";
const STATUS: &str = "GET /api/payments/{paymentId}";

impl Function for InitiatePayment {
    const ROUTES: &'static [&'static str] = &[START, STATUS];

    fn connect(world: &World) -> Result<Self, NotConfigured> {
        let settlement = Settlement::connect(world)?;
        Ok(Self {
            sessions: Sessions::connect(world)?,
            limits: Limits::connect(world)?,
            payments: settlement.payments().clone(),
            settlement,
            idempotency: Idempotency::connect(world)?,
            till: Till::connect(world)?,
            psps: Psps::of_the_repository()?,
            creditor: creditor(world)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let citizen = self.sessions.citizen(&request).await?;
        match request.route {
            START => self.start_once(&citizen, &request).await,
            STATUS => {
                request.query(&[])?;
                let attempt = self.payments.of_citizen(&citizen, request.path("paymentId")).await?;
                Ok(Reply::ok(&self.status(&citizen, &attempt).await?))
            }
            _ => Err(Error::NotFound.into()),
        }
    }
}

impl InitiatePayment {
    async fn start_once(&self, citizen: &Citizen, request: &Request) -> Result<Reply, Problem> {
        let key = request.idempotency_key()?;
        let order = wire::Order::read(request.json()?)?;
        match self.idempotency.start(citizen.id(), START, key, &order.fingerprint()).await? {
            Started::Again { status, body } => Ok(Reply::stored(status, body)),
            Started::Go(pass) => match self.start(citizen, &order, &pass).await {
                Ok(reply) => Ok(reply),
                Err(error) => {
                    // The attempt itself is safe to take up again, so the key can be used again too.
                    self.idempotency.release(&pass).await?;
                    Err(error.into())
                }
            },
        }
    }

    async fn start(&self, citizen: &Citizen, order: &wire::Order, pass: &Pass) -> Result<Reply, Error> {
        payment::check_notices(&order.notices)?;
        let debts = self.payments.debts().all_of_citizen(citizen, &order.notices).await?;
        let choice = self.choice(&debts, order)?;
        self.admit(&debts).await?;
        let email = order.email.as_ref().unwrap_or(&citizen.account().profile.email);
        let begun = match self.payments.begin(citizen, debts, &choice, email).await? {
            Beginning::Stale(stale) => {
                // Its time is over: what the PSP says of it decides whether there may be another.
                if !self.till.clear(&self.settlement, &stale).await? {
                    return Err(Error::PaymentInProgress);
                }
                let debts = self.payments.debts().all_of_citizen(citizen, &order.notices).await?;
                self.payments.begin(citizen, debts, &choice, email).await?
            }
            begun => begun,
        };
        let attempt = match begun {
            Beginning::New(attempt) | Beginning::Resumed(attempt) => attempt,
            Beginning::Stale(_) => return Err(Error::PaymentInProgress),
        };
        let attempt = self.opened(attempt).await?;
        let started = wire::Started::of(&attempt)?;
        let body = wire::text(&started)?;
        self.idempotency.finish(pass, 201, &body).await?;
        Ok(Reply::stored(201, body.into_bytes()))
    }

    /// The attempt with the PSP's page. The attempt is stored already: a crash in between leaves one that can be
    /// taken up again, never a payment that we do not know of (INV-M16).
    async fn opened(&self, attempt: Attempt) -> Result<Attempt, Error> {
        if self.till.page_of(&attempt).is_some() {
            return Ok(attempt);
        }
        let checkout = self.till.open(&attempt).await?;
        Ok(self.payments.opened_at(&attempt, checkout).await?)
    }

    /// Counts an attempt that would be new, before anything of it is written: a refusal leaves no attempt behind
    /// that the next click could take up uncounted. What cannot be paid is refused by its own name.
    async fn admit(&self, debts: &[Debt]) -> Result<(), Error> {
        let now = self.payments.debts().now();
        debts.iter().try_for_each(|debt| debt.ensure_payable(now))?;
        if debts.iter().any(|debt| debt.attempt.is_some()) {
            return Ok(());
        }
        let attempts: Vec<(Limit, &str)> =
            debts.iter().map(|debt| (Limit::ATTEMPTS, debt.notice.as_str())).collect();
        self.limits.admit(&attempts).await
    }

    /// Method and PSP with the fee for these debts together.
    fn choice(&self, debts: &[Debt], order: &wire::Order) -> Result<Choice, Error> {
        let total = Cents::sum(debts.iter().map(|debt| debt.amount.cents())).unwrap_or_default();
        self.psps.choose(order.method.as_deref(), order.psp_id.as_deref(), total)
    }

    async fn status(&self, citizen: &Citizen, attempt: &Attempt) -> Result<wire::Status, Problem> {
        let notices: Vec<_> = attempt.items.iter().map(|item| item.notice.clone()).collect();
        let debts = self.payments.debts().those_of_citizen(citizen, &notices).await?;
        let now = self.payments.debts().now();
        Ok(wire::Status::of(attempt, &debts, &self.creditor, now))
    }
}
