//! Mailed links: what they are made of, who can use them, how many are sent.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::registration::is_token;
use journeys::local::faults::{InjectedFault, Scope};
use journeys::{PortalUser, TestPortal, Value};
use sha2::{Digest, Sha256};
use store::RateLimit;

/// Anything else is refused before anybody looks for it.
#[test]
fn inv_x03_only_what_can_be_a_token_is_looked_up() {
    for token in ["a-Z_09", &"x".repeat(128)] {
        assert!(is_token(token), "{token}");
    }
    for token in ["a=", "a b", "a/b", "à", "a\0", &"x".repeat(129)] {
        assert!(!is_token(token), "{token:?}");
    }
}

#[tokio::test]
async fn inv_i08_ab_09_a_token_has_256_bits_and_only_its_hash_is_kept() {
    let Some(portal) = TestPortal::alone() else { return };
    let mut tokens = BTreeSet::new();
    let mut mario = portal.citizen();
    for _ in 0..3 {
        mario = portal.citizen();
        mario.registers().await;
        tokens.insert(mario.token("/attiva").await);
    }
    mario.activates().await;
    mario.forgets_password().await;
    tokens.insert(mario.token("/reimposta-password").await);
    assert_eq!(tokens.len(), 4, "no two are alike");
    let identity = portal.items("IdentityTable").await;
    let identity = Value::from(identity).to_string();
    for token in &tokens {
        assert_eq!(URL_SAFE_NO_PAD.decode(token).unwrap().len(), 32, "{token}");
        assert_eq!(portal.items_holding(&[token]).await, [""; 0]);
        let hash = Sha256::new().chain_update(token).chain_update([0]).finalize();
        let kept: String = hash.iter().map(|b| format!("{b:02x}")).collect();
        assert!(identity.contains(&kept), "the hash of a token is what is kept");
    }
}

#[tokio::test]
async fn ab_09_guessing_tokens_ends_and_every_guess_is_answered_alike() {
    let portal = TestPortal::open();
    let guesser = portal.citizen();
    let mut seen = BTreeSet::new();
    for _ in 0..20 {
        let guess = portal.rng().letters(43);
        seen.insert(
            guesser.tries_to_activate(&guess).await.refused(400, "link_not_valid").seen_by_a_stranger(),
        );
    }
    assert_eq!(seen.len(), 1);
    guesser.tries_to_activate("x").await.refused(429, "too_many_requests");
    let new = "una frase nuova e lunga";
    guesser.tries_to_reset_password("x", new).await.refused(429, "too_many_requests");
}

/// Scanners of mail open every link: only what the page then posts uses it up.
#[tokio::test]
async fn inv_i09_fm_07_opening_a_link_calls_nothing_and_uses_nothing() {
    let Some(portal) = TestPortal::alone() else { return };
    let mut mario = portal.citizen();
    mario.registers().await;
    let activation = mario.token("/attiva").await;
    let before = portal.all_items().await;
    portal.stack().faults().forget_usage();
    for _ in 0..3 {
        mario.gets("/attiva").await.expect(200);
        let pasted = format!("/attiva?t={activation}");
        assert!(mario.gets(&pasted).await.status < 400);
    }
    assert!(portal.stack().faults().usage().is_empty(), "{:?}", portal.stack().faults().usage());
    assert_eq!(portal.all_items().await, before);
    mario.tries_to_activate(&activation).await.expect(200);
    mario.forgets_password().await;
    let reset = mario.token("/reimposta-password").await;
    mario.gets("/reimposta-password").await.expect(200);
    mario.gets(&format!("/reimposta-password?t={reset}")).await;
    mario.resets_password().await;
}

#[tokio::test]
async fn ab_08_nobody_is_buried_in_mail_and_no_source_makes_us_write_without_end() {
    let Some(portal) = TestPortal::alone() else { return };
    // A quarter of an hour of one day: a day's end weighs what was before it by its share, rounded down.
    portal.stack().clock().set("2031-03-04T09:00:00Z".parse().unwrap());
    let (mario, lucia) = (portal.known_citizen().await, portal.known_citizen().await);
    let mut seen = BTreeSet::new();
    for _ in 0..8 {
        // From another address every time: it is the mailbox that is protected.
        let answer = mario.elsewhere().asks_for_reset().await.expect(202);
        seen.insert(answer.seen_by_a_stranger());
        // Written now, and not after the clock has moved.
        portal.stack().settle().await;
        portal.clock().moves_minutes(2).await;
    }
    assert_eq!(mario.mails_about("Reimposta la password").await, 5, "five a day");
    for _ in 0..3 {
        let answer = lucia.elsewhere().asks_for_reset().await.expect(202);
        seen.insert(answer.seen_by_a_stranger());
    }
    assert_eq!(lucia.mails_about("Reimposta la password").await, 1, "one a minute");
    assert_eq!(seen.len(), 1, "the answer does not say whether a mail was sent");
    let source = portal.citizen();
    let mut statuses = Vec::new();
    for _ in 0..11 {
        let mut someone = portal.citizen();
        someone.browser = source.browser.clone();
        statuses.push(someone.asks_for_reset().await.status);
    }
    assert_eq!(statuses[..10], [202; 10]);
    assert_eq!(statuses[10], 429, "ten in ten minutes");
    assert_eq!((RateLimit::MAIL_SOURCE_HOUR.most, RateLimit::MAIL_SOURCE_HOUR.window.as_secs()), (20, 3_600));
}

