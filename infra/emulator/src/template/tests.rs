use super::*;

const SMALL: &str = "
Parameters:
  Name: {Type: String}
  Office: {Type: String, Default: ''}
Globals:
  Function:
    Timeout: 10
    Environment:
      Variables:
        CREDITOR_NAME: !Ref Name
        OFFICE: !Ref Office
Resources:
  Api: {Type: AWS::Serverless::HttpApi}
  DebtsTable:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
      ResourcePolicy:
        PolicyDocument:
          Statement:
            - {Effect: Deny, Principal: '*', Action: ['dynamodb:DeleteItem'], Resource: '*'}
  Secret: {Type: AWS::SecretsManager::Secret}
  InitiatePayment:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ../target/lambda/initiate-payment/
      MemorySize: 512
      ReservedConcurrentExecutions: !If [Reserves, 5, !Ref AWS::NoValue]
      Environment:
        Variables:
          DEBTS_TABLE: !Ref DebtsTable
          SECRET: !Ref Secret
          WHERE: !Sub '${Name} in ${AWS::Region} of ${DebtsTable.Arn}, ${!literal}'
      Policies:
        - Statement:
            - Effect: Allow
              Action: 'dynamodb:PutItem'
              Resource: !GetAtt DebtsTable.Arn
              Condition: {'ForAllValues:StringLike': {'dynamodb:LeadingKeys': ['DEBT#*', 'PAY#*']}}
            - {Effect: Allow, Action: ['dynamodb:Query'], Resource: [!Sub '${DebtsTable.Arn}/index/due']}
      Events:
        Start: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: post, Path: /api/payments}}
        Tick: {Type: Schedule, Properties: {Schedule: rate(5 minutes)}}
        Feed:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt DebtsTable.StreamArn
            BatchSize: 7
            FunctionResponseTypes: [ReportBatchItemFailures]
";

fn values() -> BTreeMap<String, String> {
    BTreeMap::from([("Name".to_owned(), "Test".to_owned())])
}

fn broken(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    Template::parse(&SMALL.replacen(from, to, 1), &values()).unwrap_err().to_string()
}

#[test]
fn everything_that_matters_is_read() {
    let template = Template::parse(SMALL, &values()).unwrap();
    let function = &template.functions["InitiatePayment"];
    assert_eq!(function.folder, "initiate-payment");
    assert_eq!((function.timeout, function.memory_mib), (Duration::from_secs(10), 512));
    let variable = |name: &str| function.variables[name].as_str();
    assert_eq!(variable("CREDITOR_NAME"), "Test");
    assert_eq!(variable("OFFICE"), "");
    assert_eq!(variable("DEBTS_TABLE"), "DebtsTable");
    assert_eq!(variable("SECRET"), "Secret");
    let arn = "arn:aws:dynamodb:eu-south-1:000000000000:table/DebtsTable";
    assert_eq!(variable("WHERE"), format!("Test in eu-south-1 of {arn}, ${{literal}}"));
    assert_eq!(
        function.grants,
        BTreeSet::from([
            Grant::on("dynamodb:PutItem", table_arn("DebtsTable")).of_rows("DEBT#*"),
            Grant::on("dynamodb:PutItem", table_arn("DebtsTable")).of_rows("PAY#*"),
            Grant::on("dynamodb:Query", index_arn("DebtsTable", "due"))
        ])
    );
    let route =
        Route { method: "POST".into(), path: "/api/payments".into(), function: "InitiatePayment".into() };
    assert_eq!(template.routes, [route]);
    assert_eq!(function.schedules, [Duration::from_secs(300)]);
    let [stream] = function.streams.as_slice() else { panic!("one stream") };
    assert_eq!((stream.table.as_str(), stream.batch, stream.reports_failures), ("DebtsTable", 7, true));
    let table = &template.tables["DebtsTable"];
    assert_eq!((table.ttl.as_deref(), table.has_stream), (Some("ttl"), true));
    assert_eq!(table.denied, BTreeSet::from(["dynamodb:DeleteItem".to_owned()]));
    assert_eq!(table.definition["StreamSpecification"]["StreamEnabled"], true);
    assert_eq!(template.secrets, BTreeSet::from(["Secret".to_owned()]));
}

#[test]
fn what_is_broken_is_said_in_one_sentence() {
    let cases = [
        (
            "../target/lambda/initiate-payment/",
            "../target/lambda/pay/",
            "not one that ends with initiate-payment",
        ),
        ("!Ref DebtsTable", "!Ref DebtTable", "refers to DebtTable, which is no parameter and no resource"),
        ("!GetAtt DebtsTable.Arn", "!GetAtt Table.Arn", "asks for Arn of Table, which is no resource"),
        (
            "!Ref Secret",
            "!ImportValue Secret",
            "uses !ImportValue: the local stack knows !Ref, !GetAtt and !Sub",
        ),
        ("!Ref Secret", "!If [A, b, c]", "uses !If"),
        ("!Ref Secret", "{Ref: Secret}", "uses Ref"),
        ("!Ref Secret", "[a]", "variable SECRET is neither a text nor a number"),
        ("rate(5 minutes)", "cron(0 4 * * ? *)", "is not rate(n minutes|hours|days)"),
        (
            "Type: HttpApi, ",
            "Type: SQS, ",
            "is of type SQS: the local stack knows HttpApi, Schedule and DynamoDB",
        ),
        ("Method: post, ", "", "event Start has no Method"),
        ("dynamodb:PutItem", "dynamodb:*", "has a wildcard"),
        ("Effect: Allow", "Effect: Deny", "has a policy that does not Allow"),
        ("'PAY#*'", "'*'", "has a condition on rows *"),
        ("Action: 'dynamodb:PutItem'", "Action: 'dynamodb:Scan'", "scans: no condition holds it back"),
        ("ForAllValues:StringLike", "ForAnyValue:StringLike", "unknown field `ForAnyValue:StringLike`"),
        ("{Effect: Deny, Principal", "{Effect: Allow, Principal", "a policy that does not deny to everybody"),
        (
            "StreamSpecification: {StreamViewType: NEW_IMAGE}",
            "X: 1",
            "fed by DebtsTable, which has no stream",
        ),
        ("KeySchema", "Keys", "table DebtsTable has no KeySchema"),
        ("{Type: AWS::SecretsManager::Secret}", "{}", "resource Secret has no Type"),
        ("${!literal}", "${literal", "is not closed"),
        (
            "{Type: AWS::Serverless::HttpApi}",
            "{Type: AWS::Serverless::HttpApi, Properties: {RouteSettings: {GET /x: {}}}}",
            "Api has settings for GET /x, a route of no function",
        ),
        ("Parameters:", "\tParameters:", "at line 2 column 1"),
    ];
    for (from, to, sentence) in cases {
        let said = broken(from, to);
        assert!(said.contains(sentence), "{to}: {said}");
        assert!(!said.contains('\n'), "{to}: {said}");
    }
    let nameless = Template::parse(SMALL, &BTreeMap::new()).unwrap_err().to_string();
    assert!(nameless.contains("parameter Name has no default and no local value"), "{nameless}");
}
