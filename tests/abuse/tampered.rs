//! Somebody with the tables in hand, and none of our functions: what they change is found by the next audit.

use std::cell::Cell;
use std::collections::BTreeMap;

use admin::cli::{LedgerCommand, VerifyOptions};
use admin::operator::{self, Verdict};
use jiff::SignedDuration;
use journeys::local::OPERATOR;
use journeys::{PspOutcome, SampleNotice, TestPortal, Value, json};
use store::Auditor;

/// A night's audit: what is left of yesterday's round, or today's.
async fn night(portal: &TestPortal) -> Value {
    portal.stack().clock().advance(SignedDuration::from_hours(24));
    portal.stack().invoke("Audit", &json!({})).await.unwrap()
}

async fn verifies(portal: &TestPortal, found: bool) -> (Verdict, String) {
    let env = portal.stack().env(OPERATOR).unwrap();
    let mut out = Vec::new();
    let command = LedgerCommand::Verify(VerifyOptions { found });
    let verdict = operator::run(&env, command, &mut out).await.unwrap();
    (verdict, String::from_utf8(out).unwrap())
}

async fn paid(portal: &TestPortal) -> SampleNotice {
    let (_, notice, paying) = portal.payment_under_way().await;
    paying.at_psp(PspOutcome::Success).await;
    notice
}

/// The items of a debt in a table, by sort key.
async fn items(portal: &TestPortal, table: &str, notice: &SampleNotice) -> BTreeMap<String, Value> {
    let partition = format!("DEBT#{}", notice.number);
    let all = portal.items(table).await.into_iter().filter(|item| item["pk"]["S"] == partition.as_str());
    all.map(|item| (item["sk"]["S"].as_str().unwrap().to_owned(), item)).collect()
}

/// Rewrites the stored debt, which is JSON in JSON.
async fn rewrites(portal: &TestPortal, notice: &SampleNotice, change: impl Fn(&mut Value)) {
    let mut item = items(portal, "DebtsTable", notice).await.remove("STATE").unwrap();
    let mut debt: Value = serde_json::from_str(item["debt"]["S"].as_str().unwrap()).unwrap();
    change(&mut debt);
    item["debt"]["S"] = debt.to_string().into();
    portal.put_item("DebtsTable", &item).await;
}

async fn name_of(portal: &TestPortal, notice: &SampleNotice) -> Value {
    let items = items(portal, "DebtsTable", notice).await;
    items.into_iter().find(|(sk, _)| sk.starts_with("PAID#")).unwrap().1
}

#[tokio::test]
async fn mon_15_whatever_is_changed_in_the_debts_table_alone_is_found_the_same_night() {
    let Some(portal) = TestPortal::alone() else { return };
    let [amount, receipt, state, name, untouched] = [
        paid(&portal).await,
        paid(&portal).await,
        paid(&portal).await,
        paid(&portal).await,
        paid(&portal).await,
    ];
    let (_, added, _) = portal.payment_under_way().await;
    let clean = night(&portal).await;
    assert_eq!((&clean["broken"], &clean["finished"]), (&json!(0), &json!(true)), "{clean}");
    assert_eq!(clean["debts"], 6, "{clean}");

    rewrites(&portal, &amount, |debt| debt["amount"] = json!(1)).await;
    rewrites(&portal, &receipt, |debt| debt["receipt"]["amount"] = json!(1)).await;
    let row = items(&portal, "DebtsTable", &state).await.remove("STATE").unwrap();
    portal.delete_item("DebtsTable", &row).await;
    let gone = name_of(&portal, &name).await;
    portal.delete_item("DebtsTable", &gone).await;
    let mut forged = gone;
    forged["pk"]["S"] = format!("DEBT#{}", added.number).into();
    portal.put_item("DebtsTable", &forged).await;

    let broken = [
        (&amount, "the movements say"),
        (&receipt, "the receipt is not that of movement 3"),
        (&state, "the debt is gone, its movements are there"),
        (&name, "the name is gone under which the money of movement 3 was taken"),
        (&added, "money is named as taken that no movement speaks of"),
    ];
    let (verdict, text) = verifies(&portal, false).await;
    assert_eq!(verdict, Verdict::Broken);
    let found = night(&portal).await;
    assert_eq!(found["broken"], broken.len(), "{found}");
    let (listed, list) = verifies(&portal, true).await;
    assert_eq!(listed, Verdict::Broken);
    for (notice, why) in broken {
        for said in [&text, &list] {
            let line = said.lines().find(|line| line.starts_with(&notice.number)).unwrap_or_default();
            assert!(line.contains(why), "{why}: {said}");
        }
    }
    assert!(!text.contains(&untouched.number) && !list.contains(&untouched.number), "{text}{list}");
}

