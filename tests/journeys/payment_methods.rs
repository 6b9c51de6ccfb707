//! Payment methods and their fees.

use journeys::TestPortal;

#[tokio::test]
async fn methods_and_fees_depend_on_the_amount() {
    let portal = TestPortal::open();
    let mario = portal.known_citizen().await;
    let psps = |methods: &[journeys::Value], code: &str| -> Vec<(String, u64)> {
        let method = methods.iter().find(|method| method["code"] == code).expect("a method").clone();
        let psps = method["psps"].as_array().unwrap().clone();
        psps.iter()
            .map(|psp| (psp["id"].as_str().unwrap().to_owned(), psp["fee"].as_u64().unwrap()))
            .collect()
    };
    let small = mario.payment_methods(1_000).await;
    let cards = psps(&small, "CP");
    assert_eq!(cards[0], ("BANCADUE".to_owned(), 100), "cheapest first");
    assert!(cards.is_sorted_by_key(|(_, fee)| *fee));
    let large = mario.payment_methods(1_000_001).await;
    assert!(!psps(&large, "CP").iter().any(|(id, _)| id == "BANCADUE"));
    assert!(psps(&large, "PPAL").is_empty());
    let english = mario.browser.get("/api/payment-methods?amount=1").in_english().answer().await.ok();
    assert!(english["items"].to_string().contains("Credit or debit card"));
}
