//! Lists of a citizen's debts: what is to pay, what is closed. Every page costs two queries at most and one
//! read of the debts shown, whatever the number of debts.

use std::collections::HashMap;

use domain::debt::{State, Status};
use domain::notice::NoticeNumber;
use domain::{Date, Debt, Fault};
use world::{NotConfigured, World};

use crate::citizen::Citizen;
use crate::debts::{Debts, Place};
use crate::keys::Key;
use crate::table::{Order, Queried, Range, Table, fine_instant};

#[derive(Clone)]
pub struct Listing {
    debts: Debts,
    table: Table,
}

/// A page of debts.
pub struct Rows {
    pub debts: Vec<Debt>,
    /// The place after which the next page begins.
    pub next: Option<String>,
}

/// What a citizen filters the history by.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub from: Option<Date>,
    pub to: Option<Date>,
    pub service: Option<String>,
    /// Closed states to show; all of them when none is named.
    pub states: Vec<State>,
    /// Words of the reason, the service or a code.
    pub words: Option<String>,
}

/// How many places a filtered page looks at before it gives what it found.
const LOOKED_AT: usize = 250;

impl Listing {
    pub fn connect(world: &World) -> Result<Self, NotConfigured> {
        let debts = Debts::connect(world)?;
        Ok(Self { table: debts.table.clone(), debts })
    }

    pub fn debts(&self) -> &Debts {
        &self.debts
    }

    /// Debts to pay, soonest due first.
    pub async fn to_pay(&self, citizen: &Citizen, limit: usize, after: Option<&str>) -> Result<Rows, Fault> {
        let range = || Range::StartsWith("P#".to_owned());
        let places = self.places(citizen, range, || Order::Rising, limit, after).await?;
        let next = last_of(&places).filter(|_| places.more);
        let now = self.debts.now();
        let mut debts = self.read(citizen, places.items).await?;
        debts.retain(|debt| debt.status(now) == Status::ToPay && debt.is_published(now));
        Ok(Rows { debts, next })
    }

    /// Debts no longer to pay, latest first.
    pub async fn history(
        &self,
        citizen: &Citizen,
        filter: &History,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Rows, Fault> {
        let (from, to) = bounds(filter);
        let range = || Range::Between(from.clone(), to.clone());
        let words = filter.words.as_deref().map(str::to_lowercase);
        let filtered = filter.service.is_some() || words.is_some() || !filter.states.is_empty();
        let look = if filtered { LOOKED_AT } else { limit };
        let mut places = self.places(citizen, range, || Order::Falling, look, after).await?;
        let last_looked_at = last_of(&places).filter(|_| places.more);
        places.items.retain(|place| {
            (filter.states.is_empty() || filter.states.contains(&place.state))
                && filter.service.as_ref().is_none_or(|service| *service == place.service)
                && words.as_ref().is_none_or(|words| place.words.contains(words.as_str()))
        });
        // More matched than fit: the next page begins after the last shown; otherwise after the last looked at.
        let next = if places.items.len() > limit {
            places.items.truncate(limit);
            last_of(&places)
        } else {
            last_looked_at
        };
        Ok(Rows { debts: self.read(citizen, places.items).await?, next })
    }

    /// The places of a citizen's debts: under their fiscal code once proven, and under their account. Both
    /// partitions sort alike, so a merge of the two is in order, and a debt in both appears once.
    async fn places(
        &self,
        citizen: &Citizen,
        range: impl Fn() -> Range,
        order: impl Fn() -> Order,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Queried<Place>, Fault> {
        const DOING: &str = "listing debts";
        // One more than shown, to know whether a page follows.
        let query = async |partition: String| {
            let from = after.map(|place| Key::listed(partition.clone(), place));
            let most = limit.saturating_add(1);
            self.table.query::<Place>(DOING, &partition, range(), order(), most, from.as_ref()).await
        };
        let seen = query(Key::seen_partition(citizen.id())).await?;
        let own = match citizen.proven_owner() {
            Some(owner) => query(Key::owner_partition(owner)).await?,
            None => Queried { items: Vec::new(), more: false },
        };
        let mut items: Vec<Place> = seen.items.into_iter().chain(own.items).collect();
        match order() {
            Order::Rising => items.sort_by(|a, b| a.sk.cmp(&b.sk)),
            Order::Falling => items.sort_by(|a, b| b.sk.cmp(&a.sk)),
        }
        items.dedup_by(|a, b| a.sk == b.sk);
        let more = items.len() > limit;
        items.truncate(limit);
        Ok(Queried { items, more })
    }

    /// The debts of places, read again at the source: a place never decides what is shown.
    async fn read(&self, citizen: &Citizen, places: Vec<Place>) -> Result<Vec<Debt>, Fault> {
        let notices: Vec<NoticeNumber> = places.into_iter().map(|place| place.notice).collect();
        let mut found: HashMap<NoticeNumber, Debt> = self
            .debts
            .read_many(&notices)
            .await?
            .into_iter()
            .map(|debt| (debt.notice.clone(), debt))
            .collect();
        let theirs = |debt: &Debt| {
            debt.watchers.contains(citizen.id())
                || (citizen.proven_owner().is_some() && debt.debtor.fiscal_code == *citizen.fiscal_code())
        };
        Ok(notices.iter().filter_map(|notice| found.remove(notice)).filter(theirs).collect())
    }
}

fn last_of(places: &Queried<Place>) -> Option<String> {
    places.items.last().map(|place| place.sk.clone())
}

/// The first and the last place of the days asked for, in Rome.
fn bounds(filter: &History) -> (String, String) {
    let from = filter.from.and_then(domain::time::start_of).map(fine_instant);
    let to = filter.to.and_then(domain::time::end_of).map(fine_instant);
    let from = from.map_or_else(|| "H#".to_owned(), |at| format!("H#{at}"));
    // `$` sorts right after `#`: all places that begin with the prefix come before it.
    let to = to.map_or_else(|| "H$".to_owned(), |at| format!("H#{at}"));
    (from, to)
}
