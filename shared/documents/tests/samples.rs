//! Prints one page of each kind for a person to look at; the path is in the message of the test's run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::path::Path;

use domain::Debt;
use domain::account::Language;
use domain::creditor::Creditor;
use domain::receipt::Receipt;
use support::*;

#[test]
fn pages_to_look_at() {
    let printer = printer();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documents");
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(folder.join(name), bytes).unwrap();
    let no_post = Creditor { postal: None, ..creditor() };
    let mut no_date = debt();
    no_date.days = Default::default();
    let mut late = debt();
    late.days.due = Some(day("2026-01-31"));
    let notice = |creditor: &Creditor, debt: &Debt, language| {
        printer.notice(creditor, debt, language, today()).unwrap()
    };
    write("notice.pdf", notice(&creditor(), &debt(), Language::It));
    write("notice-en.pdf", notice(&creditor(), &late, Language::En));
    write("notice-long.pdf", notice(&long_creditor(), &long_debt(), Language::It));
    write("notice-long-en.pdf", notice(&long_creditor(), &long_debt(), Language::En));
    write("notice-no-post.pdf", notice(&no_post, &no_date, Language::It));
    let receipt = |creditor: &Creditor, debt: &Debt, receipt: &Receipt, language| {
        printer.receipt(creditor, debt, receipt, VERIFY_PAGE, language).unwrap()
    };
    write("receipt.pdf", receipt(&creditor(), &debt(), &support::receipt(), Language::It));
    write("receipt-bare-en.pdf", receipt(&creditor(), &debt(), &bare_receipt(), Language::En));
    write("receipt-long.pdf", receipt(&long_creditor(), &long_debt(), &support::receipt(), Language::En));
    println!("{}", folder.display());
}
