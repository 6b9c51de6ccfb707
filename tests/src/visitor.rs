//! Somebody at the portal of a stage, patient with its troubles.

use std::cell::{Cell, RefCell};
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::stage::{Asked, Exchange, Stage};
use crate::{Dice, Person};

/// A person on a stage, with one browser.
pub struct Visitor {
    stage: Rc<Stage>,
    pub person: Person,
    password: RefCell<String>,
    pub cookie: RefCell<String>,
    address: Ipv4Addr,
    keys: Cell<u32>,
}

/// How often an action is tried before a person gives up.
const PATIENCE: usize = 12;

impl Visitor {
    /// Somebody whom the portal does not know yet.
    pub fn new(stage: &Rc<Stage>, dice: &Dice) -> Rc<Self> {
        let person = Person::natural(dice);
        Rc::new(Self {
            stage: stage.clone(),
            password: RefCell::new(person.password.clone()),
            person,
            cookie: RefCell::default(),
            address: dice.address(),
            keys: Cell::default(),
        })
    }

    fn asked(&self, method: &'static str, path: impl Into<String>) -> Asked {
        Asked::new(method, path).from(self.address).header("cookie", self.cookie.borrow().clone())
    }

    async fn asks(&self, asked: Asked) -> Exchange {
        let exchange = self.stage.asks(asked).await;
        // The cookie of an answer that comes late replaces a newer one in a browser too.
        if let Some(given) = &exchange.given {
            self.cookie.replace(given.clone());
        }
        exchange
    }

    pub async fn gets(&self, path: &str) -> Exchange {
        self.asks(self.asked("GET", path)).await
    }

    pub async fn posts(&self, path: &str, body: &Value) -> Exchange {
        self.asks(self.asked("POST", path).json(body)).await
    }

    /// Again while there is trouble, as a person would.
    pub async fn insists(&self, method: &'static str, path: &str, body: Option<&Value>) -> Exchange {
        let mut last = Exchange::default();
        for _ in 0..PATIENCE {
            let asked = self.asked(method, path);
            last = self.asks(body.map_or_else(|| self.asked(method, path), |body| asked.json(body))).await;
            if !last.is_trouble() {
                break;
            }
        }
        last
    }

    /// Registers, opens the mailed link, logs in.
    pub async fn becomes_known(&self) {
        let form = self.person.form();
        self.insists("POST", "/api/register", Some(&form)).await;
        for _ in 0..PATIENCE {
            self.stage.stack.settle().await;
            if let Some(token) = self.mailed_token("/attiva") {
                let active = self.insists("POST", "/api/activate", Some(&json!({"token": token}))).await;
                if active.status == 200 || active.status == 400 {
                    break;
                }
            }
            self.stage.stack.advance(Duration::from_secs(180)).await;
        }
        self.logs_in().await;
    }

    /// The token of the newest mailed link to a page.
    pub fn mailed_token(&self, page: &str) -> Option<String> {
        let start = format!("{page}#t=");
        let mails = self.stage.stack.mails();
        let mine = mails.iter().filter(|mail| mail.to.contains(&self.person.email));
        mine.flat_map(|mail| &mail.links)
            .find_map(|link| link.split_once(&start).map(|(_, token)| token.to_owned()))
    }

    fn credentials(&self) -> Value {
        json!({"username": self.person.username, "password": *self.password.borrow()})
    }

    pub async fn logs_in(&self) -> Exchange {
        self.insists("POST", "/api/login", Some(&self.credentials())).await
    }

    /// Once.
    pub async fn tries_to_log_in(&self) -> Exchange {
        self.posts("/api/login", &self.credentials()).await
    }

    /// Has a new password in mind.
    pub fn knows(&self, password: &str) {
        self.password.replace(password.to_owned());
    }

    /// To another one; what it is afterwards is known only when the answer came.
    pub async fn changes_password(&self, dice: &Dice) {
        let (old, new) = (self.password.borrow().clone(), Person::new_password(dice));
        let change = json!({"currentPassword": old, "password": new, "passwordConfirmation": new});
        let changed = self.posts("/api/password/change", &change).await;
        if changed.status == 204 {
            self.password.replace(new);
        } else if changed.status >= 500 {
            // Nobody knows: the one that opens the door is the right one.
            self.password.replace(new);
            if self.logs_in().await.status != 200 {
                self.password.replace(old);
                self.logs_in().await;
            }
        }
    }

    pub fn new_key(&self) -> String {
        self.keys.set(self.keys.get() + 1);
        format!("click-{}", self.keys.get())
    }

    pub async fn pays(&self, notices: &[String], key: &str) -> Exchange {
        let order = json!({"noticeNumbers": notices});
        self.asks(self.asked("POST", "/api/payments").json(&order).header("idempotency-key", key)).await
    }

    /// A practice of the person's own accord.
    pub async fn creates(&self, reason: &str, cents: u64, key: &str) -> Exchange {
        let wish = json!({
            "serviceCode": "08.MENSA SCOLASTICA", "reason": reason, "amount": cents,
            "fields": {"alunno": "Giulia Neri", "scuola": "Primaria Rodari"}
        });
        self.asks(self.asked("POST", "/api/debts").json(&wish).header("idempotency-key", key)).await
    }

    pub async fn takes_back(&self, notice: &str) -> Exchange {
        self.asks(self.asked("DELETE", format!("/api/debts/{notice}"))).await
    }
}
