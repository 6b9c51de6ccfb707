//! Text as people type it: trimmed, single blanks, counted as people see it, no control characters.

use unicode_segmentation::UnicodeSegmentation;

use crate::error::{FieldCode, FieldError};

/// Trims, turns every run of blanks into one, and drops nothing else.
pub fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many characters a person sees.
pub fn length(text: &str) -> usize {
    text.graphemes(true).count()
}

/// Controls, and the marks that reorder or hide text: they could make a printed name read as another.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        || matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{fffd}')
}

/// A line of text within limits, in characters as people see them.
pub fn line(field: &str, text: &str, min: usize, max: usize) -> Result<String, FieldError> {
    let text = tidy(text);
    let n = length(&text);
    if n == 0 {
        Err(FieldError::new(field, FieldCode::Required))
    } else if text.chars().any(is_hidden) {
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
