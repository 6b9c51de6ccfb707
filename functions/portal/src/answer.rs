//! From what a browser asks to what the portal answers: assets, pages, the few redirects. No input or output.

use domain::account::Language;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use web::{Reply, Request, language_of_path, path_in};

use crate::Portal;
use crate::assets::{self, Asset, VERSION};
use crate::compression::Encoding;
use crate::page::PageContext;
use crate::screens::{Access, Screen};

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// The answer to an address that no other function has. `path` is the request's, decoded.
pub fn respond(portal: &Portal, request: &Request, path: &str) -> Reply {
    if path.starts_with("/assets/") {
        return asset(request, path);
    }
    if path == "/robots.txt" {
        return text(200, "User-agent: *\nDisallow: /api/\n");
    }
    let (language, rest) = language_of_path(path);
    let language = if portal.config.languages.contains(&language) { language } else { Language::It };
    let page = |screen, status| {
        page(portal, request, PageContext::new(&portal.config, language, screen, rest, request), status)
    };
    if portal.config.maintenance_until.is_some() {
        return page(Screen::maintenance(), 503).with_header("retry-after", "600");
    }
    if let Some(redirect) = redirect(portal, request, path, language, rest) {
        return redirect;
    }
    match Screen::at(rest) {
        Some(screen) if screen.spontaneous && !portal.config.spontaneous => page(Screen::not_offered(), 200),
        Some(screen) => page(screen, 200),
        None => page(Screen::not_found(), 404),
    }
}

fn asset(request: &Request, path: &str) -> Reply {
    let Some(asset) = Asset::at(path) else {
        // Pages of other functions do not know the version: they ask for what there is now.
        let name = path.trim_start_matches("/assets/");
        return match Asset::at(&assets::address(name)) {
            Some(_) => text(302, "")
                .with_header("location", &assets::address(name))
                .with_header("cache-control", "no-cache"),
            None => text(404, "Not found.\n"),
        };
    };
    // An address has one content for ever, and the version is in it.
    let tag = format!("W/\"{VERSION}\"");
    if is_known(request, &tag) {
        return unchanged(asset.content_type, FOR_EVER, &tag);
    }
    let (encoding, bytes) = asset.encoded(Encoding::accepted(request.accept_encoding()));
    let reply = Reply::asset(200, asset.content_type, bytes).with_header("cache-control", FOR_EVER);
    encoded(reply.with_header("etag", &tag), encoding)
}

/// Returns whether the browser has what the tag stands for (RFC 9110, 13.1.2: the weak comparison).
fn is_known(request: &Request, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    request.if_none_match().is_some_and(|known| {
        known.trim() == "*" || known.split(',').any(|candidate| opaque(candidate) == opaque(tag))
    })
}

fn unchanged(content_type: &str, kept: &str, tag: &str) -> Reply {
    Reply::asset(304, content_type, Vec::new())
        .with_header("cache-control", kept)
        .with_header("etag", tag)
        .with_header("vary", "Accept-Encoding")
}

/// A slash too many makes no other address, and a person's language is remembered where an address does not say it.
fn redirect(portal: &Portal, request: &Request, path: &str, language: Language, rest: &str) -> Option<Reply> {
    let moved =
        |status, path: &str, language| Some(moved(status, &path_in(language, path), request.raw_query()));
    if rest == "/" && path != path_in(language, "/") {
        return moved(308, "/", language);
    }
    if let Some(bare) = rest.strip_suffix('/').filter(|bare| !bare.is_empty()) {
        return Screen::at(bare).and_then(|_| moved(308, bare, language));
    }
    if rest == "/ricerca" {
        // The address of the form's answer; whoever comes back to it has the form again.
        return moved(303, "/", language);
    }
    // The home page, and the pages that mails and PSPs send people to, are asked for in Italian by everyone.
    let entrance = Screen::at(rest).is_some_and(|screen| screen.entrance);
    if !entrance || language != Language::It {
        return None;
    }
    let by_browser = || (rest == "/").then(|| request.language());
    let wanted = request.chosen_language().or_else(by_browser)?;
    let other = wanted != Language::It && portal.config.languages.contains(&wanted);
    other.then(|| moved(302, rest, wanted)).flatten()
}

fn moved(status: u16, path: &str, query: &str) -> Reply {
    /// What a header carries of a path as it is.
    const PATH: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b',');
    let separator = if query.is_empty() { "" } else { "?" };
    Reply::asset(status, TEXT, Vec::new())
        .with_header("location", &format!("{}{separator}{query}", utf8_percent_encode(path, PATH)))
        .with_header("vary", "Accept-Language, Cookie")
}

fn page(portal: &Portal, request: &Request, page: PageContext, status: u16) -> Reply {
    let Ok(html) = page.render() else {
        return text(500, "This page could not be made.\n");
    };
    let html = html.into_bytes();
    let public = page.screen.access != Access::Private && status == 200;
    let tag = entity_tag(&html);
    if public && is_known(request, &tag) {
        return unchanged(HTML, "no-cache", &tag);
    }
    let wanted = Encoding::accepted(request.accept_encoding());
    let (encoding, bytes) = portal.compressed.page(&tag, html, wanted);
    let reply = Reply::asset(status, HTML, bytes).with_header("content-language", page.tag());
    let reply = encoded(reply, encoding);
    if public { reply.with_header("cache-control", "no-cache").with_header("etag", &tag) } else { reply }
}

/// Weak, because the same page has three encodings.
fn entity_tag(html: &[u8]) -> String {
    let digest: String = Sha256::digest(html).iter().take(10).map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{digest}\"")
}

fn text(status: u16, text: &str) -> Reply {
    Reply::asset(status, TEXT, text)
}

fn encoded(reply: Reply, encoding: Encoding) -> Reply {
    let reply = reply.with_header("vary", "Accept-Encoding");
    match encoding.name() {
        Some(name) => reply.with_header("content-encoding", name),
        None => reply,
    }
}
