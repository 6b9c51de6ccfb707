//! DynamoDB: the only crate that names its SDK. Domain types in, domain types out.
//!
//! | What | Where |
//! |---|---|
//! | every key and access pattern | [`keys`] |
//! | reads and single writes | [`Debts`], [`Payments`], [`Accounts`], [`Movements`], [`Callbacks`], [`Outbox`] |
//! | plans committed, one transaction each | [`DebtWriter`], [`AccountWriter`] |
//! | who asks: the witness that a live session makes, and everybody else | [`Citizen`], [`SessionStore`], [`DebtReader`], [`AccountReader`] |
//! | lists of debts | [`Listing`] |
//! | limits on attempts, idempotency keys | [`RateLimits`], [`Idempotency`] |
//! | what the sweep finds due | [`DueWork`] |
//! | what needs a person | [`Differences`] |
//! | what happened, for the back office | [`Feed`] |
//! | the ledger, for operators; the audit's walk through it | [`Ledger`], [`Auditor`] |
//! | keyed hashes in place of codes and usernames | [`Pseudonyms`] |

// What cannot be added is said, never wrapped or rounded.
#![deny(clippy::arithmetic_side_effects, clippy::float_arithmetic)]

mod accounts;
mod audit;
mod callbacks;
mod citizen;
mod debts;
mod differences;
mod due_work;
mod error;
mod feed;
mod idempotency;
pub mod keys;
mod ledger;
mod limits;
mod listing;
mod movements;
mod outbox;
mod payments;
mod pseudonyms;
mod readers;
mod settlement;
mod table;
#[cfg(test)]
mod tests;
mod windows;
mod writer;

pub use accounts::{AccountWriter, Accounts, PasswordRecord};
pub use audit::{AuditFinding, AuditRound, AuditTotals, Auditor, KeptFinding};
pub use callbacks::{CallbackChannel, Callbacks, RecordedCallback, StoredCallback};
pub use citizen::{Citizen, LiveSession, OpenSession, SessionKey, SessionStore};
pub use debts::{Debts, OfficeSearch};
pub use differences::{DifferenceFilter, DifferencePage, Differences};
pub use domain::rate_limits::RateLimit;
pub use due_work::{DueQueue, DueWork};
pub use feed::{Feed, FeedEvent, FeedPage, FeedPlace};
pub use idempotency::{Idempotency, IdempotencyHold, IdempotencyStart};
pub use keys::{DueShard, due_shards};
pub use ledger::{DebtStatement, Ledger};
pub use limits::{AdmittedAttempt, PasswordOrigin, PasswordTry, RateLimits};
pub use listing::{DebtPage, HistoryFilter, Listing};
pub use movements::Movements;
pub use outbox::{Outbox, StoredMessage};
pub use payments::Payments;
pub use pseudonyms::Pseudonyms;
pub use readers::{AccountReader, DebtReader};
pub use settlement::AppliedMessage;
pub use table::{DuePage, DuePlace};
pub use writer::DebtWriter;
