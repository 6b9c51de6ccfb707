//! Debt positions: one item each, changed by one conditional transaction with its movement and its places in
//! lists.

use std::collections::HashMap;

use domain::debt::{self, Days, Detail, Event, MAX_WATCHERS, OpenAttempt, Origin, Rule, Service, State};
use domain::movement::{Kind, Movement, Source};
use domain::notice::{Code, Issuing, Iuv, NoticeNumber, Proof};
use domain::person::Person;
use domain::{Amount, Debt, Error, Fault, Timestamp};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use world::{Clock, NotConfigured, Random, World};

use crate::citizen::Citizen;
use crate::filing::Filing;
use crate::idempotency::{Idempotency, Pass};
use crate::keys::{Key, place_closed, place_to_pay};
use crate::movements::{self, Entry, Movements};
use crate::outbox::{Letter, Outbox};
use crate::table::{
    Expression, Item, Order, Range, Step, TRIES, Table, Transacted, absent, item, read, step_aside,
    unreadable, with_due,
};

#[derive(Clone)]
pub struct Debts {
    pub(crate) table: Table,
    /// Only functions that change debts have this table.
    pub(crate) movements: Option<Movements>,
    /// Where the central archive of notices is told of changes, if the creditor uses it.
    archive: Option<Outbox>,
    pub(crate) filing: Filing,
    pub(crate) clock: Clock,
    random: Random,
}

/// The outcome of an association.
pub struct Associated {
    pub debt: Debt,
    /// The debt is the account's own and from the creditor: knowing it proves who they are.
    pub proves_identity: bool,
}

/// The outcome of a creditor's change.
pub struct Imported {
    pub debt: Debt,
    pub created: bool,
}

/// A debt as it is stored: as JSON, because it is always read and written whole; beside it what conditions
/// compare.
#[derive(Serialize, Deserialize)]
struct Row {
    debt: String,
    revision: u64,
}

/// A debt's place in a list: what lists and filters need without reading the debt.
#[derive(Serialize, Deserialize)]
pub(crate) struct Place {
    pub sk: String,
    pub notice: NoticeNumber,
    pub service: String,
    pub state: State,
    /// Reason, service and codes in lower case, for the search in the history.
    pub words: String,
}

/// How many debts of one IUV are looked at.
const SAME_IUV: usize = 10;

