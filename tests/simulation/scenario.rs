//! One scenario: a few users, a creditor, a PSP and the node act as the seed says while faults are injected; then the
//! faults stop, everybody tries again, two days pass, and every invariant of the ledger must hold.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use journeys::harness::HistoryEvent;
use journeys::ledger::LedgerView;
use journeys::local::faults::{InjectedFault, Scope, Storm};
use journeys::local::{Simulated, Simulation};
use journeys::{
    CallbackMessage, DebtPosition, NodeReceipt, RetryingUser, Rng, SampleNotice, TestPortal, TestResponse,
    asks_node, canteen, checker, json, together,
};

/// In a hundred: messages lost, messages repeated. The storm is what fails below the SDK.
const LOST: u64 = 40;
const REPEATED: u64 = 60;
const STORM: Storm = Storm { seed: 0, percent: 30, crashes: 12, latency: Duration::from_millis(15) };

/// How a scenario ended.
pub struct ScenarioResult {
    pub faults: Vec<String>,
    pub history: Vec<HistoryEvent>,
    /// How many faults were injected.
    pub troubles: usize,
}

/// A message to us: a callback of the PSP or a receipt of the node.
#[derive(Clone)]
enum InboundMessage {
    Callback { id: String, body: String },
    Receipt { xml: String },
}

struct OwnedDebt {
    owner: Rc<RetryingUser>,
    position: DebtPosition,
}

struct Scenario {
    portal: TestPortal,
    users: Vec<Rc<RetryingUser>>,
    debts: RefCell<Vec<OwnedDebt>>,
    /// Notice numbers of spontaneous payments, with their owners.
    own: RefCell<Vec<(String, Rc<RetryingUser>)>>,
    /// Payments that were started: owner, id, transaction.
    payments: RefCell<Vec<(Rc<RetryingUser>, String, String)>>,
    /// What the senders have sent, and the ids of callbacks that were acknowledged.
    sent: RefCell<Vec<InboundMessage>>,
    known: RefCell<Vec<String>>,
    wishes: Cell<u32>,
    /// Receipt ids of money for unknown notices or payments.
    strange: RefCell<Vec<String>>,
}

/// Runs the scenario of a seed to its end.
pub fn run(seed: u64) -> ScenarioResult {
    // The SDK's jitter comes from here.
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(play(seed))
}

async fn play(seed: u64) -> ScenarioResult {
    let rng = Rng::of_seed(seed);
    let start = "2026-11-23T05:00:00Z".parse::<jiff::Timestamp>().expect("an instant");
    let start = start + jiff::SignedDuration::from_mins(i64::try_from(rng.below(600 * 24 * 60)).unwrap_or(0));
    let skew = Duration::from_secs(rng.below(30));
    let limits = rng.chance(10);
    let storm = Storm { seed, percent: if rng.chance(80) { STORM.percent } else { 5 }, ..STORM };
    let from_the_start = rng.chance(10);
    let portal = TestPortal::simulated(Simulation { seed, start, skew }, limits, rng);
    let faults = portal.harness().stack.faults();
    if from_the_start {
        faults.storm(Scope::default(), storm);
    }
    let users = if portal.rng().chance(30) { 2 } else { 1 };
    let users = (0..users).map(|_| Rc::new(RetryingUser::new(&portal))).collect();
    let scenario = Rc::new(Scenario {
        portal: portal.clone(),
        users,
        debts: RefCell::default(),
        own: RefCell::default(),
        payments: RefCell::default(),
        sent: RefCell::default(),
        known: RefCell::default(),
        wishes: Cell::default(),
        strange: RefCell::default(),
    });
    scenario.opens().await;
    if !from_the_start {
        faults.storm(Scope::default(), storm);
    }
    for _ in 0..4 + portal.rng().below(5) {
        scenario.moves().await;
    }
    faults.clear();
    scenario.recovers().await;
    scenario.closes()
}

impl Scenario {
    fn rng(&self) -> &Rng {
        self.portal.rng()
    }

    fn stack(&self) -> &Simulated {
        &self.portal.harness().stack
    }

    /// Everybody gets an account; the creditor issues debts, and their owners add them.
    async fn opens(&self) {
        for user in &self.users {
            user.becomes_known().await;
            for _ in 0..1 + self.rng().below(3) {
                let mut position = DebtPosition::of(&user.person, self.rng());
                if self.rng().chance(15) {
                    let today = self.stack().clock().now().to_string();
                    position = position.with("expiresOn", &today[..10]);
                }
                let created = self.uploads(&position).await;
                let codes = json!({"fiscalCode": user.person.fiscal_code, "noticeNumber": position.number});
                user.insists("/api/debts/associate", &codes).await;
                if created {
                    self.debts.borrow_mut().push(OwnedDebt { owner: user.clone(), position });
                }
            }
        }
    }

