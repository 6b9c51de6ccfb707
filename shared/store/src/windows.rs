//! Sliding windows of attempts: one item for all that is counted of a subject, one write for each attempt.
//!
//! Each window of time has an attribute of its own, `<limit>@<window>`, so that counting needs no condition and no
//! reading beforehand: the write itself answers with this window's count and the one before it. Attributes of windows
//! gone by are taken out by the next write, those of long ago by a write of their own, now and then.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::Fault;
use domain::rate_limits::{RateLimit, Window};
use serde_json::Value;

use crate::error::{self, TableOperation};
use crate::keys::Key;
use crate::table::{Expression, Table};

/// How many windows gone by each write takes out.
const TAKEN_OUT: u64 = 6;
/// From so many attributes on, all of windows gone by are taken out: an item stays below one unit of a write.
const TOO_MANY: usize = 28;

/// What was counted of an attempt, so that it can be taken back.
#[derive(Clone, Debug)]
pub(crate) struct CountedWindows {
    key: Key,
    windows: Vec<Window>,
    /// How often each window was counted, this attempt included, and what else is in the item.
    counts: Counts,
}

type Counts = BTreeMap<String, Value>;

impl CountedWindows {
    /// The longest wait, if the attempt is one too many for any of its limits.
    pub fn wait(&self) -> Option<Duration> {
        self.windows.iter().filter_map(|window| window.wait(|name| number(&self.counts, name))).max()
    }

    /// The attempts under a limit within its last full length of time.
    pub fn weight(&self, of: &RateLimit) -> u64 {
        let window = self.windows.iter().find(|window| window.limit.name == of.name);
        window.map_or(0, |window| window.weight(|name| number(&self.counts, name)))
    }
}

/// Counts one attempt under limits of one subject.
pub(crate) async fn count(
    table: &Table,
    key: &Key,
    limits: &[RateLimit],
    now: u64,
) -> Result<CountedWindows, Fault> {
    let windows: Vec<Window> = limits.iter().map(|limit| Window::at(*limit, now)).collect();
    let longest = limits.iter().map(|limit| limit.window.as_secs()).max().unwrap_or(0);
    let now_and_gone = windows.iter().map(|w| w.attribute(0)).collect::<Vec<_>>();
    let gone = windows.iter().flat_map(|w| (2..2_u64.saturating_add(TAKEN_OUT)).map(|n| w.attribute(n)));
    let change = change(&now_and_gone, gone.collect(), now.saturating_add(longest.saturating_mul(2)));
    let counted: Option<Counts> = table.update_and_read(key, change, whatever_is_there()).await?;
    let counts = counted.ok_or_else(|| error::conflict(TableOperation::Update, key.kind()))?;
    if counts.len() > TOO_MANY {
        tidy(table, key, &windows, &counts).await?;
    }
    Ok(CountedWindows { key: key.clone(), windows, counts })
}

/// Takes an attempt back as if it had not been made.
pub(crate) async fn take_back(table: &Table, counted: &CountedWindows) -> Result<(), Fault> {
    let windows: Vec<_> = counted.windows.iter().filter(|window| !window.limit.counts_refused).collect();
    let names = || (0..windows.len()).map(|i| format!("#c{i}"));
    let text = names().map(|name| format!("{name} :less")).collect::<Vec<_>>().join(", ");
    let change = Expression::new(format!("ADD {text}")).number(":less", -1);
    let change =
        names().zip(&windows).fold(change, |change, (p, window)| change.name(p, window.attribute(0)));
    let _ = table.write(vec![table.update(&counted.key, change, whatever_is_there())]).await?;
    Ok(())
}

/// How many attempts under a limit there were within its last full length of time, and how long one more would have to
/// wait. Nothing is counted.
pub(crate) async fn look(
    table: &Table,
    key: &Key,
    limit: RateLimit,
    now: u64,
) -> Result<(u64, Option<Duration>), Fault> {
    let counts: Counts = table.get(key).await?.unwrap_or_default();
    let window = Window::at(limit, now);
    let count = |name: &str| number(&counts, name);
    Ok((window.weight(count), window.wait_for_one_more(count)))
}

fn number(counts: &Counts, name: &str) -> u64 {
    counts.get(name).and_then(Value::as_u64).unwrap_or(0)
}

fn change(counted: &[String], gone: Vec<String>, ttl: u64) -> Expression {
    let placeholders = |letter: char, n: usize| (0..n).map(move |i| format!("#{letter}{i}"));
    let adds: Vec<String> = placeholders('c', counted.len()).map(|name| format!("{name} :one")).collect();
    let removes: Vec<String> = placeholders('g', gone.len()).collect();
    let text = format!("SET #ttl = :ttl ADD {} REMOVE {}", adds.join(", "), removes.join(", "));
    let named = placeholders('c', counted.len()).zip(counted.iter().cloned());
    let all = named.chain(placeholders('g', gone.len()).zip(gone));
    all.fold(Expression::new(text), |change, (placeholder, name)| change.name(placeholder, name))
        .name("#ttl", "ttl")
        .number(":ttl", ttl)
        .number(":one", 1)
}

/// Somebody who comes back now and then leaves windows behind that no write has taken out.
async fn tidy(table: &Table, key: &Key, windows: &[Window], counts: &Counts) -> Result<(), Fault> {
    let gone = counts.keys().filter(|name| windows.iter().any(|window| window.is_gone_by(name)));
    let gone: Vec<String> = gone.take(100).cloned().collect();
    let placeholders: Vec<String> = (0..gone.len()).map(|i| format!("#g{i}")).collect();
    let change = Expression::new(format!("REMOVE {}", placeholders.join(", ")));
    let change = placeholders.into_iter().zip(gone).fold(change, |change, (p, name)| change.name(p, name));
    let _ = table.write(vec![table.update(key, change, whatever_is_there())]).await?;
    Ok(())
}

/// A count is right whatever was there before.
fn whatever_is_there() -> Expression {
    Expression::new("attribute_exists(pk) OR attribute_not_exists(pk)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_write_counts_under_every_limit_and_takes_out_what_is_gone_by() {
        let counted = ["a@9".to_owned(), "b@3".to_owned()];
        let change = change(&counted, vec!["a@7".to_owned()], 77);
        assert_eq!(change.text, "SET #ttl = :ttl ADD #c0 :one, #c1 :one REMOVE #g0");
        assert_eq!(change.names.len(), 4);
    }
}
