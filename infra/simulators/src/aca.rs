//! The central archive of notices (`paCreatePosition.json`): it takes positions and shows what it holds.

use std::collections::BTreeMap;
use std::path::Path;

use domain::Timestamp;
use emulator::exchange::{Request, Response, response};
use emulator::pages::{Page, PageLanguage, escaped};
use emulator::persistence::Persisted;
use emulator::start_error::StartError;
use http::HeaderValue;
use pagopa::aca::Position;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::keys::ACA_KEY;

/// Where the interface is, below the stack's own address.
pub const API: &str = "/_local/aca";

/// The largest amount, in cents.
const MAX: u64 = 99_999_999_999;

pub struct Aca {
    archive: Persisted<StoredPositions>,
}

#[derive(Default, Serialize, Deserialize)]
struct StoredPositions {
    /// By IUV: a creditor has each once.
    positions: BTreeMap<String, StoredPosition>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredPosition {
    #[serde(flatten)]
    position: Position,
    /// How often it was sent.
    uploads: u32,
    updated_at: Timestamp,
}

impl StoredPosition {
    /// Zero closes a position.
    fn status(&self) -> &'static str {
        if self.position.amount == 0 { "INVALID" } else { "VALID" }
    }
}

impl Aca {
    pub fn open(folder: Option<&Path>) -> Result<Self, StartError> {
        Ok(Self { archive: Persisted::open(folder, "aca.json")? })
    }

    /// `POST /_local/aca/paCreatePosition`: creates and changes; the same again changes nothing.
    pub fn answer(&self, request: &Request, now: Timestamp) -> Response {
        let refused = |status: u16, title: &str, detail: &str| {
            let body = json!({"title": title, "status": status, "detail": detail});
            response(status, "application/problem+json", body.to_string())
        };
        let key = request.headers().get("ocp-apim-subscription-key").map(HeaderValue::as_bytes);
        if key != Some(ACA_KEY.as_bytes()) {
            return refused(401, "Access denied", "Missing or wrong subscription key");
        }
        if request.uri().path() != format!("{API}/paCreatePosition") {
            return refused(404, "Not found", "Unknown address");
        }
        let position: Position = match serde_json::from_slice(request.body()) {
            Ok(position) => position,
            Err(why) => return refused(400, "Bad request", &why.to_string()),
        };
        if let Some(field) = wrong(&position) {
            return refused(400, "Bad request", field);
        }
        let held = self.archive.change(|archive| {
            let known = archive.positions.get(&position.iuv);
            let uploads = known.map_or(0, |held| held.uploads).saturating_add(1);
            let held = StoredPosition { position, uploads, updated_at: now };
            archive.positions.insert(held.position.iuv.clone(), held.clone());
            held
        });
        response(200, "application/json", shown(&held).to_string())
    }

    pub fn json(&self) -> Response {
        let items: Vec<Value> = self.all().iter().map(shown).collect();
        response(200, "application/json", json!({"items": items}).to_string())
    }

    /// Latest first.
    fn all(&self) -> Vec<StoredPosition> {
        let mut all: Vec<StoredPosition> =
            self.archive.read(|archive| archive.positions.values().cloned().collect());
        all.sort_by_key(|held| std::cmp::Reverse(held.updated_at));
        all
    }

