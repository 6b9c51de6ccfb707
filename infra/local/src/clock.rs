//! What is to happen at a time of the stack's clock: schedules, callbacks, expiry.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use jiff::SignedDuration;
use pagopa::SendRt;
use serde::Deserialize;
use tokio::sync::Notify;
use world::Clock;

use crate::psp::Event;

#[derive(Clone, Debug)]
pub enum Task {
    /// A function that is called every so often.
    Schedule { function: String, every: Duration },
    /// A callback of the PSP, and how many times it was tried before.
    Callback { event: Event, tries: usize },
    /// A receipt of the node, and how many times it was tried before.
    Receipt { sent: Box<SendRt>, tries: usize },
    /// Expired items go away once a day: DynamoDB takes its time too.
    Expire,
}

#[derive(Default)]
pub struct Agenda {
    tasks: Mutex<Vec<(Timestamp, Task)>>,
    changed: Notify,
}

impl Agenda {
    pub fn add(&self, at: Timestamp, task: Task) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push((at, task));
        self.changed.notify_one();
    }

    /// Takes out the task that is due first, if any is due.
    pub fn due(&self, now: Timestamp) -> Option<Task> {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, _) = tasks.iter().enumerate().min_by_key(|(_, (at, _))| *at)?;
        let due = tasks.get(first).is_some_and(|(at, _)| *at <= now);
        due.then(|| tasks.swap_remove(first).1)
    }

    pub fn is_due(&self, now: Timestamp) -> bool {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|(at, _)| *at <= now)
    }

    /// Waits until something may be due: the clock can be moved meanwhile, so never for long.
    pub async fn wait(&self, clock: &Clock) {
        let next = {
            let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            tasks.iter().map(|(at, _)| *at).min()
        };
        let left = next.map_or(SignedDuration::from_secs(1), |next| next.duration_since(clock.now()));
        let left = Duration::try_from(left).unwrap_or_default().min(Duration::from_secs(1));
        let _ = tokio::time::timeout(left, self.changed.notified()).await;
    }
}

/// The instant after so long a time.
pub fn after(now: Timestamp, time: Duration) -> Timestamp {
    now.saturating_add(time).unwrap_or(now)
}

/// How `POST /_local/clock` moves the clock.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Move {
    now: Option<Timestamp>,
    advance_seconds: Option<i64>,
}

/// Moves the clock; refuses an order that is none, or two.
pub fn moved(clock: &Clock, order: &[u8]) -> Result<(), String> {
    let order: Move = serde_json::from_slice(order).map_err(|e| e.to_string())?;
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
    fn tasks_come_out_in_order_and_not_before_their_time() {
        let (agenda, clock) = (Agenda::default(), Clock::system());
        let callback =
            |id: &str| Task::Callback { event: Event { id: id.to_owned(), body: String::new() }, tries: 0 };
        agenda.add(after(clock.now(), Duration::from_secs(60)), callback("later"));
        agenda.add(after(clock.now(), Duration::from_secs(30)), callback("sooner"));
        assert!(agenda.due(clock.now()).is_none());
        moved(&clock, br#"{"advanceSeconds": 61}"#).unwrap();
        let ids: Vec<String> = std::iter::from_fn(|| agenda.due(clock.now()))
            .map(|task| if let Task::Callback { event, .. } = task { event.id } else { String::new() })
            .collect();
        assert_eq!(ids, ["sooner", "later"]);
    }

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
