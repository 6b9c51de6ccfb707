//! How long a notice and a receipt take: `cargo run --release -p documents --example speed`.

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use domain::account::Language;
use support::*;

const ROUNDS: usize = 200;

fn main() {
    let start = Instant::now();
    let printer = printer();
    println!("prepare  {:?}", start.elapsed());
    let mut no_post = creditor();
    no_post.postal = None;
    let (creditor, long_creditor, debt, long_debt) = (creditor(), long_creditor(), debt(), long_debt());
    let (it, en, today, receipt) = (Language::It, Language::En, today(), receipt());
    measure("notice", || printer.notice(&creditor, &debt, it, today).unwrap_or_default());
    measure("notice, no postal slip", || printer.notice(&no_post, &debt, it, today).unwrap_or_default());
    measure("notice, longest texts, English", || {
        printer.notice(&long_creditor, &long_debt, en, today).unwrap_or_default()
    });
    measure("receipt", || printer.receipt(&creditor, &debt, &receipt, VERIFY_PAGE, it).unwrap_or_default());
}

fn measure(what: &str, print: impl Fn() -> Vec<u8>) {
    let timed = || {
        let start = Instant::now();
        let bytes = print().len();
        (start.elapsed(), bytes)
    };
    let (first, bytes) = timed();
    let mut warm: Vec<Duration> = (0..ROUNDS).map(|_| timed().0).collect();
    warm.sort_unstable();
    let at = |percent: usize| warm.get(warm.len() * percent / 100).copied().unwrap_or_default();
    let (best, median, slow) = (at(0), at(50), at(95));
    println!(
        "{what:32} {bytes:6} bytes  first {first:8.2?}  warm: best {best:8.2?}  half {median:8.2?}  95 % {slow:8.2?}"
    );
}
