//! The tables, in an embedded DynamoDB: created from the template, called with the SDK's own requests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::encode_shard_iterator;
use dynoxide::{Database, DynoxideError};
use runtime::Clock;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::start_error::StartError;
use crate::template::{Grant, REGION, TemplateTable, index_arn, table_arn};

/// What DynamoDB answers: a status and a JSON text.
pub type DynamoResult = (u16, String);

pub struct Dynamo {
    database: Database,
    streams: BTreeSet<String>,
}

impl Dynamo {
    /// In memory, or in a folder that survives restarts.
    pub fn open(
        folder: Option<&Path>,
        clock: &Clock,
        tables: &BTreeMap<String, TemplateTable>,
    ) -> Result<Self, StartError> {
        let database = match folder {
            None => in_memory(clock),
            Some(folder) => {
                check_same_tables(folder, tables)?;
                in_file(&folder.join("dynamodb.sqlite").to_string_lossy())
            }
        };
        let database =
            database.map_err(|e| StartError::new(format!("the embedded DynamoDB does not open: {e}")))?;
        let streams =
            tables.values().filter(|table| table.has_stream).map(|table| table.name.clone()).collect();
        let dynamo = Self { database, streams };
        for table in tables.values() {
            dynamo.create(table).map_err(|e| StartError::new(format!("table {}: {e}", table.name)))?;
        }
        Ok(dynamo)
    }

    fn create(&self, table: &TemplateTable) -> Result<(), String> {
        let text = |e: DynoxideError| e.to_string();
        if self.database.get_table_metadata(&table.name).map_err(text)?.is_some() {
            return Ok(());
        }
        let request = serde_json::from_value(table.definition.clone()).map_err(|e| e.to_string())?;
        self.database.create_table(request).map_err(text)?;
        if let Some(attribute) = &table.ttl {
            let specification = json!({"AttributeName": attribute, "Enabled": true});
            let request = json!({"TableName": table.name, "TimeToLiveSpecification": specification});
            let request = serde_json::from_value(request).map_err(|e| e.to_string())?;
            self.database.update_time_to_live(request).map_err(text)?;
        }
        Ok(())
    }

    /// Runs an operation as the SDK sends it.
    pub fn run(&self, operation: &str, body: &str) -> DynamoResult {
        let db = &self.database;
        let outcome = match operation {
            "GetItem" => call(body, |request| db.get_item(request)),
            "BatchGetItem" => call(body, |request| db.batch_get_item(request)),
            "PutItem" => call(body, |request| db.put_item(request)),
            "UpdateItem" => call(body, |request| db.update_item(request)),
            "DeleteItem" => call(body, |request| db.delete_item(request)),
            "BatchWriteItem" => call(body, |request| db.batch_write_item(request)),
            "Query" => call(body, |request| db.query(request)),
            "Scan" => call(body, |request| db.scan(request)),
            "TransactWriteItems" => call(body, |request| db.transact_write_items(request)),
            "TransactGetItems" => call(body, |request| db.transact_get_items(request)),
            "DescribeTable" => call(body, |request| db.describe_table(request)),
            "ListTables" => call(body, |request| db.list_tables(request)),
            "DescribeTimeToLive" => call(body, |request| db.describe_time_to_live(request)),
            _ => return refusal("com.amazon.coral.service#UnknownOperationException", operation),
        };
        match outcome {
            Ok(json) => (200, json),
            Err(error) => (error.status_code(), error.to_json()),
        }
    }

    /// Whether a write to these resources may have put a record into a stream.
    pub fn feeds_a_stream(&self, needs: &[Grant]) -> bool {
        needs.iter().any(|need| {
            let writes = matches!(
                need.action.as_str(),
                "dynamodb:PutItem"
                    | "dynamodb:UpdateItem"
                    | "dynamodb:DeleteItem"
                    | "dynamodb:BatchWriteItem"
            );
            writes && self.streams.iter().any(|table| table_arn(table) == need.resource)
        })
    }

