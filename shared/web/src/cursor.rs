use std::time::Duration;

use domain::{Fault, FieldCode, FieldError};
use runtime::{ConfigError, Env};
use serde::Serialize;

use crate::problem::{HttpError, Problem};
use crate::request::Query;
use crate::seal::Seal;

/// How long a page token can be used (INV-X11).
const LIFE: Duration = Duration::from_secs(60 * 60);
const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 50;

/// Page tokens: opaque, bound to the person and the query.
#[derive(Clone)]
pub struct Cursors {
    seal: Seal,
}

/// Where a page begins and how long it is.
pub struct Paging {
    pub limit: usize,
    /// The store's key after which to go on.
    pub after: Option<String>,
    purpose: String,
}

/// A page of a list, as the contract shapes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    pub items: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl Cursors {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { seal: Seal::connect(env)? })
    }

    /// Reads `limit` and `cursor`. `bound_to` names the person and the rest of the query.
    pub async fn paging(&self, query: &Query, bound_to: &str) -> Result<Paging, Problem> {
        let limit = match query.get("limit").map(str::parse::<usize>) {
            None => DEFAULT_LIMIT,
            Some(Ok(limit @ 1..=MAX_LIMIT)) => limit,
            Some(Ok(0)) => return Err(FieldError::new("limit", FieldCode::Min).with("min", 1).into()),
            Some(Ok(_)) => {
                return Err(FieldError::new("limit", FieldCode::Max).with("max", MAX_LIMIT as u64).into());
            }
            Some(Err(_)) => return Err(FieldError::new("limit", FieldCode::Format).into()),
        };
        let purpose = format!("cursor {bound_to}");
        let after = match query.get("cursor") {
            None => None,
            Some(token) => {
                let opened = self.seal.open(&purpose, token).await?;
                let text = opened.and_then(|(plain, _)| String::from_utf8(plain).ok());
                Some(text.ok_or(HttpError::InvalidCursor)?)
            }
        };
        Ok(Paging { limit, after, purpose })
    }

    /// The token of the page after this one.
    pub async fn next(&self, paging: &Paging, last: Option<&str>) -> Result<Option<String>, Fault> {
        match last {
            None => Ok(None),
            Some(last) => Ok(Some(self.seal.close(&paging.purpose, last.as_bytes(), LIFE).await?.0)),
        }
    }
}
