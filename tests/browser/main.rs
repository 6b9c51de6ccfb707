//! The portal in a real browser: starts a stack, installs what is missing, runs the JavaScript suite beside this file.

#![expect(
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test runner: it reads its own settings and stops loudly"
)]

use std::path::Path;
use std::process::{Command, Stdio};

use local::{Options, Stack};

const CHROMIUM: &str = "/usr/bin/chromium";

/// Runs a command and says in one sentence what failed.
fn run(command: &mut Command) {
    let shown = format!("{command:?}");
    let status = command.stdin(Stdio::null()).status();
    let status = status.unwrap_or_else(|e| panic!("{shown} does not start: {e}"));
    assert!(status.success(), "{shown} failed ({status})");
}

fn has(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// Chromium and Node.js: installed here where that is possible, asked for where it is not.
fn install() {
    let browser = std::env::var("CHROMIUM").unwrap_or_else(|_| CHROMIUM.to_owned());
    let mut missing = Vec::new();
    if !Path::new(&browser).exists() {
        missing.push("chromium");
    }
    if !has("node") || !has("npm") {
        missing.extend(["nodejs", "npm"]);
    }
    if missing.is_empty() {
        return;
    }
    let wanted = format!("apt-get install -y {}", missing.join(" "));
    let root = Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout == b"0\n");
    assert!(root && has("apt-get"), "the browser tests need {}: run `{wanted}`", missing.join(", "));
    run(Command::new("apt-get").args(["update", "-qq"]));
    let mut apt = Command::new("apt-get");
    run(apt.args(["install", "-y", "-qq"]).args(&missing).env("DEBIAN_FRONTEND", "noninteractive"));
}

#[test]
fn the_portal_in_a_real_browser() {
    install();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    run(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&here));
    let options = Options { limits: false, ..Options::default() };
    let stack = Stack::start(options).unwrap_or_else(|problem| panic!("{problem}"));
    let address = stack.address().to_owned();
    let url = if address.starts_with("http") { address } else { format!("http://{address}") };
    run(Command::new("node").arg("run.js").env("PORTAL_URL", &url).env("LOCAL_URL", &url).current_dir(&here));
}
