//! How long a session lives: an idle limit and an absolute one, both kept by the server.

use std::time::Duration;

use jiff::Timestamp;

/// The two limits, settings of the deployment.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    pub idle: Duration,
    pub absolute: Duration,
}

/// How often, at most, use of a session is written down.
const TOUCH_EVERY: Duration = Duration::from_secs(60);

impl SessionLimits {
    /// Returns whether a session opened at `created` and last used at `seen` still lives.
    pub fn alive(&self, created: Timestamp, seen: Timestamp, now: Timestamp) -> bool {
        passed(created, now) < self.absolute && passed(seen, now) < self.idle
    }

    /// Returns whether this use is worth writing down: sparing a write is worth a minute of idle time.
    pub fn worth_touching(&self, seen: Timestamp, now: Timestamp) -> bool {
        passed(seen, now) >= TOUCH_EVERY
    }
}

/// Time passed, zero if the clock went back.
pub fn passed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
}
