//! The creditor's configuration: who it is, its services ([`ServiceCatalogue`]), the PSPs that it offers ([`Psps`]).
//! Read and checked when a program starts; an error names the variable or the file and the field.

mod psps;
mod services;

use domain::creditor::{Creditor, PostalAccount};
use domain::notice::{AuxDigit, Issuing};
use runtime::{ConfigError, Env};

pub use psps::{Method, Offer, Psps};
pub use services::ServiceCatalogue;

/// The creditor that this deployment serves.
///
/// # Errors
/// A setting that is missing or makes no sense.
pub fn creditor(env: &Env) -> Result<Creditor, ConfigError> {
    let config = env.config();
    let name = config.creditor_name.get()?.clone();
    let postal = match config.creditor_postal_iban.optional()? {
        None => None,
        Some(iban) => Some(PostalAccount {
            iban: iban.clone(),
            holder: config.creditor_postal_holder.optional()?.unwrap_or(&name).clone(),
            authorization: config.creditor_postal_authorization.optional()?.cloned(),
        }),
    };
    Ok(Creditor {
        fiscal_code: config.creditor_fiscal_code.get()?.clone(),
        office: config.creditor_office.optional()?.cloned(),
        info: config.creditor_info.optional()?.cloned(),
        segregation_code: *config.segregation_code.get()?,
        iban: config.creditor_iban.optional()?.cloned(),
        postal,
        cbill: config.creditor_cbill.optional()?.cloned(),
        name,
    })
}

/// How the creditor numbers the debts that citizens create here.
///
/// # Errors
/// The setting of the code that its numbers begin with is missing, or makes no sense.
pub fn issuing(env: &Env) -> Result<Issuing, ConfigError> {
    let config = env.config();
    match config.aux_digit.get()? {
        AuxDigit::Zero => Ok(Issuing::Zero(*config.application_code.get()?)),
        AuxDigit::One => Ok(Issuing::One),
        AuxDigit::Two => Ok(Issuing::Two),
        AuxDigit::Three => Ok(Issuing::Three(*config.segregation_code.get()?)),
    }
}
