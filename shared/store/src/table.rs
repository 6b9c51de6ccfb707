//! DynamoDB's operations over the SDK, and the one place that commits. Every write has a condition, or says why it
//! needs none.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::TransactWriteItemBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, KeysAndAttributes, Put, ReturnValue, TransactWriteItem, Update,
};
use domain::{Fault, FaultKind};
use runtime::{ConfigError, Env, Measure, Metrics, Setting};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{self, TableOperation};
use crate::keys::Key;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// One table and how to reach it.
#[derive(Clone)]
pub(crate) struct Table {
    client: Client,
    name: String,
    metrics: Metrics,
}

/// The outcome of a conditional write: all of it or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum WriteOutcome {
    Done,
    /// A condition did not hold, or another writer was faster: nothing was written.
    Refused,
}

/// One item that is written, with its table and its condition.
pub(crate) struct Step {
    kind: &'static str,
    item: Result<TransactWriteItem, BuildError>,
}

/// A condition or change with its names and values.
#[derive(Clone, Default)]
pub(crate) struct Expression {
    pub text: String,
    pub names: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    pub values: Vec<(&'static str, AttributeValue)>,
}

impl Expression {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub fn name(
        mut self,
        placeholder: impl Into<Cow<'static, str>>,
        name: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.names.push((placeholder.into(), name.into()));
        self
    }

    pub fn text_value(self, placeholder: &'static str, value: impl Into<String>) -> Self {
        self.value(placeholder, AttributeValue::S(value.into()))
    }

    pub fn number(self, placeholder: &'static str, value: impl Into<i128>) -> Self {
        self.value(placeholder, AttributeValue::N(value.into().to_string()))
    }

    pub fn flag(self, placeholder: &'static str, value: bool) -> Self {
        self.value(placeholder, AttributeValue::Bool(value))
    }

    pub fn value(mut self, placeholder: &'static str, value: AttributeValue) -> Self {
        self.values.push((placeholder, value));
        self
    }

    fn maps(self) -> (String, Names, Values) {
        let names: HashMap<String, String> =
            self.names.into_iter().map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
        let values: HashMap<String, AttributeValue> =
            self.values.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        (self.text, (!names.is_empty()).then_some(names), (!values.is_empty()).then_some(values))
    }
}

type Names = Option<HashMap<String, String>>;
type Values = Option<HashMap<String, AttributeValue>>;

/// An optional condition as the SDK takes it.
fn parts(condition: Option<Expression>) -> (Option<String>, Names, Values) {
    match condition.map(Expression::maps) {
        Some((text, names, values)) => (Some(text), names, values),
        None => (None, None, None),
    }
}

fn both(change: Expression, condition: Expression) -> (String, String, Names, Values) {
    let all = Expression {
        text: String::new(),
        names: change.names.into_iter().chain(condition.names).collect(),
        values: change.values.into_iter().chain(condition.values).collect(),
    };
    let (_, names, values) = all.maps();
    (change.text, condition.text, names, values)
}

/// The condition that an item is not there yet.
pub(crate) fn absent() -> Expression {
    Expression::new("attribute_not_exists(pk)")
}

/// The condition that an item is there.
pub(crate) fn present() -> Expression {
    Expression::new("attribute_exists(pk)")
}

/// The condition that an item still has the revision that was read; without one, that it is not there yet.
pub(crate) fn unchanged_since(revision: Option<u64>) -> Expression {
    match revision {
        Some(revision) => Expression::new("revision = :was").number(":was", revision),
        None => absent(),
    }
}

/// A page of a query.
pub(crate) struct QueryPage<T> {
    pub items: Vec<T>,
    /// Whether there is more after the last item.
    pub more: bool,
}

/// A page of what waits in one part of the `due` index.
pub struct DuePage<T> {
    pub items: Vec<T>,
    /// Where the next page begins, if there may be one.
    pub next: Option<DuePlace>,
}

/// A place in the `due` index.
#[derive(Clone, Debug)]
pub struct DuePlace(Item);

impl<T> DuePage<T> {
    pub fn map<U>(self, item: impl FnMut(T) -> U) -> DuePage<U> {
        DuePage { items: self.items.into_iter().map(item).collect(), next: self.next }
    }

