//! One play: a few people, a creditor, a PSP and the node, who do what the seed says while everything breaks that
//! can; then the storm ends, everybody tries again, two days pass, and the books must be right.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use journeys::books::Books;
use journeys::local::Simulation;
use journeys::local::faults::{Fault, Scope, Storm};
use journeys::stage::{Happened, Stage};
use journeys::{Dice, Notice, Practice, Receipt, Value, Visitor, checker, json, together};

/// The rates of the bar (§ 7): messages lost, messages repeated, calls to a neighbour that fail.
const LOST: u64 = 40;
const REPEATED: u64 = 60;
const STORM: Storm = Storm { seed: 0, percent: 30, crashes: 12, latency: Duration::from_millis(15) };

/// How a play went.
pub struct Outcome {
    pub faults: Vec<String>,
    pub history: Vec<Happened>,
    /// Troubles that happened.
    pub troubles: usize,
}

/// A message on its way to us: a callback of the PSP or a receipt of the node.
#[derive(Clone)]
enum Message {
    Callback { id: String, body: String },
    Receipt { xml: String },
}

struct Debt {
    owner: Rc<Visitor>,
    practice: Practice,
}

struct Play {
    stage: Rc<Stage>,
    dice: Dice,
    citizens: Vec<Rc<Visitor>>,
    debts: RefCell<Vec<Debt>>,
    /// Numbers of practices that people made, with whose they are.
    own: RefCell<Vec<(String, Rc<Visitor>)>>,
    /// Payments that were begun: whose, name, transaction.
    payments: RefCell<Vec<(Rc<Visitor>, String, String)>>,
    /// What the senders hold, and the names of callbacks that were acknowledged.
    sent: RefCell<Vec<Message>>,
    known: RefCell<Vec<String>>,
    wishes: Cell<u32>,
    /// Receipt ids of money of nothing that we know.
    strange: RefCell<Vec<String>>,
}

/// Plays a seed to its end.
pub fn run(seed: u64) -> Outcome {
    // The SDK's jitter comes from here.
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(played(seed))
}

async fn played(seed: u64) -> Outcome {
    let dice = Dice::of_seed(seed);
    let start = "2026-11-23T05:00:00Z".parse::<jiff::Timestamp>().expect("an instant");
    let start =
        start + jiff::SignedDuration::from_mins(i64::try_from(dice.below(600 * 24 * 60)).unwrap_or(0));
    let skew = Duration::from_secs(dice.below(30));
    let stage = Rc::new(Stage::new(Simulation { seed, start, skew }, dice.chance(10)));
    let storm = Storm { seed, percent: if dice.chance(80) { STORM.percent } else { 5 }, ..STORM };
    let from_the_start = dice.chance(10);
    if from_the_start {
        stage.stack.faults().storm(Scope::default(), storm);
    }
    let people = if dice.chance(30) { 2 } else { 1 };
    let citizens = (0..people).map(|_| Visitor::new(&stage, &dice)).collect();
    let play = Rc::new(Play {
        stage: stage.clone(),
        dice,
        citizens,
        debts: RefCell::default(),
        own: RefCell::default(),
        payments: RefCell::default(),
        sent: RefCell::default(),
        known: RefCell::default(),
        wishes: Cell::default(),
        strange: RefCell::default(),
    });
    play.opens().await;
    if !from_the_start {
        stage.stack.faults().storm(Scope::default(), storm);
    }
    for _ in 0..4 + play.dice.below(5) {
        play.moves().await;
    }
    stage.stack.faults().clear();
    play.recovers().await;
    play.closes()
}

impl Play {
    /// Everybody gets an account; the creditor issues practices, and their owners add them.
    async fn opens(&self) {
        for citizen in &self.citizens {
            citizen.becomes_known().await;
            for _ in 0..1 + self.dice.below(3) {
                let mut practice = Practice::of(&citizen.person, &self.dice);
                if self.dice.chance(15) {
                    let today = self.stage.stack.clock().now().to_string();
                    practice = practice.with("expiresOn", &today[..10]);
                }
                let created = self.tells_creditor("PUT", &practice.number, Some(&practice.body)).await;
                let codes =
                    json!({"fiscalCode": citizen.person.fiscal_code, "noticeNumber": practice.number});
                citizen.insists("POST", "/api/debts/associate", Some(&codes)).await;
                if created {
                    self.debts.borrow_mut().push(Debt { owner: citizen.clone(), practice });
                }
            }
        }
    }

