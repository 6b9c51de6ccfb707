//! The creditor's back office learns what was paid: payments by the day on which they were recorded, as JSON or as a
//! table for the accountant; and what happened, event by event.

mod wire;

use creditor::{ServiceCatalogue, creditor};
use domain::creditor::Creditor;
use domain::error::Form;
use domain::feed::{FeedKind, FeedSubject};
use domain::{Date, Debt, Error, FieldCode, FieldError, Timestamp, time};
use identity::{BackOffice, CreditorScope};
use runtime::{ConfigError, Env};
use store::{DebtReader, Debts, Feed, FeedEvent, FeedPlace};
use web::office::OfficeContext;
use web::{Cursors, Function, HttpError, Page, Problem, Query, Reply, Request};

const PAYMENTS: &str = "GET /creditor/payments";
const EVENTS: &str = "GET /creditor/events";

pub struct CreditorPayments {
    back_office: BackOffice,
    debts: Debts,
    feed: Feed,
    services: ServiceCatalogue,
    cursors: Cursors,
    creditor: Creditor,
    channel: &'static str,
}

/// How many days one question may span.
const MAX_DAYS: i64 = 366;
/// How many payments are read at once for a table.
const PAGE: usize = 500;
/// How long a table may be, in bytes: an answer of Lambda's is not longer than six megabytes.
const MAX_TABLE: usize = 5 * 1024 * 1024;

/// How many events are shown unless it is said, how many at most, and how many are looked at for those of a kind.
const EVENTS_SHOWN: usize = 100;
const MAX_EVENTS: usize = 500;
const LOOKED_AT: usize = 2_000;

impl Function for CreditorPayments {
    const ROUTES: &'static [&'static str] = &[PAYMENTS, EVENTS];

    fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            back_office: BackOffice::connect(env)?,
            debts: Debts::connect(env)?,
            feed: Feed::connect(env)?,
            services: ServiceCatalogue::of_the_repository()?,
            cursors: Cursors::connect(env)?,
            creditor: creditor(env)?,
            channel: env.config().payment_channel.get()?.as_str(),
        })
    }

    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        self.back_office.admits(&request, CreditorScope::PaymentsRead).await?;
        match request.route {
            PAYMENTS => self.payments(&request).await,
            EVENTS => self.events(&request).await,
            _ => Err(HttpError::NotFound.into()),
        }
    }
}

