//! The tables: printed, and put into `infra/performance.md` and the README between two marks.

use std::fmt::Write;

use crate::Failed;
use crate::calls::Calls;
use crate::figures::{Action, Figures, Share, Spread};
use crate::functions::repository;
use crate::targets;

fn millis(micros: u64) -> String {
    match micros {
        0 => "–".to_owned(),
        _ => format!("{:.2}", micros as f64 / 1_000.0),
    }
}

fn middle(spread: &Spread) -> String {
    if spread.n == 0 { "–".to_owned() } else { millis(spread.p50) }
}

/// Where and when, and what the floor took.
fn where_and_when(figures: &Figures) -> String {
    format!(
        "Measured {} on {}. The floor, a Lambda in Rust that does nothing: start {} ms ({} ms of processor), first call \
         {} ms, warm {} ms, {:.1} MB, {:.1} MiB.\n",
        figures.date,
        figures.machine,
        millis(figures.floor.start.p50),
        millis(figures.floor.start_processor.p50),
        millis(figures.floor_first.p50),
        millis(figures.floor_warm.p50),
        figures.floor.bytes as f64 / 1e6,
        figures.floor.peak_kib as f64 / 1_024.0,
    )
}

/// One line for each function.
pub fn functions(figures: &Figures) -> String {
    let mut text = "| Function | Start ms | processor | × floor | First call ms | at its share | Warm p50 | p90 | p99 | \
                    processor | Peak MiB | MB | zipped |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for binary in &figures.binaries {
        let of_it = || figures.actions.iter().filter(|action| action.function == binary.name);
        let main = of_it().max_by_key(|action| action.warm.n).cloned().unwrap_or_default();
        let ratio = binary.start_processor.p50 as f64 / figures.floor.start_processor.p50.max(1) as f64;
        let Action { first, first_with_share, warm, warm_processor, .. } = main;
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {ratio:.1} | {} | {} | {} | {} | {} | {} | {:.1} | {:.1} | {:.1} |",
            binary.name,
            middle(&binary.start),
            middle(&binary.start_processor),
            middle(&first),
            middle(&first_with_share),
            middle(&warm),
            millis(warm.p90),
            millis(warm.p99),
            middle(&warm_processor),
            binary.peak_kib as f64 / 1_024.0,
            binary.bytes as f64 / 1e6,
            binary.zipped as f64 / 1e6,
        );
    }
    text
}

fn actions(figures: &Figures) -> Result<String, Failed> {
    let calls = Calls::read()?;
    let mut text = "| Function | Action | First ms | processor | at its share | Warm p50 | p99 | processor | DynamoDB calls | \
                    read units | write units |\n|---|---|---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for action in &figures.actions {
        let logical = |folder: &str| -> String {
            let parts = folder.split('-').map(|part| {
                let (first, rest) = part.split_at_checked(1).unwrap_or((part, ""));
                format!("{}{rest}", first.to_uppercase())
            });
            parts.collect()
        };
        let row = calls.row(&logical(&action.function), &action.action);
        let count = |of: fn(&crate::calls::Row) -> String| row.map_or_else(|| "–".to_owned(), of);
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            action.function,
            action.action,
            middle(&action.first),
            middle(&action.first_processor),
            middle(&action.first_with_share),
            middle(&action.warm),
            millis(action.warm.p99),
            middle(&action.warm_processor),
            count(|row| row.calls.to_string()),
            count(|row| row.read_units.to_string()),
            count(|row| row.write_units.to_string()),
        );
    }
    Ok(text)
}

pub fn targets(figures: &Figures) -> String {
    let mut text = "| Measure | Target | This run | |\n|---|---|---|---|\n".to_owned();
    for target in targets::of(figures) {
        let met = match target.met {
            Some(true) => "met",
            Some(false) => "**not met**",
            None => "",
        };
        let _ = writeln!(text, "| {} | {} | {} | {met} |", target.measure, target.wanted, target.reached);
    }
    text
}

fn load(figures: &Figures) -> String {
    let mut text =
        "| Load | Callers | A second | p50 ms | p90 | p99 | Failed |\n|---|---|---|---|---|---|---|\n"
            .to_owned();
    for load in &figures.load {
        let Spread { p50, p90, p99, .. } = load.spread;
        let _ = writeln!(
            text,
            "| {} | {} | {:.0} | {} | {} | {} | {} |",
            load.what,
            load.callers,
            load.per_second,
            millis(p50),
            millis(p90),
            millis(p99),
            load.failed
        );
    }
    text
}

fn cost(figures: &Figures) -> String {
    format!(
        "{}\n{}",
        shares("A thousand journeys", &figures.cost),
        shares("A month in which nobody comes", &figures.at_rest)
    )
}

