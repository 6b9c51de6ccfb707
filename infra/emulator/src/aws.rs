//! What the functions believe to be AWS: DynamoDB, Secrets Manager and SES behind one endpoint.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use http::Method;
use runtime::{Clock, HttpClient};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::access::{AccessRule, Denied, caller};
use crate::dynamodb::{self, Dynamo, DynamoResult, refusal};
use crate::exchange::{Request, Response, response};
use crate::faults::{Call, ConnectionLost, Consumed, Faults, InjectedFault};
use crate::mailbox::Mailbox;
use crate::start_error::StartError;
use crate::template::{Grant, REGION, Template};
use crate::{connector, mailbox};

pub struct Aws {
    clock: Clock,
    pub dynamo: Dynamo,
    pub access: AccessRule,
    pub mailbox: Mailbox,
    pub faults: Arc<Faults>,
    /// By local name.
    secrets: Mutex<BTreeMap<String, Value>>,
    /// Notified when a stream may have got a record.
    pub stream: Notify,
}

/// The services that we stand in for; each has its own way to say no.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AwsService {
    Dynamo,
    Secrets,
    Mail,
}

impl Aws {
    /// In memory, or in a folder that survives restarts.
    pub fn open(
        folder: Option<&Path>,
        template: &Template,
        clock: &Clock,
        enforce_grants: bool,
        secrets: BTreeMap<String, Value>,
    ) -> Result<Self, StartError> {
        Ok(Self {
            dynamo: Dynamo::open(folder, clock, &template.tables)?,
            access: AccessRule::of(template, enforce_grants),
            mailbox: Mailbox::open(folder)?,
            clock: clock.clone(),
            faults: Arc::default(),
            secrets: Mutex::new(secrets),
            stream: Notify::new(),
        })
    }

    /// The way here from an SDK in this process.
    pub fn wire(self: &Arc<Self>) -> HttpClient {
        let aws = self.clone();
        connector::wire(move |request| {
            let aws = aws.clone();
            async move { Ok(aws.answer(&request).await?) }
        })
    }

    /// Gives a secret another value.
    pub fn put_secret(&self, name: &str, value: Value) {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), value);
    }

    /// Answers a request to AWS as AWS would.
    pub async fn answer(&self, request: &Request) -> Result<Response, ConnectionLost> {
        // Whoever opens a connection may ask for it, unsigned.
        if request.method() == Method::GET && request.uri().path().ends_with("/ping") {
            return Ok(response(200, "text/plain", format!("healthy: dynamodb.{REGION}.amazonaws.com")));
        }
        let header =
            |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        let target = header("x-amz-target");
        let (service, operation) = if let Some(operation) = target.strip_prefix("DynamoDB_20120810.") {
            (AwsService::Dynamo, operation.to_owned())
        } else if let Some(operation) = target.strip_prefix("secretsmanager.") {
            (AwsService::Secrets, operation.to_owned())
        } else {
            (AwsService::Mail, mailbox::action(request.body()))
        };
        let function = caller(header("authorization")).unwrap_or_default().to_owned();
        let call = Call { function, operation: format!("{}:{operation}", service.prefix()) };
        let answer =
            self.faults.apply(&call, |fault| service.failure(fault, &operation, request.body()), async {
                match service {
                    AwsService::Dynamo => self.dynamodb(&call.function, &operation, request.body()),
                    AwsService::Secrets => self.secret(&call.function, &operation, request.body()),
                    AwsService::Mail => self.mail(&call.function, &operation, request.body()),
                }
            });
        Ok(service.response(answer.await?))
    }

    fn dynamodb(&self, function: &str, operation: &str, body: &[u8]) -> DynamoResult {
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

    fn secret(&self, function: &str, operation: &str, body: &[u8]) -> DynamoResult {
        if operation != "GetSecretValue" {
            return refusal("UnknownOperationException", operation);
        }
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let name = request.get("SecretId").and_then(Value::as_str).unwrap_or_default();
        let need = Grant::on("secretsmanager:GetSecretValue", name);
        if let Err(denied) = self.access.check(function, &[need]) {
            return refused(&denied);
        }
        let value = self.secrets.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        let Some(value) = value else {
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

    fn mail(&self, function: &str, operation: &str, body: &[u8]) -> DynamoResult {
        let needs = self.access.resources(function, &format!("ses:{operation}"));
        let needs =
            if needs.is_empty() { vec![Grant::on(format!("ses:{operation}"), "identity")] } else { needs };
        match self.access.check(function, &needs) {
            Ok(()) => self.mailbox.receive(operation, body, self.clock.now()),
            Err(denied) => {
                tracing::error!(%denied, "refused");
                (403, mailbox::failure("AccessDenied", &denied.to_string()))
            }
        }
    }
}

fn refused(denied: &Denied) -> DynamoResult {
    tracing::error!(%denied, "refused");
    match denied {
        Denied::UnknownCaller => {
            refusal("com.amazon.coral.service#UnrecognizedClientException", &denied.to_string())
        }
        Denied::NotGranted { .. } | Denied::DeniedToAll { .. } => {
            refusal("com.amazon.coral.service#AccessDeniedException", &denied.to_string())
        }
    }
}

impl AwsService {
    fn prefix(self) -> &'static str {
        match self {
            AwsService::Dynamo => "dynamodb",
            AwsService::Secrets => "secretsmanager",
            AwsService::Mail => "ses",
        }
    }

    fn response(self, (status, body): DynamoResult) -> Response {
        let content_type = match self {
            AwsService::Dynamo => "application/x-amz-json-1.0",
            AwsService::Secrets => "application/x-amz-json-1.1",
            AwsService::Mail => "text/xml",
        };
        response(status, content_type, body)
    }

    /// How this service says that it cannot now.
    fn failure(self, fault: InjectedFault, operation: &str, request: &[u8]) -> DynamoResult {
        let said = |status: u16, kind: &str, message: &str| (status, refusal(kind, message).1);
        match (self, fault) {
            (AwsService::Mail, InjectedFault::Throttle) => {
                (400, mailbox::failure("Throttling", "Rate exceeded"))
            }
            (AwsService::Mail, _) => (500, mailbox::failure("InternalFailure", "on purpose")),
            (AwsService::Dynamo, InjectedFault::Throttle) => said(
                400,
                "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
                "The level of configured provisioned throughput for the table was exceeded.",
            ),
            (AwsService::Dynamo, InjectedFault::Conflict) if operation == "TransactWriteItems" => {
                (400, transaction_conflict(request))
            }
            (AwsService::Dynamo, InjectedFault::Conflict) if is_write(operation) => said(
                400,
                "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
                "Transaction is ongoing for the item",
            ),
            (AwsService::Dynamo, _) => {
                said(500, "com.amazonaws.dynamodb.v20120810#InternalServerError", "on purpose")
            }
            (AwsService::Secrets, InjectedFault::Throttle) => {
                said(400, "ThrottlingException", "Rate exceeded")
            }
            (AwsService::Secrets, _) => said(500, "InternalServiceError", "on purpose"),
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
