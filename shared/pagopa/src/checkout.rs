//! pagoPA Checkout: a cart of one to five notices, and the page where the citizen pays it.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use domain::creditor::Creditor;
use domain::payment::{self, Attempt, MAX_DEBTS};
use domain::{Error, Fault, time};
use runtime::config::is_absolute_url;
use runtime::{Clock, ConfigError, Env, HttpClient, Secret};
use serde::{Deserialize, Serialize};

use crate::values::BoundedText;

/// How long the answer may take: the citizen is waiting.
const PATIENCE: Duration = Duration::from_secs(6);

/// The header that carries the key of pagoPA's platform.
pub(crate) const KEY_HEADER: &str = "ocp-apim-subscription-key";

const DOING: &str = "opening a cart at Checkout";

/// A cart as Checkout takes it. Amounts are cents here, unlike in SOAP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cart {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email_notice: Option<String>,
    pub payment_notices: Vec<PaymentNotice>,
    pub return_urls: ReturnUrls,
    /// Our payment. It comes back as `paymentNote`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_cart: Option<String>,
    #[serde(rename = "allCCP", default)]
    pub all_ccp: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentNotice {
    pub notice_number: String,
    pub fiscal_code: String,
    pub amount: u64,
    pub company_name: String,
    pub description: String,
}

/// Where the browser comes back to. Nothing is appended and nothing signed: a visit proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReturnUrls {
    pub return_ok_url: String,
    pub return_cancel_url: String,
    pub return_error_url: String,
    /// Only in the second version of the interface, which demands it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_waiting_url: Option<String>,
}

/// Why Checkout would refuse a cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CartFlaw {
    /// 400.
    Invalid(&'static str),
    /// 422.
    NoticeTwice,
}

impl Cart {
    /// The cart of an attempt. All ways back lead to the page that waits for the receipt; what they say of the outcome
    /// is a hint to whoever comes back, and proves nothing.
    pub fn of(attempt: &Attempt, creditor: &Creditor, public_url: &str, second: bool) -> Self {
        let back = format!("{}/paga/{}/esito", public_url.trim_end_matches('/'), attempt.id);
        let notice = |item: &payment::PaymentItem| PaymentNotice {
            notice_number: item.notice.as_str().to_owned(),
            fiscal_code: creditor.fiscal_code.as_str().to_owned(),
            amount: item.amount.get(),
            company_name: BoundedText::<140>::cut_or(&creditor.name, creditor.fiscal_code.as_str())
                .as_str()
                .to_owned(),
            description: BoundedText::<140>::cut_or(&item.reason, item.notice.as_str()).as_str().to_owned(),
        };
        Self {
            email_notice: attempt.email.as_ref().map(|email| email.as_str().to_owned()),
            payment_notices: attempt.items.iter().map(notice).collect(),
            return_urls: ReturnUrls {
                return_ok_url: format!("{back}?come=ok"),
                return_cancel_url: format!("{back}?come=annullato"),
                return_error_url: format!("{back}?come=errore"),
                return_waiting_url: second.then_some(back),
            },
            id_cart: Some(attempt.id.as_str().to_owned()),
            all_ccp: creditor.postal.is_some(),
        }
    }

    /// What Checkout itself checks (`checkout_v1.json`, `checkout_v2.json`), before asking the node.
    pub fn check(&self, second: bool) -> Result<(), CartFlaw> {
        let wrong = |field| Err(CartFlaw::Invalid(field));
        if !(1..=MAX_DEBTS).contains(&self.payment_notices.len()) {
            return wrong("paymentNotices");
        }
        for notice in &self.payment_notices {
            let digits = |text: &str, n| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
            let short = |text: &str| text.chars().count() <= 140;
            if !digits(&notice.notice_number, 18) {
                return wrong("noticeNumber");
            }
            if !digits(&notice.fiscal_code, 11) {
                return wrong("fiscalCode");
            }
            if !(1..=domain::money::MAX_CENTS).contains(&notice.amount) {
                return wrong("amount");
            }
            if !short(&notice.company_name) {
                return wrong("companyName");
            }
            if !short(&notice.description) {
                return wrong("description");
            }
        }
        let urls = &self.return_urls;
        let back = [Some(&urls.return_ok_url), Some(&urls.return_cancel_url), Some(&urls.return_error_url)];
        if !back
            .into_iter()
            .chain([urls.return_waiting_url.as_ref()])
            .flatten()
            .all(|url| is_absolute_url(url))
        {
            return wrong("returnUrls");
        }
        if second && urls.return_waiting_url.is_none() {
            return wrong("returnWaitingUrl");
        }
        let mut seen = BTreeSet::new();
        let once = self
            .payment_notices
            .iter()
            .all(|notice| seen.insert((&notice.fiscal_code, &notice.notice_number)));
        if once { Ok(()) } else { Err(CartFlaw::NoticeTwice) }
    }
}

