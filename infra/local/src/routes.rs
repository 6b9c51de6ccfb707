//! Who answers a request: what is below `/_local` here, the rest by the portal's functions.

use std::net::IpAddr;
use std::sync::Arc;

use emulator::environment;
use emulator::exchange::{Request, Response, other_method, problem, redirected, response};
use emulator::gateway::{MAX_HEADERS, header_size, refused};
use emulator::pages::{PageLanguage, STYLE};
use emulator::server::RequestHandler;
use http::{HeaderName, HeaderValue, Method, header};
use serde_json::json;
use web::HttpError;

use crate::clock::moved;
use crate::index;
use crate::seed::seed;
use crate::stack::StackState;

pub struct FrontDoor(pub Arc<StackState>);

impl RequestHandler for FrontDoor {
    /// Answers a request as API Gateway does.
    async fn answer(&self, request: Request, source: IpAddr) -> Response {
        let state = &self.0;
        let request_id = state.random.hex::<12>().unwrap_or_default();
        let mut response = if header_size(&request) > MAX_HEADERS {
            let mut refused = refused(&request, &request_id, HttpError::PayloadTooLarge);
            *refused.status_mut() = http::StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            refused
        } else if request.uri().path() == "/_local" || request.uri().path().starts_with("/_local/") {
            local(state, &request).await
        } else {
            let answer = state.routed(&request, &request_id, source).await;
            answer.unwrap_or_else(|| refused(&request, &request_id, HttpError::NotFound))
        };
        let headers = response.headers_mut();
        if let (false, Ok(id)) = (headers.contains_key("x-request-id"), HeaderValue::try_from(request_id)) {
            headers.insert("x-request-id", id);
        }
        let sniff = HeaderName::from_static("x-content-type-options");
        headers.entry(sniff).or_insert(HeaderValue::from_static("nosniff"));
        response
    }
}

/// `/_local/*`: what exists on this machine only.
async fn local(state: &StackState, request: &Request) -> Response {
    let path = request.uri().path().strip_prefix("/_local").unwrap_or_default();
    let header = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let language = PageLanguage::accepted(header(header::ACCEPT_LANGUAGE));
    let post = request.method() == Method::POST;
    if post && header(HeaderName::from_static("sec-fetch-handler")) == Some("cross-handler") {
        return problem(403, "forbidden_origin", "Not from another handler");
    }
    let get = matches!(*request.method(), Method::GET | Method::HEAD);
    let (template, seen_by_functions) = (&state.template, &state.seen_by_functions);
    match path {
        "" => redirected(308, "/_local/"),
        "/" if get => index::page(template, language),
        "/style.css" if get => response(200, "text/css; charset=utf-8", STYLE),
        "/environment" if get => {
            response(200, "text/plain; charset=utf-8", environment::file(template, seen_by_functions))
        }
        "/environment.json" if get => {
            let variables = environment::by_function(template, seen_by_functions);
            response(200, "application/json", variables.to_string())
        }
        "/mail/clear" if post => {
            state.aws.mailbox.clear();
            redirected(303, "/_local/mail")
        }
        "/clock" if get => time(state),
        "/clock" if post => match moved(&state.clock, request.body()) {
            Ok(()) => {
                state.catch_up().await;
                time(state)
            }
            Err(why) => problem(400, "invalid_input", &why),
        },
        "/" | "/style.css" | "/environment" | "/environment.json" | "/clock" => other_method("GET"),
        "/demo" if post => match seed(state).await {
            Ok(()) => response(204, "text/plain; charset=utf-8", ""),
            Err(why) => problem(503, "temporarily_unavailable", &why.to_string()),
        },
        "/mail/clear" | "/demo" => other_method("POST"),
        _ if path == "/mail" || path == "/mail.json" || path.starts_with("/mail/") => {
            mail(state, request, path, language).await
        }
        _ if path == "/aws" || path.starts_with("/aws/") => match state.aws.answer(request).await {
            Ok(answer) => answer,
            Err(lost) => problem(503, "temporarily_unavailable", &lost.to_string()),
        },
        _ => {
            if get && path.starts_with("/aca") {
                state.settle().await;
            }
            let answer = state.simulators.answer(path, request, language).await;
            answer.unwrap_or_else(|| problem(404, "not_found", "There is no such address in the local stack"))
        }
    }
}

fn time(state: &StackState) -> Response {
    response(200, "application/json", json!({"now": state.clock.now()}).to_string())
}

async fn mail(state: &StackState, request: &Request, path: &str, language: PageLanguage) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return other_method("GET");
    }
    state.settle().await;
    let query = request.uri().query().unwrap_or_default();
    let to = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "to");
    let to = to.map(|(_, value)| value.into_owned()).filter(|to| !to.is_empty());
    let mailbox = &state.aws.mailbox;
    match path {
        "/mail" => mailbox.page(to.as_deref(), language),
        "/mail.json" => mailbox.json(to.as_deref()),
        _ => mailbox
            .message(path.trim_start_matches("/mail/"), language)
            .unwrap_or_else(|| problem(404, "not_found", "There is no such message")),
    }
}
