//! Spontaneous payments: the price is the catalogue's, the fields are the service's.

use std::collections::BTreeMap;

use domain::Error;
use domain::money::MAX_CENTS;
use domain::spontaneous::{CatalogueService, PricedRequest, ServiceField, SpontaneousPaymentRequest, reason};
use jiff::civil::date;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::samples::{any_text, cases, list, refused, text, vectors};

fn service(amount: &Value, fields: &Value) -> CatalogueService {
    serde_json::from_value(json!({
        "code": "14.TOSAP", "name": "TOSAP temporanea", "taxonomy": "0101002IM",
        "amount": amount, "fields": fields,
    }))
    .unwrap()
}

fn free() -> CatalogueService {
    service(&json!({"kind": "free", "min": 100, "max": 50_000}), &json!([]))
}

fn fixed() -> CatalogueService {
    service(&json!({"kind": "fixed", "fixed": 450}), &json!([]))
}

/// Square metres × days × the factor of the zone × 25 cents, and 2 € a day for the table; 10 € to begin with.
fn tariff() -> CatalogueService {
    service(
        &json!({"kind": "tariff", "base": 1_000, "terms": [
            {"cents": 25, "times": ["metres", "days"],
             "factor": {"field": "zone", "options": {"A": 3, "B": 1, "C": 0}}},
            {"cents": 200, "times": ["days"]},
        ]}),
        &json!([
            {"name": "metres", "label": "Metri", "type": "number", "required": true, "min": 1, "max": 1_000},
            {"name": "days", "label": "Giorni", "type": "number", "required": true, "max": 365},
            {"name": "zone", "label": "Zona", "type": "choice", "required": true, "options": ["A", "B", "C"]},
        ]),
    )
}

fn wish(
    service: &CatalogueService,
    reason: &str,
    amount: Option<u64>,
    fields: &[(&str, &str)],
) -> Result<PricedRequest, Error> {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    service.price(&SpontaneousPaymentRequest { reason, amount, fields: &fields, today: date(2026, 11, 30) })
}

fn price(service: &CatalogueService, amount: Option<u64>, fields: &[(&str, &str)]) -> Result<u64, Error> {
    wish(service, "TOSAP 2026", amount, fields).map(|priced| priced.amount.get())
}

#[test]
fn a_free_amount_is_the_persons_within_the_limits() {
    for (cents, expected) in [
        (Some(100), None),
        (Some(50_000), None),
        (Some(99), Some("min")),
        (Some(0), Some("min")),
        (Some(50_001), Some("max")),
        (Some(u64::MAX), Some("max")),
        (None, Some("required")),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|code| ("amount", code)).collect();
        assert_eq!(refused(price(&free(), cents, &[])), list(&expected), "{cents:?}");
        if let Ok(price) = price(&free(), cents, &[]) {
            assert_eq!(Some(price), cents);
        }
    }
    let params = |cents| match price(&free(), Some(cents), &[]) {
        Err(Error::Invalid(errors)) => errors[0].params.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((params(1), params(60_000)), (vec![("min", 100)], vec![("max", 50_000)]));
}

#[test]
fn inv_m28_a_price_of_the_catalogue_takes_no_amount_from_outside() {
    let fields = [("metres", "10"), ("days", "2"), ("zone", "A")];
    assert_eq!(price(&fixed(), None, &[]).unwrap(), 450);
    assert_eq!(refused(price(&fixed(), Some(450), &[])), list(&[("amount", "not_allowed")]));
    assert_eq!(refused(price(&tariff(), Some(2_900), &fields)), list(&[("amount", "not_allowed")]));
    assert_eq!(refused(price(&fixed(), None, &[("amount", "1")])), list(&[("fields.amount", "not_allowed")]));
}

#[test]
fn a_tariff_is_its_base_and_every_term() {
    for (metres, days, zone, cents) in [
        ("10", "2", "A", 1_000 + 25 * 10 * 2 * 3 + 200 * 2),
        ("10", "2", "B", 1_000 + 25 * 10 * 2 + 200 * 2),
        ("10", "2", "C", 1_000 + 200 * 2),
        ("1", "0", "A", 1_000),
        (" 0010 ", "2", "B", 1_000 + 25 * 10 * 2 + 200 * 2),
        ("1000", "365", "A", 1_000 + 25 * 1_000 * 365 * 3 + 200 * 365),
    ] {
        let fields = [("metres", metres), ("days", days), ("zone", zone)];
        assert_eq!(price(&tariff(), None, &fields).unwrap(), cents, "{metres} {days} {zone}");
    }
}

