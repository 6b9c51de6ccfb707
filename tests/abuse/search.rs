//! The public search: what guessing costs, and what it can find out.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use domain::notice::Issuing;
use jiff::SignedDuration;
use journeys::{DebtPosition, SamplePerson, TestPortal, json};
use store::RateLimit;

use crate::invoke::DirectCall;

/// Twenty guesses a day for a code, a hundred debts that are to pay, thirteen digits drawn by chance.
#[test]
fn inv_i22_a_guess_finds_a_debt_less_than_once_in_a_million_days() {
    assert_eq!((RateLimit::SEARCH_CODE.most, RateLimit::SEARCH_CODE.window.as_secs()), (20, 24 * 3_600));
    let debts = 100;
    for issuing in [Issuing::Three("01".parse().unwrap()), Issuing::Zero("01".parse().unwrap())] {
        let chances = RateLimit::SEARCH_CODE.most * debts;
        assert!(chances * 1_000_000 < issuing.bases(), "{issuing:?}");
    }
}

#[tokio::test]
async fn inv_i20_ab_30_whichever_half_is_wrong_the_same_calls_are_made() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, lucia) = (SamplePerson::natural(portal.rng()), SamplePerson::natural(portal.rng()));
    let (his, hers) = (portal.creditor().issues(&mario).await, portal.creditor().issues(&lucia).await);
    let nobody = SamplePerson::natural(portal.rng()).fiscal_code;
    let hidden = DebtPosition::of(&mario, portal.rng()).with("validFrom", "2031-01-01");
    let hidden = portal.creditor().issues_as(hidden).await;
    let pairs = [
        ("both wrong", nobody.as_str(), "301999999999999968"),
        ("the code is wrong", nobody.as_str(), his.number.as_str()),
        ("the number is wrong", mario.fiscal_code.as_str(), "301999999999999968"),
        ("the number is another's", mario.fiscal_code.as_str(), hers.number.as_str()),
        ("not yet published", mario.fiscal_code.as_str(), hidden.number.as_str()),
    ];
    let mut seen: Vec<(&str, String, BTreeMap<String, u64>)> = Vec::new();
    for (what, code, number) in pairs {
        // Each code has been counted once before, each source never.
        portal.citizen().searches_for(code, number).await;
        let stranger = portal.citizen();
        portal.stack().faults().forget_usage();
        let answer = stranger.searches_for(code, number).await.refused(404, "debt_not_found");
        let calls = portal.stack().faults().usage()["Search"].calls.clone();
        seen.push((what, answer.seen_by_a_stranger(), calls));
    }
    for (what, answer, calls) in &seen {
        assert_eq!(answer, &seen[0].1, "{what}");
        assert_eq!(calls, &seen[0].2, "{what}");
    }
}

/// Two hundred searches a day from one source, however patient.
#[tokio::test]
async fn ab_28_harvesting_ends_after_two_hundred_a_day() {
    let Some(portal) = TestPortal::alone() else { return };
    let someone = || SamplePerson::natural(portal.rng()).fiscal_code;
    // Four hours of one day.
    portal.stack().clock().set("2031-03-04T01:00:00Z".parse().unwrap());
    let mut refused = 0;
    for n in 0..205 {
        let codes = json!({"fiscalCode": someone(), "noticeNumber": "301999999999999968"});
        let asked = DirectCall::post("/api/search", &codes).source("192.0.2.77");
        let status = asked.of(portal.stack(), "Search").await.status;
        refused += u32::from(status == 429);
        assert!(status == 404 || n >= 200, "search {n}: {status}");
        // Slower than ten a minute and sixty an hour.
        portal.stack().clock().advance(SignedDuration::from_secs(70));
    }
    assert_eq!(refused, 5);
}

/// The numbers that we draw say nothing of each other.
#[tokio::test]
async fn inv_m14_inv_m15_ab_29_numbers_are_drawn_by_chance_and_hold() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let mut numbers = Vec::new();
    for _ in 0..8 {
        numbers.push(
            mario.creates(&json!({"serviceCode": "TEST1", "reason": "Prova", "amount": 100})).await.number,
        );
    }
    let distinct: BTreeSet<&String> = numbers.iter().collect();
    assert_eq!(distinct.len(), numbers.len());
    let mut rising = 0;
    for pair in numbers.windows(2) {
        let base = |number: &str| number[3..16].parse::<u64>().unwrap();
        let apart = base(&pair[0]).abs_diff(base(&pair[1]));
        assert!(apart > 1_000, "{pair:?} are neighbours");
        rising += u32::from(base(&pair[0]) < base(&pair[1]));
    }
    assert!(rising < 7, "one after another: {numbers:?}");
    for number in &numbers {
        assert!(domain::NoticeNumber::parse(number).unwrap().check_digits_hold(), "{number}");
    }
}
