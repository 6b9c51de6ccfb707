use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, KeysAndAttributes, Put, TransactWriteItem};
use aws_sdk_dynamodb::{Client, operation::put_item::PutItemError};

use super::*;
use crate::access::{Granted, OPERATOR};
use crate::aws::Aws;
use crate::faults::{InjectedFault, Scope};
use crate::template::Template;
use runtime::{Env, EnvParts, Random};

const TEMPLATE: &str = "
Resources:
  DebtsTable:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      AttributeDefinitions:
        - {AttributeName: pk, AttributeType: S}
        - {AttributeName: due, AttributeType: S}
      GlobalSecondaryIndexes:
        - IndexName: due
          KeySchema: [{AttributeName: due, KeyType: HASH}]
          Projection: {ProjectionType: KEYS_ONLY}
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  OtherTable:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      ResourcePolicy:
        PolicyDocument:
          Statement:
            - {Effect: Deny, Principal: '*', Action: ['dynamodb:DeleteItem'], Resource: '*'}
  Writer:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: writer
      Policies:
        - Statement:
            - {Effect: Allow, Action: ['dynamodb:PutItem', 'dynamodb:GetItem', 'dynamodb:BatchGetItem'], Resource: !GetAtt DebtsTable.Arn}
            - {Effect: Allow, Action: 'dynamodb:Query', Resource: !Sub '${DebtsTable.Arn}/index/due'}
  Careful:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: careful
      Policies:
        - Statement:
            - Effect: Allow
              Action: ['dynamodb:PutItem', 'dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query']
              Resource: !GetAtt OtherTable.Arn
              Condition: {'ForAllValues:StringLike': {'dynamodb:LeadingKeys': ['SESS#*', 'ACC#*']}}
            - {Effect: Allow, Action: 'dynamodb:DeleteItem', Resource: !GetAtt OtherTable.Arn}
";

fn aws() -> Arc<Aws> {
    let template = Template::parse(TEMPLATE, &BTreeMap::new()).unwrap();
    Arc::new(Aws::open(None, &template, &Clock::system(), true, BTreeMap::new()).unwrap())
}

fn client(aws: &Arc<Aws>, caller: &str) -> Client {
    let variables =
        [("AWS_ACCESS_KEY_ID", caller), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_REGION", "eu-south-1")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let parts =
        EnvParts { clock: Clock::system(), random: Random::system(), aws: aws.wire(), outside: aws.wire() };
    Client::new(&Env::new(variables, parts).sdk("DYNAMODB"))
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    error.as_service_error().and_then(|e| e.code()).unwrap_or("no service error").to_owned()
}

async fn put(client: &Client, key: &str) -> Result<(), SdkError<PutItemError>> {
    let put = client.put_item().table_name("DebtsTable").item("pk", text(key)).item("due", text("a"));
    put.condition_expression("attribute_not_exists(pk)").send().await.map(drop)
}

#[tokio::test]
async fn a_failed_condition_and_a_cancelled_transaction_arrive_as_such() {
    let client = client(&aws(), OPERATOR);
    put(&client, "1").await.unwrap();
    let again = put(&client, "1").await.unwrap_err();
    assert!(again.into_service_error().is_conditional_check_failed_exception());

    let write = |key: &str| {
        let put = Put::builder().table_name("DebtsTable").item("pk", text(key));
        let put = put.condition_expression("attribute_not_exists(pk)").build().unwrap();
        TransactWriteItem::builder().put(put).build()
    };
    let error = client
        .transact_write_items()
        .client_request_token("token-1")
        .transact_items(write("2"))
        .transact_items(write("1"))
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let reasons: Vec<_> = match &error {
        aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
            cancelled,
        ) => cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or_default()).collect(),
        other => panic!("{other:?}"),
    };
    assert_eq!(reasons, ["None", "ConditionalCheckFailed"]);
    let missing = client.get_item().table_name("DebtsTable").key("pk", text("2")).send().await.unwrap();
    assert!(missing.item().is_none());

    let unknown = client.get_item().table_name("Nowhere").key("pk", text("1")).send().await.unwrap_err();
    assert_eq!(code(&unknown), "ResourceNotFoundException");
}

