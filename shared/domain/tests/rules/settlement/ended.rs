//! Attempts that end without money, or after another outcome.

use super::*;

#[test]
fn inv_m11_an_attempt_that_ends_without_money_frees_its_debts_and_says_so_only_when_it_failed() {
    for (outcome, status, told) in [
        (AttemptOutcome::Failed, AttemptStatus::Failed, true),
        (AttemptOutcome::Cancelled, AttemptStatus::Cancelled, false),
        (AttemptOutcome::Expired, AttemptStatus::Expired, false),
    ] {
        let (attempt, debts) = waiting(2);
        let plan = decided(&facts(Some(attempt), debts), &ended(outcome));
        assert_eq!(plan.outcome, Settled::Ended);
        for change in &plan.debts {
            assert_eq!((kinds(change), &change.after.attempt), (vec![MovementKind::AttemptFailed], &None));
            assert_eq!(change.movements[0].source, MovementSource::PspInquiry);
        }
        let after = plan.attempt.unwrap().after;
        assert_eq!((after.status, after.email), (status, None), "no address outlives its attempt");
        assert_eq!(after.failure.map(|code| code.len()), Some(40));
        let mails = plan.messages.iter().filter(|m| matches!(m, OutboxMessage::PaymentFailed { .. }));
        assert_eq!(mails.count(), usize::from(told), "{outcome:?}");
    }
}

#[test]
fn inv_m05_an_outcome_that_comes_after_another_changes_nothing_but_money_always_counts() {
    for status in
        [AttemptStatus::Succeeded, AttemptStatus::Failed, AttemptStatus::Cancelled, AttemptStatus::Expired]
    {
        let (attempt, debts) = waiting(1);
        let facts = facts(Some(Attempt { status, ..attempt }), debts);
        for outcome in [AttemptOutcome::Failed, AttemptOutcome::Cancelled, AttemptOutcome::Expired] {
            assert_eq!(decided(&facts, &ended(outcome)), Plan::nothing(Settled::Ignored), "{status:?}");
        }
        let plan = decided(&facts, &paid(100));
        assert_eq!(
            (plan.outcome, plan.debts[0].after.state),
            (Settled::Credited, DebtState::Paid),
            "{status:?}"
        );
    }
}

#[test]
fn a_debt_that_waits_for_another_attempt_goes_on_waiting() {
    let (attempt, mut debts) = waiting(2);
    debts[0].attempt = Some(OpenAttempt { payment_id: id(9), expires_at: now() });
    let plan = decided(&facts(Some(attempt.clone()), debts.clone()), &ended(AttemptOutcome::Failed));
    assert_eq!(plan.debts.iter().map(|c| &c.after.notice).collect::<Vec<_>>(), [&debts[1].notice]);
    let plan = decided(&facts(Some(attempt), debts.clone()), &paid(300));
    assert_eq!(plan.debts[0].after.attempt, debts[0].attempt);
    assert_eq!(plan.debts[1].after.attempt, None);
}
