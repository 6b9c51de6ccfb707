//! Payment attempts: what an outcome makes of them, which debts may be paid together, when to ask again.

use std::time::Duration;

use domain::account::{AccountId, Language};
use domain::payment::{
    ATTEMPT_LIFE, Attempt, AttemptOutcome, AttemptStatus, MAX_DEBTS, MethodChoice, PaymentId, PaymentItem,
    UNKNOWN_ALARM, check_notices, next_inquiry,
};
use domain::person::Email;
use domain::{Amount, Cents, Error, NoticeNumber};
use proptest::prelude::*;

use crate::samples::{at, cases, list, refused};

#[test]
fn inv_m05_every_status_with_every_outcome() {
    use AttemptStatus::{Cancelled, Expired, Failed, Pending, Succeeded};
    for (before, after) in [
        (Pending, [Succeeded, Failed, Cancelled, Expired]),
        (Succeeded, [Succeeded; 4]),
        (Failed, [Succeeded, Failed, Failed, Failed]),
        (Cancelled, [Succeeded, Cancelled, Cancelled, Cancelled]),
        (Expired, [Succeeded, Expired, Expired, Expired]),
    ] {
        for (outcome, expected) in AttemptOutcome::ALL.into_iter().zip(after) {
            assert_eq!(before.after(outcome), expected, "{before:?} after {outcome:?}");
        }
    }
}

#[test]
fn statuses_are_the_contracts() {
    for (status, word) in
        AttemptStatus::ALL.into_iter().zip(["pending", "succeeded", "failed", "cancelled", "expired"])
    {
        assert_eq!(status.as_str(), word);
        assert_eq!(serde_json::to_value(status).unwrap(), word);
    }
}

fn notice(n: u64) -> NoticeNumber {
    NoticeNumber::issue("01".parse().unwrap(), n)
}

#[test]
fn one_to_five_different_debts_are_paid_together() {
    assert_eq!(MAX_DEBTS, 5);
    for (notices, expected) in [
        (vec![], Some("required")),
        (vec![1], None),
        (vec![1, 2, 3, 4, 5], None),
        (vec![1, 2, 3, 4, 5, 6], Some("too_long")),
        (vec![1, 1], Some("not_allowed")),
        (vec![1, 2, 3, 4, 1], Some("not_allowed")),
        (vec![1, 1, 1, 1, 1, 1], Some("too_long")),
    ] {
        let notices: Vec<NoticeNumber> = notices.into_iter().map(notice).collect();
        let expected: Vec<_> = expected.into_iter().map(|code| ("noticeNumbers", code)).collect();
        assert_eq!(refused(check_notices(&notices)), list(&expected), "{notices:?}");
    }
    let six: Vec<NoticeNumber> = (0..6).map(notice).collect();
    match check_notices(&six) {
        Err(Error::Invalid(errors)) => assert_eq!(errors[0].params, [("max", 5), ("n", 6)]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn inv_m30_the_psp_is_asked_sooner_at_first_then_hourly() {
    let minutes: Vec<u64> = (0..6).map(|n| next_inquiry(n).as_secs() / 60).collect();
    assert_eq!(minutes, [1, 5, 15, 60, 60, 60]);
    assert_eq!(next_inquiry(u32::MAX), Duration::from_secs(3600));
    // A person is called after a day at the latest, and by then the PSP was asked at least twenty times.
    assert_eq!(UNKNOWN_ALARM, Duration::from_secs(24 * 3600));
    let twenty: Duration = (0..20).map(next_inquiry).sum();
    assert!(twenty < UNKNOWN_ALARM);
    assert_eq!(ATTEMPT_LIFE, Duration::from_secs(30 * 60));
}

fn attempt(amounts: &[u64], fee: u64) -> Attempt {
    Attempt {
        id: PaymentId::from_random([1; 16]),
        account: AccountId::new("a1"),
        items: amounts
            .iter()
            .zip(1..)
            .map(|(cents, n)| PaymentItem {
                notice: notice(n),
                amount: Amount::new(*cents).unwrap(),
                reason: "TARI".to_owned(),
            })
            .collect(),
        choice: MethodChoice { fee: Cents::new(fee).unwrap(), ..MethodChoice::default() },
        email: Some(Email::parse("mario.rossi@example.it").unwrap()),
        mailed_elsewhere: false,
        language: Language::It,
        status: AttemptStatus::Pending,
        started_at: at("2026-01-01T00:00:00Z"),
        expires_at: at("2026-01-01T00:30:00Z"),
        checkout: None,
        page_asked_at: None,
        received: Vec::new(),
        inquiries: 0,
        failure: None,
        revision: 1,
    }
}

#[test]
fn inv_m06_the_total_is_the_sum_of_the_debts_without_the_fee() {
    assert_eq!(attempt(&[1], 150).total().get(), 1);
    assert_eq!(attempt(&[10, 200, 3_000], 150).total().get(), 3_210);
}

#[test]
fn a_stored_attempt_reads_back_the_same() {
    let attempt = attempt(&[10, 20], 5);
    let text = serde_json::to_string(&attempt).unwrap();
    assert_eq!(serde_json::from_str::<Attempt>(&text).unwrap(), attempt);
}

#[test]
fn payment_ids_are_32_hexadecimal_digits() {
    assert_eq!(PaymentId::from_random([0; 16]).as_str(), "0".repeat(32));
    assert_eq!(PaymentId::from_random([0x0f; 16]).to_string(), "0f".repeat(16));
    for wrong in ["", &"0".repeat(31), &"0".repeat(33), &"A".repeat(32), &"g".repeat(32), &"é".repeat(16)] {
        assert_eq!(PaymentId::parse(wrong), None, "{wrong:?}");
        assert!(serde_json::from_value::<PaymentId>(wrong.into()).is_err(), "{wrong:?}");
    }
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn payment_ids_round_trip(random: [u8; 16]) {
        let id = PaymentId::from_random(random);
        prop_assert_eq!(u128::from_str_radix(id.as_str(), 16).unwrap(), u128::from_be_bytes(random));
        prop_assert_eq!(PaymentId::parse(id.as_str()), Some(id.clone()));
        let json = serde_json::to_string(&id).unwrap();
        prop_assert_eq!(serde_json::from_str::<PaymentId>(&json).unwrap(), id);
    }

    #[test]
    fn inv_m05_a_success_anywhere_among_the_outcomes_wins(
        outcomes in prop::collection::vec(prop::sample::select(AttemptOutcome::ALL.to_vec()), 1..8),
    ) {
        let last = outcomes.iter().fold(AttemptStatus::Pending, |status, outcome| status.after(*outcome));
        let expected = match (outcomes.contains(&AttemptOutcome::Succeeded), outcomes[0]) {
            (true, _) => AttemptStatus::Succeeded,
            (false, first) => AttemptStatus::Pending.after(first),
        };
        prop_assert_eq!(last, expected);
    }

    #[test]
    fn lists_of_notices_are_refused_if_and_only_if_they_repeat_or_overflow(
        notices in prop::collection::vec(0_u64..8, 0..8),
    ) {
        let distinct: std::collections::BTreeSet<&u64> = notices.iter().collect();
        let fine = (1..=5).contains(&notices.len()) && distinct.len() == notices.len();
        let notices: Vec<NoticeNumber> = notices.iter().copied().map(notice).collect();
        prop_assert_eq!(check_notices(&notices).is_ok(), fine);
    }
}
