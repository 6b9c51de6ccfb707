use domain::Error;
use domain::creditor::Creditor;
use pagopa::FaultCode;
use pagopa::checkout::{Cart, CartFlaw, Category, CheckoutClient, NotOpened, interpret};

use crate::samples::{PAYMENT, attempt, creditor, postal_creditor};
use crate::wire::{Scripted, env, run};

const PAGE: &str = "https://checkout.example/c/0f1e2d3c";

#[test]
fn the_cart_of_an_attempt() {
    let cart = Cart::of(&attempt(2), &creditor(), "https://paga.comune.example/", false);
    let back = format!("https://paga.comune.example/paga/{PAYMENT}/esito");
    let notice = |number: &str| {
        serde_json::json!({
            "noticeNumber": number, "fiscalCode": "12345678903", "amount": 1000,
            "companyName": "Comune di Esempio", "description": "TARI 2030",
        })
    };
    assert_eq!(
        serde_json::to_value(&cart).unwrap(),
        serde_json::json!({
            "emailNotice": "mario.rossi@example.it",
            "paymentNotices": [notice("301000000000000100"), notice("301000000000000101")],
            "returnUrls": {
                "returnOkUrl": format!("{back}?come=ok"),
                "returnCancelUrl": format!("{back}?come=annullato"),
                "returnErrorUrl": format!("{back}?come=errore"),
            },
            "idCart": PAYMENT,
            "allCCP": false,
        })
    );
    assert_eq!(cart.check(false), Ok(()));
}

#[test]
fn the_second_version_wants_one_more_way_back() {
    let cart = Cart::of(&attempt(1), &postal_creditor(), "https://paga.comune.example", true);
    let waiting = cart.return_urls.return_waiting_url.clone().unwrap();
    assert_eq!(cart.return_urls.return_ok_url, format!("{waiting}?come=ok"));
    assert!(cart.all_ccp);
    assert_eq!(cart.check(true), Ok(()));
}

#[test]
fn long_words_are_cut_and_missing_ones_replaced() {
    let mut attempt = attempt(1);
    attempt.items[0].reason = " ".to_owned();
    let creditor = Creditor { name: "à".repeat(200), ..creditor() };
    let cart = Cart::of(&attempt, &creditor, "https://x.example", false);
    assert_eq!(cart.payment_notices[0].company_name, "à".repeat(140));
    assert_eq!(cart.payment_notices[0].description, "301000000000000100");
}

#[test]
fn one_to_five_notices_each_once() {
    for (n, expected) in [(0, false), (1, true), (5, true), (6, false)] {
        let cart = Cart::of(&attempt(n), &creditor(), "https://x.example", false);
        assert_eq!(cart.check(false).is_ok(), expected, "{n}");
    }
    let mut twice = attempt(2);
    twice.items[1] = twice.items[0].clone();
    assert_eq!(
        Cart::of(&twice, &creditor(), "https://x.example", false).check(false),
        Err(CartFlaw::NoticeTwice)
    );
    let nowhere = Cart::of(&attempt(1), &creditor(), "www.comune.example", false);
    assert_eq!(nowhere.check(false), Err(CartFlaw::Invalid("returnUrls")));
}

/// The kind of an answer, for tables.
fn kind(result: Result<String, NotOpened>) -> &'static str {
    match result {
        Ok(page) => {
            assert_eq!(page, PAGE);
            "page"
        }
        Err(NotOpened::NotFree(_)) => "not free",
        Err(NotOpened::Refused(_)) => "refused",
        Err(NotOpened::Key { .. }) => "key",
        Err(NotOpened::Unavailable(_)) => "unavailable",
        Err(NotOpened::Unexpected { .. }) => "unexpected",
    }
}

