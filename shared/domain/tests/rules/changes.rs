//! What the creditor, a citizen and the calendar do to a debt, and how a payment starts: by tables, without a store.

use domain::account::{AccountId, Language};
use domain::bookkeeping::{Booked, NotBooked, Reason, book};
use domain::changes::{Canceller, NewDebt, associate, cancel, create_spontaneous, expire, import};
use domain::debt::{Debt, DebtEvent, DebtOrigin, DebtState, MAX_WATCHERS, OpenAttempt, Viewer};
use domain::ledger::verify;
use domain::movement::{Movement, MovementEntry, MovementKind, MovementSource};
use domain::outbox::OutboxMessage;
use domain::payment::{self, Attempt, MethodChoice, PaymentId};
use domain::person::Email;
use domain::plan::{DebtChange, Plan};
use domain::start_payment::{PaymentRequest, StartFacts, StartOutcome, start};
use domain::{Amount, Cents, Error, FiscalCode, Timestamp};

use crate::samples::{at, day, debt};

fn now() -> Timestamp {
    at("2026-11-30T09:00:00Z")
}

fn stored() -> Debt {
    let blank = Debt { version: 0, revision: 0, ..debt() };
    DebtChange::created(blank, MovementEntry::new(debt().amount.cents(), MovementSource::Creditor)).after
}

fn in_state(state: DebtState) -> Debt {
    Debt { state, closed_at: (state != DebtState::Open).then(now), ..stored() }
}

fn as_sent(debt: &Debt) -> NewDebt {
    NewDebt {
        debtor: debt.debtor.clone(),
        service: debt.service.clone(),
        reason: debt.reason.clone(),
        details: debt.details.clone(),
        amount: debt.amount,
        days: debt.days,
        office: debt.office.clone(),
    }
}

fn code(result: Result<impl std::fmt::Debug, Error>) -> String {
    match result {
        Ok(done) => panic!("not refused: {done:?}"),
        Err(error) => format!("{error:?}"),
    }
}

/// The debtor's own account, and another.
fn mario<'a>(account: &'a AccountId, code: &'a FiscalCode, identity_proven: bool) -> Viewer<'a> {
    Viewer { account, fiscal_code: code, identity_proven }
}

fn tells_archive<O>(plan: &Plan<O>) -> bool {
    plan.messages.iter().any(|message| matches!(message, OutboxMessage::UploadPosition { .. }))
}

fn kinds<O>(plan: &Plan<O>) -> Vec<MovementKind> {
    plan.debts.iter().flat_map(|change| change.movements.iter().map(|movement| movement.kind)).collect()
}

#[test]
fn inv_m27_an_import_creates_changes_or_leaves_as_it_is() {
    let sent = as_sent(&stored());
    let plan = import(None, &stored().notice, sent.clone(), now()).unwrap();
    assert!(plan.outcome.created && tells_archive(&plan));
    assert_eq!((kinds(&plan), plan.outcome.debt.revision), (vec![MovementKind::Created], 1));
    // The same data again: nothing.
    let plan = import(Some(&stored()), &stored().notice, sent.clone(), now()).unwrap();
    assert_eq!((plan.debts.len(), tells_archive(&plan), plan.outcome.created), (0, false, false));
    // Another amount: a movement says so, with the new amount.
    let more = NewDebt { amount: Amount::new(1).unwrap(), ..sent.clone() };
    let plan = import(Some(&stored()), &stored().notice, more, now()).unwrap();
    assert_eq!((kinds(&plan), tells_archive(&plan)), (vec![MovementKind::Changed], true));
    assert_eq!(plan.debts[0].movements[0].cents.get(), 1);
    assert_eq!(plan.outcome.debt.amount.get(), 1);
    // IDN-02: from now on it counts as written anew.
    assert_eq!((stored().written_at(), plan.outcome.debt.written_at()), (stored().created_at, now()));
    // Cancelled or expired, it is open again, even with the same data; paid, it is refused.
    for state in [DebtState::Cancelled, DebtState::Expired] {
        let plan = import(Some(&in_state(state)), &stored().notice, sent.clone(), now()).unwrap();
        let after = &plan.outcome.debt;
        assert_eq!(
            (after.state, after.closed_at, kinds(&plan)),
            (DebtState::Open, None, vec![MovementKind::Changed])
        );
    }
    let refused = import(Some(&in_state(DebtState::Paid)), &stored().notice, sent, now());
    assert_eq!(code(refused), "DebtAlreadyPaid");
}