    /// The same place with other items.
    pub(crate) fn with<U>(self, items: Vec<U>) -> DuePage<U> {
        DuePage { items, next: self.next }
    }
}

/// What part of a partition to read.
pub(crate) enum Range {
    StartsWith(String),
    /// Both ends included.
    Between(String, String),
}

pub(crate) enum SortOrder {
    Rising,
    Falling,
}

impl Table {
    pub fn connect(env: &Env, name: &Setting<String>) -> Result<Self, ConfigError> {
        // One client for all tables of a function: it holds the connection.
        let client = env.shared(|| Client::new(&env.sdk("DYNAMODB")));
        let name = name.get()?.clone();
        Ok(Self { client, name, metrics: env.metrics().clone() })
    }

    /// A strongly consistent read.
    pub async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Fault> {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key.attributes()));
        let answer = request.consistent_read(true).send().await;
        let answer = answer.map_err(|e| error::of_sdk(TableOperation::Get, key.kind(), e))?;
        answer.item.map(|item| read(key.kind(), item)).transpose()
    }

    /// A strongly consistent read of up to 100 items in one call.
    pub async fn get_many(&self, keys: &[Key]) -> Result<FoundItems, Fault> {
        let mut found = HashMap::new();
        let kind = keys.first().map(Key::kind).unwrap_or_default();
        let mut wanted: Vec<_> = keys.iter().map(Key::attributes).collect();
        // What DynamoDB leaves unread under load is asked for again, three times at most.
        for _ in 0..3 {
            if wanted.is_empty() {
                break;
            }
            let request = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(true).build();
            let request =
                request.map_err(|e| error::fault(FaultKind::Other, TableOperation::Get, kind, e))?;
            let answer = self.client.batch_get_item().request_items(&self.name, request).send().await;
            let answer = answer.map_err(|e| error::of_sdk(TableOperation::Get, kind, e))?;
            for item in answer.responses.and_then(|mut all| all.remove(&self.name)).unwrap_or_default() {
                if let Some(key) = Key::of(&item) {
                    found.insert(key, item);
                }
            }
            let left = answer.unprocessed_keys.and_then(|mut all| all.remove(&self.name));
            wanted = left.map(|left| left.keys).unwrap_or_default();
        }
        if wanted.is_empty() {
            Ok(FoundItems(found))
        } else {
            Err(error::fault(FaultKind::Throttled, TableOperation::Get, kind, "items were left unread"))
        }
    }

    /// A strongly consistent query of one partition.
    pub async fn query<T: DeserializeOwned>(
        &self,
        partition: &str,
        range: Range,
        order: SortOrder,
        limit: usize,
        after: Option<&Key>,
    ) -> Result<QueryPage<T>, Fault> {
        let request = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .scan_index_forward(matches!(order, SortOrder::Rising))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after.map(Key::attributes))
            .expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()));
        let request = match range {
            Range::StartsWith(prefix) => request
                .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
                .expression_attribute_values(":sk", AttributeValue::S(prefix)),
            Range::Between(from, to) => request
                .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
                .expression_attribute_values(":from", AttributeValue::S(from))
                .expression_attribute_values(":to", AttributeValue::S(to)),
        };
        let kind = Key::kind_of(partition);
        let answer = request.send().await.map_err(|e| error::of_sdk(TableOperation::Query, kind, e))?;
        let more = answer.last_evaluated_key.is_some_and(|key| !key.is_empty());
        let items = answer.items.unwrap_or_default().into_iter().map(|item| read(kind, item));
        Ok(QueryPage { items: items.collect::<Result<_, _>>()?, more })
    }

    /// A page of the keys that wait in one part of the `due` index, earliest first. The index only finds; what it finds
    /// is read again.
    pub async fn due(
        &self,
        part: &str,
        (from, until): (&str, &str),
        limit: i32,
        after: Option<&DuePlace>,
    ) -> Result<DuePage<Key>, Fault> {
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .index_name("due")
            .key_condition_expression("due_shard = :part AND due_at BETWEEN :from AND :until")
            .expression_attribute_values(":part", AttributeValue::S(part.to_owned()))
            .expression_attribute_values(":from", AttributeValue::S(from.to_owned()))
            .expression_attribute_values(":until", AttributeValue::S(until.to_owned()))
            .limit(limit)
            .set_exclusive_start_key(after.map(|place| place.0.clone()))
            .send()
            .await
            .map_err(|e| error::of_sdk(TableOperation::Query, "DUE", e))?;
        let items = answer.items.unwrap_or_default().iter().filter_map(Key::of).collect();
        Ok(DuePage { items, next: answer.last_evaluated_key.filter(|key| !key.is_empty()).map(DuePlace) })
    }

    /// A page of everything that passes the filter, each with its key, and where the next page begins. For the audit,
    /// which looks at a page again where it does not agree; what others ask for is read by key.
    pub async fn scan(
        &self,
        filter: Option<Expression>,
        after: Option<&Key>,
    ) -> Result<(Vec<(Key, Item)>, Option<Key>), Fault> {
        let (text, names, values) = parts(filter);
        let answer = self
            .client
            .scan()
            .table_name(&self.name)
            .set_filter_expression(text)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .set_exclusive_start_key(after.map(Key::attributes))
            .send()
            .await
            .map_err(|e| error::of_sdk(TableOperation::Scan, "", e))?;
        let items = answer.items.unwrap_or_default();
        let keyed = items.into_iter().filter_map(|item| Some((Key::of(&item)?, item))).collect();
        Ok((keyed, answer.last_evaluated_key.as_ref().and_then(Key::of)))
    }

    /// Changes an item if the condition holds and gives back all of it.
    pub async fn update_and_read<T: DeserializeOwned>(
        &self,
        key: &Key,
        change: Expression,
        condition: Expression,
    ) -> Result<Option<T>, Fault> {
        let (update, condition, names, values) = both(change, condition);
        let sent = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match sent.map_err(|e| error::of_sdk(TableOperation::Update, key.kind(), e)) {
            Ok(answer) => answer.attributes.map(|item| read(key.kind(), item)).transpose(),
            Err(error) if error.kind == FaultKind::Conflict => {
                self.metrics.note(Measure::ConditionalFailure);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The step that puts an item if the condition holds.
    pub fn put(&self, key: &Key, item: Item, condition: Expression) -> Step {
        self.put_step(key, item, Some(condition))
    }

    /// The step that puts an item whatever is there. `because` says why no condition is needed.
    pub fn put_always(&self, key: &Key, item: Item, because: &'static str) -> Step {
        debug_assert!(!because.is_empty());
        self.put_step(key, item, None)
    }

    fn put_step(&self, key: &Key, item: Item, condition: Option<Expression>) -> Step {
        let (text, names, values) = parts(condition);
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .set_condition_expression(text)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .build();
        step(key, put.map(|put| TransactWriteItem::builder().put(put)))
    }

    /// The step that changes an item if the condition holds.
    pub fn update(&self, key: &Key, change: Expression, condition: Expression) -> Step {
        let (update, condition, names, values) = both(change, condition);
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .build();
        step(key, update.map(|update| TransactWriteItem::builder().update(update)))
    }

    /// The step that deletes an item if the condition holds; without one, whether or not it is there.
    pub fn delete(&self, key: &Key, condition: Option<Expression>) -> Step {
        let (text, names, values) = parts(condition);
        let delete = Delete::builder()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .set_condition_expression(text)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .build();
        step(key, delete.map(|delete| TransactWriteItem::builder().delete(delete)))
    }

    /// Writes items, of any tables, all or none: one alone by itself, which costs half, several in a transaction.
    pub async fn write(&self, mut steps: Vec<Step>) -> Result<WriteOutcome, Fault> {
        let written = match (steps.pop(), steps.is_empty()) {
            (None, _) => return Ok(WriteOutcome::Done),
            (Some(only), true) => self.write_one(only).await,
            (Some(last), false) => {
                steps.push(last);
                self.write_together(steps).await
            }
        };
        match written {
            Ok(()) => Ok(WriteOutcome::Done),
            Err(error) if error.kind == FaultKind::Conflict => {
                self.metrics.note(Measure::ConditionalFailure);
                Ok(WriteOutcome::Refused)
            }
            Err(error) => Err(error),
        }
    }

    async fn write_one(&self, step: Step) -> Result<(), Fault> {
        let kind = step.kind;
        let item = step.built()?;
        if let Some(put) = item.put {
            let request = self.client.put_item().table_name(put.table_name).set_item(Some(put.item));
            let request = request
                .set_condition_expression(put.condition_expression)
                .set_expression_attribute_names(put.expression_attribute_names)
                .set_expression_attribute_values(put.expression_attribute_values);
            let sent = request.send().await.map(drop);
            sent.map_err(|e| error::of_sdk(TableOperation::Put, kind, e))
        } else if let Some(update) = item.update {
            let request = self.client.update_item().table_name(update.table_name).set_key(Some(update.key));
            let request = request
                .update_expression(update.update_expression)
                .set_condition_expression(update.condition_expression)
                .set_expression_attribute_names(update.expression_attribute_names)
                .set_expression_attribute_values(update.expression_attribute_values);
            let sent = request.send().await.map(drop);
            sent.map_err(|e| error::of_sdk(TableOperation::Update, kind, e))
        } else if let Some(delete) = item.delete {
            let request = self.client.delete_item().table_name(delete.table_name).set_key(Some(delete.key));
            let request = request
                .set_condition_expression(delete.condition_expression)
                .set_expression_attribute_names(delete.expression_attribute_names)
                .set_expression_attribute_values(delete.expression_attribute_values);
            let sent = request.send().await.map(drop);
            sent.map_err(|e| error::of_sdk(TableOperation::Delete, kind, e))
        } else {
            Ok(())
        }
    }

    async fn write_together(&self, steps: Vec<Step>) -> Result<(), Fault> {
        let kind = steps.first().map(|step| step.kind).unwrap_or_default();
        let items = steps.into_iter().map(Step::built).collect::<Result<_, _>>()?;
        let sent = self.client.transact_write_items().set_transact_items(Some(items)).send().await;
        sent.map(drop).map_err(|error| {
            let cancelled = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let reasons = cancelled.cancellation_reasons().iter();
                    let ours = |code: &str| {
                        matches!(code, "ConditionalCheckFailed" | "TransactionConflict" | "None" | "")
                    };
                    reasons.map(|reason| reason.code().unwrap_or_default()).all(ours)
                }
                _ => false,
            };
            match cancelled {
                true => error::conflict(TableOperation::Transact, kind),
                false => error::of_sdk(TableOperation::Transact, kind, error),
            }
        })
    }

    /// Decides and writes, again after a conflict: `decide` reads, and gives the steps with the outcome of their success.
    /// Its argument is whether it decides again. The only loop of its kind.
    ///
    /// # Errors
    /// Whatever `decide` says; the store's own trouble; a conflict when every try met one.
    pub async fn commit<O, E, F>(&self, decide: impl Fn(bool) -> F) -> Result<O, E>
    where
        E: From<Fault>,
        F: Future<Output = Result<(Vec<Step>, O), E>>,
    {
        for try_number in 0..TRIES {
            let (steps, outcome) = decide(try_number > 0).await?;
            if self.write(steps).await? == WriteOutcome::Done {
                return Ok(outcome);
            }
            back_off(try_number).await;
        }
        tracing::warn!(event = "store.conflict", "every try met a conflict");
        Err(error::conflict(TableOperation::Transact, "").into())
    }
}

