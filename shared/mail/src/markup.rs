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

/// What each element of our templates looks like. Mail programs read no style sheets, so it stands with each of them.
const LOOKS: [(&str, &str); 4] = [
    ("<h1>", "<h1 style=\"margin:0 0 16px;font-size:22px;line-height:1.3;font-weight:600\">"),
    ("<p>", "<p style=\"margin:0 0 16px;font-size:16px;line-height:1.5;overflow-wrap:anywhere\">"),
    (
        "<p><a href",
        "<p style=\"margin:0 0 16px\"><a class=\"azione\" style=\"display:inline-block;padding:12px 20px;background:#0066cc;color:#ffffff;font-size:16px;font-weight:600;text-decoration:none;border-radius:4px\" href",
    ),
    ("<a href", "<a style=\"color:#0066cc\" href"),
];

/// Colours where a program shows dark pages: its own would leave dark text on dark ground.
const DARK: &str = "@media (prefers-color-scheme:dark){.carta{background:#1b2733!important;color:#f2f5f8!important}\
                    .fondo{background:#0f1720!important}.azione{background:#4d9be6!important;color:#0f1720!important}}";

/// A mail's markup in the one layout of all mails: the creditor's name on a band, the text below, no picture that
/// somebody would have to fetch.
pub fn laid_out(language: &str, subject: &str, creditor: &str, body: &str) -> String {
    let [heading, paragraph, action, link] = LOOKS;
    // What begins like another is replaced first.
    let styled = [action, heading, paragraph, link]
        .iter()
        .fold(body.to_owned(), |markup, (plain, dressed)| markup.replace(plain, dressed));
    format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>{}</title><style>{DARK}</style></head>\
         <body class=\"fondo\" style=\"margin:0;padding:0;background:#eef1f4\">\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr><td align=\"center\" style=\"padding:16px 8px\">\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"max-width:600px;border-collapse:collapse\">\
         <tr><td style=\"padding:16px 24px;background:#0066cc;color:#ffffff;font:600 18px/1.3 'Titillium Web',Arial,sans-serif\">{}</td></tr>\
         <tr><td class=\"carta\" style=\"padding:24px;background:#ffffff;color:#17324d;font-family:'Titillium Web',Arial,sans-serif\">{styled}</td></tr>\
         </table></td></tr></table></body></html>",
        escaped(subject),
        escaped(creditor),
    )
}