/// Why there is no page to pay at.
#[derive(Debug)]
pub enum NotOpened {
    /// The node says that a notice is not free: already paid, or being paid. Its state must be read again.
    NotFree(CheckoutProblem),
    /// The cart was refused as it is: a mistake of ours.
    Refused(CheckoutProblem),
    /// Our key is missing or wrong: a mistake of the configuration.
    Key { status: u16 },
    /// Trouble there, or none of it reached us in time. Nothing was paid: another cart does no harm.
    Unavailable(Fault),
    /// An answer that nobody described.
    Unexpected { status: u16 },
}

/// What an answer says of itself, as far as it is the JSON of a problem. For the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct CheckoutProblem {
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub detail: Option<String>,
}

impl CheckoutProblem {
    /// Reads whatever there is: an unknown body is an empty problem.
    pub(crate) fn read(body: &[u8]) -> Self {
        let Self { title, detail } = serde_json::from_slice(body).unwrap_or_default();
        let short = |text: Option<String>| {
            text.and_then(|text| BoundedText::<200>::cut(&text)).map(|text| text.as_str().to_owned())
        };
        Self { title: short(title), detail: short(detail) }
    }
}

impl fmt::Display for CheckoutProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [title, detail] = [&self.title, &self.detail].map(|text| text.as_deref().unwrap_or("?"));
        write!(f, "{title}: {detail}")
    }
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotOpened::NotFree(problem) => write!(f, "a notice is not free: {problem}"),
            NotOpened::Refused(problem) => write!(f, "the cart was refused: {problem}"),
            NotOpened::Key { status } => write!(f, "our key was refused with {status}"),
            NotOpened::Unavailable(fault) => write!(f, "{}: {}", fault.doing, fault.source),
            NotOpened::Unexpected { status } => write!(f, "nobody expects {status}"),
        }
    }
}

impl std::error::Error for NotOpened {}

impl From<NotOpened> for Error {
    fn from(why: NotOpened) -> Self {
        match why {
            NotOpened::NotFree(_) => Error::DebtNotPayable,
            NotOpened::Unavailable(fault) => Error::PspUnavailable(fault),
            NotOpened::Refused(_) | NotOpened::Key { .. } | NotOpened::Unexpected { .. } => {
                Error::PspUnavailable(Fault::new(DOING, why))
            }
        }
    }
}

/// What an answer of Checkout means: the address of the page, or why there is none.
pub fn interpret(status: u16, location: Option<&str>, body: &[u8]) -> Result<String, NotOpened> {
    match (status, location) {
        (302, Some(page)) if is_absolute_url(page) => Ok(page.to_owned()),
        (400, _) => Err(NotOpened::Refused(CheckoutProblem::read(body))),
        (401 | 403, _) => Err(NotOpened::Key { status }),
        (422, _) => {
            let problem = CheckoutProblem::read(body);
            let said =
                |text: &Option<String>, words: &str| text.as_ref().is_some_and(|text| text.contains(words));
            // Too many notices or one twice: we checked that before. Anything else is the node's verdict.
            let ours = said(&problem.title, "Multiple payment notices") || said(&problem.detail, "Duplicate");
            Err(if ours { NotOpened::Refused(problem) } else { NotOpened::NotFree(problem) })
        }
        (408 | 429 | 500..=599, _) => Err(NotOpened::Unavailable(Fault::new(
            DOING,
            format!("{status}: {}", CheckoutProblem::read(body)),
        ))),
        (_, _) => Err(NotOpened::Unexpected { status }),
    }
}

/// The PSP's secret, as far as it concerns pagoPA's platform.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CheckoutKeys {
    #[serde(default)]
    checkout_key: Option<String>,
}

/// The way to Checkout.
#[derive(Clone)]
pub struct CheckoutClient {
    wire: HttpClient,
    carts: String,
    second: bool,
    public_url: String,
    keys: Secret<CheckoutKeys>,
    clock: Clock,
}

/// How long the address of a cart is offered again: it lives ten minutes, and somebody must still get there.
const CART_LIFE: Duration = Duration::from_secs(9 * 60);

