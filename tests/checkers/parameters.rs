//! A deployer who makes a mistake is told by the template, before anything is made.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use serde_yaml_ng::Value as Yaml;

use crate::{entries, none, read, the_template};

#[test]
fn every_parameter_is_described_and_refuses_nonsense() {
    let template = the_template();
    let mut faults = Vec::new();
    for (name, parameter) in entries(&template["Parameters"]) {
        let has = |part: &str| parameter.get(part).is_some();
        if parameter["Description"].as_str().is_none_or(|text| text.len() < 15) {
            faults.push(format!("{name}: Description"));
        }
        let bounded = match parameter["Type"].as_str() {
            Some("Number") => has("AllowedValues") || (has("MinValue") && has("MaxValue")),
            _ => has("AllowedValues") || has("AllowedPattern"),
        };
        if !bounded {
            faults.push(format!("{name}: AllowedPattern, AllowedValues, or MinValue and MaxValue"));
        }
        if let Some(default) = parameter.get("Default").filter(|default| !takes(parameter, &text(default))) {
            faults.push(format!("{name}: its default {default:?} is not allowed"));
        }
    }
    none(&faults, "infra/template.yaml, Parameters:");
}

#[test]
fn every_parameter_is_in_one_group() {
    let template = the_template();
    let groups = &template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"];
    let mut grouped: Vec<&str> = Vec::new();
    for group in groups.as_sequence().into_iter().flatten() {
        grouped.extend(group["Parameters"].as_sequence().into_iter().flatten().filter_map(Yaml::as_str));
    }
    let there: BTreeSet<&str> = entries(&template["Parameters"]).map(|(name, _)| name).collect();
    assert_eq!(grouped.iter().copied().collect::<BTreeSet<_>>(), there, "left: groups; right: parameters");
    assert_eq!(grouped.len(), there.len(), "a parameter is in two groups");
}

/// What the template refuses cannot be in the profiles that people begin with.
#[test]
fn the_profiles_give_what_the_template_takes() {
    let template = the_template();
    let profiles: toml::Table = read("infra/samconfig.toml").parse().unwrap();
    let mut faults = Vec::new();
    for profile in ["dev", "prod"] {
        let given = overrides(&profiles[profile]["deploy"]["parameters"]["parameter_overrides"]);
        for (name, value) in &given {
            match template["Parameters"].get(name) {
                None => faults.push(format!("{profile}: there is no parameter {name}")),
                Some(parameter) if !takes(parameter, value) => {
                    faults.push(format!("{profile}: {name}={value}"))
                }
                Some(_) => {}
            }
        }
        let needed =
            entries(&template["Parameters"]).filter(|(_, parameter)| parameter.get("Default").is_none());
        for (name, _) in needed.filter(|(name, _)| !given.contains_key(*name)) {
            faults.push(format!("{profile}: {name} is missing"));
        }
        let psp = given.get("PaymentChannel").is_some_and(|channel| channel == "psp");
        if psp && !given.contains_key("PspUrl") {
            faults.push(format!("{profile}: PaymentChannel=psp without PspUrl"));
        }
        if !given.contains_key("CreditorIban") && !given.contains_key("CreditorPostalIban") {
            faults.push(format!("{profile}: no account for the money"));
        }
    }
    none(&faults, "infra/samconfig.toml:");
}

/// `["CreditorName='Comune di Esempio'", …]`
fn overrides(list: &toml::Value) -> BTreeMap<String, String> {
    let entries =
        list.as_array().unwrap().iter().map(|entry| entry.as_str().unwrap().split_once('=').unwrap());
    entries.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect()
}

fn text(value: &Yaml) -> String {
    value.as_str().map_or_else(|| serde_yaml_ng::to_string(value).unwrap().trim().to_owned(), str::to_owned)
}

/// Returns whether CloudFormation would take the value.
fn takes(parameter: &Yaml, value: &str) -> bool {
    let number = |part: &str| parameter.get(part).and_then(Yaml::as_i64);
    if let Some(allowed) = parameter.get("AllowedValues").and_then(Yaml::as_sequence) {
        return allowed.iter().any(|one| text(one) == value);
    }
    if let (Some(least), Some(most)) = (number("MinValue"), number("MaxValue")) {
        return value.parse().is_ok_and(|value: i64| (least..=most).contains(&value));
    }
    let pattern = parameter.get("AllowedPattern").and_then(Yaml::as_str).unwrap_or_default();
    let schema: Value = json!({"type": "string", "pattern": pattern});
    jsonschema::is_valid(&schema, &json!(value))
}
