//! Crowds, at the size that is asked for: left out of the test command, for they take from minutes to hours.
//!
//! ```sh
//! DEBTS=300000 cargo test --workspace --test calls -- --ignored --nocapture mon_10
//! DEBTS=1000000 cargo test --workspace --test calls -- --ignored --nocapture mon_17
//! ```
//!
//! Calls and units are counted below the SDK, as everywhere in this suite; times are this machine's, with the emulated
//! DynamoDB on the same processors. What follows from them for AWS is in `infra/performance.md`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use domain::NoticeNumber;
use domain::movement::Movement;
use jiff::SignedDuration;
use journeys::local::{Options, Usage};
use journeys::{DebtPosition, PspOutcome, SampleNotice, StartedPayment, TestPortal, Value, json, variable};

/// How many debts; few, to see that it runs.
fn size() -> usize {
    variable("DEBTS").map_or(2_000, |text| text.parse().unwrap())
}

fn portal() -> Option<TestPortal> {
    TestPortal::alone_with(Options { demo: false, limits: false, ..Options::default() })
}

fn spent(portal: &TestPortal, function: &str) -> Usage {
    portal.stack().faults().usage().get(function).cloned().unwrap_or_default()
}

/// What a function has asked for, for each debt and in all, with its price (infra/bench/prices.toml: a million units).
fn tells(what: &str, usage: &Usage, debts: usize, took: Duration) {
    const READS: f64 = 0.125;
    const WRITES: f64 = 0.625;
    let calls: u64 = usage.calls.values().sum();
    let dollars = (usage.read_units * READS + usage.write_units * WRITES) / 1e6;
    let each = |sum: f64| sum / debts.max(1) as f64;
    println!(
        "{what}: {debts} debts in {:.0} s, {:.0} a second",
        took.as_secs_f64(),
        debts as f64 / took.as_secs_f64()
    );
    println!("  calls {calls} ({:.4} each): {:?}", each(calls as f64), usage.calls);
    println!(
        "  read units {:.0} ({:.3} each), write units {:.0} ({:.3} each): {dollars:.2} $",
        usage.read_units,
        each(usage.read_units),
        usage.write_units,
        each(usage.write_units)
    );
}

/// In the night after a due date: every five minutes a sweep, every five minutes somebody who pays and whose callback is
/// lost, until the crowd is gone. No payment waits for more than six minutes.
#[tokio::test]
#[ignore = "a crowd: minutes to hours (see above)"]
async fn mon_10_a_crowd_expires_while_lost_callbacks_are_settled_within_six_minutes() {
    let Some(portal) = portal() else { return };
    let (mario, _) = portal.proven_citizen().await;
    let today = portal.clock().day(0).await;
    let midnight = domain::time::end_of(today.parse().unwrap()).unwrap();
    let expiring = DebtPosition::of(&mario.person, portal.rng()).with("expiresOn", today);
    let expiring = portal.creditor().issues_as(expiring).await;
    portal.multiplies(&expiring, size()).await;
    let evening = midnight.duration_since(portal.clock().now().await);
    portal.stack().advance(Duration::try_from(evening).unwrap().saturating_sub(MINUTE)).await;
    portal.stack().faults().forget_usage();
    let closed =
        || spent(&portal, "Sweep").calls.get("dynamodb:TransactWriteItems").copied().unwrap_or_default();
    let (began, mut runs, mut longest, mut before) = (Instant::now(), 0, Duration::ZERO, 0);
    loop {
        mario.logs_in().await;
        let notice = portal.creditor().issues(&mario.person).await;
        let paying: StartedPayment = mario.pays(&notice).await;
        paying.at_psp(PspOutcome::Success.callbacks(0)).await;
        // Within six minutes it is due, and a sweep has come: each goes on until its time is used.
        let run = Instant::now();
        portal.stack().advance(MINUTE * 6).await;
        longest = longest.max(run.elapsed());
        assert_eq!(paying.status().await, "succeeded");
        let done = closed() - before;
        (runs, before) = (runs + 1, closed());
        println!("run {runs}: {done} transactions, {:.0} s", run.elapsed().as_secs_f64());
        if runs > 1 && done < 3 {
            break;
        }
    }
    let expired = usize::try_from(closed()).unwrap().saturating_sub(runs);
    assert!(expired >= size(), "{expired}");
    tells("Sweep", &spent(&portal, "Sweep"), expired, began.elapsed());
    println!("  {runs} runs, the longest {:.0} s; a lost callback settled in each", longest.as_secs_f64());
}

