//! What the functions believe to be AWS, a PSP and pagoPA: one connector below the unchanged SDK, or the same over HTTP.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::sync::Notify;
use world::Clock;

use crate::aca::Aca;
use crate::access::{Access, Denied, caller};
use crate::core::Core;
use crate::dynamodb::{self, Dynamo, Outcome, refusal};
use crate::faults::{Call, Consumed, Fault, Faults};
use crate::mailbox::Mailbox;
use crate::psp::Psp;
use crate::template::Grant;
use crate::{Request, Response, aca, checkout, client, mailbox, psp, secrets};

pub struct Neighbours {
    pub clock: Clock,
    pub dynamo: Dynamo,
    pub access: Access,
    pub mailbox: Mailbox,
    pub psp: Psp,
    pub aca: Aca,
    /// Checkout, which asks the portal's own endpoint about its carts: the stack that all this belongs to.
    pub core: OnceLock<Weak<Core>>,
    pub faults: Faults,
    /// Values of secrets in place of the demonstration's.
    pub secrets: Mutex<BTreeMap<String, Value>>,
    /// Rung when a stream may have got a record.
    pub stream: Notify,
}

/// The connection broke: no answer.
#[derive(Debug)]
pub struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection broke")
    }
}

impl std::error::Error for Lost {}

/// The services that we stand in for; each has its own way to say no.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Service {
    Dynamo,
    Secrets,
    Mail,
}

impl Neighbours {
    /// Answers a request to AWS as AWS would.
    pub async fn aws(&self, request: &Request) -> Result<Response, Lost> {
        let header =
            |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        let target = header("x-amz-target");
        let (service, operation) = if let Some(operation) = target.strip_prefix("DynamoDB_20120810.") {
            (Service::Dynamo, operation.to_owned())
        } else if let Some(operation) = target.strip_prefix("secretsmanager.") {
            (Service::Secrets, operation.to_owned())
        } else {
            (Service::Mail, mailbox::action(request.body()))
        };
        let function = caller(header("authorization")).unwrap_or_default().to_owned();
        let call = Call { function, operation: format!("{}:{operation}", service.prefix()) };
        let answer = self.met(&call, |fault| service.failure(fault, &operation, request.body()), async {
            match service {
                Service::Dynamo => self.dynamodb(&call.function, &operation, request.body()),
                Service::Secrets => self.secret(&call.function, &operation, request.body()),
                Service::Mail => self.mail(&call.function, &operation, request.body()),
            }
        });
        Ok(service.response(answer.await?))
    }

    /// Answers a request to the PSP's interface.
    pub async fn psp(&self, function: &str, request: &Request) -> Result<Response, Lost> {
        let operation = if request.method() == http::Method::POST { "psp:open" } else { "psp:ask" };
        let call = Call { function: function.to_owned(), operation: operation.to_owned() };
        self.met(&call, failure, async { self.psp.answer(request) }).await
    }

    /// Answers a request to the central archive of notices.
    pub async fn aca(&self, function: &str, request: &Request) -> Result<Response, Lost> {
        let call = Call { function: function.to_owned(), operation: "aca:upload".to_owned() };
        self.met(&call, failure, async { self.aca.answer(request, self.clock.now()) }).await
    }

    /// Answers a request to Checkout.
    pub async fn checkout(&self, function: &str, request: &Request) -> Result<Response, Lost> {
        let call = Call { function: function.to_owned(), operation: "checkout:open".to_owned() };
        let core = self.core.get().and_then(Weak::upgrade).ok_or(Lost)?;
        self.met(&call, failure, core.carts(request)).await
    }

    /// Which of the neighbours on this machine a request is for.
    async fn outside(&self, function: &str, request: &Request) -> Option<Result<Response, Lost>> {
        if !self.psp.is_at(request.uri()) {
            return None;
        }
        Some(match request.uri().path() {
            path if path.starts_with(psp::API) => self.psp(function, request).await,
            path if path.starts_with(checkout::APIS) && path.ends_with("/carts") => {
                self.checkout(function, request).await
            }
            path if path.starts_with(aca::API) => self.aca(function, request).await,
            _ => return None,
        })
    }

