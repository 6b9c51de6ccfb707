//! How long a username waits where its password failed: the rule itself, along any story, by the clock.

use std::time::Duration;

use domain::Error;
use domain::rate_limits::LetterKind;
use jiff::SignedDuration;
use journeys::local::Stack;
use journeys::{Rng, TestPortal, json, together};
use store::{PasswordOrigin, RateLimit, RateLimits};

use crate::invoke::{DirectCall, LogCapture};

/// What should be known of a username.
#[derive(Default)]
struct Model {
    failures: u32,
    /// Seconds left to wait.
    left: u64,
}

impl Model {
    fn admits(&self) -> bool {
        self.left == 0 && self.failures < 100
    }

    fn fails(&mut self) {
        self.failures += 1;
        self.left = match self.failures {
            0..5 => 0,
            more => 3_600.min(30 << (more - 5).min(10)),
        };
    }

    fn rests(&mut self, seconds: u64) {
        self.left = self.left.saturating_sub(seconds);
    }
}

fn passes(stack: &Stack, seconds: u64) {
    stack.clock().advance(SignedDuration::from_secs(seconds.try_into().unwrap()));
}

const SOURCE: &str = "192.0.2.1";

/// Tries a password from one place, which is the same every time.
async fn tries(limits: &RateLimits, username: &str, right: bool) -> Result<(), Duration> {
    match limits.admit_password(username, PasswordOrigin::Session(SOURCE)).await {
        Ok(tried) if right => limits.succeeded(tried).await.unwrap(),
        Ok(tried) => limits.failed(&tried).await.unwrap(),
        Err(Error::TooManyRequests { retry_after }) => return Err(retry_after),
        Err(other) => panic!("{other:?}"),
    }
    Ok(())
}

/// Functions run on machines whose clocks differ: what one has written down as now is no wait by another's.
#[tokio::test]
async fn inv_i14_a_clock_that_is_behind_makes_nobody_wait_for_nothing() {
    let Some(portal) = TestPortal::alone() else { return };
    let limits = RateLimits::connect(&portal.stack().env("Login").unwrap()).unwrap();
    let behind = SignedDuration::from_mins(5);
    for before in [&[false][..], &[false, true], &[false; 4]] {
        let username = format!("{}@example.it", portal.rng().letters(12));
        for right in before {
            assert_eq!(tries(&limits, &username, *right).await, Ok(()), "{before:?}");
        }
        portal.stack().clock().advance(-behind);
        assert_eq!(tries(&limits, &username, true).await, Ok(()), "{before:?}");
        portal.stack().clock().advance(behind);
    }
}

#[tokio::test]
async fn inv_i14_ab_01_the_wait_grows_with_the_failures_along_any_story() {
    let Some(portal) = TestPortal::alone() else { return };
    let limits = RateLimits::connect(&portal.stack().env("Login").unwrap()).unwrap();
    let rng = Rng::of_this_test();
    for story in 0..12 {
        let username = format!("story-{story}@example.it");
        let mut model = Model::default();
        for step in 0..60 {
            // Half of a wait, or all of it and a little: never its very end, for the clock goes on by itself.
            let rest = if rng.below(3) == 0 { model.left / 2 } else { model.left + 3 };
            passes(portal.stack(), rest);
            model.rests(rest);
            let right = rng.below(12) == 0;
            let admitted = tries(&limits, &username, right).await;
            assert_eq!(admitted.is_ok(), model.admits(), "story {story}, step {step}: {admitted:?}");
            match admitted {
                Ok(()) if right => model = Model::default(),
                Ok(()) => model.fails(),
                Err(wait) => assert!(wait.as_secs() <= model.left && wait <= Duration::from_secs(3_600)),
            }
        }
    }
}

#[tokio::test]
async fn inv_i14_a_hundred_failures_in_a_row_end_it_until_a_mailed_link() {
    let Some(portal) = TestPortal::alone() else { return };
    let limits = RateLimits::connect(&portal.stack().env("Login").unwrap()).unwrap();
    let mut mario = portal.known_citizen().await;
    let username = mario.person.username.clone();
    for failure in 1..=100 {
        assert_eq!(tries(&limits, &username, false).await, Ok(()), "failure {failure}");
        passes(portal.stack(), 3_601);
    }
    passes(portal.stack(), 20 * 24 * 3_600);
    assert!(tries(&limits, &username, true).await.is_err(), "the hundred and first, even if it is right");
    // Only there: the owner is elsewhere, and recovers by mail as well.
    mario.elsewhere().tries_to_log_in().await.expect(200);
    mario.forgets_password().await;
    mario.resets_password().await;
    mario.logs_in().await;
    assert!(tries(&limits, &username, true).await.is_err());
    limits.forgive(&username, PasswordOrigin::Session(SOURCE)).await;
    assert_eq!(tries(&limits, &username, true).await, Ok(()), "a mailed link used in this place");
}

