//! The audit's walk through the whole ledger: in rounds, each of them in steps that any invocation may take up, so that no
//! ledger is too large for one.
//!
//! | Pass | Walks through | Finds |
//! |---|---|---|
//! | chains | movements, page by page, with the debts and names that they lead to | broken chains, a debt or a receipt that says otherwise, names that are gone, debts that are gone |
//! | names | debts and names of money, page by page, with the movements that they need | chains that are gone, names that nothing stands behind |
//! | heads | what the last round kept, with the movements that it names | whole chains cut short or written anew, debts gone with all their traces |
//!
//! Pages are compared in bulk; what does not agree is read again, whole and by itself (`Ledger::statement`), and only that
//! judges. Steps, heads and findings are put where nothing is, into a table that nobody may change or delete in: what a
//! round has done is how far it has come.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::ledger::{self, BrokenLedger, MoneyName};
use domain::movement::Movement;
use domain::notice::NoticeNumber;
use domain::retention::Retention;
use domain::{Fault, FaultKind, Timestamp, digest, time};
use futures_util::{StreamExt, TryStreamExt, stream};
use runtime::{Clock, ConfigError, Env};
use serde::{Deserialize, Serialize};

use crate::debts::DebtRow;
use crate::keys::{BROKEN, Key, ROUND, STEP};
use crate::ledger::{Ledger, notice_of};
use crate::table::{
    Expression, FoundItems, Item, QueryPage, Range, SortOrder, Table, WriteOutcome, absent, item, read,
    with_ttl,
};
use crate::writer::MoneyTakenRow;

/// Walks through the ledger. Only the audit and operators have one.
#[derive(Clone)]
pub struct Auditor {
    ledger: Ledger,
    /// Where rounds, steps and findings are kept.
    table: Table,
    clock: Clock,
}

/// What a round has seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditTotals {
    pub debts: u64,
    pub movements: u64,
    pub broken: u64,
}

/// How a round stands.
#[derive(Clone, Debug)]
pub struct AuditRound {
    pub began: Timestamp,
    pub totals: AuditTotals,
    /// How many steps were taken now.
    pub steps: u64,
    pub finished: bool,
    /// The hash over all that it has kept: the log holds it too, where nobody can change it.
    pub kept: String,
}

/// A debt that does not verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFinding {
    pub notice: NoticeNumber,
    pub broken: BrokenLedger,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuditPass {
    Chains,
    Names,
    Heads,
    Done,
}

/// A round: when it began, and the finished one before it, whose heads it compares.
#[derive(Serialize, Deserialize)]
pub(crate) struct RoundRow {
    began: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Timestamp>,
}

/// A step: what is to be walked through next, from where, and what was seen until here.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StepRow {
    number: u64,
    pass: AuditPass,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<AuditPlace>,
    totals: AuditTotals,
    /// The ends of the chains of this step: `notice number hash`, one a line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    heads: String,
    /// The hash over this step and the `kept` of the one before.
    kept: String,
}

/// The item after which a walk goes on.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AuditPlace {
    pk: String,
    sk: String,
}

/// A finding as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFinding {
    pub notice: String,
    /// What is broken, as the log says it.
    pub verdict: String,
    pub at: Timestamp,
}

/// What a page has shown.
#[derive(Default)]
struct Walked {
    debts: u64,
    movements: u64,
    heads: String,
    /// Where the walk goes on; nothing at its end.
    next: Option<Key>,
    /// What has to be read whole.
    doubtful: Vec<NoticeNumber>,
    broken: Vec<AuditFinding>,
}

/// How long after a round began the next one does: a little less than a day, so that it stays at its hour.
const EVERY: Duration = Duration::from_secs(23 * 60 * 60 + 50 * 60);
/// How long rounds are kept: as long as tables can be restored. Findings stay longer than a year.
const ROUNDS: Retention = Retention::BACKUPS;
const FINDINGS: Retention = Retention::AUDITS;
/// How many items one batch read takes, and how many are read at the same time.
const BATCH: usize = 100;
const AT_ONCE: usize = 8;
/// How many findings are read at once.
const PAGE: usize = 200;

