//! The registration form: each field with each code of the contract, and all of them at once.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::account::{
    Consent, HolderName, Language, LinkPurpose, PRIVACY_VERSION, Profile, Registration, TERMS_VERSION,
    confirmed,
};
use domain::password::{Password, Policy};
use domain::person::PersonType;
use domain::{Error, FieldCode};
use proptest::prelude::*;

use crate::samples::{any_text, at, cases, list, mario, refused};

fn person() -> Registration {
    Registration {
        fiscal_code: Some("rss mra 80a01 h501u".to_owned()),
        person_type: Some("natural".to_owned()),
        first_name: Some(" Mario ".to_owned()),
        last_name: Some("Rossi".to_owned()),
        company_name: None,
        address: Some("Via Roma  1".to_owned()),
        country: Some("it".to_owned()),
        city: Some("Roma".to_owned()),
        province: Some("rm".to_owned()),
        postal_code: Some("00185".to_owned()),
        email: Some("Mario.Rossi@Example.it".to_owned()),
        phone: Some("+39 06 1234567".to_owned()),
        username: Some("mario.rossi@example.it".to_owned()),
        password: Some(" correct horse battery staple ".to_owned()),
        password_confirmation: Some(" correct horse battery staple ".to_owned()),
        privacy_accepted: Some(true),
        terms_accepted: Some(true),
    }
}

fn company() -> Registration {
    Registration {
        fiscal_code: Some("00743110157".to_owned()),
        person_type: Some("legal".to_owned()),
        first_name: None,
        last_name: None,
        company_name: Some("Forno dell'Orso S.p.A.".to_owned()),
        ..person()
    }
}

fn blank() -> Registration {
    Registration::default()
}

trait Filling: Sized {
    fn checked(&self) -> Result<(Profile, Password), Error>;
    fn with(self, field: &str, text: &str) -> Self;
}

impl Filling for Registration {
    fn checked(&self) -> Result<(Profile, Password), Error> {
        self.check(Language::It, &Policy::default(), at("2026-10-01T10:00:00Z"))
    }

    /// Types a text into the field of that name; `false` unticks a box.
    fn with(mut self, field: &str, text: &str) -> Self {
        let owned = Some(text.to_owned());
        match field {
            "fiscalCode" => self.fiscal_code = owned,
            "personType" => self.person_type = owned,
            "firstName" => self.first_name = owned,
            "lastName" => self.last_name = owned,
            "companyName" => self.company_name = owned,
            "address" => self.address = owned,
            "country" => self.country = owned,
            "city" => self.city = owned,
            "province" => self.province = owned,
            "postalCode" => self.postal_code = owned,
            "email" => self.email = owned,
            "phone" => self.phone = owned,
            "username" => self.username = owned,
            // Typed twice the same, so that only the policy speaks.
            "password" => {
                self.password.clone_from(&owned);
                self.password_confirmation = owned;
            }
            "passwordConfirmation" => self.password_confirmation = owned,
            "privacyAccepted" => self.privacy_accepted = Some(text == "true"),
            "termsAccepted" => self.terms_accepted = Some(text == "true"),
            other => panic!("no field {other}"),
        }
        self
    }
}

const FIELDS: [&str; 17] = [
    "fiscalCode",
    "personType",
    "firstName",
    "lastName",
    "companyName",
    "address",
    "country",
    "city",
    "province",
    "postalCode",
    "email",
    "phone",
    "username",
    "password",
    "passwordConfirmation",
    "privacyAccepted",
    "termsAccepted",
];

