use domain::account::Language;

/// The language that an `Accept-Language` header asks for; Italian when it asks for neither of ours.
pub(crate) fn accepted(header: Option<&str>) -> Language {
    let mut best = (Language::It, 0);
    for wish in header.unwrap_or_default().split(',').take(16) {
        let (tag, quality) = wish.split_once(';').unwrap_or((wish, "q=1"));
        let language = match tag.trim().get(..2).map(str::to_ascii_lowercase).as_deref() {
            Some("it") => Language::It,
            Some("en") => Language::En,
            _ => continue,
        };
        let quality = per_mille(quality.trim().trim_start_matches("q="));
        if quality > best.1 {
            best = (language, quality);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_with_the_greater_weight_wins_and_italian_stands_in() {
        for (header, language) in [
            (None, Language::It),
            (Some("en"), Language::En),
            (Some("en-GB,it;q=0.5"), Language::En),
            (Some("it-IT,it;q=0.9,en;q=0.8"), Language::It),
            (Some("de,fr"), Language::It),
            (Some("en;q=0.1, it;q=0.9"), Language::It),
            (Some("en;q=0"), Language::It),
            (Some(";;;,,,q=,é"), Language::It),
        ] {
            assert_eq!(accepted(header), language, "{header:?}");
        }
    }
}
