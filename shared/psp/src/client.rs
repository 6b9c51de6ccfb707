use std::time::Duration;

use domain::payment::{Attempt, PaymentPage};
use domain::{Error, Fault};
use runtime::metrics::CallbackOutcome;
use runtime::{ConfigError, Env, HttpClient, Measure, Metrics, Secret};
use serde::Deserialize;
use serde_json::json;
use web::Site;

use crate::PspKeys;
use crate::notification::PspNotification;

/// The PSP's interface.
#[derive(Clone)]
pub struct PspClient {
    wire: HttpClient,
    url: String,
    secret: Secret<PspKeys>,
    metrics: Metrics,
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

impl PspClient {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        let config = env.config();
        Ok(Self {
            wire: env.http()?,
            url: config.with_tls(&config.psp_url)?.get()?.clone(),
            secret: env.secret(&config.psp_secret)?,
            metrics: env.metrics().clone(),
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
        let mut body = json!({
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
        // What is not chosen is left out: the contract has no null.
        if let Some(fields) = body.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
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
        let sound =
            self.site.may_lead_to(&opened.redirect_url) && opened.transaction_id.chars().count() <= 128;
        if !sound || opened.transaction_id.is_empty() {
            return Err(Error::PspUnavailable(Fault::new(DOING, "the answer is not what was agreed")));
        }
        Ok(PaymentPage {
            transaction_id: opened.transaction_id,
            redirect_url: opened.redirect_url,
            good_until: None,
        })
    }

    /// Asks how a payment went: nothing if the PSP has never heard of it.
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
            200 => self.told(DOING, &answer.body, attempt).map(Some),
            status => Err(Fault::new(DOING, format!("the PSP answered {status}"))),
        }
    }

    /// Asks the PSP to let nobody pay any more. `None`: it has no such operation, and has not been told.
    ///
    /// # Errors
    /// Somebody is paying just now, or the PSP could not be asked.
    pub async fn cancel(&self, attempt: &Attempt) -> Result<Option<PspNotification>, Error> {
        const DOING: &str = "giving a payment up";
        let headers =
            [("authorization", self.authorization().await?), ("content-type", "application/json".to_owned())];
        let url = format!("{}/payments/{}/cancel", self.url, attempt.id);
        let answer = self.wire.send(DOING, "POST", &url, &headers, b"{}".to_vec(), LIMIT).await;
        let answer = answer.map_err(Error::PspUnavailable)?;
        match answer.status {
            200 => self.told(DOING, &answer.body, attempt).map(Some).map_err(Error::PspUnavailable),
            404 | 405 | 501 => Ok(None),
            409 => Err(Error::PaymentInProgress),
            status => Err(Error::PspUnavailable(Fault::new(DOING, format!("the PSP answered {status}")))),
        }
    }

    fn told(&self, doing: &'static str, body: &[u8], attempt: &Attempt) -> Result<PspNotification, Fault> {
        PspNotification::of_answer(body, attempt).map_err(|why| {
            self.metrics.note(Measure::Callback(CallbackOutcome::Unreadable));
            tracing::error!(
                event = "payment.answer_refused",
                %why, payment = %attempt.id, "an answer of the PSP that is not believed"
            );
            Fault::new(doing, format!("the answer is not what was agreed: {why}"))
        })
    }

    async fn authorization(&self) -> Result<String, Fault> {
        Ok(format!("Bearer {}", self.secret.get().await?.api_key))
    }
}
