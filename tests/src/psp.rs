use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::{ClientRequest, TestClient};
use crate::{StartedPayment, TestPortal, TestResponse};

/// What a person does on the PSP's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PspOutcome {
    Success,
    Failure,
    Cancel,
    Abandon,
}

/// The same, with what becomes of the callback.
#[derive(Clone, Copy, Debug)]
pub struct PspDecision {
    outcome: PspOutcome,
    callbacks: u32,
    delay: u32,
    amount: Option<u64>,
}

impl PspOutcome {
    /// None: it gets lost. Two or more: it is repeated.
    pub fn callbacks(self, callbacks: u32) -> PspDecision {
        PspDecision { callbacks, ..self.into() }
    }

    pub fn calling_back_after(self, seconds: u32) -> PspDecision {
        PspDecision { delay: seconds, ..self.into() }
    }

    /// Another amount than ordered.
    pub fn of_amount(self, amount: u64) -> PspDecision {
        PspDecision { amount: Some(amount), ..self.into() }
    }
}

impl From<PspOutcome> for PspDecision {
    fn from(outcome: PspOutcome) -> Self {
        Self { outcome, callbacks: 1, delay: 0, amount: None }
    }
}

/// The PSP, as a machine that talks to us.
#[derive(Clone)]
pub struct PspClient {
    portal: TestPortal,
    client: TestClient,
}

/// A message of the PSP's own making.
#[derive(Clone, Debug)]
pub struct CallbackMessage {
    pub id: String,
    pub body: Value,
}

impl CallbackMessage {
    pub fn succeeded(paying: &StartedPayment) -> Self {
        Self::about(paying, "succeeded")
    }

    pub fn failed(paying: &StartedPayment) -> Self {
        let mut callback = Self::about(paying, "failed");
        callback.body["data"]["reason"] = json!("denied");
        callback
    }

    pub fn cancelled(paying: &StartedPayment) -> Self {
        Self::about(paying, "cancelled")
    }

    fn about(paying: &StartedPayment, what: &str) -> Self {
        Self::of(what, &paying.id, &paying.transaction, paying.amount())
    }

    /// A message about any payment; `what` is `succeeded`, `failed` or `cancelled`.
    pub fn of(what: &str, payment: &str, transaction: &str, cents: u64) -> Self {
        let body = json!({
            "type": format!("payment.{what}"), "timestamp": "2026-01-01T00:00:00Z",
            "data": {
                "paymentId": payment, "transactionId": transaction, "pspId": "BANCADUE",
                "pspName": "Banca Due", "method": "CP", "amount": cents, "currency": "EUR"
            }
        });
        Self { id: format!("evt_journey_{transaction}_{what}"), body }
    }

    /// Under another name.
    pub fn named(self, id: &str) -> Self {
        Self { id: id.to_owned(), ..self }
    }

    /// With another datum.
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.body["data"][field] = value.into();
        self
    }

    pub fn without(mut self, field: &str) -> Self {
        self.body["data"].as_object_mut().unwrap().remove(field);
        self
    }
}

impl PspClient {
    pub(crate) fn new(portal: &TestPortal) -> Self {
        Self { portal: portal.clone(), client: portal.machine_client() }
    }

    /// A person decides on the PSP's page.
    pub async fn decides(&self, transaction: &str, wish: impl Into<PspDecision>) -> TestResponse {
        let PspDecision { outcome, callbacks, delay, amount } = wish.into();
        let outcome = match outcome {
            PspOutcome::Success => "success",
            PspOutcome::Failure => "failure",
            PspOutcome::Cancel => "cancel",
            PspOutcome::Abandon => "abandon",
        };
        let mut order = json!({"outcome": outcome, "callbacks": callbacks, "callbackDelaySeconds": delay});
        if let Some(amount) = amount {
            order["amount"] = json!(amount);
        }
        self.decides_as(transaction, &order).await
    }

    /// The same in the words of the local stack's route.
    pub async fn decides_as(&self, transaction: &str, wish: &Value) -> TestResponse {
        let path = format!("/_local/psp/{transaction}");
        self.portal.local_client().post(&path, wish).answer().await
    }

    /// Sends a message, rightly signed, now.
    pub async fn calls_back(&self, callback: &CallbackMessage) -> TestResponse {
        let now = self.portal.clock().now().await.as_second();
        self.calls_back_at(callback, now).await
    }

    /// Rightly signed, for a time of the sender's choice.
    pub async fn calls_back_at(&self, callback: &CallbackMessage, seconds: i64) -> TestResponse {
        self.signed(&callback.id, seconds, callback.body.to_string().as_bytes()).answer().await
    }

    /// A message of any bytes, rightly signed.
    pub fn signed(&self, id: &str, seconds: i64, body: &[u8]) -> ClientRequest {
        let headers = signed(id, seconds, body);
        headers.iter().fold(self.posts(body), |request, (name, value)| request.header(name, value))
    }

    /// A message without any of the signature's headers.
    pub fn posts(&self, body: &[u8]) -> ClientRequest {
        self.client.request("POST", "/psp/callback").body("application/json", body)
    }

    /// The right signature.
    pub fn signature(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        format!("v1,{}", signature(&key(), id, seconds, body))
    }

    /// The signature that another key makes.
    pub fn forged_signature(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        format!("v1,{}", signature(b"some other key, not the PSP's", id, seconds, body))
    }
}

/// The headers of a callback that the PSP sends at an instant.
pub fn signed(id: &str, seconds: i64, body: &[u8]) -> [(&'static str, String); 3] {
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", format!("v1,{}", signature(&key(), id, seconds, body))),
    ]
}

/// The demonstration secret of every local stack: nothing real is behind it.
fn key() -> Vec<u8> {
    Sha256::new().chain_update("local ").chain_update("webhook 1").finalize().to_vec()
}

fn signature(key: &[u8], id: &str, seconds: i64, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("any length fits");
    let mac = mac.chain_update(format!("{id}.{seconds}.")).chain_update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}
