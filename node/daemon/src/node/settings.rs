//! What the configuration means to each part of the node.

use arknet_protocol::api::NodeLimits;

use super::NodeError;
use crate::abuse::{GuardSettings, Rate, Thresholds};
use crate::config::Config;
use crate::http::{ApiSettings, ConnectionLimits, Pace, Tls};

/// What is asked of connections.
pub(super) fn connections(config: &Config) -> ConnectionLimits {
    let http = &config.http;
    ConnectionLimits {
        total: http.connections.get() as usize,
        per_address: http.connections_per_address.get() as usize,
        headers: http.header_time.0,
        stall: http.stall_time.0,
        ..ConnectionLimits::default()
    }
}

/// What is asked of callers.
pub(super) fn guard(config: &Config) -> GuardSettings {
    let abuse = &config.abuse;
    GuardSettings {
        address: Rate {
            per_second: abuse.address_rate,
            burst: abuse.address_burst,
        },
        client: Rate {
            per_second: abuse.client_rate,
            burst: abuse.client_burst,
        },
        thresholds: Thresholds {
            throttle: abuse.throttle.into(),
            quarantine: abuse.quarantine.into(),
            half_life: abuse.half_life.0,
        },
        quarantine: abuse.quarantine_time.0,
    }
}

/// What the API says and asks.
pub(super) fn api(config: &Config, log: Option<String>) -> ApiSettings {
    let http = &config.http;
    ApiSettings {
        limits: NodeLimits {
            blob_bytes: config.jobs.blob.0,
            memory: config.jobs.memory.0,
            time_ms: u64::try_from(config.jobs.run_time.millis()).unwrap_or(0),
        },
        admission: config.admission(),
        pace: Pace {
            stall: http.stall_time.0,
            least_rate: u32::try_from(http.body_rate.0).unwrap_or(u32::MAX),
            ..Pace::default()
        },
        streams_per_client: http.streams_per_client.get() as usize,
        streams: http.streams.get() as usize,
        log,
    }
}

/// The certificate, where there is one.
pub(super) fn tls(config: &Config) -> Result<Option<Tls>, NodeError> {
    let http = &config.http;
    match (&http.tls_certificate, &http.tls_key) {
        (Some(certificate), Some(key)) => Ok(Some(Tls::open(certificate, key)?)),
        // The configuration has both or neither.
        _ => Ok(None),
    }
}
