//! `cargo run -p local`: the whole product with one command.

mod elsewhere;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use elsewhere::{Elsewhere, Way};
use lexopt::prelude::*;
use local::{Channel, Granted, Options, PASSWORD, Stack, USER, doctor};
use tracing_subscriber::filter::LevelFilter;

const USAGE: &str = "\
Runs the whole product on this machine.

    cargo run -p local -- [options] [-- command]
    cargo run -p local -- doctor --help    looks through a configuration before it goes live

    --port N            port to listen on (3000)
    --data DIR          keep the data in a folder (in memory)
    --channel checkout  citizens pay on pagoPA Checkout, not at the PSP
    --limits off        no limits on attempts, for load tests
    --grants report     allow what the template does not grant, and list it at the end
    --functions watch   each function in a process of its own, by cargo-lambda
    --functions sam     each function in a container of its own, by sam and Docker
    -- command          run this against the stack (PORTAL_URL, LOCAL_URL), then stop

    --invoke URL        run the functions elsewhere: address of Lambda's Invoke API
    --neighbours-only   only DynamoDB, mail, secrets and PSP, for functions that are reached in some other way
    --public-url URL    where citizens reach the portal then
    --host NAME         where functions elsewhere reach this machine (an address is listened to as well)
    --template FILE     another template than infra/template.yaml
    --set NAME=VALUE    a parameter of the template that differs from the demonstration creditor's
    --verbose           the functions' own log, too
    --help              this text
";

struct Command {
    options: Options,
    verbose: bool,
    functions: Option<Way>,
    /// What is run against the stack.
    client: Vec<OsString>,
}

/// The options, or nothing when only help was asked for.
fn command(mut arguments: lexopt::Parser) -> Result<Option<Command>, lexopt::Error> {
    let mut options = Options { port: 3000, log: true, ..Options::default() };
    let (mut verbose, mut functions, mut client) = (false, None, Vec::new());
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("port") => {
                let port = arguments.value()?.string()?;
                options.port =
                    port.parse().map_err(|_| format!("--port wants a number up to 65535, not {port}"))?;
            }
            Long("data") => options.data = Some(arguments.value()?.into()),
            Long("limits") => match arguments.value()?.string()?.as_str() {
                "on" => options.limits = true,
                "off" => options.limits = false,
                _ => return Err("--limits is on or off".into()),
            },
            Long("channel") => match arguments.value()?.string()?.as_str() {
                "psp" => options.channel = Channel::Psp,
                "checkout" => options.channel = Channel::Checkout,
                _ => return Err("--channel is psp or checkout".into()),
            },
            Long("grants") => match arguments.value()?.string()?.as_str() {
                "enforce" => options.enforce_grants = true,
                "report" => options.enforce_grants = false,
                _ => return Err("--grants is enforce or report".into()),
            },
            Long("functions") => match arguments.value()?.string()?.as_str() {
                "watch" => functions = Some(Way::Watch),
                "sam" => functions = Some(Way::Sam),
                _ => return Err("--functions is watch or sam".into()),
            },
            Long("host") => options.host = Some(arguments.value()?.string()?),
            Value(word) => client.push(word),
            Long("invoke") => options.invoke = Some(address(arguments.value()?.string()?, "--invoke")?),
            Long("neighbours-only") => options.neighbours_only = true,
            Long("public-url") => {
                options.public_url = Some(address(arguments.value()?.string()?, "--public-url")?)
            }
            Long("set") => {
                let given = arguments.value()?.string()?;
                let (name, value) = given.split_once('=').ok_or("--set wants NAME=VALUE")?;
                options.parameters.insert(name.to_owned(), value.to_owned());
            }
            Long("template") => options.template = Some(arguments.value()?.into()),
            Long("verbose") => verbose = true,
            Short('h') | Long("help") => return Ok(None),
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(Some(Command { options, verbose, functions, client }))
}

