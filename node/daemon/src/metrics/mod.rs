//! What the node counts, for Prometheus: `GET /metrics` on the admin listener, in OpenMetrics text.
//!
//! `docs/operations.md` lists every name; a test holds the list against what is really there. Labels never carry anything a
//! caller chose: a path is the route that matched, a method one of the standard ones.

mod gathered;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use arknet_protocol::{Code, JobKind, JobState, Phase};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

pub use gathered::{Gathered, GatheredDevice};

/// The media type of what [`Metrics::text`] gives.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    listener: &'static str,
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Word {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Listener {
    listener: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refusal {
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    kind: &'static str,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Took {
    kind: &'static str,
    phase: &'static str,
}

/// Why a connection was not taken, or cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The node has as many as it takes.
    TooMany,
    /// The address has as many as it may.
    TooManyOfAddress,
    /// TLS did not come about, or took too long.
    Handshake,
    /// It took too long to read or write something.
    Slow,
    /// What came is not HTTP, or the connection broke.
    Broken,
}

impl Cut {
    const fn as_str(self) -> &'static str {
        match self {
            Self::TooMany => "too-many",
            Self::TooManyOfAddress => "too-many-of-address",
            Self::Handshake => "handshake",
            Self::Slow => "slow",
            Self::Broken => "broken",
        }
    }
}

/// A call that was answered.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// `public` or `admin`.
    pub listener: &'static str,
    /// The route that matched, with its parameters by name.
    pub route: &'a str,
    /// The method.
    pub method: &'a axum::http::Method,
    /// The status of the answer.
    pub status: u16,
    /// How long it took until the head of the answer.
    pub took: Duration,
}

type Histograms<S> = Family<S, Histogram, fn() -> Histogram>;

/// Everything that is counted. Clones count together.
pub struct Metrics {
    registry: Registry,
    calls: Family<Call, Counter>,
    call_seconds: Histograms<Route>,
    connections: Family<Listener, Gauge>,
    cuts: Family<Word, Counter>,
    refusals: Family<Refusal, Counter>,
    upload_bytes: Counter,
    download_bytes: Counter,
    event_streams: Gauge,
    jobs_accepted: Counter,
    jobs_repeated: Counter,
    jobs_ended: Family<Ended, Counter>,
    job_seconds: Histograms<Took>,
    panics: Counter,
    gathered: gathered::Gauges,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct DeviceLabel {
    device: String,
}

/// A gauge of real numbers.
pub(super) type Real = Gauge<f64, AtomicU64>;

fn call_buckets() -> Histogram {
    // 0.5 ms to 8 s.
    Histogram::new(exponential_buckets(0.000_5, 2.0, 15))
}

fn job_buckets() -> Histogram {
    // 10 ms to 3 hours.
    Histogram::new(exponential_buckets(0.01, 2.0, 21))
}

impl Metrics {
    /// Nothing counted yet.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("arknet");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program", build);
        let gathered = gathered::Gauges::register(&mut registry);
        let metrics = Self {
            calls: Family::default(),
            call_seconds: Family::new_with_constructor(call_buckets),
            connections: Family::default(),
            cuts: Family::default(),
            refusals: Family::default(),
            upload_bytes: Counter::default(),
            download_bytes: Counter::default(),
            event_streams: Gauge::default(),
            jobs_accepted: Counter::default(),
            jobs_repeated: Counter::default(),
            jobs_ended: Family::default(),
            job_seconds: Family::new_with_constructor(job_buckets),
            panics: Counter::default(),
            gathered,
            registry,
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register(
            "http_requests",
            "Calls that were answered",
            self.calls.clone(),
        );
        registry.register_with_unit(
            "http_request",
            "Time until the head of the answer",
            Unit::Seconds,
            self.call_seconds.clone(),
        );
        registry.register(
            "http_connections",
            "Open connections",
            self.connections.clone(),
        );
        registry.register(
            "http_connections_cut",
            "Connections that were not taken, or cut off",
            self.cuts.clone(),
        );
        registry.register(
            "refusals",
            "Calls that were refused, by code",
            self.refusals.clone(),
        );
        registry.register_with_unit(
            "upload",
            "Received bytes of blobs",
            Unit::Bytes,
            self.upload_bytes.clone(),
        );
        registry.register_with_unit(
            "download",
            "Sent bytes of blobs",
            Unit::Bytes,
            self.download_bytes.clone(),
        );
        registry.register(
            "event_streams",
            "Open event streams",
            self.event_streams.clone(),
        );
        registry.register(
            "jobs_accepted",
            "Requests that became jobs",
            self.jobs_accepted.clone(),
        );
        registry.register(
            "jobs_repeated",
            "Requests that were jobs already",
            self.jobs_repeated.clone(),
        );
        registry.register(
            "jobs_ended",
            "Jobs that came to an end",
            self.jobs_ended.clone(),
        );
        registry.register_with_unit(
            "job_phase",
            "Time that attempts took, by phase",
            Unit::Seconds,
            self.job_seconds.clone(),
        );
        registry.register("panics", "Calls that ended in a panic", self.panics.clone());
        self
    }

