//! Who may depend on whom. Cargo keeps what is written in the manifests; these tests keep the manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::{files, folders, none, read, repository};

/// Heavy dependencies, each with the crates that may have it.
const OWNERS: &[(&str, &str)] = &[
    ("aws-sdk-dynamodb", "shared/store"),
    ("serde_dynamo", "shared/store"),
    ("aws-sdk-ses", "shared/mail"),
    ("aws-sdk-secretsmanager", "shared/runtime"),
    ("aws-smithy-http-client", "shared/runtime"),
    ("aws-types", "shared/runtime"),
    ("aws-credential-types", "shared/runtime"),
    ("getrandom", "shared/runtime"),
    ("lambda_http", "shared/lambda"),
    ("lambda_runtime", "shared/lambda"),
    ("printpdf", "shared/documents"),
    ("lopdf", "shared/documents"),
    ("qrcode", "shared/documents"),
    ("datamatrix", "shared/documents"),
    ("argon2", "shared/identity"),
    ("jsonwebtoken", "shared/identity"),
    ("chacha20poly1305", "shared/web"),
    ("quick-xml", "shared/pagopa"),
    ("askama", "functions/portal, functions/search, shared/mail"),
    ("dynoxide-rs", "infra/emulator"),
];

/// The picture of ARCHITECTURE.md: what a crate of `shared/` may depend on among ours. Down this list only.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("runtime", &["domain"]),
    ("creditor", &["domain", "runtime"]),
    ("documents", &["domain"]),
    ("mail", &["domain", "runtime"]),
    ("store", &["domain", "runtime"]),
    ("web", &["domain", "runtime"]),
    ("pagopa", &["domain", "runtime"]),
    ("lambda", &["domain", "web", "runtime"]),
    ("identity", &["domain", "store", "web", "runtime"]),
    ("psp", &["creditor", "domain", "pagopa", "store", "web", "runtime"]),
    ("outbox", &["creditor", "domain", "identity", "mail", "pagopa", "store", "runtime"]),
];

/// What is needed to run, of every crate (`dependencies` and `build-dependencies`).
fn needs() -> BTreeMap<String, BTreeSet<String>> {
    let manifests =
        files().into_iter().filter_map(|path| path.strip_suffix("/Cargo.toml").map(str::to_owned));
    let manifests = manifests.map(|folder| {
        let manifest: toml::Table = toml::from_str(&read(&format!("{folder}/Cargo.toml"))).unwrap();
        (folder, manifest)
    });
    // A workspace of its own is no part of the product: it may reach for whatever strangers can reach.
    let manifests = manifests.filter(|(_, manifest)| !manifest.contains_key("workspace"));
    let needs = manifests.map(|(folder, manifest)| {
        let tables = ["dependencies", "build-dependencies"].into_iter().filter_map(|name| manifest.get(name));
        let names = tables.flat_map(|table| table.as_table().unwrap().keys().cloned()).collect();
        (folder, names)
    });
    needs.collect()
}

#[test]
fn a_heavy_dependency_has_one_owner() {
    let mut faults = Vec::new();
    for (folder, names) in needs() {
        for (dependency, owner) in OWNERS {
            // Emulator and simulators speak what AWS, the PSP and pagoPA speak.
            let apart = ["infra/emulator", "infra/simulators"].contains(&folder.as_str());
            let owns = owner.split(", ").any(|owner| owner == folder);
            if names.contains(*dependency) && !owns && !apart {
                faults.push(format!("{folder} depends on {dependency}, which only {owner} knows"));
            }
        }
    }
    none(faults, "Ask the crate that owns it; its types do not leave it (ARCHITECTURE.md, invariant 2).");
}

#[test]
fn the_aws_sdk_stays_below_the_crates_that_own_it() {
    let allowed = ["shared/store", "shared/mail", "shared/runtime", "infra/emulator"];
    let faults = needs().into_iter().filter(|(folder, _)| !allowed.contains(&folder.as_str()));
    let faults = faults.filter_map(|(folder, names)| {
        let aws = names.into_iter().find(|name| name.starts_with("aws-"))?;
        Some(format!("{folder} depends on {aws}"))
    });
    none(faults.collect(), "Functions and rules do not know AWS.");
}

