//! Lists of a citizen's debts: what is to pay, what is closed. Every page costs two queries at most and one
//! read of the debts shown, whatever the number of debts.

use domain::Fault;
use domain::debt::{DebtState, DebtStatus};
use domain::notice::NoticeNumber;
use domain::{Date, Debt};
use runtime::{ConfigError, Env};

use crate::citizen::Citizen;
use crate::debts::{Debts, ListEntry};
use crate::keys::Key;
use crate::table::{QueryPage, Range, SortOrder, fine_instant};

#[derive(Clone)]
pub struct Listing {
    debts: Debts,
}

/// A page of debts.
pub struct DebtPage {
    pub debts: Vec<Debt>,
    /// The entry after which the next page begins.
    pub next: Option<String>,
}

/// What a citizen filters the history by.
#[derive(Clone, Debug, Default)]
pub struct HistoryFilter {
    pub from: Option<Date>,
    pub to: Option<Date>,
    pub service: Option<String>,
    /// Closed states to show; all of them when none is named.
    pub states: Vec<DebtState>,
    /// Words of the reason, the service or a code.
    pub words: Option<String>,
}

/// How many entries a filtered page looks at before it gives what it found.
const LOOKED_AT: usize = 250;

impl Listing {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { debts: Debts::connect(env)? })
    }

    pub fn debts(&self) -> &Debts {
        &self.debts
    }

    /// Debts to pay, soonest due first.
    pub async fn to_pay(
        &self,
        citizen: &Citizen,
        limit: usize,
        after: Option<&str>,
    ) -> Result<DebtPage, Fault> {
        let range = || Range::StartsWith("P#".to_owned());
        let entries = self.entries(citizen, range, || SortOrder::Rising, limit, after).await?;
        let next = last_of(&entries).filter(|_| entries.more);
        let now = self.debts.now();
        let mut debts = self.read(citizen, entries.items).await?;
        debts.retain(|debt| debt.status(now) == DebtStatus::ToPay);
        Ok(DebtPage { debts, next })
    }

    /// Debts no longer to pay, latest first.
    pub async fn history(
        &self,
        citizen: &Citizen,
        filter: &HistoryFilter,
        limit: usize,
        after: Option<&str>,
    ) -> Result<DebtPage, Fault> {
        let (from, to) = bounds(filter);
        let range = || Range::Between(from.clone(), to.clone());
        let words = filter.words.as_deref().map(Sought::of);
        let filtered = filter.service.is_some() || words.is_some() || !filter.states.is_empty();
        let look = if filtered { LOOKED_AT } else { limit };
        let mut entries = self.entries(citizen, range, || SortOrder::Falling, look, after).await?;
        let last_looked_at = last_of(&entries).filter(|_| entries.more);
        entries.items.retain(|entry| {
            (filter.states.is_empty() || filter.states.contains(&entry.state))
                && filter.service.as_ref().is_none_or(|service| *service == entry.service)
                && words.as_ref().is_none_or(|words| words.are_in(&entry.words))
        });
        // More matched than fit: the next page begins after the last shown; otherwise after the last looked at.
        let next = if entries.items.len() > limit {
            entries.items.truncate(limit);
            last_of(&entries)
        } else {
            last_looked_at
        };
        Ok(DebtPage { debts: self.read(citizen, entries.items).await?, next })
    }

    /// The entries of a citizen's debts: under their fiscal code once proven, and under their account. Both
    /// partitions sort alike, so a merge of the two is in order, and a debt in both appears once.
    async fn entries(
        &self,
        citizen: &Citizen,
        range: impl Fn() -> Range,
        order: impl Fn() -> SortOrder,
        limit: usize,
        after: Option<&str>,
    ) -> Result<QueryPage<ListEntry>, Fault> {
        // One more than shown, to know whether a page follows.
        let query = async |partition: String| {
            let from = after.map(|entry| Key::listed(partition.clone(), entry));
            let most = limit.saturating_add(1);
            self.debts.table.query::<ListEntry>(&partition, range(), order(), most, from.as_ref()).await
        };
        let seen = query(Key::seen_partition(citizen.id())).await?;
        let own = match citizen.proven_owner() {
            Some(owner) => query(Key::owner_partition(owner)).await?,
            None => QueryPage { items: Vec::new(), more: false },
        };
        let mut items: Vec<ListEntry> = seen.items.into_iter().chain(own.items).collect();
        match order() {
            SortOrder::Rising => items.sort_by(|a, b| a.sk.cmp(&b.sk)),
            SortOrder::Falling => items.sort_by(|a, b| b.sk.cmp(&a.sk)),
        }
        items.dedup_by(|a, b| a.sk == b.sk);
        let more = items.len() > limit;
        items.truncate(limit);
        Ok(QueryPage { items, more })
    }

    /// The debts of entries, read again at the source: an entry never decides what is shown.
    async fn read(&self, citizen: &Citizen, entries: Vec<ListEntry>) -> Result<Vec<Debt>, Fault> {
        let notices: Vec<NoticeNumber> = entries.into_iter().map(|entry| entry.notice).collect();
        self.debts.those_of_citizen(citizen, &notices).await
    }
}

/// What is looked for in an entry's words: accents and capitals do not matter, nor how a code was broken up.
struct Sought {
    words: Vec<String>,
    code: String,
}

impl Sought {
    fn of(text: &str) -> Self {
        let folded = domain::text::folded(&domain::text::pasted(text));
        let code = folded.chars().filter(|c| c.is_alphanumeric()).collect();
        Self { words: folded.split_whitespace().map(str::to_owned).collect(), code }
    }

    fn are_in(&self, entry: &str) -> bool {
        let entry = domain::text::folded(entry);
        let digits = self.code.bytes().filter(u8::is_ascii_digit).count();
        self.words.iter().all(|word| entry.contains(word)) || (digits >= 4 && entry.contains(&self.code))
    }
}

fn last_of(entries: &QueryPage<ListEntry>) -> Option<String> {
    entries.items.last().map(|entry| entry.sk.clone())
}

/// The first and the last entry of the days asked for, in Rome.
fn bounds(filter: &HistoryFilter) -> (String, String) {
    let from = filter.from.and_then(domain::time::start_of).map(fine_instant);
    let to = filter.to.and_then(domain::time::end_of).map(fine_instant);
    let from = from.map_or_else(|| "H#".to_owned(), |at| format!("H#{at}"));
    // `$` sorts right after `#`: all entries that begin with the prefix come before it.
    let to = to.map_or_else(|| "H$".to_owned(), |at| format!("H#{at}"));
    (from, to)
}