    /// Returns whether the creditor's upload was taken.
    async fn uploads(&self, position: &DebtPosition) -> bool {
        for _ in 0..8 {
            let answer = self.portal.creditor().sends(position).await;
            if !answer.is_transient() {
                return answer.is_success();
            }
        }
        false
    }

    async fn calls_back(&self, id: &str, body: &str) -> TestResponse {
        let now = self.stack().clock().now().as_second();
        self.portal.psp().signed(id, now, body.as_bytes()).answer().await
    }

    /// One to four things happen at the same time; then some time passes.
    async fn moves(self: &Rc<Self>) {
        let many = 1 + self.rng().below(4);
        let acts: Vec<u64> = (0..many).map(|_| self.rng().below(100)).collect();
        let all = acts.into_iter().map(|act| {
            let scenario = self.clone();
            async move { scenario.acts(act).await }
        });
        together(all).await;
        match self.rng().below(100) {
            0..50 => {}
            50..75 => self.stack().advance(Duration::from_secs(1 + self.rng().below(30))).await,
            75..88 => self.stack().advance(Duration::from_secs(130)).await,
            88..97 => self.stack().advance(Duration::from_secs(31 * 60)).await,
            _ => self.stack().advance(Duration::from_secs(26 * 60 * 60)).await,
        }
    }

    async fn acts(&self, act: u64) {
        match act {
            0..24 => self.someone_clicks().await,
            24..42 => self.someone_decides().await,
            42..64 => self.a_message_arrives().await,
            64..74 => self.a_till_takes_money().await,
            74..79 => self.the_creditor_changes_its_mind().await,
            79..83 => drop(self.portal.harness().sweeps().await),
            83..86 => self.stack().settle().await,
            86..90 => self.someone_looks().await,
            90..94 => self.someone_makes_a_debt().await,
            94..98 => self.someone_comes_or_goes().await,
            _ => self.a_stranger_tries().await,
        }
    }

    fn someone(&self) -> Rc<RetryingUser> {
        self.rng().one_of(&self.users).clone()
    }

    /// Numbers of debts that somebody may pay, own ones mostly.
    fn numbers_of(&self, user: &Rc<RetryingUser>) -> Vec<String> {
        let debts = self.debts.borrow();
        let mine = debts.iter().filter(|debt| Rc::ptr_eq(&debt.owner, user));
        let mut numbers: Vec<String> = mine.map(|debt| debt.position.number.clone()).collect();
        numbers.extend(
            self.own.borrow().iter().filter(|(_, by)| Rc::ptr_eq(by, user)).map(|(number, _)| number.clone()),
        );
        numbers
    }

    async fn someone_clicks(&self) {
        let user = self.someone();
        let mut numbers = self.numbers_of(&user);
        if numbers.is_empty() {
            return;
        }
        let first = self.rng().one_of(&numbers).clone();
        let together = self.rng().chance(25);
        numbers.retain(|number| *number == first || together);
        numbers.truncate(3);
        let key = user.new_key();
        for _ in 0..2 {
            let answer = user.orders_as(&json!({"noticeNumbers": numbers}), &key).await;
            if answer.status == 401 {
                user.logs_in().await;
            }
            if answer.status == 201 {
                let started = answer.json();
                let text = |name: &str| started[name].as_str().unwrap_or_default().to_owned();
                let transaction = text("redirectUrl").rsplit('/').next().unwrap_or_default().to_owned();
                let payment = (user.clone(), text("paymentId"), transaction);
                let mut payments = self.payments.borrow_mut();
                if !payments.iter().any(|(_, id, _)| *id == payment.1) {
                    payments.push(payment);
                }
                return;
            }
            if !answer.is_transient() && answer.status != 401 || !self.rng().chance(70) {
                return;
            }
        }
    }

    async fn someone_decides(&self) {
        let payments: Vec<String> = self.payments.borrow().iter().map(|(_, _, tx)| tx.clone()).collect();
        if payments.is_empty() {
            return self.someone_clicks().await;
        }
        let transaction = self.rng().one_of(&payments).clone();
        let wish = match self.rng().below(100) {
            0..65 => json!({"outcome": "success"}),
            65..80 => json!({"outcome": "failure"}),
            80..90 => json!({"outcome": "cancel"}),
            90..95 => json!({"outcome": "expired"}),
            _ => json!({"outcome": "success", "amount": 1 + self.rng().below(9_000)}),
        };
        if let Some((id, body)) = self.portal.harness().at_psp(&transaction, wish) {
            self.sends(InboundMessage::Callback { id, body }).await;
        }
    }

