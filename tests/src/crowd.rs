//! Many practices at once, put into the store below the product: thousands through the front door take too long.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Notice, Portal, Practice};

/// How many items DynamoDB takes in one call.
const BATCH: usize = 25;

impl Portal {
    /// So many more practices like this one, of the same person, each under a number of its own: every item of it is
    /// written again with the other number in place of its own.
    pub async fn multiplies(&self, notice: &Notice, times: usize) {
        let _alone = self.stack();
        let items = self.items_of(notice).await;
        assert!(!items.is_empty(), "{} is not in the store", notice.number);
        let person = self.citizen().person;
        let mut copies = (0..times).flat_map(|_| {
            let other = Practice::of(&person, self.dice()).notice();
            // The notice number ends with the IUV, and begins with the same digit for all of one creditor.
            items.iter().map(|item| item.replace(notice.iuv(), other.iuv())).collect::<Vec<_>>()
        });
        loop {
            let batch = copies.by_ref().take(BATCH);
            let puts: Vec<Value> = batch.map(|item| json!({"PutRequest": {"Item": parsed(&item)}})).collect();
            if puts.is_empty() {
                return;
            }
            let left = self.dynamodb("BatchWriteItem", &json!({"RequestItems": {"DebtsTable": puts}})).await;
            assert!(left["UnprocessedItems"].as_object().is_none_or(|left| left.is_empty()), "{left}");
        }
    }

    /// All items of the debts table that name a practice, as texts.
    async fn items_of(&self, notice: &Notice) -> Vec<String> {
        let mut scan = json!({
            "TableName": "DebtsTable", "FilterExpression": "contains(pk, :n) OR contains(sk, :n)",
            "ExpressionAttributeValues": {":n": {"S": notice.number}}
        });
        let mut items = Vec::new();
        loop {
            let mut found = self.dynamodb("Scan", &scan).await;
            items.extend(found["Items"].as_array().into_iter().flatten().map(Value::to_string));
            match found["LastEvaluatedKey"].take() {
                Value::Null => return items,
                key => scan["ExclusiveStartKey"] = key,
            }
        }
    }

    async fn dynamodb(&self, operation: &str, request: &Value) -> Value {
        let ask = self.local_browser().asks(Method::POST, "/_local/aws");
        let ask = ask.header("x-amz-target", &format!("DynamoDB_20120810.{operation}"));
        let operator = format!("AWS4-HMAC-SHA256 Credential={}/", local::OPERATOR);
        let ask =
            ask.header("authorization", &operator).body("application/x-amz-json-1.0", request.to_string());
        ask.answer().await.ok()
    }
}

fn parsed(item: &str) -> Value {
    serde_json::from_str(item).unwrap()
}
