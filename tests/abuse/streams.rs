//! What comes again or out of order: records of the stream, and the clockwork.

use journeys::{PspOutcome, TestPortal, Value, json};

#[tokio::test]
async fn inv_x10_records_and_schedules_that_come_again_or_in_another_order_change_nothing() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    portal.known_citizen().await;
    mario.pays(&notice).await.at_psp(PspOutcome::Success).await;
    portal.stack().settle().await;
    let letters = portal.items("OutboxTable").await;
    assert!(letters.len() >= 5, "{letters:?}");
    let record = |letter: &Value| {
        let keys = json!({"pk": letter["pk"], "sk": letter["sk"]});
        json!({
            "eventID": "again", "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "dynamodb": {"Keys": keys, "SequenceNumber": "1", "StreamViewType": "KEYS_ONLY"}
        })
    };
    let once: Vec<Value> = letters.iter().map(record).collect();
    let backwards: Vec<Value> = once.iter().rev().cloned().collect();
    let twice = [once.clone(), backwards.clone()].concat();
    let (mails, before) = (portal.stack().mails(None).len(), portal.all_items().await);
    for records in [once, backwards, twice] {
        let answer = portal.stack().invoke("ProcessOutbox", &json!({"Records": records})).await.unwrap();
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
    assert_eq!(portal.all_items().await, before, "and nothing is written again");
}

/// An outbox message that anybody could have written, under an id of its own.
fn letter(name: &str, content: &str) -> Value {
    json!({
        "pk": {"S": format!("OUT#{name}")}, "sk": {"S": "LETTER"}, "id": {"S": name}, "state": {"S": "pending"},
        "tries": {"N": "0"}, "written_at": {"S": "2026-01-01T00:00:00Z"}, "letter": {"S": content}
    })
}

#[tokio::test]
async fn fm_53_a_poisoned_record_comes_back_alone_and_the_others_are_delivered() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    let told = json!({"kind": "password_changed", "email": mario.person.email, "language": "it"}).to_string();
    let subject = "La password è stata cambiata";
    // The stream brings the poison among good messages, and again until it gives the record up.
    let all = [letter("good-1", &told), letter("poison", "{"), letter("good-2", &told)];
    for item in &all {
        portal.put_item("OutboxTable", item).await;
    }
    portal.stack().settle().await;
    assert_eq!(mario.mails_about(subject).await, 2, "what is good is not held up");
    // Nobody holds it any more: it is named, and it alone. A mail sent before is not sent again.
    portal.clock().moves_minutes(2).await;
    let record = |(number, item): (usize, &Value)| {
        json!({
            "eventName": "INSERT",
            "dynamodb": {"Keys": {"pk": item["pk"], "sk": item["sk"]}, "SequenceNumber": format!("{number}")}
        })
    };
    let records: Vec<Value> = all.iter().enumerate().map(record).collect();
    let answer = portal.stack().invoke("ProcessOutbox", &json!({"Records": records})).await.unwrap();
    assert_eq!(answer["batchItemFailures"], json!([{"itemIdentifier": "1"}]));
    assert_eq!(mario.mails_about(subject).await, 2);
    // It is still there for a person to look at, and the next messages go out.
    let outbox = portal.items("OutboxTable").await;
    let poison = outbox.iter().find(|item| item["id"]["S"] == "poison").unwrap();
    assert_eq!((&poison["state"]["S"], &poison["letter"]["S"]), (&json!("pending"), &json!("{")));
    portal.known_citizen().await;
}
