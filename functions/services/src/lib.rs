//! The services open to spontaneous payments.

mod wire;

use creditor::ServiceCatalogue as Catalogue;
use identity::Sessions;
use runtime::{ConfigError, Env};
use web::{Function, Problem, Reply, Request};

pub struct Services {
    sessions: Sessions,
    catalogue: Catalogue,
}

impl Function for Services {
    const ROUTES: &'static [&'static str] = &["GET /api/services"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { sessions: Sessions::connect(env)?, catalogue: Catalogue::of_the_repository()? })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        self.sessions.citizen(&request).await?;
        request.query(&[])?;
        Ok(Reply::ok(&wire::ServiceList::of(&self.catalogue)))
    }
}
