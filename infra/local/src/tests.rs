//! The whole stack with two functions of its own, over sockets.

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use emulator::exchange::Response;
use emulator::{client, connector};
use runtime::ConfigError;
use serde::Deserialize;
use serde_json::json;
use web::{Function, HttpError, Reply};

use super::*;

const TEMPLATE: &str = "
Parameters:
  PublicUrl: {Type: String}
  PspUrl: {Type: String}
Globals: {Function: {Timeout: 2, Environment: {Variables: {PUBLIC_URL: !Ref PublicUrl}}}}
Resources:
  OutboxTable:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  PspSecret: {Type: AWS::SecretsManager::Secret}
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: echo
      Environment: {Variables: {OUTBOX_TABLE: !Ref OutboxTable, PSP_URL: !Ref PspUrl, PSP_SECRET: !Ref PspSecret}}
      Policies:
        - Statement:
            - {Effect: Allow, Action: 'dynamodb:PutItem', Resource: !GetAtt OutboxTable.Arn}
            - {Effect: Allow, Action: 'secretsmanager:GetSecretValue', Resource: !Ref PspSecret}
      Events:
        Echo: {Type: HttpApi, Properties: {Method: POST, Path: '/api/echo'}}
        Panic: {Type: HttpApi, Properties: {Method: POST, Path: '/api/panic'}}
        Write: {Type: HttpApi, Properties: {Method: POST, Path: '/api/write/{name}'}}
        Pay: {Type: HttpApi, Properties: {Method: POST, Path: '/api/pay'}}
        Callback: {Type: HttpApi, Properties: {Method: POST, Path: '/psp/callback'}}
        Page: {Type: HttpApi, Properties: {Method: GET, Path: '/{proxy+}'}}
  Deliver:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: deliver
      Policies: [{Statement: [{Effect: Allow, Action: 'ses:SendEmail', Resource: identity}]}]
      Events:
        Outbox:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt OutboxTable.StreamArn
            MaximumRetryAttempts: 2
            FunctionResponseTypes: [ReportBatchItemFailures]
        Tick: {Type: Schedule, Properties: {Schedule: rate(5 minutes)}}
";

static CALLBACKS: AtomicU64 = AtomicU64::new(0);
static TICKS: AtomicU64 = AtomicU64::new(0);

struct Echo {
    table: aws_sdk_dynamodb::Client,
    env: Env,
}

impl Function for Echo {
    const ROUTES: &'static [&'static str] = &[
        "POST /api/echo",
        "POST /api/panic",
        "POST /api/write/{name}",
        "POST /api/pay",
        "POST /psp/callback",
        "GET /{proxy+}",
    ];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        env.config().outbox_table.get()?;
        Ok(Self { table: aws_sdk_dynamodb::Client::new(&env.sdk("DYNAMODB")), env: env.clone() })
    }

    async fn handle(&self, request: web::Request) -> Result<Reply, web::Problem> {
        match request.route {
            "POST /api/panic" => panic!("on purpose"),
            "POST /api/write/{name}" => {
                let put = self.table.put_item().table_name("OutboxTable");
                let put = put.item("pk", AttributeValue::S(request.path("name").to_owned()));
                put.send().await.map_err(|e| domain::Fault::new("writing", e.into_service_error()))?;
                Ok(Reply::no_content())
            }
            "POST /api/pay" => {
                let url = format!("{}/payments", self.env.config().psp_url.get().unwrap());
                let headers = [
                    ("authorization", "Bearer local-psp-key".to_owned()),
                    ("idempotency-key", request.header("idempotency-key").unwrap().to_owned()),
                ];
                let body = request.raw_body(10_000)?.to_vec();
                let wire = self.env.http().unwrap();
                let answer =
                    wire.send("paying", "POST", &url, &headers, body, Duration::from_secs(1)).await?;
                Ok(Reply::stored(answer.status, answer.body))
            }
            "POST /psp/callback" => {
                let body = String::from_utf8_lossy(request.raw_body(10_000)?).into_owned();
                assert!(request.header("webhook-signature").unwrap().starts_with("v1,"));
                // The first one is not taken.
                if CALLBACKS.fetch_add(1, Ordering::SeqCst) == 0 {
                    return Err(HttpError::MalformedBody.into());
                }
                Ok(Reply::ok(&json!({"got": body})))
            }
            route => Ok(Reply::ok(&json!({
                "route": route,
                "path": request.http_path(),
                "source": request.source().as_str(),
                "cookie": request.cookie("a"),
                "body": String::from_utf8_lossy(request.raw_body(usize::MAX)?),
            }))
            .with_cookie("session=1; HttpOnly")
            .with_cookie("other=2")),
        }
    }
}

