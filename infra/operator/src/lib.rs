//! What operators ask of the ledger, by the code that the functions run.

mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;

use domain::notice::NoticeNumber;
use domain::{FieldCode, Timestamp};
use lexopt::prelude::*;
use store::{Events, Ledger, Settlement, StoredCallback};
use world::{NotConfigured, World};

pub const USAGE: &str = "\
Asks the ledger, in plain words.

    cargo run -p operator -- [--variables FILE] COMMAND

    debt NOTICE                       what happened to a debt, and whether its chain verifies
    differences                       money to refund, mismatches, and money of nothing we know
    replay --id ID                    apply a stored callback again, by its id
    replay --from TIME --until TIME   apply those received between two instants (2026-11-23T10:00:00Z)
    verify                            verify the whole ledger

    --variables FILE   the sweep's variables, as NAME=value lines or one JSON object; - is the standard input
    --help             this text

Nothing is ever changed but by replay, which does what the callback's arrival would have done: money that is
known already stays as it is. infra/runbooks/operator.md says where the variables come from.
";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Debt(NoticeNumber),
    Differences,
    ReplayOne(String),
    ReplayBetween { from: Timestamp, until: Timestamp },
    Verify,
}

/// A command line, read.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    pub variables: Option<String>,
    pub command: Command,
}

/// Whether what was looked at is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Well,
    Broken,
}

/// Why a command could not be carried out.
#[derive(Debug)]
pub enum Failure {
    NotConfigured(NotConfigured),
    Fault(domain::Fault),
    Output(std::io::Error),
    /// There is no such debt or callback.
    NotFound(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotConfigured(why) => write!(f, "{why}"),
            Failure::Fault(fault) => write!(f, "{} failed: {}", fault.doing, fault.source),
            Failure::Output(why) => write!(f, "{why}"),
            Failure::NotFound(what) => write!(f, "there is no {what}"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<NotConfigured> for Failure {
    fn from(why: NotConfigured) -> Self {
        Failure::NotConfigured(why)
    }
}

impl From<domain::Fault> for Failure {
    fn from(fault: domain::Fault) -> Self {
        Failure::Fault(fault)
    }
}

impl From<std::io::Error> for Failure {
    fn from(why: std::io::Error) -> Self {
        Failure::Output(why)
    }
}

/// Reads a command line; nothing when only help was asked for.
pub fn asked(mut arguments: lexopt::Parser) -> Result<Option<Asked>, lexopt::Error> {
    let (mut variables, mut words) = (None, Vec::new());
    let (mut id, mut from, mut until) = (None, None, None);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("variables") => variables = Some(arguments.value()?.string()?),
            Long("id") => id = Some(arguments.value()?.string()?),
            Long("from") => from = Some(instant(&arguments.value()?.string()?, "--from")?),
            Long("until") => until = Some(instant(&arguments.value()?.string()?, "--until")?),
            Short('h') | Long("help") => return Ok(None),
            Value(word) => words.push(word.string()?),
            _ => return Err(argument.unexpected()),
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let command = match (words.as_slice(), id, from, until) {
        (["debt", number], None, None, None) => {
            let wrong = |_: FieldCode| format!("{number} is not a notice number: 18 digits");
            Command::Debt(NoticeNumber::parse(number).map_err(wrong)?)
        }
        (["differences"], None, None, None) => Command::Differences,
        (["verify"], None, None, None) => Command::Verify,
        (["replay"], Some(id), None, None) => Command::ReplayOne(id),
        (["replay"], None, Some(from), Some(until)) => Command::ReplayBetween { from, until },
        ([], None, None, None) => return Ok(None),
        _ => return Err("what is asked for is none of the commands: see --help".into()),
    };
    Ok(Some(Asked { variables, command }))
}

fn instant(text: &str, option: &str) -> Result<Timestamp, lexopt::Error> {
    text.parse().map_err(|_| format!("{option} wants an instant such as 2026-11-23T10:00:00Z").into())
}

/// Reads variables: `NAME=value` lines, the value in quotes or not, or one JSON object of texts.
pub fn variables(text: &str) -> Result<BTreeMap<String, String>, String> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|e| format!("it is no JSON object of texts: {e}"));
    }
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let pairs = lines.map(|(number, line)| match line.split_once('=') {
        Some((name, value)) => Ok((name.trim().to_owned(), unquoted(value).to_owned())),
        None => Err(format!("line {number} is not NAME=value")),
    });
    pairs.collect()
}

