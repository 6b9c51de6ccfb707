//! The stack itself: requests in, functions called, what is due done.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::account::Language;
use domain::{Error, Fault};
use http::header::{ACCEPT_LANGUAGE, HOST};
use http::{HeaderName, HeaderValue};
use pagopa::SendRt;
use serde_json::json;
use tokio::sync::Mutex;
use world::{Clock, Parts, Random, Wire, World};

use crate::access::OPERATOR;
use crate::checkout::Checkout;
use crate::clock::{Agenda, Task, after};
use crate::gateway::{self, Found, Origin, Routes};
use crate::invoke::{Invoker, MAX_PAYLOAD};
use crate::neighbours::{AwsWire, Neighbours, OutsideWire};
use crate::node::Node;
use crate::psp::{Event, signed};
use crate::streams::Positions;
use crate::template::{ACCOUNT, Function, REGION, Template};
use crate::{Request, Response, client, environment};

pub struct Core {
    /// This stack's own address.
    pub origin: String,
    /// The same as functions elsewhere reach it.
    pub seen_by_functions: String,
    /// Where citizens reach the portal: here, unless functions run elsewhere.
    pub public_url: String,
    pub template: Template,
    pub clock: Clock,
    pub random: Random,
    pub neighbours: Arc<Neighbours>,
    pub invoker: Invoker,
    pub routes: Routes,
    pub agenda: Agenda,
    pub node: Node,
    pub checkout: Checkout,
    pub positions: Positions,
    /// What is due is done by one at a time.
    pub turn: Mutex<()>,
    pub neighbours_only: bool,
    /// Where data are kept.
    pub folder: Option<PathBuf>,
}

/// Where the PSP's callbacks come from.
const PSP_SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 255, 255, 250));

/// How long the PSP waits before it repeats a callback that was not taken; the node, a receipt.
pub const REPEATS: &[u64] = &[5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];

impl Core {
    /// The world of a function in this process.
    pub fn world(&self, function: &str) -> Option<World> {
        let variables = match self.template.functions.get(function) {
            Some(function) => environment::of(function),
            None if function == OPERATOR => environment::of_all(&self.template),
            None => return None,
        };
        Some(world(variables, function, &self.clock, &self.random, &self.neighbours))
    }

    /// Answers a request as API Gateway does.
    pub async fn answer(&self, request: Request, source: IpAddr) -> Response {
        let request_id = self.random.hex::<12>().unwrap_or_default();
        let mut response = if gateway::header_size(&request) > gateway::MAX_HEADERS {
            let mut refused = self.refused(&request, &request_id, Error::PayloadTooLarge);
            *refused.status_mut() = http::StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            refused
        } else if request.uri().path() == "/_local" || request.uri().path().starts_with("/_local/") {
            self.local(&request).await
        } else if self.neighbours_only {
            self.refused(&request, &request_id, Error::NotFound)
        } else {
            self.routed(&request, &request_id, source).await
        };
        let headers = response.headers_mut();
        if let (false, Ok(id)) = (headers.contains_key("x-request-id"), HeaderValue::try_from(request_id)) {
            headers.insert("x-request-id", id);
        }
        let sniff = HeaderName::from_static("x-content-type-options");
        headers.entry(sniff).or_insert(HeaderValue::from_static("nosniff"));
        response
    }

    async fn routed(&self, request: &Request, request_id: &str, source: IpAddr) -> Response {
        if !host_is_readable(request) {
            return self.refused(request, request_id, Error::MalformedBody);
        }
        let (route, parameters) = match self.routes.find(request.method().as_str(), request.uri().path()) {
            Found::Route { route, parameters } => (route, parameters),
            Found::OtherMethods(allow) => {
                return self.refused(request, request_id, Error::MethodNotAllowed(allow));
            }
            Found::Nothing => return self.refused(request, request_id, Error::NotFound),
        };
        let origin = Origin { source, request_id, now: self.clock.now() };
        let event = gateway::event(request, route, &parameters, &origin).to_string().into_bytes();
        if event.len() > MAX_PAYLOAD {
            return self.refused(request, request_id, Error::PayloadTooLarge);
        }
        let answer = self.invoke(&route.function, event).await;
        match answer.and_then(|answer| gateway::reply(&answer)) {
            Ok(response) => response,
            Err(why) => {
                tracing::error!(function = route.function, why, "the function failed");
                let fault = Fault::new("calling a function", why);
                self.refused(request, request_id, Error::Unavailable(fault))
            }
        }
    }

    /// The contract's problem document.
    pub fn refused(&self, request: &Request, request_id: &str, error: Error) -> Response {
        let language = match request.headers().get(ACCEPT_LANGUAGE).map(HeaderValue::as_bytes) {
            Some([b'e' | b'E', b'n' | b'N', ..]) => Language::En,
            _ => Language::It,
        };
        let reply =
            web::Problem::from(error).reply(language, request_id).with_header("cache-control", "no-store");
        let mut response = Response::new(reply.body);
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        response
    }

    /// Calls a function by its logical id.
    pub async fn invoke(&self, function: &str, event: Vec<u8>) -> Result<Vec<u8>, String> {
        let function = self.template.functions.get(function).ok_or("there is no such function")?;
        self.invoker.invoke(function, event).await
    }

