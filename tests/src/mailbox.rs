use serde::Deserialize;

use crate::TestPortal;
use crate::client::TestClient;

/// The local stack's mailbox. Reading it waits until every mail that was asked for is there.
pub struct MailboxClient {
    browser: TestClient,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceivedMail {
    pub to: String,
    pub from: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub links: Vec<String>,
    pub sent_at: jiff::Timestamp,
}

impl MailboxClient {
    pub(crate) fn new(portal: &TestPortal) -> Self {
        Self { browser: portal.local_client() }
    }

    /// The mails to an address, newest first.
    pub async fn of(&self, address: &str) -> Vec<ReceivedMail> {
        let path = format!("/_local/mail.json?to={}", address.replace('+', "%2B"));
        let mut answer = self.browser.get(&path).answer().await.ok();
        serde_json::from_value(answer["items"].take()).expect("a list of mails")
    }

    /// The mails to an address that have this subject, newest first.
    pub async fn of_subject(&self, address: &str, subject: &str) -> Vec<ReceivedMail> {
        self.of(address).await.into_iter().filter(|mail| mail.subject == subject).collect()
    }

    /// The newest token that opens a page, such as `/attiva`.
    pub async fn token(&self, address: &str, page: &str) -> Option<String> {
        self.of(address).await.iter().find_map(|mail| token_of(mail, page))
    }
}

impl ReceivedMail {
    /// The short code beside the mail's first link.
    pub fn code(&self) -> Option<String> {
        let group = |text: &str| text.len() == 4 && text.bytes().all(|b| b.is_ascii_alphanumeric());
        let code = |word: &&str| word.split_once('-').is_some_and(|(a, b)| group(a) && group(b));
        self.text.split_whitespace().find(code).map(str::to_owned)
    }
}

/// The token of a mail's link to a page.
pub fn token_of(mail: &ReceivedMail, page: &str) -> Option<String> {
    let start = format!("{page}#t=");
    mail.links.iter().find_map(|link| link.split_once(&start).map(|(_, token)| token.to_owned()))
}