struct Deliver {
    mail: aws_sdk_ses::Client,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Event {
    Records {
        #[serde(rename = "Records")]
        records: Vec<Value>,
    },
    Tick {
        source: String,
    },
}

impl lambda::Worker for Deliver {
    type Event = Event;
    type Answer = Value;

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { mail: aws_sdk_ses::Client::new(&env.sdk("SES")) })
    }

    async fn handle(&self, event: Event, _: lambda::WorkTime) -> Result<Value, domain::Fault> {
        use aws_sdk_ses::types::{Body, Content, Destination, Message};
        let records = match event {
            Event::Records { records } => records,
            Event::Tick { source } => {
                assert_eq!(source, "aws.events");
                TICKS.fetch_add(1, Ordering::SeqCst);
                return Ok(Value::Null);
            }
        };
        let mut failures = Vec::new();
        for record in records {
            let name = record.pointer("/dynamodb/NewImage/pk/S").and_then(Value::as_str).unwrap();
            if name == "poison" {
                failures.push(json!({"itemIdentifier": record["dynamodb"]["SequenceNumber"]}));
                continue;
            }
            let content = |text: String| Content::builder().data(text).charset("UTF-8").build().unwrap();
            let body =
                Body::builder().text(content(format!("Apri http://localhost/attiva#t={name}."))).build();
            let message =
                Message::builder().subject(content("Attiva il tuo account".into())).body(body).build();
            let to = Destination::builder().to_addresses(format!("{name}@example.it")).build();
            let send = self.mail.send_email().source("no@example.it").destination(to).message(message);
            send.send().await.map_err(|e| domain::Fault::new("sending", e.into_service_error()))?;
        }
        Ok(json!({"batchItemFailures": failures}))
    }
}

const FUNCTIONS: &[FunctionEntry] = &[
    FunctionEntry { name: "Echo", connect: lambda::in_process::<Echo> },
    FunctionEntry { name: "Deliver", connect: lambda::worker_in_process::<Deliver> },
];

fn options(name: &str) -> Options {
    let file = std::env::temp_dir().join(format!("local-{}-{name}.yaml", std::process::id()));
    std::fs::File::create(&file).unwrap().write_all(TEMPLATE.as_bytes()).unwrap();
    Options { template: Some(file), demo: false, functions: FUNCTIONS, ..Options::default() }
}

fn request(stack: &Stack, method: &str, path: &str) -> http::request::Builder {
    http::Request::builder().method(method).uri(format!("{}{path}", stack.address()))
}

async fn sent(request: http::request::Builder, body: impl Into<Vec<u8>>) -> Response {
    client::send(request.body(body.into()).unwrap()).await.unwrap()
}

fn json_of(response: &Response) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

