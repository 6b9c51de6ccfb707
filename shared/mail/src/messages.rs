//! Every mail that is sent. Subject and first line match the screens.

use askama::Template;
use domain::account::Language;
use domain::{Cents, Date, Fault, Timestamp};

use crate::markup;

/// A mail to write.
#[derive(Clone, Debug)]
pub enum Message {
    /// The link that activates an account; several when several registrations wait for one username.
    Activate {
        links: Vec<MailedLink>,
    },
    /// The account is active.
    Activated {
        login: String,
    },
    /// The link that sets a new password.
    ResetPassword {
        link: String,
        code: String,
    },
    PasswordChanged {
        forgot: String,
    },
    /// The link that confirms another address for mail.
    ConfirmEmail {
        link: String,
    },
    /// Word to the address before it.
    EmailChangeAsked {
        help: String,
    },
    /// To whoever may know better: an account has proven its fiscal code, and the link that contests it.
    IdentityProven {
        link: String,
    },
    /// The creditor has to decide whose a fiscal code is.
    IdentityDisputed {
        help: String,
    },
    /// What the creditor decided.
    IdentityDecided {
        proven: bool,
        login: String,
    },
    /// Closed by the creditor.
    AccountClosed {
        help: String,
    },
    /// Somebody logged in from a browser that the account did not know.
    NewDevice {
        /// Day and time, in Rome.
        at: String,
        forgot: String,
    },
    /// Nobody has entered the account for years.
    AccountUnused {
        /// The last day, as people write it.
        until: String,
        login: String,
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
    /// Money came, of another amount than agreed; nothing when it was no euro.
    PaymentDiffers {
        reasons: Vec<String>,
        came: Option<Cents>,
        agreed: Cents,
        page: String,
    },
    PaymentFailed {
        reasons: Vec<String>,
        page: String,
    },
}

/// A link that activates a registration, and the code to type where the link is broken.
#[derive(Clone, Debug)]
pub struct MailedLink {
    pub url: String,
    pub code: String,
    pub registered: Timestamp,
}

/// One debt that was paid.
#[derive(Clone, Debug)]
pub struct Paid {
    /// Free text: for addresses that were verified.
    pub reason: Option<String>,
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

/// A message in one language: `templates/it` and `templates/en` hold its sentences, one link at most, no tracking.
#[derive(Template)]
#[template(path = "mail.html")]
struct Mail<'a> {
    message: &'a Message,
    language: Language,
    from: Letterhead<'a>,
    /// The creditor's name, for the sentences.
    creditor: &'a str,
}

/// Who writes, and where to find them.
#[derive(Clone, Copy, Debug)]
pub struct Letterhead<'a> {
    pub creditor: &'a str,
    /// E-mail and telephone.
    pub contact: Option<(&'a str, &'a str)>,
}

impl<'a> From<&'a str> for Letterhead<'a> {
    fn from(creditor: &'a str) -> Self {
        Self { creditor, contact: None }
    }
}

impl Message {
    /// The mail in this language, from this creditor.
    pub fn written<'a>(&self, language: Language, from: impl Into<Letterhead<'a>>) -> Result<Written, Fault> {
        let from = from.into();
        let mail = Mail { message: self, language, from, creditor: from.creditor };
        let body = mail.render().map_err(|e| Fault::new("writing a mail", e))?.replace('\n', "");
        let text = markup::plain(&body);
        let subject = text.lines().next().unwrap_or_default();
        Ok(Written {
            // One line: SES takes the subject as a field of its own, and nothing in it can begin another header.
            subject: subject.chars().filter(|c| !c.is_control()).collect(),
            html: markup::laid_out(language.as_str(), subject, from.creditor, &body),
            text,
        })
    }
}

impl MailedLink {
    fn time(&self) -> String {
        domain::time::rome_minute(self.registered)
    }
}

impl Paid {
    fn day(&self) -> String {
        domain::time::italian_date(self.paid_on)
    }
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
        let written = failed.written(Language::It, "Comune di <b>Test</b>").unwrap();
        assert!(!written.html.contains("<script>") && !written.html.contains("<b>"));
        assert!(!written.subject.contains('\n'));
    }

    #[test]
    fn the_receipt_mail_names_total_fee_and_debts_in_both_languages() {
        let message = Message::PaymentReceived {
            total: Cents::new(4_630).unwrap(),
            fee: Cents::new(80).unwrap(),
            paid: vec![Paid {
                reason: Some("Mensa ottobre 2026".to_owned()),
                iuv: "01000000000000144".to_owned(),
                amount: Cents::new(4_550).unwrap(),
                paid_on: "2026-11-23".parse().unwrap(),
            }],
            page: "https://pagamenti.example.it/pratiche/storico".to_owned(),
        };
        let it = message.written(Language::It, "Comune di Test").unwrap();
        assert_eq!(it.subject, "Ricevuta del pagamento di 46,30 €");
        assert!(it.text.starts_with(&it.subject));
        assert!(it.text.contains("45,50 €") && it.text.contains("Commissione del PSP: 0,80 €"));
        let en = message.written(Language::En, "Comune di Test").unwrap();
        assert!(en.text.contains("€45.50") && en.text.contains("fee: €0.80"));
    }
}
