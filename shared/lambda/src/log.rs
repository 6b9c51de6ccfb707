//! The log: one JSON object a line, for machines; never a body, a header, a code or an address.

use tracing_subscriber::filter::LevelFilter;

/// Sends our events to standard output as JSON lines, where Lambda collects them.
pub(crate) fn init() {
    let installed = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_max_level(LevelFilter::INFO)
        .with_ansi(false)
        .try_init();
    // Already installed when a test starts a function in its own process: the first one stays.
    drop(installed);
}
