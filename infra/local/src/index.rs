//! `GET /_local/`: what there is to try.

use crate::Response;
use crate::core::Core;
use crate::demo::{FISCAL_CODE, MANUAL_NOTICE, OTHER_FISCAL_CODE, OTHER_NOTICE, PASSWORD, USER};
use crate::pages::{Page, Words, escaped};
use crate::secrets::CREDITOR_KEY;

pub fn page(core: &Core, words: Words) -> Response {
    let mut page = Page::new(words, words.pick("Ambiente locale", "Local stack"));
    let list = |rows: &[(&str, &str)]| {
        let rows: String = rows
            .iter()
            .map(|(term, value)| format!("<dt>{term}</dt><dd><code>{}</code></dd>", escaped(value)))
            .collect();
        format!("<dl>{rows}</dl>")
    };
    let (code, notice) =
        (words.pick("Codice fiscale", "Tax code"), words.pick("Codice avviso", "Notice code"));
    page.add(&format!("<h2>{}</h2>", words.pick("Utente di prova", "Demonstration user")));
    page.add(&list(&[("Username", USER), ("Password", PASSWORD), (code, FISCAL_CODE)]));
    page.add(&format!("<h2>{}</h2>", words.pick("Pratiche da cercare", "Debts to search for")));
    page.add(&list(&[(code, FISCAL_CODE), (notice, MANUAL_NOTICE)]));
    page.add(&list(&[(code, OTHER_FISCAL_CODE), (notice, OTHER_NOTICE)]));
    page.add(&format!("<h2>{}</h2>", words.pick("Ente creditore", "Creditor")));
    page.add(&list(&[
        (words.pick("Nome", "Name"), "Comune di Test"),
        (code, "12345678903"),
        (words.pick("Chiave del gestionale", "Back-office key"), CREDITOR_KEY),
    ]));
    let links = [
        ("/", words.pick("Il portale", "The portal")),
        ("/_local/mail", words.pick("La posta inviata", "Mail that was sent")),
        ("/_local/mail.json", words.pick("La stessa, in JSON", "The same, as JSON")),
        (
            "/_local/aca",
            words.pick("L’archivio centralizzato degli avvisi", "The central archive of notices"),
        ),
        ("/_local/clock", words.pick("L’orologio", "The clock")),
        (
            "/_local/environment",
            words.pick(
                "Le variabili per funzioni eseguite altrove",
                "Variables for functions that run elsewhere",
            ),
        ),
    ];
    page.add(&format!("<h2>{}</h2><ul>", words.pick("Indirizzi", "Addresses")));
    for (href, label) in links {
        page.add(&format!("<li><a href=\"{href}\">{label}</a></li>"));
    }
    page.add("</ul>");
    let functions: Vec<&str> = core.template.functions.keys().map(String::as_str).collect();
    page.add(&format!("<p>{}: {}</p>", words.pick("Funzioni", "Functions"), functions.join(", ")));
    page.response(200)
}
