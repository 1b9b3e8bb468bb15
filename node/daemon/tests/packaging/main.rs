//! The dashboard and the alerts ask for metrics that `docs/operations.md` names, with the labels that it names, and the
//! alerts point at sections that are there. `ci/check-packaging` has Prometheus's own tool look at the alerts.

mod documented;
mod expression;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use documented::{Kind, Metric};
use expression::Selector;

/// A file of the repository.
fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn dashboard() -> Value {
    serde_json::from_str(&file("packaging/grafana/arknet.json")).expect("JSON")
}

/// All values of `key`, at any depth.
fn collect<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if name == key {
                    found.push(member);
                }
                collect(member, key, found);
            }
        }
        Value::Array(entries) => entries.iter().for_each(|entry| collect(entry, key, found)),
        _ => {}
    }
}

/// The expressions of the alerts: each on the line of its key, or on the more indented lines after `>-`.
fn alert_expressions() -> Vec<String> {
    let text = file("packaging/prometheus/alerts.yml");
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(expression) = line.trim_start().strip_prefix("expr: ") else {
            continue;
        };
        if expression == ">-" {
            let folded = lines[at + 1..].iter();
            let folded = folded.take_while(|next| indent(next) > indent(line));
            let words: Vec<&str> = folded.map(|next| next.trim()).collect();
            found.push(words.join(" "));
        } else {
            found.push(expression.to_owned());
        }
    }
    found
}

fn check(expression: &str, metrics: &[Metric]) {
    let selectors = expression::selectors(expression);
    assert!(!selectors.is_empty(), "no metric in `{expression}`");
    for Selector {
        name,
        labels,
        within_rate,
    } in selectors
    {
        let metric = metrics
            .iter()
            .find(|metric| metric.series().any(|series| series == name));
        let Some(metric) = metric else {
            panic!("`{name}` in `{expression}` is not in docs/operations.md")
        };
        for label in labels {
            let known = metric.labels.contains(&label);
            assert!(
                known || ["instance", "job", "le"].contains(&label.as_str()),
                "`{name}` has no label `{label}`, which `{expression}` wants"
            );
        }
        let grows = metric.kind != Kind::Gauge;
        assert_eq!(
            grows, within_rate,
            "what grows is looked at by its rate, and nothing else is: `{expression}`"
        );
    }
}

#[test]
fn the_dashboard_shows_documented_metrics() {
    let (metrics, dashboard) = (documented::metrics(), dashboard());
    let mut expressions = Vec::new();
    collect(&dashboard, "expr", &mut expressions);
    assert!(expressions.len() > 20);
    for expression in expressions {
        check(expression.as_str().expect("text"), &metrics);
    }
}

#[test]
fn alerts_ask_for_documented_metrics_and_name_sections() {
    let metrics = documented::metrics();
    let expressions = alert_expressions();
    assert!(expressions.len() > 10);
    for expression in expressions.iter().filter(|text| !text.starts_with("up{")) {
        check(expression, &metrics);
    }
    let (alerts, operations) = (
        file("packaging/prometheus/alerts.yml"),
        file("docs/operations.md"),
    );
    let sections = alerts.lines().filter_map(|line| {
        let (_, rest) = line.split_once("See `").or(line.split_once("see `"))?;
        rest.split_once("` in docs/operations.md")
    });
    let sections: BTreeSet<&str> = sections.map(|(section, _)| section).collect();
    assert!(sections.len() > 3);
    for section in sections {
        let heading = |line: &str| line.trim_start_matches('#').trim() == section;
        assert!(
            operations
                .lines()
                .any(|line| line.starts_with('#') && heading(line)),
            "there is no section `{section}`"
        );
    }
}

#[test]
fn panels_have_a_place_of_their_own() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().expect("panels");
    let ids: BTreeSet<u64> = panels
        .iter()
        .map(|panel| panel["id"].as_u64().expect("an id"))
        .collect();
    assert_eq!(ids.len(), panels.len());
    let mut taken = BTreeSet::new();
    for panel in panels {
        let [x, y, w, h] =
            ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().expect("a number"));
        assert!(x + w <= 24, "{} is too wide", panel["title"]);
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(
                taken.insert(cell),
                "{} lies on another panel",
                panel["title"]
            );
        }
    }
}
