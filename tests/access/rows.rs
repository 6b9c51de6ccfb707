//! One row for each route: who may call it, and a request that works. Every test walks the template's routes and
//! looks its row up here.

use std::cell::Cell;

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use journeys::{PortalUser, TestRequest};

use crate::stack::{
    CREDITOR_KEY, MANUAL_NOTICE, PAID_NOTICE, activated, debtor, difference, issue_debt, mario, now,
    owes_another, payment_of, receipt_code_of_mario, reference, routes, served, session, signed_callback,
    spontaneous_of, stranger, unique,
};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteCaller {
    /// Anybody.
    Public,
    /// Whoever has logged in.
    Session,
    /// The creditor's back office.
    Creditor,
    /// A PSP, by its signature.
    Psp,
    /// The pagoPA node, by its certificate: the gateway has checked it already.
    Node,
}

/// What a route takes in its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    Json,
    /// What a browser sends of a form by itself; answered with a page.
    PlainForm,
    Table,
    CallbackBody,
    Soap,
}

pub struct RouteRow {
    pub route: &'static str,
    pub caller: RouteCaller,
    pub takes: Takes,
    /// What the request of [`RouteRow::call`] is answered with.
    pub works: u16,
    /// The path with things that are there; `{…}` is filled in by [`RouteRow::call`].
    path: &'static str,
    body: fn() -> Value,
}

const fn row(
    route: &'static str,
    caller: RouteCaller,
    takes: Takes,
    works: u16,
    path: &'static str,
    body: fn() -> Value,
) -> RouteRow {
    RouteRow { route, caller, takes, works, path, body }
}

use RouteCaller::{Creditor, Node, Psp, Public, Session};
use Takes::{CallbackBody, Json, Nothing, PlainForm, Soap, Table};

fn none() -> Value {
    Value::Null
}

