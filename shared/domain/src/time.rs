//! Days of the creditor's calendar: Europe/Rome, summer time included.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

/// The zone in which due dates begin and end: compiled in, and no other with it.
pub static ROME: TimeZone = jiff::tz::get!("Europe/Rome");

/// The wall clock in Rome.
pub fn in_rome(instant: Timestamp) -> ZonedDateTime {
    instant.to_zoned_datetime(ROME.clone())
}

/// The day it is in Rome.
pub fn rome_date(instant: Timestamp) -> Date {
    in_rome(instant).date()
}

/// The days from one to another, both included.
pub fn days(first: Date, last: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |day| day.tomorrow().ok()).take_while(move |day| *day <= last)
}

/// The first instant of a day in Rome.
pub fn start_of(day: Date) -> Option<Timestamp> {
    day.to_zoned_datetime(ROME.clone()).ok().map(|start| start.timestamp())
}

/// The first instant after a day in Rome.
pub fn end_of(day: Date) -> Option<Timestamp> {
    start_of(day.tomorrow().ok()?)
}

/// The day so many days later; earlier when negative.
pub fn days_after(day: Date, days: i64) -> Option<Date> {
    day.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

/// The months, `2026-11`, that lie between two instants, in UTC.
pub fn months(from: Timestamp, until: Timestamp) -> Vec<String> {
    let date = |instant: Timestamp| instant.to_zoned_datetime(TimeZone::UTC).date().first_of_month();
    let last = date(until);
    let next = |month: &Date| month.last_of_month().tomorrow().ok();
    let months = std::iter::successors(Some(date(from)), next).take_while(|month| *month <= last);
    months.map(|month| month.strftime("%Y-%m").to_string()).collect()
}

/// `05/03/2026`.
pub fn italian_date(day: Date) -> String {
    day.strftime("%d/%m/%Y").to_string()
}

/// An instant as people in Italy read it: `05/03/2026, 09:30`.
pub fn rome_minute(instant: Timestamp) -> String {
    in_rome(instant).strftime("%d/%m/%Y, %H:%M").to_string()
}

/// An instant to the second, as it is stored and compared as text: `2026-11-23T05:36:00Z`.
pub fn to_second(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

/// The instant so much later; the last one that there is, should that lie beyond it.
pub fn before(instant: Timestamp, by: std::time::Duration) -> Timestamp {
    instant.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// An instant so much later.
pub fn after(instant: Timestamp, by: std::time::Duration) -> Timestamp {
    instant.checked_add(by).unwrap_or(Timestamp::MAX)
}
