use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Fault;
use domain::FiscalCode;
use domain::person::Email;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use world::{NotConfigured, Secret, World};

/// The names under which people are filed: keyed hashes, so that a table lists no code and no address.
#[derive(Clone)]
pub struct Filing {
    secret: Secret<Index>,
}

/// The part of `SEAL_SECRET` that filing needs. Never rotated: the names are keys of the tables.
#[derive(Deserialize)]
struct Index {
    index: String,
}

impl Filing {
    pub fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self { secret: world.secret("SEAL_SECRET")? })
    }

    pub async fn fiscal_code(&self, code: &FiscalCode) -> Result<String, Fault> {
        self.name("fiscal-code", code.as_str()).await
    }

    pub async fn username(&self, username: &Email) -> Result<String, Fault> {
        self.name("username", username.as_str()).await
    }

    /// Anything that an attempt is counted by, existing or not.
    pub async fn subject(&self, kind: &str, subject: &str) -> Result<String, Fault> {
        self.name(kind, subject).await
    }

    async fn name(&self, kind: &str, subject: &str) -> Result<String, Fault> {
        let index = self.secret.get().await?;
        let mut mac = Hmac::<Sha256>::new_from_slice(index.index.as_bytes())
            .map_err(|e| Fault::new("keying an index name", e))?;
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(subject.as_bytes());
        let full = mac.finalize().into_bytes();
        Ok(URL_SAFE_NO_PAD.encode(full.get(..18).unwrap_or(&full)))
    }
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}
