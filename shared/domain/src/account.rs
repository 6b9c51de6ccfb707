//! Accounts: registration, activation, identity proof, closing, consent.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, FieldCode, FieldError, Form};
use crate::fiscal_code::FiscalCode;
use crate::password::{Password, Policy};
use crate::person::{self, Email, Person, PersonType, PostalAddress};
use crate::text;

/// Version of the privacy notice and of the terms that a person accepts today.
pub const PRIVACY_VERSION: &str = "2026-10-01";
pub const TERMS_VERSION: &str = "2026-10-01";

/// The id of an account: random, opaque.
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
pub enum AccountStatus {
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

/// Who the account belongs to: what a person or company entered at registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub username: Email,
    pub fiscal_code: FiscalCode,
    pub name: HolderName,
    pub address: String,
    pub country: String,
    pub city: String,
    pub province: String,
    pub postal_code: String,
    pub email: Email,
    /// Another address for mail, to which nothing but a link goes before that link has confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unconfirmed_email: Option<Email>,
    pub phone: String,
    pub language: Language,
    pub consent: Consent,
}

/// A person's two names or a company's one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolderName {
    Natural { first: String, last: String },
    Legal { company: String },
}

impl HolderName {
    pub fn person_type(&self) -> PersonType {
        match self {
            HolderName::Natural { .. } => PersonType::Natural,
            HolderName::Legal { .. } => PersonType::Legal,
        }
    }

    pub fn full(&self) -> String {
        match self {
            HolderName::Natural { first, last } => format!("{first} {last}"),
            HolderName::Legal { company } => company.clone(),
        }
    }
}

impl Profile {
    /// As entered, before any link was opened: mail goes to the username, which the first link verifies.
    pub fn unconfirmed(mut self) -> Self {
        if self.email != self.username {
            self.unconfirmed_email = Some(std::mem::replace(&mut self.email, self.username.clone()));
        }
        self
    }

    /// The account's holder as the debtor of a spontaneous payment.
    pub fn debtor(&self) -> Person {
        Person {
            fiscal_code: self.fiscal_code.clone(),
            person_type: self.name.person_type(),
            name: self.name.full(),
            address: Some(self.address.clone()),
            postal_code: Some(self.postal_code.clone()).filter(|code| !code.is_empty()),
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
        personal.extend(self.unconfirmed_email.as_ref().map(Email::as_str));
        match &self.name {
            HolderName::Natural { first, last } => personal.extend([first.as_str(), last.as_str()]),
            HolderName::Legal { company } => personal.push(company),
        }
        personal
    }
}

/// When a fiscal code was proven, and from when on that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub at: Timestamp,
    /// Later than the proof where the creditor wants to wait for who contests it.
    pub from: Timestamp,
}

/// An account as the store holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub status: AccountStatus,
    pub profile: Profile,
    /// Whether its fiscal code is proven to be its own, and counts as such by now.
    pub identity_proven: bool,
    /// The proof, if one was given since proofs are written down.
    pub proof: Option<Proof>,
    /// Raised by a new password or the end of consent: every older session is dead.
    pub epoch: u32,
    pub created_at: Timestamp,
}

/// The registration form, as the contract names its fields. A field that was left alone is `None` or empty.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Registration {
    pub fiscal_code: Option<String>,
    pub person_type: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub company_name: Option<String>,
    pub address: Option<String>,
    pub country: Option<String>,
    pub city: Option<String>,
    pub province: Option<String>,
    pub postal_code: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub username: Option<String>,
    pub password: Option<String>,
    pub password_confirmation: Option<String>,
    pub privacy_accepted: Option<bool>,
    pub terms_accepted: Option<bool>,
}

impl Registration {
    /// The profile, which is written to in this language, and the password.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with every field that is wrong.
    pub fn check(
        &self,
        language: Language,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<(Profile, Password), Error> {
        let mut form = Form::default();
        let fiscal_code = form.field("fiscalCode", FiscalCode::parse(typed(&self.fiscal_code)));
        let person_type = form.field("personType", PersonType::parse(typed(&self.person_type)));
        let name = person_type.and_then(|kind| self.name(&mut form, kind));
        let place = PostalAddress::parse(
            &mut form,
            typed(&self.address),
            typed(&self.postal_code),
            typed(&self.city),
            typed(&self.province),
            typed(&self.country),
        );
        let email = form.check(Email::field("email", typed(&self.email)));
        let phone = form.field("phone", person::phone(typed(&self.phone), typed(&self.country)));
        let username = form.check(Email::field("username", typed(&self.username)));
        // The fiscal code as typed and as it is: blanks in the form must not hide it in the password.
        let personal: Vec<&str> = [
            self.fiscal_code.as_deref(),
            fiscal_code.as_ref().map(FiscalCode::as_str),
            self.first_name.as_deref(),
            self.last_name.as_deref(),
            self.company_name.as_deref(),
            self.email.as_deref(),
            self.username.as_deref(),
        ]
        .into_iter()
        .flatten()
        .collect();
        let password = form.check(new_password(policy, typed(&self.password), &personal));
        form.check(confirmed(typed(&self.password), typed(&self.password_confirmation)));
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
                unconfirmed_email: None,
                phone: phone?,
                language,
                consent: Consent::given(now),
            })
        })();
        form.give(profile.zip(password))
    }

    fn name(&self, form: &mut Form, kind: PersonType) -> Option<HolderName> {
        let not_for_this_kind = match kind {
            PersonType::Natural => [("companyName", &self.company_name), ("", &None)],
            PersonType::Legal => [("firstName", &self.first_name), ("lastName", &self.last_name)],
        };
        for (field, value) in not_for_this_kind {
            if !typed(value).trim().is_empty() {
                form.refuse(FieldError::new(field, FieldCode::NotAllowed));
            }
        }
        match kind {
            PersonType::Natural => {
                let first = form.check(person::given_name("firstName", typed(&self.first_name)));
                let last = form.check(person::given_name("lastName", typed(&self.last_name)));
                Some(HolderName::Natural { first: first?, last: last? })
            }
            PersonType::Legal => {
                let name = text::line("companyName", typed(&self.company_name), 1, 150);
                form.check(name).map(|company| HolderName::Legal { company })
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

fn ticked(field: &str, ticked: Option<bool>) -> Result<(), FieldError> {
    if ticked == Some(true) { Ok(()) } else { Err(FieldError::new(field, FieldCode::Required)) }
}

/// A text field; empty when it was left alone.
fn typed(field: &Option<String>) -> &str {
    field.as_deref().unwrap_or_default()
}

/// What a mailed link is for. A token of one purpose is refused for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPurpose {
    Activate,
    ResetPassword,
    ConfirmEmail,
    ContestProof,
}

impl LinkPurpose {
    pub fn as_str(self) -> &'static str {
        match self {
            LinkPurpose::Activate => "activate",
            LinkPurpose::ResetPassword => "reset",
            LinkPurpose::ConfirmEmail => "email",
            LinkPurpose::ContestProof => "contest",
        }
    }

    /// How long the link lives.
    pub fn life(self) -> std::time::Duration {
        match self {
            LinkPurpose::Activate | LinkPurpose::ConfirmEmail => std::time::Duration::from_secs(24 * 60 * 60),
            LinkPurpose::ContestProof => std::time::Duration::from_secs(30 * 24 * 60 * 60),
            LinkPurpose::ResetPassword => std::time::Duration::from_secs(30 * 60),
        }
    }
}
