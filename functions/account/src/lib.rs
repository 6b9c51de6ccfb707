//! A person sees their account, puts it right, sees where they are logged in, and takes their data along.

mod wire;

use domain::Debt;
use domain::movement::MovementKind;
use domain::profile_change::ProfileChange;
use identity::Sessions;
use runtime::{ConfigError, Env};
use store::{Accounts, Citizen, HistoryFilter, Listing, Movements, Payments};
use web::{Cursors, Function, HttpError, Problem, Reply, Request};

pub struct Account {
    sessions: Sessions,
    accounts: Accounts,
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
    ];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            sessions: Sessions::connect(env)?,
            accounts: Accounts::connect(env)?,
            listing: Listing::connect(env)?,
            movements: Movements::connect(env)?,
            payments: Payments::connect(env)?,
            cursors: Cursors::connect(env)?,
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
            _ => Err(HttpError::NotFound.into()),
        }
    }
}

impl Account {
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
