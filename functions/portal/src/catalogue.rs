//! The sentences of the pages: one sorted table per language, made from `i18n/*.json` and from the sentences of API
//! answers when the portal is built.

use domain::account::Language;

include!(concat!(env!("OUT_DIR"), "/catalogues.rs"));

/// The message of a key. A missing key cannot pass the tests; should one, the key itself is the least bad text.
pub fn message(language: Language, key: &'static str) -> &'static str {
    let messages = messages(language);
    let found = messages.binary_search_by_key(&key, |(name, _)| name).ok();
    found.and_then(|index| messages.get(index)).map_or(key, |(_, message)| message)
}

pub fn messages(language: Language) -> &'static [(&'static str, &'static str)] {
    match language {
        Language::It => IT,
        Language::En => EN,
    }
}

/// All messages whose key starts with one of the prefixes.
pub fn selection(
    language: Language,
    prefixes: &[&str],
) -> impl Iterator<Item = (&'static str, &'static str)> {
    messages(language)
        .iter()
        .copied()
        .filter(move |(key, _)| prefixes.iter().any(|prefix| key.starts_with(prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn sources(folder: &str, extension: &str) -> Vec<(String, String)> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == extension) {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
        found
    }

    /// Whole keys asked for in the sources: `t("…")`, `tn("…")`, `key("…")`.
    fn asked(source: &str, call: &str) -> Vec<String> {
        let mut keys = Vec::new();
        for (at, _) in source.match_indices(call) {
            let before = source[..at].chars().next_back().unwrap_or(' ');
            if before.is_alphanumeric() || before == '_' {
                continue;
            }
            let rest = &source[at + call.len()..];
            keys.push(rest[..rest.find('"').unwrap()].to_owned());
        }
        keys
    }

    #[test]
    fn every_key_that_a_page_or_module_asks_for_exists() {
        let known: BTreeSet<&str> = IT.iter().map(|(key, _)| *key).collect();
        let mut missing = Vec::new();
        for (file, source) in sources("templates", "html").into_iter().chain(sources("assets/js", "js")) {
            for key in asked(&source, "t(\"") {
                if !known.contains(key.as_str()) {
                    missing.push(format!("{file}: {key}"));
                }
            }
            for key in asked(&source, "tn(\"") {
                if !known.contains(format!("{key}.one").as_str())
                    || !known.contains(format!("{key}.other").as_str())
                {
                    missing.push(format!("{file}: {key}.one/.other"));
                }
            }
        }
        assert!(missing.is_empty(), "{missing:#?}");
    }

    #[test]
    fn messages_match_across_languages() {
        for (key, italian) in IT {
            let english = message(Language::En, key);
            assert_eq!(placeholders(italian), placeholders(english), "{key}");
            for text in [italian, &english] {
                assert!(!text.trim().is_empty(), "{key} is empty");
                assert!(!text.contains('\''), "{key} has a typewriter apostrophe");
                assert!(text.chars().count() <= 200, "{key} is too long");
            }
        }
    }

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)).collect()
    }
}
