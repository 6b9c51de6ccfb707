//! Sample data: people, debt positions, notices, payment requests. What must be unique is drawn at random.

use domain::FiscalCode;
use serde_json::{Value, json};

use crate::Rng;

/// A person or a company, with what they would write into forms.
#[derive(Clone, Debug)]
pub struct SamplePerson {
    pub fiscal_code: String,
    pub name: PersonName,
    pub email: String,
    pub username: String,
    pub password: String,
}

#[derive(Clone, Debug)]
pub enum PersonName {
    Natural { first: String, last: String },
    Legal { company: String },
}

impl SamplePerson {
    pub fn natural(rng: &Rng) -> Self {
        let first = *rng.one_of(&["Mario", "Lucia", "Niccolò", "Anna Maria", "Gérard", "Zoë"]);
        let last = *rng.one_of(&["Rossi", "Verdi", "D’Angelo", "De Luca-Bianchi", "Müller", "Łukasz"]);
        let name = PersonName::Natural { first: first.to_owned(), last: last.to_owned() };
        Self::with(rng, fiscal_code(rng), name)
    }

    pub fn legal(rng: &Rng) -> Self {
        let company = format!("Officine {} S.r.l.", rng.digits(4));
        Self::with(rng, company_code(rng), PersonName::Legal { company })
    }

    fn with(rng: &Rng, fiscal_code: String, name: PersonName) -> Self {
        let email = format!("{}.{}@example.it", rng.letters(8), rng.digits(6));
        let password = Self::new_password(rng);
        Self { fiscal_code, name, username: email.clone(), email, password }
    }

    pub fn new_password(rng: &Rng) -> String {
        format!("Tre quaglie {} giallo {}", rng.letters(5), rng.digits(3))
    }

    /// As debtor and on documents.
    pub fn full_name(&self) -> String {
        match &self.name {
            PersonName::Natural { first, last } => format!("{first} {last}"),
            PersonName::Legal { company } => company.clone(),
        }
    }

    pub fn person_type(&self) -> &'static str {
        match self.name {
            PersonName::Natural { .. } => "natural",
            PersonName::Legal { .. } => "legal",
        }
    }

    /// The registration form, filled in.
    pub fn form(&self) -> Value {
        let mut form = json!({
            "fiscalCode": self.fiscal_code, "personType": self.person_type(), "address": "via Roma 1",
            "country": "IT", "city": "Roma", "province": "RM", "postalCode": "00100", "email": self.email,
            "phone": "+39 333 1234567", "username": self.username, "password": self.password,
            "passwordConfirmation": self.password, "privacyAccepted": true, "termsAccepted": true
        });
        match &self.name {
            PersonName::Natural { first, last } => {
                form["firstName"] = json!(first);
                form["lastName"] = json!(last);
            }
            PersonName::Legal { company } => form["companyName"] = json!(company),
        }
        form
    }

    /// As the creditor names a debtor.
    pub fn debtor(&self) -> Value {
        json!({
            "fiscalCode": self.fiscal_code, "personType": self.person_type(), "name": self.full_name(),
            "address": "via Roma 1", "postalCode": "00100", "city": "Roma", "province": "RM", "country": "IT"
        })
    }
}

/// A debt as it is printed on its paper notice.
#[derive(Clone, Debug)]
pub struct SampleNotice {
    pub number: String,
    pub fiscal_code: String,
    pub amount: u64,
    pub reason: String,
}

/// A debt position as the creditor sends it.
#[derive(Clone, Debug)]
pub struct DebtPosition {
    pub number: String,
    pub body: Value,
}

impl SampleNotice {
    /// 15 digits for aux digit 0, 17 for the others.
    pub fn iuv(&self) -> &str {
        &self.number[if self.number.starts_with('0') { 3 } else { 1 }..]
    }

    /// The notice of a debt in an answer of the API.
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

impl DebtPosition {
    /// A debt of a person, without a due date, for a random amount.
    pub fn of(person: &SamplePerson, rng: &Rng) -> Self {
        let reason = format!("Mensa scolastica, bimestre {}", rng.digits(5));
        let body = json!({
            "debtor": person.debtor(), "serviceCode": "08.MENSA SCOLASTICA", "reason": reason,
            "amount": 1_000 + rng.below(9_000)
        });
        Self { number: notice_number(rng), body }
    }

    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.body[field] = value.into();
        self
    }

    pub fn numbered(self, number: &str) -> Self {
        Self { number: number.to_owned(), ..self }
    }

    pub fn notice(&self) -> SampleNotice {
        SampleNotice {
            number: self.number.clone(),
            fiscal_code: self.body["debtor"]["fiscalCode"].as_str().unwrap_or_default().to_owned(),
            amount: self.body["amount"].as_u64().unwrap_or_default(),
            reason: self.body["reason"].as_str().unwrap_or_default().to_owned(),
        }
    }

    /// The position as one line of an NDJSON import.
    pub fn line(&self) -> String {
        let mut row = self.body.clone();
        row["noticeNumber"] = json!(self.number);
        row.to_string()
    }
}

/// Aux digit 3, segregation code 01, thirteen random digits, two check digits.
fn notice_number(rng: &Rng) -> String {
    let start = format!("301{}", rng.digits(13));
    let rest = start.bytes().fold(0, |rest, b| (rest * 10 + u64::from(b - b'0')) % 93);
    format!("{start}{rest:02}")
}

/// A request for a spontaneous payment of a free amount, with the fields that the canteen service asks for.
pub fn canteen(cents: u64) -> Value {
    json!({
        "serviceCode": "08.MENSA SCOLASTICA", "reason": "Ricarica dei pasti", "amount": cents,
        "fields": {"alunno": "Giulia Neri", "scuola": "Primaria Rodari"}
    })
}

fn fiscal_code(rng: &Rng) -> String {
    let letters = rng.letters(6).to_uppercase();
    let (year, month) = (40 + rng.below(60), *rng.one_of(&["A", "B", "C", "D", "E", "H", "L", "M"]));
    let day = 1 + rng.below(28) + 40 * rng.below(2);
    let start = format!("{letters}{year}{month}{day:02}H{}", rng.digits(3));
    let ends = ('A'..='Z').map(|control| format!("{start}{control}"));
    ends.into_iter().find(|code| FiscalCode::parse(code).is_ok()).expect("one of the letters fits")
}

fn company_code(rng: &Rng) -> String {
    let start = format!("1{}", rng.digits(9));
    let ends = ('0'..='9').map(|control| format!("{start}{control}"));
    ends.into_iter().find(|code| FiscalCode::parse(code).is_ok()).expect("one of the digits fits")
}
