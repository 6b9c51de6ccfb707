//! Whole actions, from the request to the answer, over tables that hold nothing.

use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::{Error, FiscalCode};
use hmac::{Hmac, KeyInit, Mac};
use identity::Sessions;
use import_debts::ImportDebts;
use pagopa::{node, parse, render};
use pagopa_node::PagopaNode;
use psp_callback::PspCallback;
use register::Register;
use runtime::{ConfigError, Env};
use search::Search;
use serde_json::Value;
use sha2::Sha256;
use verify_receipt::VerifyReceipt;
use web::{Cursors, Function, Problem, References, Reply, Request, Seal};

use super::portal::{CREDITOR_KEY, KEY, connected, env, incoming, send, wait};

const JSON: (&str, &[u8]) = ("content-type", b"application/json");

pub fn search(bytes: &[u8]) {
    static SEARCH: OnceLock<Search> = OnceLock::new();
    let served = send(connected(&SEARCH), incoming("POST", "/api/search", &[JSON], bytes));
    let status = served.reply.status.as_u16();
    assert!(matches!(status, 400 | 404 | 413), "{status} for a debt that nobody has");
}

/// A registration is at most one message, and the answer is the same whoever is registered.
pub fn register(bytes: &[u8]) {
    static REGISTER: OnceLock<Register> = OnceLock::new();
    for path in ["/api/register/check", "/api/register"] {
        let served = send(connected(&REGISTER), incoming("POST", path, &[JSON], bytes));
        let status = served.reply.status.as_u16();
        assert!(matches!(status, 200 | 202 | 400 | 413), "{status}");
    }
}

/// Rows of the creditor's: CSV, or one JSON object a line when the first byte is a brace.
pub fn import(bytes: &[u8]) {
    static IMPORT: OnceLock<ImportDebts> = OnceLock::new();
    let kind = if bytes.first() == Some(&b'{') { "application/x-ndjson" } else { "text/csv" };
    let headers = [("content-type", kind.as_bytes()), ("authorization", CREDITOR_KEY.as_bytes())];
    let served = send(connected(&IMPORT), incoming("POST", "/creditor/debts/import", &headers, bytes));
    let status = served.reply.status.as_u16();
    assert!(matches!(status, 200 | 400 | 413), "{status}");
    if status != 200 {
        return;
    }
    // Every row is accounted for, in order, and one that is refused says why.
    let report: Value = serde_json::from_slice(&served.reply.body).unwrap();
    let rows = report["rows"].as_array().unwrap();
    let counted = report["accepted"].as_u64().unwrap() + report["rejected"].as_u64().unwrap();
    assert_eq!(counted, rows.len() as u64);
    assert!(rows.iter().map(|row| row["line"].as_u64().unwrap()).is_sorted(), "{report}");
    let silent = |row: &&Value| row["outcome"] == "rejected" && row["errors"][0]["code"].as_str().is_none();
    assert_eq!(rows.iter().find(silent), None);
}

/// A message to the node's endpoint: the answer is one that the node can read, or a SOAP fault that blames the
/// sender when no operation can be seen.
pub fn node(bytes: &[u8]) {
    static NODE: OnceLock<PagopaNode> = OnceLock::new();
    let request = incoming("POST", "/pagopa/node", &[("content-type", b"text/xml")], bytes);
    let reply = wait(web::serve(connected(&NODE), super::portal::site(), request)).reply;
    let said = String::from_utf8_lossy(&reply.body);
    let nobody = FiscalCode::parse("12345678903").unwrap();
    let fault = parse(bytes).err().map(|refusal| refusal.answer(&nobody)).filter(|a| a.operation().is_none());
    match fault {
        // SOAP 1.1 asks for a 500 with every fault.
        Some(fault) => {
            assert_eq!((reply.status.as_u16(), &*said), (500, &*String::from_utf8_lossy(&render(&fault))))
        }
        None => {
            assert_eq!(reply.status, 200, "{said}");
            assert!(node::hear(&reply.body).is_ok(), "{said}");
        }
    }
}

