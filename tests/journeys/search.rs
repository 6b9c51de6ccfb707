//! The public search by fiscal code and notice number.

use journeys::{SamplePerson, TestPortal, json};

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
async fn ab_27_searching_by_guessing_ends() {
    let portal = TestPortal::open();
    let victim = SamplePerson::natural(portal.rng());
    let notice = portal.creditor().issues(&victim).await;
    // Whoever misses is stopped there, in the end even with the right pair.
    let attacker = portal.citizen();
    let mut statuses = Vec::new();
    for _ in 0..100 {
        statuses.push(attacker.searches_for(&victim.fiscal_code, "301000000000099999").await.status);
    }
    assert_eq!(statuses[..10], [404; 10]);
    assert_eq!(statuses.iter().filter(|status| **status == 404).count(), 10, "ten a minute");
    attacker.searches_for(&victim.fiscal_code, &notice.number).await.refused(429, "too_many_requests");
    // Elsewhere the owner is served, in an account as well.
    attacker.elsewhere().searches(&notice).await;
    portal.known_citizen().await.associates(&notice).await;
}

#[tokio::test]
async fn idn_05_ab_27_a_right_pair_passes_whatever_others_and_this_source_have_missed() {
    let portal = TestPortal::open();
    let victim = SamplePerson::natural(portal.rng());
    let notice = portal.creditor().issues(&victim).await;
    let source = portal.citizen();
    for n in 0..30 {
        let other = source.elsewhere().searches_for(&victim.fiscal_code, "301000000000099999").await;
        other.refused(404, "debt_not_found");
        let missed = source.searches_for(&victim.fiscal_code, "301000000000099999").await;
        assert_eq!(missed.status, if n < 10 { 404 } else { 429 }, "miss {n}");
        source.searches(&notice).await;
    }
}

/// A browser that runs no script sends the form by itself, and gets a page.
#[tokio::test]
async fn jrn_16_the_search_works_as_a_plain_form() {
    let portal = TestPortal::open();
    let (mario, notice) = portal.proven_citizen().await;
    let send = async |cf: &str, code: &str, language: &str| {
        let form = format!("cf={cf}&codice={}&lingua={language}", code.replace(' ', "+"));
        portal
            .browser()
            .request("POST", "/ricerca")
            .body("application/x-www-form-urlencoded", form)
            .answer()
            .await
    };
    let grouped = domain::NoticeNumber::parse(&notice.number).unwrap().grouped();
    for code in [notice.number.as_str(), &grouped, &notice.number[1..]] {
        let page = send(&mario.person.fiscal_code, code, "it").await.expect(200);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(page.header("content-security-policy").is_some());
        let text = page.text();
        assert!(text.contains("Importo da pagare") && text.contains(&grouped), "{text}");
        let (_, rest) = text.split_once("href=\"/api/search/").unwrap();
        let (address, _) = rest.split_once('"').unwrap();
        portal.browser().get(&format!("/api/search/{address}")).answer().await.pdf();
    }
    let nobody = send(&mario.person.fiscal_code, "301000000000000001", "en").await.expect(404).text();
    assert!(nobody.contains("We cannot find") && nobody.contains("<html lang=\"en\""), "{nobody}");
    let wrong = send("<script>", "1", "it").await.expect(400).text();
    assert!(
        wrong.contains("Il codice fiscale deve avere 16 caratteri") && !wrong.contains("<script>"),
        "{wrong}"
    );
}
