//! The feed of events: written without a number beside the change that it is about, numbered when somebody asks.
//!
//! Numbers are given by one transaction after the other, each conditional on the last one given: they have no gaps, what
//! has a number keeps it, and nothing ever comes before what was shown.

use std::time::Duration;

use domain::feed::Happening;
use domain::retention::Retention;
use domain::{Fault, Timestamp, time};
use runtime::{Clock, ConfigError, Env};
use serde::{Deserialize, Serialize};

use crate::error;
use crate::keys::Key;
use crate::readers::DebtReader;
use crate::table::{
    Expression, Range, SortOrder, Step, Table, absent, fine_instant, item, present, with_ttl,
};

/// Reads the feed, and numbers what is new in it.
#[derive(Clone)]
pub struct Feed {
    table: Table,
    clock: Clock,
}

/// Something that happened, with its number.
pub struct FeedEvent {
    pub id: String,
    pub at: Timestamp,
    pub happening: Happening,
}

/// A place in the feed: behind the event of this number, which was numbered in this month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPlace {
    month: String,
    number: u64,
}

/// Events in the order of their numbers, and where the next begin.
pub struct FeedPage {
    pub events: Vec<FeedEvent>,
    pub next: FeedPlace,
}

/// What one transaction made happen, not numbered yet.
#[derive(Serialize, Deserialize)]
pub(crate) struct RecentRow {
    id: String,
    at: Timestamp,
    happened: String,
}

/// One event under its number.
#[derive(Serialize, Deserialize)]
pub(crate) struct EventRow {
    id: String,
    at: Timestamp,
    happened: String,
}

/// The end of the feed.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct FeedEnd {
    /// The number given last, and the month of it: months never go back, whoever's clock they are of.
    last: u64,
    month: String,
    /// The month of the first.
    first: String,
}

/// How many events are numbered at once: with what was written for them, a transaction takes a hundred items.
const NUMBERED: usize = 45;
/// How many rows of one shard are looked at for it.
const LOOKED_AT: usize = 45;

impl FeedPlace {
    /// `2026-11.42`, as it is shown.
    pub fn parse(text: &str) -> Option<Self> {
        let (month, number) = text.split_once('.')?;
        let number = Some(number).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
        start_of(month)?;
        Some(Self { month: month.to_owned(), number: number.parse().ok()? })
    }
}

impl std::fmt::Display for FeedPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.month, self.number)
    }
}

/// When a month begins: `2026-11`.
fn start_of(month: &str) -> Option<Timestamp> {
    (month.len() == 7).then(|| format!("{month}-01T00:00:00Z").parse().ok())?
}

fn month_of(at: Timestamp) -> String {
    at.strftime("%Y-%m").to_string()
}

/// The step that writes what a transaction makes happen, for the feed. `version` orders what happens to one debt within
/// a millisecond.
pub(crate) fn recent_step(
    table: &Table,
    (id, now, version): (&str, Timestamp, u64),
    happened: &[Happening],
) -> Result<Step, Fault> {
    let key = Key::recent(&fine_instant(now), version, id);
    let text = serde_json::to_string(happened).map_err(|e| error::corrupt("RECENT", &e))?;
    let row = RecentRow { id: id.to_owned(), at: now, happened: text };
    let row = with_ttl(item(&key, &row)?, Retention::EVENTS.ends(now));
    Ok(table.put_always(&key, row, "its id is its own: a repeat is the same"))
}

