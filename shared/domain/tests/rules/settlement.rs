//! What a notification about money does: each sender and each state of a debt, by tables, without a store.

use std::collections::BTreeSet;

use domain::account::{AccountId, Language};
use domain::bookkeeping::Reason;
use domain::debt::{Debt, DebtState, OpenAttempt};
use domain::ledger::verify;
use domain::movement::{MovementKind, MovementSource};
use domain::notice::NoticeNumber;
use domain::outbox::{OutboxMessage, Recipient};
use domain::payment::{
    Attempt, AttemptOutcome, AttemptStatus, Confirmation, MethodChoice, PaymentId, PaymentItem,
};
use domain::person::Email;
use domain::plan::{DebtChange, Plan};
use domain::receipt::PspIdentity;
use domain::settlement::{Notification, ReceiptCodes, Settled, SettlementFacts, settle};
use domain::{Amount, Cents, Timestamp};

use crate::samples::{at, day, debt};

fn now() -> Timestamp {
    at("2026-11-30T09:00:00Z")
}

fn id(n: u8) -> PaymentId {
    PaymentId::from_random([n; 16])
}

fn amount(cents: u64) -> Amount {
    Amount::new(cents).unwrap()
}

/// Debts of 100, 200, … cents, each as its first movement left it.
fn debts(n: u64) -> Vec<Debt> {
    let numbered = |n| Debt {
        notice: NoticeNumber::issue("01".parse().unwrap(), n),
        amount: amount(100 * n),
        version: 0,
        revision: 0,
        ..debt()
    };
    let entry =
        |debt: &Debt| domain::movement::MovementEntry::new(debt.amount.cents(), MovementSource::Creditor);
    (1..=n).map(numbered).map(|debt| DebtChange::created(debt.clone(), entry(&debt)).after).collect()
}

fn attempt(debts: &[Debt]) -> Attempt {
    let item = |debt: &Debt| PaymentItem {
        notice: debt.notice.clone(),
        amount: debt.amount,
        reason: debt.reason.clone(),
    };
    Attempt {
        id: id(1),
        account: AccountId::new("a1"),
        items: debts.iter().map(item).collect(),
        choice: MethodChoice::default(),
        email: Some(Email::parse("chi.paga@example.it").unwrap()),
        mailed_elsewhere: true,
        language: Language::En,
        status: AttemptStatus::Pending,
        started_at: at("2026-11-30T08:50:00Z"),
        expires_at: at("2026-11-30T09:20:00Z"),
        checkout: None,
        received: Vec::new(),
        inquiries: 0,
        failure: None,
        revision: 3,
    }
}

/// The debts of an attempt, waiting for it.
fn waiting(n: u64) -> (Attempt, Vec<Debt>) {
    let mut debts = debts(n);
    let attempt = attempt(&debts);
    for debt in &mut debts {
        debt.attempt = Some(OpenAttempt { payment_id: attempt.id.clone(), expires_at: attempt.expires_at });
    }
    (attempt, debts)
}

fn confirmation(source: MovementSource) -> Confirmation {
    Confirmation {
        source,
        receipt_id: "r1".to_owned(),
        payment_id: Some(id(1)),
        psp: PspIdentity { id: "BANK".to_owned(), name: "Banca".to_owned(), fiscal_code: None },
        method: Some("CARD".to_owned()),
        channel: None,
        fee: Some(Cents::new(50).unwrap()),
        paid_at: Some(at("2026-11-30T08:59:00Z")),
        applied_on: None,
        payer: None,
    }
}

fn paid(cents: u64, currency: &str) -> Notification {
    let confirmation = confirmation(MovementSource::PspCallback);
    Notification::Paid { payment_id: id(1), confirmation, cents, currency: currency.to_owned() }
}

fn ended(outcome: AttemptOutcome) -> Notification {
    let failure = Some("card_declined".repeat(9));
    Notification::Ended { payment_id: id(1), outcome, failure, source: MovementSource::PspInquiry }
}

fn receipt(debt: &Debt, cents: u64) -> Notification {
    let (notice, confirmation) = (debt.notice.clone(), confirmation(MovementSource::Node));
    Notification::Receipt { notice, amount: amount(cents), confirmation, by_hand: None }
}

fn facts(attempt: Option<Attempt>, debts: Vec<Debt>) -> SettlementFacts {
    SettlementFacts { attempt, debts, ..SettlementFacts::default() }
}

fn decided(facts: &SettlementFacts, notification: &Notification) -> Plan<Settled> {
    let codes: ReceiptCodes = [[1; 16], [2; 16], [3; 16], [4; 16], [5; 16]];
    settle(facts, notification, now(), &codes).unwrap()
}

