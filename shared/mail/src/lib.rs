//! Mails: a [`Message`] becomes text and HTML by templates in each language, [`Mailer`] sends it by Amazon SES. The only
//! crate that names its SDK.

mod markup;
mod messages;

use aws_sdk_ses::Client;
use aws_sdk_ses::error::ProvideErrorMetadata;
use aws_sdk_ses::types::{Body, Content, Destination, Message as SesMessage};
use domain::Fault;
use domain::account::Language;
use domain::person::Email;
use runtime::metrics::MailOutcome;
use runtime::{ConfigError, Env, Measure, Metrics};

pub use messages::{Letterhead, MailedLink, Message, Paid, Written};

/// Sends mails in the creditor's name.
#[derive(Clone)]
pub struct Mailer {
    client: Client,
    from: String,
    configuration_set: Option<String>,
    creditor: String,
    /// E-mail and telephone of the creditor; answers go to the first.
    contact: (String, String),
    metrics: Metrics,
}

impl Mailer {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        let config = env.config();
        let creditor = config.creditor_name.get()?.clone();
        let address = config.mail_from.get()?;
        // The creditor's name is the sender; quotes and controls could end the quoted part.
        let name: String = creditor.chars().filter(|c| !matches!(c, '"' | '\\') && !c.is_control()).collect();
        Ok(Self {
            client: Client::new(&env.sdk("SES")),
            from: format!("{} <{address}>", encoded_word(&name)),
            configuration_set: config.ses_configuration_set.optional()?.cloned(),
            creditor,
            contact: (config.contact_email.get()?.clone(), config.contact_phone.get()?.clone()),
            metrics: env.metrics().clone(),
        })
    }

    /// Sends one message. An error is SES's or the network's: the message stays in the outbox.
    pub async fn send(&self, to: &Email, language: Language, message: &Message) -> Result<(), Fault> {
        let handed_over = self.hand_over(to, language, message).await;
        self.metrics.note(Measure::Mail(if handed_over.is_ok() {
            MailOutcome::Sent
        } else {
            MailOutcome::Failed
        }));
        handed_over
    }

    async fn hand_over(&self, to: &Email, language: Language, message: &Message) -> Result<(), Fault> {
        const DOING: &str = "sending a mail";
        let (email, phone) = (self.contact.0.as_str(), self.contact.1.as_str());
        let from = Letterhead { creditor: &self.creditor, contact: Some((email, phone)) };
        let written = message.written(language, from)?;
        let content = |text: String| Content::builder().charset("UTF-8").data(text).build();
        let part = |text| content(text).map_err(|e| Fault::new(DOING, e));
        let body = Body::builder().text(part(written.text)?).html(part(written.html)?).build();
        let mail = SesMessage::builder().subject(part(written.subject)?).body(body).build();
        self.client
            .send_email()
            .source(&self.from)
            .reply_to_addresses(email)
            .destination(Destination::builder().to_addresses(to.as_str()).build())
            .message(mail)
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await
            .map(drop)
            // SES's sentence may quote the address; its code says enough.
            .map_err(|e| match e.code() {
                Some(code) => Fault::new(DOING, format!("SES answered {code}")),
                None => Fault::new(DOING, e),
            })
    }
}

/// The most characters that an encoded word may have (RFC 2047, 2).
const LONGEST_WORD: usize = 75;

/// A name in a header: quoted if plain, as encoded words (RFC 2047) otherwise. No character is split between two.
fn encoded_word(name: &str) -> String {
    const OPEN: &str = "=?UTF-8?Q?";
    const CLOSE: &str = "?=";
    if name.is_ascii() {
        return format!("\"{name}\"");
    }
    let mut words = vec![String::from(OPEN)];
    for c in name.chars() {
        let coded: String = match c {
            ' ' => "_".to_owned(),
            c if c.is_ascii_alphanumeric() => c.to_string(),
            c => c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("={byte:02X}")).collect(),
        };
        match words.last_mut() {
            Some(word) if word.len() + coded.len() + CLOSE.len() <= LONGEST_WORD => word.push_str(&coded),
            _ => words.push(format!("{OPEN}{coded}")),
        }
    }
    words.iter().map(|word| format!("{word}{CLOSE}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_with_accents_is_an_encoded_word() {
        assert_eq!(encoded_word("Comune di Test"), "\"Comune di Test\"");
        assert_eq!(encoded_word("Città di Forlì"), "=?UTF-8?Q?Citt=C3=A0_di_Forl=C3=AC?=");
        let long = encoded_word(&"Unione dei Comuni Città di Forlì e Località vicine ".repeat(3));
        assert!(long.split(' ').count() > 3);
        for word in long.split(' ') {
            assert!(word.len() <= 75 && word.starts_with("=?UTF-8?Q?") && word.ends_with("?="), "{word}");
        }
    }
}
