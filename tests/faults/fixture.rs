//! The fixture of every case: Mario, who has an account and a debt to pay, and whoever sends messages about it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use domain::movement::MovementKind;
use journeys::ledger::LedgerView;
use journeys::local::faults::{Call, Scope, Storm};
use journeys::local::{Simulated, Simulation};
use journeys::{
    DebtPosition, NodeReceipt, RetryingUser, Rng, SampleNotice, TestPortal, TestResponse, Value, asks_node,
    json,
};

pub struct Fixture {
    pub portal: TestPortal,
    pub mario: RetryingUser,
    pub position: DebtPosition,
    /// Id and transaction of the payment under way.
    pub payment: RefCell<(String, String)>,
    /// Id and body of the callback that the PSP holds.
    pub callback: RefCell<(String, String)>,
    /// What an action needs from its arrangement: a token, a number, a receipt.
    pub kept: RefCell<String>,
}

impl Fixture {
    /// The same data for the same seed.
    pub async fn open(seed: u64) -> Rc<Self> {
        let start = "2026-11-23T08:00:00Z".parse().expect("an instant");
        let simulation = Simulation { seed, start, skew: Duration::ZERO };
        let portal = TestPortal::simulated(simulation, true, Rng::of_seed(seed));
        let mario = RetryingUser::new(&portal);
        let position = DebtPosition::of(&mario.person, portal.rng());
        Rc::new(Self {
            portal,
            mario,
            position,
            payment: RefCell::default(),
            callback: RefCell::default(),
            kept: RefCell::default(),
        })
    }

    pub fn stack(&self) -> &Simulated {
        &self.portal.harness().stack
    }

    pub async fn mario_is_known(&self) {
        self.mario.becomes_known().await;
    }

    /// And has a debt to pay.
    pub async fn mario_owes(&self) {
        self.mario_is_known().await;
        self.portal.creditor().sends(&self.position).await.expect(201);
        self.mario.associates(&self.notice()).await;
    }

    pub async fn clicks(&self) -> TestResponse {
        let order = json!({"noticeNumbers": [self.position.number]});
        let answer = self.mario.orders_as(&order, "click").await;
        if answer.status == 201 {
            let paying = self.mario.paying(&answer.json(), 0);
            self.payment.replace((paying.id, paying.transaction));
        }
        answer
    }

    /// Mario is at the PSP.
    pub async fn mario_goes_to_pay(&self) {
        self.mario_owes().await;
        assert_eq!(self.clicks().await.status, 201);
        self.stack().settle().await;
    }

    /// And decides there; the PSP holds the callback.
    pub async fn mario_decides(&self, decision: Value) {
        self.mario_goes_to_pay().await;
        let transaction = self.payment.borrow().1.clone();
        let callback = self.portal.harness().at_psp(&transaction, decision).unwrap_or_default();
        self.callback.replace(callback);
    }

    /// The PSP sends the callback that it holds.
    pub async fn psp_calls(&self) -> TestResponse {
        let (id, body) = self.callback.borrow().clone();
        self.calls_back(&id, &body).await
    }

    pub async fn calls_back(&self, id: &str, body: &str) -> TestResponse {
        let now = self.stack().clock().now().as_second();
        self.portal.psp().signed(id, now, body.as_bytes()).answer().await
    }

    /// The node sends a message.
    pub async fn node_asks(&self, xml: &str) -> TestResponse {
        asks_node(&self.portal, xml).await
    }

    pub async fn creditor_sends(&self, position: &DebtPosition) -> TestResponse {
        self.portal.creditor().sends(position).await
    }

    /// A debt whose number we issue.
    pub async fn creditor_issues(&self, key: &str) -> TestResponse {
        self.portal.creditor().issues_numberless(&self.position.body, key).await
    }

    /// Remembers the difference that the debt has.
    pub async fn keeps_a_difference(&self) {
        let kept = self.portal.creditor().differences_of(&self.position.number).await;
        self.kept.replace(kept[0]["id"].as_str().expect("a difference").to_owned());
    }

    /// Says what became of it.
    pub async fn creditor_resolves(&self, key: &str) -> TestResponse {
        let how = json!({"resolution": "refunded", "by": "ragioneria", "why": "mandato 118"});
        let id = self.kept.borrow().clone();
        self.portal.creditor().resolves(&id, &how, key).await
    }

    pub async fn creditor_cancels(&self) -> TestResponse {
        self.portal.creditor().tries_to_cancel(&self.notice()).await
    }

    pub fn notice(&self) -> SampleNotice {
        self.position.notice()
    }

    /// The receipt of a counter where the notice was paid.
    pub fn receipt(&self) -> NodeReceipt {
        NodeReceipt::of(&self.notice(), "till")
    }

