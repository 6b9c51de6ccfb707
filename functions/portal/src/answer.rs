//! From what a browser asks to what the portal answers: assets, pages, the few redirects. No input or output.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use crate::assets::{Asset, VERSION};
use crate::compression::Encoding;
use crate::language::Language;
use crate::page::Page;
use crate::screens::{Access, Screen};
use crate::site::Site;

/// Scripts and styles only from our own files, nothing inline, no string ever parsed as HTML by a script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";
const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=()";
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const HTML: &str = "text/html; charset=utf-8";

/// The parts of a request that a page may depend on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// The decoded path, from its first slash.
    pub path: &'a str,
    /// The query as it was sent, without the question mark.
    pub query: &'a str,
    pub accept_encoding: &'a str,
    pub accept_language: &'a str,
    pub if_none_match: Option<&'a str>,
    /// The cookie that remembers the chosen language.
    pub language_cookie: Option<&'a str>,
}

#[derive(Clone, Debug)]
pub struct PortalAnswer {
    pub status: u16,
    pub content_type: &'static str,
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    pub body: Cow<'static, [u8]>,
}

/// The answer to any address that no other function has.
pub fn respond(site: &Site, asked: &Asked) -> PortalAnswer {
    let mut answer = route(site, asked);
    answer.header("x-content-type-options", "nosniff");
    answer.header("referrer-policy", "same-origin");
    answer.header("cross-origin-opener-policy", "same-origin");
    answer.header("cross-origin-resource-policy", "same-origin");
    answer.header("permissions-policy", PERMISSIONS);
    answer.header("content-security-policy", POLICY);
    answer
}

fn route(site: &Site, asked: &Asked) -> PortalAnswer {
    if asked.path.starts_with("/assets/") {
        return asset(asked);
    }
    if asked.path == "/robots.txt" {
        return text(200, "User-agent: *\nDisallow: /api/\n");
    }
    let (language, path) = Language::of_path(asked.path);
    let language = if site.languages.contains(&language) { language } else { Language::Italian };
    if site.maintenance_until.is_some() {
        return maintenance(site, asked, language, path);
    }
    if let Some(address) = redirect(site, asked, language, path) {
        return address;
    }
    match Screen::at(path) {
        Some(screen) if screen.spontaneous && !site.spontaneous => {
            page(site, asked, language, path, Screen::not_offered(), 200)
        }
        Some(screen) => page(site, asked, language, path, screen, 200),
        None => page(site, asked, language, path, Screen::not_found(), 404),
    }
}

fn asset(asked: &Asked) -> PortalAnswer {
    let Some(asset) = Asset::at(asked.path) else {
        return text(404, "Not found.\n");
    };
    // An address has one content for ever, and the version is in it.
    let tag = format!("W/\"{VERSION}\"");
    if is_known(asked, &tag) {
        return unchanged(asset.content_type, FOR_EVER, tag);
    }
    let (encoding, bytes) = asset.encoded(Encoding::accepted(asked.accept_encoding));
    let mut answer = PortalAnswer::new(200, asset.content_type, Cow::Borrowed(bytes));
    answer.header("cache-control", FOR_EVER);
    answer.header("etag", tag);
    answer.encoding(encoding);
    answer
}

/// Whether the browser has what the tag stands for (RFC 9110, 13.1.2: the weak comparison).
fn is_known(asked: &Asked, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    asked.if_none_match.is_some_and(|known| {
        known.trim() == "*" || known.split(',').any(|candidate| opaque(candidate) == opaque(tag))
    })
}

fn unchanged(content_type: &'static str, kept: &'static str, tag: String) -> PortalAnswer {
    let mut answer = PortalAnswer::new(304, content_type, Cow::Borrowed(b""));
    answer.header("cache-control", kept);
    answer.header("etag", tag);
    answer.header("vary", "Accept-Encoding");
    answer
}

