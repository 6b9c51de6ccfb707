//! Nobody may do more than they need: no wildcard in an action, a resource or a principal.

use serde_yaml_ng::Value as Yaml;

use crate::{entries, none, the_template};

/// Where one stands all the same: resource, statement, part, value.
const EXCEPTIONS: &[(&str, &str, &str, &str)] = &[
    // In the policy of a key, Resource "*" is that key; its owner must be able to manage it.
    ("DataKey", "Owner", "Action", "kms:*"),
    ("DataKey", "Owner", "Resource", "*"),
    ("DataKey", "ThroughTheServicesThatUseIt", "Resource", "*"),
    ("DataKey", "Logs", "Resource", "*"),
    ("DataKey", "Alarms", "Resource", "*"),
    // Anybody of this account (kms:CallerAccount), through the services named (kms:ViaService).
    ("DataKey", "ThroughTheServicesThatUseIt", "Principal", "*"),
    // A refusal, not a grant: nobody changes what the audit has written. In a table's policy "*" is that table.
    ("AuditTable", "AppendOnly", "Principal", "*"),
    ("AuditTable", "AppendOnly", "Resource", "*"),
];

/// Every statement in a value, however deep.
fn statements<'a>(value: &'a Yaml, found: &mut Vec<&'a Yaml>) {
    match value {
        Yaml::Mapping(_) if value.get("Effect").is_some() => found.push(value),
        Yaml::Mapping(mapping) => mapping.values().for_each(|value| statements(value, found)),
        Yaml::Sequence(items) => items.iter().for_each(|value| statements(value, found)),
        Yaml::Tagged(tagged) => statements(&tagged.value, found),
        _ => {}
    }
}

/// Every text in a value, however deep.
fn texts(value: &Yaml, found: &mut Vec<String>) {
    match value {
        Yaml::String(text) => found.push(text.clone()),
        Yaml::Mapping(mapping) => mapping.values().for_each(|value| texts(value, found)),
        Yaml::Sequence(items) => items.iter().for_each(|value| texts(value, found)),
        Yaml::Tagged(tagged) => texts(&tagged.value, found),
        _ => {}
    }
}

#[test]
fn no_grant_has_a_wildcard() {
    let template = the_template();
    let mut faults = Vec::new();
    let mut met = Vec::new();
    for (resource, value) in entries(&template["Resources"]) {
        let mut all = Vec::new();
        statements(value, &mut all);
        for statement in all {
            let sid = statement["Sid"].as_str().unwrap_or_default();
            for part in ["Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal"] {
                let mut values = Vec::new();
                texts(&statement[part], &mut values);
                for value in values.into_iter().filter(|value| value.contains(['*', '?'])) {
                    match EXCEPTIONS.iter().find(|known| **known == (resource, sid, part, value.as_str())) {
                        Some(known) => met.push(known),
                        None => faults.push(format!("{resource} {sid} {part}: {value}")),
                    }
                }
            }
        }
    }
    none(&faults, "Name the very actions and resources.");
    let unmet = EXCEPTIONS.iter().filter(|known| !met.contains(known)).map(|known| format!("{known:?}"));
    none(&unmet.collect::<Vec<_>>(), "An exception that nothing needs any more.");
}

/// A managed policy, or one of SAM's templates, would bring wildcards that nobody sees here.
#[test]
fn every_function_has_policies_of_its_own_only() {
    let template = the_template();
    let mut faults = Vec::new();
    let mut functions = 0;
    let resources = entries(&template["Resources"]);
    for (name, resource) in resources.filter(|(_, it)| it["Type"] == "AWS::Serverless::Function") {
        functions += 1;
        let properties = &resource["Properties"];
        let foreign = properties["Policies"]
            .as_sequence()
            .into_iter()
            .flatten()
            .any(|it| it.get("Statement").is_none());
        if foreign || properties.get("Role").is_some() {
            faults.push(name.to_owned());
        }
    }
    assert!(functions > 20, "the functions have gone elsewhere: so must this test");
    none(&faults, "Policies are statements, written out.");
    assert!(template["Globals"]["Function"].get("Policies").is_none(), "no function gets what another needs");
}
