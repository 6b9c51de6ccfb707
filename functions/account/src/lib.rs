//! A person sees their account, puts it right, sees where they are logged in, and takes their data along.

mod pages;
mod wire;

use domain::profile_change::ProfileChange;
use domain::{Debt, Fault};
use identity::Sessions;
use runtime::{ConfigError, Env};
use store::{Accounts, HistoryFilter, Listing, Movements};
use web::{Function, HttpError, Problem, Reply, Request};

pub struct Account {
    sessions: Sessions,
    accounts: Accounts,
    listing: Listing,
    movements: Movements,
}

/// How many debts of a list an export reads at a time, and in all: enough for a person.
const PAGE: usize = 50;
const MOST: usize = 10_000;

impl Function for Account {
    const ROUTES: &'static [&'static str] =
        &["GET /api/account", "PATCH /api/account", "GET /api/account/export"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            sessions: Sessions::connect(env)?,
            accounts: Accounts::connect(env)?,
            listing: Listing::connect(env)?,
            movements: Movements::connect(env)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
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
                let account = self.accounts.change_profile(&citizen, profile).await?;
                Ok(Reply::ok(&wire::AccountAnswer::of(&account)))
            }
            "GET /api/account/export" => {
                request.query(&[])?;
                let export = self.export(&citizen).await?;
                Ok(Reply::ok(&export).attachment("dati-personali.json"))
            }
            _ => Err(HttpError::NotFound.into()),
        }
    }
}

impl Account {
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
