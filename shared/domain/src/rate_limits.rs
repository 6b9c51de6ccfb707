//! Limits on attempts: sliding windows, and what failed logins make a username wait.

use std::time::Duration;

use jiff::Timestamp;

use crate::error::Error;
use crate::session::passed;

/// So many attempts in so much time.
#[derive(Clone, Copy, Debug)]
pub struct RateLimit {
    pub name: &'static str,
    /// What is counted together of a subject, in one item and by one write.
    pub meter: &'static str,
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

/// A limit's window at this moment.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub limit: RateLimit,
    number: u64,
    /// Seconds left of it.
    left: u64,
}

impl Window {
    /// The window that an instant, in seconds since the epoch, lies in.
    pub fn at(limit: RateLimit, now: u64) -> Self {
        let length = limit.window.as_secs().max(1);
        let number = now.checked_div(length).unwrap_or_default();
        let into = now.checked_rem(length).unwrap_or_default();
        Self { limit, number, left: length.saturating_sub(into) }
    }

    /// The attribute of the window so many before this one.
    pub fn attribute(&self, before: u64) -> String {
        format!("{}@{}", self.limit.name, self.number.saturating_sub(before))
    }

    /// Returns whether an attribute is of this limit and of a window that nothing looks at any more.
    pub fn is_gone_by(&self, attribute: &str) -> bool {
        let counted = attribute.strip_prefix(self.limit.name).and_then(|rest| rest.strip_prefix('@'));
        let number = counted.and_then(|number| number.parse::<u64>().ok());
        number.is_some_and(|number| number.saturating_add(1) < self.number)
    }

    /// How long to wait if the attempt just counted was one too many. The window before counts by the share of it
    /// that still lies within the last full length of time, so that a window's edge is no gap.
    pub fn wait(&self, count: impl Fn(&str) -> u64) -> Option<Duration> {
        let count = |before| count(&self.attribute(before));
        let length = self.limit.window.as_secs().max(1);
        let weighed = count(1).saturating_mul(self.left).checked_div(length).unwrap_or_default();
        let too_many = count(0).saturating_add(weighed) > self.limit.most;
        too_many.then(|| Duration::from_secs(self.left))
    }
}

/// The tries of a password that a username may fail before it has to wait.
pub const FREE_TRIES: u32 = 5;
/// The failures in a row after which no password is taken any more: a mailed link sets a new one (INV-I14).
const MOST_FAILURES: u32 = 100;
/// How long failures are remembered. The store forgets them later, if ever: nobody relies on it (INV-X07).
pub const REMEMBERED: Duration = Duration::from_secs(30 * DAY);

/// What a username must wait after so many failures in a row: 30 seconds, doubled each time, to an hour.
pub fn wait_after(failures: u32) -> Duration {
    let seconds = match failures.checked_sub(FREE_TRIES) {
        None => 0,
        Some(more) => 30_u64.saturating_mul(2_u64.saturating_pow(more)).min(HOUR),
    };
    Duration::from_secs(seconds)
}

/// The failed logins of a username in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    pub count: u32,
    pub wait_until: Timestamp,
}

/// A try of a password, admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdmittedTry {
    /// Failures before this one.
    pub failures: u32,
    /// What the failures become before anybody looks at the password: from the fifth try on it counts as failed at
    /// once, so that of many at the same time one gets through.
    pub counted: Option<Failures>,
}

/// Lets a password of a username be tried, whether or not the username exists, and whether or not the password is right
/// (INV-I14, INV-I29).
///
/// # Errors
/// How long to wait.
pub fn admit_password(known: Option<Failures>, now: Timestamp) -> Result<AdmittedTry, Error> {
    let known = known.filter(|known| passed(known.wait_until, now) < REMEMBERED);
    let Some(Failures { count, wait_until }) = known else {
        return Ok(AdmittedTry { failures: 0, counted: None });
    };
    // Fewer failures wait for nothing: the instant is then when it was written, by a clock that may be ahead.
    if count >= FREE_TRIES && wait_until > now {
        return Err(Error::TooManyRequests { retry_after: passed(now, wait_until) });
    }
    if count >= MOST_FAILURES {
        return Err(Error::TooManyRequests { retry_after: wait_after(count) });
    }
    let next = count.saturating_add(1);
    let failed = Failures { count: next, wait_until: crate::time::after(now, wait_after(next)) };
    Ok(AdmittedTry { failures: count, counted: (next >= FREE_TRIES).then_some(failed) })
}