#[rustfmt::skip]
const ROWS: &[RouteRow] = &[
    row("POST /api/search", Public, Json, 200, "/api/search", || json!({"fiscalCode": "{code}", "noticeNumber": "{own}"})),
    row("GET /api/search/{reference}", Public, Nothing, 200, "/api/search/{reference}", none),
    row("GET /api/search/{reference}/notice.pdf", Public, Nothing, 200, "/api/search/{reference}/notice.pdf", none),
    row("POST /ricerca", Public, PlainForm, 200, "/ricerca", || json!({"cf": "{code}", "codice": "{own}"})),
    row("POST /api/register/check", Public, Json, 200, "/api/register/check", || json!({"fiscalCode": "RSSMRA80A01H501U"})),
    row("POST /api/register", Public, Json, 202, "/api/register", || stranger().form()),
    row("POST /api/activate", Public, Json, 400, "/api/activate", || json!({"token": "nobody-has-sent-this", "password": "nobody has chosen this"})),
    row("POST /api/activate/resend", Public, Json, 202, "/api/activate/resend", || json!({"username": stranger().email})),
    row("POST /api/login", Public, Json, 401, "/api/login", || json!({"username": stranger().email, "password": "wrong and long"})),
    row("POST /api/logout", Session, Json, 204, "/api/logout", || json!({})),
    row("POST /api/password/forgot", Public, Json, 202, "/api/password/forgot", || json!({"username": stranger().email})),
    row("POST /api/password/reset", Public, Json, 400, "/api/password/reset", || json!({"token": "nobody-has-sent-this", "password": "quattro gatti sul tetto", "passwordConfirmation": "quattro gatti sul tetto"})),
    row("POST /api/password/change", Session, Json, 401, "/api/password/change", || json!({"currentPassword": "wrong and long", "password": "quattro gatti sul tetto", "passwordConfirmation": "quattro gatti sul tetto"})),
    row("GET /api/account", Session, Nothing, 200, "/api/account", none),
    row("PATCH /api/account", Session, Json, 200, "/api/account", || json!({"language": "it"})),
    row("POST /api/account/email", Session, Json, 401, "/api/account/email", || json!({"email": stranger().email, "password": "wrong and long"})),
    row("POST /api/account/email/confirm", Session, Json, 400, "/api/account/email/confirm", || json!({"token": "nobody-has-sent-this"})),
    row("GET /api/account/export", Session, Nothing, 200, "/api/account/export", none),
    row("GET /api/account/sessions", Session, Nothing, 200, "/api/account/sessions", none),
    row("DELETE /api/account/sessions/{id}", Session, Nothing, 404, "/api/account/sessions/nobody-has-this", none),
    row("GET /api/services", Session, Nothing, 200, "/api/services", none),
    row("GET /api/debts", Session, Nothing, 200, "/api/debts", none),
    row("GET /api/debts/{noticeNumber}", Session, Nothing, 200, "/api/debts/{own}", none),
    row("POST /api/debts/associate", Session, Json, 404, "/api/debts/associate", || json!({"fiscalCode": stranger().fiscal_code, "noticeNumber": MANUAL_NOTICE})),
    row("POST /api/identity/contest", Public, Json, 400, "/api/identity/contest", || json!({"token": "nobody-has-sent-this"})),
    row("POST /api/debts", Session, Json, 201, "/api/debts", || json!({"serviceCode": "TEST1", "reason": "Prova", "amount": 100})),
    row("DELETE /api/debts/{noticeNumber}", Session, Nothing, 204, "/api/debts/{spontaneous}", none),
    row("GET /api/payment-methods", Session, Nothing, 200, "/api/payment-methods?amount=100", none),
    row("POST /api/payments", Session, Json, 201, "/api/payments", || json!({"noticeNumbers": ["{own}"]})),
    row("GET /api/payments/{paymentId}", Session, Nothing, 200, "/api/payments/{payment}", none),
    row("POST /api/payments/{paymentId}/cancel", Session, Json, 200, "/api/payments/{payment}/cancel", || json!({})),
    row("GET /api/debts/{noticeNumber}/notice.pdf", Session, Nothing, 200, "/api/debts/{own}/notice.pdf", none),
    row("GET /api/history", Session, Nothing, 200, "/api/history", none),
    row("GET /api/debts/{noticeNumber}/receipt.pdf", Session, Nothing, 200, "/api/debts/{paid}/receipt.pdf", none),
    row("GET /api/receipts/{code}", Public, Nothing, 200, "/api/receipts/{receipt}", none),
    row("POST /api/consent/revoke", Session, Json, 401, "/api/consent/revoke", || json!({"password": "wrong and long"})),
    row("GET /", Public, Nothing, 200, "/", none),
    row("GET /{proxy+}", Public, Nothing, 200, "/attiva", none),
    row("POST /psp/callback", Psp, CallbackBody, 200, "/psp/callback", || json!({
        "type": "payment.failed", "timestamp": "2026-11-23T10:00:00Z", "data": {
            "paymentId": "6f1c2b0e9d8a47f3b5c4d3e2f1a09b87", "transactionId": "TX-1", "pspId": "BANCADUE",
            "pspName": "Banca Due", "method": "CP", "amount": 100, "currency": "EUR"
        }
    })),
    row("POST /pagopa/node", Node, Soap, 200, "/pagopa/node", none),
    row("POST /creditor/debts", Creditor, Json, 201, "/creditor/debts", || json!({
        "debtor": {"fiscalCode": "VRDLCU75M41F205H", "personType": "natural", "name": "Lucia Verdi"},
        "serviceCode": "TEST1", "reason": "Prova", "amount": 100
    })),
    row("GET /creditor/debts", Creditor, Nothing, 200, "/creditor/debts?debtor=RSSMRA80A01H501U", none),
    row("GET /creditor/debts/{noticeNumber}", Creditor, Nothing, 200, "/creditor/debts/{debt}", none),
    row("GET /creditor/debts/{noticeNumber}/notice.pdf", Creditor, Nothing, 200, "/creditor/debts/{debt}/notice.pdf", none),
    row("GET /creditor/debts/{noticeNumber}/receipt.pdf", Creditor, Nothing, 200, "/creditor/debts/{paid}/receipt.pdf", none),
    row("GET /creditor/payments", Creditor, Nothing, 200, "/creditor/payments", none),
    row("GET /creditor/events", Creditor, Nothing, 200, "/creditor/events", none),
    row("GET /creditor/differences", Creditor, Nothing, 200, "/creditor/differences?status=open", none),
    row("POST /creditor/differences/{id}/resolve", Creditor, Json, 200, "/creditor/differences/{difference}/resolve", || json!({
        "resolution": "reconciled", "by": "ragioneria", "why": "flusso 2026-11-23"
    })),
    row("PUT /creditor/debts/{noticeNumber}", Creditor, Json, 201, "/creditor/debts/{new}", || json!({
        "debtor": {"fiscalCode": "VRDLCU75M41F205H", "personType": "natural", "name": "Lucia Verdi"},
        "serviceCode": "TEST1", "reason": "Prova", "amount": 100
    })),
    row("DELETE /creditor/debts/{noticeNumber}", Creditor, Nothing, 204, "/creditor/debts/{debt}", none),
    row("POST /creditor/debts/import", Creditor, Table, 200, "/creditor/debts/import?dryRun=true", none),
];

