//! Everything that runs: AWS emulated, PSP and pagoPA simulated, functions called, what is due done.

use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use domain::Timestamp;
use emulator::access::OPERATOR;
use emulator::agenda::{Agenda, after};
use emulator::aws::Aws;
use emulator::exchange::{Request, Response};
use emulator::gateway::Gateway;
use emulator::invoke::{Functions, Invoker};
use emulator::start_error::StartError;
use emulator::streams::StreamReader;
use emulator::template::Template;
use emulator::{client, environment, schedules};
use http::header::HOST;
use runtime::{Clock, Env, Random};
use simulators::portal::{Delivery, PortalClient, PortalHost};
use simulators::{Simulators, Station};
use tokio::sync::Mutex;

use crate::in_process::Surroundings;
use crate::options::{Options, Simulation, repository};
use crate::{demo, secrets};

/// What is to happen at a time of the clock.
pub enum Task {
    /// A function that is called every so often.
    Schedule { function: String, every: Duration },
    /// Something that a simulator delivers.
    Deliver(Delivery),
    /// Expired items go away once a day: DynamoDB takes its time too.
    Expire,
}

const DAY: Duration = Duration::from_secs(86_400);

pub struct StackState {
    /// This stack's own address.
    pub origin: String,
    /// The same as functions elsewhere reach it.
    pub seen_by_functions: String,
    /// Where citizens reach the portal: here, unless functions run elsewhere.
    pub public_url: String,
    pub template: Arc<Template>,
    pub clock: Clock,
    pub random: Random,
    pub aws: Arc<Aws>,
    pub simulators: Arc<Simulators>,
    pub functions: Functions,
    pub agenda: Agenda<Task>,
    /// Where data are kept.
    pub folder: Option<PathBuf>,
    neighbours_only: bool,
    gateway: Gateway,
    streams: StreamReader,
    /// What is due is done by one at a time.
    turn: Mutex<()>,
}

impl StackState {
    /// `origin` is the stack's own address, `seen_by_functions` the same as functions elsewhere reach it.
    ///
    /// # Errors
    /// A template that cannot be read, data of other tables, a function that does not start.
    pub fn open(options: &Options, origin: &str, seen_by_functions: &str) -> Result<Arc<Self>, StartError> {
        let public_url = options.public_url.clone().unwrap_or_else(|| origin.to_owned());
        let mut values = demo::parameters(seen_by_functions, &public_url, options.channel);
        values.extend(options.parameters.clone());
        let path = options.template.clone().unwrap_or_else(|| repository().join("infra/template.yaml"));
        let mut template = Template::read(&path, &values)?;
        if !options.limits {
            // No parameter of the template's: there are limits wherever it is deployed.
            template.give_all("LIMITS", "off");
        }
        let template = Arc::new(template);
        let secrets = secrets::all();
        if let Some(secret) = template.secrets.iter().find(|name| !secrets.contains_key(*name)) {
            return Err(StartError::new(format!(
                "secret {secret} has no local value (infra/local/src/secrets.rs has those)"
            )));
        }
        let folder = options.data.as_deref();
        let (clock, random) = match options.simulation {
            Some(Simulation { seed, start, .. }) => (Clock::standing(start), Random::seeded(seed)),
            None => (Clock::system(), Random::system()),
        };
        let aws = Arc::new(Aws::open(folder, &template, &clock, options.enforce_grants, secrets)?);
        let (portal, station) = (PortalClient::at(&public_url), station(&template));
        let simulators =
            Simulators::open(folder, origin, portal, station, &aws.faults, &clock, &random).map(Arc::new)?;
        let surroundings = Surroundings {
            clock: clock.clone(),
            random: random.clone(),
            aws: aws.clone(),
            simulators: simulators.clone(),
        };
        let invoker = match (&options.invoke, options.neighbours_only) {
            (Some(url), _) => Invoker::endpoint(url),
            (None, true) => Invoker::Nobody,
            (None, false) => surroundings.connect(&template, options)?,
        };
        let functions = Functions { template: template.clone(), invoker };
        let state = Arc::new(Self {
            origin: origin.to_owned(),
            seen_by_functions: seen_by_functions.to_owned(),
            public_url,
            gateway: Gateway::new(&template),
            streams: StreamReader::open(folder)?,
            agenda: agenda(&functions, clock.now()),
            turn: Mutex::default(),
            neighbours_only: options.neighbours_only,
            folder: options.data.clone(),
            template,
            clock,
            random,
            aws,
            simulators,
            functions,
        });
        let host: Weak<dyn PortalHost> = Arc::downgrade(&(state.clone() as Arc<dyn PortalHost>));
        state.simulators.portal.connect(host);
        Ok(state)
    }

