//! The wire shapes that several functions share.

use domain::account::{Account, HolderName};
use domain::creditor::Creditor;
use domain::debt::{Debt, DebtDetail, DebtOrigin, DebtStatus, Viewer};
use domain::person::PersonType;
use domain::receipt::Receipt;
use domain::{Cents, Date, Person, Timestamp};
use serde::Serialize;

/// Whom the money goes to.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreditorView {
    pub name: String,
    pub fiscal_code: String,
}

#[derive(Serialize)]
pub struct ServiceView {
    pub code: String,
    pub name: String,
}

/// A debt as anyone may see it who knows both of its codes: no name, no address.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicDebt {
    pub notice_number: String,
    pub iuv: String,
    pub creditor: CreditorView,
    pub service: ServiceView,
    pub reason: String,
    pub amount: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_date: Option<Date>,
    pub status: DebtStatus,
    pub payable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_payable_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_on: Option<Date>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub payment_in_progress: bool,
}

/// A debt as its account sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DebtView {
    #[serde(flatten)]
    pub public: PublicDebt,
    pub debtor: DebtorView,
    pub created_on: Date,
    pub origin: &'static str,
    pub receipt_available: bool,
    /// Money came for it, of another amount than agreed: whoever would pay is warned.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub money_received: bool,
    /// The code printed on the receipt, with which anyone can check it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_code: Option<String>,
    /// The office's own number of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What the service's own fields say of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<DebtDetail>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DebtorView {
    pub name: String,
    pub fiscal_code: String,
}

impl CreditorView {
    pub fn of(creditor: &Creditor) -> Self {
        Self { name: creditor.name.clone(), fiscal_code: creditor.fiscal_code.as_str().to_owned() }
    }
}

impl PublicDebt {
    pub fn of(debt: &Debt, creditor: &Creditor, now: Timestamp) -> Self {
        let status = debt.status(now);
        let in_progress = status == DebtStatus::ToPay && debt.attempt.is_some();
        let not_payable_reason = match status {
            DebtStatus::ToPay => None,
            DebtStatus::Paid => Some("paid"),
            DebtStatus::Expired => Some("expired"),
            DebtStatus::Cancelled => Some("cancelled"),
        };
        Self {
            notice_number: debt.notice.to_string(),
            iuv: debt.iuv().to_string(),
            creditor: CreditorView::of(creditor),
            service: ServiceView { code: debt.service.code.clone(), name: debt.service.name.clone() },
            reason: debt.reason.clone(),
            amount: debt.settled_amount().get(),
            due_date: debt.days.due,
            status,
            payable: status == DebtStatus::ToPay,
            not_payable_reason,
            paid_on: debt.paid_on(),
            payment_in_progress: in_progress,
        }
    }
}

impl DebtView {
    /// The debt as this account may see it.
    pub fn seen_by(viewer: &Viewer<'_>, debt: &Debt, creditor: &Creditor, now: Timestamp) -> Self {
        Self::of(&debt.seen_by(viewer), creditor, now)
    }

    /// The whole debt.
    pub fn of(debt: &Debt, creditor: &Creditor, now: Timestamp) -> Self {
        Self {
            public: PublicDebt::of(debt, creditor, now),
            debtor: DebtorView {
                name: debt.debtor.name.clone(),
                fiscal_code: debt.debtor.fiscal_code.as_str().to_owned(),
            },
            created_on: domain::time::rome_date(debt.created_at),
            origin: match debt.origin {
                DebtOrigin::Creditor => "creditor",
                DebtOrigin::Spontaneous => "spontaneous",
            },
            receipt_available: debt.receipt.is_some(),
            money_received: debt.mismatched.is_some(),
            receipt_code: debt.receipt.as_ref().map(|receipt| receipt.code.clone()),
            reference: debt.office.reference.clone(),
            details: debt.details.clone(),
        }
    }
}

/// The money of a debt as its receipt has it: pages and paper say the same.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptView {
    pub psp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    pub transaction_id: String,
    /// Of all debts that were paid together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee: Option<Cents>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
}

impl ReceiptView {
    pub fn of(receipt: &Receipt, debtor: &Person) -> Self {
        Self {
            psp: receipt.psp.name.clone(),
            method: receipt.method.clone(),
            transaction_id: receipt.receipt_id.clone(),
            fee: receipt.fee,
            payer: receipt.payer.as_ref().map(|payer| payer.shown_to(debtor).0),
            paid_at: receipt.paid_at.map(domain::time::to_second),
        }
    }
}

/// An account as its holder sees it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    pub username: String,
    pub fiscal_code: String,
    pub person_type: PersonType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    pub email: String,
    pub phone: String,
    pub address: String,
    pub country: String,
    pub city: String,
    pub province: String,
    pub postal_code: String,
    pub language: &'static str,
    pub identity_proven: bool,
    pub consent: ConsentView,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsentView {
    pub privacy_version: String,
    pub privacy_accepted_at: Timestamp,
    pub terms_version: String,
    pub terms_accepted_at: Timestamp,
}

impl AccountView {
    pub fn of(account: &Account) -> Self {
        let profile = &account.profile;
        let (first_name, last_name, company_name) = match &profile.name {
            HolderName::Natural { first, last } => (Some(first.clone()), Some(last.clone()), None),
            HolderName::Legal { company } => (None, None, Some(company.clone())),
        };
        Self {
            username: profile.username.as_str().to_owned(),
            fiscal_code: profile.fiscal_code.as_str().to_owned(),
            person_type: profile.name.person_type(),
            first_name,
            last_name,
            company_name,
            email: profile.email.as_str().to_owned(),
            phone: profile.phone.clone(),
            address: profile.address.clone(),
            country: profile.country.clone(),
            city: profile.city.clone(),
            province: profile.province.clone(),
            postal_code: profile.postal_code.clone(),
            language: profile.language.as_str(),
            identity_proven: account.identity_proven,
            consent: ConsentView {
                privacy_version: profile.consent.privacy_version.clone(),
                privacy_accepted_at: domain::time::to_second(profile.consent.privacy_accepted_at),
                terms_version: profile.consent.terms_version.clone(),
                terms_accepted_at: domain::time::to_second(profile.consent.terms_accepted_at),
            },
        }
    }
}
