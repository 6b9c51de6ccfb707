//! Lists that people choose from when they register: `regions/*.txt`, a code and its name a line, in the order shown.

use domain::account::Language;

/// The code and the name of every Italian province, by name.
pub fn provinces() -> impl Iterator<Item = (&'static str, &'static str)> {
    listed(include_str!("../regions/provinces.txt"))
}

/// The ISO 3166-1 code and the name of every country where people live, Italy first and the others by name.
pub fn countries(language: Language) -> impl Iterator<Item = (&'static str, &'static str)> {
    listed(match language {
        Language::It => include_str!("../regions/countries-it.txt"),
        Language::En => include_str!("../regions/countries-en.txt"),
    })
}

fn listed(lines: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    lines.lines().filter_map(|line| line.split_once(' '))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_can_be_chosen_is_what_the_server_accepts() {
        let codes: BTreeSet<&str> = provinces().map(|(code, _)| code).collect();
        assert_eq!(codes, domain::person::PROVINCES.split(' ').collect());
        let italian: BTreeSet<&str> = countries(Language::It).map(|(code, _)| code).collect();
        assert_eq!(italian, countries(Language::En).map(|(code, _)| code).collect());
        assert_eq!((italian.len(), countries(Language::It).next()), (243, Some(("IT", "Italia"))));
        for code in italian {
            assert!(domain::person::country(code).is_ok(), "{code}");
        }
    }
}
