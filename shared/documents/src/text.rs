//! Text that a page can show, and how it fits a box: it shrinks, wraps and, last, is shortened.
//!
//! Nothing is dropped in silence. What the face cannot draw is composed, decomposed, transliterated, or shown as
//! [`REPLACEMENT`]; controls and marks that reorder or hide text never reach the page.

use domain::text::is_hidden;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::compose;
use unicode_segmentation::UnicodeSegmentation;

use crate::codes;
use crate::fonts::{Face, Fonts, REPLACEMENT};

/// The distance of two lines, in sizes.
pub const LEADING: f32 = 1.2;

const ELLIPSIS: &str = "…";

/// Points in a millimetre.
pub const POINTS: f32 = 72.0 / 25.4;

/// One line that the face can draw: runs of blanks and line breaks are one blank.
pub fn printable(fonts: &Fonts, face: Face, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        for grapheme in word.graphemes(true) {
            push_grapheme(fonts, face, grapheme, &mut out);
        }
    }
    out
}

fn push_grapheme(fonts: &Fonts, face: Face, grapheme: &str, out: &mut String) {
    let before = out.len();
    let mut composed = grapheme.nfc();
    if grapheme.nfc().all(|c| fonts.has(face, c) && !is_hidden(c)) {
        out.extend(&mut composed);
        return;
    }
    for c in grapheme.nfkd() {
        push_or_combine(fonts, face, c, before, out);
    }
    if out.len() == before || grapheme.chars().any(is_hidden) {
        push_replacement(before, out);
    }
}

/// Adds a character, joined with the one before it where that makes a letter of the face.
fn push_or_combine(fonts: &Fonts, face: Face, c: char, start: usize, out: &mut String) {
    let last = out.get(start..).and_then(|added| added.chars().next_back());
    let joined = last.and_then(|last| compose(last, c)).filter(|joined| fonts.has(face, *joined));
    match (joined, substitute(c)) {
        (Some(joined), _) => {
            out.pop();
            out.push(joined);
        }
        // Some marks stand over a blank when they are taken apart: the blank alone would not show them.
        (None, _) if is_hidden(c) || c.is_whitespace() => {}
        (None, _) if fonts.has(face, c) => out.push(c),
        (None, Some(plain)) => out.push_str(plain),
        // A mark over a letter that is already shown: the letter stays, without it.
        (None, None) if unicode_normalization::char::is_combining_mark(c) && out.len() > start => {}
        (None, None) => push_replacement(start, out),
    }
}

/// One box is enough for a character, of however many parts.
fn push_replacement(start: usize, out: &mut String) {
    if !out.get(start..).is_some_and(|added| added.ends_with(REPLACEMENT)) {
        out.push(REPLACEMENT);
    }
}

/// Another way to write a character: typographic marks, Greek (ISO 843), Cyrillic (ICAO 9303).
fn substitute(c: char) -> Option<&'static str> {
    codes::to_ascii(c).or_else(|| letters(c)).or(match c {
        '\u{ad}' => Some("-"),
        'ſ' => Some("s"),
        'ĸ' => Some("q"),
        'ə' => Some("e"),
        'Ə' => Some("E"),
        _ => None,
    })
}

