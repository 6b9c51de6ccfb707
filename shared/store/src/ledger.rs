//! The ledger as operators and the audit see it: every debt with its movements, and whether they agree.

use domain::bookkeeping::{self, Booked, Reason};
use domain::debt::DebtEvent;
use domain::difference::Difference;
use domain::ledger::{self, BrokenLedger, MoneyName};
use domain::movement::Movement;
use domain::notice::NoticeNumber;
use domain::{Debt, Fault};
use runtime::{ConfigError, Env};
use serde::Deserialize;

use crate::debts::DebtRow;
use crate::due_work::{DUE_PAGE, EARLIEST, EVER};
use crate::keys::Key;
use crate::movements::Movements;
use crate::table::{DuePage, DuePlace, Range, SortOrder, Table};
use crate::writer::{DebtWriter, MoneyTakenRow};

/// Reads everybody's debts: only operators and the audit have one.
#[derive(Clone)]
pub struct Ledger {
    pub(crate) table: Table,
    pub(crate) movements: Movements,
}

/// A debt with everything that happened to it, and whether all of it agrees.
pub struct DebtStatement {
    /// Nothing when there are movements alone.
    pub debt: Option<Debt>,
    pub movements: Vec<Movement>,
    pub verdict: Result<(), BrokenLedger>,
}

impl Ledger {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            table: Table::connect(env, &env.config().debts_table)?,
            movements: Movements::connect(env)?,
        })
    }

    /// A debt's statement; nothing when there is neither debt nor movement. What changes while we read is read again:
    /// broken is what was read twice in the same state.
    pub async fn statement(&self, notice: &NoticeNumber) -> Result<Option<DebtStatement>, Fault> {
        let mut read_before = None;
        loop {
            let (debt, names) = self.debt_and_names(notice).await?;
            let movements = self.movements.read(notice).await?;
            let verdict = match &debt {
                Some(debt) => ledger::audit(debt, &movements, &names),
                None if movements.is_empty() && names.is_empty() => return Ok(None),
                None => Err(BrokenLedger::DebtGone),
            };
            let state = (debt.as_ref().map(|debt| debt.revision), movements.len(), names.len());
            if verdict.is_ok() || read_before == Some(state) {
                return Ok(Some(DebtStatement { debt, movements, verdict }));
            }
            read_before = Some(state);
        }
    }

    /// A debt and the names of the money taken for it, which stand side by side.
    async fn debt_and_names(&self, notice: &NoticeNumber) -> Result<(Option<Debt>, Vec<MoneyName>), Fault> {
        let partition = Key::debt(notice).pk;
        let range = || Range::Between("PAID#".to_owned(), "STATE".to_owned());
        let (mut debt, mut names, mut after) = (None, Vec::new(), None);
        loop {
            let page =
                self.table.query::<LedgerRow>(&partition, range(), SortOrder::Rising, PAGE, after.as_ref());
            let page = page.await?;
            let last = page.items.last().map(|row| Key { pk: partition.clone(), sk: row.sk.clone() });
            for LedgerRow { sk, debt: stored, taken } in page.items {
                let key = Key { pk: partition.clone(), sk };
                match (stored, taken) {
                    (Some(row), _) => debt = Some(row.debt()?),
                    (None, Some(row)) => names.extend(row.named(&key)),
                    (None, None) => {}
                }
            }
            match last.filter(|_| page.more) {
                Some(last) => after = Some(last),
                None => return Ok((debt, names)),
            }
        }
    }

    /// All differences that are open, oldest first.
    pub async fn differences(&self) -> Result<Vec<Difference>, Fault> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.differences_page(true, after.as_ref()).await?;
            all.extend(page.items);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
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
}

/// How many rows of a debt's partition are read at once.
const PAGE: usize = 200;

/// What stands of a debt between its attempts and the end of its partition: names of money, and the debt.
#[derive(Deserialize)]
struct LedgerRow {
    sk: String,
    #[serde(flatten)]
    debt: Option<DebtRow>,
    #[serde(flatten)]
    taken: Option<MoneyTakenRow>,
}

pub(crate) fn notice_of(key: &Key) -> Option<NoticeNumber> {
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
            let ids = bookkeeping::differences_of(notice, &movements, number);
            let keys: Vec<Key> = ids.iter().map(Key::difference).collect();
            let known = self.debts.table.get_many(&keys).await?.take_all(&keys)?;
            let stored = debt.as_ref().map(|debt| (debt, movements.as_slice()));
            Ok::<_, Fault>(bookkeeping::book(stored, &known, number, event, reason, self.now()))
        };
        self.commit(decide).await
    }
}
