//! Limits on attempts: sliding windows counted by what is submitted and by source.

use std::time::Duration;

use domain::Fault;
use domain::rate_limits::{
    AdmittedTry, FREE_TRIES, Failures, REMEMBERED, RateLimit, admit_password, wait_after,
};
use domain::{Error, Timestamp, time};
use runtime::{Clock, ConfigError, Env};
use serde::Deserialize;

use crate::keys::Key;
use crate::pseudonyms::Pseudonyms;
use crate::table::{Expression, Table, instant, present};
use crate::windows;

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

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(crate) struct WaitRow {
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
            let known = row.map(|row| Failures { count: row.failures, wait_until: row.wait_until });
            let now = self.clock.now();
            let AdmittedTry { failures, counted } = admit_password(known, now)?;
            let tried = PasswordTry { subject: subject.to_owned(), failures, counted: counted.is_some() };
            let write = counted.zip(known).map(|(counted, known)| {
                let change = self.failing("SET failures = :next, wait_until = :until, #ttl = :ttl", now);
                let change =
                    change.number(":next", counted.count).text_value(":until", instant(counted.wait_until));
                let unchanged = Expression::new("failures = :known AND wait_until = :was")
                    .number(":known", known.count)
                    .text_value(":was", instant(known.wait_until));
                self.table.update(key, change, unchanged)
            });
            Ok::<_, Error>((write.into_iter().collect(), tried))
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
