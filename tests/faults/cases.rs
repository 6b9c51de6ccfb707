//! One case: a deed meets trouble, everybody recovers, the books are read.

use std::collections::BTreeMap;
use std::rc::Rc;

use journeys::books::Books;
use journeys::local::faults::{Call, Fault, Scope};
use journeys::{checker, together};

use crate::crossings::{CROSSINGS, Crossing};
use crate::deeds::{Caller, Deed};
use crate::scene::Scene;

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

/// Trouble at one call of a function.
#[derive(Clone, Debug)]
pub struct Hit {
    pub function: String,
    /// From 1, among the function's calls.
    pub number: u64,
    pub fault: Fault,
    /// The calls after it, the SDK's repetitions first, meet it too.
    pub lasting: bool,
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum Trouble {
    Hits(Vec<Hit>),
    /// The second comes later, or when it is tried again at once.
    Pair(Hit, Hit),
    /// The same again, twice.
    Again,
    /// Another message of the same debt or user comes before it, and in a second play after it.
    Crossed(&'static Crossing),
    /// The same at the same time, with trouble in one of them.
    Twins(Vec<Hit>),
    /// Our clock goes wrong by so many minutes just before.
    Skew(i64),
}

/// How a case ended: its letter in the matrix, and what does not hold.
pub struct Ended {
    pub letter: char,
    pub faults: Vec<String>,
    /// What is stored in the end, by kind and number.
    pub books: BTreeMap<String, usize>,
}

/// The calls of a deed when nothing goes wrong, and what of the same debt or user can cross it.
pub fn calls(deed: &'static Deed) -> (Vec<Call>, Vec<&'static Crossing>) {
    on_a_runtime(async move {
        let scene = arranged(deed).await;
        let crossings = CROSSINGS.iter().filter(|crossing| (crossing.applies)(&scene)).collect();
        let (calls, status) = scene.calls_of((deed.act)(scene.clone())).await;
        assert!(deed.fine.contains(&status), "{}: {status} without any trouble", deed.name);
        (calls, crossings)
    })
}

/// The troubles that a call can meet, with their column.
pub fn troubles_of(call: &Call, number: u64) -> Vec<(Column, Hit)> {
    let hit = |fault, lasting| Hit { function: call.function.clone(), number, fault, lasting };
    let mut troubles =
        vec![(Column::F1, hit(Fault::CrashBefore, false)), (Column::F2, hit(Fault::CrashAfter, false))];
    let (service, operation) = call.operation.split_once(':').unwrap_or_default();
    let column = match service {
        "ses" => Column::F6,
        "psp" => Column::F7,
        _ => Column::F3,
    };
    for fault in [Fault::Throttle, Fault::ServerError, Fault::LoseRequest] {
        troubles.push((column, hit(fault, true)));
    }
    troubles.push((column, hit(Fault::ServerError, false)));
    let writes = matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems");
    if writes {
        troubles.push((Column::F4, hit(Fault::Conflict, false)));
        troubles.push((Column::F4, hit(Fault::Conflict, true)));
    }
    if writes || service == "psp" {
        troubles.push((Column::F5, hit(Fault::LoseAnswer, false)));
        troubles.push((Column::F5, hit(Fault::LoseAnswer, true)));
        troubles.push((Column::F5, hit(Fault::Silence, false)));
    }
    if service == "ses" {
        troubles.push((Column::F6, hit(Fault::LoseAnswer, false)));
    }
    troubles
}

/// The SDK tries three times, our own loops six: what lasts outlives both.
const LASTING: u64 = 40;

fn plans(scene: &Scene, hits: &[Hit]) {
    for hit in hits {
        let last = if hit.lasting { hit.number + LASTING } else { hit.number };
        let faults = (hit.number..=last).map(|number| (number, hit.fault));
        scene.stage.stack.faults().plan(Scope::function(&hit.function), faults);
    }
}

pub fn on_a_runtime<T>(work: impl Future<Output = T>) -> T {
    fastrand::seed(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(work)
}

async fn arranged(deed: &'static Deed) -> Rc<Scene> {
    let scene = Scene::open(1).await;
    (deed.arrange)(scene.clone()).await;
    scene
}

/// Plays a case to its end.
pub fn play(deed: &'static Deed, trouble: &Trouble) -> Ended {
    match trouble {
        Trouble::Crossed(crossing) => crossed(deed, crossing),
        _ => on_a_runtime(played(deed, trouble)),
    }
}

/// Both orders of a deed and another message. Messages of senders leave the same behind in either (INV-M05).
fn crossed(deed: &'static Deed, crossing: &'static Crossing) -> Ended {
    let [mut before, after] = [true, false].map(|first| {
        on_a_runtime(async move {
            let scene = arranged(deed).await;
            let stored = scene.stored();
            let mut status = 0;
            for crosses in [first, !first] {
                match crosses {
                    true => (crossing.act)(scene.clone()).await,
                    false => status = (deed.act)(scene.clone()).await,
                }
            }
            let trouble = Trouble::Crossed(crossing);
            let letter = letter(deed, &trouble, status, &scene, &stored);
            let mut faults = Vec::new();
            acknowledged(deed, status, &scene, &mut faults);
            if status >= 500 {
                let order = if first { "after" } else { "before" };
                faults.push(format!("answered {status} {order} {}", crossing.name));
            }
            recovers(deed, &trouble, &scene, &mut faults).await;
            Ended { letter, faults, books: scene.money() }
        })
    });
    before.faults.extend(after.faults);
    let both_are_messages = deed.caller == Caller::Sender && crossing.is_message;
    if both_are_messages && before.books != after.books {
        let (first, then) = (&before.books, &after.books);
        before.faults.push(format!("INV-M05 in one order {first:?}, in the other {then:?}"));
    }
    before
}

async fn played(deed: &'static Deed, trouble: &Trouble) -> Ended {
    let scene = arranged(deed).await;
    let before = scene.stored();
    let act = || (deed.act)(scene.clone());
    let mut faults = Vec::new();
    let status = match trouble {
        Trouble::Hits(hits) => {
            plans(&scene, hits);
            act().await
        }
        Trouble::Pair(one, two) => {
            plans(&scene, &[one.clone(), two.clone()]);
            let first = act().await;
            if deed.fine.contains(&first) { first } else { act().await }
        }
        Trouble::Again => {
            let first = act().await;
            let stored = scene.stored();
            let again = act().await;
            if !deed.fine.contains(&first) || !deed.fine.contains(&again) {
                faults.push(format!("answered {first}, and again {again}"));
            }
            if deed.caller == Caller::Sender && stored != scene.stored() {
                faults.push("a repeated message changed something (INV-M04)".to_owned());
            }
            again
        }
        Trouble::Twins(hits) => {
            plans(&scene, hits);
            let both = together([act(), act()]).await;
            both[0].min(both[1])
        }
        Trouble::Crossed(crossing) => unreachable!("{} is played in two orders", crossing.name),
        Trouble::Skew(minutes) => {
            let clock = scene.stage.stack.clock();
            clock.advance(jiff::SignedDuration::from_mins(*minutes));
            let status = act().await;
            // Set right again.
            clock.advance(jiff::SignedDuration::from_mins(-*minutes));
            status
        }
    };
    let happened = !scene.stage.stack.faults().injected().is_empty();
    scene.stage.stack.faults().clear();
    if let (Trouble::Hits(_), false) = (trouble, happened) {
        faults.push("the trouble never came".to_owned());
    }
    acknowledged(deed, status, &scene, &mut faults);
    let letter = letter(deed, trouble, status, &scene, &before);
    recovers(deed, trouble, &scene, &mut faults).await;
    Ended { letter, faults, books: scene.counted() }
}

/// What is stored in the end when nothing goes wrong.
pub fn untroubled(deed: &'static Deed) -> BTreeMap<String, usize> {
    on_a_runtime(async move {
        let scene = arranged(deed).await;
        (deed.act)(scene.clone()).await;
        recovers(deed, &Trouble::Hits(Vec::new()), &scene, &mut Vec::new()).await;
        scene.counted()
    })
}

/// What a sender is told that we have is applied, not merely kept (INV-M22).
fn acknowledged(deed: &Deed, status: u16, scene: &Scene, faults: &mut Vec<String>) {
    let kept = scene.messages_not_applied();
    if deed.caller == Caller::Sender && status == 200 && kept > 0 {
        faults.push(format!("INV-M22 acknowledged while {kept} message is not applied"));
    }
}

/// The matrix's letter for what was seen before anybody recovered.
fn letter(
    deed: &Deed,
    trouble: &Trouble,
    status: u16,
    scene: &Scene,
    before: &std::collections::BTreeSet<String>,
) -> char {
    let crash = matches!(trouble, Trouble::Hits(hits) if hits.iter().any(|hit| {
        matches!(hit.fault, Fault::CrashBefore | Fault::CrashAfter)
    }));
    let waits = scene.waiting_letters() > 0 || scene.unknown_payments() > 0;
    match (deed.caller, status) {
        (Caller::Worker, _) if waits => 'Q',
        (Caller::Worker, _) => 'S',
        // What this caller is told when nothing is wrong: of a wrong password, that it is wrong.
        (_, status) if deed.fine.first() == Some(&status) => 'S',
        (_, 200..300) => 'S',
        (Caller::Sender, 500..) => 'T',
        (_, 500..) if scene.stored() == *before => {
            if crash {
                'N'
            } else {
                'R'
            }
        }
        (_, 500..) if scene.unknown_payments() > 0 => 'U',
        // Done, and only the answer is missing: who asks again is told so.
        (_, 500..) => 'S',
        (_, 409) => 'K',
        _ => 'G',
    }
}

/// The person tries once more; senders bring everything twice; the sweep runs and two days pass. Then everything
/// must hold.
async fn recovers(deed: &'static Deed, trouble: &Trouble, scene: &Rc<Scene>, faults: &mut Vec<String>) {
    scene.stage.stack.advance(std::time::Duration::from_secs(31)).await;
    let times = match deed.caller {
        Caller::Person | Caller::Worker => 1,
        Caller::Sender => 2,
    };
    for _ in 0..times {
        let again = (deed.act)(scene.clone()).await;
        // What crossed it may have left nothing to do: then a person is told so.
        let may_be_refused = matches!(trouble, Trouble::Crossed(_)) && deed.caller == Caller::Person;
        let fine = deed.fine.contains(&again) || (may_be_refused && (400..500).contains(&again));
        if !fine {
            faults.push(format!("afterwards it was answered {again}"));
        }
    }
    scene.two_days_pass().await;
    let troubles = if matches!(trouble, Trouble::Pair(..)) { 2 } else { 1 };
    faults.extend(checker::check(&scene.stage.history(), scene.stage.cut_off().min(troubles)));
    let books = Books::of(&scene.stage.stack);
    faults.extend(books.faults(true));
    let strange: Vec<String> = books.unmatched().into_iter().collect();
    let kept = scene.kept.borrow().clone();
    let expected: Vec<String> = if is_strange(deed) { vec![kept] } else { Vec::new() };
    if strange != expected {
        faults.push(format!("INV-M24 strange money: kept {strange:?}, came {expected:?}"));
    }
}

fn is_strange(deed: &Deed) -> bool {
    deed.name.ends_with("we do not know") || deed.name.ends_with("nothing we know")
}
