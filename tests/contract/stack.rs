//! One stack for the whole binary, callers that are somebody else every time (limits count by source), and the
//! people and things that a request needs.
#![allow(dead_code, reason = "two binaries share this file, and neither needs all of it")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::FiscalCode;
use hmac::{Hmac, KeyInit, Mac};
use local::{Options, PASSWORD, Stack, USER};
use serde_json::{Value, json};
use serde_yaml_ng::Value as Yaml;
use sha2::{Digest, Sha256};

/// The demonstration data that the tests name.
pub const MANUAL_NOTICE: &str = "001000000000106683";
pub const PAID_NOTICE: &str = "301000000000010454";
pub const OTHERS_NOTICE: &str = "301000000000020158";
pub const MARIO: &str = "RSSMRA80A01H501U";
pub const CREDITOR_KEY: &str = "local-creditor-key";

static STACK: LazyLock<Stack> =
    LazyLock::new(|| Stack::start(options()).expect("the stack starts on its demonstration data"));

/// The log says what production's says, metrics included.
pub fn options() -> Options {
    let parameters = [("MetricsNamespace".to_owned(), "Payments".to_owned())];
    Options { parameters: parameters.into(), ..Options::default() }
}

pub fn stack() -> &'static Stack {
    &STACK
}

pub fn repository() -> PathBuf {
    Stack::repository().canonicalize().unwrap()
}

pub fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

