//! pagoPA's own schemas, which are not ours to copy: a second opinion on messages where they are at hand.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

/// SOAP's envelope and pagoPA's `paForNode.xsd` in one schema.
const SCHEMA: &str = "xsd/soap-pafornode-wrapper.xsd";

/// The folder with `xsd/`: `PAGOPA_SPEC_DIR`, or beside the project.
fn directory() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/pagopa");
    std::env::var_os("PAGOPA_SPEC_DIR").map_or_else(beside, PathBuf::from)
}

/// Says once what is not tested and why, past the test runner, which would swallow it.
fn leave_out(why: &str) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let line = format!("LEFT OUT: pagopa's five tests that ask pagoPA's own schemas: {why}\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    });
}

/// A second opinion on messages: `xmllint` with the schemas. None when one of them is missing, said aloud.
pub struct Validator {
    schema: PathBuf,
    workshop: PathBuf,
}

impl Validator {
    /// `name` is the folder of the messages that are judged, of this test alone.
    pub fn find(name: &str) -> Option<Self> {
        let schema = directory().join(SCHEMA);
        if !schema.is_file() {
            leave_out(&format!("no {SCHEMA} in PAGOPA_SPEC_DIR (not set: ../shared/pagopa)"));
            return None;
        }
        let there = Command::new("xmllint").arg("--version").output().is_ok_and(|run| run.status.success());
        if !there {
            leave_out("no xmllint (Debian: libxml2-utils)");
            return None;
        }
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
