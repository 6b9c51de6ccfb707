use domain::account::Account;
use serde::Serialize;
use web::view::AccountView;

#[derive(Serialize)]
pub struct LoggedIn {
    account: AccountView,
}

impl LoggedIn {
    pub fn of(account: &Account) -> Self {
        Self { account: AccountView::of(account) }
    }
}
