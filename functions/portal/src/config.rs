//! What the creditor says of itself, and the few settings that change the pages.

use domain::account::Language;
use domain::password::Policy;
use web::LANGUAGES;
use world::{NotConfigured, World};

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
    pub fn connect(world: &World) -> Result<Self, NotConfigured> {
        let text = |name: &str| world.variable(name).map(str::to_owned);
        let optional = |name: &str| world.optional(name).map(str::to_owned);
        Ok(Self {
            name: text("CREDITOR_NAME")?,
            fiscal_code: text("CREDITOR_FISCAL_CODE")?,
            address: text("CONTACT_ADDRESS")?,
            email: text("CONTACT_EMAIL")?,
            certified_email: text("CONTACT_PEC")?,
            phone: text("CONTACT_PHONE")?,
            website: text("CREDITOR_WEBSITE")?,
            public_url: text("PUBLIC_URL")?.trim_end_matches('/').to_owned(),
            privacy_officer: text("CREDITOR_DPO")?,
            accessibility_statement: optional("ACCESSIBILITY_STATEMENT_URL"),
            report_address: optional("REPORT_URL"),
            languages: languages(world)?,
            spontaneous: world.parsed_or("SPONTANEOUS_PAYMENTS", true)?,
            shortest_password: world.parsed_or("PASSWORD_MIN_LENGTH", Policy::default().min_characters)?,
            idle_minutes: world.parsed("SESSION_IDLE_MINUTES")?,
            maintenance_until: optional("MAINTENANCE_UNTIL"),
        })
    }
}

/// `LANGUAGES`, comma separated; Italian is always offered, and first.
fn languages(world: &World) -> Result<Vec<Language>, NotConfigured> {
    let Some(tags) = world.optional("LANGUAGES") else {
        return Ok(LANGUAGES.to_vec());
    };
    let mut offered = vec![Language::It];
    for tag in tags.split(',').map(str::trim) {
        let language = Language::parse(tag)
            .map_err(|_| NotConfigured::because("LANGUAGES", format!("there is no catalogue for {tag}")))?;
        if !offered.contains(&language) {
            offered.push(language);
        }
    }
    Ok(offered)
}
