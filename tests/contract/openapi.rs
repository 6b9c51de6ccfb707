//! `infra/openapi.yaml` is what callers are promised: its examples fit its schemas, and the stack does as they show.

use std::collections::BTreeSet;

use journeys::{PortalUser, TestRequest, TestResponse};
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use crate::stack::{
    CREDITOR_KEY, PAID_NOTICE, SendToStack, activated, confirmation_token, contest_token, difference,
    issue_debt, mailed_token, mario, now, payment_of, receipt_code_of_mario, reference, registered,
    reset_token, session, signed_callback, spontaneous_of, stranger, unique, yaml,
};

pub struct Document(Value);

struct ContractOperation<'a> {
    id: &'a str,
    method: String,
    path: &'a str,
    value: &'a Value,
}

impl Document {
    pub fn read() -> Self {
        Self(serde_json::to_value(yaml("infra/openapi.yaml")).unwrap())
    }

    /// What a value is, or what it refers to.
    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => {
                self.resolved(self.0.pointer(reference.trim_start_matches('#')).expect(reference))
            }
            None => value,
        }
    }

    /// A schema of the document, with what it refers to.
    fn validator(&self, schema: &Value) -> Validator {
        let whole = json!({"allOf": [schema], "components": {"schemas": self.0["components"]["schemas"]}});
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        options.build(&whole).unwrap_or_else(|e| panic!("a schema cannot be read: {e}: {schema}"))
    }

    fn faults(&self, place: &str, schema: &Value, value: &Value) -> Vec<String> {
        let errors = self.validator(schema);
        errors.iter_errors(value).map(|e| format!("{place}{}: {e}", e.instance_path())).collect()
    }

    fn operations(&self) -> Vec<ContractOperation<'_>> {
        let mut operations = Vec::new();
        for (path, methods) in self.0["paths"].as_object().unwrap() {
            for (method, value) in methods.as_object().unwrap() {
                let id = value["operationId"].as_str().unwrap();
                operations.push(ContractOperation { id, method: method.to_uppercase(), path, value });
            }
        }
        operations
    }

    /// Every difference between a function's answer to the gateway and what is said of its route.
    pub fn differences(&self, route: &str, answer: &Value) -> Vec<String> {
        let operations = self.operations();
        let operation = operations.iter().find(|it| format!("{} {}", it.method, it.path) == route).unwrap();
        let mut response = http::Response::builder();
        for (name, value) in answer["headers"].as_object().into_iter().flatten() {
            response = response.header(name, value.as_str().unwrap_or_default());
        }
        for cookie in answer["cookies"].as_array().into_iter().flatten() {
            response = response.header("set-cookie", cookie.as_str().unwrap_or_default());
        }
        let headers = response.body(()).unwrap().into_parts().0.headers;
        let status = u16::try_from(answer["statusCode"].as_u64().unwrap()).unwrap();
        let body = answer["body"].as_str().unwrap_or_default().as_bytes().to_vec();
        as_documented(self, operation, &TestResponse { asked: route.to_owned(), status, headers, body }, "")
    }

    /// Named examples of a body or an answer: media type, schema, name, value.
    fn examples<'a>(&'a self, content: &'a Value) -> Vec<(&'a str, &'a Value, String, Value)> {
        let mut found = Vec::new();
        for (media, body) in content.as_object().into_iter().flatten() {
            for (name, example) in body["examples"].as_object().into_iter().flatten() {
                let value = self.resolved(example)["value"].clone();
                found.push((media.as_str(), &body["schema"], name.clone(), value));
            }
        }
        found
    }
}

#[test]
fn every_example_fits_its_schema() {
    let document = Document::read();
    let mut faults = Vec::new();
    for operation in document.operations() {
        let mut contents = vec![("request".to_owned(), &operation.value["requestBody"]["content"])];
        for (status, response) in operation.value["responses"].as_object().unwrap() {
            contents.push((status.clone(), &document.resolved(response)["content"]));
        }
        for (part, content) in contents {
            for (_, schema, name, value) in document.examples(content) {
                let place = format!("{} {part} {name} ", operation.id);
                faults.extend(document.faults(&place, schema, &value));
            }
        }
        for parameter in operation.value["parameters"].as_array().into_iter().flatten() {
            let parameter = document.resolved(parameter);
            if let Some(example) = parameter.get("example") {
                let place = format!("{} {} ", operation.id, parameter["name"]);
                faults.extend(document.faults(&place, &parameter["schema"], example));
            }
        }
    }
    assert!(faults.is_empty(), "in infra/openapi.yaml:\n  {}", faults.join("\n  "));
}

