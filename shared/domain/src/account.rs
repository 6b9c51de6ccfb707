//! Accounts: registration, activation, identity proof, closing, consent.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, FieldCode, FieldError, Form};
use crate::fiscal_code::FiscalCode;
use crate::password::{Password, Policy};
use crate::person::{self, Email, Person, PersonType, Place};
use crate::text;

/// Version of the privacy notice and of the terms that a person accepts today.
pub const PRIVACY_VERSION: &str = "2026-10-01";
pub const TERMS_VERSION: &str = "2026-10-01";

/// The name of an account inside the store: random, opaque.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountId(String);

impl AccountId {
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where an account is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Registered; the mailed link has not been used.
    Pending,
    Active,
    /// Consent withdrawn; the profile is being erased.
    Closed,
}

/// The language in which a person is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    It,
    En,
}

impl Language {
    pub fn parse(text: &str) -> Result<Self, FieldCode> {
        match text {
            "it" => Ok(Self::It),
            "en" => Ok(Self::En),
            "" => Err(FieldCode::Required),
            _ => Err(FieldCode::NotAllowed),
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Language::It => "it",
            Language::En => "en",
        }
    }
}

/// What a person accepted, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub privacy_version: String,
    pub privacy_accepted_at: Timestamp,
    pub terms_version: String,
    pub terms_accepted_at: Timestamp,
}

impl Consent {
    pub fn given(now: Timestamp) -> Self {
        Self {
            privacy_version: PRIVACY_VERSION.to_owned(),
            privacy_accepted_at: now,
            terms_version: TERMS_VERSION.to_owned(),
            terms_accepted_at: now,
        }
    }
}

/// Who the account belongs to: all that a person or company told us at registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub username: Email,
    pub fiscal_code: FiscalCode,
    pub name: Name,
    pub address: String,
    pub country: String,
    pub city: String,
    pub province: String,
    pub postal_code: String,
    pub email: Email,
    pub phone: String,
    pub language: Language,
    pub consent: Consent,
}

/// A person's two names or a company's one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Name {
    Natural { first: String, last: String },
    Legal { company: String },
}

impl Name {
    pub fn person_type(&self) -> PersonType {
        match self {
            Name::Natural { .. } => PersonType::Natural,
            Name::Legal { .. } => PersonType::Legal,
        }
    }

    pub fn full(&self) -> String {
        match self {
            Name::Natural { first, last } => format!("{first} {last}"),
            Name::Legal { company } => company.clone(),
        }
    }
}

impl Profile {
    /// The account's holder as the debtor of a spontaneous payment.
    pub fn debtor(&self) -> Person {
        Person {
            fiscal_code: self.fiscal_code.clone(),
            person_type: self.name.person_type(),
            name: self.name.full(),
            address: Some(self.address.clone()),
            postal_code: Some(self.postal_code.clone()),
            city: Some(self.city.clone()),
            province: Some(self.province.clone()),
            country: Some(self.country.clone()),
            // Not kept with the debt: it stays when the profile is erased.
            email: None,
        }
    }

    /// What a password of this person must not contain.
    pub fn personal(&self) -> Vec<&str> {
        let mut personal = vec![self.username.as_str(), self.email.as_str(), self.fiscal_code.as_str()];
        match &self.name {
            Name::Natural { first, last } => personal.extend([first.as_str(), last.as_str()]),
            Name::Legal { company } => personal.push(company),
        }
        personal
    }
}

/// An account as the store holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub status: Status,
    pub profile: Profile,
    pub identity_proven: bool,
    /// Raised by a new password or the end of consent: every older session is dead.
    pub epoch: u32,
    pub created_at: Timestamp,
}

/// The registration form, field by field as the contract names them.
pub struct Registration<'a> {
    pub fiscal_code: &'a str,
    pub person_type: &'a str,
    pub first_name: Option<&'a str>,
    pub last_name: Option<&'a str>,
    pub company_name: Option<&'a str>,
    pub address: &'a str,
    pub country: &'a str,
    pub city: &'a str,
    pub province: &'a str,
    pub postal_code: &'a str,
    pub email: &'a str,
    pub phone: &'a str,
    pub username: &'a str,
    pub password: &'a str,
    pub password_confirmation: &'a str,
    pub privacy_accepted: bool,
    pub terms_accepted: bool,
    pub language: Language,
}

