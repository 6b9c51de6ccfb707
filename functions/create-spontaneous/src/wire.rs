use std::collections::BTreeMap;

use domain::account::Language;
use domain::changes::NewDebt;
use domain::creditor::Creditor;
use domain::error::Form;
use domain::spontaneous::PriceLine;
use domain::{Date, Debt, Error, FieldCode, FieldError, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::JsonObject;
use web::view::DebtView;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SentSpontaneous {
    service_code: Option<String>,
    reason: Option<String>,
    amount: Option<u64>,
    fields: Option<JsonObject>,
}

/// What to pay for, with the fields that the service adds.
pub struct SpontaneousForm {
    pub service_code: String,
    pub reason: String,
    pub amount: Option<u64>,
    pub fields: BTreeMap<String, String>,
}

impl SpontaneousForm {
    pub fn read((sent, mut form): (SentSpontaneous, Form)) -> Result<Self, Error> {
        let fields = texts(sent.fields.unwrap_or_default(), &mut form);
        form.finish()?;
        Ok(Self {
            service_code: sent.service_code.unwrap_or_default(),
            reason: sent.reason.unwrap_or_default(),
            amount: sent.amount,
            fields,
        })
    }

    /// The same for the same request, however its JSON was laid out.
    pub fn fingerprint(&self) -> Vec<u8> {
        let amount = self.amount.map(|amount| amount.to_string()).unwrap_or_default();
        let parts = [&self.service_code, &self.reason, &amount];
        let mut text: Vec<String> = parts.into_iter().cloned().collect();
        text.extend(self.fields.iter().map(|(name, value)| format!("{name}\u{0}{value}")));
        text.join("\u{1}").into_bytes()
    }
}

/// The service's fields as texts: a number is taken as it is written.
fn texts(fields: JsonObject, form: &mut Form) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for (name, value) in fields {
        match value {
            Value::String(text) => drop(texts.insert(name, text)),
            Value::Number(number) => drop(texts.insert(name, number.to_string())),
            Value::Null => {}
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                form.refuse(FieldError::new(format!("fields.{name}"), FieldCode::Format));
            }
        }
    }
    texts
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

/// What a spontaneous debt would be, before it is one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    amount: u64,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_date: Option<Date>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    computation: Vec<ComputationLine>,
}

#[derive(Serialize)]
struct ComputationLine {
    text: String,
    amount: u64,
}

impl Preview {
    pub fn of(new: &NewDebt, computation: &[PriceLine], language: Language) -> Self {
        let line = |line: &PriceLine| {
            let of: Vec<String> = line.of.iter().map(|of| format!("{}: {}", of.label, of.value)).collect();
            let text = match (of.is_empty(), language) {
                (true, Language::It) => "Quota fissa".to_owned(),
                (true, Language::En) => "Fixed part".to_owned(),
                (false, _) => of.join(" × "),
            };
            ComputationLine { text, amount: line.amount.get() }
        };
        Self {
            amount: new.amount.get(),
            reason: new.reason.clone(),
            due_date: new.days.due,
            computation: computation.iter().map(line).collect(),
        }
    }
}
