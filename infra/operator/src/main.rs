//! `cargo run -p operator`: the ledger in plain words.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::process::ExitCode;

use operator::{Command, USAGE, Verdict};
use world::World;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(Verdict::Well) => ExitCode::SUCCESS,
        Ok(Verdict::Broken) => ExitCode::FAILURE,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "{why}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<Verdict, Failure> {
    let Some(asked) = operator::asked(std::env::args_os().skip(1))? else {
        write!(std::io::stdout(), "{USAGE}")?;
        return Ok(Verdict::Well);
    };
    let given = asked.variables.as_deref().map(variables).transpose()?.unwrap_or_default();
    let world = World::of_this_process_with(given)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(carry_out(&world, asked.command))
}

async fn carry_out(world: &World, command: Command) -> Result<Verdict, Failure> {
    let mut out = std::io::stdout().lock();
    Ok(operator::run(world, command, &mut out).await?)
}

/// The variables of a file, or of the standard input for `-`.
fn variables(path: &str) -> Result<BTreeMap<String, String>, Failure> {
    let mut text = String::new();
    match path {
        "-" => std::io::stdin().read_to_string(&mut text)?,
        _ => std::fs::File::open(path).map_err(|e| format!("{path}: {e}"))?.read_to_string(&mut text)?,
    };
    operator::variables(&text).map_err(|why| format!("{path}: {why}").into())
}
