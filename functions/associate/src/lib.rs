//! A practice found by search joins the account; one of the account's own proves who it is.

mod wire;

use creditor::creditor;
use domain::creditor::Creditor;
use identity::Sessions;
use store::{Accounts, Debts, Limit, Limits};
use web::view::DebtView;
use web::{Function, Problem, References, Reply, Request};
use world::{NotConfigured, World};

pub struct Associate {
    sessions: Sessions,
    limits: Limits,
    debts: Debts,
    accounts: Accounts,
    references: References,
    creditor: Creditor,
}

impl Function for Associate {
    const ROUTES: &'static [&'static str] = &["POST /api/debts/associate"];

    fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self {
            sessions: Sessions::connect(world)?,
            limits: Limits::connect(world)?,
            debts: Debts::connect(world)?,
            accounts: Accounts::connect(world)?,
            references: References::connect(world)?,
            creditor: creditor(world)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let citizen = self.sessions.citizen(&request).await?;
        let proof = match wire::Wanted::read(request.json_object()?)? {
            wire::Wanted::Codes(proof) => {
                // The same guessing as by public search: counted alike.
                let source = request.source();
                self.limits
                    .admit(&[
                        (Limit::ASSOCIATE, source.as_str()),
                        (Limit::SEARCH_DAY, source.as_str()),
                        (Limit::SEARCH_CODE, proof.fiscal_code.as_str()),
                    ])
                    .await?;
                proof
            }
            wire::Wanted::Reference(reference) => self.references.open(&reference).await?.0,
        };
        let associated = self.debts.associate(&citizen, &proof).await?;
        if associated.proves_identity && !citizen.account().identity_proven {
            self.accounts.prove(citizen).await?;
        }
        let debt = DebtView::of(&associated.debt, &self.creditor, self.debts.now());
        Ok(Reply::ok(&wire::Joined { debt }))
    }
}