#[test]
fn a_tariff_whose_fields_are_wrong_blames_the_fields_and_not_the_amount() {
    assert_eq!(
        refused(price(&tariff(), None, &[("metres", "many"), ("zone", "D")])),
        list(&[("fields.metres", "format"), ("fields.days", "required"), ("fields.zone", "not_allowed")])
    );
    assert_eq!(
        refused(price(&tariff(), Some(5), &[])),
        list(&[
            ("fields.metres", "required"),
            ("fields.days", "required"),
            ("fields.zone", "required"),
            ("amount", "not_allowed"),
        ])
    );
}

/// A service whose price is the number times these cents.
fn one_term(base: u64, cents: u64) -> CatalogueService {
    service(
        &json!({"kind": "tariff", "base": base, "terms": [{"cents": cents, "times": ["n"]}]}),
        &json!([{"name": "n", "label": "N", "type": "number", "required": true,
                 "max": 999_999_999_999_999_u64}]),
    )
}

#[test]
fn inv_m08_a_tariff_that_leaves_the_range_is_refused() {
    for (base, cents, n, expected) in [
        (0, 1, "99999999999", Ok(MAX_CENTS)),
        (0, 1, "100000000000", Err("range")),
        (MAX_CENTS, 1, "1", Err("range")),
        (MAX_CENTS, 1, "0", Ok(MAX_CENTS)),
        (0, u64::MAX, "2", Err("range")),
        (0, u64::MAX, "1", Err("range")),
        (1, u64::MAX, "1", Err("range")),
        (0, 1 << 32, "999999999999999", Err("range")),
        // Nothing can owe nothing.
        (0, 100, "0", Err("range")),
    ] {
        let outcome = price(&one_term(base, cents), None, &[("n", n)]);
        match expected {
            Ok(expected) => assert_eq!(outcome.unwrap(), expected),
            Err(code) => assert_eq!(refused(outcome), list(&[("amount", code)]), "{base} {cents} {n}"),
        }
    }
}

#[test]
fn unknown_fields_are_refused_each_by_name() {
    assert_eq!(
        refused(price(&free(), Some(100), &[("plate", "AA000AA"), ("zone", "A")])),
        list(&[("fields.plate", "not_allowed"), ("fields.zone", "not_allowed")])
    );
}

/// The code of one value in a free service with this one field, or `ok`.
fn judge(field: &Value, value: &str) -> &'static str {
    let mut field = field.clone();
    field["name"] = json!("x");
    field["label"] = json!("X");
    let service = service(&json!({"kind": "fixed", "fixed": 1}), &json!([field]));
    match refused(price(&service, None, &[("x", value)])).as_slice() {
        [] => "ok",
        [(name, code)] => {
            assert_eq!(name, "fields.x");
            code
        }
        more => panic!("{more:?}"),
    }
}