/// Who may read personal data without a session, and as whom (`store::readers`).
#[test]
fn who_reads_without_a_session_says_as_whom() {
    let allowed: &[(&str, &[&str])] = &[
        ("DebtReader::Node", &["functions/pagopa-node"]),
        (
            "DebtReader::Creditor",
            &[
                "functions/import-debts",
                "functions/creditor-debts",
                "functions/creditor-payments",
                "functions/creditor-differences",
            ],
        ),
        ("DebtReader::Operator", &["infra/admin"]),
        ("DebtReader::Worker", &["shared/outbox"]),
        ("AccountReader::Login", &["functions/login"]),
        ("AccountReader::Worker", &["shared/outbox", "functions/sweep"]),
        ("AccountReader::Operator", &["infra/admin"]),
        ("Ledger::connect", &["shared/store", "infra/admin"]),
        ("Auditor::connect", &["functions/audit", "infra/admin"]),
    ];
    let product = |path: &String| path.ends_with(".rs") && !path.starts_with("tests/");
    let mut faults = Vec::new();
    for path in files().into_iter().filter(product) {
        let text = read(&path);
        let named = allowed.iter().filter(|(reader, _)| text.contains(reader));
        let strangers =
            named.filter(|(_, crates)| !crates.iter().any(|of| path.starts_with(&format!("{of}/"))));
        faults.extend(strangers.map(|(reader, _)| format!("{path} names {reader}")));
    }
    none(faults, "A person's data are read as a Citizen; everybody else is listed here.");
}

#[test]
fn functions_do_not_depend_on_functions() {
    let functions = folders("functions");
    let faults = needs().into_iter().filter(|(folder, _)| folder != "infra/local");
    let faults = faults.flat_map(|(folder, names)| {
        let of_ours: Vec<String> = names.intersection(&functions).cloned().collect();
        of_ours.into_iter().map(move |name| format!("{folder} depends on the function {name}"))
    });
    none(faults.collect(), "What two functions need lives in shared/; only the local stack knows functions.");
}

/// What stands in for AWS knows nothing of what stands in for a PSP; what an operator runs needs neither.
#[test]
fn what_surrounds_the_product_is_layered_too() {
    let ours = folders("infra");
    let needs = needs();
    let allowed: &[(&str, &[&str])] = &[
        ("admin", &[]),
        ("emulator", &[]),
        ("simulators", &["emulator"]),
        ("local", &["emulator", "simulators"]),
    ];
    let faults = allowed.iter().flat_map(|(name, allowed)| {
        let of_ours = needs[&format!("infra/{name}")].intersection(&ours).cloned();
        let others = of_ours.filter(|other| !allowed.contains(&other.as_str()));
        others.map(move |other| format!("infra/{name} depends on {other}"))
    });
    none(faults.collect(), "Emulator below simulators below the local stack; admin beside them.");
}

#[test]
fn the_shared_crates_are_layered_as_the_picture_says() {
    let ours = folders("shared");
    let needs = needs();
    let drawn: BTreeSet<String> = LAYERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(ours, drawn, "a crate of shared/ has no place in the picture: LAYERS in tests/tidy/crates.rs");
    let mut faults = Vec::new();
    for (name, may) in LAYERS {
        for need in needs[&format!("shared/{name}")].intersection(&ours) {
            if !may.contains(&need.as_str()) {
                faults.push(format!("{name} depends on {need}"));
            }
        }
    }
    none(faults, "The arrows of ARCHITECTURE.md 3.1 point the other way.");
}

#[test]
fn the_domain_knows_no_io_clock_randomness_or_wire() {
    let allowed = ["jiff", "serde", "sha2", "unicode-normalization", "unicode-segmentation"];
    let needs = needs();
    let faults = needs["shared/domain"].iter().filter(|name| !allowed.contains(&name.as_str()));
    none(faults.cloned().collect(), "domain depends on nothing that does anything (invariant 1).");
}

#[test]
fn every_crate_keeps_the_workspaces_rules() {
    let mut faults = Vec::new();
    for folder in needs().into_keys() {
        let manifest: toml::Table = toml::from_str(&read(&format!("{folder}/Cargo.toml"))).unwrap();
        let inherits = |table: &str, key: &str| {
            let value = manifest.get(table).and_then(|table| table.get(key));
            value.is_some_and(|value| value.as_bool() == Some(true) || value.get("workspace").is_some())
        };
        if !inherits("lints", "workspace") {
            faults.push(format!("{folder}: [lints] workspace = true is missing"));
        }
        for key in ["edition", "license", "version", "publish"] {
            if !inherits("package", key) {
                faults.push(format!("{folder}: {key}.workspace = true is missing"));
            }
        }
        let name = manifest["package"]["name"].as_str().unwrap();
        if !folder.starts_with("tests") && folder.rsplit('/').next() != Some(name) {
            faults.push(format!("{folder}: its package is called {name}"));
        }
    }
    none(faults, "One name, one set of rules.");
}