/// A slash too many makes no other address, and a person's language is remembered where an address does not say it.
fn redirect(site: &Site, asked: &Asked, language: Language, path: &str) -> Option<PortalAnswer> {
    if path == "/" && asked.path != language.href("/") {
        return Some(moved(308, &language.href("/"), asked.query));
    }
    if let Some(bare) = path.strip_suffix('/').filter(|bare| !bare.is_empty()) {
        return Screen::at(bare).map(|_| moved(308, &language.href(bare), asked.query));
    }
    // The home page, and the pages that mails and PSPs send people to, are asked for in Italian by everyone.
    let entrance = Screen::at(path).is_some_and(|screen| screen.entrance);
    let chosen_here = asked.query.split('&').any(|pair| pair == "lingua=it");
    if !entrance || language != Language::Italian || chosen_here {
        return None;
    }
    let wanted = match asked.language_cookie {
        Some(tag) => Language::from_tag(tag),
        None if path == "/" => Language::preferred(asked.accept_language, &site.languages),
        None => None,
    };
    wanted
        .filter(|wanted| *wanted != Language::Italian && site.languages.contains(wanted))
        .map(|wanted| moved(302, &wanted.href(path), asked.query))
}

fn moved(status: u16, address: &str, query: &str) -> PortalAnswer {
    let separator = if query.is_empty() { "" } else { "?" };
    let mut answer = PortalAnswer::new(status, "text/plain; charset=utf-8", Cow::Borrowed(b""));
    answer.header("location", format!("{}{separator}{query}", encoded_path(address)));
    answer.header("cache-control", "no-store");
    answer.header("vary", "Accept-Language, Cookie");
    answer
}

/// The decoded path as a header may carry it.
fn encoded_path(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' | b',' => {
                encoded.push(char::from(byte))
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

fn maintenance(site: &Site, asked: &Asked, language: Language, path: &str) -> PortalAnswer {
    let mut answer = page(site, asked, language, path, Screen::maintenance(), 503);
    answer.header("retry-after", "600");
    answer
}

fn page(
    site: &Site,
    asked: &Asked,
    language: Language,
    path: &str,
    screen: &'static Screen,
    status: u16,
) -> PortalAnswer {
    let page = Page { site, language, screen, path, query: asked.query };
    let Ok(html) = page.render() else {
        return text(500, "This page could not be made.\n");
    };
    let html = html.into_bytes();
    let public = screen.access != Access::Private && status == 200;
    let tag = entity_tag(&html);
    if public && is_known(asked, &tag) {
        return unchanged(HTML, "no-cache", tag);
    }
    let wanted = Encoding::accepted(asked.accept_encoding);
    let (encoding, bytes) = site.compressed.page(&tag, html, wanted);
    let tag = public.then_some(tag);
    let mut answer = PortalAnswer::new(status, HTML, Cow::Owned(bytes));
    answer.encoding(encoding);
    answer.header("content-language", language.tag());
    match tag {
        Some(tag) => {
            answer.header("cache-control", "no-cache");
            answer.header("etag", tag);
        }
        None => answer.header("cache-control", "no-store"),
    }
    answer
}

/// Weak, because the same page has three encodings.
fn entity_tag(html: &[u8]) -> String {
    let digest: String = Sha256::digest(html).iter().take(10).map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{digest}\"")
}

fn text(status: u16, words: &'static str) -> PortalAnswer {
    let mut answer = PortalAnswer::new(status, "text/plain; charset=utf-8", Cow::Borrowed(words.as_bytes()));
    answer.header("cache-control", "no-store");
    answer
}

impl PortalAnswer {
    fn new(status: u16, content_type: &'static str, body: Cow<'static, [u8]>) -> Self {
        Self { status, content_type, headers: Vec::new(), body }
    }

    fn header(&mut self, name: &'static str, value: impl Into<Cow<'static, str>>) {
        self.headers.push((name, value.into()));
    }

    fn encoding(&mut self, encoding: Encoding) {
        if let Some(name) = encoding.name() {
            self.header("content-encoding", name);
        }
        self.header("vary", "Accept-Encoding");
    }
}
