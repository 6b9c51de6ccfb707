//! HTTP ⇄ API Gateway's event and answer, payload format 2.0.

use std::collections::BTreeMap;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Timestamp;
use http::header::{CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::routes::decoded;
use crate::exchange::{Request, Response};
use crate::template::{ACCOUNT, Route};

/// Where a request came from, and when.
pub struct Origin<'a> {
    pub source: IpAddr,
    pub request_id: &'a str,
    pub now: Timestamp,
}

/// The event, as AWS documents it.
pub fn event(
    request: &Request,
    route: &Route,
    parameters: &BTreeMap<String, String>,
    origin: &Origin<'_>,
) -> Value {
    let headers = request.headers();
    let text =
        |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let path = decoded(request.uri().path());
    let host = text("host").unwrap_or_else(|| "localhost".to_owned());
    let domain = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    let key = format!("{} {}", route.method, route.path);
    let mut event = json!({
        "version": "2.0",
        "routeKey": key,
        "rawPath": path,
        "rawQueryString": request.uri().query().unwrap_or_default(),
        "headers": event_headers(headers, &host, origin),
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": domain,
            "domainPrefix": domain.split('.').next().unwrap_or_default(),
            "http": {
                "method": request.method().as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": origin.source.to_string(),
                "userAgent": text("user-agent").unwrap_or_default(),
            },
            "requestId": origin.request_id,
            "routeKey": key,
            "stage": "$default",
            "time": origin.now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": origin.now.as_millisecond(),
        },
        "isBase64Encoded": false,
    });
    let Some(object) = event.as_object_mut() else {
        return event;
    };
    let cookies = cookies(headers);
    if !cookies.is_empty() {
        object.insert("cookies".to_owned(), json!(cookies));
    }
    let query = query(request.uri().query().unwrap_or_default());
    if !query.is_empty() {
        object.insert("queryStringParameters".to_owned(), Value::Object(query));
    }
    if !parameters.is_empty() {
        object.insert("pathParameters".to_owned(), json!(parameters));
    }
    if !request.body().is_empty() {
        let body = match std::str::from_utf8(request.body()) {
            Ok(body) if is_text(headers) => body.to_owned(),
            _ => {
                object.insert("isBase64Encoded".to_owned(), json!(true));
                STANDARD.encode(request.body())
            }
        };
        object.insert("body".to_owned(), json!(body));
    }
    event
}

/// Names in lower case, repeated ones joined by commas; cookies are elsewhere.
fn event_headers(headers: &HeaderMap, host: &str, origin: &Origin<'_>) -> Map<String, Value> {
    let mut joined: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in headers.iter().filter(|(name, _)| *name != COOKIE) {
        let value = String::from_utf8_lossy(value.as_bytes());
        joined
            .entry(name.as_str())
            .and_modify(|known| {
                known.push(',');
                known.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    let forwarded = match joined.get("x-forwarded-for") {
        Some(known) => format!("{known}, {}", origin.source),
        None => origin.source.to_string(),
    };
    joined.insert("x-forwarded-for", forwarded);
    joined.insert("x-forwarded-port", host.rsplit_once(':').map_or("80", |(_, port)| port).to_owned());
    joined.insert("x-forwarded-proto", "http".to_owned());
    joined.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|value| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            value.split(';').map(|cookie| cookie.trim().to_owned()).collect::<Vec<_>>()
        })
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

fn query(raw: &str) -> Map<String, Value> {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
        joined
            .entry(name.into_owned())
            .and_modify(|known| {
                known.push(',');
                known.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    joined.into_iter().map(|(name, value)| (name, Value::from(value))).collect()
}

/// Which bodies an HTTP API hands over as text: these types and no other, not even forms or none.
fn is_text(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media.starts_with("text/")
        || matches!(media.as_str(), "application/json" | "application/xml" | "application/javascript")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionAnswer {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    #[serde(default)]
    cookies: Vec<String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The function's answer as HTTP.
pub fn reply(answer: &[u8]) -> Result<Response, String> {
    let answer: FunctionAnswer = serde_json::from_slice(answer).map_err(|e| e.to_string())?;
    let body = answer.body.unwrap_or_default();
    let body = match answer.is_base64_encoded {
        true => STANDARD.decode(body).map_err(|e| format!("its body is not base64: {e}"))?,
        false => body.into_bytes(),
    };
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(answer.status_code)
        .map_err(|e| format!("status {}: {e}", answer.status_code))?;
    let headers = response.headers_mut();
    for (name, value) in answer.headers {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let name: HeaderName = name.parse().map_err(|_| format!("header {name} cannot be sent"))?;
        let value = HeaderValue::try_from(value).map_err(|_| format!("header {name} cannot be sent"))?;
        headers.append(name, value);
    }
    for cookie in answer.cookies {
        let cookie = HeaderValue::try_from(cookie).map_err(|_| "a cookie cannot be sent")?;
        headers.append(SET_COOKIE, cookie);
    }
    if !headers.contains_key(CONTENT_TYPE) && !response.body().is_empty() {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=UTF-8"));
    }
    Ok(response)
}

#[cfg(test)]
mod tests;
