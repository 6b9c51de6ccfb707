//! The verbs over the SDK. Every write has a condition, or says why it needs none.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, KeysAndAttributes, Put, TransactWriteItem, Update};
use domain::Fault;
use serde::Serialize;
use serde::de::DeserializeOwned;
use world::{Measure, Metrics, NotConfigured, World};

use crate::keys::Key;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// One table and how to reach it.
#[derive(Clone)]
pub(crate) struct Table {
    client: Client,
    name: String,
    metrics: Metrics,
}

/// The outcome of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Written {
    Done,
    /// The condition did not hold: nothing was written.
    Refused,
}

/// The outcome of a transaction: all of it or nothing.
#[derive(Debug)]
#[must_use]
pub(crate) enum Transacted {
    Done,
    /// For each step, whether its own condition failed. None may have, when another writer was in the way.
    Refused(Vec<bool>),
}

/// One step of a transaction.
#[derive(Clone)]
pub(crate) struct Step(TransactWriteItem);

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

/// The condition that an item is not there yet.
pub(crate) fn absent() -> Expression {
    Expression::new("attribute_not_exists(pk)")
}

/// The condition that an item is there.
pub(crate) fn present() -> Expression {
    Expression::new("attribute_exists(pk)")
}

/// A page of a query.
pub(crate) struct Queried<T> {
    pub items: Vec<T>,
    /// Whether there is more after the last item.
    pub more: bool,
}

/// What part of a partition to read.
pub(crate) enum Range {
    StartsWith(String),
    /// Both ends included.
    Between(String, String),
}

pub(crate) enum Order {
    Rising,
    Falling,
}

impl Table {
    pub fn connect(world: &World, variable: &str) -> Result<Self, NotConfigured> {
        // One client for all tables of a function: it holds the connection.
        let client = world.shared(|| Client::new(&world.sdk("DYNAMODB")));
        let name = world.variable(variable)?.to_owned();
        Ok(Self { client, name, metrics: world.metrics().clone() })
    }

    /// A strongly consistent read.
    pub async fn get<T: DeserializeOwned>(&self, doing: &'static str, key: &Key) -> Result<Option<T>, Fault> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| fault(doing, e))?;
        answer.item.map(|item| read(doing, item)).transpose()
    }

