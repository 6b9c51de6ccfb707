//! The rules of the domain, held by tables (every case written down) and by properties (any case at all).
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod account;
mod bookkeeping;
mod changes;
mod creditor;
mod debt;
mod error;
mod feed;
mod fiscal_code;
mod ledger;
mod money;
mod movement;
mod names;
mod notice;
mod office;
mod password;
mod payment;
mod person;
mod proof;
mod rate_limits;
mod receipt;
mod registration;
mod retention;
mod samples;
mod session;
mod settlement;
mod spontaneous;
mod text;
mod time;
mod transitions;
