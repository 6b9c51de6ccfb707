//! Sessions of an attacker's own making: one change at a time to a token that was good.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use journeys::local::Options;
use journeys::{PortalUser, TestPortal, TestResponse, Value, json};
use sha2::{Digest, Sha256};

/// The parts of a session's token, to be changed and signed again.
#[derive(Clone)]
struct Token {
    header: Value,
    claims: Value,
}

/// The demonstration key of every local stack (`infra/local/src/secrets.rs`): nothing real is behind it.
pub fn local_key(name: &str) -> Vec<u8> {
    Sha256::new().chain_update("local ").chain_update(name).finalize().to_vec()
}

/// What is in the session's cookie.
pub fn session_of(citizen: &PortalUser) -> String {
    let cookies = citizen.browser.cookies();
    cookies.split("; ").find_map(|cookie| cookie.strip_prefix("session=")).unwrap().to_owned()
}

impl Token {
    fn of(citizen: &PortalUser) -> Self {
        let token = session_of(citizen);
        let part = |n: usize| {
            let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(n).unwrap()).unwrap();
            serde_json::from_slice(&bytes).unwrap()
        };
        Self { header: part(0), claims: part(1) }
    }

    fn header(mut self, name: &str, value: Value) -> Self {
        self.header[name] = value;
        self
    }

    fn claim(mut self, name: &str, value: Value) -> Self {
        self.claims[name] = value;
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.claims.as_object_mut().unwrap().remove(name);
        self.header.as_object_mut().unwrap().remove(name);
        self
    }

    /// A number of the claims, moved.
    fn moved(self, name: &str, by: i64) -> Self {
        let value = self.claims[name].as_i64().unwrap() + by;
        self.claim(name, json!(value))
    }

    fn signed(&self) -> String {
        self.signed_with(&local_key("session 1"))
    }

    fn signed_with(&self, key: &[u8]) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&self.header), part(&self.claims));
        let mac = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(&message);
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }
}

/// Returns whether a token opens a door.
async fn opens(portal: &TestPortal, token: &str) -> bool {
    let browser = portal.citizen();
    browser.browser.takes_cookies(&format!("session={token}"));
    browser.is_logged_in().await
}

#[tokio::test]
async fn inv_i15_inv_i10_ab_19_ab_20_every_single_change_of_a_token_is_refused() {
    let portal = TestPortal::open();
    let (mario, lucia) = (portal.known_citizen().await, portal.known_citizen().await);
    let good = || Token::of(&mario);
    // Without this a refusal below would prove nothing: we can sign, and signing again is enough.
    assert!(opens(&portal, &good().signed()).await);
    let now = portal.clock().now().await.as_second();
    // The clocks of our own machines may be a minute apart.
    assert!(opens(&portal, &good().claim("exp", json!(now - 30)).signed()).await);
    assert!(opens(&portal, &good().claim("nbf", json!(now + 30)).signed()).await);

    let hers = Token::of(&lucia).claims;
    let key = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(local_key("session 1"))});
    let cases = [
        ("no algorithm", good().header("alg", json!("none"))),
        ("no algorithm, in capitals", good().header("alg", json!("NONE"))),
        ("another hash", good().header("alg", json!("HS512"))),
        ("our key taken for a public one", good().header("alg", json!("RS256"))),
        ("an elliptic one", good().header("alg", json!("ES256"))),
        ("without an algorithm", good().without("alg")),
        ("another key's name", good().header("kid", json!("2"))),
        ("a path for a key's name", good().header("kid", json!("../../dev/null"))),
        ("a key's name that is none", good().header("kid", json!(""))),
        ("without a key's name", good().without("kid")),
        ("another type", good().header("typ", json!("JWT"))),
        ("the type of a link", good().header("typ", json!("link+jwt"))),
        ("without a type", good().without("typ")),
        ("a key's address", good().header("jku", json!("https://attacker.example/keys"))),
        ("a certificate's address", good().header("x5u", json!("https://attacker.example/cert"))),
        ("a key of its own", good().header("jwk", key)),
        ("a certificate of its own", good().header("x5c", json!(["MIIB"]))),
        ("another issuer", good().claim("iss", json!("https://attacker.example"))),
        ("without an issuer", good().without("iss")),
        ("another audience", good().claim("aud", json!("creditor"))),
        ("without an audience", good().without("aud")),
        ("expired", good().claim("exp", json!(now - 90))),
        ("without an end", good().without("exp")),
        ("not yet", good().claim("nbf", json!(now + 90))),
        ("without a beginning", good().without("nbf")),
        ("a session that nobody has", good().claim("sid", json!("0".repeat(64)))),
        ("another's session", good().claim("sid", hers["sid"].clone())),
        ("another's account", good().claim("sub", hers["sub"].clone())),
        ("without an account", good().without("sub")),
        ("an older epoch", good().moved("epoch", -1)),
        ("a newer epoch", good().moved("epoch", 1)),
        ("longer than two kilobytes", good().claim("more", json!("x".repeat(1_800)))),
    ];
    for (what, token) in cases {
        assert!(!opens(&portal, &token.signed()).await, "{what}");
    }
    assert!(!opens(&portal, &good().signed_with(&local_key("session 2"))).await, "another key");
    assert!(!opens(&portal, &good().signed_with(b"")).await, "no key");
    assert!(mario.is_logged_in().await && lucia.is_logged_in().await);
}

