use domain::{Error, FieldCode, FieldError, FiscalCode, Iuv, NoticeNumber};
use serde::{Deserialize, Serialize};
use store::Code;
use web::Body;
use web::view::DebtView;

/// `{fiscalCode, noticeNumber}`, `{fiscalCode, iuv}` or `{reference}`.
pub enum Wanted {
    Codes(FiscalCode, Code),
    Reference(String),
}

impl Wanted {
    pub fn read(mut body: Body) -> Result<Self, Error> {
        if body.has("reference") {
            let reference = body.text("reference");
            let mut form = body.end()?;
            if reference.is_empty() {
                form.refuse(FieldError::new("reference", FieldCode::Required));
            }
            form.finish()?;
            return Ok(Self::Reference(reference));
        }
        let fiscal_code = body.text("fiscalCode");
        let (notice, iuv) = (body.optional_text("noticeNumber"), body.optional_text("iuv"));
        let mut form = body.end()?;
        let fiscal_code = form.field("fiscalCode", FiscalCode::parse(&fiscal_code));
        let code = match (notice, iuv) {
            (Some(_), Some(_)) => {
                form.refuse(FieldError::new("iuv", FieldCode::NotAllowed));
                None
            }
            (None, Some(iuv)) => form.field("iuv", Iuv::parse(&iuv)).map(Code::Iuv),
            (notice, None) => {
                let notice = notice.unwrap_or_default();
                form.field("noticeNumber", NoticeNumber::parse(&notice)).map(Code::Notice)
            }
        };
        let codes = fiscal_code.zip(code).map(|(fiscal_code, code)| Self::Codes(fiscal_code, code));
        form.give(codes)
    }
}

/// What the search sealed into its reference.
pub fn sealed(plain: &[u8]) -> Option<(FiscalCode, Code)> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Sealed {
        fiscal_code: FiscalCode,
        notice: NoticeNumber,
    }
    let sealed: Sealed = serde_json::from_slice(plain).ok()?;
    Some((sealed.fiscal_code, Code::Notice(sealed.notice)))
}

#[derive(Serialize)]
pub struct Joined {
    pub debt: DebtView,
}