const MINUTE: Duration = Duration::from_secs(60);

/// A debt that was paid, so many times, each with a chain of its own; then a round of the audit, and the next one, which
/// compares.
#[tokio::test]
#[ignore = "a crowd: minutes to hours (see above)"]
async fn mon_17_a_ledger_of_any_size_is_audited_in_as_many_invocations_as_it_takes() {
    let Some(portal) = portal() else { return };
    let (mario, _) = portal.proven_citizen().await;
    let notice = portal.creditor().issues(&mario.person).await;
    mario.has_paid(&notice).await;
    portal.stack().settle().await;
    copies(&portal, &notice, size()).await;
    for round in ["first round", "the next, which compares"] {
        portal.stack().clock().advance(SignedDuration::from_hours(24));
        portal.stack().faults().forget_usage();
        let (began, mut invocations) = (Instant::now(), 0);
        let report = loop {
            let report = portal.stack().invoke("Audit", &json!({})).await.unwrap();
            invocations += 1;
            if report["finished"] == true {
                break report;
            }
        };
        assert_eq!(report["broken"], 0, "{report}");
        let debts = usize::try_from(report["debts"].as_u64().unwrap()).unwrap();
        assert!(debts >= size(), "{report}");
        tells(round, &spent(&portal, "Audit"), debts, began.elapsed());
        println!("  {invocations} invocations: {report}");
    }
}

/// Writes copies of a debt with its movements under other numbers, their chains hashed anew.
async fn copies(portal: &TestPortal, notice: &SampleNotice, times: usize) {
    let partition = format!("DEBT#{}", notice.number);
    let own = |item: &Value| item.pointer("/pk/S").and_then(Value::as_str) == Some(&partition);
    let [debts, movements] =
        ["DebtsTable", "MovementsTable"].map(|table| async move { portal.items(table).await });
    let debts: Vec<String> = debts.await.iter().filter(|item| own(item)).map(Value::to_string).collect();
    let rows: Vec<Value> = movements.await.into_iter().filter(|item| own(item)).collect();
    let chain: Vec<Movement> = rows.iter().map(movement).collect();
    let person = portal.citizen().person;
    let mut puts: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for copy in 0..times {
        let other = DebtPosition::of(&person, portal.rng()).notice();
        let number = NoticeNumber::parse(&other.number).unwrap();
        let (mut previous, mut hashes) = (String::new(), Vec::new());
        for before in &chain {
            let mut after = Movement { previous, ..before.clone() };
            after.hash = after.chain_hash(&number);
            hashes.push((before.hash.clone(), after.hash.clone()));
            previous = after.hash;
        }
        let renamed = |text: &str| {
            let text = text.replace(notice.iuv(), other.iuv());
            let text = hashes.iter().fold(text, |text, (before, after)| text.replace(before, after));
            serde_json::from_str::<Value>(&text).unwrap()
        };
        puts.entry("DebtsTable").or_default().extend(debts.iter().map(|item| renamed(item)));
        puts.entry("MovementsTable").or_default().extend(rows.iter().map(|item| renamed(&item.to_string())));
        for (table, waiting) in &mut puts {
            while waiting.len() >= 25 || (copy + 1 == times && !waiting.is_empty()) {
                let batch: Vec<Value> = waiting.drain(..waiting.len().min(25)).collect();
                let puts: Vec<Value> =
                    batch.into_iter().map(|item| json!({"PutRequest": {"Item": item}})).collect();
                portal.dynamodb("BatchWriteItem", &json!({"RequestItems": {*table: puts}})).await;
            }
        }
    }
}

fn movement(item: &Value) -> Movement {
    let fields = item.as_object().unwrap().iter().filter(|(name, _)| !matches!(name.as_str(), "pk" | "sk"));
    let plain = fields.map(|(name, value)| match (&value["S"], &value["N"]) {
        (Value::Null, number) => (name.clone(), serde_json::from_str(number.as_str().unwrap()).unwrap()),
        (text, _) => (name.clone(), text.clone()),
    });
    serde_json::from_value(Value::Object(plain.collect())).unwrap()
}
