//! Proof of identity: which debts prove, whose a code then is, what a second proof, a contest and an operator do.

use std::time::Duration;

use domain::account::{Account, AccountId, AccountStatus, HolderName, LinkPurpose, Proof};
use domain::bookkeeping::Reason;
use domain::debt::{Debt, DebtDates, DebtOrigin, DebtState};
use domain::outbox::OutboxMessage;
use domain::person::Email;
use domain::proof::{Dispute, Holder, ProofFacts, Proven, contest, decide, prove, proves};
use domain::registration::{AccountPlan, AccountWrite, MailedLink};
use domain::{Error, FiscalCode, Person, Timestamp, time};

use crate::registration;
use crate::samples::{at, day, debt};

fn now() -> Timestamp {
    at("2026-11-30T09:00:00Z")
}

fn days_ago(days: u64, seconds: i64) -> Timestamp {
    let whole = now().checked_sub(Duration::from_secs(days * 24 * 60 * 60)).unwrap();
    Timestamp::from_second(whole.as_second() + seconds).unwrap()
}

/// Mario's, written today, still to pay.
fn current() -> Debt {
    let profile = registration::profile();
    let debtor = Person { fiscal_code: profile.fiscal_code, name: "ROSSI MARIO".to_owned(), ..debt().debtor };
    Debt {
        debtor,
        state: DebtState::Open,
        closed_at: None,
        days: DebtDates::default(),
        origin: DebtOrigin::Creditor,
        created_at: now(),
        ..debt()
    }
}

#[test]
fn idn_02_a_debt_proves_that_is_open_written_within_a_year_and_to_this_name() {
    let named =
        |name: &str| Debt { debtor: Person { name: name.to_owned(), ..current().debtor }, ..current() };
    let of = |code: &str| {
        let fiscal_code = FiscalCode::parse(code).unwrap();
        Debt { debtor: Person { fiscal_code, ..current().debtor }, ..current() }
    };
    let expires = |text| DebtDates { expires: Some(day(text)), ..DebtDates::default() };
    let due = |text| DebtDates { due: Some(day(text)), ..DebtDates::default() };
    let from = |text| DebtDates { valid_from: Some(day(text)), ..DebtDates::default() };
    for (what, debt, good) in [
        ("current", current(), true),
        ("paid", Debt { state: DebtState::Paid, ..current() }, false),
        ("cancelled", Debt { state: DebtState::Cancelled, ..current() }, false),
        ("expired", Debt { state: DebtState::Expired, ..current() }, false),
        ("past its last day, not written down yet", Debt { days: expires("2026-11-29"), ..current() }, false),
        ("on its last day", Debt { days: expires("2026-11-30"), ..current() }, true),
        ("past its due date", Debt { days: due("2026-01-31"), ..current() }, true),
        ("not published yet", Debt { days: from("2026-12-01"), ..current() }, false),
        ("of a year ago", Debt { created_at: days_ago(365, 0), ..current() }, true),
        ("older than a year", Debt { created_at: days_ago(365, -1), ..current() }, false),
        (
            "old, changed within a year",
            Debt { created_at: days_ago(900, 0), changed_at: Some(days_ago(365, 0)), ..current() },
            true,
        ),
        (
            "old, changed long ago",
            Debt { created_at: days_ago(900, 0), changed_at: Some(days_ago(366, 0)), ..current() },
            false,
        ),
        ("made by a citizen", Debt { origin: DebtOrigin::Spontaneous, ..current() }, false),
        ("another's name", named("Bianchi Luca"), false),
        ("with a second name", named("Mario Luigi Rossi"), true),
        ("another's code", of("00743110157"), false),
    ] {
        assert_eq!(proves(&debt, &registration::profile(), now()), good, "{what}");
    }
    let company = HolderName::Legal { company: "Rossi S.r.l.".to_owned() };
    let profile = domain::account::Profile { name: company, ..registration::profile() };
    assert!(!proves(&current(), &profile, now()), "a company's name is not a person's");
}

fn account(id: &str, proof: Option<Timestamp>) -> Account {
    Account {
        id: AccountId::new(id),
        identity_proven: proof.is_some(),
        proof: proof.map(|at| Proof { at, from: at }),
        ..registration::account(AccountStatus::Active)
    }
}

