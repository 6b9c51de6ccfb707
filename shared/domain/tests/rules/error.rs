//! The contract's codes for fields, and forms that tell every mistake at once.

use domain::error::Form;
use domain::{Error, Fault, FieldCode, FieldError};

/// The list of the HTTP contract, in its order.
const CONTRACT: [&str; 12] = [
    "required",
    "format",
    "checksum",
    "too_short",
    "too_long",
    "min",
    "max",
    "range",
    "not_allowed",
    "mismatch",
    "common",
    "personal",
];

#[test]
fn field_codes_are_the_contracts() {
    assert_eq!(FieldCode::ALL.map(FieldCode::as_str), CONTRACT);
    for code in FieldCode::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        assert_eq!(code.to_string(), code.as_str());
    }
}

#[test]
fn a_form_remembers_every_mistake_in_order() {
    let mut form = Form::default();
    assert!(form.is_clean());
    assert_eq!(form.field("a", Ok::<_, FieldCode>(1)), Some(1));
    assert!(form.is_clean());
    assert_eq!(form.field("b", Err::<(), _>(FieldCode::Required)), None);
    assert_eq!(form.check(Err::<(), _>(FieldError::new("c", FieldCode::TooLong).with("max", 3))), None);
    form.refuse(FieldError::new("d", FieldCode::Mismatch));
    assert!(!form.is_clean());
    match form.finish() {
        Err(Error::Invalid(errors)) => {
            let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(fields, ["b", "c", "d"]);
            assert_eq!(errors[1].params, [("max", 3)]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_form_gives_its_value_only_when_clean() {
    assert_eq!(Form::default().give(Some(1)).unwrap(), 1);
    assert!(Form::default().finish().is_ok());
    let mut form = Form::default();
    form.refuse(FieldError::new("a", FieldCode::Format));
    assert!(matches!(form.give(Some(1)), Err(Error::Invalid(errors)) if errors.len() == 1));
}

#[test]
fn a_fault_keeps_what_was_being_done_and_why_it_stopped() {
    let Error::Unavailable(fault) = Error::from(Fault::new("reading a debt", "no answer")) else {
        panic!("a fault is our own trouble");
    };
    assert_eq!(fault.doing, "reading a debt");
    assert_eq!(fault.source.to_string(), "no answer");
}
