//! What a PSP says of a payment, in a callback or when asked: one tolerant reader for both. What is known is read however
//! other libraries write it, the rest is the PSP's business; what is needed and cannot be read is an error that names it.

use std::collections::BTreeMap;
use std::fmt;

use domain::money::{MoneyTold, whole_number};
use domain::movement::MovementSource;
use domain::payment::{Attempt, AttemptOutcome, Confirmation, PaymentId};
use domain::receipt::PspIdentity;
use domain::settlement::{Notification, ReceiptClaims};
use domain::{Cents, FieldCode, FieldError, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// What a PSP says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PspNotification {
    Succeeded(PspPayment),
    Ended {
        payment_id: Option<PaymentId>,
        outcome: AttemptOutcome,
        reason: Option<String>,
    },
    /// The person has not decided yet.
    Open,
    /// The person has decided, and the money is on its way.
    Processing,
    /// A genuine event that is not for us: a refund, a test.
    Other,
}

/// What a PSP says of a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PspPayment {
    /// Nothing when the id cannot be one of ours.
    pub payment_id: Option<PaymentId>,
    pub transaction_id: String,
    pub psp_id: String,
    pub psp_name: String,
    pub method: Option<String>,
    pub told: MoneyTold,
    pub fee: Option<Cents>,
    /// A fee that is no amount of ours, as said.
    pub fee_text: Option<String>,
    pub paid_at: Option<Timestamp>,
}

/// Why a message cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnreadableMessage {
    /// It is no JSON object.
    NoObject,
    /// A field that is needed is missing or cannot be read.
    Field(FieldError),
}

impl From<FieldError> for UnreadableMessage {
    fn from(error: FieldError) -> Self {
        Self::Field(error)
    }
}

/// The field and what is wrong with it, for the log: no value.
impl fmt::Display for UnreadableMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoObject => f.write_str("no JSON object"),
            Self::Field(error) => write!(f, "{} {}", error.field, error.code.as_str()),
        }
    }
}

/// The longest id of a transaction that is kept, in characters.
const LONGEST_ID: usize = 128;

/// Fields by name, each as it was written.
type Fields = BTreeMap<String, Box<RawValue>>;

impl PspNotification {
    /// Reads a callback's body.
    ///
    /// # Errors
    /// A field that is needed is missing or cannot be read.
    pub fn of(body: &str) -> Result<Self, UnreadableMessage> {
        let event: Fields = serde_json::from_str(body).map_err(|_| UnreadableMessage::NoObject)?;
        Ok(Self::of_event(&event)?)
    }

    fn of_event(event: &Fields) -> Result<Self, FieldError> {
        let refuse = |field: &str, code| FieldError::new(field, code);
        let kind: String = value(event, "type").ok_or_else(|| refuse("type", FieldCode::Required))?;
        let data = || -> Result<Fields, FieldError> {
            value(event, "data").ok_or_else(|| refuse("data", FieldCode::Required))
        };
        match kind.as_str() {
            "payment.succeeded" => Self::read("succeeded", &data()?, "data."),
            "payment.failed" => Self::read("failed", &data()?, "data."),
            "payment.cancelled" => Self::read("cancelled", &data()?, "data."),
            _ => Ok(Self::Other),
        }
    }

    /// Reads the answer to an inquiry about an attempt. What the PSP leaves out is as the person chose it.
    ///
    /// # Errors
    /// A field that is needed is missing or cannot be read, or it is about another payment.
    pub fn of_answer(body: &[u8], attempt: &Attempt) -> Result<Self, UnreadableMessage> {
        let state: Fields = serde_json::from_slice(body).map_err(|_| UnreadableMessage::NoObject)?;
        Ok(Self::of_state(&state, attempt)?)
    }

    fn of_state(state: &Fields, attempt: &Attempt) -> Result<Self, FieldError> {
        let refuse = |field: &str, code| FieldError::new(field, code);
        let status: String = value(state, "status").ok_or_else(|| refuse("status", FieldCode::Required))?;
        let about: Option<String> = value(state, "paymentId");
        if about.is_some_and(|id| id != attempt.id.as_str()) {
            return Err(refuse("paymentId", FieldCode::Mismatch));
        }
        let mut told = Self::read(&status, state, "")?;
        match &mut told {
            Self::Succeeded(payment) => {
                payment.payment_id = Some(attempt.id.clone());
                let chosen = |said: &mut String, chosen: &Option<String>| {
                    if let (true, Some(chosen)) = (said.is_empty(), chosen) {
                        said.clone_from(chosen);
                    }
                };
                chosen(&mut payment.psp_id, &attempt.choice.psp_id);
                chosen(&mut payment.psp_name, &attempt.choice.psp_name);
                if payment.method.is_none() {
                    payment.method.clone_from(&attempt.choice.method);
                }
            }
            Self::Ended { payment_id, .. } => *payment_id = Some(attempt.id.clone()),
            Self::Open | Self::Processing | Self::Other => {}
        }
        Ok(told)
    }

