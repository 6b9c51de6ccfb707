//! The whole local stack under load, on this machine, together with those who load it: as many callers as wanted, each
//! with the next request as soon as the last is answered. What is measured is what a caller sees.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use journeys::local::Options;
use journeys::{
    CallbackMessage, ClientRequest, CreditorClient, PortalUser, PspClient, SampleNotice, StartedPayment,
    TestPortal, json,
};

use crate::Failed;
use crate::figures::{Figures, Load, Spread, histogram};

const CALLERS: usize = 16;
/// One message in five comes twice.
const REPEATED: usize = 5;

struct Counted {
    histogram: Histogram<u64>,
    failed: u64,
}

impl Counted {
    fn new() -> Result<Self, Failed> {
        Ok(Self { histogram: histogram()?, failed: 0 })
    }

    async fn ask(&mut self, ask: ClientRequest) {
        let began = Instant::now();
        let answer = ask.answer().await;
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.histogram.saturating_record(micros);
        if !(200..300).contains(&answer.status) {
            self.failed = self.failed.saturating_add(1);
        }
    }
}

/// All parts of the load, on one stack.
pub async fn load(seconds: u64, figures: &mut Figures) -> Result<(), Failed> {
    let options = Options { demo: false, limits: false, ..Options::default() };
    let portal =
        TestPortal::alone_with(options).ok_or("the benchmark wants a stack of its own: unset PORTAL_URL")?;
    let time = Duration::from_secs(seconds);
    let citizens = citizens(&portal).await;

    let searching = citizens.clone();
    let search = run("search", time, move |caller| {
        let Caller { mario, notice, .. } = searching.get(caller)?;
        let codes = json!({"fiscalCode": notice.fiscal_code, "noticeNumber": notice.number});
        Some(mario.browser.post("/api/search", &codes))
    });
    figures.load.push(search.await?);

    let listing = citizens.clone();
    let list = run("list", time, move |caller| Some(listing.get(caller)?.mario.browser.get("/api/debts")));
    figures.load.push(list.await?);

    let started = payments(&citizens, 400).await;
    let now = portal.clock().now().await.as_second();
    let next = AtomicUsize::new(0);
    let psp = portal.psp();
    let confirm = run("callback, one in five repeated", time.saturating_mul(10), move |_| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        // Of five numbers in a row, the last repeats the message before it.
        let message = number.checked_div(REPEATED)?.saturating_mul(REPEATED.saturating_sub(1));
        let within = number.checked_rem(REPEATED)?.min(REPEATED.saturating_sub(2));
        let paying = started.get(message.saturating_add(within))?;
        let callback = CallbackMessage::succeeded(paying);
        Some(psp.signed(&callback.id, now, callback.body.to_string().as_bytes()))
    });
    figures.load.push(confirm.await?);
    portal.stack().settle().await;
    figures.load.push(mixed(&citizens, now, time).await?);
    Ok(())
}

/// Runs requests until the time is over or there are no more.
async fn run(
    what: &str,
    time: Duration,
    next: impl Fn(usize) -> Option<ClientRequest> + Send + Sync + 'static,
) -> Result<Load, Failed> {
    let next = Arc::new(next);
    let began = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        let next = next.clone();
        let mut counted = Counted::new()?;
        callers.spawn(async move {
            while began.elapsed() < time {
                let Some(ask) = next(caller) else { break };
                counted.ask(ask).await;
            }
            counted
        });
    }
    let all = callers.join_all().await;
    together(what, began.elapsed(), all)
}

fn together(what: &str, took: Duration, all: Vec<Counted>) -> Result<Load, Failed> {
    let mut sum = Counted::new()?;
    for counted in all {
        sum.histogram.add(&counted.histogram)?;
        sum.failed = sum.failed.saturating_add(counted.failed);
    }
    let load = Load {
        what: what.to_owned(),
        callers: CALLERS,
        seconds: took.as_secs_f64(),
        per_second: sum.histogram.len() as f64 / took.as_secs_f64(),
        failed: sum.failed,
        spread: Spread::from(&sum.histogram),
    };
    eprintln!("{what}: {:.0} a second, p99 {} µs", load.per_second, load.spread.p99);
    Ok(load)
}

/// Somebody with an account and a debt of their own that has proven who they are; and the others' machines.
#[derive(Clone)]
struct Caller {
    mario: PortalUser,
    notice: SampleNotice,
    creditor: CreditorClient,
    psp: PspClient,
}

async fn citizens(portal: &TestPortal) -> Vec<Caller> {
    let mut citizens = Vec::new();
    for _ in 0..CALLERS {
        let (mario, notice) = portal.proven_citizen().await;
        citizens.push(Caller { mario, notice, creditor: portal.creditor(), psp: portal.psp() });
    }
    citizens
}

/// Payments that wait at the PSP, so many for each citizen.
async fn payments(citizens: &[Caller], each: usize) -> Vec<StartedPayment> {
    let mut making = tokio::task::JoinSet::new();
    for Caller { mario, creditor, .. } in citizens.iter().cloned() {
        making.spawn(async move {
            let mut started = Vec::new();
            for _ in 0..each {
                let notice = creditor.issues(&mario.person).await;
                started.push(mario.pays(&notice).await);
            }
            started
        });
    }
    making.join_all().await.into_iter().flatten().collect()
}

/// Whole journeys: a new debt, search, list, one debt, methods, start, message, how it went, receipt, history.
async fn mixed(citizens: &[Caller], now: i64, time: Duration) -> Result<Load, Failed> {
    let began = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for caller in citizens {
        let caller = caller.clone();
        let mut counted = Counted::new()?;
        callers.spawn(async move {
            while began.elapsed() < time {
                journey(&caller, now, &mut counted).await;
            }
            counted
        });
    }
    let all = callers.join_all().await;
    together("mixed journey", began.elapsed(), all)
}

async fn journey(Caller { mario, creditor, psp, .. }: &Caller, now: i64, counted: &mut Counted) {
    let notice = creditor.issues(&mario.person).await;
    let codes = json!({"fiscalCode": notice.fiscal_code, "noticeNumber": notice.number});
    counted.ask(mario.browser.post("/api/search", &codes)).await;
    counted.ask(mario.browser.get("/api/debts")).await;
    counted.ask(mario.browser.get(&format!("/api/debts/{}", notice.number))).await;
    counted.ask(mario.browser.get(&format!("/api/payment-methods?amount={}", notice.amount))).await;
    let began = Instant::now();
    let paying = mario.pays(&notice).await;
    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    counted.histogram.saturating_record(micros);
    let callback = CallbackMessage::succeeded(&paying);
    let message = callback.body.to_string();
    counted.ask(psp.signed(&callback.id, now, message.as_bytes())).await;
    counted.ask(mario.browser.get(&format!("/api/payments/{}", paying.id))).await;
    counted.ask(mario.browser.get(&format!("/api/debts/{}/receipt.pdf", notice.number))).await;
    counted.ask(mario.browser.get("/api/history")).await;
}
