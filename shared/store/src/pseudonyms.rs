use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Fault;
use domain::FiscalCode;
use domain::person::Email;
use hmac::{Hmac, KeyInit, Mac};
use runtime::{ConfigError, Env, Secret};
use serde::Deserialize;
use sha2::Sha256;

/// Pseudonyms of people: keyed hashes (HMAC-SHA-256), so that a table lists no code and no address.
#[derive(Clone)]
pub struct Pseudonyms {
    secret: Secret<PseudonymKey>,
}

/// The `INDEX_SECRET`. Never rotated: pseudonyms are keys of the tables, and rows would not be found again.
#[derive(Deserialize)]
struct PseudonymKey {
    index: String,
}

impl Pseudonyms {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { secret: env.secret(&env.config().index_secret)? })
    }

    pub async fn fiscal_code(&self, code: &FiscalCode) -> Result<String, Fault> {
        self.pseudonym("fiscal-code", code.as_str()).await
    }

    pub async fn username(&self, username: &Email) -> Result<String, Fault> {
        self.pseudonym("username", username.as_str()).await
    }

    /// The pseudonym of whatever attempts are counted by or a log line is about, existing or not.
    pub async fn subject(&self, kind: &str, subject: &str) -> Result<String, Fault> {
        self.pseudonym(kind, subject).await
    }

    async fn pseudonym(&self, kind: &str, subject: &str) -> Result<String, Fault> {
        let index = self.secret.get().await?;
        let mut mac = Hmac::<Sha256>::new_from_slice(index.index.as_bytes())
            .map_err(|e| Fault::new("keying a pseudonym", e))?;
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(subject.as_bytes());
        let full = mac.finalize().into_bytes();
        Ok(URL_SAFE_NO_PAD.encode(full.get(..18).unwrap_or(&full)))
    }
}
