//! What a thousand completed journeys cost: the counts of `infra/calls.md` at the prices of `prices.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Failed;
use crate::calls::Calls;
use crate::figures::{Figures, Share};
use crate::functions::repository;

/// Log in, list, search, start, message, mail, status, receipt: function, action of `infra/calls.md`, and the name of
/// the function's binary. What the gateway does not bring is marked.
const JOURNEY: &[(&str, &str, &str, bool)] = &[
    ("Login", "log in", "login", true),
    ("ListDebts", "to pay, a few", "list-debts", true),
    ("Search", "by notice number", "search", true),
    ("InitiatePayment", "one debt", "initiate-payment", true),
    ("PspCallback", "paid", "psp-callback", true),
    ("ProcessOutbox", "after PspCallback: paid", "process-outbox", false),
    ("InitiatePayment", "how it went", "initiate-payment", true),
    ("ReceiptPdf", "a receipt", "receipt-pdf", true),
];

#[derive(Deserialize)]
struct Prices {
    as_of: String,
    million: BTreeMap<String, f64>,
    month: BTreeMap<String, f64>,
    gigabyte: BTreeMap<String, f64>,
}

impl Prices {
    fn read() -> Result<Self, Failed> {
        Ok(toml::from_str(&std::fs::read_to_string(repository().join("infra/bench/prices.toml"))?)?)
    }
}

/// What a month costs in which nobody comes: what the template makes, and each gigabyte that is kept.
pub fn of_a_month() -> Result<Vec<Share>, Failed> {
    let prices = Prices::read()?;
    let template = std::fs::read_to_string(repository().join("infra/template.yaml"))?;
    let made = prices.month.into_iter().map(|(kind, price)| {
        let amount = template.lines().filter(|line| line.trim() == format!("Type: {kind}")).count() as f64;
        Share { what: kind, amount, dollars: amount * price }
    });
    let kept = prices.gigabyte.into_iter().map(|(what, dollars)| Share {
        what: format!("a gigabyte of {what}"),
        amount: 1.0,
        dollars,
    });
    Ok(made.chain(kept).collect())
}

/// A thousand journeys, share by share.
pub fn of_a_thousand(figures: &Figures) -> Result<Vec<Share>, Failed> {
    let prices = Prices::read()?;
    let calls = Calls::read()?;
    let mut amounts: BTreeMap<&str, f64> = BTreeMap::from([("mails", 1.0)]);
    let mut add = |what: &'static str, amount: f64| *amounts.entry(what).or_default() += amount;
    for (function, action, binary, by_gateway) in JOURNEY {
        let row = calls
            .row(function, action)
            .ok_or_else(|| format!("infra/calls.md has no {function}: {action}"))?;
        add("read units", row.read_units);
        add("write units", row.write_units);
        add("function calls", 1.0);
        if *by_gateway {
            add("gateway requests", 1.0);
        }
        let memory = figures.binary(binary).map_or(256, |binary| binary.memory_mib);
        let action = if *function == "ProcessOutbox" { "letters" } else { action };
        let micros = figures.action(binary, action).map_or(0, |action| action.warm.p50);
        add("gigabyte-seconds", f64::from(memory) / 1024.0 * micros as f64 / 1e6);
    }
    let priced = |(what, amount): (&str, f64)| {
        let price = prices.million.get(what).ok_or_else(|| format!("prices.toml has no price of {what}"))?;
        let amount = amount * 1_000.0;
        Ok::<_, Failed>(Share {
            what: format!("{what} ({})", prices.as_of),
            amount,
            dollars: amount * price / 1e6,
        })
    };
    amounts.into_iter().map(priced).collect()
}