#[test]
fn the_creditor_cancels_what_is_not_paid_once() {
    for (state, expected) in [
        (DebtState::Open, Ok(vec![MovementKind::Cancelled])),
        (DebtState::Expired, Ok(vec![MovementKind::Cancelled])),
        (DebtState::Cancelled, Ok(vec![])),
        (DebtState::Paid, Err("DebtAlreadyPaid".to_owned())),
    ] {
        let plan = cancel(Some(&in_state(state)), Canceller::Creditor, now());
        let done = plan.map(|plan| {
            assert_eq!(tells_archive(&plan), state != DebtState::Cancelled, "{state:?}");
            kinds(&plan)
        });
        assert_eq!(done.map_err(|error| format!("{error:?}")), expected, "{state:?}");
    }
    assert_eq!(code(cancel(None, Canceller::Creditor, now())), "DebtNotFound");
}

#[test]
fn inv_i19_a_citizen_takes_back_only_their_own_spontaneous_debt_while_nobody_pays_it() {
    let (account, fiscal_code) = (AccountId::new("a1"), debt().debtor.fiscal_code);
    let own = Debt { origin: DebtOrigin::Spontaneous, ..stored() };
    let waits = OpenAttempt { payment_id: PaymentId::from_random([1; 16]), expires_at: now() };
    let stranger = FiscalCode::parse("00743110157").unwrap();
    for (debt, proven, expected) in [
        (own.clone(), true, None),
        (stored(), true, Some("DebtNotPayable")),
        (Debt { attempt: Some(waits), ..own.clone() }, true, Some("DebtNotPayable")),
        (Debt { state: DebtState::Paid, ..own.clone() }, true, Some("DebtNotPayable")),
        (Debt { state: DebtState::Cancelled, ..own.clone() }, true, Some("DebtNotPayable")),
        // Neither proven nor among those who watch it: it is not there.
        (own.clone(), false, Some("DebtNotFound")),
        (Debt { watchers: vec![account.clone()], ..own.clone() }, false, None),
    ] {
        let viewer = mario(&account, &fiscal_code, proven);
        let done = cancel(Some(&debt), Canceller::Citizen(viewer), now());
        assert_eq!(done.err().map(|error| format!("{error:?}")).as_deref(), expected, "{proven} {debt:?}");
    }
    let viewer = mario(&account, &stranger, true);
    assert_eq!(code(cancel(Some(&own), Canceller::Citizen(viewer), now())), "DebtNotFound");
}

#[test]
fn a_debt_expires_after_its_last_day_unless_a_payment_is_under_way() {
    let dated =
        |expires| Debt { days: domain::debt::DebtDates { expires, ..Default::default() }, ..stored() };
    let waits = OpenAttempt { payment_id: PaymentId::from_random([1; 16]), expires_at: now() };
    for (debt, expected) in [
        (dated(None), vec![]),
        (dated(Some(day("2026-11-30"))), vec![]),
        (dated(Some(day("2026-11-29"))), vec![MovementKind::Expired]),
        (Debt { attempt: Some(waits), ..dated(Some(day("2026-11-29"))) }, vec![]),
        (Debt { state: DebtState::Paid, ..dated(Some(day("2026-11-29"))) }, vec![]),
        (Debt { state: DebtState::Expired, ..dated(Some(day("2026-11-29"))) }, vec![]),
    ] {
        let plan = expire(Some(&debt), now()).unwrap();
        assert_eq!(kinds(&plan), expected, "{debt:?}");
        assert_eq!(tells_archive(&plan), !expected.is_empty());
    }
    assert_eq!(expire(None, now()).unwrap(), Plan::nothing(()));
}

#[test]
fn an_association_adds_an_account_once_and_up_to_the_limit() {
    let (account, own, other) =
        (AccountId::new("a1"), debt().debtor.fiscal_code, FiscalCode::parse("00743110157").unwrap());
    // What proves is watched as well: a proof may have to wait, or be disputed.
    let plan = associate(&stored(), &mario(&account, &own, false), true, &[]).unwrap();
    assert_eq!((plan.debts.len(), plan.outcome.proves), (1, true));
    // Of a proven code: seen already.
    let plan = associate(&stored(), &mario(&account, &own, true), true, &[]).unwrap();
    assert_eq!((plan.debts.len(), plan.outcome.proves), (0, true));
    // Another's: the account watches it, without a movement and once.
    let plan = associate(&stored(), &mario(&account, &other, true), false, &[]).unwrap();
    assert_eq!((kinds(&plan), plan.outcome.proves), (vec![], false));
    let watched = plan.outcome.debt;
    assert_eq!(watched.watchers, std::slice::from_ref(&account));
    assert_eq!(associate(&watched, &mario(&account, &other, true), false, &[]).unwrap().debts, []);
    let crowd =
        Debt { watchers: (0..MAX_WATCHERS).map(|n| AccountId::new(format!("w{n}"))).collect(), ..stored() };
    assert_eq!(code(associate(&crowd, &mario(&account, &other, true), false, &[])), "DebtNotPayable");
    // A crowd keeps nobody from proving; who only names the debtor's code takes nobody's place.
    let plan = associate(&crowd, &mario(&account, &own, false), true, &[]).unwrap();
    assert_eq!((plan.debts.len(), plan.outcome.proves), (0, true));
    assert_eq!(code(associate(&crowd, &mario(&account, &own, false), false, &[])), "DebtNotPayable");
    // A closed account keeps no place from anybody.
    let gone = [AccountId::new("w2"), AccountId::new("elsewhere")];
    let plan = associate(&crowd, &mario(&account, &other, true), false, &gone).unwrap();
    let names: Vec<&str> = plan.outcome.debt.watchers.iter().map(AccountId::as_str).collect();
    assert_eq!(names, ["w0", "w1", "w3", "w4", "w5", account.as_str()]);
}

