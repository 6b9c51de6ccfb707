use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::browser::{Ask, Browser};
use crate::{Answer, Paying, Portal};

/// What a person does on the PSP's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Success,
    Failure,
    Cancel,
    Abandon,
}

/// The same, with what becomes of the callback.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    outcome: Outcome,
    callbacks: u32,
    delay: u32,
    amount: Option<u64>,
}

impl Outcome {
    /// None: it gets lost. Two or more: it is repeated.
    pub fn callbacks(self, callbacks: u32) -> Wish {
        Wish { callbacks, ..self.into() }
    }

    pub fn calling_back_after(self, seconds: u32) -> Wish {
        Wish { delay: seconds, ..self.into() }
    }

    /// Another amount than ordered.
    pub fn of_amount(self, amount: u64) -> Wish {
        Wish { amount: Some(amount), ..self.into() }
    }
}

impl From<Outcome> for Wish {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, callbacks: 1, delay: 0, amount: None }
    }
}

/// The PSP, as a machine that talks to us.
#[derive(Clone)]
pub struct Psp {
    portal: Portal,
    browser: Browser,
}

/// A message of the PSP's own making.
#[derive(Clone, Debug)]
pub struct Callback {
    pub id: String,
    pub body: Value,
}

impl Callback {
    pub fn succeeded(paying: &Paying) -> Self {
        let mut callback = Self::about(paying, "succeeded");
        callback.body["data"]["amount"] = json!(paying.amount());
        callback
    }

    pub fn failed(paying: &Paying) -> Self {
        let mut callback = Self::about(paying, "failed");
        callback.body["data"]["reason"] = json!("denied");
        callback
    }

    pub fn cancelled(paying: &Paying) -> Self {
        Self::about(paying, "cancelled")
    }

    fn about(paying: &Paying, what: &str) -> Self {
        let body = json!({
            "type": format!("payment.{what}"), "timestamp": "2026-01-01T00:00:00Z",
            "data": {
                "paymentId": paying.id, "transactionId": paying.transaction, "pspId": "BANCADUE",
                "pspName": "Banca Due", "method": "CP", "amount": paying.amount(), "currency": "EUR"
            }
        });
        Self { id: format!("evt_journey_{}_{what}", paying.transaction), body }
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

impl Psp {
    pub(crate) fn new(portal: &Portal) -> Self {
        Self { portal: portal.clone(), browser: portal.browser() }
    }

    /// A person decides on the PSP's page.
    pub async fn decides(&self, transaction: &str, wish: impl Into<Wish>) -> Answer {
        let Wish { outcome, callbacks, delay, amount } = wish.into();
        let outcome = match outcome {
            Outcome::Success => "success",
            Outcome::Failure => "failure",
            Outcome::Cancel => "cancel",
            Outcome::Abandon => "abandon",
        };
        let mut order = json!({"outcome": outcome, "callbacks": callbacks, "callbackDelaySeconds": delay});
        if let Some(amount) = amount {
            order["amount"] = json!(amount);
        }
        let path = format!("/_local/psp/{transaction}");
        self.portal.local_browser().post(&path, &order).answer().await
    }

    /// Sends a message, rightly signed, now.
    pub async fn calls_back(&self, callback: &Callback) -> Answer {
        let now = self.portal.clock().now().await.as_second();
        self.calls_back_at(callback, now).await
    }

    /// Rightly signed, for a time of the sender's choice.
    pub async fn calls_back_at(&self, callback: &Callback, seconds: i64) -> Answer {
        self.signed(&callback.id, seconds, callback.body.to_string().as_bytes()).answer().await
    }

    /// A message of any bytes, rightly signed.
    pub fn signed(&self, id: &str, seconds: i64, body: &[u8]) -> Ask {
        self.posts(body)
            .header("webhook-id", id)
            .header("webhook-timestamp", &seconds.to_string())
            .header("webhook-signature", &self.signature(id, seconds, body))
    }

    /// A message without any of the signature's headers.
    pub fn posts(&self, body: &[u8]) -> Ask {
        self.browser.asks(reqwest::Method::POST, "/psp/callback").body("application/json", body)
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
pub fn signed(id: &str, seconds: i64, body: &str) -> [(&'static str, String); 3] {
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", format!("v1,{}", signature(&key(), id, seconds, body.as_bytes()))),
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
