//! Services open to spontaneous payments: the creditor's configuration, and what a person may ask of it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::debt::DebtDetail;
use crate::error::{Error, FieldCode, FieldError, Form};
use crate::money::{Amount, Cents};
use crate::text;

/// A service as its file describes it. [`CatalogueService::check`] refuses what makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CatalogueService {
    pub code: String,
    pub name: String,
    /// One line for the list of services.
    #[serde(default)]
    pub description: Option<String>,
    /// The creditor's own text, shown at the bottom of the form: plain text.
    #[serde(default)]
    pub instructions: Option<String>,
    /// Whether people may pay it of their own accord. Debts of closed services are still payable.
    #[serde(default = "open")]
    pub spontaneous: bool,
    /// Taxonomy code of the revenue, as the node wants it (`transferCategory`).
    pub taxonomy: String,
    pub amount: AmountRule,
    #[serde(default)]
    pub fields: Vec<ServiceField>,
}

fn open() -> bool {
    true
}

/// How the price is made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum AmountRule {
    /// The person writes it, within limits.
    Free { min: Amount, max: Amount },
    /// Always the same.
    Fixed { fixed: Amount },
    /// Computed from the fields: a base, and for each term cents times the field's number or option.
    Tariff {
        #[serde(default)]
        base: Cents,
        terms: Vec<TariffTerm>,
    },
}

/// One part of a tariff. Several fields multiply: square metres × days × zone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TariffTerm {
    /// The price of one unit.
    pub cents: u64,
    /// Number fields whose values multiply it.
    #[serde(default)]
    pub times: Vec<String>,
    /// A choice field and, for each of its options, a whole factor.
    #[serde(default)]
    pub factor: Option<TariffFactor>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TariffFactor {
    pub field: String,
    pub options: BTreeMap<String, u64>,
}

/// A field that the service adds to the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceField {
    pub name: String,
    pub label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    #[serde(rename = "type")]
    pub kind: FieldType,
    #[serde(default)]
    pub required: bool,
    /// What the text must look like: `A` a letter, `9` a digit, `*` either, anything else itself.
    #[serde(default, alias = "pattern", skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
    /// Length of a text, value of a number or year; of a date, how many days from today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    Text,
    Number,
    Date,
    Choice,
    Year,
}

/// What a person sends.
pub struct SpontaneousPaymentRequest<'a> {
    pub reason: &'a str,
    /// In cents; only where the service leaves it free.
    pub amount: Option<u64>,
    pub fields: &'a BTreeMap<String, String>,
    /// In Rome.
    pub today: Date,
}

/// What comes out: the price by the catalogue, the reason, and the service's fields with their labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedRequest {
    pub amount: Amount,
    pub reason: String,
    pub details: Vec<DebtDetail>,
    /// How a tariff comes to its amount; empty where nothing was computed.
    pub computation: Vec<PriceLine>,
}

/// One part of a tariff's amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceLine {
    /// What it was multiplied by: label and value of each field. Nothing for what is always asked.
    pub of: Vec<DebtDetail>,
    pub amount: Cents,
}

/// The longest reason that every channel of the circuit takes.
pub const MAX_REASON: usize = 140;

