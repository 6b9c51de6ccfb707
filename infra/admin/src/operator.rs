//! What operators ask of the ledger, and what they note in it, by the code that the functions run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Write;

use domain::bookkeeping::Booked;
use domain::debt::DebtEvent;
use domain::movement::MovementSource;
use domain::notice::NoticeNumber;
use domain::payment::Confirmation;
use domain::receipt::PspIdentity;
use domain::settlement::{Notification, ReceiptClaims};
use runtime::{ConfigError, Env};
use store::{Auditor, DebtReader, DebtWriter, Ledger};

use crate::cli::{Correction, LedgerCommand, Note, Replay, VerifyOptions};
use crate::messages;

/// Whether what was looked at is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Well,
    Broken,
}

/// Why a command could not be carried out.
#[derive(Debug)]
pub enum Failure {
    NotConfigured(ConfigError),
    Fault(domain::Fault),
    Output(std::io::Error),
    /// There is no such debt or callback.
    NotFound(String),
    /// The ledger does not take this entry: why, in a sentence.
    Refused(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotConfigured(why) => write!(f, "{why}"),
            Failure::Fault(fault) => write!(f, "{} failed: {}", fault.doing, fault.source),
            Failure::Output(why) => write!(f, "{why}"),
            Failure::NotFound(what) => write!(f, "there is no {what}"),
            Failure::Refused(why) => write!(f, "{why}"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<ConfigError> for Failure {
    fn from(why: ConfigError) -> Self {
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

pub(crate) fn refused(why: &str) -> Failure {
    Failure::Refused(why.to_owned())
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
pub async fn run(env: &Env, command: LedgerCommand, out: &mut impl Write) -> Result<Verdict, Failure> {
    match command {
        LedgerCommand::Debt { notice } => debt(env, &notice, out).await,
        LedgerCommand::Differences => differences(env, out).await,
        LedgerCommand::Replay(which) => replay(env, &which, out).await,
        LedgerCommand::Verify(VerifyOptions { found: true }) => found(env, out).await,
        LedgerCommand::Verify(_) => verify(env, out).await,
        LedgerCommand::Refund(note) => book(env, &note, DebtEvent::NoteRefund, out).await,
        LedgerCommand::Reconcile(note) => book(env, &note, DebtEvent::Reconcile, out).await,
        LedgerCommand::Correct(correction) => correct(env, &correction, out).await,
    }
}

/// Notes what was done about a movement.
async fn book(env: &Env, note: &Note, event: DebtEvent, out: &mut impl Write) -> Result<Verdict, Failure> {
    let Note { notice, movement, signature } = note;
    let reason = signature.reason().map_err(refused)?;
    let booked = DebtWriter::connect(env)?.book(notice, *movement, event, &reason).await?;
    match booked {
        Booked::Noted(number) => writeln!(out, "{notice}: noted as movement {number}: {reason}")?,
        Booked::Known(number) => {
            writeln!(out, "{notice}: noted before as movement {number}, nothing changed")?
        }
        Booked::Refused(why) => return Err(Failure::Refused(messages::refusal(note, why))),
    }
    Ok(Verdict::Well)
}

/// Credits what the node collected and never told.
async fn correct(env: &Env, correction: &Correction, out: &mut impl Write) -> Result<Verdict, Failure> {
    let Correction { notice, receipt_id, amount, paid_on, psp, signature } = correction;
    let reason = signature.reason().map_err(refused)?;
    let writer = DebtWriter::connect(env)?;
    // A receipt of nothing we know is kept apart; by hand it would be a slip of the pen.
    if writer.debts().get(DebtReader::Operator, notice).await?.is_none() {
        return Err(Failure::NotFound(format!("debt {notice}")));
    }
    let confirmation = Confirmation {
        source: MovementSource::Operator,
        receipt_id: receipt_id.clone(),
        payment_id: None,
        psp: PspIdentity { id: String::new(), name: psp.clone(), fiscal_code: None },
        method: None,
        channel: None,
        fee: None,
        paid_at: None,
        applied_on: Some(*paid_on),
        payer: None,
    };
    let (notice, amount, by_hand) = (notice.clone(), *amount, Some(reason));
    let claims = ReceiptClaims::default();
    let receipt = Notification::Receipt { notice: notice.clone(), amount, confirmation, claims, by_hand };
    let settled = writer.settle(&receipt, None).await?;
    writeln!(out, "{notice}: {}", messages::settled(settled))?;
    Ok(Verdict::Well)
}

async fn debt(env: &Env, notice: &NoticeNumber, out: &mut impl Write) -> Result<Verdict, Failure> {
    let statement = Ledger::connect(env)?.statement(notice).await?;
    let statement = statement.ok_or_else(|| Failure::NotFound(format!("debt {notice}")))?;
    messages::statement(notice, &statement, out)?;
    Ok(if statement.verdict.is_ok() { Verdict::Well } else { Verdict::Broken })
}

async fn differences(env: &Env, out: &mut impl Write) -> Result<Verdict, Failure> {
    let differences = Ledger::connect(env)?.differences().await?;
    messages::differences(&differences, out)?;
    Ok(Verdict::Well)
}

async fn replay(env: &Env, which: &Replay, out: &mut impl Write) -> Result<Verdict, Failure> {
    let writer = DebtWriter::connect(env)?;
    let callbacks = match (&which.id, which.from, which.until) {
        (Some(id), ..) => {
            let found = writer.callbacks().stored(id).await?;
            vec![found.ok_or_else(|| Failure::NotFound(format!("callback {id}")))?]
        }
        (None, Some(from), Some(until)) => writer.callbacks().received(from, until).await?,
        _ => return Err(refused("replay needs --id, or --from and --until")),
    };
    let creditor = creditor::creditor(env)?;
    for callback in &callbacks {
        let settled = psp::replay(&writer, callback, &creditor).await?;
        messages::replayed(callback, settled, out)?;
    }
    writeln!(out, "{}", messages::count(callbacks.len() as u64, "callback"))?;
    Ok(Verdict::Well)
}

/// What the nightly audit has found, each looked at again; nothing is walked through.
async fn found(env: &Env, out: &mut impl Write) -> Result<Verdict, Failure> {
    let (auditor, ledger) = (Auditor::connect(env)?, Ledger::connect(env)?);
    let mut notices = BTreeSet::new();
    for (round, found) in auditor.findings().await? {
        messages::round(&round, &found, out)?;
        notices.extend(found.into_iter().map(|finding| finding.notice));
    }
    writeln!(out, "{} now:", messages::count(notices.len() as u64, "debt"))?;
    for notice in &notices {
        let number = NoticeNumber::parse(notice).map_err(|_| refused("a finding names no notice"))?;
        match ledger.statement(&number).await? {
            Some(statement) => messages::verdict(&number, &statement, out)?,
            None => writeln!(out, "{notice}: GONE, with all its movements.")?,
        }
    }
    Ok(if notices.is_empty() { Verdict::Well } else { Verdict::Broken })
}

async fn verify(env: &Env, out: &mut impl Write) -> Result<Verdict, Failure> {
    let (mut said, mut unsaid) = (Vec::new(), Ok(()));
    let audited = Auditor::connect(env)?
        .verify(|finding| {
            if unsaid.is_ok() {
                unsaid = messages::broken(&finding.notice, &finding.broken, &mut said);
            }
        })
        .await?;
    unsaid?;
    out.write_all(&said)?;
    let (debts, movements) =
        (messages::count(audited.debts, "debt"), messages::count(audited.movements, "movement"));
    match audited.broken {
        0 => writeln!(out, "{debts}, {movements}: every chain is whole and says what is stored.")?,
        broken => writeln!(out, "{debts}, {movements}: {broken} broken. See infra/runbooks/audit.md")?,
    }
    Ok(if audited.broken == 0 { Verdict::Well } else { Verdict::Broken })
}

#[cfg(test)]
mod tests {
    use super::*;

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
