use super::*;
use crate::pages::Words;

fn checkout(status: Status, until: Timestamp) -> Checkout {
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
    let checkout = Checkout::open(None).unwrap();
    let held = Held { cart, second: false, until, status };
    checkout.book.change(|book| book.carts.insert("1".to_owned(), held));
    checkout
}

fn text(checkout: &Checkout, words: Words) -> String {
    String::from_utf8(checkout.page("1", Timestamp::UNIX_EPOCH, words).unwrap().into_body()).unwrap()
}

#[test]
fn a_person_sees_what_is_paid_and_every_offer_with_its_fee() {
    let checkout = checkout(Status::Open, Timestamp::MAX);
    let page = text(&checkout, Words::It);
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
    assert!(text(&checkout, Words::En).contains("Outcome to simulate"));
    let policy =
        checkout.page("1", Timestamp::UNIX_EPOCH, Words::It).unwrap().headers()["content-security-policy"]
            .clone();
    let policy = policy.to_str().unwrap();
    assert!(
        policy.contains("form-action 'self' https://altrove.example https://portale.example;"),
        "{policy}"
    );
    assert!(checkout.page("2", Timestamp::UNIX_EPOCH, Words::It).is_none());
}

#[test]
fn a_cart_ends_once_and_its_notices_with_it() {
    let checkout = checkout(Status::Open, Timestamp::MAX);
    let another = checkout.held("1", Timestamp::UNIX_EPOCH).unwrap();
    checkout.book.change(|book| book.carts.insert("2".to_owned(), another));
    assert_eq!(checkout.end("1", Status::Paid), Ok(()));
    assert_eq!(checkout.end("1", Status::Left), Err(Refused::Ended));
    assert_eq!(checkout.end("2", Status::Paid), Err(Refused::Ended), "the same notice");
    assert_eq!(checkout.end("2", Status::Left), Ok(()));
    assert_eq!(checkout.end("3", Status::Left), Err(Refused::Unknown));
    assert!(text(&checkout, Words::It).contains("già pagato"));
}

#[test]
fn nobody_pays_after_the_end_of_a_carts_time() {
    let checkout = checkout(Status::Open, Timestamp::UNIX_EPOCH);
    let page = text(&checkout, Words::En);
    assert!(page.contains("This cart has expired.") && !page.contains("<form"));
}

#[test]
fn the_form_says_what_the_script_says() {
    let wished = |form: &str| page::wish(form.as_bytes()).map(|wish| (wish.outcome, wish.receipt));
    for (form, expected) in [
        ("esito=riuscito&ricevuta=prima", Some((Outcome::Success, Delivery::BeforeReturn))),
        ("esito=riuscito&ricevuta=tardi", Some((Outcome::Success, Delivery::Late))),
        ("esito=nodo&ricevuta=prima", Some((Outcome::Success, Delivery::NodeTimeout))),
        ("esito=negato&ricevuta=persa", Some((Outcome::Failure, Delivery::Lost))),
        ("annulla=1", Some((Outcome::Cancel, Delivery::BeforeReturn))),
        ("esito=altro&ricevuta=prima", None),
        ("", None),
    ] {
        assert_eq!(wished(form), expected, "{form}");
    }
    let script: Wish =
        serde_json::from_str(r#"{"outcome": "success", "receipt": "second-payment"}"#).unwrap();
    assert_eq!(script.receipt, Delivery::SecondPayment);
    assert!(serde_json::from_str::<Wish>(r#"{"outcome": "success", "receipt": "sometimes"}"#).is_err());
}

#[test]
fn an_offer_is_found_by_its_name_and_the_first_otherwise() {
    let held = checkout(Status::Open, Timestamp::MAX).held("1", Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(chosen(&held, Some("CP/BANCADUE")).unwrap().name, "Banca Due");
    assert!(chosen(&held, None).is_some());
    assert!(chosen(&held, Some("CP/NOBODY")).is_none());
}
