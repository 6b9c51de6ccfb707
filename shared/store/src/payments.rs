//! Payment attempts: stored before the PSP is called.

use std::cmp::Reverse;
use std::time::Duration;

use domain::notice::NoticeNumber;
use domain::payment::{self, Attempt, AttemptStatus, PaymentId, PaymentPage};
use domain::person::Email;
use domain::plan::AttemptChange;
use domain::retention::Retention;
use domain::start_payment::{self, PaymentRequest as PaymentOrder, StartFacts, StartOutcome};
use domain::{Debt, Error, Fault, time};
use runtime::{ConfigError, Env};
use serde::{Deserialize, Serialize};

use crate::citizen::Citizen;
use crate::error;
use crate::keys::{ADDRESS, Key};
use crate::readers::DebtReader;
use crate::table::{Item, Range, SortOrder, Step, Table, item, unchanged_since, with_due, with_ttl};
use crate::writer::DebtWriter;

/// Reads payment attempts.
#[derive(Clone)]
pub struct Payments {
    pub(crate) table: Table,
}

/// An attempt is read and written whole.
#[derive(Serialize, Deserialize)]
pub(crate) struct AttemptRow {
    attempt: String,
    revision: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct AttemptPointer {
    payment: PaymentId,
}

#[derive(Deserialize)]
struct SortKey {
    sk: String,
}

/// Another address than the account's, to which a payer wants the outcome written.
#[derive(Serialize, Deserialize)]
pub(crate) struct GivenAddress {
    email: Email,
}

/// How long a given address is kept after its payment.
const ADDRESS_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How many attempts of a debt are shown.
const SHOWN: usize = 20;

impl Payments {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { table: Table::connect(env, &env.config().debts_table)? })
    }

    pub(crate) async fn read(&self, id: &PaymentId) -> Result<Option<Attempt>, Fault> {
        self.table.get::<AttemptRow>(&Key::attempt(id)).await?.map(AttemptRow::attempt).transpose()
    }

    /// Those of some attempts, 100 at most, that have no outcome yet.
    pub(crate) async fn pending(&self, keys: &[Key]) -> Result<Vec<Attempt>, Fault> {
        let rows: Vec<AttemptRow> = self.table.get_many(keys).await?.take_all(keys)?;
        let attempts: Vec<Attempt> = rows.into_iter().map(AttemptRow::attempt).collect::<Result<_, _>>()?;
        Ok(attempts.into_iter().filter(|attempt| attempt.status == AttemptStatus::Pending).collect())
    }

    /// An attempt of this citizen; any other is not there.
    pub async fn of_citizen(&self, citizen: &Citizen, id: &str) -> Result<Attempt, Error> {
        let id = PaymentId::parse(id).ok_or(Error::PaymentNotFound)?;
        let attempt = self.read(&id).await?.filter(|attempt| attempt.account == *citizen.id());
        attempt.ok_or(Error::PaymentNotFound)
    }

    /// Attempts of a debt, latest first; only this citizen's own.
    pub async fn of_debt(&self, citizen: &Citizen, notice: &NoticeNumber) -> Result<Vec<Attempt>, Fault> {
        let mut attempts = self.all_of_debt(notice).await?;
        attempts.retain(|attempt| attempt.account == *citizen.id());
        Ok(attempts)
    }

    /// The same for callers that are not people: anybody's.
    pub async fn of_debt_as(
        &self,
        _reader: DebtReader,
        notice: &NoticeNumber,
    ) -> Result<Vec<Attempt>, Fault> {
        self.all_of_debt(notice).await
    }

    async fn all_of_debt(&self, notice: &NoticeNumber) -> Result<Vec<Attempt>, Fault> {
        let (partition, range) = (Key::debt(notice).pk, Range::StartsWith("ATT#".to_owned()));
        let page =
            self.table.query::<AttemptPointer>(&partition, range, SortOrder::Falling, SHOWN, None).await?;
        let keys: Vec<Key> = page.items.iter().map(|pointer| Key::attempt(&pointer.payment)).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<AttemptRow> = self.table.get_many(&keys).await?.take_all(&keys)?;
        let mut attempts: Vec<Attempt> =
            rows.into_iter().map(AttemptRow::attempt).collect::<Result<_, _>>()?;
        // Places have whole seconds.
        attempts.sort_by_key(|attempt| Reverse(attempt.started_at));
        Ok(attempts)
    }

    /// Where the outcome of an attempt is written, or was: the address that its payer gave, else the account's own.
    pub async fn written_to(&self, citizen: &Citizen, attempt: &Attempt) -> Result<Option<Email>, Fault> {
        if let Some(email) = &attempt.email {
            return Ok(Some(email.clone()));
        }
        if !attempt.mailed_elsewhere {
            return Ok(Some(citizen.account().profile.email.clone()));
        }
        let given: Option<GivenAddress> =
            self.table.get(&Key::given_address(citizen.id(), &attempt.id)).await?;
        Ok(given.map(|given| given.email))
    }

    /// Forgets the addresses that this citizen gave for payments: the consent is withdrawn (INV-I23).
    pub async fn forget_addresses(&self, citizen: &Citizen) -> Result<(), Fault> {
        let partition = Key::open_partition(citizen.id());
        loop {
            let range = Range::StartsWith(ADDRESS.to_owned());
            let page = self.table.query::<SortKey>(&partition, range, SortOrder::Rising, SHOWN, None).await?;
            let keys: Vec<Key> =
                page.items.iter().map(|row| Key::listed(partition.clone(), &row.sk)).collect();
            if keys.is_empty() {
                return Ok(());
            }
            let _ = self.table.write(keys.iter().map(|key| self.table.delete(key, None)).collect()).await?;
        }
    }

    /// Whether a payment of this citizen is under way.
    pub async fn any_open(&self, citizen: &Citizen) -> Result<bool, Fault> {
        let (partition, range) = (Key::open_partition(citizen.id()), Range::StartsWith("PAY#".to_owned()));
        let page = self.table.query::<AttemptPointer>(&partition, range, SortOrder::Rising, 1, None).await?;
        Ok(!page.items.is_empty())
    }

    /// The steps that write an attempt: the item if its revision is still the one read, and what leads to it.
    pub(crate) fn change_steps(&self, change: &AttemptChange) -> Result<Vec<Step>, Fault> {
        let AttemptChange { before, after } = change;
        let mut steps = vec![self.replace_step(before.as_ref(), after)?];
        let open = Key::open_payment(&after.account, &after.id);
        match before {
            None => {
                let listed =
                    |item: &payment::PaymentItem| Key::attempt_of(&item.notice, after.started_at, &after.id);
                for key in std::iter::once(open).chain(after.items.iter().map(listed)) {
                    let pointer = item(&key, &AttemptPointer { payment: after.id.clone() })?;
                    steps.push(self.table.put_always(&key, pointer, "it is the new attempt's own"));
                }
                if let (true, Some(email)) = (after.mailed_elsewhere, &after.email) {
                    let key = Key::given_address(&after.account, &after.id);
                    let until = time::after(after.started_at, ADDRESS_KEPT);
                    let row = with_ttl(item(&key, &GivenAddress { email: email.clone() })?, until);
                    steps.push(self.table.put_always(&key, row, "it is the new attempt's own"));
                }
            }
            Some(before)
                if before.status == AttemptStatus::Pending && after.status != AttemptStatus::Pending =>
            {
                steps.push(self.table.delete(&open, None));
            }
            Some(_) => {}
        }
        Ok(steps)
    }

    fn replace_step(&self, before: Option<&Attempt>, after: &Attempt) -> Result<Step, Fault> {
        let key = Key::attempt(&after.id);
        let guard = unchanged_since(before.map(|before| before.revision));
        Ok(self.table.put(&key, attempt_item(&key, after)?, guard))
    }
}

