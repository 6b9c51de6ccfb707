//! What a template may ask of the page it draws.

use domain::account::Language;
use domain::retention::{Period, Retention};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use runtime::PaymentChannel;
use serde_json::{Map, Value, json};
use web::{Request, path_in};

use crate::assets;
use crate::catalogue;
use crate::config::PortalConfig;
use crate::regions;
use crate::screens::{Access, Screen};

/// Messages of the core module, which every page loads.
const CORE_MESSAGES: [&str; 5] =
    ["js.", "stato.", "err.generic", "problem.invalid_input.title", "problem.temporarily_unavailable.detail"];

pub struct PageContext<'a> {
    pub config: &'a PortalConfig,
    pub language: Language,
    pub screen: &'static Screen,
    /// The address without language.
    pub path: &'a str,
    pub query: &'a str,
}

/// One entry of the language menu.
pub struct Translation {
    pub tag: &'static str,
    pub name: &'static str,
    pub address: String,
    pub current: bool,
}

impl<'a> PageContext<'a> {
    /// `path` is the address without language.
    pub fn new(
        config: &'a PortalConfig,
        language: Language,
        screen: &'static Screen,
        path: &'a str,
        request: &'a Request,
    ) -> Self {
        Self { config, language, screen, path, query: request.raw_query() }
    }

    pub fn render(&self) -> askama::Result<String> {
        self.screen.render(self)
    }

    /// The message of a key in the page's language.
    pub fn t(&self, key: &'static str) -> &'static str {
        catalogue::message(self.language, key)
    }

    /// A message about the entity or its settings: `{ente}`, `{minimo}`, `{ora}`.
    pub fn filled(&self, key: &'static str) -> String {
        self.t(key)
            .replace("{ente}", &self.config.name)
            .replace("{minimo}", &self.config.shortest_password.to_string())
            .replace("{telefono}", &self.config.phone)
            .replace("{ora}", self.config.maintenance_until.as_deref().unwrap_or_default())
    }

    pub fn tag(&self) -> &'static str {
        self.language.as_str()
    }

