//! The browser portal: pages without personal data, drawn in the right language, and their assets.
//! The data come later, as JSON, to the scripts of each page; this function knows no session and no database.

mod answer;
mod assets;
mod catalogue;
mod compression;
mod config;
mod page;
mod regions;
mod screens;
#[cfg(test)]
mod tests;

use runtime::{ConfigError, Env};
use serde_json::json;
use web::{Function, HttpError, Problem, Reply, Request};

use crate::compression::Compressed;
use crate::config::PortalConfig;

const HOME: &str = "GET /";
const ALL_OTHERS: &str = "GET /{proxy+}";
/// Which release answers: for whoever has deployed one, and for a support line.
const RELEASE: &str = "/versione";

/// Addresses of other functions: what is not there is said in their way, not with a page.
const MACHINES: [&str; 4] = ["/api/", "/creditor/", "/psp/", "/pagopa/"];

pub struct Portal {
    config: PortalConfig,
    compressed: Compressed,
}

impl Function for Portal {
    const ROUTES: &'static [&'static str] = &[HOME, ALL_OTHERS];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { config: PortalConfig::connect(env)?, compressed: Compressed::default() })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let path = request.decoded_path();
        match request.route {
            HOME => {}
            ALL_OTHERS if path == RELEASE => return Ok(Reply::ok(&json!({"version": runtime::VERSION}))),
            ALL_OTHERS if !MACHINES.iter().any(|prefix| path.starts_with(prefix)) => {}
            _ => return Err(HttpError::NotFound.into()),
        }
        Ok(answer::respond(self, &request, &path).as_page())
    }
}
