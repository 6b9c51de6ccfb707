//! What an attacker tries, row by row of the table in infra/proofs.md, and what must hold of identities whatever they try.
//! Rows that the journeys, the access matrix or a crate's own tests prove are there: `infra/proofs.md` lists all.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod answers;
mod deadlines;
mod erasure;
mod hashing;
mod invoke;
mod links;
mod measured;
mod rights;
mod search;
mod secrets;
mod states;
mod stored;
mod streams;
mod tampered;
mod template;
mod timing;
mod tokens;
mod waiting;