#[test]
fn idn_03_a_spontaneous_debt_is_the_codes_once_proven_and_the_accounts_alone_until_then() {
    let (account, own) = (AccountId::new("a1"), debt().debtor.fiscal_code);
    for proven in [true, false] {
        let viewer = mario(&account, &own, proven);
        let plan = create_spontaneous(as_sent(&stored()), stored().notice, &viewer, now());
        let made = &plan.outcome;
        let alone = (!proven).then(|| account.clone());
        assert_eq!((made.origin, &made.only_of), (DebtOrigin::Spontaneous, &alone));
        assert_eq!(made.watchers, Vec::from_iter(alone));
        assert!(made.is_visible_to(&viewer, now()));
        assert_eq!(tells_archive(&plan), proven);
        assert_eq!(plan.debts[0].movements[0].source, MovementSource::Citizen);
        // Whoever has proven the code sees what is the code's, and nothing else of it.
        let other = AccountId::new("a2");
        assert_eq!(made.is_visible_to(&mario(&other, &own, true), now()), proven);
        let back = cancel(Some(made), Canceller::Citizen(viewer), now()).unwrap();
        assert_eq!(tells_archive(&back), proven);
    }
}

fn order<'a>(account: &'a AccountId, choice: &'a MethodChoice, email: &'a Email) -> PaymentRequest<'a> {
    PaymentRequest { account, language: Language::It, choice, email, elsewhere: false }
}

#[test]
fn inv_m18_m19_a_payment_starts_once_and_only_for_what_can_be_paid() {
    let (account, other) = (AccountId::new("a1"), AccountId::new("a2"));
    let (choice, email) = (MethodChoice::default(), Email::parse("mario@example.it").unwrap());
    let order = order(&account, &choice, &email);
    let id = PaymentId::from_random([1; 16]);
    let begin = |facts: &StartFacts, order: &PaymentRequest<'_>, at| start(facts, order, &id, at);
    let facts = |debts, open| StartFacts { debts, open };
    // New: the debts wait for it, each with a movement.
    let plan = begin(&facts(vec![stored()], None), &order, now()).unwrap();
    let StartOutcome::New(attempt) = plan.outcome.clone() else { panic!("{:?}", plan.outcome) };
    assert_eq!((kinds(&plan), attempt.id == id), (vec![MovementKind::AttemptStarted], true));
    let waiting = plan.debts[0].after.clone();
    assert!(waiting.waits_for(&attempt.id) && waiting.state == DebtState::Open);
    // The same click again takes it up; another account, another choice, more debts wait; later it is stale.
    let again = |order: &PaymentRequest<'_>, debts: Vec<Debt>, at| {
        begin(&facts(debts, Some(attempt.clone())), order, at).map(|plan| plan.outcome)
    };
    let resumed = again(&order, vec![waiting.clone()], now()).unwrap();
    assert_eq!(resumed, StartOutcome::Resumed(attempt.clone()));
    let theirs = PaymentRequest { account: &other, ..order.clone() };
    let by_card = MethodChoice { method: Some("CARD".to_owned()), ..MethodChoice::default() };
    let otherwise = PaymentRequest { choice: &by_card, ..order.clone() };
    let more = Debt { notice: domain::NoticeNumber::issue("01".parse().unwrap(), 2), ..stored() };
    for refused in [
        again(&theirs, vec![waiting.clone()], now()),
        again(&otherwise, vec![waiting.clone()], now()),
        again(&order, vec![waiting.clone(), more], now()),
        begin(&facts(vec![waiting.clone()], None), &order, now()).map(|plan| plan.outcome),
    ] {
        assert_eq!(code(refused), "PaymentInProgress");
    }
    let dearer = Debt { amount: Amount::new(1).unwrap(), ..waiting.clone() };
    assert_eq!(code(again(&order, vec![dearer], now())), "AmountChanged");
    let later = domain::time::after(now(), payment::ATTEMPT_LIFE);
    assert_eq!(again(&order, vec![waiting], later).unwrap(), StartOutcome::Stale(attempt));
    // What cannot be paid says why.
    for (state, why) in [
        (DebtState::Paid, "DebtAlreadyPaid"),
        (DebtState::Cancelled, "DebtNotPayable"),
        (DebtState::Expired, "DebtNotPayable"),
    ] {
        assert_eq!(code(begin(&facts(vec![stored(), in_state(state)], None), &order, now())), why);
    }
    let dear = MethodChoice { fee: Cents::new(domain::money::MAX_CENTS).unwrap(), ..MethodChoice::default() };
    let dear = PaymentRequest { choice: &dear, ..order };
    assert!(code(begin(&facts(vec![stored()], None), &dear, now())).contains("noticeNumbers"));
}

