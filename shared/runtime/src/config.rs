//! The settings of a deployment: each is declared here once, with its variable, its type, its default and its
//! meaning. README's table is made of the same lines.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use domain::FiscalCode;
use domain::account::Language;
use domain::creditor::Iban;
use domain::notice::{AuxDigit, SegregationCode};
use domain::password::Policy;
use domain::person::Email;

use crate::ConfigError;

/// One setting as its variable has it. What cannot be read is an error only for the function that asks for it.
pub struct Setting<T> {
    variable: &'static str,
    /// The value, none when the variable is missing or empty, or why it makes no sense.
    value: Result<Option<T>, String>,
}

/// What a missing variable means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// A function that needs it does not start.
    Required,
    /// There is no value.
    Optional,
    /// This one.
    Default(&'static str),
}

/// A setting as README's table describes it.
pub struct SettingDescription {
    /// The field of [`Config`].
    pub field: &'static str,
    pub variable: &'static str,
    pub fallback: Fallback,
    pub meaning: &'static str,
}

/// Where citizens pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentChannel {
    /// At a PSP of the creditor's own.
    Psp,
    /// On pagoPA Checkout.
    Checkout,
}

impl PaymentChannel {
    pub fn as_str(self) -> &'static str {
        match self {
            PaymentChannel::Psp => "psp",
            PaymentChannel::Checkout => "checkout",
        }
    }
}

impl FromStr for PaymentChannel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "psp" => Ok(PaymentChannel::Psp),
            "checkout" => Ok(PaymentChannel::Checkout),
            _ => Err("must be psp or checkout".to_owned()),
        }
    }
}

/// How an account proves that its fiscal code is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityProof {
    /// By one of its own notices.
    Notice,
    /// Not here: the creditor checks identities by other means.
    None,
}

use Fallback::{Default, Optional, Required};

