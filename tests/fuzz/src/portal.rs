//! The functions over empty tables: known secrets, writes that succeed, reads that find nothing.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::OnceLock;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http::{HeaderMap, HeaderName, HeaderValue};
use runtime::{Clock, Env, EnvParts, HttpClient, Random};
use serde_json::{Value, json};
use web::{Function, Incoming, ServedReply, Site};

pub const URL: &str = "http://localhost:3000";
/// As the creditor sends it.
pub const CREDITOR_KEY: &str = "Bearer creditor-key";
/// 32 bytes in base64: the key of everything here.
pub const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

const VARIABLES: &[(&str, &str)] = &[
    ("AWS_ACCESS_KEY_ID", "nobody"),
    ("AWS_SECRET_ACCESS_KEY", "nobody"),
    ("BROKER_ID", "98765432103"),
    ("CREDITOR_FISCAL_CODE", "12345678903"),
    ("CREDITOR_IBAN", "IT60X0542811101000000123456"),
    ("CREDITOR_NAME", "Comune di Test"),
    ("CREDITOR_SECRET", "arn:creditor"),
    ("DEBTS_TABLE", "debts"),
    ("SESSION_IDLE_MINUTES", "20"),
    ("SESSION_MAX_HOURS", "8"),
    ("IDENTITY_TABLE", "identity"),
    ("INDEX_SECRET", "arn:index"),
    ("LIMITS", "off"),
    ("LIMITS_TABLE", "limits"),
    ("LINK_SECRET", "arn:link"),
    ("MOVEMENTS_TABLE", "movements"),
    ("OUTBOX_TABLE", "outbox"),
    ("PEPPER_SECRET", "arn:pepper"),
    ("PSP_SECRET", "arn:psp"),
    ("PUBLIC_URL", URL),
    ("SEAL_SECRET", "arn:seal"),
    ("SEGREGATION_CODE", "01"),
    ("SESSION_SECRET", "arn:session"),
    ("STATION_ID", "98765432103_01"),
    ("WEBHOOK_SECRET", "arn:webhook"),
];

/// AWS: the secret store, and a DynamoDB where every write is done and every read finds nothing.
#[derive(Debug)]
struct Empty;

impl HttpConnector for Empty {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let asked: Value =
            serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default();
        let answer = match asked["SecretId"].as_str() {
            None => json!({}),
            Some(name) => json!({ "ARN": name, "Name": name, "SecretString": secret().to_string() }),
        };
        let mut response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(answer.to_string()));
        response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// All the secrets in one.
fn secret() -> Value {
    json!({
        "pepper": KEY, "links": KEY, "sessions": [{"kid": 1, "key": KEY}],
        // Of the seal, and of the back office: the hash is CREDITOR_KEY's.
        "keys": [{
            "kid": 1, "key": KEY, "id": "fuzz", "scopes": ["debts:write", "debts:read", "payments:read", "reconcile"],
            "hashes": ["1ec6b685636e5822e167a5307f7afe81c89739670845b55d6ede76cc1f405106"],
        }],
        "index": KEY, "webhook": [format!("whsec_{KEY}")], "apiKey": "psp-key",
    })
}

/// Every other service: unreachable.
#[derive(Debug)]
struct Nobody;

impl HttpConnector for Nobody {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Err(ConnectorError::timeout("nobody answered".into())))
    }
}

pub fn env() -> &'static Env {
    static WORLD: OnceLock<Env> = OnceLock::new();
    WORLD.get_or_init(|| {
        let variables = VARIABLES.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let parts = EnvParts {
            clock: Clock::system(),
            random: Random::seeded(1),
            aws: HttpClient::new(Empty),
            outside: HttpClient::new(Nobody),
        };
        Env::new(variables.collect::<BTreeMap<_, _>>(), parts)
    })
}

/// Runs a future to its end.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// A function, connected once.
pub fn connected<F: Function>(place: &'static OnceLock<F>) -> &'static F {
    place.get_or_init(|| F::connect(env()).unwrap())
}

/// A request as a browser, the creditor or a PSP sends it. Headers that HTTP cannot carry do not arrive.
pub fn incoming(method: &str, path: &str, headers: &[(&str, &[u8])], body: &[u8]) -> Incoming {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut all = HeaderMap::new();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(*name), HeaderValue::from_bytes(value)) {
            all.append(name, value);
        }
    }
    Incoming {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: all,
        body: body.to_owned(),
        source_ip: "192.0.2.1".to_owned(),
        request_id: "fuzz".to_owned(),
        client_subject: None,
    }
}

pub fn site() -> &'static Site {
    static SITE: OnceLock<Site> = OnceLock::new();
    SITE.get_or_init(|| Site::connect(env()).unwrap())
}

/// Sends a request: whatever it is, its answer is never trouble of ours (INV-X04).
pub fn send<F: Function>(function: &F, incoming: Incoming) -> ServedReply {
    let served = wait(web::serve(function, site(), incoming));
    assert!(served.reply.status.as_u16() < 500, "{:?}", served.error);
    served
}
