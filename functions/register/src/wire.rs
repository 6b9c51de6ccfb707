use domain::FiscalCode;
use domain::fiscal_code::Holder;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Check {
    pub fiscal_code: Option<String>,
}

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
