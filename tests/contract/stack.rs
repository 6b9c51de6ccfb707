//! One stack for the whole binary, requests that come from another source every time (limits count by source), and
//! the people and data that a request needs.
#![allow(dead_code, reason = "two binaries share this file, and neither needs all of it")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};

use domain::FiscalCode;
use journeys::{
    DebtPosition, PersonName, PortalUser, SampleNotice, SamplePerson, TestClient, TestPortal, TestRequest,
    TestResponse, signed,
};
use local::{Options, PASSWORD, Stack, USER};
use serde_json::json;
use serde_yaml_ng::Value as Yaml;

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

/// The drivers on the shared stack: one for each test, whose users call from different addresses.
pub fn portal() -> TestPortal {
    thread_local! {
        static PORTAL: TestPortal = TestPortal::on(stack());
    }
    PORTAL.with(TestPortal::clone)
}

/// Sends requests to the shared stack, each from a source address of its own: limits count by source.
pub trait SendToStack {
    async fn send(&self) -> TestResponse;
    /// Sends it to another stack.
    async fn send_to(&self, stack: &Stack) -> TestResponse;
    /// Sends what must succeed.
    async fn done(&self) -> TestResponse;
}

impl SendToStack for TestRequest {
    async fn send(&self) -> TestResponse {
        self.send_to(stack()).await
    }

    async fn send_to(&self, stack: &Stack) -> TestResponse {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let [_, b, c, d] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let source = Ipv4Addr::new(127, b.wrapping_add(10), c, d.wrapping_add(1));
        TestClient::new(stack.address(), source).send(self).await
    }

    async fn done(&self) -> TestResponse {
        let answer = self.send().await;
        assert!(answer.is_success(), "{} answered {} {}", answer.asked, answer.status, answer.text());
        answer
    }
}

/// Mario of the demonstration data.
pub fn mario() -> PortalUser {
    let mut person = named("Mario", "RSS", USER);
    MARIO.clone_into(&mut person.fiscal_code);
    portal().citizen_like(person)
}

/// Somebody whom nobody knows yet, with a valid fiscal code.
pub fn stranger() -> SamplePerson {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let letter = |n: u32| char::from(b'A' + u8::try_from(n % 26).unwrap());
    let letters: String = [number, number / 26, number / 676].map(letter).iter().collect();
    named("Anna", &letters, &format!("anna.{number}@example.it"))
}

/// A person whose valid fiscal code begins with three letters.
fn named(first: &str, letters: &str, email: &str) -> SamplePerson {
    let base = format!("{}NRE85M41F205", letters.to_ascii_uppercase());
    let code = ('A'..='Z').map(|check| format!("{base}{check}")).find(|code| FiscalCode::parse(code).is_ok());
    SamplePerson {
        fiscal_code: code.unwrap(),
        name: PersonName::Natural { first: first.to_owned(), last: "Neri".to_owned() },
        email: email.to_owned(),
        username: email.to_owned(),
        password: PASSWORD.to_owned(),
    }
}

/// Somebody new, who has registered.
pub async fn registered() -> PortalUser {
    let user = portal().citizen_like(stranger());
    user.registers().await;
    user
}

/// Somebody new, who has registered and followed the link.
pub async fn activated() -> PortalUser {
    joined(stranger()).await
}

async fn joined(person: SamplePerson) -> PortalUser {
    let user = portal().citizen_like(person);
    user.registers().await;
    user.activates().await;
    user
}

/// Somebody new with a debt of their own, which has proven who they are.
pub async fn debtor() -> (PortalUser, String) {
    let user = activated().await;
    let notice = owes_another(&user).await;
    (user, notice)
}

/// Adds a new debt to a user's own list; returns its notice number.
pub async fn owes_another(user: &PortalUser) -> String {
    let notice = issue_debt(&user.person).await;
    let there = user.elsewhere();
    there.logs_in().await;
    there.associates(&notice).await;
    notice.number
}

/// A new debt of a person, from the creditor, of 45.50 €.
pub async fn issue_debt(person: &SamplePerson) -> SampleNotice {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let notice = domain::NoticeNumber::issue("01".parse().unwrap(), 990_000_000 + u64::from(number));
    let debtor =
        json!({"fiscalCode": person.fiscal_code, "personType": "natural", "name": person.full_name()});
    let portal = portal();
    let position = DebtPosition::of(person, portal.rng()).numbered(notice.as_str()).with("amount", 4_550);
    let position = position.with("reason", "Mensa scolastica, terzo bimestre").with("debtor", debtor);
    portal.creditor().issues_as(position).await
}

/// The cookie of a new session.
pub async fn session(user: &PortalUser) -> String {
    let there = user.elsewhere();
    there.logs_in().await;
    there.browser.cookies()
}

/// The cookie of a session that has ended.
pub async fn dead_session(user: &PortalUser) -> String {
    let there = user.elsewhere();
    there.logs_in().await;
    let cookie = there.browser.cookies();
    there.logs_out().await;
    cookie
}

/// The token of the latest mail with a link.
pub async fn mailed_token(user: &PortalUser) -> String {
    let mails = user.mails().await;
    let link = mails.iter().flat_map(|mail| &mail.links).find_map(|link| link.split_once("#t="));
    link.unwrap_or_else(|| panic!("{} has no mail with a link", user.person.email)).1.to_owned()
}

/// The token of a mail that resets the password.
pub async fn reset_token(user: &PortalUser) -> String {
    // One mail a minute for each address.
    stack().advance(std::time::Duration::from_secs(61)).await;
    user.elsewhere().forgets_password().await;
    mailed_token(user).await
}