impl CreditorPayments {
    async fn payments(&self, request: &Request) -> Result<Reply, Problem> {
        let query = request.query(&["from", "to", "service", "format", "limit", "cursor"])?;
        let as_table = match query.get("format") {
            None => request.prefers("text/csv"),
            Some("csv") => true,
            Some("json") => false,
            Some(_) => return Err(FieldError::new("format", FieldCode::NotAllowed).into()),
        };
        let (from, to) = days(&query, time::rome_date(self.debts.now()))?;
        let span = span(from, to);
        let service = query.get("service");
        let paging = self.cursors.paging(&query, &format!("payments {from} {to} {service:?}")).await?;
        let asked_for = |debt: &Debt| service.is_none_or(|code| debt.service.code == code);
        if as_table {
            let mut table = wire::PaymentTable::new()?;
            let mut after = paging.after;
            loop {
                let page = self.debts.recorded(DebtReader::Creditor, span, PAGE, after.as_deref()).await?;
                for debt in page.debts.iter().filter(|debt| asked_for(debt)) {
                    table.add(debt, self.context(debt))?;
                }
                if table.written() > MAX_TABLE {
                    // Too long for one answer: a shorter range is.
                    return Err(FieldError::new("to", FieldCode::Range).into());
                }
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            return Ok(Reply::csv(&format!("pagamenti-{from}-{to}.csv"), table.finish()?));
        }
        let after = paging.after.as_deref();
        let page = self.debts.recorded(DebtReader::Creditor, span, paging.limit, after).await?;
        let paid = page.debts.iter().filter(|debt| asked_for(debt));
        let items = paid.filter_map(|debt| wire::PaymentRow::of(debt, self.context(debt))).collect();
        let next_cursor = self.cursors.next(&paging, page.next.as_deref()).await?;
        Ok(Reply::ok(&Page::<wire::PaymentRow> { items, next_cursor }))
    }

    async fn events(&self, request: &Request) -> Result<Reply, Problem> {
        let query = request.query(&["after", "types", "limit"])?;
        let (types, limit) = (types(&query)?, limit(&query)?);
        let after = query.get("after").map(|text| FeedPlace::parse(text).ok_or(HttpError::InvalidCursor));
        let mut place = after.transpose()?;
        let (mut items, mut looked_at) = (Vec::new(), 0_usize);
        loop {
            let left = limit.saturating_sub(items.len());
            let page = self.feed.page(DebtReader::Creditor, place.as_ref(), left).await?;
            let page = page.ok_or(HttpError::InvalidCursor)?;
            looked_at = looked_at.saturating_add(page.events.len());
            let none = page.events.is_empty();
            let asked_for =
                |event: &&FeedEvent| types.as_ref().is_none_or(|of| of.contains(&event.happening.kind));
            items.extend(page.events.iter().filter(asked_for).map(|event| self.event(event)));
            if none || items.len() >= limit || looked_at >= LOOKED_AT {
                return Ok(Reply::ok(&wire::EventPage { items, next: page.next.to_string() }));
            }
            place = Some(page.next);
        }
    }

    /// As things were then, their state too.
    fn event(&self, event: &FeedEvent) -> wire::EventView {
        let service = match &event.happening.subject {
            FeedSubject::Debt(debt) => self.services.get(&debt.service.code),
            FeedSubject::Difference(_) => None,
        };
        let category = service.map(|service| service.taxonomy.as_str());
        let (creditor, channel, now) = (&self.creditor, self.channel, event.at);
        wire::EventView::of(event, OfficeContext { creditor, category, channel, now })
    }

    fn context(&self, debt: &Debt) -> OfficeContext<'_> {
        let category = self.services.get(&debt.service.code).map(|service| service.taxonomy.as_str());
        OfficeContext { creditor: &self.creditor, category, channel: self.channel, now: self.debts.now() }
    }
}

/// Which kinds of events are asked for; all of them when nothing is said.
fn types(query: &Query) -> Result<Option<Vec<FeedKind>>, FieldError> {
    let wrong = || FieldError::new("types", FieldCode::NotAllowed);
    let kinds = |text: &str| text.split(',').map(|name| FeedKind::parse(name).ok_or_else(wrong)).collect();
    query.get("types").map(kinds).transpose()
}

fn limit(query: &Query) -> Result<usize, FieldError> {
    let Some(text) = query.get("limit") else { return Ok(EVENTS_SHOWN) };
    let number = text.parse().map_err(|_| FieldError::new("limit", FieldCode::Format))?;
    match number {
        1..=MAX_EVENTS => Ok(number),
        _ => Err(FieldError::new("limit", FieldCode::Range)),
    }
}

/// The first and the last day, both included: a year of them when only one, or none, is given.
fn days(query: &Query, today: Date) -> Result<(Date, Date), Error> {
    let mut form = Form::default();
    let mut day = |name: &str| {
        let parsed =
            |text: &str| text.parse::<Date>().ok().filter(|_| text.len() == 10).ok_or(FieldCode::Format);
        query.get(name).and_then(|text| form.field(name, parsed(text)))
    };
    let (from, to) = (day("from"), day("to"));
    let last =
        to.or_else(|| from.and_then(|from| time::days_after(from, MAX_DAYS - 1)).map(|last| last.min(today)));
    let last = last.unwrap_or(today);
    let first = from.or_else(|| time::days_after(last, 1 - MAX_DAYS)).unwrap_or(last);
    let longest = time::days_after(first, MAX_DAYS - 1);
    if from.is_some() && to.is_some() && (last < first || longest.is_some_and(|longest| longest < last)) {
        form.refuse(FieldError::new("to", FieldCode::Range));
    }
    form.give(Some((first, last)))
}

fn span(from: Date, to: Date) -> (Timestamp, Timestamp) {
    (time::start_of(from).unwrap_or(Timestamp::MIN), time::end_of(to).unwrap_or(Timestamp::MAX))
}
