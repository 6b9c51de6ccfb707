//! What is told to those who reuse this: whose work is in it, under which licence, and what it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::{folders, read, repository};

const NOTICES: &str = "infra/third-party.md";

/// What stands in the packages that the functions are made of, as cargo knows them.
fn metadata() -> Value {
    let platform = ["--filter-platform", "aarch64-unknown-linux-gnu"];
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(platform)
        .current_dir(repository())
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    serde_json::from_slice(&cargo.stdout).unwrap()
}

/// The packages that end up in a function, by id: what our functions need, and what that needs, to run.
fn shipped(metadata: &Value) -> Vec<&Value> {
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), node))
        .collect();
    let packages = metadata["packages"].as_array().unwrap();
    let functions = folders("functions");
    let ours = packages.iter().filter(|package| {
        package["source"].is_null() && functions.contains(package["name"].as_str().unwrap_or_default())
    });
    let mut waiting: Vec<&str> = ours.map(|package| package["id"].as_str().unwrap()).collect();
    let mut found = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if !found.insert(id) {
            continue;
        }
        for dependency in nodes[id]["deps"].as_array().unwrap() {
            let kinds = dependency["dep_kinds"].as_array().unwrap();
            if kinds.iter().any(|kind| kind["kind"].is_null()) {
                waiting.push(dependency["pkg"].as_str().unwrap());
            }
        }
    }
    let mut shipped: Vec<&Value> = packages
        .iter()
        .filter(|package| !package["source"].is_null() && found.contains(package["id"].as_str().unwrap()))
        .collect();
    shipped.sort_by_key(|package| (package["name"].as_str(), package["version"].as_str()));
    shipped
}

/// The licence and notice files that a package brings.
fn texts(package: &Value) -> Vec<String> {
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    let folder = manifest.parent().unwrap();
    let is_licence = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_uppercase();
        let begins = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT", "UNLICENSE"];
        begins.iter().any(|begin| name.starts_with(begin)) && !name.ends_with(".RS")
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && is_licence(path))
        .collect();
    files.sort();
    let read = |path: &PathBuf| String::from_utf8_lossy(&std::fs::read(path).unwrap()).replace('\r', "");
    let lines = |text: String| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    files.iter().map(read).map(lines).map(|text| text.trim_matches('\n').to_owned()).collect()
}

/// The whole file: what is in the functions, with licences, and each text once.
fn notices() -> String {
    let metadata = metadata();
    let packages = shipped(&metadata);
    let mut out = String::from(
        "# Third-party notices\n\nThe functions contain the work of others. This list is made from `Cargo.lock`: \
         `cargo test --workspace` writes it anew when that changes. What the portal's pages contain has its licence beside \
         it, in `functions/portal/assets/`: Bootstrap Italia (BSD-3-Clause), Titillium Web (SIL Open Font License), Roboto \
         Mono (Apache-2.0). The list of common passwords comes from zxcvbn (MIT).\n\n| Package | Version | Licence |\n|---|---|---|\n",
    );
    let text = |package: &Value, name: &str| package[name].as_str().unwrap_or("see its text").to_owned();
    let mut by_text: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in packages {
        let (name, version) = (text(package, "name"), text(package, "version"));
        let home = package["repository"].as_str();
        let shown = home.map_or(name.clone(), |home| format!("[{name}]({home})"));
        writeln!(out, "| {shown} | {version} | {} |", text(package, "license")).unwrap();
        for licence in texts(package) {
            by_text.entry(licence).or_default().insert(name.clone());
        }
    }
    let mut texts: Vec<(Vec<String>, String)> =
        by_text.into_iter().map(|(text, names)| (names.into_iter().collect(), text)).collect();
    texts.sort();
    for (names, text) in texts {
        // A fence longer than any inside.
        write!(out, "\n## {}\n\n~~~~~~text\n{text}\n~~~~~~\n", names.join(", ")).unwrap();
    }
    out
}

#[test]
fn the_notices_are_those_of_what_we_ship() {
    let (kept, made) = (std::fs::read_to_string(repository().join(NOTICES)).unwrap_or_default(), notices());
    if kept != made {
        std::fs::write(repository().join(NOTICES), &made).unwrap();
        panic!("{NOTICES} was not up to date; it is now: look at what changed, and commit it");
    }
}

/// The validator of the catalogue asks for these, in these forms (publiccode.yml 0.4).
#[test]
fn the_catalogue_finds_what_it_asks_for() {
    let publiccode: Value = serde_yaml_ng::from_str(&read("publiccode.yml")).unwrap();
    let text = |pointer: &str| -> String {
        let value = publiccode.pointer(pointer).and_then(Value::as_str);
        value.unwrap_or_else(|| panic!("publiccode.yml has no {pointer}")).to_owned()
    };
    assert_eq!(text("/publiccodeYmlVersion"), "0.4");
    assert!(text("/url").starts_with("https://") && !text("/name").is_empty());
    assert!(text("/releaseDate").parse::<jiff::civil::Date>().is_ok());
    assert!(["concept", "development", "beta", "stable", "obsolete"].contains(&&*text("/developmentStatus")));
    assert_eq!(text("/softwareType"), "standalone/web");
    assert!(["internal", "contract", "community", "none"].contains(&&*text("/maintenance/type")));
    assert!(!text("/maintenance/contacts/0/name").is_empty());
    assert_eq!(text("/it/countryExtensionVersion"), "1.0");
    let manifest: toml::Table = toml::from_str(&read("Cargo.toml")).unwrap();
    let ours = &manifest["workspace"]["package"];
    assert_eq!(Some(text("/legal/license").as_str()), ours["license"].as_str());
    assert_eq!(Some(text("/softwareVersion").as_str()), ours["version"].as_str());
    let changes = read("CHANGELOG.md");
    let newest = changes.lines().find_map(|line| line.strip_prefix("## "));
    assert_eq!(newest, ours["version"].as_str(), "CHANGELOG.md begins with this release");
    assert!(read("LICENSE").starts_with("EUROPEAN UNION PUBLIC LICENCE v. 1.2"));
    for list in ["/platforms", "/categories", "/localisation/availableLanguages"] {
        assert!(
            publiccode.pointer(list).and_then(Value::as_array).is_some_and(|list| !list.is_empty()),
            "{list}"
        );
    }
    assert!(publiccode["localisation"]["localisationReady"].is_boolean());
    for language in ["it", "en"] {
        let of = |name: &str| text(&format!("/description/{language}/{name}"));
        assert!(of("shortDescription").chars().count() <= 150, "{language}");
        assert!((150..=10_000).contains(&of("longDescription").chars().count()), "{language}");
        assert!(of("genericName").chars().count() <= 35, "{language}");
        assert!(!publiccode["description"][language]["features"].as_array().unwrap().is_empty());
    }
}