#[test]
fn every_kind_of_field_judges_its_values() {
    let text = json!({"type": "text", "required": true, "min": 3, "max": 5});
    let plate = json!({"type": "text", "mask": "AA999AA"});
    let any = json!({"type": "text", "pattern": "*-9é"});
    let number = json!({"type": "number", "min": 2, "max": 10});
    let year = json!({"type": "year", "min": 2020, "max": 2030});
    let date = json!({"type": "date"});
    let choice = json!({"type": "choice", "options": ["Infanzia", "Scuola primaria"]});
    for (field, value, expected) in [
        (&text, "", "required"),
        (&text, " \u{a0}", "required"),
        (&text, "ab", "too_short"),
        (&text, "  abc  ", "ok"),
        (&text, "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}", "ok"),
        (&text, "abcdef", "too_long"),
        (&text, "ab\u{202e}c", "format"),
        (&text, "ab\0c", "format"),
        (&plate, "AB123cd", "ok"),
        (&plate, "AB123C", "format"),
        (&plate, "AB123CDE", "format"),
        (&plate, "A1123CD", "format"),
        (&plate, "AB12ACD", "format"),
        (&plate, "ÀB123CD", "format"),
        (&plate, "AB1٢3CD", "format"),
        (&plate, "", "ok"),
        (&any, "a-1é", "ok"),
        (&any, "7-1é", "ok"),
        (&any, "--1é", "format"),
        (&any, "a-1e", "format"),
        (&any, "a_1é", "format"),
        (&number, "2", "ok"),
        (&number, "10", "ok"),
        (&number, "1", "min"),
        (&number, "11", "max"),
        (&number, "-3", "format"),
        (&number, "+3", "format"),
        (&number, "3,5", "format"),
        (&number, "3.0", "format"),
        (&number, "1 000", "format"),
        (&number, "٣", "format"),
        (&number, "99999999999999999999", "format"),
        (&number, "0000000000000003", "format"),
        (&number, "000000000000003", "ok"),
        (&year, "2020", "ok"),
        (&year, "2030", "ok"),
        (&year, "2019", "min"),
        (&year, "2031", "max"),
        (&year, "26", "format"),
        (&year, "02026", "format"),
        (&date, "2024-02-29", "ok"),
        (&date, "2026-02-29", "format"),
        (&date, "2026-13-01", "format"),
        (&date, "29/02/2024", "format"),
        (&date, "20240229", "format"),
        (&date, "2024-02-29T00:00:00Z", "format"),
        (&date, "2024-W09-4", "format"),
        (&choice, "Infanzia", "ok"),
        (&choice, " Scuola   primaria ", "ok"),
        (&choice, "infanzia", "not_allowed"),
        (&choice, "Altro", "not_allowed"),
    ] {
        assert_eq!(judge(field, value), expected, "{field} {value:?}");
    }
    assert_eq!(judge(&json!({"type": "text"}), &"a".repeat(100)), "ok");
    assert_eq!(
        judge(&json!({"type": "text"}), &"a".repeat(101)),
        "too_long",
        "a text has an end without max too"
    );
    assert_eq!(judge(&json!({"type": "text"}), &format!("a{}", "\u{301}".repeat(9_000))), "format");
}

