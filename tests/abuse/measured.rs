//! What logs and alarms hear: what became of every message that speaks of money, and nothing of the person.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use journeys::local::Options;
use journeys::local::faults::{InjectedFault, Scope};
use journeys::{CallbackMessage, PortalUser, StartedPayment, TestPortal, Value, json, signed};
use store::{DebtWriter, DueQueue, DueWork};

use crate::invoke::{DirectCall, LogCapture, called};

/// A portal whose log lines are metric documents too.
fn measured() -> Option<TestPortal> {
    let parameters = BTreeMap::from([("MetricsNamespace".to_owned(), "Pagatore".to_owned())]);
    TestPortal::alone_with(Options { parameters, demo: false, ..Options::default() })
}

/// The JSON object that a line of the log is.
fn document(line: &str) -> Value {
    serde_json::from_str(line[line.find('{').unwrap()..].trim_end()).unwrap()
}

/// The function takes this message; gives back which metrics counted what.
async fn counted(
    portal: &TestPortal,
    callback: &CallbackMessage,
    forged: bool,
) -> Vec<(&'static str, String)> {
    let now = portal.clock().now().await.as_second();
    let name = if forged { "another" } else { &callback.id };
    let mut asked = DirectCall::post("/psp/callback", &callback.body).header("webhook-id", name);
    for (header, value) in signed(&callback.id, now, callback.body.to_string().as_bytes()) {
        if header != "webhook-id" {
            asked = asked.header(header, &value);
        }
    }
    let log = LogCapture::start();
    let _answer = asked.of(portal.stack(), "PspCallback").await;
    let lines = log.lines_with("\"Outcome\"");
    let counted = lines.iter().map(|line| document(line)).map(|line| {
        let metric = ["Payments", "Callbacks"].into_iter().find(|metric| line[metric] == 1).unwrap();
        (metric, line["Outcome"].as_str().unwrap().to_owned())
    });
    counted.collect()
}

/// Somebody at the PSP, whose debt nobody else touches.
async fn paying(portal: &TestPortal, mario: &PortalUser) -> StartedPayment {
    let notice = portal.creditor().issues(&mario.person).await;
    mario.pays(&notice).await
}

#[tokio::test]
async fn inv_m03_inv_m06_inv_m24_what_becomes_of_money_is_counted_for_the_alarms() {
    let Some(portal) = measured() else { return };
    let (mario, _) = portal.proven_citizen().await;
    let (one, other) = (paying(&portal, &mario).await, paying(&portal, &mario).await);
    let paid = CallbackMessage::succeeded(&one);
    let again = paid.clone().named("evt-again").with("transactionId", "TX-AGAIN");
    let nobodys = CallbackMessage::succeeded(&other).named("evt-nobody").with("paymentId", "0".repeat(32));
    let more = CallbackMessage::succeeded(&other).named("evt-more").with("amount", other.amount() + 1);
    let cases = [
        ("forged", &paid, None, "bad_signature"),
        ("paid", &paid, Some("credited"), "credited"),
        ("the same again", &paid, None, "repeated"),
        ("paid twice", &again, Some("duplicate"), "duplicate"),
        ("of nobody's", &nobodys, Some("unmatched"), "unmatched"),
        ("too much", &more, Some("mismatch"), "mismatch"),
        ("failed", &CallbackMessage::failed(&paying(&portal, &mario).await), Some("failed"), "ended"),
        ("left", &CallbackMessage::cancelled(&paying(&portal, &mario).await), Some("cancelled"), "ended"),
    ];
    for (what, callback, payment, message) in cases {
        let payment = payment.map(|outcome| ("Payments", outcome.to_owned()));
        let expected: Vec<_> = payment.into_iter().chain([("Callbacks", message.to_owned())]).collect();
        assert_eq!(counted(&portal, callback, what == "forged").await, expected, "{what}");
    }
}

/// Two lines of one person can be put together, and lead to nobody without the key.
#[tokio::test]
async fn inv_i25_a_log_names_a_person_by_a_keyed_hash() {
    let Some(portal) = TestPortal::alone() else { return };
    let citizens = [portal.known_citizen().await, portal.known_citizen().await];
    let mut named = Vec::new();
    for citizen in [&citizens[0], &citizens[0], &citizens[1]] {
        let log = LogCapture::start();
        let asked = DirectCall::new("GET", "/api/account").cookies(&citizen.browser.cookies());
        assert_eq!(asked.of(portal.stack(), "Account").await.status, 200);
        let lines = log.lines_with("\"subject\"");
        named.push(document(&lines[0])["subject"].as_str().unwrap().to_owned());
    }
    assert!(named.iter().all(|name| name.len() == 24), "{named:?}");
    assert!(named[0] == named[1] && named[0] != named[2], "{named:?}");
}

