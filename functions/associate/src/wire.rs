use domain::notice::Proof;
use domain::{Error, FieldCode, FieldError};
use serde::{Deserialize, Serialize};
use web::JsonObject;
use web::view::DebtView;

/// `{fiscalCode, noticeNumber}`, `{fiscalCode, iuv}` or `{reference}`.
pub enum Wanted {
    Codes(Proof),
    Reference(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentReference {
    reference: Option<String>,
}

impl Wanted {
    pub fn read(object: JsonObject) -> Result<Self, Error> {
        if !object.contains_key("reference") {
            return web::read_proof(object).map(Self::Codes);
        }
        let (sent, mut form) = web::read_fields::<SentReference>(object)?;
        let reference = sent.reference.unwrap_or_default();
        if reference.is_empty() {
            form.refuse(FieldError::new("reference", FieldCode::Required));
        }
        form.finish()?;
        Ok(Self::Reference(reference))
    }
}

#[derive(Serialize)]
pub struct Joined {
    pub debt: DebtView,
}
