//! Movements: their names, and the text that the chain's hash covers.

use domain::movement::{Movement, MovementKind, MovementSource};
use domain::{Cents, Timestamp};
use proptest::prelude::*;

use crate::samples::{at, cases};

/// Every kind with its stored name and the event of the contract's timeline.
const KINDS: [(MovementKind, &str, Option<&str>); 15] = [
    (MovementKind::Created, "CREATED", Some("created")),
    (MovementKind::Changed, "CHANGED", Some("changed")),
    (MovementKind::AttemptStarted, "ATTEMPT_STARTED", Some("payment-started")),
    (MovementKind::AttemptFailed, "ATTEMPT_FAILED", Some("payment-failed")),
    (MovementKind::AttemptUnknown, "ATTEMPT_UNKNOWN", Some("payment-unknown")),
    (MovementKind::Credit, "CREDIT", Some("paid")),
    (MovementKind::CreditLate, "CREDIT_LATE", Some("paid-late")),
    (MovementKind::DuplicateToRefund, "DUPLICATE_TO_REFUND", Some("duplicate-to-refund")),
    (MovementKind::Mismatch, "MISMATCH", Some("amount-mismatch")),
    (MovementKind::Superseded, "SUPERSEDED", None),
    (MovementKind::Cancelled, "CANCELLED", Some("cancelled")),
    (MovementKind::Expired, "EXPIRED", Some("expired")),
    (MovementKind::Reconciled, "RECONCILED", None),
    (MovementKind::RefundNoted, "REFUND_NOTED", None),
    (MovementKind::CorrectedToMatchNode, "CORRECTED_TO_MATCH_NODE", None),
];

const SOURCES: [(MovementSource, &str); 7] = [
    (MovementSource::Citizen, "citizen"),
    (MovementSource::Creditor, "creditor"),
    (MovementSource::PspCallback, "psp_callback"),
    (MovementSource::PspInquiry, "psp_inquiry"),
    (MovementSource::Node, "node"),
    (MovementSource::Sweep, "sweep"),
    (MovementSource::Operator, "operator"),
];

#[test]
fn kinds_and_sources_have_one_name_hashed_and_stored_alike() {
    for (kind, name, event) in KINDS {
        assert_eq!(kind.as_str(), name);
        assert_eq!(serde_json::to_value(kind).unwrap(), name);
        assert_eq!(serde_json::from_value::<MovementKind>(name.into()).unwrap(), kind);
        assert_eq!(kind.timeline_event(), event, "{name}");
    }
    for (source, name) in SOURCES {
        assert_eq!(source.as_str(), name);
        assert_eq!(serde_json::to_value(source).unwrap(), name);
    }
}

fn credit() -> Movement {
    Movement {
        number: 3,
        kind: MovementKind::Credit,
        cents: Cents::new(12_345).unwrap(),
        source: MovementSource::Node,
        reference: Some("c110729d258c4ab1b765fe902aae41d6".to_owned()),
        at: at("2026-11-23T05:36:00Z"),
        sender_time: Some(at("2026-11-23T05:35:58Z")),
        previous: "aa".to_owned(),
        hash: "bb".to_owned(),
    }
}

#[test]
fn inv_m29_the_hashed_text_is_fixed_forever() {
    assert_eq!(
        credit().canonical("301000000000000144"),
        "1\n301000000000000144\n3\nCREDIT\n12345\nnode\nc110729d258c4ab1b765fe902aae41d6\n\
         2026-11-23T05:36:00Z\n2026-11-23T05:35:58Z\naa"
    );
    let bare = Movement { reference: None, sender_time: None, ..credit() };
    assert_eq!(
        bare.canonical("301000000000000144"),
        "1\n301000000000000144\n3\nCREDIT\n12345\nnode\n\n2026-11-23T05:36:00Z\n\naa"
    );
}

#[test]
fn inv_m34_every_datum_is_covered_by_the_hash() {
    let original = credit().canonical("301000000000000144");
    assert_ne!(credit().canonical("301000000000000245"), original, "the debt");
    for (datum, forged) in [
        ("number", Movement { number: 4, ..credit() }),
        ("kind", Movement { kind: MovementKind::CreditLate, ..credit() }),
        ("cents", Movement { cents: Cents::new(12_346).unwrap(), ..credit() }),
        ("source", Movement { source: MovementSource::Operator, ..credit() }),
        ("reference", Movement { reference: Some("x".to_owned()), ..credit() }),
        ("time", Movement { at: at("2026-11-23T05:36:01Z"), ..credit() }),
        ("sender's time", Movement { sender_time: None, ..credit() }),
        ("previous", Movement { previous: "ab".to_owned(), ..credit() }),
    ] {
        assert_ne!(forged.canonical("301000000000000144"), original, "{datum}");
    }
    let rehashed = Movement { hash: "cc".to_owned(), ..credit() };
    assert_eq!(rehashed.canonical("301000000000000144"), original, "the hash does not cover itself");
}

fn any_movement() -> impl Strategy<Value = Movement> {
    let time = (0_i64..3).prop_map(|second| Timestamp::from_second(second).unwrap());
    (
        0_u64..3,
        0..KINDS.len(),
        0_u64..3,
        0..SOURCES.len(),
        prop::option::of("[a\n1]{1,6}"),
        time.clone(),
        prop::option::of(time),
        "[ab]{0,2}",
    )
        .prop_map(|(number, kind, cents, source, reference, at, sender_time, previous)| Movement {
            number,
            kind: KINDS[kind].0,
            cents: Cents::new(cents).unwrap(),
            source: SOURCES[source].0,
            reference,
            at,
            sender_time,
            previous,
            hash: String::new(),
        })
}

proptest! {
    #![proptest_config(cases(5_000))]

    /// A sender's reference may hold anything, line ends too, and still cannot pass for other data.
    #[test]
    fn inv_m34_two_movements_never_share_a_text(a in any_movement(), b in any_movement()) {
        prop_assert_eq!(a.canonical("n") == b.canonical("n"), a == b);
        let rewritten = Movement { reference: b.reference, ..a.clone() };
        prop_assert_eq!(a.canonical("n") == rewritten.canonical("n"), a == rewritten);
    }
}
