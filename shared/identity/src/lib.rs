//! Who is asking: [`Passwords`] (Argon2id), [`Sessions`] (a signed token and a row), [`Links`] sent by mail, the
//! keys of the [`BackOffice`]. The only crate that names argon2 and jsonwebtoken.

mod api_key;
mod browsers;
mod jwt;
mod links;
mod passwords;
mod sessions;

pub use api_key::{BackOffice, CreditorKeyId, CreditorScope};
pub use links::{Link, Links};
pub use passwords::{Passwords, Verified};
pub use sessions::Sessions;

use serde::Deserialize;

/// The `IDENTITY_SECRET`.
#[derive(Deserialize)]
struct IdentityKeys {
    /// Mixed into every password hash: without it a stolen table is of no use.
    pepper: String,
    /// Makes the tokens of mailed links.
    links: String,
    /// Keys of session tokens, newest first; two of them during a rotation.
    sessions: Vec<SessionKeyText>,
}

#[derive(Deserialize)]
struct SessionKeyText {
    kid: u8,
    /// 32 bytes or more, base64.
    key: String,
}