impl Feed {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        let table = Table::connect(env, &env.config().debts_table)?;
        Ok(Self { table, clock: env.clock().clone() })
    }

    /// Events behind a place, or from the beginning. Nothing for a place that is behind the end.
    pub async fn page(
        &self,
        _reader: DebtReader,
        after: Option<&FeedPlace>,
        limit: usize,
    ) -> Result<Option<FeedPage>, Fault> {
        let mut numbered = 0_usize;
        while numbered < limit {
            match self.number().await? {
                0 => break,
                n => numbered = numbered.saturating_add(n),
            }
        }
        // All up to this end is there, whoever numbers more meanwhile.
        let end: Option<FeedEnd> = self.table.get(&Key::feed_end()).await?;
        let now = self.clock.now();
        let kept = month_of(time::before(now, Duration::from_secs(400 * 24 * 60 * 60)));
        let begin = || FeedPlace {
            month: end.as_ref().map_or_else(|| month_of(now), |end| end.first.clone().max(kept.clone())),
            number: 0,
        };
        let mut place = after.cloned().unwrap_or_else(begin);
        let last = end.as_ref().map_or(0, |end| end.last);
        if place.number > last {
            return Ok(None);
        }
        let mut events = Vec::new();
        let Some(end) = end else { return Ok(Some(FeedPage { events, next: place })) };
        let (from, until) = (start_of(&place.month), start_of(&end.month));
        let months = from.zip(until).map(|(from, until)| time::months(from, until)).unwrap_or_default();
        for month in months {
            let partition = Key::feed_partition(&month);
            while events.len() < limit && place.number < last {
                let range =
                    Range::Between(Key::feed_number(place.number.saturating_add(1)), Key::feed_number(last));
                let left = limit.saturating_sub(events.len());
                let page = self.table.query::<NumberedRow>(&partition, range, SortOrder::Rising, left, None);
                let page = page.await?;
                for NumberedRow { sk, event } in page.items {
                    let number = sk.parse().map_err(|e| error::corrupt("FEED", &e))?;
                    place = FeedPlace { month: month.clone(), number };
                    let happening =
                        serde_json::from_str(&event.happened).map_err(|e| error::corrupt("FEED", &e))?;
                    events.push(FeedEvent { id: event.id, at: event.at, happening });
                }
                if !page.more {
                    break;
                }
            }
        }
        Ok(Some(FeedPage { events, next: place }))
    }

    /// Numbers what happened first of what has no number yet; returns how many events were numbered.
    async fn number(&self) -> Result<usize, Fault> {
        let decide = move |_again| async move {
            let end: Option<FeedEnd> = self.table.get(&Key::feed_end()).await?;
            let waiting = self.waiting().await?;
            if waiting.is_empty() {
                return Ok::<_, Fault>((Vec::new(), 0));
            }
            let now = self.clock.now();
            let month = month_of(now);
            let mut after = match &end {
                Some(end) => FeedEnd { month: end.month.clone().max(month), ..end.clone() },
                None => FeedEnd { last: 0, month: month.clone(), first: month },
            };
            let mut steps = Vec::new();
            let mut count = 0_usize;
            for (sk, row) in waiting {
                let happened: Vec<Happening> =
                    serde_json::from_str(&row.happened).map_err(|e| error::corrupt("RECENT", &e))?;
                for (n, happening) in happened.iter().enumerate() {
                    after.last = after.last.saturating_add(1);
                    count = count.saturating_add(1);
                    let key = Key::feed(&after.month, after.last);
                    let text = serde_json::to_string(happening).map_err(|e| error::corrupt("FEED", &e))?;
                    let event = EventRow { id: format!("evt_{}{n:02}", row.id), at: row.at, happened: text };
                    let event = with_ttl(item(&key, &event)?, Retention::EVENTS.ends(now));
                    steps.push(self.table.put(&key, event, absent()));
                }
                steps.push(self.table.delete(&sk, Some(present())));
            }
            let guard = match &end {
                Some(end) => Expression::new("#last = :last")
                    .name("#last", "last")
                    .number(":last", i128::from(end.last)),
                None => absent(),
            };
            let key = Key::feed_end();
            steps.push(self.table.put(&key, item(&key, &after)?, guard));
            Ok((steps, count))
        };
        self.table.commit(decide).await
    }

    /// What has no number yet, as much as one transaction numbers, in the order in which it happened.
    async fn waiting(&self) -> Result<Vec<(Key, RecentRow)>, Fault> {
        let mut found = Vec::new();
        let mut bound: Option<String> = None;
        for partition in Key::recent_partitions() {
            let range = Range::StartsWith("2".to_owned());
            let page =
                self.table.query::<WaitingRow>(&partition, range, SortOrder::Rising, LOOKED_AT, None).await?;
            if let Some(last) = page.items.last().filter(|_| page.more) {
                // Others of this shard come after it: nothing later is taken before them.
                bound = Some(bound.map_or_else(|| last.sk.clone(), |bound| bound.min(last.sk.clone())));
            }
            found.extend(page.items.into_iter().map(|row| (row.sk, partition.clone(), row.event)));
        }
        found.retain(|(sk, ..)| bound.as_ref().is_none_or(|bound| sk <= bound));
        found.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        let (mut taken, mut steps) = (Vec::new(), 0_usize);
        for (sk, pk, row) in found {
            let count = serde_json::from_str::<Vec<serde::de::IgnoredAny>>(&row.happened)
                .map_err(|e| error::corrupt("RECENT", &e))?
                .len();
            steps = steps.saturating_add(count).saturating_add(1);
            if !taken.is_empty() && steps > NUMBERED.saturating_mul(2) {
                break;
            }
            taken.push((Key { pk, sk }, row));
        }
        Ok(taken)
    }
}

#[derive(Deserialize)]
struct WaitingRow {
    sk: String,
    #[serde(flatten)]
    event: RecentRow,
}

#[derive(Deserialize)]
struct NumberedRow {
    sk: String,
    #[serde(flatten)]
    event: EventRow,
}
