//! Commits plans about debts: the debts, their movements, the attempt, the money taken and the messages in one
//! transaction, only if everything is still as it was read.

use domain::difference::{Difference, DifferenceChange};
use domain::feed::Happening;
use domain::ledger::MoneyName;
use domain::movement::MovementKind;
use domain::outbox::OutboxMessage;
use domain::plan::{DebtChange, MoneyTaken, Plan};
use domain::retention::Retention;
use domain::{Cents, Fault, Timestamp};
use runtime::{ConfigError, Env, Metrics, Random};
use serde::{Deserialize, Serialize};

use crate::callbacks::Callbacks;
use crate::debts::Debts;
use crate::feed::recent_step;
use crate::keys::Key;
use crate::movements::Movements;
use crate::outbox::Outbox;
use crate::payments::Payments;
use crate::table::{Expression, Item, Step, absent, fine_instant, item, present, with_place, with_ttl};

/// How many items one transaction of DynamoDB's writes.
const ONE_TRANSACTION: usize = 100;

/// Changes debts. Only functions that may append movements and write to the outbox have one.
#[derive(Clone)]
pub struct DebtWriter {
    pub(crate) debts: Debts,
    pub(crate) payments: Payments,
    pub(crate) callbacks: Callbacks,
    pub(crate) movements: Movements,
    pub(crate) random: Random,
    pub(crate) metrics: Metrics,
    outbox: Outbox,
    /// Whether the creditor uses the central archive of notices, which is then told of changes.
    tells_archive: bool,
}

impl DebtWriter {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            debts: Debts::connect(env)?,
            payments: Payments::connect(env)?,
            callbacks: Callbacks::connect(env)?,
            movements: Movements::connect(env)?,
            random: env.random().clone(),
            metrics: env.metrics().clone(),
            outbox: Outbox::connect(env)?,
            tells_archive: env.config().aca_url.optional()?.is_some(),
        })
    }

    pub fn debts(&self) -> &Debts {
        &self.debts
    }

    pub fn payments(&self) -> &Payments {
        &self.payments
    }

    pub fn movements(&self) -> &Movements {
        &self.movements
    }

    pub fn callbacks(&self) -> &Callbacks {
        &self.callbacks
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.debts.now()
    }

    /// Commits what `decide` plans; decided again after a conflict.
    pub(crate) async fn commit<O, E, F>(&self, decide: impl Fn(bool) -> F) -> Result<O, E>
    where
        E: From<Fault>,
        F: Future<Output = Result<Plan<O>, E>>,
    {
        let decide = &decide;
        let steps = move |again| async move {
            let plan = decide(again).await?;
            Ok((self.steps(&plan).await?, plan.outcome))
        };
        self.debts.table.commit(steps).await
    }

    /// Everything that a plan writes.
    pub(crate) async fn steps<O>(&self, plan: &Plan<O>) -> Result<Vec<Step>, Fault> {
        let table = &self.debts.table;
        let mut steps = Vec::new();
        if let Some(change) = &plan.attempt {
            steps.extend(self.payments.change_steps(change)?);
        }
        for change in plan.debts.iter().filter(|change| !change.is_nothing()) {
            steps.extend(self.debts.change_steps(change).await?);
            for movement in &change.movements {
                steps.push(self.movements.append_step(&change.after.notice, movement)?);
            }
        }
        for taken in &plan.money_taken {
            let key = Key::paid(&taken.notice, &taken.receipt_id);
            let movement = movement_of(&plan.debts, taken);
            let row = MoneyTakenRow { verdict: taken.verdict, cents: taken.cents, at: taken.at, movement };
            // What its sender corrects was a difference, and only that is ever replaced (INV-M01).
            let guard = if taken.corrects { was_a_difference() } else { absent() };
            steps.push(table.put(&key, item(&key, &row)?, guard));
        }
        for change in &plan.differences {
            let key = Key::difference(&change.difference().id);
            let guard = match change {
                DifferenceChange::Opened(_) => absent(),
                DifferenceChange::Replaced(_) => present(),
                DifferenceChange::Resolved(_) => still_open(),
            };
            steps.push(table.put(&key, difference_item(&key, change.difference())?, guard));
        }
        if let Some(money) = &plan.unmatched {
            let key = Key::unmatched(&money.confirmation.receipt_id);
            let row = with_ttl(item(&key, money)?, Retention::DEBTS.ends(self.now()));
            steps.push(table.put(&key, row, absent()));
        }
        let archive = |message: &&OutboxMessage| matches!(message, OutboxMessage::UploadPosition { .. });
        for message in plan.messages.iter().filter(|message| self.tells_archive || !archive(message)) {
            steps.push(self.outbox.message_step(message)?);
        }
        steps.extend(plan.callback_applied.as_ref().map(|id| self.callbacks.applied_step(id)));
        let happened = Happening::of_plan(plan);
        if steps.len() >= ONE_TRANSACTION {
            // Five debts paid at once, each watched by as many as may: the money is booked, whatever is told of it.
            tracing::error!(event = "feed.left_out", "a transaction had no room for what the office is told");
        } else if !happened.is_empty() {
            let (id, now) = (self.random.hex::<16>()?, self.now());
            let version = plan.debts.iter().map(|change| change.after.version).max().unwrap_or_default();
            steps.push(recent_step(table, (&id, now, version), &happened)?);
        }
        Ok(steps)
    }
}

/// A difference with its place in the list of those that are open, or resolved.
pub(crate) fn difference_item(key: &Key, difference: &Difference) -> Result<Item, Fault> {
    let part = Key::differences_part(difference.is_open()).to_owned();
    let place = format!("{}#{}", fine_instant(difference.at), difference.id.as_str());
    let item = with_place(item(key, difference)?, part, place);
    Ok(match difference.is_open() {
        true => item,
        false => with_ttl(item, Retention::DEBTS.ends(difference.at)),
    })
}

/// The first resolution of a difference stays.
fn still_open() -> Expression {
    Expression::new("attribute_exists(pk) AND attribute_not_exists(resolution)")
}

fn was_a_difference() -> Expression {
    Expression::new("verdict = :mismatch").text_value(":mismatch", MovementKind::Mismatch.as_str())
}

/// The number of the movement of money that a plan takes.
fn movement_of(debts: &[DebtChange], taken: &MoneyTaken) -> Option<u64> {
    let change = debts.iter().find(|change| change.after.notice == taken.notice)?;
    change.movements.iter().find(|movement| movement.kind == taken.verdict).map(|movement| movement.number)
}

/// That money was taken for a debt, under its receipt's id.
#[derive(Serialize, Deserialize)]
pub(crate) struct MoneyTakenRow {
    pub verdict: MovementKind,
    pub cents: Cents,
    pub at: Timestamp,
    /// The movement that says so, for the audit. Older rows have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub movement: Option<u64>,
}

impl MoneyTakenRow {
    /// The name itself, from where it is stored.
    pub fn named(&self, key: &Key) -> Option<MoneyName> {
        let name = key.sk.strip_prefix("PAID#")?.to_owned();
        Some(MoneyName { name, verdict: self.verdict, cents: self.cents, at: self.at })
    }
}
