//! Names, e-mail addresses, telephones, places.

use std::collections::BTreeSet;

use domain::error::Form;
use domain::person::{
    COUNTRIES, Email, PROVINCES, Person, PersonType, PostalAddress, country, debtor_province, given_name,
    phone, postal_code, province,
};
use domain::{FieldCode, FiscalCode};
use proptest::prelude::*;

use crate::samples::{any_text, cases, list, mario, refused};

#[test]
fn jrn_26_names_of_any_alphabet_are_names() {
    for name in [
        "Mario",
        "Li",
        "Ø",
        "Maria Grazia",
        "D'Angelo",
        "De’ Medici",
        "Anne-Marie",
        "J. R.",
        "Jose\u{301}",
        "D`Angelo",
        "D´Amico",
        "Nuñez (detto Pepe)",
        "Rossi, Bianchi",
        "Rossi/Bianchi",
        "Neri–Verdi",
        "Pal·la",
        "Šimčič",
        "Łukasz",
        "Иван",
        "Νίκος",
        "李小龍",
        "ゆうこ",
        "김민준",
        "מִרְיָם",
        "مُحَمَّد",
        "प्रिया",
        "ณัฐพงษ์",
        "අනිල්",
    ] {
        assert_eq!(given_name("firstName", name).unwrap(), name);
    }
    assert_eq!(given_name("firstName", "  Maria \t Grazia ").unwrap(), "Maria Grazia");
}

#[test]
fn what_no_name_has_is_refused() {
    let code = |text: &str| given_name("lastName", text).map_err(|error| (error.field, error.code.as_str()));
    for wrong in [
        "Mario2",
        "Mario!",
        "<b>",
        "a@b",
        "-",
        "(,/)",
        "'.’",
        "\u{301}",
        "Ma\u{202e}rio",
        "🙂",
        "Ro|ssi",
        // A sign and a digit of India: neither letter nor mark.
        "राम।",
        "राम१",
    ] {
        assert_eq!(code(wrong), Err(("lastName".to_owned(), "format")), "{wrong:?}");
    }
    assert_eq!(code(" "), Err(("lastName".to_owned(), "required")));
    assert_eq!(code(&"a".repeat(70)), Ok("a".repeat(70)));
    assert_eq!(code(&"a".repeat(71)), Err(("lastName".to_owned(), "too_long")));
}

#[test]
fn inv_i01_an_address_has_one_form() {
    for (typed, kept) in [
        (" Mario.Rossi@Example.IT \n", "mario.rossi@example.it"),
        ("a@b.co", "a@b.co"),
        ("o'brien+tari@posta.comune.test1.it", "o'brien+tari@posta.comune.test1.it"),
        ("!#$%&'*+/=?^_`{|}~-@example.it", "!#$%&'*+/=?^_`{|}~-@example.it"),
        ("mario@xn--caff-8oa.it", "mario@xn--caff-8oa.it"),
        ("1@1.it", "1@1.it"),
    ] {
        assert_eq!(Email::parse(typed).unwrap().as_str(), kept);
    }
    let long = format!("{}@{}.{}.{}.it", "a".repeat(64), "b".repeat(63), "c".repeat(63), "d".repeat(58));
    assert_eq!(long.len(), 254);
    assert_eq!(Email::parse(&long).unwrap().as_str(), long);
}

#[test]
fn what_is_no_address_is_refused() {
    for wrong in [
        "mario",
        "mario@",
        "@example.it",
        "mario@example",
        "mario@@example.it",
        "a@b@example.it",
        "mario rossi@example.it",
        "mario@exam ple.it",
        ".mario@example.it",
        "mario.@example.it",
        "ma..rio@example.it",
        "mario@.it",
        "mario@example..it",
        "mario@example.it.",
        "mario@-example.it",
        "mario@example-.it",
        "mario@exa_mple.it",
        "mario@example.i",
        "mario@127.0.0.1",
        "mario@[127.0.0.1]",
        "\"mario\"@example.it",
        "Mario <mario@example.it>",
        "mario@example.it,b@example.it",
        "mario@example.it;b@example.it",
        "mario@example.it\r\nBcc: b@example.it",
        "mar\0io@example.it",
        "màrio@example.it",
        "mario@caffè.it",
        "mario@exаmple.it",
    ] {
        assert_eq!(Email::parse(wrong), Err(FieldCode::Format), "{wrong:?}");
    }
    assert_eq!(Email::parse(&format!("{}@example.it", "a".repeat(65))), Err(FieldCode::Format));
    assert_eq!(Email::parse(&format!("a@{}.it", "b".repeat(64))), Err(FieldCode::Format));
    assert_eq!(Email::parse(" \t"), Err(FieldCode::Required));
}

