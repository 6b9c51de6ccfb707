//! The words of every mail, in Italian and English. Subject and first line match the screens.

use domain::account::Language;
use domain::{Cents, Date};

/// A mail to write.
#[derive(Clone, Debug)]
pub enum Message {
    /// The link that activates an account.
    Activate {
        link: String,
    },
    /// Somebody, perhaps the same person, registered again.
    AlreadyRegistered {
        login: String,
        forgot: String,
    },
    /// The account is active.
    Activated {
        login: String,
    },
    /// The link that sets a new password.
    ResetPassword {
        link: String,
    },
    PasswordChanged {
        forgot: String,
    },
    ConsentRevoked {
        search: String,
    },
    PaymentReceived {
        total: Cents,
        fee: Cents,
        paid: Vec<Paid>,
        page: String,
    },
    PaymentFailed {
        reasons: Vec<String>,
        page: String,
    },
}

/// One debt that was paid.
#[derive(Clone, Debug)]
pub struct Paid {
    pub reason: String,
    pub iuv: String,
    pub amount: Cents,
    pub paid_on: Date,
}

/// A mail as it goes out: plain text, and the same as simple HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// A mail's parts before they are laid out: one link at most, no tracking.
struct Parts {
    subject: String,
    lines: Vec<String>,
    link: Option<(&'static str, String)>,
    after: Vec<String>,
}

impl Message {
    pub fn written(&self, language: Language, creditor: &str) -> Written {
        let parts = match language {
            Language::It => self.italian(creditor),
            Language::En => self.english(creditor),
        };
        layout(&parts, language, creditor)
    }

    fn italian(&self, creditor: &str) -> Parts {
        let parts =
            |subject: &str, lines: &[&str], link: Option<(&'static str, &str)>, after: &[&str]| Parts {
                subject: subject.to_owned(),
                lines: lines.iter().map(|line| (*line).to_owned()).collect(),
                link: link.map(|(name, url)| (name, url.to_owned())),
                after: after.iter().map(|line| (*line).to_owned()).collect(),
            };
        match self {
            Message::Activate { link } => parts(
                "Attiva il tuo account",
                &[
                    "Attiva il tuo account",
                    "Apri questo link per attivare il tuo account sul portale dei pagamenti:",
                ],
                Some(("Attiva il tuo account", link)),
                &[
                    "Il link vale 24 ore.",
                    "Se non ti sei registrato tu, ignora questo messaggio: senza il link l’account non si attiva.",
                ],
            ),
            Message::AlreadyRegistered { login, forgot } => {
                let forgot = format!("Se non ricordi la password, scegline una nuova: {forgot}");
                parts(
                    "Hai già un account",
                    &[
                        "Hai già un account",
                        "Qualcuno, forse tu, ha provato a registrarsi con i tuoi dati. Non è cambiato nulla: il tuo account esiste già e puoi accedere da qui:",
                    ],
                    Some(("Accedi", login)),
                    &[&forgot, "Se non sei stato tu, non devi fare nulla."],
                )
            }
            Message::Activated { login } => parts(
                "Il tuo account è attivo",
                &["Il tuo account è attivo", "Ora puoi accedere, vedere le tue pratiche e pagare:"],
                Some(("Accedi", login)),
                &[],
            ),
            Message::ResetPassword { link } => parts(
                "Reimposta la password",
                &["Reimposta la password", "Apri questo link per scegliere una nuova password:"],
                Some(("Scegli una nuova password", link)),
                &[
                    "Il link vale 30 minuti e si usa una volta sola.",
                    "Se non l’hai chiesto tu, ignora questo messaggio: la tua password resta quella di prima.",
                ],
            ),
            Message::PasswordChanged { forgot } => parts(
                "La password è stata cambiata",
                &[
                    "La password è stata cambiata",
                    "Tutti gli altri accessi sono stati chiusi.",
                    "Se non sei stato tu, scegli subito una nuova password:",
                ],
                Some(("Scegli una nuova password", forgot)),
                &[],
            ),
            Message::ConsentRevoked { search } => parts(
                "Consenso revocato",
                &[
                    "Consenso revocato",
                    "Hai revocato il consenso: il tuo account è chiuso e i dati del profilo vengono cancellati entro 24 ore.",
                    "Le pratiche da pagare restano: puoi sempre trovarle con codice fiscale e codice avviso:",
                ],
                Some(("Cerca una pratica", search)),
                &["Quando vuoi puoi registrarti di nuovo."],
            ),
            Message::PaymentReceived { total, fee, paid, page } => {
                let subject = format!("Ricevuta del pagamento di {} €", total.italian());
                let mut lines =
                    vec![subject.clone(), format!("{creditor} ha ricevuto il pagamento. Grazie.")];
                lines.extend(paid.iter().map(|p| {
                    format!(
                        "{} · {} € · IUUV {} · pagata il {}",
                        p.reason,
                        p.amount.italian(),
                        p.iuv,
                        domain::time::italian_date(p.paid_on)
                    )
                }));
                if *fee > Cents::ZERO {
                    lines.push(format!("Commissione del PSP: {} €", fee.italian()));
                }
                lines.push("La ricevuta si scarica dal portale:".to_owned());
                Parts { subject, lines, link: Some(("Vedi la ricevuta", page.clone())), after: Vec::new() }
            }
            Message::PaymentFailed { reasons, page } => {
                let mut lines = vec![
                    "Pagamento non riuscito".to_owned(),
                    "Il pagamento non è andato a buon fine: non ti è stato addebitato nulla. La pratica resta da pagare:".to_owned(),
                ];
                lines.extend(reasons.iter().cloned());
                Parts {
                    subject: "Pagamento non riuscito".to_owned(),
                    lines,
                    link: Some(("Vai alle tue pratiche", page.clone())),
                    after: Vec::new(),
                }
            }
        }
    }

