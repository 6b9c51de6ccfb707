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
    /// Whether what is refused counts, too.
    pub counts_refused: bool,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl RateLimit {
    const fn new(name: &'static str, most: u64, seconds: u64) -> Self {
        Self { name, meter: name, most, window: Duration::from_secs(seconds), counts_refused: false }
    }

    const fn of(self, meter: &'static str) -> Self {
        Self { meter, ..self }
    }

    /// What a source may miss when it searches by both codes.
    pub const SEARCH_MINUTE: RateLimit = RateLimit::new("search-minute", 10, MINUTE).of("search");
    pub const SEARCH_HOUR: RateLimit = RateLimit::new("search-hour", 60, HOUR).of("search");
    pub const SEARCH_DAY: RateLimit = RateLimit::new("search-day", 200, DAY).of("search");
    /// What a source may miss of one fiscal code: then each further miss is refused, and what is right passes.
    pub const SEARCH_CODE: RateLimit = RateLimit::new("search-code", 20, DAY);
    /// So many misses of one code from one source, refused ones included, are guessing: nothing passes any more.
    pub const SEARCH_STOP: RateLimit =
        RateLimit { counts_refused: true, ..RateLimit::new("search-stop", 100, DAY).of("search-code") };
    /// Misses of one code from everywhere: beyond these each one is slow.
    pub const SEARCH_EVERYWHERE: RateLimit = RateLimit::new("search-everywhere", 200, DAY);
    pub const REGISTER_CHECK: RateLimit = RateLimit::new("register-check", 20, 10 * MINUTE);
    /// Register, resend, forgot: what makes us write a mail.
    pub const MAIL_SOURCE: RateLimit = RateLimit::new("mail-source", 10, 10 * MINUTE).of("mail-source");
    pub const MAIL_SOURCE_HOUR: RateLimit = RateLimit::new("mail-source-hour", 20, HOUR).of("mail-source");
    /// Passwords that a source may try in vain.
    pub const LOGIN: RateLimit = RateLimit::new("login", 20, 10 * MINUTE);
    /// Failed passwords of one username from everywhere: beyond these every try is slow.
    pub const LOGIN_EVERYWHERE: RateLimit = RateLimit::new("login-everywhere", 50, HOUR);
    pub const LINK: RateLimit = RateLimit::new("link", 20, 10 * MINUTE);
    pub const SPONTANEOUS: RateLimit = RateLimit::new("spontaneous", 10, HOUR);
    pub const ATTEMPTS: RateLimit = RateLimit::new("attempts", 10, HOUR);
    pub const BAD_SIGNATURE: RateLimit = RateLimit::new("bad-signature", 60, MINUTE);
    pub const RECEIPT_CODE: RateLimit = RateLimit::new("receipt-code", 30, MINUTE);
    pub const BAD_API_KEY: RateLimit = RateLimit::new("bad-api-key", 20, MINUTE);
}

/// The kinds of letters. Each has limits of its own for a mailbox, kept by the worker, silently: the answer to the caller
/// never depends on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterKind {
    /// The link that activates an account, after a registration.
    Registration,
    /// The same, asked for again.
    ActivationAgain,
    /// The same, when the password of a pending account is forgotten.
    ActivationForgotten,
    /// The link that sets a new password.
    Reset,
    /// The link that confirms another address.
    Confirmation,
    /// The link that contests a proof.
    Proof,
    /// What was done to an account.
    Told,
    /// A receipt, or that a payment failed, to an address that was verified.
    Money,
    /// A receipt to an address that nobody has verified.
    MoneyElsewhere,
}

impl LetterKind {
    /// What one mailbox gets at most: of links one a minute and five a day, of receipts five a day unless it was verified.
    /// The other numbers are far above what a person causes.
    pub fn limits(self) -> &'static [RateLimit] {
        const fn letters(name: &'static str, most: u64, seconds: u64) -> RateLimit {
            RateLimit::new(name, most, seconds).of("letters")
        }
        const ACTIVATION: RateLimit = letters("activation-day", 5, DAY);
        match self {
            LetterKind::Registration => const { &[letters("registration-minute", 1, MINUTE), ACTIVATION] },
            LetterKind::ActivationAgain => const { &[letters("activation-minute", 1, MINUTE), ACTIVATION] },
            LetterKind::ActivationForgotten => {
                const { &[letters("forgotten-minute", 1, MINUTE), ACTIVATION] }
            }
            LetterKind::Reset => {
                const { &[letters("reset-minute", 1, MINUTE), letters("reset-day", 5, DAY)] }
            }
            LetterKind::Confirmation => {
                const { &[letters("confirmation-minute", 1, MINUTE), letters("confirmation-day", 5, DAY)] }
            }
            LetterKind::Proof => const { &[letters("proof-day", 5, DAY)] },
            LetterKind::Told => const { &[letters("told-day", 50, DAY)] },
            LetterKind::Money => const { &[letters("money-day", 200, DAY)] },
            LetterKind::MoneyElsewhere => const { &[letters("elsewhere-day", 5, DAY)] },
        }
    }
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

    /// How long to wait if the attempt just counted was one too many.
    pub fn wait(&self, count: impl Fn(&str) -> u64) -> Option<Duration> {
        (self.weight(count) > self.limit.most).then(|| Duration::from_secs(self.left))
    }

    /// How long to wait if one more attempt, not counted yet, would be one too many.
    pub fn wait_for_one_more(&self, count: impl Fn(&str) -> u64) -> Option<Duration> {
        (self.weight(count) >= self.limit.most).then(|| Duration::from_secs(self.left))
    }

    /// The attempts of the last full length of time: the window before counts by the share of it that still lies
    /// within, so that a window's edge is no gap.
    pub fn weight(&self, count: impl Fn(&str) -> u64) -> u64 {
        let count = |before| count(&self.attribute(before));
        let length = self.limit.window.as_secs().max(1);
        let weighed = count(1).saturating_mul(self.left).checked_div(length).unwrap_or_default();
        count(0).saturating_add(weighed)
    }
}

/// From so many misses of one fiscal code in a day somebody is told of them.
pub const WATCHED_MISSES: u64 = 15;

/// The tries of a password that a username may fail from one place before they have to wait there.
pub const FREE_TRIES: u32 = 5;
/// The failures in a row after which no password is taken any more: a mailed link sets a new one (INV-I14).
const MOST_FAILURES: u32 = 100;
/// How long failures are remembered. The store forgets them later, if ever: nobody relies on it (INV-X07).
pub const REMEMBERED: Duration = Duration::from_secs(30 * DAY);

/// What must be waited after so many failures in a row: 30 seconds, doubled each time, to an hour.
pub fn wait_after(failures: u32) -> Duration {
    let seconds = match failures.checked_sub(FREE_TRIES) {
        None => 0,
        Some(more) => 30_u64.saturating_mul(2_u64.saturating_pow(more)).min(HOUR),
    };
    Duration::from_secs(seconds)
}

/// The failed logins of a username from one place in a row.
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

/// Lets a password of a username be tried from one place, whether or not the username exists, and whether or not the
/// password is right (INV-I14, INV-I29).
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