/// A letter that turns into an ASCII one when lowered would give two texts one account.
#[test]
fn inv_i01_ab_14_no_look_alike_becomes_another_address() {
    assert_eq!(Email::parse("\u{212a}ate@example.it"), Err(FieldCode::Format), "the Kelvin sign is no k");
    assert_eq!(Email::parse("mario@\u{130}talia.it"), Err(FieldCode::Format));
    assert_eq!(Email::parse("ｍario@example.it"), Err(FieldCode::Format));
}

#[test]
fn a_long_address_is_told_its_length() {
    let long = format!("{}@example.it", "a".repeat(250));
    let error = Email::field("username", &long).unwrap_err();
    assert_eq!((error.field.as_str(), error.code), ("username", FieldCode::TooLong));
    assert_eq!(error.params, [("max", 254), ("n", 261)]);
    assert_eq!(Email::parse(&long), Err(FieldCode::TooLong));
    assert_eq!(Email::field("username", &"é".repeat(300)).unwrap_err().code, FieldCode::Format);
}

#[test]
fn inv_i25_an_address_reaches_no_log_by_accident() {
    assert_eq!(format!("{:?}", Email::parse("mario@example.it").unwrap()), "***@***");
}

#[test]
fn telephones_are_kept_in_international_form_with_the_blanks_as_typed() {
    for (typed, country, kept) in [
        ("06 1234567", "IT", "+39 06 1234567"),
        ("  06\u{a0}1234567 ", "it", "+39 06 1234567"),
        ("(06) 1234567", "IT", "+39 (06) 1234567"),
        ("123456", "IT", "+39 123456"),
        ("+39 333 1234567", "IT", "+39 333 1234567"),
        ("+39-06/123.45.67", "IT", "+39-06/123.45.67"),
        ("0039 06 1234567", "IT", "+39 06 1234567"),
        ("0033 1 23456789", "FR", "+33 1 23456789"),
        ("01 23456789", "FR", "01 23456789"),
        ("+123456789012345", "FR", "+123456789012345"),
        ("+1 2 3 4 5 6 7 8 9 0 1 2 (3) 4", "FR", "+1 2 3 4 5 6 7 8 9 0 1 2 (3) 4"),
    ] {
        assert_eq!(phone(typed, country).as_deref(), Ok(kept));
        assert_eq!(phone(kept, country).as_deref(), Ok(kept), "once is enough");
    }
    assert_eq!(phone(" ", "IT"), Err(FieldCode::Required));
    for wrong in [
        "12345",
        "1234567890123456",
        "06 1234567 int. 4",
        "0039+3331234567",
        "++393331234567",
        "tel:061234567",
        "+",
        "٠٦١٢٣٤٥٦٧",
        "1 2 3 4 5 6 7 8 9 0 1 2 3 4 (((5",
    ] {
        assert_eq!(phone(wrong, "IT"), Err(FieldCode::Format), "{wrong:?}");
    }
}

#[test]
fn countries_are_the_iso_list_and_kosovo() {
    let known: BTreeSet<&str> = COUNTRIES.split(' ').collect();
    assert_eq!(known.len(), 250);
    assert_eq!(COUNTRIES.split(' ').count(), 250, "none twice");
    for code in &known {
        assert_eq!(country(code).as_deref(), Ok(*code));
    }
    assert_eq!(country(" it ").as_deref(), Ok("IT"));
    for (text, code) in [
        ("", FieldCode::Required),
        (" ", FieldCode::Required),
        ("ZZ", FieldCode::NotAllowed),
        ("UK", FieldCode::NotAllowed),
        ("EU", FieldCode::NotAllowed),
        ("  I T", FieldCode::Format),
        ("ITA", FieldCode::Format),
        ("I", FieldCode::Format),
    ] {
        assert_eq!(country(text), Err(code), "{text:?}");
    }
}

#[test]
fn provinces_are_the_107_in_italy_and_ee_abroad() {
    let known: BTreeSet<&str> = PROVINCES.split(' ').collect();
    assert_eq!((known.len(), PROVINCES.split(' ').count()), (107, 107));
    for code in &known {
        assert_eq!(province(code, true).as_deref(), Ok(*code));
        assert_eq!(province(code, false), Err(FieldCode::NotAllowed), "{code} is not abroad");
    }
    assert_eq!(province(" rm ", true).as_deref(), Ok("RM"));
    assert_eq!(province("ee", false).as_deref(), Ok("EE"));
    for (text, code) in [
        ("", FieldCode::Required),
        ("EE", FieldCode::NotAllowed),
        ("XX", FieldCode::NotAllowed),
        ("ROMA", FieldCode::Format),
        ("R", FieldCode::Format),
    ] {
        assert_eq!(province(text, true), Err(code), "{text:?}");
    }
    assert_eq!(province("", false), Err(FieldCode::Required));
}

