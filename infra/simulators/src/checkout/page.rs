//! The page where a person chooses how to pay, and what goes wrong.

use creditor::Psps;
use domain::{Cents, Timestamp};
use emulator::exchange::Response;
use emulator::pages::{HtmlPage, PageLanguage, escaped, origin, radio_buttons, table_head};

use super::{CartChoice, CartOutcome, CartStatus, CheckoutSimulator, PAGES, ReceiptDelivery, StoredCart};

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

impl CheckoutSimulator {
    pub fn page(&self, id: &str, now: Timestamp, language: PageLanguage) -> Option<Response> {
        let held = self.held(id, now)?;
        let mut page = HtmlPage::new(
            language,
            language.pick("Simulatore di Checkout pagoPA", "pagoPA Checkout simulator"),
        );
        let urls = &held.cart.return_urls;
        let mut back: Vec<&str> = [&urls.return_ok_url, &urls.return_cancel_url, &urls.return_error_url]
            .into_iter()
            .filter_map(|url| origin(url))
            .collect();
        back.sort_unstable();
        back.dedup();
        page.leads_to(&back.join(" "));
        page.add(&summary(&held, language));
        if held.status == CartStatus::Open {
            page.add(&form(id, &held, language)?);
            return Some(page.response(200));
        }
        let (said, to) = match held.status {
            CartStatus::Open | CartStatus::Paid => (
                language.pick("Questo carrello è già pagato.", "This cart is already paid."),
                &urls.return_ok_url,
            ),
            CartStatus::Left => (
                language.pick("Questo pagamento è già concluso.", "This payment has already ended."),
                &urls.return_error_url,
            ),
            CartStatus::Expired => (
                language.pick("Questo carrello è scaduto.", "This cart has expired."),
                &urls.return_error_url,
            ),
        };
        let portal = language.pick("Torna al portale", "Back to the portal");
        page.add(&format!(
            "<p role=\"status\">{said}</p><p><a class=\"button\" href=\"{}\">{portal}</a></p>",
            escaped(to)
        ));
        Some(page.response(200))
    }
}

fn summary(held: &StoredCart, language: PageLanguage) -> String {
    let mut html = table_head(&[
        language.pick("Beneficiario", "Payee"),
        language.pick("Codice avviso", "Notice code"),
        language.pick("Causale", "Reason"),
        language.pick("Importo", "Amount"),
    ]);
    for notice in &held.cart.payment_notices {
        html.push_str(&format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(&notice.company_name),
            escaped(&notice.notice_number),
            escaped(&notice.description),
            language.euros(notice.amount)
        ));
    }
    html.push_str(&format!(
        "</tbody></table><dl><dt>{}</dt><dd>{}</dd><dt>{}</dt><dd>{}</dd>",
        language.pick("Totale senza commissione", "Total without the fee"),
        language.euros(held.total()),
        language.pick("Si può pagare fino a", "Can be paid until"),
        language.instant(held.until)
    ));
    if let Some(email) = &held.cart.email_notice {
        html.push_str(&format!("<dt>{}</dt><dd>{}</dd>", language.pick("E-mail", "Email"), escaped(email)));
    }
    html.push_str("</dl>");
    html
}

fn form(id: &str, held: &StoredCart, language: PageLanguage) -> Option<String> {
    let psps = Psps::of_the_repository().ok()?;
    let amount = Cents::new(held.total()).ok()?;
    let mut offers = Vec::new();
    for method in psps.methods() {
        for offer in method.offers(amount) {
            let fee = offer.fee.get();
            let label = format!(
                "{} – {}: {} {}, {} {}",
                language.pick(&method.name, &method.name_en),
                offer.name,
                language.pick("commissione", "fee"),
                language.euros(fee),
                language.pick("totale", "total"),
                language.euros(held.total().saturating_add(fee))
            );
            offers.push((format!("{}/{}", method.code, offer.id), label));
        }
    }
    let of = |table: &'static [(&str, &str, &str)]| {
        table.iter().map(move |(key, it, en)| (*key, language.pick(it, en)))
    };
    let mut html = format!("<form method=\"post\" action=\"{PAGES}{}\">", escaped(id));
    html.push_str(&radio_buttons(language.pick("Metodo e PSP", "Method and PSP"), "offerta", offers));
    let outcome = language.pick("Esito da simulare", "Outcome to simulate");
    html.push_str(&radio_buttons(outcome, "esito", of(OUTCOMES)));
    let receipt = language.pick("La ricevuta arriva all’ente", "The receipt reaches the creditor");
    html.push_str(&radio_buttons(receipt, "ricevuta", of(RECEIPTS)));
    html.push_str(&format!(
        "<p><button id=\"paga\">{}</button> <button class=\"plain\" id=\"annulla\" name=\"annulla\" value=\"1\" \
         formnovalidate>{}</button></p></form>",
        language.pick("Paga", "Pay"),
        language.pick("Annulla", "Cancel")
    ));
    Some(html)
}

/// What the form asks for.
pub fn choice(form: &[u8]) -> Option<CartChoice> {
    let get = |name: &str| form_urlencoded::parse(form).find(|(key, _)| key == name).map(|(_, value)| value);
    if get("annulla").is_some() {
        return Some(CartChoice { outcome: CartOutcome::Cancel, ..CartChoice::success() });
    }
    let outcome = match get("esito")?.as_ref() {
        "riuscito" | "nodo" => CartOutcome::Success,
        "negato" => CartOutcome::Failure,
        "nessuno" => CartOutcome::Abandon,
        _ => return None,
    };
    let receipt = match (get("esito")?.as_ref(), get("ricevuta")?.as_ref()) {
        ("nodo", _) => ReceiptDelivery::NodeTimeout,
        (_, "prima") => ReceiptDelivery::BeforeReturn,
        (_, "doppia") => ReceiptDelivery::Twice,
        (_, "tardi") => ReceiptDelivery::Late,
        (_, "persa") => ReceiptDelivery::Lost,
        (_, "importo") => ReceiptDelivery::WrongAmount,
        (_, "secondo") => ReceiptDelivery::SecondPayment,
        _ => return None,
    };
    Some(CartChoice { outcome, receipt, method_and_psp: get("offerta").map(std::borrow::Cow::into_owned) })
}