impl Debts {
    pub fn connect(world: &World) -> Result<Self, NotConfigured> {
        let movements = world.optional("MOVEMENTS_TABLE").map(|_| Movements::connect(world)).transpose()?;
        Ok(Self {
            table: Table::connect(world, "DEBTS_TABLE")?,
            movements,
            archive: world.optional("ACA_URL").map(|_| Outbox::connect(world)).transpose()?,
            filing: Filing::connect(world)?,
            clock: world.clock().clone(),
            random: world.random().clone(),
        })
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The debt that both codes name together; one answer for every way in which they do not (INV-I20).
    pub async fn find(&self, proof: &Proof) -> Result<Debt, Error> {
        let candidates = match &proof.code {
            Code::Notice(notice) => self.read_many(std::slice::from_ref(notice)).await?,
            Code::Iuv(iuv) => self.of_iuv(iuv).await?,
        };
        let now = self.clock.now();
        let theirs = |debt: &Debt| {
            let (owner, claimed) = (debt.debtor.fiscal_code.as_str(), proof.fiscal_code.as_str());
            let same = owner.as_bytes().ct_eq(claimed.as_bytes());
            bool::from(same) && debt.is_published(now)
        };
        candidates.into_iter().find(theirs).ok_or(Error::DebtNotFound)
    }

    async fn of_iuv(&self, iuv: &Iuv) -> Result<Vec<Debt>, Fault> {
        #[derive(Deserialize)]
        struct Pointer {
            notice: NoticeNumber,
        }
        const DOING: &str = "finding debts of an IUV";
        let range = Range::StartsWith("DEBT#".to_owned());
        let partition = Key::iuv_partition(iuv);
        let page =
            self.table.query::<Pointer>(DOING, &partition, range, Order::Rising, SAME_IUV, None).await?;
        let notices: Vec<NoticeNumber> = page.items.into_iter().map(|pointer| pointer.notice).collect();
        self.read_many(&notices).await
    }

    /// A debt by its notice number, for callers that are not people: the node, the creditor, the sweep.
    pub async fn get(&self, notice: &NoticeNumber) -> Result<Option<Debt>, Fault> {
        read_debt(&self.table, notice).await
    }

    /// A debt that this citizen may see; any other is not there (INV-I19).
    pub async fn of_citizen(&self, citizen: &Citizen, notice: &NoticeNumber) -> Result<Debt, Error> {
        let debt = self.get(notice).await?.ok_or(Error::DebtNotFound)?;
        self.visible(citizen, debt)
    }

    /// Several debts that this citizen may see, in the order asked for; one that is not theirs refuses all.
    pub async fn all_of_citizen(
        &self,
        citizen: &Citizen,
        notices: &[NoticeNumber],
    ) -> Result<Vec<Debt>, Error> {
        let mut found: HashMap<NoticeNumber, Debt> =
            self.read_many(notices).await?.into_iter().map(|debt| (debt.notice.clone(), debt)).collect();
        notices
            .iter()
            .map(|notice| found.remove(notice).ok_or(Error::DebtNotFound))
            .map(|debt| debt.and_then(|debt| self.visible(citizen, debt)))
            .collect()
    }

    /// Of several debts, those that this citizen may see: of a payment, its debts but for one that the creditor
    /// has since given to somebody else.
    pub async fn those_of_citizen(
        &self,
        citizen: &Citizen,
        notices: &[NoticeNumber],
    ) -> Result<Vec<Debt>, Fault> {
        let debts = self.read_many(notices).await?;
        Ok(debts.into_iter().filter_map(|debt| self.visible(citizen, debt).ok()).collect())
    }

    fn visible(&self, citizen: &Citizen, debt: Debt) -> Result<Debt, Error> {
        let own = citizen.proven_owner().is_some() && debt.debtor.fiscal_code == *citizen.fiscal_code();
        let watched = debt.watchers.contains(citizen.id());
        let shown = (own || watched) && debt.is_published(self.clock.now());
        if shown { Ok(debt) } else { Err(Error::DebtNotFound) }
    }

    /// Debts by notice number in one call; those that are not there are left out.
    pub(crate) async fn read_many(&self, notices: &[NoticeNumber]) -> Result<Vec<Debt>, Fault> {
        const DOING: &str = "reading debts";
        if notices.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<Key> = notices.iter().map(Key::debt).collect();
        let mut found = self.table.get_many(DOING, &keys).await?;
        let rows = keys.iter().filter_map(|key| found.remove(key));
        rows.map(|item| read::<Row>(DOING, item).and_then(debt_of)).collect()
    }

    /// Joins a practice found by search to an account. Harmless to repeat.
    pub async fn associate(&self, citizen: &Citizen, proof: &Proof) -> Result<Associated, Error> {
        for attempt in 0..TRIES {
            let debt = self.find(proof).await?;
            let own = debt.debtor.fiscal_code == *citizen.fiscal_code();
            let proves_identity = own && debt.origin == Origin::Creditor;
            let sees = debt.watchers.contains(citizen.id())
                || (own && (proves_identity || citizen.proven_owner().is_some()));
            if sees {
                return Ok(Associated { debt, proves_identity });
            }
            if debt.watchers.len() >= MAX_WATCHERS {
                return Err(Error::DebtNotPayable);
            }
            let mut after = debt.clone();
            after.watchers.push(citizen.id().clone());
            if self.write(&debt, after.clone(), None, Vec::new()).await? == Wrote::Done {
                after.revision = debt.revision.saturating_add(1);
                return Ok(Associated { debt: after, proves_identity });
            }
            step_aside(attempt).await;
        }
        Err(Fault::new("associating a debt", "others were in the way too often").into())
    }

    /// Creates a spontaneous debt under a new number, together with its idempotency record's answer.
    /// A number that is taken already is not used again: another is drawn (INV-M14).
    pub async fn create_spontaneous(
        &self,
        citizen: &Citizen,
        new: NewDebt,
        issuing: Issuing,
        idempotency: (&Idempotency, &Pass),
        answer: impl Fn(&Debt) -> String,
    ) -> Result<Debt, Error> {
        for _ in 0..5 {
            let notice = issuing.number(self.random.below(issuing.bases())?);
            if notice.is_stand_in_probe() {
                continue;
            }
            let mut debt = self.new_debt(notice, new.clone(), Origin::Spontaneous);
            // A proven owner sees it as the debtor; another account has to be named.
            if citizen.proven_owner().is_none() {
                debt.watchers.push(citizen.id().clone());
            }
            let (records, pass) = idempotency;
            let mut after = debt.clone();
            after.revision = 1;
            let finish = records.finish_step(pass, 201, &answer(&after))?;
            match self.create(&debt, Source::Citizen, vec![finish]).await? {
                Created::Done(debt) => return Ok(*debt),
                Created::NumberTaken => {}
                Created::Otherwise => return Err(Error::RequestInProgress),
            }
        }
        Err(Fault::new("issuing a notice number", "five numbers were taken").into())
    }

    /// The creditor adds or changes a debt. The same data again change nothing.
    pub async fn import(&self, notice: &NoticeNumber, new: NewDebt) -> Result<Imported, Error> {
        for attempt in 0..TRIES {
            let now = self.clock.now();
            let Some(before) = self.get(notice).await? else {
                let debt = self.new_debt(notice.clone(), new.clone(), Origin::Creditor);
                match self.create(&debt, Source::Creditor, Vec::new()).await? {
                    Created::Done(debt) => return Ok(Imported { debt: *debt, created: true }),
                    Created::NumberTaken | Created::Otherwise => continue,
                }
            };
            let mut after = before.clone();
            after.debtor = new.debtor.clone();
            after.service = new.service.clone();
            after.reason = new.reason.clone();
            after.details = new.details.clone();
            after.amount = new.amount;
            after.days = new.days;
            let kind = match debt::decide(before.state, Event::Change) {
                Rule::Go(state, kind) => {
                    after.state = state;
                    kind
                }
                Rule::AlreadyPaid => return Err(Error::DebtAlreadyPaid),
                Rule::NotPayable | Rule::NotPaid | Rule::Record(_) | Rule::Ignore => {
                    return Err(Error::DebtNotPayable);
                }
            };
            if after == before {
                return Ok(Imported { debt: before, created: false });
            }
            after.closed_at = None;
            let entry = Entry {
                kind,
                cents: new.amount.cents(),
                source: Source::Creditor,
                reference: None,
                sender_time: None,
            };
            let movement = movements::next(&before, entry, now);
            if let Some(debt) = self.change(&before, after, movement).await? {
                return Ok(Imported { debt, created: false });
            }
            step_aside(attempt).await;
        }
        Err(Fault::new("changing a debt", "others were in the way too often").into())
    }

    /// The creditor cancels a debt, or a citizen takes back a spontaneous one.
    pub async fn cancel(&self, notice: &NoticeNumber, by: Canceller<'_>) -> Result<(), Error> {
        for attempt in 0..TRIES {
            let debt = match by {
                Canceller::Creditor => self.get(notice).await?.ok_or(Error::DebtNotFound)?,
                Canceller::Citizen(citizen) => {
                    let debt = self.of_citizen(citizen, notice).await?;
                    let own = debt.debtor.fiscal_code == *citizen.fiscal_code();
                    if !own || debt.origin != Origin::Spontaneous {
                        return Err(Error::DebtNotPayable);
                    }
                    if debt.state != State::Open || debt.attempt.is_some() {
                        return Err(Error::DebtNotPayable);
                    }
                    debt
                }
            };
            let (state, kind) = match debt::decide(debt.state, Event::Cancel) {
                Rule::Go(state, kind) => (state, kind),
                Rule::Ignore => return Ok(()),
                Rule::AlreadyPaid => return Err(Error::DebtAlreadyPaid),
                Rule::Record(_) | Rule::NotPayable | Rule::NotPaid => return Err(Error::DebtNotPayable),
            };
            let source = match by {
                Canceller::Creditor => Source::Creditor,
                Canceller::Citizen(_) => Source::Citizen,
            };
            if self.close(&debt, state, kind, source).await? {
                return Ok(());
            }
            step_aside(attempt).await;
        }
        Err(Fault::new("cancelling a debt", "others were in the way too often").into())
    }

    /// Writes down that a debt's last day has passed.
    pub async fn expire(&self, notice: &NoticeNumber) -> Result<(), Fault> {
        let Some(debt) = self.get(notice).await? else { return Ok(()) };
        if !debt.is_past_expiry(self.clock.now()) || debt.attempt.is_some() {
            return Ok(());
        }
        if let Rule::Go(state, kind) = debt::decide(debt.state, Event::Expire) {
            // Refused means that something happened to the debt meanwhile: the next sweep looks again.
            let _ = self.close(&debt, state, kind, Source::Sweep).await?;
        }
        Ok(())
    }

    /// What of this table is due by now.
    pub async fn overdue(&self, shard: &str, limit: i32) -> Result<Vec<Key>, Fault> {
        self.due_by(shard, self.clock.now(), limit).await
    }

    /// What of this table is due by an instant, what comes first first.
    pub(crate) async fn due_by(&self, shard: &str, until: Timestamp, limit: i32) -> Result<Vec<Key>, Fault> {
        self.table.due("finding what is due", shard, &crate::table::instant(until), limit).await
    }

    async fn close(&self, debt: &Debt, state: State, kind: Kind, source: Source) -> Result<bool, Fault> {
        let now = self.clock.now();
        let mut after = debt.clone();
        after.state = state;
        after.closed_at = Some(now);
        let entry = Entry { kind, cents: debt.amount.cents(), source, reference: None, sender_time: None };
        let movement = movements::next(debt, entry, now);
        Ok(self.change(debt, after, movement).await?.is_some())
    }

    async fn change(&self, before: &Debt, after: Debt, movement: Movement) -> Result<Option<Debt>, Fault> {
        let written = advanced(after, &movement, before);
        let told = self.tell_archive_step(&before.notice)?;
        let done = self.write(before, written.clone(), Some(&movement), told.into_iter().collect()).await?;
        Ok((done == Wrote::Done).then_some(written))
    }

    fn new_debt(&self, notice: NoticeNumber, new: NewDebt, origin: Origin) -> Debt {
        Debt {
            notice,
            debtor: new.debtor,
            service: new.service,
            reason: new.reason,
            details: new.details,
            amount: new.amount,
            days: new.days,
            origin,
            created_at: self.clock.now(),
            state: State::Open,
            closed_at: None,
            attempt: None,
            receipt: None,
            watchers: Vec::new(),
            version: 0,
            revision: 0,
            chain: String::new(),
        }
    }

    async fn create(&self, debt: &Debt, source: Source, extra: Vec<Step>) -> Result<Created, Fault> {
        const DOING: &str = "creating a debt";
        let entry = Entry {
            kind: Kind::Created,
            cents: debt.amount.cents(),
            source,
            reference: None,
            sender_time: None,
        };
        let movement = movements::next(debt, entry, debt.created_at);
        let after = advanced(debt.clone(), &movement, debt);
        #[derive(Serialize)]
        struct Pointer<'a> {
            notice: &'a NoticeNumber,
        }
        let iuv_key = Key::iuv(&debt.iuv(), &debt.notice);
        let pointer = item(DOING, &iuv_key, &Pointer { notice: &debt.notice })?;
        let mut steps = vec![
            self.table.put_step(DOING, debt_item(&after)?, absent())?,
            self.movements()?.append_step(&debt.notice, &movement)?,
            self.table.put_along_step(DOING, pointer)?,
        ];
        for partition in self.partitions(&after).await? {
            steps.push(self.table.put_along_step(DOING, place_item(partition, &after)?)?);
        }
        steps.extend(self.tell_archive_step(&debt.notice)?);
        steps.extend(extra);
        match self.table.transact(DOING, steps).await? {
            Transacted::Done => Ok(Created::Done(Box::new(after))),
            Transacted::Refused(why) if why.get(..2).is_some_and(|both| both.contains(&true)) => {
                Ok(Created::NumberTaken)
            }
            Transacted::Refused(_) => Ok(Created::Otherwise),
        }
    }