    /// Every call that is made while something is done.
    pub async fn calls_of(&self, action: impl Future<Output = u16>) -> (Vec<Call>, u16) {
        let faults = self.stack().faults();
        let before = faults.injected().len();
        faults.storm(Scope::default(), Storm { seed: 0, percent: 0, crashes: 0, latency: Duration::ZERO });
        let status = action.await;
        faults.clear();
        (faults.injected().into_iter().skip(before).map(|(call, _)| call).collect(), status)
    }

    /// What is stored, apart from what only counts, times or remembers requests.
    pub fn stored(&self) -> BTreeSet<String> {
        let mut stored = BTreeSet::new();
        for table in ["IdentityTable", "DebtsTable", "MovementsTable", "OutboxTable"] {
            for mut item in self.stack().items(table) {
                let partition = item["pk"]["S"].as_str().unwrap_or_default().to_owned();
                if partition.starts_with("IDEM#") || partition.starts_with("EVENT#") {
                    continue;
                }
                for passing in ["seen_at", "leased_until", "due_at", "tries"] {
                    item.as_object_mut().expect("an item").remove(passing);
                }
                stored.insert(format!("{table} {item}"));
            }
        }
        stored
    }

    /// What is stored of debts, payments and accounts, by kind and number; and every movement by what it says.
    pub fn counted(&self) -> BTreeMap<String, usize> {
        let mut counted = self.money();
        for item in ["IdentityTable", "DebtsTable"].iter().flat_map(|table| self.stack().items(table)) {
            let text = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
            let kind = |text: String| text.split('#').next().unwrap_or_default().to_owned();
            let kind = format!("{} {}", kind(text("pk")), kind(text("sk")));
            // What is each person's own to have many of, and what only remembers requests.
            if !["SESS", "LINK", "IDEM", "EVENT"].iter().any(|passing| kind.starts_with(passing)) {
                *counted.entry(kind).or_default() += 1;
            }
        }
        counted
    }

    /// The states of debts and the movements of money.
    pub fn money(&self) -> BTreeMap<String, usize> {
        let mut money = BTreeMap::new();
        let ledger = LedgerView::of(self.stack());
        for debt in ledger.debts() {
            *money.entry(format!("{:?}", debt.state)).or_default() += 1;
            for movement in ledger.movements(&debt.notice) {
                let key = match movement.kind {
                    // Which of two receipts is the credit is decided by which came first; that there is one, is not.
                    MovementKind::Credit | MovementKind::CreditLate => {
                        *money.entry("credit".to_owned()).or_default() += 1;
                        format!("money {}", movement.cents.get())
                    }
                    MovementKind::DuplicateToRefund => format!("money {}", movement.cents.get()),
                    // One beside a credit counts nothing.
                    MovementKind::Mismatch if movement.cents.get() > 0 => "mismatch".to_owned(),
                    _ => continue,
                };
                *money.entry(key).or_default() += 1;
            }
        }
        money
    }

    /// Letters that wait in the outbox.
    pub fn waiting_letters(&self) -> usize {
        let letters = self.stack().items("OutboxTable");
        letters.iter().filter(|letter| letter["state"]["S"] == "pending").count()
    }

    /// Messages that are stored as they came, and nothing more.
    pub fn messages_not_applied(&self) -> usize {
        let items = self.stack().items("DebtsTable");
        let waiting = |item: &&Value| {
            let is_message = item["pk"]["S"].as_str().is_some_and(|key| key.starts_with("EVENT#"));
            is_message && item["applied"]["BOOL"] == false
        };
        items.iter().filter(waiting).count()
    }

    /// How many payments have no outcome yet.
    pub fn unknown_payments(&self) -> usize {
        let items = self.stack().items("DebtsTable");
        let pending = |item: &&Value| {
            item["pk"]["S"].as_str().is_some_and(|key| key.starts_with("PAY#")) && !item["due_at"].is_null()
        };
        items.iter().filter(pending).count()
    }

    /// Two days pass, and Mario looks at everything once more.
    pub async fn two_days_pass(&self) {
        self.stack().settle().await;
        for minutes in [6, 120, 26 * 60] {
            self.stack().advance(Duration::from_secs(minutes * 60)).await;
        }
        if self.mario.logs_in().await.status != 200 {
            return;
        }
        self.mario.gets(&format!("/api/debts/{}", self.position.number)).await;
        let payment = self.payment.borrow().0.clone();
        if !payment.is_empty() {
            self.mario.gets(&format!("/api/payments/{payment}")).await;
        }
        self.mario.gets("/api/account/export").await;
    }
}