    /// Does what the clock says is due, then what that has put into the streams.
    pub async fn catch_up(&self) {
        {
            let _turn = self.turn.lock().await;
            while let Some(task) = self.agenda.due(self.clock.now()) {
                self.work(task).await;
            }
        }
        self.settle().await;
    }

    async fn work(&self, task: Task) {
        match task {
            Task::Schedule { function, every } => {
                self.scheduled(&function).await;
                self.agenda.add(after(self.clock.now(), every), Task::Schedule { function, every });
            }
            Task::Callback { event, tries } => self.call_back(event, tries).await,
            Task::Receipt { sent, tries } => self.deliver(sent, tries).await,
            Task::Expire => {
                self.neighbours.dynamo.expire();
                self.agenda.add(after(self.clock.now(), Duration::from_secs(86_400)), Task::Expire);
            }
        }
    }

    /// The event of a schedule; like EventBridge, with one more try.
    async fn scheduled(&self, function: &str) {
        let event = json!({
            "version": "0",
            "id": self.random.hex::<16>().unwrap_or_default(),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": ACCOUNT,
            "time": self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": REGION,
            "resources": [format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/local-{function}")],
            "detail": {},
        });
        for _ in 0..2 {
            match self.invoke(function, event.to_string().into_bytes()).await {
                Ok(_) => return,
                Err(why) => tracing::error!(function, why, "a scheduled function failed"),
            }
        }
    }

    /// Sends a callback of the PSP; one that is not taken is repeated later.
    pub async fn call_back(&self, event: Event, tries: usize) {
        let status = self.sent(&event).await;
        if status.is_ok_and(|status| (200..300).contains(&status)) {
            return;
        }
        if let Some(wait) = REPEATS.get(tries) {
            let at = after(self.clock.now(), Duration::from_secs(*wait));
            self.agenda.add(at, Task::Callback { event, tries: tries.saturating_add(1) });
        }
    }

    /// Brings a receipt of the node; one that is not answered is brought again later, a refused one is not.
    pub async fn deliver(&self, sent: Box<SendRt>, tries: usize) {
        let asked = pagopa::Request::Receipt(sent);
        let taken = matches!(
            self.asked(&asked).await,
            Ok((pagopa::Answer::ReceiptOk(_) | pagopa::Answer::Ko { .. }, _))
        );
        if let (false, Some(wait), pagopa::Request::Receipt(sent)) = (taken, REPEATS.get(tries), asked) {
            let at = after(self.clock.now(), Duration::from_secs(*wait));
            self.agenda.add(at, Task::Receipt { sent, tries: tries.saturating_add(1) });
        }
    }

    async fn sent(&self, event: &Event) -> Result<u16, String> {
        let mut request = http::Request::post(format!("{}/psp/callback", self.public_url))
            .header("content-type", "application/json")
            .header("user-agent", "local-psp");
        for (name, value) in signed(event, self.clock.now()) {
            request = request.header(name, value);
        }
        let request = request.body(event.body.clone().into_bytes()).map_err(|e| e.to_string())?;
        self.at_the_portal(request, PSP_SOURCE).await.map(|response| response.status().as_u16())
    }

    /// Sends a request to the portal, as from outside: through our own gateway, or to where the portal is.
    pub async fn at_the_portal(&self, mut request: Request, source: IpAddr) -> Result<Response, String> {
        if self.neighbours_only {
            return client::send(request).await;
        }
        let host = request.uri().authority().map_or("localhost", |authority| authority.as_str()).to_owned();
        request.headers_mut().insert(HOST, host.try_into().map_err(|_| "the address has no host")?);
        let request_id = self.random.hex::<12>().unwrap_or_default();
        Ok(self.routed(&request, &request_id, source).await)
    }
}

/// lambda_http builds an address from it, and stops when it cannot.
fn host_is_readable(request: &Request) -> bool {
    match request.headers().get(HOST).map(HeaderValue::to_str) {
        None => true,
        Some(Ok(host)) => url::Url::parse(&format!("http://{host}/")).is_ok_and(|url| url.path() == "/"),
        Some(Err(_)) => false,
    }
}

/// A world whose ways out lead to the neighbours.
pub fn world(
    variables: std::collections::BTreeMap<String, String>,
    function: &str,
    clock: &Clock,
    random: &Random,
    neighbours: &Arc<Neighbours>,
) -> World {
    let outside = OutsideWire { function: function.to_owned(), neighbours: neighbours.clone() };
    let parts = Parts {
        clock: clock.clone(),
        random: random.clone(),
        aws: Wire::new(AwsWire(neighbours.clone())),
        outside: Wire::new(outside),
    };
    World::new(variables, parts)
}

/// The functions with a schedule, for the agenda.
pub fn schedules(functions: &std::collections::BTreeMap<String, Function>) -> Vec<(String, Duration)> {
    let each = |function: &Function| {
        let name = function.name.clone();
        function.schedules.iter().map(move |every| (name.clone(), *every)).collect::<Vec<_>>()
    };
    functions.values().flat_map(each).collect()
}
