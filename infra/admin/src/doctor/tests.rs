use std::collections::BTreeMap;

use super::parameters::{Given, Known, fit};
use super::{Finding, Weight, certificates, rules, secrets};

/// A creditor that could go live, as far as its configuration says.
const SOUND: &str = "
CreditorName=Comune di Prova
CreditorFiscalCode=12345678903
CreditorIban=IT60X0542811101000000123456
CreditorPostalIban=IT69D0760102800000016302093
CreditorPostalHolder=Comune di Prova - Tesoreria
CreditorPostalAuthorization=AUT. DB/0001/SSTE
BrokerId=98765432103
StationId=98765432103_01
SegregationCode=02
PublicUrl=https://pagamenti.prova.invalid
PortalDomainName=pagamenti.prova.invalid
PortalCertificateArn=arn:aws:acm:eu-south-1:123456789012:certificate/0a1b
NodeDomainName=nodo.prova.invalid
NodeCertificateArn=arn:aws:acm:eu-south-1:123456789012:certificate/0a1c
NodeTruststoreUri=s3://prova-node/pagopa.pem
NodeClientSubject='CN=nodo.prova.invalid,O=pagoPA,C=IT'
ContactEmail=tributi@prova.invalid
ContactPhone='+39 06 0000001'
ContactPec=protocollo@pec.prova.invalid
ContactAddress=piazza del Municipio 1, 00100 Prova
CreditorWebsite=https://www.prova.invalid
CreditorDpo=dpo@prova.invalid
MailDomain=prova.invalid
MailFrom=pagamenti@prova.invalid
AlarmEmail=reperibilita@prova.invalid
AccessibilityStatementUrl=https://form.agid.gov.it/view/prova
";

fn known() -> Known {
    Known::parse(&std::fs::read_to_string(super::repository().join("infra/template.yaml")).unwrap()).unwrap()
}

/// What is found in the sound configuration with some values changed; an empty one is taken out.
fn found(changes: &[(&str, &str)]) -> Vec<Finding> {
    let mut given = Given::of_lines(SOUND).unwrap();
    given.region = Some("eu-south-1".to_owned());
    for (name, value) in changes {
        match value.is_empty() {
            true => given.values.remove(*name),
            false => given.values.insert((*name).to_owned(), (*value).to_owned()),
        };
    }
    let known = known();
    let mut found = fit(&known, &given);
    found.extend(rules::contradictions(&known.completed(&given), given.region.as_deref()));
    found
}

fn shown(findings: &[Finding]) -> Vec<(Weight, &str)> {
    findings.iter().map(|finding| (finding.weight, finding.place.as_str())).collect()
}

#[test]
fn a_sound_configuration_passes() {
    assert_eq!(found(&[]), []);
}

/// What is set, how grave it is, and words of the finding.
type Case<'a> = (&'a [(&'a str, &'a str)], Weight, &'a str);

