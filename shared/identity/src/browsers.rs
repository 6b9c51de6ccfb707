use std::time::Duration;

use domain::Fault;
use domain::person::Email;
use runtime::{ConfigError, Env, Random};
use store::Pseudonyms;
use web::Seal;

/// Browsers in which somebody has logged in: a sealed cookie says which usernames did. It opens nothing; whoever has it
/// need not wait for what others fail (AB-01), and a login without it is one from a new device (AB-24).
#[derive(Clone)]
pub(crate) struct KnownBrowsers {
    seal: Seal,
    pseudonyms: Pseudonyms,
    random: Random,
}

/// What the cookie says.
#[derive(Default)]
struct KnownBrowser {
    /// Random: what this browser fails is counted by it.
    id: String,
    /// Pseudonyms of usernames, the latest first.
    names: Vec<String>,
}

impl KnownBrowser {
    fn of(sealed: &str) -> Self {
        let mut words = sealed.split(' ').map(str::to_owned);
        Self { id: words.next().unwrap_or_default(), names: words.collect() }
    }
}

pub(crate) const LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const PURPOSE: &str = "browser";
/// How many usernames a browser is known by: a family's, or an office's.
const MOST_NAMES: usize = 5;

impl KnownBrowsers {
    pub(crate) fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            seal: Seal::connect(env)?,
            pseudonyms: Pseudonyms::connect(env)?,
            random: env.random().clone(),
        })
    }

    async fn read(&self, cookie: Option<&str>) -> Result<Option<KnownBrowser>, Fault> {
        let Some(cookie) = cookie else { return Ok(None) };
        let opened = self.seal.open(PURPOSE, cookie).await?;
        Ok(opened.map(|(plain, _)| KnownBrowser::of(&String::from_utf8_lossy(&plain))))
    }

    /// The browser's id, if this username has logged in there.
    pub(crate) async fn of(&self, cookie: Option<&str>, username: &Email) -> Result<Option<String>, Fault> {
        let Some(browser) = self.read(cookie).await? else { return Ok(None) };
        let name = self.pseudonyms.username(username).await?;
        Ok(browser.names.contains(&name).then_some(browser.id))
    }

    /// The cookie once this username has logged in there, too.
    pub(crate) async fn with(&self, cookie: Option<&str>, username: &Email) -> Result<String, Fault> {
        let mut browser = self.read(cookie).await?.unwrap_or_default();
        if browser.id.is_empty() {
            browser.id = self.random.hex::<32>()?;
        }
        let name = self.pseudonyms.username(username).await?;
        browser.names.retain(|known| *known != name);
        browser.names.insert(0, name);
        browser.names.truncate(MOST_NAMES);
        let plain = format!("{} {}", browser.id, browser.names.join(" "));
        Ok(self.seal.close(PURPOSE, plain.as_bytes(), LIFE).await?.0)
    }
}