const FOREIGN: &[(&str, &str)] = &[
    ("Αα", "A a"),
    ("Ββ", "V v"),
    ("Γγ", "G g"),
    ("Δδ", "D d"),
    ("Εε", "E e"),
    ("Ζζ", "Z z"),
    ("Ηη", "I i"),
    ("Θθ", "Th th"),
    ("Ιι", "I i"),
    ("Κκ", "K k"),
    ("Λλ", "L l"),
    ("Μμ", "M m"),
    ("Νν", "N n"),
    ("Ξξ", "X x"),
    ("Οο", "O o"),
    ("Ππ", "P p"),
    ("Ρρ", "R r"),
    ("Σσς", "S s s"),
    ("Ττ", "T t"),
    ("Υυ", "Y y"),
    ("Φφ", "F f"),
    ("Χχ", "Ch ch"),
    ("Ψψ", "Ps ps"),
    ("Ωω", "O o"),
    ("Аа", "A a"),
    ("Бб", "B b"),
    ("Вв", "V v"),
    ("Гг", "G g"),
    ("Ґґ", "G g"),
    ("Дд", "D d"),
    ("Ее", "E e"),
    ("Єє", "Ie ie"),
    ("Жж", "Zh zh"),
    ("Зз", "Z z"),
    ("Ии", "I i"),
    ("Іі", "I i"),
    ("Јј", "J j"),
    ("Кк", "K k"),
    ("Лл", "L l"),
    ("Љљ", "Lj lj"),
    ("Мм", "M m"),
    ("Нн", "N n"),
    ("Њњ", "Nj nj"),
    ("Оо", "O o"),
    ("Пп", "P p"),
    ("Рр", "R r"),
    ("Сс", "S s"),
    ("Тт", "T t"),
    ("Ћћ", "C c"),
    ("Ђђ", "Dj dj"),
    ("Уу", "U u"),
    ("Фф", "F f"),
    ("Хх", "Kh kh"),
    ("Цц", "Ts ts"),
    ("Чч", "Ch ch"),
    ("Џџ", "Dz dz"),
    ("Шш", "Sh sh"),
    ("Щщ", "Shch shch"),
    ("Ъъ", "Ie ie"),
    ("Ыы", "Y y"),
    ("Ьь", "' '"),
    ("Ээ", "E e"),
    ("Юю", "Iu iu"),
    ("Яя", "Ia ia"),
];

fn letters(c: char) -> Option<&'static str> {
    FOREIGN.iter().find_map(|(from, to)| {
        let at = from.chars().position(|letter| letter == c)?;
        to.split(' ').nth(at)
    })
}

/// At most `max` characters as a person counts them; what is cut shows as an ellipsis.
pub fn shortened(text: &str, max: usize) -> String {
    if text.graphemes(true).nth(max).is_none() {
        return text.to_owned();
    }
    let kept: Vec<&str> = text.graphemes(true).take(max.saturating_sub(1)).collect();
    with_ellipsis(&kept)
}

/// The text and an ellipsis, without the piece of a word at its end if whole words are nearly as much.
fn with_ellipsis(kept: &[&str]) -> String {
    let words = kept.iter().rposition(|c| *c == " ").filter(|end| end * 10 >= kept.len() * 9);
    let kept = kept.get(..words.unwrap_or(kept.len())).unwrap_or(kept).concat();
    format!("{}{ELLIPSIS}", kept.trim_end_matches([' ', ',', ';', '–', '-']))
}

/// A box for text, in millimetres, and the sizes to try in it, in points.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    pub width: f32,
    pub height: f32,
    pub size: f32,
    pub least: f32,
}

/// Lines that fit their room.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    pub size: f32,
    pub lines: Vec<String>,
}

/// How much smaller each try is, in points.
const STEP: f32 = 0.5;

/// The largest size at which the text fits the room; at the least size it is shortened.
pub fn fit(fonts: &Fonts, face: Face, text: &str, room: Room) -> Fitted {
    let width = room.width * POINTS;
    let mut size = room.size;
    loop {
        let most = most_lines(room.height, size);
        let lines = wrap(fonts, face, size, text, width, most);
        if lines.len() <= most {
            return Fitted { size, lines };
        }
        if size - STEP < room.least {
            return Fitted { size, lines: shorten_lines(fonts, face, size, lines, most, width) };
        }
        size -= STEP;
    }
}

/// How many lines of a size fit a height: the first needs its own size, the others the leading.
fn most_lines(height: f32, size: f32) -> usize {
    let size = size / POINTS;
    let further = ((height - size) / (size * LEADING) + 0.01).floor().max(0.0);
    further as usize + 1
}