#[tokio::test]
async fn requests_pass_through_the_event_and_back() {
    let stack = Stack::start(options("echo")).unwrap();
    let echo =
        request(&stack, "POST", "/api/echo?q=1").header("content-type", "text/plain").header("cookie", "a=b");
    let answer = sent(echo, "ciao").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers().get_all("set-cookie").iter().count(), 2);
    assert!(!answer.headers()["x-request-id"].is_empty());
    let told = json_of(&answer);
    assert_eq!((&told["cookie"], &told["body"]), (&json!("b"), &json!("ciao")));
    assert!(["127.0.0.1", "0:0:0:0::/64"].contains(&told["source"].as_str().unwrap()));

    let page = sent(request(&stack, "GET", "/una/pagina%20"), "").await;
    assert_eq!(json_of(&page)["route"], "GET /{proxy+}");
    let head = sent(request(&stack, "HEAD", "/una/pagina"), "").await;
    assert_eq!((head.status().as_u16(), head.body().len()), (200, 0));

    for (method, path, status, code) in [
        ("GET", "/api/nothing", 404, "not_found"),
        ("GET", "/api/echo", 405, "method_not_allowed"),
        ("POST", "/una/pagina", 405, "method_not_allowed"),
        ("GET", "/_local/nothing", 404, "not_found"),
        ("DELETE", "/_local/clock", 405, "method_not_allowed"),
        ("POST", "/api/panic", 503, "temporarily_unavailable"),
    ] {
        let answer = sent(request(&stack, method, path), "").await;
        assert_eq!(answer.status(), status, "{method} {path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert_eq!(json_of(&answer)["code"], code);
        assert!(answer.headers().contains_key("x-request-id"));
    }
    let allowed = sent(request(&stack, "GET", "/api/echo"), "").await;
    assert_eq!(allowed.headers()["allow"], "POST");
}

#[tokio::test]
async fn what_is_too_large_or_unreadable_is_refused() {
    let stack = Stack::start(options("limits")).unwrap();
    let echo = || request(&stack, "POST", "/api/echo");
    let long = sent(echo().header("x-long", "a".repeat(10_300)), "").await;
    assert_eq!(long.status(), 431);
    let large = sent(echo(), vec![b'a'; 5 * 1024 * 1024]).await;
    assert_eq!(large.status(), 413, "base64 makes it over 6 MB");
    let english = sent(echo().header("host", "999.1.1.1").header("accept-language", "en"), "").await;
    assert_eq!((english.status().as_u16(), &json_of(&english)["title"]), (400, &json!("Unreadable request")));
}

#[tokio::test]
async fn what_is_written_to_the_outbox_becomes_mail_without_waiting() {
    let stack = Stack::start(options("mail")).unwrap();
    for name in ["mario", "poison", "lucia"] {
        let written = sent(request(&stack, "POST", &format!("/api/write/{name}")), "").await;
        assert_eq!(written.status(), 204);
    }
    let mails = json_of(&sent(request(&stack, "GET", "/_local/mail.json"), "").await);
    let to: Vec<_> =
        mails["items"].as_array().unwrap().iter().map(|mail| mail["to"].as_str().unwrap()).collect();
    assert_eq!(to, ["lucia@example.it", "mario@example.it"]);
    let one = json_of(&sent(request(&stack, "GET", "/_local/mail.json?to=mario@example.it"), "").await);
    assert_eq!(one["items"][0]["links"], json!(["http://localhost/attiva#t=mario"]));
    assert_eq!(stack.mails(Some("lucia@example.it")).len(), 1);
    let page = sent(request(&stack, "GET", "/_local/mail/1"), "").await;
    assert!(String::from_utf8_lossy(page.body()).contains("Apri link 1"));
    assert!(sent(request(&stack, "GET", "/_local/mail/9"), "").await.status() == 404);

    // A function that cannot reach SES hands its records back, and gets them again.
    stack
        .faults()
        .plan(Scope::function("Deliver"), (1..=3).map(|number| (number, InjectedFault::ServerError)));
    sent(request(&stack, "POST", "/api/write/anna"), "").await;
    stack.settle().await;
    assert_eq!(stack.mails(Some("anna@example.it")).len(), 1);

    // A function that dies after its write has written; one that dies before has not.
    for (fault, name, mails) in
        [(InjectedFault::CrashBefore, "ugo", 0), (InjectedFault::CrashAfter, "eva", 1)]
    {
        stack.faults().clear();
        stack.faults().plan(Scope::function("Echo"), [(1, fault)]);
        let answer = sent(request(&stack, "POST", &format!("/api/write/{name}")), "").await;
        assert_eq!(answer.status(), 503);
        stack.settle().await;
        assert_eq!(stack.mails(Some(&format!("{name}@example.it"))).len(), mails, "{name}");
    }
}

