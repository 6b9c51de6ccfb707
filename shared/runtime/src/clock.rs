use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// The one clock: the system's, moved by an offset that production never sets.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_millis: Arc<AtomicI64>,
    /// Of this copy alone: how wrong it goes.
    skew: SignedDuration,
    /// It does not run by itself, and its offset counts from the epoch.
    stands: bool,
}

impl Clock {
    pub fn system() -> Self {
        Self::default()
    }

    /// One that shows an instant until it is moved: with it a simulation can be replayed.
    pub fn standing(at: Timestamp) -> Self {
        let clock = Self { stands: true, ..Self::default() };
        clock.set(at);
        clock
    }

    /// The same clock, gone wrong by so much: two machines never agree wholly.
    pub fn skewed(&self, by: SignedDuration) -> Self {
        Self { skew: by, ..self.clone() }
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where the system's clock is read")]
    pub fn now(&self) -> Timestamp {
        let offset = SignedDuration::from_millis(self.offset_millis.load(Ordering::Relaxed));
        let now = if self.stands { Timestamp::UNIX_EPOCH } else { Timestamp::now() };
        now.checked_add(offset).and_then(|now| now.checked_add(self.skew)).unwrap_or(now)
    }

    /// Moves the clock, and everything that shares it, forward or back.
    pub fn advance(&self, by: SignedDuration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(0);
        self.offset_millis.fetch_add(millis, Ordering::Relaxed);
    }

    /// Sets the clock to an instant; it goes on from there.
    pub fn set(&self, to: Timestamp) {
        self.advance(to.duration_since(self.now()));
    }
}
