//! The portal's languages: their names, their place in addresses, their catalogues.

use crate::catalogue;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Italian,
    English,
}

impl Language {
    pub const ALL: [Language; 2] = [Self::Italian, Self::English];

    pub fn tag(self) -> &'static str {
        match self {
            Self::Italian => "it",
            Self::English => "en",
        }
    }

    pub fn own_name(self) -> &'static str {
        match self {
            Self::Italian => "Italiano",
            Self::English => "English",
        }
    }

    /// Three letters for the menu of the slim header.
    pub fn short_name(self) -> &'static str {
        match self {
            Self::Italian => "ITA",
            Self::English => "ENG",
        }
    }

    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// The language of an address and the rest of the address: Italian has no prefix.
    pub fn of_path(path: &str) -> (Self, &str) {
        for language in Self::ALL {
            let rest = path.strip_prefix('/').and_then(|rest| rest.strip_prefix(language.tag()));
            match rest {
                Some("") if language != Self::Italian => return (language, "/"),
                Some(rest) if rest.starts_with('/') && language != Self::Italian => return (language, rest),
                _ => {}
            }
        }
        (Self::Italian, path)
    }

    /// The address of a page in this language.
    pub fn href(self, path: &str) -> String {
        match self {
            Self::Italian => path.to_owned(),
            other => format!("/{}{path}", other.tag()),
        }
    }

    /// The first language of an `Accept-Language` header that is on offer.
    pub fn preferred(header: &str, offered: &[Language]) -> Option<Self> {
        header.split(',').find_map(|item| {
            let tag = item.split(';').next().unwrap_or_default().trim();
            let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
            Self::from_tag(&primary).filter(|language| offered.contains(language))
        })
    }

    pub fn messages(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Italian => catalogue::IT,
            Self::English => catalogue::EN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_carry_the_language() {
        assert_eq!(Language::of_path("/accedi"), (Language::Italian, "/accedi"));
        assert_eq!(Language::of_path("/en/accedi"), (Language::English, "/accedi"));
        assert_eq!(Language::of_path("/en"), (Language::English, "/"));
        assert_eq!(Language::of_path("/en/"), (Language::English, "/"));
        assert_eq!(Language::of_path("/ente"), (Language::Italian, "/ente"));
        assert_eq!(Language::of_path("/it/accedi"), (Language::Italian, "/it/accedi"));
        assert_eq!(Language::English.href("/accedi"), "/en/accedi");
    }

    #[test]
    fn the_browser_s_first_offered_language_wins() {
        let offered = Language::ALL;
        assert_eq!(Language::preferred("fr-FR, en-GB;q=0.8, it;q=0.5", &offered), Some(Language::English));
        assert_eq!(Language::preferred("it-IT", &offered), Some(Language::Italian));
        assert_eq!(Language::preferred("zh", &offered), None);
    }
}
