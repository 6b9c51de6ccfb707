//! How to start a stack.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use domain::Timestamp;
use runtime::PaymentChannel;

use crate::functions::{self, FunctionEntry};

/// How to start. The default is what tests want: a free port, in memory, demonstration data, a silent log.
pub struct Options {
    /// 0 for any free one.
    pub port: u16,
    /// A folder for data that survive restarts; none: in memory.
    pub data: Option<PathBuf>,
    /// Limits on attempts.
    pub limits: bool,
    /// No gateway and no functions: only what they need around them.
    pub neighbours_only: bool,
    /// Address of Lambda's Invoke API, to run the functions elsewhere.
    pub invoke: Option<String>,
    /// Where citizens pay.
    pub channel: PaymentChannel,
    /// The name or address by which functions elsewhere reach this machine; an address is listened to as well.
    pub host: Option<String>,
    /// Where citizens reach the portal, when that is not this stack.
    pub public_url: Option<String>,
    /// Another template than `infra/template.yaml`.
    pub template: Option<PathBuf>,
    /// Values for the template's parameters that differ from the demonstration creditor's.
    pub parameters: BTreeMap<String, String>,
    /// Whether what the template does not grant is refused, or only noted.
    pub enforce_grants: bool,
    /// Whether the demonstration data are put in.
    pub demo: bool,
    /// One line for each request.
    pub log: bool,
    /// Of a simulation: what decides its chance, and when it begins.
    pub simulation: Option<Simulation>,
    /// The functions that run in this process.
    pub functions: &'static [FunctionEntry],
}

/// What makes a run of the stack one that can be replayed.
#[derive(Clone, Copy, Debug)]
pub struct Simulation {
    /// Decides the functions' randomness and how wrong their clocks go.
    pub seed: u64,
    /// Where the clock stands at first.
    pub start: Timestamp,
    /// How wrong, at most.
    pub skew: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            data: None,
            limits: true,
            neighbours_only: false,
            invoke: None,
            host: None,
            channel: PaymentChannel::Psp,
            public_url: None,
            template: None,
            parameters: BTreeMap::new(),
            enforce_grants: true,
            demo: true,
            log: false,
            simulation: None,
            functions: functions::FUNCTIONS,
        }
    }
}

/// The repository that this was built from.
pub fn repository() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
