//! Money: whole cents, checked (INV-M08).

use domain::money::{MAX_CENTS, OutOfRange};
use domain::{Amount, Cents};
use proptest::prelude::*;

use crate::samples::{any_text, cases, text, vectors};

const FILE: &str = include_str!("../data/money.json");

#[test]
fn every_vector_is_printed_and_read() {
    for row in vectors(FILE, "/amounts") {
        let amount = Amount::new(row["cents"].as_u64().unwrap()).unwrap();
        assert_eq!(amount.cents().decimal(), text(&row, "soap"));
        assert_eq!(amount.cents().italian(), text(&row, "italianDisplay"));
        assert_eq!(Amount::parse_decimal(text(&row, "soap")), Ok(amount));
    }
}

#[test]
fn every_invalid_decimal_is_refused() {
    for row in vectors(FILE, "/invalidDecimal") {
        assert_eq!(Amount::parse_decimal(text(&row, "value")), Err(OutOfRange), "{row}");
    }
    for wrong in
        ["", ".", "1.", ".50", "1.5", "-1.00", "+1.00", " 1.00", "1.00 ", "1.00.00", "1e3.00", "١.٠٠"]
    {
        assert_eq!(Amount::parse_decimal(wrong), Err(OutOfRange), "{wrong:?}");
    }
    assert_eq!(Amount::parse_decimal("18446744073709551616.00"), Err(OutOfRange), "more than 64 bits");
    assert_eq!(Amount::parse_decimal("999999999999.99"), Err(OutOfRange));
    assert_eq!(Amount::parse_decimal("999999999.99"), Amount::new(MAX_CENTS));
    assert_eq!(OutOfRange.to_string(), "not an amount in euro cents that the circuit can carry");
    assert_eq!(Amount::parse_decimal("0010.00"), Amount::new(1_000), "the schema allows leading zeros");
}

#[test]
fn inv_m08_the_limits_are_the_circuits() {
    assert_eq!(MAX_CENTS, 99_999_999_999);
    for (cents, as_cents, as_amount) in [
        (0, true, false),
        (1, true, true),
        (MAX_CENTS, true, true),
        (MAX_CENTS + 1, false, false),
        (u64::MAX, false, false),
    ] {
        assert_eq!(Cents::new(cents).is_ok(), as_cents, "{cents}");
        assert_eq!(Amount::new(cents).is_ok(), as_amount, "{cents}");
        // The store and the wire read with the same care.
        assert_eq!(serde_json::from_str::<Cents>(&cents.to_string()).is_ok(), as_cents, "{cents}");
        assert_eq!(serde_json::from_str::<Amount>(&cents.to_string()).is_ok(), as_amount, "{cents}");
    }
    for wrong in ["1.0", "1.5", "-1", "\"100\"", "1e2", "null", "true", "18446744073709551616"] {
        assert!(serde_json::from_str::<Amount>(wrong).is_err(), "{wrong}");
        assert!(serde_json::from_str::<Cents>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn amounts_are_printed_for_people() {
    for (cents, italian, english, decimal) in [
        (0, "0,00", "0.00", "0.00"),
        (5, "0,05", "0.05", "0.05"),
        (100_000, "1.000,00", "1,000.00", "1000.00"),
        (123_456_789, "1.234.567,89", "1,234,567.89", "1234567.89"),
        (MAX_CENTS, "999.999.999,99", "999,999,999.99", "999999999.99"),
    ] {
        let cents = Cents::new(cents).unwrap();
        assert_eq!(cents.italian(), italian);
        assert_eq!(cents.english(), english);
        assert_eq!(cents.decimal(), decimal);
    }
}

#[test]
fn inv_m08_no_floating_point_is_written_in_the_domain() {
    let src = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut read = 0;
    for file in std::fs::read_dir(src).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|e| e == "rs") {
            let code = std::fs::read_to_string(&path).unwrap();
            assert!(!code.contains("f32") && !code.contains("f64"), "{} names a float", path.display());
            read += 1;
        }
    }
    assert!(read > 10, "only {read} files read");
}

/// Reads a printed amount back: every group but the first has three digits, the cents two.
fn read(text: &str, thousands: char, point: char) -> u64 {
    let (whole, cents) = text.split_once(point).unwrap();
    let groups: Vec<&str> = whole.split(thousands).collect();
    assert!((1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3), "{text}");
    assert_eq!(cents.len(), 2, "{text}");
    format!("{}{cents}", groups.concat()).parse().unwrap()
}

/// Cents of every size: as many of one digit as of eleven.
fn any_cents() -> impl Strategy<Value = u64> {
    (0_u32..=11).prop_flat_map(|digits| 0..=(10_u64.pow(digits) - 1).min(MAX_CENTS))
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn inv_m08_every_printed_form_reads_back(n in any_cents()) {
        let cents = Cents::new(n).unwrap();
        prop_assert_eq!(read(&cents.italian(), '.', ','), n);
        prop_assert_eq!(read(&cents.english(), ',', '.'), n);
        prop_assert_eq!(Amount::parse_decimal(&cents.decimal()), Amount::new(n));
        prop_assert_eq!(serde_json::to_string(&cents).unwrap(), n.to_string());
        prop_assert_eq!(serde_json::from_str::<Cents>(&n.to_string()).unwrap(), cents);
    }

    #[test]
    fn inv_m08_sums_are_exact_or_nothing(amounts in prop::collection::vec(any_cents(), 0..12)) {
        let exact: u128 = amounts.iter().map(|n| u128::from(*n)).sum();
        let sum = Cents::sum(amounts.iter().map(|n| Cents::new(*n).unwrap()));
        let expected = (exact <= u128::from(MAX_CENTS)).then_some(exact);
        prop_assert_eq!(sum.map(|sum| u128::from(sum.get())), expected);
    }

    #[test]
    fn inv_m08_two_amounts_add_up_at_the_very_limit(a in 0..=MAX_CENTS, slack in 0_u64..3) {
        let first = Cents::new(a).unwrap();
        let second = Cents::new((MAX_CENTS - a).saturating_sub(slack)).unwrap();
        prop_assert_eq!(first.plus(second).map(Cents::get), Some(a + second.get()));
        prop_assert_eq!(second.plus(first), first.plus(second));
        let over = Cents::new(MAX_CENTS - a + 1).ok().and_then(|more| first.plus(more));
        prop_assert_eq!(over, None);
    }

    #[test]
    fn inv_x03_no_text_makes_the_reader_panic(text in any_text()) {
        if let Ok(amount) = Amount::parse_decimal(&text) {
            prop_assert_eq!(Amount::parse_decimal(&amount.cents().decimal()), Ok(amount));
        }
    }

    /// Against the schema's own words: `\d+\.\d{2}`, from 0.01 to 999999999.99.
    #[test]
    fn decimals_are_judged_as_the_schema_does(
        euro in "0{0,30}[0-9]{0,12}", point in "[.,]?", cents in "[0-9]{0,3}",
    ) {
        let text = format!("{euro}{point}{cents}");
        let form = !euro.is_empty() && point == "." && cents.len() == 2;
        let value = format!("{euro}{cents}").parse::<u64>().ok().filter(|n| (1..=MAX_CENTS).contains(n));
        let expected = value.filter(|_| form).ok_or(OutOfRange);
        prop_assert_eq!(Amount::parse_decimal(&text).map(Amount::get), expected);
    }
}
