//! Payment attempts: stored before the PSP hears of them.

use domain::account::AccountId;
use domain::debt::{self, Event, OpenAttempt, Rule};
use domain::movement::Source;
use domain::notice::NoticeNumber;
use domain::payment::{self, Attempt, Checkout, Choice, Item, PaymentId, Status};
use domain::person::Email;
use domain::{Cents, Debt, Error, Fault, FieldCode, FieldError};
use serde::{Deserialize, Serialize};
use world::{Clock, NotConfigured, Random, World};

use crate::citizen::Citizen;
use crate::debts::{Debts, advanced, with_attempt};
use crate::keys::Key;
use crate::movements::{self, Entry};
use crate::table::{
    Expression, Order, Range, Step, TRIES, Table, Transacted, Written, absent, item, read, step_aside,
    unreadable, with_due,
};

#[derive(Clone)]
pub struct Payments {
    pub(crate) table: Table,
    pub(crate) debts: Debts,
    pub(crate) clock: Clock,
    random: Random,
}

/// What a click on "pay" leads to.
pub enum Beginning {
    /// A new attempt, stored: the PSP is to be asked.
    New(Attempt),
    /// The same citizen's attempt for the same debts and choice: taken up again.
    Resumed(Attempt),
    /// An attempt whose time is over and whose outcome is not known yet: the PSP must be asked first.
    Stale(Attempt),
}

/// An attempt is read and written whole.
#[derive(Serialize, Deserialize)]
struct Row {
    attempt: String,
    revision: u64,
}

#[derive(Serialize, Deserialize)]
struct Pointer {
    payment: PaymentId,
}

/// How many attempts of a debt are shown.
const SHOWN: usize = 20;

impl Payments {
    pub fn connect(world: &World) -> Result<Self, NotConfigured> {
        let debts = Debts::connect(world)?;
        Ok(Self {
            table: debts.table.clone(),
            debts,
            clock: world.clock().clone(),
            random: world.random().clone(),
        })
    }

    pub fn debts(&self) -> &Debts {
        &self.debts
    }

    /// Begins to pay debts just read: one transaction checks that every one is still as it was and writes the
    /// attempt, so that no attempt exists for what cannot be paid (INV-M19), and n clicks make one attempt (INV-M18).
    pub async fn begin(
        &self,
        citizen: &Citizen,
        mut debts: Vec<Debt>,
        choice: &Choice,
        email: &Email,
    ) -> Result<Beginning, Error> {
        let notices: Vec<NoticeNumber> = debts.iter().map(|debt| debt.notice.clone()).collect();
        payment::check_notices(&notices)?;
        for try_number in 0..TRIES {
            let now = self.clock.now();
            debts.iter().try_for_each(|debt| debt.ensure_payable(now))?;
            if let Some(open) = debts.iter().find_map(|debt| debt.attempt.clone()) {
                return self.resume(citizen, choice, &debts, &open).await;
            }
            let attempt = self.new_attempt(citizen, &debts, choice, email)?;
            let steps = self.begin_steps(&attempt, &debts).await?;
            match self.table.transact("beginning a payment", steps).await? {
                Transacted::Done => return Ok(Beginning::New(attempt)),
                Transacted::Refused(_) => step_aside(try_number).await,
            }
            debts = self.debts.all_of_citizen(citizen, &notices).await?;
        }
        Err(Fault::new("beginning a payment", "others were in the way too often").into())
    }

    async fn resume(
        &self,
        citizen: &Citizen,
        choice: &Choice,
        debts: &[Debt],
        open: &OpenAttempt,
    ) -> Result<Beginning, Error> {
        let attempt = self.get(&open.payment_id).await?.ok_or(Error::PaymentInProgress)?;
        if attempt.expires_at <= self.clock.now() {
            return Ok(Beginning::Stale(attempt));
        }
        // Each names this attempt, and there are no others: they are its own.
        let same_debts = attempt.items.len() == debts.len()
            && debts.iter().all(|debt| debt.attempt.as_ref() == Some(open));
        let same = attempt.account == *citizen.id() && same_debts && attempt.choice == *choice;
        let agreed = |debt: &Debt| {
            attempt.items.iter().any(|item| item.notice == debt.notice && item.amount == debt.amount)
        };
        match (same, debts.iter().all(agreed)) {
            (true, true) => Ok(Beginning::Resumed(attempt)),
            // The page that waits asks for what was agreed before the creditor changed it.
            (true, false) => Err(Error::AmountChanged),
            (false, _) => Err(Error::PaymentInProgress),
        }
    }