    async fn tells_creditor(&self, method: &'static str, notice: &str, body: Option<&Value>) -> bool {
        for _ in 0..8 {
            let told = self.stage.creditor(method, notice, body).await;
            if !told.is_trouble() {
                return told.ok();
            }
        }
        false
    }

    /// One to four things happen at the same time; then some time passes.
    async fn moves(self: &Rc<Self>) {
        let many = 1 + self.dice.below(4);
        let acts: Vec<u64> = (0..many).map(|_| self.dice.below(100)).collect();
        let all = acts.into_iter().map(|act| {
            let play = self.clone();
            async move { play.acts(act).await }
        });
        together(all).await;
        match self.dice.below(100) {
            0..50 => {}
            50..75 => self.stage.stack.advance(Duration::from_secs(1 + self.dice.below(30))).await,
            75..88 => self.stage.stack.advance(Duration::from_secs(130)).await,
            88..97 => self.stage.stack.advance(Duration::from_secs(31 * 60)).await,
            _ => self.stage.stack.advance(Duration::from_secs(26 * 60 * 60)).await,
        }
    }

    async fn acts(&self, act: u64) {
        match act {
            0..24 => self.someone_clicks().await,
            24..42 => self.someone_decides().await,
            42..64 => self.a_message_arrives().await,
            64..74 => self.a_till_takes_money().await,
            74..79 => self.the_creditor_changes_its_mind().await,
            79..83 => drop(self.stage.sweeps().await),
            83..86 => self.stage.stack.settle().await,
            86..90 => self.someone_looks().await,
            90..94 => self.someone_makes_a_practice().await,
            94..98 => self.someone_comes_or_goes().await,
            _ => self.a_stranger_tries().await,
        }
    }

    fn someone(&self) -> Rc<Visitor> {
        self.dice.one_of(&self.citizens).clone()
    }

    /// Numbers of practices that somebody may pay, own ones mostly.
    fn numbers_of(&self, citizen: &Rc<Visitor>) -> Vec<String> {
        let debts = self.debts.borrow();
        let mine = debts.iter().filter(|debt| Rc::ptr_eq(&debt.owner, citizen));
        let mut numbers: Vec<String> = mine.map(|debt| debt.practice.number.clone()).collect();
        numbers.extend(
            self.own
                .borrow()
                .iter()
                .filter(|(_, by)| Rc::ptr_eq(by, citizen))
                .map(|(number, _)| number.clone()),
        );
        numbers
    }

    async fn someone_clicks(&self) {
        let citizen = self.someone();
        let mut numbers = self.numbers_of(&citizen);
        if numbers.is_empty() {
            return;
        }
        let first = self.dice.one_of(&numbers).clone();
        let together = self.dice.chance(25);
        numbers.retain(|number| *number == first || together);
        numbers.truncate(3);
        let key = citizen.new_key();
        for _ in 0..2 {
            let answer = citizen.pays(&numbers, &key).await;
            if answer.status == 401 {
                citizen.logs_in().await;
            }
            if answer.status == 201 {
                let started = answer.json();
                let text = |name: &str| started[name].as_str().unwrap_or_default().to_owned();
                let transaction = text("redirectUrl").rsplit('/').next().unwrap_or_default().to_owned();
                let payment = (citizen.clone(), text("paymentId"), transaction);
                let mut payments = self.payments.borrow_mut();
                if !payments.iter().any(|(_, id, _)| *id == payment.1) {
                    payments.push(payment);
                }
                return;
            }
            if !answer.is_trouble() && answer.status != 401 || !self.dice.chance(70) {
                return;
            }
        }
    }

    async fn someone_decides(&self) {
        let payments: Vec<String> = self.payments.borrow().iter().map(|(_, _, tx)| tx.clone()).collect();
        if payments.is_empty() {
            return self.someone_clicks().await;
        }
        let transaction = self.dice.one_of(&payments).clone();
        let wish = match self.dice.below(100) {
            0..65 => json!({"outcome": "success"}),
            65..80 => json!({"outcome": "failure"}),
            80..90 => json!({"outcome": "cancel"}),
            90..95 => json!({"outcome": "expired"}),
            _ => json!({"outcome": "success", "amount": 1 + self.dice.below(9_000)}),
        };
        if let Some((id, body)) = self.stage.at_psp(&transaction, wish) {
            self.sends(Message::Callback { id, body }).await;
        }
    }

