//! Debt positions: one item each, changed by one conditional transaction with its movements and its entries in lists.

use domain::account::Account;
use domain::changes::{self, Associated, Canceller, Imported, NewDebt};
use domain::debt::{DebtState, Viewer};
use domain::notice::{DebtCode, DebtCodes, Issuing, Iuv, NoticeNumber};
use domain::plan::{DebtChange, Plan};
use domain::receipt::Receipt;
use domain::retention;
use domain::{Debt, Error, Fault, FiscalCode, Timestamp};
use runtime::{Clock, ConfigError, Env};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::accounts::Accounts;
use crate::citizen::Citizen;
use crate::due_work::DUE_PAGE;
use crate::error;
use crate::idempotency::{Idempotency, IdempotencyHold};
use crate::keys::{Key, closed_place, to_pay_place};
use crate::listing::DebtPage;
use crate::pseudonyms::Pseudonyms;
use crate::readers::DebtReader;
use crate::table::{
    DuePlace, Item, QueryPage, Range, SortOrder, Step, Table, absent, fine_instant, item, unchanged_since,
    with_due, with_place,
};
use crate::writer::DebtWriter;

/// Reads debts, and joins them to accounts.
#[derive(Clone)]
pub struct Debts {
    pub(crate) table: Table,
    pseudonyms: Pseudonyms,
    clock: Clock,
}

/// A debt as it is stored: as JSON, because it is always read and written whole; beside it what conditions
/// compare.
#[derive(Serialize, Deserialize)]
pub(crate) struct DebtRow {
    debt: String,
    revision: u64,
}

/// A debt's entry in a list: what lists and filters need without reading the debt.
#[derive(Serialize, Deserialize)]
pub(crate) struct ListEntry {
    pub sk: String,
    pub notice: NoticeNumber,
    pub service: String,
    pub state: DebtState,
    /// Reason, service and codes in lower case, for the search in the history.
    pub words: String,
}

/// Which debt an IUV or a receipt's code leads to.
#[derive(Serialize, Deserialize)]
pub(crate) struct DebtPointer {
    notice: NoticeNumber,
}

/// How many debts of a list are looked at together.
const AT_ONCE: usize = 50;

/// A debt found in a list, and its place there.
#[derive(Deserialize)]
struct FiledPointer {
    sk: String,
    notice: NoticeNumber,
}

/// By what the back office looks for debts.
#[derive(Clone, Debug)]
pub enum OfficeSearch {
    Debtor(FiscalCode),
    /// The office's own number.
    Reference(String),
}

/// Where a payment stands among those of its month, and in cursors.
fn recorded_place(debt: &Debt) -> Option<String> {
    Some(format!("{}#{}", fine_instant(debt.receipt.as_ref()?.recorded_at), debt.notice))
}

/// Why what leads to a debt is written without a condition of its own.
const BESIDE: &str = "the debt beside it has a condition";

/// How many debts of one IUV are looked at.
const SAME_IUV: usize = 10;

