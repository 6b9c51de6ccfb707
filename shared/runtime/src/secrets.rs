use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_types::SdkConfig;
use domain::{Fault, Timestamp};
use serde::de::DeserializeOwned;

use crate::Clock;

/// How old a cached secret may get: a rotation is seen within this time (INV-X14).
const FRESH_FOR: Duration = Duration::from_secs(5 * 60);
/// How old one may be when somebody shows a key that is not in it: others may have seen a rotation first.
const FRESH_FOR_A_STRANGER: Duration = Duration::from_secs(60);

/// The secret store, with what was read of it lately.
#[derive(Clone)]
pub(crate) struct SecretCache {
    client: aws_sdk_secretsmanager::Client,
    clock: Clock,
    cache: Arc<Mutex<BTreeMap<String, CachedSecret>>>,
}

/// When a secret was read, and its text.
type CachedSecret = (Timestamp, Arc<str>);

impl SecretCache {
    pub(crate) fn new(config: &SdkConfig, clock: &Clock) -> Self {
        let client = aws_sdk_secretsmanager::Client::new(config);
        Self { client, clock: clock.clone(), cache: Arc::default() }
    }

    /// The secret's text. When it cannot be read the caller gets a fault, never a stale value (INV-X15).
    pub(crate) async fn text(&self, arn: &str) -> Result<Arc<str>, Fault> {
        self.text_of(arn, FRESH_FOR).await
    }

    async fn text_of(&self, arn: &str, fresh_for: Duration) -> Result<Arc<str>, Fault> {
        let now = self.clock.now();
        {
            let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((read_at, text)) = cache.get(arn)
                && domain::session::passed(*read_at, now) < fresh_for
            {
                return Ok(text.clone());
            }
        }
        let answer = self
            .client
            .get_secret_value()
            .secret_id(arn)
            .send()
            .await
            .map_err(|e| Fault::new("reading a secret", e.into_service_error()))?;
        let text: Arc<str> =
            answer.secret_string().ok_or_else(|| Fault::new("reading a secret", "it holds no text"))?.into();
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.insert(arn.to_owned(), (now, text.clone()));
        Ok(text)
    }
}

/// A secret of type `T`: read when asked for, at most five minutes old, never printed.
pub struct Secret<T> {
    secrets: SecretCache,
    arn: String,
    /// The value with the text it was parsed from: parsed again only when the text changed.
    parsed: Arc<Mutex<Option<Parsed<T>>>>,
}

type Parsed<T> = (Arc<str>, Arc<T>);

impl<T> Clone for Secret<T> {
    fn clone(&self) -> Self {
        Self { secrets: self.secrets.clone(), arn: self.arn.clone(), parsed: self.parsed.clone() }
    }
}

impl<T> Secret<T> {
    pub(crate) fn new(secrets: SecretCache, arn: &str) -> Self {
        Self { secrets, arn: arn.to_owned(), parsed: Arc::default() }
    }
}

impl<T: DeserializeOwned> Secret<T> {
    /// The value, or a fault: whoever needs a secret refuses to work without it.
    pub async fn get(&self) -> Result<Arc<T>, Fault> {
        self.read(FRESH_FOR).await
    }

    /// The part of the value that is wanted. If it is not there the secret is read again, once a minute at most: a key
    /// that was added is known at once to whoever meets it.
    pub async fn find<R>(&self, wanted: impl Fn(&T) -> Option<R>) -> Result<Option<R>, Fault> {
        match wanted(&*self.get().await?) {
            Some(found) => Ok(Some(found)),
            None => Ok(wanted(&*self.read(FRESH_FOR_A_STRANGER).await?)),
        }
    }

    async fn read(&self, fresh_for: Duration) -> Result<Arc<T>, Fault> {
        let text = self.secrets.text_of(&self.arn, fresh_for).await?;
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((from, value)) = parsed.as_ref()
            && Arc::ptr_eq(from, &text)
        {
            return Ok(value.clone());
        }
        // The error of the JSON reader may quote the secret: it is not kept.
        let value: T = serde_json::from_str(&text)
            .map_err(|_| Fault::new("reading a secret", "its text is not the JSON we expect"))?;
        let value = Arc::new(value);
        *parsed = Some((text, value.clone()));
        Ok(value)
    }
}