    /// The sender takes a message in hand; it may get lost on its way, and arrive twice.
    async fn sends(&self, message: InboundMessage) {
        self.sent.borrow_mut().push(message.clone());
        if !self.rng().chance(LOST) {
            self.arrives(&message).await;
        }
    }

    async fn arrives(&self, message: &InboundMessage) -> u16 {
        let answer = match message {
            InboundMessage::Callback { id, body } => self.calls_back(id, body).await,
            InboundMessage::Receipt { xml } => asks_node(&self.portal, xml).await,
        };
        if let (200, InboundMessage::Callback { id, .. }) = (answer.status, message) {
            self.known.borrow_mut().push(id.clone());
        }
        answer.status
    }

    /// An old message comes, perhaps again, perhaps after later ones, perhaps twice at once.
    async fn a_message_arrives(&self) {
        let sent: Vec<InboundMessage> = self.sent.borrow().clone();
        if sent.is_empty() {
            return self.someone_decides().await;
        }
        let message = self.rng().one_of(&sent).clone();
        if self.rng().chance(LOST) {
            return;
        }
        if self.rng().chance(REPEATED) {
            tokio::join!(self.arrives(&message), self.arrives(&message));
        } else {
            self.arrives(&message).await;
        }
    }

    async fn a_till_takes_money(&self) {
        let number = {
            let debts = self.debts.borrow();
            if debts.is_empty() {
                return;
            }
            self.rng().one_of(&debts).position.number.clone()
        };
        let mut notice = SampleNotice {
            number: number.clone(),
            fiscal_code: self.users[0].person.fiscal_code.clone(),
            amount: 1_000 + self.rng().below(9_000),
            reason: String::new(),
        };
        let asked = journeys::question("paGetPaymentReq", journeys::US, journeys::CREDITOR, &number);
        let asked = asks_node(&self.portal, &asked).await.text();
        let between = |name: &str| {
            let (_, rest) = asked.split_once(&format!("<{name}>"))?;
            rest.split_once('<').map(|(inner, _)| inner.replace('.', ""))
        };
        match between("paymentAmount").and_then(|digits| digits.parse().ok()) {
            Some(amount) => notice.amount = amount,
            // Somebody has activated it before, and pays now.
            None if self.rng().chance(30) => {}
            None => return,
        }
        let id = self.rng().digits(8);
        if self.rng().chance(6) {
            notice.number = DebtPosition::of(&self.users[0].person, self.rng()).number;
            self.strange.borrow_mut().push(format!("{}-{id}", notice.number));
        }
        let receipt = NodeReceipt { second: self.rng().chance(50), ..NodeReceipt::of(&notice, &id) };
        self.sends(InboundMessage::Receipt { xml: receipt.xml() }).await;
    }

    async fn the_creditor_changes_its_mind(&self) {
        let position = {
            let debts = self.debts.borrow();
            if debts.is_empty() {
                return;
            }
            self.rng().one_of(&debts).position.clone()
        };
        if self.rng().chance(50) {
            self.portal.creditor().tries_to_cancel(&position.notice()).await;
        } else {
            let changed = position.with("amount", 1_000 + self.rng().below(9_000));
            self.portal.creditor().sends(&changed).await;
        }
    }

    async fn someone_looks(&self) {
        let user = self.someone();
        let numbers = self.numbers_of(&user);
        let looked = match (self.rng().below(4), numbers.first()) {
            (0, _) => user.gets("/api/debts").await,
            (1, Some(number)) => user.gets(&format!("/api/debts/{number}")).await,
            (2, _) => user.gets("/api/history").await,
            _ => {
                let payments = self.payments.borrow().clone();
                match payments.iter().find(|(by, ..)| Rc::ptr_eq(by, &user)) {
                    Some((_, id, _)) => user.gets(&format!("/api/payments/{id}")).await,
                    None => user.gets("/api/account").await,
                }
            }
        };
        if looked.status == 401 {
            user.logs_in().await;
        }
    }

