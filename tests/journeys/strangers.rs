//! What a stranger can find out: nothing.

use journeys::{PortalUser, PspOutcome, SampleNotice, SamplePerson, TestPortal, canteen, json};

/// One citizen for each state that an account can be in: unknown, waiting, active, closed.
async fn one_of_each_state(portal: &TestPortal) -> Vec<PortalUser> {
    let unknown = portal.citizen();
    let waiting = portal.citizen();
    waiting.registers().await;
    let active = portal.known_citizen().await;
    let closed = portal.known_citizen().await;
    closed.withdraws_consent().await;
    // Wait until the worker has erased it.
    assert_eq!(closed.mails_about("Consenso revocato").await, 1);
    vec![unknown, waiting, active, closed]
}

#[tokio::test]
async fn inv_i03_ab_05_register_forgot_resend_and_login_answer_alike_for_every_account() {
    let portal = TestPortal::open();
    let citizens = one_of_each_state(&portal).await;
    let mut seen: Vec<[String; 5]> = Vec::new();
    for citizen in &citizens {
        let stranger = citizen.elsewhere();
        let mut same_code = portal.citizen();
        same_code.person.fiscal_code.clone_from(&citizen.person.fiscal_code);
        let answers = [
            stranger.logs_in_with("not the password at all").await.refused(401, "invalid_credentials"),
            stranger.asks_for_reset().await.expect(202),
            stranger.asks_for_activation().await.expect(202),
            stranger.tries_to_register().await.expect(202),
            same_code.tries_to_register().await.expect(202),
        ];
        seen.push(answers.map(|answer| answer.seen_by_a_stranger()));
    }
    for (state, other) in seen.iter().enumerate() {
        assert_eq!(other, &seen[0], "state {state}");
    }
}

#[tokio::test]
async fn inv_i07_a_closed_account_answers_the_right_password_like_a_wrong_one() {
    let portal = TestPortal::open();
    let closed = portal.known_citizen().await;
    closed.withdraws_consent().await;
    let right = closed.elsewhere().tries_to_log_in().await.refused(401, "invalid_credentials");
    let wrong = portal.citizen().tries_to_log_in().await.refused(401, "invalid_credentials");
    assert_eq!(right.seen_by_a_stranger(), wrong.seen_by_a_stranger());
    // Only the right password learns that an account waits for its activation.
    let waiting = portal.citizen();
    waiting.registers().await;
    waiting.tries_to_log_in().await.refused(403, "account_not_active");
    let wrong_too = waiting.elsewhere().logs_in_with("not the password at all").await;
    assert_eq!(wrong_too.seen_by_a_stranger(), wrong.seen_by_a_stranger());
}

#[tokio::test]
async fn inv_i06_ab_06_the_first_step_of_a_registration_knows_nobody() {
    let portal = TestPortal::open();
    for citizen in one_of_each_state(&portal).await {
        let code = citizen.person.fiscal_code.clone();
        let checked = citizen.elsewhere().checks_code(&code).await.ok();
        assert_eq!(checked, json!({"fiscalCode": code, "personType": "natural"}));
    }
    portal.citizen().checks_code("RSSMRA80A01H501X").await.refused(400, "invalid_input");
}

#[tokio::test]
async fn inv_i20_ab_29_a_search_that_finds_nothing_says_the_same_whichever_half_is_wrong() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    let other = portal.creditor().issues(&SamplePerson::natural(portal.rng())).await;
    let nobody = SamplePerson::natural(portal.rng()).fiscal_code;
    let missing = "301999999999999999";
    let stranger = portal.citizen();
    let mut seen = Vec::new();
    for (code, number) in [
        (nobody.as_str(), notice.number.as_str()),
        (mario.person.fiscal_code.as_str(), other.number.as_str()),
        (mario.person.fiscal_code.as_str(), missing),
        (nobody.as_str(), missing),
    ] {
        seen.push(
            stranger.searches_for(code, number).await.refused(404, "debt_not_found").seen_by_a_stranger(),
        );
    }
    let by_iuv = json!({"fiscalCode": nobody, "iuv": notice.iuv()});
    seen.push(
        stranger.posts("/api/search", &by_iuv).await.refused(404, "debt_not_found").seen_by_a_stranger(),
    );
    seen.push(stranger.gets("/api/search/AAAA").await.refused(404, "debt_not_found").seen_by_a_stranger());
    // The same inside an account.
    let lucia = portal.known_citizen().await;
    for (code, number) in [(nobody.as_str(), notice.number.as_str()), (nobody.as_str(), missing)] {
        let codes = json!({"fiscalCode": code, "noticeNumber": number});
        let answer = lucia.tries_to_associate(&codes).await.refused(404, "debt_not_found");
        seen.push(answer.seen_by_a_stranger());
    }
    let reference = lucia.tries_to_associate(&json!({"reference": "AAAA"})).await;
    seen.push(reference.refused(404, "debt_not_found").seen_by_a_stranger());
    for (place, answer) in seen.iter().enumerate() {
        assert_eq!(answer, &seen[0], "case {place}");
    }
}

