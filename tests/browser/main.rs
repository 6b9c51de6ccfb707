//! The portal in a real browser: starts a stack, installs what is missing, runs the JavaScript suite beside this file.

#![expect(
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test runner: it reads its own settings and stops loudly"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Once;

use journeys::programs::{self, has, run};
use local::{Options, PaymentChannel, Stack};

const CHROMIUM: &str = "/usr/bin/chromium";

/// Chromium, Node.js and what reads a PDF: installed here where that is possible, asked for where it is not.
fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(install_what_is_missing);
}

fn install_what_is_missing() {
    let browser = std::env::var("CHROMIUM").unwrap_or_else(|_| CHROMIUM.to_owned());
    let mut missing = Vec::new();
    if !Path::new(&browser).exists() {
        missing.push("chromium");
    }
    if !has("node", &["--version"]) || !has("npm", &["--version"]) {
        missing.extend(["nodejs", "npm"]);
    }
    if !has("pdftotext", &["-v"]) {
        missing.push("poppler-utils");
    }
    programs::install(&missing);
}

/// What is in the lock file, and nothing else.
fn packages(folder: &Path) {
    run(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder));
}

/// A stack whose template has these parameters, with or without limits on attempts.
fn stack(limits: bool, parameters: &[(&str, &str)]) -> (Stack, String) {
    let parameters: BTreeMap<String, String> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    started(Options { limits, parameters, ..Options::default() })
}

fn started(options: Options) -> (Stack, String) {
    let stack = Stack::start(options).unwrap_or_else(|problem| panic!("{problem}"));
    let address = stack.address().to_owned();
    let url = if address.starts_with("http") { address } else { format!("http://{address}") };
    (stack, url)
}

#[test]
fn the_portal_in_a_real_browser() {
    install();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    packages(&here);
    let (_portal, url) = stack(false, &[]);
    let (_strict, strict) = stack(true, &[("SpontaneousPayments", "false")]);
    let (_checkout, checkout) =
        started(Options { channel: PaymentChannel::Checkout, limits: false, ..Options::default() });
    let (_closed, closed) = stack(false, &[("MaintenanceUntil", "le 18")]);
    let mut node = Command::new("node");
    node.arg("run.js").current_dir(&here).env("PORTAL_URL", &url).env("LOCAL_URL", &url);
    run(node.env("STRICT_URL", strict).env("CHECKOUT_URL", checkout).env("CLOSED_URL", closed));
}

/// Style, fonts and icons are committed so that nobody needs npm to run the portal; here is where they come from.
/// The scripts' types are checked against the contract on the way.
#[test]
fn the_look_is_what_its_sources_give_and_the_scripts_fit_the_contract() {
    install();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions/portal/assets-build");
    packages(&sources);
    run(Command::new("npm").args(["run", "--silent", "check"]).current_dir(&sources));
}
