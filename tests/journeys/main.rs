//! Journeys: stories of people, the creditor and PSPs, over HTTP.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "stories: what does not go as told stops the test, also in what several tests share"
)]

mod accounts;
mod acknowledged;
mod checkout;
mod creditors;
mod errors;
mod lists;
mod mails;
mod manual;
mod node;
mod operators;
mod payments;
mod races;
mod sessions;
mod strangers;
mod webhooks;