/// It makes no difference whether the store has deleted a row after its time or never does (INV-X07).
#[tokio::test]
async fn inv_i14_inv_x07_failures_are_forgotten_by_the_clock_and_not_by_the_store() {
    let Some(portal) = TestPortal::alone() else { return };
    let limits = RateLimits::connect(&portal.stack().env("Login").unwrap()).unwrap();
    for _ in 0..5 {
        assert_eq!(tries(&limits, "old@example.it", false).await, Ok(()));
    }
    assert!(tries(&limits, "old@example.it", true).await.is_err());
    passes(portal.stack(), 31 * 24 * 3_600);
    let rows = portal.items("LimitsTable").await;
    assert!(rows.iter().any(|row| row["failures"]["N"] == "5"), "the row is still there: {rows:?}");
    for _ in 0..5 {
        assert_eq!(tries(&limits, "old@example.it", false).await, Ok(()), "as if it were the first time");
    }
    assert!(tries(&limits, "old@example.it", true).await.is_err());
}

#[tokio::test]
async fn inv_i14_of_many_guesses_at_the_same_time_one_gets_through() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    let thief = mario.elsewhere();
    for _ in 0..4 {
        thief.logs_in_with("a guess that is wrong").await.refused(401, "invalid_credentials");
    }
    let guesses = (0..8).map(|_| {
        let guesser = thief.clone();
        async move { guesser.logs_in_with("a guess that is wrong").await.status }
    });
    let mut statuses = together(guesses).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [401, 429, 429, 429, 429, 429, 429, 429]);
}

#[tokio::test]
async fn inv_i29_a_success_does_not_clear_the_source_and_names_that_do_not_exist_count_too() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    let source = mario.elsewhere();
    let names = portal.rng();
    for _ in 0..20 {
        let name = format!("{}@example.it", names.letters(12));
        let guess = json!({"username": name, "password": "Spring is coming 2026"});
        source.posts("/api/login", &guess).await.refused(401, "invalid_credentials");
    }
    source.tries_to_log_in().await.refused(429, "too_many_requests");
    mario.elsewhere().tries_to_log_in().await.expect(200);
    // Somebody known there gets in, and the source waits on.
    source.browser.takes_cookies(&mario.browser.cookies());
    source.tries_to_log_in().await.expect(200);
    source.browser.takes_cookies("");
    source.tries_to_log_in().await.refused(429, "too_many_requests");
    // A name that nobody has waits like any other.
    let nobody = portal.citizen();
    for _ in 0..5 {
        nobody.tries_to_log_in().await.refused(401, "invalid_credentials");
    }
    nobody.tries_to_log_in().await.refused(429, "too_many_requests");
}

/// Thirty people behind one address, each of whom knows what they type.
#[tokio::test]
async fn idn_05_what_is_right_is_counted_against_nobody() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    let office = mario.elsewhere();
    for person in 1..=30 {
        office.searches(&notice).await;
        office.browser.takes_cookies("");
        let answer = office.tries_to_log_in().await;
        assert_eq!(answer.status, 200, "person {person}");
    }
    let paid = portal.creditor().issues(&mario.person).await;
    mario.associates(&paid).await;
    mario.has_paid(&paid).await;
    let code = mario.receipt_code(&paid).await;
    for person in 1..=35 {
        assert_eq!(office.verifies_receipt(&code).await.status, 200, "person {person}");
        let codes = json!({"fiscalCode": paid.fiscal_code, "noticeNumber": paid.number});
        assert_eq!(office.tries_to_associate(&codes).await.status, 200, "person {person}");
    }
}