impl DebtWriter {
    /// Starts to pay debts just read: one transaction checks that every one is still as it was and writes the attempt.
    pub async fn start(
        &self,
        citizen: &Citizen,
        debts: &[Debt],
        order: &PaymentOrder<'_>,
    ) -> Result<StartOutcome, Error> {
        let notices: Vec<NoticeNumber> = debts.iter().map(|debt| debt.notice.clone()).collect();
        payment::check_notices(&notices)?;
        let new_id = PaymentId::from_random(self.random.bytes()?);
        let (notices, new_id) = (notices.as_slice(), &new_id);
        let decide = move |again| async move {
            let debts = match again {
                true => self.debts.all_of_citizen(citizen, notices).await?,
                false => debts.to_vec(),
            };
            let open = match StartFacts::waiting_for(&debts) {
                Some(id) => self.payments.read(id).await?,
                None => None,
            };
            start_payment::start(&StartFacts { debts, open }, order, new_id, self.now())
        };
        self.commit(decide).await
    }

    /// Stores the page to pay at, in place of one that is no longer good.
    pub async fn opened_at(&self, attempt: &Attempt, page: &PaymentPage) -> Result<Attempt, Error> {
        let decide = move |again| async move {
            let current = match again {
                true => self.payments.read(&attempt.id).await?,
                false => Some(attempt.clone()),
            };
            Ok::<_, Error>(attempt.opened_at(current.as_ref(), page)?)
        };
        self.commit(decide).await
    }

