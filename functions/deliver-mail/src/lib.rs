//! Works the outbox off as its stream brings it: claims, links, mails.

use domain::Fault;
use lambda::Worker;
use post::OutboxWorker;
use serde::{Deserialize, Serialize};
use world::{NotConfigured, World};

pub struct DeliverMail {
    outbox: OutboxWorker,
}

/// The part of a DynamoDB stream event that is needed: which letter was written.
#[derive(Deserialize)]
pub struct StreamEvent {
    #[serde(rename = "Records", default)]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_name: String,
    dynamodb: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    keys: Keys,
    sequence_number: String,
}

#[derive(Deserialize)]
struct Keys {
    pk: Text,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    s: String,
}

/// The records to deliver again; the others are done.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failures {
    batch_item_failures: Vec<Failure>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl Worker for DeliverMail {
    type Event = StreamEvent;
    type Answer = Failures;

    fn connect(world: &World) -> Result<Self, NotConfigured> {
        Ok(Self { outbox: OutboxWorker::connect(world)? })
    }

    async fn handle(&self, event: StreamEvent) -> Result<Failures, Fault> {
        let mut batch_item_failures = Vec::new();
        for record in event.records.iter().filter(|record| record.event_name == "INSERT") {
            let Some(id) = record.dynamodb.keys.pk.s.strip_prefix("OUT#") else { continue };
            if let Err(fault) = self.outbox.deliver(id).await {
                tracing::error!(event = "outbox.failed", doing = fault.doing, cause = %fault.source, message_id = id, "a message comes back");
                let item_identifier = record.dynamodb.sequence_number.clone();
                batch_item_failures.push(Failure { item_identifier });
            }
        }
        Ok(Failures { batch_item_failures })
    }
}
