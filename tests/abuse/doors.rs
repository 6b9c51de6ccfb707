//! Who is let in at all: the node by its certificate, the portal's callers by the CDN before it.

use std::collections::BTreeMap;

use journeys::local::{Options, Stack};
use journeys::{TestPortal, Value, json};

const NODE: &str = "CN=nodo.example,O=pagoPA,C=IT";
const NEXT: &str = "CN=nodo-2027.example,O=pagoPA,C=IT";

/// The values of some parameters.
fn parameters(values: &[(&str, &str)]) -> BTreeMap<String, String> {
    values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// A message of the node's, with a certificate of this subject or none.
fn comes_with(subject: Option<&str>, body: &str) -> Value {
    let file = Stack::repository().join("events/pagopa-node/verify.json");
    let mut event: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    match subject {
        Some(subject) => {
            event["requestContext"]["authentication"]["clientCert"]["subjectDN"] = json!(subject)
        }
        None => drop(event["requestContext"].as_object_mut().unwrap().remove("authentication")),
    }
    if !body.is_empty() {
        event["body"] = json!(body);
    }
    event
}

#[tokio::test]
async fn idn_10_only_the_nodes_own_certificate_is_heard_and_nothing_is_read_before() {
    let given = [("NodeClientSubject", NODE), ("NodeClientSubjectNext", NEXT)];
    let options = Options { demo: false, parameters: parameters(&given), ..Options::default() };
    let Some(portal) = TestPortal::alone_with(options) else { return };
    let status = async |subject, body: &str| {
        let answer = portal.stack().invoke("PagopaNode", &comes_with(subject, body)).await.unwrap();
        (answer["statusCode"].clone(), answer["body"].as_str().unwrap_or_default().to_owned())
    };
    for subject in [NODE, NEXT] {
        let (code, said) = status(Some(subject), "").await;
        assert_eq!(code, 200, "{subject}: {said}");
    }
    // Another customer of the same authority, part of the name, another case, none at all.
    let strangers = [
        Some("CN=shop.example,O=Shop,C=IT"),
        Some("CN=nodo.example"),
        Some("CN=nodo.example,O=pagoPA,C=IT,OU=x"),
        Some("cn=nodo.example,o=pagoPA,c=IT"),
        Some(""),
        None,
    ];
    let hostile = "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>";
    for subject in strangers {
        let (code, said) = status(subject, "").await;
        assert_eq!(code, 403, "{subject:?}");
        assert_eq!(
            status(subject, hostile).await,
            (code, said.clone()),
            "{subject:?}: what it says is not read"
        );
        assert_eq!(status(subject, &"x".repeat(300_000)).await.1, said, "{subject:?}");
    }
}

/// A deployment that nobody told whose certificate it is hears nobody; only a stack without TLS takes anybody's call.
#[tokio::test]
async fn idn_10_without_a_subject_a_deployment_hears_nobody() {
    let deployed = [
        ("PublicUrl", "https://pagamenti.example"),
        ("PspUrl", "https://psp.example"),
        ("CheckoutUrl", "https://checkout.example"),
        ("AcaUrl", "https://aca.example"),
    ];
    for (values, code) in [(&deployed[..], 403), (&[], 200)] {
        let options = Options { demo: false, parameters: parameters(values), ..Options::default() };
        let Some(portal) = TestPortal::alone_with(options) else { return };
        for subject in [Some(NODE), None] {
            let answer = portal.stack().invoke("PagopaNode", &comes_with(subject, "")).await.unwrap();
            assert_eq!(answer["statusCode"], code, "{subject:?}");
        }
    }
}

/// SHA-256 of `first secret` and `second secret`.
const FIRST: &str = "a20576d9b8d428ea9011134b683e7cebd8f88b250e00520940635ccf23d9516f";
const SECOND: &str = "9ef4146f8166d32dc8051d3d9f3a0c4933e24aa8ccb439b5d9ad00078a89e2fc";

#[tokio::test]
async fn idn_11_behind_a_cdn_every_route_is_closed_to_who_calls_beside_it() {
    let given = [("OriginHeader", "x-origin"), ("OriginHash", FIRST), ("OriginHashNext", SECOND)];
    let options = Options { demo: false, parameters: parameters(&given), ..Options::default() };
    let Some(portal) = TestPortal::alone_with(options) else { return };
    let routes = &portal.stack().template().routes;
    for route in routes.iter().filter(|route| route.function != "PagopaNode") {
        let path = route.path.replace("{proxy+}", "accedi").replace(['{', '}'], "");
        for secret in [None, Some("guess"), Some("")] {
            let ask = portal.browser().request(&route.method, &path).json(&json!({}));
            let ask = ask.header("cloudfront-viewer-address", "198.51.100.7:1");
            let ask = if let Some(secret) = secret { ask.header("x-origin", secret) } else { ask };
            ask.answer().await.refused(403, "forbidden_origin");
        }
    }
    // The node has a door of its own, and no CDN before it.
    let answer = portal.stack().invoke("PagopaNode", &comes_with(Some(NODE), "")).await.unwrap();
    assert_eq!(answer["statusCode"], 200);
    for secret in ["first secret", "second secret"] {
        let ask = portal.browser().request("GET", "/accedi").header("x-origin", secret);
        ask.header("cloudfront-viewer-address", "198.51.100.7:1").answer().await.expect(200);
    }
}

/// Behind a CDN limits count those who call it, not the CDN.
#[tokio::test]
async fn idn_11_sources_are_those_that_the_cdn_names() {
    let given = [("OriginHeader", "x-origin"), ("OriginHash", FIRST)];
    let options = Options { demo: false, parameters: parameters(&given), ..Options::default() };
    let Some(portal) = TestPortal::alone_with(options) else { return };
    let looks = async |source: String| {
        let ask = portal
            .browser()
            .request("GET", "/api/receipts/AAAA-AAAA-AAAA")
            .header("x-origin", "first secret");
        ask.header("cloudfront-viewer-address", &format!("{source}:443")).answer().await.status
    };
    let mut answers = Vec::new();
    for _ in 0..200 {
        answers.push(looks("198.51.100.7".to_owned()).await);
        if answers.last() == Some(&429) {
            break;
        }
    }
    assert_eq!(answers.last(), Some(&429), "one source comes to its limit: {}", answers.len());
    assert_ne!(looks("198.51.100.8".to_owned()).await, 429, "and another is not held back by it");
}
