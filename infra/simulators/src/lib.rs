//! Whom the product talks to outside AWS, on one machine: a PSP, the pagoPA node, Checkout and the central archive of
//! notices (ACA). Each has its interface for the functions, a page for persons and JSON for scripts.
//!
//! [`Simulators`] is all of them together; [`portal::PortalClient`] is how they reach the product.

pub mod aca;
pub mod checkout;
pub mod keys;
mod node;
pub mod portal;
pub mod psp;
mod simulators;

pub use node::Station;
pub use simulators::Simulators;
