//! The answers of the portal as a bare client sees them.

use crate::answer::{Asked, PortalAnswer, respond};
use crate::assets;
use crate::language::Language;
use crate::screens::{Access, SCREENS, Screen};
use crate::site::Site;

fn get(path: &str) -> PortalAnswer {
    respond(&Site::default(), &Asked { path, accept_language: "it", ..Asked::default() })
}

fn header<'a>(answer: &'a PortalAnswer, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_ref())
}

fn html(answer: &PortalAnswer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// One address per screen, with something in the place of each `{}`.
fn addresses() -> impl Iterator<Item = (&'static Screen, String)> {
    SCREENS.iter().map(|screen| (screen, screen.address.replace("{}", "301000000000000178")))
}

#[test]
fn every_screen_answers_in_every_language() {
    for (screen, path) in addresses() {
        for language in Language::ALL {
            let answer = get(&language.href(&path));
            let page = html(&answer);
            assert_eq!(answer.status, 200, "{path}");
            assert!(page.contains(&format!("<html lang=\"{}\">", language.tag())), "{path}");
            assert_eq!(page.matches("<h1").count(), 1, "{} has one h1", screen.id);
            assert_eq!(page.matches("<main").count(), 1, "{path}");
            assert!(page.contains("· Comune di Test</title>"), "{path}");
            for link in
                ["privacy-policy-link", "legal-notes", "accessibility-link", "faq", "report-inefficiency"]
            {
                assert!(page.contains(&format!("data-element=\"{link}\"")), "{path} lacks {link}");
            }
        }
    }
}

#[test]
fn nothing_is_inline() {
    for (_, path) in addresses() {
        let page = html(&get(&path));
        assert!(!page.contains(" style="), "{path}");
        assert!(!page.contains("<style"), "{path}");
        assert!(!page.contains("javascript:"), "{path}");
        for event in [" onclick=", " onload=", " onerror=", " onsubmit=", " onchange="] {
            assert!(!page.contains(event), "{path}");
        }
        for script in page.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap();
            assert!(tag.contains(" src=\"/assets/") || tag.contains("application/json"), "{path}: {tag}");
        }
    }
}

