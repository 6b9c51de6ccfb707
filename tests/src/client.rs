//! The HTTP driver of every suite: a request, and a client that sends it over TCP or straight into a simulation.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use reqwest::header::SET_COOKIE;
use reqwest::{Client, Url, redirect};
use serde::Serialize;

use crate::TestResponse;
use crate::harness::Harness;

/// A request, which can be sent as often as a test wants.
#[derive(Clone, Debug)]
pub struct TestRequest {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl TestRequest {
    pub fn new(method: impl AsRef<str>, path: &str) -> Self {
        let method = method.as_ref().to_owned();
        Self { method, path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn json(self, body: &impl Serialize) -> Self {
        self.body("application/json", serde_json::to_vec(body).unwrap())
    }

    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self.header("content-type", content_type) }
    }

    /// Sets a header in place of any other of the same name.
    pub fn header(self, name: &str, value: &str) -> Self {
        let mut request = self.without(name);
        request.headers.push((name.to_owned(), value.to_owned()));
        request
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    pub fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie)
    }

    pub fn idempotency_key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// The value of a header; empty when there is none.
    pub fn header_value(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// A client with one source address and a cookie jar. Clones share the jar.
#[derive(Clone)]
pub struct TestClient {
    transport: Transport,
    jar: Arc<Mutex<BTreeMap<String, String>>>,
}

#[derive(Clone)]
enum Transport {
    Tcp { base: String, client: Client },
    Simulated { harness: Arc<Harness>, source: Ipv4Addr },
}

/// A request of a client, ready to be sent.
#[must_use]
pub struct ClientRequest {
    client: TestClient,
    request: TestRequest,
}

impl TestClient {
    /// Calls a base URL; on this machine from the given address.
    pub fn new(base: &str, source: Ipv4Addr) -> Self {
        let url = Url::parse(base).unwrap_or_else(|e| panic!("{base} is no address: {e}"));
        let mut builder =
            Client::builder().redirect(redirect::Policy::none()).user_agent("journeys").no_proxy();
        let host = url.host_str().unwrap_or_default();
        // Only a stack on this machine can see us as many callers.
        if matches!(host, "localhost" | "127.0.0.1") {
            let port = url.port_or_known_default().unwrap_or(80);
            let here = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            builder = builder.local_address(IpAddr::V4(source)).resolve("localhost", here);
        }
        let client = builder.build().unwrap();
        Self { transport: Transport::Tcp { base: base.to_owned(), client }, jar: Arc::default() }
    }

    /// Calls the gateway of a simulation, which records the exchange.
    pub fn simulated(harness: &Arc<Harness>, source: Ipv4Addr) -> Self {
        Self { transport: Transport::Simulated { harness: harness.clone(), source }, jar: Arc::default() }
    }

    pub fn request(&self, method: impl AsRef<str>, path: &str) -> ClientRequest {
        ClientRequest { client: self.clone(), request: TestRequest::new(method, path) }
    }

    pub fn get(&self, path: &str) -> ClientRequest {
        self.request("GET", path)
    }

    pub fn post(&self, path: &str, body: &impl Serialize) -> ClientRequest {
        self.request("POST", path).json(body)
    }

    /// Sends a request with the jar's cookies, unless it has a cookie of its own, and keeps those of the answer.
    pub async fn send(&self, request: &TestRequest) -> TestResponse {
        let mut request = request.clone();
        let cookies = self.cookies();
        if !cookies.is_empty() && request.header_value("cookie").is_empty() {
            request = request.cookie(&cookies);
        }
        let response = match &self.transport {
            Transport::Simulated { harness, source } => harness.answer(&request, *source).await,
            Transport::Tcp { base, client } => over_tcp(client, base, request).await,
        };
        // A late answer replaces a newer cookie, as it does in a browser.
        let mut jar = self.jar.lock().unwrap();
        for cookie in response.headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().and_then(pair).unwrap();
            let gone = cookie.contains("Max-Age=0");
            if gone { drop(jar.remove(&name)) } else { drop(jar.insert(name, value)) }
        }
        drop(jar);
        response
    }

    /// The cookies as `name=value; name=value`, as they would be stolen.
    pub fn cookies(&self) -> String {
        let jar = self.jar.lock().unwrap();
        jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Puts cookies in, as `name=value; name=value`.
    pub fn takes_cookies(&self, cookies: &str) {
        let mut jar = self.jar.lock().unwrap();
        jar.clear();
        jar.extend(cookies.split("; ").filter_map(pair));
    }
}

async fn over_tcp(client: &Client, base: &str, request: TestRequest) -> TestResponse {
    let TestRequest { method, path, headers, body } = request;
    let asked = format!("{method} {path}");
    let mut builder = client.request(method.parse().unwrap(), format!("{base}{path}"));
    // A body of no bytes has no length either, as a browser sends it.
    if !body.is_empty() {
        builder = builder.body(body);
    }
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    let response = builder.send().await.unwrap_or_else(|why| panic!("{asked}: {why:?}"));
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.unwrap_or_else(|why| panic!("{asked}: {why:?}")).to_vec();
    TestResponse { asked, status, headers, body }
}

impl ClientRequest {
    pub fn json(self, body: &impl Serialize) -> Self {
        Self { request: self.request.json(body), ..self }
    }

    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { request: self.request.body(content_type, body), ..self }
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    pub fn idempotency_key(self, key: &str) -> Self {
        Self { request: self.request.idempotency_key(key), ..self }
    }

    pub fn in_english(self) -> Self {
        self.header("accept-language", "en")
    }

    pub async fn answer(self) -> TestResponse {
        self.client.send(&self.request).await
    }
}

fn pair(cookie: &str) -> Option<(String, String)> {
    cookie.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
}
