//! Text as people type it: trimmed, single blanks, counted as people see it, no control characters.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::error::{FieldCode, FieldError};

/// Trims, turns every run of blanks into one, and drops nothing else.
pub fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text as a search compares it: lower case, without accents.
pub fn folded(text: &str) -> String {
    text.to_lowercase().nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).collect()
}

/// How many characters a person sees.
pub fn length(text: &str) -> usize {
    text.graphemes(true).count()
}

/// Controls, and the marks that reorder or hide text: they could make a printed name read as another.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || is_invisible(c)
        // Blank Braille, private use, what stands for a character that was lost.
        || matches!(c, '\u{2800}' | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{fffd}' | '\u{f0000}'..='\u{10ffff}')
}

/// Marks that leave no trace on paper or screen and are copied with the text around them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        // Soft hyphen, invisible joiner, Arabic letter mark, fillers, tags.
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}')
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{ffa0}' | '\u{e0000}'..='\u{e00ff}')
}

/// A code, number or address as it is pasted: invisible marks dropped, the hyphens of typesetters made plain ones.
pub fn pasted(text: &str) -> String {
    let visible = text.chars().filter(|c| !is_invisible(*c));
    visible.map(|c| if matches!(c, '\u{2010}' | '\u{2011}') { '-' } else { c }).collect()
}

/// Marks that belong to the letter before them and are not letters themselves: accents sent apart from their
/// letter, the tone marks and silencers of Thai, Lao, Khmer and Burmese, the viramas and nuktas of India.
pub fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{e47}'..='\u{e4e}' | '\u{ec8}'..='\u{ecd}')
        || matches!(c, '\u{17c9}'..='\u{17d3}')
        || matches!(c, '\u{1037}' | '\u{1039}' | '\u{103a}' | '\u{dca}')
        || (matches!(c, '\u{900}'..='\u{d7f}') && matches!(u32::from(c) & 0x7f, 0x3c | 0x4d))
}

/// The most code points that one visible character may hold; more are marks piled up without end.
const MAX_PILE: usize = 16;

/// Returns whether all of a text is seen as it is: nothing hidden, no marks piled on one letter.
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(is_hidden) && text.graphemes(true).all(|seen| seen.chars().count() <= MAX_PILE)
}

/// A line of text within limits, in characters as people see them.
pub fn line(field: &str, text: &str, min: usize, max: usize) -> Result<String, FieldError> {
    let text = tidy(text);
    let n = length(&text);
    if n == 0 {
        Err(FieldError::new(field, FieldCode::Required))
    } else if !is_plain(&text) {
        Err(FieldError::new(field, FieldCode::Format))
    } else if n < min {
        Err(FieldError::new(field, FieldCode::TooShort).with("min", min as u64).with("n", n as u64))
    } else if n > max {
        Err(FieldError::new(field, FieldCode::TooLong).with("max", max as u64).with("n", n as u64))
    } else {
        Ok(text)
    }
}

/// The same for a line that may be missing.
pub fn optional_line(
    field: &str,
    text: Option<&str>,
    min: usize,
    max: usize,
) -> Result<Option<String>, FieldError> {
    text.map(|text| line(field, text, min, max)).transpose()
}

/// What letters and digits leave when divided by 97 (ISO 7064): a digit weighs itself, a letter 10 (A) to 35 (Z).
/// The remainder is taken at every character, so that no length overflows.
pub(crate) fn mod_97(characters: impl Iterator<Item = u8>) -> u32 {
    characters.fold(0_u32, |rest, b| {
        let (shift, weight) = match b {
            b'0'..=b'9' => (10, b.saturating_sub(b'0')),
            _ => (100, b.saturating_sub(b'A').saturating_add(10)),
        };
        rest.saturating_mul(shift).saturating_add(u32::from(weight)) % 97
    })
}