    fn new_attempt(
        &self,
        citizen: &Citizen,
        debts: &[Debt],
        choice: &Choice,
        email: &Email,
    ) -> Result<Attempt, Error> {
        let now = self.clock.now();
        let items: Vec<Item> = debts
            .iter()
            .map(|debt| Item {
                notice: debt.notice.clone(),
                amount: debt.amount,
                reason: debt.reason.clone(),
            })
            .collect();
        let total = Cents::sum(items.iter().map(|item| item.amount.cents()));
        if total.and_then(|total| total.plus(choice.fee)).is_none() {
            return Err(FieldError::new("noticeNumbers", FieldCode::Range).into());
        }
        Ok(Attempt {
            id: PaymentId::from_random(self.random.bytes()?),
            account: citizen.id().clone(),
            items,
            choice: choice.clone(),
            email: Some(email.clone()),
            language: citizen.account().profile.language,
            status: Status::Pending,
            started_at: now,
            expires_at: now
                .checked_add(payment::ATTEMPT_LIFE)
                .map_err(|e| Fault::new("timing a payment", e))?,
            checkout: None,
            received: Vec::new(),
            inquiries: 0,
            failure: None,
            revision: 1,
        })
    }

    async fn begin_steps(&self, attempt: &Attempt, debts: &[Debt]) -> Result<Vec<Step>, Fault> {
        const DOING: &str = "beginning a payment";
        let pointer = Pointer { payment: attempt.id.clone() };
        let open_key = Key::open_payment(&attempt.account, &attempt.id);
        let mut steps = vec![
            self.table.put_step(DOING, attempt_item(attempt)?, absent())?,
            self.table.put_along_step(DOING, item(DOING, &open_key, &pointer)?)?,
        ];
        for debt in debts {
            let Rule::Go(_, kind) = debt::decide(debt.state, Event::StartAttempt) else {
                return Err(Fault::new(DOING, "a debt that was payable no longer is"));
            };
            let open = OpenAttempt { payment_id: attempt.id.clone(), expires_at: attempt.expires_at };
            let movement = movements::next(
                debt,
                Entry {
                    kind,
                    cents: debt.amount.cents(),
                    source: Source::Citizen,
                    reference: Some(attempt.id.to_string()),
                    sender_time: None,
                },
                attempt.started_at,
            );
            let after = advanced(with_attempt(debt.clone(), Some(open)), &movement, debt);
            steps.extend(self.debts.write_steps(debt, after, Some(&movement)).await?);
            let listed = Key::attempt_of(&debt.notice, attempt.started_at, &attempt.id);
            steps.push(self.table.put_along_step(DOING, item(DOING, &listed, &pointer)?)?);
        }
        Ok(steps)
    }

    /// An attempt by its name, for callers that are not people.
    pub async fn get(&self, id: &PaymentId) -> Result<Option<Attempt>, Fault> {
        let row: Option<Row> = self.table.get("reading a payment", &Key::attempt(id)).await?;
        row.map(attempt_of).transpose()
    }

    /// Those of some attempts, 100 at most, that have no outcome yet.
    pub(crate) async fn pending(&self, keys: &[Key]) -> Result<Vec<Attempt>, Fault> {
        const DOING: &str = "reading payments without outcome";
        let found = self.table.get_many(DOING, keys).await?.into_values();
        let attempts: Result<Vec<Attempt>, Fault> =
            found.map(|item| read(DOING, item).and_then(attempt_of)).collect();
        Ok(attempts?.into_iter().filter(|attempt| attempt.status == Status::Pending).collect())
    }

    /// An attempt of this citizen; any other is not there.
    pub async fn of_citizen(&self, citizen: &Citizen, id: &str) -> Result<Attempt, Error> {
        let id = PaymentId::parse(id).ok_or(Error::PaymentNotFound)?;
        let attempt = self.get(&id).await?.ok_or(Error::PaymentNotFound)?;
        if attempt.account == *citizen.id() { Ok(attempt) } else { Err(Error::PaymentNotFound) }
    }

    /// Attempts of a debt, latest first; only this citizen's own.
    pub async fn of_debt(&self, citizen: &Citizen, notice: &NoticeNumber) -> Result<Vec<Attempt>, Fault> {
        const DOING: &str = "reading the payments of a debt";
        let partition = Key::debt(notice).pk;
        let range = Range::StartsWith("ATT#".to_owned());
        let page = self.table.query::<Pointer>(DOING, &partition, range, Order::Falling, SHOWN, None).await?;
        let keys: Vec<Key> = page.items.iter().map(|pointer| Key::attempt(&pointer.payment)).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self.table.get_many(DOING, &keys).await?;
        let rows = keys.iter().filter_map(|key| found.remove(key));
        let attempts: Vec<Attempt> =
            rows.map(|item| read::<Row>(DOING, item).and_then(attempt_of)).collect::<Result<_, _>>()?;
        Ok(attempts.into_iter().filter(|attempt| attempt.account == *citizen.id()).collect())
    }

