//! A debt found by search joins the account; one of the account's own proves who it is.

mod wire;

use creditor::creditor;
use domain::creditor::Creditor;
use identity::Sessions;
use runtime::{ConfigError, Env};
use store::{Accounts, Debts, RateLimit, RateLimits};
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
        let proof = match wire::AssociationForm::read(request.json_object()?)? {
            wire::AssociationForm::Codes(proof) => {
                // The same guessing as by public search: counted alike.
                let source = request.source();
                self.limits
                    .admit(&[
                        (RateLimit::ASSOCIATE, source.as_str()),
                        (RateLimit::SEARCH_DAY, source.as_str()),
                        (RateLimit::SEARCH_CODE, proof.fiscal_code.as_str()),
                    ])
                    .await?;
                proof
            }
            wire::AssociationForm::Reference(reference) => self.references.open(&reference).await?.0,
        };
        let associated = self.debts.associate(&citizen, &proof).await?;
        if associated.proves_identity && !citizen.account().identity_proven {
            self.accounts.prove(citizen).await?;
        }
        let debt = DebtView::of(&associated.debt, &self.creditor, self.debts.now());
        Ok(Reply::ok(&wire::AssociatedDebt { debt }))
    }
}
