//! The mailbox in place of SES: it speaks SES's own interface to the unchanged SDK, and shows what came.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::dynamodb::Outcome;
use crate::exchange::Response;
use crate::pages::{Page, PageLanguage, escaped};
use crate::persistence::Persisted;
use crate::start_error::StartError;

pub struct Mailbox {
    mails: Persisted<Mails>,
}

#[derive(Default, Serialize, Deserialize)]
struct Mails {
    next: u64,
    /// Oldest first.
    mails: Vec<Mail>,
}

/// A mail as it was sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mail {
    pub id: u64,
    pub to: String,
    pub from: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub links: Vec<String>,
    pub sent_at: Timestamp,
}

/// The action that a form asks for; SES is told so in the body.
pub fn action(body: &[u8]) -> String {
    field(body, "Action").unwrap_or_default()
}

fn field(body: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The fields of a list, `prefix.member.1` and so on.
fn members(body: &[u8], prefix: &str) -> Vec<String> {
    let prefix = format!("{prefix}.member.");
    form_urlencoded::parse(body)
        .filter(|(key, _)| key.starts_with(&prefix))
        .map(|(_, value)| value.into_owned())
        .collect()
}

/// How SES says no.
pub fn failure(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>{}</Message></Error><RequestId>local</RequestId></ErrorResponse>",
        escaped(message)
    )
}

impl Mailbox {
    pub fn open(folder: Option<&Path>) -> Result<Self, StartError> {
        Ok(Self { mails: Persisted::open(folder, "mail.json")? })
    }

    /// Takes a mail as SES does.
    pub fn receive(&self, action: &str, body: &[u8], now: Timestamp) -> Outcome {
        let get = |name: &str| field(body, name).unwrap_or_default();
        let (to, subject, text, html) = match action {
            "SendEmail" => (
                members(body, "Destination.ToAddresses"),
                get("Message.Subject.Data"),
                get("Message.Body.Text.Data"),
                get("Message.Body.Html.Data"),
            ),
            "SendRawEmail" => {
                let raw = STANDARD.decode(get("RawMessage.Data")).unwrap_or_default();
                let raw = String::from_utf8_lossy(&raw).into_owned();
                let subject = raw.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default();
                (members(body, "Destinations"), subject.to_owned(), raw.clone(), String::new())
            }
            other => return (400, failure("InvalidAction", other)),
        };
        let from = get("Source");
        if to.is_empty() || from.is_empty() {
            return (400, failure("InvalidParameterValue", "Missing final '@domain'"));
        }
        let links = links(&text, &html);
        let id = self.mails.change(|mails| {
            mails.next = mails.next.saturating_add(1);
            let id = mails.next;
            let to = to.join(", ");
            mails.mails.push(Mail { id, to, from, subject, text, html, links, sent_at: now });
            id
        });
        let answer = format!(
            "<{action}Response xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><{action}Result>\
             <MessageId>local-{id}</MessageId></{action}Result><ResponseMetadata><RequestId>local</RequestId>\
             </ResponseMetadata></{action}Response>"
        );
        (200, answer)
    }

    /// The mails to an address, or all, newest first.
    pub fn mails(&self, to: Option<&str>) -> Vec<Mail> {
        let matches = |mail: &&Mail| {
            to.is_none_or(|to| mail.to.split(", ").any(|address| bare(address).eq_ignore_ascii_case(to)))
        };
        self.mails.read(|mails| mails.mails.iter().rev().filter(matches).cloned().collect())
    }

    pub fn clear(&self) {
        self.mails.change(|mails| mails.mails.clear());
    }

    fn mail(&self, id: &str) -> Option<Mail> {
        let id: u64 = id.parse().ok()?;
        self.mails.read(|mails| mails.mails.iter().find(|mail| mail.id == id).cloned())
    }

    pub fn json(&self, to: Option<&str>) -> Response {
        let items: Vec<Value> = self.mails(to).iter().map(|mail| json!(mail)).collect();
        crate::exchange::response(200, "application/json", json!({"items": items}).to_string())
    }

    /// The table of mails.
    pub fn page(&self, to: Option<&str>, language: PageLanguage) -> Response {
        let mails = self.mails(to);
        let mut page = Page::new(language, language.pick("Posta locale", "Local mail"));
        let filter = to.map(|to| format!("?to={}", query_escaped(to))).unwrap_or_default();
        page.add(&format!(
            "<form method=\"post\" action=\"/_local/mail/clear\"><p><a class=\"button\" id=\"aggiorna\" \
             href=\"/_local/mail{filter}\">{}</a> <button class=\"plain\" id=\"svuota\">{}</button></p></form>",
            language.pick("Aggiorna", "Refresh"),
            language.pick("Svuota", "Empty")
        ));
        if mails.is_empty() {
            page.add(&format!(
                "<p role=\"status\">{}</p>",
                language.pick("Nessun messaggio.", "No messages.")
            ));
            return page.response(200);
        }
        let count = match (mails.len(), language) {
            (1, PageLanguage::It) => "1 messaggio".to_owned(),
            (n, PageLanguage::It) => format!("{n} messaggi"),
            (1, PageLanguage::En) => "1 message".to_owned(),
            (n, PageLanguage::En) => format!("{n} messages"),
        };
        page.add(&format!("<p role=\"status\">{count}</p><table><thead><tr>"));
        for head in
            [language.pick("Data", "Date"), language.pick("A", "To"), language.pick("Oggetto", "Subject")]
        {
            page.add(&format!("<th scope=\"col\">{head}</th>"));
        }
        page.add("</tr></thead><tbody>");
        for mail in &mails {
            page.add(&format!(
                "<tr><td>{}</td><td>{}</td><td><a href=\"/_local/mail/{}\">{}</a></td></tr>",
                language.instant(mail.sent_at),
                escaped(&mail.to),
                mail.id,
                escaped(&mail.subject)
            ));
        }
        page.add("</tbody></table>");
        page.response(200)
    }