    async fn someone_makes_a_debt(&self) {
        let user = self.someone();
        let mine: Vec<String> = {
            let own = self.own.borrow();
            own.iter().filter(|(_, by)| Rc::ptr_eq(by, &user)).map(|(number, _)| number.clone()).collect()
        };
        if !mine.is_empty() && self.rng().chance(40) {
            let number = self.rng().one_of(&mine).clone();
            user.deletes_debt(&number).await;
            return;
        }
        self.wishes.set(self.wishes.get() + 1);
        let mut wish = canteen(1_000 + self.rng().below(1_000));
        wish["reason"] = json!(format!("Pasti numero {}", self.wishes.get()));
        let key = user.new_key();
        for _ in 0..3 {
            let made = user.tries_to_create_as(&wish, &key).await;
            if made.status == 201 {
                let number = made.json()["debt"]["noticeNumber"].as_str().unwrap_or_default().to_owned();
                let mut own = self.own.borrow_mut();
                if !own.iter().any(|(known, _)| *known == number) {
                    own.push((number, user.clone()));
                }
            }
            if !made.is_transient() && !self.rng().chance(REPEATED) {
                return;
            }
        }
    }

    async fn someone_comes_or_goes(&self) {
        let user = self.someone();
        match self.rng().below(4) {
            0 => drop(user.posts("/api/logout", &json!({})).await),
            1 => user.changes_password().await,
            2 => {
                let nothing = json!({});
                // Out on one page while another still asks.
                let (_, _) = tokio::join!(user.posts("/api/logout", &nothing), user.gets("/api/account"));
            }
            _ => drop(user.logs_in().await),
        }
        user.gets("/api/debts").await;
    }

    /// Authentic senders with strange messages, and people at others' debts.
    async fn a_stranger_tries(&self) {
        match self.rng().below(3) {
            0 => {
                let (payment, tx) =
                    (format!("{:032x}", self.rng().number()), format!("TX-{}", self.rng().digits(9)));
                let message = CallbackMessage::of("succeeded", &payment, &tx, 1_000);
                self.strange.borrow_mut().push(tx.clone());
                let body = message.body.to_string();
                self.sends(InboundMessage::Callback { id: format!("evt_{tx}"), body }).await;
            }
            1 => {
                // The name of a message that came, with other words: nothing may come of it.
                let sent = self.sent.borrow().clone();
                for message in &sent {
                    let InboundMessage::Callback { id, body } = message else { continue };
                    if self.known.borrow().contains(id) {
                        let other = body.replace("\"amount\":", "\"amount\":1");
                        self.calls_back(id, &other).await;
                        return;
                    }
                }
            }
            _ => {
                let (first, last) = (&self.users[0], &self.users[self.users.len() - 1]);
                for number in self.numbers_of(last) {
                    first.gets(&format!("/api/debts/{number}")).await;
                    first.orders_as(&json!({"noticeNumbers": [number]}), &first.new_key()).await;
                }
            }
        }
    }

    /// The storm is over: everybody tries again, senders bring everything twice in any order, two days pass.
    async fn recovers(&self) {
        let mut again: Vec<InboundMessage> =
            self.sent.borrow().iter().flat_map(|m| [m.clone(), m.clone()]).collect();
        while !again.is_empty() {
            let place = usize::try_from(self.rng().below(again.len() as u64)).unwrap_or(0);
            let message = again.swap_remove(place);
            let status = self.arrives(&message).await;
            if status != 200 {
                // Its sender never gives up.
                again.push(message);
                self.stack().advance(Duration::from_secs(300)).await;
            }
        }
        self.stack().settle().await;
        for wait in [3 * 60 * 60, 26 * 60 * 60] {
            self.stack().advance(Duration::from_secs(wait)).await;
        }
        for user in &self.users {
            user.logs_in().await;
            for number in self.numbers_of(user) {
                user.gets(&format!("/api/debts/{number}")).await;
            }
            let payments = self.payments.borrow().clone();
            for (_, id, _) in payments.iter().filter(|(by, ..)| Rc::ptr_eq(by, user)) {
                user.gets(&format!("/api/payments/{id}")).await;
            }
            user.gets("/api/account/export").await;
        }
    }

    fn closes(&self) -> ScenarioResult {
        let injected = self.stack().faults().injected();
        let troubles = injected.iter().filter(|(_, fault)| !matches!(fault, InjectedFault::Delay(_))).count();
        let history = self.portal.harness().history();
        let mut faults = checker::check(&history, self.portal.harness().cut_off());
        let ledger = LedgerView::of(self.stack());
        faults.extend(ledger.faults(true));
        let strange: std::collections::BTreeSet<String> = self.strange.borrow().iter().cloned().collect();
        if strange != ledger.unmatched() {
            faults.push(format!("INV-M24 strange money {strange:?}, kept {:?}", ledger.unmatched()));
        }
        ScenarioResult { faults, history, troubles }
    }
}
