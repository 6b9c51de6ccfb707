//! Route selection as an HTTP API does it: literal before parameter before greedy, a method before `ANY`.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;

use crate::template::Route;

pub struct Routes {
    routes: Vec<Route>,
    /// First parts of paths that belong to machines: unknown addresses below them are no pages.
    for_machines: BTreeSet<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    Route {
        route: &'a Route,
        parameters: BTreeMap<String, String>,
    },
    /// Others methods exist.
    OtherMethods(String),
    Nothing,
}

/// How well a part of a path fits; better ones come first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Literal,
    Parameter,
    Greedy,
}

/// How it fits, whether it is for any method, the route, its parameters.
type Candidate<'a> = (Vec<Fit>, bool, &'a Route, BTreeMap<String, String>);

impl Routes {
    pub fn new(routes: Vec<Route>) -> Self {
        let for_machines = routes
            .iter()
            .filter(|route| !route.path.contains("+}"))
            .filter_map(|route| {
                let mut parts = route.path.trim_start_matches('/').split('/');
                let first = parts.next().filter(|first| !first.is_empty())?;
                parts.next().map(|_| first.to_owned())
            })
            .collect();
        Self { routes, for_machines }
    }

    /// The route of a method and a path as received. A `HEAD` goes where the `GET` would.
    pub fn find(&self, method: &str, path: &str) -> Found<'_> {
        let method = if method == "HEAD" { "GET" } else { method };
        let is_page = path.split('/').nth(1).is_none_or(|first| !self.for_machines.contains(first));
        let mut best: Option<Candidate<'_>> = None;
        let mut methods = BTreeSet::new();
        for route in &self.routes {
            let Some((fits, parameters)) = matched(&route.path, path) else {
                continue;
            };
            if fits.contains(&Fit::Greedy) && !is_page {
                continue;
            }
            methods.insert(route.method.as_str());
            let any = route.method == "ANY";
            if !any && route.method != method {
                continue;
            }
            if best.as_ref().is_none_or(|(known, known_any, ..)| (&fits, any) < (known, *known_any)) {
                best = Some((fits, any, route, parameters));
            }
        }
        match best {
            Some((_, _, route, parameters)) => Found::Route { route, parameters },
            None if methods.is_empty() => Found::Nothing,
            None => Found::OtherMethods(methods.into_iter().collect::<Vec<_>>().join(", ")),
        }
    }
}

fn matched(pattern: &str, path: &str) -> Option<(Vec<Fit>, BTreeMap<String, String>)> {
    let (mut fits, mut parameters) = (Vec::new(), BTreeMap::new());
    let mut rest = path.split('/');
    for part in pattern.split('/') {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        match name {
            Some(name) if name.ends_with('+') => {
                let tail = rest.by_ref().collect::<Vec<_>>().join("/");
                if tail.is_empty() {
                    return None;
                }
                parameters.insert(name.trim_end_matches('+').to_owned(), decoded(&tail));
                fits.push(Fit::Greedy);
            }
            Some(name) => {
                let value = rest.next().filter(|value| !value.is_empty())?;
                parameters.insert(name.to_owned(), decoded(value));
                fits.push(Fit::Parameter);
            }
            None if rest.next() == Some(part) => fits.push(Fit::Literal),
            None => return None,
        }
    }
    rest.next().is_none().then_some((fits, parameters))
}

/// An HTTP API hands paths over decoded.
pub fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        let routes = [
            "GET /",
            "GET /{proxy+}",
            "GET /api/debts",
            "POST /api/debts",
            "GET /api/debts/{noticeNumber}",
            "DELETE /api/debts/{noticeNumber}",
            "POST /api/debts/associate",
            "GET /api/debts/{noticeNumber}/notice.pdf",
            "POST /psp/callback",
            "GET /pets/dog/{id}",
            "GET /pets/dog/1",
            "ANY /any/{id}",
            "GET /any/{id}",
        ];
        let route = |text: &str| {
            let (method, path) = text.split_once(' ').unwrap();
            Route { method: method.to_owned(), path: path.to_owned(), function: text.to_owned() }
        };
        Routes::new(routes.iter().map(|text| route(text)).collect())
    }

    fn found(method: &str, path: &str) -> String {
        match routes().find(method, path) {
            Found::Route { route, .. } => route.function.clone(),
            Found::OtherMethods(allow) => format!("405 {allow}"),
            Found::Nothing => "404".to_owned(),
        }
    }

    #[test]
    fn literal_comes_before_parameter_before_greedy() {
        assert_eq!(found("GET", "/"), "GET /");
        assert_eq!(found("GET", "/attiva"), "GET /{proxy+}");
        assert_eq!(found("GET", "/assets/a/b.css"), "GET /{proxy+}");
        assert_eq!(found("GET", "/api/debts/301"), "GET /api/debts/{noticeNumber}");
        assert_eq!(found("GET", "/api/debts/301/notice.pdf"), "GET /api/debts/{noticeNumber}/notice.pdf");
        assert_eq!(found("POST", "/api/debts/associate"), "POST /api/debts/associate");
        assert_eq!(found("GET", "/api/debts/associate"), "GET /api/debts/{noticeNumber}");
        assert_eq!(found("HEAD", "/attiva"), "GET /{proxy+}");
    }

    #[test]
    fn precedence_is_that_of_the_gateways_own_example() {
        assert_eq!(found("GET", "/pets/dog/1"), "GET /pets/dog/1");
        assert_eq!(found("GET", "/pets/dog/2"), "GET /pets/dog/{id}");
        assert_eq!(found("POST", "/pets/dog/1"), "405 GET");
        assert_eq!(found("GET", "/any/1"), "GET /any/{id}");
        assert_eq!(found("POST", "/any/1"), "ANY /any/{id}");
    }

    #[test]
    fn addresses_of_machines_are_never_pages() {
        assert_eq!(found("GET", "/api/unknown"), "404");
        assert_eq!(found("GET", "/api/debts/"), "404");
        assert_eq!(found("GET", "/api/debts/1/2"), "404");
        assert_eq!(found("GET", "/psp/callback"), "405 POST");
        assert_eq!(found("PUT", "/api/debts/301"), "405 DELETE, GET");
        assert_eq!(found("POST", "/attiva"), "405 GET");
        assert_eq!(found("DELETE", "/api"), "404");
    }

    #[test]
    fn parameters_are_decoded_and_a_slash_in_one_is_no_slash() {
        let routes = routes();
        let Found::Route { parameters, .. } = routes.find("GET", "/api/debts/3%30%2F1") else {
            panic!("no route")
        };
        assert_eq!(parameters["noticeNumber"], "30/1");
    }
}
