//! The rules of the product, pure: no I/O, no clock, no randomness, no wire formats.
//!
//! The words are explained in `GLOSSARY.md`, the whole in `ARCHITECTURE.md`.
//!
//! | Concept | Italian | Where |
//! |---|---|---|
//! | debt position, its states and events | pratica | [`debt`]: [`Debt`], [`debt::decide`] |
//! | notice number, IUV | codice avviso, IUUV | [`notice`]: [`NoticeNumber`], [`Iuv`] |
//! | fiscal code | codice fiscale | [`fiscal_code`]: [`FiscalCode`] |
//! | creditor | ente | [`creditor::Creditor`] |
//! | amounts | importo | [`money`]: [`Amount`], [`Cents`] |
//! | spontaneous payment | inserimento spontaneo | [`spontaneous::CatalogueService`] |
//! | payment attempt, confirmation | pagamento, esito | [`payment`]: [`payment::Attempt`], [`start_payment::start`] |
//! | load, cancel, expire, associate a debt | – | [`changes`] |
//! | what money does when it arrives | – | [`settlement::settle`] |
//! | movement, and what proves the books | movimento | [`movement::Movement`], [`ledger::verify`] |
//! | what a person must look at | differenza | [`difference::Difference`] |
//! | receipt | quietanza, ricevuta | [`receipt::Receipt`] |
//! | what the office says beside: its number, shares, accounting | riferimento pratica | [`office::OfficeData`] |
//! | an operator's notes | – | [`bookkeeping::book`] |
//! | account, consent | utenza, consenso | [`account::Account`], [`registration`] |
//! | work to do after a change | – | [`outbox::OutboxMessage`] |
//!
//! A decision is a function from facts to a [`plan::Plan`] (accounts: [`registration::AccountPlan`]), which the crate
//! `store` commits.
//!
//! Around it: `runtime` (environment), `store` (DynamoDB), `web` (HTTP), `lambda` (Lambda), `identity` (passwords,
//! sessions), `psp` and `pagopa` (who brings money), `outbox` and `mail`, `documents`, `creditor` (configuration).

// Money is counted here: what cannot be added is said, never wrapped or rounded.
#![deny(clippy::arithmetic_side_effects, clippy::float_arithmetic)]

pub mod account;
pub mod bookkeeping;
pub mod changes;
pub mod creditor;
pub mod debt;
pub mod difference;
pub mod digest;
pub mod error;
pub mod feed;
pub mod fiscal_code;
pub mod ledger;
pub mod mailed_code;
pub mod money;
pub mod movement;
pub mod names;
pub mod notice;
pub mod notification;
pub mod office;
pub mod outbox;
pub mod password;
pub mod payment;
pub mod person;
pub mod plan;
pub mod profile_change;
pub mod proof;
pub mod rate_limits;
pub mod receipt;
pub mod registration;
pub mod retention;
pub mod session;
pub mod settlement;
pub mod spontaneous;
pub mod start_payment;
pub mod text;
pub mod time;

pub use debt::Debt;
pub use error::{Error, Fault, FaultKind, FieldCode, FieldError};
pub use fiscal_code::FiscalCode;
pub use jiff::{Timestamp, civil::Date};
pub use money::{Amount, Cents, MoneyTold};
pub use notice::{Iuv, NoticeNumber};
pub use person::Person;
