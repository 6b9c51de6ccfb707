//! `POST /_local/clock`: the clock of everything here, moved by hand.

use domain::Timestamp;
use jiff::SignedDuration;
use serde::Deserialize;
use world::Clock;

/// How `POST /_local/clock` moves the clock.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ClockChange {
    now: Option<Timestamp>,
    advance_seconds: Option<i64>,
}

/// Moves the clock; refuses an order that is none, or two.
pub fn moved(clock: &Clock, order: &[u8]) -> Result<(), String> {
    let order: ClockChange = serde_json::from_slice(order).map_err(|e| e.to_string())?;
    match (order.now, order.advance_seconds) {
        (Some(now), None) => clock.set(now),
        (None, Some(seconds)) => {
            let by = SignedDuration::from_secs(seconds);
            clock.now().checked_add(by).map_err(|e| e.to_string())?;
            clock.advance(by);
        }
        _ => return Err("give either now or advanceSeconds".to_owned()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_moved_by_one_order_at_a_time() {
        let clock = Clock::system();
        for wrong in ["{}", r#"{"now":"2027-01-01T00:00:00Z","advanceSeconds":1}"#, r#"{"later":1}"#, "1"] {
            assert!(moved(&clock, wrong.as_bytes()).is_err(), "{wrong}");
        }
        moved(&clock, br#"{"now":"2031-02-03T04:05:06Z"}"#).unwrap();
        assert!(clock.now().to_string().starts_with("2031-02-03T04:05:0"));
    }
}