#[test]
fn every_answer_carries_the_headers_of_the_browser_s_safety() {
    for path in
        ["/", "/pratiche", "/nulla", &assets::address("app.css"), "/assets/0/app.css", "/robots.txt", "/en"]
    {
        let answer = get(path);
        let policy = header(&answer, "content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(header(&answer, "x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(header(&answer, "referrer-policy"), Some("same-origin"), "{path}");
        assert_eq!(header(&answer, "cross-origin-opener-policy"), Some("same-origin"), "{path}");
        assert_eq!(header(&answer, "cross-origin-resource-policy"), Some("same-origin"), "{path}");
        assert!(header(&answer, "permissions-policy").unwrap().contains("payment=()"), "{path}");
    }
}

#[test]
fn what_may_be_kept_and_for_how_long() {
    for (screen, path) in addresses() {
        let answer = get(&path);
        let (cache, tag) = (header(&answer, "cache-control"), header(&answer, "etag"));
        if screen.access == Access::Private {
            assert_eq!((cache, tag), (Some("no-store"), None), "{path}");
        } else {
            assert_eq!(cache, Some("no-cache"), "{path}");
            assert!(tag.is_some(), "{path}");
        }
    }
    assert_eq!(
        header(&get(&assets::address("app.css")), "cache-control"),
        Some("public, max-age=31536000, immutable")
    );
}

#[test]
fn a_known_page_is_not_sent_again() {
    let first = get("/privacy");
    let tag = header(&first, "etag").unwrap();
    let asked = Asked { path: "/privacy", if_none_match: Some(tag), ..Asked::default() };
    let second = respond(&Site::default(), &asked);
    assert_eq!(second.status, 304);
    assert!(second.body.is_empty());
    assert_eq!(header(&second, "etag"), Some(tag));
}

#[test]
fn unknown_addresses_are_real_404s() {
    for path in
        ["/nulla", "/en/nulla", "/pratiche/", "//esempio.it/", "/paga", "/assets/x", "/_local/mail", ""]
    {
        let status = get(path).status;
        let expected = if path == "/pratiche/" { 308 } else { 404 };
        assert_eq!(status, expected, "{path}");
    }
}

#[test]
fn the_first_visit_speaks_the_browser_s_language_and_later_ones_the_chosen() {
    let site = Site::default();
    let visit = |path, accept_language, language_cookie, query| {
        let asked = Asked { path, accept_language, language_cookie, query, ..Asked::default() };
        let answer = respond(&site, &asked);
        (answer.status, header(&answer, "location").map(str::to_owned))
    };
    assert_eq!(visit("/", "en-GB", None, ""), (302, Some("/en/".to_owned())));
    assert_eq!(visit("/", "en-GB", None, "avviso=1"), (302, Some("/en/?avviso=1".to_owned())));
    assert_eq!(visit("/", "en-GB", Some("it"), ""), (200, None));
    assert_eq!(visit("/", "it", Some("en"), ""), (302, Some("/en/".to_owned())));
    assert_eq!(visit("/", "it", Some("en"), "lingua=it"), (200, None));
    assert_eq!(visit("/", "fr", None, ""), (200, None));
    assert_eq!(visit("/accedi", "en-GB", None, ""), (200, None));
    assert_eq!(
        visit("/paga/abc/esito", "it", Some("en"), "x=1"),
        (302, Some("/en/paga/abc/esito?x=1".to_owned()))
    );
    assert_eq!(visit("/en", "it", None, ""), (308, Some("/en/".to_owned())));
    assert_eq!(visit("/en/accedi/", "it", None, ""), (308, Some("/en/accedi".to_owned())));
}

#[test]
fn what_comes_with_the_address_stays_text() {
    let asked = Asked { path: "/accedi", query: "torna=\"><script>alert(1)</script>", ..Asked::default() };
    let page = html(&respond(&Site::default(), &asked));
    assert!(!page.contains("<script>alert"));
    let split = get("/pratiche/a\r\nset-cookie: x=1/");
    assert!(header(&split, "location").is_none_or(|address| !address.contains('\n')));
}

#[test]
fn the_entity_s_choices_change_the_pages() {
    let site = Site { spontaneous: false, languages: vec![Language::Italian], ..Site::default() };
    let ask = |path| respond(&site, &Asked { path, accept_language: "en", ..Asked::default() });
    assert!(!html(&ask("/pratiche")).contains("/spontaneo"));
    assert!(html(&ask("/spontaneo")).contains("non prevede pagamenti spontanei"));
    assert_eq!(ask("/").status, 200);

    let closed = Site { maintenance_until: Some("le 18".to_owned()), ..Site::default() };
    let answer = respond(&closed, &Asked { path: "/", ..Asked::default() });
    assert_eq!(answer.status, 503);
    assert!(header(&answer, "retry-after").is_some());
    assert!(html(&answer).contains("Torna dopo le 18"));
}

#[test]
fn pages_stay_within_their_weight() {
    for (screen, path) in addresses() {
        for language in Language::ALL {
            let path = language.href(&path);
            let asked = Asked { path: &path, accept_encoding: "br", ..Asked::default() };
            let weight = respond(&Site::default(), &asked).body.len();
            assert!(weight <= 8 * 1024, "{} weighs {weight}", screen.id);
        }
    }
}

#[test]
fn scripts_find_their_words_on_their_own_pages() {
    for (screen, path) in addresses() {
        let page = html(&get(&path));
        for module in ["core"].into_iter().chain(screen.script) {
            let source = html(&get(&assets::address(&format!("js/{module}.js"))));
            for (at, _) in source.match_indices("t(\"") {
                let key = source[at + 3..].split('"').next().unwrap();
                let of_another_screen = module == "pratiche"
                    && (key.starts_with("pratiche.js.") != (screen.id == "S10"))
                    && !key.starts_with("pratica.js.")
                    && !key.starts_with("js.");
                let called = !source[..at].ends_with(|before: char| before.is_alphanumeric());
                if called && !of_another_screen {
                    assert!(page.contains(&format!("\"{key}\":")), "{} does not carry {key}", screen.id);
                }
            }
        }
    }
}

#[test]
fn an_asset_that_the_browser_has_is_not_sent_again() {
    let path = assets::address("app.css");
    let first = get(&path);
    let tag = header(&first, "etag").unwrap().to_owned();
    let ask = |known: &str| {
        let asked =
            Asked { path: &path, if_none_match: Some(known), accept_encoding: "br", ..Asked::default() };
        respond(&Site::default(), &asked)
    };
    for known in
        [tag.clone(), format!("\"other\", {tag}"), tag.trim_start_matches("W/").to_owned(), "*".to_owned()]
    {
        let again = ask(&known);
        assert_eq!((again.status, again.body.len()), (304, 0), "{known}");
        assert_eq!(header(&again, "etag"), Some(tag.as_str()));
    }
    assert_eq!(ask("W/\"of-another-version\"").status, 200);
}
