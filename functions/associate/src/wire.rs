use domain::notice::Proof;
use domain::{Error, FieldCode, FieldError};
use serde::Serialize;
use web::Body;
use web::view::DebtView;

/// `{fiscalCode, noticeNumber}`, `{fiscalCode, iuv}` or `{reference}`.
pub enum Wanted {
    Codes(Proof),
    Reference(String),
}

impl Wanted {
    pub fn read(mut body: Body) -> Result<Self, Error> {
        if !body.has("reference") {
            return web::read_proof(body).map(Self::Codes);
        }
        let reference = body.text("reference");
        let mut form = body.end()?;
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
