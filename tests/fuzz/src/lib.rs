//! Fuzz targets, one for each kind of input from outside: functions of any bytes that panic at the first thing that
//! must not happen. The fuzzer calls them with generated inputs, `replay.rs` with the corpus.

mod actions;
mod documents;
mod forms;
mod messages;
mod portal;
mod texts;

/// A target: its name, which is its folder in the corpus, and what it does with an input.
pub type FuzzTarget = (&'static str, fn(&[u8]));

/// Every target, by name.
pub const TARGETS: &[FuzzTarget] = &[
    ("amount", texts::amount),
    ("cursor", actions::cursor),
    ("email", texts::email),
    ("fiscal_code", texts::fiscal_code),
    ("import", actions::import),
    ("json", forms::json),
    ("node", actions::node),
    ("notice_number", texts::notice_number),
    ("pagopa_answer", messages::pagopa_answer),
    ("pdf_text", documents::pdf_text),
    ("receipt_code", actions::receipt_code),
    ("register", actions::register),
    ("request", forms::request),
    ("schema_value", texts::schema_value),
    ("search", actions::search),
    ("session_token", actions::session_token),
    ("soap", messages::soap),
    ("webhook", actions::webhook),
];

/// Runs the target of this name.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    let (_, target) = target.unwrap_or_else(|| panic!("there is no target {name}"));
    target(bytes);
}
