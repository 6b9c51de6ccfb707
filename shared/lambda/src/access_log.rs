//! The line that every invocation leaves. With a namespace it carries the function's metrics, too, in CloudWatch's
//! embedded metric format: one line is both, and is paid for once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::Fault;
use runtime::metrics::{Measured, Metric};
use runtime::{Clock, Env, Metrics, VERSION};
use serde_json::{Map, Value, json};

use crate::log::LINE;

/// Writes a function's lines.
pub(crate) struct AccessLog {
    function: &'static str,
    namespace: Option<String>,
    clock: Clock,
    metrics: Metrics,
    cold: AtomicBool,
}

/// An invocation that is over. No field may hold what a caller wrote.
pub(crate) struct InvocationRecord<'a> {
    pub started: Instant,
    /// The route as the contract writes it, or what else called.
    pub route: &'static str,
    pub status: Option<u16>,
    pub request_id: &'a str,
    pub trace_id: Option<&'a str>,
    /// Whose session it came with, as a pseudonym.
    pub subject: Option<&'a str>,
    /// The code of a refusal.
    pub code: &'static str,
    pub fault: Option<&'a Fault>,
}

impl AccessLog {
    pub fn of<F>(env: &Env) -> Self {
        Self {
            function: name_of::<F>(),
            namespace: env.config().metrics_namespace.given().cloned(),
            clock: env.clock().clone(),
            metrics: env.metrics().clone(),
            cold: AtomicBool::new(true),
        }
    }

    /// Writes the line of an invocation, and one for each outcome that it met. A refusal is an ordinary answer; only
    /// a fault is an error.
    pub fn close(&self, invocation: &InvocationRecord<'_>) {
        let micros = u64::try_from(invocation.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let cold = self.cold.swap(false, Ordering::Relaxed);
        let mut line = self.begun(if invocation.fault.is_some() { "ERROR" } else { "INFO" }, "request");
        line.insert("route".to_owned(), invocation.route.into());
        line.insert("micros".to_owned(), micros.into());
        line.insert("cold".to_owned(), cold.into());
        line.insert("request_id".to_owned(), invocation.request_id.into());
        let known: [(&str, Option<Value>); 6] = [
            ("status", invocation.status.map(Value::from)),
            ("trace_id", invocation.trace_id.map(Value::from)),
            ("subject", invocation.subject.map(Value::from)),
            ("code", Some(invocation.code).filter(|code| !code.is_empty()).map(Value::from)),
            ("doing", invocation.fault.map(|fault| fault.doing.into())),
            ("cause", invocation.fault.map(|fault| chain(fault).into())),
        ];
        line.extend(known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        let measured = self.metrics.take();
        let Some(namespace) = &self.namespace else { return print(invocation.fault.is_some(), line) };
        let (by_outcome, plain): (Vec<_>, Vec<_>) =
            measured.into_iter().partition(|measured| measured.outcome.is_some());
        let mut own = vec![(Metric::Requests, 1_u64.into()), (Metric::Latency, milliseconds(micros))];
        own.extend(cold.then(|| (Metric::ColdStarts, 1_u64.into())));
        own.extend(plain.iter().map(|measured| (measured.metric, measured.value.into())));
        line.extend(self.embedded(namespace, &[], own));
        print(invocation.fault.is_some(), line);
        // A dimension has one value in a line: each outcome has its own.
        for Measured { metric, outcome, value } in by_outcome {
            let mut line = self.begun("INFO", "outcome");
            line.insert("request_id".to_owned(), invocation.request_id.into());
            line.insert("Outcome".to_owned(), outcome.into());
            line.extend(self.embedded(namespace, &["Outcome"], vec![(metric, value.into())]));
            print(false, line);
        }
    }

    /// What every line begins with, as Lambda's own JSON lines do.
    fn begun(&self, level: &str, message: &str) -> Map<String, Value> {
        let mut line = Map::new();
        line.insert(
            "timestamp".to_owned(),
            self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string().into(),
        );
        line.insert("level".to_owned(), level.into());
        line.insert("message".to_owned(), message.into());
        line.insert("function".to_owned(), self.function.into());
        line.insert("version".to_owned(), VERSION.into());
        line
    }

    /// The members that make a line a document of the embedded metric format: the values, and what they are. They are not
    /// told apart by function: each would be a series to pay for, Lambda counts calls and durations by function without
    /// charge, and the line carries the function's name.
    fn embedded(
        &self,
        namespace: &str,
        dimensions: &[&str],
        values: Vec<(Metric, Value)>,
    ) -> Map<String, Value> {
        let metrics: Vec<Value> =
            values.iter().map(|(metric, _)| json!({"Name": metric.name(), "Unit": metric.unit()})).collect();
        let directive = json!({"Namespace": namespace, "Dimensions": [dimensions], "Metrics": metrics});
        let at = self.clock.now().as_millisecond();
        let mut members: Map<String, Value> =
            values.into_iter().map(|(metric, value)| (metric.name().to_owned(), value)).collect();
        members.insert("_aws".to_owned(), json!({"Timestamp": at, "CloudWatchMetrics": [directive]}));
        members
    }
}

fn milliseconds(micros: u64) -> Value {
    (Duration::from_micros(micros).as_secs_f64() * 1_000.0).into()
}

fn print(is_error: bool, line: Map<String, Value>) {
    let line = Value::Object(line);
    match is_error {
        true => tracing::error!(target: LINE, "{line}"),
        false => tracing::info!(target: LINE, "{line}"),
    }
}

/// A function's own name: the type's, which is its logical id.
fn name_of<F>() -> &'static str {
    std::any::type_name::<F>().rsplit("::").next().unwrap_or_default()
}

/// The causes of a fault, outermost first.
fn chain(fault: &Fault) -> String {
    let mut text = fault.source.to_string();
    let mut cause = fault.source.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// The trace that a header or Lambda names (`Root=1-5759e988-bd862e3fe1be46a994272793;…`). A caller may write the
/// header: what has another form is none.
pub(crate) fn trace_id(header: &str) -> Option<&str> {
    let root = header.split(';').find_map(|part| part.trim().strip_prefix("Root="))?;
    let mut parts = root.split('-');
    let hex = |part: Option<&str>, length: usize| {
        part.is_some_and(|part| part.len() == length && part.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let fits =
        parts.next() == Some("1") && hex(parts.next(), 8) && hex(parts.next(), 24) && parts.next().is_none();
    fits.then_some(root)
}

#[cfg(test)]
mod tests;