#[tokio::test]
async fn idn_05_ab_01_an_attackers_failures_are_nothing_to_the_owner() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let guess = "a guess that is wrong";
    // From many places, and from the owner's own network.
    let at_home = mario.elsewhere();
    at_home.logs_in().await;
    let neighbour = at_home.clone();
    let cookies = at_home.browser.cookies();
    neighbour.browser.takes_cookies("");
    for _ in 0..5 {
        neighbour.logs_in_with(guess).await.refused(401, "invalid_credentials");
        mario.elsewhere().logs_in_with(guess).await.refused(401, "invalid_credentials");
    }
    neighbour.tries_to_log_in().await.refused(429, "too_many_requests");
    mario.elsewhere().tries_to_log_in().await.expect(200);
    at_home.browser.takes_cookies(&cookies);
    at_home.tries_to_log_in().await.expect(200);
    // A known browser waits for its own failures, and is known for nobody else.
    for _ in 0..5 {
        at_home.logs_in_with(guess).await.refused(401, "invalid_credentials");
    }
    at_home.tries_to_log_in().await.refused(429, "too_many_requests");
    let lucia = portal.known_citizen().await;
    let mut in_her_browser = mario.elsewhere();
    in_her_browser.browser = lucia.browser.clone();
    for _ in 0..5 {
        in_her_browser.logs_in_with(guess).await.refused(401, "invalid_credentials");
    }
    in_her_browser.tries_to_log_in().await.refused(429, "too_many_requests");
    lucia.tries_to_log_in().await.expect(200);
}

/// What cannot be a username is counted for itself.
#[tokio::test]
async fn idn_05_malformed_usernames_do_not_share_a_wait() {
    let portal = TestPortal::open();
    let source = portal.citizen();
    let tries = async |username: &str| {
        let guess = json!({"username": username, "password": "Spring is coming 2026"});
        source.posts("/api/login", &guess).await.status
    };
    for _ in 0..5 {
        assert_eq!(tries("mario").await, 401);
    }
    assert_eq!((tries("mario").await, tries("lucia").await, tries(" MARIO ").await), (429, 401, 429));
}

#[tokio::test]
async fn idn_05_what_is_refused_is_not_counted() {
    let Some(portal) = TestPortal::alone() else { return };
    portal.stack().clock().set("2031-03-04T09:00:00Z".parse().unwrap());
    let limits = RateLimits::connect(&portal.stack().env("Login").unwrap()).unwrap();
    let most = RateLimit::LINK.most;
    for _ in 0..most {
        limits.admit(&[(RateLimit::LINK, "a")]).await.unwrap();
    }
    for _ in 0..100 {
        assert!(limits.admit(&[(RateLimit::LINK, "a")]).await.is_err());
    }
    // The next window weighs what was admitted, and half of it is over.
    passes(portal.stack(), 15 * 60);
    for n in 0..most / 2 {
        assert!(limits.admit(&[(RateLimit::LINK, "a")]).await.is_ok(), "attempt {n} of the next window");
    }
    // What one limit refuses is not counted by another either.
    for _ in 0..RateLimit::SPONTANEOUS.most {
        limits.admit(&[(RateLimit::SPONTANEOUS, "b")]).await.unwrap();
    }
    for _ in 0..most {
        assert!(limits.admit(&[(RateLimit::LINK, "c"), (RateLimit::SPONTANEOUS, "b")]).await.is_err());
    }
    assert!(limits.admit(&[(RateLimit::LINK, "c")]).await.is_ok());
}

/// Above fifty failures an hour from everywhere a name is tried slowly, and by whoever knows the password.
#[tokio::test]
async fn idn_05_ab_01_ab_03_the_brake_slows_and_stops_nobody() {
    let Some(portal) = TestPortal::alone() else { return };
    let limits = RateLimits::connect(&portal.stack().env("Login").unwrap()).unwrap();
    let mario = portal.known_citizen().await;
    let most = RateLimit::LOGIN_EVERYWHERE.most;
    for n in 0..=most {
        let source = format!("192.0.2.{n}");
        let tried = limits.admit_password(&mario.person.username, PasswordOrigin::Source(&source)).await;
        limits.failed(&tried.unwrap()).await.unwrap();
    }
    let log = LogCapture::start();
    let right = json!({"username": mario.person.username, "password": mario.person.password});
    let answer = DirectCall::post("/api/login", &right).source("198.51.100.7").of(portal.stack(), "Login");
    assert_eq!(answer.await.status, 200);
    assert_eq!(log.lines_with("limits.slowed").len(), 1);
}