impl CatalogueService {
    /// Every mistake of the service's file, each with the field that holds it.
    pub fn check(&self) -> Vec<(String, &'static str)> {
        let mut wrong = Vec::new();
        let mut refuse = |field: &str, why| wrong.push((field.to_owned(), why));
        let code_fits = |c: char| c.is_ascii_alphanumeric() || " ._-".contains(c);
        if self.code.is_empty() || self.code.len() > 35 || !self.code.chars().all(code_fits) {
            refuse("code", "1 to 35 letters, digits, blanks, dots, dashes");
        }
        if text::line("name", &self.name, 1, 100).is_err() {
            refuse("name", "1 to 100 characters");
        }
        // Bare, or as the node also writes it: `9/0101002IM/`.
        let wrapped = self.taxonomy.strip_prefix("9/").and_then(|rest| rest.strip_suffix('/'));
        let taxonomy = wrapped.unwrap_or(&self.taxonomy);
        let digits = taxonomy.get(..7).is_some_and(|d| d.bytes().all(|b| b.is_ascii_digit()));
        let reason = taxonomy.get(7..).is_some_and(|r| matches!(r, "IM" | "TS" | "SP" | "SA" | "AP"));
        if !digits || !reason {
            refuse("taxonomy", "seven digits and IM, TS, SP, SA or AP");
        }
        for (i, field) in self.fields.iter().enumerate() {
            let at = |part: &str| format!("fields[{i}].{part}");
            if field.name.is_empty() || !field.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                refuse(&at("name"), "letters, digits and underscores");
            }
            if self.fields.iter().take(i).any(|other| other.name == field.name) {
                refuse(&at("name"), "used twice");
            }
            if field.label.trim().is_empty() {
                refuse(&at("label"), "what the person reads");
            }
            if (field.kind == FieldType::Choice) == field.options.is_empty() {
                refuse(&at("options"), "for a choice, and only for a choice");
            }
            let twice = |i: usize, o: &String| field.options.iter().take(i).any(|other| other == o);
            let untidy = |o: &String| o.is_empty() || *o != text::tidy(o);
            if field.options.iter().enumerate().any(|(i, o)| untidy(o) || twice(i, o)) {
                refuse(&at("options"), "each once, trimmed, with single blanks");
            }
            if field.min.zip(field.max).is_some_and(|(min, max)| min > max) {
                refuse(&at("max"), "smaller than min");
            }
            if field.mask.is_some() && field.kind != FieldType::Text {
                refuse(&at("mask"), "only for a text");
            }
        }
        match &self.amount {
            AmountRule::Free { min, max } if min > max => refuse("amount.max", "smaller than min"),
            AmountRule::Free { .. } | AmountRule::Fixed { .. } => {}
            AmountRule::Tariff { terms, .. } => self.check_terms(terms, &mut refuse),
        }
        wrong
    }

    fn check_terms(&self, terms: &[TariffTerm], refuse: &mut impl FnMut(&str, &'static str)) {
        if terms.is_empty() {
            refuse("amount.terms", "at least one");
        }
        let required = |name: &str| self.fields.iter().find(|f| f.name == name && f.required);
        for (i, term) in terms.iter().enumerate() {
            for name in &term.times {
                let number =
                    required(name).filter(|f| matches!(f.kind, FieldType::Number) && f.max.is_some());
                if number.is_none() {
                    refuse(&format!("amount.terms[{i}].times"), "names required number fields with a max");
                }
            }
            if let Some(factor) = &term.factor {
                let covered = required(&factor.field)
                    .filter(|f| f.kind == FieldType::Choice)
                    .is_some_and(|f| f.options.iter().all(|option| factor.options.contains_key(option)));
                if !covered {
                    refuse(
                        &format!("amount.terms[{i}].factor"),
                        "names a required choice field and all its options",
                    );
                }
            }
        }
    }

    /// The price and the reason of a wish, or every field that is wrong. The price is never the caller's,
    /// unless the service leaves it free.
    pub fn price(&self, wish: &SpontaneousPaymentRequest<'_>) -> Result<PricedRequest, Error> {
        let mut form = Form::default();
        let reason = form.check(reason(wish.reason));
        for name in wish.fields.keys() {
            if !self.fields.iter().any(|field| field.name == *name) {
                form.refuse(FieldError::new(format!("fields.{name}"), FieldCode::NotAllowed));
            }
        }
        let mut values = BTreeMap::new();
        let mut complete = true;
        for field in &self.fields {
            let given = wish.fields.get(&field.name).map(|v| text::tidy(v)).filter(|v| !v.is_empty());
            match given {
                None if field.required => {
                    complete = false;
                    form.refuse(FieldError::new(format!("fields.{}", field.name), FieldCode::Required));
                }
                None => {}
                Some(value) => match form.check(field.check(&value, wish.today)) {
                    Some(()) => drop(values.insert(field.name.as_str(), value)),
                    None => complete = false,
                },
            }
        }
        let computation = self.computation(&values);
        let amount = match (&self.amount, wish.amount) {
            // Without its fields a tariff has no price: they are to blame, not the amount.
            (AmountRule::Tariff { .. }, None) if !complete => None,
            _ => form.check(self.amount(wish.amount, &values)),
        };
        let details = self.fields.iter().filter_map(|field| {
            let value = values.get(field.name.as_str())?.clone();
            Some(DebtDetail { name: field.name.clone(), label: field.label.clone(), value })
        });
        let details: Vec<DebtDetail> = details.collect();
        let computation = computation.unwrap_or_default();
        let priced = reason.zip(amount);
        form.give(priced.map(|(reason, amount)| PricedRequest { amount, reason, details, computation }))
    }

    /// A reason made of the service and what was filled in: `Mensa scolastica – Anna Rossi – Primaria Rodari`. Numbers
    /// and days say nothing by themselves, and what does not fit is left out.
    pub fn proposed_reason(&self, fields: &BTreeMap<String, String>) -> String {
        let telling = |field: &&ServiceField| matches!(field.kind, FieldType::Text | FieldType::Choice);
        let values = self.fields.iter().filter(telling).filter_map(|field| fields.get(&field.name));
        values.map(|value| text::tidy(value)).filter(|value| !value.is_empty()).fold(
            self.name.clone(),
            |reason, value| {
                let longer = format!("{reason} – {value}");
                if text::length(&longer) <= MAX_REASON { longer } else { reason }
            },
        )
    }

    /// The parts of a tariff, as far as its fields are known.
    fn computation(&self, values: &BTreeMap<&str, String>) -> Option<Vec<PriceLine>> {
        let AmountRule::Tariff { base, terms } = &self.amount else { return None };
        let fixed = (base.get() > 0).then(|| PriceLine { of: Vec::new(), amount: *base });
        let detail = |name: &String| {
            let field = self.fields.iter().find(|field| field.name == *name)?;
            let value = values.get(name.as_str())?.clone();
            Some(DebtDetail { name: field.name.clone(), label: field.label.clone(), value })
        };
        let term = |term: &TariffTerm| {
            let of = term.times.iter().chain(term.factor.as_ref().map(|factor| &factor.field));
            let of: Option<Vec<DebtDetail>> = of.map(detail).collect();
            Some(PriceLine { of: of?, amount: Cents::new(term.value(values)?).ok()? })
        };
        fixed.map(Some).into_iter().chain(terms.iter().map(term)).collect()
    }

    fn amount(&self, given: Option<u64>, values: &BTreeMap<&str, String>) -> Result<Amount, FieldError> {
        let refuse = |code| Err(FieldError::new("amount", code));
        match (&self.amount, given) {
            (AmountRule::Free { .. }, None) => refuse(FieldCode::Required),
            (AmountRule::Free { min, .. }, Some(cents)) if cents < min.get() => {
                Err(FieldError::new("amount", FieldCode::Min).with("min", min.get()))
            }
            (AmountRule::Free { max, .. }, Some(cents)) if cents > max.get() => {
                Err(FieldError::new("amount", FieldCode::Max).with("max", max.get()))
            }
            (AmountRule::Free { .. }, Some(cents)) => {
                Amount::new(cents).map_err(|_| FieldError::new("amount", FieldCode::Range))
            }
            (AmountRule::Fixed { .. } | AmountRule::Tariff { .. }, Some(_)) => refuse(FieldCode::NotAllowed),
            (AmountRule::Fixed { fixed }, None) => Ok(*fixed),
            (AmountRule::Tariff { base, terms }, None) => terms
                .iter()
                .try_fold(base.get(), |sum, term| sum.checked_add(term.value(values)?))
                .and_then(|cents| Amount::new(cents).ok())
                .ok_or_else(|| FieldError::new("amount", FieldCode::Range)),
        }
    }
}

