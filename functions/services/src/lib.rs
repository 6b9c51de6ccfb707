//! The services open to spontaneous payments.

mod wire;

use creditor::ServiceCatalogue as Catalogue;
use identity::Sessions;
use runtime::{ConfigError, Env};
use web::{Function, Problem, Reply, Request};

pub struct Services {
    sessions: Sessions,
    catalogue: Catalogue,
    /// Whether citizens may create debts by themselves.
    offered: bool,
}

impl Function for Services {
    const ROUTES: &'static [&'static str] = &["GET /api/services"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            sessions: Sessions::connect(env)?,
            catalogue: Catalogue::of_the_repository()?,
            offered: *env.config().spontaneous_payments.get()?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        self.sessions.citizen(&request).await?;
        request.query(&[])?;
        let offered = match self.offered {
            true => wire::ServiceList::of(&self.catalogue),
            false => wire::ServiceList::empty(),
        };
        Ok(Reply::ok(&offered))
    }
}
