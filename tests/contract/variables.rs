//! The variables that functions read are those that the template gives, and each function gets what it needs.

use std::collections::{BTreeMap, BTreeSet};

use crate::stack::{functions_of_the_template, repository, stack, yaml};

/// Names that are none of a variable: services of AWS, by the name that their endpoint ends with.
const SERVICES: &[&str] = &["DYNAMODB", "SECRETS_MANAGER"];

/// Read by the code and not given by the template yet. May only shrink.
const NOT_YET_GIVEN: &[&str] = &[];

/// Given by the template and not read by the code yet. May only shrink.
const NOT_YET_READ: &[&str] = &[];

fn sources(folder: std::path::PathBuf, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            found.push(std::fs::read_to_string(path).unwrap());
        }
    }
}

/// Every name in capitals that a call is given: `variable("PSP_URL")`, `text("CREDITOR_INFO")`,
/// `Table::connect(env, "DEBTS_TABLE")`.
fn read_by_the_code() -> BTreeSet<String> {
    let mut texts = Vec::new();
    for part in ["functions", "shared"] {
        for entry in std::fs::read_dir(repository().join(part)).unwrap() {
            sources(entry.unwrap().path().join("src"), &mut texts);
        }
    }
    let mut names = BTreeSet::new();
    for text in texts.iter().filter(|text| text.contains("Env")) {
        let product = &text[..text.find("#[cfg(test)]\nmod ").unwrap_or(text.len())];
        for (at, _) in product.match_indices('"') {
            let (before, name) = (&product[..at], &product[at + 1..]);
            let name = name.split_once('"').map_or("", |(name, _)| name);
            let upper = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            let begins =
                name.as_bytes().first().is_some_and(u8::is_ascii_uppercase) && !name.starts_with("AWS_");
            let given = before.ends_with('(') || before.ends_with("env, ");
            let whole = !name.ends_with('_');
            if upper && begins && whole && given && name.len() > 4 && !SERVICES.contains(&name) {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

fn given_by_the_template() -> BTreeMap<String, BTreeSet<String>> {
    let names = |variables: &serde_yaml_ng::Value| -> BTreeSet<String> {
        variables
            .as_mapping()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str().unwrap().to_owned())
            .collect()
    };
    let global = yaml("infra/template.yaml")["Globals"]["Function"]["Environment"]["Variables"].clone();
    let mut given = BTreeMap::from([("Globals".to_owned(), names(&global))]);
    for (function, properties) in functions_of_the_template() {
        given.insert(function, names(&properties["Environment"]["Variables"]));
    }
    given
}

#[test]
fn what_is_read_is_what_is_given() {
    let given: BTreeSet<String> = given_by_the_template().into_values().flatten().collect();
    let read = read_by_the_code();
    let listed = |list: &[&str]| -> BTreeSet<String> { list.iter().map(|name| (*name).to_owned()).collect() };
    let unread: BTreeSet<String> = given.difference(&read).cloned().collect();
    let missing: BTreeSet<String> = read.difference(&given).cloned().collect();
    assert_eq!(
        missing,
        listed(NOT_YET_GIVEN),
        "left: read by functions/ or shared/, not given by the template"
    );
    assert_eq!(unread, listed(NOT_YET_READ), "left: given by the template, read by nobody");
}

/// The stack connects every function to its own variables only: one that lacks any stops the start.
#[test]
fn every_function_starts_with_what_the_template_gives_it() {
    let given = given_by_the_template();
    for function in stack().template().functions.values() {
        let of_its_own = &given[&function.name];
        let all: BTreeSet<&String> = of_its_own.union(&given["Globals"]).collect();
        assert_eq!(function.variables.keys().collect::<BTreeSet<_>>(), all, "{}", function.name);
    }
}
