//! Adding debts to one's own list.

use journeys::{SamplePerson, TestPortal, canteen};

#[tokio::test]
async fn ab_18_a_fiscal_code_alone_opens_nothing() {
    let portal = TestPortal::open();
    let victim = SamplePerson::natural(portal.rng());
    let notice = portal.creditor().issues(&victim).await;
    let mut thief = portal.citizen();
    thief.person.fiscal_code.clone_from(&victim.fiscal_code);
    let thief = thief.becomes_known().await;
    assert_eq!(thief.to_pay().await["count"], 0);
    thief.tries_to_see(&notice).await.refused(404, "debt_not_found");
    // Not even with a debt that the account made up for itself.
    let own = thief.creates(&canteen(1_200)).await;
    thief.associates(&own).await;
    assert_eq!(thief.account().await["identityProven"], false);
    assert_eq!(thief.numbers_to_pay().await, [own.number.as_str()]);
}

#[tokio::test]
async fn six_people_may_follow_a_debt_of_somebody_elses_and_no_more() {
    let portal = TestPortal::open();
    let notice = portal.creditor().issues(&SamplePerson::natural(portal.rng())).await;
    let codes = journeys::json!({"fiscalCode": notice.fiscal_code, "noticeNumber": notice.number});
    for followers in 1..=7 {
        let relative = portal.known_citizen().await;
        let answer = relative.tries_to_associate(&codes).await;
        assert_eq!(answer.status, if followers <= 6 { 200 } else { 409 }, "{followers}: {}", answer.text());
    }
}

/// A closed account follows nothing, and the debtor is not kept out by strangers.
#[tokio::test]
async fn idn_05_nobody_fills_a_notice_for_ever() {
    let portal = TestPortal::open();
    let owner = portal.known_citizen().await;
    let notice = portal.creditor().issues(&owner.person).await;
    let codes = journeys::json!({"fiscalCode": notice.fiscal_code, "noticeNumber": notice.number});
    let mut followers = Vec::new();
    for _ in 0..6 {
        let follower = portal.known_citizen().await;
        follower.associates(&notice).await;
        followers.push(follower);
    }
    let relative = portal.known_citizen().await;
    relative.tries_to_associate(&codes).await.refused(409, "debt_not_payable");
    followers[3].withdraws_consent().await;
    relative.associates(&notice).await;
    owner.associates(&notice).await;
    relative.sees(&notice).await;
}

#[tokio::test]
async fn a_relatives_notice_can_be_added_and_paid_and_proves_nothing() {
    let portal = TestPortal::open();
    let grandmother = SamplePerson::natural(portal.rng());
    let notice = portal.creditor().issues(&grandmother).await;
    let other = portal.creditor().issues(&grandmother).await;
    let mario = portal.known_citizen().await;
    let found = mario.searches(&notice).await;
    mario.associates_found(&found).await;
    assert_eq!(mario.account().await["identityProven"], false);
    assert_eq!(mario.numbers_to_pay().await, [notice.number.as_str()]);
    mario.tries_to_see(&other).await.refused(404, "debt_not_found");
    mario.has_paid(&notice).await;
    mario.receipt_pdf(&notice).await.pdf();
    mario.associates(&notice).await;
    assert_eq!(mario.history("").await["items"][0]["noticeNumber"], notice.number.as_str());
}
