//! `cargo run -p admin`.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::process::ExitCode;

use admin::cli::{AdminCommand, Cli, IdentityCommand, LedgerCommand};
use admin::doctor::{self, DoctorOptions};
use admin::operator::{self, Verdict};
use clap::{CommandFactory, Parser};
use runtime::{Clock, Env};
use tokio::runtime::Runtime;

type CommandFailure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let Cli { variables, command } = Cli::parse();
    let done = match command {
        Some(AdminCommand::Ledger(command)) => ledger(variables.as_deref(), command),
        Some(AdminCommand::Identity(command)) => identity(variables.as_deref(), command),
        Some(AdminCommand::Doctor(options)) => examine(&options),
        None => help(),
    };
    match done {
        Ok(Verdict::Well) => ExitCode::SUCCESS,
        Ok(Verdict::Broken) => ExitCode::FAILURE,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "{why}");
            ExitCode::from(2)
        }
    }
}

fn ledger(path: Option<&str>, command: LedgerCommand) -> Result<Verdict, CommandFailure> {
    let (env, runtime) = environment(path)?;
    let mut out = std::io::stdout().lock();
    Ok(runtime.block_on(operator::run(&env, command, &mut out))?)
}

fn identity(path: Option<&str>, command: IdentityCommand) -> Result<Verdict, CommandFailure> {
    let (env, runtime) = environment(path)?;
    let mut out = std::io::stdout().lock();
    Ok(runtime.block_on(admin::identity::run(&env, command, &mut out))?)
}

fn environment(path: Option<&str>) -> Result<(Env, Runtime), CommandFailure> {
    let given = path.map(variables).transpose()?.unwrap_or_default();
    let env = Env::of_this_process_with(given)?;
    Ok((env, tokio::runtime::Builder::new_current_thread().enable_all().build()?))
}

fn examine(options: &DoctorOptions) -> Result<Verdict, CommandFailure> {
    let report = doctor::run(options, Clock::system().now())?;
    std::io::stdout().write_all(report.text.as_bytes())?;
    Ok(if report.faulty { Verdict::Broken } else { Verdict::Well })
}

fn help() -> Result<Verdict, CommandFailure> {
    Cli::command().print_help()?;
    Ok(Verdict::Well)
}

/// The variables of a file, or of the standard input for `-`.
fn variables(path: &str) -> Result<BTreeMap<String, String>, CommandFailure> {
    let mut text = String::new();
    match path {
        "-" => std::io::stdin().read_to_string(&mut text)?,
        _ => std::fs::File::open(path).map_err(|e| format!("{path}: {e}"))?.read_to_string(&mut text)?,
    };
    operator::variables(&text).map_err(|why| format!("{path}: {why}").into())
}
