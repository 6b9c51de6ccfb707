//! Limits on attempts: sliding windows counted by what is submitted and by source.

use std::time::Duration;

use domain::Fault;
use domain::session::passed;
use domain::{Error, Timestamp, time};
use runtime::{Clock, ConfigError, Env};
use serde::Deserialize;

use crate::keys::Key;
use crate::pseudonyms::Pseudonyms;
use crate::table::{Expression, Table, instant, present};
use crate::windows;

/// So many attempts in so much time.
#[derive(Clone, Copy, Debug)]
pub struct RateLimit {
    pub name: &'static str,
    /// What is counted together of a subject, in one item and by one write.
    meter: &'static str,
    pub most: u64,
    pub window: Duration,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl RateLimit {
    const fn new(name: &'static str, most: u64, seconds: u64) -> Self {
        Self { name, meter: name, most, window: Duration::from_secs(seconds) }
    }

    const fn of(self, meter: &'static str) -> Self {
        Self { meter, ..self }
    }

    pub const SEARCH_MINUTE: RateLimit = RateLimit::new("search-minute", 10, MINUTE).of("search");
    pub const SEARCH_HOUR: RateLimit = RateLimit::new("search-hour", 60, HOUR).of("search");
    pub const SEARCH_DAY: RateLimit = RateLimit::new("search-day", 200, DAY).of("search");
    pub const SEARCH_CODE: RateLimit = RateLimit::new("search-code", 20, DAY);
    pub const REGISTER_CHECK: RateLimit = RateLimit::new("register-check", 20, 10 * MINUTE);
    /// Register, resend, forgot: what makes us write a mail.
    pub const MAIL_SOURCE: RateLimit = RateLimit::new("mail-source", 10, 10 * MINUTE).of("mail-source");
    pub const MAIL_SOURCE_HOUR: RateLimit = RateLimit::new("mail-source-hour", 20, HOUR).of("mail-source");
    /// Kept by the worker, silently: the answer to the caller never depends on it.
    pub const MAIL_ADDRESS: RateLimit = RateLimit::new("mail-address", 1, MINUTE).of("mail-address");
    pub const MAIL_ADDRESS_DAY: RateLimit = RateLimit::new("mail-address-day", 5, DAY).of("mail-address");
    pub const REGISTER_CODE: RateLimit = RateLimit::new("register-code", 3, DAY);
    pub const LOGIN: RateLimit = RateLimit::new("login", 20, 10 * MINUTE);
    pub const LINK: RateLimit = RateLimit::new("link", 20, 10 * MINUTE);
    pub const ASSOCIATE: RateLimit = RateLimit::new("associate", 10, MINUTE).of("search");
    pub const SPONTANEOUS: RateLimit = RateLimit::new("spontaneous", 10, HOUR);
    pub const ATTEMPTS: RateLimit = RateLimit::new("attempts", 10, HOUR);
    pub const BAD_SIGNATURE: RateLimit = RateLimit::new("bad-signature", 60, MINUTE);
    pub const RECEIPT_CODE: RateLimit = RateLimit::new("receipt-code", 30, MINUTE);
    pub const BAD_API_KEY: RateLimit = RateLimit::new("bad-api-key", 20, MINUTE);
}

/// The counters. When they cannot be read or written the request is refused (INV-X15).
#[derive(Clone)]
pub struct RateLimits {
    table: Table,
    pseudonyms: Pseudonyms,
    clock: Clock,
    on: bool,
}

/// One try of a username's password, admitted.
#[derive(Clone, Debug)]
pub struct PasswordTry {
    subject: String,
    /// Failures before this one.
    failures: u32,
    /// Whether it is written down as a failure already.
    counted: bool,
}

/// The tries of a password that a username may fail before it has to wait.
const FREE_TRIES: u32 = 5;
/// The failures in a row after which no password is taken any more: a mailed link sets a new one (INV-I14).
const MOST_FAILURES: u32 = 100;
/// How long failures are remembered. The store forgets them later, if ever: nobody relies on it (INV-X07).
const REMEMBERED: Duration = Duration::from_secs(30 * DAY);

/// What a username must wait after so many failures in a row: 30 seconds, doubled each time, to an hour.
fn wait_after(failures: u32) -> Duration {
    let seconds = match failures.checked_sub(FREE_TRIES) {
        None => 0,
        Some(more) => 30_u64.saturating_mul(2_u64.saturating_pow(more)).min(HOUR),
    };
    Duration::from_secs(seconds)
}

#[derive(Deserialize)]
struct WaitRow {
    failures: u32,
    wait_until: Timestamp,
}

impl RateLimits {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            table: Table::connect(env, &env.config().limits_table)?,
            pseudonyms: Pseudonyms::connect(env)?,
            clock: env.clock().clone(),
            on: *env.config().limits.get()?,
        })
    }

    /// Counts an attempt under every one of these limits; refuses it when one is passed. One write for each subject.
    pub async fn admit(&self, attempts: &[(RateLimit, &str)]) -> Result<(), Error> {
        let mut longest = None;
        for same in attempts.chunk_by(|(a, of_a), (b, of_b)| a.meter == b.meter && of_a == of_b) {
            let Some((_, subject)) = same.first() else { continue };
            let limits: Vec<RateLimit> = same.iter().map(|(limit, _)| *limit).collect();
            longest = longest.max(self.count(&limits, subject).await?);
        }
        match longest {
            None => Ok(()),
            Some(retry_after) => Err(Error::TooManyRequests { retry_after }),
        }
    }

    /// Returns whether an attempt is within limits of one meter, for work whose answer must not show it.
    pub async fn within(&self, limits: &[RateLimit], subject: &str) -> Result<bool, Fault> {
        Ok(self.count(limits, subject).await?.is_none())
    }

    /// Counts one attempt under limits of one meter; how long to wait if it is one too many.
    async fn count(&self, limits: &[RateLimit], subject: &str) -> Result<Option<Duration>, Fault> {
        let Some(RateLimit { meter, .. }) = limits.first().filter(|_| self.on) else { return Ok(None) };
        let key = Key::limit(meter, &self.pseudonyms.subject(meter, subject).await?);
        let now = u64::try_from(self.clock.now().as_second()).unwrap_or(0);
        windows::count(&self.table, &key, limits, now).await
    }

    /// Lets a password of a username be tried, or says how long to wait; whether or not the username exists, and
    /// whether or not the password is right (INV-I14, INV-I29). From the fifth try on it is written down as failed
    /// before anybody looks at it: of many at the same time one gets through.
    pub async fn admit_password(&self, username: &str) -> Result<PasswordTry, Error> {
        let subject = self.pseudonyms.subject("wait", username).await?;
        if !self.on {
            return Ok(PasswordTry { subject, failures: 0, counted: false });
        }
        let (key, subject) = (&Key::wait(&subject), subject.as_str());
        let decide = move |_again| async move {
            let row: Option<WaitRow> = self.table.get(key).await?;
            let now = self.clock.now();
            let known = row.filter(|row| passed(row.wait_until, now) < REMEMBERED);
            let (failures, wait_until) = known.map_or((0, now), |row| (row.failures, row.wait_until));
            // Fewer failures wait for nothing: the instant is then when it was written, by a clock that may be ahead.
            if failures >= FREE_TRIES && wait_until > now {
                return Err(Error::TooManyRequests { retry_after: passed(now, wait_until) });
            }
            if failures >= MOST_FAILURES {
                return Err(Error::TooManyRequests { retry_after: wait_after(failures) });
            }
            let next = failures.saturating_add(1);
            let counted = next >= FREE_TRIES;
            let tried = PasswordTry { subject: subject.to_owned(), failures, counted };
            if !counted {
                return Ok((Vec::new(), tried));
            }
            let until = instant(time::after(now, wait_after(next)));
            let change = self.failing("SET failures = :next, wait_until = :until, #ttl = :ttl", now);
            let change = change.number(":next", next).text_value(":until", until);
            let unchanged = Expression::new("failures = :known AND wait_until = :was")
                .number(":known", failures)
                .text_value(":was", instant(wait_until));
            Ok((vec![self.table.update(key, change, unchanged)], tried))
        };
        self.table.commit(decide).await
    }

    /// The password was wrong. Tries at the same time are all counted, and the wait is that of their number.
    pub async fn failed(&self, tried: &PasswordTry) -> Result<(), Fault> {
        if tried.counted || !self.on {
            return Ok(());
        }
        let key = Key::wait(&tried.subject);
        let now = self.clock.now();
        let began = now.checked_sub(REMEMBERED).map(instant).unwrap_or_default();
        let one_more = self
            .failing("SET wait_until = if_not_exists(wait_until, :now), #ttl = :ttl ADD failures :one", now)
            .text_value(":now", instant(now))
            .number(":one", 1);
        let recent = Expression::new("attribute_not_exists(pk) OR wait_until > :began")
            .text_value(":began", began.clone());
        let counted: Option<WaitRow> = self.table.update_and_read(&key, one_more, recent).await?;
        let Some(WaitRow { failures, .. }) = counted else {
            // The last failure was long ago: this is the first one again.
            let first = self.failing("SET failures = :one, wait_until = :now, #ttl = :ttl", now);
            let first = first.number(":one", 1).text_value(":now", instant(now));
            let old = Expression::new("wait_until <= :began").text_value(":began", began);
            return self.change(&key, first, old).await;
        };
        if failures >= FREE_TRIES {
            let wait = self.failing("SET wait_until = :until, #ttl = :ttl", now);
            let until = instant(time::after(now, wait_after(failures)));
            let latest = Expression::new("failures = :counted").number(":counted", failures);
            self.change(&key, wait.text_value(":until", until), latest).await?;
        }
        Ok(())
    }

    /// The password was right: the username starts afresh. Its source does not.
    pub async fn succeeded(&self, tried: &PasswordTry) -> Result<(), Fault> {
        match tried.failures {
            0 => Ok(()),
            _ => self.afresh(&tried.subject).await,
        }
    }

    /// Whoever proved the mailbox need not wait for an attacker's failures (AB-04). Trouble goes to the log alone: the
    /// password has changed, so the answer must not be a failure, and a wait passes by itself.
    pub async fn forgive(&self, username: &str) {
        let forgiven = async {
            let subject = self.pseudonyms.subject("wait", username).await?;
            self.afresh(&subject).await
        };
        if let Err(error) = forgiven.await {
            tracing::error!(event = "login.wait_kept", cause = %error, "a wait stays after a reset");
        }
    }

    async fn afresh(&self, subject: &str) -> Result<(), Fault> {
        if !self.on {
            return Ok(());
        }
        let change = Expression::new("SET failures = :zero, wait_until = :now")
            .number(":zero", 0)
            .text_value(":now", instant(self.clock.now()));
        self.change(&Key::wait(subject), change, present()).await
    }

    /// Changes the failures of a username unless another request did meanwhile: then that one counts.
    async fn change(&self, key: &Key, change: Expression, condition: Expression) -> Result<(), Fault> {
        let _ = self.table.write(vec![self.table.update(key, change, condition)]).await?;
        Ok(())
    }

    /// A change of the failures of a username, remembered from now on.
    fn failing(&self, change: &'static str, now: Timestamp) -> Expression {
        let forgotten = now.as_second().saturating_add(i64::try_from(REMEMBERED.as_secs()).unwrap_or(0));
        Expression::new(change).name("#ttl", "ttl").number(":ttl", forgotten)
    }
}