#[tokio::test]
async fn inv_i21_the_public_search_shows_only_what_is_on_paper_anyway() {
    let portal = TestPortal::open();
    let notice = portal.creditor().issues(&SamplePerson::natural(portal.rng())).await;
    let found = portal.citizen().searches(&notice).await;
    let allowed = [
        "noticeNumber",
        "iuv",
        "creditor",
        "service",
        "reason",
        "amount",
        "dueDate",
        "status",
        "payable",
        "notPayableReason",
        "paidOn",
        "paymentInProgress",
    ];
    for (name, _) in found.debt.as_object().unwrap() {
        assert!(allowed.contains(&name.as_str()), "{name}");
    }
}

#[tokio::test]
async fn a_search_reference_lasts_ten_minutes() {
    let Some(portal) = TestPortal::alone() else { return };
    let notice = portal.creditor().issues(&SamplePerson::natural(portal.rng())).await;
    let stranger = portal.citizen();
    let found = stranger.searches(&notice).await;
    portal.clock().moves_minutes(9).await;
    stranger.gets(&format!("/api/search/{}", found.reference)).await.expect(200);
    portal.clock().moves_minutes(2).await;
    stranger.gets(&format!("/api/search/{}", found.reference)).await.refused(404, "debt_not_found");
    stranger
        .gets(&format!("/api/search/{}/notice.pdf", found.reference))
        .await
        .refused(404, "debt_not_found");
}

#[tokio::test]
async fn inv_i19_ab_31_what_belongs_to_others_is_like_what_is_not_there() {
    let portal = TestPortal::open();
    let (lucia, hers) = portal.proven_citizen().await;
    let paid = portal.creditor().issues(&lucia.person).await;
    let own = lucia.creates(&canteen(2_500)).await;
    let pending = lucia.pays(&hers).await;
    lucia.has_paid(&paid).await;

    let (mario, _) = portal.proven_citizen().await;
    let missing = SampleNotice { number: "301999999999999999".to_owned(), ..hers.clone() };
    let garbage = SampleNotice { number: "x".to_owned(), ..hers.clone() };
    for path in ["", "/notice.pdf", "/receipt.pdf"] {
        let mut seen = Vec::new();
        for notice in [&missing, &garbage, &hers, &paid, &own] {
            let answer = mario.gets(&format!("/api/debts/{}{path}", notice.number)).await;
            assert_eq!(answer.status, 404);
            seen.push(answer.seen_by_a_stranger());
        }
        assert!(seen.iter().all(|answer| *answer == seen[0]), "{path}: {seen:#?}");
    }
    let mut seen = Vec::new();
    for notice in [&missing, &hers, &paid, &own] {
        let taken_back = mario.tries_to_take_back(notice).await.refused(404, "debt_not_found");
        seen.push(taken_back.seen_by_a_stranger());
        let ordered = mario.tries_to_pay(notice).await.refused(404, "debt_not_found");
        seen.push(ordered.seen_by_a_stranger());
    }
    assert!(seen.iter().all(|answer| *answer == seen[0]), "{seen:#?}");
    let mut seen = Vec::new();
    for id in ["0123456789abcdef0123456789abcdef", "x", &pending.id] {
        let answer = mario.gets(&format!("/api/payments/{id}")).await.refused(404, "payment_not_found");
        seen.push(answer.seen_by_a_stranger());
    }
    assert!(seen.iter().all(|answer| *answer == seen[0]), "{seen:#?}");
    assert_eq!(lucia.status(&hers).await, "to-pay");
    let text = mario.exports().await.to_string();
    assert!(!text.contains(&lucia.person.fiscal_code) && !text.contains(&lucia.person.email));
}

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
    // Not even with a practice that the account made up for itself.
    let own = thief.creates(&canteen(1_200)).await;
    thief.associates(&own).await;
    assert_eq!(thief.account().await["identityProven"], false);
    assert_eq!(thief.numbers_to_pay().await, [own.number.as_str()]);
}

