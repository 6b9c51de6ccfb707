//! Certificates and authorities in PEM files: whose they are, and for how long.

use std::collections::BTreeMap;

use domain::Timestamp;
use x509_parser::extensions::GeneralName;
use x509_parser::pem::Pem;
use x509_parser::prelude::X509Certificate;

use super::Finding;

/// So many days before the end it is time to renew.
const SOON: i64 = 30;

/// Looks through a file. A certificate that is no authority must be for one of our two names.
pub fn examine(file: &str, pem: &[u8], values: &BTreeMap<String, String>, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut certificates = 0_u32;
    for part in Pem::iter_from_buffer(pem) {
        let Ok(part) = part else {
            let what = "holds something that is no PEM";
            findings.push(Finding::fault(file, what, "Export it again, as base64 between BEGIN and END."));
            continue;
        };
        if part.label.contains("PRIVATE KEY") {
            let mend = "Keep the key where only its owner reads it; the certificate alone is enough here.";
            findings.push(Finding::fault(file, "holds a private key", mend));
        } else if let Ok(certificate) = part.parse_x509() {
            certificates = certificates.saturating_add(1);
            findings.extend(one(file, &certificate, values, now));
        }
    }
    if certificates == 0 && findings.is_empty() {
        findings.push(Finding::fault(file, "holds no certificate", "Give a PEM file."));
    }
    findings
}

fn one(
    file: &str,
    certificate: &X509Certificate<'_>,
    values: &BTreeMap<String, String>,
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let subject = certificate.subject().to_string();
    let validity = certificate.validity();
    let days = validity.not_after.timestamp().saturating_sub(now.as_second()).div_euclid(86_400);
    let end = Timestamp::from_second(validity.not_after.timestamp());
    let end = end.map(|end| end.strftime("%-d.%-m.%Y").to_string()).unwrap_or_default();
    if days < 0 {
        let mend = "Renew it; infra/runbooks/certificates.md says how.";
        findings.push(Finding::fault(file, format!("{subject} ended on {end}"), mend));
    } else if days < SOON {
        let mend = "Renew it now; infra/runbooks/certificates.md says how.";
        findings.push(Finding::warning(file, format!("{subject} ends on {end}, in {days} days"), mend));
    }
    if validity.not_before.timestamp() > now.as_second() {
        findings.push(Finding::fault(file, format!("{subject} does not hold yet"), "Wait, or take another."));
    }
    let ours: Vec<&str> = ["PortalDomainName", "NodeDomainName"]
        .into_iter()
        .filter_map(|name| values.get(name).map(String::as_str))
        .filter(|name| !name.is_empty())
        .collect();
    let names = names(certificate);
    let fits = ours.iter().any(|host| names.iter().any(|name| covers(name, host)));
    if !certificate.is_ca() && !ours.is_empty() && !fits {
        let what = format!("{subject} is for {}, not for {}", names.join(", "), ours.join(" or "));
        findings.push(Finding::fault(
            file,
            what,
            "Take the certificate of the portal's or the node's host name.",
        ));
    }
    findings
}

/// The host names that a certificate is for.
fn names<'a>(certificate: &'a X509Certificate<'_>) -> Vec<&'a str> {
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let names = alternative.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let host = |name: &'a GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(*name),
        _ => None,
    };
    names.iter().filter_map(host).collect()
}

/// A star stands for one part (RFC 6125).
fn covers(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(parent) => host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent)),
        None => name.eq_ignore_ascii_case(host),
    }
}