    /// Lets the call meet its fault, if it has one.
    async fn met<T>(
        &self,
        call: &Call,
        failure: impl FnOnce(Fault) -> T,
        serve: impl Future<Output = T>,
    ) -> Result<T, Lost> {
        match self.faults.meets(call) {
            None => Ok(serve.await),
            Some(Fault::Delay(time)) => {
                tokio::time::sleep(time).await;
                Ok(serve.await)
            }
            Some(Fault::LoseRequest) => Err(Lost),
            Some(Fault::LoseAnswer) => {
                serve.await;
                Err(Lost)
            }
            Some(Fault::Silence) => {
                serve.await;
                std::future::pending().await
            }
            Some(Fault::CrashBefore) => std::panic::resume_unwind(Box::new("a crash on purpose")),
            Some(Fault::CrashAfter) => {
                serve.await;
                std::panic::resume_unwind(Box::new("a crash on purpose"))
            }
            Some(fault @ (Fault::Throttle | Fault::ServerError | Fault::Conflict)) => Ok(failure(fault)),
        }
    }

    fn dynamodb(&self, function: &str, operation: &str, body: &[u8]) -> Outcome {
        let Ok(mut request) = serde_json::from_slice::<Value>(body) else {
            return refusal("com.amazon.coral.service#SerializationException", "the body is not JSON");
        };
        let needs = dynamodb::needs(operation, &request);
        if let Err(denied) = self.access.check(function, &needs) {
            return refused(&denied);
        }
        let asked = dynamodb::ask_for_capacity(&mut request);
        let (status, text) = self.dynamo.run(operation, &request.to_string());
        let book = |units, received| {
            let writes = dynamodb::writes(operation);
            self.faults.consumed(function, &Consumed { writes, units, sent: body.len(), received });
        };
        if status != 200 {
            book(dynamodb::units_of_a_refusal(&request, &text), text.len());
            return (status, text);
        }
        if self.dynamo.feeds_a_stream(&needs) {
            self.stream.notify_one();
        }
        let Ok(mut answer) = serde_json::from_str::<Value>(&text) else {
            return (status, text);
        };
        let units = dynamodb::take_capacity(&mut answer, asked);
        let text = if asked { text } else { answer.to_string() };
        book(units, text.len());
        (status, text)
    }

    fn secret(&self, function: &str, operation: &str, body: &[u8]) -> Outcome {
        if operation != "GetSecretValue" {
            return refusal("UnknownOperationException", operation);
        }
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let name = request.get("SecretId").and_then(Value::as_str).unwrap_or_default();
        let need = Grant { action: "secretsmanager:GetSecretValue".to_owned(), resource: name.to_owned() };
        if let Err(denied) = self.access.check(function, &[need]) {
            return refused(&denied);
        }
        let own = self.secrets.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        let Some(value) = own.or_else(|| secrets::value(name)) else {
            return refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        };
        let answer = json!({
            "ARN": name,
            "Name": name,
            "SecretString": value.to_string(),
            "VersionId": "00000000-0000-0000-0000-000000000001",
            "VersionStages": ["AWSCURRENT"],
        });
        (200, answer.to_string())
    }

    fn mail(&self, function: &str, operation: &str, body: &[u8]) -> Outcome {
        let needs = self.access.resources(function, &format!("ses:{operation}"));
        let needs = if needs.is_empty() {
            vec![Grant { action: format!("ses:{operation}"), resource: "identity".to_owned() }]
        } else {
            needs
        };
        match self.access.check(function, &needs) {
            Ok(()) => self.mailbox.receive(operation, body, self.clock.now()),
            Err(denied) => {
                tracing::error!(%denied, "refused");
                (403, mailbox::failure("AccessDenied", &denied.to_string()))
            }
        }
    }
}

/// How neighbours outside AWS say that they cannot now.
fn failure(fault: Fault) -> Response {
    match fault {
        Fault::Throttle => crate::problem(429, "too_many_requests", "Slow down"),
        _ => crate::problem(503, "unavailable", "Try again later"),
    }
}

fn refused(denied: &Denied) -> Outcome {
    tracing::error!(%denied, "refused");
    match denied {
        Denied::UnknownCaller => {
            refusal("com.amazon.coral.service#UnrecognizedClientException", &denied.to_string())
        }
        Denied::NotGranted { .. } => {
            refusal("com.amazon.coral.service#AccessDeniedException", &denied.to_string())
        }
    }
}

