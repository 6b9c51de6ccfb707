use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Fault;
use domain::account::LinkPurpose;
use domain::mailed_code::MailedCode;
use hmac::{Hmac, KeyInit, Mac};
use runtime::{ConfigError, Env, Secret};
use sha2::Sha256;
use web::Site;

use crate::IdentityKeys;

/// Mailed links. A token is made from an outbox message's random id under a secret key: the same message sent
/// again carries the same link, and nobody without the key can make one.
#[derive(Clone)]
pub struct Links {
    secret: Secret<IdentityKeys>,
    site: Site,
}

/// A link to put into a mail, with the token whose hash the store keeps, and the code to type where a link is broken.
pub struct Link {
    pub url: String,
    pub token: String,
    pub code: MailedCode,
}

/// The portal's page that a link opens; the token follows in the fragment. Part of what a token is made from: another
/// path here ends the links that are under way.
fn page_of(purpose: LinkPurpose) -> &'static str {
    match purpose {
        LinkPurpose::Activate => "/attiva",
        LinkPurpose::ResetPassword => "/reimposta-password",
        LinkPurpose::ConfirmEmail => "/conferma-email",
        LinkPurpose::ContestProof => "/contesta",
    }
}

impl Links {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { secret: env.secret(&env.config().identity_secret)?, site: Site::connect(env)? })
    }

    /// The link that an outbox message sends for an account, or to somebody. Its host is configuration, never a header (INV-I26); the
    /// token is in the fragment, which no server and no log sees.
    pub async fn of_message(
        &self,
        message_id: &str,
        purpose: LinkPurpose,
        whom: &str,
    ) -> Result<Link, Fault> {
        let keys = self.secret.get().await?;
        let made = |what: &str| {
            let mac = Hmac::<Sha256>::new_from_slice(keys.links.as_bytes())
                .map_err(|e| Fault::new("making a link", e))?
                .chain_update(page_of(purpose).as_bytes())
                .chain_update([0])
                .chain_update(message_id.as_bytes())
                .chain_update([0])
                .chain_update(whom.as_bytes())
                .chain_update(what.as_bytes());
            Ok::<_, Fault>(mac.finalize().into_bytes())
        };
        let token = URL_SAFE_NO_PAD.encode(made("")?);
        let code = made("\0code")?;
        let code = code.first_chunk().copied().unwrap_or_default();
        Ok(Link {
            url: format!("{}{}#t={token}", self.site.url(), page_of(purpose)),
            token,
            code: MailedCode::from_random(code),
        })
    }

    /// The address of a page of the portal.
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.site.url())
    }
}