fn step(key: &Key, item: Result<TransactWriteItemBuilder, BuildError>) -> Step {
    Step { kind: key.kind(), item: item.map(TransactWriteItemBuilder::build) }
}

impl Step {
    fn built(self) -> Result<TransactWriteItem, Fault> {
        self.item.map_err(|e| error::fault(FaultKind::Other, TableOperation::Transact, self.kind, e))
    }
}

/// Items that were found, by key.
#[derive(Default)]
pub(crate) struct FoundItems(HashMap<Key, Item>);

impl FoundItems {
    /// These and those of another read.
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// An item as a row, which stays.
    pub fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, Fault> {
        self.0.get(key).map(|item| read(key.kind(), item.clone())).transpose()
    }

    pub fn contains(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }

    /// Takes an item out as a row.
    pub fn take<T: DeserializeOwned>(&mut self, key: &Key) -> Result<Option<T>, Fault> {
        self.0.remove(key).map(|item| read(key.kind(), item)).transpose()
    }

    /// Takes several out, in their order; those that are not there are left out.
    pub fn take_all<T: DeserializeOwned>(&mut self, keys: &[Key]) -> Result<Vec<T>, Fault> {
        keys.iter().filter_map(|key| self.take(key).transpose()).collect()
    }
}

/// An item as a row.
pub(crate) fn read<T: DeserializeOwned>(kind: &'static str, item: Item) -> Result<T, Fault> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|e| error::corrupt(kind, &e))
}