    /// A call was answered.
    pub fn answered(&self, call: &Answered<'_>) {
        let method = match *call.method {
            axum::http::Method::GET => "GET",
            axum::http::Method::HEAD => "HEAD",
            axum::http::Method::PUT => "PUT",
            axum::http::Method::POST => "POST",
            _ => "other",
        };
        let labels = Call {
            listener: call.listener,
            route: call.route.to_owned(),
            method,
            status: call.status,
        };
        self.calls.get_or_create(&labels).inc();
        let route = Route {
            route: call.route.to_owned(),
        };
        self.call_seconds
            .get_or_create(&route)
            .observe(call.took.as_secs_f64());
    }

    /// A connection was opened. It is counted as open until the answer is dropped.
    pub fn connected(&self, listener: &'static str) -> Open {
        let gauge = self.connections.get_or_create_owned(&Listener { listener });
        Open::of(gauge)
    }

    /// A connection was not taken, or cut off.
    pub fn cut(&self, reason: Cut) {
        let reason = reason.as_str();
        self.cuts.get_or_create(&Word { reason }).inc();
    }

    /// A call was refused.
    pub fn refused(&self, code: Code) {
        let code = code.as_str();
        self.refusals.get_or_create(&Refusal { code }).inc();
    }

    /// Bytes of a blob came.
    pub fn uploaded(&self, bytes: u64) {
        self.upload_bytes.inc_by(bytes);
    }

    /// Bytes of a blob went.
    pub fn downloaded(&self, bytes: u64) {
        self.download_bytes.inc_by(bytes);
    }

    /// An event stream was opened. It is counted as open until the answer is dropped.
    pub fn follows(&self) -> Open {
        Open::of(self.event_streams.clone())
    }

    /// A request was accepted; `new` where it became a job.
    pub fn accepted(&self, new: bool) {
        match new {
            true => self.jobs_accepted.inc(),
            false => self.jobs_repeated.inc(),
        };
    }

    /// A job came to an end.
    pub fn job_ended(&self, kind: JobKind, state: JobState) {
        let labels = Ended {
            kind: kind.as_str(),
            state: state.as_str(),
        };
        self.jobs_ended.get_or_create(&labels).inc();
    }

    /// A phase of an attempt ended.
    pub fn phase_took(&self, kind: JobKind, phase: Phase, took: Duration) {
        let labels = Took {
            kind: kind.as_str(),
            phase: phase.as_str(),
        };
        self.job_seconds
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
    }

    /// A call ended in a panic.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// Everything, after taking over what was gathered for this answer.
    pub fn text(&self, gathered: &Gathered) -> Result<String, fmt::Error> {
        self.gathered.set(gathered);
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// Something that is counted as long as it is there.
#[derive(Debug)]
pub struct Open(Gauge);

impl Open {
    fn of(gauge: Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}
