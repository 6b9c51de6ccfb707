//! Until when an invocation may work.

use std::time::{Duration, Instant};

/// 2020-01-01, in milliseconds: no invocation of ours ended before it. cargo-lambda's emulator sends a deadline of 1970.
pub(crate) const EARLIEST_DEADLINE: u64 = 1_577_836_800_000;

/// How long an invocation may go on when Lambda does not say.
const WITHOUT_DEADLINE: Duration = Duration::from_secs(280);
/// What is kept of Lambda's own deadline to finish what has begun.
const MARGIN: Duration = Duration::from_secs(20);

/// The time in which an invocation may begin new work. What is left is for the next one.
#[derive(Clone, Copy, Debug)]
pub struct WorkTime {
    ends: Instant,
}

impl WorkTime {
    pub fn of(time: Duration) -> Self {
        let now = Instant::now();
        Self { ends: now.checked_add(time).unwrap_or(now) }
    }

    /// The time of an invocation that Lambda ends at this deadline, in milliseconds since 1970.
    pub(crate) fn until(deadline: u64) -> Self {
        Self::of(left_until(deadline).map_or(WITHOUT_DEADLINE, |left| left.saturating_sub(MARGIN)))
    }

    /// Returns whether it is over.
    pub fn is_used(&self) -> bool {
        Instant::now() >= self.ends
    }
}

/// The time left until a deadline of Lambda's, in milliseconds since 1970: nothing of one that has passed, unknown of one
/// that cannot be one.
pub(crate) fn left_until(deadline: u64) -> Option<Duration> {
    let deadline = Some(deadline).filter(|deadline| *deadline >= EARLIEST_DEADLINE)?;
    let ends = std::time::UNIX_EPOCH.checked_add(Duration::from_millis(deadline));
    Some(ends.and_then(|ends| ends.duration_since(now()).ok()).unwrap_or_default())
}

#[expect(clippy::disallowed_methods, reason = "Lambda's deadline is in the machine's own time")]
pub(crate) fn now() -> std::time::SystemTime {
    std::time::SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_begins_nothing_new_twenty_seconds_before_lambda_ends_it() {
        let since_epoch = now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let ends_in =
            |time: Duration| WorkTime::until(u64::try_from((since_epoch + time).as_millis()).unwrap());
        assert!(ends_in(Duration::ZERO).is_used() && ends_in(MARGIN).is_used());
        assert!(!ends_in(Duration::from_secs(300)).is_used());
        assert!(!WorkTime::until(0).is_used(), "nobody says when it ends");
    }
}