/// What the sender writes about itself is no address.
#[tokio::test]
async fn ab_61_a_forwarded_address_is_not_believed() {
    let portal = TestPortal::open();
    let body = json!({"fiscalCode": portal.citizen().person.fiscal_code});
    let source = portal.citizen();
    let mut statuses = Vec::new();
    for n in 0..22 {
        let ask = source.browser.post("/api/register/check", &body);
        let ask =
            ask.header("x-forwarded-for", &format!("198.51.100.{n}")).header("forwarded", "for=192.0.2.1");
        statuses.push(ask.header("x-real-ip", &format!("203.0.113.{n}")).answer().await.status);
    }
    assert_eq!(statuses[..20], [200; 20]);
    assert_eq!(statuses[20..], [429, 429]);
}

/// A network of IPv6 is one source, however many addresses it has.
#[tokio::test]
async fn ab_02_a_whole_ipv6_network_is_one_source() {
    let Some(portal) = TestPortal::alone() else { return };
    let mut statuses = Vec::new();
    for n in 0..22 {
        let guess = json!({"username": format!("n{n}@example.it"), "password": "Spring is coming 2026"});
        let asked = DirectCall::post("/api/login", &guess).source(&format!("2001:db8:1:2::{n:x}"));
        statuses.push(asked.of(portal.stack(), "Login").await.status);
    }
    assert_eq!(statuses[..20], [401; 20]);
    assert_eq!(statuses[20..], [429, 429]);
    let other = DirectCall::post("/api/login", &json!({"username": "x@example.it", "password": "y"}));
    assert_eq!(other.source("2001:db8:1:3::1").of(portal.stack(), "Login").await.status, 401);
}

/// Each subject of each kind has its own count, asked about together or alone.
#[tokio::test]
async fn inv_i29_what_is_counted_of_one_is_not_counted_of_another() {
    let Some(portal) = TestPortal::alone() else { return };
    let limits = RateLimits::connect(&portal.stack().env("Login").unwrap()).unwrap();
    let fits = async |attempts: &[(RateLimit, &str)]| match limits.admit(attempts).await {
        Ok(_) => true,
        Err(Error::TooManyRequests { .. }) => false,
        Err(other) => panic!("{other:?}"),
    };
    // Two subjects of one kind.
    for _ in 0..RateLimit::LOGIN.most {
        assert!(fits(&[(RateLimit::LOGIN, "a"), (RateLimit::LOGIN, "b")]).await);
    }
    assert!(!fits(&[(RateLimit::LOGIN, "a")]).await && !fits(&[(RateLimit::LOGIN, "b")]).await);
    assert!(fits(&[(RateLimit::LOGIN, "c")]).await);
    // One subject of two kinds: the smaller number holds for its own kind alone.
    for _ in 0..RateLimit::SPONTANEOUS.most {
        assert!(fits(&[(RateLimit::LINK, "d"), (RateLimit::SPONTANEOUS, "d")]).await);
    }
    assert!(!fits(&[(RateLimit::SPONTANEOUS, "d")]).await);
    for _ in RateLimit::SPONTANEOUS.most..RateLimit::LINK.most {
        assert!(fits(&[(RateLimit::LINK, "d")]).await);
    }
    assert!(!fits(&[(RateLimit::LINK, "d")]).await);
}

/// Whoever comes back now and then for years is counted in an item that stays small, and counted rightly.
#[tokio::test]
async fn inv_i29_inv_x07_what_is_counted_of_long_ago_is_taken_out_and_the_rest_stays() {
    let Some(portal) = TestPortal::alone() else { return };
    // Whatever is counted together lies within one day.
    portal.stack().clock().set("2031-03-04T09:00:00Z".parse().unwrap());
    let limits = RateLimits::connect(&portal.stack().env("ProcessOutbox").unwrap()).unwrap();
    let both = LetterKind::Reset.limits();
    for _ in 0..40 {
        assert!(limits.within(both, "a").await.unwrap());
        portal.stack().clock().advance(SignedDuration::from_hours(24 * 10));
    }
    let items = portal.items("LimitsTable").await;
    let most = items.iter().map(|item| item.as_object().unwrap().len()).max();
    assert!((5..40).contains(&most.unwrap()), "{most:?} attributes");
    // The write that takes out what is gone keeps what counts: five a day, not a sixth.
    let mut within = Vec::new();
    for _ in 0..6 {
        within.push(limits.within(both, "a").await.unwrap());
        portal.stack().clock().advance(SignedDuration::from_mins(2));
    }
    assert_eq!(within, [true, true, true, true, true, false]);
}
