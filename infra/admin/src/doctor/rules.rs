//! What the parameters must be among themselves, and towards pagoPA: fiscal codes, notice numbers (SACI),
//! identifiers of the node (SANP).

use std::collections::BTreeMap;

use domain::FiscalCode;
use domain::creditor::Iban;
use domain::spontaneous::CatalogueService;
use pagopa::Taxonomy;
use url::Url;

use super::Finding;

/// Every parameter with its value.
type Values = BTreeMap<String, String>;

/// Segregation codes that pagoPA keeps for itself and for national services.
const RESERVED_SEGREGATION: &[&str] = &["47", "81", "85", "96", "97", "98", "99"];

struct Looking<'a> {
    values: &'a Values,
    found: Vec<Finding>,
}

/// All that does not fit together. `region` is where the stack is to be, if that is known.
pub fn contradictions(values: &Values, region: Option<&str>) -> Vec<Finding> {
    let mut looking = Looking { values, found: Vec::new() };
    looking.placeholders();
    looking.identities();
    looking.numbers();
    looking.accounts();
    looking.payments();
    looking.addresses(region);
    looking.mail();
    looking.running();
    looking.found
}

impl Looking<'_> {
    /// A parameter's value; empty when it has none.
    fn get(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    fn fault(&mut self, place: &str, what: impl Into<String>, mend: impl Into<String>) {
        self.found.push(Finding::fault(place, what, mend));
    }

    fn warn(&mut self, place: &str, what: impl Into<String>, mend: impl Into<String>) {
        self.found.push(Finding::warning(place, what, mend));
    }

    fn placeholders(&mut self) {
        let example = |value: &str| {
            let zeros = value.len() >= 11 && value.bytes().all(|b| b == b'0');
            let account = value.contains(":000000000000:");
            // Reserved for examples (RFC 2606): nobody can own it.
            let domain = value.split(['/', '@', ':', ' ', ',']).any(|part| part.ends_with(".example"));
            zeros || account || domain || value.contains("di Esempio")
        };
        let left: Vec<String> =
            self.values.iter().filter(|(_, value)| example(value)).map(|(name, _)| name.clone()).collect();
        for name in left {
            self.fault(&name, "is still the example's", "Put your own value.");
        }
    }

    fn identities(&mut self) {
        for name in ["CreditorFiscalCode", "BrokerId"] {
            if FiscalCode::parse(self.get(name)).is_err() {
                let mend = "Copy it again: the last of the eleven digits follows from the others, and does not here.";
                self.fault(name, "is no fiscal code", mend);
            }
        }
        let (broker, station) = (self.get("BrokerId").to_owned(), self.get("StationId").to_owned());
        if station.split_once('_').is_none_or(|(owner, _)| owner != broker) {
            let mend = "A station's identifier is its broker's, an underscore and two digits; pagoPA's back office shows it.";
            self.fault("StationId", format!("does not begin with BrokerId {broker}"), mend);
        }
    }

    fn numbers(&mut self) {
        let (aux, segregation) = (self.get("AuxDigit").to_owned(), self.get("SegregationCode").to_owned());
        let (application, is_zero) = (self.get("ApplicationCode").to_owned(), aux == "0");
        if aux == "3" && RESERVED_SEGREGATION.contains(&segregation.as_str()) {
            let mend =
                "pagoPA assigns yours when the station is agreed, and keeps this one for a national service.";
            self.fault("SegregationCode", format!("{segregation} is reserved"), mend);
        } else if aux == "3" && segregation.parse::<u8>().is_ok_and(|code| code > 45) {
            let mend = "Codes go from 00 to 45 today: ask pagoPA unless it has told you this one.";
            self.warn("SegregationCode", format!("{segregation} is unusual"), mend);
        }
        if is_zero && application.is_empty() {
            let mend = "Give the two digits that pagoPA assigned to the station, or take AuxDigit=3.";
            self.fault("ApplicationCode", "is missing with AuxDigit=0", mend);
        }
        if !is_zero && !application.is_empty() {
            self.warn("ApplicationCode", format!("says nothing with AuxDigit={aux}"), "Take it out.");
        }
    }

    fn accounts(&mut self) {
        let (bank, postal) = (self.get("CreditorIban").to_owned(), self.get("CreditorPostalIban").to_owned());
        if bank.is_empty() && postal.is_empty() {
            let mend = "Give CreditorIban, CreditorPostalIban or both: the money must go somewhere.";
            self.fault("CreditorIban", "there is no account at all", mend);
        }
        let mend = "Copy it again: its two check digits do not follow from the rest (ISO 13616).";
        for (name, text) in [("CreditorIban", &bank), ("CreditorPostalIban", &postal)] {
            if !text.is_empty() && Iban::parse(text).is_err() {
                self.fault(name, "is no IBAN", mend);
            }
        }
        let is_postal = |text: &str| Iban::parse(text).is_ok_and(|iban| iban.postal_account().is_some());
        if is_postal(&bank) {
            let mend = "Put it into CreditorPostalIban: only then notices carry the postal slip.";
            self.warn("CreditorIban", "is an account of Poste Italiane", mend);
        }
        if postal.is_empty() {
            return;
        }
        if Iban::parse(&postal).is_ok() && !is_postal(&postal) {
            let mend = "Its bank must be 07601 and its account twelve digits; another bank's goes into CreditorIban.";
            self.fault("CreditorPostalIban", "is no account of Poste Italiane", mend);
        }
        if self.get("CreditorPostalHolder").is_empty() {
            let mend = "Give the account's holder as Poste Italiane writes it, if it is not CreditorName.";
            self.warn("CreditorPostalHolder", "is empty", mend);
        }
        if self.get("CreditorPostalAuthorization").is_empty() {
            let mend = "Post offices take a slip only with Poste Italiane's authorisation on it; ask for it.";
            self.warn("CreditorPostalAuthorization", "is empty, and notices carry a postal slip", mend);
        }
    }

    fn payments(&mut self) {
        let has_node = !self.get("NodeDomainName").is_empty();
        match self.get("PaymentChannel") {
            "psp" if self.get("PspUrl").is_empty() => {
                let mend = "Give the base address of the PSP's interface, or take PaymentChannel=checkout.";
                self.fault("PspUrl", "is missing with PaymentChannel=psp", mend);
            }
            "checkout" if !has_node => {
                let mend = "Checkout tells us of a payment through the node only: agree the station, then give the name \
                            that the node calls.";
                self.fault("NodeDomainName", "is missing with PaymentChannel=checkout", mend);
            }
            "psp" if !has_node => {
                let mend = "Right while only the PSP is used: notices cannot be paid elsewhere on pagoPA.";
                self.warn("NodeDomainName", "is empty", mend);
            }
            _ => {}
        }
        let checkout = self.get("CheckoutUrl").to_owned();
        if self.get("PaymentChannel") == "checkout" && checkout.contains(".uat.") {
            let mend = "In production leave it out: the template's default is pagoPA's own.";
            self.warn("CheckoutUrl", "is pagoPA's test environment", mend);
        }
        let used = match self.get("PaymentChannel") {
            "psp" => ["PspUrl", "AcaUrl"],
            _ => ["CheckoutUrl", "AcaUrl"],
        };
        for name in used {
            if self.get(name).starts_with("http://") {
                self.fault(name, "is not https", "Money and keys go there: ask for the https address.");
            }
        }
    }

    fn addresses(&mut self, region: Option<&str>) {
        let public = self.get("PublicUrl").to_owned();
        let host =
            Url::parse(&public).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        if !public.starts_with("https://") {
            let mend = "Give the https address: without TLS the session's cookie is not safe.";
            self.fault("PublicUrl", "is not https", mend);
        }
        if host == "localhost" || host.parse::<std::net::IpAddr>().is_ok() {
            self.fault("PublicUrl", format!("{host} is no name"), "Give the name that citizens know.");
        }
        let portal = self.get("PortalDomainName").to_owned();
        if !self.get("OriginHeader").is_empty() && self.get("OriginHash").is_empty() {
            let mend = "Give the SHA-256 of the secret that the CDN shows; infra/runbooks/cdn.md says how.";
            self.fault("OriginHash", "is missing with OriginHeader", mend);
        }
        if portal.is_empty() {
            let mend =
                "Give its host name, with a CDN before it too: without it the gateway's own address is open.";
            self.warn("PortalDomainName", "is empty: API Gateway will not answer for PublicUrl", mend);
        } else if portal != host {
            let mend = "The portal takes requests from its own pages only: both must be the same name.";
            self.fault("PortalDomainName", format!("is not the host of PublicUrl, {host}"), mend);
        }
        for (name, certificate) in
            [("PortalDomainName", "PortalCertificateArn"), ("NodeDomainName", "NodeCertificateArn")]
        {
            let arn = self.get(certificate).to_owned();
            match (self.get(name).is_empty(), arn.is_empty()) {
                (false, true) => {
                    self.fault(
                        certificate,
                        format!("is missing with {name}"),
                        "Request a certificate in ACM, and give its ARN.",
                    );
                }
                (true, false) => {
                    self.warn(certificate, format!("says nothing without {name}"), "Give both or neither.")
                }
                _ => {}
            }
            let there = arn.split(':').nth(3).unwrap_or_default();
            if let Some(region) = region.filter(|region| !there.is_empty() && *region != there) {
                let mend = "A regional API takes certificates of its own region: request one there.";
                self.fault(certificate, format!("is in {there}, the stack in {region}"), mend);
            }
        }
        if !self.get("NodeDomainName").is_empty() && self.get("NodeTruststoreUri").is_empty() {
            let mend = "Put the authorities that pagoPA publishes for its client certificate into a bucket, and name the file.";
            self.fault("NodeTruststoreUri", "is missing with NodeDomainName", mend);
        }
        if !self.get("NodeDomainName").is_empty() && self.get("NodeClientSubject").is_empty() {
            let mend = "Its authorities have other customers too: ask pagoPA for the subject of its client certificate, \
                        and write it as NodeApi's access log does.";
            self.fault("NodeClientSubject", "is missing with NodeDomainName", mend);
        }
        if !self.get("NodeClientSubjectNext").is_empty() {
            let mend = "Right while pagoPA changes its certificate; then put it into NodeClientSubject.";
            self.warn("NodeClientSubjectNext", "a second certificate may call", mend);
        }
        if !portal.is_empty() && portal == self.get("NodeDomainName") {
            let mend =
                "Give the node a name of its own: its API asks for a client certificate, browsers have none.";
            self.fault("NodeDomainName", "is the portal's", mend);
        }
    }

    fn mail(&mut self) {
        let (domain, from) = (self.get("MailDomain").to_owned(), self.get("MailFrom").to_owned());
        if from.rsplit_once('@').is_none_or(|(_, at)| at != domain) {
            let mend = "SES signs for the mail domain and lets us send from there only.";
            self.fault("MailFrom", format!("is not at MailDomain {domain}"), mend);
        }
        if domain.starts_with("pec.") || domain.contains(".pec.") {
            let mend = "Certified mail takes none from here: give an ordinary domain of the body.";
            self.fault("MailDomain", "is a domain of certified mail", mend);
        }
    }

    fn running(&mut self) {
        let told: [(&str, &str, &str, &str); 5] = [
            (
                "IdentityProof",
                "none",
                "fiscal codes are not proven",
                "Right only when identities are checked by other means.",
            ),
            (
                "ReserveConcurrency",
                "no",
                "a flood of logins can keep callbacks out",
                "Take yes once the account's limit of concurrent executions allows it.",
            ),
            (
                "Deployment",
                "AllAtOnce",
                "a bad version reaches everybody and does not go back by itself",
                "Take Canary10Percent5Minutes in production.",
            ),
            (
                "AlarmEmail",
                "",
                "nobody is told of alarms",
                "Give an address that somebody reads, or subscribe to the topic after deploying.",
            ),
            (
                "AccessibilityStatementUrl",
                "",
                "the declaration of accessibility is not linked",
                "Publish it on AgID's form site before the portal opens (law 4/2004).",
            ),
        ];
        for (name, value, what, mend) in told {
            if self.get(name) == value {
                self.warn(name, what, mend);
            }
        }
        if self.get("FirstDeployment") == "yes" {
            let mend = "Right until the first deployment is done; then no, and deploy again.";
            self.warn("FirstDeployment", "the tables can be deleted", mend);
        }
        if self.get("Stopped") == "yes" {
            self.warn("Stopped", "no function runs", "Take no when tables and secrets are in place.");
        }
        if !self.get("MaintenanceUntil").is_empty() {
            self.warn("MaintenanceUntil", "the portal is closed", "Empty it when the portal is to open.");
        }
    }
}

