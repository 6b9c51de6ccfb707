//! A debt and its money as the creditor's back office sees them: everything that we hold of it.

use std::collections::BTreeSet;

use domain::bookkeeping::dealt_with;
use domain::creditor::Creditor;
use domain::debt::{Debt, DebtDetail, DebtOrigin};
use domain::difference::{Difference, Resolution};
use domain::movement::{Movement, MovementKind};
use domain::office::{AccountingEntry, DebtTransfer, TransferAccount};
use domain::payment::{Attempt, AttemptStatus};
use domain::person::{Person, PersonType};
use domain::receipt::{Payer, PspIdentity, Receipt};
use domain::{Date, Timestamp};
use serde::Serialize;

use crate::view::PublicDebt;

/// What is known of a debt, beyond what is configured.
pub struct DebtFile<'a> {
    pub debt: &'a Debt,
    pub movements: &'a [Movement],
    pub attempts: &'a [Attempt],
}

/// What the views take from the configuration.
#[derive(Clone, Copy)]
pub struct OfficeContext<'a> {
    pub creditor: &'a Creditor,
    /// The taxonomy code of the debt's service.
    pub category: Option<&'a str>,
    /// Where payments begin that begin on the portal: `psp` or `checkout`.
    pub channel: &'static str,
    pub now: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreditorDebt {
    #[serde(flatten)]
    public: PublicDebt,
    debtor: DebtorInFull,
    service_code: String,
    created_on: Date,
    origin: &'static str,
    receipt_available: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_on: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    details: Vec<DebtDetail>,
    transfers: Vec<TransferView>,
    accounting: Vec<AccountingEntry>,
    /// What happened to it is no part of an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    movements: Option<Vec<MovementView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payments: Option<Vec<PortalPaymentView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<CreditorReceipt>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DebtorInFull {
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

/// One beneficiary's part, as the node is told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TransferView {
    fiscal_code: String,
    company_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    iban: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_iban: Option<String>,
    amount: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remittance: Option<String>,
}

