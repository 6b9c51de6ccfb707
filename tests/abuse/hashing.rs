//! Passwords cost the same for everybody, and are kept as OWASP asks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use journeys::local::Options;
use journeys::{SamplePerson, TestPortal, Value, json};

use crate::invoke::{DirectCall, LogCapture};
use crate::states::{STATES, one_of_each};

#[tokio::test]
async fn inv_i13_inv_i05_ab_07_every_login_computes_one_hash_of_the_same_cost() {
    let Some(portal) = TestPortal::alone() else { return };
    let citizens = one_of_each(&portal).await;
    let log = LogCapture::start();
    let mut costs = BTreeSet::new();
    for (state, citizen) in STATES.iter().zip(&citizens) {
        let right = citizen.person.password.clone();
        for (which, password) in [("wrong", "not the password at all".to_owned()), ("right", right)] {
            let _before = log.lines_with("");
            let credentials = json!({"username": citizen.person.username, "password": password});
            let _answer = DirectCall::post("/api/login", &credentials).of(portal.stack(), "Login").await;
            let hashes = log.lines_with("event=\"hash\"");
            assert_eq!(hashes.len(), 1, "{state}, {which} password: {hashes:?}");
            costs.extend(hashes);
        }
    }
    // A name that cannot be one, and a password that is too long to be one.
    for credentials in [
        json!({"username": "no address", "password": "not the password at all"}),
        json!({"username": citizens[2].person.username, "password": "x".repeat(5_000)}),
    ] {
        let _before = log.lines_with("");
        let answer = DirectCall::post("/api/login", &credentials).of(portal.stack(), "Login").await;
        assert_eq!(answer.status, 401, "{}", answer.body);
        let hashes = log.lines_with("event=\"hash\"");
        assert_eq!(hashes.len(), 1, "{hashes:?}");
        costs.extend(hashes);
    }
    assert_eq!(costs.len(), 1, "one cost for all: {costs:?}");
}

/// The password strings in the table of identities.
async fn stored(portal: &TestPortal) -> Vec<String> {
    let items = portal.items("IdentityTable").await;
    items.iter().filter_map(|item| item["password"]["S"].as_str()).map(str::to_owned).collect()
}

/// Starts on a folder of data, with this cost of the hash.
fn with_cost(folder: &Path, kib: &str, passes: &str) -> Option<TestPortal> {
    TestPortal::alone_on(folder, &[("Argon2MemoryKib", kib), ("Argon2Passes", passes)])
}

#[tokio::test]
async fn inv_i11_passwords_are_kept_as_owasp_asks_and_weaker_hashes_rise_at_the_next_login() {
    let folder = std::env::temp_dir().join(format!("hashes-{}", std::process::id()));
    let Some(portal) = with_cost(&folder, "19456", "2") else { return };
    let mut person = SamplePerson::natural(portal.rng());
    person.password = "  correct Horse 🐎 battery ".to_owned();
    portal.citizen_like(person.clone()).becomes_known().await;
    let before = stored(&portal).await;
    let parts: Vec<&str> = before[0].split('$').collect();
    assert_eq!(parts[..4], ["", "argon2id", "v=19", "m=19456,t=2,p=1"], "{before:?}");
    // Sixteen bytes of salt and thirty-two of hash, in base64 without padding.
    assert_eq!((parts[4].len(), parts[5].len(), parts.len()), (22, 43, 6));
    drop(portal);

    let portal = with_cost(&folder, "19456", "3").unwrap();
    let again = portal.citizen_like(person.clone());
    again.logs_in_with("another password").await.refused(401, "invalid_credentials");
    assert_eq!(stored(&portal).await, before, "a wrong password changes nothing");
    again.logs_in().await;
    let after = stored(&portal).await;
    assert!(after[0].starts_with("$argon2id$v=19$m=19456,t=3,p=1$"), "{after:?}");
    again.elsewhere().logs_in().await;
    assert_eq!(stored(&portal).await, after, "strong enough stays as it is");
    drop(portal);

    let portal = with_cost(&folder, "20480", "2").unwrap();
    portal.citizen_like(person.clone()).logs_in().await;
    let larger = stored(&portal).await;
    assert!(larger[0].starts_with("$argon2id$v=19$m=20480,t=2,p=1$"), "{larger:?}");
    drop(portal);
    let portal = with_cost(&folder, "19456", "2").unwrap();
    portal.citizen_like(person.clone()).logs_in().await;
    assert_eq!(stored(&portal).await, larger, "what costs more stays as it is");
    drop(portal);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn inv_i11_the_cost_may_only_rise_and_the_pepper_is_not_in_the_table() {
    let Some(portal) = TestPortal::alone() else { return };
    portal.known_citizen().await;
    for (name, weak) in [("Argon2MemoryKib", "8192"), ("Argon2Passes", "1"), ("PasswordMinLength", "8")] {
        let parameters = BTreeMap::from([(name.to_owned(), weak.to_owned())]);
        let refused =
            journeys::local::Stack::start(Options { parameters, demo: false, ..Options::default() });
        assert!(refused.is_err(), "{name} = {weak} must stop the start");
    }
    // Local secrets are the base64 of a hash of their name (`infra/local/src/secrets.rs`).
    use base64::Engine;
    use sha2::{Digest, Sha256};
    let pepper = Sha256::new().chain_update("local ").chain_update("pepper").finalize();
    let pepper = base64::engine::general_purpose::STANDARD.encode(pepper);
    assert_eq!(portal.items_holding(&[&pepper]).await, [""; 0]);
    let hashes: Vec<Value> = portal.items("IdentityTable").await;
    assert!(hashes.iter().any(|item| item["password"]["S"].is_string()));
}
