//! The people and the machines around the product, for tests from outside.
//!
//! Only this crate knows paths and JSON; tests are stories: `mario.pays(&notice).await.at_psp(Outcome::Success).await`.
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

mod answer;
pub mod books;
mod browser;
pub mod checker;
mod citizen;
mod creditor;
mod crowd;
mod dice;
pub mod machine;
mod mailbox;
mod node;
mod person;
mod portal;
mod psp;
mod soap;
pub mod stage;
mod together;
pub mod tour;
mod visitor;

pub use answer::Answer;
pub use browser::{Ask, Browser};
pub use citizen::{Citizen, Found, Paying, numbers};
pub use creditor::{Creditor, Notice, Practice};
pub use dice::Dice;
pub use mailbox::{Mail, Mailbox, token_of};
pub use node::Node;
pub use person::{Name, Person};
pub use portal::{Clock, Portal, variable};
pub use psp::{Callback, Outcome, Psp, Wish, signed};
pub use soap::{CREDITOR, Receipt, To, US, asks_node, question, said, said_in};
pub use together::{together, until};
pub use visitor::Visitor;

pub use local;
pub use reqwest::Method;
pub use serde_json::{Value, json};
