//! Every function, cold and warm, through the very journey that the tests take.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use journeys::journey::{JourneyObserver, journey};
use journeys::local::{Options, Stack};
use journeys::{CallbackMessage, PortalUser, SampleNotice, TestPortal, Value, json};

use crate::binaries::{Binaries, zipped};
use crate::endpoint::Endpoint;
use crate::figures::{Action, Binary, ColdPeer, Figures, Spread};
use crate::host::{Call, Host, Mode};
use crate::lambda::{Instance, Program, Took};
use crate::{Failed, Wanted};

struct Watching<'a> {
    host: &'a Host,
    folders: &'a BTreeMap<String, String>,
}

impl JourneyObserver for Watching<'_> {
    fn before(&self, function: &'static str, action: &'static str) {
        let folder = self.folders.get(function).map_or("", String::as_str);
        self.host.looks_at(folder, action);
    }

    fn after(&self, _: &'static str, _: &'static str) {
        self.host.looks_at("", "");
    }
}

/// How often a floor is started and called.
const FLOOR_STARTS: usize = 40;
const FLOOR_CALLS: usize = 300;
/// How often somebody may ask the same before a limit says no.
const AGAIN: usize = 10;

/// The stack, with its functions run by us.
pub struct Bench {
    portal: TestPortal,
    host: Host,
    endpoint: Endpoint,
    /// Logical id → folder.
    folders: BTreeMap<String, String>,
    floor: Program,
    socket: Program,
}

impl Bench {
    pub async fn open(binaries: &Binaries, folder: &Path) -> Result<Self, Failed> {
        let host = Host::open(&binaries.functions).await?;
        let options = Options { demo: false, invoke: Some(host.address.clone()), ..Options::default() };
        let portal = TestPortal::alone_with(options)
            .ok_or("the benchmark wants a stack of its own: unset PORTAL_URL")?;
        let endpoint = Endpoint::open(portal.url(), folder).await?;
        let environment = portal.browser().get("/_local/environment.json").answer().await.ok();
        let mut programs = BTreeMap::new();
        let mut folders = BTreeMap::new();
        for function in portal.stack().template().functions.values() {
            let variables = variables(environment.get(&function.name).unwrap_or(&Value::Null), &endpoint);
            let program = Program {
                name: function.folder.clone(),
                binary: binaries.path(&function.folder),
                arguments: Vec::new(),
                variables,
                memory_mib: u32::try_from(function.memory_mib).unwrap_or(256),
            };
            programs.insert(function.folder.clone(), program);
            folders.insert(function.name.clone(), function.folder.clone());
        }
        host.has(programs);
        let floor = |name: &str| Program {
            name: name.to_owned(),
            binary: binaries.path(name),
            arguments: Vec::new(),
            variables: variables(&json!({"ENDPOINT_PORT": endpoint.port.to_string()}), &endpoint),
            memory_mib: 256,
        };
        Ok(Self { floor: floor("floor"), socket: floor("socket"), portal, host, endpoint, folders })
    }

    /// Starts and first calls, then calls to instances that stay.
    pub async fn measure(&self, wanted: &Wanted, figures: &mut Figures) -> Result<(), Failed> {
        let mut calls = Vec::new();
        self.floor(figures).await?;
        for (mode, rounds) in wanted.rounds() {
            if mode == Mode::ColdWithShare
                && let Err(why) = crate::process::Share::of(256, "trial")
            {
                figures.no_share = Some(why);
                continue;
            }
            self.host.set(mode).await;
            for round in 1..=rounds {
                eprintln!("{mode:?}: journey {round} of {rounds}");
                journey(&self.portal, &Watching { host: &self.host, folders: &self.folders }).await;
            }
            calls.extend(self.host.calls());
        }
        self.host.set(Mode::Warm).await;
        if wanted.warm > 0 {
            figures.socket.clear();
            calls.extend(self.often(wanted.often, figures).await?);
        }
        figures.actions = actions(&calls);
        figures.binaries = self.binaries(&calls)?;
        Ok(())
    }

