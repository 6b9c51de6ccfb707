//! The answers of the portal as a bare client sees them.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use domain::account::Language;
use domain::retention::{Period, Retention};
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use runtime::{Env, PaymentChannel};
use web::{Incoming, LANGUAGES, Reply, Site, path_in, serve};

use crate::compression::Compressed;
use crate::config::PortalConfig;
use crate::screens::{Access, SCREENS, Screen};
use crate::{Portal, assets};

static SITE: LazyLock<Site> = LazyLock::new(|| {
    let variables = BTreeMap::from([("PUBLIC_URL".to_owned(), "https://pagamenti.test.example".to_owned())]);
    Site::connect(&Env::of_this_process_with(variables).unwrap()).unwrap()
});

/// The demonstration's creditor.
impl Default for PortalConfig {
    fn default() -> Self {
        Self {
            name: "Comune di Test".to_owned(),
            fiscal_code: "12345678903".to_owned(),
            address: "Piazza del Municipio 1, 00100 Roma (RM)".to_owned(),
            email: "pagamenti@comune.test.example".to_owned(),
            certified_email: "protocollo@pec.comune.test.example".to_owned(),
            phone: "06 0000 0000".to_owned(),
            website: "https://www.comune.test.example".to_owned(),
            public_url: "https://pagamenti.comune.test.example".to_owned(),
            privacy_officer: "dpo@comune.test.example".to_owned(),
            accessibility_statement: None,
            report_address: None,
            languages: LANGUAGES.to_vec(),
            channel: PaymentChannel::Psp,
            spontaneous: true,
            shortest_password: 12,
            idle_minutes: 20,
            maintenance_until: None,
        }
    }
}

