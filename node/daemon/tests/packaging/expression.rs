//! As much of Prometheus's language as is needed to see which series an expression selects.

/// One series in an expression.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) name: String,
    /// The labels of its matchers, and those that the expression groups by.
    pub(crate) labels: Vec<String>,
    /// Whether it is the argument of a function that takes the growth of counters.
    pub(crate) within_rate: bool,
}

/// The series whose names are the node's.
pub(crate) fn selectors(expression: &str) -> Vec<Selector> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let groups: Vec<String> = expression
        .split(" by (")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .flat_map(|(labels, _)| labels.split(','))
        .map(|label| label.trim().to_owned())
        .collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < expression.len() {
        let rest = &expression[at..];
        let word = &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())];
        if word.starts_with("arknet_") || word.starts_with("process_") {
            let after = &rest[word.len()..];
            let matchers = after
                .strip_prefix('{')
                .and_then(|text| text.split_once('}'))
                .map_or("", |(matchers, _)| matchers);
            let labels = matchers.split(',').filter_map(|matcher| {
                let (label, _) = matcher.split_once(['=', '!'])?;
                Some(label.trim().to_owned())
            });
            let before = &expression[..at];
            found.push(Selector {
                name: word.to_owned(),
                labels: labels.chain(groups.iter().cloned()).collect(),
                within_rate: before.ends_with("rate(") || before.ends_with("increase("),
            });
        }
        // A string is skipped whole, so that what it holds is no name.
        at += match rest.strip_prefix('"').and_then(|text| text.find('"')) {
            Some(end) => end + 2,
            None => word
                .len()
                .max(rest.chars().next().map_or(1, char::len_utf8)),
        };
    }
    found
}

#[test]
fn series_are_found_with_their_labels() {
    let selector = |name: &str, labels: &[&str], within_rate| Selector {
        name: name.to_owned(),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        within_rate,
    };
    assert_eq!(
        selectors(r#"sum by (a, b) (rate(arknet_x_total{c="arknet_z",d!~"1"}[5m])) > arknet_y"#),
        [
            selector("arknet_x_total", &["c", "d", "a", "b"], true),
            selector("arknet_y", &["a", "b"], false),
        ]
    );
    assert!(selectors("time() - 5").is_empty());
}
