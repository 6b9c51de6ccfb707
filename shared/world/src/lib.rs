//! Everything that comes from outside a function: variables, secrets, time, randomness, the network.
//!
//! Production, the local stack and the tests run the same code in another [`World`]. Nothing else in the
//! workspace reads the environment, the clock or the system's randomness.

mod clock;
mod random;
mod secrets;
mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

pub use clock::Clock;
pub use random::Random;
pub use secrets::Secret;
pub use wire::{Answer, Wire};

use std::time::Duration;

/// The world of one function. Cheap to clone.
#[derive(Clone)]
pub struct World {
    inner: Arc<Inner>,
}

struct Inner {
    variables: BTreeMap<String, String>,
    clock: Clock,
    random: Random,
    aws: Wire,
    outside: Wire,
    secrets: secrets::Secrets,
}

/// What a world is made of, apart from its variables.
pub struct Parts {
    pub clock: Clock,
    pub random: Random,
    /// The way to AWS: DynamoDB, SES, Secrets Manager.
    pub aws: Wire,
    /// The way to everybody else: PSPs and pagoPA.
    pub outside: Wire,
}

/// A variable is missing or cannot be read. The message names it, never its value.
#[derive(Debug)]
pub struct NotConfigured {
    pub variable: String,
    pub why: String,
}

impl fmt::Display for NotConfigured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "variable {}: {}", self.variable, self.why)
    }
}

impl std::error::Error for NotConfigured {}

impl World {
    /// A world of given variables and parts.
    pub fn new(variables: BTreeMap<String, String>, parts: Parts) -> Self {
        let secrets =
            secrets::Secrets::new(&sdk_config(&variables, &parts.aws, "SECRETS_MANAGER"), &parts.clock);
        let Parts { clock, random, aws, outside } = parts;
        Self { inner: Arc::new(Inner { variables, clock, random, aws, outside, secrets }) }
    }

    /// The real one: the process's environment, the system's clock and randomness, the network.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub fn of_this_process() -> Result<Self, NotConfigured> {
        let variables: BTreeMap<String, String> = std::env::vars().collect();
        let parts = Parts {
            clock: Clock::system(),
            random: Random::system(),
            aws: Wire::to_aws()?,
            outside: Wire::to_everybody()?,
        };
        Ok(Self::new(variables, parts))
    }

    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    pub fn random(&self) -> &Random {
        &self.inner.random
    }

    /// The way to everybody but AWS.
    pub fn outside(&self) -> &Wire {
        &self.inner.outside
    }

    /// A variable that must be there.
    pub fn variable(&self, name: &str) -> Result<&str, NotConfigured> {
        self.optional(name).ok_or_else(|| refuse(name, "is missing"))
    }

    /// A variable that may be missing; empty counts as missing.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.inner.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A variable read as a value.
    pub fn parsed<T>(&self, name: &str) -> Result<T, NotConfigured>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        parse(name, self.variable(name)?)
    }

    /// A variable read as a value, or the default when it is missing.
    pub fn parsed_or<T>(&self, name: &str, default: T) -> Result<T, NotConfigured>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        self.optional(name).map_or(Ok(default), |text| parse(name, text))
    }

    /// A secret whose address (ARN) a variable holds, as JSON of type `T`.
    pub fn secret<T>(&self, variable: &str) -> Result<Secret<T>, NotConfigured> {
        Ok(Secret::new(self.inner.secrets.clone(), self.variable(variable)?))
    }

    /// Fetches every secret that the variables name, so that no request pays for it.
    pub async fn warm_secrets(&self) -> Result<(), domain::Fault> {
        for (name, arn) in &self.inner.variables {
            if name.ends_with("_SECRET") && !arn.is_empty() {
                self.inner.secrets.text(arn).await?;
            }
        }
        Ok(())
    }

    /// How to reach an AWS service, by the name that its endpoint variable ends with
    /// (`AWS_ENDPOINT_URL_DYNAMODB`). Without the loader chain: Lambda hands over all that is needed.
    pub fn sdk(&self, service: &str) -> SdkConfig {
        sdk_config(&self.inner.variables, &self.inner.aws, service)
    }
}

fn parse<T>(name: &str, text: &str) -> Result<T, NotConfigured>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    text.parse().map_err(|why: T::Err| refuse(name, &format!("cannot be read: {why}")))
}

fn refuse(name: &str, why: &str) -> NotConfigured {
    NotConfigured { variable: name.to_owned(), why: why.to_owned() }
}

impl NotConfigured {
    /// A variable is there but makes no sense.
    pub fn because(variable: &str, why: impl fmt::Display) -> Self {
        refuse(variable, &why.to_string())
    }
}

fn sdk_config(variables: &BTreeMap<String, String>, wire: &Wire, service: &str) -> SdkConfig {
    let get = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
    let credentials = Credentials::new(
        get("AWS_ACCESS_KEY_ID").unwrap_or_default(),
        get("AWS_SECRET_ACCESS_KEY").unwrap_or_default(),
        get("AWS_SESSION_TOKEN"),
        None,
        "environment",
    );
    // BAR 6.3: three tries, a second each, three in all; the handler's own deadline lies above.
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(1))
        .operation_timeout(Duration::from_secs(3))
        .build();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(get("AWS_REGION").unwrap_or_else(|| "eu-south-1".to_owned())))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(wire.for_sdk())
        .sleep_impl(TokioSleep::new())
        .retry_config(
            RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(50)),
        )
        .timeout_config(timeouts)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    config.set_endpoint_url(get(&format!("AWS_ENDPOINT_URL_{service}")).or_else(|| get("AWS_ENDPOINT_URL")));
    config.build()
}
