use super::*;
use emulator::pages::PageLanguage;

fn checkout(status: CartStatus, until: Timestamp) -> Checkout {
    let back = "https://portale.example/paga/1/esito";
    let cart = json!({
        "emailNotice": "mario@example.it",
        "paymentNotices": [{
            "noticeNumber": "301471100000000190", "fiscalCode": "12345678903", "amount": 4_550,
            "companyName": "Comune", "description": "<b>Mensa</b>"
        }],
        "returnUrls": {"returnOkUrl": back, "returnCancelUrl": back, "returnErrorUrl": "https://altrove.example/x"},
        "idCart": "6f1c2b0e9d8a47f3b5c4d3e2f1a09b87", "allCCP": true
    });
    let cart = serde_json::from_value(cart).unwrap();
    let checkout = {
        let (clock, random) = (Clock::system(), Random::system());
        let portal = PortalClient::at("http://localhost:3000");
        let node = Arc::new(Node::new(&portal, crate::Station::default(), &clock, &random));
        Checkout::open(None, "http://localhost:3000", &node, &portal, &clock, &random).unwrap()
    };
    let held = StoredCart { cart, second: false, until, status };
    checkout.stored.change(|stored| stored.carts.insert("1".to_owned(), held));
    checkout
}

fn text(checkout: &Checkout, language: PageLanguage) -> String {
    String::from_utf8(checkout.page("1", Timestamp::UNIX_EPOCH, language).unwrap().into_body()).unwrap()
}

#[test]
fn a_person_sees_what_is_paid_and_every_offer_with_its_fee() {
    let checkout = checkout(CartStatus::Open, Timestamp::MAX);
    let page = text(&checkout, PageLanguage::It);
    for part in [
        "&lt;b&gt;Mensa",
        "45,50 €",
        "value=\"CP/BANCADUE\"",
        "commissione ",
        "mario@example.it",
        "id=\"annulla\"",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(text(&checkout, PageLanguage::En).contains("Outcome to simulate"));
    let policy =
        checkout.page("1", Timestamp::UNIX_EPOCH, PageLanguage::It).unwrap().headers()["content-security-policy"]
            .clone();
    let policy = policy.to_str().unwrap();
    assert!(
        policy.contains("form-action 'self' https://altrove.example https://portale.example;"),
        "{policy}"
    );
    assert!(checkout.page("2", Timestamp::UNIX_EPOCH, PageLanguage::It).is_none());
}

#[test]
fn a_cart_ends_once_and_its_notices_with_it() {
    let checkout = checkout(CartStatus::Open, Timestamp::MAX);
    let another = checkout.held("1", Timestamp::UNIX_EPOCH).unwrap();
    checkout.stored.change(|stored| stored.carts.insert("2".to_owned(), another));
    assert_eq!(checkout.end("1", CartStatus::Paid), Ok(()));
    assert_eq!(checkout.end("1", CartStatus::Left), Err(CartRefusal::Ended));
    assert_eq!(checkout.end("2", CartStatus::Paid), Err(CartRefusal::Ended), "the same notice");
    assert_eq!(checkout.end("2", CartStatus::Left), Ok(()));
    assert_eq!(checkout.end("3", CartStatus::Left), Err(CartRefusal::Unknown));
    assert!(text(&checkout, PageLanguage::It).contains("già pagato"));
}

#[test]
fn nobody_pays_after_the_end_of_a_carts_time() {
    let checkout = checkout(CartStatus::Open, Timestamp::UNIX_EPOCH);
    let page = text(&checkout, PageLanguage::En);
    assert!(page.contains("This cart has expired.") && !page.contains("<form"));
}

#[test]
fn the_form_says_what_the_script_says() {
    let wished = |form: &str| page::choice(form.as_bytes()).map(|choice| (choice.outcome, choice.receipt));
    for (form, expected) in [
        ("esito=riuscito&ricevuta=prima", Some((CartOutcome::Success, ReceiptDelivery::BeforeReturn))),
        ("esito=riuscito&ricevuta=tardi", Some((CartOutcome::Success, ReceiptDelivery::Late))),
        ("esito=nodo&ricevuta=prima", Some((CartOutcome::Success, ReceiptDelivery::NodeTimeout))),
        ("esito=negato&ricevuta=persa", Some((CartOutcome::Failure, ReceiptDelivery::Lost))),
        ("annulla=1", Some((CartOutcome::Cancel, ReceiptDelivery::BeforeReturn))),
        ("esito=altro&ricevuta=prima", None),
        ("", None),
    ] {
        assert_eq!(wished(form), expected, "{form}");
    }
    let script: CartChoice =
        serde_json::from_str(r#"{"outcome": "success", "receipt": "second-payment"}"#).unwrap();
    assert_eq!(script.receipt, ReceiptDelivery::SecondPayment);
    assert!(serde_json::from_str::<CartChoice>(r#"{"outcome": "success", "receipt": "sometimes"}"#).is_err());
}

#[test]
fn an_offer_is_found_by_its_name_and_the_first_otherwise() {
    let held = checkout(CartStatus::Open, Timestamp::MAX).held("1", Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(chosen(&held, Some("CP/BANCADUE")).unwrap().name, "Banca Due");
    assert!(chosen(&held, None).is_some());
    assert!(chosen(&held, Some("CP/NOBODY")).is_none());
}
