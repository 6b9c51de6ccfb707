//! Whether a name that the creditor wrote and the name of an account are the same person's or company's: accents, case,
//! order, particles and second names apart; companies by their words.

use unicode_normalization::UnicodeNormalization;

use crate::account::HolderName;
use crate::text;

/// Small words of names: with or without them it is the same name.
const PARTICLES: &[&str] = &[
    "d", "da", "dagli", "dai", "dal", "dall", "dalla", "dalle", "dallo", "das", "de", "degli", "dei", "del",
    "dell", "della", "delle", "dello", "den", "der", "di", "do", "dos", "du", "el", "il", "l", "la", "le",
    "li", "lo", "ten", "ter", "van", "vom", "von", "y", "zu", "zum", "zur",
];

/// Small words of companies' names.
const LINKS: &[&str] = &["e", "ed", "and", "und", "et", "i", "gli", "the"];

/// Kinds of companies, as they are written out and in short.
const KINDS: &[(&str, &str)] = &[
    ("societa a responsabilita limitata semplificata", "srls"),
    ("societa a responsabilita limitata", "srl"),
    ("societa per azioni", "spa"),
    ("societa in nome collettivo", "snc"),
    ("societa in accomandita semplice", "sas"),
    ("societa in accomandita per azioni", "sapa"),
    ("societa cooperativa a responsabilita limitata", "scarl"),
    ("societa cooperativa", "coop"),
    ("societa semplice", "ss"),
];

/// Returns whether the name of a debtor is that of an account's holder.
pub fn is_of(written: &str, holder: &HolderName) -> bool {
    match holder {
        HolderName::Natural { first, last } => is_person(&words(written), &words(first), &words(last)),
        HolderName::Legal { company } => Company::of(written).is(&Company::of(company)),
    }
}

/// The words of a name in small letters without accents. What an apostrophe or hyphen joins is two.
fn words(name: &str) -> Vec<String> {
    let plain: String = name.nfkd().filter(|c| !text::is_mark(*c)).flat_map(char::to_lowercase).collect();
    let letters = plain.chars().flat_map(spelt);
    let spaced: String = letters.map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// Letters that are one with their stroke or ligature, by those that stand for them.
fn spelt(letter: char) -> impl Iterator<Item = char> {
    let (first, second) = match letter {
        'ł' => ('l', None),
        'ø' => ('o', None),
        'đ' | 'ð' => ('d', None),
        'ħ' => ('h', None),
        'ı' => ('i', None),
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'þ' => ('t', Some('h')),
        other => (other, None),
    };
    std::iter::once(first).chain(second)
}

/// Returns whether a surname and the first of the given names are among the words: other words are second names.
fn is_person(written: &[String], given: &[String], surname: &[String]) -> bool {
    if given.is_empty() || surname.is_empty() {
        return false;
    }
    let first = without_particles(given).into_iter().take(1).collect::<Vec<_>>();
    without(written, surname).iter().any(|rest| {
        let rest = rest.as_slice();
        !without(rest, &first).is_empty() || !without(rest, given).is_empty()
    })
}

/// What is left of the words when a name is taken out of them, in each way in which it is there: word by word, or
/// written as one word here and as several there.
fn without(written: &[String], name: &[String]) -> Vec<Vec<String>> {
    let mut rests = Vec::new();
    let mut rest = written.to_vec();
    let each = without_particles(name).iter().all(|word| {
        let place = rest.iter().position(|written| written == word);
        place.map(|place| rest.remove(place)).is_some()
    });
    rests.extend(each.then_some(rest));
    let joined = name.concat();
    for start in 0..written.len() {
        let (before, from) = written.split_at_checked(start).unwrap_or_default();
        for end in 1..=from.len() {
            let (window, after) = from.split_at_checked(end).unwrap_or_default();
            if window.concat() == joined {
                rests.push([before, after].concat());
            }
        }
    }
    rests
}

/// A name without its particles, unless it is made of nothing else.
fn without_particles(name: &[String]) -> Vec<String> {
    let kept: Vec<String> = name.iter().filter(|word| !PARTICLES.contains(&word.as_str())).cloned().collect();
    if kept.is_empty() { name.to_vec() } else { kept }
}

/// A company's name: what kind it is, if the name says so, and its other words.
struct Company {
    kind: Option<&'static str>,
    words: Vec<String>,
}

impl Company {
    fn of(name: &str) -> Self {
        // Dots stand within short forms: S.r.l., A.B.C.
        let mut spelt = words(&name.replace('.', ""));
        spelt.retain(|word| !LINKS.contains(&word.as_str()));
        let spelt = initials_joined(spelt).join(" ");
        let (mut kind, mut left) = (None, format!(" {spelt} "));
        for (long, short) in KINDS {
            for form in [*long, *short] {
                let form = format!(" {form} ");
                if left.contains(&form) {
                    kind = kind.or(Some(*short));
                    left = left.replace(&form, " ");
                }
            }
        }
        let words: Vec<String> = left.split_whitespace().map(str::to_owned).collect();
        let mut words = without_particles(&words);
        words.sort();
        Self { kind, words }
    }

    fn is(&self, other: &Self) -> bool {
        let kinds = self.kind.zip(other.kind).is_none_or(|(one, other)| one == other);
        kinds && !self.words.is_empty() && self.words == other.words
    }
}

/// Runs of single letters as one word: `s r l` is `srl`.
fn initials_joined(words: Vec<String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    let mut open = false;
    for word in words {
        let single = word.chars().count() == 1;
        match joined.last_mut().filter(|_| open && single) {
            Some(run) => run.push_str(&word),
            None => joined.push(word),
        }
        open = single;
    }
    joined
}