impl TariffTerm {
    fn value(&self, values: &BTreeMap<&str, String>) -> Option<u64> {
        let factor = match &self.factor {
            None => 1,
            Some(factor) => *factor.options.get(values.get(factor.field.as_str())?)?,
        };
        let start = self.cents.checked_mul(factor)?;
        self.times.iter().try_fold(start, |product, name| {
            product.checked_mul(values.get(name.as_str())?.parse::<u64>().ok()?)
        })
    }
}

impl ServiceField {
    fn check(&self, value: &str, today: Date) -> Result<(), FieldError> {
        let wrong = |code| FieldError::new(format!("fields.{}", self.name), code);
        let refuse = |code| Err(wrong(code));
        let (min, max) = (self.min.unwrap_or(0), self.max.unwrap_or(u64::MAX));
        match self.kind {
            FieldType::Text => {
                let max = self.max.unwrap_or(100);
                let n = text::length(value) as u64;
                if !text::is_plain(value) || !self.mask.as_deref().is_none_or(|mask| fits(mask, value)) {
                    refuse(FieldCode::Format)
                } else if n < min {
                    Err(wrong(FieldCode::TooShort).with("min", min).with("n", n))
                } else if n > max {
                    Err(wrong(FieldCode::TooLong).with("max", max).with("n", n))
                } else {
                    Ok(())
                }
            }
            FieldType::Number | FieldType::Year => {
                let digits = value.len() <= 15 && value.bytes().all(|b| b.is_ascii_digit());
                match value.parse::<u64>().ok().filter(|_| digits) {
                    None => refuse(FieldCode::Format),
                    Some(_) if self.kind == FieldType::Year && value.len() != 4 => refuse(FieldCode::Format),
                    Some(n) if n < min => Err(wrong(FieldCode::Min).with("min", min)),
                    Some(n) if n > max => Err(wrong(FieldCode::Max).with("max", max)),
                    Some(_) => Ok(()),
                }
            }
            FieldType::Date => match value.parse::<Date>().ok().filter(|_| value.len() == 10) {
                None => refuse(FieldCode::Format),
                Some(day) if self.is_in_reach(day, today) => Ok(()),
                Some(_) => refuse(FieldCode::Range),
            },
            FieldType::Choice if self.options.iter().any(|option| option == value) => Ok(()),
            FieldType::Choice => refuse(FieldCode::NotAllowed),
        }
    }
}

