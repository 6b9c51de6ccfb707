//! Lambda in small: takes the gateway's calls (Invoke API), keeps instances of functions, and notes how they fare.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::lambda::{Instance, Program, Took};
use crate::{Failed, in_background};

/// What becomes of an instance after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Every call meets a new one, with a whole processor.
    Cold,
    /// The same, with the processor's share of the function's memory after the start.
    ColdWithShare,
    /// It stays.
    Warm,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The binary's name.
    pub function: String,
    /// What it was for; empty for what comes in between.
    pub action: String,
    pub mode: Mode,
    /// How its instance started, if it started for this call.
    pub start: Option<Took>,
    pub took: Took,
    pub peak_kib: u64,
    /// What it was called with, to be asked again.
    pub event: Vec<u8>,
}

/// Instances, and the notes of their calls.
pub struct Host {
    pub address: String,
    shared: Arc<Shared>,
}

struct Shared {
    programs: OnceLock<BTreeMap<String, Program>>,
    instances: BTreeMap<String, tokio::sync::Mutex<Option<Instance>>>,
    mode: Mutex<Mode>,
    /// The function and action looked at now.
    action: Mutex<(String, String)>,
    calls: Mutex<Vec<Call>>,
}

impl Host {
    /// Listens for calls to functions of these names.
    pub async fn open(functions: &[String]) -> Result<Self, Failed> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let instances = functions.iter().map(|name| (name.clone(), tokio::sync::Mutex::default())).collect();
        let shared = Arc::new(Shared {
            programs: OnceLock::new(),
            instances,
            mode: Mutex::new(Mode::Warm),
            action: Mutex::default(),
            calls: Mutex::default(),
        });
        in_background(accept(listener, shared.clone()));
        Ok(Self { address, shared })
    }

    /// What to run for each name: known only once the stack runs that calls.
    pub fn has(&self, programs: BTreeMap<String, Program>) {
        let _ = self.shared.programs.set(programs);
    }

    pub fn program(&self, name: &str) -> Option<&Program> {
        self.shared.programs.get()?.get(name)
    }

    /// Changes what becomes of instances. Those that run are stopped.
    pub async fn set(&self, mode: Mode) {
        for instance in self.shared.instances.values() {
            if let Some(instance) = instance.lock().await.take() {
                instance.stop().await;
            }
        }
        *locked(&self.shared.mode) = mode;
    }

    /// Says what the next calls of a function are for.
    pub fn looks_at(&self, function: &str, action: &str) {
        *locked(&self.shared.action) = (function.to_owned(), action.to_owned());
    }

    /// The calls noted so far; forgotten by being told.
    pub fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut *locked(&self.shared.calls))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let shared = shared.clone();
        in_background(async move {
            let service = service_fn(|request| invoked(&shared, request));
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn invoked(shared: &Shared, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let name = path.trim_start_matches("/2015-03-31/functions/").trim_end_matches("/invocations");
    let outcome = async {
        let event = request.into_body().collect().await?.to_bytes().to_vec();
        shared.invoke(name, event).await
    };
    Ok(match outcome.await {
        Ok(answer) => Response::new(Full::new(Bytes::from(answer))),
        Err(why) => {
            eprintln!("{name}: {why}");
            let mut response = Response::new(Full::new(Bytes::from(why.to_string())));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    })
}

impl Shared {
    async fn invoke(&self, name: &str, event: Vec<u8>) -> Result<Vec<u8>, Failed> {
        let program = self.programs.get().and_then(|all| all.get(name)).ok_or("there is no such function")?;
        let mut place = self.instances.get(name).ok_or("there is no such function")?.lock().await;
        let mode = *locked(&self.mode);
        let mut start = None;
        if place.is_none() {
            let (instance, took) = Instance::start(program, mode == Mode::ColdWithShare).await?;
            *place = Some(instance);
            start = Some(took);
        }
        let instance = place.as_mut().ok_or("the instance is gone")?;
        let (answer, took) = match instance.call(event.clone()).await {
            Ok(done) => done,
            Err(why) => {
                // The next call meets a new one, as on Lambda.
                *place = None;
                return Err(why);
            }
        };
        let peak_kib = instance.peak_memory();
        if mode != Mode::Warm
            && let Some(instance) = place.take()
        {
            instance.stop().await;
        }
        let looked_at = locked(&self.action).clone();
        let action = if looked_at.0 == name { looked_at.1 } else { String::new() };
        let function = name.to_owned();
        locked(&self.calls).push(Call { function, action, mode, start, took, peak_kib, event });
        Ok(answer)
    }
}
