use domain::error::FieldCode;
use domain::payment::MethodChoice;
use domain::{Cents, Error, FieldError};
use runtime::ConfigError;
use serde::Deserialize;

/// Methods and PSPs with their fees: the creditor's configuration, checked when the program starts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Psps {
    #[serde(rename = "method")]
    methods: Vec<Method>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Method {
    pub code: String,
    pub name: String,
    pub name_en: String,
    #[serde(rename = "psp")]
    psps: Vec<PspTerms>,
}

/// What a PSP asks for a payment by a method.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PspTerms {
    id: String,
    name: String,
    /// In cents.
    fee: Cents,
    /// Smallest and largest payment that it takes, in cents.
    #[serde(default)]
    min: Option<Cents>,
    #[serde(default)]
    max: Option<Cents>,
}

/// A PSP that takes a payment of a given amount, with its fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub fee: Cents,
}

const FILE: &str = "infra/creditor/psps.toml";

impl Psps {
    /// The catalogue that the repository holds.
    pub fn of_the_repository() -> Result<Self, ConfigError> {
        Self::read(include_str!("../../../infra/creditor/psps.toml"))
    }

    fn read(text: &str) -> Result<Self, ConfigError> {
        let catalogue: Self = toml::from_str(text).map_err(|e| ConfigError::because(FILE, e.message()))?;
        let mut codes = std::collections::BTreeSet::new();
        for method in &catalogue.methods {
            if !codes.insert(&method.code) {
                return Err(ConfigError::because(FILE, format!("method {} is there twice", method.code)));
            }
            let mut ids = std::collections::BTreeSet::new();
            for psp in &method.psps {
                if !ids.insert(&psp.id) {
                    let why = format!("method {}: PSP {} is there twice", method.code, psp.id);
                    return Err(ConfigError::because(FILE, why));
                }
                if psp.min.zip(psp.max).is_some_and(|(min, max)| min > max) {
                    let why = format!("method {}: PSP {}: max is smaller than min", method.code, psp.id);
                    return Err(ConfigError::because(FILE, why));
                }
            }
        }
        Ok(catalogue)
    }

    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// What the citizen chose, with today's fee. Neither method nor PSP: the PSP will ask itself.
    pub fn choose(
        &self,
        method: Option<&str>,
        psp: Option<&str>,
        amount: Cents,
    ) -> Result<MethodChoice, Error> {
        let (Some(method), Some(psp)) = (method, psp) else {
            return match (method, psp) {
                (None, None) => Ok(MethodChoice::default()),
                (None, Some(_)) => Err(FieldError::new("method", FieldCode::Required).into()),
                (Some(_), _) => Err(FieldError::new("pspId", FieldCode::Required).into()),
            };
        };
        let method = self
            .methods
            .iter()
            .find(|known| known.code == method)
            .ok_or_else(|| FieldError::new("method", FieldCode::NotAllowed))?;
        let offers = method.offers(amount);
        let offer = offers
            .iter()
            .find(|offer| offer.id == psp)
            .ok_or_else(|| FieldError::new("pspId", FieldCode::NotAllowed))?;
        Ok(MethodChoice {
            method: Some(method.code.clone()),
            psp_id: Some(offer.id.to_owned()),
            psp_name: Some(offer.name.to_owned()),
            fee: offer.fee,
        })
    }
}

impl Method {
    /// The PSPs that take this amount, cheapest first.
    pub fn offers(&self, amount: Cents) -> Vec<Offer<'_>> {
        let takes = |psp: &&PspTerms| {
            psp.min.is_none_or(|min| amount >= min) && psp.max.is_none_or(|max| amount <= max)
        };
        let mut offers: Vec<Offer<'_>> = self
            .psps
            .iter()
            .filter(takes)
            .map(|psp| Offer { id: &psp.id, name: &psp.name, fee: psp.fee })
            .collect();
        offers.sort_by(|a, b| a.fee.cmp(&b.fee).then(a.name.cmp(b.name)));
        offers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_s_catalogue_is_sound_and_offers_the_cheapest_first() {
        let catalogue = Psps::of_the_repository().unwrap();
        for method in catalogue.methods() {
            let fees: Vec<Cents> = method.offers(Cents::new(4_550).unwrap()).iter().map(|o| o.fee).collect();
            assert!(fees.is_sorted(), "{}", method.code);
        }
    }

    #[test]
    fn a_mistake_in_the_file_names_the_file_and_what_is_wrong() {
        let twice = "[[method]]\ncode=\"CP\"\nname=\"a\"\nname_en=\"a\"\npsp=[]\n".repeat(2);
        let error = Psps::read(&twice).unwrap_err().to_string();
        assert!(error.contains("psps.toml") && error.contains("CP"), "{error}");
        let negative =
            "[[method]]\ncode=\"CP\"\nname=\"a\"\nname_en=\"a\"\npsp=[{id=\"a\",name=\"a\",fee=-1}]";
        assert!(Psps::read(negative).is_err());
    }

    #[test]
    fn a_choice_that_nobody_offers_names_its_field() {
        let catalogue = Psps::of_the_repository().unwrap();
        let amount = Cents::new(4_550).unwrap();
        assert_eq!(catalogue.choose(None, None, amount).unwrap(), MethodChoice::default());
        for (method, psp, field) in [
            (Some("CP"), None, "pspId"),
            (None, Some("x"), "method"),
            (Some("NOPE"), Some("x"), "method"),
            (Some("CP"), Some("nobody"), "pspId"),
        ] {
            let Err(Error::Invalid(errors)) = catalogue.choose(method, psp, amount) else {
                panic!("{field}")
            };
            assert_eq!(errors[0].field, field);
        }
    }
}
