//! What a person sees of a debt, day by day.

use domain::debt::{Debt, DebtDates, DebtOrigin, DebtState, DebtStatus, OpenAttempt};
use domain::payment::PaymentId;
use domain::receipt::{PspIdentity, Receipt};
use domain::time::rome_date;
use domain::{Amount, Error, FieldCode, Timestamp};
use proptest::prelude::*;

use crate::samples::{at, cases, day, debt};

fn in_state(state: DebtState, expires: Option<&str>) -> Debt {
    let days = DebtDates { expires: expires.map(day), ..DebtDates::default() };
    Debt { state, days, ..debt() }
}

/// The word for the answer, since errors do not compare.
fn payable(debt: &Debt, now: Timestamp) -> &'static str {
    match debt.ensure_payable(now) {
        Ok(()) => "payable",
        Err(Error::DebtNotFound) => "not found",
        Err(Error::DebtAlreadyPaid) => "already paid",
        Err(Error::DebtNotPayable) => "not payable",
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn every_state_before_and_after_the_last_day() {
    let (before, after) = (at("2026-06-15T12:00:00Z"), at("2026-07-15T12:00:00Z"));
    let last = Some("2026-06-30");
    for (state, now, status, effective, answer) in [
        (DebtState::Open, before, DebtStatus::ToPay, DebtState::Open, "payable"),
        (DebtState::Open, after, DebtStatus::Expired, DebtState::Expired, "not payable"),
        (DebtState::Paid, before, DebtStatus::Paid, DebtState::Paid, "already paid"),
        (DebtState::Paid, after, DebtStatus::Paid, DebtState::Paid, "already paid"),
        (DebtState::Cancelled, before, DebtStatus::Cancelled, DebtState::Cancelled, "not payable"),
        (DebtState::Cancelled, after, DebtStatus::Cancelled, DebtState::Cancelled, "not payable"),
        (DebtState::Expired, before, DebtStatus::Expired, DebtState::Expired, "not payable"),
        (DebtState::Expired, after, DebtStatus::Expired, DebtState::Expired, "not payable"),
    ] {
        let debt = in_state(state, last);
        assert_eq!(debt.status(now), status, "{state:?} at {now}");
        assert_eq!(debt.effective_state(now), effective, "{state:?} at {now}");
        assert_eq!(payable(&debt, now), answer, "{state:?} at {now}");
    }
    assert_eq!(
        in_state(DebtState::Open, None).status(after),
        DebtStatus::ToPay,
        "without a last day, always"
    );
}

#[test]
fn inv_x16_the_last_day_ends_at_midnight_in_rome_also_on_the_two_nights() {
    for (last, still, over) in [
        ("2026-01-31", "2026-01-31T22:59:59Z", "2026-01-31T23:00:00Z"),
        ("2026-06-30", "2026-06-30T21:59:59Z", "2026-06-30T22:00:00Z"),
        ("2026-03-28", "2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z"),
        ("2026-03-29", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"),
        ("2026-10-24", "2026-10-24T21:59:59Z", "2026-10-24T22:00:00Z"),
        ("2026-10-25", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"),
    ] {
        let debt = in_state(DebtState::Open, Some(last));
        assert_eq!(debt.status(at(still)), DebtStatus::ToPay, "{last}");
        assert_eq!(debt.status(at(over)), DebtStatus::Expired, "{last}");
    }
}

#[test]
fn past_its_due_day_a_debt_is_still_to_pay() {
    let days = DebtDates { due: Some(day("2026-01-31")), ..DebtDates::default() };
    let late = Debt { days, ..debt() };
    assert_eq!(payable(&late, at("2027-01-01T00:00:00Z")), "payable");
    assert!(!late.is_past_expiry(at("2027-01-01T00:00:00Z")));
}

#[test]
fn before_its_first_day_a_debt_does_not_exist() {
    let days = DebtDates { valid_from: Some(day("2026-03-29")), ..DebtDates::default() };
    for state in DebtState::ALL {
        let early = Debt { days, state, ..debt() };
        assert_eq!(payable(&early, at("2026-03-28T22:59:59Z")), "not found", "{state:?}");
        assert!(early.is_published(at("2026-03-28T23:00:00Z")), "{state:?}");
        assert_ne!(payable(&early, at("2026-03-28T23:00:00Z")), "not found", "{state:?}");
    }
}

#[test]
fn statuses_are_the_contracts() {
    let words = ["to-pay", "paid", "expired", "cancelled"];
    for (status, word) in [DebtStatus::ToPay, DebtStatus::Paid, DebtStatus::Expired, DebtStatus::Cancelled]
        .into_iter()
        .zip(words)
    {
        assert_eq!(status.as_str(), word);
        assert_eq!(serde_json::to_value(status).unwrap(), word);
    }
    assert_eq!(serde_json::to_value(DebtOrigin::Creditor).unwrap(), "creditor");
    assert_eq!(serde_json::to_value(DebtOrigin::Spontaneous).unwrap(), "spontaneous");
}

#[test]
fn the_day_of_payment_is_the_senders_then_the_circuits_then_ours() {
    let receipt = Receipt {
        code: String::new(),
        receipt_id: "r1".to_owned(),
        amount: Amount::new(1).unwrap(),
        fee: None,
        // In Rome it is already the next day.
        paid_at: Some(at("2026-05-01T22:30:00Z")),
        applied_on: Some(day("2026-05-04")),
        recorded_at: at("2026-05-05T22:30:00Z"),
        psp: PspIdentity { id: "PSP".to_owned(), name: "PSP".to_owned(), fiscal_code: None },
        method: None,
        channel: None,
        payer: None,
        brought_by: None,
        paid_together: None,
        paid_for: None,
    };
    let paid_on = |receipt: &Receipt| Debt { receipt: Some(receipt.clone()), ..debt() }.paid_on();
    assert_eq!(paid_on(&receipt), Some(day("2026-05-02")));
    let unsaid = Receipt { paid_at: None, ..receipt };
    assert_eq!(paid_on(&unsaid), Some(day("2026-05-04")));
    assert_eq!(paid_on(&Receipt { applied_on: None, ..unsaid }), Some(day("2026-05-06")));
    assert_eq!(debt().paid_on(), None);
}

#[test]
fn a_stored_debt_reads_back_the_same() {
    let full = Debt {
        days: DebtDates { valid_from: Some(day("2026-01-01")), due: Some(day("2026-02-01")), expires: None },
        attempt: Some(OpenAttempt {
            payment_id: PaymentId::from_random([0xab; 16]),
            expires_at: at("2026-01-01T00:30:00Z"),
        }),
        ..debt()
    };
    for debt in [debt(), full] {
        let text = serde_json::to_string(&debt).unwrap();
        assert_eq!(serde_json::from_str::<Debt>(&text).unwrap(), debt);
        assert_eq!(debt.iuv().as_str(), "01000000000000144");
    }
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn status_state_and_payable_never_contradict_each_other(
        state in prop::sample::select(DebtState::ALL.to_vec()),
        valid_from in prop::option::of(0_i64..80), expires in prop::option::of(0_i64..80),
        second in 0_i64..6_912_000,
    ) {
        let date = |n: i64| rome_date(Timestamp::from_second(1_800_000_000 + n * 86_400).unwrap());
        let days = DebtDates { valid_from: valid_from.map(date), due: None, expires: expires.map(date) };
        let debt = Debt { state, days, ..debt() };
        let now = Timestamp::from_second(1_800_000_000 + second).unwrap();
        let (status, effective) = (debt.status(now), debt.effective_state(now));
        prop_assert_eq!(payable(&debt, now) == "payable", effective == DebtState::Open && debt.is_published(now));
        prop_assert_eq!(payable(&debt, now) == "not found", !debt.is_published(now));
        let pairs = [(DebtState::Open, DebtStatus::ToPay), (DebtState::Paid, DebtStatus::Paid),
            (DebtState::Expired, DebtStatus::Expired), (DebtState::Cancelled, DebtStatus::Cancelled)];
        prop_assert!(pairs.contains(&(effective, status)), "{:?} is shown as {:?}", effective, status);
        // Time closes what was open and touches nothing else.
        prop_assert!(effective == state || (state == DebtState::Open && debt.is_past_expiry(now)));
    }
}

#[test]
fn days_are_written_whole_and_of_this_century() {
    for fine in ["2000-01-01", "2100-12-31", " 2026-02-28 "] {
        assert_eq!(DebtDates::day(fine).map(|day| day.to_string()).as_deref(), Ok(fine.trim()));
    }
    for (text, code) in [
        ("1999-12-31", FieldCode::Range),
        ("2101-01-01", FieldCode::Range),
        ("0026-12-31", FieldCode::Range),
        ("9999-12-31", FieldCode::Range),
        ("2026-02-29", FieldCode::Format),
        ("2026-1-31", FieldCode::Format),
        ("20260131", FieldCode::Format),
        ("2026-01-31T00:00", FieldCode::Format),
        ("31/01/2026", FieldCode::Format),
        ("", FieldCode::Format),
    ] {
        assert_eq!(DebtDates::day(text), Err(code), "{text:?}");
    }
}
