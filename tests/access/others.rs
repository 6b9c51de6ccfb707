//! INV-I19: what is another's answers exactly as what is not there.

use serde_json::json;

use crate::answers::{problem, without_id};
use crate::rows::{RouteCaller, owner, rows};
use crate::stack::{
    OTHERS_NOTICE, PAID_NOTICE, SendToStack, activated, mario, routes, session, spontaneous_of, stranger,
    unique,
};
use journeys::TestRequest;

/// Nobody's, in the forms that exist.
const NO_NOTICE: &str = "301999999999999968";
const NO_PAYMENT: &str = "00000000000000000000000000000000";

/// For every route that names a thing: the path or body with somebody else's, the same with nobody's, what both are
/// answered with.
async fn pairs(route: &str) -> Option<(TestRequest, TestRequest, &'static str)> {
    let other = owner().await;
    let with = |path: &str, theirs: &str, nobodys: &str| {
        let method = route.split_once(' ').unwrap().0;
        let call = |thing: &str| TestRequest::new(method, &path.replace("{}", thing));
        (call(theirs), call(nobodys))
    };
    let (theirs, nobodys, code) = match route {
        "GET /api/debts/{noticeNumber}" => {
            let (theirs, nobodys) = with("/api/debts/{}", &other.notice, NO_NOTICE);
            (theirs, nobodys, "debt_not_found")
        }
        "DELETE /api/debts/{noticeNumber}" => {
            let (theirs, nobodys) = with("/api/debts/{}", &spontaneous_of(&other.person).await, NO_NOTICE);
            (theirs, nobodys, "debt_not_found")
        }
        "GET /api/debts/{noticeNumber}/notice.pdf" => {
            let (theirs, nobodys) = with("/api/debts/{}/notice.pdf", &other.notice, NO_NOTICE);
            (theirs, nobodys, "debt_not_found")
        }
        "GET /api/debts/{noticeNumber}/receipt.pdf" => {
            let (theirs, nobodys) = with("/api/debts/{}/receipt.pdf", PAID_NOTICE, NO_NOTICE);
            (theirs, nobodys, "receipt_not_found")
        }
        "DELETE /api/account/sessions/{id}" => {
            let list = TestRequest::new("GET", "/api/account/sessions").cookie(&other.cookie).done().await;
            let session = list.json()["items"][0]["id"].as_str().unwrap().to_owned();
            let (theirs, nobodys) = with("/api/account/sessions/{}", &session, "nobody-has-this");
            (theirs, nobodys, "not_found")
        }
        "GET /api/payments/{paymentId}" => {
            let (theirs, nobodys) = with("/api/payments/{}", &other.payment, NO_PAYMENT);
            (theirs, nobodys, "payment_not_found")
        }
        "POST /api/payments/{paymentId}/cancel" => {
            let give_up = |payment: &str| {
                TestRequest::new("POST", &format!("/api/payments/{payment}/cancel")).json(&json!({}))
            };
            (give_up(&other.payment), give_up(NO_PAYMENT), "payment_not_found")
        }
        "POST /api/payments" => {
            let pay = |notice: &str| {
                let call =
                    TestRequest::new("POST", "/api/payments").json(&json!({"noticeNumbers": [notice]}));
                call.header("idempotency-key", &unique("others"))
            };
            (pay(&other.notice), pay(NO_NOTICE), "debt_not_found")
        }
        // Here both codes of a debt are the proof, and one alone proves nothing.
        "POST /api/debts/associate" => {
            let join = |notice: &str| {
                let codes = json!({"fiscalCode": stranger().fiscal_code, "noticeNumber": notice});
                TestRequest::new("POST", "/api/debts/associate").json(&codes)
            };
            (join(OTHERS_NOTICE), join(NO_NOTICE), "debt_not_found")
        }
        "POST /api/search" => {
            let look = |notice: &str| {
                let codes = json!({"fiscalCode": stranger().fiscal_code, "noticeNumber": notice});
                TestRequest::new("POST", "/api/search").json(&codes)
            };
            (look(OTHERS_NOTICE), look(NO_NOTICE), "debt_not_found")
        }
        _ => return None,
    };
    Some((theirs, nobodys, code))
}

/// Routes of citizens that name a thing by something that nobody can guess: knowing it is the right to it.
const KNOWING_IS_ENOUGH: &[&str] = &[
    "GET /api/search/{reference}",
    "GET /api/search/{reference}/notice.pdf",
    "GET /api/receipts/{code}",
    "GET /{proxy+}",
];

#[test]
fn every_route_that_names_a_thing_is_in_the_matrix() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for route in routes().into_keys().filter(|route| route.contains('{') && !route.contains(" /creditor/")) {
        let known = KNOWING_IS_ENOUGH.contains(&route.as_str()) || runtime.block_on(pairs(&route)).is_some();
        assert!(known, "say in tests/access/others.rs how {route} answers for somebody else's");
    }
}

#[tokio::test]
async fn inv_i19_inv_i20_ab_31_anothers_answers_byte_by_byte_like_nobodys() {
    let stranger = activated().await;
    let cookie = session(&stranger).await;
    for row in rows() {
        let Some((theirs, nobodys, code)) = pairs(row.route).await else { continue };
        let as_stranger =
            |call: TestRequest| if row.caller == RouteCaller::Session { call.cookie(&cookie) } else { call };
        let (theirs, nobodys) = (row.send(&as_stranger(theirs)).await, row.send(&as_stranger(nobodys)).await);
        assert_eq!((theirs.status, theirs.code().as_str()), (404, code), "{}: {}", row.route, theirs.text());
        problem(&theirs, row.route);
        assert_eq!(theirs.seen_by_a_stranger(), nobodys.seen_by_a_stranger(), "{}", row.route);
        assert_eq!(without_id(&theirs), without_id(&nobodys), "{}", row.route);
    }
}

#[tokio::test]
async fn inv_i19_no_list_shows_what_is_anothers() {
    let cookie = session(&activated().await).await;
    for path in ["/api/debts", "/api/history", "/api/account/export"] {
        let answer = TestRequest::new("GET", path).cookie(&cookie).done().await.json();
        let list = if path.ends_with("export") { &answer["debts"] } else { &answer["items"] };
        assert_eq!(list, &json!([]), "{path}");
    }
}

#[tokio::test]
async fn inv_x11_ab_58_a_page_token_is_good_for_its_owner_and_its_query_only() {
    let mario = session(&mario()).await;
    let page = TestRequest::new("GET", "/api/debts?limit=1").cookie(&mario).done().await.json();
    let cursor = page["nextCursor"].as_str().unwrap().to_owned();
    let ask = |cookie: &str, path: String| TestRequest::new("GET", &path).cookie(cookie);
    ask(&mario, format!("/api/debts?limit=1&cursor={cursor}")).done().await;
    let stranger = session(&activated().await).await;
    let mut longer = cursor.clone();
    longer.push('A');
    for (cookie, path) in [
        (&stranger, format!("/api/debts?limit=1&cursor={cursor}")),
        (&mario, format!("/api/history?limit=1&cursor={cursor}")),
        (&mario, format!("/api/debts?cursor={longer}")),
        (&mario, "/api/debts?cursor=x".to_owned()),
        (&mario, format!("/api/debts?cursor={}", "A".repeat(1_500))),
    ] {
        let answer = ask(cookie, path.clone()).send().await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_cursor"),
            "{path}: {}",
            answer.text()
        );
    }
}
