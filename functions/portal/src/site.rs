//! What the entity says of itself, and the few settings that change the pages.

use crate::language::Language;

/// The entity's name, contacts and choices. The defaults are those of the demonstration entity.
#[derive(Clone, Debug)]
pub struct Site {
    pub name: String,
    pub fiscal_code: String,
    pub address: String,
    pub email: String,
    pub certified_email: String,
    pub phone: String,
    pub website: String,
    pub privacy_officer: String,
    /// The declaration on AgID's form site; without one, our own page.
    pub accessibility_statement: Option<String>,
    /// Where a malfunction is reported; without one, the help page's contacts.
    pub report_address: Option<String>,
    pub privacy_version: String,
    pub terms_version: String,
    pub languages: Vec<Language>,
    /// Whether citizens may create debts by themselves (S12 to S14).
    pub spontaneous: bool,
    pub shortest_password: usize,
    /// Set while the portal is closed for maintenance: the hour at which it opens again.
    pub maintenance_until: Option<String>,
    /// Served over TLS: everywhere but on a developer's machine.
    pub tls: bool,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            name: "Comune di Test".to_owned(),
            fiscal_code: "12345678903".to_owned(),
            address: "Piazza del Municipio 1, 00100 Roma (RM)".to_owned(),
            email: "pagamenti@comune.test.example".to_owned(),
            certified_email: "protocollo@pec.comune.test.example".to_owned(),
            phone: "06 0000 0000".to_owned(),
            website: "https://www.comune.test.example".to_owned(),
            privacy_officer: "dpo@comune.test.example".to_owned(),
            accessibility_statement: None,
            report_address: None,
            privacy_version: "1.0".to_owned(),
            terms_version: "1.0".to_owned(),
            languages: Language::ALL.to_vec(),
            spontaneous: true,
            shortest_password: 12,
            maintenance_until: None,
            tls: false,
        }
    }
}
