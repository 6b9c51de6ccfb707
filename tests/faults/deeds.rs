//! What people, the creditor, senders and our own workers do, each with the rows of the fault matrix that its calls
//! are steps of.

use std::pin::Pin;
use std::rc::Rc;

use journeys::local::faults::Call;
use journeys::stage::Exchange;
use journeys::{CREDITOR, US, json, question};

use crate::scene::Scene;

pub type Doing<T> = Pin<Box<dyn Future<Output = T>>>;

/// Who waits for the answer, and so what trouble must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Tries again once.
    Person,
    /// A PSP or the node: sends again until it is taken, and again.
    Sender,
    /// A stream or a schedule: nobody waits.
    Worker,
}

/// One action.
pub struct Deed {
    pub name: &'static str,
    pub caller: Caller,
    pub arrange: fn(Rc<Scene>) -> Doing<()>,
    pub act: fn(Rc<Scene>) -> Doing<u16>,
    /// What a caller is answered when nothing is wrong, the first time and when it asks again.
    pub fine: &'static [u16],
    /// The matrix's row of a call: function, operation, and the rows of the first, second … such call.
    pub rows: &'static [(&'static str, &'static str, &'static [&'static str])],
}

impl Deed {
    /// The row of a call, if one is named.
    pub fn row(&self, call: &Call, nth: usize) -> Option<&'static str> {
        let operation = call.operation.rsplit(':').next().unwrap_or_default();
        let (.., rows) = self.rows.iter().find(|(function, known, _)| {
            *function == call.function && (*known == operation || *known == "*" || *known == call.operation)
        })?;
        rows.get(nth.min(rows.len() - 1)).copied()
    }
}

macro_rules! arranged {
    ($scene:ident => $work:expr) => {
        |$scene: Rc<Scene>| Box::pin(async move { $work })
    };
}

/// The answer to one of several requests at once decides nothing more than each by itself.
fn status(exchange: Exchange) -> u16 {
    exchange.status
}

fn done(outcome: Result<journeys::Value, String>) -> u16 {
    if outcome.is_ok() { 200 } else { 500 }
}