#[test]
fn every_answer_has_a_meaning() {
    let too_many = r#"{"title": "Multiple payment notices not processable", "status": 422}"#;
    let twice = r#"{"title": "Invalid payment info", "detail": "Duplicate payment notice values found."}"#;
    let not_free =
        r#"{"title": "Invalid payment info", "status": 422, "detail": "Invalid payment notice data"}"#;
    for (status, location, body, expected) in [
        (302, Some(PAGE), "", "page"),
        (302, Some(PAGE), "not JSON", "page"),
        (302, None, "", "unexpected"),
        (302, Some("/c/1"), "", "unexpected"),
        (302, Some("javascript:alert(1)"), "", "unexpected"),
        (302, Some("https://"), "", "unexpected"),
        (302, Some("https://a b"), "", "unexpected"),
        (200, Some(PAGE), "{}", "unexpected"),
        (301, Some(PAGE), "", "unexpected"),
        (303, Some(PAGE), "", "unexpected"),
        (307, Some(PAGE), "", "unexpected"),
        (400, None, r#"{"title": "Request validation error", "status": 400}"#, "refused"),
        (400, None, "<html>", "refused"),
        (401, None, "", "key"),
        (403, None, "", "key"),
        (404, None, "", "unexpected"),
        (418, None, "", "unexpected"),
        (422, None, not_free, "not free"),
        (422, None, "", "not free"),
        (422, None, r#"{"title": 5}"#, "not free"),
        (422, None, too_many, "refused"),
        (422, None, twice, "refused"),
        (429, None, "", "unavailable"),
        (500, None, "", "unavailable"),
        (502, None, r#"{"title": "Bad gateway", "status": 502}"#, "unavailable"),
        (503, None, "", "unavailable"),
        (504, None, "\u{0}", "unavailable"),
        (599, None, "", "unavailable"),
    ] {
        assert_eq!(kind(interpret(status, location, body.as_bytes())), expected, "{status} {body}");
    }
}

#[test]
fn each_meaning_in_the_citizens_words() {
    let error = |status, body: &str| Error::from(interpret(status, None, body.as_bytes()).unwrap_err());
    assert!(matches!(error(422, ""), Error::DebtNotPayable));
    for status in [400, 401, 404, 500, 502] {
        assert!(matches!(error(status, ""), Error::PspUnavailable(_)), "{status}");
    }
}

const VARIABLES: [(&str, &str); 3] = [
    ("CHECKOUT_URL", "https://checkout.example/ec/v1/"),
    ("PUBLIC_URL", "https://paga.comune.example"),
    ("PSP_SECRET", "arn:secret"),
];

#[test]
fn the_call_carries_the_cart_and_the_key() {
    let answer = Some((302, vec![("Location", PAGE.to_owned())], String::new()));
    let (env, sent) =
        env(&VARIABLES, r#"{"webhook": ["whsec_x"], "apiKey": "y", "checkoutKey": "k3y"}"#, answer);
    let opened = run(CheckoutClient::connect(&env).unwrap().open(&attempt(1), &creditor())).unwrap();
    assert_eq!((opened.transaction_id.as_str(), opened.redirect_url.as_str()), (PAYMENT, PAGE));
    let sent = sent.lock().unwrap();
    let [call] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!((call.method.as_str(), call.url.as_str()), ("POST", "https://checkout.example/ec/v1/carts"));
    assert_eq!(call.headers["content-type"], "application/json");
    assert_eq!(call.headers["ocp-apim-subscription-key"], "k3y");
    let cart: Cart = serde_json::from_value(call.body.clone()).unwrap();
    assert_eq!(cart, Cart::of(&attempt(1), &creditor(), "https://paga.comune.example", false));
}

#[test]
fn without_a_key_none_is_sent_and_the_version_is_the_addresss() {
    let answer: Scripted = Some((401, Vec::new(), String::new()));
    let variables =
        [("CHECKOUT_URL", "http://localhost:1/ec/v2"), ("PUBLIC_URL", "http://localhost:2"), VARIABLES[2]];
    let (env, sent) = env(&variables, "{}", answer);
    let refused = run(CheckoutClient::connect(&env).unwrap().open(&attempt(1), &creditor())).unwrap_err();
    assert!(matches!(refused, NotOpened::Key { status: 401 }));
    let sent = sent.lock().unwrap();
    assert!(!sent[0].headers.contains_key("ocp-apim-subscription-key"));
    assert!(sent[0].body["returnUrls"]["returnWaitingUrl"].is_string());
}

#[test]
fn a_page_without_tls_is_none() {
    let answer = Some((302, vec![("location", "http://checkout.example/c/1".to_owned())], String::new()));
    let (env, _) = env(&VARIABLES, "{}", answer);
    let refused = run(CheckoutClient::connect(&env).unwrap().open(&attempt(1), &creditor())).unwrap_err();
    assert!(matches!(refused, NotOpened::Unexpected { status: 302 }));
}

#[test]
fn nobody_answers() {
    let (env, sent) = env(&VARIABLES, "{}", None);
    let checkout = CheckoutClient::connect(&env).unwrap();
    let refused = run(checkout.open(&attempt(1), &creditor())).unwrap_err();
    assert!(matches!(refused, NotOpened::Unavailable(_)));
    // Once: another cart is the citizen's to ask for.
    assert_eq!(sent.lock().unwrap().len(), 1);
    // A cart that Checkout would refuse is not even sent.
    let refused = run(checkout.open(&attempt(6), &creditor())).unwrap_err();
    assert!(matches!(refused, NotOpened::Refused(_)));
    assert_eq!(sent.lock().unwrap().len(), 1);
}

#[test]
fn an_address_that_makes_no_sense_stops_the_start() {
    for (checkout, public, named) in [
        ("", "https://x.example", "CHECKOUT_URL"),
        ("checkout.example", "https://x.example", "CHECKOUT_URL"),
        ("https://checkout.example/v1", "", "PUBLIC_URL"),
        ("https://checkout.example/v1", "http://localhost", "PUBLIC_URL"),
        ("http://checkout.example/v1", "https://x.example", "CHECKOUT_URL"),
    ] {
        let variables = [("CHECKOUT_URL", checkout), ("PUBLIC_URL", public), VARIABLES[2]];
        let (env, _) = env(&variables, "{}", None);
        assert_eq!(CheckoutClient::connect(&env).err().unwrap().variable, named);
    }
}

#[test]
fn what_a_citizen_is_told_when_we_refuse() {
    for (code, category) in [
        (FaultCode::PagamentoSconosciuto, Category::Unknown),
        (FaultCode::PagamentoInCorso, Category::InProgress),
        (FaultCode::PagamentoScaduto, Category::Closed),
        (FaultCode::PagamentoAnnullato, Category::Closed),
        (FaultCode::PagamentoDuplicato, Category::Closed),
        (FaultCode::SintassiExtraXsd, Category::CreditorUnavailable),
        (FaultCode::IdDominioErrato, Category::CreditorUnavailable),
        (FaultCode::IdIntermediarioErrato, Category::CreditorUnavailable),
        (FaultCode::StazioneIntErrata, Category::CreditorUnavailable),
        (FaultCode::SystemError, Category::CreditorUnavailable),
        (FaultCode::Semantica, Category::Generic),
    ] {
        assert_eq!(Category::of(code.code()), category, "{code:?}");
    }
    for (code, status) in [
        ("PPT_SINTASSI_XSD", 404),
        ("PPT_PAGAMENTO_IN_CORSO", 409),
        ("PPT_STAZIONE_INT_PA_TIMEOUT", 503),
        ("PPT_CANALE_ERRORE", 502),
        ("", 502),
    ] {
        assert_eq!(Category::of(code).status(), status, "{code}");
    }
}
