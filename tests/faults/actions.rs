//! The actions of users, creditor, senders and background functions, each with the rows of the fault matrix that its
//! calls belong to.

use std::pin::Pin;
use std::rc::Rc;

use journeys::local::faults::Call;
use journeys::{CREDITOR, CallbackMessage, TestResponse, US, canteen, json, question};

use crate::fixture::Fixture;

pub type ActionFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// Who waits for the answer, which decides how a failure must look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionCaller {
    /// Tries again once.
    Person,
    /// A PSP or the node: sends again until it is taken, and again.
    Sender,
    /// A stream or a schedule: nobody waits.
    Worker,
}

/// One action.
pub struct FaultAction {
    pub name: &'static str,
    pub caller: ActionCaller,
    pub arrange: fn(Rc<Fixture>) -> ActionFuture<()>,
    pub act: fn(Rc<Fixture>) -> ActionFuture<u16>,
    /// What a caller is answered when nothing is wrong, the first time and when it asks again.
    pub fine: &'static [u16],
    /// The row of the matrix for a call: function, operation, and the rows of the first, second … such call.
    pub rows: &'static [(&'static str, &'static str, &'static [&'static str])],
}

impl FaultAction {
    /// Returns the row of a call, if one is named.
    pub fn row(&self, call: &Call, nth: usize) -> Option<&'static str> {
        let operation = call.operation.rsplit(':').next().unwrap_or_default();
        let (.., rows) = self.rows.iter().find(|(function, known, _)| {
            *function == call.function && (*known == operation || *known == "*" || *known == call.operation)
        })?;
        rows.get(nth.min(rows.len() - 1)).copied()
    }
}

macro_rules! arranged {
    ($fixture:ident => $work:expr) => {
        |$fixture: Rc<Fixture>| Box::pin(async move { $work })
    };
}

fn status(answer: TestResponse) -> u16 {
    answer.status
}

fn done(outcome: Result<journeys::Value, String>) -> u16 {
    if outcome.is_ok() { 200 } else { 500 }
}