fn kinds(change: &DebtChange) -> Vec<MovementKind> {
    change.movements.iter().map(|movement| movement.kind).collect()
}

#[test]
fn inv_m01_a_psps_money_credits_every_debt_once_and_each_with_its_own_receipt() {
    let (attempt, debts) = waiting(5);
    let plan = decided(&facts(Some(attempt.clone()), debts.clone()), &paid(1_500, "EUR"));
    assert_eq!(plan.outcome, Settled::Credited);
    assert_eq!((plan.debts.len(), plan.money_taken.len()), (5, 5));
    let mut codes = BTreeSet::new();
    for (index, (change, before)) in plan.debts.iter().zip(&debts).enumerate() {
        assert_eq!(change.before.as_ref(), Some(before));
        assert_eq!(kinds(change), [MovementKind::Credit]);
        let after = &change.after;
        assert_eq!((after.state, after.closed_at, &after.attempt), (DebtState::Paid, Some(now()), &None));
        assert_eq!((after.version, after.revision), (before.version + 1, before.revision + 1));
        let receipt = after.receipt.as_ref().unwrap();
        assert_eq!((receipt.amount, receipt.receipt_id.as_str()), (before.amount, "r1"));
        // The fee is the payment's, and stands on its first receipt alone.
        assert_eq!(receipt.fee.map(Cents::get), (index == 0).then_some(50));
        assert_eq!(receipt.paid_together, Some(5));
        assert!(codes.insert(receipt.code.clone()), "every receipt has its own code");
    }
    let after = plan.attempt.unwrap().after;
    assert_eq!(
        (after.status, after.email, after.revision),
        (AttemptStatus::Succeeded, None, attempt.revision + 1)
    );
    assert_eq!(
        (after.choice.psp_name.as_deref(), after.choice.method.as_deref()),
        (Some("Banca"), Some("CARD"))
    );
    // One mail for the payer, and the archive hears of each.
    let mails: Vec<_> =
        plan.messages.iter().filter(|m| matches!(m, OutboxMessage::PaymentReceived { .. })).collect();
    let [OutboxMessage::PaymentReceived { to, paid, fee, .. }] = mails.as_slice() else {
        panic!("{mails:?}")
    };
    assert_eq!(
        (to, paid.len(), fee.get()),
        (&Recipient::Address(attempt.email.unwrap(), Language::En), 5, 50)
    );
    assert_eq!(plan.messages.len(), 6);
}

#[test]
fn inv_m02_money_that_was_taken_is_not_taken_again() {
    let (attempt, debts) = waiting(2);
    let all: BTreeSet<NoticeNumber> = attempt.notices().into_iter().collect();
    let known = SettlementFacts { taken: all, ..facts(Some(attempt.clone()), debts.clone()) };
    let plan = decided(&known, &paid(300, "EUR"));
    assert_eq!((plan.outcome, plan.debts.len(), plan.messages.len()), (Settled::Known, 0, 0));
    // Of two debts one was credited before somebody died: the other is.
    let first = BTreeSet::from([debts[0].notice.clone()]);
    let half = SettlementFacts { taken: first, ..facts(Some(attempt), debts.clone()) };
    let plan = decided(&half, &paid(300, "EUR"));
    assert_eq!(plan.outcome, Settled::Credited);
    assert_eq!(plan.debts.iter().map(|c| &c.after.notice).collect::<Vec<_>>(), [&debts[1].notice]);
    // The node's receipt that comes again.
    let mut known = facts(None, vec![debts[0].clone()]);
    known.taken.insert(debts[0].notice.clone());
    assert_eq!(decided(&known, &receipt(&debts[0], 100)), Plan::nothing(Settled::Known));
}

/// A debt in each state, with what money makes of it: kind of movement, state afterwards, outcome.
const STATES: [(DebtState, MovementKind, DebtState, Settled); 4] = [
    (DebtState::Open, MovementKind::Credit, DebtState::Paid, Settled::Credited),
    (DebtState::Paid, MovementKind::DuplicateToRefund, DebtState::Paid, Settled::Duplicate),
    (DebtState::Cancelled, MovementKind::CreditLate, DebtState::Paid, Settled::Credited),
    (DebtState::Expired, MovementKind::CreditLate, DebtState::Paid, Settled::Credited),
];

