use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Fault;
use domain::account::LinkPurpose;
use hmac::{Hmac, KeyInit, Mac};
use runtime::{ConfigError, Env, Secret};
use sha2::Sha256;
use web::Site;

use crate::IdentityKeys;

/// Mailed links. A token is made from a letter's random name under a secret key: the same letter sent again
/// carries the same link, and nobody without the key can make one.
#[derive(Clone)]
pub struct Links {
    secret: Secret<IdentityKeys>,
    site: Site,
}

/// A link to put into a mail, and the token whose hash the store keeps.
pub struct Link {
    pub url: String,
    pub token: String,
}

/// Longest token that is looked up.
const MAX_TOKEN: usize = 128;

impl Links {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { secret: env.secret(&env.config().identity_secret)?, site: Site::connect(env)? })
    }

    /// The link of a letter. Its host is configuration, never a header (INV-I26); the token is in the fragment,
    /// which no server and no log sees.
    pub async fn of_letter(&self, letter: &str, purpose: LinkPurpose) -> Result<Link, Fault> {
        let keys = self.secret.get().await?;
        let mac = Hmac::<Sha256>::new_from_slice(keys.links.as_bytes())
            .map_err(|e| Fault::new("making a link", e))?
            .chain_update(purpose.page().as_bytes())
            .chain_update([0])
            .chain_update(letter.as_bytes());
        let token = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        Ok(Link { url: format!("{}{}#t={token}", self.site.url(), purpose.page()), token })
    }

    /// The address of a page of the portal.
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.site.url())
    }

    /// Whether a text can be a token at all.
    pub fn is_plausible(token: &str) -> bool {
        token.len() <= MAX_TOKEN && token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    }
}
