//! Days of the creditor's calendar: Europe/Rome, summer time included.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// The zone in which due dates begin and end.
pub const ROME: &str = "Europe/Rome";

/// The wall clock in Rome. The zone's data is compiled in; UTC would stand in only if it were not.
pub fn in_rome(instant: Timestamp) -> Zoned {
    instant.to_zoned(TimeZone::get(ROME).unwrap_or(TimeZone::UTC))
}

/// The day it is in Rome.
pub fn rome_date(instant: Timestamp) -> Date {
    in_rome(instant).date()
}

/// The first instant of a day in Rome.
pub fn start_of(day: Date) -> Option<Timestamp> {
    let zone = TimeZone::get(ROME).ok()?;
    day.to_zoned(zone).ok().map(|start| start.timestamp())
}

/// The first instant after a day in Rome.
pub fn end_of(day: Date) -> Option<Timestamp> {
    start_of(day.tomorrow().ok()?)
}

/// `05/03/2026`.
pub fn italian_date(day: Date) -> String {
    day.strftime("%d/%m/%Y").to_string()
}

/// An instant to the second, as it is stored and compared as text: `2026-11-23T05:36:00Z`.
pub fn to_second(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}