impl Registration<'_> {
    /// The profile and the password, or every field that is wrong.
    pub fn check(&self, policy: &Policy, now: Timestamp) -> Result<(Profile, Password), Error> {
        let mut form = Form::default();
        let fiscal_code = form.field("fiscalCode", FiscalCode::parse(self.fiscal_code));
        let person_type = form.field("personType", PersonType::parse(self.person_type));
        if let (Some(code), Some(kind)) = (&fiscal_code, person_type)
            && !kind.may_hold(code)
        {
            form.refuse(FieldError::new("personType", FieldCode::Mismatch));
        }
        let name = person_type.and_then(|kind| self.name(&mut form, kind));
        let place =
            Place::parse(&mut form, self.address, self.postal_code, self.city, self.province, self.country);
        let email = form.check(Email::field("email", self.email));
        let phone = form.field("phone", person::phone(self.phone, self.country));
        let username = form.check(Email::field("username", self.username));
        // The fiscal code as typed and as it is: blanks in the form must not hide it in the password.
        let personal: Vec<&str> = [
            Some(self.fiscal_code),
            fiscal_code.as_ref().map(FiscalCode::as_str),
            self.first_name,
            self.last_name,
            self.company_name,
            Some(self.email),
            Some(self.username),
        ]
        .into_iter()
        .flatten()
        .collect();
        let password = form.check(new_password(policy, self.password, &personal));
        form.check(confirmed(self.password, self.password_confirmation));
        form.check(ticked("privacyAccepted", self.privacy_accepted));
        form.check(ticked("termsAccepted", self.terms_accepted));
        let profile = (|| {
            let place = place?;
            Some(Profile {
                username: username?,
                fiscal_code: fiscal_code?,
                name: name?,
                address: place.address,
                country: place.country,
                city: place.city,
                province: place.province,
                postal_code: place.postal_code,
                email: email?,
                phone: phone?,
                language: self.language,
                consent: Consent::given(now),
            })
        })();
        form.give(profile.zip(password))
    }

    fn name(&self, form: &mut Form, kind: PersonType) -> Option<Name> {
        let not_for_this_kind = match kind {
            PersonType::Natural => [("companyName", self.company_name), ("", None)],
            PersonType::Legal => [("firstName", self.first_name), ("lastName", self.last_name)],
        };
        for (field, value) in not_for_this_kind {
            if value.is_some_and(|v| !v.trim().is_empty()) {
                form.refuse(FieldError::new(field, FieldCode::NotAllowed));
            }
        }
        match kind {
            PersonType::Natural => {
                let first = form.check(person::given_name("firstName", self.first_name.unwrap_or_default()));
                let last = form.check(person::given_name("lastName", self.last_name.unwrap_or_default()));
                Some(Name::Natural { first: first?, last: last? })
            }
            PersonType::Legal => {
                let name = text::line("companyName", self.company_name.unwrap_or_default(), 1, 150);
                form.check(name).map(|company| Name::Legal { company })
            }
        }
    }
}

/// A new password under the policy, for the field `password`.
pub fn new_password(policy: &Policy, password: &str, personal: &[&str]) -> Result<Password, FieldError> {
    policy.accept("password", password, personal)
}

/// The password typed twice the same.
pub fn confirmed(password: &str, confirmation: &str) -> Result<(), FieldError> {
    match confirmation {
        "" => Err(FieldError::new("passwordConfirmation", FieldCode::Required)),
        same if same == password => Ok(()),
        _ => Err(FieldError::new("passwordConfirmation", FieldCode::Mismatch)),
    }
}

fn ticked(field: &str, ticked: bool) -> Result<(), FieldError> {
    if ticked { Ok(()) } else { Err(FieldError::new(field, FieldCode::Required)) }
}

/// What a mailed link is for. A token of one purpose is refused for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPurpose {
    Activate,
    ResetPassword,
}

impl LinkPurpose {
    /// How long the link lives.
    pub fn life(self) -> std::time::Duration {
        match self {
            LinkPurpose::Activate => std::time::Duration::from_secs(24 * 60 * 60),
            LinkPurpose::ResetPassword => std::time::Duration::from_secs(30 * 60),
        }
    }

    /// The portal's page that the link opens; the token follows in the fragment.
    pub fn page(self) -> &'static str {
        match self {
            LinkPurpose::Activate => "/attiva",
            LinkPurpose::ResetPassword => "/reimposta-password",
        }
    }
}