#[test]
fn of_two_clicks_at_once_both_get_the_page_that_is_noted_first() {
    let page = |name: &str| payment::PaymentPage {
        transaction_id: name.to_owned(),
        redirect_url: format!("https://psp.example.it/{name}"),
        good_until: None,
    };
    let (account, choice) = (AccountId::new("a1"), MethodChoice::default());
    let email = Email::parse("mario@example.it").unwrap();
    let facts = StartFacts { debts: vec![stored()], open: None };
    let order = order(&account, &choice, &email);
    let plan = start(&facts, &order, &PaymentId::from_random([1; 16]), now()).unwrap();
    let StartOutcome::New(attempt) = plan.outcome else { panic!("not new") };
    let first = attempt.opened_at(Some(&attempt), &page("one")).unwrap();
    let noted: Attempt = first.attempt.unwrap().after;
    assert_eq!(noted.checkout, Some(page("one")));
    let second = attempt.opened_at(Some(&noted), &page("two")).unwrap();
    assert_eq!((second.attempt, second.outcome.checkout), (None, Some(page("one"))));
    // A callback that was faster keeps its outcome, and the page stands beside it.
    let paid = Attempt { status: payment::AttemptStatus::Succeeded, revision: 7, ..attempt.clone() };
    let beside = attempt.opened_at(Some(&paid), &page("one")).unwrap().attempt.unwrap();
    assert_eq!((beside.after.status, beside.after.revision), (payment::AttemptStatus::Succeeded, 8));
    assert!(attempt.opened_at(None, &page("one")).is_err());
}

#[test]
fn an_operators_entry_deals_with_a_difference_once() {
    let reason = Reason::new("ragioneria", "mandato 118/2026").unwrap();
    let created = DebtChange::created(
        Debt { version: 0, revision: 0, ..debt() },
        MovementEntry::new(debt().amount.cents(), MovementSource::Creditor),
    );
    let paid = created
        .then(DebtEvent::Credit, MovementEntry::new(Cents::ZERO, MovementSource::Node).about("r1"), now())
        .unwrap();
    let twice = paid
        .then(DebtEvent::Credit, MovementEntry::new(Cents::ZERO, MovementSource::Node).about("r2"), now())
        .unwrap();
    let (debt, movements) = (twice.after, twice.movements);
    assert_eq!(verify(&debt, &movements), Ok(()));
    let note = |debt: &Debt, movements: &[Movement], number, event| {
        book(Some((debt, movements)), &[], number, event, &reason, now())
    };
    let refused = |plan: Plan<Booked>| match plan.outcome {
        Booked::Refused(why) => why,
        booked => panic!("{booked:?}"),
    };
    assert_eq!(refused(book(None, &[], 1, DebtEvent::NoteRefund, &reason, now())), NotBooked::NoSuchDebt);
    assert_eq!(refused(note(&debt, &movements, 9, DebtEvent::NoteRefund)), NotBooked::NoSuchMovement);
    let credit = refused(note(&debt, &movements, 2, DebtEvent::NoteRefund));
    assert_eq!(credit, NotBooked::NothingToSettle(MovementKind::Credit));
    let open = Debt { state: DebtState::Open, ..debt.clone() };
    let too_early = refused(note(&open, &movements, 3, DebtEvent::Reconcile));
    assert_eq!(too_early, NotBooked::NotNow(DebtState::Open));
    // Noted, then known, then refused for another entry.
    let noted = note(&debt, &movements, 3, DebtEvent::NoteRefund);
    assert_eq!(noted.outcome, Booked::Noted(4));
    let change = &noted.debts[0];
    assert_eq!(change.movements[0].reference.as_deref(), Some("3 ragioneria: mandato 118/2026"));
    let all: Vec<Movement> = movements.iter().chain(&change.movements).cloned().collect();
    assert_eq!(note(&change.after, &all, 3, DebtEvent::NoteRefund), Plan::nothing(Booked::Known(4)));
    let otherwise = refused(note(&change.after, &all, 3, DebtEvent::Reconcile));
    assert_eq!(otherwise, NotBooked::DealtWith(4, MovementKind::RefundNoted));
}
