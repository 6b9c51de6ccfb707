//! The HTTP surface of every function: a [`Function`] takes a [`Request`], which offers parsers, and gives a [`Reply`] or
//! a [`Problem`] (RFC 9457); [`serve`] does what is around it. [`CATALOGUE`] has every code, `messages/` every sentence,
//! [`Seal`] makes opaque tokens.

mod body;
mod cursor;
mod function;
mod language;
mod messages;
pub mod office;
mod problem;
mod proof;
mod reply;
mod request;
mod seal;
mod security;
pub mod view;

pub use body::{JsonObject, Nested, parse_object, read_fields};
pub use cursor::{Cursors, Page, Paging};
pub use function::{Function, ServedReply, Site, path_parameters, serve};
pub use language::{LANGUAGES, accepted_language, language_of_path, path_in};
pub use problem::{CATALOGUE, HttpError, Problem, ProblemType};
pub use proof::{References, read_proof};
pub use reply::Reply;
pub use request::{Incoming, Query, Request, RequestSource};
pub use seal::{Seal, SealKeys};
