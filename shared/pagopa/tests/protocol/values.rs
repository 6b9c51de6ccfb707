use pagopa::values::{self, Base64, BoundedText, Country, Digits, EMail, Moment, TransferId};

use crate::faults::vectors;
use crate::samples::{at, day};

#[test]
fn amounts_are_cents_with_two_decimals() {
    for row in vectors("amounts") {
        let (cents, soap) = (row["cents"].as_u64().unwrap(), row["soap"].as_str().unwrap());
        let read = values::amount(soap).unwrap();
        assert_eq!((read.get(), read.cents().decimal().as_str()), (cents, soap));
    }
    for row in vectors("amountsInvalidSoap") {
        assert_eq!(values::amount(row["value"].as_str().unwrap()), None, "{row}");
    }
    assert_eq!(values::cents("0.00").map(|cents| cents.get()), Some(0));
    assert_eq!(values::cents("\n 0000000000000150.00\t").map(|cents| cents.get()), Some(15_000));
    assert_eq!(values::cents("999999999.99").map(|cents| cents.get()), Some(99_999_999_999));
    for wrong in ["", ".00", "-1.00", "+1.00", "1e2", "1.0", "1.00.00", "1 .00", "١.٠٠", "NaN", "\u{a0}1.00"]
    {
        assert_eq!(values::cents(wrong), None, "{wrong}");
    }
}

#[test]
fn days_with_and_without_zone() {
    for right in ["2031-01-31", " 2031-01-31\n", "2031-01-31Z", "2031-01-31+14:00", "2031-01-31-00:30"] {
        assert_eq!(values::date(right), Some(day("2031-01-31")), "{right}");
    }
    for wrong in [
        "",
        "2031-1-31",
        "2031-02-29",
        "0000-01-01",
        "-2031-01-31",
        "12031-01-31",
        "2031-01-31T00:00:00",
        "2031-01-31+14:01",
        "2031-01-31+1:00",
        "2031-01-31z",
        "31/01/2031",
        "2031-01-3à",
        "２031-01-31",
        "2031-01-31+00:60",
    ] {
        assert_eq!(values::date(wrong), None, "{wrong}");
    }
}

