//! What was paid, for the accountant.

use journeys::{DebtPosition, SamplePerson, TestPortal, Value, json};

fn of(page: &Value, number: &str) -> Option<Value> {
    page["items"].as_array().unwrap().iter().find(|row| row["noticeNumber"] == number).cloned()
}

#[tokio::test]
async fn payments_are_listed_by_the_day_on_which_they_were_recorded() {
    let Some(portal) = TestPortal::alone() else { return };
    let creditor = portal.creditor();
    let person = SamplePerson::natural(portal.rng());
    let [first, second] = [(); 2].map(|()| DebtPosition::of(&person, portal.rng()).with("reference", "0042"));
    let today = portal.clock().day(0).await;
    let first = creditor.issues_as(first).await;
    if !portal.node().has_taken(&first).await {
        return;
    }
    portal.clock().moves_minutes(26 * 60).await;
    let second = creditor.issues_as(second).await;
    portal.node().has_taken(&second).await;
    let later = portal.clock().day(0).await;
    let page = creditor.gets(&format!("/creditor/payments?from={today}&to={today}&limit=50")).await.ok();
    let row = of(&page, &first.number).unwrap();
    assert_eq!(
        (&row["amount"], &row["channel"], &row["reference"], &row["debtor"]["fiscalCode"]),
        (&json!(first.amount), &json!("node"), &json!("0042"), &json!(first.fiscal_code))
    );
    assert!(of(&page, &second.number).is_none());
    let page = creditor.gets(&format!("/creditor/payments?from={later}&to={later}")).await.ok();
    assert!(of(&page, &second.number).is_some() && of(&page, &first.number).is_none(), "{page}");
    let path = format!("/creditor/payments?from={later}&service=TEST1");
    assert!(of(&creditor.gets(&path).await.ok(), &second.number).is_none());

    // Page by page the same as at once.
    let whole = creditor.gets("/creditor/payments?limit=50").await.ok();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = creditor.gets(&format!("/creditor/payments?limit=1{cursor}")).await.ok();
        seen.extend(page["items"].as_array().unwrap().clone());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(&json!(seen), &whole["items"]);
    for wrong in [
        "from=x",
        "from=2026-1-1",
        "from=2026-01-02&to=2026-01-01",
        "from=2025-01-01&to=2026-01-02",
        "format=xml",
    ] {
        creditor.gets(&format!("/creditor/payments?{wrong}")).await.refused(400, "invalid_input");
    }
}

#[tokio::test]
async fn the_accountants_table_opens_in_an_italian_office() {
    let Some(portal) = TestPortal::alone() else { return };
    let creditor = portal.creditor();
    let person = SamplePerson::legal(portal.rng());
    let position = DebtPosition::of(&person, portal.rng())
        .with("reason", "=1+1; \"rata\" – §")
        .with("amount", 123_450)
        .with("reference", "00123456")
        .with("details", json!([{"name": "targa", "label": "Targa", "value": "AB123CD"}]));
    let notice = creditor.issues_as(position).await;
    if !portal.node().has_taken(&notice).await {
        return;
    }
    let table =
        creditor.request("GET", "/creditor/payments").header("accept", "text/csv").answer().await.expect(200);
    let same = creditor.gets("/creditor/payments?format=csv").await.expect(200);
    assert_eq!(table.text(), same.text());
    let text = table.text();
    assert!(text.starts_with("\u{feff}Codice avviso;IUV;"), "{text}");
    let line = text.lines().find(|line| line.contains("rata")).unwrap();
    let grouped = |code: &str| {
        code.as_bytes()
            .chunks(4)
            .map(|group| std::str::from_utf8(group).unwrap())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert!(
        line.starts_with(&format!("{};{};0012 3456;", grouped(&notice.number), grouped(notice.iuv()))),
        "{line}"
    );
    for part in ["\"'=1+1; \"\"rata\"\" – §\"", ";1234,50;", "Targa: AB123CD", &grouped(&person.fiscal_code)]
    {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    let day = domain::time::italian_date(portal.clock().day(0).await.parse().unwrap());
    assert!(line.contains(&format!(";{day};")), "{line}");
}