#[tokio::test]
async fn a_function_may_do_what_its_policy_says_and_no_more() {
    let aws = aws();
    let writer = client(&aws, "Writer");
    put(&writer, "1").await.unwrap();
    let query = writer.query().table_name("DebtsTable").key_condition_expression("due = :due");
    query.clone().index_name("due").expression_attribute_values(":due", text("a")).send().await.unwrap();

    let table = query.clone().expression_attribute_values(":due", text("a")).send().await.unwrap_err();
    assert_eq!(code(&table), "AccessDeniedException");
    let other = writer.put_item().table_name("OtherTable").item("pk", text("1")).send().await.unwrap_err();
    assert_eq!(code(&other), "AccessDeniedException");
    assert!(other.into_service_error().to_string().contains("AccessDenied"));
    let deleted =
        writer.delete_item().table_name("DebtsTable").key("pk", text("1")).send().await.unwrap_err();
    assert_eq!(code(&deleted), "AccessDeniedException");

    // A transaction needs the right of each of its parts.
    let check = ConditionCheck::builder().table_name("DebtsTable").key("pk", text("1"));
    let check = check.condition_expression("attribute_exists(pk)").build().unwrap();
    let check = TransactWriteItem::builder().condition_check(check).build();
    let transaction = writer.transact_write_items().transact_items(check.clone()).send().await.unwrap_err();
    assert_eq!(code(&transaction), "AccessDeniedException");
    let operator = client(&aws, OPERATOR);
    operator.transact_write_items().transact_items(check).send().await.unwrap();

    let stranger = put(&client(&aws, "Nobody"), "3").await.unwrap_err();
    assert_eq!(code(&stranger), "UnrecognizedClientException");

    let unused = ["dynamodb:BatchGetItem", "dynamodb:GetItem"].map(|action| Granted {
        function: "Writer".to_owned(),
        grant: Grant::on(action, table_arn("DebtsTable")),
    });
    let of_the_writer = aws.access.unused().into_iter().filter(|granted| granted.function == "Writer");
    assert_eq!(of_the_writer.collect::<Vec<_>>(), unused);
    assert_eq!(aws.access.lacking().len(), 4);
}

#[tokio::test]
async fn mon_16_a_grant_for_rows_of_a_kind_is_for_no_other_and_a_tables_own_policy_denies_to_everybody() {
    let aws = aws();
    let careful = client(&aws, "Careful");
    let put = |key: &str| careful.put_item().table_name("OtherTable").item("pk", text(key)).send();
    put("SESS#1").await.unwrap();
    put("ACC#1").await.unwrap();
    for other in ["CODE#1", "SESSION#1", "SESS", ""] {
        assert_eq!(code(&put(other).await.unwrap_err()), "AccessDeniedException", "{other}");
    }
    let read = |key: &str| {
        let query = careful.query().table_name("OtherTable").key_condition_expression("pk = :pk");
        query.expression_attribute_values(":pk", text(key)).send()
    };
    read("ACC#1").await.unwrap();
    assert_eq!(code(&read("CODE#1").await.unwrap_err()), "AccessDeniedException");
    // One row of another kind, and the whole batch or transaction is refused.
    let batch = |keys: [&str; 2]| {
        let keys = keys.map(|key| HashMap::from([("pk".to_owned(), text(key))]));
        let keys = KeysAndAttributes::builder().set_keys(Some(keys.to_vec())).build().unwrap();
        careful.batch_get_item().request_items("OtherTable", keys).send()
    };
    batch(["SESS#1", "ACC#1"]).await.unwrap();
    assert_eq!(code(&batch(["SESS#1", "CODE#1"]).await.unwrap_err()), "AccessDeniedException");
    let write = |key: &str| {
        let put = Put::builder().table_name("OtherTable").item("pk", text(key)).build().unwrap();
        TransactWriteItem::builder().put(put).build()
    };
    let both = careful.transact_write_items().transact_items(write("SESS#2")).transact_items(write("CODE#2"));
    assert_eq!(code(&both.send().await.unwrap_err()), "AccessDeniedException");
    // A grant against the table's policy is of no use.
    let deleted = careful.delete_item().table_name("OtherTable").key("pk", text("SESS#1")).send().await;
    assert_eq!(code(&deleted.unwrap_err()), "AccessDeniedException");
    let unused: Vec<String> = aws.access.unused().iter().map(ToString::to_string).collect();
    let used_up = ["GetItem on", "DeleteItem on"].map(|action| unused.iter().any(|it| it.contains(action)));
    assert_eq!(used_up, [true, true], "{unused:?}");
    assert!(!unused.iter().any(|it| it.contains("PutItem on") && it.contains("SESS#*")), "{unused:?}");
}

#[tokio::test]
async fn faults_happen_below_the_sdk_which_tries_again() {
    let aws = aws();
    let writer = client(&aws, "Writer");
    let exists = async |key: &str| {
        let get = client(&aws, OPERATOR).get_item().table_name("DebtsTable").key("pk", text(key));
        get.send().await.unwrap().item().is_some()
    };

    // Lost before the write: the second attempt writes.
    aws.faults.plan(Scope::function("Writer"), [(1, InjectedFault::LoseRequest)]);
    put(&writer, "1").await.unwrap();

    // Lost after the write: the second attempt finds its own work.
    aws.faults.clear();
    aws.faults.plan(Scope::function("Writer"), [(1, InjectedFault::LoseAnswer)]);
    let error = put(&writer, "2").await.unwrap_err();
    assert!(error.into_service_error().is_conditional_check_failed_exception());
    assert!(exists("2").await);

    // Three attempts and no more.
    for (fault, said) in [
        (InjectedFault::ServerError, "InternalServerError"),
        (InjectedFault::Throttle, "ProvisionedThroughputExceededException"),
        (InjectedFault::Conflict, "TransactionConflictException"),
    ] {
        aws.faults.clear();
        aws.faults.plan(Scope::function("Writer"), (1..=3).map(|number| (number, fault)));
        let error = put(&writer, "3").await.unwrap_err();
        assert_eq!(code(&error), said);
        assert!(!exists("3").await);
    }
    aws.faults.clear();
    aws.faults.plan(Scope::default(), [(1, InjectedFault::Conflict)]);
    let put = |key: &str| Put::builder().table_name("DebtsTable").item("pk", text(key)).build().unwrap();
    let items = ["4", "5"].map(|key| TransactWriteItem::builder().put(put(key)).build());
    let operator = client(&aws, OPERATOR);
    let error =
        operator.transact_write_items().set_transact_items(Some(items.into())).send().await.unwrap_err();
    let error = format!("{:?}", error.into_service_error());
    assert!(error.contains("[TransactionConflict, None]"), "{error}");
    let usage = aws.faults.usage();
    assert!(usage["Writer"].calls["dynamodb:PutItem"] >= 7, "{usage:?}");
    assert!(usage["Writer"].write_units >= 4.0, "table and index, twice: {usage:?}");
}

