//! What the creditor says of itself, and the few settings that change the pages.

use domain::account::Language;
use runtime::{ConfigError, Env, PaymentChannel};

/// The creditor's name, contacts and choices.
#[derive(Clone, Debug)]
pub struct PortalConfig {
    pub name: String,
    pub fiscal_code: String,
    pub address: String,
    pub email: String,
    pub certified_email: String,
    pub phone: String,
    pub website: String,
    /// Where the portal itself is, without a slash at the end.
    pub public_url: String,
    pub privacy_officer: String,
    /// The declaration on AgID's form site; without one, our own page.
    pub accessibility_statement: Option<String>,
    /// Where a malfunction is reported; without one, the help page's contacts.
    pub report_address: Option<String>,
    pub languages: Vec<Language>,
    /// Where payments are made.
    pub channel: PaymentChannel,
    /// Whether citizens may create debts by themselves (S12 to S14).
    pub spontaneous: bool,
    pub shortest_password: usize,
    /// Minutes without a request after which the server ends a session.
    pub idle_minutes: u32,
    /// Set while the portal is closed for maintenance: the hour at which it opens again.
    pub maintenance_until: Option<String>,
}

impl PortalConfig {
    /// The creditor's name, code and contacts must be told: a portal that shows another's would mislead.
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        let config = env.config();
        Ok(Self {
            name: config.creditor_name.get()?.clone(),
            fiscal_code: config.creditor_fiscal_code.get()?.as_str().to_owned(),
            address: config.contact_address.get()?.clone(),
            email: config.contact_email.get()?.clone(),
            certified_email: config.contact_pec.get()?.clone(),
            phone: config.contact_phone.get()?.clone(),
            website: config.creditor_website.get()?.clone(),
            public_url: config.public_url.get()?.clone(),
            privacy_officer: config.creditor_dpo.get()?.clone(),
            accessibility_statement: config.accessibility_statement_url.optional()?.cloned(),
            report_address: config.report_url.optional()?.cloned(),
            languages: config.languages.get()?.clone(),
            channel: *config.payment_channel.get()?,
            spontaneous: *config.spontaneous_payments.get()?,
            shortest_password: config.password_policy.get()?.min_characters,
            idle_minutes: *config.session_idle_minutes.get()?,
            maintenance_until: config.maintenance_until.optional()?.cloned(),
        })
    }
}
