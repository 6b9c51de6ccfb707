//! What a run finds out: kept as JSON, printed as tables.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// A spread of times, in microseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Spread {
    pub n: u64,
    pub p50: u64,
    pub p90: u64,
    pub p99: u64,
}

/// Up to an hour in microseconds, three digits.
pub fn histogram() -> Result<Histogram<u64>, hdrhistogram::CreationError> {
    Histogram::new_with_bounds(1, 3_600_000_000, 3)
}

impl Spread {
    pub fn of(times: impl IntoIterator<Item = Duration>) -> Self {
        let Ok(mut histogram) = histogram() else { return Self::default() };
        for time in times {
            histogram.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
        }
        Self::from(&histogram)
    }
}

impl From<&Histogram<u64>> for Spread {
    fn from(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile);
        Self { n: histogram.len(), p50: at(0.5), p90: at(0.9), p99: at(0.99) }
    }
}

/// One action of a function.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Action {
    pub function: String,
    pub action: String,
    /// The first call of a new instance, with a whole processor and with its memory's share.
    pub first: Spread,
    pub first_processor: Spread,
    pub first_with_share: Spread,
    pub warm: Spread,
    pub warm_processor: Spread,
}

/// One binary.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Binary {
    pub name: String,
    pub memory_mib: u32,
    pub bytes: u64,
    pub zipped: u64,
    pub start: Spread,
    pub start_processor: Spread,
    pub peak_kib: u64,
}

/// A part of the load.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Load {
    pub what: String,
    pub callers: usize,
    pub seconds: f64,
    pub per_second: f64,
    pub failed: u64,
    pub spread: Spread,
}

/// A share of what something costs, in dollars.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Share {
    pub what: String,
    pub amount: f64,
    pub dollars: f64,
}

/// A library of another language at the same work.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Peer {
    pub what: String,
    pub milliseconds: f64,
    /// The same work by us, in the same run.
    pub ours: f64,
}

/// A function that somebody else would write, asking what `search` asks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ColdPeer {
    pub what: String,
    pub start: Spread,
    pub start_processor: Spread,
    pub first: Spread,
    pub first_with_share: Spread,
}

/// Lists of other sizes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Size {
    pub debts: usize,
    pub search: Spread,
    pub list: Spread,
    pub history: Spread,
}

/// Everything of one run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
    pub date: String,
    pub machine: String,
    /// Why there are no figures with the processor's share, if there are none.
    pub no_share: Option<String>,
    pub floor: Binary,
    pub floor_first: Spread,
    pub floor_warm: Spread,
    pub floor_warm_processor: Spread,
    /// The socket asking what `search` and `list` ask.
    pub socket: Vec<Action>,
    pub binaries: Vec<Binary>,
    pub actions: Vec<Action>,
    /// One hash at today's parameters: processor time, and which code it ran.
    pub hash: Option<Hash>,
    pub load: Vec<Load>,
    pub cost: Vec<Share>,
    /// A month in which nobody comes.
    pub at_rest: Vec<Share>,
    pub sizes: Vec<Size>,
    pub peers: Vec<Peer>,
    pub cold_peers: Vec<ColdPeer>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Hash {
    pub microseconds: u64,
    pub path: String,
}

impl Figures {
    pub fn action(&self, function: &str, action: &str) -> Option<&Action> {
        self.actions.iter().find(|each| each.function == function && each.action == action)
    }

    pub fn binary(&self, name: &str) -> Option<&Binary> {
        self.binaries.iter().find(|each| each.name == name)
    }
}
