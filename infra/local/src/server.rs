//! The front door: sockets, HTTP/1.1, time limits, the log line.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Error;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use world::{Clock, Random};

use crate::aca::Aca;
use crate::access::Access;
use crate::checkout::Checkout;
use crate::clock::{Agenda, Task, after};
use crate::core::{Core, schedules, world};
use crate::dynamodb::Dynamo;
use crate::faults::Faults;
use crate::gateway::{MAX_BODY, Routes};
use crate::invoke::Invoker;
use crate::kept::Kept;
use crate::mailbox::Mailbox;
use crate::neighbours::Neighbours;
use crate::node::Node;
use crate::psp::Psp;
use crate::streams::Positions;
use crate::template::Template;
use crate::{Options, Problem, Request, Simulation, demo, environment, secrets};

/// How long a client may take to send its headers, and then its body.
const SLOWEST_HEADERS: Duration = Duration::from_secs(10);
const SLOWEST_BODY: Duration = Duration::from_secs(30);

/// Starts everything; what it gives back answers already.
pub async fn start(options: Options) -> Result<Arc<Core>, Problem> {
    let listeners = listen(options.port, options.host.as_deref()).await?;
    let port =
        listeners.first().and_then(|listener| listener.local_addr().ok()).map_or(0, |address| address.port());
    let seen_by_functions = format!("http://{}:{port}", options.host.as_deref().unwrap_or("localhost"));
    let core = Arc::new(core(&options, &format!("http://localhost:{port}"), seen_by_functions)?);
    let _ = core.neighbours.core.set(Arc::downgrade(&core));
    in_background(keep_time(core.clone()));
    in_background(keep_streams(core.clone()));
    if options.demo && !options.neighbours_only {
        demo::seed(&core).await?;
    }
    // Whoever comes earlier waits, and finds everything in its place.
    for listener in listeners {
        in_background(accept(listener, core.clone(), options.log));
    }
    Ok(core)
}

pub fn core(options: &Options, origin: &str, seen_by_functions: String) -> Result<Core, Problem> {
    let public_url = options.public_url.clone().unwrap_or_else(|| origin.to_owned());
    let mut values = demo::parameters(&seen_by_functions, &public_url, options.channel, options.limits);
    values.extend(options.parameters.clone());
    let path =
        options.template.clone().unwrap_or_else(|| crate::Stack::repository().join("infra/template.yaml"));
    let template = Template::read(&path, &values)?;
    if let Some(secret) = template.secrets.iter().find(|name| secrets::value(name).is_none()) {
        return Err(Problem::new(format!(
            "secret {secret} has no local value (infra/local/src/secrets.rs has those)"
        )));
    }
    let folder = options.data.as_deref();
    let (clock, random) = match options.simulation {
        Some(Simulation { seed, start, .. }) => (Clock::standing(start), Random::seeded(seed)),
        None => (Clock::system(), Random::system()),
    };
    let neighbours = Arc::new(Neighbours {
        clock: clock.clone(),
        dynamo: Dynamo::open(folder, &clock, &template.tables)?,
        access: Access::of(&template, options.enforce_grants),
        mailbox: Mailbox::open(folder)?,
        psp: Psp::open(folder, origin, &clock)?,
        aca: Aca::open(folder)?,
        core: std::sync::OnceLock::new(),
        faults: Faults::default(),
        secrets: std::sync::Mutex::default(),
        stream: Notify::new(),
    });
    let invoker = match (&options.invoke, options.neighbours_only) {
        (Some(url), _) => Invoker::endpoint(url),
        (None, true) => Invoker::Nobody,
        (None, false) => in_process(&template, options, &clock, &random, &neighbours)?,
    };
    let agenda = Agenda::default();
    if !matches!(invoker, Invoker::Nobody) {
        for (function, every) in schedules(&template.functions) {
            agenda.add(after(clock.now(), every), Task::Schedule { function, every });
        }
    }
    agenda.add(after(clock.now(), Duration::from_secs(86_400)), Task::Expire);
    Ok(Core {
        origin: origin.to_owned(),
        seen_by_functions,
        public_url,
        routes: Routes::new(template.routes.clone()),
        positions: Positions {
            reading: tokio::sync::Mutex::default(),
            read: Kept::open(folder, "streams.json")?,
        },
        turn: tokio::sync::Mutex::default(),
        neighbours_only: options.neighbours_only,
        folder: options.data.clone(),
        template,
        clock,
        random,
        node: Node::default(),
        checkout: Checkout::open(folder)?,
        neighbours,
        invoker,
        agenda,
    })
}

