use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use local::{Options, Simulation, Stack};
use serde_json::{Value, json};

use crate::client::TestClient;
use crate::harness::Harness;
use crate::{
    CreditorClient, MailboxClient, NodeClient, PortalUser, PspClient, Rng, SampleNotice, SamplePerson,
    StartedPayment,
};

/// The product, and the drivers of everybody around it. Clones share the same product.
#[derive(Clone)]
pub struct TestPortal {
    state: Arc<PortalState>,
}

struct PortalState {
    deployment: Deployment,
    rng: Rng,
}

/// Where the product runs.
enum Deployment {
    /// At an address; `local` is where its simulators are. A test that is alone owns the stack.
    Tcp {
        base: String,
        local: String,
        own: Option<Stack>,
    },
    Simulated(Arc<Harness>),
}

static SHARED: OnceLock<Stack> = OnceLock::new();

impl TestPortal {
    /// The product that all tests of this binary share. Its clock is not to be moved.
    pub fn open() -> Self {
        let (base, local) = match variable("PORTAL_URL") {
            Some(base) => {
                let local = variable("LOCAL_URL").unwrap_or_else(|| base.clone());
                (base, local)
            }
            None => {
                let stack = SHARED.get_or_init(|| Stack::start(Options::default()).unwrap());
                (stack.address().to_owned(), stack.address().to_owned())
            }
        };
        Self::at(&base, &local, None)
    }

    /// The same, for a test of what our own gateway refuses: sam's says it in other words. None, and it says so, when
    /// another answers.
    pub fn behind_our_gateway() -> Option<Self> {
        let portal = Self::open();
        if matches!(&portal.state.deployment, Deployment::Tcp { base, local, .. } if base == local) {
            return Some(portal);
        }
        left_out(std::thread::current().name().unwrap_or_default());
        None
    }

    /// A product for one test alone, whose clock can be moved and whose services around it can be made to fail. None,
    /// and it says so, when the tests run against a product that others use.
    pub fn alone() -> Option<Self> {
        Self::alone_with(Options { demo: false, ..Options::default() })
    }

    /// A product for one test alone on a folder of data, behind these parameters of the template.
    pub fn alone_on(folder: &Path, parameters: &[(&str, &str)]) -> Option<Self> {
        let parameters =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let data = Some(folder.to_owned());
        Self::alone_with(Options { data, parameters, demo: false, ..Options::default() })
    }

    pub fn alone_with(options: Options) -> Option<Self> {
        if variable("PORTAL_URL").is_some() {
            left_out(std::thread::current().name().unwrap_or_default());
            return None;
        }
        let stack = Stack::start(options).unwrap();
        let base = stack.address().to_owned();
        Some(Self::at(&base, &base, Some(stack)))
    }

    /// The same product, with people who are the same in every run: what is measured must not depend on their names.
    pub fn with_people_of(mut self, seed: u64) -> Self {
        if let Some(state) = Arc::get_mut(&mut self.state) {
            state.rng = Rng::of_seed(seed);
        }
        self
    }

    /// A stack that the caller keeps, at its address.
    pub fn on(stack: &Stack) -> Self {
        Self::at(stack.address(), stack.address(), None)
    }

    /// A simulated stack on a paused clock: everything that happens follows from the seeds.
    pub fn simulated(simulation: Simulation, limits: bool, rng: Rng) -> Self {
        let deployment = Deployment::Simulated(Arc::new(Harness::new(simulation, limits)));
        Self { state: Arc::new(PortalState { deployment, rng }) }
    }

    fn at(base: &str, local: &str, own: Option<Stack>) -> Self {
        let trimmed = |url: &str| url.trim_end_matches('/').to_owned();
        let deployment = Deployment::Tcp { base: trimmed(base), local: trimmed(local), own };
        Self { state: Arc::new(PortalState { deployment, rng: Rng::of_this_test() }) }
    }

    pub fn url(&self) -> &str {
        match &self.state.deployment {
            Deployment::Tcp { base, .. } => base,
            Deployment::Simulated(_) => panic!("a simulation has no address"),
        }
    }

    pub fn rng(&self) -> &Rng {
        &self.state.rng
    }

    /// The stack that this test owns.
    pub fn stack(&self) -> &Stack {
        match &self.state.deployment {
            Deployment::Tcp { own: Some(stack), .. } => stack,
            _ => panic!("only TestPortal::alone has a stack to touch"),
        }
    }

    /// The simulated stack and its history.
    pub fn harness(&self) -> &Harness {
        match &self.state.deployment {
            Deployment::Simulated(harness) => harness,
            Deployment::Tcp { .. } => panic!("only TestPortal::simulated has a harness"),
        }
    }

    /// A client of nobody's, at a source address of its own.
    pub fn browser(&self) -> TestClient {
        let source = self.rng().address();
        match &self.state.deployment {
            Deployment::Tcp { base, .. } => TestClient::new(base, source),
            Deployment::Simulated(harness) => TestClient::simulated(harness, source),
        }
    }

