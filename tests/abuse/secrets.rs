//! Keys change while the product runs: for a day both hold, then the old one is nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use journeys::local::faults::{InjectedFault, Scope};
use journeys::local::secrets::creditor_secret;
use journeys::{DebtPosition, TestPortal, TestResponse, json};
use sha2::Sha256;

use crate::tokens::local_key;

/// A callback that means nothing, signed with a key of a name.
async fn calls_back_with(portal: &TestPortal, key: &str) -> TestResponse {
    let (id, seconds) = (portal.rng().letters(12), portal.clock().now().await.as_second());
    let body = json!({
        "type": "payment.failed", "timestamp": "2026-01-01T00:00:00Z",
        "data": {"paymentId": "0".repeat(32), "transactionId": "T", "amount": 1, "currency": "EUR"}
    })
    .to_string();
    let mac = Hmac::<Sha256>::new_from_slice(&local_key(key)).unwrap();
    let mac = mac.chain_update(format!("{id}.{seconds}.{body}")).finalize();
    let signature = format!("v1,{}", STANDARD.encode(mac.into_bytes()));
    let ask = portal.psp().posts(body.as_bytes()).header("webhook-id", &id);
    ask.header("webhook-timestamp", &seconds.to_string())
        .header("webhook-signature", &signature)
        .answer()
        .await
}

async fn imports_with(portal: &TestPortal, key: &str) -> TestResponse {
    let position = DebtPosition::of(&portal.citizen().person, portal.rng());
    let ask = portal.browser().request("PUT", &format!("/creditor/debts/{}", position.number));
    ask.json(&position.body).header("authorization", &format!("Bearer {key}")).answer().await
}

/// Puts these keys in place, newest first, and lets what was read before grow old.
async fn rotates(portal: &TestPortal, names: &[u8]) {
    let key = |name: String| STANDARD.encode(local_key(&name));
    let numbered = |what: &str| {
        let keys = names.iter().map(|n| json!({"kid": n, "key": key(format!("{what} {n}"))}));
        keys.collect::<Vec<_>>()
    };
    let stack = portal.stack();
    let sessions = numbered("session");
    stack.put_secret("SessionSecret", json!({"sessions": sessions}));
    stack.put_secret("SealSecret", json!({"keys": numbered("seal")}));
    let webhook: Vec<String> =
        names.iter().map(|n| format!("whsec_{}", key(format!("webhook {n}")))).collect();
    stack.put_secret("WebhookSecret", json!({"webhook": webhook}));
    let creditor =
        |n: &u8| if *n == 1 { "local-creditor-key".to_owned() } else { format!("creditor-key-{n}") };
    let values: Vec<String> = names.iter().map(creditor).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    stack.put_secret("CreditorSecret", creditor_secret(&[("gestionale", &values, &["debts:write"])]));
    portal.clock().moves_minutes(5).await;
}

#[tokio::test]
async fn inv_x14_ab_42_fm_56_during_a_rotation_both_keys_hold_and_afterwards_one() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    let notice = portal.creditor().issues(&mario.person).await;
    calls_back_with(&portal, "webhook 1").await.expect(200);
    calls_back_with(&portal, "webhook 2").await.refused(401, "bad_signature");

    rotates(&portal, &[1, 1]).await;
    calls_back_with(&portal, "webhook 1").await.expect(200);
    imports_with(&portal, "local-creditor-key").await.expect(201);
    assert!(mario.is_logged_in().await, "a key written down twice is still a key");

    let found = mario.searches(&notice).await;
    rotates(&portal, &[2, 1]).await;
    assert!(mario.is_logged_in().await, "a session of the older key");
    mario.associates_found(&found).await;
    calls_back_with(&portal, "webhook 1").await.expect(200);
    calls_back_with(&portal, "webhook 2").await.expect(200);
    imports_with(&portal, "local-creditor-key").await.expect(201);
    imports_with(&portal, "creditor-key-2").await.expect(201);
    let lucia = portal.known_citizen().await;
    let found = lucia.searches(&notice).await;

    rotates(&portal, &[2]).await;
    assert!(!mario.is_logged_in().await, "nothing is left of the older key");
    calls_back_with(&portal, "webhook 1").await.refused(401, "bad_signature");
    imports_with(&portal, "local-creditor-key").await.refused(401, "not_authenticated");
    assert!(lucia.is_logged_in().await, "what the newer one signed and sealed goes on");
    lucia.associates_found(&found).await;
    calls_back_with(&portal, "webhook 2").await.expect(200);
    imports_with(&portal, "creditor-key-2").await.expect(201);
    mario.logs_in().await;
}

/// As the runbook rotates: what one process signs and seals with the new key, another that read the old keys a moment
/// ago takes.
#[tokio::test]
async fn inv_x14_what_a_new_key_signs_is_known_where_it_was_not_read_yet() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    let notice = portal.creditor().issues(&mario.person).await;
    mario.searches(&notice).await;
    portal.clock().moves_minutes(4).await;
    // Who looks sessions up and who opens references read their keys now; who makes them did four minutes ago.
    assert!(mario.is_logged_in().await);
    mario.tries_to_associate(&json!({"reference": format!("AQ{}", "A".repeat(80))})).await;
    let key = |name: &str| STANDARD.encode(local_key(name));
    let rotated = |what: &str| json!([{"kid": 2, "key": key(&format!("{what} 2"))}, {"kid": 1, "key": key(&format!("{what} 1"))}]);
    portal.stack().put_secret("SessionSecret", json!({"sessions": rotated("session")}));
    portal.stack().put_secret("SealSecret", json!({"keys": rotated("seal")}));
    portal.clock().moves_minutes(1).await;
    let found = mario.searches(&notice).await;
    let elsewhere = mario.elsewhere();
    elsewhere.logs_in().await;
    assert!(elsewhere.is_logged_in().await, "a session of the new key");
    elsewhere.associates_found(&found).await;
}

/// A key that could be guessed would open every account.
#[tokio::test]
async fn inv_x15_a_short_key_signs_no_session_and_opens_none() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    for (bytes, status) in [(31, 503), (33, 200)] {
        let key = STANDARD.encode(vec![7; bytes]);
        let sessions = json!([{"kid": 9, "key": key}]);
        portal.stack().put_secret("SessionSecret", json!({"sessions": sessions}));
        portal.clock().moves_minutes(5).await;
        mario.elsewhere().tries_to_log_in().await.expect(status);
    }
}

/// What was read is good for five minutes; then a store of secrets that does not answer closes the door.
#[tokio::test]
async fn inv_x15_fm_56_without_its_keys_the_product_refuses() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    assert!(mario.is_logged_in().await);
    let reading = Scope { function: None, operation: Some("secretsmanager:GetSecretValue".to_owned()) };
    portal.stack().faults().plan(reading, (1..1_000).map(|n| (n, InjectedFault::Throttle)));
    assert!(mario.is_logged_in().await, "read a moment ago");
    portal.clock().moves_minutes(5).await;
    mario.gets("/api/account").await.refused(503, "temporarily_unavailable");
    portal.citizen().tries_to_log_in().await.refused(503, "temporarily_unavailable");
    calls_back_with(&portal, "webhook 1").await.refused(503, "temporarily_unavailable");
    imports_with(&portal, "local-creditor-key").await.refused(503, "temporarily_unavailable");
    let notice = portal.citizen();
    notice
        .searches_for("RSSMRA80A01H501U", "301999999999999968")
        .await
        .refused(503, "temporarily_unavailable");
    portal.stack().faults().clear();
    assert!(mario.is_logged_in().await, "and opens it again");
}