#[test]
fn instants_with_and_without_zone() {
    for (text, instant) in [
        ("2030-12-20T10:15:30", "2030-12-20T09:15:30Z"),
        ("2030-07-20T10:15:30", "2030-07-20T08:15:30Z"),
        ("2030-12-20T10:15:30Z", "2030-12-20T10:15:30Z"),
        ("2030-12-20T10:15:30.5-05:30", "2030-12-20T15:45:30.5Z"),
        (" 2030-12-20T10:15:30.1234567891234+01:00 ", "2030-12-20T09:15:30.123456789Z"),
        ("2030-12-20T24:00:00", "2030-12-20T23:00:00Z"),
        // The hour that summer time takes away, and the one that it gives twice.
        ("2030-03-31T02:30:00", "2030-03-31T01:30:00Z"),
        ("2030-10-27T02:30:00", "2030-10-27T00:30:00Z"),
    ] {
        assert_eq!(Moment::parse(text).and_then(Moment::instant), Some(at(instant)), "{text}");
    }
    for wrong in [
        "",
        "2030-12-20",
        "2030-12-20T",
        "2030-12-20T10:15",
        "2030-12-20T10:15:60",
        "2030-12-20T24:00:01",
        "2030-12-20T25:00:00",
        "2030-12-20T10:15:30.",
        "2030-12-20T10:15:30.Z",
        "2030-12-20t10:15:30",
        "2030-12-20 10:15:30",
        "2030-12-20T10:15:3é",
        "2030-02-30T10:15:30",
        "2030-12-20T10:15:30+15:00",
    ] {
        assert_eq!(Moment::parse(wrong), None, "{wrong}");
    }
    for text in [
        "2030-12-20T10:15:30",
        "2030-12-20T10:15:30Z",
        "2030-12-20T10:15:30.25-05:30",
        "2030-12-20T10:15:30+01:00",
    ] {
        assert_eq!(Moment::parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn the_small_alphabets() {
    assert!(Digits::<11>::parse("12345678903").is_some());
    for wrong in ["1234567890", "123456789012", "1234567890a", " 2345678903", "１2345678"] {
        assert!(Digits::<11>::parse(wrong).is_none(), "{wrong}");
    }
    assert!(Country::parse("IT").is_some());
    for wrong in ["it", "I", "ITA", "", "I ", "ÌT"] {
        assert!(Country::parse(wrong).is_none(), "{wrong}");
    }
    for right in ["a@b", "mario.rossi+x_y-z@mail-1.example.it", "..@b"] {
        assert!(EMail::parse(right).is_some(), "{right}");
    }
    for wrong in [
        "",
        "a@",
        "@b",
        "a@b@c",
        "a@b.",
        "a@.b",
        "o'brien@example.it",
        "à@b.it",
        "a b@c",
        "a@b_c",
        &format!("{}@b", "a".repeat(255)),
    ] {
        assert!(EMail::parse(wrong).is_none(), "{wrong}");
    }
    for (text, id) in [("1", 1), ("5", 5), (" 3 ", 3), ("+2", 2), ("04", 4)] {
        assert_eq!(TransferId::parse(text).map(TransferId::get), Some(id), "{text}");
    }
    for wrong in ["0", "6", "", "-1", "1.0", "257", "1 2"] {
        assert!(TransferId::parse(wrong).is_none(), "{wrong}");
    }
    for (text, truth) in [("true", true), ("1", true), (" false ", false), ("0", false)] {
        assert_eq!(values::boolean(text), Some(truth));
    }
    for wrong in ["", "True", "TRUE", "yes", "2"] {
        assert_eq!(values::boolean(wrong), None);
    }
}

#[test]
fn base_64_is_whole_and_canonical() {
    for right in ["", "AAAA", "AA==", "AAA=", "AA ==\n", "+/+/", "AAAA\nBBBB"] {
        assert!(Base64::parse(right).is_some(), "{right}");
    }
    for wrong in ["A", "AA", "AAA", "AB==", "AAB=", "====", "A===", "AA=A", "AAAA=", "A-__", "AAAÀ"] {
        assert!(Base64::parse(wrong).is_none(), "{wrong}");
    }
    assert!(Base64::parse_digest("").is_none());
    assert!(Base64::parse_digest(&"A".repeat(72)).is_some());
    assert!(Base64::parse_digest(&"A".repeat(76)).is_none());
}

#[test]
fn text_is_cut_where_a_person_would() {
    // A flag, a family and an accented letter are one character to a person, several to the schema.
    let (flag, family) = ("🇮🇹", "👨‍👩‍👧");
    assert_eq!(BoundedText::<3>::cut(&format!("ab{flag}")).unwrap().as_str(), "ab");
    assert_eq!(BoundedText::<4>::cut(&format!("ab{flag}")).unwrap().as_str(), format!("ab{flag}"));
    assert_eq!(BoundedText::<4>::cut(family).unwrap().as_str().chars().count(), 4);
    assert_eq!(BoundedText::<2>::cut("e\u{301}e\u{301}").unwrap().as_str(), "e\u{301}");
    // The cut leaves no blank behind.
    assert_eq!(BoundedText::<5>::cut("abcd efgh").unwrap().as_str(), "abcd");
    assert_eq!(BoundedText::<9>::cut(" a\t\nb\u{0}c\u{85}d\u{fffe} ").unwrap().as_str(), "a bc d");
    assert_eq!(BoundedText::<9>::cut(" \u{1} \u{ffff} "), None);
    assert_eq!(BoundedText::<16, 2>::cut("a"), None);
    assert_eq!(BoundedText::<16, 2>::cut_or("a", "").as_str(), "--");
    for wrong in ["", "abcdef", "a\u{0}", "a\u{ffff}"] {
        assert!(BoundedText::<5>::parse(wrong).is_none(), "{wrong:?}");
    }
    assert!(BoundedText::<5>::parse("a\nb\tc").is_some());
}
