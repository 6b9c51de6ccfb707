//! Messages of pagoPA: the node's questions and receipts, and what its services answer.

use domain::FiscalCode;
use pagopa::soap::SoapReader;
use pagopa::{aca, checkout, node, parse, render};

/// A message to the node's endpoint: read the same after being written again, or refused in valid words.
pub fn soap(bytes: &[u8]) {
    match parse(bytes) {
        Ok(request) => assert_eq!(parse(&node::ask(&request)), Ok(request)),
        Err(refusal) => {
            let answer = refusal.answer(&FiscalCode::parse("12345678903").unwrap());
            // What cannot be read at all is answered with a fault, which names no operation.
            assert!(answer.operation().is_none() || answer.operation() == refusal.operation, "{refusal:?}");
            assert!(render(&answer).len() < 2_000);
        }
    }
    if let Ok(mut reader) = SoapReader::new(bytes) {
        let _ = reader.operation();
        // Time is linear in size (INV-X06): no byte is looked at as more than one piece.
        assert!(reader.spent().pieces <= bytes.len() + 1, "{:?}", reader.spent());
    }
}

/// What pagoPA's Checkout and archive answer, and what the local node hears: status, then body.
pub fn pagopa_answer(bytes: &[u8]) {
    let _ = node::hear(bytes).map(|answer| {
        assert_eq!(node::hear(&render(&answer)), Ok(answer));
    });
    let Some((status, body)) = bytes.split_at_checked(2) else { return };
    let status = u16::from_be_bytes([status[0], status[1]]) % 600;
    let _ = aca::interpret(status, body).map_err(|why| (why.worth_repeating(), why.to_string().len()));
    let location = std::str::from_utf8(body).ok();
    match checkout::interpret(status, location, body) {
        Ok(page) => assert!(page.starts_with("http") && page.bytes().all(|b| b.is_ascii_graphic()), "{page}"),
        Err(why) => assert!(why.to_string().len() < 2_000, "{why}"),
    }
}