fn in_process(
    template: &Template,
    options: &Options,
    clock: &Clock,
    random: &Random,
    neighbours: &Arc<Neighbours>,
) -> Result<Invoker, Problem> {
    let mut connected = std::collections::BTreeMap::new();
    for function in template.functions.values() {
        let (name, folder) = (&function.name, &function.folder);
        let entry = options.functions.iter().find(|entry| entry.name == name).ok_or_else(|| {
            Problem::new(format!(
                "function {name} of the template has no folder functions/{folder} (when it is new, `cargo test -p \
                 local` takes it in)"
            ))
        })?;
        let run = match options.simulation {
            None => {
                let world = world(environment::of(function), name, clock, random, neighbours);
                (entry.connect)(&world)
                    .map_err(|e| Problem::new(format!("function {name} does not start: {e}")))?
            }
            Some(simulation) => {
                Simulation::function(entry.connect, simulation.world(function, clock, random, neighbours))
            }
        };
        connected.insert(name.clone(), run);
    }
    Ok(Invoker::InProcess(connected))
}

/// Both local addresses: clients that try IPv6 first must not find somebody else there. And the address by which
/// functions elsewhere reach us, when it is not one of them.
async fn listen(port: u16, host: Option<&str>) -> Result<Vec<TcpListener>, Problem> {
    let refused = |port: u16, error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            Problem::new(format!("port {port} is in use: stop what uses it, or choose another with --port"))
        }
        _ => Problem::new(format!("port {port} cannot be listened to: {error}")),
    };
    let first = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .await
        .map_err(|e| refused(port, e))?;
    let port = first.local_addr().map_err(|e| refused(port, e))?.port();
    let mut listeners = vec![first];
    match TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port))).await {
        Ok(second) => listeners.push(second),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => return Err(refused(port, error)),
        // No IPv6 on this machine.
        Err(_) => {}
    }
    let ours = |address: &IpAddr| !address.is_loopback();
    if let Some(address) = host.and_then(|host| host.parse::<IpAddr>().ok()).filter(ours) {
        let third = TcpListener::bind((address, port)).await;
        listeners
            .push(third.map_err(|e| Problem::new(format!("{address}:{port} cannot be listened to: {e}")))?);
    }
    Ok(listeners)
}

#[expect(clippy::disallowed_methods, reason = "the stack's own tasks: they end with its runtime")]
fn in_background(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}

async fn keep_time(core: Arc<Core>) {
    loop {
        core.agenda.wait(&core.clock).await;
        if core.agenda.is_due(core.clock.now()) {
            core.catch_up().await;
        }
    }
}

async fn keep_streams(core: Arc<Core>) {
    loop {
        core.neighbours.stream.notified().await;
        core.settle().await;
    }
}

async fn accept(listener: TcpListener, core: Arc<Core>, log: bool) {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // Out of file handles, mostly: others will be closed.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let core = core.clone();
        in_background(async move {
            let service = service_fn(move |request| {
                let core = core.clone();
                async move { Ok::<_, std::convert::Infallible>(exchange(&core, request, peer.ip(), log).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(SLOWEST_HEADERS)
                .serve_connection(TokioIo::new(stream), service);
            // A client that breaks off or sends no HTTP has been answered as far as it can be.
            let _ = connection.await;
        });
    }
}

async fn exchange(
    core: &Core,
    request: http::Request<Incoming>,
    source: IpAddr,
    log: bool,
) -> http::Response<Full<Bytes>> {
    let started = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = match read(request).await {
        Ok(request) => core.answer(request, source).await,
        Err((empty, error)) => {
            let mut refused = core.refused(&empty, "", error);
            refused.headers_mut().insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
            refused
        }
    };
    if log {
        let time = domain::time::in_rome(core.clock.now()).strftime("%H:%M:%S").to_string();
        let millis = started.elapsed().as_secs_f64() * 1_000.0;
        let status = response.status().as_u16();
        // Nobody may be reading any more.
        let _ = writeln!(std::io::stdout(), "{time}  {method:<6} {path}  {status}  {millis:.0} ms");
    }
    response.map(|body| Full::new(Bytes::from(body)))
}

/// The whole request, or why it cannot be taken.
async fn read(request: http::Request<Incoming>) -> Result<Request, (Request, Error)> {
    let (parts, body) = request.into_parts();
    let body = tokio::time::timeout(SLOWEST_BODY, Limited::new(body, MAX_BODY).collect()).await;
    match body {
        Ok(Ok(body)) => Ok(Request::from_parts(parts, body.to_bytes().to_vec())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err((Request::from_parts(parts, Vec::new()), Error::PayloadTooLarge))
        }
        // It broke off, or took too long: whoever still listens is told that nothing could be read.
        Ok(Err(_)) | Err(_) => Err((Request::from_parts(parts, Vec::new()), Error::MalformedBody)),
    }
}
