//! Who may do what: every route of the template, by every caller who may not and in every form that is refused.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod answers;
mod callers;
mod canaries;
mod forms;
mod others;
mod rows;
#[path = "../contract/stack.rs"]
mod stack;
