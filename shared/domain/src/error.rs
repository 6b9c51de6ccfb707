//! What can go wrong, in the field's words. `web` adds what only HTTP knows and turns each into a problem document.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Every failure that a rule or the store can answer.
#[derive(Debug)]
pub enum Error {
    /// Every field that is wrong, not just the first.
    Invalid(Vec<FieldError>),
    LinkNotValid,
    NotAuthenticated,
    InvalidCredentials,
    AccountNotActive,
    /// The back office's key is known, and is not meant for this.
    ForbiddenScope,
    /// An account with this username is active already. Only the mailbox's holder hears it.
    UsernameTaken,
    DebtNotFound,
    PaymentNotFound,
    ReceiptNotFound,
    DebtAlreadyPaid,
    DebtNotPayable,
    PaymentInProgress,
    RequestInProgress,
    AmountChanged,
    IdempotencyKeyReused,
    TooManyRequests {
        retry_after: Duration,
    },
    /// The payment service did not answer, or not what was agreed.
    PspUnavailable(Fault),
    /// Our own trouble: the store, a secret, the clock.
    Unavailable(Fault),
}

/// What we were doing and what stopped us. For the log only: nothing of it reaches a caller.
#[derive(Debug)]
pub struct Fault {
    pub kind: FaultKind,
    pub doing: &'static str,
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// What kind of trouble it is, as far as that decides what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A condition failed, or another transaction was in the way.
    Conflict,
    /// Whoever was asked wants to be asked less.
    Throttled,
    /// No answer in time: what was asked for may have been done.
    Timeout,
    /// We lack a right.
    Denied,
    /// What is stored is not what we expect.
    Corrupt,
    Other,
}

impl Fault {
    pub fn new(doing: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::of(FaultKind::Other, doing, source)
    }

    pub fn of(
        kind: FaultKind,
        doing: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { kind, doing, source: source.into() }
    }

    /// Returns whether the same may succeed later without anybody mending anything.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            FaultKind::Conflict | FaultKind::Throttled | FaultKind::Timeout | FaultKind::Other => true,
            FaultKind::Denied | FaultKind::Corrupt => false,
        }
    }
}

/// What we were doing, and every cause, outermost first.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.doing, self.source)?;
        let mut cause = self.source.source();
        while let Some(inner) = cause {
            write!(f, ": {inner}")?;
            cause = inner.source();
        }
        Ok(())
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Error::Unavailable(fault)
    }
}

/// A field that cannot be taken, by its name in the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pub field: String,
    pub code: FieldCode,
    /// Numbers that the sentence needs: `max`, `n`, `min`.
    pub params: Vec<(&'static str, u64)>,
}

impl FieldError {
    pub fn new(field: impl Into<String>, code: FieldCode) -> Self {
        Self { field: field.into(), code, params: Vec::new() }
    }

    pub fn with(mut self, name: &'static str, value: u64) -> Self {
        self.params.push((name, value));
        self
    }
}

impl From<FieldError> for Error {
    fn from(error: FieldError) -> Self {
        Error::Invalid(vec![error])
    }
}

/// Why a field is refused: the contract's own list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldCode {
    Required,
    Format,
    Checksum,
    TooShort,
    TooLong,
    Min,
    Max,
    Range,
    NotAllowed,
    Mismatch,
    Common,
    Personal,
}

impl FieldCode {
    pub const ALL: [FieldCode; 12] = [
        FieldCode::Required,
        FieldCode::Format,
        FieldCode::Checksum,
        FieldCode::TooShort,
        FieldCode::TooLong,
        FieldCode::Min,
        FieldCode::Max,
        FieldCode::Range,
        FieldCode::NotAllowed,
        FieldCode::Mismatch,
        FieldCode::Common,
        FieldCode::Personal,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            FieldCode::Required => "required",
            FieldCode::Format => "format",
            FieldCode::Checksum => "checksum",
            FieldCode::TooShort => "too_short",
            FieldCode::TooLong => "too_long",
            FieldCode::Min => "min",
            FieldCode::Max => "max",
            FieldCode::Range => "range",
            FieldCode::NotAllowed => "not_allowed",
            FieldCode::Mismatch => "mismatch",
            FieldCode::Common => "common",
            FieldCode::Personal => "personal",
        }
    }
}

impl fmt::Display for FieldCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for FieldCode {}

/// Collects the errors of a form, so that a person sees them all at once.
#[derive(Default)]
pub struct Form(Vec<FieldError>);

impl Form {
    /// The value, or nothing and a remembered error.
    pub fn field<T>(&mut self, name: &str, parsed: Result<T, FieldCode>) -> Option<T> {
        parsed.map_err(|code| self.0.push(FieldError::new(name, code))).ok()
    }

    pub fn refuse(&mut self, error: FieldError) {
        self.0.push(error);
    }

    /// Takes a value whose error carries numbers.
    pub fn check<T>(&mut self, parsed: Result<T, FieldError>) -> Option<T> {
        parsed.map_err(|error| self.0.push(error)).ok()
    }

    pub fn is_clean(&self) -> bool {
        self.0.is_empty()
    }

    /// The errors, if any field was refused.
    pub fn finish(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }

    /// The form's value: there unless a field was refused.
    pub fn give<T>(self, value: Option<T>) -> Result<T, Error> {
        match (self.0.is_empty(), value) {
            (true, Some(value)) => Ok(value),
            _ => Err(Error::Invalid(self.0)),
        }
    }
}