/// INV-X17: what a caller reads of an error is shaped alike everywhere.
#[test]
fn every_documented_error_is_a_problem_document_with_its_own_status() {
    let document = Document::read();
    for operation in document.operations() {
        for (status, response) in operation.value["responses"].as_object().unwrap() {
            for (media, _, name, value) in document.examples(&document.resolved(response)["content"]) {
                if media == "application/problem+json" {
                    assert_eq!(value["status"].to_string(), *status, "{} {name}", operation.id);
                    assert_eq!(value["code"], name, "{} {status}", operation.id);
                }
            }
        }
    }
}

#[test]
fn every_operation_says_what_each_status_it_may_answer_looks_like() {
    let document = Document::read();
    let mut ids = BTreeSet::new();
    for operation in document.operations() {
        assert!(ids.insert(operation.id), "{} is there twice", operation.id);
        let responses = operation.value["responses"].as_object().unwrap();
        for (status, response) in responses {
            let response = document.resolved(response);
            assert!(
                response["headers"].get("X-Request-Id").is_some(),
                "{} {status}: X-Request-Id",
                operation.id
            );
            if status.starts_with('4') || status.starts_with('5') {
                assert!(response.get("content").is_some(), "{} {status} has no content", operation.id);
            }
        }
        let expected = ["429", "503"];
        assert!(
            expected.iter().all(|status| responses.contains_key(*status)),
            "{}: {expected:?}",
            operation.id
        );
    }
}

