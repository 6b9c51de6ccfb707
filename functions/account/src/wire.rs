use domain::account::Account;
use domain::debt::Detail;
use domain::movement::Movement;
use domain::person::Person;
use domain::receipt::Receipt;
use domain::{Date, Debt, Timestamp};
use serde::Serialize;
use web::view::AccountView;

#[derive(Serialize)]
pub struct Shown {
    account: AccountView,
}

impl Shown {
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
    details: Vec<Detail>,
    amount: u64,
    created_at: Timestamp,
    due_date: Option<Date>,
    debtor: Person,
    receipt: Option<Receipt>,
    movements: Vec<ExportedMovement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportedMovement {
    number: u64,
    kind: &'static str,
    cents: u64,
    source: &'static str,
    reference: Option<String>,
    at: Timestamp,
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
                reference: movement.reference.clone(),
                at: movement.at,
            })
            .collect();
        Self {
            notice_number: debt.notice.to_string(),
            iuv: debt.iuv().to_string(),
            service: debt.service.name,
            reason: debt.reason,
            details: debt.details,
            amount: debt.amount.get(),
            created_at: debt.created_at,
            due_date: debt.days.due,
            debtor: debt.debtor,
            receipt: debt.receipt,
            movements,
        }
    }
}
