//! The rules of the product, pure: no I/O, no clock, no randomness, no wire formats.
//!
//! | Concept | Italian | Where |
//! |---|---|---|
//! | debt position | pratica | [`debt`] |
//! | notice number, IUV | codice avviso, IUUV | [`notice`] |
//! | fiscal code | codice fiscale | [`fiscal_code`] |
//! | creditor | ente | [`creditor`] |
//! | spontaneous payment | inserimento spontaneo | [`spontaneous`] |
//! | payment attempt, confirmation | pagamento, esito | [`payment`] |
//! | movement | movimento | [`movement`] |
//! | receipt | quietanza, ricevuta | [`receipt`] |
//! | account, consent | utenza, consenso | [`account`] |

// Money is counted here: what cannot be added is said, never wrapped or rounded.
#![deny(clippy::arithmetic_side_effects, clippy::float_arithmetic)]

pub mod account;
pub mod bookkeeping;
pub mod creditor;
pub mod debt;
pub mod digest;
pub mod error;
pub mod fiscal_code;
pub mod money;
pub mod movement;
pub mod notice;
pub mod outbox;
pub mod password;
pub mod payment;
pub mod person;
pub mod plan;
pub mod receipt;
pub mod registration;
pub mod session;
pub mod settlement;
pub mod spontaneous;
pub mod text;
pub mod time;

pub use debt::Debt;
pub use error::{Error, Fault, FaultKind, FieldCode, FieldError};
pub use fiscal_code::FiscalCode;
pub use jiff::{Timestamp, civil::Date};
pub use money::{Amount, Cents};
pub use notice::{Iuv, NoticeNumber};
pub use person::Person;
