use domain::creditor::Iban;
use domain::debt::DebtDates;
use domain::error::Form;
use domain::notice::NoticeNumber;
use domain::office::{
    AccountingEntry, DebtTransfer, MAX_ACCOUNTING, MAX_DETAILS, MAX_TRANSFERS, OfficeData, TransferAccount,
};
use domain::person::{self, Email, Person, PersonType};
use domain::{Amount, Error, FieldCode, FieldError, FiscalCode, spontaneous, text};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use web::office::CreditorDebt;
use web::{HttpError, JsonObject, Nested, Problem};

/// A debt as the creditor sends it, except for its number.
pub struct DebtInput {
    pub debtor: Person,
    pub service_code: String,
    pub reason: String,
    pub details: Vec<DetailInput>,
    pub amount: Amount,
    pub days: DebtDates,
    pub office: OfficeData,
}

/// A datum of a service's form; its label is the service's own when none was sent.
pub struct DetailInput {
    pub name: String,
    pub label: Option<String>,
    pub value: String,
}

/// The same as it was sent.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SentRow {
    debtor: Option<Nested<SentDebtor>>,
    service_code: Option<String>,
    reason: Option<String>,
    amount: Option<u64>,
    due_date: Option<String>,
    valid_from: Option<String>,
    expires_on: Option<String>,
    reference: Option<String>,
    details: Option<Vec<Nested<SentDetail>>>,
    transfers: Option<Vec<Nested<SentTransfer>>>,
    accounting: Option<Vec<Nested<SentEntry>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentDetail {
    name: Option<String>,
    label: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SentTransfer {
    fiscal_code: Option<String>,
    company_name: Option<String>,
    iban: Option<String>,
    postal_iban: Option<String>,
    amount: Option<u64>,
    category: Option<String>,
    remittance: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentEntry {
    key: Option<String>,
    value: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SentDebtor {
    fiscal_code: Option<String>,
    person_type: Option<String>,
    name: Option<String>,
    address: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    province: Option<String>,
    country: Option<String>,
    email: Option<String>,
}

impl DebtInput {
    /// The debt.
    ///
    /// # Errors
    ///
    /// [`HttpError::UnknownField`], or [`Error::Invalid`] with every field that is wrong.
    pub fn read(object: JsonObject) -> Result<Self, Problem> {
        let (sent, form) = SentRow::read(object)?;
        Ok(sent.check(form)?)
    }
}

impl SentRow {
    pub fn read(object: JsonObject) -> Result<(Self, Form), HttpError> {
        let no_debtor = object.get("debtor").is_none_or(Value::is_null);
        let (sent, mut form) = web::read_fields::<Self>(object)?;
        if no_debtor {
            form.refuse(FieldError::new("debtor", FieldCode::Required));
        }
        Ok((sent, form))
    }

    /// The debt, or every field that is wrong.
    pub fn check(self, mut form: Form) -> Result<DebtInput, Error> {
        let debtor = self.debtor.map(|Nested(debtor)| debtor).unwrap_or_default();
        let fiscal_code = debtor.fiscal_code.unwrap_or_default();
        let fiscal_code = form.field("debtor.fiscalCode", FiscalCode::of_debtor(&fiscal_code));
        let person_type = debtor.person_type.unwrap_or_default();
        let person_type = form.field("debtor.personType", PersonType::parse(&person_type));
        if let (Some(code), Some(kind)) = (&fiscal_code, person_type)
            && !kind.may_owe_under(code)
        {
            form.refuse(FieldError::new("debtor.personType", FieldCode::Mismatch));
        }
        let name = form.check(text::line("debtor.name", &debtor.name.unwrap_or_default(), 1, 150));
        let line = |value: Option<String>| value.filter(|text| !text.trim().is_empty());
        let mut part = |field: &str, value: Option<String>, max: usize| {
            form.check(text::optional_line(field, line(value).as_deref(), 1, max)).flatten()
        };
        let address = part("debtor.address", debtor.address, 150);
        let city = part("debtor.city", debtor.city, 100);
        let postal_code = part("debtor.postalCode", debtor.postal_code, 12);
        let country = line(debtor.country).and_then(|c| form.field("debtor.country", person::country(&c)));
        let province = line(debtor.province).and_then(|province| {
            form.field("debtor.province", person::debtor_province(&province, country.as_deref()))
        });
        let email = line(debtor.email).and_then(|email| form.field("debtor.email", Email::parse(&email)));
        let service_code = self.service_code.unwrap_or_default();
        if service_code.is_empty() {
            form.refuse(FieldError::new("serviceCode", FieldCode::Required));
        }
        let reason = text::line("reason", &self.reason.unwrap_or_default(), 1, spontaneous::MAX_REASON);
        let reason = form.check(reason);
        let amount = match self.amount {
            None => Err(FieldCode::Required),
            Some(cents) => Amount::new(cents).map_err(|_| FieldCode::Range),
        };
        // A number that was there but no whole one has been refused already.
        let amount = match (amount, form.is_clean()) {
            (Err(FieldCode::Required), false) => None,
            (amount, _) => form.field("amount", amount),
        };
        let mut day = |field: &str, value: Option<String>| {
            line(value).and_then(|text| form.field(field, DebtDates::day(&text)))
        };
        let days = DebtDates {
            due: day("dueDate", self.due_date),
            valid_from: day("validFrom", self.valid_from),
            expires: day("expiresOn", self.expires_on),
        };
        if days.due.zip(days.expires).is_some_and(|(due, expires)| expires < due) {
            form.refuse(FieldError::new("expiresOn", FieldCode::Range));
        }
        if days.valid_from.zip(days.due.or(days.expires)).is_some_and(|(from, until)| until < from) {
            form.refuse(FieldError::new("validFrom", FieldCode::Range));
        }
        let details = details(&mut form, self.details.unwrap_or_default());
        let office = OfficeData {
            reference: form
                .check(text::optional_line("reference", line(self.reference).as_deref(), 1, 35))
                .flatten(),
            transfers: transfers(&mut form, self.transfers),
            accounting: accounting(&mut form, self.accounting.unwrap_or_default()),
        };
        if amount.is_some_and(|amount| form.is_clean() && !office.adds_up_to(amount)) {
            form.refuse(FieldError::new("transfers", FieldCode::Mismatch));
        }
        let row = (|| {
            Some(DebtInput {
                debtor: Person {
                    fiscal_code: fiscal_code?,
                    person_type: person_type?,
                    name: name?,
                    address,
                    postal_code,
                    city,
                    province,
                    country,
                    email,
                },
                service_code,
                reason: reason?,
                details,
                amount: amount?,
                days,
                office,
            })
        })();
        form.give(row)
    }
}

/// Refuses a list that is longer than it may be.
fn bounded<T>(form: &mut Form, field: &str, list: Vec<T>, max: usize) -> Vec<T> {
    if list.len() > max {
        let error = FieldError::new(field, FieldCode::TooLong);
        form.refuse(error.with("max", max as u64).with("n", list.len() as u64));
        return Vec::new();
    }
    list
}

fn details(form: &mut Form, sent: Vec<Nested<SentDetail>>) -> Vec<DetailInput> {
    let sent = bounded(form, "details", sent, MAX_DETAILS).into_iter().enumerate();
    let checked = sent.filter_map(|(i, Nested(sent))| {
        let mut part = |name: &str, value: Option<String>, max| {
            form.check(text::line(&format!("details[{i}].{name}"), &value.unwrap_or_default(), 1, max))
        };
        let (name, value) = (part("name", sent.name, 40), part("value", sent.value, 140));
        let label = sent.label.map(|label| part("label", Some(label), 140));
        Some(DetailInput { name: name?, label: label.flatten(), value: value? })
    });
    checked.collect()
}

fn accounting(form: &mut Form, sent: Vec<Nested<SentEntry>>) -> Vec<AccountingEntry> {
    let sent = bounded(form, "accounting", sent, MAX_ACCOUNTING).into_iter().enumerate();
    let checked = sent.filter_map(|(i, Nested(sent))| {
        let mut part = |name: &str, value: Option<String>| {
            form.check(text::line(&format!("accounting[{i}].{name}"), &value.unwrap_or_default(), 1, 140))
        };
        let (key, value) = (part("key", sent.key), part("value", sent.value));
        Some(AccountingEntry { key: key?, value: value? })
    });
    checked.collect()
}

/// The parts of a shared debt. A list that is there has at least one.
fn transfers(form: &mut Form, sent: Option<Vec<Nested<SentTransfer>>>) -> Vec<DebtTransfer> {
    let Some(sent) = sent else { return Vec::new() };
    if sent.is_empty() {
        form.refuse(FieldError::new("transfers", FieldCode::Required));
    }
    let sent = bounded(form, "transfers", sent, MAX_TRANSFERS).into_iter().enumerate();
    sent.filter_map(|(i, Nested(sent))| transfer(form, &|part| format!("transfers[{i}].{part}"), sent))
        .collect()
}

fn transfer(form: &mut Form, at: &dyn Fn(&str) -> String, sent: SentTransfer) -> Option<DebtTransfer> {
    // The node knows bodies by eleven digits.
    let body = FiscalCode::parse(&sent.fiscal_code.unwrap_or_default());
    let body =
        body.and_then(|code| if code.as_str().len() == 11 { Ok(code) } else { Err(FieldCode::Format) });
    let fiscal_code = form.field(&at("fiscalCode"), body);
    let name = text::line(&at("companyName"), &sent.company_name.unwrap_or_default(), 1, 140);
    let company_name = form.check(name);
    let account = match (sent.iban, sent.postal_iban) {
        (Some(iban), None) => form.field(&at("iban"), Iban::parse(&iban)).map(TransferAccount::Bank),
        (None, Some(iban)) => {
            let postal = Iban::parse(&iban).and_then(|iban| match iban.postal_account() {
                Some(_) => Ok(TransferAccount::Postal(iban)),
                None => Err(FieldCode::NotAllowed),
            });
            form.field(&at("postalIban"), postal)
        }
        (None, None) => form.field(&at("iban"), Err(FieldCode::Required)),
        (Some(_), Some(_)) => form.field(&at("postalIban"), Err(FieldCode::NotAllowed)),
    };
    let amount = sent.amount.ok_or(FieldCode::Required);
    let amount =
        form.field(&at("amount"), amount.and_then(|cents| Amount::new(cents).map_err(|_| FieldCode::Range)));
    let mut optional = |part: &str, value: Option<String>, max| {
        form.check(text::optional_line(&at(part), value.as_deref(), 1, max))
    };
    let (category, remittance) =
        (optional("category", sent.category, 140)?, optional("remittance", sent.remittance, 140)?);
    Some(DebtTransfer {
        fiscal_code: fiscal_code?,
        company_name: company_name?,
        account: account?,
        amount: amount?,
        category,
        remittance,
    })
}

#[derive(Serialize)]
pub struct WrittenDebt {
    pub debt: CreditorDebt,
}

/// What became of many rows.
#[derive(Default, Serialize)]
pub struct ImportReport {
    accepted: u32,
    rejected: u32,
    rows: Vec<ReportRow>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportRow {
    line: usize,
    #[serde(flatten)]
    outcome: RowOutcome,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RowOutcome {
    #[serde(skip_serializing_if = "Option::is_none")]
    notice_number: Option<String>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<RowFieldError>,
}

#[derive(Serialize)]
struct RowFieldError {
    field: String,
    code: &'static str,
}

impl RowOutcome {
    pub fn accepted(notice: &NoticeNumber, outcome: &'static str) -> Self {
        Self { notice_number: Some(notice.to_string()), outcome, errors: Vec::new() }
    }

    pub fn rejected(notice_number: Option<String>, errors: Vec<FieldError>) -> Self {
        let errors =
            errors.into_iter().map(|e| RowFieldError { field: e.field, code: e.code.as_str() }).collect();
        Self { notice_number, outcome: "rejected", errors }
    }

    /// The debt stands on an earlier line already: two lines of one debt may differ, and neither is the right one.
    pub fn twice(notice: &NoticeNumber) -> Self {
        let error = FieldError::new("noticeNumber", FieldCode::NotAllowed);
        Self::rejected(Some(notice.to_string()), vec![error])
    }

    pub fn is_accepted(&self) -> bool {
        self.outcome != "rejected"
    }

    /// A paid debt is not changed any more.
    pub fn paid(notice: &NoticeNumber) -> Self {
        let errors = vec![RowFieldError { field: "noticeNumber".to_owned(), code: "debt_already_paid" }];
        Self { notice_number: Some(notice.to_string()), outcome: "rejected", errors }
    }
}

impl ImportReport {
    pub fn add(&mut self, line: usize, outcome: RowOutcome) {
        let counter = if outcome.is_accepted() { &mut self.accepted } else { &mut self.rejected };
        *counter = counter.saturating_add(1);
        self.rows.push(ReportRow { line, outcome });
    }
}
