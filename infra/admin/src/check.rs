//! `admin check`: after a deployment, one debt of one cent goes in, is found, is printed, and goes out again.

use std::io::Write;
use std::time::Duration;

use clap::Args;
use domain::notice::{Issuing, NoticeNumber, SegregationCode};
use domain::{Fault, Timestamp};
use runtime::{HttpClient, HttpResponse};
use serde_json::{Value, json};

/// The service of these debts, closed to citizens (`infra/creditor/services/verifica.toml`).
const SERVICE: &str = "VERIFICA";
/// Numbers of these debts begin here: far from those of a back office that counts, and never drawn again.
const FIRST_BASE: u64 = 9_900_000_000_000;
const PATIENCE: Duration = Duration::from_secs(30);

/// What is looked at.
#[derive(Args, Debug)]
pub struct CheckOptions {
    /// Address of the portal, such as https://pagamenti.comune.it
    #[arg(long, value_name = "URL")]
    pub portal: String,
    /// A key of the creditor's back office
    #[arg(long, value_name = "KEY")]
    pub key: String,
    /// The creditor's fiscal code: the debt is its own
    #[arg(long, value_name = "CODE")]
    pub creditor: String,
    /// The creditor's segregation code
    #[arg(long, value_name = "CODE", default_value = "01")]
    pub segregation: SegregationCode,
}

/// A walk through a deployed portal, step by step.
struct Walk<'a, W> {
    wire: HttpClient,
    options: &'a CheckOptions,
    out: &'a mut W,
    whole: bool,
}

/// Returns whether everything was as it must be.
///
/// # Errors
/// The portal does not answer at all.
pub async fn run(options: &CheckOptions, now: Timestamp, out: &mut impl Write) -> Result<bool, Fault> {
    let wire = HttpClient::to_everybody().map_err(|e| Fault::new("reading the system's authorities", e))?;
    let mut walk = Walk { wire, options, out, whole: true };
    walk.release().await?;
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let notice = Issuing::Three(options.segregation).number(FIRST_BASE.saturating_add(seconds));
    if walk.loads(&notice).await? {
        let printed = walk.finds(&notice).await;
        // Whatever was seen, nothing stays.
        walk.cancels(&notice).await?;
        printed?;
    }
    Ok(walk.whole)
}

impl<W: Write> Walk<'_, W> {
    async fn release(&mut self) -> Result<(), Fault> {
        let answer = self.send("GET", "/versione", None, false).await?;
        let number = json_of(&answer).get("version").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.say(
            answer.status == 200 && !number.is_empty(),
            &format!("the portal is release {number}"),
            &answer,
        );
        Ok(())
    }

    async fn loads(&mut self, notice: &NoticeNumber) -> Result<bool, Fault> {
        let debtor = json!({"fiscalCode": self.options.creditor, "personType": "legal", "name": "Verifica"});
        let debt = json!({"debtor": debtor, "serviceCode": SERVICE, "reason": "Verifica dopo l'installazione", "amount": 1});
        let answer = self.send("PUT", &format!("/creditor/debts/{notice}"), Some(&debt), true).await?;
        let done = answer.status == 201;
        self.say(done, &format!("a debt of one cent is loaded as {notice}"), &answer);
        Ok(done)
    }

    async fn finds(&mut self, notice: &NoticeNumber) -> Result<(), Fault> {
        let codes = json!({"fiscalCode": self.options.creditor, "noticeNumber": notice.as_str()});
        let answer = self.send("POST", "/api/search", Some(&codes), false).await?;
        let found = json_of(&answer);
        let reference = found.get("reference").and_then(Value::as_str);
        self.say(answer.status == 200 && reference.is_some(), "its codes find it", &answer);
        if let Some(reference) = reference {
            let answer =
                self.send("GET", &format!("/api/search/{reference}/notice.pdf"), None, false).await?;
            self.say(answer.body.starts_with(b"%PDF-"), "its notice is printed", &answer);
        }
        Ok(())
    }

    async fn cancels(&mut self, notice: &NoticeNumber) -> Result<(), Fault> {
        let answer = self.send("DELETE", &format!("/creditor/debts/{notice}"), None, true).await?;
        self.say(matches!(answer.status, 200 | 204), "it is cancelled", &answer);
        Ok(())
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        with_key: bool,
    ) -> Result<HttpResponse, Fault> {
        let mut headers = Vec::new();
        if body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        if with_key {
            headers.push(("authorization", format!("Bearer {}", self.options.key)));
        }
        let url = format!("{}{path}", self.options.portal.trim_end_matches('/'));
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        self.wire.send("asking the portal", method, &url, &headers, body, PATIENCE).await
    }

    fn say(&mut self, holds: bool, what: &str, answer: &HttpResponse) {
        self.whole &= holds;
        // Nobody may be reading.
        let _ = match holds {
            true => writeln!(self.out, "ok      {what}"),
            false => {
                let said = json_of(answer);
                let part = |name: &str| said.get(name).map(|part| format!(" {part}")).unwrap_or_default();
                let (code, errors) = (part("code"), part("errors"));
                writeln!(self.out, "FAULT   {what}: not so, the answer is {}{code}{errors}", answer.status)
            }
        };
    }
}

fn json_of(answer: &HttpResponse) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}
