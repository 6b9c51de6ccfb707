//! The house rules, as tests: each failure says what to do.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod crates;
mod files;
mod functions;
mod ids;
mod notices;
mod papers;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository that this was built from.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Every file of the repository, new ones included, ignored ones not.
fn files() -> Vec<String> {
    let git = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listed = Command::new("git").args(git).current_dir(repository()).output();
    let listed =
        listed.unwrap_or_else(|e| panic!("these rules are about what git knows, and git does not run: {e}"));
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let there = |path: &&str| !path.is_empty() && repository().join(path).is_file();
    listed.split('\0').filter(there).map(str::to_owned).collect()
}

/// The names of the folders in a folder.
fn folders(path: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(repository().join(path)).unwrap();
    let entries =
        entries.map(|entry| entry.unwrap()).filter(|entry| entry.path().join("Cargo.toml").is_file());
    entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

/// A list of faults is a failure that shows all of them.
fn none(faults: Vec<String>, rule: &str) {
    assert!(faults.is_empty(), "{rule}\n  {}", faults.join("\n  "));
}
