//! A PSP to pay at: its interface (`infra/psp-openapi.yaml`), its page for persons, its outcomes for scripts.

pub mod page;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use creditor::Psps;
use domain::{Cents, Timestamp};
use emulator::agenda::after;
use emulator::exchange::{Request, Response, problem, response};
use emulator::persistence::Persisted;
use emulator::start_error::StartError;
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use runtime::Clock;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::keys::{PSP_KEY, webhook_key};
use crate::portal::{CallbackMessage, Delivery, PortalClient};

/// Where the interface is, below the stack's own address.
pub const API: &str = "/_local/psp-api";

/// Where the callbacks come from.
const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 255, 255, 250));

pub struct PspSimulator {
    /// `http://localhost:3000`
    origin: String,
    portal: PortalClient,
    clock: Clock,
    payments: Persisted<StoredPayments>,
}

#[derive(Default, Serialize, Deserialize)]
struct StoredPayments {
    /// By transaction.
    payments: BTreeMap<String, SimulatedPayment>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PaymentOrder {
    payment_id: String,
    creditor: OrderCreditor,
    items: Vec<OrderItem>,
    amount: u64,
    fee: u64,
    method: Option<String>,
    psp_id: Option<String>,
    email: Option<String>,
    language: String,
    return_url: String,
    expires_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OrderCreditor {
    name: String,
    fiscal_code: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OrderItem {
    notice_number: String,
    reason: String,
    amount: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SimulatedPayment {
    transaction: String,
    order: PaymentOrder,
    status: PaymentStatus,
    /// What was collected: another amount than ordered only when a script says so.
    amount: u64,
    paid_at: Option<Timestamp>,
    reason: Option<String>,
    /// What is told otherwise than it is, because a script says so.
    #[serde(default)]
    replaced: Fields,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PaymentStatus {
    Open,
    Succeeded,
    Failed,
    Cancelled,
    Expired,
}

/// What a person or a script wants to happen.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PaymentChoice {
    pub outcome: ChosenOutcome,
    #[serde(default)]
    pub callbacks: Callbacks,
    #[serde(default)]
    pub callback_delay_seconds: u32,
    pub amount: Option<u64>,
    /// Fields of the callback's `data` to replace, which an inquiry is then answered with as well.
    #[serde(default)]
    pub body: Fields,
    #[serde(skip)]
    pub reason: Option<&'static str>,
}

/// Fields by name, each as it is to be written.
pub type Fields = serde_json::Map<String, serde_json::Value>;

/// How many callbacks: none is a lost one, more are repeats; or several, each with fields of its `data` to replace, in
/// this order.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Callbacks {
    Times(u32),
    Bodies(Vec<Fields>),
}

impl Default for Callbacks {
    fn default() -> Self {
        Self::Times(1)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChosenOutcome {
    Success,
    Failure,
    Cancel,
    Abandon,
    /// Only asking tells of it: no callback is defined for it.
    Expired,
}

impl PaymentChoice {
    pub fn success() -> Self {
        Self {
            outcome: ChosenOutcome::Success,
            callbacks: Callbacks::default(),
            callback_delay_seconds: 0,
            amount: None,
            body: Fields::new(),
            reason: None,
        }
    }
}

/// What happens next: where the person goes, and what we are told.
#[derive(Debug)]
pub struct DecidedPayment {
    pub return_url: String,
    pub callbacks: Vec<CallbackMessage>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum PaymentRefusal {
    Unknown,
    /// It has ended otherwise already.
    Ended,
}

impl PspSimulator {
    /// In memory, or in a folder that survives restarts; `origin` is where its pages are.
    pub fn open(
        folder: Option<&Path>,
        origin: &str,
        portal: &PortalClient,
        clock: &Clock,
    ) -> Result<Self, StartError> {
        let payments = Persisted::open(folder, "psp.json")?;
        Ok(Self { origin: origin.to_owned(), portal: portal.clone(), clock: clock.clone(), payments })
    }

    /// Answers a request to the interface.
    pub fn answer(&self, request: &Request) -> Response {
        let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        if authorization.and_then(|value| value.strip_prefix("Bearer ")) != Some(PSP_KEY) {
            return problem(401, "unauthorized", "Unknown API key");
        }
        let path = request.uri().path().strip_prefix(API).unwrap_or_default();
        match (request.method(), path) {
            (&Method::POST, "/payments") => self.opened(request),
            (&Method::POST, _) if path.starts_with("/payments/") && path.ends_with("/cancel") => {
                self.given_up(path.trim_start_matches("/payments/").trim_end_matches("/cancel"))
            }
            (&Method::GET, _) if path.starts_with("/payments/") => {
                self.asked(path.trim_start_matches("/payments/"))
            }
            _ => problem(404, "not_found", "Unknown address"),
        }
    }

    fn opened(&self, request: &Request) -> Response {
        let bad = |why: &str| problem(400, "invalid_request", why);
        let key = request.headers().get("idempotency-key").and_then(|value| value.to_str().ok());
        let order: PaymentOrder = match serde_json::from_slice(request.body()) {
            Ok(order) => order,
            Err(error) => return bad(&error.to_string()),
        };
        if key != Some(order.payment_id.as_str()) {
            return bad("The Idempotency-Key is not the paymentId");
        }
        if order.items.is_empty() || order.items.len() > 5 {
            return bad("One to five items");
        }
        if order.items.iter().map(|item| item.amount).sum::<u64>() != order.amount || order.amount == 0 {
            return bad("The amount is not the sum of the items");
        }
        let transaction = transaction(&order.payment_id);
        let answer = json!({
            "transactionId": transaction,
            "redirectUrl": format!("{}/_local/psp/{transaction}", self.origin),
        });
        let same = self.payments.change(|stored| match stored.payments.get(&transaction) {
            Some(known) => known.order == order,
            None => {
                let amount = order.amount;
                let payment = SimulatedPayment {
                    transaction: transaction.clone(),
                    order,
                    status: PaymentStatus::Open,
                    amount,
                    paid_at: None,
                    reason: None,
                    replaced: Fields::new(),
                };
                stored.payments.insert(transaction.clone(), payment);
                true
            }
        });
        if !same {
            return problem(409, "idempotency_key_reused", "The key belongs to another request");
        }
        response(201, "application/json", answer.to_string())
    }

    fn asked(&self, payment_id: &str) -> Response {
        match self.payment(&transaction(payment_id)) {
            Some(payment) if payment.order.payment_id == payment_id => payment.state(),
            _ => problem(404, "payment_not_found", "Unknown payment"),
        }
    }

    /// The portal asks that nobody pays any more.
    fn given_up(&self, payment_id: &str) -> Response {
        let transaction = transaction(payment_id);
        let Some(mut payment) = self.payment(&transaction) else {
            return problem(404, "payment_not_found", "Unknown payment");
        };
        if payment.status == PaymentStatus::Open {
            payment.status = PaymentStatus::Cancelled;
            self.payments.change(|stored| stored.payments.insert(transaction, payment.clone()));
        }
        payment.state()
    }

    /// As it is now: nobody pays after the end of its time.
    fn payment(&self, transaction: &str) -> Option<SimulatedPayment> {
        let mut payment = self.payments.read(|stored| stored.payments.get(transaction).cloned())?;
        if payment.status == PaymentStatus::Open && self.clock.now() >= payment.order.expires_at {
            payment.status = PaymentStatus::Expired;
        }
        Some(payment)
    }

    /// Lets a payment end as wished. A success stays; anything else may still become one, except after the
    /// payment's time.
    pub fn decide(
        &self,
        transaction: &str,
        choice: &PaymentChoice,
    ) -> Result<DecidedPayment, PaymentRefusal> {
        let mut payment = self.payment(transaction).ok_or(PaymentRefusal::Unknown)?;
        let return_url = payment.order.return_url.clone();
        let (status, kind) = match choice.outcome {
            ChosenOutcome::Abandon => {
                return Ok(DecidedPayment { return_url, callbacks: Vec::new() });
            }
            ChosenOutcome::Success => (PaymentStatus::Succeeded, "payment.succeeded"),
            ChosenOutcome::Failure => (PaymentStatus::Failed, "payment.failed"),
            ChosenOutcome::Cancel => (PaymentStatus::Cancelled, "payment.cancelled"),
            ChosenOutcome::Expired => (PaymentStatus::Expired, ""),
        };
        let now = self.clock.now();
        if payment.status != status {
            let late = now >= payment.order.expires_at && choice.outcome != ChosenOutcome::Expired;
            if payment.status == PaymentStatus::Succeeded || late {
                return Err(PaymentRefusal::Ended);
            }
            payment.status = status;
            payment.amount = choice.amount.unwrap_or(payment.order.amount);
            payment.paid_at = (status == PaymentStatus::Succeeded).then_some(now);
            payment.replaced = choice.body.clone();
            payment.reason =
                (status == PaymentStatus::Failed).then(|| choice.reason.unwrap_or("denied").to_owned());
            self.payments.change(|stored| stored.payments.insert(transaction.to_owned(), payment.clone()));
        }
        let told = |n: usize, fields: &Fields| {
            let mut data = payment.told();
            data.extend(fields.clone());
            let body = json!({"type": kind, "timestamp": now, "data": data}).to_string();
            let mut id = format!("evt_{transaction}_{}", kind.trim_start_matches("payment."));
            if n > 0 {
                id.push_str(&format!("_{n}"));
            }
            CallbackMessage { id, body }
        };
        let callbacks = match &choice.callbacks {
            _ if status == PaymentStatus::Expired => Vec::new(),
            Callbacks::Times(times) => (0..*times).map(|_| told(0, &Fields::new())).take(20).collect(),
            Callbacks::Bodies(bodies) => {
                bodies.iter().enumerate().map(|(n, fields)| told(n, fields)).take(20).collect()
            }
        };
        Ok(DecidedPayment { return_url, callbacks })
    }

    /// Lets a payment end as chosen, and sends the callbacks: at once, before this comes back, or later. Gives back
    /// where the person goes.
    pub async fn pay(&self, transaction: &str, choice: &PaymentChoice) -> Result<String, PaymentRefusal> {
        let DecidedPayment { return_url, callbacks } = self.decide(transaction, choice)?;
        let delay = Duration::from_secs(u64::from(choice.callback_delay_seconds));
        for callback in callbacks {
            if delay.is_zero() {
                self.call_back(callback, 0).await;
            } else {
                self.portal.later(after(self.clock.now(), delay), Delivery::Callback { callback, tries: 0 });
            }
        }
        Ok(return_url)
    }

    /// Sends a callback; one that is not taken is repeated later.
    pub async fn call_back(&self, callback: CallbackMessage, tries: usize) {
        let status = self.sent(&callback).await;
        if !status.is_ok_and(|status| (200..300).contains(&status)) {
            self.portal.again(self.clock.now(), tries, |tries| Delivery::Callback { callback, tries });
        }
    }

    async fn sent(&self, callback: &CallbackMessage) -> Result<u16, String> {
        let mut request = self
            .portal
            .post("/psp/callback")
            .header("content-type", "application/json")
            .header("user-agent", "local-psp");
        for (name, value) in signed(callback, self.clock.now()) {
            request = request.header(name, value);
        }
        let request = request.body(callback.body.clone().into_bytes()).map_err(|e| e.to_string())?;
        self.portal.send(request, SOURCE).await.map(|response| response.status().as_u16())
    }
}

/// What the answer to a question and a callback have in common.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentView<'a> {
    payment_id: &'a str,
    transaction_id: &'a str,
    psp_id: &'a str,
    psp_name: String,
    method: &'a str,
    amount: u64,
    currency: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fee: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl SimulatedPayment {
    /// What is told of it, with what a script wants told otherwise.
    fn told(&self) -> Fields {
        let mut told = match json!(self.view()) {
            serde_json::Value::Object(fields) => fields,
            _ => Fields::new(),
        };
        told.extend(self.replaced.clone());
        told
    }

    /// The answer to an inquiry.
    fn state(&self) -> Response {
        let mut told = self.told();
        told.insert("status".to_owned(), json!(self.status));
        response(200, "application/json", serde_json::Value::Object(told).to_string())
    }

    fn view(&self) -> PaymentView<'_> {
        PaymentView {
            payment_id: &self.order.payment_id,
            transaction_id: &self.transaction,
            psp_id: self.order.psp_id(),
            psp_name: self.order.psp_name(),
            method: self.order.method.as_deref().unwrap_or(USUAL_METHOD),
            amount: self.amount,
            currency: "EUR",
            fee: self.paid_at.map(|_| self.order.fee),
            paid_at: self.paid_at,
            reason: self.reason.as_deref(),
        }
    }
}

/// The headers of a callback that is sent now, as Standard Webhooks 1.0.0 signs them.
pub fn signed(callback: &CallbackMessage, now: Timestamp) -> [(&'static str, String); 3] {
    let timestamp = now.as_second().to_string();
    let message = format!("{}.{timestamp}.{}", callback.id, callback.body);
    let signature = STANDARD.encode(hmac(&webhook_key(), message.as_bytes()));
    [
        ("webhook-id", callback.id.clone()),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", format!("v1,{signature}")),
    ]
}

fn hmac(key: &[u8; 32], message: &[u8]) -> Vec<u8> {
    // A key of any length is taken, so there is no error to speak of.
    let mac = Hmac::<Sha256>::new_from_slice(key).map(|mut mac| {
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    });
    mac.unwrap_or_default()
}

/// The same payment has the same transaction: asking twice opens one.
fn transaction(payment_id: &str) -> String {
    let digest = Sha256::digest(payment_id.as_bytes());
    let digits: String = digest.iter().take(8).map(|byte| format!("{byte:02X}")).collect();
    format!("TX-{digits}")
}

/// The PSP that asks itself, when the citizen chose none.
const USUAL_PSP: &str = "BANCADUE";
const USUAL_METHOD: &str = "CP";

impl PaymentOrder {
    fn psp_id(&self) -> &str {
        self.psp_id.as_deref().unwrap_or(USUAL_PSP)
    }

    /// As the creditor's configuration writes it.
    fn psp_name(&self) -> String {
        let known = || {
            let amount = Cents::new(self.amount).ok()?;
            let psps = Psps::of_the_repository().ok()?;
            let mut offers = psps.methods().iter().flat_map(|method| method.offers(amount));
            offers.find(|offer| offer.id == self.psp_id()).map(|offer| offer.name.to_owned())
        };
        known().unwrap_or_else(|| self.psp_id().to_owned())
    }
}

#[cfg(test)]
mod tests;