#[tokio::test]
async fn a_payment_is_told_signed_repeated_and_on_time() {
    let stack = Stack::start(options("psp")).unwrap();
    let order = json!({
        "paymentId": "6f1c2b0e9d8a47f3b5c4d3e2f1a09b87", "creditor": {"name": "C", "fiscalCode": "12345678903"},
        "items": [{"noticeNumber": "301471100000000190", "reason": "<b>Mensa</b>", "amount": 4500}], "amount": 4500,
        "fee": 100, "language": "it", "returnUrl": "http://portale.example/paga/1", "expiresAt": "2999-01-01T00:00:00Z",
    });
    let pay = request(&stack, "POST", "/api/pay").header("content-type", "application/json");
    let opened =
        sent(pay.header("idempotency-key", "6f1c2b0e9d8a47f3b5c4d3e2f1a09b87"), order.to_string()).await;
    assert_eq!(opened.status(), 201, "{:?}", String::from_utf8_lossy(opened.body()));
    let redirect = json_of(&opened)["redirectUrl"].as_str().unwrap().to_owned();
    let path = redirect.strip_prefix(stack.address()).unwrap();
    assert_eq!(stack.faults().usage()["Echo"].calls["psp:open"], 1);

    let page = sent(request(&stack, "GET", path).header("accept-language", "en"), "").await;
    let html = String::from_utf8_lossy(page.body()).into_owned();
    assert!(html.contains("Simulator: no real money moves") && html.contains("&lt;b&gt;Mensa"));
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action 'self' http://portale.example"), "{policy}");

    // Lost: nothing is told. By the form, twenty seconds late: told then, refused, told again five seconds later.
    let lost = sent(request(&stack, "POST", path), r#"{"outcome": "abandon"}"#).await;
    assert_eq!(json_of(&lost), json!({"returnUrl": "http://portale.example/paga/1"}));
    let form = request(&stack, "POST", path).header("content-type", "application/x-www-form-urlencoded");
    let back = sent(form, "esito=riuscito&ritardo=20").await;
    assert_eq!(
        (back.status().as_u16(), &back.headers()["location"]),
        (303, &"http://portale.example/paga/1".parse().unwrap())
    );
    assert_eq!(CALLBACKS.load(Ordering::SeqCst), 0);
    for (advance, told) in [(21, 1), (6, 2), (3600, 2)] {
        let clock =
            sent(request(&stack, "POST", "/_local/clock"), json!({"advanceSeconds": advance}).to_string())
                .await;
        assert_eq!(clock.status(), 200);
        assert_eq!(CALLBACKS.load(Ordering::SeqCst), told);
    }
    let again = sent(request(&stack, "POST", path), r#"{"outcome": "success", "callbacks": 3}"#).await;
    assert_eq!(again.status(), 200);
    assert_eq!(CALLBACKS.load(Ordering::SeqCst), 5);
    let other = sent(request(&stack, "POST", path), r#"{"outcome": "failure"}"#).await;
    assert_eq!(other.status(), 409);
    // The clock went over many ticks: one call each time it was moved past one.
    assert_eq!(TICKS.load(Ordering::SeqCst), 1);
    let wrong = sent(request(&stack, "POST", "/_local/clock"), r#"{"later": 1}"#).await;
    assert_eq!(wrong.status(), 400);
}

#[tokio::test]
async fn neighbours_serve_functions_that_run_elsewhere() {
    let neighbours = Stack::start(Options { neighbours_only: true, ..options("neighbours") }).unwrap();
    let environment = sent(request(&neighbours, "GET", "/_local/environment"), "").await;
    let environment = String::from_utf8_lossy(environment.body()).into_owned();
    assert!(environment.contains(&format!("AWS_ENDPOINT_URL=\"{}/_local/aws\"", neighbours.address())));
    // Unsigned, as a function opens its connection.
    assert_eq!(sent(request(&neighbours, "GET", "/_local/aws/ping"), "").await.status(), 200);
    let put = request(&neighbours, "POST", "/_local/aws/")
        .header("x-amz-target", "DynamoDB_20120810.PutItem")
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=Echo/20260101/eu-south-1/dynamodb/aws4_request",
        );
    let answer = sent(put, json!({"TableName": "OutboxTable", "Item": {"pk": {"S": "a"}}}).to_string()).await;
    assert_eq!((answer.status().as_u16(), answer.body().as_slice()), (200, b"{}".as_slice()));
    assert_eq!(sent(request(&neighbours, "POST", "/api/echo"), "").await.status(), 404);

    // The SDK of a function elsewhere, with the variables that it is given.
    let variables = environment.lines().filter_map(|line| line.split_once('='));
    let unquoted = |value: &str| value.trim_matches('"').to_owned();
    let variables = variables.map(|(name, value)| (name.to_owned(), unquoted(value))).collect();
    let wire = || connector::wire(|request| async { Ok(client::send(request).await?) });
    let (clock, random) = (Clock::system(), runtime::Random::system());
    let env = Env::new(variables, runtime::EnvParts { clock, random, aws: wire(), outside: wire() });
    let table = aws_sdk_dynamodb::Client::new(&env.sdk("DYNAMODB"));
    let item =
        table.get_item().table_name("OutboxTable").key("pk", AttributeValue::S("a".into())).send().await;
    assert!(item.unwrap().item().is_some());
    env.secret::<Value>(&env.config().psp_secret).unwrap().get().await.unwrap();
}

/// Lambda's Invoke API as SAM has it: it knows logical ids only. Gives back its address and what it was asked.
fn elsewhere() -> (String, std::sync::mpsc::Receiver<String>) {
    use std::io::{BufRead, BufReader, Read};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut head, mut length) = (String::new(), 0);
            while stream.read_line(&mut head).unwrap() > 2 {
                let last = head.lines().last().unwrap().to_ascii_lowercase();
                length = last.strip_prefix("content-length: ").map_or(length, |text| text.parse().unwrap());
            }
            let mut event = vec![0; length];
            stream.read_exact(&mut event).unwrap();
            let path = head.split(' ').nth(1).unwrap().to_owned();
            let event: Value = serde_json::from_slice(&event).unwrap();
            let (status, answer) = match path.contains("/Echo/") {
                true => (200, json!({"statusCode": 200, "body": event["rawPath"]})),
                false => (404, json!({})),
            };
            let _ = tell.send(path);
            let answer = answer.to_string();
            let length = answer.len();
            let stream = stream.get_mut();
            write!(stream, "HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n\r\n{answer}").unwrap();
        }
    });
    (url, told)
}

