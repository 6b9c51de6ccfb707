//! The functions in processes of their own: cargo-lambda's, or containers of sam's. This stack is what is around them.

use std::ffi::OsStr;
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use local::{OPERATOR, Options, Stack};
use serde_yaml_ng::Value as Yaml;

use crate::cli::Runner;

/// How long an emulator may take to listen: sam builds its image at the first time.
const SLOWEST_START: Duration = Duration::from_secs(300);

/// Where a container reaches this machine.
const THIS_MACHINE: &str = if cfg!(target_os = "linux") { "172.17.0.1" } else { "host.docker.internal" };

const ARCHITECTURE: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };

/// Executions of one function at once.
const INSTANCES: &str = "4";

pub struct ExternalRunner {
    runner: Runner,
    /// What is written for the emulators, and what they say.
    folder: PathBuf,
    /// Lambda's Invoke API.
    invoke: u16,
    /// sam's front door.
    door: u16,
    children: Vec<Child>,
}

impl ExternalRunner {
    /// Builds the functions, finds ports for the emulators, and tells the stack about them.
    pub fn prepare(runner: Runner, options: &mut Options) -> Result<Self, String> {
        match runner {
            Runner::Watch => done(cargo().arg("build"))?,
            Runner::Sam => {
                // In a folder of their own: these programs are for this machine, not for what is deployed.
                let (build, folder) =
                    (format!("ARCHITECTURE={ARCHITECTURE}"), format!("LAMBDA={}", built()?.display()));
                let infra = Stack::repository().join("infra");
                done(Command::new("make").arg("-C").arg(infra).args(["functions", &build, &folder]))?;
            }
        }
        let folder = std::env::temp_dir().join(format!("local-functions-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let (invoke, door) = (free_port()?, free_port()?);
        options.invoke = Some(format!("http://127.0.0.1:{invoke}"));
        options.demo = false;
        if runner == Runner::Sam {
            options.neighbours_only = true;
            options.public_url = Some(format!("http://localhost:{door}"));
            options.host = Some(THIS_MACHINE.to_owned());
        }
        Ok(Self { runner, folder, invoke, door, children: Vec::new() })
    }

    /// Starts what runs the functions; when this is back, they can be called.
    pub fn start(&mut self, stack: &Stack) -> Result<(), String> {
        match self.runner {
            Runner::Watch => self.watch(stack),
            Runner::Sam => self.sam(stack),
        }
    }

    /// Where citizens reach the portal.
    pub fn portal(&self, stack: &Stack) -> String {
        match self.runner {
            Runner::Watch => stack.address().to_owned(),
            Runner::Sam => format!("http://localhost:{}", self.door),
        }
    }

    fn watch(&mut self, stack: &Stack) -> Result<(), String> {
        let variables = self.written("environment", &stack.environment())?;
        let mut emulator = cargo();
        emulator.args(["lambda", "watch", "--ignore-changes", "--invoke-address", "127.0.0.1"]);
        emulator.arg("--invoke-port").arg(self.invoke.to_string());
        emulator.args(["--concurrency", INSTANCES, "--env-file"]).arg(variables);
        self.spawn(&mut emulator, "watch", self.invoke)
    }

    fn sam(&mut self, stack: &Stack) -> Result<(), String> {
        let template = self.written("template.yaml", &with_our_addresses(&built()?)?)?;
        let variables = self.written("environment.json", &stack.environment_by_function())?;
        let sam = |what: &str, port: u16| {
            let mut sam = Command::new("sam");
            sam.args(["local", what, "--skip-pull-image", "--warm-containers", "LAZY", "--template"])
                .arg(&template);
            sam.arg("--env-vars").arg(&variables).args([
                "--port",
                &port.to_string(),
                "--parameter-overrides",
            ]);
            sam.arg(format!("Architecture={ARCHITECTURE}")).current_dir(&self.folder);
            sam.env("AWS_ACCESS_KEY_ID", OPERATOR).env("AWS_SECRET_ACCESS_KEY", "local");
            sam.env("AWS_DEFAULT_REGION", "eu-south-1").env("SAM_CLI_TELEMETRY", "0");
            sam
        };
        // The workers have no route: the stack calls them by the Invoke API.
        let (mut door, mut workers) = (sam("start-api", self.door), sam("start-lambda", self.invoke));
        self.spawn(&mut workers, "start-lambda", self.invoke)?;
        self.spawn(&mut door, "start-api", self.door)
    }

    fn written(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.folder.join(name);
        std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(path)
    }

    /// Starts an emulator, and waits until it listens.
    fn spawn(&mut self, command: &mut Command, name: &str, port: u16) -> Result<(), String> {
        let path = self.folder.join(format!("{name}.log"));
        let log = File::create(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let errors = log.try_clone().map_err(|e| e.to_string())?;
        let child = command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn();
        let mut child = child.map_err(|e| format!("{command:?} does not start: {e}"))?;
        let end = Instant::now() + SLOWEST_START;
        let listens = loop {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break true;
            }
            if matches!(child.try_wait(), Ok(Some(_)) | Err(_)) || Instant::now() > end {
                break false;
            }
            std::thread::sleep(Duration::from_millis(200));
        };
        self.children.push(child);
        match listens {
            true => Ok(()),
            false => Err(format!("{name} does not start: see {}", path.display())),
        }
    }
}

impl Drop for ExternalRunner {
    /// As with Ctrl-C: sam takes its containers down.
    fn drop(&mut self) {
        for child in &mut self.children {
            if matches!(child.try_wait(), Ok(None)) {
                let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
                let _ = child.wait();
            }
        }
    }
}

/// Runs a command against the stack. Journeys that move the clock or break what is around a function leave themselves
/// out where the functions run elsewhere: which ones is said at the end.
pub fn run(command: &[impl AsRef<OsStr>], portal: &str, stack: &Stack) -> Result<ExitStatus, String> {
    let Some((program, arguments)) = command.split_first() else {
        return Err("there is no command".to_owned());
    };
    let left_out = std::env::temp_dir().join(format!("left-out-{}", std::process::id()));
    let status = Command::new(program)
        .args(arguments)
        .env("PORTAL_URL", portal)
        .env("LOCAL_URL", stack.address())
        .env("LEFT_OUT", &left_out)
        .status()
        .map_err(|e| format!("{} does not start: {e}", program.as_ref().display()))?;
    if let Ok(names) = std::fs::read_to_string(&left_out) {
        let _ = std::fs::remove_file(&left_out);
        let many = names.lines().count();
        println!(
            "{many} left out: they move the clock, break what is around a function, or are about our own gateway."
        );
        for name in names.lines() {
            println!("  {name}");
        }
    }
    Ok(status)
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|e| e.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|e| e.to_string())
}

/// A cargo that does not know that it runs inside another: build scripts that look at the package that they belong to
/// would run again, and everything above them would be built anew.
fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    let of_this_package = ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| of_this_package.iter().any(|prefix| name.starts_with(prefix))) {
            cargo.env_remove(name);
        }
    }
    cargo.current_dir(Stack::repository());
    cargo
}