/// The token of a mail that confirms another address of somebody.
pub async fn confirmation_token(user: &PortalUser) -> String {
    let there = user.elsewhere();
    there.logs_in().await;
    let office = format!("{}@example.it", unique("office"));
    there.tries_to_change_email(&office).await.expect(202);
    portal().mailbox().token(&office, "/conferma-email").await.expect("a link to the new address")
}

/// The token of a mail that contests somebody's proof.
pub async fn contest_token() -> String {
    let user = activated().await;
    let known = format!("{}@example.it", unique("known"));
    let position = DebtPosition::of(&user.person, portal().rng());
    let mut debtor = user.person.debtor();
    debtor["email"] = json!(known);
    let notice = portal().creditor().issues_as(position.with("debtor", debtor)).await;
    user.associates(&notice).await;
    portal().mailbox().token(&known, "/contesta").await.expect("a link to the known address")
}

/// Starts to pay a debt; returns the payment's id.
pub async fn payment_of(user: &PortalUser, notice: &str) -> String {
    let order = TestRequest::new("POST", "/api/payments").cookie(&session(user).await);
    let order = order.idempotency_key(&unique("pay")).json(&json!({"noticeNumbers": [notice]}));
    order.done().await.json()["paymentId"].as_str().unwrap().to_owned()
}

/// Creates a spontaneous payment; returns its notice number.
pub async fn spontaneous_of(user: &PortalUser) -> String {
    let wish = json!({"serviceCode": "TEST1", "reason": "Prova", "amount": 100});
    let request = TestRequest::new("POST", "/api/debts").cookie(&session(user).await);
    let answer = request.idempotency_key(&unique("create")).json(&wish).done().await;
    answer.json()["debt"]["noticeNumber"].as_str().unwrap().to_owned()
}

/// The code printed on the receipt of one of Mario's debts.
pub async fn receipt_code_of_mario() -> String {
    let mario = mario();
    mario.logs_in().await;
    let notice = SampleNotice {
        number: PAID_NOTICE.to_owned(),
        fiscal_code: MARIO.to_owned(),
        amount: 0,
        reason: String::new(),
    };
    mario.receipt_code(&notice).await
}

/// A search reference of the manual's debt. It is good for ten minutes, and one fiscal code may be searched for
/// twenty times a day: one will do.
pub async fn reference() -> String {
    static KNOWN: Mutex<Option<String>> = Mutex::new(None);
    if let Some(known) = KNOWN.lock().unwrap().clone() {
        return known;
    }
    let codes = json!({"fiscalCode": MARIO, "noticeNumber": MANUAL_NOTICE});
    let answer = TestRequest::new("POST", "/api/search").json(&codes).done().await;
    let reference = answer.json()["reference"].as_str().unwrap().to_owned();
    KNOWN.lock().unwrap().get_or_insert(reference).clone()
}

/// Money of a payment that nobody knows came; returns the id of the difference that says so.
pub async fn difference() -> String {
    let transaction = unique("TX-NOBODYS");
    let body = json!({"type": "payment.succeeded", "timestamp": "2026-11-23T10:00:00Z", "data": {
        "paymentId": "6f1c2b0e9d8a47f3b5c4d3e2f1a09b87", "transactionId": transaction, "pspId": "BANCADUE",
        "pspName": "Banca Due", "method": "CP", "amount": 100, "fee": 0, "currency": "EUR",
        "paidAt": "2026-11-23T10:00:00Z"
    }});
    let told = TestRequest::new("POST", "/psp/callback");
    signed_callback(told.body("application/json", body.to_string().as_bytes()), now()).done().await;
    let mut cursor = String::new();
    loop {
        let path = format!("/creditor/differences?kind=unmatched&limit=50{cursor}");
        let list = TestRequest::new("GET", &path).header("authorization", &format!("Bearer {CREDITOR_KEY}"));
        let page = list.done().await.json();
        let mut kept = page["items"].as_array().unwrap().iter();
        if let Some(found) = kept.find(|kept| kept["receiptId"] == transaction.as_str()) {
            return found["id"].as_str().unwrap().to_owned();
        }
        cursor = format!("&cursor={}", page["nextCursor"].as_str().expect("the difference is in the list"));
    }
}

/// A text that is given once.
pub fn unique(what: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{what}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

pub fn now() -> i64 {
    stack().clock().now().as_second()
}

/// The same request with the headers of a rightly signed callback, under a new id.
pub fn signed_callback(request: TestRequest, seconds: i64) -> TestRequest {
    let headers = signed(&unique("evt"), seconds, &request.body);
    headers.iter().fold(request, |request, (name, value)| request.header(name, value))
}

/// People by the names that events give them: the same person for the same name.
pub async fn person(name: &str) -> PortalUser {
    static KNOWN: Mutex<BTreeMap<String, SamplePerson>> = Mutex::new(BTreeMap::new());
    if name == "mario" {
        return mario();
    }
    let known = KNOWN.lock().unwrap().get(name).cloned();
    match known {
        Some(person) => portal().citizen_like(person),
        None => {
            let user = joined(named(&capitalised(name), &name[..3], &format!("{name}@example.it"))).await;
            KNOWN.lock().unwrap().insert(name.to_owned(), user.person.clone());
            user
        }
    }
}

fn capitalised(name: &str) -> String {
    name[..1].to_ascii_uppercase() + &name[1..]
}