/// A row as an item under its key.
pub(crate) fn item(key: &Key, row: &impl Serialize) -> Result<Item, Fault> {
    let mut item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(row)
        .map_err(|e| error::fault(FaultKind::Other, TableOperation::Put, key.kind(), e))?;
    item.extend(key.attributes());
    Ok(item)
}

/// A value as one attribute of an item under a key.
pub(crate) fn attribute(key: &Key, value: &impl Serialize) -> Result<AttributeValue, Fault> {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(value)
        .map_err(|e| error::fault(FaultKind::Other, TableOperation::Put, key.kind(), e))
}

/// Adds the instant after which DynamoDB may tidy the item away. Readers check times themselves.
pub(crate) fn with_ttl(mut item: Item, at: domain::Timestamp) -> Item {
    item.insert("ttl".to_owned(), AttributeValue::N(at.as_second().to_string()));
    item
}

/// Marks an item as due for the sweep.
pub(crate) fn with_due(item: Item, key: &Key, at: domain::Timestamp) -> Item {
    with_place(item, key.due_part(), instant(at))
}

/// Gives an item its place in a part of the `due` index.
pub(crate) fn with_place(mut item: Item, part: String, at: String) -> Item {
    item.insert("due_shard".to_owned(), AttributeValue::S(part));
    item.insert("due_at".to_owned(), AttributeValue::S(at));
    item
}

/// An instant as text that sorts by time: to the second, UTC.
pub(crate) fn instant(at: domain::Timestamp) -> String {
    domain::time::to_second(at).to_string()
}

/// An instant as text that sorts by time within a second too: three decimals, always.
pub(crate) fn fine_instant(at: domain::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// How often a decision is taken again when another writer was in the way.
const TRIES: u32 = 6;

/// Lets the other writer finish before deciding again: 5, 10, 20 … ms.
async fn back_off(try_number: u32) {
    let wait = 5_u64.saturating_mul(2_u64.saturating_pow(try_number));
    tokio::time::sleep(Duration::from_millis(wait)).await;
}
