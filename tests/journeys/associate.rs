//! Adding debts to one's own list.

use std::collections::BTreeMap;
use std::time::Duration;

use admin::cli::{AdminCommand, Cli};
use clap::Parser;
use journeys::local::{OPERATOR, Options};
use journeys::{DebtPosition, PortalUser, SampleNotice, SamplePerson, TestPortal, canteen, json};

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
async fn idn_02_a_current_debt_to_this_name_proves_and_waste_paper_does_not() {
    let Some(portal) = TestPortal::alone() else { return };
    let creditor = portal.creditor();
    let day = async |days| portal.clock().day(days).await;
    // Somebody with a fiscal code and a paper, and what the paper is worth.
    let proves = async |what: &str, position: &dyn Fn(DebtPosition) -> DebtPosition, then: &str| {
        let mario = portal.known_citizen().await;
        let debt = position(DebtPosition::of(&mario.person, portal.rng()));
        let notice = creditor.issues_as(debt).await;
        match then {
            "cancelled" => creditor.cancels(&notice).await,
            "paid" => drop(portal.node().pays(&notice).await),
            _ => {}
        }
        mario.associates(&notice).await;
        assert!(mario.tries_to_see(&notice).await.status == 200, "{what}: it can be seen all the same");
        mario.is_proven().await
    };
    let named = |name: &str| {
        let name = name.to_owned();
        move |position: DebtPosition| {
            let mut debtor = position.body["debtor"].clone();
            debtor["name"] = json!(name);
            position.with("debtor", debtor)
        }
    };
    let as_it_is = |position| position;
    let (yesterday, today) = (day(-1).await, day(0).await);
    assert!(proves("current", &as_it_is, "").await);
    assert!(!proves("cancelled", &as_it_is, "cancelled").await);
    assert!(!proves("paid", &as_it_is, "paid").await);
    assert!(proves("past its due date", &|p: DebtPosition| p.with("dueDate", yesterday.as_str()), "").await);
    assert!(proves("on its last day", &|p: DebtPosition| p.with("expiresOn", today.as_str()), "").await);
    assert!(!proves("another's name", &named("Qualcun Altro"), "").await);
    // Older than a year; then changed, which proves again.
    let mario = portal.known_citizen().await;
    let position = DebtPosition::of(&mario.person, portal.rng()).with("expiresOn", day(800).await);
    let notice = creditor.issues_as(position.clone()).await;
    portal.clock().moves(Duration::from_secs(366 * 24 * 60 * 60)).await;
    mario.logs_in().await;
    mario.associates(&notice).await;
    assert!(!mario.is_proven().await, "written a year and a day ago");
    creditor.sends(&position).await.ok();
    mario.associates(&notice).await;
    assert!(!mario.is_proven().await, "the same again is no change");
    creditor.sends(&position.with("amount", 1_234)).await.ok();
    mario.associates(&notice).await;
    assert!(mario.is_proven().await);
}

/// Somebody who proves, with a debt under which the creditor knows this address.
async fn proves_knowing(portal: &TestPortal, mario: &PortalUser, known: &str) -> SampleNotice {
    let mut debtor = mario.person.debtor();
    debtor["email"] = json!(known);
    let position = DebtPosition::of(&mario.person, portal.rng()).with("debtor", debtor);
    let notice = portal.creditor().issues_as(position).await;
    mario.associates(&notice).await;
    notice
}

