//! `cargo run -p admin -- doctor`: looks through a creditor's configuration before it goes live, and says in plain
//! words what is wrong and how to mend it.
//!
//! The rules are functions of what was given and of today's date; only [`run`] reads files, and asks the network
//! when it may.

mod certificates;
mod parameters;
mod programs;
mod rules;
mod secrets;

use std::fmt::Write;
use std::net::ToSocketAddrs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use domain::Timestamp;

use parameters::{Given, Known};

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub weight: Weight,
    /// The parameter, secret or file.
    pub place: String,
    pub what: String,
    /// How to mend it.
    pub mend: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It will not work, or not as it must.
    Fault,
    /// It may be meant so.
    Warning,
}

impl Finding {
    fn fault(place: &str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { weight: Weight::Fault, place: place.to_owned(), what: what.into(), mend: mend.into() }
    }

    fn warning(place: &str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { weight: Weight::Warning, ..Self::fault(place, what, mend) }
    }
}

/// What to look through.
#[derive(Args, Debug, Default)]
pub struct DoctorOptions {
    /// SAM's configuration (.toml), or lines NAME=value
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Profile of SAM's configuration
    #[arg(long, value_name = "NAME", default_value = "prod")]
    env: String,
    /// A certificate of ours or authorities of the node, PEM; may be repeated
    #[arg(long = "certificate", value_name = "FILE")]
    certificates: Vec<PathBuf>,
    /// The values to be put into the secret store, JSON by name of the secret; never printed
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// The folder of the functions' programs, to see that they are for the processor of Architecture
    #[arg(long, value_name = "FOLDER")]
    programs: Option<PathBuf>,
    /// Also look up the names, and ask the addresses
    #[arg(long)]
    online: bool,
    /// Another template than infra/template.yaml
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
}

/// What was found, as text, and whether a fault is among it.
pub struct DoctorReport {
    pub text: String,
    pub faulty: bool,
}

/// Looks through everything that is named.
///
/// # Errors
/// A file that cannot be read, in a sentence.
pub fn run(options: &DoctorOptions, now: Timestamp) -> Result<DoctorReport, String> {
    let DoctorOptions { config, env, .. } = options;
    let template = options.template.clone().unwrap_or_else(|| repository().join("infra/template.yaml"));
    let known = Known::parse(&text(&template)?).map_err(|why| format!("{}: {why}", template.display()))?;
    let is_toml = config.extension().is_some_and(|end| end == "toml");
    let given = match is_toml {
        true => Given::of_samconfig(&text(config)?, env),
        false => Given::of_lines(&text(config)?),
    };
    let given = given.map_err(|why| format!("{}: {why}", config.display()))?;
    let mut findings = parameters::fit(&known, &given);
    findings.extend(rules::contradictions(&known.completed(&given), given.region.as_deref()));
    if is_toml {
        let all =
            Given::of_every_profile(&text(config)?).map_err(|why| format!("{}: {why}", config.display()))?;
        let others = all.iter().filter(|(name, _)| name != env);
        let others =
            others.map(|(name, other)| (name.as_str(), other.stack.as_str(), known.completed(other)));
        findings.extend(rules::neighbours(&given.stack, &known.completed(&given), others));
    }
    if let Some(folder) = &options.programs {
        findings.extend(programs::examine(folder, known.functions(), &known.completed(&given)));
    }
    findings.extend(catalogues());
    for file in &options.certificates {
        let pem = std::fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
        findings.extend(certificates::examine(
            &file.display().to_string(),
            &pem,
            &known.completed(&given),
            now,
        ));
    }
    if let Some(file) = &options.secrets {
        findings.extend(secrets::examine(&text(file)?, &known.completed(&given)));
    }
    if options.online {
        findings.extend(online(&rules::addresses(&known.completed(&given))));
    }
    findings.sort_by_key(|finding| finding.weight);
    let shown = if is_toml { format!("{}, {env}", config.display()) } else { config.display().to_string() };
    Ok(report(&shown, &findings))
}

/// The repository that this was built from.
fn repository() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{} cannot be read: {e}", path.display()))
}

/// The creditor's services and PSPs, which are compiled in with the functions.
fn catalogues() -> Vec<Finding> {
    let mend = "Mend the file; it is read again when this program is built again.";
    let mut findings = Vec::new();
    if let Err(why) = creditor::Psps::of_the_repository() {
        findings.push(Finding::fault(&why.variable, why.why, mend));
    }
    match creditor::ServiceCatalogue::of_the_repository() {
        Ok(services) => findings.extend(rules::services(services.open())),
        Err(why) => findings.push(Finding::fault(&why.variable, why.why, mend)),
    }
    findings
}

/// Whether the names lead anywhere, and somebody answers there.
fn online(addresses: &[(&'static str, String, u16)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (parameter, host, port) in addresses {
        let sockets = (host.as_str(), *port).to_socket_addrs();
        let Some(socket) = sockets.ok().and_then(|mut found| found.next()) else {
            let mend = "Create its record in the DNS, or correct the name.";
            findings.push(Finding::fault(parameter, format!("{host} has no address in the DNS"), mend));
            continue;
        };
        if std::net::TcpStream::connect_timeout(&socket, Duration::from_secs(5)).is_err() {
            let what = format!("nobody answers at {host}, port {port}");
            findings.push(Finding::warning(
                parameter,
                what,
                "Right before the first deployment; later look into it.",
            ));
        }
    }
    findings
}

fn report(shown: &str, findings: &[Finding]) -> DoctorReport {
    let count = |weight| findings.iter().filter(|finding| finding.weight == weight).count();
    let (faults, warnings) = (count(Weight::Fault), count(Weight::Warning));
    let plural = |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let mut text = format!("{shown}: {}, {}\n", plural(faults, "fault"), plural(warnings, "warning"));
    for Finding { weight, place, what, mend } in findings {
        let weight = match weight {
            Weight::Fault => "FAULT  ",
            Weight::Warning => "warning",
        };
        let _ = write!(text, "\n{weight} {place}: {what}\n        {mend}\n");
    }
    if findings.is_empty() {
        text.push_str("\nNothing to mend.\n");
    }
    DoctorReport { text, faulty: faults > 0 }
}

#[cfg(test)]
mod tests;
