//! DynamoDB: the only crate that names its SDK. Domain types in, domain types out.

// What cannot be added is said, never wrapped or rounded.
#![deny(clippy::arithmetic_side_effects, clippy::float_arithmetic)]

mod accounts;
mod callbacks;
mod citizen;
mod debts;
mod due_work;
mod error;
mod idempotency;
pub mod keys;
mod ledger;
mod limits;
mod listing;
mod movements;
mod outbox;
mod payments;
mod pseudonyms;
mod settlement;
mod table;
mod windows;
mod writer;

pub use accounts::{AccountWriter, Accounts, PasswordRecord};
pub use callbacks::{Callbacks, Channel, Recorded, StoredCallback};
pub use citizen::{Citizen, LiveSession, SessionKey, Sessions};
pub use debts::Debts;
pub use due_work::{DueWork, due_shards};
pub use idempotency::{Idempotency, IdempotencyHold, IdempotencyStart};
pub use ledger::{Audited, Difference, DifferenceKind, Ledger, Statement};
pub use limits::{Limit, Limits, PasswordTry};
pub use listing::{History, Listing, Rows};
pub use movements::Movements;
pub use outbox::{Outbox, StoredMessage};
pub use payments::Payments;
pub use pseudonyms::Pseudonyms;
pub use writer::DebtWriter;
