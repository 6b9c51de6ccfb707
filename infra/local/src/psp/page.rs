//! The page where a person pays, refuses, cancels or walks away (S33).

use crate::Response;
use crate::pages::{Page, Words, escaped};

use super::{Outcome, Psp, Status, Wish};

/// Key, Italian, English.
const CHOICES: &[(&str, &str, &str)] = &[
    ("riuscito", "Pagamento riuscito", "Payment successful"),
    ("negato", "Autorizzazione negata", "Authorisation denied"),
    ("fondi", "Fondi insufficienti", "Insufficient funds"),
    ("annullato", "Annullato da me", "Cancelled by me"),
    ("scaduto", "Scaduto", "Expired"),
    ("attesa", "In attesa (conferma dopo i secondi indicati)", "Pending (confirmed after the seconds below)"),
    ("nessuno", "Nessuna risposta", "No answer"),
];

impl Psp {
    pub fn page(&self, transaction: &str, words: Words) -> Option<Response> {
        let payment = self.payment(transaction)?;
        let order = &payment.order;
        let mut page = Page::new(words, words.pick("Simulatore del PSP", "PSP simulator"));
        if let Some(origin) = origin(&order.return_url) {
            page.leads_to(origin);
        }
        let reasons: Vec<String> = order.items.iter().map(|item| escaped(&item.reason)).collect();
        let rows = [
            (words.pick("Beneficiario", "Payee"), escaped(&order.creditor.name)),
            (words.pick("Causale", "Reason"), reasons.join("<br>")),
            (words.pick("Importo", "Amount"), words.euros(order.amount)),
            (words.pick("Commissione", "Fee"), words.euros(order.fee)),
            (words.pick("Totale", "Total"), words.euros(order.amount.saturating_add(order.fee))),
            ("PSP", escaped(&order.psp_name())),
            (words.pick("Transazione", "Transaction"), escaped(transaction)),
        ];
        page.add("<dl>");
        for (term, value) in rows {
            page.add(&format!("<dt>{term}</dt><dd>{value}</dd>"));
        }
        page.add("</dl>");
        if payment.status != Status::Open {
            let ended = words.pick("Questo pagamento è già concluso.", "This payment has already ended.");
            let back = words.pick("Torna al portale", "Back to the portal");
            page.add(&format!(
                "<p role=\"status\">{ended}</p><p><a class=\"button\" href=\"{}\">{back}</a></p>",
                escaped(&order.return_url)
            ));
            return Some(page.response(200));
        }
        page.add(&format!(
            "<form method=\"post\" action=\"/_local/psp/{0}\"><fieldset><legend>{1}</legend>",
            escaped(transaction),
            words.pick("Esito da simulare", "Outcome to simulate")
        ));
        for (at, (key, it, en)) in CHOICES.iter().enumerate() {
            let checked = if at == 0 { " checked" } else { "" };
            page.add(&format!(
                "<label for=\"esito-{key}\"><input type=\"radio\" name=\"esito\" id=\"esito-{key}\" \
                 value=\"{key}\"{checked}>{}</label>",
                words.pick(it, en)
            ));
        }
        page.add(&format!(
            "</fieldset><p><label for=\"ritardo\">{}</label> <input type=\"number\" id=\"ritardo\" name=\"ritardo\" \
             min=\"0\" max=\"60\" value=\"0\" inputmode=\"numeric\"></p><p><button id=\"conferma\">{}</button> \
             <button class=\"plain\" id=\"senza-esito\" name=\"senza-esito\" value=\"1\" formnovalidate>{}</button>\
             </p></form>",
            words.pick("Ritardo (secondi)", "Delay (seconds)"),
            words.pick("Conferma", "Confirm"),
            words.pick("Torna al portale senza esito", "Back to the portal without an outcome")
        ));
        Some(page.response(200))
    }
}

/// What the form asks for.
pub fn wish(form: &[u8]) -> Option<Wish> {
    let get = |name: &str| form_urlencoded::parse(form).find(|(key, _)| key == name).map(|(_, value)| value);
    let delay: u32 = get("ritardo").and_then(|text| text.parse().ok()).unwrap_or(0).min(60);
    let of = |outcome, delay, reason| {
        Some(Wish { outcome, callbacks: 1, callback_delay_seconds: delay, amount: None, reason })
    };
    if get("senza-esito").is_some() {
        return of(Outcome::Abandon, 0, None);
    }
    match get("esito")?.as_ref() {
        "riuscito" => of(Outcome::Success, delay, None),
        "negato" => of(Outcome::Failure, delay, Some("denied")),
        "fondi" => of(Outcome::Failure, delay, Some("insufficient_funds")),
        "annullato" => of(Outcome::Cancel, delay, None),
        "scaduto" => of(Outcome::Expired, delay, None),
        // Pending means that something is waited for.
        "attesa" => of(Outcome::Success, delay.max(5), None),
        "nessuno" => of(Outcome::Abandon, 0, None),
        _ => None,
    }
}

/// `http://localhost:3000/paga/1` → `http://localhost:3000`.
pub fn origin(url: &str) -> Option<&str> {
    let authority = url.find("://")?.checked_add(3)?;
    let end =
        url.get(authority..)?.find('/').map_or(Some(url.len()), |slash| authority.checked_add(slash))?;
    url.get(..end).filter(|origin| !origin.contains([';', ' ', '\'']))
}
