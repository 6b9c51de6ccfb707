use domain::{Error, FieldCode, FieldError, FiscalCode, Iuv, NoticeNumber, Timestamp};
use serde::{Deserialize, Serialize};
use store::Code;
use web::Body;
use web::view::PublicDebt;

/// `{fiscalCode, noticeNumber}` or `{fiscalCode, iuv}`.
pub struct Wanted {
    pub fiscal_code: FiscalCode,
    pub code: Code,
}

impl Wanted {
    pub fn read(mut body: Body) -> Result<Self, Error> {
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
        let wanted = fiscal_code.zip(code).map(|(fiscal_code, code)| Self { fiscal_code, code });
        form.give(wanted)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    pub debt: PublicDebt,
    pub reference: String,
    pub expires_at: Timestamp,
}

/// What a reference holds. `associate` reads the same.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sealed {
    pub fiscal_code: FiscalCode,
    pub notice: NoticeNumber,
}

impl From<Sealed> for Wanted {
    fn from(sealed: Sealed) -> Self {
        Self { fiscal_code: sealed.fiscal_code, code: Code::Notice(sealed.notice) }
    }
}