/// What a portal with these settings answers to a browser that asks for an address with these headers.
fn ask(config: &PortalConfig, address: &str, headers: &[(&'static str, &str)]) -> Reply {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let header = |(name, value): &(&'static str, &str)| {
        (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
    };
    let incoming = Incoming {
        method: "GET".to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.iter().map(header).collect::<HeaderMap>(),
        body: Vec::new(),
        source_ip: String::new(),
        request_id: "id".to_owned(),
    };
    let portal = Portal { config: config.clone(), compressed: Compressed::default() };
    // No answer of the portal waits for anything.
    match pin!(serve(&portal, &SITE, incoming)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(served) => served.reply,
        Poll::Pending => panic!("the portal waits"),
    }
}

fn get(path: &str) -> Reply {
    ask(&PortalConfig::default(), path, &[("accept-language", "it")])
}

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    reply.headers.get(name).and_then(|value| value.to_str().ok())
}

fn html(reply: &Reply) -> String {
    String::from_utf8(reply.body.clone()).unwrap()
}

/// One address per screen, with something in the place of each `{}`.
fn addresses() -> impl Iterator<Item = (&'static Screen, String)> {
    let filled = |part: &'static str| if part.starts_with('{') { "301000000000000178" } else { part };
    SCREENS
        .iter()
        .map(move |screen| (screen, screen.address.split('/').map(filled).collect::<Vec<_>>().join("/")))
}

#[test]
fn every_screen_answers_in_every_language() {
    for (screen, path) in addresses() {
        for language in LANGUAGES {
            let answer = get(&path_in(language, &path));
            let page = html(&answer);
            assert_eq!(answer.status, 200, "{path}");
            assert!(page.contains(&format!("<html lang=\"{}\">", language.as_str())), "{path}");
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
    let second = ask(&PortalConfig::default(), "/privacy", &[("if-none-match", tag)]);
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
    let visit = |path: &str, accept_language, cookie: Option<&str>, query: &str| {
        let mut headers = vec![("accept-language", accept_language)];
        let cookie = cookie.map(|language| format!("lingua={language}"));
        headers.extend(cookie.as_deref().map(|cookie| ("cookie", cookie)));
        let answer = ask(&PortalConfig::default(), &format!("{path}?{query}"), &headers);
        (answer.status.as_u16(), header(&answer, "location").map(str::to_owned))
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
    assert_eq!(visit("/ricerca", "it", None, ""), (303, Some("/".to_owned())));
    assert_eq!(visit("/en/accedi/", "it", None, ""), (308, Some("/en/accedi".to_owned())));
}

#[test]
fn what_comes_with_the_address_stays_text() {
    let page = html(&get("/accedi?torna=\"><script>alert(1)</script>"));
    assert!(!page.contains("<script>alert"));
    let split = get("/pratiche/a%0D%0Aset-cookie: x=1/");
    assert_eq!(header(&split, "location"), Some("/pratiche/a%0D%0Aset-cookie%3A%20x%3D1"));
}

#[test]
fn the_entity_s_choices_change_the_pages() {
    let bare = PortalConfig { spontaneous: false, languages: vec![Language::It], ..PortalConfig::default() };
    let get = |path| ask(&bare, path, &[("accept-language", "en")]);
    assert!(!html(&get("/pratiche")).contains("/spontaneo"));
    assert!(html(&get("/spontaneo")).contains("non prevede pagamenti spontanei"));
    assert_eq!(get("/").status, 200);

    let closed = PortalConfig { maintenance_until: Some("le 18".to_owned()), ..PortalConfig::default() };
    let answer = ask(&closed, "/", &[]);
    assert_eq!(answer.status, 503);
    assert!(header(&answer, "retry-after").is_some());
    assert!(html(&answer).contains("Torna dopo le 18"));
}

#[test]
fn pages_stay_within_their_weight() {
    for (screen, path) in addresses() {
        for language in LANGUAGES {
            let address = path_in(language, &path);
            let weight = ask(&PortalConfig::default(), &address, &[("accept-encoding", "br")]).body.len();
            assert!(weight <= 8 * 1024, "{} weighs {weight}", screen.id);
        }
    }
}

#[test]
fn scripts_find_their_messages_on_their_own_pages() {
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
            for call in source.split("problemText(\"").skip(1) {
                let code = call.split('"').next().unwrap();
                let key = format!("\"problem.{code}.detail\":");
                assert!(page.contains(&key), "{} does not carry {key}", screen.id);
            }
        }
    }
}

#[test]
fn an_asset_that_the_browser_has_is_not_sent_again() {
    let path = assets::address("app.css");
    let first = get(&path);
    let tag = header(&first, "etag").unwrap().to_owned();
    let again = |known: &str| {
        let headers = [("if-none-match", known), ("accept-encoding", "br")];
        ask(&PortalConfig::default(), &path, &headers)
    };
    for known in
        [tag.clone(), format!("\"other\", {tag}"), tag.trim_start_matches("W/").to_owned(), "*".to_owned()]
    {
        let again = again(&known);
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{known}");
        assert_eq!(header(&again, "etag"), Some(tag.as_str()));
    }
    assert_eq!(again("W/\"of-another-version\"").status, 200);
}

#[test]
fn the_browser_gets_its_limits_from_the_settings() {
    let variables = [
        ("CREDITOR_NAME", "Comune di Prova"),
        ("CREDITOR_FISCAL_CODE", "12345678903"),
        ("CONTACT_ADDRESS", "Piazza 1"),
        ("CONTACT_EMAIL", "a@prova.example"),
        ("CONTACT_PEC", "a@pec.prova.example"),
        ("CONTACT_PHONE", "06 1"),
        ("CREDITOR_WEBSITE", "https://prova.example"),
        ("CREDITOR_DPO", "dpo@prova.example"),
        ("PUBLIC_URL", "https://pagamenti.prova.example"),
        ("PASSWORD_MIN_LENGTH", "16"),
        ("SESSION_IDLE_MINUTES", "7"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let env = Env::of_this_process_with(BTreeMap::from(variables)).unwrap();
    let config = PortalConfig::connect(&env).unwrap();
    for path in ["/pratiche", "/en/registrazione/dati"] {
        let page = html(&ask(&config, path, &[]));
        let (_, data) = page.split_once("id=\"pagina\">").unwrap();
        let (data, _) = data.split_once("</script>").unwrap();
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!((&data["idleMinutes"], &data["shortestPassword"]), (&7.into(), &16.into()), "{path}");
    }
}

#[test]
fn idn_12_the_privacy_notice_says_how_long_as_the_table_does() {
    for (language, words) in [
        (Language::It, ["ora", "ore", "giorno", "giorni", "anno", "anni"]),
        (Language::En, ["hour", "hours", "day", "days", "year", "years"]),
    ] {
        let page = html(&get(&path_in(language, "/privacy")));
        for kept in Retention::ALL {
            let (number, [one, many]) = match kept.period {
                Period::Hours(n) => (n, [words[0], words[1]]),
                Period::Days(n) => (n, [words[2], words[3]]),
                Period::Years(n) => (n, [words[4], words[5]]),
            };
            let said = format!("{number} {}", if number == 1 { one } else { many });
            assert!(page.contains(&said), "{language:?}: {} is kept for {said}", kept.name);
        }
    }
    // Each kind is named, and nothing that is none: it would be kept for nothing that can be read.
    for notice in [include_str!("../templates/privacy-it.html"), include_str!("../templates/privacy-en.html")]
    {
        let named = notice.split("kept(\"").skip(1).filter_map(|rest| rest.split_once('"'));
        let named: BTreeSet<&str> = named.map(|(name, _)| name).collect();
        assert_eq!(named, Retention::ALL.iter().map(|kept| kept.name).collect());
    }
}
