//! Every route by everybody who may not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use journeys::TestRequest;

use crate::rows::{RouteCaller, owner, rows};
use crate::stack::{dead_session, now, signed_callback};

fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n  {}", faults.join("\n  "));
}

/// Without this, a refusal below would prove nothing.
#[tokio::test]
async fn the_request_of_each_row_works() {
    let mut faults = Vec::new();
    for row in rows() {
        faults.extend(row.takes(&row.call().await).await);
    }
    none(faults);
}

#[tokio::test]
async fn without_session_key_or_signature_nobody_gets_anywhere() {
    let mut faults = Vec::new();
    for row in rows() {
        let call = row.bare().await;
        faults.extend(match row.caller {
            RouteCaller::Session | RouteCaller::Creditor => {
                row.refuses(&call, 401, "not_authenticated").await
            }
            RouteCaller::Psp => row.refuses(&call, 401, "bad_signature").await,
            RouteCaller::Public | RouteCaller::Node => row.takes(&call).await,
        });
    }
    none(faults);
}

#[tokio::test]
async fn inv_i16_a_session_that_has_ended_is_refused_by_every_route() {
    let dead = dead_session(&owner().await.person).await;
    let mut faults = Vec::new();
    for row in rows() {
        let call = row.bare().await.cookie(&dead);
        faults.extend(match row.caller {
            RouteCaller::Session | RouteCaller::Creditor => {
                row.refuses(&call, 401, "not_authenticated").await
            }
            RouteCaller::Psp => row.refuses(&call, 401, "bad_signature").await,
            RouteCaller::Public | RouteCaller::Node => row.takes(&call).await,
        });
    }
    none(faults);
}

#[tokio::test]
async fn inv_i15_a_session_of_ones_own_making_is_refused_by_every_route() {
    let live = owner().await.cookie.clone();
    let token = live.split("; ").find_map(|cookie| cookie.strip_prefix("session=")).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let unsigned = URL_SAFE_NO_PAD.encode(br#"{"alg":"none","typ":"session+jwt","kid":"1"}"#);
    let forged = [
        format!("session={}.{}.", unsigned, parts[1]),
        format!("session={}.{}.{}", parts[0], parts[1], parts[2].chars().rev().collect::<String>()),
        format!("session={token}x"),
        format!("session={}", "a".repeat(4_000)),
        "session=".to_owned(),
        "session=..".to_owned(),
        // The name that only TLS may set is none here, and the other way round.
        format!("__Host-session={token}"),
    ];
    let mut faults = Vec::new();
    for (n, row) in rows().iter().filter(|row| row.caller == RouteCaller::Session).enumerate() {
        // Every forgery at the first route; at the others one each: they ask the same crate.
        let some = if n == 0 { &forged[..] } else { std::slice::from_ref(&forged[n % forged.len()]) };
        for cookie in some {
            faults.extend(row.refuses(&row.bare().await.cookie(cookie), 401, "not_authenticated").await);
        }
    }
    none(faults);
}

/// A citizen's session opens no door of the machines, nor the creditor's key one of the citizens'.
#[tokio::test]
async fn one_callers_proof_is_nothing_to_anothers_door() {
    let cookie = owner().await.cookie.clone();
    let mut faults = Vec::new();
    for row in rows() {
        let call = row.bare().await;
        faults.extend(match row.caller {
            RouteCaller::Session => {
                let call = call.header("authorization", "Bearer local-creditor-key");
                row.refuses(&call, 401, "not_authenticated").await
            }
            RouteCaller::Creditor => row.refuses(&call.cookie(&cookie), 401, "not_authenticated").await,
            RouteCaller::Psp => row.refuses(&call.cookie(&cookie), 401, "bad_signature").await,
            RouteCaller::Public | RouteCaller::Node => None,
        });
    }
    none(faults);
}

#[tokio::test]
async fn another_key_is_no_key() {
    let mut faults = Vec::new();
    for row in rows().iter().filter(|row| row.caller == RouteCaller::Creditor) {
        for key in [
            "Bearer local-creditor-kez",
            "Bearer ",
            "local-creditor-key",
            "Basic bG9jYWw6a2V5",
            "Bearer local-creditor-key ",
        ] {
            let answer = row.send(&row.bare().await.header("authorization", key)).await;
            // Blanks around a header's value are none of it.
            if key.ends_with("key ") {
                assert_eq!(answer.status, row.works);
            } else if answer.status != 401 || answer.code() != "not_authenticated" {
                faults.push(format!("{} with {key:?}: {}", row.route, answer.text()));
            }
        }
    }
    none(faults);
}

/// A key is for what it was given for; nothing else of the request is looked at before.
#[tokio::test]
async fn a_key_that_only_reads_opens_no_route_that_writes() {
    let mut faults = Vec::new();
    for row in rows().iter().filter(|row| row.caller == RouteCaller::Creditor) {
        let call = row.bare().await.header("authorization", "Bearer local-reader-key");
        if !row.is_unsafe() {
            faults.extend(row.takes(&call).await);
            continue;
        }
        faults.extend(row.refuses(&call, 403, "forbidden_scope").await);
        let senseless = call.clone().body("text/plain", b"\0");
        faults.extend(row.refuses(&senseless, 403, "forbidden_scope").await);
        let elsewhere = TestRequest::new(row.method(), &row.path_with("x"));
        let elsewhere = elsewhere.header("authorization", "Bearer local-reader-key");
        faults.extend(row.refuses(&elsewhere, 403, "forbidden_scope").await);
        let nobody = TestRequest::new(row.method(), &row.path_with("x"));
        faults.extend(row.refuses(&nobody, 401, "not_authenticated").await);
    }
    none(faults);
}

#[tokio::test]
async fn ab_38_a_callback_needs_the_signature_of_this_very_message_at_this_very_time() {
    let row = *rows().iter().find(|row| row.caller == RouteCaller::Psp).unwrap();
    let bare = row.bare().await;
    let body = String::from_utf8(bare.body.clone()).unwrap();
    let signed = |seconds: i64, over: &str| {
        let signed = signed_callback(bare.clone().body("application/json", over), seconds);
        signed.body("application/json", body.as_bytes())
    };
    let mut faults = Vec::new();
    faults.extend(row.takes(&signed(now(), &body)).await);
    faults.extend(row.refuses(&signed(now(), "{}"), 401, "bad_signature").await);
    faults.extend(
        row.refuses(&signed(now(), &body).header("webhook-id", "another"), 401, "bad_signature").await,
    );
    let other_time = signed(now(), &body).header("webhook-timestamp", &(now() - 1).to_string());
    faults.extend(row.refuses(&other_time, 401, "bad_signature").await);
    for missing in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        faults.extend(row.refuses(&signed(now(), &body).without(missing), 401, "bad_signature").await);
    }
    for late in [-310, 310] {
        faults.extend(row.refuses(&signed(now() + late, &body), 400, "stale_timestamp").await);
    }
    none(faults);
}