    fn english(&self, creditor: &str) -> Parts {
        let parts =
            |subject: &str, lines: &[&str], link: Option<(&'static str, &str)>, after: &[&str]| Parts {
                subject: subject.to_owned(),
                lines: lines.iter().map(|line| (*line).to_owned()).collect(),
                link: link.map(|(name, url)| (name, url.to_owned())),
                after: after.iter().map(|line| (*line).to_owned()).collect(),
            };
        match self {
            Message::Activate { link } => parts(
                "Activate your account",
                &["Activate your account", "Open this link to activate your account on the payments portal:"],
                Some(("Activate your account", link)),
                &[
                    "The link lasts 24 hours.",
                    "If you did not register, ignore this message: without the link the account stays inactive.",
                ],
            ),
            Message::AlreadyRegistered { login, forgot } => {
                let forgot = format!("If you do not remember your password, choose a new one: {forgot}");
                parts(
                    "You already have an account",
                    &[
                        "You already have an account",
                        "Somebody, perhaps you, tried to register with your details. Nothing has changed: your account exists already and you can log in here:",
                    ],
                    Some(("Log in", login)),
                    &[&forgot, "If it was not you, there is nothing to do."],
                )
            }
            Message::Activated { login } => parts(
                "Your account is active",
                &["Your account is active", "You can now log in, see your debts and pay:"],
                Some(("Log in", login)),
                &[],
            ),
            Message::ResetPassword { link } => parts(
                "Reset your password",
                &["Reset your password", "Open this link to choose a new password:"],
                Some(("Choose a new password", link)),
                &[
                    "The link lasts 30 minutes and works once.",
                    "If you did not ask for it, ignore this message: your password stays as it was.",
                ],
            ),
            Message::PasswordChanged { forgot } => parts(
                "Your password has been changed",
                &[
                    "Your password has been changed",
                    "All other sessions have been closed.",
                    "If it was not you, choose a new password at once:",
                ],
                Some(("Choose a new password", forgot)),
                &[],
            ),
            Message::ConsentRevoked { search } => parts(
                "Consent withdrawn",
                &[
                    "Consent withdrawn",
                    "You have withdrawn your consent: your account is closed and your profile will be erased within 24 hours.",
                    "Unpaid debts remain: you can always find them with the tax code and the notice code:",
                ],
                Some(("Find a debt", search)),
                &["You can register again whenever you like."],
            ),
            Message::PaymentReceived { total, fee, paid, page } => {
                let subject = format!("Receipt for your payment of €{}", total.english());
                let mut lines =
                    vec![subject.clone(), format!("{creditor} has received your payment. Thank you.")];
                lines.extend(paid.iter().map(|p| {
                    format!(
                        "{} · €{} · IUUV {} · paid on {}",
                        p.reason,
                        p.amount.english(),
                        p.iuv,
                        domain::time::italian_date(p.paid_on)
                    )
                }));
                if *fee > Cents::ZERO {
                    lines.push(format!("The provider’s fee: €{}", fee.english()));
                }
                lines.push("You can download the receipt from the portal:".to_owned());
                Parts { subject, lines, link: Some(("See the receipt", page.clone())), after: Vec::new() }
            }
            Message::PaymentFailed { reasons, page } => {
                let mut lines = vec![
                    "Payment failed".to_owned(),
                    "The payment did not go through: nothing was charged. The debt is still to pay:"
                        .to_owned(),
                ];
                lines.extend(reasons.iter().cloned());
                Parts {
                    subject: "Payment failed".to_owned(),
                    lines,
                    link: Some(("Go to your debts", page.clone())),
                    after: Vec::new(),
                }
            }
        }
    }
}

fn layout(parts: &Parts, language: Language, creditor: &str) -> Written {
    let sign_off = match language {
        Language::It => "Portale dei pagamenti",
        Language::En => "Payments portal",
    };
    let mut text: Vec<String> = parts.lines.clone();
    let mut html: Vec<String> = Vec::new();
    for (index, line) in parts.lines.iter().enumerate() {
        let tag = if index == 0 { "h1" } else { "p" };
        html.push(format!("<{tag}>{}</{tag}>", escaped(line)));
    }
    if let Some((name, url)) = &parts.link {
        text.push(url.clone());
        html.push(format!("<p><a href=\"{}\">{}</a></p>", escaped(url), escaped(name)));
    }
    for line in &parts.after {
        text.push(line.clone());
        html.push(format!("<p>{}</p>", escaped(line)));
    }
    text.push(format!("{creditor}\n{sign_off}"));
    html.push(format!("<p>{}<br>{}</p>", escaped(creditor), escaped(sign_off)));
    let title = escaped(&parts.subject);
    Written {
        // One line: SES takes the subject as a field of its own, and nothing in it can begin another header.
        subject: parts.subject.chars().filter(|c| !c.is_control()).collect(),
        text: text.join("\n\n") + "\n",
        html: format!(
            "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
             <body>{}</body></html>",
            language.as_str(),
            html.concat()
        ),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ab_13_text_of_people_cannot_become_markup_or_a_header() {
        let failed = Message::PaymentFailed {
            reasons: vec!["<script>alert(1)</script>\r\nBcc: x@example.it".to_owned()],
            page: "https://pagamenti.example.it/pratiche".to_owned(),
        };
        let written = failed.written(Language::It, "Comune di <b>Test</b>");
        assert!(!written.html.contains("<script>") && !written.html.contains("<b>"));
        assert!(!written.subject.contains('\n'));
    }

    #[test]
    fn the_receipt_mail_names_total_fee_and_debts_in_both_languages() {
        let message = Message::PaymentReceived {
            total: Cents::new(4_630).unwrap(),
            fee: Cents::new(80).unwrap(),
            paid: vec![Paid {
                reason: "Mensa ottobre 2026".to_owned(),
                iuv: "01000000000000144".to_owned(),
                amount: Cents::new(4_550).unwrap(),
                paid_on: "2026-11-23".parse().unwrap(),
            }],
            page: "https://pagamenti.example.it/pratiche/storico".to_owned(),
        };
        let it = message.written(Language::It, "Comune di Test");
        assert_eq!(it.subject, "Ricevuta del pagamento di 46,30 €");
        assert!(it.text.starts_with(&it.subject));
        assert!(it.text.contains("45,50 €") && it.text.contains("Commissione del PSP: 0,80 €"));
        let en = message.written(Language::En, "Comune di Test");
        assert!(en.text.contains("€45.50") && en.text.contains("fee: €0.80"));
    }
}
