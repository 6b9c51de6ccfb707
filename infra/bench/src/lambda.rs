//! One instance of a function, run as Lambda runs it: a process of its own that asks the Runtime API
//! (`2018-06-01`) for events. Small enough to be ours: what exists (lambda-simulator, cargo-lambda's) does not say when
//! exactly the event went and the answer came.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::process::{Share, peak_memory, processor_time};
use crate::{Failed, in_background};

/// What to run.
#[derive(Clone)]
pub struct Program {
    /// The binary's name.
    pub name: String,
    pub binary: PathBuf,
    pub arguments: Vec<String>,
    pub variables: BTreeMap<String, String>,
    pub memory_mib: u32,
}

/// How long something took, by the clock on the wall and by the processor's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Took {
    pub wall: Duration,
    pub processor: Duration,
}

/// A running instance. The process ends with it.
pub struct Instance {
    child: Child,
    pid: u32,
    share: Option<Share>,
    events: mpsc::UnboundedSender<Vec<u8>>,
    news: mpsc::UnboundedReceiver<News>,
    /// Processor time when it last asked for an event.
    at_rest: Duration,
}

enum News {
    /// It asks for the next event.
    Asks {
        at: Instant,
        processor: Duration,
    },
    Answered {
        after: Duration,
        answer: Result<Vec<u8>, String>,
    },
}

/// The Runtime API of one instance.
struct Api {
    pid: OnceLock<u32>,
    news: mpsc::UnboundedSender<News>,
    events: tokio::sync::Mutex<mpsc::UnboundedReceiver<Vec<u8>>>,
    handed_over: Mutex<Option<Instant>>,
    number: AtomicU64,
}

/// Nothing of ours takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

impl Instance {
    /// Starts a process and waits until it asks for its first event: the start phase, which has a whole processor.
    /// Afterwards it has the share of its memory, if shares are wanted.
    pub async fn start(program: &Program, with_share: bool) -> Result<(Self, Took), Failed> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (events, receiver) = mpsc::unbounded_channel();
        let (sender, news) = mpsc::unbounded_channel();
        let api = Arc::new(Api {
            pid: OnceLock::new(),
            news: sender,
            events: tokio::sync::Mutex::new(receiver),
            handed_over: Mutex::default(),
            number: AtomicU64::default(),
        });
        in_background(serve(listener, api.clone()));
        let share = match with_share {
            true => Some(Share::of(program.memory_mib, &format!("{}-{}", program.name, address.port()))?),
            false => None,
        };
        let began = Instant::now();
        let child = Command::new(&program.binary)
            .args(&program.arguments)
            .env_clear()
            .envs(&program.variables)
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", &program.name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", program.memory_mib.to_string())
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "bench")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| format!("{} does not start: {e}", program.binary.display()))?;
        let pid = child.id().ok_or("the process is gone already")?;
        let _ = api.pid.set(pid);
        let mut instance = Self { child, pid, share, events, news, at_rest: Duration::ZERO };
        let (at, processor) = instance.asks().await?;
        instance.at_rest = processor;
        if let Some(share) = &instance.share {
            share.take(pid)?;
        }
        Ok((instance, Took { wall: at.duration_since(began), processor }))
    }

    /// Calls it with an event. The processor's time is counted until it asks for the next one.
    pub async fn call(&mut self, event: Vec<u8>) -> Result<(Vec<u8>, Took), Failed> {
        self.events.send(event).map_err(|_| "the instance is gone")?;
        let (wall, answer) = match self.hear().await? {
            News::Answered { after, answer } => (after, answer?),
            News::Asks { .. } => return Err("it asked for another event before it answered".into()),
        };
        let (_, now) = self.asks().await?;
        let processor = now.saturating_sub(self.at_rest);
        self.at_rest = now;
        Ok((answer, Took { wall, processor }))
    }

    async fn asks(&mut self) -> Result<(Instant, Duration), Failed> {
        match self.hear().await? {
            News::Asks { at, processor } => Ok((at, processor)),
            News::Answered { answer, .. } => {
                Err(answer.err().unwrap_or_else(|| "it answered twice".into()).into())
            }
        }
    }

    async fn hear(&mut self) -> Result<News, Failed> {
        tokio::select! {
            news = self.news.recv() => news.ok_or_else(|| "its Runtime API is gone".into()),
            ended = self.child.wait() => Err(format!("it ended: {}", ended?).into()),
            () = tokio::time::sleep(PATIENCE) => Err("it does not answer".into()),
        }
    }

    /// The most memory it held so far, in KiB.
    pub fn peak_memory(&self) -> u64 {
        peak_memory(self.pid).unwrap_or(0)
    }

    pub async fn stop(mut self) {
        // Gone already is as good.
        let _ = self.child.kill().await;
    }
}

async fn serve(listener: TcpListener, api: Arc<Api>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let api = api.clone();
        in_background(async move {
            let service = service_fn(|request| answer(&api, request));
            // It ends when the process does.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(api: &Api, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let came = Instant::now();
    let path = request.uri().path().trim_start_matches("/2018-06-01/runtime/").to_owned();
    if request.method() == Method::GET && path == "invocation/next" {
        let processor = api.pid.get().and_then(|pid| processor_time(*pid)).unwrap_or_default();
        let _ = api.news.send(News::Asks { at: came, processor });
        return Ok(api.next().await);
    }
    let body = match request.into_body().collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(error) => return Ok(plain(StatusCode::BAD_REQUEST, error.to_string())),
    };
    let answer = match path.ends_with("/response") {
        true => Ok(body),
        false => Err(String::from_utf8_lossy(&body).into_owned()),
    };
    let handed_over = *api.handed_over.lock().unwrap_or_else(PoisonError::into_inner);
    let after = came.duration_since(handed_over.unwrap_or(came));
    let _ = api.news.send(News::Answered { after, answer });
    Ok(plain(StatusCode::ACCEPTED, String::new()))
}

impl Api {
    async fn next(&self) -> Response<Full<Bytes>> {
        let Some(event) = self.events.lock().await.recv().await else {
            return plain(StatusCode::GONE, String::new());
        };
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let mut response = Response::new(Full::new(Bytes::from(event)));
        let headers = response.headers_mut();
        let mut put = |name: &'static str, value: String| {
            if let Ok(value) = value.parse() {
                headers.insert(name, value);
            }
        };
        put("lambda-runtime-aws-request-id", format!("00000000-0000-4000-8000-{number:012}"));
        put("lambda-runtime-deadline-ms", deadline().to_string());
        put(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-south-1:000000000000:function:bench".to_owned(),
        );
        put("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0".to_owned());
        *self.handed_over.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        response
    }
}

/// Half a minute from now, in milliseconds.
#[expect(clippy::disallowed_methods, reason = "Lambda's deadline is in the machine's own time")]
fn deadline() -> i64 {
    jiff::Timestamp::now().as_millisecond().saturating_add(30_000)
}

fn plain(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response
}
