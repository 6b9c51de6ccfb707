//! The user manual, from the first page to the last.

use journeys::{PortalUser, PspOutcome, SampleNotice, SamplePerson, TestPortal, canteen, json, numbers};

#[tokio::test]
async fn a_person_walks_through_the_whole_manual() {
    let portal = TestPortal::open();
    let mario = portal.citizen();
    let typed = format!(" {} ", mario.person.fiscal_code.to_lowercase());
    let checked = mario.checks_code(&typed).await.ok();
    assert_eq!(checked, json!({"fiscalCode": mario.person.fiscal_code, "personType": "natural"}));
    whole_manual(&portal, mario).await;
}

#[tokio::test]
async fn a_company_walks_through_the_whole_manual() {
    let portal = TestPortal::open();
    let company = portal.company();
    let code = company.person.fiscal_code.clone();
    let checked = company.checks_code(&code).await.ok();
    assert_eq!(checked, json!({"fiscalCode": code, "personType": "either"}));
    whole_manual(&portal, company).await;
}

async fn whole_manual(portal: &TestPortal, mut citizen: PortalUser) {
    let notice = portal.creditor().issues(&citizen.person).await;
    let other = portal.creditor().issues(&citizen.person).await;

    finds_and_prints_without_an_account(&citizen, &notice).await;
    let account = gets_an_account(portal, &citizen).await;
    assert_eq!(account["identityProven"], false);

    // A fiscal code alone proves nothing; a notice of one's own does, and shows the rest.
    assert_eq!(citizen.to_pay().await, json!({"items": [], "count": 0, "total": 0}));
    let found = citizen.searches(&notice).await;
    let joined = citizen.associates_found(&found).await;
    assert_eq!(joined["debtor"]["fiscalCode"], citizen.person.fiscal_code.as_str());
    assert_eq!(citizen.account().await["identityProven"], true);
    let to_pay = citizen.to_pay().await;
    let mut shown = numbers(&to_pay);
    shown.sort();
    let mut issued = vec![notice.number.clone(), other.number.clone()];
    issued.sort();
    assert_eq!(shown, issued);
    assert_eq!((&to_pay["count"], &to_pay["total"]), (&json!(2), &json!(notice.amount + other.amount)));

    let own = creates_one_of_each_kind(&citizen).await;
    pays_and_keeps_the_receipt(portal, &citizen, &notice).await;
    finds_it_in_the_history(&citizen, &notice).await;

    // What is taken along holds it all.
    let export = citizen.exports().await;
    assert_eq!(export["account"]["email"], citizen.person.email.as_str());
    assert_eq!(export["debts"].as_array().unwrap().len(), 5);

    // Language, passwords.
    assert_eq!(citizen.chooses_language("en").await["language"], "en");
    assert_eq!(citizen.account().await["language"], "en");
    citizen.changes_password().await;
    assert!(citizen.is_logged_in().await, "whoever changes the password stays logged in");
    citizen.logs_out().await;
    citizen.forgets_password().await;
    citizen.resets_password().await;
    citizen.logs_in().await;
    let subjects = citizen.subjects().await;
    assert_eq!(
        subjects[3..],
        ["Your password has been changed", "Reset your password", "Your password has been changed"]
    );

    withdraws_and_comes_back(portal, citizen, &other, &own).await;
}

async fn finds_and_prints_without_an_account(citizen: &PortalUser, notice: &SampleNotice) {
    let found = citizen.searches(notice).await;
    assert_eq!(found.debt["noticeNumber"], notice.number.as_str());
    assert_eq!(found.debt["iuv"], notice.iuv());
    assert_eq!(found.debt["amount"], notice.amount);
    assert_eq!(found.debt["creditor"], json!({"name": "Comune di Test", "fiscalCode": "12345678903"}));
    assert_eq!((&found.debt["status"], &found.debt["payable"]), (&json!("to-pay"), &json!(true)));
    assert!(found.debt.get("debtor").is_none(), "the public search names nobody");
    let again = citizen.gets(&format!("/api/search/{}", found.reference)).await.ok();
    assert_eq!(again["debt"], found.debt);
    citizen.gets(&format!("/api/search/{}/notice.pdf", found.reference)).await.pdf();
    let by_iuv = json!({"fiscalCode": notice.fiscal_code, "iuv": notice.iuv()});
    assert_eq!(citizen.posts("/api/search", &by_iuv).await.ok()["debt"], found.debt);
}