#[tokio::test]
async fn idn_02_whoever_may_know_better_of_a_proof_is_told_and_takes_it_back() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, mut other) = (portal.known_citizen().await, portal.citizen());
    other.person.fiscal_code.clone_from(&mario.person.fiscal_code);
    let other = other.becomes_known().await;
    let known = format!("casa.{}", mario.person.email);
    let notice = proves_knowing(&portal, &mario, &known).await;
    let unseen = portal.creditor().issues(&mario.person).await;
    assert!(mario.is_proven().await);
    mario.tries_to_see(&unseen).await.expect(200);
    let subject = "Un account ha verificato il tuo codice fiscale";
    assert_eq!(mario.mails_about(subject).await, 0, "who has proven it knows");
    assert_eq!(other.mails_about(subject).await, 1);
    let letters = portal.mailbox().of_subject(&known, subject).await;
    assert_eq!(letters.len(), 1);
    for personal in [&mario.person.fiscal_code, &mario.person.email] {
        assert!(!letters[0].text.contains(personal.as_str()), "{}", letters[0].text);
    }
    // Nothing more the second time.
    mario.associates(&notice).await;
    assert_eq!(portal.mailbox().of_subject(&known, subject).await.len(), 1);

    let token = portal.mailbox().token(&known, "/contesta").await.unwrap();
    portal.browser().get("/contesta").answer().await.expect(200);
    portal.clock().moves(Duration::from_secs(29 * 24 * 60 * 60)).await;
    mario.logs_in().await;
    let stranger = portal.citizen();
    stranger.tries_to_contest(&token).await.expect(204);
    assert!(!mario.is_logged_in().await, "its sessions have ended");
    mario.logs_in().await;
    assert!(!mario.is_proven().await);
    mario.tries_to_see(&unseen).await.refused(404, "debt_not_found");
    mario.tries_to_see(&notice).await.expect(200);
    stranger.tries_to_contest(&token).await.expect(204);
    assert!(mario.is_logged_in().await, "harmless to repeat");
    // Not by the same paper, nor by another, until somebody has decided.
    mario.associates(&notice).await;
    mario.associates(&unseen).await;
    assert!(!mario.is_proven().await);
    assert_eq!(mario.mails_about("Stiamo controllando di chi è il codice fiscale").await, 1);
}

#[tokio::test]
async fn idn_02_a_contest_has_thirty_days_and_a_token_of_its_own() {
    let Some(portal) = TestPortal::alone() else { return };
    let mario = portal.known_citizen().await;
    let known = format!("casa.{}", mario.person.email);
    proves_knowing(&portal, &mario, &known).await;
    let token = portal.mailbox().token(&known, "/contesta").await.unwrap();
    let activation = mario.token("/attiva").await;
    for nobodys in ["nobody-has-sent-this", "../../etc/passwd", &activation] {
        mario.tries_to_contest(nobodys).await.refused(400, "link_not_valid");
    }
    mario.tries_to_activate(&token).await.refused(400, "link_not_valid");
    portal.clock().moves(Duration::from_secs(30 * 24 * 60 * 60)).await;
    mario.tries_to_contest(&token).await.refused(400, "link_not_valid");
    mario.logs_in().await;
    assert!(mario.is_proven().await);
}

#[tokio::test]
async fn idn_02_the_creditor_may_want_a_proof_to_wait() {
    let parameters = BTreeMap::from([("ProofWaitHours".to_owned(), "48".to_owned())]);
    let options = Options { parameters, demo: false, ..Options::default() };
    let Some(portal) = TestPortal::alone_with(options) else { return };
    let (mario, notice) = portal.proven_citizen().await;
    let unseen = portal.creditor().issues(&mario.person).await;
    assert!(!mario.is_proven().await);
    mario.tries_to_see(&notice).await.expect(200);
    mario.tries_to_see(&unseen).await.refused(404, "debt_not_found");
    portal.clock().moves(Duration::from_secs(48 * 60 * 60)).await;
    mario.logs_in().await;
    assert!(mario.is_proven().await);
    mario.tries_to_see(&unseen).await.expect(200);
}