    fn read(status: &str, data: &Fields, path: &str) -> Result<Self, FieldError> {
        let refuse = |field: &str, code| FieldError::new(format!("{path}{field}"), code);
        let ended = |outcome| {
            let payment_id = text(data, "paymentId");
            // Whoever answers about one payment may leave out which.
            if payment_id.is_none() && !path.is_empty() {
                return Err(refuse("paymentId", FieldCode::Required));
            }
            let payment_id = payment_id.and_then(|id| PaymentId::parse(&id));
            Ok(Self::Ended { payment_id, outcome, reason: text(data, "reason") })
        };
        match status {
            "open" => Ok(Self::Open),
            "processing" => Ok(Self::Processing),
            "failed" => ended(AttemptOutcome::Failed),
            "cancelled" => ended(AttemptOutcome::Cancelled),
            "expired" => ended(AttemptOutcome::Expired),
            "succeeded" => PspPayment::read(data, path).map(Self::Succeeded),
            _ => Err(refuse("status", FieldCode::NotAllowed)),
        }
    }

    /// The notification as settlement takes it; nothing while the person has not decided.
    pub fn notification(&self, source: MovementSource) -> Option<Notification> {
        Some(match self {
            Self::Succeeded(payment) => {
                let (confirmation, told) = (payment.confirmation(source), payment.told.clone());
                let claims = ReceiptClaims { fee: payment.fee_text.clone(), ..ReceiptClaims::default() };
                match &payment.payment_id {
                    Some(id) => Notification::Paid { payment_id: id.clone(), confirmation, told, claims },
                    None => Notification::Unmatched { confirmation, told },
                }
            }
            Self::Ended { payment_id: Some(id), outcome, reason } => Notification::Ended {
                payment_id: id.clone(),
                outcome: *outcome,
                failure: reason.clone(),
                source,
            },
            // No money moved, and nobody waits for it: there is nothing to keep but the raw message.
            Self::Ended { payment_id: None, .. } | Self::Other => Notification::Foreign,
            Self::Open | Self::Processing => return None,
        })
    }
}

impl PspPayment {
    fn read(data: &Fields, path: &str) -> Result<Self, FieldError> {
        let refuse = |field: &str, code| FieldError::new(format!("{path}{field}"), code);
        let needed = |name: &str| text(data, name).ok_or_else(|| refuse(name, FieldCode::Required));
        let payment_id = if path.is_empty() { None } else { Some(needed("paymentId")?) };
        let transaction_id = needed("transactionId")?;
        if transaction_id.chars().count() > LONGEST_ID {
            return Err(refuse("transactionId", FieldCode::TooLong));
        }
        let amount = match (number(data, "amount"), written(data, "amount")) {
            (Some(number), _) => number,
            (None, Some(_)) => return Err(refuse("amount", FieldCode::Format)),
            (None, None) => return Err(refuse("amount", FieldCode::Required)),
        };
        let fee = number(data, "fee");
        let cents = fee.and_then(whole_number).and_then(|cents| Cents::new(cents).ok());
        Ok(Self {
            // An id that cannot be ours is a payment that we do not know: its money is kept all the same.
            payment_id: payment_id.and_then(|id| PaymentId::parse(&id)),
            transaction_id,
            psp_id: text(data, "pspId").unwrap_or_default(),
            psp_name: text(data, "pspName").unwrap_or_default(),
            method: text(data, "method"),
            told: MoneyTold::parse(amount, &needed("currency")?),
            fee: cents,
            fee_text: written(data, "fee").filter(|_| cents.is_none()).map(|fee| clean(fee, 40)),
            paid_at: text(data, "paidAt").and_then(|at| at.parse().ok()),
        })
    }

    /// The payment as settlement takes it.
    pub fn confirmation(&self, source: MovementSource) -> Confirmation {
        Confirmation {
            source,
            receipt_id: self.transaction_id.clone(),
            payment_id: self.payment_id.clone(),
            psp: PspIdentity {
                id: clean(&self.psp_id, 35),
                name: clean(&self.psp_name, 70),
                fiscal_code: None,
            },
            method: self.method.as_deref().map(|method| clean(method, 35)),
            channel: None,
            fee: self.fee,
            paid_at: self.paid_at,
            applied_on: None,
            payer: None,
        }
    }
}

fn clean(text: &str, max: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(max).collect()
}

/// A field as it was written, unless it is missing or null.
fn written<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.get(name).map(|raw| raw.get()).filter(|raw| *raw != "null")
}

fn value<T: DeserializeOwned>(fields: &Fields, name: &str) -> Option<T> {
    written(fields, name).and_then(|raw| serde_json::from_str(raw).ok())
}

fn text(fields: &Fields, name: &str) -> Option<String> {
    value(fields, name).filter(|text: &String| !text.trim().is_empty())
}

/// A JSON number as it was written.
fn number<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    written(fields, name).filter(|raw| raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()))
}
