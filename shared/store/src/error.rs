//! What can go wrong at the store, as a [`Fault`] with its kind. Nothing of a row's content is in it.

use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use domain::{Fault, FaultKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Get,
    Query,
    Scan,
    Put,
    Update,
    Delete,
    Transact,
}

/// An operation on a kind of row (`DEBT`, `ACC`: how its key begins), and why it failed.
#[derive(Debug)]
struct RowError {
    operation: Operation,
    row: &'static str,
    cause: Box<dyn std::error::Error + Send + Sync>,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.operation, self.row)
    }
}

impl std::error::Error for RowError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.cause.as_ref())
    }
}

/// A fault of a kind. What we were doing is the event that the log names it by.
pub(crate) fn fault(
    kind: FaultKind,
    operation: Operation,
    row: &'static str,
    cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Fault {
    let event = match kind {
        FaultKind::Conflict => "store.conflict",
        FaultKind::Throttled => "store.throttled",
        FaultKind::Timeout => "store.timeout",
        FaultKind::Denied => "store.denied",
        FaultKind::Corrupt => "store.corrupt",
        FaultKind::Other => "store.failed",
    };
    Fault::of(kind, event, RowError { operation, row, cause: cause.into() })
}

pub(crate) fn conflict(operation: Operation, row: &'static str) -> Fault {
    fault(FaultKind::Conflict, operation, row, "others were in the way")
}

/// A row that cannot be read or written. Most sentences of a reader quote a value; the one that does not is kept.
pub(crate) fn corrupt(row: &'static str, why: &impl fmt::Display) -> Fault {
    let why = why.to_string();
    let missing = why.split_once('`').filter(|(said, _)| *said == "missing field ");
    let said = match missing.and_then(|(_, rest)| rest.split_once('`')) {
        Some((field, _)) => format!("field {field} is missing"),
        None => "it is not what we expect".to_owned(),
    };
    fault(FaultKind::Corrupt, Operation::Get, row, said)
}

pub(crate) fn of_sdk<E>(operation: Operation, row: &'static str, error: SdkError<E>) -> Fault
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let kind = match (&error, error.code()) {
        (SdkError::TimeoutError(_), _) => FaultKind::Timeout,
        (_, Some("ConditionalCheckFailedException")) => FaultKind::Conflict,
        (
            _,
            Some("ProvisionedThroughputExceededException" | "RequestLimitExceeded" | "ThrottlingException"),
        ) => FaultKind::Throttled,
        (_, Some("AccessDeniedException")) => FaultKind::Denied,
        _ => FaultKind::Other,
    };
    fault(kind, operation, row, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Sample {
        #[expect(dead_code, reason = "only read")]
        cents: u64,
    }

    #[test]
    fn inv_x17_what_is_said_of_a_row_that_cannot_be_read_names_a_field_and_never_a_value() {
        let said = |row: &str| {
            let why = serde_json::from_str::<Sample>(row).err()?;
            let fault = corrupt("DEBT", &why);
            assert!(!fault.is_retryable(), "nothing mends itself");
            fault.source.source().map(ToString::to_string)
        };
        let of = |words: &str| Some(words.to_owned());
        assert_eq!(said(r#"{"cents": 1}"#), None);
        assert_eq!(said("{}"), of("field cents is missing"));
        assert_eq!(said(r#"{"cents": "RSSMRA80A01H501U"}"#), of("it is not what we expect"));
        let quoted = said(r#"{"cents": "a `missing field` of RSSMRA80A01H501U"}"#);
        assert_eq!(quoted, of("it is not what we expect"));
    }
}
