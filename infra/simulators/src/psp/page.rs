//! The page where a person pays, refuses, cancels or walks away (S33).

use emulator::exchange::Response;
use emulator::pages::{HtmlPage, PageLanguage, escaped, origin, radio_buttons};

use super::{ChosenOutcome, PaymentChoice, PaymentStatus, PspSimulator};

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

impl PspSimulator {
    pub fn page(&self, transaction: &str, language: PageLanguage) -> Option<Response> {
        let payment = self.payment(transaction)?;
        let order = &payment.order;
        let mut page = HtmlPage::new(language, language.pick("Simulatore del PSP", "PSP simulator"));
        if let Some(origin) = origin(&order.return_url) {
            page.leads_to(origin);
        }
        let reasons: Vec<String> = order.items.iter().map(|item| escaped(&item.reason)).collect();
        let rows = [
            (language.pick("Beneficiario", "Payee"), escaped(&order.creditor.name)),
            (language.pick("Causale", "Reason"), reasons.join("<br>")),
            (language.pick("Importo", "Amount"), language.euros(order.amount)),
            (language.pick("Commissione", "Fee"), language.euros(order.fee)),
            (language.pick("Totale", "Total"), language.euros(order.amount.saturating_add(order.fee))),
            ("PSP", escaped(&order.psp_name())),
            (language.pick("Transazione", "Transaction"), escaped(transaction)),
        ];
        page.add("<dl>");
        for (term, value) in rows {
            page.add(&format!("<dt>{term}</dt><dd>{value}</dd>"));
        }
        page.add("</dl>");
        if payment.status != PaymentStatus::Open {
            let ended = language.pick("Questo pagamento è già concluso.", "This payment has already ended.");
            let back = language.pick("Torna al portale", "Back to the portal");
            page.add(&format!(
                "<p role=\"status\">{ended}</p><p><a class=\"button\" href=\"{}\">{back}</a></p>",
                escaped(&order.return_url)
            ));
            return Some(page.response(200));
        }
        page.add(&format!("<form method=\"post\" action=\"/_local/psp/{}\">", escaped(transaction)));
        let legend = language.pick("Esito da simulare", "Outcome to simulate");
        let choices = CHOICES.iter().map(|(key, it, en)| (*key, language.pick(it, en)));
        page.add(&radio_buttons(legend, "esito", choices));
        page.add(&format!(
            "<p><label for=\"ritardo\">{}</label> <input type=\"number\" id=\"ritardo\" name=\"ritardo\" \
             min=\"0\" max=\"60\" value=\"0\" inputmode=\"numeric\"></p><p><button id=\"conferma\">{}</button> \
             <button class=\"plain\" id=\"senza-esito\" name=\"senza-esito\" value=\"1\" formnovalidate>{}</button>\
             </p></form>",
            language.pick("Ritardo (secondi)", "Delay (seconds)"),
            language.pick("Conferma", "Confirm"),
            language.pick("Torna al portale senza esito", "Back to the portal without an outcome")
        ));
        Some(page.response(200))
    }
}

/// What the form asks for.
pub fn choice(form: &[u8]) -> Option<PaymentChoice> {
    let get = |name: &str| form_urlencoded::parse(form).find(|(key, _)| key == name).map(|(_, value)| value);
    let delay: u32 = get("ritardo").and_then(|text| text.parse().ok()).unwrap_or(0).min(60);
    let of = |outcome, delay, reason| {
        let chosen = PaymentChoice { outcome, callback_delay_seconds: delay, ..PaymentChoice::success() };
        Some(PaymentChoice { reason, ..chosen })
    };
    if get("senza-esito").is_some() {
        return of(ChosenOutcome::Abandon, 0, None);
    }
    match get("esito")?.as_ref() {
        "riuscito" => of(ChosenOutcome::Success, delay, None),
        "negato" => of(ChosenOutcome::Failure, delay, Some("denied")),
        "fondi" => of(ChosenOutcome::Failure, delay, Some("insufficient_funds")),
        "annullato" => of(ChosenOutcome::Cancel, delay, None),
        "scaduto" => of(ChosenOutcome::Expired, delay, None),
        // Pending means that something is waited for.
        "attesa" => of(ChosenOutcome::Success, delay.max(5), None),
        "nessuno" => of(ChosenOutcome::Abandon, 0, None),
        _ => None,
    }
}
