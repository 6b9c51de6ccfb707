//! A debt found by search joins the account; one that is current and the account's own proves who it is, and whoever
//! knows better takes that proof back by a mailed link.

mod wire;

use std::time::Duration;

use creditor::creditor;
use domain::creditor::Creditor;
use domain::error::FieldCode;
use domain::{Debt, Error, FieldError};
use identity::Sessions;
use runtime::{ConfigError, Env};
use store::{AccountWriter, Citizen, Debts, RateLimit, RateLimits};
use web::view::DebtView;
use web::{Function, HttpError, Problem, References, Reply, Request};

pub struct Associate {
    sessions: Sessions,
    limits: RateLimits,
    debts: Debts,
    accounts: AccountWriter,
    references: References,
    creditor: Creditor,
    wait: Duration,
}

impl Function for Associate {
    const ROUTES: &'static [&'static str] = &["POST /api/debts/associate", "POST /api/identity/contest"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        let hours = u64::from(*env.config().proof_wait_hours.get()?);
        Ok(Self {
            sessions: Sessions::connect(env)?,
            limits: RateLimits::connect(env)?,
            debts: Debts::connect(env)?,
            accounts: AccountWriter::connect(env)?,
            references: References::connect(env)?,
            creditor: creditor(env)?,
            wait: Duration::from_secs(hours.saturating_mul(60 * 60)),
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        match request.route {
            "POST /api/debts/associate" => self.associate(&request).await,
            "POST /api/identity/contest" => self.contest(&request).await,
            _ => Err(HttpError::NotFound.into()),
        }
    }
}

impl Associate {
    async fn associate(&self, request: &Request) -> Result<Reply, Problem> {
        let citizen = self.sessions.citizen(request).await?;
        let (codes, debt) = match wire::AssociationForm::read(request.json_object()?)? {
            wire::AssociationForm::Codes(codes) => {
                // The same guessing as by public search: counted alike.
                let (source, found) = (request.source(), self.debts.find(&codes));
                let debt = self.limits.search(&codes.fiscal_code, source.as_str(), found).await?;
                (codes, debt)
            }
            wire::AssociationForm::Reference(reference) => {
                let (codes, _) = self.references.open(&reference).await?;
                let debt = self.debts.find(&codes).await?;
                (codes, debt)
            }
        };
        // First the debt, then the proof by it: a proof may be taken back, what was found by both codes stays.
        let associated = self.debts.associate(&citizen, &codes, self.accounts.accounts()).await?;
        let citizen = self.proven(citizen, &debt).await?;
        let (debt, now) = (&associated.debt, self.debts.now());
        let debt = DebtView::seen_by(&citizen.viewer(), debt, &self.creditor, now);
        Ok(Reply::ok(&wire::AssociatedDebt { debt }))
    }

    /// The citizen, who has proven to be the debtor if this debt can prove it.
    async fn proven(&self, citizen: Citizen, debt: &Debt) -> Result<Citizen, Error> {
        let account = citizen.account();
        if account.identity_proven || !domain::proof::proves(debt, &account.profile, self.debts.now()) {
            return Ok(citizen);
        }
        self.accounts.prove(citizen, debt.debtor.email.as_ref(), self.wait).await
    }

    async fn contest(&self, request: &Request) -> Result<Reply, Problem> {
        let (contest, form) = request.json::<wire::ContestForm>()?;
        form.finish()?;
        let token = contest.token.unwrap_or_default();
        if token.is_empty() {
            return Err(FieldError::new("token", FieldCode::Required).into());
        }
        let (source, contested) = (request.source(), self.accounts.contest(&token).await);
        self.limits.unless_guessed(&[(RateLimit::LINK, source.as_str())], contested).await?;
        Ok(Reply::no_content())
    }
}