    /// The next records of a table's stream, as Lambda hands them over, and the position after them.
    /// Without a position: from the oldest record on.
    pub fn records(
        &self,
        table: &str,
        position: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Value>, String), String> {
        let start = || encode_shard_iterator(table, &dynoxide::streams::shard_id(table), 0);
        let position = position.map_or_else(start, str::to_owned);
        let request = GetRecordsRequest { shard_iterator: position.clone(), limit: Some(limit) };
        let answer = self.database.get_records(request).map_err(|e| e.to_string())?;
        let mut records = Vec::new();
        for record in &answer.records {
            let mut record = serde_json::to_value(record).map_err(|e| e.to_string())?;
            if let Some(record) = record.as_object_mut() {
                record.insert("awsRegion".to_owned(), json!(REGION));
                record
                    .insert("eventSourceARN".to_owned(), json!(format!("{}/stream/local", table_arn(table))));
            }
            records.push(record);
        }
        Ok((records, answer.next_shard_iterator.unwrap_or(position)))
    }

    /// Deletes what has expired, as DynamoDB does within some days.
    pub fn expire(&self) {
        if let Err(error) = self.database.sweep_ttl() {
            tracing::error!(%error, "expired items were not deleted");
        }
    }
}

fn call<Request, Answer>(
    body: &str,
    run: impl FnOnce(Request) -> dynoxide::Result<Answer>,
) -> dynoxide::Result<String>
where
    Request: DeserializeOwned,
    Answer: Serialize,
{
    let request =
        serde_json::from_str(body).map_err(|e| DynoxideError::ValidationException(e.to_string()))?;
    let answer = run(request)?;
    serde_json::to_string(&answer).map_err(|e| DynoxideError::InternalServerError(e.to_string()))
}

/// A refusal of the kind that DynamoDB gives to a wrong request.
pub fn refusal(kind: &str, message: &str) -> DynamoResult {
    (400, json!({"__type": kind, "message": message}).to_string())
}

/// Which rights a request needs: one for each table, index, kind of write and kind of row in it.
pub fn needs(operation: &str, request: &Value) -> Vec<Grant> {
    let grant = |action: &str, resource: String, partition: Option<&str>| {
        let whole = Grant::on(format!("dynamodb:{action}"), resource);
        match partition.map(kind_of) {
            Some(rows) => whole.of_rows(rows),
            None => whole,
        }
    };
    let table_of =
        |value: &Value| value.get("TableName").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut needs = match operation {
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = request.get("RequestItems").and_then(Value::as_object);
            let each = tables.into_iter().flatten().flat_map(|(table, asked)| {
                partitions_of_a_batch(asked).into_iter().map(move |it| grant(operation, table_arn(table), it))
            });
            each.collect()
        }
        "TransactWriteItems" | "TransactGetItems" => {
            let items = request.get("TransactItems").and_then(Value::as_array);
            let parts = items.into_iter().flatten().filter_map(Value::as_object).flatten();
            parts
                .map(|(kind, item)| {
                    let action =
                        if kind == "ConditionCheck" { "ConditionCheckItem" } else { &format!("{kind}Item") };
                    grant(action, table_arn(&table_of(item)), partition(item))
                })
                .collect()
        }
        _ => match request.get("IndexName").and_then(Value::as_str) {
            Some(index) => vec![grant(operation, index_arn(&table_of(request), index), partition(request))],
            None => vec![grant(operation, table_arn(&table_of(request)), partition(request))],
        },
    };
    needs.sort();
    needs.dedup();
    needs
}

/// The partition that a request or a part of one is about. A scan has none.
fn partition(part: &Value) -> Option<&str> {
    let item = part.get("Key").or_else(|| part.get("Item"));
    match item {
        Some(item) => item.get("pk")?.get("S")?.as_str(),
        None => {
            // The partition comes first in all that we ask: `pk = :pk AND …`.
            let condition = part.get("KeyConditionExpression")?.as_str()?;
            let name = condition.split_once('=')?.1.split_whitespace().next()?;
            part.get("ExpressionAttributeValues")?.get(name)?.get("S")?.as_str()
        }
    }
}

/// Those of a batch's part for one table; a batch without any is about the whole table.
fn partitions_of_a_batch(asked: &Value) -> Vec<Option<&str>> {
    let keys = asked.get("Keys").and_then(Value::as_array).into_iter().flatten();
    let read = keys.map(|key| key.get("pk").and_then(|pk| pk.get("S")).and_then(Value::as_str));
    let writes = asked.as_array().into_iter().flatten().filter_map(Value::as_object);
    let written = writes.flat_map(Map::values).map(partition);
    let all: Vec<_> = read.chain(written).collect();
    if all.is_empty() { vec![None] } else { all }
}

