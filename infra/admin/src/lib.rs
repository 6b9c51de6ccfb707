//! What operators and deployers ask: the ledger in plain words, notes in it, and whether a configuration can go live.

pub mod check;
pub mod cli;
pub mod doctor;
mod messages;
pub mod operator;