impl Service {
    fn prefix(self) -> &'static str {
        match self {
            Service::Dynamo => "dynamodb",
            Service::Secrets => "secretsmanager",
            Service::Mail => "ses",
        }
    }

    fn response(self, (status, body): Outcome) -> Response {
        let content_type = match self {
            Service::Dynamo => "application/x-amz-json-1.0",
            Service::Secrets => "application/x-amz-json-1.1",
            Service::Mail => "text/xml",
        };
        crate::response(status, content_type, body)
    }

    /// How this service says that it cannot now.
    fn failure(self, fault: Fault, operation: &str, request: &[u8]) -> Outcome {
        let said = |status: u16, kind: &str, message: &str| (status, refusal(kind, message).1);
        match (self, fault) {
            (Service::Mail, Fault::Throttle) => (400, mailbox::failure("Throttling", "Rate exceeded")),
            (Service::Mail, _) => (500, mailbox::failure("InternalFailure", "on purpose")),
            (Service::Dynamo, Fault::Throttle) => said(
                400,
                "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
                "The level of configured provisioned throughput for the table was exceeded.",
            ),
            (Service::Dynamo, Fault::Conflict) if operation == "TransactWriteItems" => {
                (400, transaction_conflict(request))
            }
            (Service::Dynamo, Fault::Conflict) if is_write(operation) => said(
                400,
                "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
                "Transaction is ongoing for the item",
            ),
            (Service::Dynamo, _) => {
                said(500, "com.amazonaws.dynamodb.v20120810#InternalServerError", "on purpose")
            }
            (Service::Secrets, Fault::Throttle) => said(400, "ThrottlingException", "Rate exceeded"),
            (Service::Secrets, _) => said(500, "InternalServiceError", "on purpose"),
        }
    }
}

fn is_write(operation: &str) -> bool {
    matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem")
}

/// The first of the items is in another transaction.
fn transaction_conflict(request: &[u8]) -> String {
    let request: Value = serde_json::from_slice(request).unwrap_or_default();
    let items = request.get("TransactItems").and_then(Value::as_array).map_or(1, Vec::len);
    let mut reasons = vec![json!({"Code": "None"}); items];
    let mut codes = vec!["None"; items];
    if let (Some(reason), Some(code)) = (reasons.first_mut(), codes.first_mut()) {
        *reason = json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"});
        *code = "TransactionConflict";
    }
    let message = "Transaction cancelled, please refer cancellation reasons for specific reasons";
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!("{message} [{}]", codes.join(", ")),
        "CancellationReasons": reasons,
    })
    .to_string()
}

/// The way to AWS, in this process.
#[derive(Clone)]
pub struct AwsWire(pub Arc<Neighbours>);

/// The way to everybody else: our own PSP and pagoPA in this process, others over plain HTTP.
#[derive(Clone)]
pub struct OutsideWire {
    pub function: String,
    pub neighbours: Arc<Neighbours>,
}

impl fmt::Debug for AwsWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AwsWire")
    }
}

impl fmt::Debug for OutsideWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutsideWire")
    }
}

impl HttpConnector for AwsWire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let neighbours = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = read(request).await?;
            write(neighbours.aws(&request).await.map_err(|lost| ConnectorError::io(lost.into()))?)
        })
    }
}

impl HttpConnector for OutsideWire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { function, neighbours } = self.clone();
        HttpConnectorFuture::new(async move {
            let request = read(request).await?;
            if let Some(answer) = neighbours.outside(&function, &request).await {
                return write(answer.map_err(|lost| ConnectorError::io(lost.into()))?);
            }
            let answer = client::send(request).await.map_err(|why| ConnectorError::io(why.into()))?;
            write(answer)
        })
    }
}

pub(crate) async fn read(request: HttpRequest) -> Result<Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(|e| ConnectorError::user(e.into()))?;
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes().to_vec();
    Ok(Request::from_parts(parts, body))
}

pub(crate) fn write(response: Response) -> Result<HttpResponse, ConnectorError> {
    HttpResponse::try_from(response.map(SdkBody::from)).map_err(|e| ConnectorError::other(e.into(), None))
}
