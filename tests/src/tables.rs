//! The tables read and written below the product, as an operator with all rights could.

use serde_json::{Value, json};

use crate::{DebtPosition, SampleNotice, TestPortal, TestResponse};

/// How many items DynamoDB takes in one call.
const BATCH: usize = 25;

impl TestPortal {
    /// Every item of a table of the template, in DynamoDB's JSON.
    pub async fn items(&self, table: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut request = json!({"TableName": self.table(table), "ConsistentRead": true});
        loop {
            let mut answer = self.dynamodb("Scan", &request).await;
            items.extend(answer["Items"].as_array().cloned().unwrap_or_default());
            match answer["LastEvaluatedKey"].take() {
                Value::Null => return items,
                key => request["ExclusiveStartKey"] = key,
            }
        }
    }

    /// Every item of every table, with the table's name in the template.
    pub async fn all_items(&self) -> Vec<(String, Value)> {
        let mut all = Vec::new();
        for table in self.stack().template().tables.keys() {
            all.extend(self.items(table).await.into_iter().map(|item| (table.clone(), item)));
        }
        assert!(!all.is_empty(), "a scan that sees nothing proves nothing");
        all
    }

    /// Describes the items that hold any of these words, in any letter case.
    pub async fn items_holding(&self, words: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        for (table, item) in self.all_items().await {
            let text = item.to_string().to_lowercase();
            for word in words.iter().filter(|word| text.contains(&word.to_lowercase())) {
                found.push(format!("{table}: {word} in {} {}", item["pk"]["S"], item["sk"]["S"]));
            }
        }
        found
    }

    /// Puts an item, over any that is there.
    pub async fn put_item(&self, table: &str, item: &Value) {
        self.dynamodb("PutItem", &json!({"TableName": self.table(table), "Item": item})).await;
    }

    /// Deletes an item.
    pub async fn delete_item(&self, table: &str, item: &Value) {
        let key = json!({"pk": item["pk"], "sk": item["sk"]});
        self.dynamodb("DeleteItem", &json!({"TableName": self.table(table), "Key": key})).await;
    }

    /// Writes `times` copies of a debt under other notice numbers: thousands through the API would take too long.
    pub async fn multiplies(&self, notice: &SampleNotice, times: usize) {
        let items = self.items("DebtsTable").await.into_iter().filter(|item| {
            let key = |name: &str| item[name]["S"].as_str().unwrap_or_default().contains(&notice.number);
            key("pk") || key("sk")
        });
        let items: Vec<String> = items.map(|item| item.to_string()).collect();
        assert!(!items.is_empty(), "{} is not in the store", notice.number);
        let person = self.citizen().person;
        let mut copies = (0..times).flat_map(|_| {
            let other = DebtPosition::of(&person, self.rng()).notice();
            // The notice number ends with the IUV, and begins with the same digit for all of one creditor.
            items.iter().map(|item| item.replace(notice.iuv(), other.iuv())).collect::<Vec<_>>()
        });
        loop {
            let batch = copies.by_ref().take(BATCH);
            let parsed = batch.map(|item| serde_json::from_str::<Value>(&item).unwrap());
            let puts: Vec<Value> = parsed.map(|item| json!({"PutRequest": {"Item": item}})).collect();
            if puts.is_empty() {
                return;
            }
            let left = self.dynamodb("BatchWriteItem", &json!({"RequestItems": {"DebtsTable": puts}})).await;
            assert!(left["UnprocessedItems"].as_object().is_none_or(|left| left.is_empty()), "{left}");
        }
    }

    fn table(&self, name: &str) -> &str {
        &self.stack().template().tables[name].name
    }

    /// One call, signed by a principal with all rights.
    pub async fn dynamodb(&self, operation: &str, request: &Value) -> Value {
        self.dynamodb_as(local::OPERATOR, operation, request).await.ok()
    }

    /// One call, signed by a function.
    pub async fn dynamodb_as(&self, caller: &str, operation: &str, request: &Value) -> TestResponse {
        let scope = "20260101/eu-south-1/dynamodb/aws4_request";
        let ask = self.local_client().request("POST", "/_local/aws/");
        let ask = ask
            .header("x-amz-target", &format!("DynamoDB_20120810.{operation}"))
            .header("authorization", &format!("AWS4-HMAC-SHA256 Credential={caller}/{scope}"));
        ask.body("application/x-amz-json-1.0", request.to_string()).answer().await
    }
}
