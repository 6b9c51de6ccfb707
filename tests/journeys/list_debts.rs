//! The list of debts to pay, and the cursors of lists.

use std::collections::{BTreeMap, BTreeSet};

use journeys::local::Options;
use journeys::{DebtPosition, PortalUser, SampleNotice, TestPortal, numbers};

/// Somebody proven with several debts to pay, due so many days from now (none: no due date), in this order.
pub async fn with_debts(portal: &TestPortal, due: &[Option<i64>]) -> (PortalUser, Vec<SampleNotice>) {
    let citizen = portal.known_citizen().await;
    let mut notices = Vec::new();
    for days in due {
        let position = DebtPosition::of(&citizen.person, portal.rng());
        let position = match days {
            Some(days) => position.with("dueDate", portal.clock().day(*days).await),
            None => position,
        };
        notices.push(portal.creditor().issues_as(position).await);
    }
    citizen.associates(&notices[0]).await;
    (citizen, notices)
}

pub fn named(notices: &[SampleNotice], order: &[usize]) -> Vec<String> {
    order.iter().map(|place| notices[*place].number.clone()).collect()
}

#[tokio::test]
async fn what_is_to_pay_comes_soonest_due_first() {
    let portal = TestPortal::open();
    let due = [Some(30), None, Some(-10), Some(5), Some(-400), Some(31)];
    let (mario, notices) = with_debts(&portal, &due).await;
    let list = mario.to_pay().await;
    assert_eq!(numbers(&list), named(&notices, &[4, 2, 3, 0, 5, 1]));
    assert_eq!(list["count"], 6);
    assert_eq!(list["total"], notices.iter().map(|notice| notice.amount).sum::<u64>());
}

#[tokio::test]
async fn a_body_may_trust_the_fiscal_code_that_somebody_registers_with() {
    for (proof, seen) in [("notice", 0), ("none", 1)] {
        let parameters = BTreeMap::from([("IdentityProof".to_owned(), proof.to_owned())]);
        let options = Options { parameters, demo: false, ..Options::default() };
        let Some(portal) = TestPortal::alone_with(options) else { return };
        let mario = portal.citizen();
        portal.creditor().issues(&mario.person).await;
        let mario = mario.becomes_known().await;
        assert_eq!(mario.to_pay().await["count"], seen, "IdentityProof={proof}");
    }
}

#[tokio::test]
async fn inv_x11_walking_all_pages_shows_each_debt_once() {
    let portal = TestPortal::open();
    let due = [Some(1), Some(2), Some(3), Some(3), Some(3), None, None];
    let (mario, notices) = with_debts(&portal, &due).await;
    // Some are there twice: as one's own and as associated.
    mario.associates(&notices[3]).await;
    let relative = portal.creditor().issues(&portal.citizen().person).await;
    mario.associates(&relative).await;
    for limit in 1..=8 {
        let pages = mario.walks(&format!("/api/debts?limit={limit}")).await;
        let walked: Vec<String> = pages.iter().flat_map(numbers).collect();
        let distinct: BTreeSet<&String> = walked.iter().collect();
        assert_eq!((walked.len(), distinct.len()), (8, 8), "limit {limit}: {walked:?}");
        assert!(pages.iter().all(|page| page["items"].as_array().unwrap().len() <= limit));
        assert_eq!(walked[..2], named(&notices, &[0, 1]));
        assert_eq!(pages[0].get("count").is_some(), pages.len() == 1, "count only for the whole");
    }
}

#[tokio::test]
async fn ab_58_a_cursor_is_of_one_person_and_one_query() {
    let portal = TestPortal::open();
    let (mario, _) = with_debts(&portal, &[Some(1), Some(2), Some(3)]).await;
    let (lucia, _) = with_debts(&portal, &[Some(1), Some(2), Some(3)]).await;
    let page = mario.gets("/api/debts?limit=1").await.ok();
    let cursor = page["nextCursor"].as_str().unwrap();
    mario.gets(&format!("/api/debts?limit=2&cursor={cursor}")).await.expect(200);
    lucia.gets(&format!("/api/debts?limit=1&cursor={cursor}")).await.refused(400, "invalid_cursor");
    mario.gets(&format!("/api/history?limit=1&cursor={cursor}")).await.refused(400, "invalid_cursor");
    let touched: String = cursor.chars().rev().collect();
    for wrong in [touched.as_str(), "x", "%00"] {
        mario.gets(&format!("/api/debts?cursor={wrong}")).await.refused(400, "invalid_cursor");
    }
    for notice in mario.numbers_to_pay().await.iter().take(2) {
        let seen = mario.gets(&format!("/api/debts/{notice}")).await.ok();
        mario.has_paid(&SampleNotice::of(&seen["debt"])).await;
    }
    let page = mario.history("?limit=1&q=mensa").await;
    let cursor = page["nextCursor"].as_str().unwrap();
    mario.gets(&format!("/api/history?limit=1&q=mensa&cursor={cursor}")).await.expect(200);
    mario.gets(&format!("/api/history?limit=1&q=altro&cursor={cursor}")).await.refused(400, "invalid_cursor");
}

#[tokio::test]
async fn a_cursor_lasts_an_hour() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, _) = with_debts(&portal, &[Some(1), Some(2)]).await;
    let page = mario.gets("/api/debts?limit=1").await.ok();
    let path = format!("/api/debts?limit=1&cursor={}", page["nextCursor"].as_str().unwrap());
    portal.clock().moves_minutes(61).await;
    mario.logs_in().await;
    mario.gets(&path).await.refused(400, "invalid_cursor");
}

#[tokio::test]
async fn ab_59_queries_are_checked() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    for (path, field, code) in [
        ("/api/debts?limit=0", "limit", "min"),
        ("/api/debts?limit=51", "limit", "max"),
        ("/api/debts?limit=two", "limit", "format"),
        // IDN-13: a parameter that says nothing.
        ("/api/debts?limit=", "limit", "format"),
        ("/api/debts?limit", "limit", "format"),
        ("/api/history?q=", "q", "format"),
        ("/api/payment-methods?amount=", "amount", "format"),
        ("/api/history?from=01/02/2026", "from", "format"),
        ("/api/history?from=2026-02-02&to=2026-02-01", "to", "range"),
        ("/api/history?status=lost", "status", "not_allowed"),
        ("/api/payment-methods", "amount", "required"),
        ("/api/payment-methods?amount=1,50", "amount", "format"),
        ("/api/payment-methods?amount=0", "amount", "range"),
    ] {
        let fields = mario.gets(path).await.refused(400, "invalid_input").fields();
        assert_eq!(fields, [(field.to_owned(), code.to_owned())], "{path}");
    }
    mario.gets("/api/debts?order=asc").await.refused(400, "unknown_field");
    mario.gets("/api/debts?limit=2&limit=3").await.refused(400, "invalid_input");
    let long = format!("/api/history?q={}", "a".repeat(101));
    mario.gets(&long).await.refused(400, "invalid_input");
}
