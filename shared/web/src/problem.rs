//! Problem documents (RFC 9457): the one place where a failure becomes an HTTP answer.

use domain::account::Language;
use domain::{Error, Fault, FieldCode, FieldError};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::messages;
use crate::reply::Reply;

/// A failure on its way to the caller: of the product's rules, or of HTTP itself.
#[derive(Debug)]
pub enum Problem {
    Domain(Error),
    Http(HttpError),
}

/// What is wrong with a request before any rule of the product looks at it.
#[derive(Debug, PartialEq, Eq)]
pub enum HttpError {
    /// A field, column or parameter that the contract does not name.
    UnknownField(String),
    MalformedBody,
    StaleTimestamp,
    InvalidCursor,
    BadSignature,
    ForbiddenOrigin,
    NotFound,
    /// With the methods that the address does take.
    MethodNotAllowed(String),
    PayloadTooLarge,
    UnsupportedMediaType,
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}

impl From<HttpError> for Problem {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Domain(fault.into())
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Self::Domain(error.into())
    }
}

/// What the contract says of a code; what people read of it is in `messages/`.
pub struct ProblemType {
    pub code: &'static str,
    pub status: u16,
}

impl ProblemType {
    /// The title and the sentence.
    pub fn text(&self, language: Language) -> (&'static str, &'static str) {
        messages::of_problem(self.code, language)
    }
}

macro_rules! problem_types {
    ($($name:ident = $code:literal $status:literal;)*) => {
        $(const $name: ProblemType = ProblemType { code: $code, status: $status };)*
        /// Every code that an answer can carry.
        pub const CATALOGUE: &[ProblemType] = &[$($name),*];
    };
}

problem_types! {
    INVALID_INPUT = "invalid_input" 400;
    UNKNOWN_FIELD = "unknown_field" 400;
    MALFORMED_BODY = "malformed_body" 400;
    LINK_NOT_VALID = "link_not_valid" 400;
    STALE_TIMESTAMP = "stale_timestamp" 400;
    INVALID_CURSOR = "invalid_cursor" 400;
    NOT_AUTHENTICATED = "not_authenticated" 401;
    INVALID_CREDENTIALS = "invalid_credentials" 401;
    BAD_SIGNATURE = "bad_signature" 401;
    ACCOUNT_NOT_ACTIVE = "account_not_active" 403;
    FORBIDDEN_ORIGIN = "forbidden_origin" 403;
    FORBIDDEN_SCOPE = "forbidden_scope" 403;
    DEBT_NOT_FOUND = "debt_not_found" 404;
    PAYMENT_NOT_FOUND = "payment_not_found" 404;
    RECEIPT_NOT_FOUND = "receipt_not_found" 404;
    NOT_FOUND = "not_found" 404;
    METHOD_NOT_ALLOWED = "method_not_allowed" 405;
    USERNAME_TAKEN = "username_taken" 409;
    DEBT_ALREADY_PAID = "debt_already_paid" 409;
    DEBT_NOT_PAYABLE = "debt_not_payable" 409;
    PAYMENT_IN_PROGRESS = "payment_in_progress" 409;
    REQUEST_IN_PROGRESS = "request_in_progress" 409;
    AMOUNT_CHANGED = "amount_changed" 409;
    PAYLOAD_TOO_LARGE = "payload_too_large" 413;
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type" 415;
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused" 422;
    TOO_MANY_REQUESTS = "too_many_requests" 429;
    PSP_UNAVAILABLE = "psp_unavailable" 502;
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable" 503;
}