impl Auditor {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            ledger: Ledger::connect(env)?,
            table: Table::connect(env, &env.config().audit_table)?,
            clock: env.clock().clone(),
        })
    }

    /// Goes on with the round that is not finished, or begins the next one if its time has come, until it ends or `stop`
    /// says so; hands over every debt that is found broken.
    pub async fn go_on(
        &self,
        stop: impl Fn() -> bool,
        mut found: impl FnMut(&AuditFinding),
    ) -> Result<AuditRound, Fault> {
        let (row, mut step) = self.current().await?;
        let first = step.number;
        while step.pass != AuditPass::Done && !stop() {
            let walked = self.step(row.before, &step).await?;
            // A debt may be met by more than one pass: it is told of once.
            let mut broken = 0_u64;
            for finding in &walked.broken {
                if self.keep(row.began, finding).await? == WriteOutcome::Done {
                    broken = broken.saturating_add(1);
                    found(finding);
                }
            }
            let next = step.followed_by(walked, broken);
            let key = Key::audit_step(row.began, next.number);
            if self.put(&key, &next, ROUNDS).await? == WriteOutcome::Refused {
                // Another invocation is at this round.
                break;
            }
            step = next;
        }
        let steps = step.number.saturating_sub(first);
        Ok(step.of_round(row.began, steps))
    }

    /// Walks through the whole ledger now, for an operator, and keeps nothing of it.
    pub async fn verify(&self, mut found: impl FnMut(&AuditFinding)) -> Result<AuditTotals, Fault> {
        let last = self.findings().await?.into_iter().map(|(round, _)| round).find(|round| round.finished);
        let (before, mut step) = (last.map(|round| round.began), StepRow::first());
        let mut told = BTreeSet::new();
        while step.pass != AuditPass::Done {
            let mut walked = self.step(before, &step).await?;
            walked.broken.retain(|finding| told.insert(finding.notice.to_string()));
            walked.broken.iter().for_each(&mut found);
            let broken = walked.broken.len() as u64;
            step = step.followed_by(walked, broken);
        }
        Ok(step.totals)
    }

    /// What the last rounds found, by notice number: those of the one under way, and the last one that was finished.
    pub async fn findings(&self) -> Result<Vec<(AuditRound, Vec<KeptFinding>)>, Fault> {
        let mut rounds = Vec::new();
        for row in self.rounds().await? {
            let round = self.last_step(row.began).await?.of_round(row.began, 0);
            let partition = Key::round_partition(row.began);
            let (mut kept, mut after) = (Vec::new(), None);
            loop {
                let range = Range::StartsWith(BROKEN.to_owned());
                let page: QueryPage<KeptFinding> =
                    self.table.query(&partition, range, SortOrder::Rising, PAGE, after.as_ref()).await?;
                after = page.items.last().map(|last| Key::audit_finding(row.began, &last.notice));
                kept.extend(page.items);
                if !page.more {
                    break;
                }
            }
            rounds.push((round, kept));
        }
        Ok(rounds)
    }

    /// The last two rounds, newest first: one begins when the one before is finished.
    async fn rounds(&self) -> Result<Vec<RoundRow>, Fault> {
        let range = Range::StartsWith(ROUND.to_owned());
        Ok(self.table.query(Key::AUDIT, range, SortOrder::Falling, 2, None).await?.items)
    }

    async fn last_step(&self, began: Timestamp) -> Result<StepRow, Fault> {
        let (partition, range) = (Key::round_partition(began), Range::StartsWith(STEP.to_owned()));
        let mut page = self.table.query::<StepRow>(&partition, range, SortOrder::Falling, 1, None).await?;
        Ok(page.items.pop().unwrap_or_else(StepRow::first))
    }

    async fn current(&self) -> Result<(RoundRow, StepRow), Fault> {
        let now = self.clock.now();
        let mut before = None;
        if let Some(row) = self.rounds().await?.into_iter().next() {
            let step = self.last_step(row.began).await?;
            if step.pass != AuditPass::Done || now < time::after(row.began, EVERY) {
                return Ok((row, step));
            }
            before = Some(row.began);
        }
        let row = RoundRow { began: time::to_second(now), before };
        // Refused means that another invocation begins the same one.
        let _ = self.put(&Key::audit_round(row.began), &row, ROUNDS).await?;
        Ok((row, StepRow::first()))
    }

    /// Walks through one page and judges what is doubtful in it.
    async fn step(&self, before: Option<Timestamp>, step: &StepRow) -> Result<Walked, Fault> {
        let after = step.after.as_ref().map(|place| Key { pk: place.pk.clone(), sk: place.sk.clone() });
        let mut walked = match (step.pass, before) {
            (AuditPass::Chains, _) => self.chains(after).await?,
            (AuditPass::Names, _) => self.names(after).await?,
            (AuditPass::Heads, Some(before)) => self.heads(before, after).await?,
            (AuditPass::Heads, None) | (AuditPass::Done, _) => Walked::default(),
        };
        let judged = self.judged(std::mem::take(&mut walked.doubtful)).await?;
        walked.broken.extend(judged);
        Ok(walked)
    }

    /// A page of movements, each debt's together: compared with the debt and the names of its money.
    async fn chains(&self, after: Option<Key>) -> Result<Walked, Fault> {
        let (items, next) = self.ledger.movements.table.scan(None, after.as_ref()).await?;
        let mut chains = grouped(items);
        let mut walked = Walked { next, ..Walked::default() };
        // The last of a page may go on in the next: that one begins with it.
        if walked.next.is_some() && chains.len() > 1 {
            chains.pop();
            walked.next = chains.last().and_then(|chain| chain.last.clone());
        }
        let keys: Vec<Key> = chains.iter().flat_map(Chain::needs).collect();
        let found = self.read(&self.ledger.table, keys).await?;
        for chain in chains {
            walked.debts = walked.debts.saturating_add(1);
            walked.movements = walked.movements.saturating_add(chain.movements.len() as u64);
            if let Some(last) = chain.movements.last() {
                walked.heads.push_str(&format!("{} {} {}\n", chain.notice, last.number, last.hash));
            }
            if !chain.agrees(&found) {
                walked.doubtful.push(chain.notice);
            }
        }
        Ok(walked)
    }

    /// A page of the debts table: every debt has a first movement, every name of money has its own.
    async fn names(&self, after: Option<Key>) -> Result<Walked, Fault> {
        let wanted = Expression::new("sk = :state OR begins_with(sk, :paid)")
            .text_value(":state", "STATE")
            .text_value(":paid", "PAID#");
        let (items, next) = self.ledger.table.scan(Some(wanted), after.as_ref()).await?;
        let mut walked = Walked { next, ..Walked::default() };
        let mut needed = Vec::new();
        for (key, item) in items {
            let Some(notice) = notice_of(&key) else { continue };
            let taken = key.sk.starts_with("PAID#");
            let row = taken.then(|| read::<MoneyTakenRow>(key.kind(), item)).transpose();
            let name = row.ok().flatten().and_then(|row| Some((row.named(&key)?, row.movement?)));
            match (taken, name) {
                (false, _) => needed.push((Key::movement(&notice, 1), notice, None)),
                (true, Some((name, number))) => {
                    needed.push((Key::movement(&notice, number), notice, Some(name)));
                }
                // One that cannot be read, or does not say which movement it stands for.
                (true, None) => walked.doubtful.push(notice),
            }
        }
        let keys = needed.iter().map(|(key, ..)| key.clone()).collect();
        let found = self.read(&self.ledger.movements.table, keys).await?;
        for (key, notice, name) in needed {
            let movement = found.get::<Movement>(&key).ok().flatten();
            if !movement.is_some_and(|movement| name.is_none_or(|name| movement.is_named_by(&name))) {
                walked.doubtful.push(notice);
            }
        }
        walked.doubtful.dedup();
        Ok(walked)
    }

    /// A step of the round before: each end of a chain that it kept is still that movement.
    async fn heads(&self, before: Timestamp, after: Option<Key>) -> Result<Walked, Fault> {
        let (partition, range) = (Key::round_partition(before), Range::StartsWith(STEP.to_owned()));
        let page =
            self.table.query::<StepRow>(&partition, range, SortOrder::Rising, 1, after.as_ref()).await?;
        let mut walked = Walked::default();
        let Some(step) = page.items.into_iter().next() else { return Ok(walked) };
        walked.next = page.more.then(|| Key::audit_step(before, step.number));
        let heads = step.heads.lines().filter_map(head).collect::<Vec<_>>();
        let keys = heads.iter().map(|(notice, number, _)| Key::movement(notice, *number)).collect();
        let found = self.read(&self.ledger.movements.table, keys).await?;
        for (notice, number, hash) in heads {
            let movement = found.get::<Movement>(&Key::movement(&notice, number)).ok().flatten();
            if movement.is_none_or(|movement| movement.hash != hash) {
                walked.broken.push(AuditFinding { notice, broken: BrokenLedger::Head { number } });
            }
        }
        Ok(walked)
    }

    /// Reads each whole, and gives back what is broken indeed.
    async fn judged(&self, doubtful: Vec<NoticeNumber>) -> Result<Vec<AuditFinding>, Fault> {
        let judged = stream::iter(doubtful).map(|notice| async move {
            let broken = match self.ledger.statement(&notice).await {
                Ok(statement) => statement.and_then(|statement| statement.verdict.err()),
                Err(fault) if fault.kind == FaultKind::Corrupt => Some(BrokenLedger::Unreadable),
                Err(fault) => return Err(fault),
            };
            Ok(broken.map(|broken| AuditFinding { notice, broken }))
        });
        let judged: Vec<Option<AuditFinding>> = judged.buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(judged.into_iter().flatten().collect())
    }

    async fn read(&self, table: &Table, keys: Vec<Key>) -> Result<FoundItems, Fault> {
        // A batch may name no item twice.
        let keys: BTreeSet<(String, String)> = keys.into_iter().map(|key| (key.pk, key.sk)).collect();
        let keys: Vec<Key> = keys.into_iter().map(|(pk, sk)| Key { pk, sk }).collect();
        let batches: Vec<Vec<Key>> = keys.chunks(BATCH).map(<[Key]>::to_vec).collect();
        let reads = stream::iter(batches).map(|batch| async move { table.get_many(&batch).await });
        let found: Vec<FoundItems> = reads.buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().fold(FoundItems::default(), FoundItems::and))
    }

    /// Keeps a finding, once for each debt and round.
    async fn keep(&self, round: Timestamp, finding: &AuditFinding) -> Result<WriteOutcome, Fault> {
        let row = KeptFinding {
            notice: finding.notice.to_string(),
            verdict: format!("{:?}", finding.broken),
            at: self.clock.now(),
        };
        let key = Key::audit_finding(round, finding.notice.as_str());
        self.put(&key, &row, FINDINGS).await
    }

    /// Puts what is not there yet: nothing here is ever changed.
    async fn put(&self, key: &Key, row: &impl Serialize, kept: Retention) -> Result<WriteOutcome, Fault> {
        let until = kept.ends(self.clock.now());
        self.table.write(vec![self.table.put(key, with_ttl(item(key, row)?, until), absent())]).await
    }
}