fn address(text: String, option: &str) -> Result<String, lexopt::Error> {
    match text.starts_with("http://") {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => Err(format!("{option} wants an address that begins with http://").into()),
    }
}

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1).peekable();
    if words.next_if(|word| word == "doctor").is_some() {
        return doctor(lexopt::Parser::from_args(words));
    }
    let command = match command(lexopt::Parser::from_env()) {
        Ok(Some(command)) => command,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => return refuse(&format!("{error} (--help lists the options)")),
    };
    let level = if command.verbose { LevelFilter::INFO } else { LevelFilter::ERROR };
    tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).compact().init();
    let Command { mut options, functions, client, .. } = command;
    let (limits, report) = (options.limits, !options.enforce_grants);
    options.log &= client.is_empty();
    let planned = functions.map(|way| Elsewhere::plan(way, &mut options)).transpose();
    let neighbours_only = options.neighbours_only && functions.is_none();
    let (stack, elsewhere) = match planned.and_then(|elsewhere| started(options, elsewhere)) {
        Ok(started) => started,
        Err(problem) => return refuse(&problem),
    };
    let portal = elsewhere.as_ref().map_or_else(|| stack.address().to_owned(), |it| it.portal(&stack));
    // Nobody may be reading.
    let mut out = std::io::stdout();
    if !client.is_empty() {
        return match elsewhere::run(&client, &portal, &stack) {
            Ok(status) => ExitCode::from(u8::from(!status.success())),
            Err(problem) => refuse(&problem),
        };
    }
    let _ = out.write_all(welcome(&portal, stack.address(), limits, neighbours_only).as_bytes());
    wait_for_the_end();
    if report {
        let _ = out.write_all(grants(&stack).as_bytes());
    }
    let _ = writeln!(out, "Stopped.");
    ExitCode::SUCCESS
}

fn doctor(arguments: lexopt::Parser) -> ExitCode {
    let (text, code) = match doctor::run(arguments, world::Clock::system().now()) {
        Ok(Some(report)) => (report.text, ExitCode::from(u8::from(report.faulty))),
        Ok(None) => (doctor::USAGE.to_owned(), ExitCode::SUCCESS),
        Err(error) => return refuse(&error),
    };
    let _ = std::io::stdout().write_all(text.as_bytes());
    code
}

/// The stack, and the functions when they run elsewhere; then the demonstration data are put in through them.
fn started(options: Options, mut elsewhere: Option<Elsewhere>) -> Result<(Stack, Option<Elsewhere>), String> {
    let stack = Stack::start(options).map_err(|problem| problem.to_string())?;
    if let Some(elsewhere) = &mut elsewhere {
        elsewhere.start(&stack)?;
        stack.seed().map_err(|problem| problem.to_string())?;
    }
    Ok((stack, elsewhere))
}

fn refuse(sentence: &str) -> ExitCode {
    eprintln!("{sentence}");
    ExitCode::from(2)
}

fn welcome(address: &str, local: &str, limits: bool, neighbours_only: bool) -> String {
    let mut text = String::new();
    if !limits {
        text.push_str(
            "\n*** LIMITS ARE OFF: anybody may try as often as they like. For load tests only. ***\n",
        );
    }
    if neighbours_only {
        text.push_str(&format!(
            "\nNeighbours ready at {address}\n\
             \n  variables of the functions   curl -s {address}/_local/environment\
             \n  the same, for SAM            curl -s {address}/_local/environment.json\
             \n  demonstration data           curl -X POST {address}/_local/demo   (once the portal answers)\
             \n  mail that was sent           {address}/_local/mail\n\n"
        ));
        return text;
    }
    text.push_str(&format!(
        "\nReady at {address}   (everything else there is: {local}/_local/)\n\
         \n  user      {USER}\
         \n  password  {PASSWORD}\n\
         \nThree things to try:\n\
         \n  1. Search a practice\
         \n     curl -s {address}/api/search -H 'content-type: application/json' \\\
         \n       -d '{{\"fiscalCode\":\"RSSMRA80A01H501U\",\"noticeNumber\":\"001000000000106683\"}}'\n\
         \n  2. Log in and list what is to pay\
         \n     curl -s -c cookies.txt {address}/api/login -H 'content-type: application/json' \\\
         \n       -d '{{\"username\":\"{USER}\",\"password\":\"{PASSWORD}\"}}' && \\\
         \n     curl -s -b cookies.txt {address}/api/debts\n\
         \n  3. Start to pay: open the redirectUrl in a browser, then look at {local}/_local/mail\
         \n     curl -s -b cookies.txt {address}/api/payments -H 'content-type: application/json' \\\
         \n       -H 'idempotency-key: try-1' -d '{{\"noticeNumbers\":[\"001000000000106683\"]}}'\n\n"
    ));
    text
}

/// What the template should say otherwise, as far as was seen.
fn grants(stack: &Stack) -> String {
    let lines = |granted: Vec<Granted>| granted.iter().map(|one| format!("  {one}\n")).collect::<String>();
    let (lacking, unused) = (lines(stack.lacking_grants()), lines(stack.unused_grants()));
    format!("\nNeeded and not granted:\n{lacking}\nGranted and not needed so far:\n{unused}")
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
