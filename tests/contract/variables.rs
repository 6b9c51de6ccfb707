//! The variables that the template gives are the settings that functions read, and each function gets what it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use domain::retention::{Period, Retention};
use local::Options;
use runtime::config::SETTINGS;
use runtime::{Clock, Env, EnvParts, HttpClient, Random};

use crate::stack::{functions_of_the_template, read, repository, stack, yaml};

/// Any text is right for them and none is needed: that a function reads them cannot be seen from outside.
const ANY_TEXT: &[&str] =
    &["ACCESSIBILITY_STATEMENT_URL", "REPORT_URL", "MAINTENANCE_UNTIL", "SES_CONFIGURATION_SET"];

fn sources(folder: PathBuf, found: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            let text = fs::read_to_string(path).unwrap();
            found.extend(text.split_whitespace());
        }
    }
}

/// The variables of the settings that functions read: `config.psp_url.get()`, `&env.config().debts_table`.
fn read_by_the_code() -> BTreeSet<String> {
    let mut code = String::new();
    for part in ["functions", "shared"] {
        for entry in fs::read_dir(repository().join(part)).unwrap() {
            let folder = entry.unwrap();
            if folder.file_name() != "runtime" {
                sources(folder.path().join("src"), &mut code);
            }
        }
    }
    let is_read = |field: &str| {
        let asked = ["get()", "optional()", "given()"].iter().any(|how| {
            let ways = [format!("config.{field}.{how}"), format!("config().{field}.{how}")];
            ways.iter().any(|way| code.contains(way))
        });
        asked
            || [")", ","].iter().any(|end| code.contains(&format!("config().{field}{end}")))
            || code.contains(&format!("&config.{field})"))
    };
    let read = SETTINGS.iter().filter(|setting| is_read(setting.field));
    read.map(|setting| setting.variable.to_owned()).collect()
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
    let declared: BTreeSet<String> = SETTINGS.iter().map(|setting| setting.variable.to_owned()).collect();
    assert_eq!(given, declared, "left: given by the template, right: in shared/runtime/src/config.rs");
    assert_eq!(read_by_the_code(), declared, "left: read by functions/ or shared/");
}

/// Nobody is called while a function starts.
#[derive(Debug)]
struct Unreachable;

impl HttpConnector for Unreachable {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Err(ConnectorError::timeout("nobody is called".into())))
    }
}

fn env(variables: BTreeMap<String, String>) -> Env {
    let (clock, random) = (Clock::system(), Random::system());
    let (aws, outside) = (HttpClient::new(Unreachable), HttpClient::new(Unreachable));
    Env::new(variables, EnvParts { clock, random, aws, outside })
}

/// A variable of a function's own that is missing or makes no sense stops its start: otherwise it does not read it.
#[test]
fn every_function_reads_what_is_given_to_it_alone() {
    let given = given_by_the_template();
    let functions = Options::default().functions;
    let mut unread = Vec::new();
    for function in stack().template().functions.values() {
        let connect = functions.iter().find(|entry| entry.name == function.name).unwrap().connect;
        let refuses = |name: &str, text: &str| {
            ["psp", "checkout"].iter().any(|channel| {
                let mut variables = function.variables.clone();
                if variables.contains_key("PAYMENT_CHANNEL") {
                    variables.insert("PAYMENT_CHANNEL".to_owned(), (*channel).to_owned());
                }
                variables.insert(name.to_owned(), text.to_owned());
                connect(&env(variables)).err().is_some_and(|error| error.variable == name)
            })
        };
        let own = given[&function.name].iter().filter(|name| !ANY_TEXT.contains(&name.as_str()));
        let faults = own.filter(|name| !refuses(name, "") && !refuses(name, "?"));
        unread.extend(faults.map(|name| format!("{} {name}", function.name)));
    }
    assert_eq!(unread, Vec::<String>::new(), "given to a function that does not read it");
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

/// What the privacy notice says of logs and backups is what the template does.
#[test]
fn idn_12_logs_and_backups_are_kept_as_long_as_the_notice_says() {
    let template = yaml("infra/template.yaml");
    let logs = &template["Parameters"]["LogRetentionDays"]["Default"];
    assert_eq!(Retention::LOGS.period, Period::Days(logs.as_u64().unwrap().try_into().unwrap()));
    let backups: Vec<u64> = template["Resources"]
        .as_mapping()
        .unwrap()
        .values()
        .filter_map(|resource| {
            resource["Properties"]["PointInTimeRecoverySpecification"]["RecoveryPeriodInDays"].as_u64()
        })
        .collect();
    assert!(!backups.is_empty());
    for days in backups {
        assert_eq!(Retention::BACKUPS.period, Period::Days(days.try_into().unwrap()));
    }
    for page in ["it", "en"] {
        let notice = read(&format!("functions/portal/templates/privacy-{page}.html"));
        for kept in Retention::ALL {
            assert!(notice.contains(&format!("p.kept(\"{}\")", kept.name)), "{page}: {}", kept.name);
        }
    }
}