    /// The sender takes a message in hand; it may get lost on its way, and arrive twice.
    async fn sends(&self, message: Message) {
        self.sent.borrow_mut().push(message.clone());
        if !self.dice.chance(LOST) {
            self.arrives(&message).await;
        }
    }

    async fn arrives(&self, message: &Message) -> u16 {
        let answer = match message {
            Message::Callback { id, body } => self.stage.called_back(id, body).await,
            Message::Receipt { xml } => self.stage.node_asks(xml).await,
        };
        if let (200, Message::Callback { id, .. }) = (answer.status, message) {
            self.known.borrow_mut().push(id.clone());
        }
        answer.status
    }

    /// An old message comes, perhaps again, perhaps after later ones, perhaps twice at once.
    async fn a_message_arrives(&self) {
        let sent: Vec<Message> = self.sent.borrow().clone();
        if sent.is_empty() {
            return self.someone_decides().await;
        }
        let message = self.dice.one_of(&sent).clone();
        if self.dice.chance(LOST) {
            return;
        }
        if self.dice.chance(REPEATED) {
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
            self.dice.one_of(&debts).practice.number.clone()
        };
        let mut notice = Notice {
            number: number.clone(),
            fiscal_code: self.citizens[0].person.fiscal_code.clone(),
            amount: 1_000 + self.dice.below(9_000),
            reason: String::new(),
        };
        let asked = journeys::question("paGetPaymentReq", journeys::US, journeys::CREDITOR, &number);
        let asked = self.stage.node_asks(&asked).await;
        let between = |name: &str| {
            let (_, rest) = asked.answer.split_once(&format!("<{name}>"))?;
            rest.split_once('<').map(|(inner, _)| inner.replace('.', ""))
        };
        match between("paymentAmount").and_then(|digits| digits.parse().ok()) {
            Some(amount) => notice.amount = amount,
            // Somebody has activated it before, and pays now.
            None if self.dice.chance(30) => {}
            None => return,
        }
        let id = self.dice.digits(8);
        if self.dice.chance(6) {
            notice.number = Practice::of(&self.citizens[0].person, &self.dice).number;
            self.strange.borrow_mut().push(format!("{}-{id}", notice.number));
        }
        let receipt = Receipt { second: self.dice.chance(50), ..Receipt::of(&notice, &id) };
        self.sends(Message::Receipt { xml: receipt.xml() }).await;
    }

    async fn the_creditor_changes_its_mind(&self) {
        let (number, mut body) = {
            let debts = self.debts.borrow();
            if debts.is_empty() {
                return;
            }
            let practice = &self.dice.one_of(&debts).practice;
            (practice.number.clone(), practice.body.clone())
        };
        if self.dice.chance(50) {
            self.stage.creditor("DELETE", &number, None).await;
        } else {
            body["amount"] = json!(1_000 + self.dice.below(9_000));
            self.stage.creditor("PUT", &number, Some(&body)).await;
        }
    }

    async fn someone_looks(&self) {
        let citizen = self.someone();
        let numbers = self.numbers_of(&citizen);
        let looked = match (self.dice.below(4), numbers.first()) {
            (0, _) => citizen.gets("/api/debts").await,
            (1, Some(number)) => citizen.gets(&format!("/api/debts/{number}")).await,
            (2, _) => citizen.gets("/api/history").await,
            _ => {
                let payments = self.payments.borrow().clone();
                match payments.iter().find(|(by, ..)| Rc::ptr_eq(by, &citizen)) {
                    Some((_, id, _)) => citizen.gets(&format!("/api/payments/{id}")).await,
                    None => citizen.gets("/api/account").await,
                }
            }
        };
        if looked.status == 401 {
            citizen.logs_in().await;
        }
    }

    async fn someone_makes_a_practice(&self) {
        let citizen = self.someone();
        let mine: Vec<String> = {
            let own = self.own.borrow();
            own.iter().filter(|(_, by)| Rc::ptr_eq(by, &citizen)).map(|(number, _)| number.clone()).collect()
        };
        if !mine.is_empty() && self.dice.chance(40) {
            let number = self.dice.one_of(&mine).clone();
            citizen.takes_back(&number).await;
            return;
        }
        self.wishes.set(self.wishes.get() + 1);
        let (reason, cents) = (format!("Pasti numero {}", self.wishes.get()), 1_000 + self.dice.below(1_000));
        let key = citizen.new_key();
        for _ in 0..3 {
            let made = citizen.creates(&reason, cents, &key).await;
            if made.status == 201 {
                let number = made.json()["debt"]["noticeNumber"].as_str().unwrap_or_default().to_owned();
                let mut own = self.own.borrow_mut();
                if !own.iter().any(|(known, _)| *known == number) {
                    own.push((number, citizen.clone()));
                }
            }
            if !made.is_trouble() && !self.dice.chance(REPEATED) {
                return;
            }
        }
    }

