//! Programs that tests need: run, and installed where that is possible.

use std::process::{Command, Stdio};

/// Runs a command and says in one sentence what failed.
pub fn run(command: &mut Command) {
    let shown = format!("{command:?}");
    let status = command.stdin(Stdio::null()).status();
    let status = status.unwrap_or_else(|e| panic!("{shown} does not start: {e}"));
    assert!(status.success(), "{shown} failed ({status})");
}

/// Returns whether a program answers to these arguments.
pub fn has(program: &str, arguments: &[&str]) -> bool {
    let asked = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// Installs what is missing on Debian as root; elsewhere stops with the one command that does.
pub fn install(packages: &[&str]) {
    if packages.is_empty() {
        return;
    }
    let wanted = format!("apt-get install -y {}", packages.join(" "));
    let root = Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout == b"0\n");
    assert!(root && has("apt-get", &["--version"]), "the tests need {}: run `{wanted}`", packages.join(", "));
    run(Command::new("apt-get").args(["update", "-qq"]));
    let mut apt = Command::new("apt-get");
    run(apt.args(["install", "-y", "-qq"]).args(packages).env("DEBIAN_FRONTEND", "noninteractive"));
}