/// `SESS#1a2b` is of the kind `SESS#*`; what has no kind is itself.
fn kind_of(partition: &str) -> String {
    partition.split_once('#').map_or_else(|| partition.to_owned(), |(kind, _)| format!("{kind}#*"))
}

/// Asks for the capacity that a request consumes. Gives back whether the caller had asked for it.
pub fn ask_for_capacity(request: &mut Value) -> bool {
    let Some(request) = request.as_object_mut() else {
        return true;
    };
    if request.get("ReturnConsumedCapacity").is_some_and(|mode| mode != "NONE") {
        return true;
    }
    request.insert("ReturnConsumedCapacity".to_owned(), json!("TOTAL"));
    false
}

/// Takes the consumed capacity out of an answer; leaves it there too when the caller had asked for it.
pub fn take_capacity(answer: &mut Value, leave: bool) -> f64 {
    let Some(object) = answer.as_object_mut() else {
        return 0.0;
    };
    let consumed =
        if leave { object.get("ConsumedCapacity").cloned() } else { object.remove("ConsumedCapacity") };
    let units = |one: &Value| one.get("CapacityUnits").and_then(Value::as_f64).unwrap_or(0.0);
    match consumed {
        Some(Value::Array(tables)) => tables.iter().map(units).sum(),
        Some(one) => units(&one),
        None => 0.0,
    }
}

/// Whether an operation takes write units.
pub fn writes(operation: &str) -> bool {
    !matches!(operation, "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems")
}

/// The units of a write that its condition refused: DynamoDB counts it like one that was done. Our items that carry
/// conditions are below one unit each; in a transaction each takes two.
pub fn units_of_a_refusal(request: &Value, refusal: &str) -> f64 {
    if refusal.contains("TransactionCanceledException") {
        let items = request.get("TransactItems").and_then(Value::as_array).map_or(0, Vec::len);
        return items as f64 * 2.0;
    }
    if refusal.contains("ConditionalCheckFailedException") { 1.0 } else { 0.0 }
}

/// Data of other tables cannot be used: the embedded DynamoDB does not change keys or indexes.
fn check_same_tables(folder: &Path, tables: &BTreeMap<String, TemplateTable>) -> Result<(), StartError> {
    let shown = folder.display();
    std::fs::create_dir_all(folder)
        .map_err(|e| StartError::new(format!("the folder {shown} cannot be made: {e}")))?;
    let definitions: BTreeMap<&str, &Value> =
        tables.values().map(|table| (table.name.as_str(), &table.definition)).collect();
    let text = serde_json::to_string_pretty(&definitions).unwrap_or_default();
    let file = folder.join("tables.json");
    match std::fs::read_to_string(&file) {
        Ok(before) if before == text => Ok(()),
        Ok(_) => {
            Err(StartError::new(format!("the data in {shown} belong to other tables: remove the folder")))
        }
        Err(_) => std::fs::write(&file, text)
            .map_err(|e| StartError::new(format!("the folder {shown} cannot be written to: {e}"))),
    }
}

/// dynoxide 3.2 looks for a stream's last record among all that there ever were, at every write. With an index it looks once.
const INDEX: &str = "CREATE INDEX IF NOT EXISTS stream_order ON _stream_records
    (table_name, CAST(sequence_number AS INTEGER));";

fn in_file(path: &str) -> Result<Database, Box<dyn std::error::Error>> {
    let database = Database::new(path)?;
    rusqlite::Connection::open(path)?.execute_batch(INDEX)?;
    Ok(database)
}

/// Nobody else reaches a database in memory: it takes over a copy of itself that has got the index.
fn in_memory(clock: &Clock) -> Result<Database, Box<dyn std::error::Error>> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let database = Database::memory_with_clock(Arc::new(StackClock(clock.clone())))?;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let copy = format!("file:pagatore-{number}?mode=memory&cache=shared");
    let indexed = rusqlite::Connection::open(&copy)?;
    database.vacuum_into(&copy)?;
    indexed.execute_batch(INDEX)?;
    database.restore_from(&copy)?;
    Ok(database)
}

/// The stack's clock, for stream records and expiry.
struct StackClock(Clock);

impl dynoxide::storage_backend::Clock for StackClock {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(self.0.now().as_second()).unwrap_or(0)
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.0.now().as_duration().as_secs_f64()
    }
}

#[cfg(test)]
mod tests;