    /// Starts and first calls of functions that others would write, asking what `search` asks.
    pub async fn peers(&self, wanted: &Wanted, folder: &Path) -> Result<Vec<ColdPeer>, Failed> {
        let ours = self.host.program("search").ok_or("there is no function search")?;
        let event = self.event("Search", self.one_search()).await;
        let mut all = Vec::new();
        for peer in crate::peers::functions(folder, &self.endpoint.certificate)? {
            let mut variables = ours.variables.clone();
            variables.extend(peer.variables);
            let program = Program { variables, memory_mib: ours.memory_mib, ..peer };
            let mut cold = ColdPeer { what: program.name.clone(), ..ColdPeer::default() };
            for (mode, rounds) in wanted.rounds() {
                let with_share = mode == Mode::ColdWithShare;
                if mode == Mode::Warm || (with_share && crate::process::Share::of(256, "trial").is_err()) {
                    continue;
                }
                let (mut starts, mut first) = (Vec::new(), Vec::new());
                for _ in 0..rounds {
                    let (mut instance, start) = Instance::start(&program, with_share).await?;
                    let called = instance.call(event.clone()).await;
                    instance.stop().await;
                    starts.push(start);
                    first.push(called.map_err(|e| format!("{}: {e}", program.name))?.1);
                }
                match with_share {
                    true => cold.first_with_share = wall(&first),
                    false => {
                        (cold.start, cold.first) = (wall(&starts), wall(&first));
                        cold.start_processor = processor(&starts);
                    }
                }
            }
            all.push(cold);
        }
        Ok(all)
    }

    async fn floor(&self, figures: &mut Figures) -> Result<(), Failed> {
        let (mut starts, mut first) = (Vec::new(), Vec::new());
        let mut peak_kib = 0;
        for _ in 0..FLOOR_STARTS {
            let (mut instance, start) = Instance::start(&self.floor, false).await?;
            let (_, took) = instance.call(b"{}".to_vec()).await?;
            peak_kib = peak_kib.max(instance.peak_memory());
            instance.stop().await;
            starts.push(start);
            first.push(took);
        }
        let (mut instance, _) = Instance::start(&self.floor, false).await?;
        let warm = repeated(&mut instance, b"{}", FLOOR_CALLS).await?;
        instance.stop().await;
        figures.floor = Binary { peak_kib, ..self.binary(&self.floor, &starts)? };
        figures.floor_first = wall(&first);
        figures.floor_warm = wall(&warm);
        figures.floor_warm_processor = processor(&warm);
        Ok(())
    }

    fn binary(&self, program: &Program, starts: &[Took]) -> Result<Binary, Failed> {
        Ok(Binary {
            name: program.name.clone(),
            memory_mib: program.memory_mib,
            bytes: std::fs::metadata(&program.binary)?.len(),
            zipped: zipped(&program.binary)?,
            start: wall(starts),
            start_processor: processor(starts),
            peak_kib: 0,
        })
    }

    fn binaries(&self, calls: &[Call]) -> Result<Vec<Binary>, Failed> {
        let mut binaries = Vec::new();
        for folder in self.folders.values() {
            let Some(program) = self.host.program(folder) else { continue };
            let of_it = || calls.iter().filter(|call| call.function == *folder);
            let starts: Vec<Took> =
                of_it().filter(|call| call.mode != Mode::Warm).filter_map(|call| call.start).collect();
            let peak_kib = of_it().map(|call| call.peak_kib).max().unwrap_or(0);
            binaries.push(Binary { peak_kib, ..self.binary(program, &starts)? });
        }
        Ok(binaries)
    }

