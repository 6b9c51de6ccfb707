use domain::account::{Language, Registration};
use domain::fiscal_code::Holder;
use domain::{Error, FiscalCode};
use serde::Serialize;
use web::Body;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    fiscal_code: String,
    person_type: &'static str,
}

impl Checked {
    pub fn of(code: &FiscalCode) -> Self {
        let person_type = match code.holder() {
            Holder::Natural => "natural",
            Holder::Either => "either",
        };
        Self { fiscal_code: code.as_str().to_owned(), person_type }
    }
}

#[derive(Serialize)]
pub struct Sent {
    pub status: &'static str,
}

/// The registration form as it was sent.
pub struct Form {
    fiscal_code: String,
    person_type: String,
    first_name: Option<String>,
    last_name: Option<String>,
    company_name: Option<String>,
    address: String,
    country: String,
    city: String,
    province: String,
    postal_code: String,
    email: String,
    phone: String,
    username: String,
    password: String,
    password_confirmation: String,
    privacy_accepted: bool,
    terms_accepted: bool,
}

impl Form {
    pub fn read(mut body: Body) -> Result<Self, Error> {
        let form = Self {
            fiscal_code: body.text("fiscalCode"),
            person_type: body.text("personType"),
            first_name: body.optional_text("firstName"),
            last_name: body.optional_text("lastName"),
            company_name: body.optional_text("companyName"),
            address: body.text("address"),
            country: body.text("country"),
            city: body.text("city"),
            province: body.text("province"),
            postal_code: body.text("postalCode"),
            email: body.text("email"),
            phone: body.text("phone"),
            username: body.text("username"),
            password: body.text("password"),
            password_confirmation: body.text("passwordConfirmation"),
            privacy_accepted: body.ticked("privacyAccepted"),
            terms_accepted: body.ticked("termsAccepted"),
        };
        body.end()?.finish()?;
        Ok(form)
    }

    pub fn registration(&self, language: Language) -> Registration<'_> {
        Registration {
            fiscal_code: &self.fiscal_code,
            person_type: &self.person_type,
            first_name: self.first_name.as_deref(),
            last_name: self.last_name.as_deref(),
            company_name: self.company_name.as_deref(),
            address: &self.address,
            country: &self.country,
            city: &self.city,
            province: &self.province,
            postal_code: &self.postal_code,
            email: &self.email,
            phone: &self.phone,
            username: &self.username,
            password: &self.password,
            password_confirmation: &self.password_confirmation,
            privacy_accepted: self.privacy_accepted,
            terms_accepted: self.terms_accepted,
            language,
        }
    }
}
