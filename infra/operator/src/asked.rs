//! The command line.

use std::collections::BTreeMap;
use std::ffi::OsString;

use domain::bookkeeping::Reason;
use domain::notice::NoticeNumber;
use domain::{Amount, Date, FieldCode, Timestamp};
use lexopt::prelude::*;

pub const USAGE: &str = "\
Asks the ledger, in plain words, and notes in it what was done.

    cargo run -p operator -- [--variables FILE] COMMAND

    debt NOTICE                       what happened to a debt, and whether its chain verifies
    differences                       money to refund, mismatches, and money of nothing we know
    replay --id ID                    apply a stored callback again, by its id
    replay --from TIME --until TIME   apply those received between two instants (2026-11-23T10:00:00Z)
    verify                            verify the whole ledger
    refund NOTICE MOVEMENT            note that this money was given back
    reconcile NOTICE MOVEMENT         note that this difference was settled with whoever sent it
    correct NOTICE                    credit what the node collected and never told

    --variables FILE   the sweep's variables, as NAME=value lines or one JSON object; - is the standard input
    --by OFFICE        who does it: a name of the office, no person's
    --why REASON       why, in 80 characters: mandato 118/2026. Nothing of a person
    --receipt ID, --amount 45.50, --paid-on 2026-11-23, --psp NAME
                       what the node says of the payment that correct credits
    --help             this text

refund, reconcile and correct append a movement, and need --by and --why; a movement's number is the one that debt
and differences show. They and replay can be repeated: what is known already stays as it is. Nothing else is ever
changed. infra/runbooks/operator.md says where the variables come from.
";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Debt(NoticeNumber),
    Differences,
    ReplayOne(String),
    ReplayBetween { from: Timestamp, until: Timestamp },
    Verify,
    Refund(Note),
    Reconcile(Note),
    Correct(Box<ByHand>),
}

/// What was done about one movement of one debt.
#[derive(Debug, PartialEq, Eq)]
pub struct Note {
    pub notice: NoticeNumber,
    pub movement: u64,
    pub reason: Reason,
}

/// A payment that the node says it collected.
#[derive(Debug, PartialEq, Eq)]
pub struct ByHand {
    pub notice: NoticeNumber,
    pub receipt_id: String,
    pub amount: Amount,
    pub paid_on: Date,
    pub psp: String,
    pub reason: Reason,
}

/// A command line, read.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    pub variables: Option<String>,
    pub command: Command,
}

/// What is given by name, but for the variables.
const OPTIONS: &[&str] = &["id", "from", "until", "by", "why", "receipt", "amount", "paid-on", "psp"];

/// Longest name of a receipt (the node's own limit is 35) and of a PSP.
const LONGEST: usize = 70;

/// Reads a command line, without the program's own name; nothing when only help was asked for.
pub fn asked<I>(line: I) -> Result<Option<Asked>, lexopt::Error>
where
    I: IntoIterator<Item: Into<OsString>, IntoIter: 'static>,
{
    let mut arguments = lexopt::Parser::from_args(line);
    let (mut variables, mut words, mut given) = (None, Vec::new(), Given::default());
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("variables") => variables = Some(arguments.value()?.string()?),
            Short('h') | Long("help") => return Ok(None),
            Long(name) if OPTIONS.contains(&name) => {
                let name = name.to_owned();
                given.0.insert(name, arguments.value()?.string()?);
            }
            Value(word) => words.push(word.string()?),
            _ => return Err(argument.unexpected()),
        }
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let command = match words.as_slice() {
        ["debt", number] => Command::Debt(notice(number)?),
        ["differences"] => Command::Differences,
        ["verify"] => Command::Verify,
        ["replay"] if given.0.contains_key("id") => Command::ReplayOne(given.take("id")?),
        ["replay"] => Command::ReplayBetween { from: given.instant("from")?, until: given.instant("until")? },
        ["refund", number, movement] => Command::Refund(given.note(number, movement)?),
        ["reconcile", number, movement] => Command::Reconcile(given.note(number, movement)?),
        ["correct", number] => Command::Correct(Box::new(given.by_hand(number)?)),
        [] => return Ok(None),
        _ => return Err("what is asked for is none of the commands: see --help".into()),
    };
    match given.0.into_keys().next() {
        Some(name) => Err(format!("--{name} does not belong to this command: see --help").into()),
        None => Ok(Some(Asked { variables, command })),
    }
}

fn notice(number: &str) -> Result<NoticeNumber, lexopt::Error> {
    let wrong = |_: FieldCode| format!("{number} is not a notice number: 18 digits");
    Ok(NoticeNumber::parse(number).map_err(wrong)?)
}

/// Options that no command has taken yet.
#[derive(Default)]
struct Given(BTreeMap<String, String>);

impl Given {
    fn take(&mut self, name: &str) -> Result<String, lexopt::Error> {
        let value = self.0.remove(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| format!("this command needs --{name}: see --help").into())
    }