#[tokio::test]
async fn the_stream_hands_over_new_records_in_lambdas_own_shape() {
    let aws = aws();
    let client = client(&aws, OPERATOR);
    put(&client, "1").await.unwrap();
    put(&client, "2").await.unwrap();
    let (records, position) = aws.dynamo.records("DebtsTable", None, 1).unwrap();
    let record = &records[0];
    assert_eq!(record["eventName"], "INSERT");
    assert_eq!(record["eventSource"], "aws:dynamodb");
    assert_eq!(record["awsRegion"], "eu-south-1");
    assert_eq!(record["dynamodb"]["NewImage"]["pk"], json!({"S": "1"}));
    assert!(record["eventID"].is_string() && record["dynamodb"]["SequenceNumber"].is_string());
    let (records, position) = aws.dynamo.records("DebtsTable", Some(&position), 10).unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(aws.dynamo.records("DebtsTable", Some(&position), 10).unwrap().0.len(), 0);
}

#[test]
fn each_part_of_a_request_needs_its_right() {
    let needs = |operation: &str, request: Value| {
        let needs = needs(operation, &request).into_iter();
        let table = |need: &Grant| need.resource.rsplit(':').next().unwrap().to_owned();
        let rows = |need: &Grant| need.rows.iter().map(|rows| format!(" {rows}")).collect::<String>();
        needs.map(|need| format!("{} {}{}", need.action, table(&need), rows(&need))).collect::<Vec<_>>()
    };
    assert_eq!(needs("GetItem", json!({"TableName": "A"})), ["dynamodb:GetItem table/A"]);
    assert_eq!(
        needs("Query", json!({"TableName": "A", "IndexName": "i"})),
        ["dynamodb:Query table/A/index/i"]
    );
    assert_eq!(
        needs("BatchGetItem", json!({"RequestItems": {"A": {}, "B": {}}})),
        ["dynamodb:BatchGetItem table/A", "dynamodb:BatchGetItem table/B"]
    );
    let items = json!({"TransactItems": [
        {"Put": {"TableName": "A", "Item": {"pk": {"S": "PAY#1"}}}}, {"Update": {"TableName": "B"}},
        {"Put": {"TableName": "A", "Item": {"pk": {"S": "PAY#2"}}}},
        {"ConditionCheck": {"TableName": "A"}}, {"Delete": {"TableName": "B"}}
    ]});
    assert_eq!(
        needs("TransactWriteItems", items),
        [
            "dynamodb:ConditionCheckItem table/A",
            "dynamodb:DeleteItem table/B",
            "dynamodb:PutItem table/A PAY#*",
            "dynamodb:UpdateItem table/B"
        ]
    );
    assert_eq!(
        needs("TransactGetItems", json!({"TransactItems": [{"Get": {"TableName": "A"}}]})),
        ["dynamodb:GetItem table/A"]
    );
}

#[test]
fn a_write_finds_its_place_in_the_stream_by_an_index_however_long_the_stream_is() {
    let (in_memory, in_file) =
        (Template::parse(TEMPLATE, &BTreeMap::new()).unwrap(), "file:on-disk?mode=memory&cache=shared");
    let opened = Dynamo::open(None, &Clock::system(), &in_memory.tables).unwrap();
    let copy = "file:copy-of-a-stack?mode=memory&cache=shared";
    let of_memory = rusqlite::Connection::open(copy).unwrap();
    opened.database.vacuum_into(copy).unwrap();
    let of_file = rusqlite::Connection::open(in_file).unwrap();
    let _database = super::in_file(in_file).unwrap();
    for connection in [of_memory, of_file] {
        // As dynoxide asks.
        let plan: String = connection
            .query_row(
                "EXPLAIN QUERY PLAN SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1
                 FROM _stream_records WHERE table_name = ?1",
                ["DebtsTable"],
                |row| row.get("detail"),
            )
            .unwrap();
        assert!(
            plan.contains("USING COVERING INDEX stream_order") || plan.contains("USING INDEX stream_order"),
            "{plan}"
        );
    }
}
