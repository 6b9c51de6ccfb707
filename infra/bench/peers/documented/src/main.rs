//! What a function of ours asks of DynamoDB, asked as the documentation shows: `load_defaults`, a client, a call.
//!
//! The event lists the requests as our function wrote them; each is a call of the SDK that carries its words.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_smithy_types::body::SdkBody;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;

#[derive(Deserialize)]
struct Asked {
    requests: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let client = Client::new(&config);
    run(service_fn(|event: LambdaEvent<Asked>| {
        let client = client.clone();
        async move {
            for request in event.payload.requests {
                ask(&client, &request).await?;
            }
            Ok::<_, Error>("done")
        }
    }))
    .await
}

async fn ask(client: &Client, request: &str) -> Result<(), Error> {
    let (head, body) = request.split_once("\r\n\r\n").ok_or("a request has a head and a body")?;
    let target = head.lines().find_map(|line| line.strip_prefix("x-amz-target: ")).ok_or("a request has a target")?;
    let (target, body) = (target.to_owned(), body.to_owned());
    // Every operation goes the same way through the SDK; only words and name are another's.
    let call = client.get_item().table_name("any").key("pk", aws_sdk_dynamodb::types::AttributeValue::S("any".into()));
    call.customize()
        .mutate_request(move |sent| {
            sent.headers_mut().insert("x-amz-target", target.clone());
            sent.headers_mut().insert("content-length", body.len().to_string());
            *sent.body_mut() = SdkBody::from(body.clone());
        })
        .send()
        .await?;
    Ok(())
}