#[test]
fn a_debtors_province_may_be_one_that_is_no_more() {
    for code in ["FO", "PS", "OT", "OG", "CI", "VS", "SU", "RM"] {
        assert_eq!(debtor_province(code, Some("IT")).as_deref(), Ok(code));
        assert_eq!(debtor_province(&code.to_lowercase(), None).as_deref(), Ok(code));
        assert_eq!(debtor_province(code, Some("FR")), Err(FieldCode::NotAllowed), "{code}");
    }
    assert_eq!(province("FO", true), Err(FieldCode::NotAllowed), "nobody lives there now");
    for country in [None, Some("FR")] {
        assert_eq!(debtor_province("EE", country).as_deref(), Ok("EE"));
    }
    assert_eq!(debtor_province("EE", Some("IT")), Err(FieldCode::NotAllowed));
    assert_eq!(debtor_province("XX", None), Err(FieldCode::NotAllowed));
}

#[test]
fn a_sole_trader_is_a_body_with_a_persons_code() {
    let owes = |kind: PersonType, code: &str| kind.may_owe_under(&FiscalCode::of_debtor(code).unwrap());
    for code in ["RSSMRA80A01H501U", "12345678903", "anonimo"] {
        assert!(owes(PersonType::Natural, code), "{code}");
        assert_eq!(owes(PersonType::Legal, code), code != "anonimo", "{code}");
    }
}

#[test]
fn jrn_26_postal_codes_are_five_digits_in_italy_and_free_abroad() {
    for (text, italian, expected) in [
        ("00185", true, Ok("00185")),
        (" 00185\u{a0}", true, Ok("00185")),
        ("", true, Err(FieldCode::Required)),
        ("0185", true, Err(FieldCode::Format)),
        ("001850", true, Err(FieldCode::Format)),
        ("0018A", true, Err(FieldCode::Format)),
        ("00 185", true, Err(FieldCode::Format)),
        ("٠٠١٨٥", true, Err(FieldCode::Format)),
        ("sw1a  1aa", false, Ok("SW1A 1AA")),
        ("1000-001", false, Ok("1000-001")),
        ("A1", false, Ok("A1")),
        ("123456789012", false, Ok("123456789012")),
        (" ", false, Ok("")),
        ("\u{202a}0\u{200b}0185\u{202c}", true, Ok("00185")),
        ("1", false, Err(FieldCode::Format)),
        ("1234567890123", false, Err(FieldCode::Format)),
        ("12/34", false, Err(FieldCode::Format)),
        ("〒100", false, Err(FieldCode::Format)),
    ] {
        assert_eq!(postal_code(text, italian), expected.map(str::to_owned), "{text:?}");
    }
}

/// Country, province and postal code of a place that is otherwise right.
fn place(country: &str, province: &str, postal_code: &str) -> Vec<(String, &'static str)> {
    let mut form = Form::default();
    let place = PostalAddress::parse(&mut form, "Via Roma 1", postal_code, "Roma", province, country);
    assert_eq!(place.is_some(), form.is_clean());
    refused(form.finish())
}

#[test]
fn the_country_decides_what_province_and_postal_code_must_be() {
    assert_eq!(place("IT", "RM", "00185"), []);
    assert_eq!(place("DE", "EE", "10115"), []);
    assert_eq!(place("GB", "EE", "SW1A 1AA"), []);
    assert_eq!(place("IE", "EE", ""), [], "some countries have no postal codes");
    assert_eq!(place("IT", "EE", "SW1A 1AA"), list(&[("province", "not_allowed"), ("postalCode", "format")]));
    assert_eq!(place("GB", "RM", "00185"), list(&[("province", "not_allowed")]));
    // The form starts at Italy: without a country the Italian rules are meant.
    assert_eq!(place("", "RM", "SW1A"), list(&[("country", "required"), ("postalCode", "format")]));
    assert_eq!(place("", "RM", "00185"), list(&[("country", "required")]));
}

