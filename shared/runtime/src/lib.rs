//! Everything that comes from outside a function: variables, secrets, time, randomness, the network.
//!
//! Production, the local stack and the tests run the same code in another [`Env`]. Nothing else in the
//! workspace reads the environment, the clock or the system's randomness.

mod clock;
pub mod config;
mod http_client;
pub mod metrics;
mod random;
mod secrets;

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

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
pub use config::{Config, IdentityProof, PaymentChannel, Setting};
pub use http_client::{HttpClient, HttpResponse};
pub use metrics::{Measure, Metrics};
pub use random::Random;
pub use secrets::Secret;

use std::time::Duration;

/// The release that this was built from, as `CHANGELOG.md` names it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Everything from outside that one function may use. Cheap to clone.
#[derive(Clone)]
pub struct Env {
    inner: Arc<EnvInner>,
}

struct EnvInner {
    config: Config,
    /// Those that AWS's own SDK knows (`AWS_…`).
    variables: BTreeMap<String, String>,
    clock: Clock,
    random: Random,
    aws: HttpClient,
    outside: OnceLock<HttpClient>,
    shared: Mutex<BTreeMap<TypeId, Box<dyn Any + Send + Sync>>>,
    metrics: Metrics,
    secrets: secrets::SecretCache,
}

/// What an [`Env`] is made of, apart from its variables.
pub struct EnvParts {
    pub clock: Clock,
    pub random: Random,
    /// The way to AWS: DynamoDB, SES, Secrets Manager.
    pub aws: HttpClient,
    /// The way to everybody else: PSPs and pagoPA.
    pub outside: HttpClient,
}

/// A variable is missing or cannot be read. The message names it, never its value.
#[derive(Debug)]
pub struct ConfigError {
    pub variable: String,
    pub why: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "variable {}: {}", self.variable, self.why)
    }
}

impl std::error::Error for ConfigError {}

impl Env {
    /// An environment of given variables and parts.
    pub fn new(variables: BTreeMap<String, String>, parts: EnvParts) -> Self {
        let EnvParts { clock, random, aws, outside } = parts;
        Self::of(variables, clock, random, aws, outside.into())
    }

