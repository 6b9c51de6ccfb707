//! How long what is held about people is kept.

use std::time::Duration;

use domain::account::{AccountId, LinkPurpose};
use domain::changes::expire;
use domain::creditor::Iban;
use domain::debt::{Debt, DebtOrigin, DebtState};
use domain::office::{AccountingEntry, DebtTransfer, OfficeData, TransferAccount};
use domain::rate_limits::REMEMBERED;
use domain::retention::{Period, Retention, forgotten, forgotten_at};
use domain::{FiscalCode, time};

use crate::samples::{at, debt as sample};

#[test]
fn idn_12_each_kind_of_data_has_its_period() {
    let periods: Vec<(&str, Period)> = Retention::ALL.iter().map(|kept| (kept.name, kept.period)).collect();
    let expected = [
        ("debts", Period::Years(10)),
        ("wishes", Period::Years(1)),
        ("profiles", Period::Hours(24)),
        ("links", Period::Days(30)),
        ("accounts", Period::Years(5)),
        ("warned-accounts", Period::Days(30)),
        ("letters", Period::Days(7)),
        ("dead-letters", Period::Days(30)),
        ("sessions", Period::Days(30)),
        ("answers", Period::Days(7)),
        ("limits", Period::Days(2)),
        ("failures", Period::Days(30)),
        ("audits", Period::Days(400)),
        ("events", Period::Days(400)),
        ("logs", Period::Days(180)),
        ("backups", Period::Days(35)),
    ];
    assert_eq!(periods, expected);
    assert_eq!(Retention::DEBTS.ends(at("2026-11-30T09:00:00Z")), at("2036-11-30T09:00:00Z"));
    assert_eq!(Retention::DEBTS.ends(at("2028-02-29T09:00:00Z")), at("2038-02-28T09:00:00Z"));
    assert_eq!(Retention::LETTERS.ends(at("2026-11-30T09:00:00Z")), at("2026-12-07T09:00:00Z"));
}

/// What has a length of its own ends when the table says.
#[test]
fn idn_12_what_works_for_a_while_is_kept_as_long() {
    let (from, purposes) = (
        at("2026-11-30T09:00:00Z"),
        [
            LinkPurpose::Activate,
            LinkPurpose::ResetPassword,
            LinkPurpose::ConfirmEmail,
            LinkPurpose::ContestProof,
        ],
    );
    let longest = purposes.map(LinkPurpose::life).into_iter().max().unwrap();
    assert_eq!(Retention::LINKS.ends(from), time::after(from, longest));
    assert_eq!(Retention::PROFILES.ends(from), time::after(from, LinkPurpose::Activate.life()));
    assert_eq!(Retention::FAILURES.ends(from), time::after(from, REMEMBERED));
}

#[test]
fn idn_12_a_debt_is_forgotten_ten_years_after_it_was_closed_and_a_wish_after_one() {
    let closed = Some(at("2026-11-30T09:00:00Z"));
    let debt = |state, origin| Debt { state, origin, closed_at: closed, ..sample() };
    for (state, origin, expected) in [
        (DebtState::Paid, DebtOrigin::Creditor, "2036-11-30T09:00:00Z"),
        (DebtState::Cancelled, DebtOrigin::Creditor, "2036-11-30T09:00:00Z"),
        (DebtState::Expired, DebtOrigin::Creditor, "2036-11-30T09:00:00Z"),
        (DebtState::Paid, DebtOrigin::Spontaneous, "2036-11-30T09:00:00Z"),
        (DebtState::Cancelled, DebtOrigin::Spontaneous, "2027-11-30T09:00:00Z"),
    ] {
        assert_eq!(forgotten_at(&debt(state, origin)), Some(at(expected)), "{state:?} {origin:?}");
    }
    let open = Debt { closed_at: None, ..sample() };
    assert_eq!(forgotten_at(&open), None, "somebody may still pay it");
    let wish = Debt { origin: DebtOrigin::Spontaneous, ..open };
    let year = Retention::WISHES.ends(wish.created_at);
    assert_eq!(forgotten_at(&wish), Some(year));
    assert_eq!(forgotten_at(&debt(DebtState::Expired, DebtOrigin::Spontaneous)), Some(year), "never paid");
    let office = OfficeData {
        reference: Some("Rossi 42".to_owned()),
        transfers: vec![DebtTransfer {
            fiscal_code: FiscalCode::parse("12345678903").unwrap(),
            company_name: "Comune di Test".to_owned(),
            account: TransferAccount::Bank(Iban::parse("IT69D0760102800000016302093").unwrap()),
            amount: sample().amount,
            category: None,
            remittance: Some("Mensa di Anna Rossi".to_owned()),
        }],
        accounting: vec![AccountingEntry { key: "alunna".to_owned(), value: "Anna Rossi".to_owned() }],
    };
    let gone = forgotten(&Debt { office, ..debt(DebtState::Paid, DebtOrigin::Creditor) });
    let kept = serde_json::to_string(&gone.office).unwrap();
    assert!(kept.contains("IT69D0760102800000016302093") && !kept.contains("Rossi"), "{kept}");
    assert!(gone.is_forgotten() && forgotten_at(&gone).is_none());
    let before = sample();
    assert_eq!(
        (gone.amount, gone.created_at, gone.notice),
        (before.amount, before.created_at, before.notice)
    );
    assert_eq!((gone.reason.as_str(), gone.debtor.name.as_str(), gone.details.len()), ("", "", 0));
}

#[test]
fn idn_12_a_wish_that_nobody_pays_expires_and_then_loses_whose_it_was() {
    let only_of = Some(AccountId::new("a1"));
    let wish = Debt { origin: DebtOrigin::Spontaneous, only_of, ..sample() };
    let year = Retention::WISHES.ends(wish.created_at);
    let before = year.checked_sub(Duration::from_secs(1)).unwrap();
    assert!(expire(Some(&wish), before).unwrap().debts.is_empty());
    let expired = expire(Some(&wish), year).unwrap().debts.remove(0).after;
    assert_eq!((expired.state, expired.is_forgotten()), (DebtState::Expired, false));
    let plan = expire(Some(&expired), year).unwrap();
    let gone = &plan.debts[0].after;
    assert!(gone.is_forgotten() && plan.debts[0].movements.is_empty() && plan.messages.is_empty());
    assert_eq!((&gone.only_of, gone.watchers.len(), gone.amount), (&None, 0, wish.amount));
    assert!(expire(Some(gone), year).unwrap().debts.is_empty());
    // It is read as it was written, and nobody can ask for its code.
    let read: Debt = serde_json::from_str(&serde_json::to_string(gone).unwrap()).unwrap();
    assert_eq!(&read, gone);
    let code = gone.debtor.fiscal_code.as_str();
    assert!(FiscalCode::parse(code).is_err() && FiscalCode::of_debtor(code).is_err());
}
