//! HTTP functions: API Gateway v2 event → request → reply → answer.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Fault;
use lambda_http::ext::RequestExt;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{
    Adapter, Body, Context, IntoResponse, LambdaEvent, Request, Response, Service, service_fn,
};
use runtime::{ConfigError, Env};
use web::{Function, Incoming, Problem, Reply, ServedReply, Site, accepted_language, serve};

use crate::access_log::{AccessLog, InvocationRecord, trace_id};
use crate::deadline::left_until;
use crate::{InProcess, InvocationAnswer, not_configured};

/// Longest time that a request may take when Lambda does not say (INV-X01).
const DEADLINE: Duration = Duration::from_secs(10);
/// What is kept of Lambda's own deadline to answer in time (FM-58).
const MARGIN: Duration = Duration::from_millis(500);

struct HttpHost<F> {
    function: F,
    site: Site,
    book: AccessLog,
}

impl<F: Function> HttpHost<F> {
    fn connect(env: &Env) -> Result<Arc<Self>, ConfigError> {
        let function = F::connect(env)?;
        Ok(Arc::new(Self { function, site: Site::connect(env)?, book: AccessLog::of::<F>(env) }))
    }

    async fn answer(&self, request: Request) -> Result<Verbatim, std::convert::Infallible> {
        let started = Instant::now();
        let limit = time_left(&request);
        let trace = trace(&request);
        let incoming = incoming(request);
        let request_id = incoming.request_id.clone();
        let asked_in = incoming.headers.get("accept-language").cloned();
        let work = serve(&self.function, &self.site, incoming);
        let served = match tokio::time::timeout(limit, work).await {
            Ok(done) => done,
            Err(_elapsed) => ran_out_of_time(&request_id, asked_in.as_ref()),
        };
        self.book.close(&InvocationRecord {
            started,
            route: served.route.unwrap_or("none"),
            status: Some(served.reply.status.as_u16()),
            request_id: &request_id,
            trace_id: trace.as_deref().and_then(trace_id),
            subject: served.subject.as_deref(),
            code: served.error.as_ref().map(Problem::code).unwrap_or_default(),
            fault: served.error.as_ref().and_then(Problem::fault),
        });
        Ok(Verbatim(response(served.reply)))
    }
}

/// An answer whose body goes out as it is. `lambda_http` decodes the texts of its own responses, and a table for an
/// office would lose the byte order mark by which a spreadsheet knows that it is UTF-8.
struct Verbatim(Response<Body>);

impl IntoResponse for Verbatim {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        Box::pin(std::future::ready(self.0))
    }
}

/// Where the request's trace is named: by Lambda, or by the gateway.
fn trace(request: &Request) -> Option<String> {
    let by_lambda = request.lambda_context_ref().and_then(|context| context.xray_trace_id.clone());
    let by_gateway =
        || request.headers().get("x-amzn-trace-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    by_lambda.or_else(by_gateway)
}

fn ran_out_of_time(request_id: &str, asked_in: Option<&http::HeaderValue>) -> ServedReply {
    let language = accepted_language(asked_in.and_then(|value| value.to_str().ok()));
    let problem = Problem::from(Fault::new("a handler ran out of time", "its deadline came"));
    let reply = problem
        .reply(language, request_id)
        .with_header("cache-control", "no-store")
        .with_header("x-content-type-options", "nosniff")
        .with_header("x-request-id", request_id);
    ServedReply { reply, error: Some(problem), route: None, subject: None }
}

/// Returns how long the request may take.
fn time_left(request: &Request) -> Duration {
    let left = request.lambda_context_ref().and_then(|context| left_until(context.deadline));
    left.map_or(DEADLINE, |left| left.saturating_sub(MARGIN).min(DEADLINE.saturating_mul(3)))
}

fn incoming(request: Request) -> Incoming {
    let path = request.raw_http_path().to_owned();
    let (source_ip, request_id) = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => (
            context.http.source_ip.clone().unwrap_or_default(),
            context.request_id.clone().unwrap_or_default(),
        ),
        _ => (String::new(), String::new()),
    };
    let (parts, body) = request.into_parts();
    let body = match body {
        Body::Text(text) => text.into_bytes(),
        Body::Binary(bytes) => bytes,
        _ => Vec::new(),
    };
    Incoming {
        method: parts.method.as_str().to_owned(),
        path,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
        source_ip,
        request_id,
    }
}

