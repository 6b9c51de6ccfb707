//! `cargo run --release` in `infra/bench`: what the product costs in time, memory and money, measured on this machine beside a
//! floor that is measured in the same run.

mod binaries;
mod calls;
mod cost;
mod endpoint;
mod figures;
mod functions;
mod host;
mod lambda;
mod load;
mod peers;
mod picture;
mod process;
mod report;
mod targets;

use std::path::Path;
use std::process::ExitCode;

use lexopt::prelude::*;

use crate::binaries::Binaries;
use crate::figures::Figures;
use crate::functions::Bench;
use crate::host::Mode;

/// Whatever stops a measurement, in one sentence.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str = "\
Measures the release binaries as Lambda runs them, behind TLS, and the whole stack under load.

    cd infra/bench && cargo run --release -- [options]

    --parts A,B    functions, load, sizes, peers (functions,load)
    --quick        a few rounds only: to see that everything runs
    --debts N,M    sizes of the tables for the part `sizes` (10,10000,1000000)
    --no-build     the release binaries are there and right
    --document     measure nothing: write the tables of the last run into README.md and infra/performance.md
    --help         this text

Results: a table on standard output, bench/figures.json and bench/cold-start.svg in the target folder. A run with parts left
out keeps the other parts' figures of the run before. With rights to make control groups (root), first calls are also
measured with the processor's share of each function's memory. `peers` installs pdfkit, reportlab, @node-rs/argon2 and
Node's SDK in the target folder, with npm and pip, and builds there a function in Rust as the SDK's documentation shows it.
";

/// What is to be measured.
pub struct Wanted {
    parts: Vec<String>,
    build: bool,
    document: bool,
    debts: Vec<usize>,
    cold: usize,
    share: usize,
    pub warm: usize,
    pub often: usize,
    seconds: u64,
}

impl Wanted {
    fn parse(mut arguments: lexopt::Parser) -> Result<Option<Self>, lexopt::Error> {
        let mut wanted = Self {
            parts: vec!["functions".to_owned(), "load".to_owned()],
            build: true,
            document: false,
            debts: vec![10, 10_000, 1_000_000],
            cold: 10,
            share: 5,
            warm: 30,
            often: 300,
            seconds: 10,
        };
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("parts") => {
                    let parts = arguments.value()?.string()?;
                    wanted.parts = parts.split(',').map(str::to_owned).collect();
                    let known = ["functions", "load", "sizes", "peers"];
                    if let Some(part) = wanted.parts.iter().find(|part| !known.contains(&part.as_str())) {
                        return Err(format!("there is no part {part}").into());
                    }
                }
                Long("quick") => {
                    (wanted.cold, wanted.share, wanted.warm, wanted.often, wanted.seconds) = (1, 1, 2, 20, 2)
                }
                Long("debts") => {
                    let sizes = arguments.value()?.string()?;
                    let sizes: Result<Vec<usize>, _> = sizes.split(',').map(str::parse).collect();
                    wanted.debts = sizes.map_err(|_| "--debts wants numbers with commas between them")?;
                }
                Long("no-build") => wanted.build = false,
                Long("document") => wanted.document = true,
                Short('h') | Long("help") => return Ok(None),
                _ => return Err(argument.unexpected()),
            }
        }
        Ok(Some(wanted))
    }

    fn has(&self, part: &str) -> bool {
        self.parts.iter().any(|wanted| wanted == part)
    }

    /// How often the journey is gone, in each mode.
    pub fn rounds(&self) -> [(Mode, usize); 3] {
        [(Mode::Cold, self.cold), (Mode::ColdWithShare, self.share), (Mode::Warm, self.warm)]
    }
}

fn main() -> ExitCode {
    let wanted = match Wanted::parse(lexopt::Parser::from_env()) {
        Ok(Some(wanted)) => wanted,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => return refuse(&format!("{error} (--help lists the options)")),
    };
    if cfg!(debug_assertions) {
        return refuse("figures of a debug build mean nothing: cargo run --release");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&format!("the runtime does not start: {error}")),
    };
    match runtime.block_on(run(&wanted)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&error.to_string()),
    }
}

fn refuse(sentence: &str) -> ExitCode {
    eprintln!("{sentence}");
    ExitCode::from(2)
}

async fn run(wanted: &Wanted) -> Result<(), Failed> {
    let binaries = Binaries::here()?;
    let folder = binaries.results()?;
    let file = folder.join("figures.json");
    let mut figures = before(&file)?;
    if wanted.document {
        return report::document(&figures);
    }
    if wanted.build {
        binaries.build()?;
    }
    // Parts left out keep the figures of the run before: the day is that of the functions'.
    if wanted.has("functions") || figures.date.is_empty() {
        figures.date = today();
        figures.machine = machine();
    }
    let others = if wanted.has("peers") { Some(peers::install(&folder)?) } else { None };
    if wanted.has("functions") || others.is_some() {
        let bench = Bench::open(&binaries, &folder).await?;
        if wanted.has("functions") {
            figures.hash = Some(peers::hash(&binaries)?);
            bench.measure(wanted, &mut figures).await?;
        }
        if let Some(others) = &others {
            figures.cold_peers = bench.peers(wanted, others).await?;
        }
    }
    if wanted.has("load") {
        figures.load.clear();
        load::load(wanted.seconds, &mut figures).await?;
    }
    if wanted.has("sizes") {
        figures.sizes.clear();
        functions::sizes(&wanted.debts, wanted.often, &mut figures).await?;
    }
    if let Some(others) = &others {
        figures.peers = peers::all(&binaries, others, &figures)?;
    }
    figures.cost = cost::of_a_thousand(&figures)?;
    figures.at_rest = cost::of_a_month()?;
    std::fs::write(&file, serde_json::to_string_pretty(&figures)?)?;
    picture::draw(&figures, &folder.join("cold-start.svg"))?;
    println!("{}", report::everything(&figures)?);
    eprintln!("{}", file.display());
    Ok(())
}

/// The figures of the run before, if there was one.
fn before(file: &Path) -> Result<Figures, Failed> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(serde_json::from_str(&text)?),
        Err(_) => Ok(Figures::default()),
    }
}

#[expect(clippy::disallowed_methods, reason = "the day on which this machine was measured")]
fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Processor, cores and system, as the kernel names them.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    let model = model.unwrap_or("an unnamed processor").to_owned();
    format!("{model}, {cores} cores, {} (load {load} at the start)", std::env::consts::ARCH)
}

/// A task of the benchmark's own: it ends with the program.
#[expect(clippy::disallowed_methods, reason = "servers and processes beside the measurement")]
fn in_background(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}