impl Debts {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            table: Table::connect(env, &env.config().debts_table)?,
            pseudonyms: Pseudonyms::connect(env)?,
            clock: env.clock().clone(),
        })
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The debt that both codes name together; one answer for every way in which they do not (INV-I20).
    pub async fn find(&self, proof: &DebtCodes) -> Result<Debt, Error> {
        let candidates = match &proof.code {
            DebtCode::Notice(notice) => self.read_many(std::slice::from_ref(notice)).await?,
            DebtCode::Iuv(iuv) => self.of_iuv(iuv).await?,
        };
        let now = self.now();
        let theirs = |debt: &Debt| {
            let (owner, claimed) = (debt.debtor.fiscal_code.as_str(), proof.fiscal_code.as_str());
            let same = owner.as_bytes().ct_eq(claimed.as_bytes());
            bool::from(same) && !debt.is_forgotten() && debt.is_published(now)
        };
        candidates.into_iter().find(theirs).ok_or(Error::DebtNotFound)
    }

    async fn of_iuv(&self, iuv: &Iuv) -> Result<Vec<Debt>, Fault> {
        let (range, partition) = (Range::StartsWith("DEBT#".to_owned()), Key::iuv_partition(iuv));
        let page =
            self.table.query::<DebtPointer>(&partition, range, SortOrder::Rising, SAME_IUV, None).await?;
        let notices: Vec<NoticeNumber> = page.items.into_iter().map(|pointer| pointer.notice).collect();
        self.read_many(&notices).await
    }

    /// A debt by its notice number, for callers that are not people.
    pub async fn get(&self, _reader: DebtReader, notice: &NoticeNumber) -> Result<Option<Debt>, Fault> {
        self.read(notice).await
    }

    pub(crate) async fn read(&self, notice: &NoticeNumber) -> Result<Option<Debt>, Fault> {
        read_debt(&self.table, notice).await
    }

    /// A debt that this citizen may see; any other is not there (INV-I19).
    pub async fn of_citizen(&self, citizen: &Citizen, notice: &NoticeNumber) -> Result<Debt, Error> {
        let debt = self.read(notice).await?.filter(|debt| self.is_visible(citizen, debt));
        debt.ok_or(Error::DebtNotFound)
    }

    /// Several debts that this citizen may see, in the order asked for; one that is not theirs refuses all.
    pub async fn all_of_citizen(
        &self,
        citizen: &Citizen,
        notices: &[NoticeNumber],
    ) -> Result<Vec<Debt>, Error> {
        let debts = self.those_of_citizen(citizen, notices).await?;
        if debts.len() == notices.len() { Ok(debts) } else { Err(Error::DebtNotFound) }
    }

    /// Of several debts, those that this citizen may see, in the order asked for.
    pub async fn those_of_citizen(
        &self,
        citizen: &Citizen,
        notices: &[NoticeNumber],
    ) -> Result<Vec<Debt>, Fault> {
        let mut debts = self.read_many(notices).await?;
        debts.retain(|debt| self.is_visible(citizen, debt));
        Ok(debts)
    }

    fn is_visible(&self, citizen: &Citizen, debt: &Debt) -> bool {
        debt.is_visible_to(&citizen.viewer(), self.now())
    }

    /// Debts by notice number in one call; those that are not there are left out.
    pub(crate) async fn read_many(&self, notices: &[NoticeNumber]) -> Result<Vec<Debt>, Fault> {
        if notices.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<Key> = notices.iter().map(Key::debt).collect();
        let rows: Vec<DebtRow> = self.table.get_many(&keys).await?.take_all(&keys)?;
        rows.into_iter().map(DebtRow::debt).collect()
    }

    /// The debt of a receipt's code, with its receipt: who has the code has the receipt.
    pub async fn by_receipt_code(&self, code: &str) -> Result<Option<(Debt, Receipt)>, Fault> {
        let pointer: Option<DebtPointer> = self.table.get(&Key::receipt_code(code)).await?;
        let Some(pointer) = pointer else { return Ok(None) };
        let debt = self.read(&pointer.notice).await?.filter(|debt| debt.state == DebtState::Paid);
        Ok(debt.and_then(|debt| {
            let receipt = debt.receipt.clone().filter(|receipt| receipt.code == code)?;
            Some((debt, receipt))
        }))
    }

    /// Joins a debt found by both codes to an account. Harmless to repeat.
    pub async fn associate(
        &self,
        citizen: &Citizen,
        proof: &DebtCodes,
        accounts: &Accounts,
    ) -> Result<Associated, Error> {
        let decide = move |_again| async move {
            let debt = self.find(proof).await?;
            let proves = domain::proof::proves(&debt, &citizen.account().profile, self.now());
            let gone = match debt.is_full() {
                true => accounts.gone_of(&debt.watchers).await?,
                false => Vec::new(),
            };
            let plan = changes::associate(&debt, &citizen.viewer(), proves, &gone)?;
            let mut steps = Vec::new();
            for change in &plan.debts {
                steps.extend(self.change_steps(change).await?);
            }
            Ok::<_, Error>((steps, plan.outcome))
        };
        self.table.commit(decide).await
    }

    /// The steps that write a changed debt: the item if its revision is still the one read, its entries in lists where
    /// they moved, and what leads to it.
    pub(crate) async fn change_steps(&self, change: &DebtChange) -> Result<Vec<Step>, Fault> {
        let DebtChange { before, after, .. } = change;
        let key = Key::debt(&after.notice);
        let guard = unchanged_since(before.as_ref().map(|before| before.revision));
        let mut steps = vec![self.table.put(&key, debt_item(&key, after)?, guard)];
        let pointer = DebtPointer { notice: after.notice.clone() };
        if before.is_none() {
            let key = Key::iuv(&after.iuv(), &after.notice);
            steps.push(self.table.put_always(&key, item(&key, &pointer)?, "it is the new debt's own"));
        }
        if let (None, Some(receipt)) = (before.as_ref().and_then(|d| d.receipt.as_ref()), &after.receipt) {
            let key = Key::receipt_code(&receipt.code);
            let part = Key::recorded_part(&receipt.recorded_at.strftime("%Y-%m").to_string());
            let place = recorded_place(after).unwrap_or_default();
            steps.push(self.table.put(&key, with_place(item(&key, &pointer)?, part, place), absent()));
        }
        let drawers = self.drawers(after).await?;
        let old = match before {
            Some(before) => self.drawers(before).await?,
            None => Vec::new(),
        };
        for key in old.iter().filter(|key| !drawers.contains(key)) {
            steps.push(self.table.delete(key, None));
        }
        for key in drawers.iter().filter(|key| !old.contains(key)) {
            steps.push(self.table.put_always(key, item(key, &pointer)?, BESIDE));
        }
        let new = self.partitions(after).await?;
        let (old, entry) = match before {
            Some(before) => (self.partitions(before).await?, Some(ListEntry::of(before))),
            None => (Vec::new(), None),
        };
        let entries = (entry.as_ref(), ListEntry::of(after));
        for partition in &old {
            let stays = new.contains(partition) && entries.0.is_some_and(|entry| entry.sk == entries.1.sk);
            if let (false, Some(entry)) = (stays, entries.0) {
                steps.push(self.table.delete(&Key::listed(partition.clone(), &entry.sk), None));
            }
        }
        for partition in new {
            if !old.contains(&partition) || entries.0.is_none_or(|entry| !entry.says_as_much_as(&entries.1)) {
                let key = Key::listed(partition, &entries.1.sk);
                let row = item(&key, &entries.1)?;
                steps.push(self.table.put_always(&key, row, BESIDE));
            }
        }
        Ok(steps)
    }

    /// The lists that a debt is in: of its debtor, unless it is one account's alone, and of each account that watches it.
    async fn partitions(&self, debt: &Debt) -> Result<Vec<String>, Fault> {
        if debt.is_forgotten() {
            return Ok(Vec::new());
        }
        let code = &debt.debtor.fiscal_code;
        let owner = match &debt.only_of {
            None if !code.is_anonymous() => {
                Some(Key::owner_partition(&self.pseudonyms.fiscal_code(code).await?))
            }
            _ => None,
        };
        Ok(owner.into_iter().chain(debt.watchers.iter().map(Key::seen_partition)).collect())
    }

    /// Where the back office finds it: under its debtor, and under the office's own number.
    async fn drawers(&self, debt: &Debt) -> Result<Vec<Key>, Fault> {
        let mut drawers = Vec::new();
        if debt.is_forgotten() {
            return Ok(drawers);
        }
        if !debt.debtor.fiscal_code.is_anonymous() {
            let by = OfficeSearch::Debtor(debt.debtor.fiscal_code.clone());
            drawers.push(Key::filed(&self.drawer(&by).await?, debt));
        }
        if let Some(reference) = &debt.office.reference {
            let by = OfficeSearch::Reference(reference.clone());
            drawers.push(Key::filed(&self.drawer(&by).await?, debt));
        }
        Ok(drawers)
    }

    async fn drawer(&self, by: &OfficeSearch) -> Result<String, Fault> {
        Ok(match by {
            OfficeSearch::Debtor(code) => Key::drawer_of_debtor(&self.pseudonyms.fiscal_code(code).await?),
            OfficeSearch::Reference(text) => {
                Key::drawer_of_reference(&self.pseudonyms.subject("reference", text).await?)
            }
        })
    }

    /// Debts that the back office looks for, newest first, and where the next page begins.
    pub async fn filed(
        &self,
        _reader: DebtReader,
        by: &OfficeSearch,
        limit: usize,
        after: Option<&str>,
    ) -> Result<DebtPage, Fault> {
        let drawer = self.drawer(by).await?;
        let after = after.map(|place| Key::listed(drawer.clone(), place));
        // An instant of this millennium: every key of a drawer begins with one.
        let everything = Range::StartsWith("2".to_owned());
        let page =
            self.table.query::<FiledPointer>(&drawer, everything, SortOrder::Falling, limit, after.as_ref());
        self.page_of(page.await?).await
    }

    /// Payments recorded from an instant on and before another, oldest first, and where the next page begins. The index
    /// leads to their receipts' codes, which are written with the payment.
    pub async fn recorded(
        &self,
        _reader: DebtReader,
        (from, until): (Timestamp, Timestamp),
        limit: usize,
        after: Option<&str>,
    ) -> Result<DebtPage, Fault> {
        // Notices are of digits: this sorts right behind the place.
        let first = after.map_or_else(|| fine_instant(from), |place| format!("{place}~"));
        let last = fine_instant(until);
        let mut debts = Vec::new();
        for month in domain::time::months(from, until).iter().filter(|month| first.get(..7) <= month.get(..7))
        {
            let part = Key::recorded_part(month);
            let mut next: Option<DuePlace> = None;
            loop {
                // One more than asked for says whether there are more.
                let left = limit.saturating_add(1).saturating_sub(debts.len());
                let left = i32::try_from(left).unwrap_or(DUE_PAGE).min(DUE_PAGE);
                let page = self.table.due(&part, (&first, &last), left, next.as_ref()).await?;
                let pointers: Vec<DebtPointer> =
                    self.table.get_many(&page.items).await?.take_all(&page.items)?;
                let notices: Vec<NoticeNumber> = pointers.into_iter().map(|pointer| pointer.notice).collect();
                debts.extend(self.read_many(&notices).await?);
                if debts.len() > limit {
                    debts.truncate(limit);
                    return Ok(DebtPage { next: debts.last().and_then(recorded_place), debts });
                }
                next = page.next;
                if next.is_none() {
                    break;
                }
            }
        }
        Ok(DebtPage { debts, next: None })
    }

    async fn page_of(&self, page: QueryPage<FiledPointer>) -> Result<DebtPage, Fault> {
        let next = page.items.last().map(|last| last.sk.clone()).filter(|_| page.more);
        let notices: Vec<NoticeNumber> = page.items.into_iter().map(|pointer| pointer.notice).collect();
        let mut debts = Vec::new();
        for some in notices.chunks(100) {
            debts.extend(self.read_many(some).await?);
        }
        Ok(DebtPage { debts, next })
    }
}

