//! The history of debts: pages, filters, export.

use std::collections::BTreeSet;

use crate::list_debts::{named, with_debts};
use journeys::{DebtPosition, TestPortal, json, numbers};

#[tokio::test]
async fn the_history_is_walked_latest_first_by_pages_and_as_a_table() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, notices) = with_debts(&portal, &[None; 5]).await;
    for notice in &notices {
        mario.has_paid(notice).await;
        portal.clock().moves_minutes(1).await;
    }
    let expected = named(&notices, &[4, 3, 2, 1, 0]);
    for path in ["/api/history?limit=2", "/api/history?limit=2&status=all", "/api/history?limit=2&q=mensa"] {
        let pages = mario.walks(path).await;
        let walked: Vec<String> = pages.iter().flat_map(numbers).collect();
        assert_eq!(walked, expected, "{path}");
    }
    let table =
        mario.browser.get("/api/history").header("accept", "text/csv").answer().await.expect(200).text();
    let rows: Vec<String> =
        table.lines().skip(1).map(|line| line.split(';').next().unwrap().replace(' ', "")).collect();
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn jrn_15_the_table_opens_right_in_an_italian_office() {
    let portal = TestPortal::open();
    let (mario, notices) = with_debts(&portal, &[None]).await;
    let notice = DebtPosition::of(&mario.person, portal.rng());
    let notice =
        notice.with("reason", "=SOMMA(A1); \"mensa\"").with("amount", 123_456).with("dueDate", "2027-03-05");
    let sought = portal.creditor().issues_as(notice).await;
    mario.has_paid(&sought).await;
    portal.creditor().cancels(&notices[0]).await;
    let table = mario.browser.get("/api/history?status=paid").header("accept", "text/csv").answer().await;
    let table = table.expect(200).text();
    let rows: Vec<&str> = table.split("\r\n").collect();
    assert_eq!(
        rows[0],
        "\u{feff}Codice avviso;IUUV;Nome;Servizio;Causale;Stato;Data pratica;Data scadenza;Data pagamento;Importo"
    );
    let grouped = domain::NoticeNumber::parse(&sought.number).unwrap().grouped();
    assert!(rows[1].starts_with(&format!("{grouped};")), "no spreadsheet rounds it: {}", rows[1]);
    assert!(rows[1].contains("\"'=SOMMA(A1); \"\"mensa\"\"\";Confermato;"), "{}", rows[1]);
    assert!(rows[1].contains(";05/03/2027;") && rows[1].ends_with(";1.234,56"), "{}", rows[1]);
    assert_eq!(rows[2..], [""]);
}

#[tokio::test]
async fn jrn_14_a_search_does_not_ask_for_accents_or_unbroken_codes() {
    let portal = TestPortal::open();
    let (mario, _) = with_debts(&portal, &[None]).await;
    let notice =
        DebtPosition::of(&mario.person, portal.rng()).with("reason", "Università: rata di Città Alta");
    let sought = portal.creditor().issues_as(notice).await;
    mario.has_paid(&sought).await;
    let grouped = domain::NoticeNumber::parse(&sought.number).unwrap().grouped().replace(' ', "%20");
    for words in ["universita", "UNIVERSIT%C3%80", "citta%20rata", &grouped, &sought.number[1..]] {
        let found = numbers(&mario.history(&format!("?q={words}")).await);
        assert_eq!(found, std::slice::from_ref(&sought.number), "{words}");
    }
    assert_eq!(mario.history("?q=politecnico").await["items"], json!([]));
}

/// A page that is just full is the last one if nothing follows; and what a filter asks for comes at once, however
/// much lies before it.
#[tokio::test]
async fn inv_x11_no_page_is_empty_and_a_filter_skips_what_it_does_not_ask_for() {
    let Some(portal) = TestPortal::alone() else { return };
    let (mario, debts) = with_debts(&portal, &[None; 5]).await;
    assert_eq!(mario.walks("/api/debts?limit=5").await.len(), 1);
    let tax = DebtPosition::of(&mario.person, portal.rng()).with("serviceCode", "TEST1");
    let sought = portal.creditor().issues_as(tax.with("reason", "Tassa cercata")).await;
    mario.has_paid(&sought).await;
    for notice in &debts {
        portal.clock().moves_minutes(1).await;
        portal.creditor().cancels(notice).await;
    }
    for filter in ["status=all&q=cercata", "status=all&service=TEST1", "status=paid"] {
        let pages = mario.walks(&format!("/api/history?limit=1&{filter}")).await;
        assert_eq!(pages.iter().map(numbers).collect::<Vec<_>>(), [[sought.number.clone()]], "{filter}");
    }
    assert_eq!(mario.walks("/api/history?limit=6&status=all").await.len(), 1);
    assert_eq!(mario.walks("/api/history?limit=5&status=cancelled").await.len(), 1);
    let pages = mario.walks("/api/history?limit=5&status=all").await;
    assert_eq!(pages.iter().map(|page| numbers(page).len()).collect::<Vec<_>>(), [5, 1]);
}

#[tokio::test]
async fn the_history_shows_what_was_cancelled_only_when_asked() {
    let portal = TestPortal::open();
    let (mario, notices) = with_debts(&portal, &[None, None, None]).await;
    mario.has_paid(&notices[0]).await;
    portal.creditor().cancels(&notices[1]).await;
    assert_eq!(numbers(&mario.history("").await), named(&notices, &[0]));
    assert_eq!(numbers(&mario.history("?status=cancelled").await), named(&notices, &[1]));
    let all: BTreeSet<String> = numbers(&mario.history("?status=all").await).into_iter().collect();
    assert_eq!(all, named(&notices, &[0, 1]).into_iter().collect());
    assert_eq!(mario.history("?status=expired").await["items"], json!([]));
    assert_eq!(mario.numbers_to_pay().await, named(&notices, &[2]));
}
