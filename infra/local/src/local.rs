//! `/_local/*`: what exists on this machine only.

use http::{HeaderValue, Method, header};
use serde_json::json;
use std::time::Duration;

use crate::clock::{Task, after, moved};
use crate::core::Core;
use crate::pages::{STYLE, Words};
use crate::psp::page::wish;
use crate::psp::{Refused, Wish};
use crate::{Request, Response, checkout, demo, environment, index, problem, psp, response};

impl Core {
    pub async fn local(&self, request: &Request) -> Response {
        let path = request.uri().path().strip_prefix("/_local").unwrap_or_default();
        let header = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let words = Words::accepted(header(header::ACCEPT_LANGUAGE));
        if request.method() == Method::POST
            && header(header::HeaderName::from_static("sec-fetch-site")) == Some("cross-site")
        {
            return problem(403, "forbidden_origin", "Not from another site");
        }
        let (get, post) =
            (matches!(*request.method(), Method::GET | Method::HEAD), request.method() == Method::POST);
        match path {
            "" => redirected(308, "/_local/"),
            "/" if get => index::page(self, words),
            "/style.css" if get => response(200, "text/css; charset=utf-8", STYLE),
            "/environment" if get => response(
                200,
                "text/plain; charset=utf-8",
                environment::file(&self.template, &self.seen_by_functions),
            ),
            "/environment.json" if get => {
                let variables = environment::by_function(&self.template, &self.seen_by_functions);
                response(200, "application/json", variables.to_string())
            }
            "/mail/clear" if post => {
                self.neighbours.mailbox.clear();
                redirected(303, "/_local/mail")
            }
            "/clock" if get => self.time(),
            "/clock" if post => match moved(&self.clock, request.body()) {
                Ok(()) => {
                    self.catch_up().await;
                    self.time()
                }
                Err(why) => problem(400, "invalid_input", &why),
            },
            "/" | "/style.css" | "/environment" | "/environment.json" | "/clock" => other_method("GET"),
            "/demo" if post => match demo::seed(self).await {
                Ok(()) => response(204, "text/plain; charset=utf-8", ""),
                Err(why) => problem(503, "temporarily_unavailable", &why.to_string()),
            },
            "/mail/clear" | "/node" | "/demo" if !post => other_method("POST"),
            "/node" => self.till(request).await,
            _ if path == "/mail" || path == "/mail.json" || path.starts_with("/mail/") => {
                self.mail(request, path, words).await
            }
            _ if path.starts_with("/psp/") => {
                self.psp(request, path.trim_start_matches("/psp/"), words).await
            }
            "/aca" if get => {
                self.settle().await;
                self.neighbours.aca.page(words)
            }
            "/aca.json" if get => {
                self.settle().await;
                self.neighbours.aca.json()
            }
            "/aca" | "/aca.json" => other_method("GET"),
            "/aca/paCreatePosition" if !post => other_method("POST"),
            "/aca/paCreatePosition" => match self.neighbours.aca("outside", request).await {
                Ok(answer) => answer,
                Err(lost) => problem(503, "temporarily_unavailable", &lost.to_string()),
            },
            "/checkout/v1/carts" | "/checkout/v2/carts" if !post => other_method("POST"),
            "/checkout/v1/carts" | "/checkout/v2/carts" => {
                match self.neighbours.checkout("outside", request).await {
                    Ok(answer) => answer,
                    Err(lost) => problem(503, "temporarily_unavailable", &lost.to_string()),
                }
            }
            _ if path.starts_with("/checkout/") => {
                self.cart(request, path.trim_start_matches("/checkout/"), words).await
            }
            _ if path == "/aws" || path.starts_with("/aws/") => match self.neighbours.aws(request).await {
                Ok(answer) => answer,
                Err(lost) => problem(503, "temporarily_unavailable", &lost.to_string()),
            },
            _ if path.starts_with("/psp-api/") => match self.neighbours.psp("outside", request).await {
                Ok(answer) => answer,
                Err(lost) => problem(503, "temporarily_unavailable", &lost.to_string()),
            },
            _ => problem(404, "not_found", "There is no such address in the local stack"),
        }
    }

    fn time(&self) -> Response {
        response(200, "application/json", json!({"now": self.clock.now()}).to_string())
    }