    /// The calls whose targets are about how they spread and what a processor can do: often, one right after another, and
    /// in turn with the floor that asks the same, so that both meet the same machine. A tour's calls have a whole stack
    /// between them, which leaves the processor's caches to others.
    async fn often(&self, times: usize, figures: &mut Figures) -> Result<Vec<Call>, Failed> {
        let (mario, notice) = self.portal.proven_citizen().await;
        let paid = self.portal.creditor().issues(&mario.person).await;
        mario.has_paid(&paid).await;
        let _ = self.host.calls();
        // A source may search ten times a minute and log in twenty times in ten, a code be searched for twenty times a
        // day: each of them asks ten times.
        for _ in 0..times.div_ceil(AGAIN) {
            let somebody = self.portal.citizen();
            let theirs = self.portal.creditor().issues(&somebody.person).await;
            self.during("search", "by notice number", somebody.searches(&theirs)).await;
            self.during("login", "log in", mario.elsewhere().logs_in()).await;
        }
        self.during("list-debts", "to pay, a few", mario.to_pay()).await;
        self.during("notice-pdf", "a notice", mario.notice_pdf(&notice)).await;
        self.during("receipt-pdf", "a receipt", mario.receipt_pdf(&paid)).await;
        let heard = self.host.calls();
        let mut calls = Vec::new();
        for (function, action) in [
            ("search", "by notice number"),
            ("list-debts", "to pay, a few"),
            ("notice-pdf", "a notice"),
            ("receipt-pdf", "a receipt"),
            ("login", "log in"),
        ] {
            let of_it = heard.iter().filter(|call| call.function == function && call.action == action);
            let events: Vec<&Call> = of_it.collect();
            let floor = match function {
                "search" => Some(self.event("Search", self.one_search()).await),
                "list-debts" => Some(self.event("ListDebts", one_list(&mario)).await),
                _ => None,
            };
            let (ours, socket) = self.in_turn(&events, floor, times).await?;
            calls.extend(ours);
            if !socket.is_empty() {
                figures.socket.push(Action {
                    function: function.to_owned(),
                    action: action.to_owned(),
                    warm: wall(&socket),
                    warm_processor: processor(&socket),
                    ..Action::default()
                });
            }
        }
        calls.extend(self.confirmations(times.div_ceil(AGAIN)).await);
        let _ = self.host.calls();
        Ok(calls)
    }

    /// The same calls again, to an instance of their own, each followed by one to the socket if there is a floor to ask.
    async fn in_turn(
        &self,
        events: &[&Call],
        floor: Option<Vec<u8>>,
        times: usize,
    ) -> Result<(Vec<Call>, Vec<Took>), Failed> {
        let (mut calls, mut floors) = (Vec::new(), Vec::new());
        let first = events.first().ok_or("nothing was heard to ask again")?;
        let program = self.host.program(&first.function).ok_or("there is no such function")?;
        let (mut ours, _) = Instance::start(program, false).await?;
        ours.call(first.event.clone()).await?;
        let mut socket = None;
        if let Some(floor) = floor {
            let (mut instance, _) = Instance::start(&self.socket, false).await?;
            instance.call(floor.clone()).await?;
            socket = Some((instance, floor));
        }
        for call in events.iter().cycle().take(times) {
            let (_, took) = ours.call(call.event.clone()).await?;
            let peak_kib = ours.peak_memory();
            calls.push(Call { start: None, took, peak_kib, event: Vec::new(), ..(*call).clone() });
            if let Some((socket, floor)) = &mut socket {
                floors.push(socket.call(floor.clone()).await?.1);
            }
        }
        ours.stop().await;
        if let Some((socket, _)) = socket {
            socket.stop().await;
        }
        Ok((calls, floors))
    }

    /// Payments confirmed one right after another, ten for each of so many citizens.
    async fn confirmations(&self, citizens: usize) -> Vec<Call> {
        let mut all = Vec::new();
        for _ in 0..citizens {
            let mario = self.portal.proven_citizen().await.0;
            let mut begun = Vec::new();
            // An account may begin ten payments an hour.
            for _ in 0..AGAIN {
                let notice = self.portal.creditor().issues(&mario.person).await;
                begun.push(mario.pays(&notice).await);
            }
            let _ = self.host.calls();
            for paying in &begun {
                let (psp, callback) = (self.portal.psp(), CallbackMessage::succeeded(paying));
                self.during("psp-callback", "paid", psp.calls_back(&callback)).await;
            }
            all.extend(self.host.calls());
        }
        all
    }

    async fn during<T>(&self, function: &str, action: &str, work: impl Future<Output = T>) {
        self.at(function, action);
        work.await;
        self.at("", "");
    }

    fn at(&self, function: &str, action: &str) {
        self.host.looks_at(function, action);
    }

    async fn one_search(&self) {
        let somebody = self.portal.citizen();
        let theirs: SampleNotice = self.portal.creditor().issues(&somebody.person).await;
        somebody.searches(&theirs).await;
    }

