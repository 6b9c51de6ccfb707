//! Limits on attempts: how windows slide, and how long failed logins make a username wait.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::rate_limits::{AdmittedTry, Failures, RateLimit, Window, admit_password, wait_after};
use domain::{Error, Timestamp, time};

use crate::samples::at;

fn now() -> Timestamp {
    at("2026-11-30T09:00:00Z")
}

fn counts(of: &[(String, u64)]) -> impl Fn(&str) -> u64 {
    let counts: BTreeMap<String, u64> = of.iter().cloned().collect();
    move |name| counts.get(name).copied().unwrap_or(0)
}

#[test]
fn the_window_before_counts_by_its_share() {
    let window = Window::at(RateLimit::SEARCH_MINUTE, 60 * 1_000 + 15);
    let (this, before) = (window.attribute(0), window.attribute(1));
    assert_eq!((this.as_str(), before.as_str()), ("search-minute@1000", "search-minute@999"));
    // 8 of the minute before weigh 6 with 45 seconds of this one left.
    assert_eq!(window.wait(counts(&[(this.clone(), 4), (before.clone(), 8)])), None);
    let wait = window.wait(counts(&[(this, 5), (before, 8)]));
    assert_eq!(wait, Some(Duration::from_secs(45)));
}

#[test]
fn only_windows_that_nothing_looks_at_are_gone_by() {
    let window = Window::at(RateLimit::SEARCH_MINUTE, 60 * 1_000);
    assert!(window.is_gone_by("search-minute@998"));
    for kept in ["search-minute@1000", "search-minute@999", "search-hour@2", "ttl", "pk"] {
        assert!(!window.is_gone_by(kept), "{kept}");
    }
}

#[test]
fn inv_i14_five_tries_are_free_then_each_waits_twice_as_long_to_an_hour() {
    let seconds = |failures| wait_after(failures).as_secs();
    assert_eq!([0, 4, 5, 6, 7, 11, 12, 99].map(seconds), [0, 0, 30, 60, 120, 1_920, 3_600, 3_600]);
    assert_eq!(admit_password(None, now()).unwrap(), AdmittedTry { failures: 0, counted: None });
    let failed = |count, wait_until| Some(Failures { count, wait_until });
    // From the fifth try on it counts before anybody looks at the password.
    for (count, counts) in [(1, false), (3, false), (4, true), (5, true), (99, true)] {
        let admitted = admit_password(failed(count, now()), now()).unwrap();
        let until = time::after(now(), wait_after(count + 1));
        let expected = counts.then_some(Failures { count: count + 1, wait_until: until });
        assert_eq!((admitted.failures, admitted.counted), (count, expected));
    }
    let refused = |failures, at| match admit_password(failures, at) {
        Err(Error::TooManyRequests { retry_after }) => retry_after.as_secs(),
        other => panic!("{other:?}"),
    };
    let until = time::after(now(), Duration::from_secs(7));
    assert_eq!(refused(failed(5, until), now()), 7);
    assert_eq!(refused(failed(100, now()), now()), 3_600, "a mailed link alone helps");
    // A clock that is ahead makes nobody wait for nothing, and a month forgets.
    assert!(admit_password(failed(4, until), now()).is_ok());
    let month = time::after(now(), Duration::from_secs(30 * 24 * 60 * 60));
    assert_eq!(admit_password(failed(100, now()), month).unwrap().failures, 0);
}