    async fn mail(&self, request: &Request, path: &str, words: Words) -> Response {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return other_method("GET");
        }
        self.settle().await;
        let query = request.uri().query().unwrap_or_default();
        let to = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "to");
        let to = to.map(|(_, value)| value.into_owned()).filter(|to| !to.is_empty());
        let mailbox = &self.neighbours.mailbox;
        match path {
            "/mail" => mailbox.page(to.as_deref(), words),
            "/mail.json" => mailbox.json(to.as_deref()),
            _ => mailbox
                .message(path.trim_start_matches("/mail/"), words)
                .unwrap_or_else(|| problem(404, "not_found", "There is no such message")),
        }
    }

    /// The PSP's page, and what is decided there.
    async fn psp(&self, request: &Request, transaction: &str, words: Words) -> Response {
        let unknown = || problem(404, "payment_not_found", "There is no such payment");
        match *request.method() {
            Method::GET | Method::HEAD => {
                return self.neighbours.psp.page(transaction, words).unwrap_or_else(unknown);
            }
            Method::POST => {}
            _ => return other_method("GET, POST"),
        }
        let by_person = is_form(request);
        let wish: Wish = if by_person {
            match wish(request.body()) {
                Some(wish) => wish,
                None => return problem(400, "invalid_input", "Choose an outcome"),
            }
        } else {
            match serde_json::from_slice(request.body()) {
                Ok(wish) => wish,
                Err(why) => return problem(400, "invalid_input", &why.to_string()),
            }
        };
        let return_url = match self.decide(transaction, &wish).await {
            Ok(return_url) => return_url,
            Err(Refused::Unknown) => return unknown(),
            Err(Refused::Ended) if by_person => {
                return self.neighbours.psp.page(transaction, words).unwrap_or_else(unknown);
            }
            Err(Refused::Ended) => return problem(409, "payment_ended", "This payment has already ended"),
        };
        if by_person {
            return redirected(303, &return_url);
        }
        response(200, "application/json", json!({"returnUrl": return_url}).to_string())
    }

    /// Checkout's page, and what is decided there.
    async fn cart(&self, request: &Request, id: &str, words: Words) -> Response {
        let unknown = || problem(404, "cart_not_found", "There is no such cart");
        let page = || self.checkout.page(id, self.clock.now(), words).unwrap_or_else(unknown);
        match *request.method() {
            Method::GET | Method::HEAD => return page(),
            Method::POST => {}
            _ => return other_method("GET, POST"),
        }
        let by_person = is_form(request);
        let wish: checkout::Wish = if by_person {
            match checkout::page::wish(request.body()) {
                Some(wish) => wish,
                None => return problem(400, "invalid_input", "Choose an outcome"),
            }
        } else {
            match serde_json::from_slice(request.body()) {
                Ok(wish) => wish,
                Err(why) => return problem(400, "invalid_input", &why.to_string()),
            }
        };
        match self.checked_out(id, &wish).await {
            Ok(return_url) if by_person => redirected(303, &return_url),
            Ok(return_url) => response(200, "application/json", json!({"returnUrl": return_url}).to_string()),
            Err(checkout::Refused::Unknown) => unknown(),
            Err(checkout::Refused::Offer) => problem(400, "invalid_input", "methodAndPsp is not on offer"),
            Err(checkout::Refused::Ended) if by_person => page(),
            Err(checkout::Refused::Ended) => problem(409, "cart_ended", "This cart has already ended"),
        }
    }

    /// Lets a payment end as wished, and sends the callbacks: at once, before this comes back, or later.
    pub async fn decide(&self, transaction: &str, wish: &Wish) -> Result<String, Refused> {
        let psp::Decided { return_url, event } = self.neighbours.psp.decide(transaction, wish)?;
        for _ in 0..wish.callbacks.min(20) {
            let Some(event) = event.clone() else { break };
            if wish.callback_delay_seconds == 0 {
                self.call_back(event, 0).await;
            } else {
                let delay = Duration::from_secs(u64::from(wish.callback_delay_seconds));
                self.agenda.add(after(self.clock.now(), delay), Task::Callback { event, tries: 0 });
            }
        }
        Ok(return_url)
    }
}

/// Whether a person sent it from a page, not a script.
fn is_form(request: &Request) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"))
}

fn redirected(status: u16, to: &str) -> Response {
    let mut response = response(status, "text/plain; charset=utf-8", "");
    match HeaderValue::try_from(to) {
        Ok(to) => {
            response.headers_mut().insert(header::LOCATION, to);
            response
        }
        Err(_) => problem(400, "invalid_input", "The return address cannot be sent"),
    }
}

fn other_method(allow: &'static str) -> Response {
    let mut response = problem(405, "method_not_allowed", "This address does not take this method");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}
