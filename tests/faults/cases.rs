//! One case: faults are injected into an action, everybody recovers, the invariants are checked.

use std::collections::BTreeMap;
use std::rc::Rc;

use journeys::ledger::LedgerView;
use journeys::local::faults::{Call, InjectedFault, Scope};
use journeys::{checker, together};

use crate::actions::{ActionCaller, FaultAction};
use crate::crossings::{CROSSINGS, Crossing};
use crate::fixture::Fixture;

/// Columns of the fault matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    F1,
    F2,
    F3,
    F4,
    F5,
    F6,
    F7,
    F8,
    F9,
    F10,
    F11,
}

pub const COLUMNS: [Column; 11] = [
    Column::F1,
    Column::F2,
    Column::F3,
    Column::F4,
    Column::F5,
    Column::F6,
    Column::F7,
    Column::F8,
    Column::F9,
    Column::F10,
    Column::F11,
];

/// A fault at one call of a function.
#[derive(Clone, Debug)]
pub struct Hit {
    pub function: String,
    /// From 1, among the function's calls.
    pub number: u64,
    pub fault: InjectedFault,
    /// The calls after it, the SDK's repetitions first, meet it too.
    pub lasting: bool,
}

/// The faults of a case.
#[derive(Clone, Debug)]
pub enum FaultPlan {
    Hits(Vec<Hit>),
    /// The second comes later, or when it is tried again at once.
    Pair(Hit, Hit),
    /// The same again, twice.
    Again,
    /// Another message of the same debt or user comes before it, and in a second run after it.
    Crossed(&'static Crossing),
    /// The same at the same time, with faults in one of them.
    Twins(Vec<Hit>),
    /// Our clock goes wrong by so many minutes just before.
    Skew(i64),
}

/// How a case ended: its letter in the matrix, and what does not hold.
pub struct CaseResult {
    pub letter: char,
    pub faults: Vec<String>,
    /// What is stored in the end, by kind and number.
    pub ledger: BTreeMap<String, usize>,
}

/// The calls of an action when nothing goes wrong, and what of the same debt or user can cross it.
pub fn calls(action: &'static FaultAction) -> (Vec<Call>, Vec<&'static Crossing>) {
    on_a_runtime(async move {
        let fixture = arranged(action).await;
        let crossings = CROSSINGS.iter().filter(|crossing| (crossing.applies)(&fixture)).collect();
        let (calls, status) = fixture.calls_of((action.act)(fixture.clone())).await;
        assert!(action.fine.contains(&status), "{}: {status} without any trouble", action.name);
        (calls, crossings)
    })
}

/// The faults that a call can meet, with their column.
pub fn hits_of(call: &Call, number: u64) -> Vec<(Column, Hit)> {
    let hit = |fault, lasting| Hit { function: call.function.clone(), number, fault, lasting };
    let mut hits = vec![
        (Column::F1, hit(InjectedFault::CrashBefore, false)),
        (Column::F2, hit(InjectedFault::CrashAfter, false)),
    ];
    let (service, operation) = call.operation.split_once(':').unwrap_or_default();
    let column = match service {
        "ses" => Column::F6,
        "psp" => Column::F7,
        _ => Column::F3,
    };
    for fault in [InjectedFault::Throttle, InjectedFault::ServerError, InjectedFault::LoseRequest] {
        hits.push((column, hit(fault, true)));
    }
    hits.push((column, hit(InjectedFault::ServerError, false)));
    let writes = matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems");
    if writes {
        hits.push((Column::F4, hit(InjectedFault::Conflict, false)));
        hits.push((Column::F4, hit(InjectedFault::Conflict, true)));
    }
    if writes || service == "psp" {
        hits.push((Column::F5, hit(InjectedFault::LoseAnswer, false)));
        hits.push((Column::F5, hit(InjectedFault::LoseAnswer, true)));
        hits.push((Column::F5, hit(InjectedFault::Silence, false)));
    }
    if service == "ses" {
        hits.push((Column::F6, hit(InjectedFault::LoseAnswer, false)));
    }
    hits
}

/// The SDK tries three times, our own loops six: what lasts outlives both.
const LASTING: u64 = 40;

fn plans(fixture: &Fixture, hits: &[Hit]) {
    for hit in hits {
        let last = if hit.lasting { hit.number + LASTING } else { hit.number };
        let faults = (hit.number..=last).map(|number| (number, hit.fault));
        fixture.stack().faults().plan(Scope::function(&hit.function), faults);
    }
}

pub fn on_a_runtime<T>(work: impl Future<Output = T>) -> T {
    fastrand::seed(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(work)
}

async fn arranged(action: &'static FaultAction) -> Rc<Fixture> {
    let fixture = Fixture::open(1).await;
    (action.arrange)(fixture.clone()).await;
    fixture
}

/// Runs a case to its end.
pub fn run_case(action: &'static FaultAction, trouble: &FaultPlan) -> CaseResult {
    match trouble {
        FaultPlan::Crossed(crossing) => crossed(action, crossing),
        _ => on_a_runtime(hit(action, trouble)),
    }
}

/// Both orders of an action and another message. Messages of senders leave the same behind in either (INV-M05).
fn crossed(action: &'static FaultAction, crossing: &'static Crossing) -> CaseResult {
    let [mut before, after] = [true, false].map(|first| {
        on_a_runtime(async move {
            let fixture = arranged(action).await;
            let stored = fixture.stored();
            let mut status = 0;
            for crosses in [first, !first] {
                match crosses {
                    true => (crossing.act)(fixture.clone()).await,
                    false => status = (action.act)(fixture.clone()).await,
                }
            }
            let trouble = FaultPlan::Crossed(crossing);
            let letter = letter(action, &trouble, status, &fixture, &stored);
            let mut faults = Vec::new();
            acknowledged(action, status, &fixture, &mut faults);
            if status >= 500 {
                let order = if first { "after" } else { "before" };
                faults.push(format!("answered {status} {order} {}", crossing.name));
            }
            recovers(action, &trouble, &fixture, &mut faults).await;
            CaseResult { letter, faults, ledger: fixture.money() }
        })
    });
    before.faults.extend(after.faults);
    let both_are_messages = action.caller == ActionCaller::Sender && crossing.is_message;
    if both_are_messages && before.ledger != after.ledger {
        let (first, then) = (&before.ledger, &after.ledger);
        before.faults.push(format!("INV-M05 in one order {first:?}, in the other {then:?}"));
    }
    before
}

async fn hit(action: &'static FaultAction, trouble: &FaultPlan) -> CaseResult {
    let fixture = arranged(action).await;
    let before = fixture.stored();
    let act = || (action.act)(fixture.clone());
    let mut faults = Vec::new();
    let status = match trouble {
        FaultPlan::Hits(hits) => {
            plans(&fixture, hits);
            act().await
        }
        FaultPlan::Pair(one, two) => {
            plans(&fixture, &[one.clone(), two.clone()]);
            let first = act().await;
            if action.fine.contains(&first) { first } else { act().await }
        }
        FaultPlan::Again => {
            let first = act().await;
            let stored = fixture.stored();
            let again = act().await;
            if !action.fine.contains(&first) || !action.fine.contains(&again) {
                faults.push(format!("answered {first}, and again {again}"));
            }
            if action.caller == ActionCaller::Sender && stored != fixture.stored() {
                faults.push("a repeated message changed something (INV-M04)".to_owned());
            }
            again
        }
        FaultPlan::Twins(hits) => {
            plans(&fixture, hits);
            let both = together([act(), act()]).await;
            both[0].min(both[1])
        }
        FaultPlan::Crossed(crossing) => unreachable!("{} is played in two orders", crossing.name),
        FaultPlan::Skew(minutes) => {
            let clock = fixture.stack().clock();
            clock.advance(jiff::SignedDuration::from_mins(*minutes));
            let status = act().await;
            // Set right again.
            clock.advance(jiff::SignedDuration::from_mins(-*minutes));
            status
        }
    };
    let happened = !fixture.stack().faults().injected().is_empty();
    fixture.stack().faults().clear();
    if let (FaultPlan::Hits(_), false) = (trouble, happened) {
        faults.push("the trouble never came".to_owned());
    }
    acknowledged(action, status, &fixture, &mut faults);
    let letter = letter(action, trouble, status, &fixture, &before);
    recovers(action, trouble, &fixture, &mut faults).await;
    CaseResult { letter, faults, ledger: fixture.counted() }
}

/// What is stored in the end when nothing goes wrong.
pub fn untroubled(action: &'static FaultAction) -> BTreeMap<String, usize> {
    on_a_runtime(async move {
        let fixture = arranged(action).await;
        (action.act)(fixture.clone()).await;
        recovers(action, &FaultPlan::Hits(Vec::new()), &fixture, &mut Vec::new()).await;
        fixture.counted()
    })
}

/// What a sender is told that we have is applied, not merely kept (INV-M22).
fn acknowledged(action: &FaultAction, status: u16, fixture: &Fixture, faults: &mut Vec<String>) {
    let kept = fixture.messages_not_applied();
    if action.caller == ActionCaller::Sender && status == 200 && kept > 0 {
        faults.push(format!("INV-M22 acknowledged while {kept} message is not applied"));
    }
}

/// The matrix's letter for what was seen before anybody recovered.
fn letter(
    action: &FaultAction,
    trouble: &FaultPlan,
    status: u16,
    fixture: &Fixture,
    before: &std::collections::BTreeSet<String>,
) -> char {
    let crash = matches!(trouble, FaultPlan::Hits(hits) if hits.iter().any(|hit| {
        matches!(hit.fault, InjectedFault::CrashBefore | InjectedFault::CrashAfter)
    }));
    let waits = fixture.waiting_letters() > 0 || fixture.unknown_payments() > 0;
    match (action.caller, status) {
        (ActionCaller::Worker, _) if waits => 'Q',
        (ActionCaller::Worker, _) => 'S',
        // What this caller is told when nothing is wrong: of a wrong password, that it is wrong.
        (_, status) if action.fine.first() == Some(&status) => 'S',
        (_, 200..300) => 'S',
        (ActionCaller::Sender, 500..) => 'T',
        (_, 500..) if fixture.stored() == *before => {
            if crash {
                'N'
            } else {
                'R'
            }
        }
        (_, 500..) if fixture.unknown_payments() > 0 => 'U',
        // Done, and only the answer is missing: who asks again is told so.
        (_, 500..) => 'S',
        (_, 409) => 'K',
        _ => 'G',
    }
}

/// The person tries once more; senders bring everything twice; the sweep runs and two days pass. Then everything
/// must hold.
async fn recovers(
    action: &'static FaultAction,
    trouble: &FaultPlan,
    fixture: &Rc<Fixture>,
    faults: &mut Vec<String>,
) {
    fixture.stack().advance(std::time::Duration::from_secs(31)).await;
    let times = match action.caller {
        ActionCaller::Person | ActionCaller::Worker => 1,
        ActionCaller::Sender => 2,
    };
    for _ in 0..times {
        let again = (action.act)(fixture.clone()).await;
        // What crossed it may have left nothing to do: then a person is told so.
        let may_be_refused =
            matches!(trouble, FaultPlan::Crossed(_)) && action.caller == ActionCaller::Person;
        let fine = action.fine.contains(&again) || (may_be_refused && (400..500).contains(&again));
        if !fine {
            faults.push(format!("afterwards it was answered {again}"));
        }
    }
    fixture.two_days_pass().await;
    let troubles = if matches!(trouble, FaultPlan::Pair(..)) { 2 } else { 1 };
    faults.extend(checker::check(
        &fixture.portal.harness().history(),
        fixture.portal.harness().cut_off().min(troubles),
    ));
    let ledger = LedgerView::of(fixture.stack());
    faults.extend(ledger.faults(true));
    let strange: Vec<String> = ledger.unmatched().into_iter().collect();
    let kept = fixture.kept.borrow().clone();
    let expected: Vec<String> = if is_strange(action) { vec![kept] } else { Vec::new() };
    if strange != expected {
        faults.push(format!("INV-M24 strange money: kept {strange:?}, came {expected:?}"));
    }
}

fn is_strange(action: &FaultAction) -> bool {
    action.name.ends_with("we do not know") || action.name.ends_with("nothing we know")
}