#[tokio::test]
async fn idn_01_a_second_proof_opens_a_dispute_that_an_operator_decides() {
    let Some(portal) = TestPortal::alone() else { return };
    let (thief, notice) = portal.proven_citizen().await;
    let mut owner = portal.citizen();
    owner.person = SamplePerson { fiscal_code: thief.person.fiscal_code.clone(), ..owner.person };
    owner.person.name = thief.person.name.clone();
    let owner = owner.becomes_known().await;
    owner.associates(&notice).await;
    let unseen = portal.creditor().issues(&owner.person).await;
    let disputed = "Stiamo controllando di chi è il codice fiscale";
    assert!(!owner.is_proven().await && thief.is_proven().await, "the first holds it until somebody decides");
    assert_eq!((owner.mails_about(disputed).await, thief.mails_about(disputed).await), (1, 1));
    owner.tries_to_see(&unseen).await.refused(404, "debt_not_found");
    owner.associates(&notice).await;
    assert_eq!(owner.mails_about(disputed).await, 1, "nothing new by the same again");

    let env = portal.stack().env(OPERATOR).unwrap();
    let decides = async |words: &[&str]| {
        let by = ["--by", "anagrafe", "--why", "verbale 7/2026"];
        let signed = if words[0] == "holder" { &[][..] } else { &by[..] };
        let line = [&["admin"][..], words, signed].concat();
        let AdminCommand::Identity(command) = Cli::parse_from(line).command.unwrap() else { panic!() };
        let mut out = Vec::new();
        admin::identity::run(&env, command, &mut out).await.map(|_| String::from_utf8(out).unwrap())
    };
    let code = owner.person.fiscal_code.as_str();
    let said = decides(&["holder", code]).await.unwrap();
    assert!(said.contains("a second account has proven it"), "{said}");
    assert!(said.contains(&owner.person.username) && said.contains(&thief.person.username), "{said}");
    let stranger = portal.known_citizen().await;
    assert!(decides(&["assign", code, &stranger.person.username]).await.is_err(), "it names another code");
    decides(&["assign", code, &owner.person.username]).await.unwrap();
    assert!(owner.is_proven().await);
    owner.tries_to_see(&unseen).await.expect(200);
    assert!(!thief.is_logged_in().await);
    thief.logs_in().await;
    assert!(!thief.is_proven().await);
    thief.tries_to_see(&unseen).await.refused(404, "debt_not_found");
    let decided = "Abbiamo controllato di chi è il codice fiscale";
    assert_eq!((owner.mails_about(decided).await, thief.mails_about(decided).await), (1, 1));
    assert!(decides(&["holder", code]).await.unwrap().contains("anagrafe: verbale 7/2026"));

    // Released, it can be proven anew; closed, an account and its username are gone.
    decides(&["release", code]).await.unwrap();
    owner.logs_in().await;
    assert!(!owner.is_proven().await);
    owner.associates(&unseen).await;
    assert!(owner.is_proven().await);
    decides(&["close", &thief.person.username]).await.unwrap();
    assert!(decides(&["close", &thief.person.username]).await.is_err(), "once");
    assert_eq!(thief.mails_about("Il tuo account è stato chiuso").await, 1);
    thief.tries_to_log_in().await.refused(401, "invalid_credentials");
    let mut again = portal.citizen();
    again.person.username.clone_from(&thief.person.username);
    again.person.email.clone_from(&thief.person.email);
    portal.clock().moves_minutes(2).await;
    again.becomes_known().await;
}

#[tokio::test]
async fn idn_03_what_an_unproven_account_makes_is_its_own_and_goes_with_it() {
    let Some(portal) = TestPortal::alone() else { return };
    let (owner, _) = portal.proven_citizen().await;
    let mut thief = portal.citizen();
    thief.person.fiscal_code.clone_from(&owner.person.fiscal_code);
    let thief = thief.becomes_known().await;
    let before = owner.numbers_to_pay().await;
    let own = thief.creates(&canteen(1_200)).await;
    let paid = thief.creates(&canteen(1_300)).await;
    thief.has_paid(&paid).await;
    assert_eq!(owner.numbers_to_pay().await, before);
    owner.tries_to_see(&own).await.refused(404, "debt_not_found");
    assert_eq!(owner.history("").await["items"], json!([]));
    assert_eq!(owner.receipts_mailed().await, 0, "nor by mail");
    assert_eq!(thief.numbers_to_pay().await, [own.number.as_str()]);
    thief.withdraws_consent().await;
    assert_eq!(thief.mails_about("Consenso revocato").await, 1);
    let found = portal.citizen().searches(&own).await;
    assert_eq!(found.debt["status"], "cancelled");
    assert_eq!(portal.citizen().searches(&paid).await.debt["status"], "paid", "money stays in the books");
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
