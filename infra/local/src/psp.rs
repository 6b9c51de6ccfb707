//! A PSP to pay at: its interface (`infra/psp-openapi.yaml`), its page for persons, its outcomes for scripts.

pub mod page;

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use creditor::Psps;
use domain::{Cents, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use http::{Method, Uri};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use world::Clock;

use crate::kept::Kept;
use crate::{Problem, Request, Response, secrets};

/// Where the interface is, below the stack's own address.
pub const API: &str = "/_local/psp-api";

pub struct Psp {
    /// `http://localhost:3000`
    origin: String,
    clock: Clock,
    book: Kept<Book>,
}

#[derive(Default, Serialize, Deserialize)]
struct Book {
    /// By transaction.
    payments: BTreeMap<String, Payment>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Order {
    payment_id: String,
    creditor: Creditor,
    items: Vec<Item>,
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
struct Creditor {
    name: String,
    fiscal_code: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Item {
    notice_number: String,
    reason: String,
    amount: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Payment {
    transaction: String,
    order: Order,
    status: Status,
    /// What was collected: another amount than ordered only when a script says so.
    amount: u64,
    paid_at: Option<Timestamp>,
    reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Open,
    Succeeded,
    Failed,
    Cancelled,
    Expired,
}

/// What a person or a script wants to happen.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wish {
    pub outcome: Outcome,
    #[serde(default = "once")]
    pub callbacks: u32,
    #[serde(default)]
    pub callback_delay_seconds: u32,
    pub amount: Option<u64>,
    #[serde(skip)]
    pub reason: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Success,
    Failure,
    Cancel,
    Abandon,
    /// Only asking tells of it: no callback is defined for it.
    Expired,
}

fn once() -> u32 {
    1
}

/// What happens next: where the person goes, and what we are told.
#[derive(Debug)]
pub struct Decided {
    pub return_url: String,
    pub event: Option<Event>,
}

/// A callback: the same id and body however often it is sent.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: String,
    pub body: String,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    Unknown,
    /// It has ended otherwise already.
    Ended,
}

impl Psp {
    pub fn open(folder: Option<&Path>, origin: &str, clock: &Clock) -> Result<Self, Problem> {
        Ok(Self { origin: origin.to_owned(), clock: clock.clone(), book: Kept::open(folder, "psp.json")? })
    }

    /// Whether a request stays in this stack.
    pub fn is_at(&self, uri: &Uri) -> bool {
        let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        let origin = format!("{}://{authority}", uri.scheme_str().unwrap_or_default());
        origin == self.origin
    }

    /// Answers a request to the interface.
    pub fn answer(&self, request: &Request) -> Response {
        let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        if authorization.and_then(|value| value.strip_prefix("Bearer ")) != Some(secrets::PSP_KEY) {
            return crate::problem(401, "unauthorized", "Unknown API key");
        }
        let path = request.uri().path().strip_prefix(API).unwrap_or_default();
        match (request.method(), path) {
            (&Method::POST, "/payments") => self.opened(request),
            (&Method::GET, _) if path.starts_with("/payments/") => {
                self.asked(path.trim_start_matches("/payments/"))
            }
            _ => crate::problem(404, "not_found", "Unknown address"),
        }
    }

    fn opened(&self, request: &Request) -> Response {
        let bad = |why: &str| crate::problem(400, "invalid_request", why);
        let key = request.headers().get("idempotency-key").and_then(|value| value.to_str().ok());
        let order: Order = match serde_json::from_slice(request.body()) {
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
        let same = self.book.change(|book| match book.payments.get(&transaction) {
            Some(known) => known.order == order,
            None => {
                let amount = order.amount;
                let payment = Payment {
                    transaction: transaction.clone(),
                    order,
                    status: Status::Open,
                    amount,
                    paid_at: None,
                    reason: None,
                };
                book.payments.insert(transaction.clone(), payment);
                true
            }
        });
        if !same {
            return crate::problem(409, "idempotency_key_reused", "The key belongs to another request");
        }
        crate::response(201, "application/json", answer.to_string())
    }

    fn asked(&self, payment_id: &str) -> Response {
        match self.payment(&transaction(payment_id)) {
            Some(payment) if payment.order.payment_id == payment_id => {
                let answer = Told { status: Some(payment.status), ..payment.told() };
                crate::response(200, "application/json", json!(answer).to_string())
            }
            _ => crate::problem(404, "payment_not_found", "Unknown payment"),
        }
    }

    /// As it is now: nobody pays after the end of its time.
    fn payment(&self, transaction: &str) -> Option<Payment> {
        let mut payment = self.book.read(|book| book.payments.get(transaction).cloned())?;
        if payment.status == Status::Open && self.clock.now() >= payment.order.expires_at {
            payment.status = Status::Expired;
        }
        Some(payment)
    }

    /// Lets a payment end as wished. A success stays; anything else may still become one, except after the
    /// payment's time.
    pub fn decide(&self, transaction: &str, wish: &Wish) -> Result<Decided, Refused> {
        let mut payment = self.payment(transaction).ok_or(Refused::Unknown)?;
        let return_url = payment.order.return_url.clone();
        let (status, kind) = match wish.outcome {
            Outcome::Abandon => {
                return Ok(Decided { return_url, event: None });
            }
            Outcome::Success => (Status::Succeeded, "payment.succeeded"),
            Outcome::Failure => (Status::Failed, "payment.failed"),
            Outcome::Cancel => (Status::Cancelled, "payment.cancelled"),
            Outcome::Expired => (Status::Expired, ""),
        };
        let now = self.clock.now();
        if payment.status != status {
            let late = now >= payment.order.expires_at && wish.outcome != Outcome::Expired;
            if payment.status == Status::Succeeded || late {
                return Err(Refused::Ended);
            }
            payment.status = status;
            payment.amount = wish.amount.unwrap_or(payment.order.amount);
            payment.paid_at = (status == Status::Succeeded).then_some(now);
            payment.reason = (status == Status::Failed).then(|| wish.reason.unwrap_or("denied").to_owned());
            self.book.change(|book| book.payments.insert(transaction.to_owned(), payment.clone()));
        }
        let event = (status != Status::Expired).then(|| {
            let body = json!({"type": kind, "timestamp": now, "data": payment.told()}).to_string();
            Event { id: format!("evt_{transaction}_{}", kind.trim_start_matches("payment.")), body }
        });
        Ok(Decided { return_url, event })
    }
}

/// What the answer to a question and a callback have in common.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    payment_id: &'a str,
    transaction_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
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

impl Payment {
    fn told(&self) -> Told<'_> {
        Told {
            payment_id: &self.order.payment_id,
            transaction_id: &self.transaction,
            status: None,
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
pub fn signed(event: &Event, now: Timestamp) -> [(&'static str, String); 3] {
    let timestamp = now.as_second().to_string();
    let message = format!("{}.{timestamp}.{}", event.id, event.body);
    let signature = STANDARD.encode(hmac(&secrets::webhook_key(), message.as_bytes()));
    [
        ("webhook-id", event.id.clone()),
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

impl Order {
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
