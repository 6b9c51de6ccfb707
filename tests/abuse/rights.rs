//! INV-X13, the other half: every right that the template gives is needed by somebody's story.

use std::time::Duration;

use journeys::local::faults::{InjectedFault, Scope};
use journeys::{CallbackMessage, DebtPosition, PortalUser, PspOutcome, TestPortal, json};

/// Rights whose need this story does not meet, each with the reason.
const NEEDED_ELSEWHERE: &[(&str, &str)] = &[];

#[tokio::test]
async fn inv_x13_every_right_is_used_and_nobody_lacks_one() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, paid) = a_citizen_does_everything(&portal).await;
    machines_do_everything(&portal, &mario, &paid).await;
    what_was_lost_is_found(&portal, &mario).await;
    time_passes(&portal, &mario).await;
    portal.stack().settle().await;
    let lacking: Vec<String> = portal.stack().lacking_grants().iter().map(ToString::to_string).collect();
    assert_eq!(lacking, [""; 0], "calls that the template does not allow");
    let unused = portal.stack().unused_grants().into_iter().map(|granted| granted.to_string());
    let unused: Vec<String> =
        unused.filter(|right| !NEEDED_ELSEWHERE.iter().any(|(known, _)| right.starts_with(known))).collect();
    assert!(
        unused.is_empty(),
        "rights that nobody needed; take them away, or let the story need them:\n  {}",
        unused.join("\n  ")
    );
}

async fn a_citizen_does_everything(portal: &TestPortal) -> (PortalUser, journeys::SampleNotice) {
    let mut mario = portal.citizen();
    mario.checks_code(&mario.person.fiscal_code.clone()).await.ok();
    mario.registers().await;
    mario.asks_for_activation().await.expect(202);
    mario.tries_to_activate("nobody-has-sent-this").await.refused(400, "link_not_valid");
    mario.activates().await;
    mario.logs_in_with("not the password at all").await.refused(401, "invalid_credentials");
    mario.logs_in().await;
    // A session in use is written down once a minute.
    portal.clock().moves_minutes(2).await;
    mario.chooses_language("it").await;
    mario.elsewhere().logs_in().await;
    let sessions = mario.gets("/api/account/sessions").await.ok();
    let other = sessions["items"].as_array().unwrap().iter().find(|session| session["current"] == false);
    let path = format!("/api/account/sessions/{}", other.unwrap()["id"].as_str().unwrap());
    mario.request("DELETE", &path).answer().await.expect(204);
    mario.changes_password().await;
    mario.forgets_password().await;
    mario.resets_password().await;
    mario.logs_in().await;
    let notice = portal.creditor().issues(&mario.person).await;
    let by_iuv = json!({"fiscalCode": notice.fiscal_code, "iuv": notice.iuv()});
    mario.posts("/api/search", &by_iuv).await.ok();
    let missing = json!({"fiscalCode": notice.fiscal_code, "noticeNumber": "301999999999999968"});
    mario.posts("/api/search", &missing).await.refused(404, "debt_not_found");
    mario.tries_to_associate(&missing).await.refused(404, "debt_not_found");
    mario.gets("/api/receipts/00000000000000000000000000").await.refused(404, "receipt_not_found");
    let found = mario.searches(&notice).await;
    mario.gets(&format!("/api/search/{}/notice.pdf", found.reference)).await.pdf();
    mario.associates_found(&found).await;
    let office = format!("ufficio.{}", mario.person.email);
    mario.tries_to_change_email(&office).await.expect(202);
    let token = portal.mailbox().token(&office, "/conferma-email").await.expect("a link to the new address");
    mario.tries_to_confirm_email("nobody-has-sent-this").await.refused(400, "link_not_valid");
    mario.tries_to_confirm_email(&token).await.expect(204);
    mario.tries_to_contest("nobody-has-sent-this").await.refused(400, "link_not_valid");
    mario.services().await;
    mario.payment_methods(100).await;
    let own = mario.creates(&json!({"serviceCode": "TEST1", "reason": "Prova", "amount": 100})).await;
    mario.tries_to_take_back(&own).await.expect(204);
    mario.to_pay().await;
    mario.sees(&notice).await;
    mario.notice_pdf(&notice).await.pdf();
    let elsewhere = json!({"noticeNumbers": [notice.number], "email": portal.citizen().person.email});
    let paying = mario.pays_as(&[&notice], &elsewhere).await;
    paying.at_psp(PspOutcome::Abandon).await;
    paying.tries_to_cancel().await.expect(200);
    mario.pays(&notice).await.at_psp(PspOutcome::Failure).await;
    mario.has_paid(&notice).await;
    mario.receipt_pdf(&notice).await.pdf();
    let code = mario.receipt_code(&notice).await;
    mario.elsewhere().verifies_receipt(&code).await.ok();
    mario.history("").await;
    mario.history("?status=all").await;
    // Somebody else's functions each note the use of a session.
    portal.clock().moves_minutes(2).await;
    for path in
        ["/api/account", "/api/services", "/api/debts", "/api/history", "/api/payment-methods?amount=1"]
    {
        portal.clock().moves(Duration::from_secs(61)).await;
        mario.gets(path).await.expect(200);
    }
    portal.clock().moves(Duration::from_secs(61)).await;
    mario.gets(&format!("/api/debts/{}/receipt.pdf", notice.number)).await.expect(200);
    portal.clock().moves(Duration::from_secs(61)).await;
    mario.gets(&format!("/api/debts/{}/notice.pdf", notice.number)).await.refused(409, "debt_already_paid");
    portal.clock().moves(Duration::from_secs(61)).await;
    mario.tries_to_associate(&by_iuv).await.expect(200);
    // Where six follow a debt, one who closed their account makes room for another.
    let followed = portal.creditor().issues(&mario.person).await;
    for last in 1..=6 {
        let follower = portal.known_citizen().await;
        follower.associates(&followed).await;
        if last == 6 {
            follower.withdraws_consent().await;
        }
    }
    portal.known_citizen().await.associates(&followed).await;
    portal.clock().moves(Duration::from_secs(61)).await;
    mario.tries_to_pay(&notice).await.refused(409, "debt_already_paid");
    portal.clock().moves(Duration::from_secs(61)).await;
    mario
        .tries_to_create(&json!({"serviceCode": "TEST1", "reason": "Prova", "amount": 100}))
        .await
        .expect(201);
    portal.clock().moves(Duration::from_secs(61)).await;
    mario
        .tries_to_change_password("not this one", "quattro gatti sul tetto")
        .await
        .refused(401, "invalid_credentials");
    portal.clock().moves(Duration::from_secs(61)).await;
    mario.tries_to_withdraw_consent("not this one").await.refused(401, "invalid_credentials");
    portal.clock().moves(Duration::from_secs(61)).await;
    mario.logs_out().await;
    mario.logs_in().await;
    (mario, notice)
}

