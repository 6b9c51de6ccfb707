//! Every function of `functions/`, by logical id. Kept by `cargo test -p local`, as is the list of dependencies in
//! `Cargo.toml`: when a folder comes or goes, the test rewrites both and fails once.

use lambda::InProcess;
use world::{NotConfigured, World};

/// Connects a function to its world.
pub type Connect = fn(&World) -> Result<InProcess, NotConfigured>;

/// A function that can run in this process.
pub struct Entry {
    /// The logical id.
    pub name: &'static str,
    pub connect: Connect,
}

pub(crate) const FUNCTIONS: &[Entry] = &[
    // functions: kept
    // functions: end
];

/// Functions of the template that are still to be written: nobody answers at their routes.
pub(crate) const STILL_TO_COME: &[&str] = &["PagopaNode"];

#[cfg(test)]
mod tests;