    /// A strongly consistent read of up to 100 items in one call, each with its key.
    pub async fn get_many(&self, doing: &'static str, keys: &[Key]) -> Result<HashMap<Key, Item>, Fault> {
        let mut found = HashMap::new();
        let mut wanted: Vec<_> = keys.iter().map(Key::attributes).collect();
        // What DynamoDB leaves unread under load is asked for again, three times at most.
        for _ in 0..3 {
            if wanted.is_empty() {
                break;
            }
            let request = KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(true).build();
            let request = request.map_err(|e| Fault::new(doing, e))?;
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.name, request)
                .send()
                .await
                .map_err(|e| fault(doing, e))?;
            for item in answer.responses.and_then(|mut all| all.remove(&self.name)).unwrap_or_default() {
                if let Some(key) = Key::of(&item) {
                    found.insert(key, item);
                }
            }
            wanted = answer
                .unprocessed_keys
                .and_then(|mut all| all.remove(&self.name))
                .map(|left| left.keys)
                .unwrap_or_default();
        }
        if wanted.is_empty() { Ok(found) } else { Err(Fault::new(doing, "items were left unread")) }
    }

    /// A strongly consistent query of one partition.
    pub async fn query<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        partition: &str,
        range: Range,
        order: Order,
        limit: usize,
        after: Option<&Key>,
    ) -> Result<Queried<T>, Fault> {
        let request = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .scan_index_forward(matches!(order, Order::Rising))
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
        let answer = request.send().await.map_err(|e| fault(doing, e))?;
        let more = answer.last_evaluated_key.is_some_and(|key| !key.is_empty());
        let items = answer.items.unwrap_or_default();
        Ok(Queried {
            items: items.into_iter().map(|item| read(doing, item)).collect::<Result<_, _>>()?,
            more,
        })
    }

    /// Keys that are due for the sweep, oldest first. The index only finds; what it finds is read again.
    pub async fn due(
        &self,
        doing: &'static str,
        shard: &str,
        until: &str,
        limit: i32,
    ) -> Result<Vec<Key>, Fault> {
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .index_name("due")
            .key_condition_expression("due_shard = :shard AND due_at <= :until")
            .expression_attribute_values(":shard", AttributeValue::S(shard.to_owned()))
            .expression_attribute_values(":until", AttributeValue::S(until.to_owned()))
            .limit(limit)
            .send()
            .await
            .map_err(|e| fault(doing, e))?;
        Ok(answer.items.unwrap_or_default().iter().filter_map(Key::of).collect())
    }

    /// A page of everything that passes the filter, each with its key, and where the next page begins. For
    /// operators and the audit; what citizens ask for is read by key.
    pub async fn scan(
        &self,
        doing: &'static str,
        filter: Expression,
        after: Option<&Key>,
    ) -> Result<(Vec<(Key, Item)>, Option<Key>), Fault> {
        let (text, names, values) = filter.maps();
        let answer = self
            .client
            .scan()
            .table_name(&self.name)
            .filter_expression(text)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .set_exclusive_start_key(after.map(Key::attributes))
            .send()
            .await
            .map_err(|e| fault(doing, e))?;
        let items = answer.items.unwrap_or_default();
        let keyed = items.into_iter().filter_map(|item| Some((Key::of(&item)?, item))).collect();
        Ok((keyed, answer.last_evaluated_key.as_ref().and_then(Key::of)))
    }

    /// Everything that passes the filter.
    pub async fn scan_all(&self, doing: &'static str, filter: Expression) -> Result<Vec<(Key, Item)>, Fault> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let (items, next) = self.scan(doing, filter.clone(), after.as_ref()).await?;
            all.extend(items);
            match next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }

    /// Writes an item if the condition holds.
    pub async fn put_if(
        &self,
        doing: &'static str,
        item: Item,
        condition: Expression,
    ) -> Result<Written, Fault> {
        let (text, names, values) = condition.maps();
        let sent = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression(text)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .send()
            .await;
        self.written(doing, sent.map(drop))
    }

    /// Writes an item whatever is there. `because` says why no condition is needed.
    pub async fn put_always(
        &self,
        doing: &'static str,
        item: Item,
        because: &'static str,
    ) -> Result<(), Fault> {
        debug_assert!(!because.is_empty());
        self.client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .send()
            .await
            .map(drop)
            .map_err(|e| fault(doing, e))
    }

    /// Changes an item if the condition holds.
    pub async fn update_if(
        &self,
        doing: &'static str,
        key: &Key,
        change: Expression,
        condition: Expression,
    ) -> Result<Written, Fault> {
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
            .send()
            .await;
        self.written(doing, sent.map(drop))
    }

    /// Changes an item if the condition holds and gives back all of it.
    pub async fn update_and_read<T: DeserializeOwned>(
        &self,
        doing: &'static str,
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
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew)
            .send()
            .await;
        match sent {
            Ok(answer) => answer.attributes.map(|item| read(doing, item)).transpose(),
            Err(e) if e.code() == Some(CONDITION_FAILED) => {
                self.metrics.note(Measure::ConditionalFailure);
                Ok(None)
            }
            Err(e) => Err(fault(doing, e)),
        }
    }

    /// Takes an item away if the condition holds.
    pub async fn remove_if(
        &self,
        doing: &'static str,
        key: &Key,
        condition: Expression,
    ) -> Result<Written, Fault> {
        let (text, names, values) = condition.maps();
        let sent = self
            .client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .condition_expression(text)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .send()
            .await;
        self.written(doing, sent.map(drop))
    }

    /// Writes several items, of any tables, all or none.
    pub async fn transact(&self, doing: &'static str, steps: Vec<Step>) -> Result<Transacted, Fault> {
        let items = steps.into_iter().map(|step| step.0).collect();
        match self.client.transact_write_items().set_transact_items(Some(items)).send().await {
            Ok(_) => Ok(Transacted::Done),
            Err(e) => match e.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let codes: Vec<&str> = cancelled
                        .cancellation_reasons()
                        .iter()
                        .map(|reason| reason.code().unwrap_or_default())
                        .collect();
                    let ours = |code: &&str| {
                        matches!(*code, "ConditionalCheckFailed" | "TransactionConflict" | "None" | "")
                    };
                    if codes.iter().all(ours) {
                        self.metrics.note(Measure::ConditionalFailure);
                        Ok(Transacted::Refused(
                            codes.iter().map(|c| *c == "ConditionalCheckFailed").collect(),
                        ))
                    } else {
                        Err(fault(doing, e))
                    }
                }
                _ => Err(fault(doing, e)),
            },
        }
    }

    /// The same, again while another writer is merely in the way: what comes back refused has failed a condition.
    /// For steps that hold however often they are tried.
    pub async fn transact_in_turn(&self, doing: &'static str, steps: Vec<Step>) -> Result<Transacted, Fault> {
        for try_number in 0..TRIES {
            match self.transact(doing, steps.clone()).await? {
                Transacted::Refused(why) if !why.contains(&true) => step_aside(try_number).await,
                settled => return Ok(settled),
            }
        }
        Err(Fault::new(doing, "others were in the way too often"))
    }

    pub fn put_step(&self, doing: &'static str, item: Item, condition: Expression) -> Result<Step, Fault> {
        let (text, names, values) = condition.maps();
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression(text)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .build()
            .map_err(|e| Fault::new(doing, e))?;
        Ok(Step(TransactWriteItem::builder().put(put).build()))
    }

    /// A write without a condition inside a transaction whose other steps have one.
    pub fn put_along_step(&self, doing: &'static str, item: Item) -> Result<Step, Fault> {
        let put = Put::builder().table_name(&self.name).set_item(Some(item)).build();
        let put = put.map_err(|e| Fault::new(doing, e))?;
        Ok(Step(TransactWriteItem::builder().put(put).build()))
    }

    pub fn update_step(
        &self,
        doing: &'static str,
        key: &Key,
        change: Expression,
        condition: Expression,
    ) -> Result<Step, Fault> {
        let (update, condition, names, values) = both(change, condition);
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .build()
            .map_err(|e| Fault::new(doing, e))?;
        Ok(Step(TransactWriteItem::builder().update(update).build()))
    }

    fn written<E>(&self, doing: &'static str, sent: Result<(), SdkError<E>>) -> Result<Written, Fault>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        match sent {
            Ok(()) => Ok(Written::Done),
            Err(e) if e.code() == Some(CONDITION_FAILED) => {
                self.metrics.note(Measure::ConditionalFailure);
                Ok(Written::Refused)
            }
            Err(e) => Err(fault(doing, e)),
        }
    }

    pub fn delete_step(&self, doing: &'static str, key: &Key) -> Result<Step, Fault> {
        let delete = Delete::builder().table_name(&self.name).set_key(Some(key.attributes())).build();
        let delete = delete.map_err(|e| Fault::new(doing, e))?;
        Ok(Step(TransactWriteItem::builder().delete(delete).build()))
    }
}

