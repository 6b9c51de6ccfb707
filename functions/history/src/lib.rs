//! What a citizen has paid, and what was cancelled or expired; filtered, as JSON or as a table to take along.

mod wire;

use creditor::creditor;
use domain::creditor::Creditor;
use domain::debt::DebtState;
use domain::error::{FieldCode, Form};
use domain::{Date, Error, FieldError, text};
use identity::Sessions;
use runtime::{ConfigError, Env};
use store::{HistoryFilter as Filter, Listing};
use web::view::DebtView;
use web::{Cursors, Function, Page, Problem, Query, Reply, Request};

pub struct History {
    sessions: Sessions,
    listing: Listing,
    cursors: Cursors,
    creditor: Creditor,
}

impl Function for History {
    const ROUTES: &'static [&'static str] = &["GET /api/history"];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            sessions: Sessions::connect(env)?,
            listing: Listing::connect(env)?,
            cursors: Cursors::connect(env)?,
            creditor: creditor(env)?,
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        let citizen = self.sessions.citizen(&request).await?;
        let query = request.query(&["from", "to", "service", "status", "q", "limit", "cursor"])?;
        let filter = filter(&query)?;
        let bound_to = format!("history {} {filter:?}", citizen.id().as_str());
        let paging = self.cursors.paging(&query, &bound_to).await?;
        let rows = self.listing.history(&citizen, &filter, paging.limit, paging.after.as_deref()).await?;
        let viewer = citizen.viewer();
        let next_cursor = self.cursors.next(&paging, rows.next.as_deref()).await?;
        if request.prefers("text/csv") {
            let table = wire::table(&viewer, &rows.debts, self.listing.debts().now())?;
            let reply = Reply::csv("storico-pratiche.csv", table);
            return Ok(match next_cursor {
                Some(cursor) => reply.with_header("x-next-cursor", &cursor),
                None => reply,
            });
        }
        let now = self.listing.debts().now();
        let items =
            rows.debts.iter().map(|debt| DebtView::seen_by(&viewer, debt, &self.creditor, now)).collect();
        Ok(Reply::ok(&Page::<DebtView> { items, next_cursor }))
    }
}

/// Longest text that is searched for.
const MAX_WORDS: usize = 100;

fn filter(query: &Query) -> Result<Filter, Error> {
    let mut form = Form::default();
    let mut date = |name: &str| {
        let parse = |text: &str| text.parse::<Date>().map_err(|_| FieldCode::Format);
        query.get(name).and_then(|text| form.field(name, parse(text)))
    };
    let (from, to) = (date("from"), date("to"));
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        form.refuse(FieldError::new("to", FieldCode::Range));
    }
    let states = match query.get("status") {
        None | Some("paid") => vec![DebtState::Paid],
        Some("expired") => vec![DebtState::Expired],
        Some("cancelled") => vec![DebtState::Cancelled],
        Some("all") => Vec::new(),
        Some(_) => {
            form.refuse(FieldError::new("status", FieldCode::NotAllowed));
            Vec::new()
        }
    };
    let words = query.get("q").map(text::tidy).filter(|words| !words.is_empty());
    if words.as_deref().is_some_and(|words| text::length(words) > MAX_WORDS) {
        form.refuse(FieldError::new("q", FieldCode::TooLong).with("max", MAX_WORDS as u64));
    }
    let service = query.get("service").map(str::to_owned);
    form.finish()?;
    Ok(Filter { from, to, service, states, words })
}
