use domain::FiscalCode;
use serde_json::{Value, json};

use crate::Dice;

/// A person or a company, with what they would write into forms.
#[derive(Clone, Debug)]
pub struct Person {
    pub fiscal_code: String,
    pub name: Name,
    pub email: String,
    pub username: String,
    pub password: String,
}

#[derive(Clone, Debug)]
pub enum Name {
    Natural { first: String, last: String },
    Legal { company: String },
}

impl Person {
    pub fn natural(dice: &Dice) -> Self {
        let first = *dice.one_of(&["Mario", "Lucia", "Niccolò", "Anna Maria", "Gérard", "Zoë"]);
        let last = *dice.one_of(&["Rossi", "Verdi", "D’Angelo", "De Luca-Bianchi", "Müller", "Łukasz"]);
        let name = Name::Natural { first: first.to_owned(), last: last.to_owned() };
        Self::with(dice, fiscal_code(dice), name)
    }

    pub fn legal(dice: &Dice) -> Self {
        let company = format!("Officine {} S.r.l.", dice.digits(4));
        Self::with(dice, company_code(dice), Name::Legal { company })
    }

    fn with(dice: &Dice, fiscal_code: String, name: Name) -> Self {
        let email = format!("{}.{}@example.it", dice.letters(8), dice.digits(6));
        let password = Self::new_password(dice);
        Self { fiscal_code, name, username: email.clone(), email, password }
    }

    pub fn new_password(dice: &Dice) -> String {
        format!("Tre quaglie {} giallo {}", dice.letters(5), dice.digits(3))
    }

    /// As debtor and on documents.
    pub fn full_name(&self) -> String {
        match &self.name {
            Name::Natural { first, last } => format!("{first} {last}"),
            Name::Legal { company } => company.clone(),
        }
    }

    pub fn person_type(&self) -> &'static str {
        match self.name {
            Name::Natural { .. } => "natural",
            Name::Legal { .. } => "legal",
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
            Name::Natural { first, last } => {
                form["firstName"] = json!(first);
                form["lastName"] = json!(last);
            }
            Name::Legal { company } => form["companyName"] = json!(company),
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

fn fiscal_code(dice: &Dice) -> String {
    let letters = dice.letters(6).to_uppercase();
    let (year, month) = (40 + dice.below(60), *dice.one_of(&["A", "B", "C", "D", "E", "H", "L", "M"]));
    let day = 1 + dice.below(28) + 40 * dice.below(2);
    let start = format!("{letters}{year}{month}{day:02}H{}", dice.digits(3));
    let ends = ('A'..='Z').map(|control| format!("{start}{control}"));
    ends.into_iter().find(|code| FiscalCode::parse(code).is_ok()).expect("one of the letters fits")
}

fn company_code(dice: &Dice) -> String {
    let start = format!("1{}", dice.digits(9));
    let ends = ('0'..='9').map(|control| format!("{start}{control}"));
    ends.into_iter().find(|code| FiscalCode::parse(code).is_ok()).expect("one of the digits fits")
}
