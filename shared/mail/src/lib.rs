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

pub use messages::{Message, Paid, Written};

/// Sends mails in the creditor's name.
#[derive(Clone)]
pub struct Mailer {
    client: Client,
    from: String,
    configuration_set: Option<String>,
    creditor: String,
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
        let written = message.written(language, &self.creditor)?;
        let content = |text: String| Content::builder().charset("UTF-8").data(text).build();
        let part = |text| content(text).map_err(|e| Fault::new(DOING, e));
        let body = Body::builder().text(part(written.text)?).html(part(written.html)?).build();
        let mail = SesMessage::builder().subject(part(written.subject)?).body(body).build();
        self.client
            .send_email()
            .source(&self.from)
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

/// A name in a header: quoted if plain, as an encoded word (RFC 2047) otherwise.
fn encoded_word(name: &str) -> String {
    if name.is_ascii() {
        return format!("\"{name}\"");
    }
    let mut out = String::from("=?UTF-8?Q?");
    for byte in name.bytes() {
        match byte {
            b' ' => out.push('_'),
            b if b.is_ascii_alphanumeric() => out.push(char::from(b)),
            b => out.push_str(&format!("={b:02X}")),
        }
    }
    out.push_str("?=");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_with_accents_is_an_encoded_word() {
        assert_eq!(encoded_word("Comune di Test"), "\"Comune di Test\"");
        assert_eq!(encoded_word("Città di Forlì"), "=?UTF-8?Q?Citt=C3=A0_di_Forl=C3=AC?=");
    }
}
