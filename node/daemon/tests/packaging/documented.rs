//! The table of metrics in `docs/operations.md`.

use crate::file;

/// What kind of metric it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Gauge,
    Counter,
    Histogram,
}

/// A metric as it is documented.
#[derive(Clone, Debug)]
pub(crate) struct Metric {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) labels: Vec<String>,
}

impl Metric {
    /// The names of its series.
    pub(crate) fn series(&self) -> impl Iterator<Item = String> {
        let endings: &[&str] = match self.kind {
            Kind::Gauge | Kind::Counter => &[""],
            Kind::Histogram => &["_bucket", "_sum", "_count"],
        };
        endings
            .iter()
            .map(|ending| format!("{}{ending}", self.name))
    }
}

/// All of them: the rows of the one table whose first column is a metric.
pub(crate) fn metrics() -> Vec<Metric> {
    let operations = file("docs/operations.md");
    let mut metrics: Vec<Metric> = Vec::new();
    for line in operations.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let ["", name, kind, labels, meaning, ""] = cells[..] else {
            continue;
        };
        let plain = |text: &str| text.trim_matches('`').to_owned();
        let kind = match kind {
            "gauge" => Kind::Gauge,
            "counter" => Kind::Counter,
            "histogram" => Kind::Histogram,
            _ => continue,
        };
        assert!(!meaning.is_empty(), "{line}");
        let labels = labels.split(',').map(str::trim);
        let metric = Metric {
            name: plain(name),
            kind,
            labels: labels
                .filter(|label| !label.is_empty())
                .map(plain)
                .collect(),
        };
        assert_eq!(
            metric.name.ends_with("_total"),
            kind == Kind::Counter,
            "{line}"
        );
        assert!(
            metrics.iter().all(|other| other.name != metric.name),
            "`{}` is there twice",
            metric.name
        );
        metrics.push(metric);
    }
    assert!(metrics.len() > 20, "the table was not found");
    metrics
}
