use domain::{Error, Fault};
use runtime::{ConfigError, Env, Secret};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use store::{RateLimit, RateLimits};
use subtle::ConstantTimeEq;
use web::Request;

/// The creditor's back office, known by its keys.
#[derive(Clone)]
pub struct BackOffice {
    secret: Secret<CreditorKeys>,
    limits: RateLimits,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum CreditorScope {
    #[serde(rename = "debts:write")]
    DebtsWrite,
    #[serde(rename = "debts:read")]
    DebtsRead,
    #[serde(rename = "payments:read")]
    PaymentsRead,
    #[serde(rename = "reconcile")]
    Reconcile,
    #[serde(rename = "webhooks")]
    Webhooks,
    #[serde(rename = "catalogue")]
    Catalogue,
}

/// The name of the key that a request came with.
pub struct CreditorKeyId(String);

impl CreditorKeyId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The `CREDITOR_SECRET`.
#[derive(Deserialize)]
struct CreditorKeys {
    keys: Vec<KeyEntry>,
}

/// A key: SHA-256 of its value in hexadecimal, of two values during a rotation.
#[derive(Deserialize)]
struct KeyEntry {
    id: String,
    scopes: Vec<CreditorScope>,
    hashes: Vec<String>,
}

impl BackOffice {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        let secret = env.secret(&env.config().creditor_secret)?;
        Ok(Self { secret, limits: RateLimits::connect(env)? })
    }

    /// Lets in whoever shows a key for this scope; before anything else of the request is looked at.
    ///
    /// # Errors
    /// [`Error::NotAuthenticated`] without a key of ours, which is counted; [`Error::ForbiddenScope`] with one that is
    /// for other things.
    pub async fn admits(&self, request: &Request, scope: CreditorScope) -> Result<CreditorKeyId, Error> {
        let presented = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        match self.key_of(presented.unwrap_or_default()).await? {
            Some((id, scopes)) if scopes.contains(&scope) => Ok(id),
            Some(_) => Err(Error::ForbiddenScope),
            None => {
                self.limits.admit(&[(RateLimit::BAD_API_KEY, request.source().as_str())]).await?;
                Err(Error::NotAuthenticated)
            }
        }
    }

    async fn key_of(&self, presented: &str) -> Result<Option<(CreditorKeyId, Vec<CreditorScope>)>, Fault> {
        let hash: String = Sha256::digest(presented).iter().map(|b| format!("{b:02x}")).collect();
        let secret = self.secret.get().await?;
        // Every hash of every key is compared, in constant time.
        let known = secret.keys.iter().fold(None, |known, key| {
            let same = key
                .hashes
                .iter()
                .fold(false, |same, one| same | bool::from(one.as_bytes().ct_eq(hash.as_bytes())));
            if same { Some(key) } else { known }
        });
        let known = known.filter(|_| !presented.is_empty());
        Ok(known.map(|key| (CreditorKeyId(key.id.clone()), key.scopes.clone())))
    }
}
