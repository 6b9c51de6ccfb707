//! Text in markup, and the markup of our templates as text.

use std::fmt;

use askama::filters::Escaper;

/// What must not stand in markup as it is. The ampersand begins all the others.
const ENTITIES: [(char, &str); 4] = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;")];

/// Escapes what people have written: it becomes neither a tag nor the end of an attribute.
#[derive(Clone, Copy)]
pub struct Markup;

impl Escaper for Markup {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        dest.write_str(&escaped(text))
    }
}

pub fn escaped(text: &str) -> String {
    ENTITIES.iter().fold(text.to_owned(), |text, (c, entity)| text.replace(*c, entity))
}

fn unescaped(markup: &str) -> String {
    ENTITIES.iter().rev().fold(markup.to_owned(), |text, (c, entity)| text.replace(entity, &c.to_string()))
}

/// A mail's markup as plain text: a blank line after each paragraph, a link's address for its name.
pub fn plain(markup: &str) -> String {
    let mut text = String::new();
    for (tag, content) in markup.split('<').filter_map(|part| part.split_once('>')) {
        match (tag, tag.strip_prefix("a href=\"").and_then(|tag| tag.strip_suffix('"'))) {
            (_, Some(address)) => text += &unescaped(address),
            ("/h1" | "/p", None) => text += "\n\n",
            ("br", None) => text = text + "\n" + &unescaped(content),
            (_, None) => text += &unescaped(content),
        }
    }
    text.trim_end().to_owned() + "\n"
}
