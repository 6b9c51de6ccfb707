//! The people and the machines around the product, for tests from outside.
//!
//! Only this crate knows paths and JSON; tests are stories: `mario.pays(&notice).await.at_psp(PspOutcome::Success).await`.
//! With `PORTAL_URL` set (and `LOCAL_URL`, where mailbox, PSP and clock are) they run against it, black box;
//! otherwise each test binary starts one stack of its own. Everybody who appears is made for the one test, from a
//! seed that is printed (`JOURNEYS_SEED` repeats it), and calls from an address of 127.0.0.0/8 of their own, so
//! that limits on attempts of one test never meet another.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test driver: what does not go as the story says stops the test, there and then"
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