    /// The same where passwords are hashed at next to no cost: for simulations of many thousand logins. No
    /// variable leads here.
    pub fn with_hash_cost(mut self, memory_kib: u32, passes: u32) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.config.argon2_memory_kib.set(memory_kib);
            inner.config.argon2_passes.set(passes);
        }
        self
    }

    /// The real one: the process's environment, the system's clock and randomness, the network.
    pub fn of_this_process() -> Result<Self, ConfigError> {
        Self::of_this_process_with(BTreeMap::new())
    }

    /// The real one with variables that go before the environment's: a command that works for a function.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub fn of_this_process_with(given: BTreeMap<String, String>) -> Result<Self, ConfigError> {
        let variables: BTreeMap<String, String> = std::env::vars().chain(given).collect();
        let aws = HttpClient::to_aws(variables.get("AWS_CA_BUNDLE").map(String::as_str))?;
        // The way to everybody else is made when it is first asked for: most functions never do, and the system's
        // hundred and forty authorities take a while to read.
        Ok(Self::of(variables, Clock::system(), Random::system(), aws, OnceLock::new()))
    }

    fn of(
        variables: BTreeMap<String, String>,
        clock: Clock,
        random: Random,
        aws: HttpClient,
        outside: OnceLock<HttpClient>,
    ) -> Self {
        let secrets = secrets::SecretCache::new(&sdk_config(&variables, &aws, "SECRETS_MANAGER"), &clock);
        let (shared, metrics) = (Mutex::default(), Metrics::default());
        let config = Config::read(&variables);
        let inner = EnvInner { config, variables, clock, random, aws, outside, shared, metrics, secrets };
        Self { inner: Arc::new(inner) }
    }

    /// The settings of the deployment.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    pub fn random(&self) -> &Random {
        &self.inner.random
    }

    /// Where a function writes what it measures.
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    /// The way to everybody but AWS. To be asked for in the start phase.
    pub fn http(&self) -> Result<HttpClient, ConfigError> {
        if let Some(wire) = self.inner.outside.get() {
            return Ok(wire.clone());
        }
        let wire = HttpClient::to_everybody()?;
        Ok(self.inner.outside.get_or_init(|| wire).clone())
    }

    /// The one `T` of this environment: made by whoever asks first, a clone of it for the others.
    pub fn shared<T: Clone + Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> T {
        let mut shared = self.inner.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = shared.get(&TypeId::of::<T>()).and_then(|kept| kept.downcast_ref::<T>()).cloned();
        kept.unwrap_or_else(|| {
            let made = make();
            shared.insert(TypeId::of::<T>(), Box::new(made.clone()));
            made
        })
    }

    /// A secret whose address (ARN) a setting holds, as JSON of type `T`.
    ///
    /// # Errors
    /// The setting is missing.
    pub fn secret<T>(&self, address: &Setting<String>) -> Result<Secret<T>, ConfigError> {
        Ok(Secret::new(self.inner.secrets.clone(), address.get()?))
    }

    /// What can be done in the start phase, so that no request pays for it: every secret that the settings name
    /// is read, and the connection to the tables is opened.
    pub async fn prepare(&self) -> Result<(), domain::Fault> {
        let has_tables = self.config().tables().next().is_some();
        let connection = async {
            if has_tables {
                self.open_connection("dynamodb").await
            }
        };
        // One after the other: they share one connection, and a handshake costs more than a turn.
        let secrets = async {
            for arn in self.config().secrets() {
                self.inner.secrets.text(arn).await?;
            }
            Ok(())
        };
        tokio::join!(connection, secrets).1
    }

    /// Opens the connection that the SDK will then use, by the cheapest read there is: DynamoDB says that it is
    /// healthy to anybody who asks, and it costs no capacity and needs no right. Without an answer the first request
    /// opens the connection itself.
    async fn open_connection(&self, service: &str) {
        const DOING: &str = "opening the connection to the tables";
        let config = self.sdk(&service.to_ascii_uppercase());
        let region = config.region().map(Region::as_ref).unwrap_or_default();
        let url = config.endpoint_url().map(str::to_owned);
        let url = url.unwrap_or_else(|| format!("https://{service}.{region}.amazonaws.com"));
        let url = format!("{}/ping", url.trim_end_matches('/'));
        let answer = self.inner.aws.send(DOING, "GET", &url, &[], Vec::new(), Duration::from_secs(1));
        // Nothing depends on it.
        drop(answer.await);
    }

    /// How to reach an AWS service, by the name that its endpoint variable ends with
    /// (`AWS_ENDPOINT_URL_DYNAMODB`). Without the loader chain: Lambda hands over all that is needed.
    pub fn sdk(&self, service: &str) -> SdkConfig {
        sdk_config(&self.inner.variables, &self.inner.aws, service)
    }
}

impl ConfigError {
    /// What is wrong with a variable, or with a file that takes its place.
    pub fn because(variable: &str, why: impl fmt::Display) -> Self {
        Self { variable: variable.to_owned(), why: why.to_string() }
    }
}

fn sdk_config(variables: &BTreeMap<String, String>, wire: &HttpClient, service: &str) -> SdkConfig {
    let get = |name: &str| variables.get(name).filter(|value| !value.is_empty()).cloned();
    let credentials = Credentials::new(
        get("AWS_ACCESS_KEY_ID").unwrap_or_default(),
        get("AWS_SECRET_ACCESS_KEY").unwrap_or_default(),
        get("AWS_SESSION_TOKEN"),
        None,
        "environment",
    );
    // Three tries, a second each, three in all; the handler's own deadline lies above (INV-X01).
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
