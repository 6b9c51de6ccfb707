//! What sam, cfn-lint and checkov say of the template: nothing.

use std::collections::BTreeMap;

use journeys::programs::run;

use crate::python::{CHECKOV, SAM};
use serde_yaml_ng::Value as Yaml;

use crate::{entries, none, read, the_template};

#[test]
fn sam_finds_the_template_valid() {
    let arguments = ["validate", "--lint", "--region", "eu-south-1", "--template", "infra/template.yaml"];
    run(SAM.command("sam").args(arguments));
}

#[test]
fn cfn_lint_has_nothing_to_say() {
    run(SAM.command("cfn-lint").args(["--regions", "eu-south-1", "--", "infra/template.yaml"]));
    run(SAM.command("cfn-lint").args(["--regions", "us-east-1", "--", "infra/cdn.yaml"]));
}

/// IDN-11: a flood of one source is stopped where sources are known, and nobody passes beside.
#[test]
fn idn_11_the_cdns_firewall_counts_by_source_and_its_origin_has_a_secret() {
    let cdn: Yaml = serde_yaml_ng::from_str(&read("infra/cdn.yaml")).unwrap();
    let rules = &cdn["Resources"]["Firewall"]["Properties"]["Rules"];
    let rate = &rules[0]["Statement"]["RateBasedStatement"];
    assert_eq!(rate["AggregateKeyType"], "IP");
    assert!(rules[0]["Action"].get("Block").is_some(), "{rules:?}");
    let distribution = &cdn["Resources"]["Distribution"]["Properties"]["DistributionConfig"];
    assert!(serde_yaml_ng::to_string(&distribution["WebACLId"]).unwrap().contains("Firewall"));
    let header = &distribution["Origins"][0]["OriginCustomHeaders"][0];
    assert_eq!(header["HeaderName"], "x-origin", "as infra/runbooks/cdn.md says");
    assert!(
        serde_yaml_ng::to_string(header).unwrap().contains("resolve:secretsmanager"),
        "no secret is written"
    );
    let forwarded =
        &cdn["Resources"]["ToTheGateway"]["Properties"]["OriginRequestPolicyConfig"]["HeadersConfig"];
    let source = the_template()["Parameters"]["SourceHeader"]["Default"].as_str().unwrap().to_owned();
    let told = forwarded["Headers"][0].as_str().unwrap().to_ascii_lowercase();
    assert_eq!(told, source, "the CDN says who calls where the functions look");
}

#[test]
fn checkov_has_nothing_to_say() {
    let arguments = ["--framework", "cloudformation", "--skip-download", "--compact", "--quiet"];
    run(CHECKOV.command("checkov").args(arguments).args(["--file", "infra/template.yaml"]));
}

#[test]
fn what_checkers_are_told_to_skip_has_its_reason() {
    let text = read("infra/template.yaml");
    let skips = text.lines().filter_map(|line| line.split_once("checkov:skip=")).map(|(_, skip)| skip);
    let bare = skips.filter(|skip| skip.split_once(':').is_none_or(|(_, reason)| reason.trim().len() < 10));
    none(&bare.map(str::to_owned).collect::<Vec<_>>(), "A skip says why: `checkov:skip=CKV_AWS_115:why`.");
    let lint = text.lines().filter(|line| line.contains("cfn-lint: {config") && !line.contains("# "));
    none(
        &lint.map(str::to_owned).collect::<Vec<_>>(),
        "What cfn-lint is to ignore has its reason behind it.",
    );
}

/// Who calls a function, and what becomes of a call that fails to the end.
#[test]
fn what_is_asynchronous_has_somewhere_to_end() {
    let template = the_template();
    let mut faults = Vec::new();
    for (name, resource) in entries(&template["Resources"]) {
        let properties = &resource["Properties"];
        for (_, event) in entries(&properties["Events"]) {
            let queue = match event["Type"].as_str() {
                Some("HttpApi") => continue,
                Some("Schedule" | "ScheduleV2") => {
                    &properties["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
                }
                _ => &event["Properties"]["DestinationConfig"]["OnFailure"],
            };
            if queue["Type"] != "SQS" {
                faults.push(name.to_owned());
            }
        }
    }
    none(&faults, "A failure that nobody waits for goes to a queue.");
}

/// INV-X18 and AB-16: hashing has a ceiling, callbacks a floor. What hashes is what is given the hash's parameters.
#[test]
fn inv_x18_hashing_has_a_ceiling_and_callbacks_have_a_floor() {
    let template = the_template();
    let mut reserved = BTreeMap::new();
    let mut hashing = Vec::new();
    for (name, resource) in entries(&template["Resources"]) {
        let properties = &resource["Properties"];
        if let Some(places) = properties.get("ReservedConcurrentExecutions") {
            reserved.insert(name, serde_yaml_ng::to_string(places).unwrap());
        }
        let variables = &properties["Environment"]["Variables"];
        if resource["Type"] == "AWS::Serverless::Function" && !variables["ARGON2_PASSES"].is_null() {
            hashing.push(name);
        }
    }
    let lacking =
        |name: &&&str, parameter: &str| !reserved.get(**name).is_some_and(|it| it.contains(parameter));
    let faults: Vec<_> = hashing.iter().filter(|name| lacking(name, "HashingConcurrency")).collect();
    assert!(!hashing.is_empty() && faults.is_empty(), "without HashingConcurrency: {faults:?}");
    let callbacks = ["PspCallback", "PagopaNode"];
    let faults: Vec<_> = callbacks.iter().filter(|name| lacking(name, "CallbackConcurrency")).collect();
    assert!(faults.is_empty(), "without CallbackConcurrency: {faults:?}");
}