    /// Claims to ask for the page of an attempt, where each that is asked for is another.
    pub async fn ask_for_page(&self, attempt: &Attempt) -> Result<Attempt, Error> {
        let decide = move |again| async move {
            let current = match again {
                true => self.payments.read(&attempt.id).await?,
                false => Some(attempt.clone()),
            };
            Attempt::asking_for_page(current.as_ref(), self.now())
        };
        self.commit(decide).await
    }

    /// Gives that claim back: there was no page.
    pub async fn got_no_page(&self, attempt: &Attempt) -> Result<(), Fault> {
        let decide = move |_again| async move {
            Ok::<_, Fault>(Attempt::without_page(self.payments.read(&attempt.id).await?.as_ref()))
        };
        self.commit(decide).await
    }

    /// Stores that an inquiry brought no outcome: the next one is due later.
    pub async fn asked_in_vain(&self, attempt: &Attempt) -> Result<(), Fault> {
        let inquiries = attempt.inquiries.saturating_add(1);
        let after = Attempt { inquiries, revision: attempt.revision.saturating_add(1), ..attempt.clone() };
        if domain::session::passed(attempt.started_at, self.now()) > payment::UNKNOWN_ALARM {
            tracing::error!(event = "payment.unknown", payment = %attempt.id, "no outcome for more than a day");
        }
        let step = self.payments.replace_step(Some(attempt), &after)?;
        // Refused means that an outcome arrived meanwhile.
        let _ = self.payments.table.write(vec![step]).await?;
        Ok(())
    }
}

impl AttemptRow {
    pub(crate) fn attempt(self) -> Result<Attempt, Fault> {
        serde_json::from_str(&self.attempt).map_err(|e| error::corrupt("PAY", &e))
    }
}

pub(crate) fn attempt_item(key: &Key, attempt: &Attempt) -> Result<Item, Fault> {
    let text = serde_json::to_string(attempt).map_err(|e| error::corrupt("PAY", &e))?;
    let item = item(key, &AttemptRow { attempt: text, revision: attempt.revision })?;
    if attempt.status != AttemptStatus::Pending {
        return Ok(with_ttl(item, Retention::DEBTS.ends(attempt.started_at)));
    }
    // A pending attempt comes back to the sweep.
    Ok(with_due(item, key, attempt.next_inquiry_at()))
}
