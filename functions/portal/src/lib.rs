//! The browser portal: pages without personal data, drawn in the right language, and their assets.
//! The data come later, as JSON, to the scripts of each page; this function knows no session and no database.

mod answer;
mod assets;
mod catalogue;
mod compression;
mod language;
mod page;
mod places;
mod screens;
mod site;
#[cfg(test)]
mod tests;

use percent_encoding::percent_decode_str;
use web::{Function, Problem, Reply, Request};
use world::{NotConfigured, World};

use crate::answer::Asked;
use crate::site::Site;

/// Addresses of other functions: what is not there is said in their way, not with a page.
const MACHINES: [&str; 4] = ["/api/", "/creditor/", "/psp/", "/pagopa/"];

pub struct Portal {
    site: Site,
}

impl Function for Portal {
    const ROUTES: &'static [&'static str] = &["GET /", "GET /{proxy+}"];

    fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self { site: Site::connect(world)? })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let path = percent_decode_str(request.http_path()).decode_utf8_lossy();
        if MACHINES.iter().any(|prefix| path.starts_with(prefix)) {
            return Err(domain::Error::NotFound.into());
        }
        let answer = answer::respond(
            &self.site,
            &Asked {
                path: &path,
                query: request.raw_query(),
                accept_encoding: request.accept_encoding(),
                accept_language: request.header("accept-language").unwrap_or_default(),
                if_none_match: request.if_none_match(),
                language_cookie: request.cookie("lingua"),
            },
        );
        let reply = Reply::asset(answer.status, answer.content_type, answer.body);
        Ok(answer.headers.iter().fold(reply, |reply, (name, value)| reply.with_header(name, value)))
    }
}
