//! The ledger as operators and the audit see it: every debt with its movements, and whether they agree.

use std::collections::HashSet;

use domain::bookkeeping::{self, Booked, Reason, dealt_with};
use domain::debt::DebtEvent;
use domain::difference::Difference;
use domain::ledger::{BrokenLedger, verify};
use domain::movement::{Movement, MovementKind, MovementSource};
use domain::notice::NoticeNumber;
use domain::plan::UnmatchedMoney;
use domain::{Debt, Fault, Timestamp};
use futures_util::{StreamExt, TryStreamExt, stream};
use runtime::{ConfigError, Env};

use crate::debts::read_debt;
use crate::due_work::{DUE_PAGE, EARLIEST, EVER};
use crate::keys::Key;
use crate::movements::Movements;
use crate::table::{DuePage, DuePlace, Expression, Table, read};
use crate::writer::DebtWriter;

/// Reads everybody's debts: only operators and the audit have one.
#[derive(Clone)]
pub struct Ledger {
    table: Table,
    movements: Movements,
}

/// A debt with everything that happened to it, and whether the two agree.
pub struct DebtStatement {
    pub debt: Debt,
    pub movements: Vec<Movement>,
    pub verdict: Result<(), BrokenLedger>,
}

/// Money that is not simply the payment of a debt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingMoney {
    pub kind: WaitingKind,
    /// The debt it was meant for, when we know it.
    pub notice: Option<NoticeNumber>,
    /// The number of the movement, by which an operator refers to it.
    pub number: Option<u64>,
    /// In hundredths of the currency, as the sender said it.
    pub cents: u64,
    pub currency: String,
    /// The receipt's or transaction's id.
    pub reference: String,
    pub source: MovementSource,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitingKind {
    ToRefund,
    Mismatch,
    Unmatched,
}

/// What an audit of everything found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditTotals {
    pub debts: u64,
    pub movements: u64,
    pub broken: u64,
}

/// How many debts are audited at the same time.
const AT_ONCE: usize = 16;

