//! The creditor (*ente*) that this deployment serves.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::FieldCode;
use crate::fiscal_code::FiscalCode;
use crate::notice::SegregationCode;
use crate::text;

/// The public body that is owed, as its configuration describes it.
#[derive(Clone, Debug)]
pub struct Creditor {
    pub name: String,
    pub fiscal_code: FiscalCode,
    pub office: Option<String>,
    pub info: Option<String>,
    pub segregation_code: SegregationCode,
    /// Where the money of its debts goes.
    pub iban: Option<Iban>,
    /// Its postal account, if it has one: then the notice carries the postal slip.
    pub postal: Option<PostalAccount>,
    pub cbill: Option<String>,
}

/// A postal account for pagoPA collections.
#[derive(Clone, Debug)]
pub struct PostalAccount {
    pub iban: Iban,
    pub holder: String,
    /// `AUT. DB/xxxx/xxx xxxxx DEL gg/mm/aaaa`.
    pub authorization: Option<String>,
}

/// An IBAN with its check digits verified (ISO 13616).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Iban(String);

impl Iban {
    pub fn parse(text: &str) -> Result<Self, FieldCode> {
        let clean: String =
            text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
        let (Some(head), Some(body)) = (clean.get(..4), clean.get(4..)) else {
            return Err(FieldCode::Format);
        };
        let italian = head.starts_with("IT");
        let head_fits = matches!(head.as_bytes(), [a, b, c, d]
            if a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_digit() && d.is_ascii_digit());
        if !head_fits
            || !clean.bytes().all(|b| b.is_ascii_alphanumeric())
            || !(15..=34).contains(&clean.len())
            || (italian && clean.len() != 27)
        {
            return Err(FieldCode::Format);
        }
        let rest = text::mod_97(body.bytes().chain(head.bytes()));
        // 00, 01 and 99 leave the same rest as 97, 98 and 02, but are never computed.
        let computed = !matches!(head.get(2..), Some("00" | "01" | "99"));
        if rest == 1 && computed { Ok(Self(clean)) } else { Err(FieldCode::Checksum) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 12 digits of the postal account, when the bank is Poste Italiane (ABI 07601).
    pub fn postal_account(&self) -> Option<&str> {
        let is_postal = self.0.starts_with("IT") && self.0.get(5..10) == Some("07601");
        let account = is_postal.then(|| self.0.get(15..27)).flatten();
        account.filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
    }
}

impl fmt::Debug for Iban {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.0.chars().take(4).collect();
        write!(f, "{shown}…")
    }
}

impl TryFrom<String> for Iban {
    type Error = FieldCode;
    fn try_from(text: String) -> Result<Self, FieldCode> {
        Self::parse(&text)
    }
}

impl From<Iban> for String {
    fn from(iban: Iban) -> String {
        iban.0
    }
}