#[test]
fn a_code_of_sixteen_characters_is_always_a_natural_persons() {
    let person = FiscalCode::parse("RSSMRA80A01H501U").unwrap();
    let eleven = FiscalCode::parse("00743110157").unwrap();
    assert!(PersonType::Natural.may_hold(&person));
    assert!(!PersonType::Legal.may_hold(&person));
    assert!(PersonType::Natural.may_hold(&eleven), "a provisional code");
    assert!(PersonType::Legal.may_hold(&eleven));
    for (text, expected) in [
        ("natural", Ok(PersonType::Natural)),
        ("legal", Ok(PersonType::Legal)),
        ("", Err(FieldCode::Required)),
        ("Natural", Err(FieldCode::NotAllowed)),
        ("F", Err(FieldCode::NotAllowed)),
    ] {
        assert_eq!(PersonType::parse(text), expected);
    }
}

#[test]
fn an_address_line_holds_what_is_known() {
    let none = Person { address: None, postal_code: None, city: None, province: None, ..mario() };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(mario().address_line().as_deref(), Some("Via Roma 1, 00185 Roma (RM)"));
    assert_eq!(none.address_line(), None);
    for (person, line) in [
        (Person { address: some("Via Roma 1"), ..none.clone() }, Some("Via Roma 1")),
        (Person { city: some("Roma"), ..none.clone() }, Some("Roma")),
        (Person { city: some("Roma"), province: some("RM"), ..none.clone() }, Some("Roma (RM)")),
        (Person { province: some("RM"), ..none.clone() }, None),
        (
            Person { city: some("Berlin"), postal_code: some("10115"), province: some("EE"), ..mario() },
            Some("Via Roma 1, 10115 Berlin"),
        ),
    ] {
        assert_eq!(person.address_line().as_deref(), line);
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn inv_x03_no_text_makes_a_parser_panic(
        text in any_text(), near in "[a-zA-Z0-9.@_+'é\u{212a}-]{0,30}",
    ) {
        for text in [&text, &near] {
            if let Ok(email) = Email::parse(text) {
                let kept = email.as_str();
                prop_assert!(kept.is_ascii() && kept.len() <= 254 && kept.matches('@').count() == 1);
                prop_assert!(!kept.contains(char::is_whitespace) && kept.to_lowercase() == kept);
                prop_assert_eq!(kept, text.trim().to_lowercase());
                prop_assert_eq!(Email::parse(kept), Ok(email));
            }
            let _ = (phone(text, "IT"), country(text), given_name("firstName", text));
            let _ = (province(text, true), province(text, false));
            let _ = (postal_code(text, true), postal_code(text, false));
        }
    }

    #[test]
    fn inv_i01_letter_case_and_blanks_never_make_a_second_address(
        local in "[a-zA-Z0-9]{1,10}(\\.[a-zA-Z0-9]{1,10})?", domain in "[a-zA-Z0-9]{1,10}\\.[a-zA-Z]{2,6}",
    ) {
        let address = format!("{local}@{domain}");
        let email = Email::parse(&address).unwrap();
        prop_assert_eq!(Email::parse(&address.to_uppercase()), Ok(email.clone()));
        prop_assert_eq!(Email::parse(&format!("\t{} ", address.to_lowercase())), Ok(email));
    }
}

#[test]
fn idn_09_whoever_is_not_the_debtor_sees_a_first_name_and_an_initial() {
    for (name, shortened) in [
        ("Lucia Verdi", "Lucia V."),
        ("Anna Maria De Luca", "Anna L."),
        ("Zoë  Łukasz", "Zoë Ł."),
        ("Cher", "C."),
        ("", ""),
    ] {
        let person = Person { name: name.to_owned(), ..mario() };
        let seen = person.shortened();
        assert_eq!(seen.name, shortened, "{name}");
        assert_eq!((seen.address_line(), &seen.email, &seen.fiscal_code), (None, &None, &person.fiscal_code));
    }
    let company =
        Person { person_type: PersonType::Legal, name: "Officine Neri S.r.l.".to_owned(), ..mario() };
    assert_eq!(company.shortened().name, "Officine Neri S.r.l.");
}

#[test]
fn idn_04_what_follows_a_plus_is_the_same_mailbox() {
    for (address, mailbox) in [
        ("mario@example.it", "mario@example.it"),
        ("Mario+1@Example.it", "mario@example.it"),
        ("mario+a+b@example.it", "mario@example.it"),
        ("+mario@example.it", "+mario@example.it"),
        ("m.ario@example.it", "m.ario@example.it"),
    ] {
        assert_eq!(Email::parse(address).unwrap().mailbox(), mailbox, "{address}");
    }
    assert_ne!(Email::parse("mario+1@example.it"), Email::parse("mario@example.it"), "two addresses");
}
