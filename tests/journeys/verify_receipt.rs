//! Looking up a receipt by its printed code.

use journeys::TestPortal;

#[tokio::test]
async fn a_receipts_code_is_read_as_people_copy_it_and_guessing_ends() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    mario.has_paid(&notice).await;
    let code = mario.receipt_code(&notice).await;
    let anyone = portal.citizen();
    let checked = anyone.verifies_receipt(&code).await.ok();
    assert_eq!(anyone.verifies_receipt(&code.to_lowercase()).await.ok(), checked);
    let split = format!("{}-{}", &code[..13], &code[13..]);
    assert_eq!(anyone.verifies_receipt(&split).await.ok(), checked);
    let names: Vec<&String> = checked.as_object().unwrap().keys().collect();
    assert_eq!(names, ["amount", "creditor", "iuv", "paidOn", "paymentToken", "valid"]);
    let mut seen = Vec::new();
    for wrong in ["0".repeat(26), "x".to_owned(), notice.iuv().to_owned(), notice.number.clone()] {
        let answer = anyone.verifies_receipt(&wrong).await.refused(404, "receipt_not_found");
        seen.push(answer.seen_by_a_stranger());
    }
    assert!(seen.iter().all(|answer| *answer == seen[0]));
    let mut stopped = false;
    for _ in 0..60 {
        let answer = anyone.verifies_receipt(&"1".repeat(26)).await;
        stopped |= answer.status == 429;
    }
    assert!(stopped);
}