impl DebtWriter {
    /// Creates a spontaneous debt under a new number, together with its idempotency record's answer.
    pub async fn create_spontaneous(
        &self,
        citizen: &Citizen,
        new: &NewDebt,
        issuing: Issuing,
        record: (&Idempotency, &IdempotencyHold),
        answer: impl Fn(&DebtChange) -> String,
    ) -> Result<Debt, Error> {
        let viewer = citizen.viewer();
        let plan = |notice| changes::create_spontaneous(new.clone(), notice, &viewer, self.now());
        self.numbered(issuing, record, plan, answer).await
    }

    /// The creditor issues a debt under a new number, together with its idempotency record's answer.
    pub async fn issue(
        &self,
        new: &NewDebt,
        issuing: Issuing,
        record: (&Idempotency, &IdempotencyHold),
        answer: impl Fn(&DebtChange) -> String,
    ) -> Result<Debt, Error> {
        let plan = |notice| changes::issue(new.clone(), notice, self.now());
        self.numbered(issuing, record, plan, answer).await
    }

    /// Writes a new debt. A number that is taken already is not used again: another is drawn (INV-M14).
    async fn numbered(
        &self,
        issuing: Issuing,
        (records, hold): (&Idempotency, &IdempotencyHold),
        plan: impl Fn(NoticeNumber) -> Plan<Debt>,
        answer: impl Fn(&DebtChange) -> String,
    ) -> Result<Debt, Error> {
        let (plan, answer) = (&plan, &answer);
        let decide = move |again| async move {
            if again && !records.is_held(hold).await? {
                return Err(Error::RequestInProgress);
            }
            let plan = plan(self.draw(issuing)?);
            let mut steps = self.steps(&plan).await?;
            let body = plan.debts.first().map(answer).unwrap_or_default();
            steps.push(records.finish_step(hold, 201, &body));
            Ok((steps, plan.outcome))
        };
        self.debts.table.commit(decide).await
    }

