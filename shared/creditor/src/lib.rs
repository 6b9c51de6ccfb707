//! The creditor's configuration: who it is, its services ([`ServiceCatalogue`]), the PSPs that it offers ([`Psps`]).
//! Read and checked when a program starts; an error names the variable or the file and the field.

mod psps;
mod services;

use domain::FiscalCode;
use domain::creditor::{Creditor, Iban, PostalAccount};
use domain::notice::Issuing;
use runtime::{ConfigError, Env};

pub use psps::{Method, Offer, Psps};
pub use services::ServiceCatalogue;

/// The creditor that this deployment serves.
pub fn creditor(env: &Env) -> Result<Creditor, ConfigError> {
    let fiscal_code = env.variable("CREDITOR_FISCAL_CODE")?;
    let fiscal_code =
        FiscalCode::parse(fiscal_code).map_err(|code| ConfigError::because("CREDITOR_FISCAL_CODE", code))?;
    let text = |name: &str| env.optional(name).map(str::to_owned);
    let postal = iban(env, "CREDITOR_POSTAL_IBAN")?.map(|iban| match iban.postal_account() {
        Some(_) => Ok(iban),
        None => Err(ConfigError::because("CREDITOR_POSTAL_IBAN", "is not an account of Poste Italiane")),
    });
    let name = env.variable("CREDITOR_NAME")?.to_owned();
    let postal = postal.transpose()?.map(|iban| PostalAccount {
        iban,
        holder: text("CREDITOR_POSTAL_HOLDER").unwrap_or_else(|| name.clone()),
        authorization: text("CREDITOR_POSTAL_AUTHORIZATION"),
    });
    Ok(Creditor {
        name,
        fiscal_code,
        office: text("CREDITOR_OFFICE"),
        info: text("CREDITOR_INFO"),
        segregation_code: env.variable("SEGREGATION_CODE")?.parse().map_err(|code| {
            ConfigError::because("SEGREGATION_CODE", format!("must be two digits ({code})"))
        })?,
        iban: iban(env, "CREDITOR_IBAN")?,
        postal,
        cbill: text("CREDITOR_CBILL"),
    })
}

/// How the creditor numbers the debts that citizens create here.
pub fn issuing(env: &Env) -> Result<Issuing, ConfigError> {
    let code = |name: &str| {
        let text = env.variable(name)?;
        text.parse().map_err(|code| ConfigError::because(name, format!("must be two digits ({code})")))
    };
    match env.optional("AUX_DIGIT") {
        None | Some("3") => Ok(Issuing::Three(code("SEGREGATION_CODE")?)),
        Some("0") => Ok(Issuing::Zero(code("APPLICATION_CODE")?)),
        Some("1") => Ok(Issuing::One),
        Some("2") => Ok(Issuing::Two),
        Some(_) => Err(ConfigError::because("AUX_DIGIT", "must be 0, 1, 2 or 3")),
    }
}

fn iban(env: &Env, name: &str) -> Result<Option<Iban>, ConfigError> {
    let text = env.optional(name);
    text.map(|text| Iban::parse(text).map_err(|code| ConfigError::because(name, code))).transpose()
}
