use std::time::Duration;

use domain::notice::{DebtCode, DebtCodes};
use domain::{Error, Fault, FieldCode, FieldError, FiscalCode, Iuv, NoticeNumber, Timestamp};
use runtime::{ConfigError, Env};
use serde::{Deserialize, Serialize};

use crate::body::{JsonObject, read_fields};
use crate::problem::Problem;
use crate::seal::Seal;

/// How long a reference stands for both codes.
const LIFE: Duration = Duration::from_secs(10 * 60);
const PURPOSE: &str = "search";
/// The shortest IUV that a notice shows; the circuit itself allows shorter ones.
const SHORTEST_IUV: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SentCodes {
    fiscal_code: Option<String>,
    notice_number: Option<String>,
    iuv: Option<String>,
}

/// Reads `{fiscalCode, noticeNumber}` or `{fiscalCode, iuv}`.
pub fn read_proof(object: JsonObject) -> Result<DebtCodes, Problem> {
    let (sent, mut form) = read_fields::<SentCodes>(object)?;
    let fiscal_code = sent.fiscal_code.unwrap_or_default();
    let fiscal_code = form.field("fiscalCode", FiscalCode::parse(&fiscal_code));
    let code = match (sent.notice_number, sent.iuv) {
        (Some(_), Some(_)) => {
            form.refuse(FieldError::new("iuv", FieldCode::NotAllowed));
            None
        }
        (None, Some(iuv)) => form.field("iuv", printed_iuv(&iuv)).map(DebtCode::Iuv),
        (notice, None) => {
            let notice = notice.unwrap_or_default();
            form.field("noticeNumber", NoticeNumber::parse(&notice)).map(DebtCode::Notice)
        }
    };
    Ok(form.give(fiscal_code.zip(code).map(|(fiscal_code, code)| DebtCodes { fiscal_code, code }))?)
}

/// An IUV as a person reads it from a notice.
fn printed_iuv(text: &str) -> Result<Iuv, FieldCode> {
    let iuv = Iuv::parse(text)?;
    if iuv.as_str().len() < SHORTEST_IUV { Err(FieldCode::Format) } else { Ok(iuv) }
}

/// References: opaque tokens that stand for both codes of a debt, so that no address has to hold them.
#[derive(Clone)]
pub struct References {
    seal: Seal,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sealed {
    fiscal_code: FiscalCode,
    notice: NoticeNumber,
}

impl References {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { seal: Seal::connect(env)? })
    }

    /// A reference, and when it expires.
    pub async fn issue(
        &self,
        fiscal_code: FiscalCode,
        notice: NoticeNumber,
    ) -> Result<(String, Timestamp), Fault> {
        let plain = serde_json::to_vec(&Sealed { fiscal_code, notice })
            .map_err(|e| Fault::new("writing a reference", e))?;
        self.seal.close(PURPOSE, &plain, LIFE).await
    }

    /// Both codes again; a reference that is forged or expired names no debt.
    pub async fn open(&self, reference: &str) -> Result<(DebtCodes, Timestamp), Error> {
        let (plain, expires_at) = self.seal.open(PURPOSE, reference).await?.ok_or(Error::DebtNotFound)?;
        let sealed: Sealed = serde_json::from_slice(&plain).map_err(|_| Error::DebtNotFound)?;
        let proof = DebtCodes { fiscal_code: sealed.fiscal_code, code: DebtCode::Notice(sealed.notice) };
        Ok((proof, expires_at))
    }
}