#[tokio::test]
async fn functions_can_run_elsewhere_behind_the_same_door() {
    let (url, told) = elsewhere();
    let stack = Stack::start(Options { invoke: Some(url), functions: &[], ..options("invoke") }).unwrap();
    for _ in 0..2 {
        let answer = sent(request(&stack, "GET", "/una/pagina"), "").await;
        assert_eq!((answer.status().as_u16(), answer.body().as_slice()), (200, b"/una/pagina".as_slice()));
    }
    let asked: Vec<String> = told.try_iter().collect();
    let path = |name: &str| format!("/2015-03-31/functions/{name}/invocations");
    assert_eq!(asked, [path("echo"), path("Echo"), path("Echo")]);
}

#[test]
fn a_start_that_fails_says_why_in_one_sentence() {
    let said = |options: Options| Stack::start(options).err().unwrap().to_string();
    let stack = Stack::start(options("first")).unwrap();
    let port: u16 = stack.address().rsplit(':').next().unwrap().parse().unwrap();
    assert!(said(Options { port, ..options("port") }).contains(&format!("port {port} is in use")));
    assert!(said(Options { functions: &[], ..options("none") }).contains("has no folder functions/deliver"));
    let missing = Options { template: Some("/nowhere.yaml".into()), ..options("missing") };
    assert!(said(missing).contains("the template /nowhere.yaml cannot be read"));
}

