//! All ordered pairs of faults in the rows of payments (FM-28 to FM-52): the second comes later in the same action, or
//! when it is tried again. `PAIRS=2000` runs so many of them, evenly spread; the long run runs all.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::actions::FaultAction;
use crate::cases::{FaultPlan, Hit, hits_of, run_case};
use crate::{KnownCalls, known};

/// Returns whether a row is one of a payment's.
fn is_payment(row: &str) -> bool {
    row.trim_start_matches("FM-").parse::<u32>().is_ok_and(|number| (28..=54).contains(&number))
}

/// Every pair: a fault at one call, and another at a later call or at one of the next try.
fn pairs() -> Vec<(&'static FaultAction, Hit, Hit)> {
    let mut pairs = Vec::new();
    for KnownCalls { action, calls, .. } in known() {
        if !calls.iter().any(|(.., row)| is_payment(row)) {
            continue;
        }
        for (first, at, _) in calls {
            let most = calls.iter().filter(|(call, ..)| call.function == first.function).count() as u64;
            for (_, one) in hits_of(first, *at).into_iter().filter(|(_, hit)| !hit.lasting) {
                for (second, then, _) in calls.iter().filter(|(call, ..)| call.function == first.function) {
                    for number in [*then, *then + most] {
                        let others = hits_of(second, number).into_iter().filter(|(_, hit)| !hit.lasting);
                        let later = others.filter(|(_, hit)| hit.number > one.number);
                        pairs.extend(later.map(|(_, two)| (*action, one.clone(), two)));
                    }
                }
            }
        }
    }
    pairs
}

/// Runs every n-th pair; returns how many.
fn hold(step: usize) -> usize {
    let all = pairs();
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(step, Ordering::Relaxed);
                    let Some((action, one, two)) = all.get(place) else { return };
                    let ended = run_case(action, &FaultPlan::Pair(one.clone(), two.clone()));
                    if !ended.faults.is_empty() {
                        let why = format!(
                            "{}: {one:?}, then {two:?}:\n    {}",
                            action.name,
                            ended.faults.join("\n    ")
                        );
                        println!("{why}");
                        failed.lock().unwrap().push(why);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {} pairs:\n{}", failed.len(), all.len(), failed.join("\n"));
    all.len().div_ceil(step)
}

#[test]
fn some_pairs_of_troubles_keep_the_books_right() {
    let wanted = journeys::variable("PAIRS").and_then(|text| text.parse().ok()).unwrap_or(40);
    let step = pairs().len().div_ceil(wanted).max(1);
    println!("{} of {} pairs", hold(step), pairs().len());
}

#[test]
#[ignore = "the long run before a release: cargo test --release -p journeys --test faults -- --ignored"]
fn all_pairs_of_troubles_keep_the_books_right() {
    let played = hold(1);
    println!("{played} pairs");
    assert!(played > 20_000, "only {played}");
}