impl CheckoutClient {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        let config = env.config();
        let (base, public_url) = (config.checkout_url.get()?, config.public_url.get()?);
        // Only a Checkout without TLS, which is one on this desk, may send people back without it.
        if base.starts_with("https:") && !public_url.starts_with("https:") {
            return Err(ConfigError::because("PUBLIC_URL", "must be https: Checkout sends people there"));
        }
        Ok(Self {
            wire: env.http()?,
            carts: format!("{base}/carts"),
            second: base.ends_with("/v2"),
            public_url: public_url.clone(),
            keys: env.secret(&config.psp_secret)?,
            clock: env.clock().clone(),
        })
    }

    /// Posts the cart of an attempt and says where the citizen pays it. Not repeated by
    /// itself.
    pub async fn open(
        &self,
        attempt: &Attempt,
        creditor: &Creditor,
    ) -> Result<payment::PaymentPage, NotOpened> {
        let cart = Cart::of(attempt, creditor, &self.public_url, self.second);
        if let Err(flaw) = cart.check(self.second) {
            let detail = Some(format!("{flaw:?}"));
            return Err(NotOpened::Refused(CheckoutProblem {
                title: Some("refused by ourselves".to_owned()),
                detail,
            }));
        }
        let keys = self.keys.get().await.map_err(NotOpened::Unavailable)?;
        let asked_at = self.clock.now();
        let page = self.post(&cart, keys.checkout_key.as_deref()).await?;
        let (transaction_id, good_until) =
            (attempt.id.as_str().to_owned(), Some(time::after(asked_at, CART_LIFE)));
        Ok(payment::PaymentPage { transaction_id, redirect_url: page, good_until })
    }

    async fn post(&self, cart: &Cart, key: Option<&str>) -> Result<String, NotOpened> {
        let body = serde_json::to_vec(cart).map_err(|e| NotOpened::Unavailable(Fault::new(DOING, e)))?;
        let headers = headers(key);
        let answer = self.wire.send(DOING, "POST", &self.carts, &headers, body, PATIENCE).await;
        let answer = answer.map_err(NotOpened::Unavailable)?;
        let page = interpret(answer.status, answer.headers.get("location"), &answer.body)?;
        // Whoever is reached by TLS does not send people anywhere without it.
        if self.carts.starts_with("https:") && !page.starts_with("https:") {
            return Err(NotOpened::Unexpected { status: answer.status });
        }
        Ok(page)
    }
}

/// The headers of a call to pagoPA's platform; the key when there is one.
pub(crate) fn headers(key: Option<&str>) -> Vec<(&'static str, String)> {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    headers.extend(key.filter(|key| !key.is_empty()).map(|key| (KEY_HEADER, key.to_owned())));
    headers
}

/// What a citizen is told in Checkout when a creditor refuses, and with which HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    Unknown,
    Data,
    InProgress,
    Closed,
    CreditorUnavailable,
    Generic,
}

impl Category {
    /// The category of a fault code of ours or of the node's.
    pub fn of(code: &str) -> Self {
        match code {
            "PAA_PAGAMENTO_SCONOSCIUTO" => Category::Unknown,
            "PPT_DOMINIO_SCONOSCIUTO" | "PPT_STAZIONE_INT_PA_SCONOSCIUTA" => Category::Data,
            "PPT_PAGAMENTO_IN_CORSO" | "PAA_PAGAMENTO_IN_CORSO" => Category::InProgress,
            "PAA_PAGAMENTO_SCADUTO"
            | "PAA_PAGAMENTO_ANNULLATO"
            | "PAA_PAGAMENTO_DUPLICATO"
            | "PPT_PAGAMENTO_DUPLICATO" => Category::Closed,
            "PPT_STAZIONE_INT_PA_IRRAGGIUNGIBILE"
            | "PPT_STAZIONE_INT_PA_TIMEOUT"
            | "PPT_STAZIONE_INT_PA_ERRORE_RESPONSE"
            | "PPT_IBAN_NON_CENSITO"
            | "PAA_STAZIONE_INT_ERRATA"
            | "PAA_SYSTEM_ERROR"
            | "PPT_ERRORE_EMESSO_DA_PAA" => Category::CreditorUnavailable,
            _ if code.starts_with("PPT_SINTASSI_") => Category::Data,
            _ if code.starts_with("PAA_SINTASSI_") => Category::CreditorUnavailable,
            _ if code.starts_with("PAA_ID_") && code.ends_with("_ERRATO") => Category::CreditorUnavailable,
            _ => Category::Generic,
        }
    }

    pub fn status(self) -> u16 {
        match self {
            Category::Unknown | Category::Data => 404,
            Category::InProgress | Category::Closed => 409,
            Category::CreditorUnavailable => 503,
            Category::Generic => 502,
        }
    }
}