#[test]
fn inv_m25_money_is_credited_or_kept_in_every_state_from_psp_and_node_alike() {
    for (state, kind, after, settled) in STATES {
        let (attempt, mut debts) = waiting(1);
        debts[0].state = state;
        debts[0].closed_at = (state != DebtState::Open).then(|| at("2026-11-01T00:00:00Z"));
        for notification in [paid(100, "EUR"), receipt(&debts[0], 100)] {
            let plan = decided(&facts(Some(attempt.clone()), debts.clone()), &notification);
            assert_eq!(plan.outcome, settled, "{state:?}");
            let [change] = plan.debts.as_slice() else { panic!("{state:?}") };
            assert_eq!((kinds(change), change.after.state), (vec![kind], after), "{state:?}");
            assert_eq!(change.after.receipt.is_some(), settled == Settled::Credited, "{state:?}");
            assert_eq!(plan.money_taken[0].verdict, kind, "{state:?}");
            let told = plan.messages.iter().any(|m| matches!(m, OutboxMessage::PaymentReceived { .. }));
            assert_eq!(told, settled == Settled::Credited, "a mail says what is true: {state:?}");
        }
    }
}

#[test]
fn inv_m25_money_after_the_last_day_is_late_also_when_nobody_wrote_down_that_it_passed() {
    let (attempt, mut debts) = waiting(1);
    debts[0].days.expires = Some(day("2026-11-29"));
    let plan = decided(&facts(Some(attempt), debts), &paid(100, "EUR"));
    assert_eq!(kinds(&plan.debts[0]), [MovementKind::CreditLate]);
    assert_eq!(plan.debts[0].after.state, DebtState::Paid);
}

#[test]
fn inv_m06_another_amount_or_currency_of_a_psp_pays_nothing_and_is_kept() {
    for (cents, currency) in [(299, "EUR"), (301, "EUR"), (0, "EUR"), (300, "USD"), (u64::MAX, "EUR")] {
        let (attempt, debts) = waiting(2);
        let plan = decided(&facts(Some(attempt), debts), &paid(cents, currency));
        assert_eq!(plan.outcome, Settled::Mismatch, "{cents} {currency}");
        for change in &plan.debts {
            assert_eq!((kinds(change), change.after.state), (vec![MovementKind::Mismatch], DebtState::Open));
            assert_eq!((&change.after.attempt, &change.after.receipt), (&None, &None));
        }
        let taken: Vec<_> = plan.money_taken.iter().map(|taken| taken.verdict).collect();
        assert_eq!((plan.debts.len(), taken), (2, vec![MovementKind::Mismatch]));
        let after = plan.attempt.unwrap().after;
        assert_eq!(
            (after.status, after.failure.as_deref()),
            (AttemptStatus::Failed, Some("amount_mismatch"))
        );
        assert_eq!((after.email, plan.messages), (None, Vec::new()), "nobody is told that it failed");
    }
}

#[test]
fn inv_m06_a_receipt_of_the_node_closes_its_debt_whatever_the_amount_and_the_difference_is_kept() {
    for cents in [1, 99, 101, 99_999] {
        let (attempt, debts) = waiting(1);
        let plan = decided(&facts(Some(attempt), debts.clone()), &receipt(&debts[0], cents));
        assert_eq!(plan.outcome, Settled::Mismatch);
        let change = &plan.debts[0];
        assert_eq!(
            (kinds(change), change.after.state),
            (vec![MovementKind::Credit, MovementKind::Mismatch], DebtState::Paid)
        );
        // Booked as it came, and in one unbroken chain.
        assert!(change.movements.iter().all(|movement| movement.cents.get() == cents));
        assert_eq!(change.after.receipt.as_ref().map(|receipt| receipt.amount.get()), Some(cents));
        let mut all = created_movements(&debts[0]);
        all.extend(change.movements.clone());
        assert_eq!(verify(&change.after, &all), Ok(()));
    }
}

fn created_movements(debt: &Debt) -> Vec<domain::movement::Movement> {
    let entry = domain::movement::MovementEntry::new(debt.amount.cents(), MovementSource::Creditor);
    let blank = Debt { version: 0, revision: 0, chain: String::new(), attempt: None, ..debt.clone() };
    DebtChange::created(blank, entry).movements
}

#[test]
fn inv_m24_money_of_nothing_that_we_know_is_kept_once() {
    let foreign = Notification::Unmatched {
        confirmation: confirmation(MovementSource::PspCallback),
        cents: 7,
        currency: "CHF".to_owned(),
    };
    let stranger = debts(1).remove(0);
    for (notification, cents, currency) in
        [(paid(300, "EUR"), 300, "EUR"), (receipt(&stranger, 5), 5, "EUR"), (foreign, 7, "CHF")]
    {
        let plan = decided(&SettlementFacts::default(), &notification);
        assert_eq!(plan.outcome, Settled::Unmatched);
        let kept = plan.unmatched.unwrap();
        assert_eq!((kept.cents, kept.currency.as_str(), kept.at), (cents, currency, now()));
        let again = SettlementFacts { kept_unmatched: true, ..SettlementFacts::default() };
        assert_eq!(decided(&again, &notification), Plan::nothing(Settled::Known));
    }
}

