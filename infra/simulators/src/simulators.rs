//! All simulators together: as the functions reach them, and below `/_local` for persons and scripts.

use std::path::Path;
use std::sync::Arc;

use emulator::exchange::{Request, Response, other_method, problem, redirected, response};
use emulator::faults::{Call, ConnectionLost, Faults, InjectedFault};
use emulator::pages::PageLanguage;
use emulator::start_error::StartError;
use emulator::{client, connector};
use http::{HeaderValue, Method, Uri, header};
use runtime::{Clock, HttpClient, Random};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::aca::{self, AcaSimulator};
use crate::checkout::{self, CartRefusal, CheckoutSimulator};
use crate::node::{Node, Station};
use crate::portal::{Delivery, PortalClient};
use crate::psp::{self, PaymentRefusal, PspSimulator};

pub struct Simulators {
    /// `http://localhost:3000`
    origin: String,
    clock: Clock,
    faults: Arc<Faults>,
    /// What they all call.
    pub portal: PortalClient,
    pub psp: PspSimulator,
    pub checkout: CheckoutSimulator,
    aca: AcaSimulator,
    node: Arc<Node>,
}

impl Simulators {
    /// In memory, or in a folder that survives restarts; `origin` is where their pages are.
    pub fn open(
        folder: Option<&Path>,
        origin: &str,
        portal: PortalClient,
        station: Station,
        faults: &Arc<Faults>,
        clock: &Clock,
        random: &Random,
    ) -> Result<Self, StartError> {
        let node = Arc::new(Node::new(&portal, station, clock, random));
        Ok(Self {
            origin: origin.to_owned(),
            clock: clock.clone(),
            faults: faults.clone(),
            psp: PspSimulator::open(folder, origin, &portal, clock)?,
            checkout: CheckoutSimulator::open(folder, origin, &node, &portal, clock, random)?,
            aca: AcaSimulator::open(folder)?,
            node,
            portal,
        })
    }

    /// The way of a function to everybody outside AWS: simulators in this process, others over plain HTTP.
    pub fn wire(self: &Arc<Self>, function: &str) -> HttpClient {
        let (simulators, function) = (self.clone(), function.to_owned());
        connector::wire(move |request| {
            let (simulators, function) = (simulators.clone(), function.clone());
            async move {
                match simulators.interface(&function, &request).await {
                    Some(answer) => Ok(answer?),
                    None => Ok(client::send(request).await?),
                }
            }
        })
    }

    /// Delivers what was to be delivered later.
    pub async fn deliver(&self, delivery: Delivery) {
        match delivery {
            Delivery::Callback { callback, tries } => self.psp.call_back(callback, tries).await,
            Delivery::Receipt { receipt, tries } => self.node.bring(receipt, tries).await,
        }
    }

    /// Answers a call of a function to one of the interfaces; nothing when it is to somebody else.
    async fn interface(&self, function: &str, request: &Request) -> Option<Result<Response, ConnectionLost>> {
        if !self.is_here(request.uri()) {
            return None;
        }
        Some(match request.uri().path() {
            path if path.starts_with(psp::API) => self.psp(function, request).await,
            path if path.starts_with(checkout::APIS) && path.ends_with("/carts") => {
                self.carts(function, request).await
            }
            path if path.starts_with(aca::API) => self.aca(function, request).await,
            _ => return None,
        })
    }

    fn is_here(&self, uri: &Uri) -> bool {
        let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        format!("{}://{authority}", uri.scheme_str().unwrap_or_default()) == self.origin
    }

    async fn psp(&self, function: &str, request: &Request) -> Result<Response, ConnectionLost> {
        let operation = match request.uri().path().ends_with("/cancel") {
            true => "psp:cancel",
            false if request.method() == Method::POST => "psp:open",
            false => "psp:ask",
        };
        self.faults.apply(&call(function, operation), unavailable, async { self.psp.answer(request) }).await
    }

    async fn aca(&self, function: &str, request: &Request) -> Result<Response, ConnectionLost> {
        let answer = async { self.aca.answer(request, self.clock.now()) };
        self.faults.apply(&call(function, "aca:upload"), unavailable, answer).await
    }

    async fn carts(&self, function: &str, request: &Request) -> Result<Response, ConnectionLost> {
        self.faults.apply(&call(function, "checkout:open"), unavailable, self.checkout.carts(request)).await
    }