    async fn someone_comes_or_goes(&self) {
        let citizen = self.someone();
        match self.dice.below(4) {
            0 => drop(citizen.posts("/api/logout", &json!({})).await),
            1 => citizen.changes_password(&self.dice).await,
            2 => {
                let nothing = json!({});
                // Out on one page while another still asks.
                let (_, _) =
                    tokio::join!(citizen.posts("/api/logout", &nothing), citizen.gets("/api/account"));
            }
            _ => drop(citizen.logs_in().await),
        }
        citizen.gets("/api/debts").await;
    }

    /// Authentic senders with strange messages, and people at others' practices.
    async fn a_stranger_tries(&self) {
        match self.dice.below(3) {
            0 => {
                let (payment, tx) =
                    (format!("{:032x}", self.dice.number()), format!("TX-{}", self.dice.digits(9)));
                let body = json!({"type": "payment.succeeded", "timestamp": "2026-01-01T00:00:00Z", "data": {
                    "paymentId": payment, "transactionId": tx, "pspId": "BANCADUE", "pspName": "Banca Due",
                    "method": "CP", "amount": 1_000, "currency": "EUR"
                }});
                self.strange.borrow_mut().push(tx.clone());
                self.sends(Message::Callback { id: format!("evt_{tx}"), body: body.to_string() }).await;
            }
            1 => {
                // The name of a message that came, with other words: nothing may come of it.
                let sent = self.sent.borrow().clone();
                for message in &sent {
                    let Message::Callback { id, body } = message else { continue };
                    if self.known.borrow().contains(id) {
                        let other = body.replace("\"amount\":", "\"amount\":1");
                        self.stage.called_back(id, &other).await;
                        return;
                    }
                }
            }
            _ => {
                let (first, last) = (&self.citizens[0], &self.citizens[self.citizens.len() - 1]);
                for number in self.numbers_of(last) {
                    first.gets(&format!("/api/debts/{number}")).await;
                    first.pays(&[number], &first.new_key()).await;
                }
            }
        }
    }

    /// The storm is over: everybody tries again, senders bring everything twice in any order, two days pass.
    async fn recovers(&self) {
        let mut again: Vec<Message> =
            self.sent.borrow().iter().flat_map(|m| [m.clone(), m.clone()]).collect();
        while !again.is_empty() {
            let place = usize::try_from(self.dice.below(again.len() as u64)).unwrap_or(0);
            let message = again.swap_remove(place);
            let status = self.arrives(&message).await;
            if status != 200 {
                // Its sender never gives up.
                again.push(message);
                self.stage.stack.advance(Duration::from_secs(300)).await;
            }
        }
        self.stage.stack.settle().await;
        for wait in [3 * 60 * 60, 26 * 60 * 60] {
            self.stage.stack.advance(Duration::from_secs(wait)).await;
        }
        for citizen in &self.citizens {
            citizen.logs_in().await;
            for number in self.numbers_of(citizen) {
                citizen.gets(&format!("/api/debts/{number}")).await;
            }
            let payments = self.payments.borrow().clone();
            for (_, id, _) in payments.iter().filter(|(by, ..)| Rc::ptr_eq(by, citizen)) {
                citizen.gets(&format!("/api/payments/{id}")).await;
            }
            citizen.gets("/api/account/export").await;
        }
    }

    fn closes(&self) -> Outcome {
        let injected = self.stage.stack.faults().injected();
        let troubles = injected.iter().filter(|(_, fault)| !matches!(fault, Fault::Delay(_))).count();
        let history = self.stage.history();
        let mut faults = checker::check(&history, self.stage.cut_off());
        let books = Books::of(&self.stage.stack);
        faults.extend(books.faults(true));
        let strange: std::collections::BTreeSet<String> = self.strange.borrow().iter().cloned().collect();
        if strange != books.unmatched() {
            faults.push(format!("INV-M24 strange money {strange:?}, kept {:?}", books.unmatched()));
        }
        Outcome { faults, history, troubles }
    }
}