    /// A random number that is not taken, as far as chance goes; never the node's probe.
    fn draw(&self, issuing: Issuing) -> Result<NoticeNumber, Error> {
        loop {
            let notice = issuing.number(self.random.below(issuing.bases())?);
            if !notice.is_stand_in_probe() {
                return Ok(notice);
            }
        }
    }

    /// The creditor adds or changes a debt. The same data again change nothing.
    pub async fn import(&self, notice: &NoticeNumber, new: &NewDebt) -> Result<Imported, Error> {
        let decide = move |_again| async move {
            changes::import(self.debts.read(notice).await?.as_ref(), notice, new.clone(), self.now())
        };
        self.commit(decide).await
    }

    /// The creditor cancels a debt, or a citizen takes back a spontaneous one.
    pub async fn cancel(&self, notice: &NoticeNumber, by: Canceller<'_>) -> Result<(), Error> {
        let decide = move |_again| async move {
            changes::cancel(self.debts.read(notice).await?.as_ref(), by, self.now())
        };
        self.commit(decide).await
    }

    /// Takes back what an account made before it was proven and nobody has paid: it goes with the account.
    pub async fn take_back_all(&self, account: &Account) -> Result<(), Fault> {
        let (id, code) = (&account.id, &account.profile.fiscal_code);
        let viewer = Viewer { account: id, fiscal_code: code, identity_proven: false };
        let partition = Key::seen_partition(id);
        let mut after = None;
        loop {
            let range = Range::StartsWith("P#".to_owned());
            let table = &self.debts.table;
            let page = table
                .query::<ListEntry>(&partition, range, SortOrder::Rising, AT_ONCE, after.as_ref())
                .await?;
            after = page.items.last().map(|entry| Key::listed(partition.clone(), &entry.sk));
            for ListEntry { notice, .. } in page.items {
                let own =
                    self.debts.read(&notice).await?.is_some_and(|debt| debt.only_of.as_ref() == Some(id));
                if !own {
                    continue;
                }
                // Paid, or being paid: it stays.
                if let Err(Error::Unavailable(fault)) = self.cancel(&notice, Canceller::Citizen(viewer)).await
                {
                    return Err(fault);
                }
            }
            if !page.more {
                return Ok(());
            }
        }
    }

