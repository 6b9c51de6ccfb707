//! `GET /_local/`: what there is to try.

use emulator::exchange::Response;
use emulator::pages::{HtmlPage, PageLanguage, escaped};
use emulator::template::Template;

use crate::demo::{FISCAL_CODE, MANUAL_NOTICE, OTHER_FISCAL_CODE, OTHER_NOTICE, PASSWORD, USER};
use crate::secrets::CREDITOR_KEY;

pub fn page(template: &Template, language: PageLanguage) -> Response {
    let mut page = HtmlPage::new(language, language.pick("Ambiente locale", "Local stack"));
    let list = |rows: &[(&str, &str)]| {
        let rows: String = rows
            .iter()
            .map(|(term, value)| format!("<dt>{term}</dt><dd><code>{}</code></dd>", escaped(value)))
            .collect();
        format!("<dl>{rows}</dl>")
    };
    let (code, notice) =
        (language.pick("Codice fiscale", "Tax code"), language.pick("Codice avviso", "Notice code"));
    page.add(&format!("<p>{} {}</p>", language.pick("Versione", "Version"), runtime::VERSION));
    page.add(&format!("<h2>{}</h2>", language.pick("Utente di prova", "Demonstration user")));
    page.add(&list(&[("Username", USER), ("Password", PASSWORD), (code, FISCAL_CODE)]));
    page.add(&format!("<h2>{}</h2>", language.pick("Pratiche da cercare", "Debts to search for")));
    page.add(&list(&[(code, FISCAL_CODE), (notice, MANUAL_NOTICE)]));
    page.add(&list(&[(code, OTHER_FISCAL_CODE), (notice, OTHER_NOTICE)]));
    page.add(&format!("<h2>{}</h2>", language.pick("Ente creditore", "Creditor")));
    page.add(&list(&[
        (language.pick("Nome", "Name"), "Comune di Test"),
        (code, "12345678903"),
        (language.pick("Chiave del gestionale", "Back-office key"), CREDITOR_KEY),
    ]));
    let links = [
        ("/", language.pick("Il portale", "The portal")),
        ("/_local/mail", language.pick("La posta inviata", "Mail that was sent")),
        ("/_local/mail.json", language.pick("La stessa, in JSON", "The same, as JSON")),
        (
            "/_local/aca",
            language.pick("L’archivio centralizzato degli avvisi", "The central archive of notices"),
        ),
        ("/_local/clock", language.pick("L’orologio", "The clock")),
        (
            "/_local/environment",
            language.pick(
                "Le variabili per funzioni eseguite altrove",
                "Variables for functions that run elsewhere",
            ),
        ),
    ];
    page.add(&format!("<h2>{}</h2><ul>", language.pick("Indirizzi", "Addresses")));
    for (href, label) in links {
        page.add(&format!("<li><a href=\"{href}\">{label}</a></li>"));
    }
    page.add("</ul>");
    let functions: Vec<&str> = template.functions.keys().map(String::as_str).collect();
    page.add(&format!("<p>{}: {}</p>", language.pick("Funzioni", "Functions"), functions.join(", ")));
    page.response(200)
}