/// Every example of a request is sent, by somebody who may, and does what it shows: 2xx, with a body of its schema.
#[tokio::test]
async fn every_example_of_a_request_works() {
    // The events come first: they are about untouched data.
    crate::events::answered().await;
    let document = Document::read();
    let mut faults = Vec::new();
    for operation in document.operations() {
        let mut bodies: Vec<(String, Option<(&str, Value)>)> = Vec::new();
        for (media, _, name, value) in document.examples(&operation.value["requestBody"]["content"]) {
            bodies.push((name, Some((media, value))));
        }
        if bodies.is_empty() {
            bodies.push(("no body".to_owned(), None));
        }
        for (name, body) in bodies {
            let answer = prepared(&document, &operation, body).await.send().await;
            let place = format!("{} ({name})", operation.id);
            if !(200..300).contains(&answer.status) {
                faults.push(format!("{place} answered {} {}", answer.status, answer.text()));
            }
            faults.extend(as_documented(&document, &operation, &answer, &place));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Every difference between an answer and what the document says of its status.
fn as_documented(
    document: &Document,
    operation: &ContractOperation<'_>,
    answer: &TestResponse,
    place: &str,
) -> Vec<String> {
    let Some(response) = operation.value["responses"].get(answer.status.to_string()) else {
        return vec![format!("{place} answered {}, which is not documented", answer.status)];
    };
    let response = document.resolved(response);
    let mut faults = Vec::new();
    for name in
        response["headers"].as_object().into_iter().flatten().map(|(name, _)| name.to_ascii_lowercase())
    {
        if answer.header(&name).is_none() {
            faults.push(format!("{place}: no {name}"));
        }
    }
    let media = answer.header("content-type").unwrap_or_default().split(';').next().unwrap();
    match response["content"].get(media).or_else(|| response["content"].get("*/*")) {
        None if answer.body.is_empty() => {}
        None => faults.push(format!("{place}: {media} is not documented")),
        Some(content) => {
            let value = match media.contains("json") {
                true => answer.json(),
                false => json!(answer.text()),
            };
            faults.extend(document.faults(&format!("{place} "), &content["schema"], &value));
        }
    }
    faults
}

/// The request of an example, made by somebody who may make it.
async fn prepared(
    document: &Document,
    operation: &ContractOperation<'_>,
    body: Option<(&str, Value)>,
) -> TestRequest {
    let security = operation.value.get("security").unwrap_or(&document.0["security"]);
    let schemes: Vec<&String> =
        security.as_array().into_iter().flatten().filter_map(Value::as_object).flat_map(Map::keys).collect();
    // What ends a session or an account is done by somebody who is not needed any more.
    let by_another =
        ["logout", "changePassword", "revokeConsent", "changeAccount", "changeEmail", "confirmEmail"]
            .contains(&operation.id);
    let who = if by_another { activated().await } else { mario() };
    let mut path = operation.path.to_owned();
    let mut query = Vec::new();
    let mut headers = Vec::new();
    for parameter in operation.value["parameters"].as_array().into_iter().flatten() {
        let parameter = document.resolved(parameter);
        let name = parameter["name"].as_str().unwrap();
        let example = parameter.get("example").map(|example| match example {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        match parameter["in"].as_str().unwrap() {
            "path" => path = path.replace(&format!("{{{name}}}"), &named(operation, name, example).await),
            "query" => query.extend(example.map(|example| format!("{name}={example}"))),
            _ => headers.extend(example.map(|example| (name.to_owned(), example))),
        }
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let mut call = TestRequest::new(&operation.method, &path);
    for (name, value) in headers {
        call = call.header(&name, &value);
    }
    if let Some((media, value)) = body {
        let text = match (operation.id, value) {
            ("activate", value) => by_link(value, &registered().await).await.to_string(),
            ("resetPassword", value) => {
                let who = activated().await;
                let _mailed = reset_token(&who).await;
                by_link(value, &who).await.to_string()
            }
            ("confirmEmail", _) => json!({"token": confirmation_token(&who).await}).to_string(),
            ("contestProof", _) => json!({"token": contest_token().await}).to_string(),
            ("changeEmail", value) => {
                with(value, "email", json!(format!("{}@example.it", unique("office")))).to_string()
            }
            ("associateDebt", value) if value.get("reference").is_some() => {
                json!({"reference": reference().await}).to_string()
            }
            (_, Value::String(text)) => text,
            (_, Value::Object(fields)) if media.ends_with("form-urlencoded") => as_a_form(&fields),
            (_, value) => value.to_string(),
        };
        call = call.body(media, text.as_bytes());
    }
    if operation.value["parameters"].to_string().contains("IdempotencyKey") {
        call = call.header("idempotency-key", &unique("example"));
    }
    for scheme in schemes {
        call = match scheme.as_str() {
            "session" => call.cookie(&session(&who).await),
            "creditorKey" => call.header("authorization", &format!("Bearer {CREDITOR_KEY}")),
            "webhookSignature" => signed_callback(call, now()),
            _ => call,
        };
    }
    call
}

/// The fields as a browser sends a plain form.
fn as_a_form(fields: &Map<String, Value>) -> String {
    let fields = fields.iter().map(|(name, value)| (name, value.as_str().unwrap()));
    let address = reqwest::Url::parse_with_params("http://localhost", fields).unwrap();
    address.query().unwrap().to_owned()
}

/// A thing that is really there, by the name of its parameter.
async fn named(operation: &ContractOperation<'_>, name: &str, example: Option<String>) -> String {
    match (operation.id, name) {
        ("takeBackSpontaneous", _) => spontaneous_of(&mario()).await,
        ("endSession", _) => {
            let cookie = session(&mario()).await;
            let list = TestRequest::new("GET", "/api/account/sessions").cookie(&cookie).done().await.json();
            let mine = list["items"].as_array().unwrap().iter().find(|session| session["current"] == true);
            mine.unwrap()["id"].as_str().unwrap().to_owned()
        }
        ("cancelDebt", _) => issue_debt(&stranger()).await.number,
        ("printReceipt", _) => PAID_NOTICE.to_owned(),
        ("resolveDifference", _) => difference().await,
        (_, "reference") => reference().await,
        (_, "code") => receipt_code_of_mario().await,
        (_, "paymentId") => {
            let notice = issue_debt(&mario().person).await;
            payment_of(&mario(), &notice.number).await
        }
        _ => example.unwrap(),
    }
}

fn with(mut value: Value, name: &str, thing: Value) -> Value {
    value[name] = thing;
    value
}

/// The example of a form that wants a mailed link or its code, with those of this person's latest mail.
async fn by_link(mut value: Value, who: &PortalUser) -> Value {
    let mails = who.mails().await;
    if value.get("token").is_some() {
        value["token"] = json!(mailed_token(who).await);
    } else {
        value["username"] = json!(who.person.username);
        value["code"] = json!(mails[0].code());
    }
    // What is chosen anew is the example's.
    if value.get("passwordConfirmation").is_none() {
        value["password"] = json!(who.person.password);
    }
    value
}