    /// A client of a creditor, a PSP or the node. In a simulation they share one address, so that asking for one
    /// draws no random number.
    pub(crate) fn machine_client(&self) -> TestClient {
        match &self.state.deployment {
            Deployment::Tcp { .. } => self.browser(),
            Deployment::Simulated(harness) => TestClient::simulated(harness, Ipv4Addr::new(127, 9, 9, 9)),
        }
    }

    pub(crate) fn local_client(&self) -> TestClient {
        match &self.state.deployment {
            Deployment::Tcp { local, .. } => TestClient::new(local, self.rng().address()),
            Deployment::Simulated(_) => panic!("a simulation is asked directly, not by its local pages"),
        }
    }

    /// Somebody who has no account yet.
    pub fn citizen(&self) -> PortalUser {
        self.citizen_like(SamplePerson::natural(self.rng()))
    }

    /// A company that has no account yet.
    pub fn company(&self) -> PortalUser {
        self.citizen_like(SamplePerson::legal(self.rng()))
    }

    pub fn citizen_like(&self, person: SamplePerson) -> PortalUser {
        PortalUser::new(self, person)
    }

    /// Somebody with an account, logged in.
    pub async fn known_citizen(&self) -> PortalUser {
        self.citizen().becomes_known().await
    }

    /// Somebody logged in, with one debt to pay, which has proven who they are.
    pub async fn proven_citizen(&self) -> (PortalUser, SampleNotice) {
        let citizen = self.known_citizen().await;
        let notice = self.creditor().issues(&citizen.person).await;
        citizen.associates(&notice).await;
        (citizen, notice)
    }

    /// Somebody logged in, with so many debts in their list.
    pub async fn citizen_with_debts(&self, count: usize) -> (PortalUser, Vec<SampleNotice>) {
        let citizen = self.known_citizen().await;
        let mut notices = Vec::new();
        for _ in 0..count {
            let notice = self.creditor().issues(&citizen.person).await;
            citizen.associates(&notice).await;
            notices.push(notice);
        }
        (citizen, notices)
    }

    /// Somebody proven who has started to pay a debt and is on the PSP's page.
    pub async fn payment_under_way(&self) -> (PortalUser, SampleNotice, StartedPayment) {
        let (citizen, notice) = self.proven_citizen().await;
        let paying = citizen.pays(&notice).await;
        (citizen, notice, paying)
    }

    pub fn creditor(&self) -> CreditorClient {
        CreditorClient::new(self)
    }

    pub fn psp(&self) -> PspClient {
        PspClient::new(self)
    }

    pub fn node(&self) -> NodeClient {
        NodeClient::new(self)
    }

    pub fn mailbox(&self) -> MailboxClient {
        MailboxClient::new(self)
    }

    pub fn clock(&self) -> ClockControl {
        ClockControl { portal: self.clone() }
    }
}

/// The stack's clock.
pub struct ClockControl {
    portal: TestPortal,
}

impl ClockControl {
    /// The time it shows.
    pub async fn now(&self) -> jiff::Timestamp {
        if let Deployment::Simulated(harness) = &self.portal.state.deployment {
            return harness.stack.clock().now();
        }
        let shown = self.portal.local_client().get("/_local/clock").answer().await.ok();
        shown["now"].as_str().and_then(|text| text.parse().ok()).expect("the clock shows an instant")
    }

    /// Today in Rome, and so many days later.
    pub async fn day(&self, later: i64) -> String {
        let rome = jiff::tz::get!("Europe/Rome");
        let today = self.now().await.to_zoned_datetime(rome).date();
        today.checked_add(jiff::Span::new().days(later)).unwrap().to_string()
    }

    /// Moves it, and waits until what is due by then is done. Only for a test that is alone.
    pub async fn moves(&self, by: Duration) {
        let _alone = self.portal.stack();
        let order = json!({"advanceSeconds": by.as_secs()});
        let _: Value = self.portal.local_client().post("/_local/clock", &order).answer().await.ok();
    }

    pub async fn moves_minutes(&self, minutes: u64) {
        self.moves(Duration::from_secs(minutes * 60)).await;
    }
}

/// Prints that a test needs a stack of its own, which `PORTAL_URL` cannot give; appends it to the file that `LEFT_OUT`
/// names.
fn left_out(test: &str) {
    println!("LEFT OUT: {test}");
    if let Some(path) = variable("LEFT_OUT") {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&path);
        let written =
            file.and_then(|mut file| std::io::Write::write_all(&mut file, format!("{test}\n").as_bytes()));
        written.unwrap_or_else(|e| panic!("{path}: {e}"));
    }
}

/// A variable of whoever runs the tests; empty counts as missing.
#[expect(clippy::disallowed_methods, reason = "tests are not functions: they have no Env to ask")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
