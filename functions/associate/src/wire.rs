use domain::notice::DebtCodes;
use domain::{FieldCode, FieldError};
use serde::{Deserialize, Serialize};
use web::view::DebtView;
use web::{JsonObject, Problem};

/// `{fiscalCode, noticeNumber}`, `{fiscalCode, iuv}` or `{reference}`.
pub enum AssociationForm {
    Codes(DebtCodes),
    Reference(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentReference {
    reference: Option<String>,
}

/// The token of a mailed link that contests a proof.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContestForm {
    pub token: Option<String>,
}

impl AssociationForm {
    pub fn read(object: JsonObject) -> Result<Self, Problem> {
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
pub struct AssociatedDebt {
    pub debt: DebtView,
}
