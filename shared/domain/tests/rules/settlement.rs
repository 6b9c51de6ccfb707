//! What a notification about money does: each sender and each state of a debt, by tables, without a store.

use std::collections::{BTreeMap, BTreeSet};

use domain::account::{AccountId, Language};
use domain::bookkeeping::{self, Reason};
use domain::debt::{Debt, DebtEvent, DebtState, OpenAttempt};
use domain::difference::{Difference, DifferenceChange, DifferenceKind, ReceiptField, ResolutionKind};
use domain::ledger::verify;
use domain::movement::{Movement, MovementKind, MovementSource};
use domain::notice::NoticeNumber;
use domain::outbox::{OutboxMessage, Recipient};
use domain::payment::{
    Attempt, AttemptOutcome, AttemptStatus, Confirmation, MethodChoice, PaymentId, PaymentItem,
};
use domain::person::Email;
use domain::plan::{DebtChange, Plan};
use domain::receipt::PspIdentity;
use domain::settlement::{
    Notification, ReceiptClaims, ReceiptCodes, Settled, SettlementFacts, Taken, settle,
};
use domain::{Amount, Cents, MoneyTold, Timestamp};

use crate::samples::{at, day, debt};

mod ended;

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
pub fn debts(n: u64) -> Vec<Debt> {
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
    Attempt {
        id: id(1),
        account: AccountId::new("a1"),
        items: debts.iter().map(PaymentItem::of).collect(),
        choice: MethodChoice::default(),
        email: Some(Email::parse("chi.paga@example.it").unwrap()),
        mailed_elsewhere: true,
        language: Language::En,
        status: AttemptStatus::Pending,
        started_at: at("2026-11-30T08:50:00Z"),
        expires_at: at("2026-11-30T09:20:00Z"),
        checkout: None,
        page_asked_at: None,
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

/// A PSP's word, of a number and a currency as it writes them.
fn told(number: &str, currency: &str) -> Notification {
    let confirmation = confirmation(MovementSource::PspCallback);
    let (told, claims) = (MoneyTold::parse(number, currency), ReceiptClaims::default());
    Notification::Paid { payment_id: id(1), confirmation, told, claims }
}

fn paid(cents: u64) -> Notification {
    told(&cents.to_string(), "EUR")
}

fn ended(outcome: AttemptOutcome) -> Notification {
    let failure = Some("card_declined".repeat(9));
    Notification::Ended { payment_id: id(1), outcome, failure, source: MovementSource::PspInquiry }
}

pub fn receipt(debt: &Debt, cents: u64) -> Notification {
    let (notice, confirmation) = (debt.notice.clone(), confirmation(MovementSource::Node));
    let claims = ReceiptClaims::default();
    Notification::Receipt { notice, amount: amount(cents), confirmation, claims, by_hand: None }
}

pub fn facts(attempt: Option<Attempt>, debts: Vec<Debt>) -> SettlementFacts {
    SettlementFacts { attempt, debts, ..SettlementFacts::default() }
}

pub fn decided(facts: &SettlementFacts, notification: &Notification) -> Plan<Settled> {
    let codes: ReceiptCodes = [[1; 16], [2; 16], [3; 16], [4; 16], [5; 16]];
    settle(facts, notification, now(), &codes).unwrap()
}

fn kinds(change: &DebtChange) -> Vec<MovementKind> {
    change.movements.iter().map(|movement| movement.kind).collect()
}

#[test]
fn inv_m01_a_psps_money_credits_every_debt_once_and_each_with_its_own_receipt() {
    let (attempt, debts) = waiting(5);
    let plan = decided(&facts(Some(attempt.clone()), debts.clone()), &paid(1_500));
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
    let taken = |debt: &Debt| {
        let credit = Taken { verdict: MovementKind::Credit, cents: debt.amount.cents() };
        (debt.notice.clone(), credit)
    };
    let all: BTreeMap<NoticeNumber, Taken> = debts.iter().map(taken).collect();
    let known = SettlementFacts { taken: all, ..facts(Some(attempt.clone()), debts.clone()) };
    let plan = decided(&known, &paid(300));
    assert_eq!((plan.outcome, plan.debts.len(), plan.messages.len()), (Settled::Known, 0, 0));
    // Of two debts one was credited before somebody died: the other is.
    let first = BTreeMap::from([taken(&debts[0])]);
    let half = SettlementFacts { taken: first, ..facts(Some(attempt), debts.clone()) };
    let plan = decided(&half, &paid(300));
    assert_eq!(plan.outcome, Settled::Credited);
    assert_eq!(plan.debts.iter().map(|c| &c.after.notice).collect::<Vec<_>>(), [&debts[1].notice]);
    // The node's receipt that comes again.
    let mut known = facts(None, vec![debts[0].clone()]);
    known.taken.extend([taken(&debts[0])]);
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
        for notification in [paid(100), receipt(&debts[0], 100)] {
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
    let plan = decided(&facts(Some(attempt), debts), &paid(100));
    assert_eq!(kinds(&plan.debts[0]), [MovementKind::CreditLate]);
    assert_eq!(plan.debts[0].after.state, DebtState::Paid);
}

/// What came of a PSP, as it was said; as cents of ours, if it is an amount of ours.
const NOT_AGREED: [(&str, &str, Option<u64>); 10] = [
    ("1", "EUR", Some(1)),
    ("299", "EUR", Some(299)),
    ("301.0", "eur", Some(301)),
    ("3.5e2", "EUR", Some(350)),
    ("0", "EUR", Some(0)),
    ("300", "USD", None),
    ("-300", "EUR", None),
    ("300.5", "EUR", None),
    ("100000000000", "EUR", None),
    ("1e400", "EUR", None),
];

#[test]
fn mon_01_inv_m06_inv_m07_what_came_is_kept_once_and_as_it_was_said() {
    for (number, currency, cents) in NOT_AGREED {
        let (attempt, debts) = waiting(2);
        let plan = decided(&facts(Some(attempt), debts.clone()), &told(number, currency));
        assert_eq!(plan.outcome, Settled::Mismatch, "{number} {currency}");
        // The money is written down once, whole, under the transaction's id; the other debt only stops waiting.
        let [first, second] = plan.debts.as_slice() else { panic!("{number}") };
        assert_eq!(
            (kinds(first), kinds(second)),
            (vec![MovementKind::Mismatch], vec![MovementKind::AttemptFailed])
        );
        let line = &first.movements[0];
        assert_eq!((line.cents.get(), line.reference.as_deref()), (cents.unwrap_or(0), Some("r1")));
        for change in &plan.debts {
            assert_eq!((change.after.state, &change.after.attempt), (DebtState::Open, &None));
            assert_eq!((&change.after.receipt, &change.after.mismatched), (&None, &Some(id(1))));
        }
        let [DifferenceChange::Opened(kept)] = plan.differences.as_slice() else { panic!("{number}") };
        assert_eq!((kept.kind, kept.expected), (DifferenceKind::Mismatch, Cents::new(300).ok()));
        assert_eq!((kept.notice.as_ref(), kept.movement), (Some(&debts[0].notice), Some(line.number)));
        let said = kept.told.clone().unwrap();
        assert_eq!((said.cents.map(Cents::get), said.currency), (cents, currency.to_ascii_uppercase()));
        assert_eq!(said.text.as_deref(), cents.is_none().then_some(number));
        let taken: Vec<_> = plan.money_taken.iter().map(|taken| taken.verdict).collect();
        assert_eq!(taken, [MovementKind::Mismatch]);
        let after = plan.attempt.unwrap().after;
        assert_eq!((after.status, after.was_mismatched(), after.email), (AttemptStatus::Failed, true, None));
        // Whoever began to pay is told what is true, at the account's own address.
        assert!(matches!(
            plan.messages.as_slice(),
            [OutboxMessage::PaymentDiffers { account, came, agreed, .. }]
                if *account == AccountId::new("a1") && came.map(Cents::get) == cents && agreed.get() == 300
        ));
    }
}

/// What is known once a plan is written.
fn written(plan: &Plan<Settled>, before: &SettlementFacts) -> SettlementFacts {
    let mut facts = before.clone();
    if let Some(change) = &plan.attempt {
        facts.attempt = Some(change.after.clone());
    }
    for change in &plan.debts {
        let debt = facts.debts.iter_mut().find(|debt| debt.notice == change.after.notice).unwrap();
        *debt = change.after.clone();
    }
    for money in &plan.money_taken {
        assert_eq!(
            facts.taken.contains_key(&money.notice),
            money.corrects,
            "a name is replaced only if it corrects"
        );
        facts.taken.insert(money.notice.clone(), Taken { verdict: money.verdict, cents: money.cents });
    }
    for change in &plan.differences {
        let difference = change.difference();
        let there = facts.differences.iter().any(|known| known.id == difference.id);
        assert_eq!(there, matches!(change, DifferenceChange::Replaced(_)));
        facts.differences.retain(|known| known.id != difference.id);
        facts.differences.push(difference.clone());
    }
    facts
}

#[test]
fn mon_02_a_correction_supersedes_the_difference_whatever_was_said_before() {
    for n in [1, 2, 5] {
        let (attempt, debts) = waiting(n);
        let sum = attempt.total().get();
        for wrong in [vec!["1"], vec!["-1"], vec!["1", "2"], vec!["1", "1", "7.5"]] {
            let mut facts = facts(Some(attempt.clone()), debts.clone());
            for number in &wrong {
                facts = written(&decided(&facts, &told(number, "EUR")), &facts);
            }
            let open = |facts: &SettlementFacts| facts.differences.iter().filter(|d| d.is_open()).count();
            assert_eq!(
                (facts.differences.len(), open(&facts)),
                (1, 1),
                "one difference, which says the last word"
            );
            let plan = decided(&facts, &paid(sum));
            assert_eq!(plan.outcome, Settled::Credited, "{wrong:?}");
            facts = written(&plan, &facts);
            // A payment never succeeds with a debt of it uncredited.
            assert_eq!(facts.attempt.as_ref().unwrap().status, AttemptStatus::Succeeded);
            assert!(
                facts.debts.iter().all(|debt| debt.state == DebtState::Paid && debt.mismatched.is_none())
            );
            assert_eq!(open(&facts), 0);
            let resolution = facts.differences[0].resolution.as_ref().unwrap();
            assert_eq!(resolution.resolution, ResolutionKind::Superseded);
            // Told once more: known.
            assert_eq!(decided(&facts, &paid(sum)), Plan::nothing(Settled::Known));
        }
    }
}

#[test]
fn mon_02_the_same_wrong_amount_again_is_known_and_a_wrong_one_after_the_right_is_kept_beside() {
    let (attempt, debts) = waiting(2);
    let facts = facts(Some(attempt), debts);
    let wrong = written(&decided(&facts, &paid(7)), &facts);
    assert_eq!(decided(&wrong, &paid(7)), Plan::nothing(Settled::Known));
    let right = written(&decided(&facts, &paid(300)), &facts);
    let plan = decided(&right, &paid(7));
    assert_eq!((plan.outcome, plan.debts.len(), &plan.attempt), (Settled::Contradicted, 0, &None));
    let [DifferenceChange::Opened(kept)] = plan.differences.as_slice() else { panic!("not kept") };
    assert_eq!(kept.kind, DifferenceKind::ReceiptData);
    assert_eq!(kept.field, Some((ReceiptField::Amount, "7 EUR".to_owned())));
    let again = written(&plan, &right);
    assert_eq!(decided(&again, &paid(7)), Plan::nothing(Settled::Known));
    // The node's receipt that names another amount for the same money.
    let first = waiting(1).1.remove(0);
    let receipt_facts = facts_of(&first);
    let credited = written(&decided(&receipt_facts, &receipt(&first, 100)), &receipt_facts);
    assert_eq!(decided(&credited, &receipt(&first, 100)), Plan::nothing(Settled::Known));
    assert_eq!(decided(&credited, &receipt(&first, 99)).outcome, Settled::Contradicted);
}

fn facts_of(debt: &Debt) -> SettlementFacts {
    facts(None, vec![debt.clone()])
}

#[test]
fn mon_04_whoever_would_pay_is_warned_until_the_difference_is_dealt_with() {
    let (attempt, debts) = waiting(1);
    let plan = decided(&facts(Some(attempt), debts), &paid(7));
    let (kept, movements) = (&plan.debts[0].after, plan.debts[0].movements.as_slice());
    assert_eq!(kept.mismatched, Some(id(1)));
    let reason = Reason::new("ragioneria", "mandato 118/2026").unwrap();
    let number = movements[0].number;
    let opened = plan.differences[0].difference().clone();
    // The payment is one that the account tells of.
    let started = Movement {
        number: 1,
        kind: MovementKind::AttemptStarted,
        reference: Some(id(1).to_string()),
        ..movements[0].clone()
    };
    let account = [&[started], movements].concat();
    assert!(bookkeeping::differences_of(&kept.notice, &account, number).contains(&opened.id));
    let stored = Some((kept, account.as_slice()));
    let known = std::slice::from_ref(&opened);
    let booked = bookkeeping::book(stored, known, number, DebtEvent::NoteRefund, &reason, now());
    assert_eq!(booked.debts[0].after.mismatched, None);
    let resolved = booked.differences[0].difference().resolution.as_ref().unwrap();
    assert_eq!((resolved.resolution, resolved.by.as_str()), (ResolutionKind::Refunded, "ragioneria"));
    assert_eq!(resolved.why, "mandato 118/2026");
}

#[test]
fn mon_03_the_agreed_amount_pays_whatever_the_creditor_has_made_of_the_debt_since() {
    let (attempt, mut debts) = waiting(1);
    debts[0].amount = amount(500_000);
    for notification in [paid(100), receipt(&debts[0], 100)] {
        let plan = decided(&facts(Some(attempt.clone()), debts.clone()), &notification);
        assert_eq!(plan.outcome, Settled::Mismatch);
        let after = &plan.debts[0].after;
        assert_eq!(kinds(&plan.debts[0]), [MovementKind::Credit, MovementKind::Mismatch]);
        // All that came is in the credit: the difference beside it adds nothing to what was received (INV-M07).
        let cents: Vec<u64> = plan.debts[0].movements.iter().map(|movement| movement.cents.get()).collect();
        assert_eq!((cents, after.state), (vec![100, 0], DebtState::Paid));
        assert_eq!(after.settled_amount().get(), 100, "what was paid is the receipt's amount");
        let [DifferenceChange::Opened(kept)] = plan.differences.as_slice() else { panic!("one difference") };
        assert_eq!((kept.kind, kept.expected.map(Cents::get)), (DifferenceKind::Mismatch, Some(500_000)));
    }
}

#[test]
fn mon_03_who_paid_for_a_debtor_who_was_changed_keeps_what_they_paid() {
    let (attempt, mut debts) = waiting(1);
    let before = debts[0].debtor.clone();
    let debtor = domain::Person {
        fiscal_code: domain::FiscalCode::parse("VRDLGI68T65L219G").unwrap(),
        name: "Luigia Verdi".to_owned(),
        ..before.clone()
    };
    let changed = domain::changes::NewDebt {
        debtor,
        service: debts[0].service.clone(),
        reason: "Altro".to_owned(),
        details: Vec::new(),
        amount: debts[0].amount,
        days: debts[0].days,
        office: domain::office::OfficeData::default(),
    };
    let notice = debts[0].notice.clone();
    debts[0] = domain::changes::import(Some(&debts[0]), &notice, changed, now()).unwrap().outcome.debt;
    for notification in [paid(100), receipt(&debts[0], 100)] {
        let plan = decided(&facts(Some(attempt.clone()), debts.clone()), &notification);
        let [DifferenceChange::Opened(kept)] = plan.differences.as_slice() else { panic!("one difference") };
        assert_eq!(kept.field.as_ref().map(|(field, _)| *field), Some(ReceiptField::Debtor));
        let after = plan.debts[0].after.clone();
        assert_eq!(after.watchers, std::slice::from_ref(&attempt.account));
        let viewer = |code| domain::debt::Viewer {
            account: &attempt.account,
            fiscal_code: code,
            identity_proven: true,
        };
        let payers = after.clone().seen_by(&viewer(&before.fiscal_code));
        assert_eq!((payers.debtor, payers.reason), (before.name_only(), attempt.items[0].reason.clone()));
        let owners = after.clone().seen_by(&viewer(&after.debtor.fiscal_code));
        assert_eq!(owners.debtor.name, "Luigia Verdi");
    }
}

#[test]
fn mon_06_what_a_receipt_says_of_its_reference_account_and_debtor_is_compared() {
    let debt = debts(1).remove(0);
    let said = ReceiptClaims {
        fee: None,
        iuv: Some("00000000000000000".to_owned()),
        foreign_ibans: vec!["IT60X0542811101000000123456".to_owned()],
        debtor: Some("VRDLGI68T65L219G".to_owned()),
    };
    let right = ReceiptClaims {
        iuv: Some(debt.iuv().to_string()),
        debtor: Some(debt.debtor.fiscal_code.as_str().to_owned()),
        ..ReceiptClaims::default()
    };
    for (claimed, fields) in [
        (said, vec![ReceiptField::Iban, ReceiptField::CreditorReferenceId, ReceiptField::Debtor]),
        (right, Vec::new()),
    ] {
        let Notification::Receipt { notice, amount, confirmation, .. } = receipt(&debt, 100) else {
            panic!()
        };
        let notification =
            Notification::Receipt { notice, amount, confirmation, claims: claimed, by_hand: None };
        let plan = decided(&facts_of(&debt), &notification);
        assert_eq!((plan.outcome, plan.debts[0].after.state), (Settled::Credited, DebtState::Paid));
        assert_eq!(doubts(&plan), fields, "beside the credit");
    }
}

fn doubts(plan: &Plan<Settled>) -> Vec<ReceiptField> {
    let fields = plan.differences.iter().map(DifferenceChange::difference);
    fields.filter_map(|difference: &Difference| difference.field.as_ref()).map(|(field, _)| *field).collect()
}

#[test]
fn mon_09_what_cannot_be_true_of_fee_and_instant_is_not_printed() {
    let (attempt, debts) = waiting(1);
    // Fee in cents, or as said; instant; what is doubted.
    let (good, late) = (Some("2026-11-30T08:59:00Z"), Some("2026-11-30T10:00:01Z"));
    type Told = (Option<u64>, Option<&'static str>, Option<&'static str>);
    let cases: [(Told, &[ReceiptField]); 8] = [
        ((Some(1_000), None, good), &[]),
        ((Some(1_001), None, good), &[ReceiptField::Fee]),
        ((Some(99_999_999), None, good), &[ReceiptField::Fee]),
        ((None, Some("-3"), good), &[ReceiptField::Fee]),
        ((Some(50), None, Some("2026-11-30T10:00:00Z")), &[]),
        ((Some(50), None, late), &[ReceiptField::Instant]),
        ((Some(50), None, Some("2026-11-30T07:49:59Z")), &[ReceiptField::Instant]),
        ((Some(99_999), None, Some("2099-01-01T00:00:00Z")), &[ReceiptField::Fee, ReceiptField::Instant]),
    ];
    for ((fee, said, paid_at), fields) in cases {
        let confirmation = Confirmation {
            fee: fee.and_then(|fee| Cents::new(fee).ok()),
            paid_at: paid_at.map(at),
            ..confirmation(MovementSource::PspCallback)
        };
        let claims = ReceiptClaims { fee: said.map(str::to_owned), ..ReceiptClaims::default() };
        let told = MoneyTold::euro(attempt.total());
        let notification = Notification::Paid { payment_id: id(1), confirmation, told, claims };
        let plan = decided(&facts(Some(attempt.clone()), debts.clone()), &notification);
        let receipt = plan.debts[0].after.receipt.clone().unwrap();
        assert_eq!(
            (plan.outcome, doubts(&plan)),
            (Settled::Credited, fields.to_vec()),
            "{fee:?} {paid_at:?}"
        );
        assert_eq!(receipt.fee.is_some(), said.is_none() && !fields.contains(&ReceiptField::Fee));
        assert_eq!(receipt.paid_at.is_some(), !fields.contains(&ReceiptField::Instant));
        assert_eq!(receipt.recorded_at, now());
    }
    // A fee that is high, and below what is paid, is the PSP's business.
    let (attempt, mut debts) = waiting(1);
    debts[0].amount = amount(5_000);
    let attempt = Attempt { items: debts.iter().map(PaymentItem::of).collect(), ..attempt };
    let confirmation =
        Confirmation { fee: Cents::new(4_000).ok(), ..confirmation(MovementSource::PspCallback) };
    let (told, claims) = (MoneyTold::euro(attempt.total()), ReceiptClaims::default());
    let notification = Notification::Paid { payment_id: id(1), confirmation, told, claims };
    assert_eq!(doubts(&decided(&facts(Some(attempt), debts), &notification)), []);
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
        // Booked as it came, once, and in one unbroken chain.
        let booked: u64 = change.movements.iter().map(|movement| movement.cents.get()).sum();
        assert_eq!(booked, cents);
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
fn inv_m24_money_of_nothing_that_we_know_is_kept_once_and_settled_when_its_debt_is_found() {
    let foreign = Notification::Unmatched {
        confirmation: confirmation(MovementSource::PspCallback),
        told: MoneyTold::parse("7", "CHF"),
    };
    let stranger = debts(1).remove(0);
    for (notification, said) in [
        (paid(300), "300 EUR"),
        (receipt(&stranger, 5), "5 EUR"),
        (foreign, "7 CHF"),
        (told("-1", "EUR"), "-1 EUR"),
    ] {
        let plan = decided(&SettlementFacts::default(), &notification);
        assert_eq!(plan.outcome, Settled::Unmatched);
        let kept = plan.unmatched.clone().unwrap();
        assert_eq!((kept.told.to_string().as_str(), kept.at), (said, now()));
        assert_eq!(plan.differences[0].difference().kind, DifferenceKind::Unmatched);
        let again = SettlementFacts { kept_unmatched: true, ..SettlementFacts::default() };
        assert_eq!(decided(&again, &notification), Plan::nothing(Settled::Known));
    }
    // Imported afterwards, and replayed.
    let nothing = SettlementFacts::default();
    let kept = written(&decided(&nothing, &receipt(&stranger, 100)), &nothing);
    let found = SettlementFacts { debts: vec![stranger.clone()], ..kept };
    let plan = decided(&found, &receipt(&stranger, 100));
    assert_eq!(plan.outcome, Settled::Credited);
    assert!(matches!(plan.differences.as_slice(), [DifferenceChange::Resolved(found)] if !found.is_open()));
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
    let Notification::Receipt { notice, amount, confirmation, claims, by_hand } = receipt(&debts[0], 100)
    else {
        panic!("no receipt")
    };
    let confirmation = Confirmation { payment_id: None, ..confirmation };
    let counter = Notification::Receipt { notice, amount, confirmation, claims, by_hand };
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
    let Notification::Receipt { notice, amount, confirmation, claims, .. } = receipt(&debts[0], 90) else {
        panic!("no receipt")
    };
    let reason = Reason::new("ragioneria", "prot. 118/2026").unwrap();
    let by_hand = Notification::Receipt { notice, amount, confirmation, claims, by_hand: Some(reason) };
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
    let settled = settle(&facts(Some(attempt), Vec::new()), &paid(100), now(), &codes);
    assert!(settled.is_err_and(|fault| fault.source.to_string().contains("gone")));
}