macro_rules! settings {
    ($($(#[doc = $meaning:literal])+ $field:ident: $type:ty = $variable:literal, $fallback:expr, $read:expr;)+) => {
        /// Every setting of the deployment, read once. A function is given only the variables that it needs.
        pub struct Config {
            $($(#[doc = $meaning])+ pub $field: Setting<$type>,)+
        }

        /// The settings in the order of README's table.
        pub const SETTINGS: &[SettingDescription] = &[$(SettingDescription {
            field: stringify!($field),
            variable: $variable,
            fallback: $fallback,
            meaning: concat!($($meaning),+),
        },)+];

        impl Config {
            pub(crate) fn read(variables: &BTreeMap<String, String>) -> Self {
                Self { $($field: Setting::read(variables, $variable, $fallback, $read),)+ }
            }
        }
    };
}

settings! {
    /// Address of the portal; links in mails begin with it
    public_url: String = "PUBLIC_URL", Required, public_url;
    /// Name of the creditor
    creditor_name: String = "CREDITOR_NAME", Required, text;
    /// Its fiscal code
    creditor_fiscal_code: FiscalCode = "CREDITOR_FISCAL_CODE", Required, fiscal_code;
    /// Office that collects, printed on notices
    creditor_office: String = "CREDITOR_OFFICE", Optional, text;
    /// Where to find help, printed on notices
    creditor_info: String = "CREDITOR_INFO", Optional, text;
    /// Interbank code, printed on notices
    creditor_cbill: String = "CREDITOR_CBILL", Optional, text;
    /// Account that receives the money
    creditor_iban: Iban = "CREDITOR_IBAN", Optional, iban;
    /// Postal account: with it notices carry the postal slip
    creditor_postal_iban: Iban = "CREDITOR_POSTAL_IBAN", Optional, postal_iban;
    /// Holder of the postal account; without it, the creditor
    creditor_postal_holder: String = "CREDITOR_POSTAL_HOLDER", Optional, text;
    /// Poste Italiane's authorisation to print the slip
    creditor_postal_authorization: String = "CREDITOR_POSTAL_AUTHORIZATION", Optional, text;
    /// Shown in the portal
    contact_email: String = "CONTACT_EMAIL", Required, text;
    /// Shown in the portal
    contact_phone: String = "CONTACT_PHONE", Required, text;
    /// Certified e-mail, shown in the portal
    contact_pec: String = "CONTACT_PEC", Required, text;
    /// Shown in the portal
    contact_address: String = "CONTACT_ADDRESS", Required, text;
    /// The creditor's own site
    creditor_website: String = "CREDITOR_WEBSITE", Required, text;
    /// Data protection officer, named in the privacy notice
    creditor_dpo: String = "CREDITOR_DPO", Required, text;
    /// Declaration on AgID's form site; without it, a page of the portal
    accessibility_statement_url: String = "ACCESSIBILITY_STATEMENT_URL", Optional, text;
    /// Where a malfunction is reported; without it, the contacts
    report_url: String = "REPORT_URL", Optional, text;
    /// While the portal is closed: the hour at which it opens again
    maintenance_until: String = "MAINTENANCE_UNTIL", Optional, text;
    /// Languages of the portal, comma separated; Italian is always offered, and first
    languages: Vec<Language> = "LANGUAGES", Default("it,en"), languages;
    /// Whether citizens may create debts by themselves
    spontaneous_payments: bool = "SPONTANEOUS_PAYMENTS", Default("true"), parsed;
    /// First digit of the notice numbers issued
    aux_digit: AuxDigit = "AUX_DIGIT", Default("3"), aux_digit;
    /// Segregation code of the creditor, two digits
    segregation_code: SegregationCode = "SEGREGATION_CODE", Required, two_digits;
    /// Application code, two digits; required when `AUX_DIGIT` is `0`
    application_code: SegregationCode = "APPLICATION_CODE", Optional, two_digits;
    /// Broker that the node must name
    broker_id: String = "BROKER_ID", Required, text;
    /// Station that the node must name
    station_id: String = "STATION_ID", Required, text;
    /// `psp`: pay at a PSP of the creditor's own; `checkout`: on pagoPA Checkout
    payment_channel: PaymentChannel = "PAYMENT_CHANNEL", Default("psp"), str::parse;
    /// Address of the PSP's interface (`infra/psp-openapi.yaml`); required with `psp`
    psp_url: String = "PSP_URL", Optional, absolute_url;
    /// Address of pagoPA Checkout; required with `checkout`
    checkout_url: String = "CHECKOUT_URL", Optional, absolute_url;
    /// Address of the central archive of notices; without it nothing is uploaded
    aca_url: String = "ACA_URL", Optional, absolute_url;
    /// Sender of mails
    mail_from: String = "MAIL_FROM", Required, email;
    /// SES configuration set that mails are sent with
    ses_configuration_set: String = "SES_CONFIGURATION_SET", Optional, text;
    /// `notice`: an account proves its fiscal code by a notice; `none`: identities are checked by other means
    identity_proof: IdentityProof = "IDENTITY_PROOF", Default("notice"), identity_proof;
    /// Hours before a proven fiscal code counts, for who contests it
    proof_wait_hours: u32 = "PROOF_WAIT_HOURS", Default("0"), parsed;
    /// Fewest characters of a password, 12 to 64
    password_policy: Policy = "PASSWORD_MIN_LENGTH", Default("12"), password_policy;
    /// Memory of a password's hash, in KiB; may only rise
    argon2_memory_kib: u32 = "ARGON2_MEMORY_KIB", Default("19456"), |text| at_least(19_456, text);
    /// Passes of a password's hash; may only rise
    argon2_passes: u32 = "ARGON2_PASSES", Default("2"), |text| at_least(2, text);
    /// Minutes without a request after which a session ends
    session_idle_minutes: u32 = "SESSION_IDLE_MINUTES", Required, parsed;
    /// Hours after which a session ends in any case
    session_max_hours: u32 = "SESSION_MAX_HOURS", Required, parsed;
    /// `on` or `off`: limits on attempts
    limits: bool = "LIMITS", Default("on"), on_or_off;
    /// CloudWatch namespace; without it the log carries no metrics
    metrics_namespace: String = "METRICS_NAMESPACE", Optional, text;
    /// Table of accounts and sessions
    identity_table: String = "IDENTITY_TABLE", Required, text;
    /// Table of debts and payments
    debts_table: String = "DEBTS_TABLE", Required, text;
    /// Table of movements
    movements_table: String = "MOVEMENTS_TABLE", Required, text;
    /// Table of what the audit has seen
    audit_table: String = "AUDIT_TABLE", Required, text;
    /// Table of messages to process
    outbox_table: String = "OUTBOX_TABLE", Required, text;
    /// Table of counted attempts
    limits_table: String = "LIMITS_TABLE", Required, text;
    /// Address (ARN) of the keys of passwords, sessions and links
    identity_secret: String = "IDENTITY_SECRET", Required, text;
    /// Address (ARN) of the keys of pseudonyms and sealed tokens
    seal_secret: String = "SEAL_SECRET", Required, text;
    /// Address (ARN) of the keys of the PSP, Checkout and the archive
    psp_secret: String = "PSP_SECRET", Required, text;
    /// Address (ARN) of the keys of the creditor's back office
    creditor_secret: String = "CREDITOR_SECRET", Required, text;
}

impl Config {
    /// The names of the tables that were given.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &str> {
        let all = [
            &self.audit_table,
            &self.debts_table,
            &self.identity_table,
            &self.limits_table,
            &self.movements_table,
            &self.outbox_table,
        ];
        all.into_iter().filter_map(Setting::given).map(String::as_str)
    }

    /// The addresses of the secrets that were given.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let all = [&self.creditor_secret, &self.identity_secret, &self.psp_secret, &self.seal_secret];
        all.into_iter().filter_map(Setting::given).map(String::as_str)
    }
}

impl<T> Setting<T> {
    fn read(
        variables: &BTreeMap<String, String>,
        variable: &'static str,
        fallback: Fallback,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Self {
        let given = variables.get(variable).map(String::as_str).filter(|text| !text.is_empty());
        let default = match fallback {
            Default(text) => Some(text),
            Required | Optional => None,
        };
        Self { variable, value: given.or(default).map(read).transpose() }
    }

    /// The value.
    ///
    /// # Errors
    /// The variable is missing and has no default, or makes no sense.
    pub fn get(&self) -> Result<&T, ConfigError> {
        self.optional()?.ok_or_else(|| ConfigError::because(self.variable, "is missing"))
    }

    /// The value, none when the variable is missing.
    ///
    /// # Errors
    /// The variable makes no sense.
    pub fn optional(&self) -> Result<Option<&T>, ConfigError> {
        match &self.value {
            Ok(value) => Ok(value.as_ref()),
            Err(why) => Err(ConfigError::because(self.variable, why)),
        }
    }

    /// The value, none when the variable is missing or makes no sense.
    pub fn given(&self) -> Option<&T> {
        self.value.as_ref().ok().and_then(Option::as_ref)
    }

    /// A value that no variable can have.
    pub(crate) fn set(&mut self, value: T) {
        self.value = Ok(Some(value));
    }
}

/// Returns whether this is an absolute address that a browser may be sent to.
pub fn is_absolute_url(url: &str) -> bool {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let named = host.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['));
    named && url.len() <= 2048 && url.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b))
}

fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

fn parsed<T: FromStr<Err: fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|why| format!("cannot be read: {why}"))
}

