//! The log: one JSON object a line, for machines; never a body, a header, a code or an address.

use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, io};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::{Format, Json, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

/// The target of an event whose message is a whole line already: a JSON object.
pub(crate) const LINE: &str = "line";

/// Sends our events to standard output as JSON lines, where Lambda collects them, and panics with them.
pub(crate) fn init() {
    // Already installed when a test starts a function in its own process: the first one stays.
    let _ = tracing::subscriber::set_global_default(to(std::io::stdout));
    panics_without_words();
}

/// The functions' log as production writes it, to somewhere else.
pub fn to<W>(writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let json = tracing_subscriber::fmt::format().json();
    let json = json.flatten_event(true).with_current_span(false).with_span_list(false);
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(LevelFilter::INFO)
        .with_writer(writer)
        .fmt_fields(JsonFields::new())
        .event_format(LineFormat(json))
        .finish()
}

/// A log that stays in memory, for tests that read it. A clone is the same.
#[derive(Clone, Default)]
pub struct MemoryLog(Arc<Mutex<Vec<u8>>>);

impl MemoryLog {
    /// All that was written so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl io::Write for MemoryLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for MemoryLog {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

/// A panic is logged by its place in the code. Its message may quote what a citizen wrote, and is lost.
pub fn panics_without_words() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        tracing::error!(event = "panic", place, "a handler panicked");
    }));
}

struct LineFormat(Format<Json>);

impl<S> FormatEvent<S, JsonFields> for LineFormat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if event.metadata().target() != LINE {
            let mut line = String::new();
            self.0.format_event(context, Writer::new(&mut line), event)?;
            // Which release says it.
            let members = line.strip_prefix('{').unwrap_or(&line);
            return write!(writer, "{{\"version\":\"{}\",{members}", runtime::VERSION);
        }
        let mut line = MessageVisitor(String::new());
        event.record(&mut line);
        writeln!(writer, "{}", line.0)
    }
}

struct MessageVisitor(String);

impl Visit for MessageVisitor {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