fn held(id: &str, dispute: Option<Dispute>) -> Option<Holder> {
    Some(Holder { account: AccountId::new(id), dispute, decided: None })
}

fn disputed(second: Option<&str>) -> Option<Dispute> {
    Some(Dispute { since: now(), second: second.map(AccountId::new) })
}

fn unproven<O>(plan: &AccountPlan<O>) -> Vec<&str> {
    let of = |write: &AccountWrite| matches!(write, AccountWrite::Unprove { ends_sessions: true, .. });
    let named = plan.writes.iter().filter(|write| of(write));
    named
        .filter_map(|write| match write {
            AccountWrite::Unprove { account, .. } => Some(account),
            _ => None,
        })
        .map(AccountId::as_str)
        .collect::<Vec<_>>()
        .into_iter()
        .map(|id| if id == "a1" { "a1" } else { "b2" })
        .collect()
}

#[test]
fn idn_01_a_proof_is_exclusive_and_a_second_one_is_a_dispute() {
    let closed = Account { status: AccountStatus::Closed, ..account("b2", Some(now())) };
    for (what, holder, holding, own) in [
        ("nobody's", None, None, true),
        ("of an account that only named it", held("b2", None), Some(account("b2", None)), true),
        ("of an account that is closed", held("b2", None), Some(closed), true),
        ("of an account that is gone", held("b2", None), None, true),
        ("its own, taken back before", held("a1", None), Some(account("a1", None)), true),
        ("another's", held("b2", None), Some(account("b2", Some(now()))), false),
        ("contested", held("b2", disputed(None)), Some(account("b2", None)), false),
        ("disputed", held("b2", disputed(Some("c3"))), Some(account("b2", Some(now()))), false),
    ] {
        let facts = ProofFacts { account: account("a1", None), holder: holder.clone(), holding };
        let plan = prove(&facts, None, Duration::ZERO, now());
        assert_eq!(plan.outcome, if own { Proven::Own } else { Proven::Disputed }, "{what}");
        let decided_already = holder.as_ref().is_some_and(|holder| holder.dispute.is_some());
        match (own, decided_already) {
            (true, _) => {
                let after = held("a1", None).unwrap();
                let code = registration::profile().fiscal_code;
                let proof = Proof { at: now(), from: now() };
                let writes = [
                    AccountWrite::Hold { code, before: holder, after },
                    AccountWrite::Prove { account: AccountId::new("a1"), proof },
                ];
                assert_eq!(plan.writes, writes, "{what}");
                assert!(matches!(plan.messages[..], [OutboxMessage::IdentityProven { .. }]), "{what}");
            }
            (false, true) => assert_eq!((plan.writes, plan.messages), (vec![], vec![]), "{what}"),
            (false, false) => {
                let after = held("b2", disputed(Some("a1"))).unwrap();
                let code = registration::profile().fiscal_code;
                assert_eq!(plan.writes, [AccountWrite::Hold { code, before: holder, after }], "{what}");
                let accounts = ["b2", "a1"].map(AccountId::new).to_vec();
                assert_eq!(plan.messages, [OutboxMessage::IdentityDisputed { accounts }], "{what}");
            }
        }
    }
    // Proven already, if only with a time to wait: nothing.
    let waiting = Account { identity_proven: false, ..account("a1", Some(now())) };
    for (account, outcome) in [(account("a1", Some(now())), Proven::Own), (waiting, Proven::Waits)] {
        let facts = ProofFacts { account, holder: None, holding: None };
        assert_eq!(prove(&facts, None, Duration::ZERO, now()), AccountPlan::nothing(outcome));
    }
}

#[test]
fn idn_02_the_address_that_the_creditor_knows_is_told_unless_it_is_the_accounts_own() {
    let own = registration::profile().username;
    let other = Email::parse("casa@example.it").unwrap();
    for (known, told) in [(None, None), (Some(&own), None), (Some(&other), Some(other.clone()))] {
        let facts = ProofFacts { account: account("a1", None), holder: None, holding: None };
        let wait = Duration::from_secs(48 * 60 * 60);
        let plan = prove(&facts, known, wait, now());
        let message =
            OutboxMessage::IdentityProven { account: AccountId::new("a1"), proof: now(), known: told };
        assert_eq!((plan.messages, plan.outcome), (vec![message], Proven::Waits));
        let proof = Proof { at: now(), from: time::after(now(), wait) };
        assert!(plan.writes.contains(&AccountWrite::Prove { account: AccountId::new("a1"), proof }));
    }
}

