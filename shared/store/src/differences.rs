//! Differences as the creditor's back office sees them: found by the sparse index, read at the source, resolved once.

use domain::bookkeeping::{self, Reason};
use domain::difference::{Difference, DifferenceId, DifferenceKind, ResolutionKind};
use domain::{Error, Fault};
use runtime::{ConfigError, Env};

use crate::due_work::{DUE_PAGE, EARLIEST, EVER};
use crate::idempotency::{Idempotency, IdempotencyHold};
use crate::keys::Key;
use crate::readers::DebtReader;
use crate::table::{DuePlace, Table, fine_instant};
use crate::writer::DebtWriter;

#[derive(Clone)]
pub struct Differences {
    table: Table,
}

/// Which differences are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct DifferenceFilter {
    /// Those that need a person, or those that are resolved; both when it is not said, the open ones first.
    pub open: Option<bool>,
    pub kind: Option<DifferenceKind>,
}

/// A page of differences, oldest first.
pub struct DifferencePage {
    pub differences: Vec<Difference>,
    /// After which of them the next page begins.
    pub next: Option<String>,
}

/// How many differences a filtered page looks at before it gives what it found.
const LOOKED_AT: usize = 500;

impl Differences {
    pub fn connect(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { table: Table::connect(env, &env.config().debts_table)? })
    }

    pub async fn page(
        &self,
        _reader: DebtReader,
        filter: DifferenceFilter,
        limit: usize,
        after: Option<&str>,
    ) -> Result<DifferencePage, Fault> {
        let (begun, place) = after.and_then(parsed).unzip();
        let mut from = place.unwrap_or_else(|| EARLIEST.to_owned());
        let (mut found, mut looked_at) = (Vec::new(), 0_usize);
        let asked = |open: &bool| filter.open.is_none_or(|asked| asked == *open);
        // Whoever has come to those that are resolved has seen the open ones.
        for open in [true, false].into_iter().filter(asked).filter(|open| begun != Some(false) || !open) {
            let mut after: Option<DuePlace> = None;
            loop {
                let part = Key::differences_part(open);
                let page = self.table.due(part, (&from, EVER), DUE_PAGE, after.as_ref()).await?;
                let rows: Vec<Difference> = self.table.get_many(&page.items).await?.take_all(&page.items)?;
                for difference in rows {
                    let here = place_of(open, &difference);
                    // The index may be behind what it leads to.
                    if difference.is_open() == open && filter.kind.is_none_or(|kind| kind == difference.kind)
                    {
                        if found.len() >= limit {
                            return Ok(page_of(found));
                        }
                        found.push((here.clone(), difference));
                    }
                    looked_at = looked_at.saturating_add(1);
                    if looked_at >= LOOKED_AT {
                        return Ok(DifferencePage { next: Some(here), ..page_of(found) });
                    }
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            EARLIEST.clone_into(&mut from);
        }
        Ok(DifferencePage { next: None, ..page_of(found) })
    }
}

/// What was found, with the place of the last.
fn page_of(found: Vec<(String, Difference)>) -> DifferencePage {
    let next = found.last().map(|(place, _)| place.clone());
    DifferencePage { differences: found.into_iter().map(|(_, difference)| difference).collect(), next }
}

/// A place in the list, as cursors carry it: `open 2026-11-23T05:40:01.500Z#b7e6…`.
fn place_of(open: bool, difference: &Difference) -> String {
    let part = if open { "open" } else { "resolved" };
    format!("{part} {}#{}", fine_instant(difference.at), difference.id.as_str())
}

/// Whether a place is among the open ones, and what lies right behind it in the index.
fn parsed(place: &str) -> Option<(bool, String)> {
    let (part, place) = place.split_once(' ')?;
    // Ids are of hexadecimal digits: this sorts after the place and before any other.
    Some((part == "open", format!("{place}~")))
}

impl DebtWriter {
    /// The back office settles a difference: with it stands what an operator would have booked. The first resolution
    /// stays, and is the answer to every other. Nothing when there is no such difference.
    pub async fn resolve(
        &self,
        id: &DifferenceId,
        (resolution, reason): (ResolutionKind, &Reason),
        (records, hold): (&Idempotency, &IdempotencyHold),
        answer: impl Fn(&Difference) -> String,
    ) -> Result<Option<Difference>, Error> {
        let answer = &answer;
        let decide = move |again| async move {
            if again && !records.is_held(hold).await? {
                return Err(Error::RequestInProgress);
            }
            let kept: Option<Difference> = self.debts.table.get(&Key::difference(id)).await?;
            let Some(kept) = kept else { return Ok((Vec::new(), None)) };
            let about = kept.notice.as_ref().filter(|_| kept.is_open() && kept.movement.is_some());
            let (debt, movements) = match about {
                Some(notice) => (self.debts.read(notice).await?, self.movements.read(notice).await?),
                None => (None, Vec::new()),
            };
            let stored = debt.as_ref().map(|debt| (debt, movements.as_slice()));
            let plan = bookkeeping::resolve(&kept, stored, resolution, reason, self.now());
            let mut steps = self.steps(&plan).await?;
            steps.push(records.finish_step(hold, 200, &answer(&plan.outcome)));
            Ok((steps, Some(plan.outcome)))
        };
        self.debts.table.commit(decide).await
    }
}