async fn machines_do_everything(portal: &TestPortal, mario: &PortalUser, paid: &journeys::SampleNotice) {
    let creditor = portal.creditor();
    let position = DebtPosition::of(&mario.person, portal.rng());
    let notice = creditor.issues_as(position.clone()).await;
    creditor.sends(&position.with("amount", 4_321)).await.expect(200);
    creditor.cancels(&notice).await;
    let rows = [
        DebtPosition::of(&mario.person, portal.rng()).line(),
        DebtPosition::of(&mario.person, portal.rng()).line(),
    ];
    creditor.imports("application/x-ndjson", &rows.join("\n"), false).await.expect(200);
    for (method, path) in [
        ("PUT", "/creditor/debts/301000000000010151"),
        ("GET", "/creditor/debts/301000000000010151"),
        ("GET", "/creditor/payments"),
        ("GET", "/creditor/differences"),
    ] {
        let wrong = portal.browser().request(method, path);
        wrong.header("authorization", "Bearer guess").answer().await.refused(401, "not_authenticated");
    }
    let numberless = DebtPosition::of(&mario.person, portal.rng()).body;
    creditor.issues_numberless(&numberless, "rights").await.expect(201);
    creditor.gets(&format!("/creditor/debts/{}", paid.number)).await.expect(200);
    creditor.gets(&format!("/creditor/debts?debtor={}", mario.person.fiscal_code)).await.expect(200);
    creditor.gets("/creditor/payments").await.expect(200);
    creditor.gets("/creditor/events").await.expect(200);
    portal.psp().posts(b"{}").answer().await.refused(401, "bad_signature");
    // Money twice, money for nobody, another amount, a failure after the success.
    let node = portal.node();
    node.pays(paid).await;
    let other = creditor.issues(&mario.person).await;
    let paying = mario.pays(&other).await;
    let psp = portal.psp();
    psp.calls_back(&CallbackMessage::succeeded(&paying).with("amount", 1).named("evt-1")).await.expect(200);
    psp.calls_back(&CallbackMessage::succeeded(&paying).named("evt-2")).await.expect(200);
    psp.calls_back(&CallbackMessage::succeeded(&paying).with("transactionId", "T2").named("evt-3"))
        .await
        .expect(200);
    psp.calls_back(&CallbackMessage::failed(&paying).named("evt-4")).await.expect(200);
    let unknown =
        CallbackMessage::succeeded(&paying).with("paymentId", "0".repeat(32)).with("transactionId", "T3");
    psp.calls_back(&unknown.named("evt-5")).await.expect(200);
    let kept = creditor.differences_of(&other.number).await;
    let twice = kept.iter().find(|kept| kept["kind"] == "duplicate").expect("money came twice");
    let id = twice["id"].as_str().unwrap();
    let how = json!({"resolution": "refunded", "by": "ragioneria", "why": "mandato 118"});
    creditor.resolves(id, &how, "rights").await.expect(200);
    creditor.resolves(&"0".repeat(32), &how, "unknown").await.refused(404, "not_found");
    let begun = DebtPosition::of(&mario.person, portal.rng());
    mario.pays(&creditor.issues_as(begun.clone()).await).await;
    creditor.sends(&begun.with("amount", 5)).await.expect(200);
    let at_till = creditor.issues(&mario.person).await;
    node.verifies(&at_till).await;
    node.activates(&at_till).await;
    node.pays(&at_till).await;
}

