//! A view of the ledger as it is stored, and the invariants that hold whenever nothing is in progress.

use std::collections::{BTreeMap, BTreeSet};

use domain::debt::{self, DebtEvent, DebtState, Transition};
use domain::movement::{Movement, MovementKind};
use domain::{Debt, NoticeNumber};
use local::Simulated;
use serde_json::Value;

/// Everything stored, by partition and sort key.
pub struct LedgerView {
    debts: BTreeMap<(String, String), Value>,
    movements: BTreeMap<String, Vec<Movement>>,
    outbox: Vec<Value>,
}

/// `{"S": "a"}` → `"a"`, and so on down.
fn plain(value: &Value) -> Value {
    let Some((kind, inner)) = value.as_object().and_then(|object| object.iter().next()) else {
        return Value::Null;
    };
    match kind.as_str() {
        "N" => serde_json::from_str(inner.as_str().unwrap_or_default()).unwrap_or_default(),
        "M" => record(inner),
        "L" => inner.as_array().map(|all| all.iter().map(plain).collect()).unwrap_or_default(),
        "NULL" => Value::Null,
        _ => inner.clone(),
    }
}

fn record(item: &Value) -> Value {
    let fields = item.as_object().expect("an item is an object");
    Value::Object(fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect())
}

fn keyed(item: &Value) -> (String, String) {
    let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
    (text("pk"), text("sk"))
}

fn is_money(kind: MovementKind) -> bool {
    matches!(kind, MovementKind::Credit | MovementKind::CreditLate | MovementKind::DuplicateToRefund)
}

impl LedgerView {
    pub fn of(stack: &Simulated) -> Self {
        let table = |name: &str| stack.items(name).iter().map(record).collect::<Vec<_>>();
        let mut movements: BTreeMap<String, Vec<Movement>> = BTreeMap::new();
        for item in table("MovementsTable") {
            let (partition, _) = keyed(&item);
            let movement = serde_json::from_value(item).expect("a movement");
            movements.entry(partition).or_default().push(movement);
        }
        for all in movements.values_mut() {
            all.sort_by_key(|movement| movement.number);
        }
        let debts = table("DebtsTable").into_iter().map(|item| (keyed(&item), item)).collect();
        Self { debts, movements, outbox: table("OutboxTable") }
    }