impl StepRow {
    /// Before anything was walked through.
    fn first() -> Self {
        let totals = AuditTotals::default();
        Self {
            number: 0,
            pass: AuditPass::Chains,
            after: None,
            totals,
            heads: String::new(),
            kept: String::new(),
        }
    }

    fn followed_by(&self, walked: Walked, broken: u64) -> Self {
        let Walked { debts, movements, heads, next, .. } = walked;
        let totals = AuditTotals {
            debts: self.totals.debts.saturating_add(debts),
            movements: self.totals.movements.saturating_add(movements),
            broken: self.totals.broken.saturating_add(broken),
        };
        let pass = match (&next, self.pass) {
            (Some(_), pass) => pass,
            (None, AuditPass::Chains) => AuditPass::Names,
            (None, AuditPass::Names) => AuditPass::Heads,
            (None, AuditPass::Heads | AuditPass::Done) => AuditPass::Done,
        };
        let number = self.number.saturating_add(1);
        let said = format!("{number} {} {} {}", totals.debts, totals.movements, totals.broken);
        let kept = digest::sha256_hex(&[self.kept.as_bytes(), said.as_bytes(), heads.as_bytes()]);
        let after = next.map(|Key { pk, sk }| AuditPlace { pk, sk });
        Self { number, pass, after, totals, heads, kept }
    }

