//! A person sees their account, puts it right, chooses the address of their mail, sees where they are logged in, and takes
//! their data along.

mod wire;

use domain::error::FieldCode;
use domain::movement::MovementKind;
use domain::password::Password;
use domain::person::Email;
use domain::profile_change::ProfileChange;
use domain::{Debt, Error, FieldError};
use identity::{Passwords, Sessions, Verified};
use runtime::{ConfigError, Env};
use store::{
    AccountWriter, Citizen, HistoryFilter, Listing, Movements, PasswordOrigin, Payments, RateLimit,
    RateLimits,
};
use web::{Cursors, Function, HttpError, Problem, Reply, Request};

pub struct Account {
    sessions: Sessions,
    accounts: AccountWriter,
    limits: RateLimits,
    passwords: Passwords,
    listing: Listing,
    movements: Movements,
    payments: Payments,
    cursors: Cursors,
}

/// How many debts an answer of the export holds, more or less: it stays far below what an answer may be.
const PAGE: usize = 100;
/// What the entries of closed debts begin with.
const CLOSED: &str = "H";

impl Function for Account {
    const ROUTES: &'static [&'static str] = &[
        "GET /api/account",
        "PATCH /api/account",
        "GET /api/account/export",
        "GET /api/account/sessions",
        "DELETE /api/account/sessions/{id}",
        "POST /api/account/email",
        "POST /api/account/email/confirm",
    ];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            sessions: Sessions::connect(env)?,
            accounts: AccountWriter::connect(env)?,
            limits: RateLimits::connect(env)?,
            passwords: Passwords::connect(env)?,
            listing: Listing::connect(env)?,
            movements: Movements::connect(env)?,
            payments: Payments::connect(env)?,
            cursors: Cursors::connect(env)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        if request.route == "POST /api/account/email/confirm" {
            return self.confirm_email(&request).await;
        }
        let citizen = self.sessions.citizen(&request).await?;
        match request.route {
            "GET /api/account" => {
                request.query(&[])?;
                Ok(Reply::ok(&wire::AccountAnswer::of(citizen.account())))
            }
            "PATCH /api/account" => {
                let (change, form) = request.json::<ProfileChange>()?;
                form.finish()?;
                let profile = change.of(&citizen.account().profile)?;
                let account = self.accounts.accounts().change_profile(&citizen, profile).await?;
                Ok(Reply::ok(&wire::AccountAnswer::of(&account)))
            }
            "GET /api/account/sessions" => {
                request.query(&[])?;
                Ok(Reply::ok(&wire::SessionList::of(&self.sessions.list(&citizen).await?)))
            }
            "DELETE /api/account/sessions/{id}" => {
                request.bare()?;
                let ended = self.sessions.end_one(&citizen, request.path("id")).await?;
                Ok(ended.ok_or(HttpError::NotFound)?)
            }
            "GET /api/account/export" => {
                let query = request.query(&["cursor"])?;
                let bound_to = format!("export {}", citizen.id().as_str());
                let paging = self.cursors.paging(&query, &bound_to).await?;
                let (debts, next) = self.debts(&citizen, paging.after.clone()).await?;
                let next_cursor = self.cursors.next(&paging, next.as_deref()).await?;
                let export = match paging.after {
                    None => self.export(&citizen, debts, next_cursor).await?,
                    Some(_) => wire::Export::further(debts, next_cursor),
                };
                Ok(Reply::ok(&export).attachment("dati-personali.json"))
            }
            "POST /api/account/email" => self.change_email(&citizen, &request).await,
            _ => Err(HttpError::NotFound.into()),
        }
    }
}

