//! What operators and deployers ask: the ledger in plain words, notes in it, and whether a configuration can go live.

pub mod cli;
pub mod doctor;
pub mod identity;
mod messages;
pub mod operator;
