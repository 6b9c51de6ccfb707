use domain::account::Account;
use domain::debt::DebtDetail;
use domain::movement::{Movement, MovementSource};
use domain::payment::Attempt;
use domain::person::{Person, PersonType};
use domain::receipt::{Payer, PspIdentity, Receipt};
use domain::{Date, Debt, Timestamp};
use serde::{Deserialize, Serialize};
use store::OpenSession;
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
pub struct SessionList {
    items: Vec<SessionView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionView {
    id: String,
    started_at: Timestamp,
    last_seen_at: Timestamp,
    current: bool,
}

impl SessionList {
    pub fn of(sessions: &[OpenSession]) -> Self {
        Self { items: sessions.iter().map(SessionView::of).collect() }
    }
}

impl SessionView {
    fn of(session: &OpenSession) -> Self {
        Self {
            id: session.name.clone(),
            started_at: domain::time::to_second(session.started_at),
            last_seen_at: domain::time::to_second(session.seen_at),
            current: session.current,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Export {
    /// On the first page alone, with all that is not a debt.
    #[serde(flatten)]
    person: Option<ExportedAccount>,
    debts: Vec<ExportedDebt>,
    /// Where the next page of debts begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportedAccount {
    account: AccountView,
    registered_at: Timestamp,
    sessions: Vec<SessionView>,
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
    payments: Vec<ExportedPayment>,
}

/// A payment that this account began.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportedPayment {
    payment_id: String,
    started_at: Timestamp,
    status: &'static str,
    amount: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    psp_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

impl From<&Attempt> for ExportedPayment {
    fn from(attempt: &Attempt) -> Self {
        Self {
            payment_id: attempt.id.to_string(),
            started_at: domain::time::to_second(attempt.started_at),
            status: attempt.status.as_str(),
            amount: attempt.total().get(),
            method: attempt.choice.method.clone(),
            psp_name: attempt.choice.psp_name.clone(),
            email: attempt.email.as_ref().map(|email| email.as_str().to_owned()),
        }
    }
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
    pub fn of(
        account: &Account,
        sessions: &[OpenSession],
        debts: Vec<ExportedDebt>,
        next_cursor: Option<String>,
    ) -> Self {
        let person = ExportedAccount {
            account: AccountView::of(account),
            registered_at: account.created_at,
            sessions: sessions.iter().map(SessionView::of).collect(),
        };
        Self { person: Some(person), debts, next_cursor }
    }

    /// A page after the first.
    pub fn further(debts: Vec<ExportedDebt>, next_cursor: Option<String>) -> Self {
        Self { person: None, debts, next_cursor }
    }
}

impl ExportedDebt {
    pub fn of(debt: Debt, movements: &[Movement], attempts: &[Attempt]) -> Self {
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
            payments: attempts.iter().map(ExportedPayment::from).collect(),
        }
    }
}