/// Who fills the form, which field, what is typed, the one code that comes back.
fn table() -> Vec<(Registration, &'static str, String, &'static str)> {
    let mut rows = Vec::new();
    let mut person = |field, text: &str, code| rows.push((person(), field, text.to_owned(), code));
    person("fiscalCode", "", "required");
    person("fiscalCode", "RSSMRA80A01H501", "format");
    person("fiscalCode", "RSSMRA80A01H501X", "checksum");
    person("fiscalCode", "00000000000", "checksum");
    person("personType", "", "required");
    person("personType", "F", "not_allowed");
    for name in ["firstName", "lastName"] {
        person(name, "", "required");
        person(name, "  ", "required");
        person(name, "Mario2", "format");
        person(name, "Ma\u{202e}rio", "format");
        person(name, &"a".repeat(71), "too_long");
    }
    person("companyName", "Forno dell'Orso", "not_allowed");
    person("address", " ", "required");
    person("address", "Via\0Roma", "format");
    person("address", "V1", "too_short");
    person("address", &"a".repeat(151), "too_long");
    person("country", "", "required");
    person("country", "ITA", "format");
    person("country", "ZZ", "not_allowed");
    person("city", "", "required");
    person("city", "Ro\u{7}ma", "format");
    person("city", &"a".repeat(101), "too_long");
    person("province", "", "required");
    person("province", "ROMA", "format");
    person("province", "EE", "not_allowed");
    person("postalCode", "", "required");
    person("postalCode", "0185", "format");
    for address in ["email", "username"] {
        person(address, "", "required");
        person(address, "mario", "format");
        person(address, &format!("{}@example.it", "a".repeat(250)), "too_long");
    }
    person("phone", "", "required");
    person("phone", "12345", "format");
    person("password", "qzxjkvbpwym", "too_short");
    person("password", &"qzxjkvbpwy ".repeat(24), "too_long");
    person("password", "passwordpassword", "common");
    for personal in [
        "io sono Mario oggi",
        "casa rossi verde",
        "x mario.rossi x",
        "rssmra80a01h501u!!",
        "rss mra 80a01 h501u",
    ] {
        person("password", personal, "personal");
    }
    person("passwordConfirmation", "", "required");
    person("passwordConfirmation", "correct horse battery staple", "mismatch");
    person("privacyAccepted", "false", "required");
    person("termsAccepted", "false", "required");
    let mut company = |field, text: &str, code| rows.push((company(), field, text.to_owned(), code));
    company("companyName", "", "required");
    company("companyName", "Forno\u{7}", "format");
    company("companyName", &"a".repeat(151), "too_long");
    company("firstName", "Mario", "not_allowed");
    company("lastName", "Rossi", "not_allowed");
    company("password", "viva forno dell'orso s.p.a.", "personal");
    company("fiscalCode", "00743110158", "checksum");
    rows
}

#[test]
fn each_field_with_each_code_and_no_other_field_is_blamed() {
    for (typed, field, text, code) in table() {
        assert_eq!(refused(typed.with(field, &text).checked()), list(&[(field, code)]), "{field} {text:?}");
    }
}

#[test]
fn jrn_26_a_sole_trader_is_a_company_with_a_persons_code() {
    let typed = company().with("fiscalCode", "RSSMRA80A01H501U").with("city", "O");
    let (profile, _) = typed.checked().unwrap();
    assert_eq!(profile.name.person_type(), PersonType::Legal);
}

#[test]
fn jrn_06_what_is_pasted_with_invisible_marks_is_what_was_seen() {
    let pasted = |text: &str| format!("\u{202a}{}\u{202c}\u{200b}", text.replace('a', "a\u{ad}"));
    let plain = person().checked().unwrap().0;
    let mut typed = person();
    for field in ["fiscalCode", "address", "city", "postalCode", "email", "phone", "username"] {
        let text = match field {
            "fiscalCode" => "RSSMRA80A01H501U",
            "address" => "Via Roma  1",
            "city" => "Roma",
            "postalCode" => "00185",
            "phone" => "+39 06 1234567",
            _ => "mario.rossi@example.it",
        };
        typed = typed.with(field, &pasted(text));
    }
    assert_eq!(typed.checked().unwrap().0, plain);
    assert_eq!(person().with("phone", "06\u{2011}1234567").checked().unwrap().0.phone, "+39 06-1234567");
}

#[test]
fn a_blank_password_is_told_once_in_each_of_its_two_fields() {
    let expected = list(&[("password", "required"), ("passwordConfirmation", "required")]);
    assert_eq!(refused(person().with("password", "").checked()), expected);
}

/// Which codes a field can have, by the screens; everything else would be a sentence that nobody wrote.
fn written(field: &str) -> &'static [&'static str] {
    match field {
        "fiscalCode" => &["required", "format", "checksum"],
        "personType" => &["required", "not_allowed"],
        "firstName" | "lastName" | "companyName" => &["required", "format", "too_long", "not_allowed"],
        "address" => &["required", "format", "too_short", "too_long"],
        "city" => &["required", "format", "too_long"],
        "country" | "province" => &["required", "format", "not_allowed"],
        "postalCode" | "phone" => &["required", "format"],
        "email" | "username" => &["required", "format", "too_long"],
        "password" => &["required", "too_short", "too_long", "common", "personal"],
        "passwordConfirmation" => &["required", "mismatch"],
        "privacyAccepted" | "termsAccepted" => &["required"],
        other => panic!("no field {other}"),
    }
}

#[test]
fn the_table_reaches_every_sentence_of_every_field() {
    let mut reached: BTreeSet<(&str, &str)> =
        table().iter().map(|(_, field, _, code)| (*field, *code)).collect();
    // This one has its own test above: the mistake of one field shows at another.
    reached.insert(("password", "required"));
    let all: BTreeSet<(&str, &str)> =
        FIELDS.iter().flat_map(|field| written(field).iter().map(move |code| (*field, *code))).collect();
    assert_eq!(reached, all);
}

