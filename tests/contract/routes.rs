//! One list of routes, four times: published, in the template, in the functions, in OpenAPI.

use std::collections::BTreeSet;

use crate::stack::{functions_of_the_template, read, repository, routes, served, yaml};

/// The contract as it was published: never renamed, never removed; what is new is added here too.
const PUBLISHED: &[(&str, &[&str])] = &[
    (
        "search",
        &[
            "POST /api/search",
            "GET /api/search/{reference}",
            "GET /api/search/{reference}/notice.pdf",
            "POST /ricerca",
        ],
    ),
    ("register", &["POST /api/register/check", "POST /api/register"]),
    ("activate", &["POST /api/activate", "POST /api/activate/resend"]),
    ("login", &["POST /api/login"]),
    ("logout", &["POST /api/logout"]),
    ("password", &["POST /api/password/forgot", "POST /api/password/reset", "POST /api/password/change"]),
    (
        "account",
        &[
            "GET /api/account",
            "PATCH /api/account",
            "GET /api/account/export",
            "POST /api/account/email",
            "POST /api/account/email/confirm",
            "GET /api/account/sessions",
            "DELETE /api/account/sessions/{id}",
        ],
    ),
    ("services", &["GET /api/services"]),
    ("list-debts", &["GET /api/debts", "GET /api/debts/{noticeNumber}"]),
    ("associate", &["POST /api/debts/associate", "POST /api/identity/contest"]),
    ("create-spontaneous", &["POST /api/debts", "DELETE /api/debts/{noticeNumber}"]),
    ("payment-methods", &["GET /api/payment-methods"]),
    (
        "initiate-payment",
        &["POST /api/payments", "GET /api/payments/{paymentId}", "POST /api/payments/{paymentId}/cancel"],
    ),
    ("notice-pdf", &["GET /api/debts/{noticeNumber}/notice.pdf"]),
    ("history", &["GET /api/history"]),
    ("receipt-pdf", &["GET /api/debts/{noticeNumber}/receipt.pdf"]),
    ("verify-receipt", &["GET /api/receipts/{code}"]),
    ("revoke-consent", &["POST /api/consent/revoke"]),
    ("portal", &["GET /", "GET /{proxy+}"]),
    ("psp-callback", &["POST /psp/callback"]),
    ("pagopa-node", &["POST /pagopa/node"]),
    (
        "import-debts",
        &[
            "POST /creditor/debts",
            "PUT /creditor/debts/{noticeNumber}",
            "DELETE /creditor/debts/{noticeNumber}",
            "POST /creditor/debts/import",
        ],
    ),
    (
        "creditor-debts",
        &[
            "GET /creditor/debts",
            "GET /creditor/debts/{noticeNumber}",
            "GET /creditor/debts/{noticeNumber}/notice.pdf",
            "GET /creditor/debts/{noticeNumber}/receipt.pdf",
        ],
    ),
    ("creditor-payments", &["GET /creditor/payments", "GET /creditor/events"]),
    ("creditor-differences", &["GET /creditor/differences", "POST /creditor/differences/{id}/resolve"]),
];

fn published() -> BTreeSet<(String, String)> {
    let pairs =
        PUBLISHED.iter().flat_map(|(function, routes)| routes.iter().map(|route| (*route, *function)));
    pairs.map(|(route, function)| (route.to_owned(), function.to_owned())).collect()
}

/// `CodeUri: ../target/lambda/initiate-payment/` → `initiate-payment`.
pub fn folder_of(logical_id: &str) -> String {
    let properties = &functions_of_the_template()[logical_id];
    properties["CodeUri"].as_str().unwrap().trim_end_matches('/').rsplit('/').next().unwrap().to_owned()
}

#[test]
fn the_template_has_the_published_routes() {
    let template: BTreeSet<_> =
        routes().into_iter().map(|(route, function)| (route, folder_of(&function))).collect();
    assert_eq!(template, published(), "left: infra/template.yaml; right: what was published");
}

#[test]
fn the_functions_have_the_published_routes() {
    let mut written = BTreeSet::new();
    for entry in std::fs::read_dir(repository().join("functions")).unwrap() {
        let folder = entry.unwrap().file_name().into_string().unwrap();
        let source = read(&format!("functions/{folder}/src/lib.rs"));
        let strings = source.split('"').skip(1).step_by(2);
        let routes = strings.filter(|text| {
            let (method, path) = text.split_once(' ').unwrap_or_default();
            matches!(method, "GET" | "POST" | "PUT" | "PATCH" | "DELETE") && path.starts_with('/')
        });
        written.extend(routes.map(|route| (route.to_owned(), folder.clone())));
    }
    assert_eq!(
        written,
        published(),
        "left: route strings in functions/*/src/lib.rs; right: what was published"
    );
}

#[test]
fn openapi_has_the_published_routes() {
    let document = yaml("infra/openapi.yaml");
    let mut described = BTreeSet::new();
    for (path, operations) in document["paths"].as_mapping().unwrap() {
        for (method, operation) in operations.as_mapping().unwrap() {
            let method = method.as_str().unwrap().to_uppercase();
            if matches!(method.as_str(), "GET" | "POST" | "PUT" | "PATCH" | "DELETE") {
                let function = operation["tags"][0].as_str().unwrap().to_owned();
                described.insert((format!("{method} {}", path.as_str().unwrap()), function));
            }
        }
    }
    assert_eq!(described, published(), "left: infra/openapi.yaml; right: what was published");
}

#[test]
fn the_local_stack_serves_what_is_deployed() {
    let deployed: BTreeSet<String> = routes().into_keys().collect();
    assert_eq!(served(), deployed, "left: the local stack; right: infra/template.yaml");
}