#[test]
fn each_mistake_is_found_at_its_parameter_and_is_the_only_one() {
    use Weight::{Fault, Warning};
    let account = "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b";
    #[rustfmt::skip]
    let table: &[Case] = &[
        // The template's own rules.
        (&[("CreditorName", "")], Fault, "CreditorName"),
        (&[("Creditorname", "Comune")], Fault, "Creditorname"),
        (&[("SegregationCode", "1")], Fault, "SegregationCode"),
        (&[("PasswordMinLength", "7")], Fault, "PasswordMinLength"),
        (&[("PasswordMinLength", "many")], Fault, "PasswordMinLength"),
        (&[("PaymentChannel", "cash")], Fault, "PaymentChannel"),
        (&[("PublicUrl", "https://pagamenti.prova.invalid/"), ("PortalDomainName", "pagamenti.prova.invalid")], Fault, "PublicUrl"),
        // What is still the example's.
        (&[("CreditorName", "Comune di Esempio")], Fault, "CreditorName"),
        (&[("CreditorDpo", "dpo@comune.example")], Fault, "CreditorDpo"),
        (&[("NodeCertificateArn", "arn:aws:acm:eu-south-1:000000000000:certificate/0a")], Fault, "NodeCertificateArn"),
        // Identities.
        (&[("CreditorFiscalCode", "12345678904")], Fault, "CreditorFiscalCode"),
        (&[("BrokerId", "98765432104"), ("StationId", "98765432104_01")], Fault, "BrokerId"),
        (&[("StationId", "12345678903_01")], Fault, "StationId"),
        // Notice numbers.
        (&[("SegregationCode", "47")], Fault, "SegregationCode"),
        (&[("SegregationCode", "46")], Warning, "SegregationCode"),
        (&[("AuxDigit", "0")], Fault, "ApplicationCode"),
        (&[("ApplicationCode", "01")], Warning, "ApplicationCode"),
        // Accounts.
        (&[("CreditorIban", ""), ("CreditorPostalIban", "")], Fault, "CreditorIban"),
        (&[("CreditorIban", "IT61X0542811101000000123456")], Fault, "CreditorIban"),
        (&[("CreditorIban", "IT69D0760102800000016302093")], Warning, "CreditorIban"),
        (&[("CreditorPostalIban", "IT68D0760102800000016302093")], Fault, "CreditorPostalIban"),
        (&[("CreditorPostalHolder", "")], Warning, "CreditorPostalHolder"),
        (&[("CreditorPostalAuthorization", "")], Warning, "CreditorPostalAuthorization"),
        // Payments.
        (&[("PaymentChannel", "psp")], Fault, "PspUrl"),
        (&[("PaymentChannel", "psp"), ("PspUrl", "http://psp.prova.invalid")], Fault, "PspUrl"),
        (&[("NodeDomainName", ""), ("NodeCertificateArn", "")], Fault, "NodeDomainName"),
        (&[("PaymentChannel", "psp"), ("PspUrl", "https://psp.prova.invalid"), ("NodeDomainName", ""), ("NodeCertificateArn", "")], Warning, "NodeDomainName"),
        (&[("CheckoutUrl", "https://api.uat.platform.pagopa.it/checkout/ec/v1")], Warning, "CheckoutUrl"),
        (&[("AcaUrl", "http://aca.prova.invalid")], Fault, "AcaUrl"),
        // Addresses.
        (&[("PublicUrl", "http://pagamenti.prova.invalid")], Fault, "PublicUrl"),
        (&[("PublicUrl", "https://localhost"), ("PortalDomainName", ""), ("PortalCertificateArn", "")], Fault, "PublicUrl"),
        (&[("PortalDomainName", "portale.prova.invalid")], Fault, "PortalDomainName"),
        (&[("PortalDomainName", ""), ("PortalCertificateArn", "")], Warning, "PortalDomainName"),
        (&[("PortalCertificateArn", "")], Fault, "PortalCertificateArn"),
        (&[("PortalCertificateArn", account)], Fault, "PortalCertificateArn"),
        (&[("NodeCertificateArn", "")], Fault, "NodeCertificateArn"),
        (&[("NodeTruststoreUri", "")], Fault, "NodeTruststoreUri"),
        (&[("NodeClientSubject", "")], Fault, "NodeClientSubject"),
        (&[("NodeClientSubject", "pagoPA")], Fault, "NodeClientSubject"),
        (&[("NodeClientSubjectNext", "CN=nodo2.prova.invalid")], Warning, "NodeClientSubjectNext"),
        (&[("OriginHeader", "x-origin")], Fault, "OriginHash"),
        (&[("OriginHash", "secret")], Fault, "OriginHash"),
        (&[("NodeDomainName", "pagamenti.prova.invalid")], Fault, "NodeDomainName"),
        // Mail.
        (&[("MailFrom", "pagamenti@altro.invalid")], Fault, "MailFrom"),
        (&[("MailDomain", "pec.prova.invalid"), ("MailFrom", "p@pec.prova.invalid")], Fault, "MailDomain"),
        // Running.
        (&[("Limits", "off")], Fault, "Limits"), // IDN-13: no parameter any more.
        (&[("IdentityProof", "none")], Warning, "IdentityProof"),
        (&[("ReserveConcurrency", "no")], Warning, "ReserveConcurrency"),
        (&[("Deployment", "AllAtOnce")], Warning, "Deployment"),
        (&[("AlarmEmail", "")], Warning, "AlarmEmail"),
        (&[("AccessibilityStatementUrl", "")], Warning, "AccessibilityStatementUrl"),
        (&[("FirstDeployment", "yes")], Warning, "FirstDeployment"),
        (&[("Stopped", "yes")], Warning, "Stopped"),
        (&[("MaintenanceUntil", "8.30")], Warning, "MaintenanceUntil"),
    ];
    let mut wrong = Vec::new();
    for (changes, weight, place) in table {
        let found = found(changes);
        // A fault may bring a warning with it.
        let of_others: Vec<_> =
            shown(&found).into_iter().filter(|one| one.1 != *place && one.0 <= *weight).collect();
        if !shown(&found).contains(&(*weight, place)) || !of_others.is_empty() {
            wrong.push(format!("{changes:?} should be a {weight:?} at {place}, is {found:#?}"));
        }
        assert!(found.iter().all(|finding| !finding.mend.is_empty() && !finding.what.is_empty()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// CloudFormation would refuse what breaks one of the template's rules; so must we, before.
#[test]
fn every_rule_of_the_template_is_a_fault_here() {
    let text = std::fs::read_to_string(super::repository().join("infra/template.yaml")).unwrap();
    let template: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text).unwrap();
    fn broken(rule: &str) -> &'static [(&'static str, &'static str)] {
        match rule {
            "PspNeedsItsAddress" => &[("PaymentChannel", "psp")],
            "AuxDigitZeroNeedsApplicationCode" => &[("AuxDigit", "0")],
            "MoneyNeedsAnAccount" => &[("CreditorIban", ""), ("CreditorPostalIban", "")],
            "NodeNeedsItsCertificates" => &[("NodeTruststoreUri", "")],
            "OriginNeedsItsHash" => &[("OriginHeader", "x-origin")],
            "PortalNeedsItsCertificate" => &[("PortalCertificateArn", "")],
            _ => panic!("the doctor does not know the rule {rule}"),
        }
    }
    for rule in template["Rules"].as_mapping().unwrap().keys() {
        let found = found(broken(rule.as_str().unwrap()));
        assert!(found.iter().any(|finding| finding.weight == Weight::Fault), "{rule:?}");
    }
}

#[test]
fn a_profile_is_read_as_sam_reads_it() {
    let list = "[prod.global.parameters]\nregion='eu-south-1'\n[prod.deploy.parameters]\n\
                parameter_overrides=[\"A='x y'\", 'B=1']\n";
    let text = "[prod.deploy.parameters]\nregion='eu-south-1'\nparameter_overrides=\"A='x y' B=1\"\n";
    for file in [list, text] {
        let given = Given::of_samconfig(file, "prod").unwrap();
        assert_eq!(given.region.as_deref(), Some("eu-south-1"));
        let expected = [("A", "x y"), ("B", "1")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(given.values, BTreeMap::from(expected));
    }
    assert!(Given::of_samconfig(list, "dev").unwrap_err().contains("dev.deploy.parameters"));
    assert!(Given::of_lines("A=1\nA=2").unwrap_err().contains("twice"));
    assert!(Given::of_lines("nonsense").is_err());
}

/// Two profiles in one account: what one makes, the other cannot.
#[test]
fn two_profiles_do_not_make_the_same_things() {
    let file = |dev: &str, prod: &str| {
        format!(
            "[dev.deploy.parameters]\nstack_name='payments-dev'\nparameter_overrides='{dev}'\n\
             [prod.global.parameters]\nstack_name='payments'\n[prod.deploy.parameters]\nparameter_overrides='{prod}'\n"
        )
    };
    let known = known();
    let found = |text: &str| -> Vec<(Weight, String)> {
        let prod = Given::of_samconfig(text, "prod").unwrap();
        let all = Given::of_every_profile(text).unwrap();
        let others = all.iter().filter(|(name, _)| name != "prod");
        let others =
            others.map(|(name, other)| (name.as_str(), other.stack.as_str(), known.completed(other)));
        let found = rules::neighbours(&prod.stack, &known.completed(&prod), others);
        found.into_iter().map(|finding| (finding.weight, finding.place)).collect()
    };
    let own = "MetricsNamespace=PaymentsDev MailDomain=prova.example.org";
    assert_eq!(found(&file(own, "MailDomain=example.org")), []);
    let both = "MetricsNamespace=PaymentsDev MailDomain=example.org";
    assert_eq!(found(&file(both, "MailDomain=example.org")), [(Weight::Fault, "MailDomain".to_owned())]);
    assert_eq!(found(&file(&format!("{both} MailIdentity=existing"), "MailDomain=example.org")), []);
    let namespace = file("MailDomain=prova.example.org", "MailDomain=example.org");
    assert_eq!(found(&namespace), [(Weight::Warning, "MetricsNamespace".to_owned())]);
    let stack = namespace.replace("payments-dev", "payments");
    assert_eq!(found(&stack), [(Weight::Fault, "stack_name".to_owned())]);
    // As shipped, nothing of one is in the way of the other.
    let shipped = std::fs::read_to_string(super::repository().join("infra/samconfig.toml")).unwrap();
    assert_eq!(found(&shipped), []);
}

/// The profile of the repository is a form to fill in, and is told so.
#[test]
fn the_repositorys_profile_is_full_of_faults_and_ends_with_one() {
    let config = super::repository().join("infra/samconfig.toml");
    let options = super::DoctorOptions { config, env: "prod".to_owned(), ..Default::default() };
    let report = super::run(&options, "2026-11-23T10:00:00Z".parse().unwrap()).unwrap();
    assert!(report.faulty);
    for name in ["CreditorFiscalCode", "CreditorPostalIban", "PublicUrl", "MailDomain"] {
        assert!(report.text.contains(&format!("FAULT   {name}: ")), "{name}\n{}", report.text);
    }
    assert!(!report.text.contains("is no parameter"), "{}", report.text);
}

#[test]
fn certificates_are_ours_and_hold() {
    let (portal, authority) = (include_bytes!("samples/portal.pem"), include_bytes!("samples/authority.pem"));
    let at = |pem: &[u8], host: &str, now: &str| {
        let values = BTreeMap::from([("PortalDomainName".to_owned(), host.to_owned())]);
        let found = certificates::examine("file.pem", pem, &values, now.parse().unwrap());
        found.into_iter().map(|finding| (finding.weight, finding.what)).collect::<Vec<_>>()
    };
    let (host, today) = ("pagamenti.comune.test.invalid", "2027-01-10T00:00:00Z");
    assert_eq!(at(portal, host, today), []);
    assert_eq!(at(portal, "uno.nodo.test.invalid", today), []);
    assert_eq!(at(portal, "due.uno.nodo.test.invalid", today)[0].0, Weight::Fault);
    assert_eq!(at(authority, host, today), []);
    assert_eq!(at(&[&portal[..], authority].concat(), "altro.invalid", today).len(), 1);
    assert!(at(portal, host, "2028-01-20T00:00:00Z")[0].1.contains("ended on"));
    assert_eq!(at(portal, host, "2027-12-10T00:00:00Z")[0].0, Weight::Warning);
    assert!(at(portal, host, "2026-01-01T00:00:00Z")[0].1.contains("not hold yet"));
    assert!(at(b"nothing", host, today)[0].1.contains("no certificate"));
}

#[test]
fn secrets_are_whole_and_are_never_repeated() {
    let key = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=";
    let other = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let third = "EBESExQVFhcYGRobHB0eHwABAgMEBQYHCAkKCwwNDg8=";
    let sound = serde_json::json!({
        "PepperSecret": {"pepper": key},
        "LinkSecret": {"links": other},
        "IndexSecret": {"index": third},
        "SessionSecret": {"sessions": [{"kid": 1, "key": key}]},
        "SealSecret": {"keys": [{"kid": 2, "key": key}, {"kid": 1, "key": other}]},
        "WebhookSecret": {"webhook": [format!("whsec_{key}")]},
        "PspSecret": {"apiKey": "a", "checkoutKey": "b"},
        "AcaSecret": {},
        "CreditorSecret": {"keys": [{
            "id": "gestionale", "scopes": ["debts:write"], "hashes": ["0123456789abcdef".repeat(4)],
        }]},
    });
    let values = BTreeMap::from([("PaymentChannel".to_owned(), "checkout".to_owned())]);
    let places = |text: &serde_json::Value| -> Vec<String> {
        let found = secrets::examine(&text.to_string(), &values);
        let told = format!("{found:?}");
        assert!(!told.contains(&key[..12]) && !told.contains("0123456789abcdef"), "{told}");
        found.into_iter().map(|finding| finding.place).collect()
    };
    assert_eq!(places(&sound), Vec::<String>::new());
    let short = serde_json::json!("c2hvcnQ=");
    for (pointer, value, place) in [
        ("/PepperSecret/pepper", short.clone(), "PepperSecret"),
        ("/PepperSecret/pepper", serde_json::json!(other), "PepperSecret, LinkSecret, IndexSecret"),
        ("/SessionSecret/sessions", serde_json::json!([]), "SessionSecret"),
        ("/SealSecret/keys/0/kid", serde_json::json!(1), "SealSecret"),
        ("/SealSecret", serde_json::json!({"keys": [], "index": key}), "SealSecret"),
        ("/IndexSecret/index", short, "IndexSecret"),
        ("/WebhookSecret/webhook/0", serde_json::json!("whsec_short"), "WebhookSecret"),
        ("/AcaSecret", serde_json::json!("none"), "AcaSecret"),
        ("/PspSecret/checkoutKey", serde_json::json!("FROM-PAGOPA"), "PspSecret"),
        ("/CreditorSecret/keys", serde_json::json!([]), "CreditorSecret"),
        ("/CreditorSecret/keys/0/id", serde_json::json!(""), "CreditorSecret"),
        ("/CreditorSecret/keys/0/scopes", serde_json::json!(["debts"]), "CreditorSecret"),
        ("/CreditorSecret/keys/0/hashes/0", serde_json::json!("the key itself"), "CreditorSecret"),
        ("/CreditorSecret", serde_json::json!({"apiKeys": ["0123456789abcdef"]}), "CreditorSecret"),
    ] {
        let mut changed = sound.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        assert_eq!(places(&changed), [place], "{pointer}");
    }
}
