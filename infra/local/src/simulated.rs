//! The stack without sockets, threads and a running clock: nothing happens unless its holder makes it happen, so
//! that one seed decides it all and any run can be replayed.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::SignedDuration;
use lambda::InProcess;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use world::{Clock, Random, World};

use crate::core::{Core, world};
use crate::faults::Faults;
use crate::mailbox::Mail;
use crate::neighbours::Neighbours;
use crate::template::{Function, REGION};
use crate::{Connect, Options, Problem, Request, Response, Simulation, environment, server};

/// A stack that stands still. It runs on its holder's own runtime, whose time may be paused.
pub struct Simulated {
    core: Arc<Core>,
}

impl Simulated {
    /// In memory; `options.simulation` must be there.
    pub fn new(options: &Options) -> Result<Self, Problem> {
        if options.simulation.is_none() {
            return Err(Problem::new("a simulation needs a seed"));
        }
        let core =
            Arc::new(server::core(options, "http://localhost:3000", "http://localhost:3000".to_owned())?);
        let _ = core.neighbours.core.set(Arc::downgrade(&core));
        Ok(Self { core })
    }

    /// Answers a request as API Gateway does.
    pub async fn answer(&self, request: Request, source: IpAddr) -> Response {
        self.core.answer(request, source).await
    }

    pub fn clock(&self) -> &Clock {
        &self.core.clock
    }

    pub fn faults(&self) -> &Faults {
        &self.core.neighbours.faults
    }

    /// All mails, newest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.core.neighbours.mailbox.mails(None)
    }

    /// Lets a payment at the PSP end as wished (`{"outcome": "success", "amount": 100}`). Gives back the callback's id
    /// and body, which nobody has sent yet; nothing when there is none, or the payment has ended otherwise.
    pub fn at_psp(&self, transaction: &str, wish: Value) -> Option<(String, String)> {
        let wish = serde_json::from_value(wish).ok()?;
        let event = self.core.neighbours.psp.decide(transaction, &wish).ok()?.event?;
        Some((event.id, event.body))
    }

    /// Every item of a table, as DynamoDB writes them.
    pub fn items(&self, table: &str) -> Vec<Value> {
        let (mut items, mut from) = (Vec::new(), Value::Null);
        loop {
            let mut request = json!({"TableName": table});
            if let (false, Some(request)) = (from.is_null(), request.as_object_mut()) {
                request.insert("ExclusiveStartKey".to_owned(), from);
            }
            let (_, text) = self.core.neighbours.dynamo.run("Scan", &request.to_string());
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
        self.core.settle().await;
    }

    /// Moves the clock and does what is due by then.
    pub async fn advance(&self, by: Duration) {
        self.core.clock.advance(SignedDuration::try_from(by).unwrap_or_default());
        self.core.catch_up().await;
    }

    /// Calls a function with an event, as AWS would.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value, String> {
        let answer = self.core.invoke(function, event.to_string().into_bytes()).await?;
        serde_json::from_slice(&answer).map_err(|e| e.to_string())
    }

    /// The world of a function, with its variables and rights; of [`crate::OPERATOR`], with all rights.
    pub fn world(&self, function: &str) -> Option<World> {
        self.core.world(function)
    }
}

impl Simulation {
    /// A function that starts when it is first called: a play needs few of them.
    pub(crate) fn function(connect: Connect, world: World) -> InProcess {
        let started: OnceLock<Result<InProcess, String>> = OnceLock::new();
        Arc::new(move |event| match started.get_or_init(|| connect(&world).map_err(|e| e.to_string())) {
            Ok(run) => run(event),
            Err(why) => Box::pin(std::future::ready(Err(why.clone()))),
        })
    }

    /// A function's world: its clock a little wrong, its passwords hashed at next to no cost.
    pub(crate) fn world(
        &self,
        function: &Function,
        clock: &Clock,
        random: &Random,
        neighbours: &Arc<Neighbours>,
    ) -> World {
        let mut variables = environment::of(function);
        for (name, least) in [("ARGON2_MEMORY_KIB", "8"), ("ARGON2_PASSES", "1")] {
            variables.entry(name.to_owned()).and_modify(|value| least.clone_into(value));
        }
        // The SDK keeps one budget of retries for a region in the whole process: what the runs before have used up
        // of it must not decide how this one goes.
        variables.insert("AWS_REGION".to_owned(), format!("{REGION}-{}", self.seed));
        let clock = clock.skewed(self.skew_of(&function.name));
        world(variables, &function.name, &clock, random, neighbours).with_hash_floor(8, 1)
    }

    fn skew_of(&self, function: &str) -> SignedDuration {
        let drawn = Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(function).finalize();
        let drawn = drawn.iter().take(8).fold(0_i64, |drawn, byte| (drawn << 7) | i64::from(*byte & 0x7f));
        let most = i64::try_from(self.skew.as_millis()).unwrap_or(0);
        let width = most.saturating_mul(2).saturating_add(1);
        SignedDuration::from_millis(drawn.rem_euclid(width).saturating_sub(most))
    }
}
