//! Processes the outbox as its stream brings it: new accounts, mails, uploads to the archive of notices, erasure.

use domain::Fault;
use lambda::{WorkTime, Worker};
use outbox::OutboxWorker;
use runtime::{ConfigError, Env};
use serde::{Deserialize, Serialize};

pub struct ProcessOutbox {
    outbox: OutboxWorker,
}

/// The part of a DynamoDB stream event that is needed: which message was written.
#[derive(Deserialize)]
pub struct StreamEvent {
    #[serde(rename = "Records", default)]
    records: Vec<StreamRecord>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StreamRecord {
    event_name: String,
    dynamodb: StreamChange,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StreamChange {
    keys: StreamKeys,
    sequence_number: String,
}

#[derive(Deserialize)]
struct StreamKeys {
    pk: StreamText,
}

#[derive(Deserialize)]
struct StreamText {
    #[serde(rename = "S")]
    s: String,
}

/// The records to deliver again; the others are done.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchFailures {
    batch_item_failures: Vec<BatchFailure>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchFailure {
    item_identifier: String,
}

impl Worker for ProcessOutbox {
    type Event = StreamEvent;
    type Answer = BatchFailures;

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { outbox: OutboxWorker::connect(env)? })
    }

    async fn handle(&self, event: StreamEvent, _: WorkTime) -> Result<BatchFailures, Fault> {
        let mut batch_item_failures = Vec::new();
        for record in event.records.iter().filter(|record| record.event_name == "INSERT") {
            let Some(id) = record.dynamodb.keys.pk.s.strip_prefix("OUT#") else { continue };
            if let Err(fault) = self.outbox.deliver(id).await {
                tracing::error!(event = "outbox.failed", doing = fault.doing, cause = %fault.source, message_id = id, "a message was not processed; the stream delivers it again");
                let item_identifier = record.dynamodb.sequence_number.clone();
                batch_item_failures.push(BatchFailure { item_identifier });
            }
        }
        Ok(BatchFailures { batch_item_failures })
    }
}
