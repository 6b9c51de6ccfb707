use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::account::{Account, AccountId};
use domain::person::Email;
use domain::session::SessionLimits;
use domain::{Error, Fault, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use runtime::{Clock, ConfigError, Env, Random, Secret};
use serde::{Deserialize, Serialize};
use store::{Citizen, OpenSession, SessionKey};
use web::{Reply, Request, Site};

use crate::browsers::{self, KnownBrowsers};
use crate::{IdentityKeys, jwt};

/// Sessions: a signed token in a cookie, and a row that can end it at once.
#[derive(Clone)]
pub struct Sessions {
    store: store::SessionStore,
    browsers: KnownBrowsers,
    secret: Secret<IdentityKeys>,
    random: Random,
    clock: Clock,
    site: Site,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    epoch: u32,
    iat: i64,
    nbf: i64,
    exp: i64,
}

const TYPE: &str = "session+jwt";
const AUDIENCE: &str = "portal";
/// A token longer than this is refused before it is parsed.
const MAX_TOKEN: usize = 2_048;
/// How far two of our clocks may be apart.
const LEEWAY: i64 = 60;
/// Readable by scripts, says only that a session may exist: spares strangers a call.
const HINT: &str = "accesso";

impl Sessions {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        jwt::install();
        let config = env.config();
        let minutes = u64::from(*config.session_idle_minutes.get()?);
        let hours = u64::from(*config.session_max_hours.get()?);
        let limits = SessionLimits {
            idle: Duration::from_secs(minutes.saturating_mul(60)),
            absolute: Duration::from_secs(hours.saturating_mul(3600)),
        };
        Ok(Self {
            store: store::SessionStore::connect(env, limits)?,
            browsers: KnownBrowsers::connect(env)?,
            secret: env.secret(&config.identity_secret)?,
            random: env.random().clone(),
            clock: env.clock().clone(),
            site: Site::connect(env)?,
        })
    }

    /// The citizen whose live session a request carries.
    ///
    /// # Errors
    /// [`Error::NotAuthenticated`], the same for every reason.
    pub async fn citizen(&self, request: &Request) -> Result<Citizen, Error> {
        let key = self.presented(request).await?.ok_or(Error::NotAuthenticated)?;
        let citizen = self.store.citizen(&key).await?.ok_or(Error::NotAuthenticated)?;
        request.is_of(citizen.pseudonym());
        Ok(citizen)
    }

    /// The session that a request presents, live or not.
    async fn presented(&self, request: &Request) -> Result<Option<SessionKey>, Fault> {
        match request.cookie(self.cookie_name()) {
            None => Ok(None),
            Some(token) => {
                let read = self.read(token).await?;
                if read.is_none() {
                    tracing::warn!(
                        event = "jwt.bad",
                        "a session's token that is none of ours, or out of time"
                    );
                }
                Ok(read)
            }
        }
    }

    /// Opens a session under a new id and ends the one presented (INV-I18). The reply gets the cookies.
    pub async fn open(&self, request: &Request, account: &Account, reply: Reply) -> Result<Reply, Error> {
        if let Some(old) = self.presented(request).await? {
            self.store.revoke(&old.id).await?;
        }
        let live = self.store.open(account, self.random.hex::<32>()?).await?;
        request.is_of(&live.pseudonym);
        let token = self.write(&live.key, live.ends_at).await?;
        let seconds = domain::session::passed(self.clock.now(), live.ends_at).as_secs();
        let secure = self.secure();
        let cookie = request.cookie(self.browser_cookie());
        let browser = self.browsers.with(cookie, &account.profile.username).await?;
        let life = browsers::LIFE.as_secs();
        Ok(reply
            .with_cookie(&format!(
                "{}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}",
                self.cookie_name()
            ))
            .with_cookie(&format!(
                "{}={browser}; Path=/; HttpOnly; SameSite=Lax; Max-Age={life}{secure}",
                self.browser_cookie()
            ))
            .with_cookie(&format!("{HINT}=1; Path=/; SameSite=Lax; Max-Age={seconds}{secure}")))
    }

    /// The browser that a request comes from, if this username has logged in there before: an opaque id.
    pub async fn known_browser(&self, request: &Request, username: &Email) -> Result<Option<String>, Fault> {
        self.browsers.of(request.cookie(self.browser_cookie()), username).await
    }

    /// Ends the citizen's session.
    pub async fn end(&self, citizen: &Citizen, reply: Reply) -> Result<Reply, Error> {
        self.store.revoke(citizen.session()).await?;
        Ok(self.without_cookies(reply))
    }

    /// The citizen's sessions that live, the latest first.
    pub async fn list(&self, citizen: &Citizen) -> Result<Vec<OpenSession>, Fault> {
        self.store.of_citizen(citizen).await
    }

    /// Ends one of the citizen's sessions, by its name in the list; nothing when there is none of that name.
    pub async fn end_one(&self, citizen: &Citizen, name: &str) -> Result<Option<Reply>, Fault> {
        let ended = self.store.end_of_citizen(citizen, name).await?;
        Ok(ended.map(|current| match current {
            true => self.without_cookies(Reply::no_content()),
            false => Reply::no_content(),
        }))
    }

    /// Takes the cookies back.
    pub fn without_cookies(&self, reply: Reply) -> Reply {
        let secure = self.secure();
        reply
            .with_cookie(&format!(
                "{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}",
                self.cookie_name()
            ))
            .with_cookie(&format!("{HINT}=; Path=/; SameSite=Lax; Max-Age=0{secure}"))
            .with_header("clear-site-data", "\"storage\"")
    }

    fn cookie_name(&self) -> &'static str {
        if self.site.is_secure() { "__Host-session" } else { "session" }
    }

    /// Says that somebody has logged in here before; it is no session and opens nothing.
    fn browser_cookie(&self) -> &'static str {
        if self.site.is_secure() { "__Host-browser" } else { "browser" }
    }

    fn secure(&self) -> &'static str {
        if self.site.is_secure() { "; Secure" } else { "" }
    }

    async fn write(&self, key: &SessionKey, ends_at: Timestamp) -> Result<String, Fault> {
        const DOING: &str = "signing a session";
        let keys = self.secret.get().await?;
        let newest = keys.sessions.first().ok_or_else(|| Fault::new(DOING, "there is no key"))?;
        let now = self.clock.now().as_second();
        let claims = Claims {
            iss: self.site.url().to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: key.account.as_str().to_owned(),
            sid: key.id.clone(),
            epoch: key.epoch,
            iat: now,
            nbf: now,
            exp: ends_at.as_second(),
        };
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(newest.kid.to_string());
        let secret = EncodingKey::from_secret(&bytes_of(&newest.key)?).map_err(|e| Fault::new(DOING, e))?;
        jsonwebtoken::encode(&header, &claims, &secret).map_err(|e| Fault::new(DOING, e))
    }

    /// What a token says, if it is one of ours: length, algorithm, type, key, signature, issuer, audience and
    /// times all fit, and its header brings no key of its own (INV-I15).
    async fn read(&self, token: &str) -> Result<Option<SessionKey>, Fault> {
        if token.len() > MAX_TOKEN {
            return Ok(None);
        }
        let Ok(header) = jsonwebtoken::decode_header(token) else { return Ok(None) };
        let foreign_key =
            header.jku.is_some() || header.jwk.is_some() || header.x5u.is_some() || header.x5c.is_some();
        if foreign_key || header.alg != Algorithm::HS256 || header.typ.as_deref() != Some(TYPE) {
            return Ok(None);
        }
        let keys = self.secret.get().await?;
        let kid = header.kid.as_deref().and_then(|kid| kid.parse::<u8>().ok());
        let Some(key) = keys.sessions.iter().find(|key| Some(key.kid) == kid) else { return Ok(None) };
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[self.site.url()]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
        // The library would ask the system's clock; ours is asked below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let secret = DecodingKey::from_secret(&bytes_of(&key.key)?)
            .map_err(|e| Fault::new("reading a session key", e))?;
        let Ok(token) = jsonwebtoken::decode::<Claims>(token, &secret, &validation) else { return Ok(None) };
        let claims = token.claims;
        let now = self.clock.now().as_second();
        let in_time = claims.nbf <= now.saturating_add(LEEWAY) && now < claims.exp.saturating_add(LEEWAY);
        Ok(in_time.then(|| SessionKey {
            id: claims.sid,
            account: AccountId::new(claims.sub),
            epoch: claims.epoch,
        }))
    }
}

fn bytes_of(key: &str) -> Result<Vec<u8>, Fault> {
    const DOING: &str = "reading a session key";
    let bytes = STANDARD.decode(key).map_err(|_| Fault::new(DOING, "it is not base64"))?;
    if bytes.len() < 32 { Err(Fault::new(DOING, "it has fewer than 32 bytes")) } else { Ok(bytes) }
}
