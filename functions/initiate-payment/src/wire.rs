use domain::creditor::Creditor;
use domain::error::{FieldCode, Form};
use domain::notice::NoticeNumber;
use domain::payment::{self, Attempt};
use domain::person::Email;
use domain::{Cents, Debt, Error, Fault, FieldError, Timestamp};
use serde::{Deserialize, Serialize};
use web::view::DebtView;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SentOrder {
    notice_numbers: Option<Vec<String>>,
    method: Option<String>,
    psp_id: Option<String>,
    email: Option<String>,
}

/// From one to five debts, and how to pay them.
pub struct Order {
    pub notices: Vec<NoticeNumber>,
    pub method: Option<String>,
    pub psp_id: Option<String>,
    pub email: Option<Email>,
}

impl Order {
    pub fn read((sent, mut form): (SentOrder, Form)) -> Result<Self, Error> {
        let texts = sent.notice_numbers.unwrap_or_default();
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (method, psp_id, email) = (given(sent.method), given(sent.psp_id), given(sent.email));
        let mut notices = Vec::new();
        for text in texts.iter().take(payment::MAX_DEBTS.saturating_add(1)) {
            match NoticeNumber::parse(text) {
                Ok(notice) => notices.push(notice),
                Err(_) => form.refuse(FieldError::new("noticeNumbers", FieldCode::Format)),
            }
        }
        if texts.is_empty() && form.is_clean() {
            form.refuse(FieldError::new("noticeNumbers", FieldCode::Required));
        }
        if texts.len() > payment::MAX_DEBTS {
            let max = payment::MAX_DEBTS as u64;
            form.refuse(FieldError::new("noticeNumbers", FieldCode::TooLong).with("max", max));
        }
        let email = email.and_then(|email| form.field("email", Email::parse(&email)));
        form.finish()?;
        Ok(Self { notices, method, psp_id, email })
    }

    /// The same for the same order, however its JSON was laid out.
    pub fn fingerprint(&self) -> Vec<u8> {
        let notices: Vec<&str> = self.notices.iter().map(NoticeNumber::as_str).collect();
        let email = self.email.as_ref().map(Email::as_str);
        format!("{notices:?} {:?} {:?} {email:?}", self.method, self.psp_id).into_bytes()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Started {
    payment_id: String,
    redirect_url: String,
    expires_at: Timestamp,
}

impl Started {
    pub fn of(attempt: &Attempt) -> Result<Self, Fault> {
        let checkout = attempt.checkout.as_ref();
        let checkout =
            checkout.ok_or_else(|| Fault::new("starting a payment", "there is no page to pay at"))?;
        Ok(Self {
            payment_id: attempt.id.to_string(),
            redirect_url: checkout.redirect_url.clone(),
            expires_at: domain::time::to_second(attempt.expires_at),
        })
    }
}

pub fn text(started: &Started) -> Result<String, Fault> {
    serde_json::to_string(started).map_err(|e| Fault::new("writing an answer", e))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    payment_id: String,
    status: &'static str,
    debts: Vec<DebtView>,
    /// What was agreed: the sum of the debts and the PSP's fee.
    amount: Cents,
    fee: Cents,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    psp_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    check_again_seconds: Option<u32>,
}

impl Status {
    pub fn of(attempt: &Attempt, debts: &[Debt], creditor: &Creditor, now: Timestamp) -> Self {
        let pending = attempt.status == payment::Status::Pending;
        let waited = domain::session::passed(attempt.started_at, now).as_secs();
        let check_again = if waited < 120 { 2 } else { 30 };
        let receipt = debts.iter().find_map(|debt| debt.receipt.as_ref());
        Self {
            payment_id: attempt.id.to_string(),
            status: attempt.status.as_str(),
            debts: debts.iter().map(|debt| DebtView::of(debt, creditor, now)).collect(),
            amount: attempt.total(),
            fee: receipt.and_then(|receipt| receipt.fee).unwrap_or(attempt.choice.fee),
            method: attempt.choice.method.clone(),
            psp_name: attempt.choice.psp_name.clone(),
            transaction_id: attempt.checkout.as_ref().map(|checkout| checkout.transaction_id.clone()),
            reason: attempt.failure.clone(),
            paid_at: receipt.map(|r| domain::time::to_second(r.paid_at.unwrap_or(r.recorded_at))),
            check_again_seconds: pending.then_some(check_again),
        }
    }
}
