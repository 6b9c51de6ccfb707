//! The HTTP surface of every function: requests that are parsed, replies, problems, routes.

mod body;
mod cursor;
mod function;
mod language;
mod problem;
mod proof;
mod reply;
mod request;
mod seal;
pub mod view;
mod words;

pub use body::{JsonObject, Nested, parse_object, read_fields};
pub use cursor::{Cursors, Page, Paging};
pub use function::{Function, Served, Site, serve};
pub use problem::{CATALOGUE, Problem};
pub use proof::{References, read_proof};
pub use reply::Reply;
pub use request::{Incoming, Query, Request, Source};
pub use seal::{Seal, SealKeys};
