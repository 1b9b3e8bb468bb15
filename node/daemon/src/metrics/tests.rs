use std::collections::BTreeSet;

use arknet_protocol::api::DeviceState;

use super::*;

fn everything() -> String {
    let metrics = Metrics::new();
    metrics.answered(&Answered {
        listener: "public",
        route: "/v1/jobs/{id}",
        method: &axum::http::Method::GET,
        status: 200,
        took: Duration::from_millis(3),
    });
    metrics.cut(Cut::Slow);
    metrics.refused(Code::BadSignature);
    metrics.accepted(true);
    metrics.job_ended(JobKind::Run, JobState::Done);
    metrics.phase_took(JobKind::Prove, Phase::Proving, Duration::from_secs(2));
    let _open = metrics.connected("public");
    metrics
        .text(&Gathered {
            jobs: vec![(JobState::Queued, 7)],
            devices: vec![GatheredDevice {
                name: "gpu0".to_owned(),
                state: DeviceState::Busy,
                failures: 3,
                rates: vec![("cells".to_owned(), 12.5)],
            }],
            ..Gathered::default()
        })
        .unwrap()
}

/// The names of the metrics in the text, without what histograms and counters add.
fn names(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn what_is_counted_is_shown() {
    let text = everything();
    for line in [
        "arknet_jobs{state=\"queued\"} 7",
        "arknet_jobs{state=\"done\"} 0",
        "arknet_http_requests_total{listener=\"public\",route=\"/v1/jobs/{id}\",method=\"GET\",status=\"200\"} 1",
        "arknet_refusals_total{code=\"bad-signature\"} 1",
        "arknet_http_connections{listener=\"public\"} 1",
        "arknet_http_connections_cut_total{reason=\"slow\"} 1",
        "arknet_device_state{device=\"gpu0\",state=\"busy\"} 1",
        "arknet_device_state{device=\"gpu0\",state=\"idle\"} 0",
        "arknet_device_rate{device=\"gpu0\",measure=\"cells\"} 12.5",
        "arknet_device_failures_total{device=\"gpu0\"} 3",
        "arknet_jobs_accepted_total 1",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn what_is_gone_is_not_shown_any_more() {
    let metrics = Metrics::new();
    let device = GatheredDevice {
        name: "gone".to_owned(),
        state: DeviceState::Idle,
        failures: 0,
        rates: Vec::new(),
    };
    let with = Gathered {
        devices: vec![device],
        ..Gathered::default()
    };
    assert!(metrics.text(&with).unwrap().contains("gone"));
    let text = metrics.text(&Gathered::default()).unwrap();
    assert!(
        !text.contains("arknet_device_state{device=\"gone\""),
        "{text}"
    );
    drop(metrics.connected("admin"));
    let text = metrics.text(&Gathered::default()).unwrap();
    assert!(
        text.contains("arknet_http_connections{listener=\"admin\"} 0"),
        "{text}"
    );
}

#[test]
fn the_operators_manual_lists_every_metric() {
    let manual = include_str!("../../../../docs/operations.md");
    let missing: Vec<String> = names(&everything())
        .into_iter()
        .filter(|name| !manual.contains(&format!("`{name}")))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/operations.md does not mention {missing:?}"
    );
}
