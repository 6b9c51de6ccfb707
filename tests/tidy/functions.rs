//! One action, one name: folder, package, binary, logical id, event, line in the README.

use std::collections::BTreeSet;

use crate::{files, folders, none, read, repository};

/// `initiate-payment` → `InitiatePayment`.
fn logical_id(folder: &str) -> String {
    let parts = folder.split('-').map(|part| part[..1].to_ascii_uppercase() + &part[1..]);
    parts.collect()
}

#[test]
fn the_template_has_every_function_and_no_other() {
    let template: serde_yaml_ng::Value = serde_yaml_ng::from_str(&read("infra/template.yaml")).unwrap();
    let resources = template["Resources"].as_mapping().unwrap();
    let functions = resources.iter().filter(|(_, it)| it["Type"] == "AWS::Serverless::Function");
    let mut named = BTreeSet::new();
    for (name, resource) in functions {
        let name = name.as_str().unwrap();
        named.insert(name.to_owned());
        let code = resource["Properties"]["CodeUri"].as_str().unwrap();
        let folder = code.trim_end_matches('/').rsplit('/').next().unwrap();
        assert_eq!(logical_id(folder), name, "{name} of the template is built from {code}");
    }
    let folders: BTreeSet<String> = folders("functions").iter().map(|folder| logical_id(folder)).collect();
    assert_eq!(named, folders, "left: functions of infra/template.yaml; right: folders of functions/");
}

#[test]
fn main_is_three_lines() {
    let mut faults = Vec::new();
    for folder in folders("functions") {
        let (package, name) = (folder.replace('-', "_"), logical_id(&folder));
        let main = read(&format!("functions/{folder}/src/main.rs"));
        let starts = ["run", "run_worker"].map(|run| {
            format!("fn main() -> std::process::ExitCode {{\n    lambda::{run}::<{package}::{name}>()\n}}\n")
        });
        if !starts.contains(&main) {
            faults.push(format!("functions/{folder}/src/main.rs"));
        }
    }
    none(faults, "All of main is lambda::run, or run_worker; the action is in lib.rs.");
}

#[test]
fn every_function_says_what_it_does() {
    let faults = folders("functions")
        .into_iter()
        .filter(|folder| !read(&format!("functions/{folder}/src/lib.rs")).starts_with("//! "));
    none(faults.collect(), "A function's lib.rs begins with a sentence on what a person does with it.");
}

#[test]
fn every_function_has_an_event_and_every_event_a_function() {
    let files = files();
    let with_events: BTreeSet<String> = files
        .iter()
        .filter(|path| path.ends_with(".json") && !path.ends_with(".expected.json"))
        .filter_map(|path| path.strip_prefix("events/")?.split_once('/').map(|(folder, _)| folder.to_owned()))
        .collect();
    assert_eq!(with_events, folders("functions"), "left: folders of events/; right: folders of functions/");
    let answered = |path: &&String| {
        let event =
            path.starts_with("events/") && path.ends_with(".json") && !path.ends_with(".expected.json");
        event && !repository().join(path.replace(".json", ".expected.json")).is_file()
    };
    let faults = files.iter().filter(answered).cloned().collect();
    none(faults, "UPDATE_EVENTS=1 cargo test -p journeys --test contract writes what is expected.");
}

#[test]
fn the_readme_names_every_function() {
    if !repository().join("README.md").is_file() {
        return;
    }
    let readme = read("README.md");
    let faults = folders("functions").into_iter().filter(|folder| {
        !readme.lines().any(|line| line.starts_with('|') && line.contains(&format!("`{folder}`")))
    });
    none(faults.collect(), "The README's table of functions lacks these.");
}
