//! Which language an answer is in: of a header, of a page's address, of a visitor's choice.

use domain::account::Language;

/// The languages that we speak; Italian stands in for all others.
pub const LANGUAGES: [Language; 2] = [Language::It, Language::En];

/// The language that an `Accept-Language` header asks for (RFC 9110, 12.5.4): of ours, the one with the greatest
/// weight, the first of equals; Italian when it asks for none of them.
pub fn accepted_language(header: Option<&str>) -> Language {
    let mut best = (Language::It, 0);
    for range in header.unwrap_or_default().split(',').take(16) {
        let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
        let primary = tag.split('-').next().unwrap_or_default().trim().to_ascii_lowercase();
        let Ok(language) = Language::parse(&primary) else { continue };
        let weight = per_mille(weight.trim().trim_start_matches("q="));
        if weight > best.1 {
            best = (language, weight);
        }
    }
    best.0
}

/// `0.8` as 800.
fn per_mille(text: &str) -> u32 {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    let whole: u32 = whole.parse().unwrap_or(0);
    whole.saturating_mul(1000).saturating_add(part.parse().unwrap_or(0))
}

/// The language of a page's address, and the rest of it: `/en/accedi` is `/accedi` in English. Italian has no prefix.
pub fn language_of_path(path: &str) -> (Language, &str) {
    for language in LANGUAGES.into_iter().filter(|language| *language != Language::It) {
        let rest = path.strip_prefix('/').and_then(|rest| rest.strip_prefix(language.as_str()));
        match rest {
            Some("") => return (language, "/"),
            Some(rest) if rest.starts_with('/') => return (language, rest),
            Some(_) | None => {}
        }
    }
    (Language::It, path)
}

/// A page's address in a language: what [`language_of_path`] takes apart.
pub fn path_in(language: Language, path: &str) -> String {
    match language {
        Language::It => path.to_owned(),
        Language::En => format!("/{}{path}", language.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_with_the_greater_weight_wins_and_italian_stands_in() {
        for (header, language) in [
            (None, Language::It),
            (Some("en"), Language::En),
            (Some("EN-gb,it;q=0.5"), Language::En),
            (Some("it-IT,it;q=0.9,en;q=0.8"), Language::It),
            (Some("fr-FR, en-GB;q=0.8, it;q=0.5"), Language::En),
            (Some("en, it"), Language::En),
            (Some("it, en"), Language::It),
            (Some("de,fr"), Language::It),
            (Some("en;q=0.1, it;q=0.9"), Language::It),
            (Some("en;q=0"), Language::It),
            (Some("enm"), Language::It),
            (Some(";;;,,,q=,é"), Language::It),
        ] {
            assert_eq!(accepted_language(header), language, "{header:?}");
        }
    }

    #[test]
    fn addresses_carry_the_language() {
        assert_eq!(language_of_path("/accedi"), (Language::It, "/accedi"));
        assert_eq!(language_of_path("/en/accedi"), (Language::En, "/accedi"));
        assert_eq!(language_of_path("/en"), (Language::En, "/"));
        assert_eq!(language_of_path("/en/"), (Language::En, "/"));
        assert_eq!(language_of_path("/ente"), (Language::It, "/ente"));
        assert_eq!(language_of_path("/it/accedi"), (Language::It, "/it/accedi"));
        assert_eq!(path_in(Language::En, "/accedi"), "/en/accedi");
        assert_eq!(path_in(Language::It, "/accedi"), "/accedi");
    }
}