fn response(reply: Reply) -> Response<Body> {
    let text = reply.headers.get("content-type").and_then(|v| v.to_str().ok()).is_some_and(is_text)
        && !reply.headers.contains_key("content-encoding");
    let body = match (reply.body.is_empty(), text) {
        (true, _) => Body::Empty,
        (false, true) => match String::from_utf8(reply.body) {
            Ok(text) => Body::Text(text),
            Err(error) => Body::Binary(error.into_bytes()),
        },
        (false, false) => Body::Binary(reply.body),
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

/// Types whose bytes go into the answer as text; the others go as base64.
fn is_text(media: &str) -> bool {
    media.starts_with("text/")
        || media.contains("json")
        || media.contains("xml")
        || media.contains("javascript")
}

pub(crate) async fn run<F: Function>(env: Env) -> Result<(), lambda_runtime::Error> {
    let host = HttpHost::<F>::connect(&env).map_err(|e| not_configured(&e))?;
    lambda_http::run(service_fn(move |request| {
        let host = host.clone();
        async move { host.answer(request).await }
    }))
    .await
}

/// The same function in this process: the event and the answer pass through the very conversions of
/// production.
pub fn in_process<F: Function>(env: &Env) -> Result<InProcess, ConfigError> {
    let host = HttpHost::<F>::connect(env)?;
    Ok(Arc::new(move |event: Vec<u8>| {
        let host = host.clone();
        let invocation = async move {
            let payload: LambdaRequest =
                serde_json::from_slice(&event).map_err(|e| format!("the event cannot be read: {e}"))?;
            let mut service = Adapter::from(service_fn(move |request| {
                let host = host.clone();
                async move { host.answer(request).await }
            }));
            let Ok(answer) = service.call(LambdaEvent::new(payload, Context::default())).await;
            serde_json::to_vec(&answer).map_err(|e| format!("the answer cannot be written: {e}"))
        };
        Box::pin(invocation) as InvocationAnswer
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deadline::{EARLIEST_DEADLINE, now};

    /// A request of an invocation that Lambda ends so long after the epoch.
    fn ends_at(at: Duration) -> Request {
        let mut context = Context::default();
        context.deadline = u64::try_from(at.as_millis()).unwrap();
        Request::new(Body::Empty).with_lambda_context(context)
    }

    #[test]
    fn fm_58_a_function_answers_half_a_second_before_lambda_ends_it() {
        let since_epoch = now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let five = Duration::from_secs(5);
        assert!(time_left(&ends_at(since_epoch + five)) <= five.checked_sub(MARGIN).unwrap());
        // With less than that left, or none, it gives up at once; with very much, or nobody who says it, in time.
        assert_eq!(time_left(&ends_at(since_epoch)), Duration::ZERO);
        assert_eq!(time_left(&ends_at(since_epoch + MARGIN)), Duration::ZERO);
        assert_eq!(time_left(&ends_at(since_epoch + Duration::from_secs(900))), DEADLINE * 3);
        assert_eq!(time_left(&Request::new(Body::Empty)), DEADLINE);
        // One that has passed, however long ago, is still one; zero and what an emulator invents are none.
        assert_eq!(time_left(&ends_at(Duration::from_millis(EARLIEST_DEADLINE))), Duration::ZERO);
        assert_eq!(time_left(&ends_at(Duration::ZERO)), DEADLINE);
        assert_eq!(time_left(&ends_at(Duration::from_secs(600))), DEADLINE);
    }
}