#[test]
fn sentences_about_a_fields_limits_have_their_numbers() {
    for (field, value, params) in [
        (json!({"type": "text", "min": 3}), "ab", vec![("min", 3), ("n", 2)]),
        (json!({"type": "text", "max": 3}), "abcd", vec![("max", 3), ("n", 4)]),
        (json!({"type": "number", "min": 3}), "2", vec![("min", 3)]),
        (json!({"type": "year", "max": 2030}), "2031", vec![("max", 2030)]),
    ] {
        let mut named = field.clone();
        named["name"] = json!("x");
        named["label"] = json!("X");
        let service = service(&json!({"kind": "fixed", "fixed": 1}), &json!([named]));
        match price(&service, None, &[("x", value)]) {
            Err(Error::Invalid(errors)) => assert_eq!(errors[0].params, params, "{field}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn every_mistake_of_a_wish_is_told_at_once() {
    let fields = [("metres", "0"), ("days", "366"), ("zone", "Z"), ("plate", "x")];
    assert_eq!(
        refused(wish(&tariff(), " ", Some(1), &fields)),
        list(&[
            ("reason", "required"),
            ("fields.plate", "not_allowed"),
            ("fields.metres", "min"),
            ("fields.days", "max"),
            ("fields.zone", "not_allowed"),
            ("amount", "not_allowed"),
        ])
    );
}

#[test]
fn reasons_are_letters_digits_and_simple_punctuation() {
    let code = |text: &str| reason(text).map_err(|error| (error.field, error.code.as_str()));
    for fine in [
        "TARI 2026",
        "Mensa: n. 3 (aprile) - 45,50 €",
        "Perche\u{301} no?",
        "1° rata/A & B \"x\" 'y' ’z’ #1 50%",
        "Šola št. 2",
    ] {
        assert_eq!(code(fine), Ok(fine.to_owned()));
    }
    assert_eq!(code("  TARI \n 2026 "), Ok("TARI 2026".to_owned()));
    assert_eq!(code(&"a".repeat(140)), Ok("a".repeat(140)));
    let refusal = |code| Err(("reason".to_owned(), code));
    assert_eq!(code(&"a".repeat(141)), refusal("too_long"));
    assert_eq!(code(" "), refusal("required"));
    for wrong in
        ["<script>", "a|b", "a{b}", "a\\b", "a`b", "a=b", "a;b\u{0}", "🙂", "a\u{202e}b", "a^b", "a~b", "[a]"]
    {
        assert_eq!(code(wrong), refusal("format"), "{wrong:?}");
    }
}

#[test]
fn what_is_priced_keeps_the_tidy_reason() {
    let priced = wish(&fixed(), "  Diritti  di copia ", None, &[]).unwrap();
    assert_eq!((priced.reason.as_str(), priced.amount.get()), ("Diritti di copia", 450));
}

/// The fields that [`CatalogueService::check`] blames after a change of the tariff's file.
fn blamed(change: impl FnOnce(&mut CatalogueService)) -> Vec<String> {
    let mut service = tariff();
    change(&mut service);
    service.check().into_iter().map(|(field, _)| field).collect()
}

fn field(json: &Value) -> ServiceField {
    serde_json::from_value(json.clone()).unwrap()
}

#[test]
fn a_right_file_has_no_mistakes() {
    for service in [free(), fixed(), tariff(), one_term(1, 1)] {
        assert_eq!(service.check(), []);
        assert!(service.spontaneous, "open unless the file says otherwise");
    }
}

#[test]
fn every_taxonomy_vector_is_judged() {
    for row in vectors(include_str!("../data/creditor.json"), "/transferCategory") {
        let valid = blamed(|service| service.taxonomy = text(&row, "value").to_owned()).is_empty();
        assert_eq!(valid, row["valid"].as_bool().unwrap(), "{row}");
    }
    for wrong in [
        "9/0101002IM",
        "0101002IM/",
        "9/9/0101002IM/",
        "9/0101002IM//",
        "0101002IM ",
        "010100éIM",
        "01010021M",
    ] {
        assert_eq!(blamed(|service| service.taxonomy = wrong.to_owned()), ["taxonomy"], "{wrong:?}");
    }
}

#[test]
fn every_mistake_of_a_file_is_blamed_on_its_own_field() {
    type Change = fn(&mut CatalogueService);
    let table: Vec<(&str, Change)> = vec![
        ("code", |s| s.code = String::new()),
        ("code", |s| s.code = "x".repeat(36)),
        ("code", |s| s.code = "14/TOSAP".to_owned()),
        ("code", |s| s.code = "14.TÒSAP".to_owned()),
        ("name", |s| s.name = " ".to_owned()),
        ("name", |s| s.name = "x".repeat(101)),
        ("fields[0].name", |s| s.fields.insert(0, field(&json!({"name": "", "label": "X", "type": "text"})))),
        ("fields[3].name", |s| s.fields.push(field(&json!({"name": "a-b", "label": "X", "type": "text"})))),
        ("fields[3].name", |s| s.fields.push(field(&json!({"name": "zone", "label": "X", "type": "text"})))),
        ("fields[3].label", |s| s.fields.push(field(&json!({"name": "x", "label": " ", "type": "text"})))),
        ("fields[3].options", |s| {
            s.fields.push(field(&json!({"name": "x", "label": "X", "type": "choice"})))
        }),
        ("fields[0].options", |s| s.fields[0].options = vec!["1".to_owned()]),
        ("fields[2].options", |s| s.fields[2].options = vec!["A".to_owned(), "A".to_owned()]),
        ("fields[0].max", |s| (s.fields[0].min, s.fields[0].max) = (Some(3), Some(2))),
        ("fields[0].mask", |s| s.fields[0].mask = Some("99".to_owned())),
        ("amount.terms", |s| {
            s.amount = serde_json::from_value(json!({"kind": "tariff", "terms": []})).unwrap()
        }),
        // A number that may be missing or has no end cannot make a price.
        ("amount.terms[0].times", |s| s.fields[0].required = false),
        ("amount.terms[0].times", |s| s.fields[0].max = None),
        ("amount.terms[0].factor", |s| s.fields[2].required = false),
        ("amount.terms[0].factor", |s| s.fields[2].options.push("D".to_owned())),
        ("amount.terms[1].times", |s| {
            let terms = json!([{"cents": 1, "times": ["days"]}, {"cents": 1, "times": ["zone"]}]);
            s.amount = serde_json::from_value(json!({"kind": "tariff", "terms": terms})).unwrap();
        }),
        ("amount.terms[0].times", |s| {
            s.amount = serde_json::from_value(
                json!({"kind": "tariff", "terms": [{"cents": 1, "times": ["nobody"]}]}),
            )
            .unwrap();
        }),
        // A factor needs a choice: a number has no options, so none of them is missing.
        ("amount.terms[0].factor", |s| {
            let terms = json!([{"cents": 1, "factor": {"field": "days", "options": {}}}]);
            s.amount = serde_json::from_value(json!({"kind": "tariff", "terms": terms})).unwrap();
        }),
        ("amount.max", |s| {
            s.amount = serde_json::from_value(json!({"kind": "free", "min": 2, "max": 1})).unwrap();
        }),
    ];
    for (number, (expected, change)) in table.into_iter().enumerate() {
        assert_eq!(blamed(change), [expected], "row {number}");
    }
    // What stands exactly at a limit is right.
    let fine: [Change; 4] = [
        |s| s.code = "x".repeat(35),
        |s| s.name = "x".repeat(100),
        |s| (s.fields[0].min, s.fields[0].max) = (Some(3), Some(3)),
        |s| s.amount = serde_json::from_value(json!({"kind": "free", "min": 2, "max": 2})).unwrap(),
    ];
    for (number, change) in fine.into_iter().enumerate() {
        assert_eq!(blamed(change), Vec::<String>::new(), "limit {number}");
    }
    // An option that tidying changes could be chosen and never accepted.
    for option in ["", " A", "Scuola  primaria", "A\u{a0}"] {
        let service = service(
            &json!({"kind": "fixed", "fixed": 1}),
            &json!([{"name": "x", "label": "X", "type": "choice", "options": [option]}]),
        );
        assert_eq!(service.check().len(), 1, "{option:?}");
    }
}

#[test]
fn every_mistake_of_a_file_is_told_at_once() {
    let all = blamed(|service| {
        service.code.clear();
        service.name.clear();
        service.taxonomy.clear();
        service.fields[1].label.clear();
        service.fields[1].required = false;
    });
    assert_eq!(
        all,
        ["code", "name", "taxonomy", "fields[1].label", "amount.terms[0].times", "amount.terms[1].times"]
    );
}

#[test]
fn a_file_with_words_of_its_own_or_impossible_amounts_is_not_read() {
    let right =
        json!({"code": "A", "name": "A", "taxonomy": "0101002IM", "amount": {"kind": "fixed", "fixed": 1}});
    assert!(serde_json::from_value::<CatalogueService>(right.clone()).is_ok());
    for (pointer, key, value) in [
        ("", "price", json!(1)),
        ("/amount", "kind", json!("gift")),
        ("/amount", "fixed", json!(0)),
        ("/amount", "fixed", json!(-1)),
        ("/amount", "fixed", json!(1.5)),
        ("/amount", "fixed", json!(MAX_CENTS + 1)),
        ("/amount", "min", json!(1)),
        ("", "fields", json!([{"name": "x", "label": "X", "type": "email"}])),
        ("", "fields", json!([{"name": "x", "label": "X", "type": "text", "regex": "a"}])),
    ] {
        let mut wrong = right.clone();
        wrong.pointer_mut(pointer).unwrap()[key] = value.clone();
        assert!(serde_json::from_value::<CatalogueService>(wrong).is_err(), "{pointer}/{key} {value}");
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// Against the tariff written a second time, in numbers that cannot overflow.
    #[test]
    fn inv_m28_a_tariff_gives_the_exact_price_or_none(
        base in 0..=MAX_CENTS, cents: u64, n in 0_u64..1_000_000_000_000_000, small: bool,
    ) {
        let (cents, n) = if small { (cents % 1_000, n % 100_000_000) } else { (cents, n) };
        let exact = u128::from(base) + u128::from(cents) * u128::from(n);
        let expected = u64::try_from(exact).ok().filter(|sum| (1..=MAX_CENTS).contains(sum));
        let outcome = price(&one_term(base, cents), None, &[("n", &n.to_string())]);
        prop_assert_eq!(outcome.ok(), expected);
    }

    #[test]
    fn inv_x03_no_wish_makes_the_price_panic(
        reason in any_text(), amount: Option<u64>,
        fields in prop::collection::btree_map(
            "metres|days|zone|[a-z]{0,4}", "[0-9]{0,20}|[ABC]|\\PC{0,5}", 0..5,
        ),
    ) {
        for service in [free(), fixed(), tariff()] {
            let fields: BTreeMap<String, String> = fields.clone();
            let today = date(2026, 11, 30);
            match service.price(&SpontaneousPaymentRequest { reason: &reason, amount, fields: &fields, today }) {
                Ok(priced) => prop_assert!(!priced.reason.is_empty() && priced.amount.get() >= 1),
                Err(Error::Invalid(errors)) => prop_assert!(!errors.is_empty()),
                Err(other) => prop_assert!(false, "{:?}", other),
            }
        }
    }

    /// Ten characters of a date's alphabet: what passes is a day written year, month, day.
    #[test]
    fn a_date_has_one_form(text in "[0-9TWZ:+-]{10}|20[0-9]{2}-[01][0-9]-[0-3][0-9]") {
        let parts: Vec<&str> = text.split('-').collect();
        let digits = |n: usize| parts.get(n).is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()));
        let form = parts.iter().map(|p| p.len()).collect::<Vec<_>>() == [4, 2, 2] && (0..3).all(digits);
        let expected = form && text.parse::<domain::Date>().is_ok();
        prop_assert_eq!(judge(&json!({"type": "date"}), &text) == "ok", expected, "{}", text);
    }
}

#[test]
fn jrn_08_a_tariff_tells_how_it_comes_to_its_amount() {
    let priced =
        wish(&tariff(), "TOSAP 2026", None, &[("metres", "12"), ("days", "2"), ("zone", "A")]).unwrap();
    let lines: Vec<(String, u64)> = priced
        .computation
        .iter()
        .map(|line| {
            let of: Vec<String> = line.of.iter().map(|d| format!("{} {}", d.label, d.value)).collect();
            (of.join(" × "), line.amount.get())
        })
        .collect();
    let expected = [("", 1_000), ("Metri 12 × Giorni 2 × Zona A", 1_800), ("Giorni 2", 400)];
    assert_eq!(lines, expected.map(|(of, amount)| (of.to_owned(), amount)));
    assert_eq!(priced.amount.get(), 3_200);
    assert_eq!(wish(&free(), "Prova", Some(100), &[]).unwrap().computation, []);
}

#[test]
fn jrn_08_the_reason_is_proposed_from_what_was_filled_in() {
    let school = json!([
        {"name": "pupil", "label": "Alunno", "type": "text", "required": true},
        {"name": "year", "label": "Anno", "type": "year"},
        {"name": "school", "label": "Scuola", "type": "choice", "options": ["Primaria Rodari"]},
    ]);
    let service = service(&json!({"kind": "free", "min": 1, "max": 5_000}), &school);
    let of = |fields: &[(&str, &str)]| {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        service.proposed_reason(&fields)
    };
    let filled = of(&[("school", "Primaria Rodari"), ("pupil", " Anna  Rossi "), ("year", "2026")]);
    assert_eq!(filled, "TOSAP temporanea – Anna Rossi – Primaria Rodari");
    assert_eq!(reason(&filled).as_deref(), Ok(filled.as_str()), "what is proposed may be sent");
    assert_eq!(of(&[]), "TOSAP temporanea");
    assert_eq!(of(&[("pupil", &"A".repeat(150))]), "TOSAP temporanea", "what does not fit is left out");
}

#[test]
fn jrn_23_a_day_before_the_first_possible_is_refused() {
    let free = json!({"kind": "free", "min": 1, "max": 5_000});
    let day = |limits: &Value, day: &str| {
        let mut field = json!({"name": "day", "label": "Giorno", "type": "date"});
        field.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
        refused(price(&service(&free, &json!([field])), Some(100), &[("day", day)]))
    };
    let range = list(&[("fields.day", "range")]);
    for (limits, written, expected) in [
        (json!({}), "1950-01-01", Vec::new()),
        (json!({"min": 0}), "2026-11-30", Vec::new()),
        (json!({"min": 0}), "2026-11-29", range.clone()),
        (json!({"min": 1}), "2026-11-30", range.clone()),
        (json!({"min": 0, "max": 365}), "2027-11-30", Vec::new()),
        (json!({"min": 0, "max": 365}), "2027-12-01", range),
    ] {
        assert_eq!(day(&limits, written), expected, "{limits} {written}");
    }
}

#[test]
fn a_mask_is_a_regular_expression_too() {
    let pattern =
        |mask: &str| field(&json!({"name": "x", "label": "X", "type": "text", "mask": mask})).pattern();
    assert_eq!(pattern("9999/9999").as_deref(), Some("[0-9][0-9][0-9][0-9]\\/[0-9][0-9][0-9][0-9]"));
    assert_eq!(pattern("AA-*.é").as_deref(), Some("[A-Za-z][A-Za-z]-[0-9A-Za-z]\\.é"));
}
