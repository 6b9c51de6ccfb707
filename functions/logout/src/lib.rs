//! A person logs out: the session is dead on the next request.

use identity::Sessions;
use web::{Function, Problem, Reply, Request};
use world::{NotConfigured, World};

pub struct Logout {
    sessions: Sessions,
}

impl Function for Logout {
    const ROUTES: &'static [&'static str] = &["POST /api/logout"];

    fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self { sessions: Sessions::connect(world)? })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        request.empty_json()?;
        let citizen = self.sessions.citizen(&request).await?;
        Ok(self.sessions.end(&citizen, Reply::no_content()).await?)
    }
}