/// Whatever is written after a plus, it is one person who reads it; and a browser that the account knows has letters of its
/// own, which nobody else can use up.
#[tokio::test]
async fn idn_04_idn_05_ab_08_a_mailbox_is_protected_and_its_owner_is_served() {
    let Some(portal) = TestPortal::alone() else { return };
    portal.stack().clock().set("2031-03-04T09:00:00Z".parse().unwrap());
    let mario = portal.known_citizen().await;
    let (name, domain) = mario.person.email.split_once('@').unwrap();
    let mut written = 0;
    for n in 0..8 {
        let mut other = portal.citizen();
        other.person.email = format!("x{name}+{n}@{domain}");
        other.person.username.clone_from(&other.person.email);
        other.tries_to_register().await.expect(202);
        portal.stack().settle().await;
        written += other.mails().await.len();
        portal.clock().moves_minutes(2).await;
    }
    assert_eq!(written, 5, "five a day, whatever follows the plus");
    for _ in 0..8 {
        mario.elsewhere().asks_for_reset().await.expect(202);
        portal.stack().settle().await;
        portal.clock().moves_minutes(2).await;
    }
    assert_eq!(mario.mails_about("Reimposta la password").await, 5);
    mario.asks_for_reset().await.expect(202);
    portal.stack().settle().await;
    assert_eq!(mario.mails_about("Reimposta la password").await, 6, "from the owner's browser");
}

/// A mail counts once against its address, however often its worker dies: what a person may have, arrives.
#[tokio::test]
async fn ab_08_fm_05_a_letter_whose_worker_died_is_not_counted_twice() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    for letters in 1..=5 {
        let sending = Scope::function("ProcessOutbox").operation("ses:SendEmail");
        portal.stack().faults().plan(sending, [(1, InjectedFault::CrashBefore)]);
        mario.elsewhere().asks_for_reset().await.expect(202);
        portal.stack().settle().await;
        portal.stack().faults().clear();
        portal.clock().moves_minutes(11).await;
        assert_eq!(mario.mails_about("Reimposta la password").await, letters);
    }
}

/// What waits for a username and the account itself: both or neither, whatever breaks between them.
#[tokio::test]
async fn inv_i02_an_account_and_its_username_are_there_together_or_not_at_all() {
    let Some(portal) = TestPortal::alone() else { return };
    let troubles = [
        InjectedFault::LoseRequest,
        InjectedFault::LoseAnswer,
        InjectedFault::Conflict,
        InjectedFault::ServerError,
        InjectedFault::CrashBefore,
        InjectedFault::CrashAfter,
    ];
    let mut people: Vec<PortalUser> = Vec::new();
    for trouble in troubles {
        let someone = portal.citizen();
        let claiming = Scope::function("ProcessOutbox").operation("dynamodb:TransactWriteItems");
        portal.stack().faults().plan(claiming, [(1, trouble)]);
        someone.tries_to_register().await.expect(202);
        portal.stack().settle().await;
        portal.stack().faults().clear();
        whole(&portal).await;
        people.push(someone);
    }
    // The sweep takes up what was left.
    portal.clock().moves_minutes(11).await;
    whole(&portal).await;
    for someone in people {
        someone.activates().await;
        someone.logs_in().await;
    }
}

async fn whole(portal: &TestPortal) {
    let items = portal.items("IdentityTable").await;
    let of_kind = |kind: &'static str| items.iter().filter(move |item| item["sk"]["S"] == kind);
    let accounts: BTreeSet<&str> = of_kind("PROFILE").filter_map(|item| item["id"]["S"].as_str()).collect();
    let mut claimed: Vec<&str> = of_kind("CLAIM").filter_map(|item| item["account"]["S"].as_str()).collect();
    claimed.sort_unstable();
    let accounts: Vec<&str> = accounts.into_iter().collect();
    assert_eq!(claimed, accounts, "each account has its username, and no username is of nobody");
}
