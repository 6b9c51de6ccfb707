//! What operators may write into an account, and how it is read again.

use domain::bookkeeping::{Reason, dealt_with, resolve};
use domain::debt::{Debt, DebtEvent};
use domain::difference::{Difference, DifferenceChange, DifferenceKind, MoneyChannel, ResolutionKind};
use domain::movement::{Movement, MovementEntry, MovementKind, MovementSource};
use domain::payment::PaymentId;
use domain::plan::{DebtChange, Plan};
use domain::{Cents, FieldCode, Timestamp};

use crate::samples::{at, debt};

fn now() -> Timestamp {
    at("2026-11-30T10:00:00Z")
}

fn entry(kind: MovementKind, reference: &str) -> Movement {
    Movement {
        number: 5,
        kind,
        cents: Cents::new(100).unwrap(),
        source: MovementSource::Operator,
        reference: Some(reference.to_owned()),
        at: Timestamp::UNIX_EPOCH,
        sender_time: None,
        previous: String::new(),
        hash: String::new(),
    }
}

#[test]
fn an_entry_names_the_movement_that_it_deals_with() {
    let reason = Reason::new("ragioneria", "  mandato  118/2026 ").unwrap();
    assert_eq!(reason.of(4), "4 ragioneria: mandato 118/2026");
    for kind in [MovementKind::RefundNoted, MovementKind::Reconciled] {
        assert_eq!(dealt_with(&entry(kind, &reason.of(4))), Some(4));
    }
    // What a sender wrote, or the note beside a credit, deals with nothing.
    for kind in [
        MovementKind::Credit,
        MovementKind::DuplicateToRefund,
        MovementKind::Mismatch,
        MovementKind::CorrectedToMatchNode,
    ] {
        assert_eq!(dealt_with(&entry(kind, &reason.of(4))), None, "{kind:?}");
    }
    for strange in ["", "4", "x 4", "-4 a: b", "4\u{a0}a: b"] {
        assert_eq!(dealt_with(&entry(MovementKind::RefundNoted, strange)), None, "{strange:?}");
    }
}

#[test]
fn a_reason_is_short_and_holds_nothing_of_a_person() {
    for (by, why, code) in [
        ("", "mandato", FieldCode::Required),
        ("ragioneria", "  ", FieldCode::Required),
        (&"r".repeat(21), "mandato", FieldCode::TooLong),
        ("ragioneria", &"m".repeat(81), FieldCode::TooLong),
        ("la ragioneria", "mandato", FieldCode::Format),
        ("ragioneria:", "mandato", FieldCode::Format),
        ("ragioneria", "mandato\u{202e}811", FieldCode::Format),
        ("ragioneria", "a mario.rossi@example.it", FieldCode::NotAllowed),
        ("ragioneria", "a RSSMRA80A01H501U", FieldCode::NotAllowed),
        ("ragioneria", "a (rssmra80a01h501u)", FieldCode::NotAllowed),
        ("RSSMRA80A01H501U", "mandato", FieldCode::NotAllowed),
    ] {
        assert_eq!(Reason::new(by, why), Err(code), "{by:?} {why:?}");
    }
    assert!(Reason::new(&"r".repeat(20), &"m".repeat(80)).is_ok());
    // Sixteen letters are a word like any other, and a company's code is nobody's secret.
    assert!(Reason::new("ragioneria", "regolarizzazione con 00743110157").is_ok());
}

fn told_twice() -> (Debt, Vec<Movement>) {
    let new = Debt { version: 0, revision: 0, ..debt() };
    let entry = |source| MovementEntry::new(Cents::new(100).unwrap(), source).about("r");
    let change = DebtChange::created(new, entry(MovementSource::Creditor));
    let paid = change.then(DebtEvent::Credit, entry(MovementSource::Node), now()).unwrap();
    let twice = paid.then(DebtEvent::Credit, entry(MovementSource::Node), now()).unwrap();
    (twice.after, twice.movements)
}

#[test]
fn a_difference_is_resolved_once_and_its_movement_is_dealt_with() {
    let (debt, movements) = told_twice();
    let reason = Reason::new("ragioneria", "mandato 118/2026").unwrap();
    let open = Difference {
        kind: DifferenceKind::Duplicate,
        notice: Some(debt.notice.clone()),
        movement: Some(3),
        ..Difference::unreadable("m", MoneyChannel::Node, now())
    };
    let stored = Some((&debt, movements.as_slice()));
    let plan = resolve(&open, stored, ResolutionKind::Refunded, &reason, now());
    let noted = &plan.debts[0].movements[0];
    assert_eq!((noted.kind, noted.number, dealt_with(noted)), (MovementKind::RefundNoted, 4, Some(3)));
    let [DifferenceChange::Resolved(kept)] = plan.differences.as_slice() else { panic!("not resolved") };
    let resolution = kept.resolution.clone().unwrap();
    assert_eq!((resolution.resolution, resolution.why.as_str()), (ResolutionKind::Refunded, reason.why()));
    assert_eq!(&plan.outcome, kept);
    // The first resolution stays.
    let again = resolve(kept, stored, ResolutionKind::Reconciled, &reason, now());
    assert_eq!(again, Plan::nothing(kept.clone()));
    // An operator has noted the movement already: it is not noted twice.
    let all: Vec<Movement> = movements.iter().chain(&plan.debts[0].movements).cloned().collect();
    let known = Some((&plan.debts[0].after, all.as_slice()));
    let after = resolve(&open, known, ResolutionKind::Refunded, &reason, now());
    assert_eq!((after.debts.len(), after.differences.len()), (0, 1));
}

#[test]
fn what_the_table_has_no_entry_for_is_resolved_all_the_same() {
    let (paid, movements) = told_twice();
    let payment = PaymentId::from_random([7; 16]);
    let open = Debt {
        state: domain::debt::DebtState::Open,
        receipt: None,
        mismatched: Some(payment.clone()),
        ..paid
    };
    let reason = Reason::new("ragioneria", "flusso 12").unwrap();
    let kept = Difference {
        kind: DifferenceKind::Mismatch,
        notice: Some(open.notice.clone()),
        movement: Some(3),
        payment: Some(payment),
        ..Difference::unreadable("m", MoneyChannel::Psp, now())
    };
    let stored = Some((&open, movements.as_slice()));
    let plan = resolve(&kept, stored, ResolutionKind::Reconciled, &reason, now());
    assert_eq!((plan.debts[0].movements.len(), &plan.debts[0].after.mismatched), (0, &None));
    // Of nothing we know there is nothing to book.
    let unmatched = Difference { notice: None, movement: None, ..kept };
    let plan = resolve(&unmatched, None, ResolutionKind::Refunded, &reason, now());
    assert_eq!((plan.debts.len(), plan.differences.len()), (0, 1));
}
