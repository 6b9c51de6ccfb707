use domain::Error;
use runtime::{ConfigError, Env, Secret};
use serde::Deserialize;
use subtle::ConstantTimeEq;
use web::Request;

/// The creditor's back office, known by its API key.
#[derive(Clone)]
pub struct CreditorKey {
    secret: Secret<CreditorKeys>,
}

/// The `CREDITOR_SECRET`: two keys during a rotation.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreditorKeys {
    api_keys: Vec<String>,
}

impl CreditorKey {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { secret: env.secret(&env.config().creditor_secret)? })
    }

    /// Refuses whoever does not present one of the keys.
    pub async fn check(&self, request: &Request) -> Result<(), Error> {
        let presented = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let presented = presented.unwrap_or_default().as_bytes();
        let keys = self.secret.get().await?;
        // Every key is compared, in constant time.
        let known = keys.api_keys.iter().fold(false, |known, key| {
            known | (!key.is_empty() && bool::from(key.as_bytes().ct_eq(presented)))
        });
        if known { Ok(()) } else { Err(Error::NotAuthenticated) }
    }
}
