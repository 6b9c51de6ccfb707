//! The specification beside the project: schemas and examples, which are not ours to copy.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

static LEFT_OUT: AtomicUsize = AtomicUsize::new(0);

/// Says what was not tested and how much that makes, past the test runner, which would swallow it.
fn leave_out(what: &str, why: &str) {
    let count = LEFT_OUT.fetch_add(1, Ordering::Relaxed) + 1;
    let line = format!("LEFT OUT ({count}): {what}: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Where the specification is, if it is: `PAGOPA_SPEC_DIR`, or beside the project. Says aloud when it is not.
pub fn directory(left_out: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/pagopa");
    let found = std::env::var_os("PAGOPA_SPEC_DIR").map_or(beside, PathBuf::from);
    if found.join("xsd/soap-pafornode-wrapper.xsd").is_file() {
        return Some(found);
    }
    leave_out(left_out, "no pagoPA specification here (set PAGOPA_SPEC_DIR)");
    None
}

/// A second opinion on messages: `xmllint` with the schemas. None when one of them is missing, said aloud.
pub struct Validator {
    schema: PathBuf,
    workshop: PathBuf,
}

impl Validator {
    pub fn find(left_out: &str) -> Option<Self> {
        let schema = directory(left_out)?.join("xsd/soap-pafornode-wrapper.xsd");
        let there = Command::new("xmllint").arg("--version").output().is_ok_and(|run| run.status.success());
        if !there {
            leave_out(left_out, "no xmllint here (Debian: libxml2-utils)");
            return None;
        }
        let name = left_out.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let workshop = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&workshop).unwrap();
        Some(Self { schema, workshop })
    }

    /// For each message, whether it is well-formed and valid.
    pub fn judge<'a>(&self, messages: impl IntoIterator<Item = &'a [u8]>) -> Vec<bool> {
        let mut files = Vec::new();
        for (n, message) in messages.into_iter().enumerate() {
            let file = self.workshop.join(format!("{n:05}.xml"));
            std::fs::write(&file, message).unwrap();
            files.push(file);
        }
        let mut verdicts = Vec::new();
        for some in files.chunks(400) {
            let run = Command::new("xmllint")
                .args(["--noout", "--nonet", "--schema"])
                .arg(&self.schema)
                .args(some)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&run.stderr).into_owned();
            let valid: std::collections::BTreeSet<&str> =
                said.lines().filter_map(|line| line.strip_suffix(" validates")).collect();
            verdicts.extend(some.iter().map(|file| valid.contains(file.to_str().unwrap())));
        }
        verdicts
    }
}