/// What two profiles of one account would both make, and only one can.
pub fn neighbours<'a>(
    stack: &str,
    values: &Values,
    others: impl Iterator<Item = (&'a str, &'a str, Values)>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (profile, other_stack, other) in others {
        if stack == other_stack {
            let mend = "Give each profile a stack_name of its own.";
            findings.push(Finding::fault("stack_name", format!("{stack} is also {profile}'s"), mend));
            continue;
        }
        let same = |name: &str| {
            let value = values.get(name).map_or("", String::as_str);
            !value.is_empty() && other.get(name).map(String::as_str) == Some(value)
        };
        let makes = |values: &Values| values.get("MailIdentity").is_none_or(|identity| identity == "new");
        if same("MailDomain") && makes(values) && makes(&other) {
            let mend = "Give one of them MailIdentity=existing, or a domain of its own (prova.comune…).";
            findings.push(Finding::fault(
                "MailDomain",
                format!("{profile} makes the same SES identity"),
                mend,
            ));
        }
        for name in ["PublicUrl", "PortalDomainName", "NodeDomainName", "MetricsNamespace"] {
            if same(name) {
                let mend = "Give each profile one of its own; in two accounts it does not matter.";
                findings.push(Finding::warning(name, format!("is also {profile}'s"), mend));
            }
        }
    }
    findings
}