fn shares(title: &str, shares: &[Share]) -> String {
    let mut text = format!("| {title} | Amount | $ |\n|---|---|---|\n");
    for share in shares {
        let _ = writeln!(text, "| {} | {:.1} | {:.4} |", share.what, share.amount, share.dollars);
    }
    let _ = writeln!(text, "| **together** | | **{:.4}** |", total(shares));
    text
}

fn total(shares: &[Share]) -> f64 {
    shares.iter().map(|share| share.dollars).sum()
}

fn rest(figures: &Figures) -> String {
    let mut text = String::new();
    if !figures.sizes.is_empty() {
        text.push_str(
            "\n## Other sizes\n\nIn one process, limits off; the citizen has ten thousand of them.\n\n",
        );
        text.push_str("| Debts | Search ms | List ms | History ms |\n|---|---|---|---|\n");
        for size in &figures.sizes {
            let (search, list, history) = (middle(&size.search), middle(&size.list), middle(&size.history));
            let _ = writeln!(text, "| {} | {search} | {list} | {history} |", size.debts);
        }
    }
    if !figures.peers.is_empty() {
        text.push_str("\n## Others at the same work\n\n| What | ms | Ours, same run, ms |\n|---|---|---|\n");
        for peer in &figures.peers {
            let _ = writeln!(text, "| {} | {:.2} | {:.2} |", peer.what, peer.milliseconds, peer.ours);
        }
    }
    if !figures.cold_peers.is_empty() {
        text.push_str("\n## Others asking what `search` asks\n\n| Function | Start ms | processor | First call ms | at the share of 256 MB |\n|---|---|---|---|---|\n");
        for peer in &figures.cold_peers {
            let (start, processor) = (middle(&peer.start), middle(&peer.start_processor));
            let (first, with_share) = (middle(&peer.first), middle(&peer.first_with_share));
            let _ = writeln!(text, "| {} | {start} | {processor} | {first} | {with_share} |", peer.what);
        }
    }
    if let Some(why) = &figures.no_share {
        let _ = writeln!(text, "\nNo figures with the processor's share: {why}.");
    }
    text
}

/// All of it.
pub fn everything(figures: &Figures) -> Result<String, Failed> {
    Ok(format!(
        "{}\n## Targets\n\n{}\n## Functions\n\n{FUNCTIONS_READ}{}\n![Cold start by part](performance.svg)\n\n## Actions\n\n{}\n\
         ## Load\n\n{LOAD_READ}{}\n## Money\n\n{}{}",
        where_and_when(figures),
        targets(figures),
        functions(figures),
        actions(figures)?,
        load(figures),
        cost(figures),
        rest(figures),
    ))
}

const FUNCTIONS_READ: &str = "\
Milliseconds, medians unless another is named; the action is the one measured most often. The start has a whole \
processor, as on Lambda; *at its share* is the first call with the share of the function's memory (`cpu.max`, a period of \
20 ms). Processor times include asking for the next event. Sizes are of the release profile; zipped is what is uploaded.\n\n";

const LOAD_READ: &str = "\
The whole stack and those who load it on the same machine, in one process; each caller sends the next request as soon as \
the last is answered.\n\n";

/// For the README.
fn short(figures: &Figures) -> String {
    let (total, month) = (total(&figures.cost), total(&figures.at_rest));
    let mails: f64 =
        figures.cost.iter().filter(|share| share.what.starts_with("mails")).map(|s| s.dollars).sum();
    format!(
        "{}\n{}\nIn money: a thousand completed journeys (log in, list, search, pay, message, mail, status, receipt) cost \
         **{total:.3} $**, of which {mails:.3} $ are the mails; a month in which nobody comes costs {month:.2} $ (secrets, key, \
         alarms, dashboard, a gigabyte kept). Prices: `infra/bench/prices.toml`.\n",
        where_and_when(figures),
        functions(figures),
    )
}

/// Writes the tables into the two documents.
pub fn document(figures: &Figures) -> Result<(), Failed> {
    put("infra/performance.md", &everything(figures)?)?;
    put("README.md", &short(figures))?;
    crate::picture::draw(figures, &repository().join("infra/performance.svg"))
}

const BEGIN: &str = "<!-- bench: written by `cargo run --release` in infra/bench -->\n";
const END: &str = "<!-- bench: end -->";

fn put(document: &str, table: &str) -> Result<(), Failed> {
    let path = repository().join(document);
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{document}: {e}"))?;
    let marks = text.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = marks.ok_or_else(|| format!("{document} has no place for the table"))?;
    std::fs::write(&path, format!("{before}{BEGIN}\n{table}\n{END}{after}"))?;
    Ok(())
}
