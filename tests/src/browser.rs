use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder, Url, redirect};
use serde::Serialize;

use crate::Answer;

/// Somebody's browser: one address that it calls from, and the cookies that it was given.
#[derive(Clone)]
pub struct Browser {
    base: String,
    client: Client,
    jar: Jar,
    pub address: Ipv4Addr,
}

type Jar = Arc<Mutex<BTreeMap<String, String>>>;

/// A request on its way.
#[must_use]
pub struct Ask {
    asked: String,
    builder: RequestBuilder,
    jar: Jar,
}

impl Browser {
    pub fn new(base: &str, address: Ipv4Addr) -> Self {
        let url = Url::parse(base).unwrap_or_else(|e| panic!("{base} is no address: {e}"));
        let mut builder =
            Client::builder().redirect(redirect::Policy::none()).user_agent("journeys").no_proxy();
        let host = url.host_str().unwrap_or_default();
        // Only a stack on this machine can see us as many callers.
        if matches!(host, "localhost" | "127.0.0.1") {
            let port = url.port_or_known_default().unwrap_or(80);
            let here = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            builder = builder.local_address(std::net::IpAddr::V4(address)).resolve("localhost", here);
        }
        let client = builder.build().unwrap();
        Self { base: base.to_owned(), client, jar: Jar::default(), address }
    }

    pub fn asks(&self, method: Method, path: &str) -> Ask {
        let asked = format!("{method} {path}");
        let builder = self.client.request(method, format!("{}{path}", self.base));
        Ask { asked, builder, jar: self.jar.clone() }
    }

    pub fn get(&self, path: &str) -> Ask {
        self.asks(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: &impl Serialize) -> Ask {
        self.asks(Method::POST, path).json(body)
    }

    /// The cookies as `name=value`, as they would be stolen.
    pub fn cookies(&self) -> String {
        shown(&self.jar)
    }

    /// Puts cookies in, as `name=value; name=value`.
    pub fn takes_cookies(&self, cookies: &str) {
        let mut jar = self.jar.lock().unwrap();
        jar.clear();
        jar.extend(cookies.split("; ").filter_map(pair));
    }

    pub fn forgets_cookies(&self) {
        self.jar.lock().unwrap().clear();
    }
}

impl Ask {
    pub fn json(self, body: &impl Serialize) -> Self {
        Self { builder: self.builder.json(body), ..self }
    }

    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { builder: self.builder.header("content-type", content_type).body(body.into()), ..self }
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        Self { builder: self.builder.header(name, value), ..self }
    }

    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub fn in_english(self) -> Self {
        self.header("accept-language", "en")
    }

    pub async fn answer(self) -> Answer {
        let cookies = shown(&self.jar);
        let builder = if cookies.is_empty() { self.builder } else { self.builder.header(COOKIE, cookies) };
        let asked = self.asked;
        let response = builder.send().await.unwrap_or_else(|why| panic!("{asked}: {why:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for cookie in headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let gone = cookie.contains("Max-Age=0");
            let (name, value) = cookie.split(';').next().and_then(pair).unwrap();
            let mut jar = self.jar.lock().unwrap();
            if gone { drop(jar.remove(&name)) } else { drop(jar.insert(name, value)) }
        }
        let body = response.bytes().await.unwrap_or_else(|why| panic!("{asked}: {why:?}")).to_vec();
        Answer { asked, status, headers, body }
    }
}

fn shown(jar: &Jar) -> String {
    let jar = jar.lock().unwrap();
    jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

fn pair(cookie: &str) -> Option<(String, String)> {
    cookie.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
}
