//! A mail for each thing that a person should hear of, once.

use journeys::{NodeReceipt, PortalUser, PspOutcome, SampleNotice, TestPortal, said};

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
async fn idn_07_whoever_registers_gets_the_same_mail_whatever_is_known_of_the_code() {
    let portal = TestPortal::open();
    let (mario, _) = portal.proven_citizen().await;
    let mut thief = portal.citizen();
    thief.person.fiscal_code.clone_from(&mario.person.fiscal_code);
    let stranger = portal.citizen();
    let said = async |who: &PortalUser| {
        who.registers().await;
        let mail = who.mails_about_first("Attiva il tuo account").await;
        let secrets = [who.token("/attiva").await, mail.code().unwrap()];
        secrets.iter().fold(mail.text, |text, secret| text.replace(secret, "…"))
    };
    let before = mario.subjects().await;
    assert_eq!(said(&thief).await, said(&stranger).await);
    assert_eq!(mario.subjects().await, before, "and its holder hears nothing yet");
    thief.activates().await;
    assert_eq!(thief.to_pay().await["count"], 0);
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
    // Nobody has verified the address: what other people wrote does not go there.
    assert!(mails[0].text.contains(notice.iuv()) && !mails[0].text.contains(&notice.reason));
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
async fn idn_04_an_address_that_a_payer_names_hears_of_success_alone() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let stranger = format!("stranger.{}", mario.person.email);
    let order = |notice: &SampleNotice, email: &str| journeys::json!({"noticeNumbers": [notice.number], "email": email});
    let own = mario
        .creates(&journeys::json!({"serviceCode": "TEST1", "reason": "Parole mie", "amount": 100}))
        .await;
    for outcome in [PspOutcome::Failure, PspOutcome::Cancel] {
        mario.pays_as(&[&own], &order(&own, &stranger)).await.at_psp(outcome).await;
    }
    assert_eq!(portal.mailbox().of(&stranger).await.len(), 0);
    assert_eq!(mario.mails_about("Pagamento non riuscito").await, 1, "the account hears of it");
    mario.pays_as(&[&own], &order(&own, &stranger)).await.at_psp(PspOutcome::Success).await;
    let mails = portal.mailbox().of(&stranger).await;
    assert_eq!(mails.len(), 1);
    assert!(!mails[0].text.contains("Parole mie") && !mails[0].html.contains("Parole mie"));
    // To its own address the account may write what it likes.
    let own = mario
        .creates(&journeys::json!({"serviceCode": "TEST1", "reason": "Parole mie", "amount": 100}))
        .await;
    let email = mario.person.email.clone();
    mario.pays_as(&[&own], &order(&own, &email)).await.at_psp(PspOutcome::Success).await;
    let receipts = mario.mails().await.into_iter().filter(|mail| mail.subject.starts_with("Ricevuta"));
    assert!(
        receipts.clone().count() == 1 && receipts.into_iter().all(|mail| mail.text.contains("Parole mie"))
    );
}

#[tokio::test]
async fn idn_04_five_receipts_a_day_to_a_mailbox_that_nobody_verified() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let (name, domain) = mario.person.email.split_once('@').unwrap();
    let mut received = 0;
    let mut own = 0;
    for n in 0..7 {
        let (debt, address) =
            (portal.creditor().issues(&mario.person).await, format!("o.{name}+{n}@{domain}"));
        mario.associates(&debt).await;
        let order = journeys::json!({"noticeNumbers": [debt.number], "email": address});
        mario.pays_as(&[&debt], &order).await.at_psp(PspOutcome::Success).await;
        received += portal.mailbox().of(&address).await.len();
        let debt = portal.creditor().issues(&mario.person).await;
        mario.associates(&debt).await;
        mario.has_paid(&debt).await;
        own += 1;
    }
    assert_eq!(received, 5, "what follows a plus is the same mailbox");
    assert_eq!(mario.receipts_mailed().await, own);
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
