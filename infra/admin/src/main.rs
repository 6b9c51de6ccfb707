//! `cargo run -p admin`.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::process::ExitCode;

use admin::check::{self, CheckOptions};
use admin::cli::{AdminCommand, Cli, LedgerCommand};
use admin::doctor::{self, DoctorOptions};
use admin::operator::{self, Verdict};
use clap::{CommandFactory, Parser};
use runtime::{Clock, Env};

type CommandFailure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let Cli { variables, command } = Cli::parse();
    let done = match command {
        Some(AdminCommand::Ledger(command)) => ledger(variables.as_deref(), command),
        Some(AdminCommand::Doctor(options)) => examine(&options),
        Some(AdminCommand::Check(options)) => walk(&options),
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
    let given = path.map(variables).transpose()?.unwrap_or_default();
    let env = Env::of_this_process_with(given)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut out = std::io::stdout().lock();
    Ok(runtime.block_on(operator::run(&env, command, &mut out))?)
}

fn examine(options: &DoctorOptions) -> Result<Verdict, CommandFailure> {
    let report = doctor::run(options, Clock::system().now())?;
    std::io::stdout().write_all(report.text.as_bytes())?;
    Ok(if report.faulty { Verdict::Broken } else { Verdict::Well })
}

fn walk(options: &CheckOptions) -> Result<Verdict, CommandFailure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut out = std::io::stdout().lock();
    let whole = runtime.block_on(check::run(options, Clock::system().now(), &mut out));
    Ok(if whole.map_err(|fault| format!("{}: {}", fault.doing, fault.source))? {
        Verdict::Well
    } else {
        Verdict::Broken
    })
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