impl ServiceField {
    /// Returns whether a day is as many days from today as the service asks; without limits any day is.
    fn is_in_reach(&self, day: Date, today: Date) -> bool {
        let days = i64::from(today.until(day).map_or(0, |span| span.get_days()));
        let at_least = self.min.is_none_or(|min| i64::try_from(min).is_ok_and(|min| days >= min));
        at_least && self.max.is_none_or(|max| i64::try_from(max).is_ok_and(|max| days <= max))
    }

    /// The mask as a regular expression, as HTML's `pattern` takes it.
    pub fn pattern(&self) -> Option<String> {
        let part = |c: char| match c {
            'A' => "[A-Za-z]".to_owned(),
            '9' => "[0-9]".to_owned(),
            '*' => "[0-9A-Za-z]".to_owned(),
            c if "^$\\.*+?()[]{}|/".contains(c) => format!("\\{c}"),
            c => c.to_string(),
        };
        self.mask.as_deref().map(|mask| mask.chars().map(part).collect())
    }
}

/// Returns whether a text looks like a mask of `A`, `9`, `*` and literal characters.
fn fits(mask: &str, value: &str) -> bool {
    mask.chars().count() == value.chars().count()
        && mask.chars().zip(value.chars()).all(|(kind, c)| match kind {
            'A' => c.is_ascii_alphabetic(),
            '9' => c.is_ascii_digit(),
            '*' => c.is_ascii_alphanumeric(),
            literal => c == literal,
        })
}

/// What a payment is for: letters, digits and simple punctuation that every channel can print.
pub fn reason(text: &str) -> Result<String, FieldError> {
    let reason = text::line("reason", text, 1, MAX_REASON)?;
    let simple =
        |c: char| c.is_alphanumeric() || " .,;:!?'’\"()/&+-–_°ªº%#@€".contains(c) || text::is_mark(c);
    if reason.chars().all(simple) { Ok(reason) } else { Err(FieldError::new("reason", FieldCode::Format)) }
}
