//! Limits on attempts (BAR § 4): sliding windows counted by what is submitted and by source.

use std::time::Duration;

use domain::{Error, Fault, Timestamp};
use serde::Deserialize;
use world::{Clock, NotConfigured, World};

use crate::filing::Filing;
use crate::keys::Key;
use crate::table::{Expression, Table, instant};

/// So many attempts in so much time.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    pub name: &'static str,
    pub most: u64,
    pub window: Duration,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl Limit {
    const fn new(name: &'static str, most: u64, seconds: u64) -> Self {
        Self { name, most, window: Duration::from_secs(seconds) }
    }

    pub const SEARCH_MINUTE: Limit = Limit::new("search-minute", 10, MINUTE);
    pub const SEARCH_HOUR: Limit = Limit::new("search-hour", 60, HOUR);
    pub const SEARCH_DAY: Limit = Limit::new("search-day", 200, DAY);
    pub const SEARCH_CODE: Limit = Limit::new("search-code", 20, DAY);
    pub const REGISTER_CHECK: Limit = Limit::new("register-check", 20, 10 * MINUTE);
    /// Register, resend, forgot: what makes us write a mail.
    pub const MAIL_SOURCE: Limit = Limit::new("mail-source", 10, 10 * MINUTE);
    pub const MAIL_SOURCE_HOUR: Limit = Limit::new("mail-source-hour", 20, HOUR);
    /// Kept by the worker, silently: the answer to the caller never depends on it.
    pub const MAIL_ADDRESS: Limit = Limit::new("mail-address", 1, MINUTE);
    pub const MAIL_ADDRESS_DAY: Limit = Limit::new("mail-address-day", 5, DAY);
    pub const REGISTER_CODE: Limit = Limit::new("register-code", 3, DAY);
    pub const LOGIN: Limit = Limit::new("login", 20, 10 * MINUTE);
    pub const LINK: Limit = Limit::new("link", 20, 10 * MINUTE);
    pub const ASSOCIATE: Limit = Limit::new("associate", 10, MINUTE);
    pub const SPONTANEOUS: Limit = Limit::new("spontaneous", 10, HOUR);
    pub const ATTEMPTS: Limit = Limit::new("attempts", 10, HOUR);
    pub const BAD_SIGNATURE: Limit = Limit::new("bad-signature", 60, MINUTE);
    pub const RECEIPT_CODE: Limit = Limit::new("receipt-code", 30, MINUTE);
    pub const BAD_API_KEY: Limit = Limit::new("bad-api-key", 20, MINUTE);
}

/// The counters. When they cannot be read or written the request is refused (INV-X15).
#[derive(Clone)]
pub struct Limits {
    table: Table,
    filing: Filing,
    clock: Clock,
    on: bool,
}

#[derive(Deserialize)]
struct Window {
    current: u64,
    #[serde(default)]
    previous: u64,
}

/// What a username must wait after failed logins.
#[derive(Clone, Debug)]
pub struct Wait {
    subject: String,
    failures: u32,
    until: Option<Timestamp>,
}

#[derive(Deserialize)]
struct WaitRow {
    failures: u32,
    wait_until: Timestamp,
}

impl Limits {
    pub fn connect(world: &World) -> Result<Self, NotConfigured> {
        let on = match world.optional("LIMITS") {
            None | Some("on") => true,
            Some("off") => false,
            Some(_) => return Err(NotConfigured::because("LIMITS", "must be on or off")),
        };
        Ok(Self {
            table: Table::connect(world, "LIMITS_TABLE")?,
            filing: Filing::connect(world)?,
            clock: world.clock().clone(),
            on,
        })
    }

    /// Counts an attempt under every one of these limits; refuses it when one is passed.
    pub async fn admit(&self, attempts: &[(Limit, &str)]) -> Result<(), Error> {
        if !self.on {
            return Ok(());
        }
        let mut longest = None;
        for (limit, subject) in attempts {
            if let Some(wait) = self.count(limit, subject).await? {
                longest = longest.max(Some(wait));
            }
        }
        match longest {
            None => Ok(()),
            Some(retry_after) => Err(Error::TooManyRequests { retry_after }),
        }
    }

    /// Whether an attempt is within a limit, for work whose answer must not show it.
    pub async fn within(&self, limit: &Limit, subject: &str) -> Result<bool, Fault> {
        Ok(!self.on || self.count(limit, subject).await?.is_none())
    }

