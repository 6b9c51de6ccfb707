//! The page where a person chooses how to pay, and what goes wrong.

use creditor::Psps;
use domain::{Cents, Timestamp};

use crate::Response;
use crate::pages::{Page, Words, escaped};
use crate::psp::page::origin;

use super::{Checkout, Delivery, Held, Outcome, PAGES, Status, Wish};

/// Key, Italian, English.
const OUTCOMES: &[(&str, &str, &str)] = &[
    ("riuscito", "Pagamento riuscito", "Payment successful"),
    ("negato", "Autorizzazione negata", "Authorisation denied"),
    ("nodo", "Il Nodo non risponde in tempo", "The node does not answer in time"),
    ("nessuno", "Chiudo la pagina senza concludere", "I close the page without an end"),
];

const RECEIPTS: &[(&str, &str, &str)] = &[
    ("prima", "Prima del ritorno al portale", "Before the return to the portal"),
    ("doppia", "Due volte", "Twice"),
    ("tardi", "Un’ora più tardi", "An hour later"),
    ("persa", "Mai", "Never"),
    ("importo", "Con un importo diverso", "With another amount"),
    ("secondo", "Con un secondo pagamento", "With a second payment"),
];

impl Checkout {
    pub fn page(&self, id: &str, now: Timestamp, words: Words) -> Option<Response> {
        let held = self.held(id, now)?;
        let mut page =
            Page::new(words, words.pick("Simulatore di Checkout pagoPA", "pagoPA Checkout simulator"));
        let urls = &held.cart.return_urls;
        let mut back: Vec<&str> = [&urls.return_ok_url, &urls.return_cancel_url, &urls.return_error_url]
            .into_iter()
            .filter_map(|url| origin(url))
            .collect();
        back.sort_unstable();
        back.dedup();
        page.leads_to(&back.join(" "));
        page.add(&summary(&held, words));
        if held.status == Status::Open {
            page.add(&form(id, &held, words)?);
            return Some(page.response(200));
        }
        let (said, to) = match held.status {
            Status::Open | Status::Paid => (
                words.pick("Questo carrello è già pagato.", "This cart is already paid."),
                &urls.return_ok_url,
            ),
            Status::Left => (
                words.pick("Questo pagamento è già concluso.", "This payment has already ended."),
                &urls.return_error_url,
            ),
            Status::Expired => {
                (words.pick("Questo carrello è scaduto.", "This cart has expired."), &urls.return_error_url)
            }
        };
        let portal = words.pick("Torna al portale", "Back to the portal");
        page.add(&format!(
            "<p role=\"status\">{said}</p><p><a class=\"button\" href=\"{}\">{portal}</a></p>",
            escaped(to)
        ));
        Some(page.response(200))
    }
}

fn summary(held: &Held, words: Words) -> String {
    let mut html = String::from("<table><thead><tr>");
    for head in [
        words.pick("Beneficiario", "Payee"),
        words.pick("Codice avviso", "Notice code"),
        words.pick("Causale", "Reason"),
        words.pick("Importo", "Amount"),
    ] {
        html.push_str(&format!("<th scope=\"col\">{head}</th>"));
    }
    html.push_str("</tr></thead><tbody>");
    for notice in &held.cart.payment_notices {
        html.push_str(&format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(&notice.company_name),
            escaped(&notice.notice_number),
            escaped(&notice.description),
            words.euros(notice.amount)
        ));
    }
    html.push_str(&format!(
        "</tbody></table><dl><dt>{}</dt><dd>{}</dd><dt>{}</dt><dd>{}</dd>",
        words.pick("Totale senza commissione", "Total without the fee"),
        words.euros(held.total()),
        words.pick("Si può pagare fino a", "Can be paid until"),
        words.instant(held.until)
    ));
    if let Some(email) = &held.cart.email_notice {
        html.push_str(&format!("<dt>{}</dt><dd>{}</dd>", words.pick("E-mail", "Email"), escaped(email)));
    }
    html.push_str("</dl>");
    html
}

fn form(id: &str, held: &Held, words: Words) -> Option<String> {
    let psps = Psps::of_the_repository().ok()?;
    let amount = Cents::new(held.total()).ok()?;
    let mut offers = Vec::new();
    for method in psps.methods() {
        for offer in method.offers(amount) {
            let fee = offer.fee.get();
            let label = format!(
                "{} – {}: {} {}, {} {}",
                words.pick(&method.name, &method.name_en),
                offer.name,
                words.pick("commissione", "fee"),
                words.euros(fee),
                words.pick("totale", "total"),
                words.euros(held.total().saturating_add(fee))
            );
            offers.push((format!("{}/{}", method.code, offer.id), label));
        }
    }
    let of = |table: &[(&str, &str, &str)]| -> Vec<(String, String)> {
        table.iter().map(|(key, it, en)| ((*key).to_owned(), words.pick(it, en).to_owned())).collect()
    };
    let mut html = format!("<form method=\"post\" action=\"{PAGES}{}\">", escaped(id));
    html.push_str(&choices(words.pick("Metodo e PSP", "Method and PSP"), "offerta", &offers));
    html.push_str(&choices(words.pick("Esito da simulare", "Outcome to simulate"), "esito", &of(OUTCOMES)));
    html.push_str(&choices(
        words.pick("La ricevuta arriva all’ente", "The receipt reaches the creditor"),
        "ricevuta",
        &of(RECEIPTS),
    ));
    html.push_str(&format!(
        "<p><button id=\"paga\">{}</button> <button class=\"plain\" id=\"annulla\" name=\"annulla\" value=\"1\" \
         formnovalidate>{}</button></p></form>",
        words.pick("Paga", "Pay"),
        words.pick("Annulla", "Cancel")
    ));
    Some(html)
}

/// Radio buttons, the first one chosen.
fn choices(legend: &str, name: &str, keys: &[(String, String)]) -> String {
    let mut html = format!("<fieldset><legend>{legend}</legend>");
    for (at, (key, label)) in keys.iter().enumerate() {
        let checked = if at == 0 { " checked" } else { "" };
        let (key, shown) = (escaped(key), escaped(label));
        html.push_str(&format!(
            "<label for=\"{name}-{key}\"><input type=\"radio\" name=\"{name}\" id=\"{name}-{key}\" \
             value=\"{key}\"{checked}>{shown}</label>"
        ));
    }
    html.push_str("</fieldset>");
    html
}

/// What the form asks for.
pub fn wish(form: &[u8]) -> Option<Wish> {
    let get = |name: &str| form_urlencoded::parse(form).find(|(key, _)| key == name).map(|(_, value)| value);
    if get("annulla").is_some() {
        return Some(Wish { outcome: Outcome::Cancel, ..Wish::success() });
    }
    let outcome = match get("esito")?.as_ref() {
        "riuscito" | "nodo" => Outcome::Success,
        "negato" => Outcome::Failure,
        "nessuno" => Outcome::Abandon,
        _ => return None,
    };
    let receipt = match (get("esito")?.as_ref(), get("ricevuta")?.as_ref()) {
        ("nodo", _) => Delivery::NodeTimeout,
        (_, "prima") => Delivery::BeforeReturn,
        (_, "doppia") => Delivery::Twice,
        (_, "tardi") => Delivery::Late,
        (_, "persa") => Delivery::Lost,
        (_, "importo") => Delivery::WrongAmount,
        (_, "secondo") => Delivery::SecondPayment,
        _ => return None,
    };
    Some(Wish { outcome, receipt, method_and_psp: get("offerta").map(std::borrow::Cow::into_owned) })
}