    /// One mail, or its HTML part at an address of its own.
    pub fn message(&self, rest: &str, language: PageLanguage) -> Option<Response> {
        let (id, part) = rest.split_once('/').unwrap_or((rest, ""));
        let mail = self.mail(id)?;
        match part {
            "html" if !mail.html.is_empty() => Some(sandboxed(&mail.html)),
            "" => Some(message_page(&mail, language)),
            _ => None,
        }
    }
}

fn message_page(mail: &Mail, language: PageLanguage) -> Response {
    let mut page = Page::new(language, &mail.subject);
    page.add(&format!(
        "<dl><dt>{}</dt><dd>{}</dd><dt>{}</dt><dd>{}</dd><dt>{}</dt><dd>{}</dd></dl><pre>{}</pre>",
        language.pick("Data", "Date"),
        language.instant(mail.sent_at),
        language.pick("Da", "From"),
        escaped(&mail.from),
        language.pick("A", "To"),
        escaped(&mail.to),
        escaped(&mail.text)
    ));
    if !mail.links.is_empty() {
        page.add("<ul>");
        for (number, link) in mail.links.iter().enumerate() {
            let open = language.pick("Apri link", "Open link");
            let number = number.saturating_add(1);
            page.add(&format!(
                "<li><a id=\"link-{number}\" href=\"{}\">{open} {number}</a></li>",
                escaped(link)
            ));
        }
        page.add("</ul>");
    }
    if !mail.html.is_empty() {
        let open = language.pick("Apri la versione HTML", "Open the HTML version");
        page.add(&format!("<p><a id=\"html\" href=\"/_local/mail/{}/html\">{open}</a></p>", mail.id));
    }
    page.add(&format!(
        "<p>{}</p><p><a href=\"/_local/mail\">{}</a></p>",
        language.pick("Nessun allegato.", "No attachments."),
        language.pick("Posta locale", "Local mail")
    ));
    page.response(200)
}

/// What came from a mail may not run, load or send anything.
fn sandboxed(html: &str) -> Response {
    let mut response = crate::exchange::response(200, "text/html; charset=utf-8", html.to_owned());
    let policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";
    response.headers_mut().insert("content-security-policy", http::HeaderValue::from_static(policy));
    response
}

/// `Comune di Test <pagamenti@example.it>` → `pagamenti@example.it`.
fn bare(address: &str) -> &str {
    address.rsplit_once('<').map_or(address, |(_, rest)| rest.trim_end_matches('>')).trim()
}

fn query_escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Every address in the text, then those that only the HTML has.
fn links(text: &str, html: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let html = html.replace("&amp;", "&");
    for source in [text, &html] {
        let mut rest = source;
        while let Some(start) = rest.find("http://").into_iter().chain(rest.find("https://")).min() {
            let (_, from) = rest.split_at(start);
            let end = from.find(|c: char| c.is_whitespace() || "<>\"'()".contains(c)).unwrap_or(from.len());
            let (link, after) = from.split_at(end);
            let link = link.trim_end_matches(['.', ',', ';']);
            if !found.iter().any(|known| known == link) {
                found.push(link.to_owned());
            }
            rest = after;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_once_in_the_order_of_the_text() {
        let text = "Apri http://localhost:3000/attiva#t=a-b_c.\nOppure https://example.it/aiuto, grazie.";
        let html =
            "<a href=\"http://localhost:3000/attiva#t=a-b_c\">x</a> <a href='http://x.it/?a=1&amp;b=2'>y</a>";
        assert_eq!(
            links(text, html),
            ["http://localhost:3000/attiva#t=a-b_c", "https://example.it/aiuto", "http://x.it/?a=1&b=2"]
        );
    }

    #[test]
    fn a_mail_is_found_by_its_address_and_shown_escaped() {
        let mailbox = Mailbox::open(None).unwrap();
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", "SendEmail")
            .append_pair("Source", "Comune <no@example.it>")
            .append_pair("Destination.ToAddresses.member.1", "Mario <mario@example.it>")
            .append_pair("Message.Subject.Data", "<b>Ciao</b>")
            .append_pair("Message.Body.Text.Data", "testo")
            .finish();
        assert_eq!(action(body.as_bytes()), "SendEmail");
        let (status, answer) = mailbox.receive("SendEmail", body.as_bytes(), Timestamp::UNIX_EPOCH);
        assert_eq!(status, 200);
        assert!(answer.contains("<MessageId>local-1</MessageId>"));
        assert_eq!(mailbox.mails(Some("MARIO@example.it")).len(), 1);
        assert_eq!(mailbox.mails(Some("luigi@example.it")).len(), 0);
        let page = String::from_utf8(mailbox.page(None, PageLanguage::En).into_body()).unwrap();
        assert!(page.contains("&lt;b&gt;Ciao") && page.contains("1 message<"));
        assert!(
            mailbox.message("1", PageLanguage::It).is_some()
                && mailbox.message("1/html", PageLanguage::It).is_none()
        );
    }
}
