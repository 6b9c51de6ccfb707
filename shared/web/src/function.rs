use std::future::Future;

use percent_encoding::percent_decode_str;
use runtime::config::is_absolute_url;
use runtime::{ConfigError, Env};

use crate::hop::TrustedHop;
use crate::problem::{HttpError, Problem};
use crate::reply::Reply;
use crate::request::{Caller, Incoming, Request};

/// A user action. The struct is the list of what the action may touch; `handle` is its story in order.
pub trait Function: Sized + Send + Sync + 'static {
    /// Method and path as the contract and the template write them; `{name}` is one part of the path,
    /// `{name+}` all that is left.
    const ROUTES: &'static [&'static str];

    /// Builds clients. Calls nobody: it runs once, in the start phase.
    fn connect(env: &Env) -> Result<Self, ConfigError>;

    fn handle(&self, request: Request) -> impl Future<Output = Result<Reply, Problem>> + Send;
}

/// The product's own address: links in mails begin with it, and unsafe requests must come from it.
#[derive(Clone)]
pub struct Site {
    url: String,
    hop: Option<TrustedHop>,
}

impl Site {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { url: env.config().public_url.get()?.clone(), hop: TrustedHop::connect(env)? })
    }

    /// `https://pagamenti.example.it`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns whether cookies can be tied to TLS.
    pub fn is_secure(&self) -> bool {
        self.url.starts_with("https://")
    }

    /// Returns whether people may be sent to an address: by TLS, unless all of this is on somebody's own machine.
    pub fn may_lead_to(&self, url: &str) -> bool {
        is_absolute_url(url) && (url.starts_with("https://") || !self.is_secure())
    }
}

/// A request answered: what goes back, and what the log may say of it.
pub struct ServedReply {
    pub reply: Reply,
    /// Why it was refused, if it was.
    pub error: Option<Problem>,
    /// The route as the contract writes it; never the path, which may hold a code.
    pub route: Option<&'static str>,
    /// Whose session it came with, as a pseudonym.
    pub subject: Option<String>,
}

/// Answers a request with a function: route, origin, handler, problem, headers.
pub async fn serve<F: Function>(function: &F, site: &Site, incoming: Incoming) -> ServedReply {
    let language = incoming.language();
    let request_id = incoming.request_id.clone();
    let mut route = None;
    let asker = Caller::default();
    let outcome = match admitted::<F>(site, incoming, &asker) {
        Ok(request) => {
            route = Some(request.route);
            function.handle(request).await
        }
        Err(error) => Err(Problem::from(error)),
    };
    let (mut reply, error) = match outcome {
        Ok(reply) => (reply, None),
        Err(problem) => (problem.reply(language, &request_id), Some(problem)),
    };
    reply.complete(site, &request_id);
    ServedReply { reply, error, route, subject: asker.known() }
}

fn admitted<F: Function>(site: &Site, mut incoming: Incoming, asker: &Caller) -> Result<Request, HttpError> {
    if site.hop.as_ref().is_some_and(|hop| !hop.admit(&mut incoming)) {
        return Err(HttpError::ForbiddenOrigin);
    }
    let (route, parameters) = matched(F::ROUTES, &incoming.method, &incoming.path)?;
    if !matches!(incoming.method.as_str(), "GET" | "HEAD" | "OPTIONS") && !comes_from(site, &incoming) {
        return Err(HttpError::ForbiddenOrigin);
    }
    Ok(Request::new(route, incoming, parameters, asker.clone()))
}

/// Returns whether an unsafe request comes from our own pages, as far as the browser says (INV-I30). Callers that are
/// no browser send neither header.
fn comes_from(site: &Site, incoming: &Incoming) -> bool {
    let same_site = match incoming.header("sec-fetch-site") {
        None | Some("same-origin" | "none") => true,
        Some(_) => false,
    };
    let same_origin = match incoming.header("origin") {
        None => true,
        Some(origin) if origin == site.url => true,
        // Under another name of ours, but by the scheme that the gateway heard, which no page can make up.
        Some(origin) => {
            let ours = if site.is_secure() { "https" } else { "http" };
            let scheme = incoming.header("x-forwarded-proto").unwrap_or(ours);
            origin.split_once("://") == Some(scheme).zip(incoming.header("host"))
        }
    };
    same_site && same_origin
}