#[tokio::test]
async fn six_people_may_follow_a_practice_of_somebody_elses_and_no_more() {
    let portal = TestPortal::open();
    let notice = portal.creditor().issues(&SamplePerson::natural(portal.rng())).await;
    let codes = journeys::json!({"fiscalCode": notice.fiscal_code, "noticeNumber": notice.number});
    for followers in 1..=7 {
        let relative = portal.known_citizen().await;
        let answer = relative.tries_to_associate(&codes).await;
        assert_eq!(answer.status, if followers <= 6 { 200 } else { 409 }, "{followers}: {}", answer.text());
    }
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

#[tokio::test]
async fn ab_27_searching_by_guessing_ends() {
    let portal = TestPortal::open();
    let victim = SamplePerson::natural(portal.rng());
    let notice = portal.creditor().issues(&victim).await;
    let attacker = portal.citizen();
    let mut refused = 0;
    for _ in 0..25 {
        // From one source after another: the code itself is protected.
        let attacker = attacker.elsewhere();
        let answer = attacker.searches_for(&victim.fiscal_code, "301000000000099999").await;
        match answer.status {
            429 => refused += 1,
            _ => drop(answer.refused(404, "debt_not_found")),
        }
    }
    assert_eq!(refused, 5, "twenty a day for a code");
    attacker
        .elsewhere()
        .searches_for(&victim.fiscal_code, &notice.number)
        .await
        .refused(429, "too_many_requests");
    // One source is slowed down on its own account.
    let source = portal.citizen();
    let mut statuses = Vec::new();
    for _ in 0..25 {
        let someone = SamplePerson::natural(portal.rng()).fiscal_code;
        statuses.push(source.searches_for(&someone, "301000000000099999").await.status);
    }
    assert_eq!(statuses[..10], [404; 10]);
    assert!(statuses.contains(&429));
}

#[tokio::test]
async fn without_a_session_nothing_personal_answers() {
    let portal = TestPortal::open();
    let stranger = portal.citizen();
    let routes = [
        ("GET", "/api/account"),
        ("GET", "/api/account/export"),
        ("GET", "/api/services"),
        ("GET", "/api/debts"),
        ("GET", "/api/debts/301000000000010151"),
        ("GET", "/api/debts/301000000000010151/notice.pdf"),
        ("GET", "/api/debts/301000000000010151/receipt.pdf"),
        ("GET", "/api/payment-methods?amount=100"),
        ("GET", "/api/payments/0123456789abcdef0123456789abcdef"),
        ("GET", "/api/history"),
        ("DELETE", "/api/debts/301000000000010151"),
    ];
    for (method, path) in routes {
        stranger.request(method, path).answer().await.refused(401, "not_authenticated");
    }
    for path in [
        "/api/logout",
        "/api/debts/associate",
        "/api/debts",
        "/api/payments",
        "/api/consent/revoke",
        "/api/password/change",
    ] {
        let answer = stranger.browser.post(path, &json!({})).idempotency_key("k").answer().await;
        answer.refused(401, "not_authenticated");
    }
    stranger.tries_to_change_account(&json!({"language": "en"})).await.refused(401, "not_authenticated");
    let put = stranger.request("PUT", "/creditor/debts/301000000000010151").json(&json!({}));
    put.header("authorization", "Bearer guess").answer().await.refused(401, "not_authenticated");
}

#[tokio::test]
async fn inv_m31_withdrawing_consent_leaves_no_mail_to_a_gone_person() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    let paying = mario.pays(&notice).await;
    paying.at_psp(PspOutcome::Cancel).await;
    mario.withdraws_consent().await;
    let before = mario.mails().await.len();
    // The cancelled payment went through after all: the money is kept, and the practice is paid.
    portal.psp().calls_back(&journeys::CallbackMessage::succeeded(&paying)).await.expect(200);
    assert_eq!(portal.citizen().searches(&notice).await.debt["status"], "paid");
    assert_eq!(mario.mails().await.len(), before, "FM-22: no mail to an address that is to be forgotten");
}
