//! Many at the same time.

use journeys::local::Options;
use journeys::{
    CallbackMessage, PspOutcome, SamplePerson, TestPortal, TestResponse, canteen, json, together, token_of,
};

/// The statuses, sorted.
fn statuses(answers: &[TestResponse]) -> Vec<u16> {
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test]
async fn inv_i01_of_eight_registrations_of_one_username_one_becomes_its_account() {
    let Some(portal) = TestPortal::alone_with(Options { limits: false, demo: false, ..Options::default() })
    else {
        return;
    };
    let first = portal.citizen();
    let people: Vec<_> = (0..8)
        .map(|_| {
            let mut person = SamplePerson::natural(portal.rng());
            person.username.clone_from(&first.person.username);
            person.email.clone_from(&first.person.email);
            portal.citizen_like(person)
        })
        .collect();
    let all = people.iter().cloned().map(|person| async move { person.tries_to_register().await });
    for answer in together(all).await {
        answer.expect(202);
    }
    let mails = portal.mailbox().of(&first.person.email).await;
    let tokens: Vec<String> = mails.iter().filter_map(|mail| token_of(mail, "/attiva")).collect();
    assert_eq!(tokens.len(), 8, "each its own link");
    // Everybody tries every link with their own password, all at once.
    let clicks = people.iter().flat_map(|person| {
        tokens.iter().map(|token| {
            let (person, token) = (person.elsewhere(), token.clone());
            async move { person.tries_to_activate(&token).await }
        })
    });
    let statuses = statuses(&together(clicks).await);
    let count = |status| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((count(200), count(409), count(401)), (1, 7, 8 * 7), "{statuses:?}");
    let mut entered = 0;
    for person in &people {
        entered += u32::from(person.tries_to_log_in().await.status == 200);
    }
    assert_eq!(entered, 1);
}

#[tokio::test]
async fn fm_08_f10_racing_clicks_on_one_activation_link_have_one_effect() {
    let portal = TestPortal::open();
    let mario = portal.citizen();
    mario.registers().await;
    let token = mario.token("/attiva").await;
    let clicks = (0..8).map(|_| {
        let (mario, token) = (mario.elsewhere(), token.clone());
        async move { mario.tries_to_activate(&token).await }
    });
    let answers: Vec<_> = together(clicks).await.into_iter().map(TestResponse::ok).collect();
    assert!(answers.iter().all(|answer| answer["status"] == "active"), "{answers:?}");
    let first = answers.iter().filter(|answer| answer["account"].is_object()).count();
    assert_eq!(first, 1, "one of them is the first login");
    assert_eq!(mario.mails_about("Il tuo account è attivo").await, 1);
    mario.logs_in().await;
}

#[tokio::test]
async fn fm_20_f10_racing_uses_of_one_reset_link_set_one_password() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    mario.forgets_password().await;
    let token = mario.token("/reimposta-password").await;
    let passwords: Vec<String> = (0..8).map(|_| SamplePerson::new_password(portal.rng())).collect();
    let clicks = passwords.iter().cloned().map(|password| {
        let (mario, token) = (mario.elsewhere(), token.clone());
        async move { mario.tries_to_reset_password(&token, &password).await }
    });
    let answers = together(clicks).await;
    assert_eq!(statuses(&answers), [204, 400, 400, 400, 400, 400, 400, 400]);
    let winner = answers.iter().position(|answer| answer.status == 204).unwrap();
    mario.logs_in_with(&passwords[winner]).await.expect(200);
    mario.logs_in_with(&passwords[(winner + 1) % 8]).await.refused(401, "invalid_credentials");
    assert_eq!(mario.mails_about("La password è stata cambiata").await, 1);
}

#[tokio::test]
async fn inv_m27_eight_sendings_of_one_wish_make_one_debt() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let sendings = (0..8).map(|_| {
        let ask = mario.browser.post("/api/debts", &canteen(3_000)).idempotency_key("the-same-click");
        async move { ask.answer().await }
    });
    let answers = together(sendings).await;
    let made: Vec<&TestResponse> = answers.iter().filter(|answer| answer.status == 201).collect();
    for answer in &answers {
        match answer.status {
            201 => assert_eq!(answer.body, made[0].body),
            _ => drop(answer.clone().refused(409, "request_in_progress")),
        }
    }
    assert!(!made.is_empty());
    assert_eq!(mario.to_pay().await["count"], 1);
}

#[tokio::test]
async fn two_people_who_pay_the_same_debt_at_once() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    let lucia = portal.known_citizen().await;
    lucia.associates(&notice).await;
    let clicks = [mario.clone(), lucia.clone()].map(|citizen| {
        let notice = notice.clone();
        async move { citizen.tries_to_pay(&notice).await }
    });
    let answers = together(clicks).await;
    assert_eq!(statuses(&answers), [201, 409]);
    let winner = usize::from(answers[1].status == 201);
    answers[1 - winner].clone().refused(409, "payment_in_progress");
    let payer = [&mario, &lucia][winner];
    let paying = payer.paying(&answers[winner].json(), notice.amount);
    paying.at_psp(PspOutcome::Success).await;
    assert_eq!(mario.status(&notice).await, "paid");
    // INV-I19: the other sees the debt, not the payment.
    let other = [&mario, &lucia][1 - winner];
    assert_eq!(other.sees(&notice).await["payments"], json!([]));
}

#[tokio::test]
async fn inv_m33_cancelling_races_with_paying_and_nothing_is_lost() {
    let portal = TestPortal::open();
    for _ in 0..4 {
        let (mario, notice) = portal.proven_citizen().await;
        let paying = mario.pays(&notice).await;
        let (creditor, psp, callback) =
            (portal.creditor(), portal.psp(), CallbackMessage::succeeded(&paying));
        let (cancelled, called) = tokio::join!(creditor.tries_to_cancel(&notice), psp.calls_back(&callback));
        called.expect(200);
        assert_eq!(mario.status(&notice).await, "paid");
        let timeline = mario.timeline(&notice).await;
        let expected: &[&str] = match cancelled.status {
            204 => &["created", "payment-started", "cancelled", "paid-late"],
            _ => &["created", "payment-started", "paid"],
        };
        assert_eq!(timeline, expected);
        mario.receipt_pdf(&notice).await.pdf();
    }
}

#[tokio::test]
async fn inv_m19_starting_to_pay_races_with_being_paid() {
    let portal = TestPortal::open();
    for _ in 0..4 {
        let (mario, notice) = portal.proven_citizen().await;
        let first = mario.pays(&notice).await;
        first.at_psp(PspOutcome::Failure).await;
        let (psp, callback) = (portal.psp(), CallbackMessage::succeeded(&first));
        let (clicked, called) = tokio::join!(mario.tries_to_pay(&notice), psp.calls_back(&callback));
        called.expect(200);
        if clicked.status != 201 {
            clicked.refused(409, "debt_already_paid");
        }
        assert_eq!(mario.status(&notice).await, "paid");
        let timeline = mario.timeline(&notice).await;
        assert_eq!(timeline.iter().filter(|event| *event == "paid").count(), 1, "{timeline:?}");
    }
}