/// The services open to citizens.
pub fn services<'a>(services: impl Iterator<Item = &'a CatalogueService>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let folder = "infra/creditor/services";
    for service in services {
        if Taxonomy::parse(&service.taxonomy).is_none() {
            let mend = "Take it from pagoPA's list of codes: seven digits and the reason, as 0101105AP.";
            findings.push(Finding::fault(
                folder,
                format!("{}: taxonomy {} is none", service.code, service.taxonomy),
                mend,
            ));
        }
        if service.code.starts_with("TEST") {
            let mend = "Delete its file: it is there for trials.";
            findings.push(Finding::warning(folder, format!("{} is open to citizens", service.code), mend));
        }
    }
    findings
}

/// The hosts that take part, each with its parameter and port.
pub fn addresses(values: &Values) -> Vec<(&'static str, String, u16)> {
    let get = |name: &str| values.get(name).map_or("", String::as_str);
    let channel = if get("PaymentChannel") == "psp" { "PspUrl" } else { "CheckoutUrl" };
    let urls = ["PublicUrl", channel, "AcaUrl", "CreditorWebsite"].into_iter().filter_map(|name| {
        let url = Url::parse(get(name)).ok()?;
        Some((name, url.host_str()?.to_owned(), url.port_or_known_default()?))
    });
    let node = Some(get("NodeDomainName")).filter(|name| !name.is_empty());
    urls.chain(node.map(|name| ("NodeDomainName", name.to_owned(), 443))).collect()
}
