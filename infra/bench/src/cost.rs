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
        let amount = made(&template, &kind) as f64;
        Share { what: kind, amount, dollars: amount * price }
    });
    let kept = prices.gigabyte.into_iter().map(|(what, dollars)| Share {
        what: format!("a gigabyte of {what}"),
        amount: 1.0,
        dollars,
    });
    Ok(made.chain(kept).collect())
}

/// How many of a kind the template makes. An alarm over ten metrics is paid for like ten.
fn made(template: &str, kind: &str) -> usize {
    let is_name = |line: &str| line.starts_with("  ") && !line.starts_with("   ") && line.trim_end().ends_with(':');
    let kind = format!("Type: {kind}");
    let (mut whole, mut of_this, mut metrics) = (0, false, 0);
    for line in template.lines() {
        if is_name(line) {
            whole += if of_this { metrics.max(1) } else { 0 };
            (of_this, metrics) = (false, 0);
        }
        of_this |= line.trim() == kind;
        metrics += usize::from(line.trim() == "MetricStat:");
    }
    whole + if of_this { metrics.max(1) } else { 0 }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_over_ten_metrics_counts_as_ten() {
        let alarm = "  One:\n    Type: AWS::CloudWatch::Alarm\n    Properties:\n      MetricName: Faults\n";
        let many = "  Many:\n    Type: AWS::CloudWatch::Alarm\n      Metrics:\n        - Id: a\n          MetricStat:\n        - Id: b\n          MetricStat:\n";
        let secret = "  Secret:\n    Type: AWS::SecretsManager::Secret\n";
        let template = format!("Resources:\n{alarm}{many}{secret}{alarm}");
        assert_eq!(made(&template, "AWS::CloudWatch::Alarm"), 4);
        assert_eq!(made(&template, "AWS::SecretsManager::Secret"), 1);
        assert_eq!(made(&template, "AWS::KMS::Key"), 0);
        let ours = std::fs::read_to_string(repository().join("infra/template.yaml")).unwrap();
        let alarms = ours.lines().filter(|line| line.trim() == "Type: AWS::CloudWatch::Alarm").count();
        assert!(made(&ours, "AWS::CloudWatch::Alarm") >= alarms + 9, "the tables' throttles are ten metrics");
    }
}
