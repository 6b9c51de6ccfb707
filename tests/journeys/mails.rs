//! A mail for each thing that a person should hear of, once.

use journeys::{NodeReceipt, PortalUser, PspOutcome, TestPortal, said};

#[tokio::test]
async fn inv_i27_every_event_of_an_account_is_mailed_once() {
    let portal = TestPortal::open();
    let mut mario = portal.known_citizen().await;
    assert_eq!(mario.subjects().await, ["Attiva il tuo account", "Il tuo account è attivo"]);
    let (notice, refused) =
        (portal.creditor().issues(&mario.person).await, portal.creditor().issues(&mario.person).await);
    mario.associates(&notice).await;
    mario.has_paid(&notice).await;
    mario.pays(&refused).await.at_psp(PspOutcome::Failure).await;
    mario.changes_password().await;
    mario.forgets_password().await;
    mario.resets_password().await;
    mario.logs_in().await;
    mario.withdraws_consent().await;
    let subjects = mario.subjects().await;
    let receipt = subjects.iter().find(|subject| subject.starts_with("Ricevuta del pagamento di ")).unwrap();
    assert_eq!(
        subjects,
        [
            "Attiva il tuo account",
            "Il tuo account è attivo",
            receipt,
            "Pagamento non riuscito",
            "La password è stata cambiata",
            "Reimposta la password",
            "La password è stata cambiata",
            "Consenso revocato",
        ]
    );
}

#[tokio::test]
async fn only_the_holder_hears_of_a_second_registration() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    // Somebody with the same fiscal code and other addresses; somebody with the same username.
    let mut thief = portal.citizen();
    thief.person.fiscal_code.clone_from(&mario.person.fiscal_code);
    thief.registers().await;
    assert!(thief.mails().await.is_empty(), "whoever tried hears nothing");
    assert_eq!(mario.mails_about("Hai già un account").await, 1);
    thief.tries_to_log_in().await.refused(401, "invalid_credentials");
    mario.logs_in().await;
    let lucia = portal.known_citizen().await;
    let mut thief = portal.citizen();
    thief.person.username.clone_from(&lucia.person.username);
    thief.registers().await;
    assert!(thief.mails().await.is_empty());
    assert_eq!(lucia.mails_about("Hai già un account").await, 1);
    lucia.logs_in().await;
}

#[tokio::test]
async fn a_receipt_goes_where_the_payer_asked_and_in_the_accounts_language() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    mario.chooses_language("en").await;
    let elsewhere = format!("accountant.{}", mario.person.email);
    let order = journeys::json!({"noticeNumbers": [notice.number], "email": elsewhere});
    mario.pays_as(&[&notice], &order).await.at_psp(PspOutcome::Success).await;
    let mails = portal.mailbox().of(&elsewhere).await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].subject.starts_with("Receipt for your payment of €"), "{}", mails[0].subject);
    assert!(mails[0].text.contains(notice.iuv()) && mails[0].text.contains(&notice.reason));
    assert_eq!(mails_about_payments(&mario).await, 0);
    // The node's receipt is there before the PSP says anything: the same.
    let second = portal.creditor().issues(&mario.person).await;
    let order = journeys::json!({"noticeNumbers": [second.number], "email": elsewhere});
    mario.pays_as(&[&second], &order).await;
    assert_eq!(said(&NodeReceipt::of(&second, "1").arrives(&portal).await), "OK");
    assert_eq!(portal.mailbox().of(&elsewhere).await.len(), 2);
    assert_eq!(mails_about_payments(&mario).await, 0);
}

#[tokio::test]
async fn mail_is_written_in_the_language_of_the_registration() {
    let portal = TestPortal::open();
    let mario = portal.citizen();
    mario.browser.post("/api/register", &mario.person.form()).in_english().answer().await.expect(202);
    mario.activates().await;
    assert_eq!(mario.subjects().await, ["Activate your account", "Your account is active"]);
}

async fn mails_about_payments(citizen: &PortalUser) -> usize {
    let of_money = |subject: &str| subject.contains("agamento") || subject.contains("payment");
    citizen.mails().await.iter().filter(|mail| of_money(&mail.subject)).count()
}