/// Somebody unproven, with a spontaneous debt that nobody has paid.
async fn makes_a_debt(portal: &TestPortal) -> PortalUser {
    let user = portal.known_citizen().await;
    user.creates(&json!({"serviceCode": "TEST1", "reason": "Prova", "amount": 100})).await;
    user
}

/// The stream, a callback, a function in the middle of its work: somebody else takes up what they left.
async fn what_was_lost_is_found(portal: &TestPortal, mario: &PortalUser) {
    let faults = portal.stack().faults();
    let never = || (1..10_000).map(|n| (n, InjectedFault::ServerError));
    // What an account that is not proven makes is its own, and is taken back with it.
    let (leaves, leaves_late) = (makes_a_debt(portal).await, makes_a_debt(portal).await);
    leaves.withdraws_consent().await;
    // Messages that only the sweep can deliver.
    let proves = portal.known_citizen().await;
    faults.plan(Scope::function("ProcessOutbox"), never());
    leaves_late.withdraws_consent().await;
    proves.associates(&portal.creditor().issues(&proves.person).await).await;
    let waiting = portal.citizen();
    waiting.tries_to_register().await.expect(202);
    mario.asks_for_reset().await.expect(202);
    portal.clock().moves_minutes(11).await;
    faults.clear();
    waiting.activates().await;
    // A callback that was stored and not applied.
    let stored = portal.creditor().issues(&mario.person).await;
    mario.logs_in().await;
    let paying = mario.pays(&stored).await;
    faults.plan(Scope::function("PspCallback").operation("dynamodb:TransactWriteItems"), never());
    portal
        .psp()
        .calls_back(&CallbackMessage::succeeded(&paying))
        .await
        .refused(503, "temporarily_unavailable");
    faults.clear();
    portal.clock().moves_minutes(11).await;
    assert_eq!(paying.status().await, "succeeded");
    // A payment whose callback is lost and that no sweep has asked about: the next click does.
    let lost = portal.creditor().issues(&mario.person).await;
    mario.pays(&lost).await.at_psp(PspOutcome::Success.callbacks(0)).await;
    faults.plan(Scope::function("Sweep"), never());
    portal.clock().moves_minutes(18).await;
    portal.clock().moves_minutes(18).await;
    mario.logs_in().await;
    mario.tries_to_pay(&lost).await.refused(409, "debt_already_paid");
    faults.clear();
    // A session that was there ends with the next login.
    mario.logs_in().await;
    // Somebody else's debt is added to one's own.
    let lucia = portal.known_citizen().await;
    let his = portal.creditor().issues(&mario.person).await;
    lucia.associates(&his).await;
}

/// The sweep settles, expires and erases.
async fn time_passes(portal: &TestPortal, mario: &PortalUser) {
    let never = portal.citizen();
    never.registers().await;
    let lost = portal.creditor().issues(&mario.person).await;
    mario.pays(&lost).await.at_psp(PspOutcome::Success.callbacks(0)).await;
    let left = portal.creditor().issues(&mario.person).await;
    mario.pays(&left).await.at_psp(PspOutcome::Abandon).await;
    let last_day = portal.clock().day(0).await;
    portal
        .creditor()
        .issues_as(DebtPosition::of(&mario.person, portal.rng()).with("expiresOn", last_day))
        .await;
    // The audit reads by itself what does not agree: here the name of money that was taken.
    let is_name = |item: &journeys::Value| item["sk"]["S"].as_str().is_some_and(|sk| sk.starts_with("PAID#"));
    let name = portal.items("DebtsTable").await.into_iter().find(is_name).unwrap();
    portal.delete_item("DebtsTable", &name).await;
    portal.clock().moves_minutes(70).await;
    portal.clock().moves_minutes(26 * 60).await;
    mario.logs_in().await;
    mario.withdraws_consent().await;
    portal.clock().moves_minutes(26 * 60).await;
}