    /// Counts one attempt; how long to wait if it is one too many. The window before counts by the share of it
    /// that still lies within the last full length of time, so that a window's edge is no gap.
    async fn count(&self, limit: &Limit, subject: &str) -> Result<Option<Duration>, Fault> {
        const DOING: &str = "counting an attempt";
        let key = Key::limit(limit.name, &self.filing.subject(limit.name, subject).await?);
        let length = limit.window.as_secs().max(1);
        let now = u64::try_from(self.clock.now().as_second()).unwrap_or(0);
        let (window, passed) = (now / length, now % length);
        let ttl = now.saturating_add(length.saturating_mul(2));
        let values = |text: &str| {
            Expression::new(text)
                .number(":one", 1)
                .number(":ttl", ttl)
                .name("#ttl", "ttl")
                .name("#w", "window")
        };
        // The common case is one write: the window is the one we were in.
        let same = self
            .table
            .update_and_read::<Window>(
                DOING,
                &key,
                values("SET #ttl = :ttl ADD #n :one").name("#n", "current"),
                Expression::new("#w = :w").number(":w", window),
            )
            .await?;
        let counted = match same {
            Some(counted) => counted,
            None => self.new_window(&key, window, ttl).await?,
        };
        let left = length.saturating_sub(passed);
        let weighed = counted.previous.saturating_mul(left) / length;
        let too_many = counted.current.saturating_add(weighed) > limit.most;
        Ok(too_many.then(|| Duration::from_secs(left)))
    }

    async fn new_window(&self, key: &Key, window: u64, ttl: u64) -> Result<Window, Fault> {
        const DOING: &str = "opening a counting window";
        let begin = |previous: &str| {
            Expression::new(format!("SET #w = :w, previous = {previous}, #n = :one, #ttl = :ttl"))
                .name("#w", "window")
                .name("#n", "current")
                .name("#ttl", "ttl")
                .number(":w", window)
                .number(":one", 1)
                .number(":ttl", ttl)
        };
        let follows = Expression::new("#w = :before").number(":before", window.saturating_sub(1));
        if let Some(counted) = self.table.update_and_read(DOING, key, begin("#n"), follows).await? {
            return Ok(counted);
        }
        let older = Expression::new("attribute_not_exists(pk) OR #w < :before")
            .number(":before", window.saturating_sub(1));
        let fresh = begin(":zero").number(":zero", 0);
        if let Some(counted) = self.table.update_and_read(DOING, key, fresh, older).await? {
            return Ok(counted);
        }
        // Another request opened the window in between, or a clock is behind: count in what is there.
        let add = Expression::new("ADD #n :one").name("#n", "current").number(":one", 1);
        let there = Expression::new("attribute_exists(pk)");
        let counted = self.table.update_and_read(DOING, key, add, there).await?;
        Ok(counted.unwrap_or(Window { current: 1, previous: 0 }))
    }

    /// What this username has to wait, whether or not it exists (INV-I14, INV-I29).
    pub async fn waiting(&self, username: &str) -> Result<Wait, Fault> {
        let subject = self.filing.subject("wait", username).await?;
        let row: Option<WaitRow> = match self.on {
            true => self.table.get("reading a login wait", &Key::wait(&subject)).await?,
            false => None,
        };
        Ok(match row {
            None => Wait { subject, failures: 0, until: None },
            Some(row) => Wait { subject, failures: row.failures, until: Some(row.wait_until) },
        })
    }

    /// Refuses while the wait lasts, also the right password.
    pub fn ensure_over(&self, wait: &Wait) -> Result<(), Error> {
        let now = self.clock.now();
        match wait.until {
            Some(until) if until > now => {
                Err(Error::TooManyRequests { retry_after: domain::session::passed(now, until) })
            }
            _ => Ok(()),
        }
    }

    /// A failed login: from the fifth on a growing wait, 30 seconds to an hour.
    pub async fn failed(&self, wait: &Wait) -> Result<(), Fault> {
        if !self.on {
            return Ok(());
        }
        let failures = wait.failures.saturating_add(1);
        let now = self.clock.now();
        let seconds = match failures {
            0..5 => 0,
            more => 30_u64.saturating_mul(2_u64.saturating_pow(more.saturating_sub(5))).min(HOUR),
        };
        let until = now.checked_add(Duration::from_secs(seconds)).unwrap_or(now);
        let forget = now.as_second().saturating_add(i64::try_from(DAY).unwrap_or(0));
        let change = Expression::new("SET wait_until = :until, #ttl = :ttl ADD failures :one")
            .name("#ttl", "ttl")
            .text_value(":until", instant(until))
            .number(":ttl", forget)
            .number(":one", 1);
        let any = Expression::new("attribute_exists(pk) OR attribute_not_exists(pk)");
        let _counted =
            self.table.update_if("counting a failed login", &Key::wait(&wait.subject), change, any).await?;
        Ok(())
    }

    /// A successful login or a new password: the username starts afresh. Its source does not.
    pub async fn succeeded(&self, wait: &Wait) -> Result<(), Fault> {
        if wait.failures == 0 || !self.on {
            return Ok(());
        }
        let change = Expression::new("SET failures = :zero, wait_until = :past")
            .number(":zero", 0)
            .text_value(":past", instant(self.clock.now()));
        let key = Key::wait(&wait.subject);
        let there = Expression::new("attribute_exists(pk)");
        let _cleared = self.table.update_if("clearing a login wait", &key, change, there).await?;
        Ok(())
    }
}