    /// What a function asks of DynamoDB during one call, for somebody else to ask it again.
    async fn event(&self, caller: &str, call: impl Future<Output = ()>) -> Vec<u8> {
        drop(self.endpoint.asked_by(caller));
        call.await;
        json!({"requests": self.endpoint.asked_by(caller)}).to_string().into_bytes()
    }
}

async fn one_list(mario: &PortalUser) {
    mario.to_pay().await;
}

async fn repeated(instance: &mut Instance, event: &[u8], times: usize) -> Result<Vec<Took>, Failed> {
    let mut all = Vec::new();
    for _ in 0..times {
        all.push(instance.call(event.to_vec()).await?.1);
    }
    Ok(all)
}

fn wall(took: &[Took]) -> Spread {
    Spread::of(took.iter().map(|took| took.wall))
}

fn processor(took: &[Took]) -> Spread {
    Spread::of(took.iter().map(|took| took.processor))
}

fn variables(given: &Value, endpoint: &Endpoint) -> BTreeMap<String, String> {
    let given = given.as_object().into_iter().flatten();
    let mut variables: BTreeMap<String, String> =
        given.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect();
    let path = |path: &PathBuf| path.display().to_string();
    variables.insert("AWS_ENDPOINT_URL".to_owned(), format!("https://localhost:{}", endpoint.port));
    variables.insert("AWS_CA_BUNDLE".to_owned(), path(&endpoint.certificate));
    variables
}

/// By function and action, in the order in which they were first met.
fn actions(calls: &[Call]) -> Vec<Action> {
    let mut order: Vec<(&str, &str)> = Vec::new();
    for call in calls {
        // Letters are brought whenever there are any: of no action in particular.
        let name = (call.function.as_str(), call.action.as_str());
        if (!call.action.is_empty() || call.function == "process-outbox") && !order.contains(&name) {
            order.push(name);
        }
    }
    let each = |(function, action): &(&str, &str)| {
        let of_it = |mode: Mode| -> Vec<Took> {
            let same =
                |call: &&Call| call.function == *function && call.action == *action && call.mode == mode;
            // A warm instance's own first call is no warm call.
            let steady = |call: &&Call| mode != Mode::Warm || call.start.is_none();
            calls.iter().filter(same).filter(steady).map(|call| call.took).collect()
        };
        let (first, warm) = (of_it(Mode::Cold), of_it(Mode::Warm));
        Action {
            function: (*function).to_owned(),
            action: if action.is_empty() { "letters".to_owned() } else { (*action).to_owned() },
            first: wall(&first),
            first_processor: processor(&first),
            first_with_share: wall(&of_it(Mode::ColdWithShare)),
            warm: wall(&warm),
            warm_processor: processor(&warm),
        }
    };
    order.iter().map(each).collect()
}

/// How long the stack's own functions take on tables of other sizes, in this process: of interest is that it is flat.
pub async fn sizes(wanted: &[usize], often: usize, figures: &mut Figures) -> Result<(), Failed> {
    for debts in wanted {
        let options = Options { demo: false, limits: false, ..Options::default() };
        let portal = TestPortal::alone_with(options)
            .ok_or("the benchmark wants a stack of its own: unset PORTAL_URL")?;
        let (mario, notice) = portal.proven_citizen().await;
        // One citizen with ten thousand at most, the others' in their own lists.
        portal.multiplies(&notice, (*debts).min(10_000)).await;
        let other = portal.creditor().issues(&portal.citizen().person).await;
        portal.multiplies(&other, debts.saturating_sub(10_000)).await;
        let mut times: [Vec<Duration>; 3] = Default::default();
        for _ in 0..often {
            let [search, list, history] = &mut times;
            timed(search, mario.searches(&notice)).await;
            timed(list, mario.to_pay()).await;
            timed(history, mario.history("")).await;
        }
        let [search, list, history] = times.map(Spread::of);
        eprintln!("{debts} debts: search {} µs, list {} µs", search.p50, list.p50);
        figures.sizes.push(crate::figures::Size { debts: *debts, search, list, history });
    }
    Ok(())
}

async fn timed<T>(times: &mut Vec<Duration>, work: impl Future<Output = T>) {
    let began = std::time::Instant::now();
    work.await;
    times.push(began.elapsed());
}

/// The repository, for the tables that are kept in it.
pub fn repository() -> PathBuf {
    Stack::repository()
}