    /// The environment of a function in this process; of [`OPERATOR`], with all rights.
    pub fn env(&self, function: &str) -> Option<Env> {
        let variables = match self.template.functions.get(function) {
            Some(function) => environment::of(function),
            None if function == OPERATOR => environment::of_all(&self.template),
            None => return None,
        };
        let surroundings = Surroundings {
            clock: self.clock.clone(),
            random: self.random.clone(),
            aws: self.aws.clone(),
            simulators: self.simulators.clone(),
        };
        Some(surroundings.env(variables, function))
    }

    /// Answers a request to the portal by its function; nothing when the functions are reached in some other way.
    pub async fn routed(&self, request: &Request, request_id: &str, source: IpAddr) -> Option<Response> {
        if self.neighbours_only {
            return None;
        }
        let now = self.clock.now();
        Some(self.gateway.answer(&self.functions, request, request_id, source, now).await)
    }

    /// Does what the clock says is due, then what that has put into the streams.
    pub async fn catch_up(&self) {
        {
            let _turn = self.turn.lock().await;
            while let Some(task) = self.agenda.due(self.clock.now()) {
                self.work(task).await;
            }
        }
        self.settle().await;
    }

    /// Hands over what the streams hold.
    pub async fn settle(&self) {
        self.streams.drain(&self.functions, &self.aws.dynamo).await;
    }

    async fn work(&self, task: Task) {
        match task {
            Task::Schedule { function, every } => {
                schedules::call(&self.functions, &function, self.clock.now(), &self.random).await;
                self.agenda.add(after(self.clock.now(), every), Task::Schedule { function, every });
            }
            Task::Deliver(delivery) => self.simulators.deliver(delivery).await,
            Task::Expire => {
                self.aws.dynamo.expire();
                self.agenda.add(after(self.clock.now(), DAY), Task::Expire);
            }
        }
    }

    /// Sends a request to the portal, as from outside: through our own gateway, or to where the portal is.
    pub async fn at_the_portal(&self, mut request: Request, source: IpAddr) -> Result<Response, String> {
        if self.neighbours_only {
            return client::send(request).await;
        }
        let host = request.uri().authority().map_or("localhost", |authority| authority.as_str()).to_owned();
        request.headers_mut().insert(HOST, host.try_into().map_err(|_| "the address has no host")?);
        let request_id = self.random.hex::<12>().unwrap_or_default();
        self.routed(&request, &request_id, source).await.ok_or_else(|| "no functions run here".to_owned())
    }
}

impl PortalHost for StackState {
    fn send(
        &self,
        request: Request,
        source: IpAddr,
    ) -> Pin<Box<dyn Future<Output = Result<Response, String>> + Send + '_>> {
        Box::pin(self.at_the_portal(request, source))
    }

    fn later(&self, at: Timestamp, delivery: Delivery) {
        self.agenda.add(at, Task::Deliver(delivery));
    }
}

/// Every schedule, for the first time, and the end of what expires.
fn agenda(functions: &Functions, now: Timestamp) -> Agenda<Task> {
    let agenda = Agenda::default();
    for function in functions.template.functions.values().filter(|_| functions.run_somewhere()) {
        for every in &function.schedules {
            let task = Task::Schedule { function: function.name.clone(), every: *every };
            agenda.add(after(now, *every), task);
        }
    }
    agenda.add(after(now, DAY), Task::Expire);
    agenda
}

/// As whom the node knows the creditor.
fn station(template: &Template) -> Station {
    let function = template.functions.get("PagopaNode");
    let variable = |name: &str| function.and_then(|it| it.variables.get(name)).cloned().unwrap_or_default();
    Station {
        creditor: variable("CREDITOR_FISCAL_CODE"),
        broker: variable("BROKER_ID"),
        station: variable("STATION_ID"),
    }
}
