use reqwest::Method;
use serde_json::{Value, json};

use crate::browser::{Ask, Browser};
use crate::{Answer, Dice, Person, Portal};

/// The creditor's back office.
#[derive(Clone)]
pub struct Creditor {
    portal: Portal,
    browser: Browser,
}

/// A practice of the creditor, as it was sent and as it is printed on paper.
#[derive(Clone, Debug)]
pub struct Notice {
    pub number: String,
    pub fiscal_code: String,
    pub amount: u64,
    pub reason: String,
}

/// What the creditor sends.
#[derive(Clone, Debug)]
pub struct Practice {
    pub number: String,
    pub body: Value,
}

impl Notice {
    /// 15 digits for aux digit 0, 17 for the others.
    pub fn iuv(&self) -> &str {
        &self.number[if self.number.starts_with('0') { 3 } else { 1 }..]
    }

    /// A debt of an answer.
    pub fn of(debt: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            number: text(&debt["noticeNumber"]),
            fiscal_code: text(&debt["debtor"]["fiscalCode"]),
            amount: debt["amount"].as_u64().unwrap_or_default(),
            reason: text(&debt["reason"]),
        }
    }
}

impl Practice {
    /// Of somebody, without a due date, for an amount that no other test has.
    pub fn of(person: &Person, dice: &Dice) -> Self {
        let reason = format!("Mensa scolastica, bimestre {}", dice.digits(5));
        let body = json!({
            "debtor": person.debtor(), "serviceCode": "08.MENSA SCOLASTICA", "reason": reason,
            "amount": 1_000 + dice.below(9_000)
        });
        Self { number: number(dice), body }
    }

    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.body[field] = value.into();
        self
    }

    pub fn numbered(self, number: &str) -> Self {
        Self { number: number.to_owned(), ..self }
    }

    pub fn notice(&self) -> Notice {
        Notice {
            number: self.number.clone(),
            fiscal_code: self.body["debtor"]["fiscalCode"].as_str().unwrap_or_default().to_owned(),
            amount: self.body["amount"].as_u64().unwrap_or_default(),
            reason: self.body["reason"].as_str().unwrap_or_default().to_owned(),
        }
    }

    /// One line of an import as JSON.
    pub fn line(&self) -> String {
        let mut row = self.body.clone();
        row["noticeNumber"] = json!(self.number);
        row.to_string()
    }
}

/// Aux digit 3, segregation code 01, thirteen digits by chance, two check digits.
fn number(dice: &Dice) -> String {
    let start = format!("301{}", dice.digits(13));
    let rest = start.bytes().fold(0, |rest, b| (rest * 10 + u64::from(b - b'0')) % 93);
    format!("{start}{rest:02}")
}

impl Creditor {
    pub(crate) fn new(portal: &Portal) -> Self {
        Self { portal: portal.clone(), browser: portal.browser() }
    }

    /// A request with the creditor's key.
    pub fn asks(&self, method: Method, path: &str) -> Ask {
        self.browser.asks(method, path).header("authorization", "Bearer local-creditor-key")
    }

    pub async fn sends(&self, practice: &Practice) -> Answer {
        let path = format!("/creditor/debts/{}", practice.number);
        self.asks(Method::PUT, &path).json(&practice.body).answer().await
    }

    /// A new practice of somebody.
    pub async fn issues(&self, person: &Person) -> Notice {
        self.issues_as(Practice::of(person, self.portal.dice())).await
    }

    pub async fn issues_as(&self, practice: Practice) -> Notice {
        self.sends(&practice).await.expect(201);
        practice.notice()
    }

    pub async fn tries_to_cancel(&self, notice: &Notice) -> Answer {
        self.asks(Method::DELETE, &format!("/creditor/debts/{}", notice.number)).answer().await
    }

    pub async fn cancels(&self, notice: &Notice) {
        self.tries_to_cancel(notice).await.expect(204);
    }

    /// Many practices in one call.
    pub async fn imports(&self, content_type: &str, rows: &str, dry_run: bool) -> Answer {
        let query = if dry_run { "?dryRun=true" } else { "" };
        let path = format!("/creditor/debts/import{query}");
        self.asks(Method::POST, &path).body(content_type, rows).answer().await
    }
}
