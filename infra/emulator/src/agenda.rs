//! What is to happen at a time of the stack's clock.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use jiff::SignedDuration;
use tokio::sync::Notify;
use world::Clock;

pub struct Agenda<T> {
    tasks: Mutex<Vec<(Timestamp, T)>>,
    changed: Notify,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { tasks: Mutex::default(), changed: Notify::default() }
    }
}

impl<T> Agenda<T> {
    pub fn add(&self, at: Timestamp, task: T) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push((at, task));
        self.changed.notify_one();
    }

    /// Takes out the task that is due first, if any is due.
    pub fn due(&self, now: Timestamp) -> Option<T> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_come_out_in_order_and_not_before_their_time() {
        let (agenda, clock) = (Agenda::default(), Clock::system());
        agenda.add(after(clock.now(), Duration::from_secs(60)), "later");
        agenda.add(after(clock.now(), Duration::from_secs(30)), "sooner");
        assert!(agenda.due(clock.now()).is_none());
        clock.advance(SignedDuration::from_secs(61));
        let due: Vec<&str> = std::iter::from_fn(|| agenda.due(clock.now())).collect();
        assert_eq!(due, ["sooner", "later"]);
    }
}
