//! The contract holds template, functions, OpenAPI and events together, and every event is answered as written.
#![recursion_limit = "256"]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod alarms;
mod check;
mod codes;
mod events;
mod expected;
mod openapi;
mod routes;
mod stack;
mod variables;
