//! The product standing still, and all that anybody outside saw of it: for simulations and fault plans.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, Ipv4Addr};

use local::faults::Fault;
use local::{Options, Simulated, Simulation};
use serde_json::Value;

use crate::psp::signed;

/// One request and its answer, as seen from outside. `began` and `ended` count every beginning and every end on
/// the stage, so that one exchange came before another when it ended before the other began.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    pub began: u64,
    pub ended: u64,
    /// The stage's clock at both ends, in milliseconds.
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

/// What happened in the world around the product.
#[derive(Clone, Debug)]
pub enum Happened {
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

/// A request on its way.
pub struct Asked {
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    pub source: Ipv4Addr,
}

impl Asked {
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
            source: Ipv4Addr::new(127, 9, 9, 9),
        }
    }

    pub fn json(mut self, body: &Value) -> Self {
        self.headers.push(("content-type", "application/json".to_owned()));
        self.body = body.to_string().into_bytes();
        self
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn from(mut self, source: Ipv4Addr) -> Self {
        self.source = source;
        self
    }
}

impl Exchange {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.answer).unwrap_or_default()
    }

    pub fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether it is worth asking again: trouble of ours, or the same request still running.
    pub fn is_trouble(&self) -> bool {
        self.status >= 500 || (self.status == 409 && self.answer.contains("request_in_progress"))
    }
}

pub struct Stage {
    pub stack: Simulated,
    history: RefCell<Vec<Happened>>,
    count: Cell<u64>,
}

impl Stage {
    pub fn new(simulation: Simulation, limits: bool) -> Self {
        let options = Options { demo: false, limits, simulation: Some(simulation), ..Options::default() };
        let stack = Simulated::new(&options).unwrap();
        Self { stack, history: RefCell::default(), count: Cell::default() }
    }

    /// All that happened, mails last.
    pub fn history(&self) -> Vec<Happened> {
        let mut history = self.history.borrow().clone();
        let mails = self.stack.mails().into_iter().rev();
        history.extend(mails.map(|mail| Happened::Mailed {
            to: mail.to,
            subject: mail.subject,
            text: mail.text,
        }));
        history
    }

    /// Deliveries that trouble cut off between sending and marking: each may be made once more (INV-M32).
    pub fn cut_off(&self) -> usize {
        let injected = self.stack.faults().injected();
        let cut = injected.iter().filter(|(call, fault)| {
            let crash = matches!(fault, Fault::CrashBefore | Fault::CrashAfter);
            let unheard = matches!(fault, Fault::LoseAnswer | Fault::Silence);
            let marking = call.operation == "dynamodb:UpdateItem" && !matches!(fault, Fault::Delay(_));
            matches!(call.function.as_str(), "DeliverMail" | "Sweep")
                && (crash || marking || (unheard && call.operation.starts_with("ses:")))
        });
        cut.count()
    }

    fn next(&self) -> u64 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    fn millis(&self) -> i64 {
        self.stack.clock().now().as_millisecond()
    }

    pub async fn asks(&self, asked: Asked) -> Exchange {
        let Asked { method, path, headers, body, source } = asked;
        let mut request = http::Request::builder().method(method).uri(&path).header("host", "localhost:3000");
        let mut exchange = Exchange {
            began: self.next(),
            began_at: self.millis(),
            method: method.to_owned(),
            path,
            sent: String::from_utf8_lossy(&body).into_owned(),
            ..Exchange::default()
        };
        for (name, value) in headers {
            match name {
                "cookie" => exchange.cookie.clone_from(&value),
                "idempotency-key" => exchange.idempotency_key.clone_from(&value),
                _ => {}
            }
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
        let answer = self.stack.answer(request.body(body).unwrap(), IpAddr::V4(source)).await;
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            if let Some(pair) = cookie.split(';').next().filter(|pair| pair.starts_with("session=")) {
                let taken = cookie.contains("Max-Age=0");
                exchange.given = Some(if taken { String::new() } else { pair.to_owned() });
            }
        }
        exchange.status = answer.status().as_u16();
        exchange.answer = String::from_utf8_lossy(answer.body()).into_owned();
        exchange.ended = self.next();
        exchange.ended_at = self.millis();
        self.history.borrow_mut().push(Happened::Exchanged(exchange.clone()));
        exchange
    }

    /// A payment at the PSP ends as wished; the callback is in the PSP's hands.
    pub fn at_psp(&self, transaction: &str, wish: Value) -> Option<(String, String)> {
        let decided = self.stack.at_psp(transaction, wish);
        let order = self.next();
        self.history.borrow_mut().push(Happened::Decided { order, transaction: transaction.to_owned() });
        let (id, body) = decided?;
        let told: Value = serde_json::from_str(&body).unwrap();
        if told["type"] == "payment.succeeded" {
            let text = |name: &str| told["data"][name].as_str().unwrap_or_default().to_owned();
            let collected = Happened::Collected {
                order: self.next(),
                transaction: text("transactionId"),
                payment: text("paymentId"),
                cents: told["data"]["amount"].as_u64().unwrap(),
            };
            self.history.borrow_mut().push(collected);
        }
        Some((id, body))
    }

    /// A signed callback arrives.
    pub async fn called_back(&self, id: &str, body: &str) -> Exchange {
        let mut asked = Asked::new("POST", "/psp/callback").header("content-type", "application/json");
        for (name, value) in signed(id, self.stack.clock().now().as_second(), body) {
            asked = asked.header(name, value);
        }
        asked.body = body.as_bytes().to_vec();
        self.asks(asked).await
    }

    /// The node posts a message.
    pub async fn node_asks(&self, xml: &str) -> Exchange {
        let mut asked = Asked::new("POST", "/pagopa/node").header("content-type", "text/xml; charset=utf-8");
        asked.body = xml.as_bytes().to_vec();
        self.asks(asked).await
    }

    /// The creditor's back office.
    pub async fn creditor(&self, method: &'static str, notice: &str, body: Option<&Value>) -> Exchange {
        let asked = Asked::new(method, format!("/creditor/debts/{notice}"))
            .header("authorization", "Bearer local-creditor-key");
        self.asks(match body {
            Some(body) => asked.json(body),
            None => asked,
        })
        .await
    }

    /// The schedule of the sweep rings.
    pub async fn sweeps(&self) -> Result<Value, String> {
        self.stack.invoke("Sweep", &serde_json::json!({"source": "aws.events"})).await
    }
}
