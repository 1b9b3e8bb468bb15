//! What is not counted as it happens but asked for when somebody looks: the state of the store, devices and the machine.

use arknet_protocol::JobState;
use arknet_protocol::api::DeviceState;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::{DeviceLabel, Real};

/// The state of the node at a moment.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// Jobs in each state.
    pub jobs: Vec<(JobState, u64)>,
    /// The devices.
    pub devices: Vec<GatheredDevice>,
    /// Entries of the log in the database.
    pub log_entries: u64,
    /// Entries that the published checkpoint covers.
    pub log_published: u64,
    /// Clients that are slowed down.
    pub throttled: u64,
    /// Clients that are quarantined.
    pub quarantined: u64,
    /// Milliseconds that the clock is behind the latest time that the store has seen.
    pub clock_behind_ms: u64,
    /// Free bytes where the data is, where the system says so.
    pub disk_free: Option<u64>,
    /// Resident memory of the process, where the system says so.
    pub resident: Option<u64>,
    /// Whether the node takes jobs.
    pub accepting: bool,
}

/// A device at a moment.
#[derive(Clone, Debug)]
pub struct GatheredDevice {
    /// The operator's name for it.
    pub name: String,
    /// Whether it takes work.
    pub state: DeviceState,
    /// Attempts that failed because of it, as far as hours are kept.
    pub failures: u64,
    /// Measured rates: what is measured, and how much of it a second.
    pub rates: Vec<(String, f64)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeviceIn {
    device: String,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Measured {
    device: String,
    measure: String,
}

#[derive(Default)]
pub(super) struct Gauges {
    jobs: Family<State, Gauge>,
    devices: Family<DeviceIn, Gauge>,
    rates: Family<Measured, Real>,
    busy: Family<DeviceLabel, Gauge>,
    failures: Family<DeviceLabel, Counter>,
    log_entries: Gauge,
    log_published: Gauge,
    clients: Family<State, Gauge>,
    clock_behind: Real,
    disk_free: Gauge,
    resident: Gauge,
    accepting: Gauge,
}

impl Gauges {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let gauges = Self::default();
        registry.register("jobs", "Jobs in each state", gauges.jobs.clone());
        registry.register(
            "device_state",
            "1 for the state that a device is in",
            gauges.devices.clone(),
        );
        registry.register("device_busy", "Whether a device works", gauges.busy.clone());
        registry.register(
            "device_failures",
            "Attempts that failed on a device",
            gauges.failures.clone(),
        );
        registry.register(
            "device_rate",
            "Measured throughput of a device, a second",
            gauges.rates.clone(),
        );
        registry.register(
            "log_entries",
            "Entries of the transparency log",
            gauges.log_entries.clone(),
        );
        registry.register(
            "log_published_entries",
            "Entries that the published checkpoint covers",
            gauges.log_published.clone(),
        );
        registry.register(
            "clients_restrained",
            "Clients that are slowed down or quarantined",
            gauges.clients.clone(),
        );
        registry.register_with_unit(
            "clock_behind",
            "How far the clock is behind the latest time that was seen",
            Unit::Seconds,
            gauges.clock_behind.clone(),
        );
        registry.register_with_unit(
            "disk_free",
            "Free space where the data is",
            Unit::Bytes,
            gauges.disk_free.clone(),
        );
        registry.register_with_unit(
            "memory_resident",
            "Memory of the node's own process",
            Unit::Bytes,
            gauges.resident.clone(),
        );
        registry.register(
            "accepting",
            "Whether the node takes jobs",
            gauges.accepting.clone(),
        );
        gauges
    }

    pub(super) fn set(&self, gathered: &Gathered) {
        for state in JobState::ALL {
            let count = gathered.jobs.iter().find(|(found, _)| found == state);
            let state = state.as_str();
            self.jobs
                .get_or_create(&State { state })
                .set(signed(count.map_or(0, |(_, count)| *count)));
        }
        // A device that is gone is not to be shown for ever.
        self.devices.clear();
        self.rates.clear();
        self.busy.clear();
        for device in &gathered.devices {
            self.set_device(device);
        }
        self.log_entries.set(signed(gathered.log_entries));
        self.log_published.set(signed(gathered.log_published));
        for (state, count) in [
            ("throttled", gathered.throttled),
            ("quarantined", gathered.quarantined),
        ] {
            self.clients
                .get_or_create(&State { state })
                .set(signed(count));
        }
        self.clock_behind
            .set(gathered.clock_behind_ms as f64 / 1000.0);
        self.disk_free.set(gathered.disk_free.map_or(-1, signed));
        self.resident.set(gathered.resident.map_or(-1, signed));
        self.accepting.set(gathered.accepting.into());
    }

    fn set_device(&self, device: &GatheredDevice) {
        let states = [
            (DeviceState::Idle, "idle"),
            (DeviceState::Busy, "busy"),
            (DeviceState::Drained, "drained"),
            (DeviceState::Missing, "missing"),
        ];
        for (state, word) in states {
            let labels = DeviceIn {
                device: device.name.clone(),
                state: word,
            };
            self.devices
                .get_or_create(&labels)
                .set((state == device.state).into());
        }
        let label = DeviceLabel {
            device: device.name.clone(),
        };
        self.busy
            .get_or_create(&label)
            .set((device.state == DeviceState::Busy).into());
        let failures = self.failures.get_or_create_owned(&label);
        // A counter never falls, though old hours are forgotten.
        failures.inc_by(device.failures.saturating_sub(failures.get()));
        for (measure, value) in &device.rates {
            let labels = Measured {
                device: device.name.clone(),
                measure: measure.clone(),
            };
            self.rates.get_or_create(&labels).set(*value);
        }
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
