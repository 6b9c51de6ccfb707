//! Journeys: stories of people, the creditor and PSPs, over HTTP.

mod accounts;
mod creditors;
mod errors;
mod lists;
mod mails;
mod manual;
mod payments;
mod races;
mod sessions;
mod strangers;
mod webhooks;

use journeys::{Value, json};

/// A wish for a free amount, with the fields that the canteen asks for.
pub fn canteen(cents: u64) -> Value {
    json!({
        "serviceCode": "08.MENSA SCOLASTICA", "reason": "Ricarica dei pasti", "amount": cents,
        "fields": {"alunno": "Giulia Neri", "scuola": "Primaria Rodari"}
    })
}
