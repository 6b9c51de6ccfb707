//! What the holder of an account changes of their own data.

use serde::Deserialize;

use crate::account::{Language, Profile};
use crate::error::{Error, FieldCode, FieldError, Form};
use crate::person::{self, PostalAddress};

/// The fields that may be changed, as the contract names them. What is not there stays as it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileChange {
    pub language: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
    pub country: Option<String>,
    pub city: Option<String>,
    pub province: Option<String>,
    pub postal_code: Option<String>,
}

impl ProfileChange {
    /// The profile with these changes. Country, province and postal code must agree with each other, whichever of them
    /// change.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every field that is wrong; a change of nothing asks for the language.
    pub fn of(&self, profile: &Profile) -> Result<Profile, Error> {
        let Self { language, phone, address, country, city, province, postal_code } = self;
        let given = [language, phone, address, country, city, province, postal_code];
        if given.into_iter().all(Option::is_none) {
            return Err(FieldError::new("language", FieldCode::Required).into());
        }
        let mut form = Form::default();
        let language = match language {
            Some(text) => form.field("language", Language::parse(text)),
            None => Some(profile.language),
        };
        let or = |new: &Option<String>, old: &String| new.as_ref().unwrap_or(old).clone();
        let moves = [address, country, city, province, postal_code].into_iter().any(Option::is_some);
        let place = match moves {
            true => PostalAddress::parse(
                &mut form,
                &or(address, &profile.address),
                &or(postal_code, &profile.postal_code),
                &or(city, &profile.city),
                &or(province, &profile.province),
                &or(country, &profile.country),
            ),
            false => Some(PostalAddress {
                address: profile.address.clone(),
                postal_code: profile.postal_code.clone(),
                city: profile.city.clone(),
                province: profile.province.clone(),
                country: profile.country.clone(),
            }),
        };
        let phone = match phone {
            Some(text) => form.field("phone", person::phone(text, &or(country, &profile.country))),
            None => Some(profile.phone.clone()),
        };
        let changed = (|| {
            let PostalAddress { address, postal_code, city, province, country } = place?;
            let (language, phone) = (language?, phone?);
            Some(Profile {
                language,
                phone,
                address,
                postal_code,
                city,
                province,
                country,
                ..profile.clone()
            })
        })();
        form.give(changed)
    }
}
