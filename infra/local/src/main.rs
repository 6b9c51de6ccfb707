//! `cargo run -p local`: the whole product with one command.

mod cli;
mod external_runners;
mod messages;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use cli::Cli;
use external_runners::ExternalRunner;
use local::{Options, Stack};
use tracing_subscriber::filter::LevelFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let level = if cli.verbose { LevelFilter::INFO } else { LevelFilter::ERROR };
    tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).compact().init();
    match run(&cli) {
        Ok(code) => code,
        Err(problem) => {
            let _ = writeln!(std::io::stderr(), "{problem}");
            ExitCode::from(2)
        }
    }
}

fn run(cli: &Cli) -> Result<ExitCode, String> {
    let mut options = cli.options();
    let (limits, report) = (options.limits, !options.enforce_grants);
    let runner = cli.functions.map(|runner| ExternalRunner::prepare(runner, &mut options)).transpose()?;
    let neighbours_only = options.neighbours_only && runner.is_none();
    let (stack, runner) = started(options, runner)?;
    let portal = runner.as_ref().map_or_else(|| stack.address().to_owned(), |it| it.portal(&stack));
    let code = if cli.client.is_empty() {
        // Nobody may be reading.
        let mut out = std::io::stdout();
        let welcome = messages::welcome(&portal, stack.address(), limits, neighbours_only);
        let _ = out.write_all(welcome.as_bytes());
        wait_for_the_end();
        if report {
            let _ = out.write_all(messages::grants(&stack).as_bytes());
        }
        let _ = writeln!(out, "Stopped.");
        ExitCode::SUCCESS
    } else {
        let status = external_runners::run(&cli.client, &portal, &stack)?;
        ExitCode::from(u8::from(!status.success()))
    };
    // First nobody calls the functions any more, then they stop.
    drop(stack);
    drop(runner);
    Ok(code)
}

/// The stack, and the functions when they run elsewhere; then the demonstration data are put in through them.
fn started(
    options: Options,
    mut runner: Option<ExternalRunner>,
) -> Result<(Stack, Option<ExternalRunner>), String> {
    let stack = Stack::start(options).map_err(|problem| problem.to_string())?;
    if let Some(runner) = &mut runner {
        runner.start(&stack)?;
        stack.seed().map_err(|problem| problem.to_string())?;
    }
    Ok((stack, runner))
}

/// Until Ctrl-C, or the signal that `kill` sends.
fn wait_for_the_end() {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return std::thread::park();
    };
    runtime.block_on(async {
        #[cfg(unix)]
        if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
        let _ = tokio::signal::ctrl_c().await;
    });
}
