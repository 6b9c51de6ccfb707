//! What others check of the template and of the contract (sam, cfn-lint, checkov, schemathesis), and our own rules
//! for the template. The checkers are Python programs, at fixed versions, in environments below the build folder.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod contract;
mod dependencies;
mod grants;
mod parameters;
mod python;
mod release;
mod template;

use std::path::PathBuf;

use serde_yaml_ng::Value as Yaml;

/// The repository that this was built from.
fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn the_template() -> Yaml {
    serde_yaml_ng::from_str(&read("infra/template.yaml"))
        .unwrap_or_else(|e| panic!("infra/template.yaml: {e}"))
}

/// A list of faults is a failure that shows all of them.
fn none(faults: &[String], rule: &str) {
    assert!(faults.is_empty(), "{rule}\n  {}", faults.join("\n  "));
}

/// A mapping's entries, names as text.
fn entries(value: &Yaml) -> impl Iterator<Item = (&str, &Yaml)> {
    let entries = value.as_mapping().into_iter().flatten();
    entries.map(|(name, value)| (name.as_str().unwrap_or_default(), value))
}
