//! Withdrawing consent.

use journeys::{PspOutcome, TestPortal};

#[tokio::test]
async fn inv_i24_who_withdrew_registers_again_under_the_same_names() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notice) = portal.proven_citizen().await;
    mario.withdraws_consent().await;
    assert_eq!(mario.mails_about("Consenso revocato").await, 1);
    portal.clock().moves_minutes(2).await;
    let again = mario.elsewhere().becomes_known().await;
    let account = again.account().await;
    assert_eq!(account["identityProven"], false);
    assert_eq!(again.to_pay().await["count"], 0);
    again.associates(&notice).await;
    assert_eq!(again.numbers_to_pay().await, [notice.number.as_str()]);
    // The old session stays dead.
    assert!(!mario.is_logged_in().await);
}

#[tokio::test]
async fn inv_m31_withdrawing_consent_leaves_no_mail_to_a_gone_person() {
    let portal = TestPortal::open();
    let (mario, notice, paying) = portal.payment_under_way().await;
    paying.at_psp(PspOutcome::Cancel).await;
    mario.withdraws_consent().await;
    let before = mario.mails().await.len();
    // The cancelled payment went through after all: the money is kept, and the debt is paid.
    portal.psp().calls_back(&journeys::CallbackMessage::succeeded(&paying)).await.expect(200);
    assert_eq!(portal.citizen().searches(&notice).await.debt["status"], "paid");
    assert_eq!(mario.mails().await.len(), before, "FM-22: no mail to an address that is to be forgotten");
}
