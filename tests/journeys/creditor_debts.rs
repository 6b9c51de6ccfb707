//! The back office reads what it wrote, and what became of it.

use journeys::{DebtPosition, PspOutcome, SamplePerson, TestPortal, Value, json};

fn office_data(position: DebtPosition) -> DebtPosition {
    let amount = position.body["amount"].as_u64().unwrap();
    position
        .with("reference", "Pratica 2026/118")
        .with("details", json!([{"name": "alunno", "value": "Giulia Neri"}, {"name": "targa", "label": "Targa", "value": "AB123CD"}]))
        .with("accounting", json!([{"key": "capitolo", "value": "3100"}]))
        .with(
            "transfers",
            json!([
                {"fiscalCode": "98765432103", "companyName": "Unione dei Comuni", "iban": "IT60X0542811101000000123456", "amount": 1, "category": "0101002IM", "remittance": "Quota"},
                {"fiscalCode": "12345678903", "companyName": "Comune di Test", "postalIban": "IT69D0760102800000016302093", "amount": amount - 1}
            ]),
        )
}

#[tokio::test]
async fn what_the_office_writes_it_reads_again() {
    let portal = TestPortal::open();
    let creditor = portal.creditor();
    let person = SamplePerson::natural(portal.rng());
    let position = office_data(DebtPosition::of(&person, portal.rng()));
    let written = creditor.sends(&position).await.expect(201).json();
    let debt = &written["debt"];
    assert_eq!(debt["debtor"], person.debtor());
    assert_eq!(
        (&debt["reference"], &debt["accounting"]),
        (&position.body["reference"], &position.body["accounting"])
    );
    assert_eq!(
        debt["details"][0],
        json!({"name": "alunno", "label": "Nome e cognome dell’alunno", "value": "Giulia Neri"})
    );
    assert_eq!(debt["transfers"][0], position.body["transfers"][0], "in the order sent");
    let second = &debt["transfers"][1];
    assert_eq!((&second["remittance"], second["category"].is_string()), (&debt["reason"], true), "{second}");
    assert_eq!(debt["movements"][0]["kind"], "created");
    assert_eq!((&debt["payments"], &debt["receipt"]), (&json!([]), &Value::Null));

    let path = format!("/creditor/debts/{}", position.number);
    let read = creditor.gets(&path).await.ok();
    assert_eq!(read, written);
    creditor.sends(&position).await.expect(200);
    assert_eq!(creditor.gets(&path).await.ok(), written, "the same again is no change");
    creditor.sends(&position.with("reference", "altro")).await.expect(200);
    let changed = creditor.gets(&path).await.ok();
    assert_eq!(changed["debt"]["movements"][1]["kind"], "changed");
    assert_eq!(changed["debt"]["reference"], "altro");
    creditor.gets(&format!("{path}/notice.pdf")).await.pdf();
    creditor.gets(&format!("{path}/receipt.pdf")).await.refused(404, "receipt_not_found");
    creditor.gets("/creditor/debts/301999999999999968").await.refused(404, "debt_not_found");
    creditor.gets("/creditor/debts/12").await.refused(400, "invalid_input");
}

#[tokio::test]
async fn without_shares_the_creditor_gets_all_of_it() {
    let portal = TestPortal::open();
    let position = DebtPosition::of(&SamplePerson::natural(portal.rng()), portal.rng());
    let debt = portal.creditor().sends(&position).await.expect(201).json()["debt"].take();
    let transfers = debt["transfers"].as_array().unwrap();
    assert_eq!(transfers.len(), 1);
    let (only, amount) = (&transfers[0], &position.body["amount"]);
    assert_eq!((&only["fiscalCode"], &only["amount"]), (&json!("12345678903"), amount));
    assert_eq!(only["postalIban"], "IT69D0760102800000016302093");
}

