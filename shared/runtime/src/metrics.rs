//! What a function measures while it works. `lambda` prints it when the invocation ends; nobody else does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A metric, as the alarms and the dashboard of `infra/template.yaml` name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    Requests,
    Latency,
    ColdStarts,
    ConditionalFailures,
    Payments,
    Callbacks,
    Mails,
    OldestOutboxSeconds,
    OldestUnknownSeconds,
}

impl Metric {
    pub const ALL: &[Metric] = &[
        Metric::Requests,
        Metric::Latency,
        Metric::ColdStarts,
        Metric::ConditionalFailures,
        Metric::Payments,
        Metric::Callbacks,
        Metric::Mails,
        Metric::OldestOutboxSeconds,
        Metric::OldestUnknownSeconds,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Metric::Requests => "Requests",
            Metric::Latency => "Latency",
            Metric::ColdStarts => "ColdStarts",
            Metric::ConditionalFailures => "ConditionalFailures",
            Metric::Payments => "Payments",
            Metric::Callbacks => "Callbacks",
            Metric::Mails => "Mails",
            Metric::OldestOutboxSeconds => "OldestOutboxSeconds",
            Metric::OldestUnknownSeconds => "OldestUnknownSeconds",
        }
    }

    /// As CloudWatch writes it.
    pub fn unit(self) -> &'static str {
        match self {
            Metric::Latency => "Milliseconds",
            Metric::OldestOutboxSeconds | Metric::OldestUnknownSeconds => "Seconds",
            _ => "Count",
        }
    }

    /// Returns whether it has a dimension for how something went. Nothing else has: outcomes are few and known
    /// beforehand, and every value is a series to pay for.
    pub fn by_outcome(self) -> bool {
        matches!(self, Metric::Payments | Metric::Callbacks | Metric::Mails)
    }
}

/// How a payment went, once we know something new of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PaymentOutcome {
    Credited,
    Duplicate,
    Mismatch,
    Unmatched,
    Failed,
    Cancelled,
    Expired,
}

/// What became of a PSP's callback or of a receipt that the node brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallbackOutcome {
    Credited,
    Duplicate,
    Mismatch,
    Unmatched,
    /// An attempt ended without money.
    Ended,
    /// It said nothing new.
    Ignored,
    /// The same message had come before.
    Repeated,
    /// Another message came under an id that was taken.
    Conflict,
    BadSignature,
    Unreadable,
}

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MailOutcome {
    Sent,
    /// Put back: it is tried again.
    Failed,
    /// Given up after the last try.
    Dead,
    /// Not sent: its address was written to enough.
    Limited,
}

/// Something to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A write was refused because its condition did not hold.
    ConditionalFailure,
    Payment(PaymentOutcome),
    Callback(CallbackOutcome),
    Mail(MailOutcome),
    /// How long the oldest message in the outbox has waited.
    OldestOutbox(Duration),
    /// How long the oldest payment has been without outcome.
    OldestUnknown(Duration),
}

/// A metric's value over one invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    pub metric: Metric,
    pub outcome: Option<&'static str>,
    pub value: u64,
}

/// The measurements of the invocation at work. A clone writes to the same place.
#[derive(Clone, Default)]
pub struct Metrics {
    tally: Arc<Mutex<Tally>>,
}

type Tally = BTreeMap<(Metric, Option<&'static str>), u64>;

impl Metrics {
    /// Counts an event; of ages, keeps the greatest.
    pub fn note(&self, measure: Measure) {
        let one = |metric, outcome| ((metric, outcome), 1_u64);
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let (key, more) = match measure {
            Measure::OldestOutbox(age) | Measure::OldestUnknown(age) => {
                let metric = match measure {
                    Measure::OldestOutbox(_) => Metric::OldestOutboxSeconds,
                    _ => Metric::OldestUnknownSeconds,
                };
                let oldest = tally.entry((metric, None)).or_default();
                *oldest = (*oldest).max(age.as_secs());
                return;
            }
            Measure::ConditionalFailure => one(Metric::ConditionalFailures, None),
            Measure::Payment(outcome) => one(Metric::Payments, Some(outcome.as_str())),
            Measure::Callback(outcome) => one(Metric::Callbacks, Some(outcome.as_str())),
            Measure::Mail(outcome) => one(Metric::Mails, Some(outcome.as_str())),
        };
        let count = tally.entry(key).or_default();
        *count = count.saturating_add(more);
    }

    /// All that was measured since the last time, and begins anew.
    pub fn take(&self) -> Vec<Measured> {
        let tally = std::mem::take(&mut *self.tally.lock().unwrap_or_else(PoisonError::into_inner));
        let each = tally.into_iter();
        each.map(|((metric, outcome), value)| Measured { metric, outcome, value }).collect()
    }
}

impl PaymentOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            PaymentOutcome::Credited => "credited",
            PaymentOutcome::Duplicate => "duplicate",
            PaymentOutcome::Mismatch => "mismatch",
            PaymentOutcome::Unmatched => "unmatched",
            PaymentOutcome::Failed => "failed",
            PaymentOutcome::Cancelled => "cancelled",
            PaymentOutcome::Expired => "expired",
        }
    }
}

impl CallbackOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            CallbackOutcome::Credited => "credited",
            CallbackOutcome::Duplicate => "duplicate",
            CallbackOutcome::Mismatch => "mismatch",
            CallbackOutcome::Unmatched => "unmatched",
            CallbackOutcome::Ended => "ended",
            CallbackOutcome::Ignored => "ignored",
            CallbackOutcome::Repeated => "repeated",
            CallbackOutcome::Conflict => "conflict",
            CallbackOutcome::BadSignature => "bad_signature",
            CallbackOutcome::Unreadable => "unreadable",
        }
    }
}

impl MailOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            MailOutcome::Sent => "sent",
            MailOutcome::Failed => "failed",
            MailOutcome::Dead => "dead",
            MailOutcome::Limited => "limited",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_counted_ages_keep_the_greatest_and_what_is_taken_is_gone() {
        let metrics = Metrics::default();
        let same = metrics.clone();
        metrics.note(Measure::Mail(MailOutcome::Sent));
        same.note(Measure::Mail(MailOutcome::Sent));
        metrics.note(Measure::Mail(MailOutcome::Failed));
        metrics.note(Measure::OldestOutbox(Duration::from_secs(40)));
        metrics.note(Measure::OldestOutbox(Duration::from_secs(7)));
        let taken: Vec<_> =
            metrics.take().into_iter().map(|m| (m.metric.name(), m.outcome, m.value)).collect();
        assert_eq!(
            taken,
            [("Mails", Some("failed"), 1), ("Mails", Some("sent"), 2), ("OldestOutboxSeconds", None, 40)]
        );
        assert_eq!(same.take(), []);
    }
}