/// A workspace of its own inherits nothing: its floors are compared with functions, so they are built like them.
#[test]
fn the_benchmark_is_built_and_checked_like_the_product() {
    let [product, benchmark] =
        ["Cargo.toml", "infra/bench/Cargo.toml"].map(|path| read(path).parse::<toml::Table>().unwrap());
    assert_eq!(benchmark["lints"], product["workspace"]["lints"]);
    let all_crates = |manifest: &toml::Table| {
        let mut profile = manifest["profile"]["release"].as_table().unwrap().clone();
        profile.remove("package");
        profile
    };
    assert_eq!(all_crates(&benchmark), all_crates(&product));
}

/// The crates that a build takes, with their features.
fn built(packages: &[&str]) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--edges", "features,normal,build,dev"]).args(packages);
    // Without a target, what is built for build scripts is shown with the features of what is built to run.
    cargo.args(["--target", "x86_64-unknown-linux-gnu", "--prefix", "none", "--format", "{p} [{f}]"]);
    cargo.current_dir(repository());
    let run = cargo.output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let said = String::from_utf8(run.stdout).unwrap();
    let lines = said.lines().filter(|line| !line.is_empty() && !line.contains(" feature \""));
    lines.map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

/// Otherwise one suite after all of them would build two hundred crates anew.
#[test]
fn one_suite_is_built_of_the_same_crates_as_all_of_them() {
    let (one, all) = (built(&["--package", "journeys"]), built(&["--workspace"]));
    none(
        one.difference(&all).cloned().collect(),
        "Whatever another crate asks of these, ask it in tests/Cargo.toml as well.",
    );
}

#[test]
fn every_lock_file_fits_its_manifests() {
    let locked = files().into_iter().filter_map(|path| path.strip_suffix("Cargo.lock").map(str::to_owned));
    let stale = locked.filter(|folder| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["update", "--workspace", "--locked"]);
        !cargo.current_dir(repository().join(folder)).output().unwrap().status.success()
    });
    none(stale.collect(), "`cargo update --workspace` in each of these folders; commit its Cargo.lock.");
}

/// Decisions read what is there, not what an index will show: the sweep alone asks it what may be due.
#[test]
fn inv_x08_no_decision_reads_an_index_and_every_read_is_strongly_consistent() {
    let product = |path: &String| path.starts_with("shared/") || path.starts_with("functions/");
    let sources: Vec<String> =
        files().into_iter().filter(|path| product(path) && path.ends_with(".rs")).collect();
    let named: Vec<&String> = sources.iter().filter(|path| read(path).contains("index_name(")).collect();
    assert_eq!(named, ["shared/store/src/table.rs"]);
    let table = read("shared/store/src/table.rs");
    assert_eq!(table.matches("index_name(").count(), 1, "one question to one index: what may be due");
    // A read of the base table that does not say so may show yesterday.
    let reads = [".get_item()", ".query()", "KeysAndAttributes::builder()"];
    let asked: usize = reads.iter().map(|verb| table.matches(verb).count()).sum();
    let strong = table.matches("consistent_read(true)").count();
    assert_eq!(strong, asked - 1, "all but the question to the index: {asked} reads");
    let due: Vec<&String> = sources.iter().filter(|path| read(path).contains(".table.due(")).collect();
    let expected = ["accounts", "callbacks", "debts", "differences", "due_work", "ledger", "outbox"]
        .map(|name| format!("shared/store/src/{name}.rs"));
    let unexpected: Vec<String> = due.into_iter().filter(|path| !expected.contains(path)).cloned().collect();
    none(
        unexpected,
        "Only sweep, operators and lists may ask the index; whoever decides reads the item itself.",
    );
}

#[test]
fn no_crate_of_ours_may_be_unsafe_and_the_money_crates_never_wrap_or_round() {
    let workspace: toml::Table = toml::from_str(&read("Cargo.toml")).unwrap();
    assert_eq!(workspace["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    for krate in ["shared/domain", "shared/store"] {
        let denied = "#![deny(clippy::arithmetic_side_effects, clippy::float_arithmetic)]";
        assert!(read(&format!("{krate}/src/lib.rs")).contains(denied), "{krate}: {denied} is missing");
    }
}