    /// The step that has the central archive told of a debt, if the creditor uses it.
    pub(crate) fn tell_archive_step(&self, notice: &NoticeNumber) -> Result<Option<Step>, Fault> {
        let letter = || Letter::UploadPosition { notice: notice.clone() };
        self.archive.as_ref().map(|outbox| outbox.post_step(&letter())).transpose()
    }

    pub(crate) fn movements(&self) -> Result<&Movements, Fault> {
        self.movements
            .as_ref()
            .ok_or_else(|| Fault::new("appending a movement", "MOVEMENTS_TABLE is missing"))
    }

    /// Writes a changed debt if nobody else did meanwhile.
    pub(crate) async fn write(
        &self,
        before: &Debt,
        after: Debt,
        movement: Option<&Movement>,
        extra: Vec<Step>,
    ) -> Result<Wrote, Fault> {
        let mut steps = self.write_steps(before, after, movement).await?;
        steps.extend(extra);
        match self.table.transact("writing a debt", steps).await? {
            Transacted::Done => Ok(Wrote::Done),
            Transacted::Refused(_) => Ok(Wrote::Refused),
        }
    }

    /// The steps that write a changed debt: the item if its revision is still the one read, the movement, and
    /// its places in lists where they moved.
    pub(crate) async fn write_steps(
        &self,
        before: &Debt,
        mut after: Debt,
        movement: Option<&Movement>,
    ) -> Result<Vec<Step>, Fault> {
        const DOING: &str = "writing a debt";
        after.revision = before.revision.saturating_add(1);
        let same = Expression::new("revision = :revision").number(":revision", before.revision);
        let mut steps = vec![self.table.put_step(DOING, debt_item(&after)?, same)?];
        if let Some(movement) = movement {
            steps.push(self.movements()?.append_step(&after.notice, movement)?);
        }
        let place = |debt: &Debt| (place_of(debt), words_of(debt), debt.state);
        let (old, new) = (self.partitions(before).await?, self.partitions(&after).await?);
        let moved = place(before) != place(&after);
        let gone = |partition: &String| !new.contains(partition) || place_of(before) != place_of(&after);
        for partition in old.iter().filter(|partition| gone(partition)) {
            steps.push(self.table.delete_step(DOING, &Key::listed(partition.clone(), &place_of(before)))?);
        }
        for partition in new.into_iter().filter(|partition| moved || !old.contains(partition)) {
            steps.push(self.table.put_along_step(DOING, place_item(partition, &after)?)?);
        }
        Ok(steps)
    }

