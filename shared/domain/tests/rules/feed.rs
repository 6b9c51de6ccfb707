//! What the back office is told of.

use domain::Timestamp;
use domain::account::AccountId;
use domain::changes::{Canceller, cancel};
use domain::debt::{Debt, DebtEvent, DebtOrigin};
use domain::difference::{Difference, DifferenceChange, DifferenceKind, MoneyChannel};
use domain::feed::{FeedKind, FeedSubject, Happening};
use domain::movement::{MovementEntry, MovementSource};
use domain::plan::{DebtChange, Plan};

use crate::samples::{at, debt};

fn now() -> Timestamp {
    at("2026-11-23T10:00:00Z")
}

fn kinds<O>(plan: &Plan<O>) -> Vec<&'static str> {
    Happening::of_plan(plan).iter().map(|happening| happening.kind.as_str()).collect()
}

fn entry() -> MovementEntry {
    MovementEntry::new(debt().amount.cents(), MovementSource::Node).about("r")
}

#[test]
fn every_kind_has_a_name_of_its_own_and_is_read_as_it_is_written() {
    for kind in FeedKind::ALL {
        assert_eq!(FeedKind::parse(kind.as_str()), Some(kind));
        let text = serde_json::to_string(&kind).unwrap();
        assert_eq!(text, format!("\"{}\"", kind.as_str()));
        assert_eq!(serde_json::from_str::<FeedKind>(&text).unwrap(), kind);
    }
    assert!(FeedKind::parse("debt").is_none() && serde_json::from_str::<FeedKind>("\"debt\"").is_err());
}

#[test]
fn what_becomes_of_a_debt_is_told_and_who_watches_it_is_not() {
    let new =
        |origin| Debt { version: 0, revision: 0, origin, watchers: vec![AccountId::new("a1")], ..debt() };
    for (origin, kind) in
        [(DebtOrigin::Creditor, "debt.created"), (DebtOrigin::Spontaneous, "spontaneous.created")]
    {
        let plan = Plan::of_debt(DebtChange::created(new(origin), entry()), ());
        assert_eq!(kinds(&plan), [kind]);
        let FeedSubject::Debt(told) = &Happening::of_plan(&plan)[0].subject else { panic!("no debt") };
        assert!(told.watchers.is_empty() && told.amount == debt().amount);
    }
    let before = DebtChange::created(new(DebtOrigin::Creditor), entry()).after;
    let paid = before.apply(DebtEvent::Credit, entry(), now()).unwrap();
    assert_eq!(kinds(&Plan::of_debt(paid, ())), ["payment.succeeded"]);
    assert_eq!(kinds(&cancel(Some(&before), Canceller::Creditor, now()).unwrap()), ["debt.cancelled"]);
    // An attempt is nothing that the office is told, and neither is what changes without a movement.
    let started = before.apply(DebtEvent::StartAttempt, entry(), now()).unwrap();
    assert!(kinds(&Plan::of_debt(started, ())).is_empty());
    let forgotten = DebtChange::unrecorded(&before, domain::retention::forgotten(&before));
    assert!(kinds(&Plan::of_debt(forgotten, ())).is_empty());
}

#[test]
fn a_difference_is_told_by_its_kind_and_once_more_when_it_is_settled() {
    for (kind, told) in [
        (DifferenceKind::Duplicate, "payment.duplicate"),
        (DifferenceKind::Mismatch, "payment.mismatch"),
        (DifferenceKind::Unmatched, "payment.unmatched"),
        (DifferenceKind::ReceiptData, "difference.opened"),
        (DifferenceKind::Unreadable, "difference.opened"),
    ] {
        let open = Difference { kind, ..Difference::unreadable("m", MoneyChannel::Node, now()) };
        let settled = open.superseded("replay", "read", now());
        let differences = vec![DifferenceChange::Opened(open), DifferenceChange::Resolved(settled)];
        let plan = Plan { differences, ..Plan::nothing(()) };
        assert_eq!(kinds(&plan), [told, "difference.resolved"]);
    }
}
