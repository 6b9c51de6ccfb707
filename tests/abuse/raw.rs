//! The tables as they lie there, without any code of ours in between.

use journeys::local::{OPERATOR, Stack};
use journeys::{Portal, Value, json};

/// Every item of a table, as DynamoDB writes it.
pub async fn items(portal: &Portal, table: &str) -> Vec<Value> {
    let name = &portal.stack().template().tables[table].name;
    let mut items = Vec::new();
    let mut start = Value::Null;
    loop {
        let mut request = json!({"TableName": name, "ConsistentRead": true});
        if !start.is_null() {
            request["ExclusiveStartKey"] = start;
        }
        let mut answer = call(portal.stack(), "Scan", &request).await;
        items.extend(answer["Items"].as_array().cloned().unwrap_or_default());
        start = answer["LastEvaluatedKey"].take();
        if start.is_null() {
            return items;
        }
    }
}

/// Every item of every table, with the table's name.
pub async fn everything(portal: &Portal) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for table in portal.stack().template().tables.keys() {
        all.extend(items(portal, table).await.into_iter().map(|item| (table.clone(), item)));
    }
    assert!(!all.is_empty(), "a scan that sees nothing proves nothing");
    all
}

/// The items that hold any of these words, whatever the case.
pub async fn holding(portal: &Portal, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (table, item) in everything(portal).await {
        let text = item.to_string().to_lowercase();
        for word in words.iter().filter(|word| text.contains(&word.to_lowercase())) {
            found.push(format!("{table}: {word} in {} {}", item["pk"]["S"], item["sk"]["S"]));
        }
    }
    found
}

/// Puts an item as it is given, over whatever is there.
pub async fn put(portal: &Portal, table: &str, item: &Value) {
    let name = &portal.stack().template().tables[table].name;
    call(portal.stack(), "PutItem", &json!({"TableName": name, "Item": item})).await;
}

/// Takes an item away.
pub async fn remove(portal: &Portal, table: &str, item: &Value) {
    let name = &portal.stack().template().tables[table].name;
    let key = json!({"pk": item["pk"], "sk": item["sk"]});
    call(portal.stack(), "DeleteItem", &json!({"TableName": name, "Key": key})).await;
}

/// One request, signed by whoever may do everything.
async fn call(stack: &Stack, operation: &str, request: &Value) -> Value {
    let signature =
        format!("AWS4-HMAC-SHA256 Credential={OPERATOR}/20260101/eu-south-1/dynamodb/aws4_request");
    let port = stack.address().rsplit(':').next().unwrap();
    let answer = reqwest::Client::new()
        .post(format!("http://127.0.0.1:{port}/_local/aws/"))
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .header("authorization", signature)
        .body(request.to_string());
    let answer = answer.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert_eq!(status, 200, "{operation}: {text}");
    serde_json::from_str(&text).unwrap()
}