async fn gets_an_account(portal: &TestPortal, citizen: &PortalUser) -> journeys::Value {
    citizen.registers().await;
    citizen.tries_to_log_in().await.refused(403, "account_not_active");
    let mails = citizen.mails().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "Attiva il tuo account");
    assert!(mails[0].links.iter().any(|link| link.starts_with(&format!("{}/attiva#t=", portal.url()))));
    // A mail scanner that opens the link consumes nothing.
    citizen.gets("/attiva").await.expect(200);
    citizen.activates().await;
    let account = citizen.logs_in().await;
    assert_eq!(account["fiscalCode"], citizen.person.fiscal_code.as_str());
    assert_eq!(account["personType"], citizen.person.person_type());
    assert!(account["consent"]["privacyAcceptedAt"].is_string());
    assert_eq!(citizen.account().await, account);
    account
}

/// One debt of each amount kind of the catalogue; gives one back to pay later.
async fn creates_one_of_each_kind(citizen: &PortalUser) -> SampleNotice {
    let services = citizen.services().await;
    let kind_of = |code: &str| {
        let service = services.iter().find(|service| service["code"] == code).expect("a service");
        service["amount"]["kind"].as_str().unwrap().to_owned()
    };
    assert_eq!(kind_of("08.MENSA SCOLASTICA"), "free");
    assert_eq!(kind_of("10.TRASPORTO SCOLASTICO"), "fixed");
    assert_eq!(kind_of("14.TOSAP TEMPORANEA"), "tariff");
    let free = citizen.creates(&canteen(4_550)).await;
    assert_eq!(free.amount, 4_550);
    let fixed = citizen
        .creates(&json!({
            "serviceCode": "10.TRASPORTO SCOLASTICO", "reason": "Scuolabus",
            "fields": {"alunno": "Giulia Neri", "anno": "2026"}
        }))
        .await;
    assert_eq!(fixed.amount, 18_000);
    let tariff = citizen
        .creates(&json!({
            "serviceCode": "14.TOSAP TEMPORANEA", "reason": "Trasloco",
            "fields": {
                "autorizzazione": "2026/0123", "metri_quadri": "20", "giorni": "3", "dal": "2099-09-01",
                "zona": "Centro"
            }
        }))
        .await;
    assert_eq!(tariff.amount, 500 + 50 * 2 * 20 * 3);
    for notice in [&free, &fixed, &tariff] {
        let seen = citizen.sees(notice).await;
        assert_eq!(seen["debt"]["origin"], "spontaneous");
        assert_eq!(seen["debt"]["debtor"]["fiscalCode"], citizen.person.fiscal_code.as_str());
        citizen.notice_pdf(notice).await.pdf();
    }
    free
}

async fn pays_and_keeps_the_receipt(portal: &TestPortal, citizen: &PortalUser, notice: &SampleNotice) {
    citizen.notice_pdf(notice).await.pdf();
    citizen.receipt_pdf(notice).await.refused(404, "receipt_not_found");
    let methods = citizen.payment_methods(notice.amount).await;
    let card = methods.iter().find(|method| method["code"] == "CP").expect("cards");
    let (psp, fee) = (&card["psps"][0], card["psps"][0]["fee"].as_u64().unwrap());
    let order = json!({"noticeNumbers": [notice.number], "method": "CP", "pspId": psp["id"]});
    let paying = citizen.pays_as(&[notice], &order).await;
    let pending = paying.sees().await;
    assert_eq!((&pending["status"], &pending["fee"]), (&json!("pending"), &json!(fee)));
    assert!(pending["checkAgainSeconds"].is_u64());
    assert_eq!(citizen.sees(notice).await["debt"]["paymentInProgress"], true);

    let way_back = paying.at_psp(PspOutcome::Success).await;
    assert!(way_back.starts_with(&format!("{}/", portal.url())), "{way_back}");
    let paid = paying.sees().await;
    assert_eq!(paid["status"], "succeeded");
    assert_eq!(paid["debts"][0]["status"], "paid");
    assert!(paid.get("checkAgainSeconds").is_none());
    assert_eq!(citizen.timeline(notice).await, ["created", "payment-started", "paid"]);
    citizen.tries_to_pay(notice).await.refused(409, "debt_already_paid");
    citizen.notice_pdf(notice).await.refused(409, "debt_already_paid");

    let receipt = citizen.receipt_pdf(notice).await.pdf();
    assert_eq!(citizen.receipt_pdf(notice).await.pdf(), receipt, "INV-M13: the same bytes for ever");
    let code = citizen.receipt_code(notice).await;
    let checked = portal.citizen().verifies_receipt(&code).await.ok();
    assert_eq!(checked["valid"], true);
    assert_eq!(
        (&checked["iuv"], &checked["amount"], &checked["paymentToken"]),
        (&json!(notice.iuv()), &json!(notice.amount), &json!(paying.transaction))
    );
    let text = checked.to_string();
    assert!(!text.contains(&citizen.person.fiscal_code) && !text.contains(&citizen.person.full_name()));

    let total = notice.amount + fee;
    let subject = format!("Ricevuta del pagamento di {},{:02} €", grouped(total / 100), total % 100);
    assert_eq!(citizen.mails_about(&subject).await, 1, "{subject}: {:?}", citizen.subjects().await);
}