pub fn yaml(path: &str) -> Yaml {
    serde_yaml_ng::from_str(&read(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The template itself, without the local stack's eyes.
pub fn functions_of_the_template() -> BTreeMap<String, Yaml> {
    let template = yaml("infra/template.yaml");
    let resources = template["Resources"].as_mapping().unwrap();
    let functions = resources.iter().filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function");
    functions
        .map(|(name, resource)| (name.as_str().unwrap().to_owned(), resource["Properties"].clone()))
        .collect()
}

/// `POST /api/search` → `Search`, for every route of the template.
pub fn routes() -> BTreeMap<String, String> {
    let mut routes = BTreeMap::new();
    for (function, properties) in functions_of_the_template() {
        for (_, event) in properties["Events"].as_mapping().into_iter().flatten() {
            if event["Type"] == "HttpApi" {
                let text = |name: &str| event["Properties"][name].as_str().unwrap().to_owned();
                routes.insert(format!("{} {}", text("Method"), text("Path")), function.clone());
            }
        }
    }
    routes
}

/// The routes that the stack serves.
pub fn served() -> BTreeSet<String> {
    stack().template().routes.iter().map(|route| format!("{} {}", route.method, route.path)).collect()
}

/// An address of 127.0.0.0/8 that nobody else calls from.
pub fn source() -> IpAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let [_, b, c, d] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(127, b.wrapping_add(10), c, d.wrapping_add(1)))
}

/// A request, and who makes it.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Call {
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    pub fn cookie(self, cookie: &str) -> Self {
        self.with("cookie", cookie)
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string().as_bytes())
    }

    pub fn body(self, content_type: &str, body: &[u8]) -> Self {
        let mut call = self.with("content-type", content_type);
        call.body = body.to_vec();
        call
    }

    pub async fn send(&self) -> Answer {
        self.send_to(stack()).await
    }

    /// Sends it to another stack than everybody's.
    pub async fn send_to(&self, stack: &Stack) -> Answer {
        let client = reqwest::Client::builder()
            .local_address(source())
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let port = stack.address().rsplit(':').next().unwrap();
        let url = format!("http://127.0.0.1:{port}{}", self.path);
        let mut request = client.request(self.method.parse().unwrap(), url).body(self.body.clone());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap_or_else(|e| panic!("{} {}: {e}", self.method, self.path));
        let text =
            |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
        Answer {
            status: answer.status().as_u16(),
            headers: headers.collect(),
            body: answer.bytes().await.unwrap().to_vec(),
        }
    }

    /// Sends what must succeed.
    pub async fn done(&self) -> Answer {
        let answer = self.send().await;
        assert!(
            (200..300).contains(&answer.status),
            "{} {} answered {} {}",
            self.method,
            self.path,
            answer.status,
            answer.text()
        );
        answer
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The contract's code, when it is a problem document.
    pub fn code(&self) -> String {
        self.value()["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Somebody with an account of their own.
#[derive(Clone, Debug)]
pub struct Person {
    pub first_name: String,
    pub fiscal_code: String,
    pub email: String,
}

impl Person {
    pub fn mario() -> Self {
        Self { first_name: "Mario".to_owned(), fiscal_code: MARIO.to_owned(), email: USER.to_owned() }
    }

    /// Somebody new, who has registered.
    pub async fn registers() -> Self {
        let person = Self::stranger();
        Call::new("POST", "/api/register").json(&person.form()).done().await;
        person
    }

    /// Somebody new, who has registered and followed the link.
    pub async fn activates() -> Self {
        Self::stranger().joins().await
    }

    /// Registers and follows the link.
    async fn joins(self) -> Self {
        Call::new("POST", "/api/register").json(&self.form()).done().await;
        Call::new("POST", "/api/activate").json(&json!({"token": self.mailed_token().await})).done().await;
        self
    }

    /// Somebody new with a practice of their own, which has proven who they are.
    pub async fn owes() -> (Self, String) {
        let person = Self::activates().await;
        let notice = person.owes_another().await;
        (person, notice)
    }

    /// A new practice in one's own list.
    pub async fn owes_another(&self) -> String {
        let notice = self.practice().await;
        let codes = json!({"fiscalCode": self.fiscal_code, "noticeNumber": notice});
        let cookie = self.session().await;
        Call::new("POST", "/api/debts/associate").cookie(&cookie).json(&codes).done().await;
        notice
    }

    /// Somebody whom nobody knows yet, with a fiscal code that holds.
    pub fn stranger() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let letter = |n: u32| char::from(b'A' + u8::try_from(n % 26).unwrap());
        let letters: String = [number, number / 26, number / 676].map(letter).iter().collect();
        Self::called("Anna", &letters, &format!("anna.{number}@example.it"))
    }

    /// Somebody with a fiscal code that begins with three letters, and holds.
    fn called(first_name: &str, letters: &str, email: &str) -> Self {
        let base = format!("{}NRE85M41F205", letters.to_ascii_uppercase());
        let code =
            ('A'..='Z').map(|check| format!("{base}{check}")).find(|code| FiscalCode::parse(code).is_ok());
        Self { first_name: first_name.to_owned(), fiscal_code: code.unwrap(), email: email.to_owned() }
    }

    pub fn form(&self) -> Value {
        json!({
            "fiscalCode": self.fiscal_code, "personType": "natural", "firstName": self.first_name, "lastName": "Neri",
            "address": "via Dante 3", "country": "IT", "city": "Milano", "province": "MI", "postalCode": "20121",
            "email": self.email, "phone": "+39 333 7654321", "username": self.email, "password": PASSWORD,
            "passwordConfirmation": PASSWORD, "privacyAccepted": true, "termsAccepted": true
        })
    }

    /// The cookie of a new session.
    pub async fn session(&self) -> String {
        let credentials = json!({"username": self.email, "password": PASSWORD});
        let answer = Call::new("POST", "/api/login").json(&credentials).done().await;
        answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
    }

    /// The cookie of a session that has ended.
    pub async fn dead_session(&self) -> String {
        let cookie = self.session().await;
        Call::new("POST", "/api/logout").cookie(&cookie).json(&json!({})).done().await;
        cookie
    }

    /// The token of the latest mail.
    pub async fn mailed_token(&self) -> String {
        stack().settle().await;
        let mails = stack().mails(Some(&self.email));
        let link = mails.iter().flat_map(|mail| &mail.links).find_map(|link| link.split_once("#t="));
        link.unwrap_or_else(|| panic!("{} has no mail with a link", self.email)).1.to_owned()
    }

    /// The token of a mail that changes the password.
    pub async fn forgets(&self) -> String {
        // One mail a minute for each address.
        stack().advance(std::time::Duration::from_secs(61)).await;
        Call::new("POST", "/api/password/forgot").json(&json!({"username": self.email})).done().await;
        self.mailed_token().await
    }

    /// A new practice, from the creditor, of 45.50 €.
    pub async fn practice(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let notice = domain::NoticeNumber::issue("01".parse().unwrap(), 990_000_000 + u64::from(number));
        let body = json!({
            "debtor": {"fiscalCode": self.fiscal_code, "personType": "natural", "name": format!("{} Neri", self.first_name)},
            "serviceCode": "08.MENSA SCOLASTICA", "reason": "Mensa scolastica, terzo bimestre", "amount": 4550
        });
        let path = format!("/creditor/debts/{notice}");
        Call::new("PUT", &path)
            .with("authorization", &format!("Bearer {CREDITOR_KEY}"))
            .json(&body)
            .done()
            .await;
        notice.to_string()
    }

    /// Starts to pay, and gets the payment's name.
    pub async fn starts_to_pay(&self, notice: &str) -> String {
        let call = Call::new("POST", "/api/payments").cookie(&self.session().await);
        let call = call.with("idempotency-key", &unique("pay")).json(&json!({"noticeNumbers": [notice]}));
        call.done().await.value()["paymentId"].as_str().unwrap().to_owned()
    }

    /// Creates a spontaneous practice, and gets its number.
    pub async fn creates(&self) -> String {
        let wish = json!({"serviceCode": "TEST1", "reason": "Prova", "amount": 100});
        let call = Call::new("POST", "/api/debts").cookie(&self.session().await);
        let answer = call.with("idempotency-key", &unique("create")).json(&wish).done().await;
        answer.value()["debt"]["noticeNumber"].as_str().unwrap().to_owned()
    }

    /// The code printed on the receipt of a practice of one's own.
    pub async fn receipt_code(&self, notice: &str) -> String {
        let answer =
            Call::new("GET", "/api/account/export").cookie(&self.session().await).done().await.value();
        let debts = answer["debts"].as_array().unwrap().clone();
        let debt = debts.iter().find(|debt| debt["noticeNumber"] == notice).unwrap();
        debt["receipt"]["code"].as_str().unwrap().to_owned()
    }
}

/// A search reference of the manual's practice. It is good for ten minutes, and one fiscal code may be searched for
/// twenty times a day: one will do.
pub async fn reference() -> String {
    static KNOWN: Mutex<Option<String>> = Mutex::new(None);
    if let Some(known) = KNOWN.lock().unwrap().clone() {
        return known;
    }
    let codes = json!({"fiscalCode": MARIO, "noticeNumber": MANUAL_NOTICE});
    let answer = Call::new("POST", "/api/search").json(&codes).done().await;
    let reference = answer.value()["reference"].as_str().unwrap().to_owned();
    KNOWN.lock().unwrap().get_or_insert(reference).clone()
}

/// A text that is given once.
pub fn unique(what: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{what}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

pub fn now() -> i64 {
    stack().clock().now().as_second()
}

/// The signature of a callback as the local PSP makes it (`infra/local/src/secrets.rs`).
pub fn webhook_signature(id: &str, timestamp: &str, body: &str) -> String {
    let key: [u8; 32] = Sha256::new().chain_update("local ").chain_update("webhook 1").finalize().into();
    let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    let mac = mac.chain_update(format!("{id}.{timestamp}.{body}")).finalize();
    format!("v1,{}", STANDARD.encode(mac.into_bytes()))
}

/// People by the names that events give them: the same person for the same name.
pub async fn person(name: &str) -> Person {
    static KNOWN: LazyLock<Mutex<BTreeMap<String, Person>>> = LazyLock::new(Mutex::default);
    if name == "mario" {
        return Person::mario();
    }
    let known = KNOWN.lock().unwrap().get(name).cloned();
    match known {
        Some(person) => person,
        None => {
            let person =
                Person::called(&capitalised(name), &name[..3], &format!("{name}@example.it")).joins().await;
            KNOWN.lock().unwrap().insert(name.to_owned(), person.clone());
            person
        }
    }
}

fn capitalised(name: &str) -> String {
    name[..1].to_ascii_uppercase() + &name[1..]
}
