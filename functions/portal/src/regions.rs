//! Lists that people choose from when they register: `regions/*.txt`.

/// The code and the name of every Italian province, by name.
pub fn provinces() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("../regions/provinces.txt").lines().filter_map(|line| line.split_once(' '))
}

/// The ISO 3166-1 code of every other country where people live. Browsers know the names, in every language.
pub fn countries_abroad() -> impl Iterator<Item = &'static str> {
    include_str!("../regions/countries.txt").split_whitespace()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_can_be_chosen_is_what_the_server_accepts() {
        let codes: BTreeSet<&str> = provinces().map(|(code, _)| code).collect();
        assert_eq!(codes, domain::person::PROVINCES.split(' ').collect());
        let abroad: BTreeSet<&str> = countries_abroad().collect();
        assert_eq!((abroad.len(), abroad.contains("IT")), (242, false));
        for code in abroad {
            assert!(domain::person::country(code).is_ok(), "{code}");
        }
    }
}