#[tokio::test]
async fn office_data_that_make_no_sense_are_refused_by_name() {
    let portal = TestPortal::open();
    let sound = office_data(DebtPosition::of(&SamplePerson::natural(portal.rng()), portal.rng()));
    let share = |change: &dyn Fn(&mut Value)| {
        let mut shares = sound.body["transfers"].clone();
        change(&mut shares);
        shares
    };
    let detail = json!({"name": "x", "value": "y"});
    let entry = json!({"key": "x", "value": "y"});
    for (field, value, expected) in [
        ("transfers", json!([]), ("transfers", "required")),
        ("transfers", share(&|s| s[0]["amount"] = json!(2)), ("transfers", "mismatch")),
        ("transfers", share(&|s| s[0]["amount"] = json!(0)), ("transfers[0].amount", "range")),
        ("transfers", share(&|s| s[0]["iban"] = Value::Null), ("transfers[0].iban", "required")),
        (
            "transfers",
            share(&|s| s[0]["iban"] = json!("IT60X0542811101000000123457")),
            ("transfers[0].iban", "checksum"),
        ),
        (
            "transfers",
            share(&|s| s[1]["iban"] = json!("IT60X0542811101000000123456")),
            ("transfers[1].postalIban", "not_allowed"),
        ),
        (
            "transfers",
            share(&|s| s[1]["postalIban"] = json!("IT60X0542811101000000123456")),
            ("transfers[1].postalIban", "not_allowed"),
        ),
        (
            "transfers",
            share(&|s| s[0]["fiscalCode"] = json!("RSSMRA80A01H501U")),
            ("transfers[0].fiscalCode", "format"),
        ),
        ("transfers", share(&|s| s[0]["companyName"] = json!(" ")), ("transfers[0].companyName", "required")),
        ("transfers", share(&|s| s[0]["category"] = json!("")), ("transfers[0].category", "required")),
        ("transfers", json!(vec![sound.body["transfers"][0].clone(); 6]), ("transfers", "too_long")),
        ("transfers", json!([1]), ("transfers", "format")),
        ("details", json!(vec![detail.clone(); 31]), ("details", "too_long")),
        ("details", json!([{"name": "x".repeat(41), "value": "y"}]), ("details[0].name", "too_long")),
        (
            "details",
            json!([detail.clone(), {"name": "x", "value": "y".repeat(141)}]),
            ("details[1].value", "too_long"),
        ),
        ("details", json!([{"value": "y"}]), ("details[0].name", "required")),
        ("accounting", json!(vec![entry.clone(); 16]), ("accounting", "too_long")),
        ("accounting", json!([{"key": "", "value": "y"}]), ("accounting[0].key", "required")),
        ("accounting", json!([{"key": "x", "value": "y".repeat(141)}]), ("accounting[0].value", "too_long")),
        ("reference", json!("x".repeat(36)), ("reference", "too_long")),
        ("reference", json!(7), ("reference", "format")),
    ] {
        let refused =
            portal.creditor().sends(&sound.clone().with(field, value)).await.refused(400, "invalid_input");
        let (name, code) = expected;
        assert_eq!(refused.fields(), [(name.to_owned(), code.to_owned())]);
    }
    portal.creditor().sends(&sound).await.expect(201);
}

#[tokio::test]
async fn a_number_is_issued_once_for_each_key_of_a_request() {
    let portal = TestPortal::open();
    let creditor = portal.creditor();
    let mario = portal.known_citizen().await;
    let body = DebtPosition::of(&mario.person, portal.rng()).body;
    let key = portal.rng().letters(20);
    let first = creditor.issues_numberless(&body, &key).await.expect(201);
    let number = first.json()["debt"]["noticeNumber"].as_str().unwrap().to_owned();
    assert!(number.starts_with("301"), "{number}");
    assert_eq!(creditor.issues_numberless(&body, &key).await.expect(201).json(), first.json());
    let other = DebtPosition::of(&mario.person, portal.rng()).body;
    creditor.issues_numberless(&other, &key).await.refused(422, "idempotency_key_reused");
    let second = creditor.issues_numberless(&body, &portal.rng().letters(20)).await.expect(201).json();
    assert_ne!(second["debt"]["noticeNumber"], number.as_str());
    creditor.request("POST", "/creditor/debts").json(&body).answer().await.refused(400, "invalid_input");
    let read = creditor.gets(&format!("/creditor/debts/{number}")).await.ok();
    assert_eq!(read, first.json());
    let notice = journeys::SampleNotice::of(&read["debt"]);
    mario.associates(&notice).await;
    mario.has_paid(&notice).await;
}

