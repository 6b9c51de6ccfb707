//! What every action asks of DynamoDB: counted below the SDK, kept in `infra/calls.md`, the same for ten debts and for
//! ten thousand.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod scale;
mod table;

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::Timestamp;
use journeys::journey::{JourneyObserver, journey};
use journeys::local::{Options, Usage};
use journeys::{PortalUser, TestPortal};

use crate::table::{CallRow, CallTable};

/// Notes what each action used.
#[derive(Default)]
struct UsageRecorder {
    rows: Mutex<Vec<CallRow>>,
}

struct UsageObserver<'a> {
    portal: &'a TestPortal,
    recorder: &'a UsageRecorder,
    /// When it all happens: what a window of time or a session's age costs must not depend on this machine's speed.
    moment: Timestamp,
}

impl JourneyObserver for UsageObserver<'_> {
    fn before(&self, _: &'static str, _: &'static str) {
        self.portal.stack().clock().set(self.moment);
        self.portal.stack().faults().forget_usage();
    }

    fn after(&self, function: &'static str, action: &'static str) {
        let usage = self.portal.stack().faults().usage();
        let mut rows = self.recorder.rows.lock().unwrap();
        rows.push(CallRow::of(function, action, &of(&usage, function)));
        if function != "ProcessOutbox" && usage.contains_key("ProcessOutbox") {
            rows.push(CallRow::of(
                "ProcessOutbox",
                &format!("after {function}: {action}"),
                &of(&usage, "ProcessOutbox"),
            ));
        }
        let others: Vec<&String> =
            usage.keys().filter(|name| *name != function && *name != "ProcessOutbox").collect();
        assert!(others.is_empty(), "{action} of {function} had {others:?} do something");
    }
}

fn of(usage: &BTreeMap<String, Usage>, function: &str) -> Usage {
    usage.get(function).cloned().unwrap_or_default()
}

fn alone() -> Option<TestPortal> {
    let portal = TestPortal::alone_with(Options { demo: false, ..Options::default() });
    portal.map(|portal| portal.with_people_of(7))
}

/// A citizen who is proven, and so many debts of theirs.
async fn with_debts(portal: &TestPortal, count: usize) -> PortalUser {
    let (mario, notice) = portal.proven_citizen().await;
    portal.multiplies(&notice, count).await;
    mario
}

async fn counted(portal: &TestPortal) -> CallTable {
    let recorder = UsageRecorder::default();
    let moment = portal.stack().clock().now();
    journey(portal, &UsageObserver { portal, recorder: &recorder, moment }).await;
    CallTable::new(recorder.rows.into_inner().unwrap())
}

#[tokio::test]
async fn what_every_action_asks_of_the_tables_is_written_down_and_does_not_grow() {
    let Some(portal) = alone() else { return };
    with_debts(&portal, 10).await;
    let few = counted(&portal).await;
    few.is_what_is_written_down();

    // The same functions on a thousand times as much.
    let Some(portal) = alone() else { return };
    with_debts(&portal, 10_000).await;
    let many = counted(&portal).await;
    assert_eq!(many.unlike(&few), [""; 0], "an action's calls or units grow with the data");
}

/// One citizen's own debts: what a list costs does not depend on how many there are beyond its page.
#[tokio::test]
async fn a_list_costs_the_same_whoever_many_debts_a_citizen_has() {
    let mut seen = Vec::new();
    for count in [60, 10_000] {
        let Some(portal) = alone() else { return };
        let mario = with_debts(&portal, count).await;
        // Whose session was seen long ago would have that noted.
        mario.logs_in().await;
        portal.stack().faults().forget_usage();
        let first = mario.to_pay().await;
        let next = first["nextCursor"].as_str().expect("a second page").to_owned();
        mario.gets(&format!("/api/debts?cursor={next}")).await.ok();
        mario.history("").await;
        let usage = portal.stack().faults().usage();
        seen.push(
            ["ListDebts", "History"]
                .map(|function| CallRow::of(function, "", &of(&usage, function)).counts()),
        );
    }
    assert_eq!(seen[0], seen[1], "left: with 60 debts; right: with 10,000");
}