    /// Writes down that a debt's last day has passed, or forgets whose it was.
    pub async fn expire(&self, notice: &NoticeNumber) -> Result<(), Fault> {
        let decide = move |_again| async move {
            Ok::<_, Fault>(changes::expire(self.debts.read(notice).await?.as_ref(), self.now())?)
        };
        self.commit(decide).await
    }
}

/// A debt out of the debts table.
pub(crate) async fn read_debt(table: &Table, notice: &NoticeNumber) -> Result<Option<Debt>, Fault> {
    table.get::<DebtRow>(&Key::debt(notice)).await?.map(DebtRow::debt).transpose()
}

impl DebtRow {
    pub(crate) fn debt(self) -> Result<Debt, Fault> {
        let debt: Debt = serde_json::from_str(&self.debt).map_err(|e| error::corrupt("DEBT", &e))?;
        if debt.revision == self.revision {
            Ok(debt)
        } else {
            Err(error::corrupt("DEBT", &"its revisions differ"))
        }
    }
}

pub(crate) fn debt_item(key: &Key, debt: &Debt) -> Result<Item, Fault> {
    let text = serde_json::to_string(debt).map_err(|e| error::corrupt("DEBT", &e))?;
    let item = item(key, &DebtRow { debt: text, revision: debt.revision })?;
    // An open debt with a last day comes back to the sweep when that day is over, any debt when its personal data go. Not
    // while it waits for an attempt: until that has ended there is nothing to do, and its end writes the debt anew.
    let expires = debt.days.expires.filter(|_| debt.state == DebtState::Open && debt.attempt.is_none());
    let due = expires.and_then(domain::time::end_of).into_iter().chain(retention::forgotten_at(debt)).min();
    Ok(match due {
        Some(at) => with_due(item, key, at),
        None => item,
    })
}

impl ListEntry {
    fn of(debt: &Debt) -> Self {
        let service = &debt.service;
        let words = [
            &debt.reason,
            &format!("{} {}", service.code, service.name),
            &debt.iuv().to_string(),
            &debt.notice.to_string(),
        ];
        Self {
            sk: match (debt.state, debt.closed_at) {
                (DebtState::Open, _) => to_pay_place(debt.days.due, &debt.notice),
                (_, closed) => closed_place(closed.unwrap_or(debt.created_at), &debt.notice),
            },
            notice: debt.notice.clone(),
            service: service.code.clone(),
            state: debt.state,
            words: words.map(|word| word.to_lowercase()).join("\n"),
        }
    }

    fn says_as_much_as(&self, other: &Self) -> bool {
        (&self.sk, &self.words, self.state) == (&other.sk, &other.words, other.state)
    }
}
