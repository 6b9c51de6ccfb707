//! The sentences that a person reads in an answer: `messages/<language>.json`, the same keys in every language.
//!
//! `problem.<code>.title` and `.detail` are a problem's; `err.<field>.<code>` is a field's, `err.<code>` that of any
//! field without a sentence of its own. The portal's pages say the same sentences from the same files.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::account::Language;
use domain::{Cents, FieldError};

type Messages = BTreeMap<&'static str, &'static str>;

// Read when the first of them is needed: most answers need none.
static ITALIAN: LazyLock<Messages> = LazyLock::new(|| read(include_str!("../messages/it.json")));
static ENGLISH: LazyLock<Messages> = LazyLock::new(|| read(include_str!("../messages/en.json")));

/// The tests read both files: at run time they cannot fail.
fn read(json: &'static str) -> Messages {
    serde_json::from_str(json).unwrap_or_default()
}

fn message(language: Language, key: &str) -> Option<&'static str> {
    let messages = match language {
        Language::It => &ITALIAN,
        Language::En => &ENGLISH,
    };
    messages.get(key).copied()
}

/// The title and the sentence of a problem's code.
pub(crate) fn of_problem(code: &str, language: Language) -> (&'static str, &'static str) {
    let part = |name: &str| message(language, &format!("problem.{code}.{name}")).unwrap_or_default();
    (part("title"), part("detail"))
}

/// The sentence of what is wrong with a field, with its numbers filled in.
pub(crate) fn of_field(error: &FieldError, language: Language) -> String {
    // One box of the pages takes both codes of a notice.
    let field = if error.field == "iuv" { "noticeNumber" } else { &error.field };
    let own = message(language, &format!("err.{field}.{}", error.code));
    let text = own.or_else(|| message(language, &format!("err.{}", error.code))).unwrap_or_default();
    error.params.iter().fold(text.to_owned(), |text, (name, value)| {
        let amount = Cents::new(*value).unwrap_or_default();
        let amount = match language {
            Language::It => format!("{} €", amount.italian()),
            Language::En => format!("€{}", amount.english()),
        };
        text.replace(&format!("{{{name}}}"), &value.to_string()).replace(&format!("{{{name}:€}}"), &amount)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::FieldCode;

    use super::*;

    #[test]
    fn every_code_has_a_sentence_in_both_languages() {
        for language in crate::LANGUAGES {
            for code in FieldCode::ALL {
                assert!(!of_field(&FieldError::new("anything", code), language).is_empty(), "{code}");
            }
            for problem in crate::CATALOGUE {
                let (title, detail) = problem.text(language);
                assert!(!title.is_empty() && !detail.is_empty(), "{}", problem.code);
            }
        }
    }

    #[test]
    fn both_languages_say_the_same_with_the_same_numbers() {
        let keys = |messages: &Messages| messages.keys().copied().collect::<BTreeSet<_>>();
        let numbers = |text: &'static str| -> BTreeSet<&str> {
            text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
        };
        assert_eq!(keys(&ITALIAN), keys(&ENGLISH));
        for (key, italian) in ITALIAN.iter() {
            assert_eq!(numbers(italian), numbers(ENGLISH[key]), "{key}");
        }
    }

    #[test]
    fn numbers_and_money_are_put_into_the_sentence() {
        let short = FieldError::new("password", FieldCode::TooShort).with("min", 12).with("n", 3);
        assert_eq!(of_field(&short, Language::It), "La password deve avere almeno 12 caratteri: ora sono 3");
        let small = FieldError::new("amount", FieldCode::Min).with("min", 123_450);
        assert_eq!(of_field(&small, Language::It), "L’importo minimo è 1.234,50 €");
        assert_eq!(of_field(&small, Language::En), "The smallest amount is €1,234.50");
        let iuv = FieldError::new("iuv", FieldCode::Required);
        assert_eq!(of_field(&iuv, Language::En), "Enter the notice code or the IUUV");
    }
}
