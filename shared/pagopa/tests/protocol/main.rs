//! The protocols, held to their schemas: by tables, by mutation of messages beside a second validator, by
//! properties, and by examples.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

mod aca;
mod answers;
mod checkout;
mod corpus;
mod examples;
mod faults;
mod limits;
mod meaning;
mod mutants;
mod properties;
mod samples;
mod specification;
mod values;
mod wire;