async fn finds_it_in_the_history(citizen: &PortalUser, notice: &SampleNotice) {
    let day = citizen.history("").await["items"][0]["paidOn"].as_str().unwrap().to_owned();
    let reason = notice.reason.rsplit(' ').next().unwrap();
    let hits = [
        String::new(),
        format!("?from={day}&to={day}"),
        "?service=08.MENSA%20SCOLASTICA&status=paid".to_owned(),
        format!("?q={reason}"),
        format!("?q={}", notice.iuv()),
    ];
    for query in hits {
        assert_eq!(numbers(&citizen.history(&query).await), [notice.number.as_str()], "{query}");
    }
    for query in ["?to=2001-01-01", "?service=TEST1", "?status=cancelled", "?q=Trapezunte"] {
        assert_eq!(citizen.history(query).await["items"], json!([]), "{query}");
    }
    let table = citizen.browser.get("/api/history").header("accept", "text/csv").answer().await.expect(200);
    assert!(table.header("content-type").is_some_and(|value| value.starts_with("text/csv")));
    let table = table.text();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 2, "{table}");
    assert!(lines[0].starts_with("\u{feff}Codice avviso;IUUV;"), "{table}");
    assert!(lines[1].replace(' ', "").starts_with(&notice.number), "{table}");
}

async fn withdraws_and_comes_back(
    portal: &TestPortal,
    citizen: PortalUser,
    unpaid: &SampleNotice,
    own: &SampleNotice,
) {
    let elsewhere = citizen.elsewhere();
    elsewhere.logs_in().await;
    citizen.tries_to_withdraw_consent("not my password").await.refused(401, "invalid_credentials");
    citizen.withdraws_consent().await;
    assert!(!elsewhere.is_logged_in().await, "INV-I16: every session is dead");
    citizen.tries_to_log_in().await.refused(401, "invalid_credentials");
    assert_eq!(citizen.mails_about("Consent withdrawn").await, 1);
    // What is owed stays, for whoever holds the notice.
    assert_eq!(citizen.searches(unpaid).await.debt["status"], "to-pay");
    assert_eq!(citizen.searches(own).await.debt["status"], "to-pay");

    // INV-I24: the same person again is a new account, with no memory of the old one.
    let mut person: SamplePerson = citizen.person.clone();
    // Of one address within a minute only one registration is answered by mail (AB-08).
    person.email = format!("again.{}", person.email);
    person.username.clone_from(&person.email);
    person.password = SamplePerson::new_password(portal.rng());
    let again = portal.citizen_like(person).elsewhere();
    again.registers().await;
    again.activates().await;
    let account = again.logs_in().await;
    assert_eq!((&account["identityProven"], &account["language"]), (&json!(false), &json!("it")));
    assert_eq!(again.numbers_to_pay().await.len(), 0);
    again.associates(unpaid).await;
    assert!(again.numbers_to_pay().await.contains(&unpaid.number));
    again.logs_out().await;
    assert!(!again.is_logged_in().await);
}

/// `1.234`
fn grouped(euros: u64) -> String {
    if euros < 1_000 { euros.to_string() } else { format!("{}.{:03}", euros / 1_000, euros % 1_000) }
}
