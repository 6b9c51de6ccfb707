//! What operators may write into an account, and how it is read again.

use domain::FieldCode;
use domain::bookkeeping::{Reason, dealt_with};
use domain::movement::{Movement, MovementKind, MovementSource};
use domain::{Cents, Timestamp};

fn entry(kind: MovementKind, reference: &str) -> Movement {
    Movement {
        number: 5,
        kind,
        cents: Cents::new(100).unwrap(),
        source: MovementSource::Operator,
        reference: Some(reference.to_owned()),
        at: Timestamp::UNIX_EPOCH,
        sender_time: None,
        previous: String::new(),
        hash: String::new(),
    }
}

#[test]
fn an_entry_names_the_movement_that_it_deals_with() {
    let reason = Reason::new("ragioneria", "  mandato  118/2026 ").unwrap();
    assert_eq!(reason.of(4), "4 ragioneria: mandato 118/2026");
    for kind in [MovementKind::RefundNoted, MovementKind::Reconciled] {
        assert_eq!(dealt_with(&entry(kind, &reason.of(4))), Some(4));
    }
    // What a sender wrote, or the note beside a credit, deals with nothing.
    for kind in [
        MovementKind::Credit,
        MovementKind::DuplicateToRefund,
        MovementKind::Mismatch,
        MovementKind::CorrectedToMatchNode,
    ] {
        assert_eq!(dealt_with(&entry(kind, &reason.of(4))), None, "{kind:?}");
    }
    for strange in ["", "4", "x 4", "-4 a: b", "4\u{a0}a: b"] {
        assert_eq!(dealt_with(&entry(MovementKind::RefundNoted, strange)), None, "{strange:?}");
    }
}

#[test]
fn a_reason_is_short_and_holds_nothing_of_a_person() {
    for (by, why, code) in [
        ("", "mandato", FieldCode::Required),
        ("ragioneria", "  ", FieldCode::Required),
        (&"r".repeat(21), "mandato", FieldCode::TooLong),
        ("ragioneria", &"m".repeat(81), FieldCode::TooLong),
        ("la ragioneria", "mandato", FieldCode::Format),
        ("ragioneria:", "mandato", FieldCode::Format),
        ("ragioneria", "mandato\u{202e}811", FieldCode::Format),
        ("ragioneria", "a mario.rossi@example.it", FieldCode::NotAllowed),
        ("ragioneria", "a RSSMRA80A01H501U", FieldCode::NotAllowed),
        ("ragioneria", "a (rssmra80a01h501u)", FieldCode::NotAllowed),
        ("RSSMRA80A01H501U", "mandato", FieldCode::NotAllowed),
    ] {
        assert_eq!(Reason::new(by, why), Err(code), "{by:?} {why:?}");
    }
    assert!(Reason::new(&"r".repeat(20), &"m".repeat(80)).is_ok());
    // Sixteen letters are a word like any other, and a company's code is nobody's secret.
    assert!(Reason::new("ragioneria", "regolarizzazione con 00743110157").is_ok());
}
