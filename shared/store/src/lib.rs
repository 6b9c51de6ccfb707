//! DynamoDB: the only crate that names its SDK. Domain types in, domain types out.

// What cannot be added is said, never wrapped or rounded.
#![deny(clippy::arithmetic_side_effects, clippy::float_arithmetic)]

mod accounts;
mod bookkeeping;
mod citizen;
mod debts;
mod events;
mod filing;
mod idempotency;
pub mod keys;
mod ledger;
mod limits;
mod listing;
mod movements;
mod outbox;
mod payments;
mod settlement;
mod sweeping;
mod table;
mod windows;

pub use accounts::{Accounts, Claimed, LinkUse, Opened, PasswordRecord};
pub use bookkeeping::{Booked, Refusal};
pub use citizen::{Citizen, LiveSession, SessionKey, Sessions};
pub use debts::{Associated, Canceller, Debts, Imported, NewDebt};
pub use events::{Channel, Events, Recorded, StoredCallback};
pub use filing::Filing;
pub use idempotency::{Idempotency, Pass, Started};
pub use ledger::{Audited, Difference, DifferenceKind, Ledger, Statement};
pub use limits::{Limit, Limits, PasswordTry};
pub use listing::{History, Listing, Rows};
pub use movements::{Broken, Movements, chain, verify, verify_chain};
pub use outbox::{Letter, Outbox, PaidLine, Posted, Recipient};
pub use payments::{Beginning, Payments};
pub use settlement::{Settled, Settlement};
pub use sweeping::{Due, Sweep};