/// With both tables in hand, a debt can be made to look as if it had never been paid, or had never been: the ends of the
/// chains that an earlier night has kept say otherwise.
#[tokio::test]
async fn mon_15_a_chain_cut_short_or_gone_with_its_debt_is_found_by_what_was_kept_of_it() {
    let Some(portal) = TestPortal::alone() else { return };
    let (_, shortened, paying) = portal.payment_under_way().await;
    let before = items(&portal, "DebtsTable", &shortened).await.remove("STATE").unwrap();
    paying.at_psp(PspOutcome::Success).await;
    let gone = paid(&portal).await;
    assert_eq!(night(&portal).await["broken"], 0);

    // The state and the movements of an hour ago agree with each other.
    portal.put_item("DebtsTable", &before).await;
    portal.delete_item("DebtsTable", &name_of(&portal, &shortened).await).await;
    let credit = items(&portal, "MovementsTable", &shortened).await.remove("M#000000000003").unwrap();
    portal.delete_item("MovementsTable", &credit).await;
    for table in ["DebtsTable", "MovementsTable"] {
        for item in items(&portal, table, &gone).await.into_values() {
            portal.delete_item(table, &item).await;
        }
    }
    let found = night(&portal).await;
    assert_eq!((&found["broken"], &found["debts"]), (&json!(2), &json!(1)), "{found}");
    let (verdict, list) = verifies(&portal, true).await;
    assert_eq!(verdict, Verdict::Broken);
    assert!(list.contains(&format!("{}: GONE", gone.number)), "{list}");
    // What an audit has kept is kept once: the next round, with nothing to compare, does not unsay it.
    night(&portal).await;
    assert_eq!(verifies(&portal, true).await.0, Verdict::Broken);
}

/// However little time an invocation has, the next goes on where it stopped, and the round ends as if it were one.
#[tokio::test]
async fn mon_17_the_audit_goes_on_where_it_stopped() {
    let Some(portal) = TestPortal::alone() else { return };
    let notice = paid(&portal).await;
    portal.multiplies(&notice, 10).await;
    // More than a page of both tables.
    for (table, number) in (0..5).flat_map(|number| [("DebtsTable", number), ("MovementsTable", number)]) {
        let filler = json!({"pk": {"S": format!("FILLER#{number}")}, "sk": {"S": "-"}, "body": {"S": "-".repeat(300_000)}});
        portal.put_item(table, &filler).await;
    }
    let auditor = Auditor::connect(&portal.stack().env("Audit").unwrap()).unwrap();
    let in_one = auditor.verify(|_| {}).await.unwrap();
    let mut invocations = 0;
    let last = loop {
        let begun = Cell::new(false);
        // Time for one step, and no more.
        let round = auditor.go_on(|| begun.replace(true), |_| {}).await.unwrap();
        invocations += 1;
        assert_eq!(round.steps, 1);
        if round.finished {
            break round;
        }
    };
    assert!(invocations >= 5, "{invocations}: three passes, two of them of more than a page");
    assert_eq!(last.totals, in_one);
    assert_eq!(last.totals.broken, 10, "copies without movements");
    let again = auditor.go_on(|| false, |_| {}).await.unwrap();
    assert_eq!((again.steps, again.began, again.kept), (0, last.began, last.kept), "once a day");
}