/// Other ways to write the same token: none of them survives the session (AB-22).
#[tokio::test]
async fn ab_22_another_form_of_a_token_dies_with_its_session() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let token = session_of(&mario);
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let same_bits = {
        // The last character of 32 bytes holds two bits that mean nothing.
        let last = parts[2].pop().unwrap();
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let at = alphabet.find(last).unwrap();
        let other = alphabet.as_bytes()[at ^ 1];
        let other = format!("{}.{}.{}{}", parts[0], parts[1], parts[2], char::from(other));
        parts[2].push(last);
        other
    };
    let again = Token::of(&mario);
    let reordered: Value = serde_json::from_str(&again.claims.to_string()).unwrap();
    let forms = [
        token.clone(),
        format!("{token}="),
        format!("{token}=="),
        format!("{} ", token),
        format!("\"{token}\""),
        same_bits,
        Token { claims: reordered, ..again.clone() }.signed(),
        again.clone().claim("iat", json!(0)).signed(),
        again.claim("jti", json!("another")).signed(),
    ];
    let mut good = 0;
    for form in &forms {
        good += u32::from(opens(&portal, form).await);
    }
    assert!(good >= 3, "forms that are good before, so that their end proves something: {good}");
    mario.logs_out().await;
    for form in &forms {
        assert!(!opens(&portal, form).await, "{form}");
    }
}

/// Over TLS the browser keeps the session for this host alone, and sends it over TLS alone.
#[tokio::test]
async fn inv_i30_over_tls_the_sessions_cookie_is_this_hosts_and_travels_by_tls_alone() {
    let public = "https://pagamenti.example.it";
    let options = Options { public_url: Some(public.to_owned()), demo: false, ..Options::default() };
    let Some(portal) = TestPortal::alone_with(options) else { return };
    let mario = portal.known_citizen().await;
    let cookies = |answer: &TestResponse| {
        let set = answer.headers.get_all("set-cookie").iter();
        set.map(|cookie| cookie.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let login = mario.tries_to_log_in().await.expect(200);
    let [session, browser, hint] = <[String; 3]>::try_from(cookies(&login)).unwrap();
    // Eight hours, of which a fraction of a second may have passed.
    let lives = |cookie: &str| {
        let cookie = cookie.replace("Max-Age=28799", "Max-Age=28800");
        cookie.split_once(';').map(|(_, attributes)| attributes.to_owned())
    };
    assert!(session.starts_with("__Host-session=ey"), "{session}");
    assert_eq!(lives(&session).unwrap(), " Path=/; HttpOnly; SameSite=Lax; Max-Age=28800; Secure");
    assert!(browser.starts_with("__Host-browser="), "{browser}");
    assert_eq!(lives(&browser).unwrap(), " Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000; Secure");
    assert!(hint.starts_with("accesso=1;"), "{hint}");
    assert_eq!(lives(&hint).unwrap(), " Path=/; SameSite=Lax; Max-Age=28800; Secure");
    assert!(mario.is_logged_in().await);

    let token = session.split(['=', ';']).nth(1).unwrap();
    let plain = portal.citizen();
    plain.browser.takes_cookies(&format!("session={token}"));
    assert!(!plain.is_logged_in().await, "a cookie that another host could have set");

    let logout = mario.tries_to_log_out().await.expect(204);
    let gone = ["__Host-session=; Path=/; HttpOnly; SameSite=Lax", "accesso=; Path=/; SameSite=Lax"];
    assert_eq!(cookies(&logout), gone.map(|cookie| format!("{cookie}; Max-Age=0; Secure")));
    let links = mario.mails().await.into_iter().flat_map(|mail| mail.links).collect::<Vec<_>>();
    assert!(links.contains(&format!("{public}/accedi")), "where to go once the account is active: {links:?}");
}

/// What a thief has is worth no more than the session, and the owner can end it from elsewhere.
#[tokio::test]
async fn ab_24_a_stolen_session_ends_when_its_owner_changes_the_password() {
    let portal = TestPortal::open();
    let mut mario = portal.known_citizen().await;
    let thief = mario.elsewhere();
    thief.browser.takes_cookies(&mario.browser.cookies());
    assert!(thief.is_logged_in().await);
    let elsewhere = mario.elsewhere();
    elsewhere.logs_in().await;
    mario.browser = elsewhere.browser.clone();
    mario.changes_password().await;
    assert!(mario.is_logged_in().await && !thief.is_logged_in().await);
    assert_eq!(mario.mails_about("La password è stata cambiata").await, 1);
}