#[tokio::test]
async fn the_office_sees_who_paid_and_how() {
    let portal = TestPortal::open();
    let (creditor, mario) = (portal.creditor(), portal.known_citizen().await);
    let notice = creditor.issues(&mario.person).await;
    mario.associates(&notice).await;
    mario.pays(&notice).await.at_psp(PspOutcome::Failure).await;
    let path = format!("/creditor/debts/{}", notice.number);
    let debt = creditor.gets(&path).await.ok()["debt"].take();
    assert_eq!(debt["payments"][0]["status"], "failed", "{debt}");
    assert!(debt["payments"][0]["endedAt"].is_string(), "{debt}");
    mario.has_paid(&notice).await;
    let debt = creditor.gets(&path).await.ok()["debt"].take();
    let kinds: Vec<&str> = debt["movements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|movement| movement["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["created", "payment-started", "payment-ended", "payment-started", "credit"]);
    let paid = &debt["payments"][0];
    assert_eq!((&paid["status"], &paid["channel"]), (&json!("succeeded"), &json!("psp")));
    assert!(paid["endedAt"].is_string(), "{paid}");
    let receipt = &debt["receipt"];
    assert_eq!((&receipt["amount"], &receipt["channel"]), (&json!(notice.amount), &json!("psp")));
    assert_eq!(receipt["verificationCode"], debt["receiptCode"]);
    creditor.gets(&format!("{path}/notice.pdf")).await.refused(409, "debt_already_paid");
    creditor.gets(&format!("{path}/receipt.pdf")).await.pdf();
}

#[tokio::test]
async fn debts_are_found_by_debtor_and_by_the_offices_number_newest_first() {
    let portal = TestPortal::open();
    let creditor = portal.creditor();
    let person = SamplePerson::natural(portal.rng());
    let reference = format!("Fascicolo {}", portal.rng().digits(9));
    let mut numbers = Vec::new();
    for n in 0..5 {
        let position = DebtPosition::of(&person, portal.rng());
        let position = if n < 3 { position.with("reference", reference.as_str()) } else { position };
        numbers.push(creditor.issues_as(position).await.number);
    }
    let found = async |query: &str| -> (Vec<String>, Value) {
        let page = creditor.gets(&format!("/creditor/debts?{query}")).await.ok();
        (journeys::numbers(&page), page["nextCursor"].clone())
    };
    let (all, next) = found(&format!("debtor={}", person.fiscal_code)).await;
    assert_eq!((all.len(), next), (5, Value::Null));
    let mut sorted = (all, numbers.clone());
    sorted.0.sort();
    sorted.1.sort();
    assert_eq!(sorted.0, sorted.1);
    let by_reference = format!("reference={}", reference.replace(' ', "%20"));
    assert_eq!(found(&by_reference).await.0.len(), 3);
    let (two, next) = found(&format!("{by_reference}&limit=2")).await;
    let (rest, end) = found(&format!("{by_reference}&limit=2&cursor={}", next.as_str().unwrap())).await;
    assert_eq!((two.len(), rest.len(), end), (2, 1, Value::Null));
    assert!(!two.contains(&rest[0]));
    // Another cursor, another question.
    let path = format!("/creditor/debts?debtor={}&cursor={}", person.fiscal_code, next.as_str().unwrap());
    creditor.gets(&path).await.refused(400, "invalid_cursor");
    // Given to somebody else, and cancelled: it is found where it belongs now.
    let other = SamplePerson::natural(portal.rng());
    let moved = DebtPosition::of(&other, portal.rng()).numbered(&numbers[0]);
    creditor.sends(&moved).await.expect(200);
    creditor.cancels(&moved.notice()).await;
    assert_eq!(found(&format!("debtor={}", other.fiscal_code)).await.0, [numbers[0].as_str()]);
    assert_eq!(found(&by_reference).await.0.len(), 2);
    assert_eq!(found(&format!("debtor={}&status=to-pay", other.fiscal_code)).await.0, [""; 0]);
    assert_eq!(found(&format!("debtor={}&status=cancelled", other.fiscal_code)).await.0.len(), 1);
    for wrong in [
        "",
        "debtor=X",
        "debtor=RSSMRA80A01H501U&reference=x",
        "debtor=RSSMRA80A01H501U&status=open",
        "debtor=ANONIMO",
    ] {
        creditor.gets(&format!("/creditor/debts?{wrong}")).await.refused(400, "invalid_input");
    }
}
