use domain::account::Account;
use domain::debt::DebtDetail;
use domain::movement::{Movement, MovementSource};
use domain::person::{Person, PersonType};
use domain::receipt::{Payer, PspIdentity, Receipt};
use domain::{Date, Debt, Timestamp};
use serde::{Deserialize, Serialize};
use web::view::AccountView;

/// Another address for mail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailForm {
    pub email: Option<String>,
    pub password: Option<String>,
}

/// The token of the link that was mailed there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmationForm {
    pub token: Option<String>,
}

#[derive(Serialize)]
pub struct EmailChange {
    pub status: &'static str,
}

#[derive(Serialize)]
pub struct AccountAnswer {
    account: AccountView,
}

impl AccountAnswer {
    pub fn of(account: &Account) -> Self {
        Self { account: AccountView::of(account) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Export {
    account: AccountView,
    registered_at: Timestamp,
    debts: Vec<ExportedDebt>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedDebt {
    notice_number: String,
    iuv: String,
    service: String,
    reason: String,
    details: Vec<DebtDetail>,
    amount: u64,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_date: Option<Date>,
    debtor: ExportedPerson,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<ExportedReceipt>,
    movements: Vec<ExportedMovement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportedMovement {
    number: u64,
    kind: &'static str,
    cents: u64,
    source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    at: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportedPerson {
    fiscal_code: String,
    person_type: PersonType,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    province: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportedReceipt {
    code: String,
    receipt_id: String,
    amount: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    fee: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    applied_on: Option<Date>,
    recorded_at: Timestamp,
    psp: ExportedParty,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payer: Option<ExportedParty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_together: Option<u8>,
}

/// Who took the money, or who gave it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportedParty {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fiscal_code: Option<String>,
}

impl From<Person> for ExportedPerson {
    fn from(person: Person) -> Self {
        Self {
            fiscal_code: person.fiscal_code.as_str().to_owned(),
            person_type: person.person_type,
            name: person.name,
            address: person.address,
            postal_code: person.postal_code,
            city: person.city,
            province: person.province,
            country: person.country,
            email: person.email.map(|email| email.as_str().to_owned()),
        }
    }
}

impl From<Receipt> for ExportedReceipt {
    fn from(receipt: Receipt) -> Self {
        let PspIdentity { id, name, fiscal_code } = receipt.psp;
        let payer =
            |Payer { name, fiscal_code }| ExportedParty { id: None, name, fiscal_code: Some(fiscal_code) };
        Self {
            code: receipt.code,
            receipt_id: receipt.receipt_id,
            amount: receipt.amount.get(),
            fee: receipt.fee.map(|fee| fee.get()),
            paid_at: receipt.paid_at,
            applied_on: receipt.applied_on,
            recorded_at: receipt.recorded_at,
            psp: ExportedParty { id: Some(id), name, fiscal_code },
            method: receipt.method,
            channel: receipt.channel,
            payer: receipt.payer.map(payer),
            paid_together: receipt.paid_together,
        }
    }
}

impl Export {
    pub fn of(account: &Account, debts: Vec<ExportedDebt>) -> Self {
        Self { account: AccountView::of(account), registered_at: account.created_at, debts }
    }
}

impl ExportedDebt {
    pub fn of(debt: Debt, movements: &[Movement]) -> Self {
        let movements = movements
            .iter()
            .map(|movement| ExportedMovement {
                number: movement.number,
                kind: movement.kind.as_str(),
                cents: movement.cents.get(),
                source: movement.source.as_str(),
                // What an operator noted is the office's own.
                reference: movement.reference.clone().filter(|_| movement.source != MovementSource::Operator),
                at: movement.at,
            })
            .collect();
        let amount = debt.settled_amount().get();
        Self {
            notice_number: debt.notice.to_string(),
            iuv: debt.iuv().to_string(),
            service: debt.service.name,
            reason: debt.reason,
            details: debt.details,
            amount,
            created_at: debt.created_at,
            due_date: debt.days.due,
            debtor: debt.debtor.into(),
            receipt: debt.receipt.map(ExportedReceipt::from),
            movements,
        }
    }
}
