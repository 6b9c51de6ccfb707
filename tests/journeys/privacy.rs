//! What a person sees of others, and of themselves.

use journeys::{
    DebtPosition, PersonName, PortalUser, PspOutcome, SampleNotice, SamplePerson, TestPortal, canteen, json,
    numbers,
};

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

#[tokio::test]
async fn idn_12_a_person_puts_address_and_telephone_right() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let before = mario.account().await;
    let moved = json!({"address": "12 Rue de Rivoli", "country": "FR", "city": "Paris", "province": "EE",
        "postalCode": "75001", "phone": "+33 1 40 20 50 50"});
    let after = mario.tries_to_change_account(&moved).await.ok()["account"].take();
    for (name, value) in moved.as_object().unwrap() {
        assert_eq!(&after[name], value);
    }
    for (name, value) in before.as_object().unwrap() {
        let same = &mario.account().await[name] == value;
        assert_eq!(same, moved.get(name).is_none(), "{name}");
    }
    let back = json!({"country": "IT", "province": "RM", "postalCode": "00185"});
    assert_eq!(mario.tries_to_change_account(&back).await.ok()["account"]["city"], "Paris");
    let language = mario.tries_to_change_account(&json!({"language": "en"})).await.ok();
    assert_eq!(
        (&language["account"]["language"], &language["account"]["postalCode"]),
        (&json!("en"), &json!("00185"))
    );
    for (change, field, code) in [
        (json!({}), "language", "required"),
        (json!({"country": "FR"}), "province", "not_allowed"),
        (json!({"phone": "call me"}), "phone", "format"),
        (json!({"address": ""}), "address", "required"),
        (json!({"postalCode": "75001 9"}), "postalCode", "format"),
    ] {
        let fields = mario.tries_to_change_account(&change).await.refused(400, "invalid_input").fields();
        assert!(fields.contains(&(field.to_owned(), code.to_owned())), "{change}: {fields:?}");
    }
    for never in ["fiscalCode", "username", "email", "identityProven", "firstName"] {
        let change = json!({never: "x", "language": "it"});
        mario.tries_to_change_account(&change).await.refused(400, "unknown_field");
    }
}

#[tokio::test]
async fn idn_12_ab_24_a_person_sees_where_they_are_logged_in_and_ends_it() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let elsewhere = mario.elsewhere();
    elsewhere.logs_in().await;
    let list = async |citizen: &PortalUser| citizen.gets("/api/account/sessions").await.ok()["items"].take();
    let sessions = list(&mario).await;
    let current: Vec<bool> =
        sessions.as_array().unwrap().iter().map(|session| session["current"].as_bool().unwrap()).collect();
    assert_eq!(current.iter().filter(|current| **current).count(), 1, "{sessions}");
    assert_eq!(current.len(), 2, "{sessions}");
    let of = |sessions: &journeys::Value, current: bool| {
        let found = sessions.as_array().unwrap().iter().find(|session| session["current"] == current);
        format!("/api/account/sessions/{}", found.unwrap()["id"].as_str().unwrap())
    };
    // Whoever else asks finds no such session.
    let lucia = portal.known_citizen().await;
    lucia.request("DELETE", &of(&sessions, false)).answer().await.refused(404, "not_found");
    lucia.request("DELETE", "/api/account/sessions/x").answer().await.refused(404, "not_found");
    assert!(elsewhere.is_logged_in().await);
    for _ in 0..2 {
        mario.request("DELETE", &of(&sessions, false)).answer().await.expect(204);
    }
    assert!(!elsewhere.is_logged_in().await && mario.is_logged_in().await);
    assert_eq!(list(&mario).await.as_array().unwrap().len(), 1);
    let own = of(&list(&mario).await, true);
    mario.request("DELETE", &own).answer().await.expect(204);
    assert!(!mario.is_logged_in().await);
}

#[tokio::test]
async fn idn_12_ab_24_a_login_where_the_account_is_not_known_is_told() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let told = "Accesso da un nuovo dispositivo";
    mario.logs_out().await;
    mario.logs_in().await;
    assert_eq!(mario.mails_about(told).await, 0, "from the same browser");
    let elsewhere = mario.elsewhere();
    elsewhere.logs_in_with("not the password at all").await.refused(401, "invalid_credentials");
    elsewhere.logs_in().await;
    elsewhere.logs_in().await;
    assert_eq!(mario.mails_about(told).await, 1);
}