#[test]
fn data_in_a_folder_survive_a_restart() {
    let folder = std::env::temp_dir().join(format!("local-{}-data", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for expected in [1, 2] {
        let stack = Stack::start(Options { data: Some(folder.clone()), ..options("data") }).unwrap();
        runtime.block_on(async {
            let name = format!("person{expected}");
            assert_eq!(sent(request(&stack, "POST", &format!("/api/write/{name}")), "").await.status(), 204);
            stack.settle().await;
        });
        assert_eq!(stack.mails(None).len(), expected, "each mail once");
    }
    let other = std::env::temp_dir().join(format!("local-{}-other.yaml", std::process::id()));
    std::fs::write(&other, TEMPLATE.replace("AttributeName: pk", "AttributeName: id")).unwrap();
    let other = Options { template: Some(other), data: Some(folder.clone()), ..options("data") };
    assert!(Stack::start(other).err().unwrap().to_string().contains("belong to other tables"));
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The product itself, as `cargo run -p local` starts it.
#[tokio::test]
async fn the_product_starts_with_its_demonstration_data() {
    let stack = Stack::start(Options::default()).unwrap();
    assert!(stack.mails(None).is_empty(), "the demonstration leaves no mail");
    let lacking: Vec<String> = stack.lacking_grants().iter().map(Granted::to_string).collect();
    assert!(lacking.is_empty(), "{lacking:?}");

    let credentials = json!({"username": USER, "password": PASSWORD}).to_string();
    let login = request(&stack, "POST", "/api/login").header("content-type", "application/json");
    let login = sent(login, credentials).await;
    assert_eq!(json_of(&login)["account"]["identityProven"], true);
    let cookie = login.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let list = async |path: &str| {
        let answer = sent(request(&stack, "GET", path).header("cookie", &cookie), "").await;
        json_of(&answer)["items"].as_array().unwrap().len()
    };
    assert_eq!((list("/api/debts").await, list("/api/history").await), (4, 1));

    let node = async |operation: &str| {
        let order =
            json!({"operation": operation, "noticeNumber": demo::MANUAL_NOTICE, "receiptId": "receipt-1"});
        let answer = sent(request(&stack, "POST", "/_local/node"), order.to_string()).await;
        assert_eq!(answer.status(), 200, "{}", String::from_utf8_lossy(answer.body()));
        json_of(&answer)
    };
    let verified = node("verify").await;
    assert_eq!(
        verified.pointer("/paymentList/paymentOptionDescription/amount"),
        Some(&json!("0.01")),
        "{verified}"
    );
    assert_eq!(node("activate").await["data"]["creditorReferenceId"], "000000000106683");
    assert_eq!(node("pay").await, json!({"outcome": "OK"}));
    assert_eq!(node("verify").await["fault"]["faultCode"], "PAA_PAGAMENTO_DUPLICATO");
    assert_eq!((list("/api/debts").await, list("/api/history").await), (3, 2));
    stack.settle().await;
    stack.advance(Duration::from_secs(3_600)).await;
    assert!(stack.lacking_grants().is_empty(), "{:?}", stack.lacking_grants());
}

#[test]
fn the_products_own_template_is_read_whole() {
    let values =
        demo::parameters("http://localhost:3000", "http://localhost:3000", PaymentChannel::Psp, true);
    let template =
        template::Template::read(&Stack::repository().join("infra/template.yaml"), &values).unwrap();
    let initiate = &template.functions["InitiatePayment"];
    assert_eq!(initiate.variables["PSP_URL"], "http://localhost:3000/_local/psp-api");
    assert_eq!(initiate.variables["CREDITOR_FISCAL_CODE"], "12345678903");
    assert!(template.routes.iter().any(|route| route.path == "/{proxy+}"));
    assert!(template.tables["OutboxTable"].has_stream);
    for value in values.keys() {
        let text = std::fs::read_to_string(Stack::repository().join("infra/template.yaml")).unwrap();
        assert!(text.contains(&format!("\n  {value}:\n")), "{value} is a parameter no more");
    }
}