type Matched = (&'static str, Vec<(&'static str, String)>);

/// The route of a method and path. The gateway's own route key is not used: emulators make it up.
fn matched(routes: &'static [&'static str], method: &str, path: &str) -> Result<Matched, HttpError> {
    let mut allowed = Vec::new();
    let mut found = None;
    for route in routes {
        let Some((route_method, pattern)) = route.split_once(' ') else { continue };
        let Some(parameters) = path_parameters(pattern, path).and_then(decoded) else { continue };
        allowed.push(route_method);
        let method = if method == "HEAD" { "GET" } else { method };
        if route_method == method && found.is_none() {
            found = Some((*route, parameters));
        }
    }
    match (found, allowed.is_empty()) {
        (Some(found), _) => Ok(found),
        (None, true) => Err(HttpError::NotFound),
        (None, false) => Err(HttpError::MethodNotAllowed(allowed.join(", "))),
    }
}

/// The named parts of a path, percent-encoded as it is, if the path fits the pattern: `{name}` is one part that is
/// not empty, `{name+}` all that is left.
pub fn path_parameters<'p>(pattern: &'static str, path: &'p str) -> Option<Vec<(&'static str, &'p str)>> {
    let mut parameters = Vec::new();
    let mut rest = Some(path);
    for part in pattern.split('/') {
        let left = rest?;
        let (segment, after) =
            left.split_once('/').map_or((left, None), |(segment, after)| (segment, Some(after)));
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) if name.ends_with('+') => {
                parameters.push((name, left));
                return Some(parameters);
            }
            Some(name) if !segment.is_empty() => parameters.push((name, segment)),
            None if segment == part => {}
            Some(_) | None => return None,
        }
        rest = after;
    }
    rest.is_none().then_some(parameters)
}

/// The parameters decoded, if they are UTF-8. What is left of a path stays as it is: it has parts of its own.
fn decoded(parameters: Vec<(&'static str, &str)>) -> Option<Vec<(&'static str, String)>> {
    let decode = |(name, value): (&'static str, &str)| match name.strip_suffix('+') {
        Some(name) => Some((name, value.to_owned())),
        None => Some((name, percent_decode_str(value).decode_utf8().ok()?.into_owned())),
    };
    parameters.into_iter().map(decode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &[&str] = &["POST /api/debts", "GET /api/debts/{noticeNumber}", "GET /", "GET /a/{proxy+}"];

    #[test]
    fn a_path_finds_its_route_and_parts() {
        let found = |method, path| matched(ROUTES, method, path);
        assert_eq!(found("GET", "/").unwrap().0, "GET /");
        assert_eq!(found("HEAD", "/").unwrap().0, "GET /");
        assert_eq!(found("GET", "/api/debts/3%301").unwrap().1, vec![("noticeNumber", "301".to_owned())]);
        assert_eq!(found("GET", "/a/b/c").unwrap().1, vec![("proxy", "b/c".to_owned())]);
        assert_eq!(found("GET", "/a/").unwrap().1, vec![("proxy", String::new())]);
        assert_eq!(found("GET", "/a/%ff").unwrap().1, vec![("proxy", "%ff".to_owned())]);
        for unknown in ["/api/debts/", "/api/debts/1/2", "/api", "", "/api/debts/%ff", "/a"] {
            assert!(matches!(found("GET", unknown), Err(HttpError::NotFound)), "{unknown}");
        }
    }

    #[test]
    fn ab_65_another_method_is_refused_with_those_that_exist() {
        let Err(HttpError::MethodNotAllowed(allow)) = matched(ROUTES, "DELETE", "/api/debts") else {
            panic!("accepted")
        };
        assert_eq!(allow, "POST");
    }
}
