//! The hop before the gateway, when there is one: a CDN shows a secret with every request and says who is calling.

use std::net::IpAddr;

use http::HeaderName;
use runtime::{ConfigError, Env};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::request::Incoming;

/// The CDN in front, as it is known.
#[derive(Clone)]
pub(crate) struct TrustedHop {
    secret_header: HeaderName,
    /// SHA-256 of its secret: two during a change.
    hashes: Vec<String>,
    source_header: HeaderName,
}

impl TrustedHop {
    /// Nothing when the gateway is called directly.
    pub fn connect(env: &Env) -> Result<Option<Self>, ConfigError> {
        let config = env.config();
        let Some(secret_header) = config.origin_header.optional()?.cloned() else { return Ok(None) };
        let mut hashes = vec![config.origin_hash.get()?.clone()];
        hashes.extend(config.origin_hash_next.optional()?.cloned());
        Ok(Some(Self { secret_header, hashes, source_header: config.source_header.get()?.clone() }))
    }

    /// Lets a request pass that shows the secret, as coming from where the CDN says. Whoever calls the gateway beside
    /// the CDN does not know it.
    pub fn admit(&self, incoming: &mut Incoming) -> bool {
        let mut shown = incoming.headers.get_all(&self.secret_header).iter();
        let (Some(secret), None) = (shown.next(), shown.next()) else { return false };
        let hash = Sha256::digest(secret.as_bytes()).iter().map(|b| format!("{b:02x}")).collect::<String>();
        // Every hash is compared, in constant time.
        let known = self
            .hashes
            .iter()
            .fold(false, |known, one| known | bool::from(one.as_bytes().ct_eq(hash.as_bytes())));
        let source = incoming.headers.get(&self.source_header).and_then(|value| value.to_str().ok());
        if let Some(source) = source.filter(|_| known).and_then(address) {
            incoming.source_ip = source.to_string();
        }
        known
    }
}

/// `198.51.100.7`, `198.51.100.7:46532`, `2001:db8::7`, `[2001:db8::7]:46532`, and CloudFront's `2001:db8::7:46532`.
fn address(text: &str) -> Option<IpAddr> {
    let before_the_port =
        text.rsplit_once(':').and_then(|(host, _)| host.trim_matches(['[', ']']).parse().ok());
    before_the_port.or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    #[test]
    fn idn_11_an_address_is_read_with_its_port_or_without() {
        for (text, wanted) in [
            ("198.51.100.7", Some("198.51.100.7")),
            ("198.51.100.7:46532", Some("198.51.100.7")),
            ("[2001:db8::7]:46532", Some("2001:db8::7")),
            ("2001:db8::7:46532", Some("2001:db8::7")),
            ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1:2:3:4:5:6")),
            ("unknown", None),
            ("198.51.100.7, 203.0.113.9", None),
            ("", None),
        ] {
            assert_eq!(address(text), wanted.map(|ip| ip.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn idn_11_only_who_shows_the_secret_once_passes_and_is_believed() {
        let hash =
            |secret: &str| Sha256::digest(secret).iter().map(|b| format!("{b:02x}")).collect::<String>();
        let hop = TrustedHop {
            secret_header: HeaderName::from_static("x-origin"),
            hashes: vec![hash("old"), hash("new")],
            source_header: HeaderName::from_static("cloudfront-viewer-address"),
        };
        let admitted = |shown: &[&str]| {
            let mut headers = HeaderMap::new();
            shown.iter().for_each(|secret| drop(headers.append("x-origin", secret.parse().unwrap())));
            headers.insert("cloudfront-viewer-address", "198.51.100.7:1".parse().unwrap());
            let mut incoming = Incoming {
                method: "GET".to_owned(),
                path: "/".to_owned(),
                query: String::new(),
                headers,
                body: Vec::new(),
                source_ip: "203.0.113.1".to_owned(),
                request_id: String::new(),
                client_subject: None,
            };
            (hop.admit(&mut incoming), incoming.source_ip)
        };
        for right in ["old", "new"] {
            assert_eq!(admitted(&[right]), (true, "198.51.100.7".to_owned()));
        }
        for wrong in [&[][..], &["guess"], &["old", "guess"], &["old", "old"], &[""]] {
            assert_eq!(admitted(wrong), (false, "203.0.113.1".to_owned()), "{wrong:?}");
        }
    }
}
