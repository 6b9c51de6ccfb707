//! Plain words for movements and differences. No names of people: the notice number leads to them.

use std::io::{self, Write};

use domain::Cents;
use domain::bookkeeping::NotBooked;
use domain::debt::DebtState;
use domain::difference::{Difference, DifferenceKind, MoneyChannel};
use domain::ledger::BrokenLedger;
use domain::movement::{Movement, MovementKind, MovementSource};
use domain::notice::NoticeNumber;
use domain::settlement::Settled;
use psp::Replayed;
use store::{AuditRound, DebtStatement, KeptFinding, StoredCallback};

use crate::cli::Note;

pub fn statement(notice: &NoticeNumber, statement: &DebtStatement, out: &mut impl Write) -> io::Result<()> {
    match &statement.debt {
        Some(debt) => {
            writeln!(out, "Debt {notice}: {} EUR, {}", debt.amount.cents().decimal(), state(debt.state))?;
            writeln!(out, "{}, {} (service {})", debt.reason, debt.service.name, debt.service.code)?;
        }
        None => writeln!(out, "Debt {notice}: is not stored")?,
    }
    writeln!(out)?;
    for movement in &statement.movements {
        writeln!(out, "{}", line(movement))?;
    }
    writeln!(out)?;
    verdict(notice, statement, out)
}

pub fn verdict(notice: &NoticeNumber, statement: &DebtStatement, out: &mut impl Write) -> io::Result<()> {
    match &statement.verdict {
        Ok(()) => {
            let movements = count(statement.movements.len() as u64, "movement");
            writeln!(out, "{notice}: the chain of {movements} is whole and says what is stored.")
        }
        Err(why) => broken(notice, why, out),
    }
}

/// What is broken about a debt.
pub fn broken(notice: &NoticeNumber, broken: &BrokenLedger, out: &mut impl Write) -> io::Result<()> {
    let why = match *broken {
        BrokenLedger::Chain { number } => format!("movement {number} does not continue the chain."),
        BrokenLedger::Seal { number } => format!("movement {number} is not sealed by us."),
        BrokenLedger::End { movements, counted } => {
            format!("the chain ends at {movements}, the debt counts {counted} or ends otherwise.")
        }
        BrokenLedger::State { movements, debt } => {
            let says = movements.map_or("nothing", state);
            format!("the movements say {says}, the debt says {}.", state(debt))
        }
        BrokenLedger::Amount { movements, debt } => {
            format!("the movements say {} EUR, the debt says {}.", movements.decimal(), debt.decimal())
        }
        BrokenLedger::Receipt { credit: Some(number) } => {
            format!("the receipt is not that of movement {number}.")
        }
        BrokenLedger::Receipt { credit: None } => "there is a receipt, and no credit.".to_owned(),
        BrokenLedger::NameGone { number } => {
            format!("the name is gone under which the money of movement {number} was taken.")
        }
        BrokenLedger::NameAlone => "money is named as taken that no movement speaks of.".to_owned(),
        BrokenLedger::DebtGone => "the debt is gone, its movements are there.".to_owned(),
        BrokenLedger::Head { number } => {
            format!("movement {number}, which an earlier audit has seen, is gone or another one.")
        }
        BrokenLedger::Unreadable => "what is stored cannot be read.".to_owned(),
    };
    writeln!(out, "{notice}: BROKEN, {why}")
}

/// How a round of the nightly audit stands, and what it has found.
pub fn round(round: &AuditRound, found: &[KeptFinding], out: &mut impl Write) -> io::Result<()> {
    let seen =
        format!("{}, {}", count(round.totals.debts, "debt"), count(round.totals.movements, "movement"));
    let stands = if round.finished { "finished" } else { "goes on" };
    writeln!(out, "Audit of {}: {stands}, {seen}, {} broken", round.began, found.len())?;
    for KeptFinding { notice, verdict, at } in found {
        writeln!(out, "  {at}  debt {notice}: {verdict}")?;
    }
    Ok(())
}

