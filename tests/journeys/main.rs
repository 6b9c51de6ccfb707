//! Journeys: stories of people, the creditor and PSPs, over HTTP.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "stories: what does not go as told stops the test, also in what several tests share"
)]

mod account_email;
mod acknowledged;
mod activate;
mod associate;
mod checkout;
mod create_spontaneous;
mod creditor_debts;
mod creditor_differences;
mod creditor_events;
mod creditor_payments;
mod errors;
mod history;
mod import_debts;
mod initiate_payment;
mod list_debts;
mod login;
mod mails;
mod manual;
mod money;
mod notice_archive;
mod operator;
mod pagopa_node;
mod password;
mod payment_methods;
mod privacy;
mod psp_callback;
mod races;
mod register;
mod revoke_consent;
mod search;
mod sessions;
mod sweep;
mod verify_receipt;
