//! A person sees their account, puts it right, chooses the address of their mail, sees where they are logged in, and takes
//! their data along.

mod pages;
mod wire;

use domain::error::FieldCode;
use domain::password::Password;
use domain::person::Email;
use domain::profile_change::ProfileChange;
use domain::{Debt, Error, Fault, FieldError};
use identity::{Passwords, Sessions, Verified};
use runtime::{ConfigError, Env};
use store::{AccountWriter, HistoryFilter, Listing, Movements, PasswordOrigin, RateLimit, RateLimits};
use web::{Function, HttpError, Problem, Reply, Request};

pub struct Account {
    sessions: Sessions,
    accounts: AccountWriter,
    limits: RateLimits,
    passwords: Passwords,
    listing: Listing,
    movements: Movements,
}

/// How many debts of a list an export reads at a time, and in all: enough for a person.
const PAGE: usize = 50;
const MOST: usize = 10_000;

impl Function for Account {
    const ROUTES: &'static [&'static str] = &[
        "GET /api/account",
        "PATCH /api/account",
        "GET /api/account/export",
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
            "GET /api/account/export" => {
                request.query(&[])?;
                let export = self.export(&citizen).await?;
                Ok(Reply::ok(&export).attachment("dati-personali.json"))
            }
            "POST /api/account/email" => self.change_email(&citizen, &request).await,
            _ => Err(HttpError::NotFound.into()),
        }
    }
}

impl Account {
    /// Asks for another address for mail, by somebody who knows the password.
    async fn change_email(&self, citizen: &store::Citizen, request: &Request) -> Result<Reply, Problem> {
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

    /// Every datum held about the person: the account, and each debt that it sees with its movements.
    async fn export(&self, citizen: &store::Citizen) -> Result<wire::Export, Problem> {
        let to_pay = |after: Option<String>| async move {
            let rows = self.listing.to_pay(citizen, PAGE, after.as_deref()).await?;
            Ok::<_, Fault>((rows.debts, rows.next))
        };
        let closed = |after: Option<String>| async move {
            let rows =
                self.listing.history(citizen, &HistoryFilter::default(), PAGE, after.as_deref()).await?;
            Ok::<_, Fault>((rows.debts, rows.next))
        };
        let mut debts: Vec<Debt> = pages::all(MOST, to_pay).await?;
        debts.extend(pages::all(MOST, closed).await?);
        let mut exported = Vec::new();
        for debt in debts {
            let movements = self.movements.of_citizen(citizen, &debt).await?;
            exported.push(wire::ExportedDebt::of(debt.seen_by(&citizen.viewer()), &movements));
        }
        Ok(wire::Export::of(citizen.account(), exported))
    }
}