impl Ledger {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            table: Table::connect(env, &env.config().debts_table)?,
            movements: Movements::connect(env)?,
        })
    }

    /// A debt's statement. What changes while we read is read again.
    pub async fn statement(&self, notice: &NoticeNumber) -> Result<Option<DebtStatement>, Fault> {
        loop {
            let Some(debt) = read_debt(&self.table, notice).await? else { return Ok(None) };
            let movements = self.movements.read(notice).await?;
            let verdict = verify(&debt, &movements);
            let unchanged = async || -> Result<bool, Fault> {
                let now = read_debt(&self.table, notice).await?;
                Ok(now.is_none_or(|now| now.revision == debt.revision))
            };
            // Movements are read after the debt: more of them than it counts may mean that it changed meanwhile.
            let ahead = movements.last().is_some_and(|last| last.number > debt.version);
            if verdict.is_ok() || !ahead || unchanged().await? {
                return Ok(Some(DebtStatement { debt, movements, verdict }));
            }
        }
    }

    /// Verifies every debt, handing over each that is broken.
    pub async fn audit(&self, mut broken: impl FnMut(&DebtStatement)) -> Result<AuditTotals, Fault> {
        let (mut audited, mut after) = (AuditTotals::default(), None);
        loop {
            let debts = Expression::new("sk = :state").text_value(":state", "STATE");
            let (items, next) = self.table.scan(debts, after.as_ref()).await?;
            let notices: Vec<NoticeNumber> = items.iter().filter_map(|(key, _)| notice_of(key)).collect();
            let mut statements = stream::iter(notices)
                .map(|notice| async move { self.statement(&notice).await })
                .buffer_unordered(AT_ONCE);
            while let Some(statement) = statements.try_next().await? {
                let Some(statement) = statement else { continue };
                audited.debts = audited.debts.saturating_add(1);
                audited.movements = audited.movements.saturating_add(statement.debt.version);
                if statement.verdict.is_err() {
                    audited.broken = audited.broken.saturating_add(1);
                    broken(&statement);
                }
            }
            match next {
                Some(next) => after = Some(next),
                None => return Ok(audited),
            }
        }
    }

    /// Money to refund, mismatches and money of nothing we know, oldest first; without what has been dealt with.
    pub async fn differences(&self) -> Result<Vec<WaitingMoney>, Fault> {
        let mut differences = self.recorded().await?;
        differences.extend(self.unmatched().await?);
        differences.sort_by_key(|difference| difference.at);
        Ok(differences)
    }

    /// A page of the differences that are open, or resolved, oldest first: by the sparse index, and read at the source. A
    /// new kind is a variant of [`domain::difference::DifferenceKind`], and nothing here.
    pub async fn differences_page(
        &self,
        open: bool,
        after: Option<&DuePlace>,
    ) -> Result<DuePage<Difference>, Fault> {
        let part = Key::differences_part(open);
        let page = self.table.due(part, (EARLIEST, EVER), DUE_PAGE, after).await?;
        let found = self.table.get_many(&page.items).await?.take_all(&page.items)?;
        Ok(page.with(found))
    }

    async fn recorded(&self) -> Result<Vec<WaitingMoney>, Fault> {
        let kinds = Expression::new("#kind IN (:refund, :mismatch, :refunded, :reconciled, :superseded)")
            .name("#kind", "kind")
            .text_value(":refund", MovementKind::DuplicateToRefund.as_str())
            .text_value(":mismatch", MovementKind::Mismatch.as_str())
            .text_value(":refunded", MovementKind::RefundNoted.as_str())
            .text_value(":reconciled", MovementKind::Reconciled.as_str())
            .text_value(":superseded", MovementKind::Superseded.as_str());
        let found = self.movements.table.scan_all(kinds).await?;
        let found =
            found.into_iter().map(|(key, item)| Ok((notice_of(&key), read::<Movement>(key.kind(), item)?)));
        let found: Vec<(Option<NoticeNumber>, Movement)> = found.collect::<Result<_, Fault>>()?;
        let done: HashSet<(Option<NoticeNumber>, u64)> = found
            .iter()
            .filter_map(|(notice, movement)| Some((notice.clone(), dealt_with(movement)?)))
            .collect();
        let waiting = found.into_iter().filter(|(notice, movement)| {
            movement.kind.is_difference() && !done.contains(&(notice.clone(), movement.number))
        });
        let differences = waiting.map(|(notice, movement)| WaitingMoney {
            kind: match movement.kind {
                MovementKind::DuplicateToRefund => WaitingKind::ToRefund,
                _ => WaitingKind::Mismatch,
            },
            notice,
            number: Some(movement.number),
            cents: movement.cents.get(),
            currency: "EUR".to_owned(),
            reference: movement.reference.unwrap_or_default(),
            source: movement.source,
            at: movement.at,
        });
        Ok(differences.collect())
    }

    /// Money that matched nothing of ours, unless it was taken for a debt since: imported afterwards, and replayed.
    async fn unmatched(&self) -> Result<Vec<WaitingMoney>, Fault> {
        let both = Expression::new("begins_with(pk, :unmatched) OR begins_with(sk, :paid)")
            .text_value(":unmatched", "UNMATCHED#")
            .text_value(":paid", "PAID#");
        let (mut unmatched, mut taken) = (Vec::new(), HashSet::new());
        for (key, item) in self.table.scan_all(both).await? {
            match key.sk.strip_prefix("PAID#") {
                Some(receipt_id) => {
                    taken.insert(receipt_id.to_owned());
                }
                None => unmatched.push(read::<UnmatchedMoney>(key.kind(), item)?),
            }
        }
        unmatched.retain(|row| !taken.contains(&row.confirmation.receipt_id));
        let differences =
            unmatched.into_iter().map(|UnmatchedMoney { confirmation, told, at }| WaitingMoney {
                kind: WaitingKind::Unmatched,
                notice: None,
                number: None,
                cents: told.countable().get(),
                currency: told.currency,
                reference: confirmation.receipt_id,
                source: confirmation.source,
                at,
            });
        Ok(differences.collect())
    }
}

fn notice_of(key: &Key) -> Option<NoticeNumber> {
    key.pk.strip_prefix("DEBT#").and_then(|notice| NoticeNumber::parse(notice).ok())
}

impl DebtWriter {
    /// An operator notes that a movement has been dealt with. Safe to repeat.
    pub async fn book(
        &self,
        notice: &NoticeNumber,
        number: u64,
        event: DebtEvent,
        reason: &Reason,
    ) -> Result<Booked, Fault> {
        let decide = move |_again| async move {
            let debt = self.debts.read(notice).await?;
            let movements = match &debt {
                Some(_) => self.movements.read(notice).await?,
                None => Vec::new(),
            };
            let stored = debt.as_ref().map(|debt| (debt, movements.as_slice()));
            Ok::<_, Fault>(bookkeeping::book(stored, number, event, reason, self.now()))
        };
        self.commit(decide).await
    }
}
