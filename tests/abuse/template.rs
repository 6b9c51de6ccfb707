//! What the template promises, read as text: roles, doors, limits, keys.

use std::collections::{BTreeMap, BTreeSet};

use journeys::local::Stack;
use serde_yaml_ng::Value as Yaml;

fn template() -> Yaml {
    let path = Stack::repository().join("infra/template.yaml");
    serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn resources(template: &Yaml, kind: &str) -> BTreeMap<String, Yaml> {
    let all = template["Resources"].as_mapping().unwrap();
    let of_kind = all.iter().filter(|(_, it)| it["Type"] == kind);
    of_kind.map(|(name, it)| (name.as_str().unwrap().to_owned(), it["Properties"].clone())).collect()
}

fn functions(template: &Yaml) -> BTreeMap<String, Yaml> {
    let functions = resources(template, "AWS::Serverless::Function");
    assert!(functions.len() > 20);
    functions
}

/// A value as it is written, tags and all.
fn text(value: &Yaml) -> String {
    serde_yaml_ng::to_string(value).unwrap()
}

/// The statements of a function's policies: their actions, and their resources as written.
fn grants(function: &Yaml) -> Vec<(Vec<String>, String)> {
    let mut grants = Vec::new();
    for policy in function["Policies"].as_sequence().into_iter().flatten() {
        for statement in
            policy["Statement"].as_sequence().expect("a policy written out, not a ready-made one")
        {
            assert_eq!(statement["Effect"], "Allow");
            assert!(statement["NotAction"].is_null() && statement["NotResource"].is_null());
            let actions = statement["Action"].as_sequence().unwrap().iter();
            let actions = actions.map(|action| action.as_str().unwrap().to_owned()).collect();
            grants.push((actions, text(&statement["Resource"])));
        }
    }
    grants
}

/// Wildcards are looked for in `tests/checkers`; that what is granted is needed is told in `rights.rs`.
#[test]
fn inv_x13_no_two_functions_share_a_role() {
    for (name, function) in functions(&template()) {
        assert!(
            function["Role"].is_null(),
            "{name}: SAM makes a role for each function; a given one is shared"
        );
        assert!(!grants(&function).is_empty() || name == "Portal", "{name} may do nothing");
    }
}

#[test]
fn inv_m34_no_function_may_change_or_delete_a_movement() {
    let mut writers = BTreeSet::new();
    for (name, function) in functions(&template()) {
        for (actions, resource) in grants(&function) {
            if !resource.contains("MovementsTable") {
                continue;
            }
            for action in actions {
                let appends_or_reads = matches!(
                    action.as_str(),
                    "dynamodb:PutItem" | "dynamodb:Query" | "dynamodb:GetItem" | "dynamodb:BatchGetItem"
                );
                let walks = name == "Audit" && action == "dynamodb:Scan";
                assert!(appends_or_reads || walks, "{name} may {action} movements");
                if action == "dynamodb:PutItem" {
                    writers.insert(name.clone());
                }
            }
        }
    }
    assert!(writers.contains("PspCallback") && !writers.contains("ListDebts"), "{writers:?}");
    let template = template();
    let table = &resources(&template, "AWS::DynamoDB::Table")["MovementsTable"];
    assert!(table["TimeToLiveSpecification"].is_null(), "movements never expire");
    assert_eq!(table["DeletionProtectionEnabled"], true);
    assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
}

/// What the audit has seen is written by the audit alone, and changed or deleted by nobody.
#[test]
fn mon_15_only_the_audit_writes_what_it_has_seen_and_nobody_changes_it() {
    let template = template();
    for (name, function) in functions(&template) {
        for (actions, resource) in grants(&function) {
            if resource.contains("AuditTable") {
                assert_eq!(
                    (name.as_str(), actions),
                    ("Audit", vec!["dynamodb:PutItem".into(), "dynamodb:Query".into()])
                );
            }
        }
    }
    let table = &resources(&template, "AWS::DynamoDB::Table")["AuditTable"];
    let statement = &table["ResourcePolicy"]["PolicyDocument"]["Statement"][0];
    assert_eq!((&statement["Effect"], &statement["Principal"]), (&"Deny".into(), &"*".into()));
    let denied = text(&statement["Action"]);
    for action in ["UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate", "PartiQLDelete"] {
        assert!(denied.contains(action), "{action}: {denied}");
    }
    assert_eq!(table["DeletionProtectionEnabled"], true);
}

/// The places that hashing may not pass and that callbacks keep are looked at in `tests/checkers`.
#[test]
fn inv_x18_ab_16_routes_that_hash_are_slowed_down_and_the_node_has_an_api_of_its_own() {
    let template = template();
    assert_eq!(template["Parameters"]["ReserveConcurrency"]["Default"], "yes");
    assert_eq!(template["Parameters"]["HashingConcurrency"]["Default"], 50);
    let portal = &resources(&template, "AWS::Serverless::HttpApi")["PortalApi"];
    let rate = |settings: &Yaml| settings["ThrottlingRateLimit"].as_u64().unwrap();
    let default = rate(&portal["DefaultRouteSettings"]);
    for route in
        ["POST /api/login", "POST /api/register", "POST /api/password/reset", "POST /api/consent/revoke"]
    {
        assert!(rate(&portal["RouteSettings"][route]) < default, "{route}");
    }
    assert!(rate(&portal["RouteSettings"]["POST /psp/callback"]) > default);
    // The node calls through an API of its own: no flood of the portal's is before it.
    let node = text(&functions(&template)["PagopaNode"]["Events"]);
    assert!(node.contains("NodeApi") && !node.contains("PortalApi"), "{node}");
}

#[test]
fn ab_47_the_node_is_reached_by_mutual_tls_only() {
    let template = template();
    let node = &resources(&template, "AWS::Serverless::HttpApi")["NodeApi"];
    assert_eq!(node["DisableExecuteApiEndpoint"], true);
    let domain = &resources(&template, "AWS::ApiGatewayV2::DomainName")["NodeDomain"];
    assert!(!domain["MutualTlsAuthentication"]["TruststoreUri"].is_null());
    for configuration in domain["DomainNameConfigurations"].as_sequence().unwrap() {
        assert_eq!(configuration["SecurityPolicy"], "TLS_1_2");
    }
    let mapped = resources(&template, "AWS::ApiGatewayV2::ApiMapping");
    let to_node: Vec<&String> = mapped
        .iter()
        .filter(|(_, it)| text(&it["ApiId"]).contains("NodeApi"))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(to_node, ["NodeMapping"]);
    assert!(text(&mapped["NodeMapping"]["DomainName"]).contains("NodeDomain"));
    let rules = text(&template["Rules"]["NodeNeedsItsCertificates"]);
    assert!(rules.contains("NodeTruststoreUri"), "a domain without its authorities is refused");
}

/// Addresses of people, and paths and queries with codes in them, stay out of the access logs.
#[test]
fn ab_54_access_logs_hold_no_path_no_query_and_no_address() {
    let template = template();
    for (name, api) in resources(&template, "AWS::Serverless::HttpApi") {
        let format = api["AccessLogSettings"]["Format"].as_str().unwrap();
        assert!(format.contains("$context.routeKey"), "{name}");
        for told in
            ["$context.path", "query", "sourceIp", "userAgent", "$context.authorizer", "$request", "cookie"]
        {
            assert!(!format.contains(told), "{name}: {told} is logged");
        }
    }
}

#[test]
fn inv_x14_secrets_are_addresses_only() {
    let template = template();
    let secrets = resources(&template, "AWS::SecretsManager::Secret");
    assert_eq!(secrets.len(), 4, "{:?}", secrets.keys());
    for (name, secret) in &secrets {
        // A first value that nobody knows, or none: never one that is written here.
        let written = &secret["SecretString"];
        assert!(written.is_null(), "{name}: {written:?}");
        assert!(!text(&secret["KmsKeyId"]).is_empty());
    }
    for (name, parameter) in template["Parameters"].as_mapping().unwrap() {
        let name = name.as_str().unwrap();
        let secret = ["Secret", "Password", "ApiKey", "PrivateKey"].iter().any(|word| name.contains(word));
        assert!(!secret || name == "PasswordMinLength", "{name}: a secret is no parameter: {parameter:?}");
    }
    for (name, function) in functions(&template) {
        for (variable, value) in function["Environment"]["Variables"].as_mapping().into_iter().flatten() {
            let variable = variable.as_str().unwrap();
            let secret = ["SECRET", "KEY", "TOKEN", "PEPPER"].iter().any(|word| variable.contains(word));
            let named = secrets.keys().any(|secret| text(value).contains(secret.as_str()));
            assert!(!secret || named, "{name}: {variable} is not the address of a secret");
        }
    }
    let source = std::fs::read_to_string(Stack::repository().join("shared/runtime/src/secrets.rs")).unwrap();
    assert!(
        source.contains("const FRESH_FOR: Duration = Duration::from_secs(5 * 60);"),
        "five minutes at most"
    );
}

/// Nobody outside can make us stop writing to somebody: only SES itself keeps the list.
#[test]
fn ab_66_fm_55_no_door_takes_notices_of_bounces() {
    let template = template();
    for kind in ["AWS::SNS::Subscription", "AWS::Lambda::Permission"] {
        for (name, resource) in resources(&template, kind) {
            let text = text(&resource);
            assert!(!text.contains("lambda") || !text.contains("ses"), "{name}: {text}");
        }
    }
    for (name, function) in functions(&template) {
        assert!(!text(&function["Events"]).contains("SNS"), "{name} listens to notices");
    }
    let mail = &resources(&template, "AWS::SES::ConfigurationSet")["MailConfiguration"];
    let suppressed = mail["SuppressionOptions"]["SuppressedReasons"].as_sequence().unwrap();
    let suppressed: Vec<&str> = suppressed.iter().filter_map(Yaml::as_str).collect();
    assert_eq!(suppressed, ["BOUNCE", "COMPLAINT"], "who does not want our mail gets no more of it");
}

/// What one record breaks is halved until the record is alone, tried ten times, then kept for a person.
#[test]
fn fm_53_a_batch_with_a_poisoned_record_is_halved_and_what_is_given_up_is_kept() {
    let worker = &functions(&template())["ProcessOutbox"];
    let events = worker["Events"].as_mapping().unwrap();
    let streams: Vec<&Yaml> = events
        .values()
        .filter(|event| event["Type"] == "DynamoDB")
        .map(|event| &event["Properties"])
        .collect();
    let [stream] = streams[..] else { panic!("one stream feeds it: {events:?}") };
    assert_eq!(stream["BisectBatchOnFunctionError"], true);
    assert_eq!(stream["FunctionResponseTypes"], Yaml::from(vec!["ReportBatchItemFailures"]));
    assert_eq!(stream["MaximumRetryAttempts"], 10);
    assert_eq!(stream["MaximumRecordAgeInSeconds"], 21_600, "six hours");
    assert!(text(&stream["DestinationConfig"]["OnFailure"]).contains("MailRejects"));
}
