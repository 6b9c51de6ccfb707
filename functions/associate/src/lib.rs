//! A debt found by search joins the account; one of the account's own proves who it is.

mod wire;

use creditor::creditor;
use domain::creditor::Creditor;
use identity::Sessions;
use runtime::{ConfigError, Env};
use store::{Accounts, Debts, RateLimits};
use web::view::DebtView;
use web::{Function, Problem, References, Reply, Request};

pub struct Associate {
    sessions: Sessions,
    limits: RateLimits,
    debts: Debts,
    accounts: Accounts,
    references: References,
    creditor: Creditor,
}

impl Function for Associate {
    const ROUTES: &'static [&'static str] = &["POST /api/debts/associate"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            sessions: Sessions::connect(env)?,
            limits: RateLimits::connect(env)?,
            debts: Debts::connect(env)?,
            accounts: Accounts::connect(env)?,
            references: References::connect(env)?,
            creditor: creditor(env)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let citizen = self.sessions.citizen(&request).await?;
        let associated = match wire::AssociationForm::read(request.json_object()?)? {
            wire::AssociationForm::Codes(proof) => {
                // The same guessing as by public search: counted alike.
                let (source, joined) =
                    (request.source(), self.debts.associate(&citizen, &proof, &self.accounts));
                self.limits.search(&proof.fiscal_code, source.as_str(), joined).await?
            }
            wire::AssociationForm::Reference(reference) => {
                let (proof, _) = self.references.open(&reference).await?;
                self.debts.associate(&citizen, &proof, &self.accounts).await?
            }
        };
        let citizen = match associated.proves_identity && !citizen.account().identity_proven {
            true => self.accounts.prove(citizen).await?,
            false => citizen,
        };
        let (debt, now) = (&associated.debt, self.debts.now());
        let debt = DebtView::seen_by(&citizen.viewer(), debt, &self.creditor, now);
        Ok(Reply::ok(&wire::AssociatedDebt { debt }))
    }
}