#[test]
fn an_empty_form_is_told_everything_at_once() {
    let anyone = ["fiscalCode", "personType"];
    let place = ["address", "city", "country", "province", "postalCode"];
    let access = [
        "email",
        "phone",
        "username",
        "password",
        "passwordConfirmation",
        "privacyAccepted",
        "termsAccepted",
    ];
    let required =
        |fields: &[&'static str]| fields.iter().map(|f| ((*f).to_owned(), "required")).collect::<Vec<_>>();
    assert_eq!(refused(blank().checked()), required(&[&anyone[..], &place, &access].concat()));
    let natural = [&anyone[..1], &["firstName", "lastName"], &place, &access].concat();
    assert_eq!(refused(blank().with("personType", "natural").checked()), required(&natural));
    let legal = [&anyone[..1], &["companyName"], &place, &access].concat();
    assert_eq!(refused(blank().with("personType", "legal").checked()), required(&legal));
}

#[test]
fn every_field_wrong_in_its_own_way_at_once() {
    let wrong = Registration {
        fiscal_code: Some("RSSMRA80A01H501X".to_owned()),
        person_type: Some("natural".to_owned()),
        first_name: Some("M4rio".to_owned()),
        last_name: Some("R".repeat(71)),
        company_name: Some("Forno".to_owned()),
        address: Some("V".to_owned()),
        country: Some("ZZ".to_owned()),
        city: Some("c".repeat(101)),
        province: Some("Roma".to_owned()),
        postal_code: Some("185".to_owned()),
        email: Some("mario".to_owned()),
        phone: Some("call me".to_owned()),
        username: Some("@".to_owned()),
        password: Some("short".to_owned()),
        password_confirmation: Some("other".to_owned()),
        privacy_accepted: Some(false),
        terms_accepted: Some(false),
    };
    assert_eq!(
        refused(wrong.checked()),
        list(&[
            ("fiscalCode", "checksum"),
            ("companyName", "not_allowed"),
            ("firstName", "format"),
            ("lastName", "too_long"),
            ("address", "too_short"),
            ("city", "too_long"),
            ("country", "not_allowed"),
            ("province", "format"),
            ("postalCode", "format"),
            ("email", "format"),
            ("phone", "format"),
            ("username", "format"),
            ("password", "too_short"),
            ("passwordConfirmation", "mismatch"),
            ("privacyAccepted", "required"),
            ("termsAccepted", "required"),
        ])
    );
}

#[test]
fn sentences_about_length_have_their_numbers() {
    for (typed, field, text, code) in table() {
        let limit = match code {
            "too_short" => "min",
            "too_long" => "max",
            _ => continue,
        };
        match typed.with(field, &text).checked().map(drop) {
            Err(Error::Invalid(errors)) => {
                let [(first, bound), (second, n)] = errors[0].params[..] else {
                    panic!("{field}: {:?}", errors[0])
                };
                assert_eq!((first, second), (limit, "n"), "{field}");
                assert!(
                    if code == "too_long" { n > bound } else { n < bound },
                    "{field}: {n} against {bound}"
                );
            }
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[test]
fn a_right_form_gives_a_clean_profile_and_the_password_untouched() {
    let (profile, password) = person().checked().unwrap();
    let now = at("2026-10-01T10:00:00Z");
    assert_eq!(profile.fiscal_code.as_str(), "RSSMRA80A01H501U");
    assert_eq!(profile.name, HolderName::Natural { first: "Mario".to_owned(), last: "Rossi".to_owned() });
    assert_eq!(
        [
            &profile.address,
            &profile.postal_code,
            &profile.city,
            &profile.province,
            &profile.country,
            &profile.phone
        ],
        ["Via Roma 1", "00185", "Roma", "RM", "IT", "+39 06 1234567"]
    );
    assert_eq!([profile.email.as_str(), profile.username.as_str()], ["mario.rossi@example.it"; 2]);
    assert_eq!(profile.consent, Consent::given(now));
    assert_eq!((profile.consent.privacy_accepted_at, profile.consent.terms_accepted_at), (now, now));
    assert_eq!(profile.consent.privacy_version, PRIVACY_VERSION);
    assert_eq!(profile.consent.terms_version, TERMS_VERSION);
    assert_eq!(password.as_bytes(), b" correct horse battery staple ", "INV-I12: exactly as received");
}

#[test]
fn companies_foreigners_and_provisional_codes_register_too() {
    let (profile, _) = company().checked().unwrap();
    assert_eq!(profile.name, HolderName::Legal { company: "Forno dell'Orso S.p.A.".to_owned() });
    assert_eq!(profile.debtor().person_type, PersonType::Legal);
    assert_eq!(profile.debtor().name, "Forno dell'Orso S.p.A.");
    let provisional = person().with("fiscalCode", "12345678903");
    assert_eq!(provisional.checked().unwrap().0.debtor().person_type, PersonType::Natural);
    let abroad = person().with("country", "GB").with("province", "EE").with("postalCode", "sw1a 1aa");
    assert_eq!(abroad.checked().unwrap().0.postal_code, "SW1A 1AA");
    // A field that belongs to the other kind and was left blank is no mistake.
    assert!(person().with("companyName", "  ").checked().is_ok());
    assert!(company().with("firstName", "").with("lastName", " ").checked().is_ok());
}

#[test]
fn the_longest_and_the_shortest_that_the_screen_allows() {
    for (field, shortest, longest) in
        [("firstName", 1, 70), ("lastName", 1, 70), ("address", 3, 150), ("city", 2, 100)]
    {
        for n in [shortest, longest] {
            assert_eq!(refused(person().with(field, &"a".repeat(n)).checked()), [], "{field} of {n}");
        }
    }
    for n in [1, 150] {
        assert_eq!(refused(company().with("companyName", &"a".repeat(n)).checked()), []);
    }
}

#[test]
fn inv_m28_the_debtor_of_a_spontaneous_payment_is_the_account() {
    // INV-I23: without the e-mail, which must go with the profile while the debt stays.
    assert_eq!(person().checked().unwrap().0.debtor(), mario());
}

#[test]
fn personal_data_of_a_profile_are_all_that_a_password_may_not_hold() {
    let (profile, _) = person().checked().unwrap();
    let personal: BTreeSet<&str> = profile.personal().into_iter().collect();
    assert_eq!(personal, BTreeSet::from(["mario.rossi@example.it", "RSSMRA80A01H501U", "Mario", "Rossi"]));
    let (company, _) = company().checked().unwrap();
    assert!(company.personal().contains(&"Forno dell'Orso S.p.A."));
}

#[test]
fn a_stored_profile_reads_back_the_same() {
    for typed in [person(), company()] {
        let (profile, _) = typed.checked().unwrap();
        let text = serde_json::to_string(&profile).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&text).unwrap(), profile);
    }
}

#[test]
fn the_confirmation_is_compared_exactly() {
    assert!(confirmed("a b", "a b").is_ok());
    for (confirmation, code) in [
        ("", "required"),
        ("A b", "mismatch"),
        ("a b ", "mismatch"),
        (" a b", "mismatch"),
        ("a  b", "mismatch"),
    ] {
        let error = confirmed("a b", confirmation).unwrap_err();
        assert_eq!((error.field.as_str(), error.code.as_str()), ("passwordConfirmation", code));
    }
    assert!(confirmed("e\u{301}", "é").is_err(), "two spellings of one letter are two passwords");
}

#[test]
fn languages_are_the_contracts() {
    for (text, expected) in [
        ("it", Ok(Language::It)),
        ("en", Ok(Language::En)),
        ("", Err(FieldCode::Required)),
        ("IT", Err(FieldCode::NotAllowed)),
        ("de", Err(FieldCode::NotAllowed)),
    ] {
        assert_eq!(Language::parse(text), expected);
        if let Ok(language) = expected {
            assert_eq!(language.as_str(), text);
            assert_eq!(serde_json::to_value(language).unwrap(), text);
        }
    }
    assert_eq!(Language::default(), Language::It);
}

#[test]
fn inv_i08_links_live_a_day_or_half_an_hour() {
    assert_eq!(LinkPurpose::Activate.life(), Duration::from_secs(24 * 3_600));
    assert_eq!(LinkPurpose::ResetPassword.life(), Duration::from_secs(30 * 60));
}

/// Fields and texts that are nearly right, and any text at all.
fn mistakes() -> impl Strategy<Value = Vec<(usize, String)>> {
    let text = prop_oneof![
        any_text(),
        "[a-zA-Z0-9@. é-]{0,30}",
        prop::sample::select(vec!["", "IT", "GB", "EE", "RM", "natural", "legal", "true", "00743110157"])
            .prop_map(str::to_owned),
    ];
    prop::collection::vec((0..FIELDS.len(), text), 0..6)
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn whatever_is_typed_only_written_sentences_come_back(mistakes in mistakes(), legal: bool) {
        let start = if legal { company() } else { person() };
        let typed = mistakes.iter().fold(start, |typed, (field, text)| typed.with(FIELDS[*field], text));
        let errors = refused(typed.checked());
        for (field, code) in &errors {
            prop_assert!(written(field).contains(code), "{} {}", field, code);
        }
        let blamed: BTreeSet<&String> = errors.iter().map(|(field, _)| field).collect();
        prop_assert_eq!(blamed.len(), errors.len(), "one sentence a field: {:?}", errors);
    }
}