#[derive(Serialize)]
struct MovementView {
    number: u64,
    kind: &'static str,
    amount: u64,
    at: Timestamp,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PortalPaymentView {
    payment_id: String,
    channel: &'static str,
    status: &'static str,
    started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Timestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreditorReceipt {
    receipt_id: String,
    amount: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    fee: Option<u64>,
    paid_at: Timestamp,
    psp: NamedPspView,
    channel: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payer: Option<PayerView>,
    verification_code: String,
}

#[derive(Serialize)]
pub struct NamedPspView {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PayerView {
    name: String,
    fiscal_code: String,
}

impl CreditorDebt {
    /// The debt as it was when something happened to it.
    pub fn as_it_was(debt: &Debt, context: OfficeContext<'_>) -> Self {
        let whole = Self::of(&DebtFile { debt, movements: &[], attempts: &[] }, context);
        Self { movements: None, payments: None, ..whole }
    }

    pub fn of(file: &DebtFile<'_>, context: OfficeContext<'_>) -> Self {
        let DebtFile { debt, movements, attempts } = *file;
        Self {
            public: PublicDebt::of(debt, context.creditor, context.now),
            debtor: DebtorInFull::of(&debt.debtor),
            service_code: debt.service.code.clone(),
            created_on: domain::time::rome_date(debt.created_at),
            origin: match debt.origin {
                DebtOrigin::Creditor => "creditor",
                DebtOrigin::Spontaneous => "spontaneous",
            },
            receipt_available: debt.receipt.is_some(),
            receipt_code: debt.receipt.as_ref().map(|receipt| receipt.code.clone()),
            valid_from: debt.days.valid_from,
            expires_on: debt.days.expires,
            reference: debt.office.reference.clone(),
            details: debt.details.clone(),
            transfers: TransferView::all(debt, context),
            accounting: debt.office.accounting.clone(),
            movements: Some(MovementView::all(movements)),
            payments: Some(
                attempts
                    .iter()
                    .map(|attempt| PortalPaymentView::of(attempt, movements, context.channel))
                    .collect(),
            ),
            receipt: debt.receipt.as_ref().map(CreditorReceipt::of),
        }
    }
}

impl DebtorInFull {
    fn of(person: &Person) -> Self {
        Self {
            fiscal_code: person.fiscal_code.to_string(),
            person_type: person.person_type,
            name: person.name.clone(),
            address: person.address.clone(),
            postal_code: person.postal_code.clone(),
            city: person.city.clone(),
            province: person.province.clone(),
            country: person.country.clone(),
            email: person.email.as_ref().map(|email| email.as_str().to_owned()),
        }
    }
}

impl TransferView {
    /// What the node is told of a debt.
    pub fn all(debt: &Debt, context: OfficeContext<'_>) -> Vec<Self> {
        debt.shares(context.creditor, context.category, false).into_iter().map(Self::of).collect()
    }

    fn of(share: DebtTransfer) -> Self {
        let account = share.account.iban().as_str().to_owned();
        let (iban, postal_iban) = match share.account {
            TransferAccount::Bank(_) => (Some(account), None),
            TransferAccount::Postal(_) => (None, Some(account)),
        };
        Self {
            fiscal_code: share.fiscal_code.to_string(),
            company_name: share.company_name,
            iban,
            postal_iban,
            amount: share.amount.get(),
            category: share.category,
            remittance: share.remittance,
        }
    }
}

impl MovementView {
    /// What came adds up to what was received: an amount that its sender has corrected stands with the correction, and no
    /// longer where it was told.
    fn all(movements: &[Movement]) -> Vec<Self> {
        let corrected: BTreeSet<u64> = movements
            .iter()
            .filter(|movement| movement.kind == MovementKind::Superseded)
            .filter_map(dealt_with)
            .collect();
        let counts = |movement: &Movement| !corrected.contains(&movement.number);
        movements.iter().map(|movement| Self::of(movement, counts(movement))).collect()
    }

    fn of(movement: &Movement, counts: bool) -> Self {
        Self {
            number: movement.number,
            kind: movement.kind.office_name(),
            amount: if counts { movement.cents.get() } else { 0 },
            at: domain::time::to_second(movement.at),
            source: movement.source.as_str().replace('_', "-"),
            reference: movement.reference.clone(),
        }
    }
}

impl PortalPaymentView {
    fn of(attempt: &Attempt, movements: &[Movement], channel: &'static str) -> Self {
        let transaction = attempt.checkout.as_ref().map(|page| page.transaction_id.as_str());
        let ends = |movement: &&Movement| match movement.kind {
            MovementKind::AttemptFailed | MovementKind::Mismatch => {
                movement.reference.as_deref() == Some(attempt.id.as_str())
            }
            MovementKind::Credit | MovementKind::CreditLate => {
                !attempt.received.is_empty() || movement.reference.as_deref() == transaction
            }
            _ => false,
        };
        let ended = movements.iter().find(ends).filter(|_| attempt.status != AttemptStatus::Pending);
        Self {
            payment_id: attempt.id.to_string(),
            channel,
            status: attempt.status.as_str(),
            started_at: domain::time::to_second(attempt.started_at),
            ended_at: ended.map(|movement| domain::time::to_second(movement.at)),
        }
    }
}

impl CreditorReceipt {
    pub fn of(receipt: &Receipt) -> Self {
        Self {
            receipt_id: receipt.receipt_id.clone(),
            amount: receipt.amount.get(),
            fee: receipt.fee.map(domain::Cents::get),
            paid_at: domain::time::to_second(receipt.paid_at.unwrap_or(receipt.recorded_at)),
            psp: NamedPspView::of(&receipt.psp),
            channel: receipt.brought_by().as_str(),
            payer: receipt.payer.as_ref().map(|Payer { name, fiscal_code }| PayerView {
                name: name.clone(),
                fiscal_code: fiscal_code.clone(),
            }),
            verification_code: receipt.code.clone(),
        }
    }
}

impl NamedPspView {
    pub fn of(psp: &PspIdentity) -> Self {
        Self { id: Some(psp.id.clone()).filter(|id| !id.is_empty()), name: psp.name.clone() }
    }
}

/// Something about money that needs a person, or needed one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DifferenceView {
    id: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_id: Option<String>,
    /// The whole that came.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<u64>,
    /// What the sender said, where it is no amount of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_text: Option<String>,
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_id: Option<String>,
    channel: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    psp: Option<NamedPspView>,
    at: Timestamp,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolution: Option<ResolutionView>,
}

#[derive(Serialize)]
struct ResolutionView {
    resolution: &'static str,
    by: String,
    why: String,
    at: Timestamp,
}

impl DifferenceView {
    pub fn of(difference: &Difference) -> Self {
        let told = difference.told.as_ref();
        Self {
            id: difference.id.as_str().to_owned(),
            kind: difference.kind.as_str(),
            notice_number: difference.notice.as_ref().map(ToString::to_string),
            payment_id: difference.payment.as_ref().map(ToString::to_string),
            amount: told.and_then(|told| told.cents).map(domain::Cents::get),
            amount_text: told.and_then(|told| told.text.clone()),
            currency: told.map_or_else(|| domain::money::EURO.to_owned(), |told| told.currency.clone()),
            expected: difference.expected.map(domain::Cents::get),
            field: difference.field.as_ref().map(|(field, _)| field.as_str()),
            receipt_id: difference.receipt_id.clone(),
            channel: difference.channel.as_str(),
            psp: difference.psp.as_ref().map(NamedPspView::of),
            at: domain::time::to_second(difference.at),
            status: if difference.is_open() { "open" } else { "resolved" },
            resolution: difference.resolution.as_ref().map(ResolutionView::of),
        }
    }
}

impl ResolutionView {
    fn of(resolution: &Resolution) -> Self {
        let Resolution { resolution, by, why, at } = resolution;
        let (by, why, at) = (by.clone(), why.clone(), domain::time::to_second(*at));
        Self { resolution: resolution.as_str(), by, why, at }
    }
}
