//! An environment whose network is written down: what was sent, and what comes back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use runtime::{Clock, Env, EnvParts, HttpClient, Random};

/// An answer: status, headers, body. Without one, nobody answers.
pub type Scripted = Option<(u16, Vec<(&'static str, String)>, String)>;

#[derive(Clone, Debug)]
pub struct Sent {
    pub method: String,
    pub url: String,
    pub headers: BTreeMap<String, String>,
    pub body: serde_json::Value,
}

#[derive(Debug)]
struct Outside {
    answer: Scripted,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl HttpConnector for Outside {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.sent.lock().unwrap().push(Sent {
            method: request.method().to_owned(),
            url: request.uri().to_owned(),
            headers: request
                .headers()
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: serde_json::from_slice(request.body().bytes().unwrap()).unwrap(),
        });
        let Some((status, headers, body)) = self.answer.clone() else {
            return HttpConnectorFuture::ready(Err(ConnectorError::timeout("nobody answered".into())));
        };
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        for (name, value) in headers {
            response.headers_mut().insert(name, value);
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// Answers every call with the one secret.
#[derive(Debug)]
struct Secrets(String);

impl HttpConnector for Secrets {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let body = serde_json::json!({ "ARN": "arn:x", "Name": "x", "SecretString": self.0 }).to_string();
        let mut response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body));
        response.headers_mut().insert("content-type", "application/x-amz-json-1.1");
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// An environment with these variables, this secret, and one answer from outside; and what was sent there.
pub fn env(variables: &[(&str, &str)], secret: &str, answer: Scripted) -> (Env, Arc<Mutex<Vec<Sent>>>) {
    let credentials =
        [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_REGION", "eu-south-1")];
    let variables =
        variables.iter().chain(&credentials).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let sent = Arc::new(Mutex::new(Vec::new()));
    let parts = EnvParts {
        clock: Clock::system(),
        random: Random::seeded(1),
        aws: HttpClient::new(Secrets(secret.to_owned())),
        outside: HttpClient::new(Outside { answer, sent: sent.clone() }),
    };
    (Env::new(variables.collect(), parts), sent)
}

/// Runs a future to its end.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}