pub fn differences(differences: &[Difference], out: &mut impl Write) -> io::Result<()> {
    for difference in differences {
        let Difference { kind, notice, movement, told, expected, field, receipt_id, channel, at, .. } =
            difference;
        write!(out, "{at}  ")?;
        if let Some(told) = told {
            let amount = told.cents.map(Cents::decimal).or_else(|| told.text.clone()).unwrap_or_default();
            write!(out, "{amount} {}  ", told.currency)?;
        }
        write!(out, "{}: ", what(*kind))?;
        match (notice, movement) {
            (Some(notice), Some(movement)) => write!(out, "debt {notice}, movement {movement}")?,
            (Some(notice), None) => write!(out, "debt {notice}")?,
            (None, _) => write!(out, "no debt of ours")?,
        }
        if let Some(receipt_id) = receipt_id {
            write!(out, ", receipt {receipt_id}")?;
        }
        if let Some(expected) = expected {
            write!(out, ", {} EUR expected", expected.decimal())?;
        }
        if let Some((field, said)) = field {
            write!(out, ", {} {said}", field.as_str())?;
        }
        writeln!(out, ", by {}", through(*channel))?;
    }
    let counted = DifferenceKind::ALL.map(|kind| {
        let of_kind = differences.iter().filter(|difference| difference.kind == kind).count();
        let asked =
            matches!(kind, DifferenceKind::Duplicate | DifferenceKind::Mismatch | DifferenceKind::Unmatched);
        (asked || of_kind > 0).then(|| format!("{of_kind} {}", what(kind)))
    });
    writeln!(out, "{}", counted.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// What a difference is about.
fn what(kind: DifferenceKind) -> &'static str {
    match kind {
        DifferenceKind::Duplicate => "to refund",
        DifferenceKind::Mismatch => "of another amount",
        DifferenceKind::Unmatched => "of nothing we know",
        DifferenceKind::ReceiptData => "with a datum that cannot be true",
        DifferenceKind::Unreadable => "that cannot be read",
        DifferenceKind::MissingReceipt => "in no flow",
        DifferenceKind::FlowAmount => "of another amount in a flow",
    }
}

fn through(channel: MoneyChannel) -> &'static str {
    match channel {
        MoneyChannel::Psp => "a PSP",
        MoneyChannel::Checkout => "Checkout",
        MoneyChannel::Node => "the node",
    }
}

pub fn replayed(callback: &StoredCallback, done: Replayed, out: &mut impl Write) -> io::Result<()> {
    let what = match done {
        Replayed::Settled(done) => settled(done),
        Replayed::Unreadable => "cannot be read: it stays with the differences",
    };
    writeln!(out, "received {}: {what}", callback.received_at)
}

/// What a word about money did.
pub fn settled(settled: Settled) -> &'static str {
    match settled {
        Settled::Credited => "a debt was credited",
        Settled::Known => "known already, nothing changed",
        Settled::Duplicate => "kept as money to refund",
        Settled::Mismatch => "another amount than agreed or than the debt's: see differences",
        Settled::Contradicted => "known already with another amount: see differences",
        Settled::Unmatched => "kept as money of nothing we know",
        Settled::Ended => "the attempt ended without money",
        Settled::Ignored => "says nothing new",
    }
}

/// Why a note is not taken, and what would be.
pub fn refusal(note: &Note, why: NotBooked) -> String {
    let Note { notice, movement, .. } = note;
    match why {
        NotBooked::NoSuchDebt => format!("there is no debt {notice}"),
        NotBooked::NoSuchMovement => format!("there is no movement {movement} of debt {notice}"),
        NotBooked::NothingToSettle(kind) => {
            format!("movement {movement} of {notice} is {}: no money that waits for somebody", kind.as_str())
        }
        NotBooked::DealtWith(number, kind) => {
            format!("movement {movement} of {notice} was dealt with: movement {number}, {}", kind.as_str())
        }
        NotBooked::NotNow(now) => format!(
            "{notice} is {}, not paid: its money has settled nothing, and can only be given back (refund)",
            state(now)
        ),
    }
}

/// `1 debt`, `2 debts`.
pub fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

fn line(movement: &Movement) -> String {
    let amount: Cents = movement.cents;
    let reference = movement.reference.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    let (number, at) = (movement.number, movement.at);
    format!(
        "{number:>4}  {at}  {} {} {} EUR{reference}",
        happened(movement.kind),
        by(movement.source),
        amount.decimal()
    )
}

fn happened(kind: MovementKind) -> &'static str {
    match kind {
        MovementKind::Created => "created by",
        MovementKind::Changed => "changed by",
        MovementKind::AttemptStarted => "payment started by",
        MovementKind::AttemptUnknown => "payment without outcome, says",
        MovementKind::AttemptFailed => "payment failed, says",
        MovementKind::Credit => "PAID, says",
        MovementKind::CreditLate => "PAID LATE, says",
        MovementKind::DuplicateToRefund => "PAID AGAIN, to refund, says",
        MovementKind::Mismatch => "ANOTHER AMOUNT, says",
        MovementKind::Superseded => "that other amount corrected, says",
        MovementKind::Cancelled => "cancelled by",
        MovementKind::Expired => "expired, says",
        MovementKind::Reconciled => "reconciled by",
        MovementKind::RefundNoted => "refunded by",
        MovementKind::CorrectedToMatchNode => "corrected by",
    }
}

fn by(source: MovementSource) -> &'static str {
    match source {
        MovementSource::Citizen => "the citizen:",
        MovementSource::Creditor => "the creditor:",
        MovementSource::PspCallback => "the PSP's callback:",
        MovementSource::PspInquiry => "the PSP when asked:",
        MovementSource::Node => "the node's receipt:",
        MovementSource::Sweep => "the sweep:",
        MovementSource::Operator => "an operator:",
    }
}

fn state(state: DebtState) -> &'static str {
    match state {
        DebtState::Open => "to pay",
        DebtState::Paid => "paid",
        DebtState::Cancelled => "cancelled",
        DebtState::Expired => "expired",
    }
}
