//! Alarms and dashboard listen to what the code says, and every alarm names the page that says what to do.

use std::collections::BTreeSet;

use runtime::metrics::Metric;
use serde_yaml_ng::Value as Yaml;

use crate::stack::{functions_of_the_template, read, repository, yaml};

fn resources(kind: &str) -> Vec<(String, Yaml)> {
    let template = yaml("infra/template.yaml");
    let all = template["Resources"].as_mapping().unwrap().iter();
    let of_the_kind = all.filter(|(_, resource)| resource["Type"] == kind);
    of_the_kind.map(|(name, it)| (name.as_str().unwrap().to_owned(), it["Properties"].clone())).collect()
}

fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n  {}", faults.join("\n  "));
}

#[test]
fn every_alarm_tells_somebody_and_names_a_page_that_knows_it() {
    let index = read("infra/runbooks/README.md");
    let mut faults = Vec::new();
    for (name, alarm) in resources("AWS::CloudWatch::Alarm") {
        let description = alarm["AlarmDescription"].as_str().unwrap_or_default();
        let page = description.rsplit("Runbook ").next().unwrap_or_default();
        if !page.starts_with("infra/runbooks/") || !repository().join(page).is_file() {
            faults.push(format!("{name} names no page of infra/runbooks: {description:?}"));
        }
        let file = page.rsplit('/').next().unwrap_or_default();
        let short = name.trim_end_matches("Alarm");
        let row = index.lines().find(|line| line.starts_with("| [") && line.contains(&format!("({file})")));
        if !row.is_some_and(|row| row.split(['|', ',']).any(|cell| cell.trim() == short)) {
            faults.push(format!("{short} is not in the row of {file} in infra/runbooks/README.md"));
        }
        if alarm["AlarmActions"][0].as_str() != Some("AlarmTopic") {
            faults.push(format!("{name} tells nobody"));
        }
    }
    none(faults);
}

/// What a filter asks of a field: `$.code = "x"` gives `x`.
fn wanted<'a>(pattern: &'a str, field: &str) -> Vec<&'a str> {
    let asked = pattern.split("$.").filter_map(|part| part.strip_prefix(field)?.strip_prefix(' '));
    asked.filter_map(|rest| rest.split('"').nth(1)).collect()
}

/// Texts in quotes of functions/ and shared/, tests left out.
fn said_by_the_code() -> String {
    let mut text = String::new();
    let mut folders = vec![repository().join("functions"), repository().join("shared")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let skipped = ["tests", "node_modules", "tests.rs"].iter().any(|name| path.ends_with(name));
            if path.is_dir() && !skipped {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") && !skipped {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}

#[test]
fn what_the_filters_wait_for_is_what_the_code_writes() {
    let code = said_by_the_code();
    let functions = functions_of_the_template();
    let mut faults = Vec::new();
    for (name, filter) in resources("AWS::Logs::MetricFilter") {
        let pattern = filter["FilterPattern"].as_str().unwrap();
        for event in wanted(pattern, "event") {
            if !code.contains(&format!("\"{event}\"")) {
                faults.push(format!("{name} waits for the event {event}, which nothing writes"));
            }
        }
        for code in wanted(pattern, "code") {
            if web::CATALOGUE.iter().all(|entry| entry.code != code) {
                faults.push(format!("{name} waits for the code {code}, which no answer has"));
            }
        }
        for function in wanted(pattern, "function") {
            if !functions.contains_key(function) {
                faults.push(format!("{name} waits for the function {function}"));
            }
        }
        let of_ours = filter["LogGroupName"].as_str() == Some("FunctionsLog");
        let asks = ["event", "code"].iter().any(|field| !wanted(pattern, field).is_empty());
        if of_ours && !asks {
            faults.push(format!("{name} asks for neither event nor code: {pattern}"));
        }
    }
    none(faults);
}

/// Every metric of our namespace that alarms and dashboard ask for, with what it is told apart by.
fn asked_for() -> BTreeSet<(String, String)> {
    let mut asked = BTreeSet::new();
    for (_, alarm) in resources("AWS::CloudWatch::Alarm") {
        if alarm["Namespace"].as_str() == Some("MetricsNamespace") {
            assert!(alarm["Dimensions"].is_null(), "this test does not know alarms on a dimension of ours");
            asked.insert((alarm["MetricName"].as_str().unwrap().to_owned(), String::new()));
        }
    }
    let (_, dashboard) = resources("AWS::CloudWatch::Dashboard").remove(0);
    let body = dashboard["DashboardBody"].as_str().unwrap();
    let widgets: serde_json::Value = serde_json::from_str(body).expect("the dashboard is JSON");
    for widget in widgets["widgets"].as_array().unwrap() {
        for metric in widget["properties"]["metrics"].as_array().unwrap() {
            if metric[0] == "${MetricsNamespace}" {
                asked.insert((metric[1].as_str().unwrap().to_owned(), String::new()));
            }
            let search = metric[0]["expression"].as_str().unwrap_or_default();
            if let Some((_, rest)) = search.split_once("{${MetricsNamespace},") {
                let dimension = rest.split('}').next().unwrap();
                let name =
                    rest.split("MetricName=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
                asked.insert((name.to_owned(), dimension.to_owned()));
            }
        }
    }
    asked
}

#[test]
fn what_alarms_and_dashboard_show_is_what_is_measured_and_the_other_way_round() {
    let filters = resources("AWS::Logs::MetricFilter").into_iter().map(|(_, filter)| {
        let transformation = &filter["MetricTransformations"][0];
        assert_eq!(transformation["MetricNamespace"].as_str(), Some("MetricsNamespace"));
        (transformation["MetricName"].as_str().unwrap().to_owned(), String::new())
    });
    let embedded = Metric::ALL.iter().map(|metric| {
        let dimension = if metric.by_outcome() { "Outcome" } else { "" };
        (metric.name().to_owned(), dimension.to_owned())
    });
    let measured: BTreeSet<(String, String)> = filters.chain(embedded).collect();
    assert_eq!(asked_for(), measured, "left: asked for by alarms and dashboard; right: measured");
}