#[tokio::test]
async fn idn_12_the_export_has_everything_also_of_many_debts() {
    let portal = TestPortal::open();
    let (mario, first) = portal.proven_citizen().await;
    mario.has_paid(&first).await;
    let mut numbers = vec![first.number.clone()];
    for _ in 0..130 {
        numbers.push(portal.creditor().issues(&mario.person).await.number);
    }
    for page in [0, 1] {
        // What is closed lies on the last page, what is to pay on both.
        let notice = SampleNotice { number: numbers[50 + page].clone(), ..first.clone() };
        portal.creditor().tries_to_cancel(&notice).await.expect(204);
    }
    let (mut exported, mut pages) = (Vec::new(), Vec::new());
    let mut cursor = None;
    loop {
        let path = cursor.map_or_else(
            || "/api/account/export".to_owned(),
            |cursor: String| format!("/api/account/export?cursor={cursor}"),
        );
        let page = mario.gets(&path).await.ok();
        for debt in page["debts"].as_array().unwrap() {
            exported.push(debt["noticeNumber"].as_str().unwrap().to_owned());
        }
        cursor = page["nextCursor"].as_str().map(str::to_owned);
        pages.push(page);
        if cursor.is_none() {
            break;
        }
    }
    assert!(pages.len() > 1, "{}", pages.len());
    exported.sort_unstable();
    numbers.sort_unstable();
    assert_eq!(exported, numbers);
    assert_eq!(pages[0]["account"]["identityProven"], true);
    assert_eq!(pages[0]["sessions"].as_array().unwrap().len(), 1);
    assert!(pages[1].get("account").is_none());
    let debts = pages.iter().flat_map(|page| page["debts"].as_array().unwrap());
    let paid = debts.into_iter().find(|debt| debt["noticeNumber"] == first.number.as_str()).unwrap();
    assert_eq!(paid["payments"][0]["status"], "succeeded");
    assert_eq!(paid["payments"][0]["amount"], first.amount);
    assert!(paid["receipt"].is_object() && paid["movements"].as_array().unwrap().len() >= 3);
}

/// Ten years after it was closed a debt says how much and when, and of whom nobody knows any more.
#[tokio::test]
async fn idn_12_what_is_old_enough_is_forgotten_and_its_money_stays() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, _) = portal.proven_citizen().await;
    let lucia = portal.citizen_like(lucia(&portal));
    let lucia = lucia.becomes_known().await;
    let mut position = DebtPosition::of(&lucia.person, portal.rng());
    position.body["debtor"]["email"] = json!("forgotten@example.it");
    let notice = portal.creditor().issues_as(position).await;
    let wish = mario.creates(&canteen(4_200)).await;
    mario.tries_to_take_back(&wish).await.expect(204);
    let never = mario.creates(&canteen(4_300)).await;
    mario.associates(&notice).await;
    let order = json!({"noticeNumbers": [notice.number], "email": "payer@example.it"});
    mario.pays_as(&[&notice], &order).await.at_psp(PspOutcome::Success).await;
    mario.mails().await;
    let words = ["Giulia Neri", "Ricarica dei pasti"];
    assert!(!portal.items_holding(&words).await.is_empty());
    // A year, and some days for the sweep and for what DynamoDB tidies up.
    portal.clock().moves_minutes(370 * 24 * 60).await;
    portal.clock().moves_minutes(60).await;
    assert_eq!(portal.items_holding(&words).await, [""; 0], "what was only wished");
    let hers = [notice.reason.as_str(), "forgotten@example.it", "payer@example.it", "Verdi Bianchi"];
    assert!(!portal.items_holding(&hers).await.is_empty());
    portal.clock().moves_minutes(9 * 366 * 24 * 60).await;
    portal.clock().moves_minutes(60).await;
    let left = portal.items_holding(&hers[..3]).await;
    assert_eq!(left, [""; 0]);
    let debts = portal.items("DebtsTable").await;
    let kept = |number: &str| {
        let key = format!("DEBT#{number}");
        debts.iter().any(|item| item["pk"]["S"] == key.as_str() && item["sk"]["S"] == "STATE")
    };
    for number in [&notice.number, &wish.number, &never.number] {
        assert!(kept(number), "amounts and days stay");
    }
    mario.elsewhere().searches_for(&notice.fiscal_code, &notice.number).await.refused(404, "debt_not_found");
    let nobody = mario.elsewhere().searches_for("00000000000", &notice.number).await;
    nobody.refused(400, "invalid_input");
}

#[tokio::test]
async fn idn_12_an_account_that_nobody_enters_goes_after_a_word() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, lucia) = (portal.known_citizen().await, portal.known_citizen().await);
    let told = "Il tuo account sarà cancellato";
    portal.clock().moves_minutes(5 * 366 * 24 * 60).await;
    portal.clock().moves_minutes(6).await;
    assert_eq!((mario.mails_about(told).await, lucia.mails_about(told).await), (1, 1));
    lucia.logs_in().await;
    for _ in 0..3 {
        portal.clock().moves_minutes(11 * 24 * 60).await;
    }
    portal.clock().moves_minutes(12).await;
    mario.tries_to_log_in().await.refused(401, "invalid_credentials");
    assert_eq!(portal.items_holding(&[&mario.person.email]).await, [""; 0]);
    lucia.logs_in().await;
    assert_eq!(lucia.mails_about(told).await, 1);
}