    pub fn page(&self, language: PageLanguage) -> Response {
        let all = self.all();
        let mut page = Page::new(
            language,
            language.pick("Archivio centralizzato degli avvisi (ACA)", "Central archive of notices (ACA)"),
        );
        page.add(&format!(
            "<p><a class=\"button\" href=\"{API}\">{}</a> <a href=\"{API}.json\">JSON</a></p>",
            language.pick("Aggiorna", "Refresh")
        ));
        if all.is_empty() {
            page.add(&format!(
                "<p role=\"status\">{}</p>",
                language.pick("Nessuna posizione.", "No positions.")
            ));
            return page.response(200);
        }
        page.add("<table><thead><tr>");
        for head in [
            language.pick("Codice avviso", "Notice code"),
            language.pick("Debitore", "Debtor"),
            language.pick("Causale", "Reason"),
            language.pick("Importo", "Amount"),
            language.pick("Fino a", "Until"),
            language.pick("Stato", "Status"),
            language.pick("Invii", "Uploads"),
            language.pick("Aggiornata", "Updated"),
        ] {
            page.add(&format!("<th scope=\"col\">{head}</th>"));
        }
        page.add("</tr></thead><tbody>");
        for held in &all {
            let position = &held.position;
            let open = if position.amount == 0 {
                language.pick("Chiusa", "Closed")
            } else {
                language.pick("Aperta", "Open")
            };
            page.add("<tr>");
            for cell in [
                escaped(&position.nav),
                escaped(&position.entity_full_name),
                escaped(&position.description),
                language.euros(position.amount),
                language.instant(position.expiration_date),
                open.to_owned(),
                held.uploads.to_string(),
                language.instant(held.updated_at),
            ] {
                page.add(&format!("<td>{cell}</td>"));
            }
            page.add("</tr>");
        }
        page.add("</tbody></table>");
        page.response(200)
    }
}

fn shown(held: &StoredPosition) -> Value {
    let mut shown = json!(held);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("status".to_owned(), json!(held.status()));
    }
    shown
}

/// The first field that the interface would not take.
fn wrong(position: &Position) -> Option<&'static str> {
    let long = |text: &str, max: usize| text.is_empty() || text.chars().count() > max;
    let iban = |iban: &Option<String>| iban.as_ref().is_some_and(|iban| iban.len() != 27);
    let checks = [
        ("paFiscalCode", position.pa_fiscal_code.len() != 11),
        ("entityType", !matches!(position.entity_type.as_str(), "F" | "G")),
        ("entityFiscalCode", position.entity_fiscal_code.len() < 2),
        ("entityFullName", long(&position.entity_full_name, 255)),
        ("iuv", long(&position.iuv, 255)),
        ("nav", long(&position.nav, 255)),
        ("amount", position.amount > MAX),
        ("description", long(&position.description, 255)),
        ("iban", iban(&position.iban)),
        ("postalIban", iban(&position.postal_iban)),
    ];
    checks.into_iter().find(|(_, wrong)| *wrong).map(|(field, _)| field)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSITION: &str = r#"{"paFiscalCode": "12345678903", "entityType": "F", "entityFiscalCode": "RSSMRA80A01H501U",
        "entityFullName": "<i>Mario</i>", "iuv": "01000000000010151", "nav": "301000000000010151", "amount": 4550,
        "description": "Mensa", "expirationDate": "2030-01-31T22:59:59Z", "postalIban": "IT69D0760102800000016302093",
        "switchToExpired": false, "payStandIn": true}"#;

    fn sent(aca: &Aca, body: &str, key: &str) -> u16 {
        let request = http::Request::post("http://localhost:3000/_local/aca/paCreatePosition")
            .header("ocp-apim-subscription-key", key)
            .body(body.as_bytes().to_vec())
            .unwrap();
        aca.answer(&request, Timestamp::UNIX_EPOCH).status().as_u16()
    }

    #[test]
    fn a_position_is_held_once_and_closed_by_zero() {
        let aca = Aca::open(None).unwrap();
        assert_eq!(sent(&aca, POSITION, "another key"), 401);
        assert_eq!(sent(&aca, "{}", ACA_KEY), 400);
        assert_eq!(sent(&aca, &POSITION.replace("\"F\"", "\"X\""), ACA_KEY), 400);
        for (body, status) in [(POSITION, "VALID"), (&POSITION.replace("4550", "0"), "INVALID")] {
            assert_eq!(sent(&aca, body, ACA_KEY), 200);
            let list: Value = serde_json::from_slice(aca.json().body()).unwrap();
            assert_eq!(list["items"].as_array().unwrap().len(), 1);
            assert_eq!(list["items"][0]["status"], status);
        }
        let page = String::from_utf8(aca.page(PageLanguage::En).into_body()).unwrap();
        assert!(page.contains("&lt;i&gt;Mario") && page.contains("Closed"));
    }
}