    /// The language's three letters in the menu of the slim header.
    pub fn short_name(&self) -> &'static str {
        match self.language {
            Language::It => "ITA",
            Language::En => "ENG",
        }
    }

    pub fn checkout(&self) -> bool {
        self.config.channel == PaymentChannel::Checkout
    }

    /// Where method and fee are chosen elsewhere, the first step of a payment is to look at it.
    pub fn first_step(&self) -> &'static str {
        self.t(if self.checkout() { "paga.passo_1_checkout" } else { "paga.passo_1" })
    }

    pub fn pay_title(&self) -> &'static str {
        self.t(if self.checkout() { "paga.js.titolo_checkout" } else { "paga.titolo" })
    }

    pub fn italian(&self) -> bool {
        self.language == Language::It
    }

    pub fn href(&self, path: &str) -> String {
        path_in(self.language, path)
    }

    pub fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    pub fn icon(&self, name: &str) -> String {
        format!("#it-{name}")
    }

    /// Every icon, inside the page: one request less.
    pub fn sprite(&self) -> String {
        include_str!("../assets/icons.svg").trim_end().replacen("<svg", "<svg hidden", 1)
    }

    /// Returns whether the page's form is understood by a function without any script.
    pub fn works_without_script(&self) -> bool {
        self.screen.id == "S01"
    }

    pub fn script(&self) -> String {
        assets::address(&format!("js/{}.js", self.screen.script.unwrap_or("core")))
    }

    /// How long something is kept, in words: `10 anni`. The table of periods decides.
    pub fn kept(&self, name: &str) -> String {
        let kept = Retention::ALL.iter().find(|kept| kept.name == name);
        let (number, one, many) = match (kept.map(|kept| kept.period), self.italian()) {
            (Some(Period::Hours(n)), true) => (n, "ora", "ore"),
            (Some(Period::Hours(n)), false) => (n, "hour", "hours"),
            (Some(Period::Days(n)), true) => (n, "giorno", "giorni"),
            (Some(Period::Days(n)), false) => (n, "day", "days"),
            (Some(Period::Years(n)), true) => (n, "anno", "anni"),
            (Some(Period::Years(n)), false) => (n, "year", "years"),
            (None, _) => return String::new(),
        };
        format!("{number} {}", if number == 1 { one } else { many })
    }

    pub fn privacy_version(&self) -> &'static str {
        domain::account::PRIVACY_VERSION
    }

    pub fn terms_version(&self) -> &'static str {
        domain::account::TERMS_VERSION
    }

    /// The icon of the browser's tab, inside the page: one request less.
    pub fn favicon(&self) -> String {
        let drawing = include_str!("../assets/favicon.svg").replace(['\n', '\r'], "").replace("  ", "");
        /// What an address may hold as it is; `'` would do too, but ends the attributes of some readers.
        const DRAWING: &AsciiSet =
            &NON_ALPHANUMERIC.remove(b'/').remove(b':').remove(b'=').remove(b'.').remove(b'-');
        format!("data:image/svg+xml,{}", utf8_percent_encode(&drawing, DRAWING))
    }

    /// The telephone number as a dialler wants it.
    pub fn dial(&self) -> String {
        self.config.phone.replace(' ', "")
    }

    pub fn private(&self) -> bool {
        self.screen.access == Access::Private
    }

    /// Returns whether the query has a name, with or without value.
    pub fn asks(&self, name: &str) -> bool {
        self.query.split('&').any(|pair| pair.split('=').next() == Some(name))
    }

    /// The title of the screen alone; the layout adds the portal's and the entity's name.
    pub fn title(&self) -> &'static str {
        match self.screen.name {
            "accedi" if self.asks("scaduta") => self.t("scaduta.titolo"),
            "paga" => self.pay_title(),
            _ => self.t(self.title_key()),
        }
    }

    fn title_key(&self) -> &'static str {
        let wanted = (self.screen.name, ".titolo");
        let messages = catalogue::messages(self.language);
        let found = messages.iter().find(|(key, _)| key.strip_prefix(wanted.0) == Some(wanted.1));
        found.map_or("portale.nome", |(key, _)| key)
    }

    pub fn translations(&self) -> Vec<Translation> {
        let languages = self.config.languages.iter().copied();
        languages
            .map(|language| {
                let mut address = path_in(language, self.path);
                let query =
                    self.query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lingua="));
                let mut query: Vec<&str> = query.collect();
                // The home page greets people in the language they chose; this link chooses Italian.
                if language == Language::It && self.screen.entrance {
                    query.push("lingua=it");
                }
                if !query.is_empty() {
                    address = format!("{address}?{}", query.join("&"));
                }
                Translation {
                    tag: language.as_str(),
                    name: own_name(language),
                    address,
                    current: language == self.language,
                }
            })
            .collect()
    }

    /// What the scripts need to know: a JSON block, which a browser never runs.
    pub fn data(&self) -> String {
        let name = self.screen.name;
        let (own, own_errors) = (format!("{name}.js."), format!("err.{name}."));
        let mut prefixes: Vec<&str> = CORE_MESSAGES.to_vec();
        prefixes.extend([own.as_str(), own_errors.as_str()]);
        prefixes.extend(self.screen.messages);
        let messages: Map<String, Value> = catalogue::selection(self.language, &prefixes)
            .map(|(key, message)| (key.to_owned(), Value::from(message)))
            .collect();
        let data = json!({
            "screen": self.screen.id,
            "language": self.language.as_str(),
            "private": self.private(),
            "loggedOut": self.screen.access == Access::LoggedOut,
            "creditor": self.config.name,
            "creditorCode": self.config.fiscal_code,
            "channel": self.config.channel.as_str(),
            "contact": self.config.email,
            "spontaneous": self.config.spontaneous,
            "shortestPassword": self.config.shortest_password,
            "idleMinutes": self.config.idle_minutes,
            "messages": messages,
        });
        data.to_string().replace('<', "\\u003c")
    }

    pub fn report_address(&self) -> String {
        self.config.report_address.clone().unwrap_or_else(|| format!("{}#contatti", self.href("/aiuto")))
    }

    pub fn accessibility_address(&self) -> String {
        self.config.accessibility_statement.clone().unwrap_or_else(|| self.href("/accessibilita"))
    }

    pub fn provinces(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        regions::provinces()
    }

    /// Countries by their name in the page's language, Italy first.
    pub fn countries(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        regions::countries(self.language)
    }
}

/// The language's name in itself.
fn own_name(language: Language) -> &'static str {
    match language {
        Language::It => "Italiano",
        Language::En => "English",
    }
}
