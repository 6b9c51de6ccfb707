use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use domain::{Fault, Timestamp};
use runtime::{Clock, ConfigError, Env, Random, Secret};
use serde::Deserialize;

/// The `SEAL_SECRET`: keys for tokens that we hand out and take back, newest first.
#[derive(Deserialize)]
pub struct SealKeys {
    pub keys: Vec<SealKey>,
}

#[derive(Deserialize)]
pub struct SealKey {
    pub kid: u8,
    /// 32 bytes, base64.
    pub key: String,
}

/// Opaque tokens: encrypted, authenticated, bound to a purpose, expiring. Page cursors and search references.
#[derive(Clone)]
pub struct Seal {
    secret: Secret<SealKeys>,
    clock: Clock,
    random: Random,
}

const NONCE: usize = 24;
const EXPIRY: usize = 8;

impl Seal {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            secret: env.secret(&env.config().seal_secret)?,
            clock: env.clock().clone(),
            random: env.random().clone(),
        })
    }

    /// A token that [`Seal::open`] gives back for the same `purpose`, until it expires.
    pub async fn close(
        &self,
        purpose: &str,
        plain: &[u8],
        life: Duration,
    ) -> Result<(String, Timestamp), Fault> {
        let expires = self.clock.now().checked_add(life).map_err(|e| Fault::new("sealing a token", e))?;
        let keys = self.secret.get().await?;
        let newest = keys.keys.first().ok_or_else(|| Fault::new("sealing a token", "there is no key"))?;
        let nonce = self.random.bytes::<NONCE>()?;
        let mut message = expires.as_second().to_be_bytes().to_vec();
        message.extend_from_slice(plain);
        let sealed = cipher(newest)?
            .encrypt((&nonce).into(), Payload { msg: &message, aad: purpose.as_bytes() })
            .map_err(|_| Fault::new("sealing a token", "the cipher refused"))?;
        let mut token = vec![newest.kid];
        token.extend_from_slice(&nonce);
        token.extend_from_slice(&sealed);
        Ok((URL_SAFE_NO_PAD.encode(token), expires))
    }

    /// What was sealed, or nothing: forged, of another purpose, of a forgotten key, or expired.
    pub async fn open(&self, purpose: &str, token: &str) -> Result<Option<(Vec<u8>, Timestamp)>, Fault> {
        if token.len() > 1_024 {
            return Ok(None);
        }
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return Ok(None) };
        let Some((kid, rest)) = bytes.split_first() else { return Ok(None) };
        let Some((nonce, sealed)) = rest.split_first_chunk::<NONCE>() else { return Ok(None) };
        let of_this_id = |keys: &SealKeys| keys.keys.iter().find(|key| key.kid == *kid).map(cipher);
        let Some(cipher) = self.secret.find(of_this_id).await?.transpose()? else { return Ok(None) };
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        let Ok(message) = cipher.decrypt(nonce.into(), payload) else { return Ok(None) };
        let Some((expiry, plain)) = message.split_at_checked(EXPIRY) else { return Ok(None) };
        let seconds = <[u8; EXPIRY]>::try_from(expiry).map(i64::from_be_bytes).unwrap_or(0);
        let Ok(expires) = Timestamp::from_second(seconds) else { return Ok(None) };
        Ok((self.clock.now() < expires).then(|| (plain.to_vec(), expires)))
    }
}

fn cipher(key: &SealKey) -> Result<XChaCha20Poly1305, Fault> {
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(&key.key)
        .map_err(|_| Fault::new("reading a sealing key", "it is not base64"))?;
    XChaCha20Poly1305::new_from_slice(&bytes)
        .map_err(|_| Fault::new("reading a sealing key", "it does not have 32 bytes"))
}
