//! What the creditor's office says of a debt beyond what a debt needs: its own number for it, who shares the money,
//! what its accounting wants to read beside the payment.

use serde::{Deserialize, Serialize};

use crate::creditor::Iban;
use crate::fiscal_code::FiscalCode;
use crate::money::{Amount, Cents};

/// The office's own data of a debt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeData {
    /// The number of the office's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Who gets which part of the amount; when empty, the creditor all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transfers: Vec<DebtTransfer>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounting: Vec<AccountingEntry>,
}

impl OfficeData {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Who got which part, and nothing that an office may have written about a person.
    pub(crate) fn forgotten(&self) -> Self {
        let silent = |transfer: &DebtTransfer| DebtTransfer { remittance: None, ..transfer.clone() };
        Self { transfers: self.transfers.iter().map(silent).collect(), ..Self::default() }
    }

    /// Returns whether the parts make up the amount.
    pub fn adds_up_to(&self, amount: Amount) -> bool {
        let sum = Cents::sum(self.transfers.iter().map(|transfer| transfer.amount.cents()));
        self.transfers.is_empty() || sum == Some(amount.cents())
    }
}

/// One beneficiary's part of a debt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DebtTransfer {
    /// Eleven digits: a body's.
    pub fiscal_code: FiscalCode,
    pub company_name: String,
    pub account: TransferAccount,
    pub amount: Amount,
    /// The taxonomy code of the revenue; the service's own when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// What the beneficiary reads; the debt's reason when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remittance: Option<String>,
}

/// The account that a part goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferAccount {
    Bank(Iban),
    Postal(Iban),
}

impl TransferAccount {
    pub fn iban(&self) -> &Iban {
        match self {
            TransferAccount::Bank(iban) | TransferAccount::Postal(iban) => iban,
        }
    }
}

/// Something that the office's accounting reads beside a payment: the node carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountingEntry {
    pub key: String,
    pub value: String,
}

/// How many beneficiaries share a debt, and how many data go with it (`paForNode.xsd`).
pub const MAX_TRANSFERS: usize = 5;
pub const MAX_ACCOUNTING: usize = 15;
pub const MAX_DETAILS: usize = 30;