/// A callback: its body signed as the PSP would, or, after a zero, its signature in the first line.
pub fn webhook(bytes: &[u8]) {
    static CALLBACK: OnceLock<PspCallback> = OnceLock::new();
    let callback = connected(&CALLBACK);
    let now = env().clock().now().as_second().to_string();
    if let Some(rest) = bytes.strip_prefix(b"0") {
        let (head, body) =
            rest.iter().position(|b| *b == b'\n').map_or((rest, [].as_slice()), |n| rest.split_at(n));
        let headers = [
            ("webhook-id", b"a".as_slice()),
            ("webhook-timestamp", now.as_bytes()),
            ("webhook-signature", head),
        ];
        let served = send(callback, incoming("POST", "/psp/callback", &headers, body));
        assert!(matches!(served.reply.status.as_u16(), 401 | 413), "a signature that nobody made");
        return;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(KEY).unwrap()).unwrap();
    mac.update(format!("a.{now}.").as_bytes());
    mac.update(bytes);
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let headers = [
        ("webhook-id", b"a".as_slice()),
        ("webhook-timestamp", now.as_bytes()),
        ("webhook-signature", signature.as_bytes()),
    ];
    let served = send(callback, incoming("POST", "/psp/callback", &headers, bytes));
    assert!(matches!(served.reply.status.as_u16(), 200 | 400 | 413), "{}", served.reply.status);
}

/// The code of a printed receipt, as it stands in an address.
pub fn receipt_code(bytes: &[u8]) {
    static VERIFY: OnceLock<VerifyReceipt> = OnceLock::new();
    let Some(text) = super::texts::text(bytes).filter(|text| !text.contains(['/', '?'])) else { return };
    let served = send(connected(&VERIFY), incoming("GET", &format!("/api/receipts/{text}"), &[], &[]));
    assert_eq!(served.reply.status.as_u16(), 404);
}

/// An action that says who is asking.
struct WhoIsIt(Sessions);

impl Function for WhoIsIt {
    const ROUTES: &'static [&'static str] = &["GET /who"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Sessions::connect(env).map(Self)
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let citizen = self.0.citizen(&request).await?;
        Ok(Reply::ok(citizen.id()))
    }
}

/// A cookie with a session's token: as it came, or, when it has two lines, as header and claims under a signature
/// of ours. No token opens a session that is not in the store.
pub fn session_token(bytes: &[u8]) {
    static WHO: OnceLock<WhoIsIt> = OnceLock::new();
    let signed = bytes.iter().position(|b| *b == b'\n').map(|end| {
        let (header, claims) = (&bytes[..end], &bytes[end + 1..]);
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(KEY).unwrap()).unwrap();
        mac.update(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())).into_bytes()
    });
    let cookie = [b"session=".as_slice(), signed.as_deref().unwrap_or(bytes)].concat();
    let served = send(connected(&WHO), incoming("GET", "/who", &[("cookie", &cookie)], &[]));
    assert_eq!(served.reply.status.as_u16(), 401);
}

/// An action that reads a page token and a reference.
struct Tokens {
    cursors: Cursors,
    references: References,
    seal: Seal,
}

impl Function for Tokens {
    const ROUTES: &'static [&'static str] = &["GET /pages"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            cursors: Cursors::connect(env)?,
            references: References::connect(env)?,
            seal: Seal::connect(env)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let query = request.query(&["limit", "cursor"])?;
        if let Some(token) = query.get("cursor") {
            let opened = self.references.open(token).await;
            assert!(matches!(opened, Err(Error::DebtNotFound)), "a reference that nobody made");
        }
        let paging = self.cursors.paging(&query, "somebody").await?;
        assert!((1..=50).contains(&paging.limit) && paging.after.is_none(), "a page token that nobody made");
        Ok(Reply::no_content())
    }
}

/// A query with a page token; and what a token of ours holds comes back whole, for its own purpose only (INV-X11).
pub fn cursor(bytes: &[u8]) {
    static TOKENS: OnceLock<Tokens> = OnceLock::new();
    let tokens = connected(&TOKENS);
    if let Some(text) = super::texts::text(bytes) {
        send(tokens, incoming("GET", &format!("/pages?{text}"), &[], &[]));
    }
    let opened = wait(async {
        let (token, _) = tokens.seal.close("a", bytes, Duration::from_secs(60)).await.unwrap();
        let other = tokens.seal.open("b", &token).await.unwrap();
        assert_eq!(other, None, "a token served another purpose");
        (token.len() <= 1_024, tokens.seal.open("a", &token).await.unwrap())
    });
    let (short, opened) = opened;
    assert_eq!(opened.map(|(plain, _)| plain), short.then(|| bytes.to_vec()));
}
