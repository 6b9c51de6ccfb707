use std::time::Duration;

use domain::payment::{Attempt, AttemptOutcome, PaymentPage};
use domain::{Error, Fault, Timestamp};
use runtime::{ConfigError, Env, HttpClient, Secret};
use serde::Deserialize;
use serde_json::json;
use web::Site;

use crate::PspKeys;
use crate::webhook::{PspNotification, PspPayment};

/// The PSP's interface.
#[derive(Clone)]
pub struct PspClient {
    wire: HttpClient,
    url: String,
    secret: Secret<PspKeys>,
    site: Site,
    creditor: (String, String),
}

/// How long a payment page may take to open; below the handler's own deadline.
const LIMIT: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OpenedPage {
    transaction_id: String,
    redirect_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PaymentState {
    status: String,
    transaction_id: String,
    #[serde(default)]
    psp_id: Option<String>,
    #[serde(default)]
    psp_name: Option<String>,
    #[serde(default)]
    method: Option<String>,
    amount: u64,
    currency: String,
    #[serde(default)]
    fee: Option<u64>,
    #[serde(default)]
    paid_at: Option<Timestamp>,
    #[serde(default)]
    reason: Option<String>,
}

impl PspClient {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        let config = env.config();
        Ok(Self {
            wire: env.http()?,
            url: config.psp_url.get()?.clone(),
            secret: env.secret(&config.psp_secret)?,
            site: Site::connect(env)?,
            creditor: (
                config.creditor_name.get()?.clone(),
                config.creditor_fiscal_code.get()?.as_str().to_owned(),
            ),
        })
    }

    /// Asks for a payment page. The attempt's id is the idempotency key: asking again gives the same page.
    /// No answer means that we do not know, never that it failed (INV-M17).
    pub async fn open_checkout(&self, attempt: &Attempt) -> Result<PaymentPage, Error> {
        const DOING: &str = "opening a payment page";
        let items: Vec<_> = attempt
            .items
            .iter()
            .map(|item| json!({"noticeNumber": item.notice, "reason": item.reason, "amount": item.amount}))
            .collect();
        let body = json!({
            "paymentId": attempt.id,
            "creditor": {"name": self.creditor.0, "fiscalCode": self.creditor.1},
            "items": items,
            "amount": attempt.total(),
            "fee": attempt.choice.fee,
            "method": attempt.choice.method,
            "pspId": attempt.choice.psp_id,
            "email": attempt.email,
            "language": attempt.language.as_str(),
            "returnUrl": format!("{}/paga/{}/esito", self.site.url(), attempt.id),
            "expiresAt": attempt.expires_at,
        });
        let headers = [
            ("authorization", self.authorization().await?),
            ("content-type", "application/json".to_owned()),
            ("idempotency-key", attempt.id.to_string()),
        ];
        let url = format!("{}/payments", self.url);
        let body = serde_json::to_vec(&body).map_err(|e| Fault::new(DOING, e))?;
        let answer = self
            .wire
            .send(DOING, "POST", &url, &headers, body, LIMIT)
            .await
            .map_err(Error::PspUnavailable)?;
        if !matches!(answer.status, 200 | 201) {
            let why = format!("the PSP answered {}", answer.status);
            return Err(Error::PspUnavailable(Fault::new(DOING, why)));
        }
        let opened: OpenedPage = serde_json::from_slice(&answer.body)
            .map_err(|_| Error::PspUnavailable(Fault::new(DOING, "the answer is not what was agreed")))?;
        let to_a_page =
            opened.redirect_url.starts_with("https://") || opened.redirect_url.starts_with("http://");
        let sound = to_a_page && opened.redirect_url.len() <= 2_048 && opened.transaction_id.len() <= 100;
        if !sound || opened.transaction_id.is_empty() {
            return Err(Error::PspUnavailable(Fault::new(DOING, "the answer is not what was agreed")));
        }
        Ok(PaymentPage { transaction_id: opened.transaction_id, redirect_url: opened.redirect_url })
    }

    /// Asks how a payment went: nothing while the person has not decided, or if the PSP has never heard of it.
    ///
    /// # Errors
    /// A failure to ask says nothing about the payment.
    pub async fn inquire(&self, attempt: &Attempt) -> Result<Option<PspNotification>, Fault> {
        const DOING: &str = "asking about a payment";
        let headers = [("authorization", self.authorization().await?)];
        let url = format!("{}/payments/{}", self.url, attempt.id);
        let answer = self.wire.send(DOING, "GET", &url, &headers, Vec::new(), LIMIT).await?;
        match answer.status {
            404 => Ok(None),
            200 => {
                let state: PaymentState = serde_json::from_slice(&answer.body)
                    .map_err(|_| Fault::new(DOING, "the answer is not what was agreed"))?;
                self.read(attempt, state)
            }
            status => Err(Fault::new(DOING, format!("the PSP answered {status}"))),
        }
    }

    fn read(&self, attempt: &Attempt, state: PaymentState) -> Result<Option<PspNotification>, Fault> {
        let ended = |outcome| {
            let payment_id = Some(attempt.id.clone());
            Ok(Some(PspNotification::Ended { payment_id, outcome, reason: state.reason.clone() }))
        };
        match state.status.as_str() {
            "open" => Ok(None),
            "failed" => ended(AttemptOutcome::Failed),
            "cancelled" => ended(AttemptOutcome::Cancelled),
            "expired" => ended(AttemptOutcome::Expired),
            "succeeded" => Ok(Some(PspNotification::Succeeded(PspPayment {
                payment_id: Some(attempt.id.clone()),
                transaction_id: state.transaction_id,
                psp_id: state.psp_id.or_else(|| attempt.choice.psp_id.clone()).unwrap_or_default(),
                psp_name: state.psp_name.or_else(|| attempt.choice.psp_name.clone()).unwrap_or_default(),
                method: state.method.or_else(|| attempt.choice.method.clone()),
                amount: state.amount,
                currency: state.currency,
                fee: state.fee,
                paid_at: state.paid_at,
            }))),
            _ => Err(Fault::new("asking about a payment", "the PSP's name of the outcome is not agreed")),
        }
    }

    async fn authorization(&self) -> Result<String, Fault> {
        Ok(format!("Bearer {}", self.secret.get().await?.api_key))
    }
}