const SOAP: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:paf="http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd"><soapenv:Body><paf:paVerifyPaymentNoticeReq><idPA>12345678903</idPA><idBrokerPA>98765432103</idBrokerPA><idStation>98765432103_01</idStation><qrCode><fiscalCode>12345678903</fiscalCode><noticeNumber>001000000000106683</noticeNumber></qrCode></paf:paVerifyPaymentNoticeReq></soapenv:Body></soapenv:Envelope>"#;

const TABLE: &str = "noticeNumber,debtorFiscalCode,debtorPersonType,debtorName,serviceCode,reason,amount\n\
                     301000000000030266,RSSMRA80A01H501U,natural,Mario Rossi,TEST1,Prova,100\n";

/// A row for every route that the stack serves; a route without one fails here, and says what to do.
pub fn rows() -> Vec<&'static RouteRow> {
    let served = served();
    let (known, gone): (Vec<&RouteRow>, Vec<&RouteRow>) =
        ROWS.iter().partition(|row| served.contains(row.route));
    let missing: Vec<_> =
        routes().into_keys().filter(|route| ROWS.iter().all(|row| row.route != route)).collect();
    assert!(
        missing.is_empty(),
        "nobody has said who may call {missing:?}: add a row to ROWS in tests/access/rows.rs, with a request that works"
    );
    let gone: Vec<&str> = gone.iter().map(|row| row.route).collect();
    assert!(
        gone.is_empty(),
        "take the rows of these routes out of tests/access/rows.rs, they are gone: {gone:?}"
    );
    known
}

/// The citizen who owns what the rows name, with a live session.
pub struct Owner {
    pub cookie: String,
    pub notice: String,
    pub payment: String,
    pub person: PortalUser,
}

thread_local! {
    /// One for each test, which has a thread of its own: a person may not create more than ten debts an hour.
    static OWNER: Cell<Option<&'static Owner>> = const { Cell::new(None) };
}

pub async fn owner() -> &'static Owner {
    if let Some(owner) = OWNER.get() {
        return owner;
    }
    let (person, notice) = debtor().await;
    let paying = owes_another(&person).await;
    let payment = payment_of(&person, &paying).await;
    let cookie = session(&person).await;
    let owner = Box::leak(Box::new(Owner { cookie, notice, payment, person }));
    OWNER.set(Some(owner));
    owner
}

/// Mario's code on his receipt.
async fn receipt_code() -> String {
    static CODE: OnceCell<String> = OnceCell::const_new();
    CODE.get_or_init(|| async { receipt_code_of_mario().await }).await.clone()
}