#[test]
fn idn_02_a_contest_takes_back_the_proof_that_it_is_about_within_its_time() {
    let link = |purpose, left: i64, proof| MailedLink {
        hash: "h".to_owned(),
        purpose,
        account: AccountId::new("a1"),
        epoch: 0,
        expires_at: Timestamp::from_second(now().as_second() + left).unwrap(),
        used_at: None,
        is_latest: true,
        proof,
    };
    let good = link(LinkPurpose::ContestProof, 1, Some(now()));
    let proven = account("a1", Some(now()));
    let later = account("a1", Some(at("2026-11-30T09:00:01Z")));
    let holder = held("a1", None);
    let plan = contest(Some(&good), Some(&proven), holder.as_ref(), now()).unwrap();
    assert_eq!(unproven(&plan), ["a1"]);
    assert!(matches!(&plan.writes[0], AccountWrite::Hold { after, .. } if after.dispute == disputed(None)));
    assert!(matches!(plan.messages[..], [OutboxMessage::IdentityDisputed { .. }]));
    // Taken back before: the same answer, and nothing to do.
    let before = contest(Some(&good), Some(&account("a1", None)), holder.as_ref(), now()).unwrap();
    assert_eq!(before, AccountPlan::nothing(()));
    let closed = Account { status: AccountStatus::Closed, ..proven.clone() };
    for (what, link, account) in [
        ("nobody's", None, None),
        ("of an account that is gone", Some(&good), None),
        ("out of time", Some(&link(LinkPurpose::ContestProof, 0, Some(now()))), Some(&proven)),
        ("of another purpose", Some(&link(LinkPurpose::Activate, 1, None)), Some(&proven)),
        ("of a proof before the one that an operator gave", Some(&good), Some(&later)),
        ("of an account that is closed", Some(&good), Some(&closed)),
    ] {
        let refused = contest(link, account, holder.as_ref(), now());
        assert!(matches!(refused, Err(Error::LinkNotValid)), "{what}");
    }
}

#[test]
fn idn_01_an_operator_gives_a_code_to_an_account_or_to_nobody() {
    let reason = Reason::new("anagrafe", "verbale 7/2026").unwrap();
    let code = registration::profile().fiscal_code;
    let (first, second) = (account("b2", Some(now())), account("a1", None));
    let holder = held("b2", disputed(Some("a1")));
    let told = |plan: &AccountPlan<()>| plan.messages.len();
    let held_by = |plan: &AccountPlan<()>, id: &str| {
        plan.writes.iter().any(|write| match write {
            AccountWrite::Hold { after, .. } => {
                after.account.as_str() == id && after.dispute.is_none() && after.decided.is_some()
            }
            _ => false,
        })
    };
    let proven = |plan: &AccountPlan<()>| {
        plan.writes
            .iter()
            .any(|write| matches!(write, AccountWrite::Prove { account, .. } if account.as_str() == "a1"))
    };
    // To the second: the first has it no more.
    let plan = decide(&code, holder.as_ref(), Some(&first), Some(&second), &reason, now());
    assert_eq!(
        (unproven(&plan), proven(&plan), held_by(&plan, "a1"), told(&plan)),
        (vec!["b2"], true, true, 2)
    );
    // To the first, which keeps it: the dispute is over.
    let plan = decide(&code, holder.as_ref(), Some(&first), Some(&first), &reason, now());
    assert_eq!((unproven(&plan), held_by(&plan, "b2"), told(&plan)), (vec![], true, 2));
    // To nobody: it can be proven anew.
    let plan = decide(&code, holder.as_ref(), Some(&first), None, &reason, now());
    assert_eq!(
        (unproven(&plan), proven(&plan), held_by(&plan, "b2"), told(&plan)),
        (vec!["b2"], false, true, 2)
    );
    // Nobody had proven it.
    let plan = decide(&code, None, None, Some(&second), &reason, now());
    assert_eq!((proven(&plan), held_by(&plan, "a1"), told(&plan)), (true, true, 1));
    let plan = decide(&code, None, None, None, &reason, now());
    assert_eq!(plan, AccountPlan::nothing(()));
}
