//! The command line.

use clap::{Args, Parser, Subcommand};
use domain::bookkeeping::Reason;
use domain::notice::NoticeNumber;
use domain::person::Email;
use domain::{Amount, Date, FieldCode, FiscalCode, Timestamp};

use crate::doctor::DoctorOptions;

/// Asks the ledger, notes in it what was done, and looks through a configuration before it goes live.
#[derive(Debug, Parser)]
#[command(
    name = "admin",
    after_help = "refund, reconcile and correct append a movement; a movement's number is the one that debt and \
                  differences show. They and replay can be repeated: what is known already stays as it is. Nothing \
                  else of the ledger is ever changed. release, assign and close decide whose a fiscal code or a \
                  username is. infra/runbooks/operator.md says where the variables come from."
)]
pub struct Cli {
    /// The sweep's variables, as NAME=value lines or one JSON object; - is the standard input
    #[arg(long, value_name = "FILE", global = true)]
    pub variables: Option<String>,
    #[command(subcommand)]
    pub command: Option<AdminCommand>,
}

#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    #[command(flatten)]
    Ledger(LedgerCommand),
    #[command(flatten)]
    Identity(IdentityCommand),
    /// Look through a configuration before it goes live; ends with 1 when there is a fault
    Doctor(DoctorOptions),
}

/// What is asked of the ledger, or noted in it.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum LedgerCommand {
    /// What happened to a debt, and whether its chain verifies
    Debt {
        #[arg(value_parser = notice)]
        notice: NoticeNumber,
    },
    /// Money to refund, mismatches, and money of nothing we know
    Differences,
    /// Apply stored callbacks again: one by its id, or those received between two instants
    Replay(Replay),
    /// Verify the whole ledger; ends with 1 when a debt is broken
    Verify(VerifyOptions),
    /// Note that this money was given back
    Refund(Note),
    /// Note that this difference was settled with whoever sent it
    Reconcile(Note),
    /// Credit what the node collected and never told
    Correct(Correction),
}

/// What is decided of accounts and of the fiscal codes that they prove.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum IdentityCommand {
    /// Whose a fiscal code is, and whether that is disputed
    Holder {
        #[arg(value_parser = fiscal_code)]
        code: FiscalCode,
    },
    /// Take a fiscal code from whoever has proven it: it can be proven anew
    Release {
        #[arg(value_parser = fiscal_code)]
        code: FiscalCode,
        #[command(flatten)]
        signature: Signature,
    },
    /// Give a fiscal code to the active account of a username that names it
    Assign {
        #[arg(value_parser = fiscal_code)]
        code: FiscalCode,
        #[arg(value_parser = username)]
        username: Email,
        #[command(flatten)]
        signature: Signature,
    },
    /// Close the account of a username, which is then free, as is its fiscal code
    Close {
        #[arg(value_parser = username)]
        username: Email,
        #[command(flatten)]
        signature: Signature,
    },
}

/// What is verified.
#[derive(Args, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerifyOptions {
    /// Only what the nightly audit has found, each looked at again: no table is read as a whole
    #[arg(long)]
    pub found: bool,
}

/// Which callbacks are applied again.
#[derive(Args, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The id that the sender gave the callback
    #[arg(long, conflicts_with_all = ["from", "until"], required_unless_present_all = ["from", "until"])]
    pub id: Option<String>,
    /// Received from this instant on (2026-11-23T10:00:00Z)
    #[arg(long, value_name = "TIME", requires = "until")]
    pub from: Option<Timestamp>,
    /// Received before this instant
    #[arg(long, value_name = "TIME", requires = "from")]
    pub until: Option<Timestamp>,
}

/// What was done about one movement of one debt.
#[derive(Args, Debug, PartialEq, Eq)]
pub struct Note {
    #[arg(value_parser = notice)]
    pub notice: NoticeNumber,
    /// The movement's number, such as 4
    pub movement: u64,
    #[command(flatten)]
    pub signature: Signature,
}

/// A payment that the node says it collected.
#[derive(Args, Debug, PartialEq, Eq)]
pub struct Correction {
    #[arg(value_parser = notice)]
    pub notice: NoticeNumber,
    #[arg(long = "receipt", value_name = "ID", value_parser = line)]
    pub receipt_id: String,
    /// Euro such as 45.50
    #[arg(long, value_parser = amount)]
    pub amount: Amount,
    /// A day such as 2026-11-23
    #[arg(long, value_name = "DAY")]
    pub paid_on: Date,
    #[arg(long, value_name = "NAME", value_parser = line)]
    pub psp: String,
    #[command(flatten)]
    pub signature: Signature,
}

/// Who makes an entry, and why.
#[derive(Args, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Who does it: a name of the office, no person's
    #[arg(long, value_name = "OFFICE", value_parser = office)]
    by: String,
    /// Why, in 80 characters: mandato 118/2026. Nothing of a person
    #[arg(long, value_name = "REASON", value_parser = why)]
    why: String,
}

impl Replay {
    pub fn one(id: &str) -> Self {
        Self { id: Some(id.to_owned()), from: None, until: None }
    }

    pub fn between(from: Timestamp, until: Timestamp) -> Self {
        Self { id: None, from: Some(from), until: Some(until) }
    }
}

impl Signature {
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn reason(&self) -> Result<Reason, &'static str> {
        Reason::new(&self.by, &self.why).map_err(|code| match code {
            FieldCode::NotAllowed => "--by and --why hold nothing of a person: no address, no fiscal code",
            FieldCode::TooLong => "--by has 20 characters at most, --why 80",
            _ => "--by is a name of letters, digits, dots and hyphens; --why is plain text",
        })
    }
}