    fn of_round(self, began: Timestamp, steps: u64) -> AuditRound {
        let Self { pass, totals, kept, .. } = self;
        AuditRound { began, totals, steps, finished: pass == AuditPass::Done, kept }
    }
}

/// `notice number hash`
fn head(line: &str) -> Option<(NoticeNumber, u64, String)> {
    let mut words = line.split(' ');
    let notice = NoticeNumber::parse(words.next()?).ok()?;
    Some((notice, words.next()?.parse().ok()?, words.next()?.to_owned()))
}

/// The movements of one debt, as a page shows them.
struct Chain {
    notice: NoticeNumber,
    movements: Vec<Movement>,
    /// The key of the last of them.
    last: Option<Key>,
    /// Whether each could be read.
    readable: bool,
}

/// A page's movements, each debt's together: a scan shows a partition whole and in order.
fn grouped(items: Vec<(Key, Item)>) -> Vec<Chain> {
    let mut chains: Vec<Chain> = Vec::new();
    for (key, item) in items {
        let Some(notice) = notice_of(&key) else { continue };
        let movement = read::<Movement>(key.kind(), item);
        if chains.last().is_none_or(|chain| chain.notice != notice) {
            chains.push(Chain { notice, movements: Vec::new(), last: None, readable: true });
        }
        if let Some(chain) = chains.last_mut() {
            chain.last = Some(key);
            match movement {
                Ok(movement) => chain.movements.push(movement),
                Err(_) => chain.readable = false,
            }
        }
    }
    chains
}

impl Chain {
    /// The names of money that its movements speak of.
    fn names(&self) -> BTreeSet<&str> {
        let named = self.movements.iter().filter(|movement| movement.kind.needs_name());
        named.filter_map(|movement| movement.reference.as_deref()).collect()
    }

    /// What it is compared with.
    fn needs(&self) -> Vec<Key> {
        let names = self.names().into_iter().map(|receipt_id| Key::paid(&self.notice, receipt_id));
        std::iter::once(Key::debt(&self.notice)).chain(names).collect()
    }

    /// Returns whether all that was found agrees. Names that no movement speaks of are another pass's.
    fn agrees(&self, found: &FoundItems) -> bool {
        let debt = found.get::<DebtRow>(&Key::debt(&self.notice)).ok().flatten();
        let names = self.needs().into_iter().skip(1);
        let names = names.filter_map(|key| found.get::<MoneyTakenRow>(&key).ok().flatten()?.named(&key));
        let names: Vec<MoneyName> = names.collect();
        let debt = debt.filter(|_| self.readable).and_then(|row| row.debt().ok());
        debt.is_some_and(|debt| ledger::audit(&debt, &self.movements, &names).is_ok())
    }
}
