//! The sentence that a person reads under a field, in the words of the screens.

use domain::account::Language;
use domain::{Cents, FieldCode, FieldError};

/// One sentence for a field and a code. A field without words of its own gets the code's.
pub(crate) fn message(error: &FieldError, language: Language) -> String {
    let param = |name: &str| error.params.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let own = OWN.iter().find(|(field, code, _, _)| *field == error.field && *code == error.code);
    let general = GENERAL.iter().find(|(code, _, _)| *code == error.code);
    let template = match (own, general, language) {
        (Some((_, _, it, _)), _, Language::It) | (None, Some((_, it, _)), Language::It) => it,
        (Some((_, _, _, en)), _, Language::En) | (None, Some((_, _, en)), Language::En) => en,
        (None, None, _) => "",
    };
    let mut text = (*template).to_owned();
    for name in ["min", "max", "n"] {
        if let Some(value) = param(name) {
            text = text.replace(&format!("{{{name}}}"), &value.to_string());
            let money = Cents::new(value).unwrap_or_default();
            let money = match language {
                Language::It => format!("{} €", money.italian()),
                Language::En => format!("€{}", money.english()),
            };
            text = text.replace(&format!("{{{name}:€}}"), &money);
        }
    }
    text
}

type Own = (&'static str, FieldCode, &'static str, &'static str);
type General = (FieldCode, &'static str, &'static str);

use FieldCode::{
    Checksum, Common, Format, Max, Min, Mismatch, NotAllowed, Personal, Range, Required, TooLong, TooShort,
};

const OWN: &[Own] = &[
    ("fiscalCode", Required, "Inserisci il codice fiscale", "Enter your tax code"),
    (
        "fiscalCode",
        Format,
        "Il codice fiscale deve avere 16 caratteri, oppure 11 cifre per aziende ed enti",
        "The tax code must have 16 characters, or 11 digits for companies and bodies",
    ),
    (
        "fiscalCode",
        Checksum,
        "Il codice fiscale non è valido: ricontrolla ogni carattere",
        "The tax code is not valid: check each character",
    ),
    (
        "noticeNumber",
        Required,
        "Inserisci il codice avviso oppure l’IUUV",
        "Enter the notice code or the IUUV",
    ),
    (
        "noticeNumber",
        Format,
        "Il codice avviso ha 18 cifre; l’IUUV ha da 10 a 35 lettere e numeri",
        "The notice code has 18 digits; the IUUV has 10 to 35 letters and digits",
    ),
    ("iuv", Required, "Inserisci il codice avviso oppure l’IUUV", "Enter the notice code or the IUUV"),
    (
        "iuv",
        Format,
        "Il codice avviso ha 18 cifre; l’IUUV ha da 10 a 35 lettere e numeri",
        "The notice code has 18 digits; the IUUV has 10 to 35 letters and digits",
    ),
    (
        "personType",
        Required,
        "Indica se sei una persona o un’azienda",
        "Say whether you are a person or a company",
    ),
    (
        "personType",
        Mismatch,
        "Un’azienda ha un codice fiscale di 11 cifre",
        "A company has a tax code of 11 digits",
    ),
    ("firstName", Required, "Inserisci il nome", "Enter your first name"),
    (
        "firstName",
        Format,
        "Il nome può contenere lettere, spazi, apostrofi e trattini",
        "The first name can contain letters, spaces, apostrophes and hyphens",
    ),
    ("lastName", Required, "Inserisci il cognome", "Enter your surname"),
    (
        "lastName",
        Format,
        "Il cognome può contenere lettere, spazi, apostrofi e trattini",
        "The surname can contain letters, spaces, apostrophes and hyphens",
    ),
    ("companyName", Required, "Inserisci la ragione sociale", "Enter the company name"),
    (
        "address",
        Required,
        "Inserisci l’indirizzo con il numero civico",
        "Enter the address with the house number",
    ),
    ("country", Required, "Scegli la nazione", "Choose the country"),
    ("city", Required, "Inserisci la città", "Enter the town or city"),
    ("province", Required, "Scegli la provincia", "Choose the province"),
    ("postalCode", Required, "Inserisci il Cap", "Enter the postcode"),
    (
        "postalCode",
        Format,
        "Il Cap italiano ha 5 cifre, per esempio 00185",
        "An Italian postcode has 5 digits, for example 00185",
    ),
    ("email", Required, "Inserisci l’email", "Enter your email address"),
    (
        "email",
        Format,
        "Scrivi un’email completa, per esempio nome@esempio.it",
        "Write a full email address, for example name@example.com",
    ),
    ("phone", Required, "Inserisci il telefono", "Enter your telephone number"),
    (
        "phone",
        Format,
        "Scrivi un numero di telefono valido, per esempio 06 1234567 o +39 333 1234567",
        "Write a valid number, for example 06 1234567 or +39 333 1234567",
    ),
    ("username", Required, "Inserisci lo username: è un’email", "Enter the username: it is an email address"),
    (
        "username",
        Format,
        "Lo username deve essere un’email completa",
        "The username must be a full email address",
    ),
    ("password", Required, "Inserisci la password", "Enter the password"),
    (
        "password",
        TooShort,
        "La password deve avere almeno {min} caratteri: ora sono {n}",
        "The password must have at least {min} characters: there are now {n}",
    ),
    (
        "password",
        TooLong,
        "La password può avere al massimo 256 caratteri",
        "The password can have at most 256 characters",
    ),
    (
        "password",
        Common,
        "Questa password è troppo facile da indovinare: scegline un’altra",
        "This password is too easy to guess: choose another",
    ),
    (
        "password",
        Personal,
        "La password non deve contenere nome, email o codice fiscale",
        "The password must not contain your name, email or tax code",
    ),
    ("passwordConfirmation", Required, "Ripeti la password", "Repeat the password"),
    ("passwordConfirmation", Mismatch, "Le due password sono diverse", "The two passwords are different"),
    ("currentPassword", Required, "Inserisci la password attuale", "Enter your current password"),
    (
        "privacyAccepted",
        Required,
        "Per registrarti devi acconsentire al trattamento dei dati",
        "To register you must agree to the processing of your data",
    ),
    (
        "termsAccepted",
        Required,
        "Per registrarti devi accettare i termini e condizioni",
        "To register you must accept the terms and conditions",
    ),
    ("amount", Required, "Inserisci l’importo", "Enter the amount"),
    (
        "amount",
        Format,
        "Scrivi l’importo in euro con al massimo due decimali, per esempio 45,50",
        "Write the amount in euros with at most two decimals, for example 45.50",
    ),
    ("amount", Min, "L’importo minimo è {min:€}", "The smallest amount is {min:€}"),
    ("amount", Max, "L’importo massimo è {max:€}", "The largest amount is {max:€}"),
    ("amount", NotAllowed, "L’importo è stabilito dall’ente", "The amount is set by the body"),
    ("reason", Required, "Scrivi la causale", "Write what the payment is for"),
    (
        "reason",
        TooLong,
        "La causale può avere al massimo 140 caratteri: ora sono {n}",
        "At most 140 characters: there are now {n}",
    ),
    (
        "reason",
        Format,
        "Nella causale usa lettere, numeri e punteggiatura semplice",
        "Use letters, digits and simple punctuation",
    ),
    ("serviceCode", Required, "Scegli il servizio", "Choose the service"),
    (
        "serviceCode",
        NotAllowed,
        "Questo servizio al momento non accetta pagamenti",
        "This service does not take payments at the moment",
    ),
    ("method", Required, "Scegli un metodo di pagamento", "Choose a payment method"),
    ("pspId", Required, "Scegli un PSP", "Choose a payment service provider"),
    ("from", Format, "Scrivi la data come giorno, mese, anno", "Write the date as day, month, year"),
    ("to", Format, "Scrivi la data come giorno, mese, anno", "Write the date as day, month, year"),
    (
        "to",
        Range,
        "La data finale deve essere uguale o successiva a quella iniziale",
        "The end date must be the same as or after the start date",
    ),
];

const GENERAL: &[General] = &[
    (Required, "Compila questo campo", "Fill in this field"),
    (Format, "Controlla come è scritto questo campo", "Check how this field is written"),
    (
        Checksum,
        "Il codice non è valido: ricontrolla ogni carattere",
        "The code is not valid: check each character",
    ),
    (
        TooShort,
        "Scrivi almeno {min} caratteri: ora sono {n}",
        "Write at least {min} characters: there are now {n}",
    ),
    (
        TooLong,
        "Scrivi al massimo {max} caratteri: ora sono {n}",
        "Write at most {max} characters: there are now {n}",
    ),
    (Min, "Il valore minimo è {min}", "The smallest value is {min}"),
    (Max, "Il valore massimo è {max}", "The largest value is {max}"),
    (Range, "Il valore è fuori dai limiti", "The value is out of range"),
    (NotAllowed, "Questo valore non è tra quelli ammessi", "This value is not one of those allowed"),
    (Mismatch, "I due valori non corrispondono", "The two values do not match"),
    (Common, "Scegli un valore meno comune", "Choose a less common value"),
    (Personal, "Non usare dati personali", "Do not use personal data"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_words_in_both_languages() {
        for code in FieldCode::ALL {
            for language in [Language::It, Language::En] {
                assert!(!message(&FieldError::new("anything", code), language).is_empty(), "{code}");
            }
        }
    }

    #[test]
    fn numbers_and_money_are_put_into_the_sentence() {
        let short = FieldError::new("password", FieldCode::TooShort).with("min", 12).with("n", 3);
        assert_eq!(message(&short, Language::It), "La password deve avere almeno 12 caratteri: ora sono 3");
        let small = FieldError::new("amount", FieldCode::Min).with("min", 123_450);
        assert_eq!(message(&small, Language::It), "L’importo minimo è 1.234,50 €");
        assert_eq!(message(&small, Language::En), "The smallest amount is €1,234.50");
    }
}