#[test]
fn what_is_not_of_us_or_names_no_payment_changes_nothing() {
    assert_eq!(decided(&SettlementFacts::default(), &Notification::Foreign), Plan::nothing(Settled::Ignored));
    assert_eq!(
        decided(&SettlementFacts::default(), &ended(AttemptOutcome::Failed)),
        Plan::nothing(Settled::Unmatched)
    );
}

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
        let plan = decided(&facts, &paid(100, "EUR"));
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
    let plan = decided(&facts(Some(attempt), debts.clone()), &paid(300, "EUR"));
    assert_eq!(plan.debts[0].after.attempt, debts[0].attempt);
    assert_eq!(plan.debts[1].after.attempt, None);
}

#[test]
fn inv_m17_a_receipt_says_something_of_an_attempt_only_if_it_names_it() {
    let (attempt, debts) = waiting(2);
    let (first, second) = (receipt(&debts[0], 100), receipt(&debts[1], 200));
    // One of two receipts: the attempt waits for the other, and then has succeeded.
    let plan = decided(&facts(Some(attempt.clone()), vec![debts[0].clone()]), &first);
    let half = plan.attempt.unwrap().after;
    assert_eq!((half.status, half.received.len(), half.email.is_some()), (AttemptStatus::Pending, 1, true));
    let plan = decided(&facts(Some(half), vec![debts[1].clone()]), &second);
    let whole = plan.attempt.unwrap().after;
    assert_eq!((whole.status, whole.email), (AttemptStatus::Succeeded, None));
    // Paid at a counter while a PSP's page is open: the debt is paid, of the attempt nothing is known.
    let Notification::Receipt { notice, amount, confirmation, by_hand } = receipt(&debts[0], 100) else {
        panic!("no receipt")
    };
    let confirmation = Confirmation { payment_id: None, ..confirmation };
    let counter = Notification::Receipt { notice, amount, confirmation, by_hand };
    let plan = decided(&facts(Some(attempt), vec![debts[0].clone()]), &counter);
    assert_eq!((plan.outcome, plan.attempt), (Settled::Credited, None));
    assert_eq!(plan.debts[0].after.attempt, None);
}

#[test]
fn a_receipts_mail_goes_once_to_everybody_whom_it_concerns() {
    let (attempt, mut debts) = waiting(1);
    debts[0].debtor.email = Some(Email::parse("mario@example.it").unwrap());
    debts[0].watchers = vec![AccountId::new("w1")];
    let plan = decided(&facts(Some(attempt.clone()), debts.clone()), &receipt(&debts[0], 100));
    let mails: Vec<(&Recipient, usize)> = plan
        .messages
        .iter()
        .filter_map(|message| match message {
            OutboxMessage::PaymentReceived { to, others, .. } => Some((to, others.len())),
            _ => None,
        })
        .collect();
    let payer = Recipient::Address(attempt.email.unwrap(), Language::En);
    let known = Recipient::Address(Email::parse("mario@example.it").unwrap(), Language::It);
    let debtor = Recipient::Debtor(debts[0].debtor.fiscal_code.clone());
    let watcher = Recipient::Account(AccountId::new("w1"));
    // Each names those before it, and the payer's account, so that one address is written to once.
    assert_eq!(mails, [(&payer, 0), (&known, 2), (&debtor, 3), (&watcher, 4)]);
    // The node has told the archive itself.
    assert!(!plan.messages.iter().any(|m| matches!(m, OutboxMessage::UploadPosition { .. })));
}

#[test]
fn a_receipt_by_hand_stands_beside_its_credit_with_who_and_why() {
    let debts = debts(1);
    let Notification::Receipt { notice, amount, confirmation, .. } = receipt(&debts[0], 90) else {
        panic!("no receipt")
    };
    let reason = Reason::new("ragioneria", "prot. 118/2026").unwrap();
    let by_hand = Notification::Receipt { notice, amount, confirmation, by_hand: Some(reason) };
    let plan = decided(&facts(None, debts), &by_hand);
    let change = &plan.debts[0];
    assert_eq!(
        kinds(change),
        [MovementKind::Credit, MovementKind::Mismatch, MovementKind::CorrectedToMatchNode]
    );
    assert_eq!(change.movements[2].reference.as_deref(), Some("2 ragioneria: prot. 118/2026"));
}

#[test]
fn a_payment_whose_debt_is_gone_is_a_fault_and_writes_nothing() {
    let (attempt, _) = waiting(1);
    let codes = ReceiptCodes::default();
    let settled = settle(&facts(Some(attempt), Vec::new()), &paid(100, "EUR"), now(), &codes);
    assert!(settled.is_err_and(|fault| fault.source.to_string().contains("gone")));
}
