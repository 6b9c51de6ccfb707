use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use domain::account::Language;
use domain::error::Form;
use domain::{FieldCode, FieldError};
use http::HeaderMap;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::body::{JsonObject, parse_object, read_fields};
use crate::language::accepted_language;
use crate::problem::{HttpError, Problem};

/// Longest query string that is read, in bytes (INV-X02).
const MAX_QUERY: usize = 2_048;
/// Longest JSON body, in bytes.
const MAX_JSON: usize = 32 * 1024;

/// What came in, before a function's routes are looked at. Made by `lambda` only.
pub struct Incoming {
    pub method: String,
    /// As received: percent-encoded, without stage.
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub source_ip: String,
    pub request_id: String,
}

/// A request that matched one of its function's routes. It offers parsers; headers and body stay inside.
pub struct Request {
    /// The route as the function writes it: `GET /api/payments/{paymentId}`.
    pub route: &'static str,
    incoming: Incoming,
    parameters: Vec<(&'static str, String)>,
    asker: Caller,
}

/// Whose session a request came with, once that is known: a pseudonym, for the log line. A clone is the same.
#[derive(Clone, Default)]
pub(crate) struct Caller(Arc<OnceLock<String>>);

impl Caller {
    pub(crate) fn known(&self) -> Option<String> {
        self.0.get().cloned()
    }
}

/// Who is calling, as far as the network tells: what limits on attempts count by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestSource(String);

impl RequestSource {
    /// IPv6 callers own a /64 each, so that is what counts.
    fn of(ip: &str) -> Self {
        match ip.parse::<IpAddr>() {
            Ok(IpAddr::V6(v6)) => {
                let [a, b, c, d, ..] = v6.segments();
                Self(format!("{a:x}:{b:x}:{c:x}:{d:x}::/64"))
            }
            Ok(IpAddr::V4(v4)) => Self(v4.to_string()),
            Err(_) => Self("unknown".to_owned()),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Request {
    pub(crate) fn new(
        route: &'static str,
        incoming: Incoming,
        parameters: Vec<(&'static str, String)>,
        asker: Caller,
    ) -> Self {
        Self { route, incoming, parameters, asker }
    }

    /// Notes whose session this came with, as a pseudonym that leads nobody back to a person. The first one stays.
    pub fn is_of(&self, pseudonym: &str) {
        let _ = self.asker.0.set(pseudonym.to_owned());
    }

    /// A part of the path, decoded. Empty when the route has no such part.
    pub fn path(&self, name: &str) -> &str {
        self.parameters
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
            .unwrap_or("")
    }

    /// The whole path, as received.
    pub fn http_path(&self) -> &str {
        &self.incoming.path
    }

    /// The whole path, decoded; what is not UTF-8 becomes a replacement character.
    pub fn decoded_path(&self) -> Cow<'_, str> {
        percent_decode_str(&self.incoming.path).decode_utf8_lossy()
    }

    pub fn raw_query(&self) -> &str {
        &self.incoming.query
    }

    /// The query's parameters: unknown or repeated ones are refused.
    pub fn query(&self, known: &[&'static str]) -> Result<Query, Problem> {
        Query::parse(&self.incoming.query, known)
    }

    /// The fields of the JSON object in the body, with the errors of form so far: see [`read_fields`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<(T, Form), Problem> {
        Ok(read_fields(self.json_object()?)?)
    }

    /// The JSON object in the body: content type, size and syntax are checked here. What is asked for is all in it:
    /// parameters are refused.
    pub fn json_object(&self) -> Result<JsonObject, Problem> {
        self.query(&[])?;
        self.json_body()
    }

    /// The same for a route that has read its parameters, as fields.
    pub fn json_beside_query<T: DeserializeOwned>(&self) -> Result<(T, Form), Problem> {
        Ok(read_fields(self.json_body()?)?)
    }

    /// The same for a request whose parameters are read as well.
    pub fn json_body(&self) -> Result<JsonObject, Problem> {
        if !self.has_content_type("application/json") {
            return Err(HttpError::UnsupportedMediaType.into());
        }
        Ok(parse_object(self.raw_body(MAX_JSON)?)?)
    }

    /// The fields of a form that a browser sends by itself, without any script.
    pub fn plain_form(&self, known: &[&'static str]) -> Result<Query, Problem> {
        self.query(&[])?;
        if !self.has_content_type("application/x-www-form-urlencoded") {
            return Err(HttpError::UnsupportedMediaType.into());
        }
        let body = self.raw_body(MAX_QUERY)?;
        Query::parse(std::str::from_utf8(body).map_err(|_| HttpError::MalformedBody)?, known)
    }

    /// For a request that says nothing: a JSON object without fields.
    pub fn empty_json(&self) -> Result<(), Problem> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct NoFields {}
        let (NoFields {}, form) = self.json()?;
        Ok(form.finish()?)
    }

    /// For a request that is all in its path: no parameters, and no body but an empty object.
    pub fn bare(&self) -> Result<(), Problem> {
        self.query(&[])?;
        match (self.header("content-type"), self.incoming.body.is_empty()) {
            (None, true) => Ok(()),
            (Some(_), true) if self.has_content_type("application/json") => Ok(()),
            (Some(_), true) => Err(HttpError::UnsupportedMediaType.into()),
            (_, false) => self.empty_json(),
        }
    }

    /// The body as it came, when it is no longer than `limit`: for signatures, SOAP and CSV.
    pub fn raw_body(&self, limit: usize) -> Result<&[u8], HttpError> {
        if self.incoming.body.len() > limit {
            Err(HttpError::PayloadTooLarge)
        } else {
            Ok(&self.incoming.body)
        }
    }

    pub fn has_content_type(&self, wanted: &str) -> bool {
        self.header("content-type").is_some_and(|value| {
            value.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case(wanted))
        })
    }

    /// The character set that the body says it is in.
    pub fn charset(&self) -> Option<&str> {
        let parameters = self.header("content-type")?.split(';').skip(1);
        parameters.filter_map(|pair| pair.split_once('=')).find_map(|(name, value)| {
            name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
        })
    }

    /// Returns whether the caller would rather have this type than JSON.
    pub fn prefers(&self, media: &str) -> bool {
        self.header("accept").is_some_and(|value| {
            value.split(',').next().is_some_and(|first| {
                first.split(';').next().is_some_and(|first| first.trim().eq_ignore_ascii_case(media))
            })
        })
    }

    /// The `Idempotency-Key`: 1 to 255 visible ASCII characters.
    pub fn idempotency_key(&self) -> Result<&str, FieldError> {
        let refuse = |code| Err(FieldError::new("Idempotency-Key", code));
        match self.incoming.headers.get("idempotency-key").map(|value| value.to_str()) {
            None => refuse(FieldCode::Required),
            Some(Ok("")) => refuse(FieldCode::Required),
            Some(Ok(key)) if key.len() > 255 => refuse(FieldCode::TooLong),
            Some(Ok(key)) if key.bytes().all(|b| b.is_ascii_graphic()) => Ok(key),
            Some(_) => refuse(FieldCode::Format),
        }
    }

    /// One header of the few that a function may ask for by name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.incoming.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.incoming
            .headers
            .get_all("cookie")
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
            // A sister site's cookie may hold any bytes: it is passed over by itself, not with those beside it.
            .filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    pub fn accept_encoding(&self) -> &str {
        self.header("accept-encoding").unwrap_or_default()
    }

    pub fn if_none_match(&self) -> Option<&str> {
        self.header("if-none-match")
    }

    /// The language in which to answer.
    pub fn language(&self) -> Language {
        self.incoming.language()
    }

    /// The language that a visitor of the pages chose: by the link that led here (`?lingua=it`), or before (cookie).
    pub fn chosen_language(&self) -> Option<Language> {
        let by_link = self.incoming.query.split('&').find_map(|pair| pair.strip_prefix("lingua="));
        by_link.or_else(|| self.cookie("lingua")).and_then(|tag| Language::parse(tag).ok())
    }

    /// Who is calling; never taken from a header.
    pub fn source(&self) -> RequestSource {
        RequestSource::of(&self.incoming.source_ip)
    }

    pub fn request_id(&self) -> &str {
        &self.incoming.request_id
    }
}

impl Incoming {
    pub(crate) fn language(&self) -> Language {
        accepted_language(self.header("accept-language"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A query string's parameters, each given once and none of them empty.
#[derive(Debug)]
pub struct Query(BTreeMap<&'static str, String>);

impl Query {
    fn parse(raw: &str, known: &[&'static str]) -> Result<Self, Problem> {
        let mut values = BTreeMap::new();
        if raw.len() > MAX_QUERY {
            return Err(HttpError::MalformedBody.into());
        }
        for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decoded(name), decoded(value)) else {
                return Err(HttpError::MalformedBody.into());
            };
            let Some(name) = known.iter().find(|known| **known == name) else {
                return Err(HttpError::UnknownField(name).into());
            };
            // A parameter that says nothing is as wrong as one that says two things.
            if value.is_empty() || values.insert(*name, value).is_some() {
                return Err(FieldError::new(*name, FieldCode::Format).into());
            }
        }
        Ok(Self(values))
    }

    /// A parameter that was given. It is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter that is `true` or `false`; false when it is missing.
    pub fn flag(&self, name: &'static str) -> Result<bool, FieldError> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(FieldError::new(name, FieldCode::NotAllowed)),
        }
    }
}

/// Percent-decoded, plus as blank; nothing when it is not UTF-8.
fn decoded(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    let bytes = percent_decode_str(&text).decode_utf8().ok()?;
    Some(bytes.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ab_59_unknown_repeated_and_undecodable_parameters_are_refused() {
        let parse = |raw: &str| Query::parse(raw, &["limit", "q"]);
        assert_eq!(parse("limit=5&q=a%20b+c").unwrap().get("q"), Some("a b c"));
        assert!(parse("").unwrap().get("q").is_none());
        assert!(matches!(parse("limit=5&limit=6"), Err(Problem::Domain(domain::Error::Invalid(_)))));
        for empty in ["limit=", "limit", "q=a&limit="] {
            assert!(matches!(parse(empty), Err(Problem::Domain(domain::Error::Invalid(_)))), "{empty}");
        }
        assert!(matches!(parse("other=1"), Err(Problem::Http(HttpError::UnknownField(_)))));
        assert!(matches!(parse("q=%ff"), Err(Problem::Http(HttpError::MalformedBody))));
        assert!(matches!(parse("q=%c0%af"), Err(Problem::Http(HttpError::MalformedBody))));
        assert!(matches!(
            parse(&format!("q={}", "a".repeat(2_048))),
            Err(Problem::Http(HttpError::MalformedBody))
        ));
        assert!(parse(&format!("q={}", "a".repeat(2_046))).is_ok());
    }

    #[test]
    fn an_ipv6_caller_counts_by_its_network() {
        assert_eq!(RequestSource::of("2001:db8:1:2:3:4:5:6"), RequestSource::of("2001:db8:1:2::1"));
        assert_ne!(RequestSource::of("2001:db8:1:2::1"), RequestSource::of("2001:db8:1:3::1"));
        assert_ne!(RequestSource::of("127.0.0.1"), RequestSource::of("127.0.0.2"));
    }
}