    fn instant(&mut self, name: &str) -> Result<Timestamp, lexopt::Error> {
        let wrong = |_| format!("--{name} wants an instant such as 2026-11-23T10:00:00Z");
        Ok(self.take(name)?.parse().map_err(wrong)?)
    }

    fn reason(&mut self) -> Result<Reason, lexopt::Error> {
        let (by, why) = (self.take("by")?, self.take("why")?);
        let wrong = |code| match code {
            FieldCode::NotAllowed => "--by and --why hold nothing of a person: no address, no fiscal code",
            FieldCode::TooLong => "--by has 20 characters at most, --why 80",
            _ => "--by is a name of letters, digits, dots and hyphens; --why is plain text",
        };
        Ok(Reason::new(&by, &why).map_err(wrong)?)
    }

    fn note(&mut self, number: &str, movement: &str) -> Result<Note, lexopt::Error> {
        let wrong = |_| format!("{movement} is not the number of a movement, such as 4");
        Ok(Note {
            notice: notice(number)?,
            movement: movement.parse().map_err(wrong)?,
            reason: self.reason()?,
        })
    }

    fn by_hand(&mut self, number: &str) -> Result<ByHand, lexopt::Error> {
        let (amount, day) = (self.take("amount")?, self.take("paid-on")?);
        Ok(ByHand {
            notice: notice(number)?,
            receipt_id: self.line("receipt")?,
            amount: Amount::parse_decimal(&amount).map_err(|_| "--amount wants euro such as 45.50")?,
            paid_on: day.parse().map_err(|_| "--paid-on wants a day such as 2026-11-23")?,
            psp: self.line("psp")?,
            reason: self.reason()?,
        })
    }

    fn line(&mut self, name: &str) -> Result<String, lexopt::Error> {
        let text = self.take(name)?;
        let refused = domain::text::line(name, &text, 1, LONGEST);
        Ok(refused.map_err(|_| format!("--{name} wants one line of {LONGEST} characters at most"))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[&str]) -> Result<Option<Command>, String> {
        let line: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
        let asked = asked(line).map_err(|e| e.to_string())?;
        Ok(asked.map(|asked| asked.command))
    }

    #[test]
    fn a_command_is_read_whole_or_refused() {
        let number = "301000000000000144";
        let notice = || NoticeNumber::parse(number).unwrap();
        assert_eq!(read(&["debt", "3010 0000 0000 0001 44"]), Ok(Some(Command::Debt(notice()))));
        assert_eq!(read(&["verify"]), Ok(Some(Command::Verify)));
        assert_eq!(read(&["differences"]), Ok(Some(Command::Differences)));
        assert_eq!(read(&["replay", "--id", "evt_1"]), Ok(Some(Command::ReplayOne("evt_1".to_owned()))));
        assert!(matches!(
            read(&["replay", "--from", "2026-11-23T10:00:00Z", "--until", "2026-11-23T11:00:00Z"]),
            Ok(Some(Command::ReplayBetween { from, until })) if from < until
        ));
        let reason = || Reason::new("ragioneria", "mandato 118/2026").unwrap();
        let by = ["--by", "ragioneria", "--why", "mandato 118/2026"];
        let note = || Note { notice: notice(), movement: 4, reason: reason() };
        assert_eq!(read(&[&["refund", number, "4"], &by[..]].concat()), Ok(Some(Command::Refund(note()))));
        assert_eq!(
            read(&[&["reconcile", number, "4"], &by[..]].concat()),
            Ok(Some(Command::Reconcile(note())))
        );
        let told = ["--receipt", "R1", "--amount", "45.50", "--paid-on", "2026-11-23", "--psp", "Banca Due"];
        let corrected = Command::Correct(Box::new(ByHand {
            notice: notice(),
            receipt_id: "R1".to_owned(),
            amount: Amount::new(4_550).unwrap(),
            paid_on: Date::constant(2026, 11, 23),
            psp: "Banca Due".to_owned(),
            reason: reason(),
        }));
        assert_eq!(read(&[&["correct", number], &told[..], &by[..]].concat()), Ok(Some(corrected)));
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["verify", "--help"]), Ok(None));
        for wrong in [
            &["debt"][..],
            &["debt", "12"],
            &["replay"],
            &["replay", "--from", "2026-11-23T10:00:00Z"],
            &["replay", "--from", "yesterday", "--until", "2026-11-23T10:00:00Z"],
            &["replay", "--id", "x", "--from", "2026-11-23T10:00:00Z"],
            &["verify", "--id", "x"],
            &["refund"],
            &["refund", number, "4"],
            &["refund", number, "4", "--by", "ragioneria"],
            &["refund", number, "four", "--by", "ragioneria", "--why", "mandato"],
            &["refund", number, "4", "--by", "ragioneria", "--why", "a mario.rossi@example.it"],
            &[
                "correct",
                number,
                "--by",
                "ragioneria",
                "--why",
                "flusso",
                "--receipt",
                "R1",
                "--psp",
                "Banca",
            ],
            &["--force"],
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
