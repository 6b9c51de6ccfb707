//! What the papers for people name is there: files, tests, types.

use std::collections::BTreeSet;

use crate::{files, none, read, repository};

/// The papers that this is about, beside every page of `infra/decisions/`.
const PAPERS: &[&str] = &["ARCHITECTURE.md", "CONTRIBUTING.md", "GLOSSARY.md", "README.md"];

fn papers() -> Vec<String> {
    let decisions = files().into_iter().filter(|path| path.starts_with("infra/decisions/"));
    PAPERS.iter().map(|path| (*path).to_owned()).chain(decisions).collect()
}

/// The parts of a text that could be a path.
fn paths_in(text: &str) -> BTreeSet<&str> {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '<' | '>' | '{');
    let words = text.split(|c: char| !part(c)).map(|word| word.trim_end_matches(['.', '/']));
    let roots = ["events/", "functions/", "infra/", "shared/", "tests/"];
    words
        .filter(|word| roots.iter().any(|root| word.starts_with(root)))
        .filter(|word| !word.contains(['<', '>', '{']))
        .collect()
}

/// What stands between backticks.
fn code_in(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Every Rust source of the product and its tests, as one text.
fn sources(of: &[&str]) -> String {
    let rust = files().into_iter().filter(|path| path.ends_with(".rs"));
    let texts = rust.filter(|path| of.iter().any(|root| path.starts_with(root))).map(|path| read(&path));
    texts.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_path_in_the_papers_is_there() {
    let mut faults = Vec::new();
    for paper in papers() {
        let text = read(&paper);
        let gone = paths_in(&text).into_iter().filter(|path| !repository().join(path).exists());
        faults.extend(gone.map(|path| format!("{paper}: {path}")));
    }
    none(faults, "A paper names what has moved or gone.");
}

/// `inv_m01_…`: in a paper's code, a name of five words is a test.
#[test]
fn every_test_in_the_papers_is_there() {
    let sources = sources(&["tests/", "shared/", "functions/", "infra/"]);
    let is_test = |name: &&str| {
        let word = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        word && name.matches('_').count() >= 4
    };
    let mut faults = Vec::new();
    for paper in papers() {
        let text = read(&paper);
        let gone = code_in(&text).filter(is_test).filter(|name| !sources.contains(&format!("fn {name}(")));
        faults.extend(gone.map(|name| format!("{paper}: {name}")));
    }
    none(faults, "A paper claims what no test of that name proves.");
}

#[test]
fn every_code_name_in_the_glossary_is_there() {
    let sources = sources(&["shared/", "functions/"]);
    let words: BTreeSet<&str> = sources
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    let glossary = read("GLOSSARY.md");
    let names = code_in(&glossary).filter(|name| name.contains("::")).flat_map(|name| name.split("::"));
    let unknown = names.filter(|name| !words.contains(name)).map(str::to_owned).collect();
    none(unknown, "GLOSSARY.md names code that is not there.");
}