    /// The lists that a debt is in: of its debtor, and of each account that watches it.
    async fn partitions(&self, debt: &Debt) -> Result<Vec<String>, Fault> {
        let owner = Key::owner_partition(&self.filing.fiscal_code(&debt.debtor.fiscal_code).await?);
        Ok(std::iter::once(owner).chain(debt.watchers.iter().map(Key::seen_partition)).collect())
    }
}

/// What a new debt is made of.
#[derive(Clone, Debug)]
pub struct NewDebt {
    pub debtor: Person,
    pub service: Service,
    pub reason: String,
    pub details: Vec<Detail>,
    pub amount: Amount,
    pub days: Days,
}

/// Who takes a debt back.
#[derive(Clone, Copy)]
pub enum Canceller<'a> {
    Creditor,
    Citizen(&'a Citizen),
}

enum Created {
    Done(Box<Debt>),
    NumberTaken,
    /// A step that was given along refused.
    Otherwise,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Wrote {
    Done,
    /// The debt, or a step given along, was no longer as it was read.
    Refused,
}

/// The debt with a movement appended to its account.
pub(crate) fn advanced(mut debt: Debt, movement: &Movement, before: &Debt) -> Debt {
    debt.version = movement.number;
    debt.chain.clone_from(&movement.hash);
    debt.revision = before.revision.saturating_add(1);
    debt
}

/// The debt with an attempt begun or ended.
pub(crate) fn with_attempt(mut debt: Debt, attempt: Option<OpenAttempt>) -> Debt {
    debt.attempt = attempt;
    debt
}

/// A debt out of the debts table.
pub(crate) async fn read_debt(table: &Table, notice: &NoticeNumber) -> Result<Option<Debt>, Fault> {
    let row: Option<Row> = table.get("reading a debt", &Key::debt(notice)).await?;
    row.map(debt_of).transpose()
}

fn debt_of(row: Row) -> Result<Debt, Fault> {
    const DOING: &str = "reading a debt";
    let debt: Debt = serde_json::from_str(&row.debt).map_err(|e| unreadable(DOING, &e))?;
    if debt.revision == row.revision { Ok(debt) } else { Err(Fault::new(DOING, "its revisions differ")) }
}

fn debt_item(debt: &Debt) -> Result<Item, Fault> {
    const DOING: &str = "writing a debt";
    let key = Key::debt(&debt.notice);
    let text = serde_json::to_string(debt).map_err(|e| Fault::new(DOING, e))?;
    let item = item(DOING, &key, &Row { debt: text, revision: debt.revision })?;
    // An open debt with a last day comes back to the sweep when that day is over. Not while it waits for an attempt:
    // until that has ended there is nothing to do, and its end writes the debt anew.
    let expires = debt.days.expires.filter(|_| debt.state == State::Open && debt.attempt.is_none());
    Ok(match expires.and_then(domain::time::end_of) {
        Some(at) => with_due(item, &key, at),
        None => item,
    })
}

fn place_of(debt: &Debt) -> String {
    match (debt.state, debt.closed_at) {
        (State::Open, _) => place_to_pay(debt.days.due, &debt.notice),
        (_, closed) => place_closed(closed.unwrap_or(debt.created_at), &debt.notice),
    }
}

fn words_of(debt: &Debt) -> String {
    let service = &debt.service;
    format!("{}\n{} {}\n{}\n{}", debt.reason, service.code, service.name, debt.iuv(), debt.notice)
        .to_lowercase()
}

fn place_item(partition: String, debt: &Debt) -> Result<Item, Fault> {
    let sk = place_of(debt);
    let place = Place {
        sk: sk.clone(),
        notice: debt.notice.clone(),
        service: debt.service.code.clone(),
        state: debt.state,
        words: words_of(debt),
    };
    item("listing a debt", &Key::listed(partition, &sk), &place)
}
