use domain::creditor::Creditor;
use domain::receipt::Receipt;
use domain::{Date, Debt};
use serde::Serialize;
use web::view::CreditorView;

/// What anyone may check: never a name, never a debtor's code.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedReceipt {
    valid: bool,
    creditor: CreditorView,
    iuv: String,
    amount: u64,
    paid_on: Date,
    payment_token: String,
}

impl VerifiedReceipt {
    pub fn of(debt: &Debt, receipt: &Receipt, creditor: &Creditor) -> Self {
        Self {
            valid: true,
            creditor: CreditorView::of(creditor),
            iuv: debt.iuv().to_string(),
            amount: receipt.amount.get(),
            paid_on: receipt.paid_on(),
            payment_token: receipt.receipt_id.clone(),
        }
    }
}
