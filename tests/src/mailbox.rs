use serde::Deserialize;

use crate::Portal;
use crate::browser::Browser;

/// Where mails arrive instead of at people's providers. Looking into it waits until all that were asked for are there.
pub struct Mailbox {
    browser: Browser,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mail {
    pub to: String,
    pub from: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub links: Vec<String>,
    pub sent_at: jiff::Timestamp,
}

impl Mailbox {
    pub(crate) fn new(portal: &Portal) -> Self {
        Self { browser: portal.local_browser() }
    }

    /// The mails to an address, newest first.
    pub async fn of(&self, address: &str) -> Vec<Mail> {
        let path = format!("/_local/mail.json?to={}", address.replace('+', "%2B"));
        let mut answer = self.browser.get(&path).answer().await.ok();
        serde_json::from_value(answer["items"].take()).expect("a list of mails")
    }

    /// The mails to an address that have this subject, newest first.
    pub async fn of_subject(&self, address: &str, subject: &str) -> Vec<Mail> {
        self.of(address).await.into_iter().filter(|mail| mail.subject == subject).collect()
    }

    /// The newest token that opens a page, such as `/attiva`.
    pub async fn token(&self, address: &str, page: &str) -> Option<String> {
        self.of(address).await.iter().find_map(|mail| token_of(mail, page))
    }
}

/// The token of a mail's link to a page.
pub fn token_of(mail: &Mail, page: &str) -> Option<String> {
    let start = format!("{page}#t=");
    mail.links.iter().find_map(|link| link.split_once(&start).map(|(_, token)| token.to_owned()))
}
