//! What the audit sees of one debt: every datum that says otherwise than the movements, by a table.

use domain::debt::{Debt, DebtState};
use domain::ledger::{BrokenLedger, MoneyName, audit};
use domain::movement::{Movement, MovementEntry, MovementKind, MovementSource};
use domain::plan::{DebtChange, MoneyTaken};
use domain::{Amount, Cents};

use crate::samples::at;
use crate::settlement::{debts, decided, facts, receipt};

struct Stored {
    debt: Debt,
    movements: Vec<Movement>,
    names: Vec<MoneyName>,
}

/// A debt of 100 cents that the node's receipt `r1` has paid.
fn paid() -> Stored {
    let (debt, movements, taken) = credited_by_the_node();
    let names = taken.into_iter().map(|taken| MoneyName {
        name: taken.receipt_id,
        verdict: taken.verdict,
        cents: taken.cents,
        at: taken.at,
    });
    Stored { debt, movements, names: names.collect() }
}

/// A debt of 100 cents that the node's receipt `r1` has paid, with its movements and the name of the money.
fn credited_by_the_node() -> (Debt, Vec<Movement>, Vec<MoneyTaken>) {
    let debt = debts(1).remove(0);
    let created =
        DebtChange::created(Debt { version: 0, revision: 0, chain: String::new(), ..debt.clone() }, {
            MovementEntry::new(debt.amount.cents(), MovementSource::Creditor)
        });
    let plan = decided(&facts(None, vec![debt.clone()]), &receipt(&debt, 100));
    let change = plan.debts.into_iter().next().unwrap();
    (change.after, [created.movements, change.movements].concat(), plan.money_taken)
}

fn seen(stored: &Stored) -> Result<(), BrokenLedger> {
    audit(&stored.debt, &stored.movements, &stored.names)
}

fn cents(cents: u64) -> Cents {
    Cents::new(cents).unwrap()
}

#[test]
fn mon_15_whatever_is_changed_beside_the_movements_is_seen() {
    assert_eq!(seen(&paid()), Ok(()));
    type Change = fn(&mut Stored);
    let cases: [(&str, Change, BrokenLedger); 9] = [
        (
            "an amount lowered",
            |stored| stored.debt.amount = Amount::new(1).unwrap(),
            BrokenLedger::Amount { movements: cents(100), debt: cents(1) },
        ),
        (
            "a receipt's amount rewritten",
            |stored| stored.debt.receipt.as_mut().unwrap().amount = Amount::new(99).unwrap(),
            BrokenLedger::Receipt { credit: Some(2) },
        ),
        (
            "a receipt's id rewritten",
            |stored| stored.debt.receipt.as_mut().unwrap().receipt_id.push('x'),
            BrokenLedger::Receipt { credit: Some(2) },
        ),
        (
            "a receipt's day rewritten",
            |stored| stored.debt.receipt.as_mut().unwrap().recorded_at = at("2026-01-01T00:00:00Z"),
            BrokenLedger::Receipt { credit: Some(2) },
        ),
        (
            "a receipt taken away",
            |stored| stored.debt.receipt = None,
            BrokenLedger::Receipt { credit: Some(2) },
        ),
        (
            "a name deleted: the same message would count twice",
            |stored| stored.names.clear(),
            BrokenLedger::NameGone { number: 2 },
        ),
        (
            "a name of another receipt",
            |stored| stored.names[0].name = "r2".to_owned(),
            BrokenLedger::NameGone { number: 2 },
        ),
        (
            "a name put there: a message that is to come would count as known",
            |stored| {
                let other = MoneyName { name: "r2".to_owned(), ..stored.names[0].clone() };
                stored.names.push(other);
            },
            BrokenLedger::NameAlone,
        ),
        (
            "a name that says another amount",
            |stored| stored.names[0].cents = cents(99),
            BrokenLedger::NameAlone,
        ),
    ];
    for (what, change, broken) in cases {
        let mut stored = paid();
        change(&mut stored);
        assert_eq!(seen(&stored), Err(broken), "{what}");
    }
    // Before it was paid there was neither receipt nor name.
    let mut open = paid();
    open.movements.truncate(1);
    let first = open.movements[0].clone();
    open.debt.state = DebtState::Open;
    (open.debt.version, open.debt.chain) = (first.number, first.hash);
    assert_eq!(seen(&open), Err(BrokenLedger::Receipt { credit: None }));
    open.debt.receipt = None;
    assert_eq!(seen(&open), Err(BrokenLedger::NameAlone));
    open.names.clear();
    assert_eq!(seen(&open), Ok(()));
}

/// Until the difference was booked as what came, every debt of a payment had a mismatch under the payment's own id, and
/// the first alone a name.
#[test]
fn a_mismatch_as_it_was_once_written_is_no_fault() {
    let mut stored = paid();
    let mut old = Movement {
        number: 3,
        kind: MovementKind::Mismatch,
        reference: Some("0".repeat(32)),
        previous: stored.movements[1].hash.clone(),
        ..stored.movements[1].clone()
    };
    old.hash = old.chain_hash(&stored.debt.notice);
    (stored.debt.version, stored.debt.chain) = (3, old.hash.clone());
    stored.movements.push(old.clone());
    assert_eq!(seen(&stored), Ok(()), "of another debt of the payment");
    stored.names.push(MoneyName {
        name: "TX-1".to_owned(),
        verdict: MovementKind::Mismatch,
        cents: cents(1),
        at: old.at,
    });
    assert_eq!(seen(&stored), Ok(()), "of the first");
}
