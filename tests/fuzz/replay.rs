//! The corpus of every fuzz target, replayed: whatever was once found stays found.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a target stops at the first thing that must not happen"
)]

#[path = "src/lib.rs"]
mod fuzz;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(here().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// The files of a folder, by name.
fn names(folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(here().join(folder)).unwrap_or_else(|why| panic!("{folder}: {why}"));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Runs targets on their corpora; what fails is named, so that one command shows it again.
fn replay(targets: impl Fn(&str) -> bool) {
    for (target, run) in fuzz::TARGETS.iter().filter(|(name, _)| targets(name)) {
        let files = names(&format!("corpus/{target}"));
        assert!(files.len() >= 4, "{target} has a corpus of {} files", files.len());
        for name in files {
            let bytes = std::fs::read(here().join(format!("corpus/{target}/{name}"))).unwrap();
            let outcome = std::panic::catch_unwind(|| run(&bytes));
            assert!(outcome.is_ok(), "tests/fuzz/corpus/{target}/{name}: see above");
        }
    }
}

const XML: &[&str] = &["node", "pagopa_answer", "soap"];
const TOKENS: &[&str] = &["cursor", "session_token"];

#[test]
fn inv_x03_no_input_ever_found_hurts() {
    replay(|target| target != "pdf_text" && !XML.contains(&target) && !TOKENS.contains(&target));
}

#[test]
fn inv_x06_no_markup_ever_found_hurts_and_time_stays_linear() {
    replay(|target| XML.contains(&target));
}

#[test]
fn inv_i15_inv_x11_no_token_ever_found_opens_anything() {
    replay(|target| TOKENS.contains(&target));
}

#[test]
fn inv_x12_no_text_ever_found_is_more_than_text_on_a_page() {
    replay(|target| target == "pdf_text");
}

/// A target that is left out of one of the lists would be fuzzed or replayed no more, and nobody would notice.
#[test]
fn every_target_has_its_program_its_corpus_and_its_place_in_the_manifest() {
    let targets: BTreeSet<String> = fuzz::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("corpus"), targets);
    let programs: BTreeSet<String> = targets.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(names("fuzz_targets"), programs);
    let manifest: toml::Table = toml::from_str(&read("Cargo.toml")).unwrap();
    let bins = manifest["bin"].as_array().unwrap();
    let named: BTreeSet<String> = bins.iter().map(|bin| bin["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(named, targets);
    for name in targets {
        let line = format!("libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::run(\"{name}\", bytes));");
        assert_eq!(read(&format!("fuzz_targets/{name}.rs")), format!("#![no_main]\n{line}\n"));
    }
}

#[test]
#[should_panic(expected = "there is no target nothing")]
fn a_name_that_no_target_has_is_no_silent_success() {
    fuzz::run("nothing", b"");
}
