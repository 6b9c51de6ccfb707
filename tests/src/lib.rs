//! The drivers and sample data of every suite: users, creditor, PSP, node, mailbox, clock.
//!
//! Only this crate knows paths and JSON; a test reads `mario.pays(&notice).await.at_psp(PspOutcome::Success).await`.
//! [`TestPortal`] is the product: a stack of the test binary, one of the test alone, a simulation, or whatever
//! `PORTAL_URL` names (with `LOCAL_URL`, where mailbox, PSP and clock are). [`TestClient`] sends every request. Random
//! data come from a seed that is printed (`JOURNEYS_SEED` repeats it); every user calls from an address of
//! 127.0.0.0/8 of their own, so that the limits of one test never meet another's.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test driver: what does not go as expected stops the test"
)]

pub mod checker;
mod client;
mod concurrency;
mod creditor;
pub mod harness;
pub mod journey;
pub mod ledger;
mod mailbox;
mod node;
mod portal;
pub mod programs;
mod psp;
mod response;
mod retrying_user;
mod rng;
mod samples;
mod soap;
mod tables;
mod user;

pub use client::{ClientRequest, TestClient, TestRequest};
pub use concurrency::{together, until};
pub use creditor::CreditorClient;
pub use mailbox::{MailboxClient, ReceivedMail, token_of};
pub use node::NodeClient;
pub use portal::{ClockControl, TestPortal, variable};
pub use psp::{CallbackMessage, PspClient, PspDecision, PspOutcome, signed};
pub use response::TestResponse;
pub use retrying_user::RetryingUser;
pub use rng::Rng;
pub use samples::{DebtPosition, PersonName, SampleNotice, SamplePerson, canteen};
pub use soap::{Addressee, CREDITOR, NodeReceipt, US, asks_node, question, said, said_in};
pub use user::{FoundDebt, PortalUser, StartedPayment, numbers};

pub use local;
pub use serde_json::{Value, json};