/// A payment that the PSP says nothing of is asked about quietly for a day, then somebody is told each time.
#[tokio::test]
async fn inv_m30_a_payment_without_outcome_raises_the_alarm_after_a_day() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    let paying = mario.pays(&notice).await;
    let writer = DebtWriter::connect(&portal.stack().env("Sweep").unwrap()).unwrap();
    portal.stack().clock().advance(SignedDuration::from_mins(23 * 60 + 59));
    let mut attempt = None;
    for shard in store::due_shards() {
        let due = writer.due_work(DueQueue::Payments, shard, None).await.unwrap();
        attempt = attempt.or(due.items.into_iter().find_map(|due| match due {
            DueWork::Attempt(attempt) if attempt.id.to_string() == paying.id => Some(*attempt),
            _ => None,
        }));
    }
    let mut attempt = attempt.unwrap();
    for (minutes, alarms) in [(0, 0), (2, 1), (60, 1)] {
        portal.stack().clock().advance(SignedDuration::from_mins(minutes));
        let log = LogCapture::start();
        writer.asked_in_vain(&attempt).await.unwrap();
        assert_eq!(log.lines_with("event=\"payment.unknown\"").len(), alarms, "{minutes} minutes later");
        (attempt.inquiries, attempt.revision) = (attempt.inquiries + 1, attempt.revision + 1);
    }
}

/// How long the oldest payment has had no outcome is measured at every sweep, whenever it is asked about next.
#[tokio::test]
async fn inv_m30_how_long_a_payment_waits_for_its_outcome_is_measured() {
    let Some(portal) = measured() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    mario.has_paid(&notice).await;
    let oldest = async || {
        let log = LogCapture::start();
        called(portal.stack(), "Sweep", &json!({})).await;
        document(&log.lines_with("OldestUnknownSeconds")[0])["OldestUnknownSeconds"].as_f64().unwrap()
    };
    assert_eq!(oldest().await, 0.0, "what has an outcome waits for nothing");
    paying(&portal, &mario).await;
    portal.stack().clock().advance(SignedDuration::from_mins(10));
    assert!((600.0..1_200.0).contains(&oldest().await), "ten minutes, and what the test takes");
}

/// The state and the tries of every outbox message.
async fn letters(portal: &TestPortal) -> Vec<(Value, Value)> {
    let items = portal.items("OutboxTable").await;
    let letters = items.iter().filter(|item| item["state"]["S"].is_string());
    letters.map(|item| (item["state"]["S"].clone(), item["tries"]["N"].clone())).collect()
}

fn sending() -> Scope {
    Scope { function: None, operation: Some("ses:SendEmail".to_owned()) }
}

/// An outbox message that cannot be sent is tried ten times, then given up and shown to operators.
#[tokio::test]
async fn inv_m31_a_letter_is_given_up_after_ten_tries() {
    let Some(portal) = TestPortal::alone() else { return };
    portal.stack().faults().plan(sending(), (1..1_000).map(|n| (n, InjectedFault::ServerError)));
    portal.citizen().tries_to_register().await.expect(202);
    portal.stack().settle().await;
    // A minute, then twice as long each time, to two hours; the sweep comes every five minutes.
    for tries in 1..10_u32 {
        assert_eq!(letters(&portal).await, [("pending".into(), tries.to_string().into())]);
        portal.clock().moves(Duration::from_secs(360 + 30 * 2_u64.pow(tries.min(8)))).await;
    }
    assert_eq!(letters(&portal).await, [("dead".into(), "10".into())]);
    // IDN-13: kept for a month for whoever has to look at it, then nothing of it stays.
    portal.clock().moves_minutes(29 * 24 * 60).await;
    assert_eq!(letters(&portal).await, [("dead".into(), "10".into())]);
    portal.clock().moves_minutes(2 * 24 * 60).await;
    assert_eq!(letters(&portal).await, []);
}

/// One that kills whoever works on it has been tried as well: it does not kill for ever.
#[tokio::test]
async fn inv_m31_a_letter_that_kills_its_workers_is_given_up_too() {
    let Some(portal) = TestPortal::alone() else { return };
    portal.stack().faults().plan(sending(), (1..1_000).map(|n| (n, InjectedFault::CrashBefore)));
    portal.citizen().tries_to_register().await.expect(202);
    portal.stack().settle().await;
    for _ in 0..12 {
        portal.clock().moves_minutes(6).await;
    }
    assert_eq!(letters(&portal).await, [("dead".into(), "11".into())]);
    assert_eq!(portal.stack().faults().injected().len(), 10, "ten workers died");
}
