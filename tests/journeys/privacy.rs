//! What a person sees of others, and of themselves.

use journeys::{DebtPosition, PersonName, PortalUser, SampleNotice, SamplePerson, TestPortal, json, numbers};

fn lucia(portal: &TestPortal) -> SamplePerson {
    let name = PersonName::Natural { first: "Lucia".to_owned(), last: "Verdi Bianchi".to_owned() };
    SamplePerson { name, ..SamplePerson::natural(portal.rng()) }
}

/// All that somebody sees of a debt, in one text.
async fn seen(citizen: &PortalUser, notice: &SampleNotice) -> String {
    let detail = citizen.sees(notice).await.to_string();
    let lists = citizen.to_pay().await.to_string() + &citizen.history("?status=all").await.to_string();
    let table = citizen.browser.get("/api/history?status=all").header("accept", "text/csv").answer().await;
    detail + &lists + &table.expect(200).text() + &citizen.exports().await.to_string()
}

#[tokio::test]
async fn idn_09_whoever_is_not_the_debtor_sees_a_shortened_name_and_no_address() {
    let portal = TestPortal::open();
    let (lucia, relative) = (lucia(&portal), portal.known_citizen().await);
    let mut position = DebtPosition::of(&lucia, portal.rng());
    position.body["debtor"]["email"] = json!("lucia@example.it");
    let (open, paid) =
        (portal.creditor().issues_as(position.clone()).await, portal.creditor().issues(&lucia).await);
    for notice in [&open, &paid] {
        let associated = relative.associates(notice).await;
        assert_eq!(associated["debtor"]["name"], "Lucia B.");
        assert_eq!(associated["debtor"]["fiscalCode"], lucia.fiscal_code.as_str());
    }
    let paying = relative.has_paid(&paid).await;
    let payment = relative.gets(&format!("/api/payments/{}", paying.id)).await.ok().to_string();
    for text in [seen(&relative, &open).await, seen(&relative, &paid).await, payment] {
        assert!(text.contains("Lucia B."), "{text}");
        for hers in ["Verdi", "lucia@example.it"] {
            assert!(!text.contains(hers), "{hers} is hers alone: {text}");
        }
    }
    let exported = relative.exports().await;
    for debt in exported["debts"].as_array().unwrap() {
        assert_eq!(debt["debtor"].as_object().unwrap().len(), 3, "{debt}");
    }
    // She herself sees all of it.
    let herself = portal.citizen_like(lucia).becomes_known().await;
    assert_eq!(herself.associates(&open).await["debtor"]["name"], "Lucia Verdi Bianchi");
    let text = seen(&herself, &open).await;
    assert!(text.contains("Verdi") && text.contains("via Roma 1") && text.contains("lucia@example.it"));
}

#[tokio::test]
async fn idn_09_companies_are_named_whole() {
    let portal = TestPortal::open();
    let company = SamplePerson::legal(portal.rng());
    let notice = portal.creditor().issues(&company).await;
    let accountant = portal.known_citizen().await;
    assert_eq!(accountant.associates(&notice).await["debtor"]["name"], company.full_name().as_str());
}

#[tokio::test]
async fn idn_09_whoever_followed_the_old_debtors_debt_leaves_with_them() {
    let portal = TestPortal::open();
    let (wrong, relative) = (lucia(&portal), portal.known_citizen().await);
    let (right, _) = portal.proven_citizen().await;
    let position = DebtPosition::of(&wrong, portal.rng());
    let notice = portal.creditor().issues_as(position.clone()).await;
    relative.associates(&notice).await;
    // Another name of the same person changes nothing.
    let mut renamed = position.clone();
    renamed.body["debtor"]["name"] = json!("Lucia Verdi");
    portal.creditor().sends(&renamed).await.expect(200);
    assert_eq!(numbers(&relative.to_pay().await), [notice.number.as_str()]);
    let mut corrected = position;
    corrected.body["debtor"] = right.person.debtor();
    portal.creditor().sends(&corrected).await.expect(200);
    relative.tries_to_see(&notice).await.refused(404, "debt_not_found");
    assert_eq!(relative.to_pay().await["count"], 0);
    relative.gets(&format!("/api/debts/{}/notice.pdf", notice.number)).await.refused(404, "debt_not_found");
    assert!(!relative.exports().await.to_string().contains(&notice.number));
    assert!(right.numbers_to_pay().await.contains(&notice.number));
}