impl Account {
    /// Asks for another address for mail, by somebody who knows the password.
    async fn change_email(&self, citizen: &Citizen, request: &Request) -> Result<Reply, Problem> {
        let (change, mut form) = request.json::<wire::EmailForm>()?;
        let (email, password) = (change.email.unwrap_or_default(), change.password.unwrap_or_default());
        let email = form.check(Email::field("email", &email));
        if password.is_empty() {
            form.refuse(FieldError::new("password", FieldCode::Required));
        }
        let email = form.give(email)?;
        let (username, source) = (citizen.account().profile.username.as_str(), request.source());
        let tried = self.limits.admit_password(username, PasswordOrigin::Session(source.as_str())).await?;
        let record = self.accounts.accounts().password_of(citizen).await?;
        let stored = record.as_ref().map(|record| record.hash.as_str());
        if self.passwords.verify(Password::offered(&password).as_ref(), stored).await? == Verified::Wrong {
            self.limits.failed(&tried).await?;
            return Err(Error::InvalidCredentials.into());
        }
        self.limits.succeeded(tried).await?;
        self.accounts.change_email(citizen, &email).await?;
        Ok(Reply::accepted(&wire::EmailChange { status: "mail-sent" }))
    }

    /// The link alone confirms, wherever it is opened; whoever has neither link nor session is told no more than that.
    async fn confirm_email(&self, request: &Request) -> Result<Reply, Problem> {
        let confirmed = async {
            let (confirmation, form) = request.json::<wire::ConfirmationForm>()?;
            form.finish()?;
            let token = confirmation.token.unwrap_or_default();
            if token.is_empty() {
                return Err(FieldError::new("token", FieldCode::Required).into());
            }
            let confirmed = self.accounts.confirm_email(&token).await;
            let source = request.source();
            Ok::<_, Problem>(
                self.limits.unless_guessed(&[(RateLimit::LINK, source.as_str())], confirmed).await?,
            )
        };
        if let Err(refusal) = confirmed.await {
            self.sessions.citizen(request).await?;
            return Err(refusal);
        }
        Ok(Reply::no_content())
    }

    /// Every datum held about the person; of the debts, those of the first page.
    async fn export(
        &self,
        citizen: &Citizen,
        debts: Vec<wire::ExportedDebt>,
        next_cursor: Option<String>,
    ) -> Result<wire::Export, Problem> {
        let sessions = self.sessions.list(citizen).await?;
        Ok(wire::Export::of(citizen.account(), &sessions, debts, next_cursor))
    }

    /// A page of the debts that the citizen sees, with movements and payments, and after which entry the next begins: what
    /// is to pay, then what is closed.
    async fn debts(
        &self,
        citizen: &Citizen,
        mut after: Option<String>,
    ) -> Result<(Vec<wire::ExportedDebt>, Option<String>), Problem> {
        let mut exported = Vec::new();
        loop {
            // An entry says by its first letter in which list it is; the letter alone is the beginning of the second.
            let closed = after.as_deref().filter(|entry| entry.starts_with(CLOSED));
            let page = match closed {
                None => self.listing.to_pay(citizen, PAGE, after.as_deref()).await?,
                Some(entry) => {
                    let entry = Some(entry).filter(|entry| *entry != CLOSED);
                    self.listing.history(citizen, &HistoryFilter::default(), PAGE, entry).await?
                }
            };
            let next = match (closed, page.next) {
                (None, None) => Some(CLOSED.to_owned()),
                (_, next) => next,
            };
            for debt in page.debts {
                exported.push(self.exported(citizen, debt).await?);
            }
            if next.is_none() || exported.len() >= PAGE {
                return Ok((exported, next));
            }
            after = next;
        }
    }

    async fn exported(&self, citizen: &Citizen, debt: Debt) -> Result<wire::ExportedDebt, Problem> {
        let movements = self.movements.of_citizen(citizen, &debt).await?;
        let attempts = match movements.iter().any(|movement| movement.kind == MovementKind::AttemptStarted) {
            true => self.payments.of_debt(citizen, &debt.notice).await?,
            false => Vec::new(),
        };
        Ok(wire::ExportedDebt::of(debt.seen_by(&citizen.viewer()), &movements, &attempts))
    }
}