    /// Items of the debts table whose partition begins so.
    fn starting<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a (String, String), &'a Value)> {
        self.debts.iter().filter(move |((partition, _), _)| partition.starts_with(prefix))
    }

    pub fn debts(&self) -> Vec<Debt> {
        let states = self.starting("DEBT#").filter(|((_, sort), _)| sort == "STATE");
        states.map(|(_, item)| parsed(&item["debt"])).collect()
    }

    pub fn debt(&self, notice: &str) -> Option<Debt> {
        self.debts.get(&(format!("DEBT#{notice}"), "STATE".to_owned())).map(|item| parsed(&item["debt"]))
    }

    pub fn movements(&self, notice: &NoticeNumber) -> &[Movement] {
        self.movements.get(&format!("DEBT#{notice}")).map(Vec::as_slice).unwrap_or_default()
    }

    /// The receipt ids of money for unknown notices or payments.
    pub fn unmatched(&self) -> BTreeSet<String> {
        self.starting("UNMATCHED#")
            .map(|((key, _), _)| key.trim_start_matches("UNMATCHED#").to_owned())
            .collect()
    }

    /// Returns what does not hold, one sentence each. `at_rest`: every deadline has passed, nothing may be left to do.
    pub fn faults(&self, at_rest: bool) -> Vec<String> {
        let mut faults = Vec::new();
        let mut codes = BTreeSet::new();
        for debt in self.debts() {
            let notice = debt.notice.clone();
            self.account_of(&debt, &mut faults);
            self.list_entries_of(&debt, &mut faults);
            if let Some(receipt) = &debt.receipt {
                codes.insert(receipt.code.clone());
                let pointer = self.debts.get(&(format!("RECEIPT#{}", receipt.code), "RECEIPT".to_owned()));
                if pointer.is_none_or(|pointer| pointer["notice"] != notice.as_str()) {
                    faults.push(format!("INV-M12 {notice}: its receipt's code leads nowhere"));
                }
            }
            if at_rest && let Some(open) = &debt.attempt {
                faults.push(format!("INV-M30 {notice}: still waits for payment {}", open.payment_id));
            }
        }
        let pointers = self.starting("RECEIPT#").map(|((key, _), _)| key.trim_start_matches("RECEIPT#"));
        for code in pointers.filter(|code| !codes.contains(*code)) {
            faults.push(format!("INV-M12 the code {code} is of no receipt"));
        }
        for partition in
            self.movements.keys().filter(|key| !self.debts.contains_key(&((*key).clone(), "STATE".into())))
        {
            faults.push(format!("INV-M29 {partition}: movements without a debt"));
        }
        if at_rest {
            self.leftovers(&mut faults);
        }
        faults
    }

    /// Hash chain, fold of the movements, at most one credit, a receipt if and only if credited, and one payment reference
    /// for each movement.
    fn account_of(&self, debt: &Debt, faults: &mut Vec<String>) {
        let notice = &debt.notice;
        let movements = self.movements(notice);
        if let Err(number) = domain::ledger::verify_chain(notice, movements) {
            faults.push(format!("INV-M34 {notice}: the chain breaks at movement {number}"));
        }
        if debt.version != movements.len() as u64
            || movements.last().map(|last| last.hash.as_str()) != Some(debt.chain.as_str())
        {
            faults.push(format!("INV-M29 {notice}: {} movements, version {}", movements.len(), debt.version));
        }
        let mut state = DebtState::Open;
        for movement in movements.iter().skip(1) {
            let event = match movement.kind {
                MovementKind::Changed => DebtEvent::Change,
                MovementKind::AttemptStarted => DebtEvent::StartAttempt,
                MovementKind::AttemptFailed => DebtEvent::FailAttempt,
                MovementKind::Credit | MovementKind::CreditLate | MovementKind::DuplicateToRefund => {
                    DebtEvent::Credit
                }
                MovementKind::Mismatch => DebtEvent::Mismatch,
                MovementKind::Superseded => DebtEvent::Supersede,
                MovementKind::Cancelled => DebtEvent::Cancel,
                MovementKind::Expired => DebtEvent::Expire,
                MovementKind::RefundNoted => DebtEvent::NoteRefund,
                MovementKind::Reconciled => DebtEvent::Reconcile,
                MovementKind::CorrectedToMatchNode => DebtEvent::CorrectToMatchNode,
                // Of a debt's life before this release, or its beginning.
                MovementKind::AttemptUnknown | MovementKind::Created => continue,
            };
            // A debt past its last day is paid late also when nobody had written that down yet.
            let rule = match (debt::decide(state, event), movement.kind) {
                (Transition::Go(_, MovementKind::Credit), MovementKind::CreditLate) => {
                    debt::decide(DebtState::Expired, event)
                }
                (rule, _) => rule,
            };
            match rule {
                Transition::Go(next, kind) if kind == movement.kind => state = next,
                Transition::Record(kind) if kind == movement.kind => {}
                _ => faults.push(format!("INV-M09 {notice}: {:?} while {state:?}", movement.kind)),
            }
        }
        if state != debt.state || movements.first().map(|first| first.kind) != Some(MovementKind::Created) {
            faults.push(format!("INV-M29 {notice}: its movements say {state:?}, it says {:?}", debt.state));
        }
        let credits: Vec<&Movement> = movements
            .iter()
            .filter(|m| matches!(m.kind, MovementKind::Credit | MovementKind::CreditLate))
            .collect();
        if credits.len() > 1 {
            faults.push(format!("INV-M01 {notice}: credited {} times", credits.len()));
        }
        match (credits.first(), &debt.receipt) {
            (None, None) => {}
            (Some(credit), Some(receipt))
                if credit.reference.as_deref() == Some(receipt.receipt_id.as_str())
                    && credit.cents == receipt.amount.cents() => {}
            (credit, receipt) => faults.push(format!(
                "INV-M12 {notice}: credit {:?}, receipt {:?}",
                credit.map(|credit| &credit.reference),
                receipt.as_ref().map(|receipt| &receipt.receipt_id)
            )),
        }
        self.references_of(debt, movements, faults);
    }

    fn references_of(&self, debt: &Debt, movements: &[Movement], faults: &mut Vec<String>) {
        let notice = &debt.notice;
        let partition = format!("DEBT#{notice}");
        let names = self.starting(&partition).filter_map(|((_, sort), item)| {
            sort.strip_prefix("PAID#").filter(|_| item["verdict"] != "MISMATCH").map(str::to_owned)
        });
        let mut names: Vec<String> = names.collect();
        let money = movements.iter().filter(|movement| is_money(movement.kind));
        let mut moved: Vec<String> = money.filter_map(|movement| movement.reference.clone()).collect();
        names.sort();
        moved.sort();
        if names != moved {
            faults.push(format!("INV-M02 {notice}: money named {names:?}, movements of {moved:?}"));
        }
    }

    /// Each list that a debt is in shows it once, where its state belongs.
    fn list_entries_of(&self, debt: &Debt, faults: &mut Vec<String>) {
        let lists = self.debts.iter().filter(|((partition, sort), _)| {
            (partition.starts_with("OWNER#") || partition.starts_with("SEEN#"))
                && sort.ends_with(debt.notice.as_str())
        });
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for ((partition, sort), _) in lists {
            *seen.entry(partition).or_default() += 1;
            if sort.starts_with("P#") != (debt.state == DebtState::Open) {
                faults.push(format!("{}: listed as {sort} while {:?}", debt.notice, debt.state));
            }
        }
        // One account's alone is in no list of its code.
        let owners = usize::from(debt.only_of.is_none());
        if seen.len() != owners + debt.watchers.len() || seen.values().any(|times| *times != 1) {
            faults.push(format!("{}: listed {seen:?}, {} watch it", debt.notice, debt.watchers.len()));
        }
    }

    fn leftovers(&self, faults: &mut Vec<String>) {
        for ((partition, _), item) in self.starting("PAY#") {
            let attempt: domain::payment::Attempt = parsed(&item["attempt"]);
            if attempt.status == domain::payment::AttemptStatus::Pending {
                faults.push(format!("INV-M30 {partition}: still pending"));
            }
        }
        for ((partition, sort), _) in self.starting("OPEN#") {
            faults.push(format!("INV-M30 {partition} {sort}: a payment still counts as open"));
        }
        for ((partition, _), item) in self.starting("EVENT#") {
            // What cannot be read waits for a person.
            if item["applied"] != true && item["unreadable"] != true {
                faults.push(format!("INV-M02 {partition}: stored and never applied"));
            }
        }
        for letter in self.outbox.iter().filter(|letter| letter["state"] == "pending") {
            faults.push(format!("INV-M30 {}: still in the outbox", letter["pk"]));
        }
    }
}

fn parsed<T: serde::de::DeserializeOwned>(text: &Value) -> T {
    serde_json::from_str(text.as_str().expect("a text")).expect("as it was written")
}