/// Breaks at blanks, and inside a word only where it is wider than the line, between characters. Of a text that
/// needs more lines than `most` it gives one more and leaves the rest: what it costs is bounded by the room.
fn wrap(fonts: &Fonts, face: Face, size: f32, text: &str, width: f32, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if fonts.width(face, size, &longer) <= width {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for grapheme in word.graphemes(true) {
            if lines.len() > most {
                return lines;
            }
            let longer = format!("{line}{grapheme}");
            if !line.is_empty() && fonts.width(face, size, &longer) > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(grapheme);
        }
    }
    lines.push(line);
    lines
}

/// The first lines, the last of them ending in an ellipsis within the width.
fn shorten_lines(
    fonts: &Fonts,
    face: Face,
    size: f32,
    mut lines: Vec<String>,
    most: usize,
    width: f32,
) -> Vec<String> {
    lines.truncate(most);
    if let Some(last) = lines.last_mut() {
        let mut kept: Vec<&str> = last.graphemes(true).collect();
        while !kept.is_empty() && fonts.width(face, size, &with_ellipsis(&kept)) > width {
            kept.pop();
        }
        *last = with_ellipsis(&kept);
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use super::*;
    use proptest::prelude::*;

    fn fonts() -> &'static Fonts {
        static FONTS: OnceLock<Fonts> = OnceLock::new();
        FONTS.get_or_init(|| Fonts::load().unwrap())
    }

    fn room(width: f32, height: f32) -> Room {
        Room { width, height, size: 12.0, least: 6.0 }
    }

    #[test]
    fn a_text_shrinks_then_wraps_then_is_shortened() {
        let fonts = fonts();
        let fit = |text: &str, room| fit(fonts, Face::Text, text, room);
        let one = fit("Comune di Test", room(60.0, 4.3));
        assert_eq!((one.size, one.lines.len()), (12.0, 1));
        let smaller = fit("Unione dei Comuni della Valle Grande", room(60.0, 4.3));
        assert!(smaller.size < 12.0 && smaller.lines.len() == 1, "{smaller:?}");
        let wrapped = fit("Unione dei Comuni della Valle Grande", room(60.0, 9.4));
        assert_eq!((wrapped.size, wrapped.lines.len()), (12.0, 2));
        let cut = fit(&"parola ".repeat(60), room(60.0, 4.3));
        assert!(cut.size < 6.5 && cut.lines.len() == 1, "{cut:?}");
        assert!(cut.lines[0].ends_with("parola…"), "{cut:?}");
    }

    #[test]
    fn a_cut_falls_between_characters_as_people_see_them() {
        assert_eq!(shortened("e\u{301}e\u{301}e\u{301}", 3), "e\u{301}e\u{301}e\u{301}");
        assert_eq!(shortened("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
        assert_eq!(shortened("👩‍👩‍👧👩‍👩‍👧", 1), "…");
        assert_eq!(shortened("una parola lunga e poi un altro", 28), "una parola lunga e poi un…");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_or_higher_than_its_room(
            text in "\\PC{0,200}",
            width in 8.0_f32..100.0,
            height in 2.2_f32..30.0,
        ) {
            let fonts = fonts();
            let text = printable(fonts, Face::Strong, &text);
            let fitted = fit(fonts, Face::Strong, &text, room(width, height));
            prop_assert!(fitted.size >= 6.0);
            prop_assert!(fitted.lines.len() <= most_lines(height, fitted.size));
            for line in &fitted.lines {
                prop_assert!(fonts.width(Face::Strong, fitted.size, line) <= width * POINTS + 0.01, "{}", line);
            }
        }

        #[test]
        fn what_is_printed_has_glyphs_and_hides_nothing(text in ".{0,100}") {
            let fonts = fonts();
            for face in [Face::Text, Face::Mono] {
                let printed = printable(fonts, face, &text);
                prop_assert!(printed.chars().all(|c| fonts.has(face, c)), "{}", printed);
                prop_assert!(printed.chars().all(|c| c == REPLACEMENT || !is_hidden(c)), "{}", printed);
                // Every character that is not blank leaves a trace.
                let words = text.split_whitespace().count();
                prop_assert_eq!(printed.split(' ').filter(|word| !word.is_empty()).count(), words);
                prop_assert_eq!(printable(fonts, face, &printed), printed);
            }
        }
    }
}