/// Without a slash at its end.
fn absolute_url(text: &str) -> Result<String, String> {
    let url = text.trim_end_matches('/');
    if is_absolute_url(url) { Ok(url.to_owned()) } else { Err("is not an absolute address".to_owned()) }
}

fn public_url(text: &str) -> Result<String, String> {
    if !text.starts_with("https://") && !text.starts_with("http://") {
        return Err("must begin with https:// or http://".to_owned());
    }
    absolute_url(text)
}

fn fiscal_code(text: &str) -> Result<FiscalCode, String> {
    FiscalCode::parse(text).map_err(|code| code.to_string())
}

fn iban(text: &str) -> Result<Iban, String> {
    Iban::parse(text).map_err(|code| code.to_string())
}

fn postal_iban(text: &str) -> Result<Iban, String> {
    let iban = iban(text)?;
    match iban.postal_account() {
        Some(_) => Ok(iban),
        None => Err("is not an account of Poste Italiane".to_owned()),
    }
}

/// As it was written: SES knows senders by their letters' case.
fn email(text: &str) -> Result<String, String> {
    Email::parse(text).map(|_| text.to_owned()).map_err(|code| code.to_string())
}

fn two_digits(text: &str) -> Result<SegregationCode, String> {
    text.parse().map_err(|code| format!("must be two digits ({code})"))
}

fn aux_digit(text: &str) -> Result<AuxDigit, String> {
    match text {
        "0" => Ok(AuxDigit::Zero),
        "1" => Ok(AuxDigit::One),
        "2" => Ok(AuxDigit::Two),
        "3" => Ok(AuxDigit::Three),
        _ => Err("must be 0, 1, 2 or 3".to_owned()),
    }
}

fn languages(tags: &str) -> Result<Vec<Language>, String> {
    let mut offered = vec![Language::It];
    for tag in tags.split(',').map(str::trim) {
        let language = Language::parse(tag).map_err(|_| format!("there is no catalogue for {tag}"))?;
        if !offered.contains(&language) {
            offered.push(language);
        }
    }
    Ok(offered)
}

fn identity_proof(text: &str) -> Result<IdentityProof, String> {
    match text {
        "notice" => Ok(IdentityProof::Notice),
        "none" => Ok(IdentityProof::None),
        _ => Err("must be notice or none".to_owned()),
    }
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("must be on or off".to_owned()),
    }
}

fn password_policy(text: &str) -> Result<Policy, String> {
    let min_characters = parsed(text)?;
    if (Policy::default().min_characters..=64).contains(&min_characters) {
        Ok(Policy { min_characters })
    } else {
        Err("must be between 12 and 64".to_owned())
    }
}

fn at_least(least: u32, text: &str) -> Result<u32, String> {
    match parsed(text)? {
        number if number >= least => Ok(number),
        _ => Err(format!("must be {least} or more")),
    }
}