fn notice(number: &str) -> Result<NoticeNumber, String> {
    NoticeNumber::parse(number).map_err(|_| format!("{number} is not a notice number: 18 digits"))
}

fn fiscal_code(text: &str) -> Result<FiscalCode, &'static str> {
    FiscalCode::parse(text).map_err(|_| "this is not a fiscal code")
}

fn username(text: &str) -> Result<Email, &'static str> {
    Email::parse(text).map_err(|_| "a username is an e-mail address")
}

fn amount(text: &str) -> Result<Amount, &'static str> {
    Amount::parse_decimal(text).map_err(|_| "--amount wants euro such as 45.50")
}

/// Longest id of a receipt (the node's own limit is 35) and name of a PSP, in characters.
const LONGEST: usize = 70;

fn line(text: &str) -> Result<String, String> {
    domain::text::line("value", text, 1, LONGEST)
        .map_err(|_| format!("it is one line of {LONGEST} characters at most"))
}

fn office(by: &str) -> Result<String, &'static str> {
    let signature = Signature { by: by.to_owned(), why: "reason".to_owned() };
    signature.reason().map(|_| signature.by)
}

fn why(why: &str) -> Result<String, &'static str> {
    let signature = Signature { by: "office".to_owned(), why: why.to_owned() };
    signature.reason().map(|_| signature.why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[&str]) -> Result<Option<LedgerCommand>, String> {
        let line = std::iter::once("admin").chain(line.iter().copied());
        let command = Cli::try_parse_from(line).map_err(|e| e.to_string())?.command;
        Ok(command.map(|command| match command {
            AdminCommand::Ledger(command) => command,
            AdminCommand::Identity(_) | AdminCommand::Doctor(_) => panic!("no command of the ledger"),
        }))
    }

    #[test]
    fn a_decision_of_identity_is_signed() {
        let read = |line: &[&str]| {
            let line = std::iter::once("admin").chain(line.iter().copied());
            let command = Cli::try_parse_from(line).ok()?.command?;
            let AdminCommand::Identity(command) = command else { return None };
            Some(command)
        };
        let code = || FiscalCode::parse("RSSMRA80A01H501U").unwrap();
        let username = || Email::parse("mario.rossi@example.it").unwrap();
        let signature = || Signature { by: "anagrafe".to_owned(), why: "verbale 7/2026".to_owned() };
        let by = ["--by", "anagrafe", "--why", "verbale 7/2026"];
        assert_eq!(read(&["holder", "rssmra80a01h501u"]), Some(IdentityCommand::Holder { code: code() }));
        assert_eq!(
            read(&[&["release", "RSSMRA80A01H501U"], &by[..]].concat()),
            Some(IdentityCommand::Release { code: code(), signature: signature() })
        );
        assert_eq!(
            read(&[&["assign", "RSSMRA80A01H501U", "Mario.Rossi@example.it"], &by[..]].concat()),
            Some(IdentityCommand::Assign { code: code(), username: username(), signature: signature() })
        );
        assert_eq!(
            read(&[&["close", "mario.rossi@example.it"], &by[..]].concat()),
            Some(IdentityCommand::Close { username: username(), signature: signature() })
        );
        assert_eq!(read(&["release", "RSSMRA80A01H501U"]), None, "nobody signs");
        assert_eq!(read(&[&["release", "RSSMRA80A01H501X"], &by[..]].concat()), None);
        assert_eq!(read(&[&["close", "mario"], &by[..]].concat()), None);
    }

    #[test]
    fn a_command_is_read_whole_or_refused() {
        let number = "301000000000000144";
        let notice = || NoticeNumber::parse(number).unwrap();
        assert_eq!(
            read(&["debt", "3010 0000 0000 0001 44"]),
            Ok(Some(LedgerCommand::Debt { notice: notice() }))
        );
        assert_eq!(read(&["verify"]), Ok(Some(LedgerCommand::Verify(VerifyOptions::default()))));
        assert_eq!(read(&["differences"]), Ok(Some(LedgerCommand::Differences)));
        assert_eq!(read(&["replay", "--id", "evt_1"]), Ok(Some(LedgerCommand::Replay(Replay::one("evt_1")))));
        let (from, until) = ("2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z");
        let between = Replay::between(from.parse().unwrap(), until.parse().unwrap());
        assert_eq!(
            read(&["replay", "--from", from, "--until", until]),
            Ok(Some(LedgerCommand::Replay(between)))
        );
        let signature = || Signature { by: "ragioneria".to_owned(), why: "mandato 118/2026".to_owned() };
        let by = ["--by", "ragioneria", "--why", "mandato 118/2026"];
        let note = || Note { notice: notice(), movement: 4, signature: signature() };
        assert_eq!(
            read(&[&["refund", number, "4"], &by[..]].concat()),
            Ok(Some(LedgerCommand::Refund(note())))
        );
        assert_eq!(
            read(&[&["reconcile", number, "4"], &by[..]].concat()),
            Ok(Some(LedgerCommand::Reconcile(note())))
        );
        let told = ["--receipt", "R1", "--amount", "45.50", "--paid-on", "2026-11-23", "--psp", "Banca Due"];
        let corrected = LedgerCommand::Correct(Correction {
            notice: notice(),
            receipt_id: "R1".to_owned(),
            amount: Amount::new(4_550).unwrap(),
            paid_on: Date::constant(2026, 11, 23),
            psp: "Banca Due".to_owned(),
            signature: signature(),
        });
        assert_eq!(read(&[&["correct", number], &told[..], &by[..]].concat()), Ok(Some(corrected)));
        assert_eq!(read(&[]), Ok(None));
        assert!(read(&["verify", "--help"]).is_err_and(|help| help.contains("Verify the whole ledger")));
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
