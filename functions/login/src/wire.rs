use domain::account::Account;
use serde::{Deserialize, Serialize};
use web::view::AccountView;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    pub username: Option<String>,
    pub password: Option<String>,
}

#[derive(Serialize)]
pub struct LoggedIn {
    account: AccountView,
}

impl LoggedIn {
    pub fn of(account: &Account) -> Self {
        Self { account: AccountView::of(account) }
    }
}
