//! What the operator decides about devices and scheduling.

use std::time::Duration;

use arknet_protocol::JobKind;

use crate::config::{Backend, Config, Devices};
use crate::store::{Quotas, Retention};
use crate::task::Placement;

/// A device as the configuration names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSettings {
    /// The operator's name for it.
    pub name: String,
    /// What it is.
    pub placement: Placement,
    /// Whether it takes jobs that are only run.
    pub runs: bool,
    /// Whether it takes jobs that are proven. The prover works on the processor.
    pub proves: bool,
    /// Whether the node must not start without it.
    pub required: bool,
}

impl DeviceSettings {
    /// The kinds of jobs that it takes.
    pub fn kinds(&self) -> Vec<JobKind> {
        let takes = [(JobKind::Run, self.runs), (JobKind::Prove, self.proves)];
        let kinds = takes.into_iter().filter(|(_, takes)| *takes);
        kinds.map(|(kind, _)| kind).collect()
    }
}

/// The devices that a configuration asks for. The processor takes every job; GPUs take those that are only run, since the
/// prover works on the processor. Without being named, a GPU is used where there is one, and never a driver that only
/// pretends to be one.
fn devices(config: &Devices) -> Vec<DeviceSettings> {
    let device = |name: &str, placement, required| DeviceSettings {
        name: name.to_owned(),
        placement,
        runs: true,
        proves: placement == Placement::Cpu,
        required,
    };
    let named = |backend| config.backends.contains(&backend);
    let auto = named(Backend::Auto);
    let mut devices = Vec::new();
    if named(Backend::Cuda) {
        devices.push(device("cuda", Placement::Cuda { number: 0 }, true));
    }
    if named(Backend::Wgpu) {
        devices.push(device("wgpu", Placement::Wgpu { software: true }, true));
    } else if auto {
        devices.push(device("wgpu", Placement::Wgpu { software: false }, false));
    }
    if auto || named(Backend::Cpu) {
        devices.push(device("cpu", Placement::Cpu, true));
    }
    devices
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        Self {
            devices: devices(&config.devices),
            quotas: config.admission().quotas,
            retention: config.retention(),
            drain_after: u64::from(config.devices.failures.get()),
            rest: u64::try_from(config.devices.rest.millis()).unwrap_or(u64::MAX),
            quantum_ms: QUANTUM_MS,
            grace: config.node.drain.0,
        }
    }
}

/// Milliseconds of device time that a client gets in a round: some small jobs, or a part of a large one.
const QUANTUM_MS: u32 = 5_000;

/// How jobs are scheduled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The devices.
    pub devices: Vec<DeviceSettings>,
    /// The quotas of clients that have none of their own.
    pub quotas: Quotas,
    /// How long things are kept.
    pub retention: Retention,
    /// Failures in a row that drain a device.
    pub drain_after: u64,
    /// Milliseconds that such a device rests before it is first tried again.
    pub rest: u64,
    /// Milliseconds of device time that a client gets in a round.
    pub quantum_ms: u32,
    /// How long running jobs may take to end when the node does, before they are queued again.
    pub grace: Duration,
}