fn unquoted(value: &str) -> &str {
    let inside = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

/// Carries a command out and writes what there is to say.
pub async fn run(world: &World, command: Command, out: &mut impl Write) -> Result<Verdict, Failure> {
    match command {
        Command::Debt(notice) => debt(world, &notice, out).await,
        Command::Differences => differences(world, out).await,
        Command::ReplayOne(id) => {
            let found = Events::connect(world)?.stored(&id).await?;
            let callback = found.ok_or_else(|| Failure::NotFound(format!("callback {id}")))?;
            replay(world, vec![callback], out).await
        }
        Command::ReplayBetween { from, until } => {
            let callbacks = Events::connect(world)?.received(from, until).await?;
            replay(world, callbacks, out).await
        }
        Command::Verify => verify(world, out).await,
    }
}

async fn debt(world: &World, notice: &NoticeNumber, out: &mut impl Write) -> Result<Verdict, Failure> {
    let statement = Ledger::connect(world)?.statement(notice).await?;
    let statement = statement.ok_or_else(|| Failure::NotFound(format!("debt {notice}")))?;
    words::statement(&statement, out)?;
    Ok(if statement.verdict.is_ok() { Verdict::Well } else { Verdict::Broken })
}

async fn differences(world: &World, out: &mut impl Write) -> Result<Verdict, Failure> {
    let differences = Ledger::connect(world)?.differences().await?;
    words::differences(&differences, out)?;
    Ok(Verdict::Well)
}

async fn replay(
    world: &World,
    callbacks: Vec<StoredCallback>,
    out: &mut impl Write,
) -> Result<Verdict, Failure> {
    let (settlement, events) = (Settlement::connect(world)?, Events::connect(world)?);
    let creditor = creditor::creditor(world)?.fiscal_code;
    for callback in &callbacks {
        let settled = psp::replay(&settlement, callback, &creditor).await?;
        events.done(callback).await?;
        words::replayed(callback, settled, out)?;
    }
    writeln!(out, "{}", words::count(callbacks.len() as u64, "callback"))?;
    Ok(Verdict::Well)
}

async fn verify(world: &World, out: &mut impl Write) -> Result<Verdict, Failure> {
    let (mut said, mut unsaid) = (Vec::new(), Ok(()));
    let audited = Ledger::connect(world)?
        .audit(|statement| {
            if unsaid.is_ok() {
                unsaid = words::verdict(statement, &mut said);
            }
        })
        .await?;
    unsaid?;
    out.write_all(&said)?;
    let (debts, movements) =
        (words::count(audited.debts, "debt"), words::count(audited.movements, "movement"));
    match audited.broken {
        0 => writeln!(out, "{debts}, {movements}: every chain is whole and says what is stored.")?,
        broken => writeln!(out, "{debts}, {movements}: {broken} broken. See infra/runbooks/audit.md")?,
    }
    Ok(if audited.broken == 0 { Verdict::Well } else { Verdict::Broken })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[&str]) -> Result<Option<Command>, String> {
        let line = std::iter::once(&"operator").chain(line);
        let asked = asked(lexopt::Parser::from_iter(line)).map_err(|e| e.to_string())?;
        Ok(asked.map(|asked| asked.command))
    }

    #[test]
    fn a_command_is_read_whole_or_refused() {
        let notice = NoticeNumber::parse("301000000000000144").unwrap();
        assert_eq!(read(&["debt", "3010 0000 0000 0001 44"]), Ok(Some(Command::Debt(notice))));
        assert_eq!(read(&["verify"]), Ok(Some(Command::Verify)));
        assert_eq!(read(&["differences"]), Ok(Some(Command::Differences)));
        assert_eq!(read(&["replay", "--id", "evt_1"]), Ok(Some(Command::ReplayOne("evt_1".to_owned()))));
        assert!(matches!(
            read(&["replay", "--from", "2026-11-23T10:00:00Z", "--until", "2026-11-23T11:00:00Z"]),
            Ok(Some(Command::ReplayBetween { from, until })) if from < until
        ));
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["verify", "--help"]), Ok(None));
        for wrong in [
            &["debt"][..],
            &["debt", "12"],
            &["replay"],
            &["replay", "--from", "2026-11-23T10:00:00Z"],
            &["replay", "--from", "yesterday", "--until", "2026-11-23T10:00:00Z"],
            &["verify", "--id", "x"],
            &["refund"],
            &["--force"],
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn variables_come_as_lines_or_as_json() {
        let lines = variables("A='1'\n\nCREDITOR_NAME=\"Comune di Test\"\nB=x=y\n").unwrap();
        assert_eq!(lines["CREDITOR_NAME"], "Comune di Test");
        assert_eq!(lines["B"], "x=y");
        assert_eq!(variables(r#"{"A": "1", "B": "x=y", "CREDITOR_NAME": "Comune di Test"}"#), Ok(lines));
        assert!(variables("A=1\nnothing").is_err_and(|why| why.contains("line 2")));
        assert!(variables("{\"A\": 1}").is_err());
    }
}
