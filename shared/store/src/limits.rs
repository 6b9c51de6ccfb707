//! Limits on attempts: sliding windows counted by what is submitted and by where it comes from.
//!
//! What is refused is not counted, and what was right is taken back, so that no limit can be used against whom it
//! protects. What fails of one subject from everywhere stops nobody: it slows, and somebody is told.

use std::time::Duration;

use domain::Fault;
use domain::rate_limits::{
    AdmittedTry, FREE_TRIES, Failures, REMEMBERED, RateLimit, WATCHED_MISSES, admit_password, wait_after,
};
use domain::{Error, FiscalCode, Timestamp, time};
use runtime::{Clock, ConfigError, Env};
use serde::Deserialize;

use crate::keys::Key;
use crate::pseudonyms::Pseudonyms;
use crate::table::{Expression, Table, instant, present};
use crate::windows::{self, CountedWindows};

/// How long each try takes while a subject is under attack from everywhere.
const SLOWED_BY: Duration = Duration::from_secs(1);

/// The counters. When they cannot be read or written the request is refused (INV-X15).
#[derive(Clone)]
pub struct RateLimits {
    table: Table,
    pseudonyms: Pseudonyms,
    clock: Clock,
    on: bool,
}

/// Where a password is tried from: what its failures are counted by, beside the username.
#[derive(Clone, Copy, Debug)]
pub enum PasswordOrigin<'a> {
    /// Somebody of whom nothing is known but the network. A source may fail so often, whatever the usernames.
    Source(&'a str),
    /// A browser in which this username has logged in before: what others fail is nothing to it.
    KnownBrowser(&'a str),
    /// A live session of the account, in this source.
    Session(&'a str),
}

impl<'a> PasswordOrigin<'a> {
    pub fn of(known_browser: Option<&'a str>, source: &'a str) -> Self {
        known_browser.map_or(Self::Source(source), Self::KnownBrowser)
    }
}

/// One try of a username's password, admitted.
#[derive(Clone, Debug)]
pub struct PasswordTry {
    username: String,
    subject: String,
    /// Failures before this one.
    failures: u32,
    /// Whether it is written down as a failure already.
    counted: bool,
    /// What was counted of its source.
    source: AdmittedAttempt,
}

/// What was counted of an attempt that was admitted.
#[derive(Clone, Debug, Default)]
pub struct AdmittedAttempt(Vec<CountedWindows>);

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
            on: env.config().with_limits()?,
        })
    }

    /// Counts an attempt under every one of these limits; refuses it when one is passed, and then it counts for nothing.
    /// One write for each subject.
    pub async fn admit(&self, attempts: &[(RateLimit, &str)]) -> Result<AdmittedAttempt, Error> {
        let mut counted = AdmittedAttempt::default();
        for same in attempts.chunk_by(|(a, of_a), (b, of_b)| a.meter == b.meter && of_a == of_b) {
            let Some((_, subject)) = same.first() else { continue };
            let limits: Vec<RateLimit> = same.iter().map(|(limit, _)| *limit).collect();
            counted.0.extend(self.count(&limits, subject).await?);
        }
        match counted.0.iter().filter_map(CountedWindows::wait).max() {
            None => Ok(counted),
            Some(retry_after) => {
                self.take_back(counted).await;
                Err(Error::TooManyRequests { retry_after })
            }
        }
    }

    /// An attempt that was right, or refused, is not held against anybody. Trouble goes to the log alone: a count too many
    /// passes by itself.
    pub async fn take_back(&self, admitted: AdmittedAttempt) {
        for counted in &admitted.0 {
            if let Err(error) = windows::take_back(&self.table, counted).await {
                tracing::warn!(event = "limits.not_taken_back", cause = %error, "an attempt stays counted");
            }
        }
    }

    /// Returns whether an attempt is within limits of one meter, for work whose answer must not show it.
    pub async fn within(&self, limits: &[RateLimit], subject: &str) -> Result<bool, Fault> {
        let Some(counted) = self.count(limits, subject).await? else { return Ok(true) };
        let within = counted.wait().is_none();
        if !within {
            self.take_back(AdmittedAttempt(vec![counted])).await;
        }
        Ok(within)
    }

    /// Counts one attempt under limits of one meter.
    async fn count(&self, limits: &[RateLimit], subject: &str) -> Result<Option<CountedWindows>, Fault> {
        let Some(RateLimit { meter, .. }) = limits.first().filter(|_| self.on) else { return Ok(None) };
        let key = Key::limit(meter, &self.pseudonyms.subject(meter, subject).await?);
        Ok(Some(windows::count(&self.table, &key, limits, self.seconds()).await?))
    }

    /// How many attempts there were under a limit, and how long one more would have to wait.
    async fn look(&self, limit: RateLimit, subject: &str) -> Result<(u64, Option<Duration>), Fault> {
        if !self.on {
            return Ok((0, None));
        }
        let key = Key::limit(limit.meter, &self.pseudonyms.subject(limit.meter, subject).await?);
        windows::look(&self.table, &key, limit, self.seconds()).await
    }

    fn seconds(&self) -> u64 {
        u64::try_from(self.clock.now().as_second()).unwrap_or(0)
    }

    /// A guess that failed is counted, and refused when there were too many; what was right passes and counts for nothing.
    pub async fn unless_guessed<T>(
        &self,
        attempts: &[(RateLimit, &str)],
        outcome: Result<T, Error>,
    ) -> Result<T, Error> {
        let missed = matches!(
            outcome,
            Err(Error::DebtNotFound
                | Error::LinkNotValid
                | Error::ReceiptNotFound
                | Error::InvalidCredentials
                | Error::NotAuthenticated)
        );
        if missed {
            self.admit(attempts).await?;
        }
        outcome
    }

    /// Searches a debt by both of its codes. Misses are counted by source, and by code and source; a right pair passes,
    /// unless this source has been guessing at this very code (AB-27).
    pub async fn search<T>(
        &self,
        code: &FiscalCode,
        source: &str,
        search: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let pair = format!("{} {source}", code.as_str());
        if let (_, Some(retry_after)) = self.look(RateLimit::SEARCH_STOP, &pair).await? {
            return Err(Error::TooManyRequests { retry_after });
        }
        let found = search.await;
        let misses = [
            (RateLimit::SEARCH_MINUTE, source),
            (RateLimit::SEARCH_HOUR, source),
            (RateLimit::SEARCH_DAY, source),
            (RateLimit::SEARCH_CODE, pair.as_str()),
            (RateLimit::SEARCH_STOP, pair.as_str()),
        ];
        let found = self.unless_guessed(&misses, found).await;
        if matches!(found, Err(Error::DebtNotFound)) {
            let everywhere = self.count(&[RateLimit::SEARCH_EVERYWHERE], code.as_str()).await?;
            let misses = everywhere.map_or(0, |counted| counted.weight(&RateLimit::SEARCH_EVERYWHERE));
            if misses == WATCHED_MISSES {
                tracing::warn!(event = "search.watched", "one fiscal code was searched in vain many times");
            }
            self.slow(RateLimit::SEARCH_EVERYWHERE, misses).await;
        }
        found
    }

    /// Under attack from everywhere a subject is still served, slowly, and somebody is told.
    async fn slow(&self, limit: RateLimit, attempts: u64) {
        if attempts > limit.most {
            tracing::warn!(event = "limits.slowed", limit = limit.name, "tries on one subject are slowed");
            tokio::time::sleep(SLOWED_BY).await;
        }
    }

    /// Lets a password of a username be tried, or says how long to wait; whether or not the username exists, and
    /// whether or not the password is right (INV-I14, INV-I29). From the fifth try on it is written down as failed
    /// before anybody looks at it: of many at the same time one gets through.
    pub async fn admit_password(
        &self,
        username: &str,
        origin: PasswordOrigin<'_>,
    ) -> Result<PasswordTry, Error> {
        let subject = self.place(username, origin).await?;
        let source = match origin {
            PasswordOrigin::Source(source) => self.admit(&[(RateLimit::LOGIN, source)]).await?,
            PasswordOrigin::KnownBrowser(_) | PasswordOrigin::Session(_) => AdmittedAttempt::default(),
        };
        let tried =
            PasswordTry { username: username.to_owned(), subject, failures: 0, counted: false, source };
        if !self.on {
            return Ok(tried);
        }
        match self.waited(&tried).await {
            Ok(AdmittedTry { failures, counted }) => {
                let (failed, _) = self.look(RateLimit::LOGIN_EVERYWHERE, username).await?;
                self.slow(RateLimit::LOGIN_EVERYWHERE, failed).await;
                Ok(PasswordTry { failures, counted: counted.is_some(), ..tried })
            }
            Err(refused) => {
                self.take_back(tried.source).await;
                Err(refused)
            }
        }
    }

    /// Whether the place has waited long enough for what it failed before.
    async fn waited(&self, tried: &PasswordTry) -> Result<AdmittedTry, Error> {
        let key = &Key::wait(&tried.subject);
        let decide = move |_again| async move {
            let row: Option<WaitRow> = self.table.get(key).await?;
            let known = row.map(|row| Failures { count: row.failures, wait_until: row.wait_until });
            let now = self.clock.now();
            let admitted = admit_password(known, now)?;
            let write = admitted.counted.zip(known).map(|(counted, known)| {
                let change = self.failing("SET failures = :next, wait_until = :until, #ttl = :ttl", now);
                let change =
                    change.number(":next", counted.count).text_value(":until", instant(counted.wait_until));
                let unchanged = Expression::new("failures = :known AND wait_until = :was")
                    .number(":known", known.count)
                    .text_value(":was", instant(known.wait_until));
                self.table.update(key, change, unchanged)
            });
            Ok::<_, Error>((write.into_iter().collect(), admitted))
        };
        self.table.commit(decide).await
    }

    /// The password was wrong. Tries at the same time are all counted, and the wait is that of their number.
    pub async fn failed(&self, tried: &PasswordTry) -> Result<(), Fault> {
        self.count(&[RateLimit::LOGIN_EVERYWHERE], &tried.username).await?;
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

    /// The password was right: the username starts afresh in this place. What else its source has failed stays.
    pub async fn succeeded(&self, tried: PasswordTry) -> Result<(), Fault> {
        self.take_back(tried.source).await;
        match tried.failures {
            0 => Ok(()),
            _ => self.afresh(&tried.subject).await,
        }
    }

    /// Whoever proved the mailbox need not wait for failures in the same place (AB-04). Trouble goes to the log alone: the
    /// password has changed, so the answer must not be a failure, and a wait passes by itself.
    pub async fn forgive(&self, username: &str, origin: PasswordOrigin<'_>) {
        let forgiven = async { self.afresh(&self.place(username, origin).await?).await };
        if let Err(error) = forgiven.await {
            tracing::error!(event = "login.wait_kept", cause = %error, "a wait stays after a reset");
        }
    }

    /// A username in the place where its password is tried: what its failures are counted by.
    async fn place(&self, username: &str, origin: PasswordOrigin<'_>) -> Result<String, Fault> {
        let place = match origin {
            PasswordOrigin::Source(source) | PasswordOrigin::Session(source) => format!("from {source}"),
            PasswordOrigin::KnownBrowser(browser) => format!("in {browser}"),
        };
        self.pseudonyms.subject("wait", &format!("{username} {place}")).await
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

    /// Changes the failures of a place unless another request did meanwhile: then that one counts.
    async fn change(&self, key: &Key, change: Expression, condition: Expression) -> Result<(), Fault> {
        let _ = self.table.write(vec![self.table.update(key, change, condition)]).await?;
        Ok(())
    }

    /// A change of the failures of a place, remembered from now on.
    fn failing(&self, change: &'static str, now: Timestamp) -> Expression {
        let forgotten = now.as_second().saturating_add(i64::try_from(REMEMBERED.as_secs()).unwrap_or(0));
        Expression::new(change).name("#ttl", "ttl").number(":ttl", forgotten)
    }
}