    /// Whether a payment of this account is under way.
    pub async fn any_open(&self, account: &AccountId) -> Result<bool, Fault> {
        const DOING: &str = "looking for open payments";
        let range = Range::StartsWith("PAY#".to_owned());
        let partition = Key::open_partition(account);
        let page = self.table.query::<Pointer>(DOING, &partition, range, Order::Rising, 1, None).await?;
        Ok(!page.items.is_empty())
    }

    /// Notes where the PSP waits, in place of a page that is no longer good. A callback that was faster keeps its
    /// word, and the page is noted beside it; of two clicks at once, both get the page that is noted first.
    pub async fn opened_at(&self, attempt: &Attempt, checkout: Checkout) -> Result<Attempt, Fault> {
        const DOING: &str = "noting where to pay";
        let mut current = attempt.clone();
        for try_number in 0..TRIES {
            if current.checkout != attempt.checkout {
                return Ok(current);
            }
            let mut after = current.clone();
            after.checkout = Some(checkout.clone());
            if self.replace(&current, &mut after).await? {
                return Ok(after);
            }
            step_aside(try_number).await;
            let read = self.get(&attempt.id).await?;
            current = read.ok_or_else(|| Fault::new(DOING, "the payment is gone"))?;
        }
        Err(Fault::new(DOING, "others were in the way too often"))
    }

    /// Notes that the PSP did not say how an attempt went: it will be asked again.
    pub async fn asked_in_vain(&self, attempt: &Attempt) -> Result<(), Fault> {
        let mut after = attempt.clone();
        after.inquiries = attempt.inquiries.saturating_add(1);
        let asked_for = domain::session::passed(attempt.started_at, self.clock.now());
        if asked_for > payment::UNKNOWN_ALARM {
            tracing::error!(event = "payment.unknown", payment = %attempt.id, "no outcome for more than a day");
        }
        // Refused means that an outcome arrived meanwhile.
        let _ = self.replace(attempt, &mut after).await?;
        Ok(())
    }

    /// Writes an attempt if nobody else did meanwhile.
    pub(crate) async fn replace(&self, before: &Attempt, after: &mut Attempt) -> Result<bool, Fault> {
        const DOING: &str = "writing a payment";
        after.revision = before.revision.saturating_add(1);
        let written = self.table.put_if(DOING, attempt_item(after)?, same(before)).await?;
        Ok(written == Written::Done)
    }

    pub(crate) fn replace_step(&self, before: &Attempt, after: &mut Attempt) -> Result<Step, Fault> {
        after.revision = before.revision.saturating_add(1);
        self.table.put_step("writing a payment", attempt_item(after)?, same(before))
    }

    pub(crate) fn forget_open_step(&self, attempt: &Attempt) -> Result<Step, Fault> {
        self.table.delete_step("ending a payment", &Key::open_payment(&attempt.account, &attempt.id))
    }

    pub(crate) fn attempt_due(key: &Key) -> Option<PaymentId> {
        key.pk.strip_prefix("PAY#").and_then(PaymentId::parse)
    }
}

fn same(before: &Attempt) -> Expression {
    Expression::new("revision = :revision").number(":revision", before.revision)
}

fn attempt_of(row: Row) -> Result<Attempt, Fault> {
    serde_json::from_str(&row.attempt).map_err(|e| unreadable("reading a payment", &e))
}

fn attempt_item(attempt: &Attempt) -> Result<crate::table::Item, Fault> {
    const DOING: &str = "writing a payment";
    let key = Key::attempt(&attempt.id);
    let text = serde_json::to_string(attempt).map_err(|e| Fault::new(DOING, e))?;
    let item = item(DOING, &key, &Row { attempt: text, revision: attempt.revision })?;
    if attempt.status != Status::Pending {
        return Ok(item);
    }
    // A pending attempt comes back to the sweep: soon at first, then ever more rarely.
    let wait = (0..=attempt.inquiries).map(payment::next_inquiry).sum::<std::time::Duration>();
    let due = attempt.started_at.checked_add(wait).map_err(|e| Fault::new(DOING, e))?;
    Ok(with_due(item, &key, due))
}
