//! A user of a simulated product who repeats what failed, as people do.

use std::cell::RefCell;
use std::ops::Deref;
use std::time::Duration;

use serde_json::{Value, json};

use crate::{PortalUser, SamplePerson, TestPortal, TestResponse};

/// A user with one browser. What is tried once is a method of [`PortalUser`].
pub struct RetryingUser {
    user: PortalUser,
    portal: TestPortal,
    password: RefCell<String>,
}

/// How often an action is tried before a person gives up.
const TRIES: usize = 12;

impl Deref for RetryingUser {
    type Target = PortalUser;

    fn deref(&self) -> &PortalUser {
        &self.user
    }
}

impl RetryingUser {
    /// Somebody who has no account yet.
    pub fn new(portal: &TestPortal) -> Self {
        let user = portal.citizen();
        let password = RefCell::new(user.person.password.clone());
        Self { user, portal: portal.clone(), password }
    }

    /// Posts, again while the failure is transient.
    pub async fn insists(&self, path: &str, body: &Value) -> TestResponse {
        let mut last = self.posts(path, body).await;
        for _ in 1..TRIES {
            if !last.is_transient() {
                break;
            }
            last = self.posts(path, body).await;
        }
        last
    }

    /// Registers, opens the mailed link, logs in.
    pub async fn becomes_known(&self) {
        let stack = &self.portal.harness().stack;
        self.insists("/api/register", &self.person.form()).await;
        for _ in 0..TRIES {
            stack.settle().await;
            if let Some(token) = self.mailed_token("/attiva") {
                let active = self
                    .insists("/api/activate", &json!({"token": token, "password": *self.password.borrow()}))
                    .await;
                if active.status == 200 || active.status == 400 {
                    break;
                }
            }
            stack.advance(Duration::from_secs(180)).await;
        }
        self.logs_in().await;
    }

    /// The token of the newest mailed link to a page.
    pub fn mailed_token(&self, page: &str) -> Option<String> {
        let start = format!("{page}#t=");
        let mails = self.portal.harness().stack.mails();
        let mine = mails.iter().filter(|mail| mail.to.contains(&self.person.email));
        mine.flat_map(|mail| &mail.links)
            .find_map(|link| link.split_once(&start).map(|(_, token)| token.to_owned()))
    }

    pub async fn logs_in(&self) -> TestResponse {
        self.insists("/api/login", &self.credentials()).await
    }

    /// Once.
    pub async fn tries_to_log_in(&self) -> TestResponse {
        self.posts("/api/login", &self.credentials()).await
    }

    fn credentials(&self) -> Value {
        json!({"username": self.person.username, "password": *self.password.borrow()})
    }

    /// Uses another password from now on.
    pub fn knows(&self, password: &str) {
        self.password.replace(password.to_owned());
    }

    /// Changes the password. After a failure nobody knows which one counts: the one that logs in.
    pub async fn changes_password(&self) {
        let (old, new) = (self.password.borrow().clone(), SamplePerson::new_password(self.portal.rng()));
        let changed = self.tries_to_change_password(&old, &new).await;
        if changed.status == 204 {
            self.password.replace(new);
        } else if changed.status >= 500 {
            self.password.replace(new);
            if self.logs_in().await.status != 200 {
                self.password.replace(old);
                self.logs_in().await;
            }
        }
    }
}
