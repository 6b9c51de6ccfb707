//! What comes again or out of order: records of the stream, and the clockwork.

use journeys::{Outcome, Portal, Value, json};

use crate::raw;

#[tokio::test]
async fn inv_x10_records_and_schedules_that_come_again_or_in_another_order_change_nothing() {
    let Some(portal) = Portal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    portal.known_citizen().await;
    mario.pays(&notice).await.at_psp(Outcome::Success).await;
    portal.stack().settle().await;
    let letters = raw::items(&portal, "OutboxTable").await;
    assert!(letters.len() >= 5, "{letters:?}");
    let record = |letter: &Value| {
        let keys = json!({"pk": letter["pk"], "sk": letter["sk"]});
        json!({
            "eventID": "again", "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "dynamodb": {"Keys": keys, "NewImage": letter, "SequenceNumber": "1", "StreamViewType": "NEW_IMAGE"}
        })
    };
    let once: Vec<Value> = letters.iter().map(record).collect();
    let backwards: Vec<Value> = once.iter().rev().cloned().collect();
    let twice = [once.clone(), backwards.clone()].concat();
    let (mails, before) = (portal.stack().mails(None).len(), raw::everything(&portal).await);
    for records in [once, backwards, twice] {
        let answer = portal.stack().invoke("DeliverMail", &json!({"Records": records})).await.unwrap();
        assert_eq!(answer["batchItemFailures"], json!([]));
    }
    let schedule = json!({
        "version": "0", "id": "again", "detail-type": "Scheduled Event", "source": "aws.events", "account": "123456789012",
        "time": "2026-01-01T00:00:00Z", "region": "eu-south-1", "resources": [], "detail": {}
    });
    for _ in 0..3 {
        portal.stack().invoke("Sweep", &schedule).await.unwrap();
    }
    assert_eq!(portal.stack().mails(None).len(), mails, "no mail is sent again");
    assert_eq!(raw::everything(&portal).await, before, "and nothing is written again");
}
