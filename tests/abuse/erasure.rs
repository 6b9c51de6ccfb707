//! Whoever withdraws their consent is forgotten, and their debts are not.

use journeys::{CallbackMessage, PersonName, PspOutcome, SamplePerson, TestPortal, json};

#[tokio::test]
async fn inv_i23_ab_70_after_a_withdrawal_nothing_of_the_person_is_left_but_the_debts() {
    let Some(portal) = TestPortal::alone() else { return };
    let mut person = SamplePerson::natural(portal.rng());
    // Words that nobody else has: what is left of them is theirs.
    person.name = PersonName::Natural { first: "Ermenegilda".to_owned(), last: "Quattrostagioni".to_owned() };
    let mario = portal.citizen_like(person);
    let mut form = mario.person.form();
    form["address"] = json!("via dei Boschi Imboscati 77");
    form["phone"] = json!("+39 347 5550177");
    mario.registers_with(&form).await.expect(202);
    mario.activates().await;
    mario.logs_in().await;
    let notice = portal.creditor().issues(&mario.person).await;
    let paid = portal.creditor().issues(&mario.person).await;
    let open = portal.creditor().issues(&mario.person).await;
    mario.associates(&notice).await;
    mario.has_paid(&paid).await;
    let tried = mario.pays(&open).await;
    tried.at_psp(PspOutcome::Cancel).await;
    mario.creates(&json!({"serviceCode": "TEST1", "reason": "Prova", "amount": 100})).await;
    mario.forgets_password().await;
    let link = mario.token("/reimposta-password").await;
    let other = mario.elsewhere();
    other.logs_in().await;
    let words = [mario.person.email.as_str(), mario.person.username.as_str(), "5550177"];
    assert!(portal.items_holding(&words).await.len() >= 2, "the scan sees them while they are there");

    mario.withdraws_consent().await;
    for session in [&mario, &other] {
        assert!(!session.is_logged_in().await, "at once");
    }
    let new = SamplePerson::new_password(portal.rng());
    let used = mario.tries_to_reset_password(&link, &new).await.refused(400, "link_not_valid");
    let none = mario.tries_to_reset_password("nobody-has-sent-this", &new).await;
    assert_eq!(used.seen_by_a_stranger(), none.seen_by_a_stranger());
    mario.elsewhere().tries_to_log_in().await.refused(401, "invalid_credentials");

    portal.clock().moves_minutes(23 * 60).await;
    assert_eq!(portal.items_holding(&words).await, [""; 0], "within a day");
    // What is owed and what was paid stays, for whoever holds both codes, and a late word still pays.
    let anyone = portal.citizen();
    assert_eq!(anyone.searches(&notice).await.debt["payable"], true);
    assert_eq!(anyone.searches(&paid).await.debt["status"], "paid");
    portal.psp().calls_back(&CallbackMessage::succeeded(&tried)).await.expect(200);
    assert_eq!(anyone.searches(&open).await.debt["status"], "paid");
    // Name and address are left on the debts, as their notices print them, and for a week in the answer to
    // whoever created one and asks again; nowhere else.
    for left in portal.items_holding(&["Quattrostagioni", "Imboscati"]).await {
        let position = left.contains("in \"DEBT#") || left.contains("in \"IDEM#");
        assert!(left.starts_with("DebtsTable: ") && position, "{left}");
    }
    let kinds: Vec<String> = portal.items("MovementsTable").await.iter().map(ToString::to_string).collect();
    assert!(kinds.iter().filter(|movement| movement.contains("CREDIT")).count() >= 2, "{kinds:#?}");
    assert_eq!(portal.items_holding(&words).await, [""; 0]);
}
