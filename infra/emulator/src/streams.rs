//! From a table's stream to the function that it feeds, as Lambda's event source does it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::dynamodb::Dynamo;
use crate::invoke::Functions;
use crate::persistence::Persisted;
use crate::start_error::StartError;
use crate::template::Stream;

/// Hands the records of streams over, and remembers how far each function has read.
pub struct StreamReader {
    reading: tokio::sync::Mutex<()>,
    /// By function and table.
    positions: Persisted<BTreeMap<String, String>>,
}

/// A stream that never ends is a function that feeds itself.
const MOST_BATCHES: usize = 10_000;

impl StreamReader {
    pub fn open(folder: Option<&Path>) -> Result<Self, StartError> {
        Ok(Self {
            reading: tokio::sync::Mutex::default(),
            positions: Persisted::open(folder, "streams.json")?,
        })
    }

    /// Hands over every record of every stream, and those that this adds, until there are none.
    pub async fn drain(&self, functions: &Functions, dynamo: &Dynamo) {
        if !functions.run_somewhere() {
            return;
        }
        let _reading = self.reading.lock().await;
        for _ in 0..MOST_BATCHES {
            let mut idle = true;
            for function in functions.template.functions.values() {
                for stream in &function.streams {
                    idle &= !self.next_batch(functions, dynamo, &function.name, stream).await;
                }
            }
            if idle {
                return;
            }
        }
        tracing::error!("a stream does not come to an end: the function that reads it seems to write to it");
    }

    /// Hands over the next records, if there are any.
    async fn next_batch(
        &self,
        functions: &Functions,
        dynamo: &Dynamo,
        function: &str,
        stream: &Stream,
    ) -> bool {
        let key = format!("{function} {}", stream.table);
        let position = self.positions.read(|read| read.get(&key).cloned());
        let next = dynamo.records(&stream.table, position.as_deref(), stream.batch);
        let (records, next) = match next {
            Ok(next) => next,
            Err(why) => {
                tracing::error!(table = stream.table, why, "the stream cannot be read");
                return false;
            }
        };
        if records.is_empty() {
            return false;
        }
        hand_over(functions, function, stream, records).await;
        self.positions.change(|read| read.insert(key, next));
        true
    }
}

/// A batch that fails is tried again, then halved, until a record that fails alone is left out.
async fn hand_over(functions: &Functions, function: &str, stream: &Stream, records: Vec<Value>) {
    let mut batches = vec![records];
    while let Some(mut batch) = batches.pop() {
        let mut tries = 0;
        while !batch.is_empty() && tries <= stream.retries {
            let event = json!({"Records": batch}).to_string().into_bytes();
            let outcome = functions.invoke(function, event).await;
            let done = match &outcome {
                Ok(answer) if stream.reports_failures => done(&batch, answer),
                Ok(_) => batch.len(),
                Err(why) => {
                    tracing::error!(function, why, "a batch of stream records failed");
                    0
                }
            };
            batch.drain(..done);
            tries = if done > 0 { 1 } else { tries.saturating_add(1) };
        }
        match batch.len() {
            0 => {}
            1 => tracing::error!(function, table = stream.table, "a stream record was given up"),
            many => {
                let later = batch.split_off(many / 2);
                batches.extend([later, batch]);
            }
        }
    }
}

/// How many records are done: those before the first that the function names as failed.
fn done(batch: &[Value], answer: &[u8]) -> usize {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let failures = answer.get("batchItemFailures").and_then(Value::as_array);
    let failed: Vec<&str> = failures
        .into_iter()
        .flatten()
        .filter_map(|failure| failure.get("itemIdentifier").and_then(Value::as_str))
        .collect();
    if failed.is_empty() {
        return batch.len();
    }
    let sequence = |record: &Value| {
        let number = record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str);
        number.unwrap_or_default().to_owned()
    };
    // A name that is none of the batch's fails the batch as a whole.
    batch.iter().position(|record| failed.contains(&sequence(record).as_str())).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_before_the_first_failure_is_done() {
        let record = |number: &str| json!({"dynamodb": {"SequenceNumber": number}});
        let batch = [record("1"), record("2"), record("3")];
        assert_eq!(done(&batch, br#"{"batchItemFailures": []}"#), 3);
        assert_eq!(done(&batch, b"null"), 3);
        assert_eq!(
            done(&batch, br#"{"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": "2"}]}"#),
            1
        );
        assert_eq!(done(&batch, br#"{"batchItemFailures": [{"itemIdentifier": "9"}]}"#), 0);
    }
}