    /// Answers what is below `/_local`; nothing when the path is none of ours.
    pub async fn answer(&self, path: &str, request: &Request, language: PageLanguage) -> Option<Response> {
        let get = matches!(*request.method(), Method::GET | Method::HEAD);
        let post = request.method() == Method::POST;
        Some(match path {
            "/node" if post => self.node.answer(request).await,
            "/node" => other_method("POST"),
            "/aca" if get => self.aca.page(language),
            "/aca.json" if get => self.aca.json(),
            "/aca" | "/aca.json" => other_method("GET"),
            "/aca/paCreatePosition" if post => answered(self.aca(OUTSIDE, request).await),
            "/checkout/v1/carts" | "/checkout/v2/carts" if post => {
                answered(self.carts(OUTSIDE, request).await)
            }
            "/aca/paCreatePosition" | "/checkout/v1/carts" | "/checkout/v2/carts" => other_method("POST"),
            _ if path.starts_with("/psp-api/") => answered(self.psp(OUTSIDE, request).await),
            _ => {
                if let Some(transaction) = path.strip_prefix("/psp/") {
                    self.payment(request, transaction, language).await
                } else {
                    self.cart(request, path.strip_prefix("/checkout/")?, language).await
                }
            }
        })
    }

    /// The PSP's page, and what is chosen there.
    async fn payment(&self, request: &Request, transaction: &str, language: PageLanguage) -> Response {
        let unknown = || problem(404, "payment_not_found", "There is no such payment");
        let page = || self.psp.page(transaction, language).unwrap_or_else(unknown);
        let by_person = is_form(request);
        let choice = match *request.method() {
            Method::GET | Method::HEAD => return page(),
            Method::POST => chosen(request, psp::page::choice),
            _ => return other_method("GET, POST"),
        };
        let choice = match choice {
            Ok(choice) => choice,
            Err(why) => return problem(400, "invalid_input", &why),
        };
        match self.psp.pay(transaction, &choice).await {
            Ok(return_url) => returned(by_person, &return_url),
            Err(PaymentRefusal::Unknown) => unknown(),
            Err(PaymentRefusal::Ended) if by_person => page(),
            Err(PaymentRefusal::Ended) => problem(409, "payment_ended", "This payment has already ended"),
        }
    }

    /// Checkout's page, and what is chosen there.
    async fn cart(&self, request: &Request, id: &str, language: PageLanguage) -> Response {
        let unknown = || problem(404, "cart_not_found", "There is no such cart");
        let page = || self.checkout.page(id, self.clock.now(), language).unwrap_or_else(unknown);
        let by_person = is_form(request);
        let choice = match *request.method() {
            Method::GET | Method::HEAD => return page(),
            Method::POST => chosen(request, checkout::page::choice),
            _ => return other_method("GET, POST"),
        };
        let choice = match choice {
            Ok(choice) => choice,
            Err(why) => return problem(400, "invalid_input", &why),
        };
        match self.checkout.pay(id, &choice).await {
            Ok(return_url) => returned(by_person, &return_url),
            Err(CartRefusal::Unknown) => unknown(),
            Err(CartRefusal::Offer) => problem(400, "invalid_input", "methodAndPsp is not on offer"),
            Err(CartRefusal::Ended) if by_person => page(),
            Err(CartRefusal::Ended) => problem(409, "cart_ended", "This cart has already ended"),
        }
    }
}

/// The caller of an interface that is no function in this process.
const OUTSIDE: &str = "outside";

fn call(function: &str, operation: &str) -> Call {
    Call { function: function.to_owned(), operation: operation.to_owned() }
}

/// How a simulator says that it cannot now.
fn unavailable(fault: InjectedFault) -> Response {
    match fault {
        InjectedFault::Throttle => problem(429, "too_many_requests", "Slow down"),
        _ => problem(503, "unavailable", "Try again later"),
    }
}

fn answered(answer: Result<Response, ConnectionLost>) -> Response {
    answer.unwrap_or_else(|lost| problem(503, "temporarily_unavailable", &lost.to_string()))
}

/// What a person chose in a form, or a script in JSON.
fn chosen<T: DeserializeOwned>(request: &Request, form: fn(&[u8]) -> Option<T>) -> Result<T, String> {
    match is_form(request) {
        true => form(request.body()).ok_or_else(|| "Choose an outcome".to_owned()),
        false => serde_json::from_slice(request.body()).map_err(|why| why.to_string()),
    }
}

fn returned(by_person: bool, return_url: &str) -> Response {
    match by_person {
        true => redirected(303, return_url),
        false => response(200, "application/json", json!({"returnUrl": return_url}).to_string()),
    }
}

/// Whether a person sent it from a page, not a script.
fn is_form(request: &Request) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    content_type.is_some_and(|value| value.starts_with(b"application/x-www-form-urlencoded"))
}
