//! `infra/proofs.md` is the list of the rules that hold: each has a test named after it, or a written reason why it
//! has none. The columns of tests are kept by this test.

use std::collections::{BTreeMap, BTreeSet};

use crate::{files, none, read, repository};

const TABLE: &str = "infra/proofs.md";

/// A row of the table: `| INV-M01 | what must hold | tests | remark |`.
struct ProofRow {
    id: String,
    title: String,
    tests: String,
    remark: String,
}

impl ProofRow {
    fn of(line: &str) -> Option<Self> {
        let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
        let [id, title, tests, remark] = cells[..] else { return None };
        let owned = str::to_owned;
        is_id(id).then(|| Self {
            id: owned(id),
            title: owned(title),
            tests: owned(tests),
            remark: owned(remark),
        })
    }

    fn line(&self) -> String {
        let Self { id, title, tests, remark } = self;
        format!("| {id} | {title} | {tests} | {remark} |").replace("|  |", "| |")
    }
}

/// `INV-M01`, `FM-59`, `AB-70`.
fn is_id(text: &str) -> bool {
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    match text.split_once('-') {
        Some(("FM" | "AB", number)) => digits(number),
        Some(("INV", rest)) => rest.starts_with(['M', 'I', 'X']) && digits(&rest[1..]),
        _ => false,
    }
}

/// The ids in the name of a test: `inv_i19_ab_31_what_belongs_to_others` proves two.
fn ids_in(name: &str) -> BTreeSet<String> {
    let parts: Vec<&str> = name.split('_').collect();
    let pairs = parts.iter().zip(parts.iter().skip(1));
    let pairs = pairs.map(|(kind, number)| format!("{kind}-{number}").to_ascii_uppercase());
    pairs.filter(|id| is_id(id)).collect()
}

/// The tests of a Rust file: functions marked as such, also inside `proptest!`.
fn tests_of(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut marked = false;
    for line in text.lines().map(str::trim_start) {
        if line.starts_with("#[test") || line.starts_with("#[tokio::test") {
            marked = true;
        } else if let Some(rest) = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn ")) {
            let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if std::mem::take(&mut marked) {
                names.push(name);
            }
        } else if let Some((row, _)) = line.split_once(" \"FM-") {
            // A row of `tests/faults/rows.rs`, whose columns become tests.
            names.push(row.to_owned());
        } else if !line.starts_with("#[") && !line.starts_with("//") {
            marked = false;
        }
    }
    names
}

/// For each id, its tests by file.
fn proofs() -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    let mut proofs: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for path in files().into_iter().filter(|path| path.ends_with(".rs")) {
        for name in tests_of(&read(&path)) {
            for id in ids_in(&name) {
                proofs.entry(id).or_default().entry(path.clone()).or_default().insert(name.clone());
            }
        }
    }
    proofs
}

/// `a, b in tests/journeys/races.rs; c in shared/domain/tests/rules/debt.rs`
fn shown(by_file: &BTreeMap<String, BTreeSet<String>>) -> String {
    let by_file = by_file.iter().map(|(path, names)| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        format!("{} in {path}", names.join(", "))
    });
    by_file.collect::<Vec<_>>().join("; ")
}

fn rows() -> Vec<ProofRow> {
    read(TABLE).lines().filter_map(ProofRow::of).collect()
}

#[test]
fn the_table_lists_every_rule_once() {
    let mut families: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for ProofRow { id, .. } in rows() {
        let (family, number) = id.split_at(id.len() - 2);
        families.entry(family.to_owned()).or_default().push(number.parse().unwrap());
    }
    assert_eq!(families.keys().collect::<Vec<_>>(), ["AB-", "FM-", "INV-I", "INV-M", "INV-X"]);
    for (family, numbers) in families {
        let counted: Vec<usize> = (1..=numbers.len()).collect();
        assert_eq!(numbers, counted, "{TABLE} has lost, doubled or moved a row of {family}");
    }
}

#[test]
fn every_rule_has_a_test_or_a_reason() {
    let proofs = proofs();
    let without = rows().into_iter().filter(|row| !proofs.contains_key(&row.id) && row.remark.is_empty());
    let faults = without.map(|row| format!("{}: {}", row.id, row.title)).collect();
    none(faults, &format!("Name a test after each of these ids, or write the reason into {TABLE}."));
}

#[test]
fn no_test_is_named_after_a_rule_that_is_none() {
    let known: BTreeSet<String> = rows().into_iter().map(|row| row.id).collect();
    let unknown = proofs().into_iter().filter(|(id, _)| !known.contains(id));
    none(
        unknown.map(|(id, by_file)| format!("{id}: {}", shown(&by_file))).collect(),
        &format!("{TABLE} has no such id."),
    );
}

/// A comment may cite a rule by its id: a reader finds it in the table.
#[test]
fn no_comment_cites_a_rule_that_is_none() {
    let known: BTreeSet<String> = rows().into_iter().map(|row| row.id).collect();
    let mut faults = Vec::new();
    let product =
        |path: &String| ["functions/", "infra/", "shared/"].iter().any(|root| path.starts_with(root));
    for path in
        files().into_iter().filter(product).filter(|path| path.ends_with(".rs") || path.ends_with(".yaml"))
    {
        for (number, line) in (1..).zip(read(&path).lines()) {
            let words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            let unknown = words.filter(|word| is_id(word) && !known.contains(*word));
            faults.extend(unknown.map(|id| format!("{path}:{number}: {id}")));
        }
    }
    none(faults, &format!("{TABLE} has no such id."));
}

#[test]
fn the_table_names_the_tests_that_there_are() {
    let (text, proofs) = (read(TABLE), proofs());
    let kept = |line: &str| match ProofRow::of(line) {
        Some(row) => {
            let tests = proofs.get(&row.id).map(shown).unwrap_or_default();
            ProofRow { tests, ..row }.line()
        }
        None => line.to_owned(),
    };
    let fresh: String = text.lines().map(|line| kept(line) + "\n").collect();
    if fresh != text {
        std::fs::write(repository().join(TABLE), &fresh).unwrap();
        panic!("{TABLE} was out of date and has been written again: look at it and commit it");
    }
}

#[test]
fn ids_are_read_from_names_as_written() {
    let ids = |name: &str| ids_in(name).into_iter().collect::<Vec<_>>();
    assert_eq!(ids("inv_i19_ab_31_what_belongs_to_others"), ["AB-31", "INV-I19"]);
    assert_eq!(ids("fm_08_f10_racing_clicks"), ["FM-08"]);
    assert!(ids("inv_z01_ab_1_fm_100_nothing").is_empty());
    let text = "#[test]\n#[ignore = \"slow\"]\nfn ab_01_a() {}\nfn ab_02_b() {}\n    #[tokio::test]\n    async fn c() {}\n";
    assert_eq!(tests_of(text), ["ab_01_a", "c"]);
}