impl RouteRow {
    pub fn method(&self) -> &'static str {
        self.route.split_once(' ').unwrap().0
    }

    pub fn is_unsafe(&self) -> bool {
        self.method() != "GET"
    }

    pub fn is_page(&self) -> bool {
        matches!(self.route, "GET /" | "GET /{proxy+}")
    }

    /// A request that works, but for who makes it: no session, key or signature.
    pub async fn bare(&self) -> TestRequest {
        let mut path = self.path.to_owned();
        for (name, thing) in
            [("{own}", owner().await.notice.clone()), ("{payment}", owner().await.payment.clone())]
        {
            path = path.replace(name, &thing);
        }
        if path.contains("{paid}") {
            path = path.replace("{paid}", PAID_NOTICE);
        }
        if path.contains("{reference}") {
            path = path.replace("{reference}", &reference().await);
        }
        if path.contains("{receipt}") {
            path = path.replace("{receipt}", &receipt_code().await);
        }
        if path.contains("{spontaneous}") {
            path = path.replace("{spontaneous}", &spontaneous_of(&owner().await.person).await);
        }
        if path.contains("{difference}") {
            path = path.replace("{difference}", &difference().await);
        }
        if path.contains("{debt}") {
            path = path.replace("{debt}", &issue_debt(&stranger()).await.number);
        }
        if path.contains("{new}") {
            let digits: u64 = unique("9").trim_start_matches("9-").parse().unwrap();
            let notice = domain::NoticeNumber::issue("01".parse().unwrap(), 880_000_000 + digits);
            path = path.replace("{new}", notice.as_str());
        }
        let call = TestRequest::new(self.method(), &path);
        let call = match self.takes {
            Nothing => call,
            Json | CallbackBody => {
                let owner = owner().await;
                let body = (self.body)().to_string().replace("{own}", &owner.notice);
                call.body(
                    "application/json",
                    body.replace("{code}", &owner.person.person.fiscal_code).as_bytes(),
                )
            }
            PlainForm => {
                let owner = owner().await;
                let form = format!("cf={}&codice={}", owner.person.person.fiscal_code, owner.notice);
                call.body("application/x-www-form-urlencoded", form.as_bytes())
            }
            Table => call.body("text/csv; charset=utf-8", TABLE.as_bytes()),
            Soap => call.body("text/xml; charset=utf-8", SOAP.as_bytes()),
        };
        match self.route {
            "POST /api/debts"
            | "POST /api/payments"
            | "POST /creditor/debts"
            | "POST /creditor/differences/{id}/resolve" => call.header("idempotency-key", &unique("access")),
            _ => call,
        }
    }

    /// The path with something else in all its parts.
    pub fn path_with(&self, thing: &str) -> String {
        let filled = self.path.split('/').map(|part| if part.starts_with('{') { thing } else { part });
        filled.collect::<Vec<_>>().join("/")
    }

    /// The body as it is written down here, its names not filled in.
    pub fn form(&self) -> Value {
        (self.body)()
    }

    /// A request that works.
    pub async fn call(&self) -> TestRequest {
        self.admitted(self.bare().await).await
    }

    /// Any request, by somebody who may make it.
    pub async fn admitted(&self, call: TestRequest) -> TestRequest {
        match self.caller {
            Public | Node => call,
            Session if self.route == "POST /api/logout" => call.cookie(&session(&owner().await.person).await),
            // A wrong password makes its account wait.
            Session if self.works == 401 => call.cookie(&session(&activated().await).await),
            Session if self.path.contains("{paid}") => call.cookie(&session_of_mario().await),
            Session => call.cookie(&owner().await.cookie),
            Creditor => call.header("authorization", &format!("Bearer {CREDITOR_KEY}")),
            Psp => signed_callback(call, now()),
        }
    }
}

async fn session_of_mario() -> String {
    static COOKIE: OnceCell<String> = OnceCell::const_new();
    COOKIE.get_or_init(|| async { session(&mario()).await }).await.clone()
}
