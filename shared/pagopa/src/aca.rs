//! The central archive of notices (*Archivio Centralizzato Avvisi*): what the node falls back on when it cannot
//! reach us. Every position goes there, and goes there again when it changes.

use std::fmt;
use std::time::Duration;

use domain::creditor::{Creditor, Iban};
use domain::debt::DebtState;
use domain::person::PersonType;
use domain::{Date, Debt, Fault, Timestamp, time};
use runtime::{ConfigError, Env, HttpClient, Secret};
use serde::{Deserialize, Serialize};

use crate::checkout::{CheckoutProblem, headers};
use crate::mapping::NO_DUE_DATE;
use crate::values::BoundedText;

/// How long the answer may take: nobody is waiting but our outbox.
const PATIENCE: Duration = Duration::from_secs(10);

const DOING: &str = "telling the central archive of a notice";

/// A position as the archive takes it (`paCreatePosition.json`). The same call creates and changes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    pub pa_fiscal_code: String,
    pub entity_type: String,
    pub entity_fiscal_code: String,
    pub entity_full_name: String,
    pub iuv: String,
    /// Always sent: what the archive would guess is right for one aux digit out of four.
    pub nav: String,
    /// Cents; zero closes the position.
    pub amount: u64,
    pub description: String,
    pub expiration_date: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iban: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_iban: Option<String>,
    pub switch_to_expired: bool,
    pub pay_stand_in: bool,
}

impl Position {
    /// What the archive should hold of a debt at this instant: its amount while it can be paid, zero otherwise.
    pub fn of(debt: &Debt, creditor: &Creditor, now: Timestamp) -> Self {
        let payable = debt.effective_state(now) == DebtState::Open && debt.is_published(now);
        let last_day = debt.days.expires.or(debt.days.due).unwrap_or(NO_DUE_DATE);
        let person = &debt.debtor;
        let italian = |iban: &Iban| Some(iban.as_str().to_owned()).filter(|iban| iban.len() == 27);
        Self {
            pa_fiscal_code: creditor.fiscal_code.as_str().to_owned(),
            entity_type: match person.person_type {
                PersonType::Natural => "F".to_owned(),
                PersonType::Legal => "G".to_owned(),
            },
            entity_fiscal_code: person.fiscal_code.as_str().to_owned(),
            entity_full_name: long(&person.name, person.fiscal_code.as_str()),
            iuv: debt.iuv().as_str().to_owned(),
            nav: debt.notice.as_str().to_owned(),
            amount: if payable { debt.amount.get() } else { 0 },
            description: long(&debt.reason, &debt.service.name),
            expiration_date: end_of(last_day),
            iban: creditor.iban.as_ref().and_then(italian),
            postal_iban: creditor.postal.as_ref().and_then(|account| italian(&account.iban)),
            // After `due` a debt is still taken; after `expires` it is not.
            switch_to_expired: debt.days.expires.is_some(),
            pay_stand_in: true,
        }
    }
}

fn long(text: &str, otherwise: &str) -> String {
    BoundedText::<255>::cut_or(text, otherwise).as_str().to_owned()
}

/// The last second of a day in Rome. In UTC it is still the same day, whoever drops the hours.
fn end_of(day: Date) -> Timestamp {
    let end = time::end_of(day).and_then(|next| next.checked_sub(jiff::SignedDuration::from_secs(1)).ok());
    end.unwrap_or(Timestamp::MAX)
}

/// Why the archive does not hold what we sent.
#[derive(Debug)]
pub enum NotStored {
    /// It will not take this position: a person must look (400, 404, 409, 422).
    Refused { status: u16, problem: CheckoutProblem },
    /// Our key is missing or wrong.
    Key { status: u16 },
    /// Trouble there or on the way: send it again later.
    Unavailable(Fault),
    /// An answer that nobody described.
    Unexpected { status: u16 },
}

impl NotStored {
    /// Returns whether sending the same again may help.
    pub fn worth_repeating(&self) -> bool {
        match self {
            NotStored::Unavailable(_) | NotStored::Key { .. } => true,
            NotStored::Refused { .. } | NotStored::Unexpected { .. } => false,
        }
    }
}

impl fmt::Display for NotStored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotStored::Refused { status, problem } => write!(f, "refused with {status}: {problem}"),
            NotStored::Key { status } => write!(f, "our key was refused with {status}"),
            NotStored::Unavailable(fault) => write!(f, "{}: {}", fault.doing, fault.source),
            NotStored::Unexpected { status } => write!(f, "nobody expects {status}"),
        }
    }
}

impl std::error::Error for NotStored {}

impl From<NotStored> for Fault {
    fn from(why: NotStored) -> Self {
        Fault::new(DOING, why)
    }
}

/// What the archive says that it holds now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct AcaStored {
    #[serde(default)]
    pub status: Option<String>,
}

/// What an answer of the archive means.
pub fn interpret(status: u16, body: &[u8]) -> Result<AcaStored, NotStored> {
    match status {
        // It is stored whatever the body looks like.
        200 => Ok(serde_json::from_slice(body).unwrap_or_default()),
        400 | 404 | 409 | 422 => Err(NotStored::Refused { status, problem: CheckoutProblem::read(body) }),
        401 | 403 => Err(NotStored::Key { status }),
        408 | 429 | 500..=599 => Err(NotStored::Unavailable(Fault::new(
            DOING,
            format!("{status}: {}", CheckoutProblem::read(body)),
        ))),
        _ => Err(NotStored::Unexpected { status }),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AcaKeys {
    #[serde(default)]
    aca_key: Option<String>,
}

/// The way to the archive.
#[derive(Clone)]
pub struct AcaClient {
    wire: HttpClient,
    url: String,
    keys: Secret<AcaKeys>,
}

impl AcaClient {
    /// Without an address there is no archive, and nothing is sent.
    pub fn connect(env: &Env) -> Result<Option<Self>, ConfigError> {
        let Some(base) = env.config().with_tls(&env.config().aca_url)?.optional()? else {
            return Ok(None);
        };
        let url = format!("{}/paCreatePosition", base);
        Ok(Some(Self { wire: env.http()?, url, keys: env.secret(&env.config().aca_secret)? }))
    }

    /// Tells the archive what to hold. The same position may be sent any number of times.
    pub async fn upload(&self, position: &Position) -> Result<AcaStored, NotStored> {
        let body = serde_json::to_vec(position).map_err(|e| NotStored::Unavailable(Fault::new(DOING, e)))?;
        let keys = self.keys.get().await.map_err(NotStored::Unavailable)?;
        let headers = headers(keys.aca_key.as_deref());
        let answer = self.wire.send(DOING, "POST", &self.url, &headers, body, PATIENCE).await;
        let answer = answer.map_err(NotStored::Unavailable)?;
        interpret(answer.status, &answer.body)
    }
}
