//! EventBridge's part: functions with a schedule are called with its event.

use domain::Timestamp;
use serde_json::json;
use world::Random;

use crate::invoke::Functions;
use crate::template::{ACCOUNT, REGION};

/// Calls a function with the event of its schedule; like EventBridge, with one more try.
pub async fn call(functions: &Functions, function: &str, now: Timestamp, random: &Random) {
    let event = json!({
        "version": "0",
        "id": random.hex::<16>().unwrap_or_default(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": REGION,
        "resources": [format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/local-{function}")],
        "detail": {},
    });
    for _ in 0..2 {
        match functions.invoke(function, event.to_string().into_bytes()).await {
            Ok(_) => return,
            Err(why) => tracing::error!(function, why, "a scheduled function failed"),
        }
    }
}
