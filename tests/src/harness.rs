//! A simulated stack without threads, and the history of what was seen from outside: for the simulation and the
//! fault matrix.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use local::faults::InjectedFault;
use local::{Options, Simulated, Simulation};
use serde_json::Value;

use crate::{TestRequest, TestResponse};

/// One request and its answer, as seen from outside. `began` and `ended` count every beginning and every end on
/// the harness, so that one exchange came before another when it ended before the other began.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    pub began: u64,
    pub ended: u64,
    /// The harness's clock at both ends, in milliseconds.
    pub began_at: i64,
    pub ended_at: i64,
    pub method: String,
    pub path: String,
    /// The cookie sent, as `name=value`; empty without one.
    pub cookie: String,
    pub idempotency_key: String,
    pub sent: String,
    pub status: u16,
    pub answer: String,
    /// The session's cookie that the answer set; empty when it took it away.
    pub given: Option<String>,
}

impl Exchange {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.answer).unwrap_or_default()
    }

    pub fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// What was seen from outside the product.
#[derive(Clone, Debug)]
pub enum HistoryEvent {
    Exchanged(Exchange),
    /// The PSP has taken a person's money for a transaction.
    Collected {
        order: u64,
        transaction: String,
        payment: String,
        cents: u64,
    },
    /// A person has decided at the PSP, this way or another.
    Decided {
        order: u64,
        transaction: String,
    },
    Mailed {
        to: String,
        subject: String,
        text: String,
    },
}

/// A simulated stack, and the history of all that anybody outside saw of it.
pub struct Harness {
    pub stack: Simulated,
    history: Mutex<Vec<HistoryEvent>>,
    count: AtomicU64,
}

impl Harness {
    pub fn new(simulation: Simulation, limits: bool) -> Self {
        let options = Options { demo: false, limits, simulation: Some(simulation), ..Options::default() };
        let stack = Simulated::new(&options).unwrap();
        Self { stack, history: Mutex::default(), count: AtomicU64::default() }
    }

    /// Everything recorded, mails last.
    pub fn history(&self) -> Vec<HistoryEvent> {
        let mut history = self.history.lock().unwrap().clone();
        let mails = self.stack.mails().into_iter().rev();
        history.extend(mails.map(|mail| HistoryEvent::Mailed {
            to: mail.to,
            subject: mail.subject,
            text: mail.text,
        }));
        history
    }

    /// Returns how many deliveries a fault cut off between sending and marking: each may be made once more (INV-M32).
    pub fn cut_off(&self) -> usize {
        let injected = self.stack.faults().injected();
        let cut = injected.iter().filter(|(call, fault)| {
            let crash = matches!(fault, InjectedFault::CrashBefore | InjectedFault::CrashAfter);
            let unheard = matches!(fault, InjectedFault::LoseAnswer | InjectedFault::Silence);
            let marking =
                call.operation == "dynamodb:UpdateItem" && !matches!(fault, InjectedFault::Delay(_));
            matches!(call.function.as_str(), "ProcessOutbox" | "Sweep")
                && (crash || marking || (unheard && call.operation.starts_with("ses:")))
        });
        cut.count()
    }

    fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn millis(&self) -> i64 {
        self.stack.clock().now().as_millisecond()
    }

    /// Sends a request through the gateway and records the exchange.
    pub(crate) async fn answer(&self, request: &TestRequest, source: Ipv4Addr) -> TestResponse {
        let asked = format!("{} {}", request.method, request.path);
        let mut exchange = Exchange {
            began: self.next(),
            began_at: self.millis(),
            method: request.method.clone(),
            path: request.path.clone(),
            cookie: request.header_value("cookie").to_owned(),
            idempotency_key: request.header_value("idempotency-key").to_owned(),
            sent: String::from_utf8_lossy(&request.body).into_owned(),
            ..Exchange::default()
        };
        let mut incoming = http::Request::builder()
            .method(&*request.method)
            .uri(&request.path)
            .header("host", "localhost:3000");
        for (name, value) in &request.headers {
            incoming = incoming.header(name, value);
        }
        let incoming = incoming.body(request.body.clone()).unwrap();
        let (parts, body) = self.stack.answer(incoming, IpAddr::V4(source)).await.into_parts();
        for cookie in parts.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            if let Some(pair) = cookie.split(';').next().filter(|pair| pair.starts_with("session=")) {
                let taken = cookie.contains("Max-Age=0");
                exchange.given = Some(if taken { String::new() } else { pair.to_owned() });
            }
        }
        exchange.status = parts.status.as_u16();
        exchange.answer = String::from_utf8_lossy(&body).into_owned();
        exchange.ended = self.next();
        exchange.ended_at = self.millis();
        let status = exchange.status;
        self.history.lock().unwrap().push(HistoryEvent::Exchanged(exchange));
        TestResponse { asked, status, headers: parts.headers, body }
    }

    /// Ends a payment at the PSP as decided and returns the callback (id and body) that the PSP will send, if any.
    pub fn at_psp(&self, transaction: &str, wish: Value) -> Option<(String, String)> {
        let decided = self.stack.at_psp(transaction, wish);
        let order = self.next();
        self.history
            .lock()
            .unwrap()
            .push(HistoryEvent::Decided { order, transaction: transaction.to_owned() });
        let (id, body) = decided?;
        let told: Value = serde_json::from_str(&body).unwrap();
        if told["type"] == "payment.succeeded" {
            let text = |name: &str| told["data"][name].as_str().unwrap_or_default().to_owned();
            let collected = HistoryEvent::Collected {
                order: self.next(),
                transaction: text("transactionId"),
                payment: text("paymentId"),
                cents: told["data"]["amount"].as_u64().unwrap(),
            };
            self.history.lock().unwrap().push(collected);
        }
        Some((id, body))
    }

    /// Invokes the sweep as its schedule does.
    pub async fn sweeps(&self) -> Result<Value, String> {
        self.stack.invoke("Sweep", &serde_json::json!({"source": "aws.events"})).await
    }
}