impl Problem {
    fn problem_type(&self) -> &'static ProblemType {
        match self {
            Problem::Domain(error) => match error {
                Error::Invalid(_) => &INVALID_INPUT,
                Error::LinkNotValid => &LINK_NOT_VALID,
                Error::NotAuthenticated => &NOT_AUTHENTICATED,
                Error::InvalidCredentials => &INVALID_CREDENTIALS,
                Error::AccountNotActive => &ACCOUNT_NOT_ACTIVE,
                Error::ForbiddenScope => &FORBIDDEN_SCOPE,
                Error::UsernameTaken => &USERNAME_TAKEN,
                Error::DebtNotFound => &DEBT_NOT_FOUND,
                Error::PaymentNotFound => &PAYMENT_NOT_FOUND,
                Error::ReceiptNotFound => &RECEIPT_NOT_FOUND,
                Error::DebtAlreadyPaid => &DEBT_ALREADY_PAID,
                Error::DebtNotPayable => &DEBT_NOT_PAYABLE,
                Error::PaymentInProgress => &PAYMENT_IN_PROGRESS,
                Error::RequestInProgress => &REQUEST_IN_PROGRESS,
                Error::AmountChanged => &AMOUNT_CHANGED,
                Error::IdempotencyKeyReused => &IDEMPOTENCY_KEY_REUSED,
                Error::TooManyRequests { .. } => &TOO_MANY_REQUESTS,
                Error::PspUnavailable(_) => &PSP_UNAVAILABLE,
                Error::Unavailable(_) => &TEMPORARILY_UNAVAILABLE,
            },
            Problem::Http(error) => match error {
                HttpError::UnknownField(_) => &UNKNOWN_FIELD,
                HttpError::MalformedBody => &MALFORMED_BODY,
                HttpError::StaleTimestamp => &STALE_TIMESTAMP,
                HttpError::InvalidCursor => &INVALID_CURSOR,
                HttpError::BadSignature => &BAD_SIGNATURE,
                HttpError::ForbiddenOrigin => &FORBIDDEN_ORIGIN,
                HttpError::NotFound => &NOT_FOUND,
                HttpError::MethodNotAllowed(_) => &METHOD_NOT_ALLOWED,
                HttpError::PayloadTooLarge => &PAYLOAD_TOO_LARGE,
                HttpError::UnsupportedMediaType => &UNSUPPORTED_MEDIA_TYPE,
            },
        }
    }

    /// The contract's code.
    pub fn code(&self) -> &'static str {
        self.problem_type().code
    }

    /// Its status.
    pub fn status(&self) -> u16 {
        self.problem_type().status
    }

    /// What a person reads: a sentence for each field that is wrong, otherwise the problem's own.
    pub fn sentences(&self, language: Language) -> Vec<String> {
        match self {
            Problem::Domain(Error::Invalid(errors)) => {
                errors.iter().map(|error| messages::of_field(error, language)).collect()
            }
            _ => vec![self.problem_type().text(language).1.to_owned()],
        }
    }

    /// What stopped us, if it was no refusal.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Problem::Domain(Error::Unavailable(fault) | Error::PspUnavailable(fault)) => Some(fault),
            Problem::Domain(_) | Problem::Http(_) => None,
        }
    }

    /// The document. Nothing of a fault is in it.
    pub fn reply(&self, language: Language, request_id: &str) -> Reply {
        let problem_type = self.problem_type();
        let (title, detail) = problem_type.text(language);
        let mut document = json!({
            "type": format!("urn:problem:{}", problem_type.code),
            "title": title,
            "status": problem_type.status,
            "detail": detail,
            "code": problem_type.code,
            "requestId": request_id,
        });
        let errors: Vec<Value> = match self {
            Problem::Domain(Error::Invalid(errors)) => errors.iter().map(|e| field(e, language)).collect(),
            Problem::Http(HttpError::UnknownField(name)) => {
                let name: String = name.chars().take(64).collect();
                vec![field(&FieldError::new(name, FieldCode::NotAllowed), language)]
            }
            _ => Vec::new(),
        };
        if let (false, Some(document)) = (errors.is_empty(), document.as_object_mut()) {
            document.insert("errors".to_owned(), Value::Array(errors));
        }
        let status = StatusCode::from_u16(problem_type.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        let reply = Reply::json(status, &document).with_header("content-type", "application/problem+json");
        let reply = match self {
            Problem::Domain(Error::TooManyRequests { retry_after }) => {
                reply.with_header("retry-after", &retry_after.as_secs().max(1).to_string())
            }
            Problem::Domain(Error::Unavailable(_) | Error::PspUnavailable(_)) => {
                reply.with_header("retry-after", "5")
            }
            Problem::Http(HttpError::MethodNotAllowed(allow)) => reply.with_header("allow", allow),
            _ => reply,
        };
        reply.with_header("content-language", language.as_str())
    }
}

fn field(error: &FieldError, language: Language) -> Value {
    let mut out = json!({
        "field": error.field,
        "code": error.code.as_str(),
        "message": messages::of_field(error, language),
    });
    if let (false, Some(out)) = (error.params.is_empty(), out.as_object_mut()) {
        let params: Map<String, Value> =
            error.params.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        out.insert("params".to_owned(), Value::Object(params));
    }
    out
}