#[rustfmt::skip]
pub const DEEDS: &[Deed] = &[
    Deed {
        name: "register", caller: Caller::Person, fine: &[202, 429],
        arrange: arranged!(_scene => {}),
        act: arranged!(scene => status(scene.mario.posts("/api/register", &scene.mario.person.form()).await)),
        rows: &[("Register", "UpdateItem", &["FM-01"]), ("Register", "GetSecretValue", &["FM-02"]), ("Register", "PutItem", &["FM-03"]), ("Register", "*", &["FM-01"])],
    },
    Deed {
        name: "the worker makes the account", caller: Caller::Worker, fine: &[200],
        arrange: arranged!(scene => drop(scene.mario.posts("/api/register", &scene.mario.person.form()).await)),
        act: arranged!(scene => { scene.stage.stack.settle().await; 200 }),
        rows: &[("DeliverMail", "TransactWriteItems", &["FM-04"]), ("DeliverMail", "SendEmail", &["FM-05"]), ("DeliverMail", "UpdateItem", &["FM-05", "FM-04", "FM-05", "FM-06"]), ("DeliverMail", "*", &["FM-04"])],
    },
    Deed {
        name: "activate", caller: Caller::Person, fine: &[200],
        arrange: arranged!(scene => {
            scene.mario.posts("/api/register", &scene.mario.person.form()).await;
            scene.stage.stack.settle().await;
            scene.kept.replace(scene.mario.mailed_token("/attiva").expect("a link"));
        }),
        act: arranged!(scene => {
            let token = scene.kept.borrow().clone();
            status(scene.mario.posts("/api/activate", &json!({"token": token})).await)
        }),
        rows: &[("Activate", "*", &["FM-08"])],
    },
    Deed {
        name: "ask for another link", caller: Caller::Person, fine: &[202],
        arrange: arranged!(scene => drop(scene.mario.posts("/api/register", &scene.mario.person.form()).await)),
        act: arranged!(scene => status(scene.mario.posts("/api/activate/resend", &json!({"username": scene.mario.person.username})).await)),
        rows: &[("Activate", "*", &["FM-09"])],
    },
    Deed {
        name: "log in", caller: Caller::Person, fine: &[200],
        arrange: arranged!(scene => {
            scene.mario_is_known().await;
            // The keys that were read are too old: the hash needs its pepper anew.
            scene.stage.stack.clock().advance(jiff::SignedDuration::from_mins(6));
        }),
        act: arranged!(scene => status(scene.mario.tries_to_log_in().await)),
        rows: &[("Login", "UpdateItem", &["FM-10"]), ("Login", "PutItem", &["FM-13"]), ("Login", "GetSecretValue", &["FM-10", "FM-12"]), ("Login", "*", &["FM-11"])],
    },
    Deed {
        name: "guess a password", caller: Caller::Person, fine: &[401, 429],
        arrange: arranged!(scene => scene.mario_is_known().await),
        act: arranged!(scene => {
            let guess = json!({"username": scene.mario.person.username, "password": "non la so proprio"});
            status(scene.mario.posts("/api/login", &guess).await)
        }),
        rows: &[("Login", "UpdateItem", &["FM-10", "FM-14"]), ("Login", "GetItem", &["FM-11"]), ("Login", "*", &["FM-14"])],
    },
    Deed {
        name: "log out", caller: Caller::Person, fine: &[204, 401],
        arrange: arranged!(scene => scene.mario_is_known().await),
        act: arranged!(scene => status(scene.mario.posts("/api/logout", &json!({})).await)),
        rows: &[("Logout", "UpdateItem", &["FM-17"]), ("Logout", "*", &["FM-15"])],
    },
    Deed {
        name: "be seen after two minutes", caller: Caller::Person, fine: &[200],
        arrange: arranged!(scene => {
            scene.mario_is_known().await;
            scene.stage.stack.clock().advance(jiff::SignedDuration::from_mins(2));
        }),
        act: arranged!(scene => status(scene.mario.gets("/api/account").await)),
        rows: &[("Account", "UpdateItem", &["FM-16"]), ("Account", "*", &["FM-15"])],
    },
    Deed {
        name: "forget the password", caller: Caller::Person, fine: &[202],
        arrange: arranged!(scene => scene.mario_is_known().await),
        act: arranged!(scene => status(scene.mario.posts("/api/password/forgot", &json!({"username": scene.mario.person.username})).await)),
        rows: &[("Password", "*", &["FM-18"])],
    },
    Deed {
        name: "the worker mails the reset link", caller: Caller::Worker, fine: &[200],
        arrange: arranged!(scene => {
            scene.mario_is_known().await;
            scene.mario.posts("/api/password/forgot", &json!({"username": scene.mario.person.username})).await;
        }),
        act: arranged!(scene => { scene.stage.stack.settle().await; 200 }),
        rows: &[("DeliverMail", "*", &["FM-19"])],
    },
    Deed {
        name: "reset the password", caller: Caller::Person, fine: &[204, 400],
        arrange: arranged!(scene => {
            scene.mario_is_known().await;
            scene.mario.posts("/api/password/forgot", &json!({"username": scene.mario.person.username})).await;
            scene.stage.stack.settle().await;
            scene.kept.replace(scene.mario.mailed_token("/reimposta-password").expect("a link"));
        }),
        act: arranged!(scene => {
            let (token, new) = (scene.kept.borrow().clone(), "Tre quaglie nuove giallo 7");
            let reset = json!({"token": token, "password": new, "passwordConfirmation": new});
            let reset = scene.mario.posts("/api/password/reset", &reset).await;
            if reset.status == 204 {
                scene.mario.knows(new);
            }
            reset.status
        }),
        rows: &[("Password", "*", &["FM-20"])],
    },
    Deed {
        name: "the worker tells of the new password", caller: Caller::Worker, fine: &[200],
        arrange: arranged!(scene => {
            scene.mario_is_known().await;
            scene.mario.changes_password(&scene.dice).await;
        }),
        act: arranged!(scene => { scene.stage.stack.settle().await; 200 }),
        rows: &[("DeliverMail", "*", &["FM-21"])],
    },
    Deed {
        name: "withdraw consent", caller: Caller::Person, fine: &[204, 401],
        arrange: arranged!(scene => scene.mario_is_known().await),
        act: arranged!(scene => status(scene.mario.posts("/api/consent/revoke", &json!({"password": scene.mario.person.password})).await)),
        rows: &[("RevokeConsent", "*", &["FM-22"])],
    },
    Deed {
        name: "the worker erases the account", caller: Caller::Worker, fine: &[200],
        arrange: arranged!(scene => {
            scene.mario_is_known().await;
            scene.mario.posts("/api/consent/revoke", &json!({"password": scene.mario.person.password})).await;
        }),
        act: arranged!(scene => { scene.stage.stack.settle().await; 200 }),
        rows: &[("DeliverMail", "*", &["FM-22"])],
    },
    Deed {
        name: "search", caller: Caller::Person, fine: &[200],
        arrange: arranged!(scene => scene.mario_owes().await),
        act: arranged!(scene => {
            let codes = json!({"fiscalCode": scene.mario.person.fiscal_code, "noticeNumber": scene.practice.number});
            status(scene.mario.posts("/api/search", &codes).await)
        }),
        rows: &[("Search", "UpdateItem", &["FM-23"]), ("Search", "*", &["FM-24"])],
    },
    Deed {
        name: "list", caller: Caller::Person, fine: &[200],
        arrange: arranged!(scene => scene.mario_owes().await),
        act: arranged!(scene => status(scene.mario.gets("/api/debts").await)),
        rows: &[("List", "BatchGetItem", &["FM-15", "FM-25"]), ("List", "*", &["FM-25"])],
    },
    Deed {
        name: "print the notice", caller: Caller::Person, fine: &[200],
        arrange: arranged!(scene => scene.mario_owes().await),
        act: arranged!(scene => status(scene.mario.gets(&format!("/api/debts/{}/notice.pdf", scene.practice.number)).await)),
        rows: &[("NoticePdf", "BatchGetItem", &["FM-15"]), ("NoticePdf", "*", &["FM-26"])],
    },
    Deed {
        name: "print the receipt", caller: Caller::Person, fine: &[200],
        arrange: arranged!(scene => {
            scene.mario_decides(json!({"outcome": "success"})).await;
            scene.psp_calls().await;
        }),
        act: arranged!(scene => status(scene.mario.gets(&format!("/api/debts/{}/receipt.pdf", scene.practice.number)).await)),
        rows: &[("ReceiptPdf", "BatchGetItem", &["FM-15"]), ("ReceiptPdf", "*", &["FM-27"])],
    },
    Deed {
        name: "make a practice", caller: Caller::Person, fine: &[201],
        arrange: arranged!(scene => scene.mario_is_known().await),
        act: arranged!(scene => status(scene.mario.creates("Pasti", 1_500, "wish").await)),
        rows: &[("CreateSpontaneous", "BatchGetItem", &["FM-15"]), ("CreateSpontaneous", "TransactWriteItems", &["FM-29"]), ("CreateSpontaneous", "*", &["FM-28"])],
    },
    Deed {
        name: "click on pay", caller: Caller::Person, fine: &[201],
        arrange: arranged!(scene => scene.mario_owes().await),
        act: arranged!(scene => status(scene.clicks().await)),
        rows: &[
            ("InitiatePayment", "BatchGetItem", &["FM-15", "FM-30"]), ("InitiatePayment", "PutItem", &["FM-28", "FM-32"]),
            ("InitiatePayment", "UpdateItem", &["FM-30", "FM-28"]), ("InitiatePayment", "TransactWriteItems", &["FM-30"]),
            ("InitiatePayment", "psp:open", &["FM-31"]), ("InitiatePayment", "*", &["FM-30"]),
        ],
    },
    Deed {
        name: "come back from the PSP", caller: Caller::Person, fine: &[200],
        arrange: arranged!(scene => scene.mario_goes_to_pay().await),
        act: arranged!(scene => {
            let payment = scene.payment.borrow().0.clone();
            status(scene.mario.gets(&format!("/api/payments/{payment}")).await)
        }),
        rows: &[("InitiatePayment", "*", &["FM-33"])],
    },
    Deed {
        name: "the PSP tells of a success", caller: Caller::Sender, fine: &[200],
        arrange: arranged!(scene => scene.mario_decides(json!({"outcome": "success"})).await),
        act: arranged!(scene => status(scene.psp_calls().await)),
        rows: &[("PspCallback", "GetSecretValue", &["FM-34"]), ("PspCallback", "PutItem", &["FM-35"]), ("PspCallback", "*", &["FM-37"])],
    },
    Deed {
        name: "the PSP tells of a success for a cancelled practice", caller: Caller::Sender, fine: &[200],
        arrange: arranged!(scene => {
            scene.mario_decides(json!({"outcome": "success"})).await;
            scene.stage.creditor("DELETE", &scene.practice.number, None).await;
        }),
        act: arranged!(scene => status(scene.psp_calls().await)),
        rows: &[("PspCallback", "GetSecretValue", &["FM-34"]), ("PspCallback", "PutItem", &["FM-35"]), ("PspCallback", "*", &["FM-37"])],
    },
    Deed {
        name: "the PSP tells of a second success", caller: Caller::Sender, fine: &[200],
        arrange: arranged!(scene => {
            scene.mario_decides(json!({"outcome": "success"})).await;
            scene.stage.node_asks(&scene.receipt().xml()).await;
        }),
        act: arranged!(scene => status(scene.psp_calls().await)),
        rows: &[("PspCallback", "GetSecretValue", &["FM-34"]), ("PspCallback", "PutItem", &["FM-35"]), ("PspCallback", "*", &["FM-37"])],
    },
    Deed {
        name: "the PSP tells of a payment that we do not know", caller: Caller::Sender, fine: &[200],
        arrange: arranged!(scene => {
            scene.mario_owes().await;
            let body = json!({"type": "payment.succeeded", "timestamp": "2026-01-01T00:00:00Z", "data": {
                "paymentId": "0".repeat(32), "transactionId": "TX-strange", "pspId": "BANCADUE", "pspName": "Banca Due",
                "method": "CP", "amount": 1_000, "currency": "EUR"
            }});
            scene.callback.replace(("evt_strange".to_owned(), body.to_string()));
            scene.kept.replace("TX-strange".to_owned());
        }),
        act: arranged!(scene => status(scene.psp_calls().await)),
        rows: &[("PspCallback", "GetSecretValue", &["FM-34"]), ("PspCallback", "PutItem", &["FM-35"]), ("PspCallback", "*", &["FM-36"])],
    },
    Deed {
        name: "the PSP tells of a failure", caller: Caller::Sender, fine: &[200],
        arrange: arranged!(scene => scene.mario_decides(json!({"outcome": "failure"})).await),
        act: arranged!(scene => status(scene.psp_calls().await)),
        rows: &[("PspCallback", "GetSecretValue", &["FM-34"]), ("PspCallback", "PutItem", &["FM-35"]), ("PspCallback", "*", &["FM-38"])],
    },
    Deed {
        name: "the PSP tells of another amount", caller: Caller::Sender, fine: &[200],
        arrange: arranged!(scene => scene.mario_decides(json!({"outcome": "success", "amount": 77})).await),
        act: arranged!(scene => status(scene.psp_calls().await)),
        rows: &[("PspCallback", "GetSecretValue", &["FM-34"]), ("PspCallback", "PutItem", &["FM-35"]), ("PspCallback", "*", &["FM-39"])],
    },
    Deed {
        name: "the worker mails the receipt", caller: Caller::Worker, fine: &[200],
        arrange: arranged!(scene => {
            scene.mario_decides(json!({"outcome": "success"})).await;
            scene.psp_calls().await;
        }),
        act: arranged!(scene => { scene.stage.stack.settle().await; 200 }),
        rows: &[("DeliverMail", "*", &["FM-41"])],
    },
    Deed {
        name: "the sweep mails what the stream lost", caller: Caller::Worker, fine: &[200],
        arrange: arranged!(scene => {
            scene.mario_decides(json!({"outcome": "success"})).await;
            scene.psp_calls().await;
            scene.stage.stack.clock().advance(jiff::SignedDuration::from_mins(3));
        }),
        act: arranged!(scene => done(scene.stage.sweeps().await)),
        rows: &[("Sweep", "*", &["FM-54"])],
    },
    Deed {
        name: "the sweep asks the PSP", caller: Caller::Worker, fine: &[200],
        arrange: arranged!(scene => {
            scene.mario_decides(json!({"outcome": "success"})).await;
            scene.stage.stack.clock().advance(jiff::SignedDuration::from_mins(2));
        }),
        act: arranged!(scene => done(scene.stage.sweeps().await)),
        rows: &[("Sweep", "*", &["FM-42"])],
    },
    Deed {
        name: "the sweep closes what has expired", caller: Caller::Worker, fine: &[200],
        arrange: arranged!(scene => {
            scene.mario_is_known().await;
            let practice = scene.practice.clone().with("expiresOn", "2026-11-24");
            scene.stage.creditor("PUT", &practice.number, Some(&practice.body)).await;
            scene.stage.stack.clock().advance(jiff::SignedDuration::from_hours(60));
        }),
        act: arranged!(scene => done(scene.stage.sweeps().await)),
        rows: &[("Sweep", "*", &["FM-43"])],
    },
    Deed {
        name: "the creditor cancels", caller: Caller::Person, fine: &[204],
        arrange: arranged!(scene => scene.mario_owes().await),
        act: arranged!(scene => status(scene.stage.creditor("DELETE", &scene.practice.number, None).await)),
        rows: &[("ImportDebts", "*", &["FM-44"])],
    },
    Deed {
        name: "the node verifies", caller: Caller::Sender, fine: &[200],
        arrange: arranged!(scene => scene.mario_owes().await),
        act: arranged!(scene => {
            let asked = question("paVerifyPaymentNoticeReq", US, CREDITOR, &scene.practice.number);
            status(scene.stage.node_asks(&asked).await)
        }),
        rows: &[("PagopaNode", "*", &["FM-47"])],
    },
    Deed {
        name: "the node asks what to pay", caller: Caller::Sender, fine: &[200],
        arrange: arranged!(scene => scene.mario_owes().await),
        act: arranged!(scene => {
            let asked = question("paGetPaymentReq", US, CREDITOR, &scene.practice.number);
            status(scene.stage.node_asks(&asked).await)
        }),
        rows: &[("PagopaNode", "*", &["FM-48"])],
    },
    Deed {
        name: "the node brings a receipt", caller: Caller::Sender, fine: &[200],
        arrange: arranged!(scene => scene.mario_owes().await),
        act: arranged!(scene => status(scene.stage.node_asks(&scene.receipt().xml()).await)),
        rows: &[("PagopaNode", "PutItem", &["FM-49"]), ("PagopaNode", "*", &["FM-50"])],
    },
    Deed {
        name: "the node brings a receipt while another payment waits", caller: Caller::Sender, fine: &[200],
        arrange: arranged!(scene => scene.mario_goes_to_pay().await),
        act: arranged!(scene => status(scene.stage.node_asks(&scene.receipt().xml()).await)),
        rows: &[("PagopaNode", "PutItem", &["FM-49"]), ("PagopaNode", "*", &["FM-50"])],
    },
    Deed {
        name: "the node brings a receipt of another amount", caller: Caller::Sender, fine: &[200],
        arrange: arranged!(scene => scene.mario_owes().await),
        act: arranged!(scene => {
            let mut receipt = scene.receipt();
            receipt.cents += 1;
            status(scene.stage.node_asks(&receipt.xml()).await)
        }),
        rows: &[("PagopaNode", "PutItem", &["FM-49"]), ("PagopaNode", "*", &["FM-50"])],
    },
    Deed {
        name: "the node brings a receipt of nothing we know", caller: Caller::Sender, fine: &[200],
        arrange: arranged!(scene => {
            scene.mario_is_known().await;
            scene.kept.replace(scene.receipt().id);
        }),
        act: arranged!(scene => status(scene.stage.node_asks(&scene.receipt().xml()).await)),
        rows: &[("PagopaNode", "PutItem", &["FM-49"]), ("PagopaNode", "*", &["FM-50"])],
    },
    Deed {
        name: "the sweep applies what was stored and not applied", caller: Caller::Worker, fine: &[200],
        arrange: arranged!(scene => {
            scene.mario_decides(json!({"outcome": "success"})).await;
            let function = journeys::local::faults::Scope::function("PspCallback");
            let faults = scene.stage.stack.faults();
            faults.plan(function.operation("dynamodb:TransactWriteItems"), [(1, journeys::local::Fault::CrashBefore)]);
            scene.psp_calls().await;
            faults.clear();
            scene.stage.stack.clock().advance(jiff::SignedDuration::from_secs(70));
        }),
        act: arranged!(scene => done(scene.stage.sweeps().await)),
        rows: &[("Sweep", "*", &["FM-40"])],
    },
];
