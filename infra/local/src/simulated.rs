//! The stack without sockets, threads and a running clock: nothing happens unless its holder makes it happen, so
//! that one seed decides it all and any run can be replayed.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use emulator::exchange::{Request, Response};
use emulator::faults::Faults;
use emulator::mailbox::CapturedMail;
use emulator::server::RequestHandler;
use emulator::start_error::StartError;
use jiff::SignedDuration;
use runtime::{Clock, Env};
use serde_json::{Value, json};

use crate::options::Options;
use crate::routes::FrontDoor;
use crate::stack::StackState;

/// A stack that stands still. It runs on its holder's own runtime, whose time may be paused.
pub struct Simulated {
    state: Arc<StackState>,
}

impl Simulated {
    /// In memory; `options.simulation` must be there.
    pub fn new(options: &Options) -> Result<Self, StartError> {
        if options.simulation.is_none() {
            return Err(StartError::new("a simulation needs a seed"));
        }
        let state = StackState::open(options, "http://localhost:3000", "http://localhost:3000")?;
        Ok(Self { state })
    }

    /// Answers a request as API Gateway does.
    pub async fn answer(&self, request: Request, source: IpAddr) -> Response {
        FrontDoor(self.state.clone()).answer(request, source).await
    }

    pub fn clock(&self) -> &Clock {
        &self.state.clock
    }

    pub fn faults(&self) -> &Faults {
        &self.state.aws.faults
    }

    /// All mails, newest first.
    pub fn mails(&self) -> Vec<CapturedMail> {
        self.state.aws.mailbox.mails(None)
    }

    /// Lets a payment at the PSP end as chosen (`{"outcome": "success", "amount": 100}`). Gives back the callback's id
    /// and body, which nobody has sent yet; nothing when there is none, or the payment has ended otherwise.
    pub fn at_psp(&self, transaction: &str, choice: Value) -> Option<(String, String)> {
        let choice = serde_json::from_value(choice).ok()?;
        let callback =
            self.state.simulators.psp.decide(transaction, &choice).ok()?.callbacks.into_iter().next()?;
        Some((callback.id, callback.body))
    }

    /// Every item of a table, as DynamoDB writes them.
    pub fn items(&self, table: &str) -> Vec<Value> {
        let (mut items, mut from) = (Vec::new(), Value::Null);
        loop {
            let mut request = json!({"TableName": table});
            if let (false, Some(request)) = (from.is_null(), request.as_object_mut()) {
                request.insert("ExclusiveStartKey".to_owned(), from);
            }
            let (_, text) = self.state.aws.dynamo.run("Scan", &request.to_string());
            let mut page: Value = serde_json::from_str(&text).unwrap_or_default();
            let found = page.get_mut("Items").map(Value::take).and_then(|found| match found {
                Value::Array(found) => Some(found),
                _ => None,
            });
            items.extend(found.unwrap_or_default());
            from = page.get_mut("LastEvaluatedKey").map(Value::take).unwrap_or_default();
            if from.is_null() {
                return items;
            }
        }
    }

    /// Hands over what the streams hold.
    pub async fn settle(&self) {
        self.state.settle().await;
    }

    /// Moves the clock and does what is due by then.
    pub async fn advance(&self, by: Duration) {
        self.state.clock.advance(SignedDuration::try_from(by).unwrap_or_default());
        self.state.catch_up().await;
    }

    /// Calls a function with an event, as AWS would.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value, String> {
        let answer = self.state.functions.invoke(function, event.to_string().into_bytes()).await?;
        serde_json::from_slice(&answer).map_err(|e| e.to_string())
    }

    /// The environment of a function, with its variables and rights; of [`crate::OPERATOR`], with all rights.
    pub fn env(&self, function: &str) -> Option<Env> {
        self.state.env(function)
    }
}