/// Runs a step to its end.
fn done(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|e| format!("{command:?} does not start: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} failed ({status})")) }
}

/// Where the build has put the functions.
fn built() -> Result<PathBuf, String> {
    let output = cargo().args(["metadata", "--no-deps", "--format-version", "1"]).output();
    let output = output.map_err(|e| format!("cargo metadata does not start: {e}"))?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).map_err(|e| e.to_string())?;
    let target = metadata.get("target_directory").and_then(serde_json::Value::as_str);
    target
        .map(|target| Path::new(target).join("lambda-here"))
        .ok_or_else(|| "cargo names no build folder".to_owned())
}

/// The template, with the functions where they are on this machine, and a variable for the address of what stands in
/// for AWS: sam hands over only variables that the template has.
fn with_our_addresses(built: &Path) -> Result<String, String> {
    let path = Stack::repository().join("infra/template.yaml");
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let text = text.replace("../target/lambda/", &format!("{}/", built.display()));
    let mut template: Yaml =
        serde_yaml_ng::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    let parts = ["Globals", "Function", "Environment", "Variables"];
    let variables = parts.iter().try_fold(&mut template, |value, part| value.get_mut(*part));
    let variables =
        variables.and_then(Yaml::as_mapping_mut).ok_or("the template has no variables for all")?;
    variables.insert("AWS_ENDPOINT_URL".into(), "".into());
    serde_yaml_ng::to_string(&template).map_err(|e| e.to_string())
}
