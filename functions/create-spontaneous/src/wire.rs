use std::collections::BTreeMap;

use domain::creditor::Creditor;
use domain::{Debt, Error, Timestamp};
use serde::Serialize;
use web::Body;
use web::view::DebtView;

/// `{serviceCode, reason, amount?, fields?}`.
pub struct Wish {
    pub service_code: String,
    pub reason: String,
    pub amount: Option<u64>,
    pub fields: BTreeMap<String, String>,
}

impl Wish {
    pub fn read(mut body: Body) -> Result<Self, Error> {
        let wish = Self {
            service_code: body.text("serviceCode"),
            reason: body.text("reason"),
            amount: body.number("amount"),
            fields: body.texts_by_name("fields"),
        };
        body.end()?.finish()?;
        Ok(wish)
    }

    /// The same for the same wish, however its JSON was laid out.
    pub fn fingerprint(&self) -> Vec<u8> {
        let amount = self.amount.map(|amount| amount.to_string()).unwrap_or_default();
        let parts = [&self.service_code, &self.reason, &amount];
        let mut text: Vec<String> = parts.into_iter().cloned().collect();
        text.extend(self.fields.iter().map(|(name, value)| format!("{name}\u{0}{value}")));
        text.join("\u{1}").into_bytes()
    }
}

#[derive(Serialize)]
pub struct Created {
    debt: DebtView,
}

impl Created {
    pub fn of(debt: &Debt, creditor: &Creditor, now: Timestamp) -> Self {
        Self { debt: DebtView::of(debt, creditor, now) }
    }
}

/// The answer as it is kept for a repeat.
pub fn created(debt: &Debt, creditor: &Creditor, now: Timestamp) -> String {
    serde_json::to_string(&Created::of(debt, creditor, now)).unwrap_or_default()
}
