//! Session limits (INV-I17): twenty idle minutes, eight hours, kept by the server's clock.

use std::time::Duration;

use domain::Timestamp;
use domain::session::{SessionLimits, passed};
use jiff::SignedDuration;
use proptest::prelude::*;

use crate::samples::{at, cases};

/// What the template sets where nobody chooses otherwise.
const LIMITS: SessionLimits =
    SessionLimits { idle: Duration::from_secs(20 * 60), absolute: Duration::from_secs(8 * 60 * 60) };

fn after(from: Timestamp, seconds: i64) -> Timestamp {
    from + SignedDuration::from_secs(seconds)
}

#[test]
fn inv_i17_the_default_limits_to_the_second() {
    let opened = at("2026-01-01T08:00:00Z");
    for (seen, now, alive) in [
        (0, 0, true),
        (0, 19 * 60 + 59, true),
        (0, 20 * 60, false),
        (3_600, 3_600 + 20 * 60 - 1, true),
        (3_600, 3_600 + 20 * 60, false),
        (8 * 3_600 - 1, 8 * 3_600 - 1, true),
        (8 * 3_600 - 1, 8 * 3_600, false),
        (9 * 3_600, 9 * 3_600, false),
    ] {
        assert_eq!(
            LIMITS.alive(opened, after(opened, seen), after(opened, now)),
            alive,
            "seen {seen}, now {now}"
        );
    }
}

#[test]
fn use_is_written_down_once_a_minute() {
    let seen = at("2026-01-01T08:00:00Z");
    for (now, worth) in [(-60, false), (0, false), (59, false), (60, true), (3_600, true)] {
        assert_eq!(LIMITS.worth_touching(seen, after(seen, now)), worth, "after {now} s");
    }
}

#[test]
fn a_clock_that_went_back_kills_no_session() {
    let opened = at("2026-01-01T08:00:00Z");
    assert_eq!(passed(opened, after(opened, -3_600)), Duration::ZERO);
    assert!(LIMITS.alive(opened, opened, after(opened, -3_600)));
    assert_eq!(passed(Timestamp::MAX, Timestamp::MIN), Duration::ZERO);
    assert!(passed(Timestamp::MIN, Timestamp::MAX) > Duration::from_secs(1));
}

proptest! {
    #![proptest_config(cases(10_000))]

    /// A dead session never comes back to life by waiting.
    #[test]
    fn inv_i17_sessions_live_less_than_both_limits_and_die_once(
        idle in 1_u64..5_000, absolute in 1_u64..50_000,
        seen in 0_i64..60_000, now in 0_i64..60_000, wait in 0_i64..60_000,
    ) {
        let limits = SessionLimits { idle: Duration::from_secs(idle), absolute: Duration::from_secs(absolute) };
        let opened = at("2026-01-01T08:00:00Z");
        let alive = |now| limits.alive(opened, after(opened, seen), after(opened, now));
        let expected = now < i64::try_from(absolute).unwrap() && now - seen < i64::try_from(idle).unwrap();
        prop_assert_eq!(alive(now), expected);
        prop_assert!(alive(now) || !alive(now + wait));
    }
}
