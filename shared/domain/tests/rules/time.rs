//! Days of Rome (INV-X16): every one from 1970 to 2100, summer time by the law that is in force.

use domain::time::{end_of, in_rome, italian_date, rome_date, start_of, to_second};
use domain::{Date, Timestamp};
use jiff::civil::Weekday;
use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;

use crate::samples::{at, cases, day};

#[test]
fn inv_x16_every_day_from_1970_to_2100_begins_where_the_day_before_ends() {
    let nanosecond = SignedDuration::from_nanos(1);
    let (mut today, last) = (day("1970-01-01"), day("2100-12-31"));
    let mut start = start_of(today).unwrap();
    let mut odd_days = 0;
    while today <= last {
        let end = end_of(today).unwrap();
        assert_eq!(rome_date(start), today, "its first instant");
        assert_eq!(rome_date(end - nanosecond), today, "its last instant");
        let hours = end.duration_since(start).as_secs() / 3600;
        assert!(matches!(hours, 23..=25), "{today} lasts {hours} hours");
        odd_days += i32::from(hours != 24);
        today = today.tomorrow().unwrap();
        start = start_of(today).unwrap();
        assert_eq!(start, end, "no instant between two days, none in both");
    }
    assert_eq!(odd_days, 2 * 131, "two nights in each of the 131 years");
}

/// Directive 2000/84/EC, kept since 1996: from the last Sunday of March to the last of October, at 01:00 UTC.
fn last_sunday(year: i16, month: i8) -> Date {
    let last = Date::new(year, month, 31).unwrap();
    (0..7)
        .map(|back| last.checked_sub(back.days()).unwrap())
        .find(|d| d.weekday() == Weekday::Sunday)
        .unwrap()
}

#[test]
fn inv_x16_both_nights_of_every_year_since_1996_change_at_one_utc() {
    for year in 1996..=2100 {
        for (month, hours, before, after) in [(3, 23, 1, 2), (10, 25, 2, 1)] {
            let night = last_sunday(year, month);
            let length = end_of(night).unwrap().duration_since(start_of(night).unwrap());
            assert_eq!(length, SignedDuration::from_hours(hours), "{night}");
            let change = at(&format!("{night}T01:00:00Z"));
            let offset = |instant| in_rome(instant).offset().seconds() / 3600;
            assert_eq!(offset(change - SignedDuration::from_nanos(1)), before, "{night}");
            assert_eq!(offset(change), after, "{night}");
        }
    }
}

#[test]
fn inv_x16_the_two_nights_of_2026_instant_by_instant() {
    for (instant, wall, date) in [
        ("2026-03-28T22:59:59Z", "23:59:59", "2026-03-28"),
        ("2026-03-28T23:00:00Z", "00:00:00", "2026-03-29"),
        ("2026-03-29T00:59:59Z", "01:59:59", "2026-03-29"),
        ("2026-03-29T01:00:00Z", "03:00:00", "2026-03-29"),
        ("2026-03-29T21:59:59Z", "23:59:59", "2026-03-29"),
        ("2026-03-29T22:00:00Z", "00:00:00", "2026-03-30"),
        ("2026-10-24T22:00:00Z", "00:00:00", "2026-10-25"),
        ("2026-10-25T00:30:00Z", "02:30:00", "2026-10-25"),
        ("2026-10-25T01:30:00Z", "02:30:00", "2026-10-25"),
        ("2026-10-25T22:59:59Z", "23:59:59", "2026-10-25"),
        ("2026-10-25T23:00:00Z", "00:00:00", "2026-10-26"),
    ] {
        assert_eq!(in_rome(at(instant)).time().to_string(), wall, "{instant}");
        assert_eq!(rome_date(at(instant)), day(date), "{instant}");
    }
    assert_eq!(start_of(day("2026-03-29")), Some(at("2026-03-28T23:00:00Z")));
    assert_eq!(end_of(day("2026-03-29")), Some(at("2026-03-29T22:00:00Z")));
    assert_eq!(end_of(day("2026-10-25")), Some(at("2026-10-25T23:00:00Z")));
}

#[test]
fn a_day_that_summer_time_began_at_midnight_starts_at_one() {
    // In 1970 Italy moved the clock at midnight: 00:30 of that day never was.
    assert_eq!(start_of(day("1970-05-31")), Some(at("1970-05-30T23:00:00Z")));
    assert_eq!(in_rome(at("1970-05-30T23:00:00Z")).time().to_string(), "01:00:00");
}

#[test]
fn the_end_of_the_calendar_is_no_panic() {
    assert_eq!(end_of(Date::MAX), None);
    assert_eq!(rome_date(Timestamp::MAX).year(), 9999);
    let _ = (start_of(Date::MAX), start_of(Date::MIN), end_of(Date::MIN), rome_date(Timestamp::MIN));
}

#[test]
fn dates_are_printed_as_italians_write_them() {
    assert_eq!(italian_date(day("2026-03-05")), "05/03/2026");
    assert_eq!(italian_date(day("1999-12-31")), "31/12/1999");
}

proptest! {
    #![proptest_config(cases(10_000))]

    /// The store compares instants as text.
    #[test]
    fn instants_to_the_second_sort_as_text(
        a in 0_i64..4_102_444_800, b in 0_i64..4_102_444_800, nanos in 0..1_000_000_000_i32,
    ) {
        let stored = |second| to_second(Timestamp::new(second, nanos).unwrap()).to_string();
        prop_assert_eq!(stored(a).len(), "2026-11-23T05:36:00Z".len());
        prop_assert_eq!(stored(a).cmp(&stored(b)), a.cmp(&b));
        prop_assert_eq!(at(&stored(a)).as_second(), a);
    }

    #[test]
    fn inv_x16_every_instant_is_inside_its_day(
        second in 0_i64..4_134_000_000, nanos in 0..1_000_000_000_i32,
    ) {
        let instant = Timestamp::new(second, nanos).unwrap();
        let today = rome_date(instant);
        prop_assert!(start_of(today).unwrap() <= instant && instant < end_of(today).unwrap());
    }
}