const CONDITION_FAILED: &str = "ConditionalCheckFailedException";

type Names = Option<HashMap<String, String>>;
type Values = Option<HashMap<String, AttributeValue>>;
type Both = (String, String, Names, Values);

fn both(change: Expression, condition: Expression) -> Both {
    let all = Expression {
        text: String::new(),
        names: change.names.into_iter().chain(condition.names).collect(),
        values: change.values.into_iter().chain(condition.values).collect(),
    };
    let (_, names, values) = all.maps();
    (change.text, condition.text, names, values)
}

fn fault<E>(doing: &'static str, error: SdkError<E>) -> Fault
where
    E: std::error::Error + Send + Sync + 'static,
{
    Fault::new(doing, error)
}

/// An item as a row. A row that cannot be read is a fault that names what we were doing and what is missing, never
/// its content.
pub(crate) fn read<T: DeserializeOwned>(doing: &'static str, item: Item) -> Result<T, Fault> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|e| unreadable(doing, &e))
}

/// What a reader says of a stored text. Most of its sentences quote a value; the one that does not is kept.
pub(crate) fn unreadable(doing: &'static str, why: &impl std::fmt::Display) -> Fault {
    let why = why.to_string();
    let missing = why.split_once('`').filter(|(said, _)| *said == "missing field ");
    match missing.and_then(|(_, rest)| rest.split_once('`')) {
        Some((field, _)) => Fault::new(doing, format!("field {field} is missing")),
        None => Fault::new(doing, "it is not what we expect"),
    }
}

/// A row as an item under its key.
pub(crate) fn item(doing: &'static str, key: &Key, row: &impl Serialize) -> Result<Item, Fault> {
    let mut item: Item = serde_dynamo::aws_sdk_dynamodb_1::to_item(row).map_err(|e| Fault::new(doing, e))?;
    item.extend(key.attributes());
    Ok(item)
}

/// Adds the instant after which DynamoDB may tidy the item away. Readers check times themselves.
pub(crate) fn with_ttl(mut item: Item, at: domain::Timestamp) -> Item {
    item.insert("ttl".to_owned(), AttributeValue::N(at.as_second().to_string()));
    item
}

/// Marks an item as due for the sweep.
pub(crate) fn with_due(mut item: Item, key: &Key, at: domain::Timestamp) -> Item {
    item.insert("due_shard".to_owned(), AttributeValue::S(key.shard()));
    item.insert("due_at".to_owned(), AttributeValue::S(instant(at)));
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
pub(crate) const TRIES: u32 = 6;

/// Lets the other writer finish before deciding again: 5, 10, 20 … ms.
pub(crate) async fn step_aside(attempt: u32) {
    tokio::time::sleep(Duration::from_millis(5_u64.saturating_mul(2_u64.saturating_pow(attempt)))).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Row {
        #[expect(dead_code, reason = "only read")]
        cents: u64,
    }

    #[test]
    fn inv_x17_what_is_said_of_a_row_that_cannot_be_read_names_a_field_and_never_a_value() {
        let said = |row: &str| {
            let why = serde_json::from_str::<Row>(row).err().map(|why| unreadable("reading a row", &why));
            why.map(|fault| (fault.doing, fault.source.to_string()))
        };
        let of = |words: &str| Some(("reading a row", words.to_owned()));
        assert_eq!(said(r#"{"cents": 1}"#), None);
        assert_eq!(said("{}"), of("field cents is missing"));
        assert_eq!(said(r#"{"cents": "RSSMRA80A01H501U"}"#), of("it is not what we expect"));
        assert_eq!(
            said(r#"{"cents": "a `missing field` of RSSMRA80A01H501U"}"#),
            of("it is not what we expect")
        );
    }
}