#[rustfmt::skip]
pub const ACTIONS: &[FaultAction] = &[
    FaultAction {
        name: "register", caller: ActionCaller::Person, fine: &[202, 429],
        arrange: arranged!(_scene => {}),
        act: arranged!(fixture => status(fixture.mario.tries_to_register().await)),
        rows: &[("Register", "UpdateItem", &["FM-01"]), ("Register", "GetSecretValue", &["FM-02"]), ("Register", "PutItem", &["FM-03"]), ("Register", "*", &["FM-01"])],
    },
    FaultAction {
        name: "the worker makes the account", caller: ActionCaller::Worker, fine: &[200],
        arrange: arranged!(fixture => drop(fixture.mario.tries_to_register().await)),
        act: arranged!(fixture => { fixture.stack().settle().await; 200 }),
        rows: &[("ProcessOutbox", "TransactWriteItems", &["FM-04"]), ("ProcessOutbox", "SendEmail", &["FM-05"]), ("ProcessOutbox", "UpdateItem", &["FM-05", "FM-05", "FM-06"]), ("ProcessOutbox", "*", &["FM-04"])],
    },
    FaultAction {
        name: "activate", caller: ActionCaller::Person, fine: &[200],
        arrange: arranged!(fixture => {
            fixture.mario.tries_to_register().await;
            fixture.stack().settle().await;
            fixture.kept.replace(fixture.mario.mailed_token("/attiva").expect("a link"));
        }),
        act: arranged!(fixture => {
            let token = fixture.kept.borrow().clone();
            status(fixture.mario.tries_to_activate(&token).await)
        }),
        rows: &[("Activate", "*", &["FM-08"])],
    },
    FaultAction {
        name: "ask for another link", caller: ActionCaller::Person, fine: &[202],
        arrange: arranged!(fixture => drop(fixture.mario.tries_to_register().await)),
        act: arranged!(fixture => status(fixture.mario.asks_for_activation().await)),
        rows: &[("Activate", "*", &["FM-09"])],
    },
    FaultAction {
        name: "log in", caller: ActionCaller::Person, fine: &[200],
        arrange: arranged!(fixture => {
            fixture.mario_is_known().await;
            // The keys that were read are too old: the hash needs its pepper anew.
            fixture.stack().clock().advance(jiff::SignedDuration::from_mins(6));
        }),
        act: arranged!(fixture => status(fixture.mario.tries_to_log_in().await)),
        rows: &[("Login", "UpdateItem", &["FM-10"]), ("Login", "TransactWriteItems", &["FM-13"]), ("Login", "GetSecretValue", &["FM-10", "FM-12"]), ("Login", "*", &["FM-11"])],
    },
    FaultAction {
        name: "guess a password", caller: ActionCaller::Person, fine: &[401, 429],
        arrange: arranged!(fixture => fixture.mario_is_known().await),
        act: arranged!(fixture => status(fixture.mario.logs_in_with("non la so proprio").await)),
        rows: &[("Login", "UpdateItem", &["FM-10", "FM-14"]), ("Login", "GetItem", &["FM-11"]), ("Login", "*", &["FM-14"])],
    },
    FaultAction {
        name: "log out", caller: ActionCaller::Person, fine: &[204, 401],
        arrange: arranged!(fixture => fixture.mario_is_known().await),
        act: arranged!(fixture => status(fixture.mario.tries_to_log_out().await)),
        rows: &[("Logout", "UpdateItem", &["FM-17"]), ("Logout", "*", &["FM-15"])],
    },
    FaultAction {
        name: "be seen after two minutes", caller: ActionCaller::Person, fine: &[200],
        arrange: arranged!(fixture => {
            fixture.mario_is_known().await;
            fixture.stack().clock().advance(jiff::SignedDuration::from_mins(2));
        }),
        act: arranged!(fixture => status(fixture.mario.gets("/api/account").await)),
        rows: &[("Account", "UpdateItem", &["FM-16"]), ("Account", "*", &["FM-15"])],
    },
    FaultAction {
        name: "forget the password", caller: ActionCaller::Person, fine: &[202],
        arrange: arranged!(fixture => fixture.mario_is_known().await),
        act: arranged!(fixture => status(fixture.mario.asks_for_reset().await)),
        rows: &[("Password", "*", &["FM-18"])],
    },
    FaultAction {
        name: "the worker mails the reset link", caller: ActionCaller::Worker, fine: &[200],
        arrange: arranged!(fixture => {
            fixture.mario_is_known().await;
            fixture.mario.asks_for_reset().await;
        }),
        act: arranged!(fixture => { fixture.stack().settle().await; 200 }),
        rows: &[("ProcessOutbox", "*", &["FM-19"])],
    },
    FaultAction {
        name: "reset the password", caller: ActionCaller::Person, fine: &[204, 400],
        arrange: arranged!(fixture => {
            fixture.mario_is_known().await;
            fixture.mario.asks_for_reset().await;
            fixture.stack().settle().await;
            fixture.kept.replace(fixture.mario.mailed_token("/reimposta-password").expect("a link"));
        }),
        act: arranged!(fixture => {
            let (token, new) = (fixture.kept.borrow().clone(), "Tre quaglie nuove giallo 7");
            let reset = fixture.mario.tries_to_reset_password(&token, new).await;
            if reset.status == 204 {
                fixture.mario.knows(new);
            }
            reset.status
        }),
        rows: &[("Password", "*", &["FM-20"])],
    },
    FaultAction {
        name: "the worker tells of the new password", caller: ActionCaller::Worker, fine: &[200],
        arrange: arranged!(fixture => {
            fixture.mario_is_known().await;
            fixture.mario.changes_password().await;
        }),
        act: arranged!(fixture => { fixture.stack().settle().await; 200 }),
        rows: &[("ProcessOutbox", "*", &["FM-21"])],
    },
    FaultAction {
        name: "withdraw consent", caller: ActionCaller::Person, fine: &[204, 401],
        arrange: arranged!(fixture => fixture.mario_is_known().await),
        act: arranged!(fixture => status(fixture.mario.tries_to_withdraw_consent(&fixture.mario.person.password).await)),
        rows: &[("RevokeConsent", "*", &["FM-22"])],
    },
    FaultAction {
        name: "the worker erases the account", caller: ActionCaller::Worker, fine: &[200],
        arrange: arranged!(fixture => {
            fixture.mario_is_known().await;
            fixture.mario.tries_to_withdraw_consent(&fixture.mario.person.password).await;
        }),
        act: arranged!(fixture => { fixture.stack().settle().await; 200 }),
        rows: &[("ProcessOutbox", "*", &["FM-22"])],
    },
    FaultAction {
        name: "search", caller: ActionCaller::Person, fine: &[200],
        arrange: arranged!(fixture => fixture.mario_owes().await),
        act: arranged!(fixture => {
            let notice = fixture.notice();
            status(fixture.mario.searches_for(&notice.fiscal_code, &notice.number).await)
        }),
        rows: &[("Search", "GetItem", &["FM-23"]), ("Search", "*", &["FM-24"])],
    },
    FaultAction {
        name: "list", caller: ActionCaller::Person, fine: &[200],
        arrange: arranged!(fixture => fixture.mario_owes().await),
        act: arranged!(fixture => status(fixture.mario.gets("/api/debts").await)),
        rows: &[("ListDebts", "BatchGetItem", &["FM-15", "FM-25"]), ("ListDebts", "*", &["FM-25"])],
    },
    FaultAction {
        name: "print the notice", caller: ActionCaller::Person, fine: &[200],
        arrange: arranged!(fixture => fixture.mario_owes().await),
        act: arranged!(fixture => status(fixture.mario.notice_pdf(&fixture.notice()).await)),
        rows: &[("NoticePdf", "BatchGetItem", &["FM-15"]), ("NoticePdf", "*", &["FM-26"])],
    },
    FaultAction {
        name: "print the receipt", caller: ActionCaller::Person, fine: &[200],
        arrange: arranged!(fixture => {
            fixture.mario_decides(json!({"outcome": "success"})).await;
            fixture.psp_calls().await;
        }),
        act: arranged!(fixture => status(fixture.mario.receipt_pdf(&fixture.notice()).await)),
        rows: &[("ReceiptPdf", "BatchGetItem", &["FM-15"]), ("ReceiptPdf", "*", &["FM-27"])],
    },
    FaultAction {
        name: "create a spontaneous payment", caller: ActionCaller::Person, fine: &[201],
        arrange: arranged!(fixture => fixture.mario_is_known().await),
        act: arranged!(fixture => status(fixture.mario.tries_to_create_as(&canteen(1_500), "wish").await)),
        rows: &[("CreateSpontaneous", "BatchGetItem", &["FM-15"]), ("CreateSpontaneous", "TransactWriteItems", &["FM-29"]), ("CreateSpontaneous", "*", &["FM-28"])],
    },
    FaultAction {
        name: "click on pay", caller: ActionCaller::Person, fine: &[201],
        arrange: arranged!(fixture => fixture.mario_owes().await),
        act: arranged!(fixture => status(fixture.clicks().await)),
        rows: &[
            ("InitiatePayment", "BatchGetItem", &["FM-15", "FM-30"]), ("InitiatePayment", "PutItem", &["FM-28", "FM-32"]),
            ("InitiatePayment", "UpdateItem", &["FM-30", "FM-28"]), ("InitiatePayment", "TransactWriteItems", &["FM-30"]),
            ("InitiatePayment", "psp:open", &["FM-31"]), ("InitiatePayment", "*", &["FM-30"]),
        ],
    },
    FaultAction {
        name: "come back from the PSP", caller: ActionCaller::Person, fine: &[200],
        arrange: arranged!(fixture => fixture.mario_goes_to_pay().await),
        act: arranged!(fixture => {
            let payment = fixture.payment.borrow().0.clone();
            status(fixture.mario.gets(&format!("/api/payments/{payment}")).await)
        }),
        rows: &[("InitiatePayment", "*", &["FM-33"])],
    },
    FaultAction {
        name: "the PSP tells of a success", caller: ActionCaller::Sender, fine: &[200],
        arrange: arranged!(fixture => fixture.mario_decides(json!({"outcome": "success"})).await),
        act: arranged!(fixture => status(fixture.psp_calls().await)),
        rows: &[("PspCallback", "GetSecretValue", &["FM-34"]), ("PspCallback", "PutItem", &["FM-35"]), ("PspCallback", "*", &["FM-37"])],
    },
    FaultAction {
        name: "the PSP tells of a success for a cancelled debt", caller: ActionCaller::Sender, fine: &[200],
        arrange: arranged!(fixture => {
            fixture.mario_decides(json!({"outcome": "success"})).await;
            fixture.creditor_cancels().await;
        }),
        act: arranged!(fixture => status(fixture.psp_calls().await)),
        rows: &[("PspCallback", "GetSecretValue", &["FM-34"]), ("PspCallback", "PutItem", &["FM-35"]), ("PspCallback", "*", &["FM-37"])],
    },
    FaultAction {
        name: "the PSP tells of a second success", caller: ActionCaller::Sender, fine: &[200],
        arrange: arranged!(fixture => {
            fixture.mario_decides(json!({"outcome": "success"})).await;
            fixture.node_asks(&fixture.receipt().xml()).await;
        }),
        act: arranged!(fixture => status(fixture.psp_calls().await)),
        rows: &[("PspCallback", "GetSecretValue", &["FM-34"]), ("PspCallback", "PutItem", &["FM-35"]), ("PspCallback", "*", &["FM-37"])],
    },
    FaultAction {
        name: "the PSP tells of a payment that we do not know", caller: ActionCaller::Sender, fine: &[200],
        arrange: arranged!(fixture => {
            fixture.mario_owes().await;
            let message = CallbackMessage::of("succeeded", &"0".repeat(32), "TX-strange", 1_000);
            fixture.callback.replace(("evt_strange".to_owned(), message.body.to_string()));
            fixture.kept.replace("TX-strange".to_owned());
        }),
        act: arranged!(fixture => status(fixture.psp_calls().await)),
        rows: &[("PspCallback", "GetSecretValue", &["FM-34"]), ("PspCallback", "PutItem", &["FM-35"]), ("PspCallback", "*", &["FM-36"])],
    },
    FaultAction {
        name: "the PSP tells of a failure", caller: ActionCaller::Sender, fine: &[200],
        arrange: arranged!(fixture => fixture.mario_decides(json!({"outcome": "failure"})).await),
        act: arranged!(fixture => status(fixture.psp_calls().await)),
        rows: &[("PspCallback", "GetSecretValue", &["FM-34"]), ("PspCallback", "PutItem", &["FM-35"]), ("PspCallback", "*", &["FM-38"])],
    },
    FaultAction {
        name: "the PSP tells of another amount", caller: ActionCaller::Sender, fine: &[200],
        arrange: arranged!(fixture => fixture.mario_decides(json!({"outcome": "success", "amount": 77})).await),
        act: arranged!(fixture => status(fixture.psp_calls().await)),
        rows: &[("PspCallback", "GetSecretValue", &["FM-34"]), ("PspCallback", "PutItem", &["FM-35"]), ("PspCallback", "*", &["FM-39"])],
    },
    FaultAction {
        name: "the worker mails the receipt", caller: ActionCaller::Worker, fine: &[200],
        arrange: arranged!(fixture => {
            fixture.mario_decides(json!({"outcome": "success"})).await;
            fixture.psp_calls().await;
        }),
        act: arranged!(fixture => { fixture.stack().settle().await; 200 }),
        rows: &[("ProcessOutbox", "*", &["FM-41"])],
    },
    FaultAction {
        name: "the sweep mails what the stream lost", caller: ActionCaller::Worker, fine: &[200],
        arrange: arranged!(fixture => {
            fixture.mario_decides(json!({"outcome": "success"})).await;
            fixture.psp_calls().await;
            fixture.stack().clock().advance(jiff::SignedDuration::from_mins(3));
        }),
        act: arranged!(fixture => done(fixture.portal.harness().sweeps().await)),
        rows: &[("Sweep", "*", &["FM-54"])],
    },
    FaultAction {
        name: "the sweep asks the PSP", caller: ActionCaller::Worker, fine: &[200],
        arrange: arranged!(fixture => {
            fixture.mario_decides(json!({"outcome": "success"})).await;
            fixture.stack().clock().advance(jiff::SignedDuration::from_mins(2));
        }),
        act: arranged!(fixture => done(fixture.portal.harness().sweeps().await)),
        rows: &[("Sweep", "*", &["FM-42"])],
    },
    FaultAction {
        name: "the sweep closes what has expired", caller: ActionCaller::Worker, fine: &[200],
        arrange: arranged!(fixture => {
            fixture.mario_is_known().await;
            fixture.creditor_sends(&fixture.position.clone().with("expiresOn", "2026-11-24")).await;
            fixture.stack().clock().advance(jiff::SignedDuration::from_hours(60));
        }),
        act: arranged!(fixture => done(fixture.portal.harness().sweeps().await)),
        rows: &[("Sweep", "*", &["FM-43"])],
    },
    FaultAction {
        name: "the creditor cancels", caller: ActionCaller::Person, fine: &[204],
        arrange: arranged!(fixture => fixture.mario_owes().await),
        act: arranged!(fixture => status(fixture.creditor_cancels().await)),
        rows: &[("ImportDebts", "*", &["FM-44"])],
    },
    FaultAction {
        name: "the creditor issues a debt", caller: ActionCaller::Person, fine: &[201],
        arrange: arranged!(fixture => fixture.mario_is_known().await),
        act: arranged!(fixture => status(fixture.creditor_issues("office").await)),
        rows: &[("ImportDebts", "TransactWriteItems", &["FM-29"]), ("ImportDebts", "*", &["FM-28"])],
    },
    FaultAction {
        name: "the creditor resolves a difference", caller: ActionCaller::Person, fine: &[200],
        arrange: arranged!(fixture => {
            fixture.mario_decides(json!({"outcome": "success"})).await;
            fixture.node_asks(&fixture.receipt().xml()).await;
            fixture.psp_calls().await;
            fixture.keeps_a_difference().await;
        }),
        act: arranged!(fixture => status(fixture.creditor_resolves("office").await)),
        rows: &[("CreditorDifferences", "*", &["FM-44"])],
    },
    FaultAction {
        name: "the node verifies", caller: ActionCaller::Sender, fine: &[200],
        arrange: arranged!(fixture => fixture.mario_owes().await),
        act: arranged!(fixture => {
            let asked = question("paVerifyPaymentNoticeReq", US, CREDITOR, &fixture.position.number);
            status(fixture.node_asks(&asked).await)
        }),
        rows: &[("PagopaNode", "*", &["FM-47"])],
    },
    FaultAction {
        name: "the node asks what to pay", caller: ActionCaller::Sender, fine: &[200],
        arrange: arranged!(fixture => fixture.mario_owes().await),
        act: arranged!(fixture => {
            let asked = question("paGetPaymentReq", US, CREDITOR, &fixture.position.number);
            status(fixture.node_asks(&asked).await)
        }),
        rows: &[("PagopaNode", "*", &["FM-48"])],
    },
    FaultAction {
        name: "the node brings a receipt", caller: ActionCaller::Sender, fine: &[200],
        arrange: arranged!(fixture => fixture.mario_owes().await),
        act: arranged!(fixture => status(fixture.node_asks(&fixture.receipt().xml()).await)),
        rows: &[("PagopaNode", "PutItem", &["FM-49"]), ("PagopaNode", "*", &["FM-50"])],
    },
    FaultAction {
        name: "the node brings a receipt while another payment waits", caller: ActionCaller::Sender, fine: &[200],
        arrange: arranged!(fixture => fixture.mario_goes_to_pay().await),
        act: arranged!(fixture => status(fixture.node_asks(&fixture.receipt().xml()).await)),
        rows: &[("PagopaNode", "PutItem", &["FM-49"]), ("PagopaNode", "*", &["FM-50"])],
    },
    FaultAction {
        name: "the node brings a receipt of another amount", caller: ActionCaller::Sender, fine: &[200],
        arrange: arranged!(fixture => fixture.mario_owes().await),
        act: arranged!(fixture => {
            let mut receipt = fixture.receipt();
            receipt.cents += 1;
            status(fixture.node_asks(&receipt.xml()).await)
        }),
        rows: &[("PagopaNode", "PutItem", &["FM-49"]), ("PagopaNode", "*", &["FM-50"])],
    },
    FaultAction {
        name: "the node brings a receipt of nothing we know", caller: ActionCaller::Sender, fine: &[200],
        arrange: arranged!(fixture => {
            fixture.mario_is_known().await;
            fixture.kept.replace(fixture.receipt().id);
        }),
        act: arranged!(fixture => status(fixture.node_asks(&fixture.receipt().xml()).await)),
        rows: &[("PagopaNode", "PutItem", &["FM-49"]), ("PagopaNode", "*", &["FM-50"])],
    },
    FaultAction {
        name: "the sweep applies what was stored and not applied", caller: ActionCaller::Worker, fine: &[200],
        arrange: arranged!(fixture => {
            fixture.mario_decides(json!({"outcome": "success"})).await;
            let function = journeys::local::faults::Scope::function("PspCallback");
            let faults = fixture.stack().faults();
            faults.plan(function.operation("dynamodb:TransactWriteItems"), [(1, journeys::local::InjectedFault::CrashBefore)]);
            fixture.psp_calls().await;
            faults.clear();
            fixture.stack().clock().advance(jiff::SignedDuration::from_secs(70));
        }),
        act: arranged!(fixture => done(fixture.portal.harness().sweeps().await)),
        rows: &[("Sweep", "*", &["FM-40"])],
    },
];
